"""A verdict as lines for a terminal and as an exit status; the command and the offline check."""

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
        lines += ["", f"Signer: {verdict.signer['common_name']}, {verdict.signer['organization']}"]
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


def _printable(line: str) -> str:
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line
    )
