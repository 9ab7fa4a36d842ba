"""An archive with something in every room, and what its addresses can be filled in with."""

import io
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from generation import storage
from generation.models import Clip, Visibility
from sora_archive.accounts.models import User
from sora_archive.gallery import curating
from sora_archive.gallery.models import Collection
from tests.provenance.log_cast import log_in, submit_attempt
from tests.site.hanging import hang

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class House:
    """The rooms, filled: clips of every visibility, a collection, the record, a log."""

    shown: Clip
    hidden: Clip
    draft: Clip
    withdrawn: Clip
    collection: Collection

    def known(self) -> Mapping[str, Sequence[str]]:
        """Values by converter that lead somewhere, or at least could."""
        clips = (self.shown, self.hidden, self.draft, self.withdrawn)
        ids = [str(each) for clip in clips for each in (clip.pk, clip.generation_id)]
        return {
            "uuid": [*ids, str(uuid.UUID(int=0))],
            "int": ["0", "1"],
            "slug": [self.collection.slug, "open-letter", "artists-16", "nothing"],
            "str": ["2026-11-26", "prompt", "clip"],
            "any": ["nothing", "a/b"],
            "path": ["0/000", "entries/000", "0/x001/067"],
        }


def fill(ada: User, mo: User, folder: Path) -> House:
    """Put something into every room."""
    log = log_in(folder)
    log.open()
    submit_attempt()
    log.drain()
    call_command("loadrecord", verbosity=0, stdout=StringIO())
    house = House(
        shown=hang(ada, "Lantern", prompt="a lantern in the wind"),
        hidden=hang(ada, "Hidden", minute=1),
        draft=hang(ada, visibility=Visibility.DRAFT),
        withdrawn=hang(ada, visibility=Visibility.WITHDRAWN),
        collection=curating.make("Things that leave", "Watch the edges.", mo.pk),
    )
    for clip in (house.shown, house.hidden, house.draft, house.withdrawn):
        _with_files(clip)
    house.hidden.generation.prompt_hidden = True
    house.hidden.generation.save()
    curating.add(house.collection, str(house.shown.pk))
    house.collection.shown = True
    house.collection.save()
    return house


def _with_files(clip: Clip) -> None:
    """One picture for all of them, and a file that is none of a video."""
    drawn = io.BytesIO()
    Image.new("RGB", (512, 512), (40, 90, 160)).save(drawn, "WEBP")
    picture = storage.keep_bytes(drawn.getvalue()).sha256
    Clip.objects.filter(pk=clip.pk).update(
        poster_sha256=picture, preview_sha256=picture, width=512, height=512
    )
    file = storage.keep_bytes(f"video of {clip.pk}".encode()).sha256
    type(clip.credential).objects.filter(pk=clip.credential_id).update(sha256=file)


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[str]:
    """Every address of the URL map as it is written there; of Django's admin only its entrance."""
    for entry in (resolver or get_resolver()).url_patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLPattern) or entry.app_name == "admin":
            yield here
        else:
            yield from routes(entry, here)


def parameters(route: str) -> Sequence[str]:
    """The converters of a route, in their order."""
    return [match[1] or "str" for match in _PARAMETER.finditer(route)]


def filled(route: str, values: Sequence[str]) -> str:
    """The route with its parameters replaced."""
    left = iter(values)
    return _PARAMETER.sub(lambda _: next(left), route)
