"""Collects what the pages say and compiles its translations, with Babel alone: no gettext programs.

`python tools/translations.py` reads every template and module, brings each language's `.po` up to
date and writes its `.mo`; `--check` only says what is missing or out of step. Line numbers are left
out, so that a moved sentence changes nothing.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "sora_archive" / "locale"
LANGUAGES = ("de", "fr")
SHOWN = 20
BEGIN = datetime(2026, 11, 26, tzinfo=UTC)
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "N_": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def sources() -> Iterator[tuple[str, bytes]]:
    """Every file that may say something, as Python that Babel can read."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        marked = templatize(path.read_text(encoding="utf-8"))
        # Each line for itself: what stood around the marks is no Python and needs no indentation.
        yield named(path), "\n".join(line.strip() for line in marked.splitlines()).encode()
    for room in ("sora_archive", "generation", "provenance"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield named(path), path.read_bytes()


def named(path: Path) -> str:
    """A file's name in this repository."""
    return path.relative_to(ROOT).as_posix()


def collected() -> Catalog:
    """Everything that is marked for translation, in the order of the files."""
    catalog = Catalog(project="Sora Archive", charset="utf-8")
    for name, code in sources():
        for _line, said, comments, context in extract("python", io.BytesIO(code), KEYWORDS):
            catalog.add(said, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


def read(language: str) -> Catalog:
    """A language's catalogue as it lies in the repository; a new one where there is none."""
    path = po(language)
    if not path.exists():
        return empty(language)
    with path.open("rb") as opened:
        return read_po(opened, locale=language)


def empty(language: str) -> Catalog:
    """A catalogue to begin with; its head names no day, so that nothing changes by itself."""
    return Catalog(
        language, "django", "# The pages of Sora Archive in another language.\n",
        project="Sora Archive", version="1", msgid_bugs_address="SECURITY.md",
        last_translator="Sora Archive", language_team="Sora Archive", charset="utf-8",
        creation_date=BEGIN, revision_date=BEGIN, fuzzy=False,
    )  # fmt: skip


def po(language: str) -> Path:
    """Where a language's catalogue lies."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def update(language: str, template: Catalog) -> None:
    """Bring one catalogue up to date: new sentences come in empty, vanished ones go."""
    catalog = read(language)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    po(language).parent.mkdir(parents=True, exist_ok=True)
    with po(language).open("wb") as opened:
        write_po(opened, catalog, width=100, include_lineno=False, omit_header=False)


def compiled(language: str) -> bytes:
    """A catalogue as gettext reads it."""
    written = io.BytesIO()
    write_mo(written, read(language))
    return written.getvalue()


def missing(language: str, template: Catalog) -> list[str]:
    """What is marked and has no translation."""
    have = read(language)
    return [
        str(message.id)
        for message in template
        if message.id and not ((found := have.get(message.id, message.context)) and found.string)
    ]


def check(template: Catalog) -> int:
    """1 where a compiled catalogue is not the one beside it; prints what has no translation."""
    behind = 0
    for language in LANGUAGES:
        if po(language).with_suffix(".mo").read_bytes() != compiled(language):
            print(f"{language}: the compiled catalogue is behind; run tools/translations.py")
            behind = 1
        untold = missing(language, template)
        print(f"{language}: {len(untold)} of {len(template)} sentences have no translation")
        print("\n".join(f"    {said}" for said in untold[:SHOWN]))
    return behind


def main() -> int:
    """Bring everything up to date, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, say what is missing")
    given = parser.parse_args()
    settings.configure(USE_I18N=True)
    template = collected()
    if given.check:
        return check(template)
    for language in LANGUAGES:
        update(language, template)
        po(language).with_suffix(".mo").write_bytes(compiled(language))
    return check(template)


if __name__ == "__main__":
    sys.exit(main())
