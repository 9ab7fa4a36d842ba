"""Finding entries by what somebody has in hand: a number, a clip's address, a hash, a manifest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from . import receipts
from .models import Entry, Mention

MOST_LETTERS = 500
MOST_FOUND = 100
_INDEX = re.compile(r"(?:no\.?\s*|#)?(\d{1,18})", re.ASCII | re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_MANIFEST = re.compile(r"urn:c2pa:[0-9A-Za-z:_.-]{1,91}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
_ATTEMPT = re.compile(r"[0-9a-f]{32}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """Entries by rising index; `words` names what the query was taken for, empty where for nothing
    that a log knows.
    """

    words: str
    entries: Sequence[Entry] = ()


def find(query: str) -> Found:
    """Entries that a signed checkpoint covers and that the query names."""
    query = query.strip()
    if len(query) > MOST_LETTERS:
        return Found("")
    for words, pattern, chosen in (
        ("entry", _INDEX, _by_index),
        ("manifest", _MANIFEST, _by_mention),
        ("hash", _SHA256, _by_hash),
        ("attempt", _ATTEMPT, _by_attempt),
    ):
        if found := pattern.fullmatch(query):
            return _those(words, chosen(found[found.lastindex or 0]))
    # The address of a clip, or its bare id.
    clips = _UUID.findall(query)
    return _those("clip", _by_mention(clips[-1].lower())) if clips else Found("")


def _those(words: str, chosen: Q) -> Found:
    rows = Entry.objects.filter(chosen, index__lt=receipts.signed_size())
    return Found(words, list(rows.order_by("index")[:MOST_FOUND]))


def _by_index(text: str) -> Q:
    return Q(index=int(text))


def _by_mention(text: str) -> Q:
    return Q(index__in=Mention.objects.filter(term=text).values("index"))


def _by_hash(text: str) -> Q:
    """The SHA-256 of a published file, or of an entry as a leaf of the tree."""
    return _by_mention(text.lower()) | Q(leaf_hash=bytes.fromhex(text))


def _by_attempt(text: str) -> Q:
    return Q(attempt=text.lower())
