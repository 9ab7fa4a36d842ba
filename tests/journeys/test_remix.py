"""ada hides a prompt and reveals it, ben makes a remix of her clip, and strangers check both.

The stranger's commands are those of docs/verify.md, typed as they stand there.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from provenance.core.openings import parse_opening
from provenance.core.wording import STATES
from tests.journeys.axe import faults
from tests.journeys.signing import sign_in
from tests.journeys.test_line import PATIENCE_MS, drop_on_verify, publish_and_download
from tests.people import ADA, BEN, Person
from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = "a red circle moves left on the blue background"
REMIX = "a red circle moves left on the white background"
PAGE = (ROOT / "docs/verify.md").read_text(encoding="utf-8")
# What the page shows and others run: the benchmarks, and whoever fetches the C2PA's rubrics.
ELSEWHERE = (
    "python -m benchmarks check",
    "git clone https://github.com/c2pa-org/conformance-public",
    'C2PA_RUBRICS="$PWD/conformance-public/asset-rubrics" pytest tests/interop/test_rubrics.py',
)


@dataclass(frozen=True)
class Hung:
    """A published clip: its own page, its artist's page of it, and the file as downloaded."""

    clip: str
    generation: str
    file: Path

    @property
    def id(self) -> str:
        """The clip's id, as its address tells it."""
        return self.clip.rstrip("/").rsplit("/", 1)[-1]


def hang(page: Page, person: Person, prompt: str, folder: Path, *, hide: bool = False) -> Hung:
    """Fill in the form that is open, wait for the clip, publish it and download it."""
    page.get_by_label("What shall it show?").fill(prompt)
    if hide:
        page.get_by_label("Keep the prompt hidden").check()
        page.get_by_label("Text and data mining").check()
    page.get_by_role("button", name="Ask for this clip").click()
    expect(page.get_by_role("button", name="Publish it")).to_be_visible(timeout=PATIENCE_MS)
    generation = page.url
    (folder / person.username).mkdir()
    file = publish_and_download(page, folder / person.username)
    return Hung(page.url, generation, file)


@pytest.fixture(scope="module")
def visit(chromium: Browser, archive: Stack) -> Iterator[Page]:
    """A browser window that several stories of this page share."""
    context = chromium.new_context(base_url=archive.extra["SITE_URL"], accept_downloads=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def hidden(visit: Page, tmp_path_factory: pytest.TempPathFactory) -> Hung:
    """A clip of ada's in the gallery, whose prompt she keeps to herself."""
    sign_in(visit, ADA)
    visit.goto("/ask/")
    return hang(visit, ADA, PROMPT, tmp_path_factory.mktemp("clips"), hide=True)


def test_a_hidden_prompt_is_revealed_and_proved(hidden: Hung, visit: Page, page: Page) -> None:
    drop_on_verify(page, hidden.file)
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    expect(page.locator("main")).to_contain_text("Kept back by its artist")
    expect(page.locator("main")).to_contain_text("data mining: allowed")
    assert PROMPT not in page.content()
    page.goto(hidden.clip)
    expect(page.get_by_text("Ada keeps the words hidden.")).to_be_visible()
    assert PROMPT not in page.content()

    visit.goto(hidden.generation)
    visit.get_by_role("link", name="Reveal the prompt").click()
    assert faults(visit) == []
    visit.get_by_role("button", name="Reveal the prompt").click()
    expect(visit.get_by_text("The prompt is public from now on.")).to_be_visible()

    page.goto(hidden.clip)
    expect(page.get_by_role("blockquote")).to_have_text(PROMPT)
    address = page.get_by_role("link", name="What opens the hash").get_attribute("href") or ""
    opening = parse_opening(page.request.get(address).text())
    assert opening.value == {"prompt": PROMPT, "negative_prompt": ""}

    drop_on_verify(page, hidden.file)  # the file of before: its credential holds the hash alone
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    told = page.get_by_role("term").filter(has_text="Prompt, hidden at first and revealed")
    expect(told.locator("xpath=following-sibling::dd")).to_have_text(PROMPT)
    assert page.get_by_role("heading", name="What does not hold").count() == 0
    assert faults(page) == []


def test_a_remix_tells_its_past_on_its_page_and_in_its_file(
    hidden: Hung, archive: Stack, page: Page, tmp_path: Path
) -> None:
    archive.add(BEN)
    sign_in(page, BEN)
    page.goto(hidden.clip)
    page.get_by_role("link", name="Make a remix").click()
    expect(page.get_by_text("A remix of")).to_be_visible()
    remix = hang(page, BEN, REMIX, tmp_path)
    page.context.clear_cookies()

    page.goto(remix.clip)
    history = page.get_by_role("region", name="Where it comes from, and what came of it")
    ways = [history.locator("ol > li"), history.locator("ul.branch li > cite, ul.branch a")]
    for way in ways:
        assert [text.split(",")[0] for text in way.all_inner_texts()] == [
            title_of(hidden.file), title_of(remix.file),
        ]  # fmt: skip
    assert history.locator("ul.branch ul.branch li").count() == 1  # it hangs below its parent
    assert faults(page) == []
    history.get_by_role("link", name=title_of(hidden.file)).first.click()
    assert page.url == hidden.clip
    expect(page.get_by_text("1 remix was made from it and published.")).to_be_visible()

    drop_on_verify(page, remix.file)
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES["intact"][1])
    past = page.get_by_role("region", name="What it was made from")
    assert past.get_by_role("listitem").count() == 1
    for words in (
        title_of(hidden.file), "was put into what made it", "Nothing failed when it was used.",
        "This archive signed it.", manifest_of(page, hidden.id),
    ):  # fmt: skip
        expect(past).to_contain_text(words)
    assert faults(page) == []


