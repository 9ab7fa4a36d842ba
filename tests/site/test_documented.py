"""Documents that lag fail the build: settings, commands and addresses are in docs/operations.md."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from provenance.core.wording import STATES
from sora_archive.env import BASE_DIR, SETTINGS

ROOMS = ("sora_archive", "generation", "provenance")
OPERATIONS = (BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of docs/operations.md."""
    section = OPERATIONS.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_setting_is_documented_as_it_is() -> None:
    documented = {name.strip("`"): (default, help_) for name, default, help_ in rows("Settings")}
    expected = {}
    for setting in SETTINGS:
        default = setting.default.replace(f"{BASE_DIR}/", "")
        expected[setting.name] = (f"`{default}`" if default else "empty", setting.help)
    assert documented == expected


def test_every_command_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if str(app).startswith(ROOMS)}
    documented = {name.strip("`").removeprefix("manage.py ") for name, _ in rows("Commands")}
    assert documented == ours


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Every address of the URL map; of Django's admin only its entrance."""
    for entry in resolver.url_patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLPattern) or entry.app_name == "admin":
            yield here
        else:
            yield from addresses(entry, here)


def test_every_address_is_documented() -> None:
    documented = {address.strip("`") for address, _ in rows("Addresses")}
    assert documented == set(addresses(get_resolver()))


def test_every_state_of_a_file_is_explained() -> None:
    explained = (BASE_DIR / "docs" / "verify.md").read_text(encoding="utf-8")
    assert [state for state in STATES if f"`{state}`" not in explained] == []


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*BASE_DIR.glob("*.md"), *(BASE_DIR / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / Path(target)).exists(), f"{page.name} links to {target}"
