"""What an erasure or a withdrawal takes away, what it leaves, and what nobody can do, in words.

The page that asks says all of it before anything happens; docs/erasure.md says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Act, Clip, Generation


@dataclass(frozen=True)
class Consequences:
    """A question, the button that answers yes, and the sentences under the three headings."""

    question: str
    button: str
    goes: Sequence[str]
    stays: Sequence[str]
    beyond: Sequence[str]


def of_erasing(kind: Act.Kind, generation: Generation) -> Consequences:
    """What the confirm page says for one kind of erasure."""
    clip = Clip.objects.filter(generation=generation).first()
    question, button, goes, stays = {
        Act.Kind.PROMPT_ERASED: _of_prompt,
        Act.Kind.NAME_ERASED: _of_name,
        Act.Kind.CLIP_ERASED: _of_clip,
    }[kind](clip)
    return Consequences(
        question, button, [*goes, *_in_remixes(clip, kind)], [*stays, *_in_the_log(kind)], _beyond()
    )


_Parts = tuple[str, str, list[str], list[str]]


def _of_prompt(clip: Clip | None) -> _Parts:
    goes = [
        _("The prompt and what to keep away from: on every page, in feeds, search and the API."),
        _("The value and its salt in the archive's database. The hash in the log stays, and nobody "
          "can open it any more, nor find the words by trying."),
    ]  # fmt: skip
    stays = [_("The settings: model, seed, steps, length.")]
    if clip is not None:
        goes.append(_new_file())
        stays = [_("The video itself, its title and its description, as they are now."), *stays]
    return _("Erase the prompt?"), _("Erase the prompt for good"), goes, stays


def _of_name(clip: Clip | None) -> _Parts:
    goes = [
        _("The artist's name on this attempt: on every page, in feeds, search and the API."),
        _("The name with its salt in the archive's database. The hash in the log stays, and nobody "
          "can open it any more, nor find the name by trying."),
    ]  # fmt: skip
    goes.append(_("A passkey's signature over the request, where the artist made one."))
    stays = [
        _("The account and its name: other clips of the artist show it as before."),
        _("That the archive knows whose attempt this is, so that only its artist can work on it."),
    ]
    if clip is not None:
        goes.append(_new_file())
        stays = [_("The video itself, its prompt, its title and its description."), *stays]
    return _("Erase the name?"), _("Erase the name for good"), goes, stays


def _of_clip(clip: Clip | None) -> _Parts:
    goes = [
        _("The video, its posters and its preview. Their addresses answer that they are gone."),
        _("The prompt, the artist's name, the title and the description, wherever they are shown."),
        _("The values and salts of prompt, name and file in the archive's database."),
    ]
    stays = [_("The settings: model, seed, steps, length.")]
    if clip is not None and clip.published_at:
        stays = [
            _("A page at the clip's address that says that it was erased, when, and why."),
            _("The SHA-256 of the published file: it stands in the log."),
            *stays,
        ]
    return _("Erase the whole clip?"), _("Erase the clip for good"), goes, stays


def _new_file() -> str:
    return _(
        "The statement inside the clip's file. The archive signs a new file without it, with a new "
        "SHA-256, and deletes the old one. Until that is done nobody can have the file."
    )


def _in_remixes(clip: Clip | None, kind: Act.Kind) -> list[str]:
    count = clip.remixes.filter(clip__isnull=False).count() if clip is not None else 0
    if not count:
        return []
    words = ngettext(
        "The same in the file of %(count)d remix, which carries this clip's credential.",
        "The same in the files of %(count)d remixes, which carry this clip's credential.",
        count,
    )
    return [words % {"count": count}]


def _in_the_log(kind: Act.Kind) -> list[str]:
    what = {
        Act.Kind.PROMPT_ERASED: _("a prompt was erased"),
        Act.Kind.NAME_ERASED: _("a name was erased"),
        Act.Kind.CLIP_ERASED: _("a clip was erased"),
    }[kind]
    return [
        _("The entries in the public log, and every proof of them."),
        _("A new entry there: that %(what)s, by the artist or by a curator, and for what kind of "
          "reason. Nobody's name stands in it.") % {"what": what},
    ]  # fmt: skip


def _beyond() -> list[str]:
    return [
        _("Call back copies that are public already: downloads, pages that others saved, caches of "
          "search engines. Whoever has the old file can still read in it what it says."),
        _("Undo it. What is erased cannot be brought back by anybody."),
        _("Reach into backups at once: they are deleted after at most %(days)d days.")
        % {"days": settings.BACKUP_DAYS},
    ]  # fmt: skip