def title_of(file: Path) -> str:
    """The title that the archive gave a clip, as its credential says it."""
    found = re.findall(rb"Clip [0-9a-f]{8}", file.read_bytes())
    return str(found[-1].decode())


def manifest_of(page: Page, name: str) -> str:
    """The manifest under which the archive issued the file of a clip."""
    return str(page.request.get(f"/api/v1/verify/{name}").json()["manifest"])


class Stranger:
    """Somebody at a shell with a folder, the program and the page; and the operator beside."""

    def __init__(self, folder: Path, archive: Stack) -> None:
        self.here, self.archive = folder, archive
        self.programs = folder / "bin"
        self.programs.mkdir()
        python, manage = shlex.quote(sys.executable), shlex.quote(str(ROOT / "manage.py"))
        for name, runs in (("python", python), ("manage.py", f"{python} {manage}")):
            (self.programs / name).write_text(f'#!/bin/sh\nexec {runs} "$@"\n')
            (self.programs / name).chmod(0o755)

    def types(self, line: str) -> str:
        """What a line says; only the operator's own program knows of the archive."""
        known = self.archive.environment if line.startswith("manage.py") else {}
        path = f"{self.programs}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], cwd=self.here, text=True,
            env={**known, "PATH": path, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout


def commands() -> list[str]:
    """The commands of docs/verify.md, alone or within a line; those that fetch come first."""
    alone = re.findall(r"^    (\S.*)$", PAGE, re.MULTILINE)
    inline = re.findall(r"`((?:curl|manage\.py|python) [^`]+)`", PAGE)
    assert set(ELSEWHERE) <= {*alone, *inline}
    found = dict.fromkeys(each for each in (*alone, *inline) if each not in ELSEWHERE)
    return sorted(found, key=lambda line: not line.startswith("curl"))


def test_every_command_of_the_page_for_journalists_does_what_it_says(
    hidden: Hung, archive: Stack, tmp_path: Path
) -> None:
    site, stranger = archive.extra["SITE_URL"], Stranger(tmp_path, archive)
    for name in ("clip.mp4", "FILE"):
        shutil.copyfile(hidden.file, tmp_path / name)
    issued = json.loads(stranger.types(f"curl -s {site}/api/v1/verify/{hidden.id}"))
    report = json.loads(stranger.types(f"curl -s -F keep=1 -F file=@FILE {site}/api/v1/verify"))
    stranger.types(f"curl -s -o report.zip {report['report']['bundle']}")
    meant = {"https://archive.example": site, "SHA256-OR-ID": hidden.id}
    meant["entry/41/"] = f"entry/{issued['entry']}/"

    said = {}
    for command in commands():
        typed = command
        for shown, real in meant.items():
            typed = typed.replace(shown, real)
        said[command] = stranger.types(typed)
    intact = (STATES["intact"][1], STATES["intact_as_signed"][1], '"verdict": "intact"')
    checks = [words for line, words in said.items() if "offline" in line or " FILE" in line]
    assert len(checks) == 6
    assert all(any(each in words for each in intact) for words in checks)
    assert sum("Yes, to the last bit" in words for words in checks) == 4  # with ledger or proof
    assert json.loads(next(words for line, words in said.items() if " -F " in line))["state"]
    assert report["report"]["file_kept"] is True
