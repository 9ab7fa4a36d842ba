"""Versions in other languages: each tied to the version that it translates, none ever changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import locale
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .errors import VersionRefused
from .models import Translation, Version
from .versions import sha256
from .words import parse


@dataclass(frozen=True)
class Language:
    """A language by its code and by the name that its speakers give it."""

    code: str
    name: str
    rtl: bool

    @property
    def direction(self) -> str:
        """For the attribute `dir`."""
        return "rtl" if self.rtl else "ltr"


@dataclass(frozen=True)
class Standing:
    """The newest translation into a language, and whether a newer version waits for its own."""

    language: Language
    translation: Translation
    lags: bool


def choices() -> list[tuple[str, str]]:
    """Every language that can be chosen, by the name that its speakers give it."""
    found = [language_of(code) for code in locale.LANG_INFO if code != "en"]
    named = [(each.code, each.name) for each in found if each is not None]
    return sorted(named, key=lambda pair: pair[1].casefold())


def language_of(code: str) -> Language | None:
    """The language of a code such as de or pt-br; None where there is no such."""
    info = locale.LANG_INFO.get(code, {})
    if "fallback" in info:
        info = locale.LANG_INFO.get(info["fallback"][0], {})
    if "name_local" not in info:
        return None
    return Language(code, info["name_local"][:1].upper() + info["name_local"][1:], info["bidi"])


def translate(version: Version, language: str, text: str, curator_id: int) -> Translation:
    """Keep a translation, beside those of the same language that were there before.

    Raises VersionRefused where it is word for word the newest one, or the version itself.
    """
    digest = sha256(text)
    with transaction.atomic():
        Version.objects.select_for_update(no_key=True).get(pk=version.pk)
        newest = version.translations.filter(language=language).first()
        if digest in {version.sha256, newest.sha256 if newest else ""}:
            raise VersionRefused(_("This is word for word what stands there already."))
        return Translation.objects.create(
            version=version, language=language, revision=newest.revision + 1 if newest else 1,
            text=text, sha256=digest, made_by_id=curator_id, made_at=timezone.now(),
        )  # fmt: skip


def find(version: Version, code: str) -> Translation | None:
    """The newest translation of a version into a language."""
    return version.translations.select_related("made_by").filter(language=code).first()


def newer(translation: Translation) -> Translation | None:
    """The newest translation of a later version into the same language."""
    later = Translation.objects.filter(version__gt=translation.version_id)
    return later.filter(language=translation.language).order_by("-version_id", "-revision").first()


def standings(version: Version) -> Sequence[Standing]:
    """The newest translation into each language of this version, or else of one before it."""
    found: dict[str, Translation] = {}
    made = Translation.objects.filter(version__lte=version.pk).defer("text")
    for row in made.order_by("language", "-version_id", "-revision"):
        found.setdefault(row.language, row)
    named = ((language_of(code), row) for code, row in found.items())
    return [
        Standing(language, row, row.version_id < version.pk)
        for language, row in named
        if language is not None
    ]


def title_of(translation: Translation) -> str:
    """Its title."""
    return parse(translation.text.encode()).title
