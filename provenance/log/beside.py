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
from provenance.core.notes import open_checkpoint, parse_signatures, split_note
from provenance.core.records import EntryType, MalformedEntry, Opening, canonical, parse_entry
from provenance.core.stamps import read_stamp

from . import binary, tickets
from .models import Checkpoint, Contradiction, Cosignature, OpenAttempt, Pending

_ROUND = 2000
_OPENINGS = """
    SELECT e.index, p.id, coalesce(e.data, p.data), o.ticket, o.field, o.salt, o.value
    FROM log_opening o LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY e.index
"""
_ANCHORS = """
    SELECT e.index, p.id, coalesce(e.data, p.data), a.size, a.authority, a.at, a.token, h.root,
        a.ticket
    FROM log_anchor a LEFT JOIN log_head h USING (size)
    LEFT JOIN log_entry e USING (ticket) LEFT JOIN log_pending p USING (ticket)
    ORDER BY a.id
"""


def open_attempts(derived: Mapping[str, Begun]) -> list[str]:
    """The list that the public page shows must leave nobody out; `derived` is what it must be."""
    stored = set(OpenAttempt.objects.values_list("index", "attempt"))
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
    """What waits has no place and no signature yet; that it can be an entry is all there is."""
    for row in Pending.objects.order_by("id").iterator(_ROUND):
        try:
            parse_entry(bytes(row.data))
        except MalformedEntry as error:
            yield f"row {row.pk} of the outbox: {error}"
        else:
            yield None


def cosignatures() -> Iterator[str | None]:
    """A witness's line must be its own, over the checkpoint beside it, and say the stored time."""
    notes = dict(Checkpoint.objects.filter(cosignatures__isnull=False).values_list("pk", "note"))
    for row in Cosignature.objects.order_by("checkpoint_id", "id").iterator(_ROUND):
        at = (
            f"entry {max(row.checkpoint_id - 1, 0)}: the cosignature of {row.checkpoint_id} entries"
        )
        try:
            cosigner = parse_cosigner(row.cosigner)
            [line] = parse_signatures(row.line)
            text, _ = split_note(notes.get(row.checkpoint_id, ""))
            time = cosigner.time_of(text, line.signature)
        except (ProvenanceError, ValueError) as error:
            yield f"{at} does not hold: {error}"
            continue
        sound = cosigner.signed(line) and time == row.at and line.line == row.line
        yield None if sound else f"{at} is not the one that its row says"


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
    for row in Contradiction.objects.order_by("id").iterator(_ROUND):
        at = f"entry {max(row.size - 1, 0)}: the contradiction No. {row.pk}"
        try:
            shown, ours = (open_checkpoint(note, vkey) for note in (row.note, row.ours))
        except ProvenanceError as error:
            yield f"{at} does not hold: {error}"
            continue
        signed = Checkpoint.objects.filter(head_id=ours.size, note=row.ours).exists()
        sound = (shown.size, shown.root) == (row.size, bytes(row.root)) and signed
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


def _says(token: bytes, authority: str, at: object) -> bool:
    try:
        stamp = read_stamp(token)
    except ProvenanceError:
        return False
    return (stamp.authority, stamp.at) == (authority, at)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
