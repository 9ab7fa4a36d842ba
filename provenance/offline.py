"""Check a file by a trust list alone: `python -m provenance.offline FILE --trust trust.json`.

No site, no database, no network. What only the archive's ledger could tell is said to be not
decidable offline, unless the log's proof of the finished file is given. An evidence bundle brings
trust list, proof and, where it may, the file.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from provenance.core import bundles
from provenance.core.boxes import shape_of
from provenance.core.bundles import Bundle, BundleRefused
from provenance.core.errors import ProvenanceError
from provenance.core.openings import parse_opening
from provenance.core.proofs import Receipt, receipt_of
from provenance.core.records import Opening, parse_entry
from provenance.core.signatures import check_evidence
from provenance.core.trustlists import TrustList, parse_trust_list
from provenance.core.verdicts import FileFacts, Verdict, judge
from provenance.verify.readers import READERS, Limits, Terms
from provenance.verify.words import NOT_CHECKED, in_words, status_of

# The questions on which a check made here and the report in a bundle are held against each other.
_COMPARED = ("verdict", "bit_identical", "integrity", "signer")
_HOLDS = {True: "holds", False: "does not hold"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong arguments mean that no check was made, which argparse would call 2."""
        self.print_usage(sys.stderr)
        self.exit(NOT_CHECKED, f"{self.prog}: {message}\n")


