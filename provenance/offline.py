"""Check a file by a trust list alone: `python -m provenance.offline FILE --trust trust.json`.

No site, no database, no network. What only the archive's ledger could tell is said to be not
decidable offline, unless the log's proof of the finished file is given.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from provenance.core.boxes import shape_of
from provenance.core.errors import ProvenanceError
from provenance.core.proofs import Receipt, receipt_of
from provenance.core.trustlists import TrustList, parse_trust_list
from provenance.core.verdicts import FileFacts, Verdict, judge
from provenance.verify.readers import READERS, Limits, Terms
from provenance.verify.words import NOT_CHECKED, in_words, status_of


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong arguments mean that no check was made, which argparse would call 2."""
        self.print_usage(sys.stderr)
        self.exit(NOT_CHECKED, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; the exit status is that of `manage.py verify`."""
    parser = _Parser(prog="python -m provenance.offline", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--trust", type=Path, required=True, help="the archive's trust.json")
    parser.add_argument("--proof", type=Path, help="the log's .tlog-proof of the finished file")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    options = parser.parse_args(arguments)
    try:
        trust = parse_trust_list(options.trust.read_text(encoding="utf-8"))
        proof = receipt_of(options.proof.read_text(encoding="utf-8")) if options.proof else None
        verdict = check(options.file, trust, proof)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return NOT_CHECKED
    except (ProvenanceError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return NOT_CHECKED
    if options.json:
        print(json.dumps(as_json(verdict), ensure_ascii=False, indent=2))
    else:
        print(in_words(verdict))
        print(f"\nBelieving the trust list of {trust.date:%Y-%m-%d %H:%M} UTC.")
    return status_of(verdict)


def check(path: Path, trust: TrustList, generated: Receipt | None = None) -> Verdict:
    """Judge one file by a trust list, and by the receipt of its `generated` entry where given.

    The file is read by a process with limits, as on the page. Raises OSError.
    """
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        answer = READERS.ask(stream.fileno(), Terms(trust.anchors, Limits()))
        facts = FileFacts(sha256, os.fstat(stream.fileno()).st_size, shape_of(stream))
    now = datetime.now(UTC)
    return judge(facts, answer.found, trust.trust, None, answer.validator, generated, at=now)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict's JSON, and which of its answers could not be decided without the archive."""
    return {**verdict.as_json(), "not_decidable_offline": list(verdict.undecided)}


if __name__ == "__main__":
    sys.exit(main())
