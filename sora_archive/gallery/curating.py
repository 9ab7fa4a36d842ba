"""Collections: what a curator chose and put in order, for the public and at the curator's desk.

Whoever is staff may work on every collection. Only what hangs on the wall is ever shown of one, so
that a clip that is withdrawn leaves each of them by itself.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext

from generation.models import Clip, Visibility

from . import wall
from .errors import BadPiece
from .models import Collection, Hanging, Piece

MOST_PIECES = 200
SLUG_LETTERS = 50
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Shown:
    """One clip of a collection: its label, and the curator's note."""

    work: wall.Work
    note: str


@dataclass(frozen=True)
class Cover:
    """A collection as the list of them shows it: how many clips hang, and the first of them."""

    collection: Collection
    clips: int
    first: wall.Work | None


def covers() -> Sequence[Cover]:
    """Every collection that is shown, the newest first; three queries."""
    shown = list(Collection.objects.filter(shown=True).select_related("curator"))
    hung = Piece.objects.filter(collection__in=shown, clip__visibility=Visibility.PUBLISHED)
    by_collection: dict[int, list[uuid.UUID]] = {}
    for collection_id, clip_id in hung.values_list("collection_id", "clip_id"):
        by_collection.setdefault(collection_id, []).append(clip_id)
    firsts = [clip_ids[0] for clip_ids in by_collection.values()]
    works = {work.id: work for work in wall.works_of(Hanging.objects.filter(clip__in=firsts))}
    return [
        Cover(each, len(clips), works.get(clips[0]) if clips else None)
        for each in shown
        for clips in [by_collection.get(each.pk, [])]
    ]


def shown_pieces(collection: Collection) -> Sequence[Shown]:
    """The clips of a collection that hang, in the curator's order; two queries."""
    notes = dict(collection.pieces.values_list("clip_id", "note"))
    works = {work.id: work for work in wall.works_of(Hanging.objects.filter(clip__in=notes))}
    return [Shown(works[clip], note) for clip, note in notes.items() if clip in works]


def named(clip_id: uuid.UUID) -> QuerySet[Collection]:
    """The collections in which the public can see a clip."""
    return Collection.objects.filter(shown=True, pieces__clip=clip_id)


def make(title: str, introduction: str, curator_id: int) -> Collection:
    """A collection that only curators see yet."""
    slug = slugify(title)[:SLUG_LETTERS].strip("-") or get_random_string(8).lower()
    if slug == "begin" or Collection.objects.filter(slug=slug).exists():
        slug = f"{slug}-{get_random_string(6).lower()}"
    return Collection.objects.create(
        slug=slug, title=title, introduction=introduction, curator_id=curator_id
    )


def add(collection: Collection, address: str) -> None:
    """Hang a clip last; `address` is that of its page, or its id. Raises BadPiece in words."""
    found = _ID.findall(address.lower())
    clip = (
        Clip.objects.filter(pk=found[-1], visibility=Visibility.PUBLISHED).first()
        if found
        else None
    )
    if clip is None:
        raise BadPiece(gettext("No published clip has that address. Copy it from the clip's page."))
    with transaction.atomic():
        Collection.objects.select_for_update().get(pk=collection.pk)
        have = collection.pieces.aggregate(last=Max("position"))["last"] or 0
        if collection.pieces.count() >= MOST_PIECES:
            words = gettext("A collection has at most %(most)d clips. Begin another one.")
            raise BadPiece(words % {"most": MOST_PIECES})
        try:
            with transaction.atomic():
                Piece.objects.create(collection=collection, clip=clip, position=have + 1)
        except IntegrityError as error:
            raise BadPiece(gettext("This clip is in the collection already.")) from error


def earlier(piece: Piece) -> None:
    """One place towards the beginning; the first one stays where it is."""
    _swap(piece, piece.collection.pieces.filter(position__lt=piece.position).last())


def later(piece: Piece) -> None:
    """One place towards the end; the last one stays where it is."""
    _swap(piece, piece.collection.pieces.filter(position__gt=piece.position).first())


def take_out(piece: Piece) -> None:
    """The clip goes; what it is and where it hangs otherwise does not change."""
    piece.delete()


ACTS: dict[str, Callable[[Piece], None]] = {
    "earlier": earlier,
    "later": later,
    "take out": take_out,
}


def _swap(one: Piece, other: Piece | None) -> None:
    if other is None:
        return
    with transaction.atomic():  # places are unique at its end
        places = {one.pk: other.position, other.pk: one.position}
        for row in Piece.objects.select_for_update().filter(pk__in=places):
            Piece.objects.filter(pk=row.pk).update(position=places[row.pk])