@dataclass(frozen=True)
class Given:
    """What a check is made with; `inside` where the bundle itself brought the file."""

    path: Path
    trust_text: str
    proof: Receipt | None
    bundle: Bundle | None
    revealed: tuple[Opening, ...] = ()
    inside: bool = False

    @property
    def trust(self) -> TrustList:
        """The list; raises TrustListRefused."""
        return parse_trust_list(self.trust_text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; the exit status is that of `manage.py verify`."""
    parser = _Parser(prog="python -m provenance.offline", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="the file, or an evidence bundle")
    parser.add_argument("--trust", type=Path, help="the archive's trust.json")
    parser.add_argument("--proof", type=Path, help="the log's .tlog-proof of the finished file")
    parser.add_argument("--opening", type=Path, help="what opens the hash of a hidden prompt")
    parser.add_argument("--bundle", type=Path, help="an evidence bundle about the file")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = _given(parser, options, Path(folder))
            verdict = check(given.path, given.trust, given.proof, given.revealed)
        except OSError as error:
            print(f"{error.filename}: {error.strerror}", file=sys.stderr)
            return NOT_CHECKED
        except (ProvenanceError, UnicodeDecodeError) as error:
            print(error, file=sys.stderr)
            return NOT_CHECKED
    if options.json:
        said = as_json(verdict) | compared(verdict, given)
        print(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        if given.inside:
            print(f"About {bundles.CLIP} inside {options.file}, SHA-256 {verdict.sha256}:\n")
        print(in_words(verdict))
        print("\n".join(_epilogue(verdict, given)))
    return status_of(verdict)


def check(
    path: Path,
    trust: TrustList,
    generated: Receipt | None = None,
    revealed: Sequence[Opening] = (),
) -> Verdict:
    """Judge one file by a trust list, and by the receipt of its `generated` entry where given.

    `revealed` are values that the credential hides behind a hash. The file is read by a process
    with limits, as on the page. Raises OSError.
    """
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        answer = READERS.ask(stream.fileno(), Terms(trust.anchors, Limits()))
        facts = FileFacts(sha256, os.fstat(stream.fileno()).st_size, shape_of(stream))
    now = datetime.now(UTC)
    return judge(
        facts, answer.found, trust.trust, None, answer.validator, generated, at=now,
        revealed=revealed,
    )  # fmt: skip


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict's JSON, and which of its answers could not be decided without the archive."""
    return {**verdict.as_json(), "not_decidable_offline": open_questions(verdict)}


def open_questions(verdict: Verdict) -> list[str]:
    """Which of the questions that the JSON answers had to be left open."""
    return [question for question in verdict.undecided if question != "state"]


def compared(verdict: Verdict, given: Given) -> dict[str, Any]:
    """What the bundle's report says of the file, held against the verdict; empty without one."""
    if given.bundle is None:
        return {}
    said, own = given.bundle.report, verdict.as_json()
    same = _recorded(said, ("file", "sha256")) == verdict.sha256
    differing = [
        question
        for question in _COMPARED
        if same
        and question not in verdict.undecided
        and _short(said.get(question)) != _short(own[question])
    ]
    return {
        "bundle": {
            "report": _recorded(said, ("report", "page")),
            "file_inside": given.inside,
            "same_file": same,
            "differs": differing,
            "trust_sha256": hashlib.sha256(given.trust_text.encode()).hexdigest(),
            **_signed(given),
        }
    }


def _signed(given: Given) -> dict[str, Any]:
    """Whether the artist's own signature in the bundle holds; empty where none is inside."""
    if given.bundle is None or not given.bundle.signature:
        return {}
    try:
        evidence = json.loads(given.bundle.signature)
        found = check_evidence(evidence if isinstance(evidence, dict) else {}, given.trust.log_vkey)
    except (ProvenanceError, ValueError, RecursionError) as error:
        return {"artist_signature": {"holds": False, "text": str(error)}}
    about = parse_entry(given.proof.entry.encode()).body.get("attempt") if given.proof else None
    if about != found.attempt:
        text = "It is about another attempt than the file, or no proof tells which the file's is."
        return {"artist_signature": {"holds": False, "text": text}}
    text = f"{found.artist} signed the request; entry {found.signed_index} of the log."
    return {"artist_signature": {"holds": True, "text": text}}


def _given(parser: _Parser, options: argparse.Namespace, folder: Path) -> Given:
    path, bundle = _bundled(options, folder)
    if options.trust is None and bundle is None:
        parser.error("give --trust trust.json, or an evidence bundle that brings one")
    trust = options.trust.read_text(encoding="utf-8") if options.trust else bundle.trust
    proof = options.proof.read_text(encoding="utf-8") if options.proof else ""
    proof = proof or (bundle.proof if bundle else "")
    opened = parse_opening(options.opening.read_text(encoding="utf-8")) if options.opening else None
    return Given(
        path, trust, receipt_of(proof) if proof else None, bundle, (opened,) if opened else (),
        inside=path != options.file,
    )  # fmt: skip


def _bundled(options: argparse.Namespace, folder: Path) -> tuple[Path, Any]:
    """The file to check and the bundle about it; a bundle may bring the file itself."""
    if options.bundle is not None:
        with options.bundle.open("rb") as stream:
            return options.file, bundles.read(stream)
    with options.file.open("rb") as stream:
        if not bundles.is_bundle(stream):
            return options.file, None
        bundle = bundles.read(stream)
        if not bundle.clip:
            raise BundleRefused(
                "The file is not in this bundle: give the file, and this with --bundle."
            )
        target = folder / bundles.CLIP
        with target.open("wb") as clip:
            bundles.extract_clip(stream, clip)
    return target, bundle


def _epilogue(verdict: Verdict, given: Given) -> list[str]:
    lines = ["", f"Believing the trust list of {given.trust.date:%Y-%m-%d %H:%M} UTC."]
    lines.append(f"Not decidable offline: {', '.join(open_questions(verdict))}.")
    told = compared(verdict, given).get("bundle")
    if told is None:
        return lines
    lines.append(f"SHA-256 of that list: {told['trust_sha256']}. Compare it with a copy of yours.")
    if not told["same_file"]:
        lines.append("The report in the bundle is about another file than this one.")
    elif told["differs"]:
        lines.append(f"The report in the bundle says otherwise on: {', '.join(told['differs'])}.")
    else:
        lines.append("The report in the bundle says the same of this file.")
    if signed := told.get("artist_signature"):
        lines.append(f"The artist's signature {_HOLDS[signed['holds']]}. {signed['text']}")
    return lines


def _short(value: Any) -> Any:
    """Of an answer with many parts, the part that decides."""
    return value.get("who") if isinstance(value, Mapping) else value


def _recorded(said: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        said = said.get(key) if isinstance(said, Mapping) else None
    return said


if __name__ == "__main__":
    sys.exit(main())
