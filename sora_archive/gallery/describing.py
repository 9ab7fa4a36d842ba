"""A published clip in the words of others: schema.org, a citation, BibTeX, a line of HTML."""

import json
import re
from datetime import datetime

from django.conf import settings
from django.utils import formats
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from generation.models import Clip, Licence

from . import addresses

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_HTML_IN_JSON = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
_TEX = {
    **{letter: f"\\{letter}" for letter in "{}$&#_%"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
LICENCE_TEXTS: dict[str, str] = {
    Licence.CC_BY: "https://creativecommons.org/licenses/by/4.0/",
    Licence.CC_BY_NC: "https://creativecommons.org/licenses/by-nc/4.0/",
    Licence.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
}
CAPTION_HEIGHT = 96  # pixels under the picture of the framed player


def printable(text: str) -> str:
    """Text that XML takes and that cannot turn the direction of what stands around it."""
    return _UNPRINTABLE.sub(" ", text)


def summary(clip: Clip) -> str:
    """One sentence that says what the clip is."""
    artist, prompt = clip.generation.shown_artist, clip.generation.shown_prompt
    said = gettext(
        "An AI-generated video clip of %(seconds)s seconds, made with %(model)s at the request of "
        "%(artist)s"
    ) % {
        "seconds": formats.number_format(clip.seconds, 1),
        "model": clip.model_title,
        "artist": artist,
    }
    words = f": {prompt}" if prompt else ". " + _without(clip)
    return printable(f"{said}{words} {clip.description}".rstrip())


def _without(clip: Clip) -> str:
    erased = clip.generation.prompt_erased_at is not None
    return gettext("The prompt was erased.") if erased else gettext("The prompt is hidden.")


def structured(clip: Clip) -> SafeString:
    """A schema.org VideoObject in a data block, which no browser executes."""
    data = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "@id": addresses.page_of(clip),
        "name": clip.title,
        "description": summary(clip),
        "thumbnailUrl": addresses.poster_of(clip),
        "contentUrl": addresses.file_of(clip),
        "embedUrl": addresses.player_of(clip),
        "encodingFormat": "video/mp4",
        "uploadDate": _published_at(clip).isoformat(),
        "duration": f"PT{clip.seconds:.3f}S",
        "width": clip.width,
        "height": clip.height,
        "sha256": clip.credential.sha256,
        "creator": {"@type": "Person", "name": clip.generation.shown_artist},
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME},
        "digitalSourceType": "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
        "isAccessibleForFree": True,
        "license": LICENCE_TEXTS.get(clip.generation.licence),
    }
    data = {name: value for name, value in data.items() if value is not None}
    text = json.dumps(data, ensure_ascii=False).translate(_HTML_IN_JSON)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))


def citation(clip: Clip) -> str:
    """The clip as a footnote names it."""
    at = _published_at(clip)
    return (
        f"{clip.generation.shown_artist}, “{clip.title}”, AI-generated video, {clip.model_title}, "
        f"{clip.seconds:.1f} seconds, {settings.SITE_NAME}, {at.day} {at:%B %Y}, "
        f"{addresses.page_of(clip)}, SHA-256 {clip.credential.sha256}."
    )


def bibtex(clip: Clip) -> str:
    """The clip as an entry of a bibliography; what TeX would act on is escaped."""
    at = _published_at(clip)
    fields = {
        "author": f"{{{_tex(clip.generation.shown_artist)}}}",
        "title": f"{{{_tex(clip.title)}}}",
        "howpublished": f"AI-generated video, {_tex(clip.model_title)}",
        "organization": _tex(settings.SITE_NAME),
        "year": f"{at:%Y}",
        "month": f"{at.month}",
        "url": addresses.page_of(clip),
        "note": f"SHA-256 {clip.credential.sha256}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{clip-{clip.pk.hex[:12]},", *lines, "}"])


def frame(clip: Clip, width: int, height: int) -> str:
    """The line of HTML that shows the clip on another site; plain text, to be escaped in a page."""
    title = f"{clip.title} by {clip.generation.shown_artist}, AI-generated video"
    return (
        f'<iframe src="{addresses.player_of(clip)}" width="{width}" height="{height}" '
        f'title="{escape(printable(title))}" loading="lazy" allowfullscreen></iframe>'
    )


def frame_size(clip: Clip, most_wide: int | None, most_high: int | None) -> tuple[int, int]:
    """Width and height of the framed player, in pixels, within what the other site allows."""
    wide = min(max(clip.width, 360), most_wide or 4096)
    high = min(round(wide * clip.height / clip.width) + CAPTION_HEIGHT, most_high or 4096)
    return wide, high


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in printable(text))


def _published_at(clip: Clip) -> datetime:
    if clip.published_at is None:
        raise ValueError("Only a published clip is described to others.")
    return clip.published_at
