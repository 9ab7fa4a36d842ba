"""What lies beside the entries, held against them: what they are found by, what opens them, and
what others have signed.

Each function yields, for every row it looks at, None or what is wrong, with the entry's index.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from provenance.core.cosignatures import parse_cosigner
from provenance.core.errors import ProvenanceError
from provenance.core.histories import Begun
from provenance.core.merkle import leaf_hash
from provenance.core.notes import open_checkpoint, parse_signatures, split_note
from provenance.core.records import EntryType, MalformedEntry, Opening, canonical, parse_entry
from provenance.core.stamps import read_stamp

from . import binary, seals, tickets
from .models import Checkpoint

_OPENINGS = """
    SELECT e.index, p.id, coalesce(e.data, p.data), o.ticket, o.field, o.salt, o.value
    FROM log_opening o LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY e.index
"""
_WAITING = f"SELECT {seals.KNOWN}, data, seal FROM log_pending ORDER BY id"  # noqa: S608
_COSIGNATURES = """
    SELECT size, cosigner, timestamptz_send(at), line, note
    FROM log_cosignature LEFT JOIN log_checkpoint USING (size) ORDER BY size, id
"""
_CONTRADICTIONS = "SELECT id, size, root, note, ours FROM log_contradiction ORDER BY id"
_ANCHORS = """
    SELECT e.index, p.id, coalesce(e.data, p.data), a.size, a.authority, timestamptz_send(a.at),
        a.token, h.root, a.ticket
    FROM log_anchor a LEFT JOIN log_head h USING (size)
    LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY a.id
"""


def open_attempts(derived: Mapping[str, Begun]) -> list[str]:
    """The list that the public page shows must leave nobody out; `derived` is what it must be."""
    stored = set(binary.stream("SELECT index, attempt FROM log_openattempt"))
    right = {(begun.place, name) for name, begun in derived.items()}
    out, wrong = sorted(right - stored), sorted(stored - right)
    return [
        *(f"entry {at}: the list of attempts without outcome leaves this one out" for at, _ in out),
        *(f"entry {at}: the list of attempts without outcome has it wrongly" for at, _ in wrong),
    ]


def openings() -> Iterator[str | None]:
    """An opening that opens nothing would show a visitor a value that was never logged."""
    for place, waits, data, ticket, name, salt, value in binary.stream(_OPENINGS):
        if data is None:
            yield tickets.said(ticket, f"an opening of {name!r} belongs to no entry")
        elif _opens(data, name, salt, value):
            yield None
        else:
            at = f"row {waits} of the outbox" if place is None else f"entry {place}"
            yield f"{at}: the stored opening of {name!r} is another value"


def waiting() -> Iterator[str | None]:
    """What waits has no place yet: it must be as it was left there, and able to be an entry."""
    for known, data, seal in binary.stream(_WAITING):
        at = f"row {int.from_bytes(known[:8], 'big', signed=True)} of the outbox"
        if seals.of_waiting(known, leaf_hash(data)) != seal:
            yield f"{at} is not as it was written"
            continue
        try:
            parse_entry(data)
        except MalformedEntry as error:
            yield f"{at}: {error}"
        else:
            yield None


def cosignatures() -> Iterator[str | None]:
    """A witness's line must be its own, over the checkpoint beside it, and say the stored time."""
    for size, cosigner, at, line, note in binary.stream(_COSIGNATURES):
        where = f"entry {max(size - 1, 0)}: the cosignature of {size} entries"
        try:
            witness = parse_cosigner(cosigner)
            [found] = parse_signatures(line)
            time = witness.time_of(split_note(note or "")[0], found.signature)
        except (ProvenanceError, ValueError) as error:
            yield f"{where} does not hold: {error}"
            continue
        sound = witness.signed(found) and seals.sent(time) == at and found.line == line
        yield None if sound else f"{where} is not the one that its row says"


def anchors() -> Iterator[str | None]:
    """A stamp must be the one to which an entry of the log has committed."""
    for place, waits, data, size, authority, at, token, root, ticket in binary.stream(_ANCHORS):
        if data is None:
            words = f"the anchor of {size} entries belongs to no entry"
            yield tickets.said(ticket, words, max(size - 1, 0))
            continue
        body = _body(data)
        committed = (EntryType.ANCHOR, size, (root or b"").hex(), _sha256(token))
        said = tuple(body.get(key) for key in ("type", "size", "root", "sha256"))
        sound = said == committed and _says(token, authority, at)
        where = f"row {waits} of the outbox" if place is None else f"entry {place}"
        yield None if sound else f"{where}: the stamp stored for it is another one"


def contradictions(vkey: str) -> Iterator[str | None]:
    """What is kept as evidence against the log must be evidence: two notes of its own key."""
    for number, size, root, note, contradicted in binary.stream(_CONTRADICTIONS):
        at = f"entry {max(size - 1, 0)}: the contradiction No. {number}"
        try:
            shown, ours = (open_checkpoint(text, vkey) for text in (note, contradicted))
        except ProvenanceError as error:
            yield f"{at} does not hold: {error}"
            continue
        signed = Checkpoint.objects.filter(head_id=ours.size, note=contradicted).exists()
        sound = (shown.size, shown.root) == (size, root) and signed
        yield None if sound else f"{at} is not the one that its row says"


def _body(data: bytes) -> Mapping[str, object]:
    """What an entry says; nothing where its bytes are damaged, which the audit names elsewhere."""
    try:
        body = json.loads(data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _opens(data: bytes, name: str, salt: bytes, value: str) -> bool:
    try:
        logged, shown = json.loads(data).get(name), json.loads(value)
        # The letters as well: what is handed out is what was committed to, and not its like.
        return (
            Opening(name, salt, shown).commitment == logged and canonical(shown) == value.encode()
        )
    except (ValueError, AttributeError, ProvenanceError):
        return False


def _says(token: bytes, authority: str, at: bytes) -> bool:
    try:
        stamp = read_stamp(token)
    except ProvenanceError:
        return False
    return (stamp.authority, seals.sent(stamp.at)) == (authority, at)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
