"""A revealed value as a file: what opens a commitment in the log, for whoever wants to check it.

Whoever has the file, and a credential or the log's entry that holds the commitment, can prove that
the value is the one that was committed to; without the salt nobody could have guessed it.
"""

import json

from .errors import ProvenanceError
from .records import EntryRefused, Opening

SCHEMA = 1
DOCUMENT_LIMIT = 64 * 1024  # characters


class OpeningRefused(ProvenanceError):
    """This is no opening of a commitment; the text says why."""


def opening_text(opening: Opening) -> str:
    """The file; the same opening always gives the same text."""
    document = {
        "schema": SCHEMA,
        "field": opening.field,
        "value": opening.value,
        "salt": opening.salt.hex(),
        "commitment": opening.commitment,
    }
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def parse_opening(text: str) -> Opening:
    """Read such a file; raises OpeningRefused where its value does not open its own commitment."""
    if len(text) > DOCUMENT_LIMIT:
        raise OpeningRefused("The file is too long for an opening.")
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise OpeningRefused(f"This program reads openings of schema {SCHEMA} only.")
        found = Opening(str(document["field"]), bytes.fromhex(document["salt"]), document["value"])
        opens = found.commitment == document["commitment"]
    except (ValueError, KeyError, TypeError, RecursionError, EntryRefused) as error:
        raise OpeningRefused("This is no opening, or a part of it is missing.") from error
    if not opens:
        raise OpeningRefused("The value in the file does not open the commitment beside it.")
    return found
