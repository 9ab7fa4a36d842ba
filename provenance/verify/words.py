"""A verdict as lines for a terminal and as an exit status; the command and the offline check."""

from collections.abc import Iterator, Mapping

from provenance.core.verdicts import Verdict

INTACT, OTHER, UNREADABLE, NOT_CHECKED = range(4)
_STATUS = {"intact": INTACT, "unreadable": UNREADABLE}


def status_of(verdict: Verdict) -> int:
    """0 an intact clip of the archive, 1 anything else that could be read, 2 unreadable."""
    return _STATUS.get(verdict.verdict, OTHER)


def in_words(verdict: Verdict) -> str:
    """The verdict as lines for a terminal; what a file says is stripped of control characters."""
    lines = [verdict.text, ""]
    lines += [f"{each.asked} {each.said}. {each.text}" for each in verdict.answers]
    lines += ["", "How this was found out:"]
    lines += [f"{step.number}. {step.title} {step.outcome}. {step.text}" for step in verdict.steps]
    if verdict.signer:
        lines += ["", *_signer(verdict.signer)]
    if verdict.claims:
        lines += ["", "The credential says (and who asserts it):"]
        lines += [f"  {c.text}: {c.value} ({c.asserted_by})" for c in verdict.claims]
    if verdict.history:
        lines += ["", "What it was made from:"]
        lines += [
            f"  {'  ' * (each.depth - 1)}{each.title} ({each.relation}):"
            f" {'does not hold' if each.broken else 'nothing was changed'}. {each.signer_text}"
            for each in verdict.history
        ]
    if verdict.redactions:
        lines += ["", "What was taken out:"]
        lines += [
            f"  {each.label}: {each.reason or 'no reason given'}" for each in verdict.redactions
        ]
    if verdict.failures:
        lines += ["", "What does not hold:"]
        lines += [
            f"  {failure.text} [{failure.code}] {failure.where}" for failure in verdict.failures
        ]
    return "\n".join(_printable(line) for line in lines)


def _signer(signer: Mapping[str, str]) -> Iterator[str]:
    yield f"Signer: {signer['common_name']}, {signer['organization']}"
    yield f"  Certificate: {signer['serial']}, issued by {signer['issuer_common_name']}"
    yield f"  Valid: {signer['not_before']} to {signer['not_after']}"
    if not signer["time_stamp"]:
        yield "  Time-stamp: none"
    else:
        listed = "on a list" if signer["time_stamp_list"] else "on no list"
        yield f"  Time-stamp: {signer['time_stamp']}, of an authority {listed} that is believed"


def _printable(line: str) -> str:
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line
    )
