"""What `make demo` lays out: people who need two steps, a text to sign, a report, the record."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from django.test import Client
from pytest_django import Settings

from sora_archive.accounts.models import User
from sora_archive.demonstration import cast as people
from sora_archive.demonstration import clips, exhibits, tour
from sora_archive.launcher import Launcher
from sora_archive.moderation.models import Report
from sora_archive.record.loading import SHIPPED
from sora_archive.record.models import Fact
from sora_archive.statement import versions
from sora_archive.statement.models import Draft, Version
from tests.signing_in import code, signed_in_with_two_steps
from tests.site.hanging import hang
from tests.site.signatories import FORM, Log, last_links


@pytest.fixture
def passwords(db: None, settings: Settings, tmp_path: Path) -> dict[str, str]:
    """The cast as a first start has made it, in a folder of its own."""
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    return people.ensure()


def printed(passwords: dict[str, str]) -> str:
    return "\n".join(tour.welcome(passwords))


def codes_of(name: str, text: str) -> list[str]:
    """The codes that stand below somebody's line."""
    below = text.partition(f"sign in as {name}")[2]
    return re.findall(r"\d{8}", below.partition("\n")[2].partition("\n")[0])


def secret_of(name: str, text: str) -> str:
    found = re.search(r"with the secret +([A-Z2-7]{32})", text.partition(f"sign in as {name}")[2])
    assert found
    return found[1]


def sign_in(name: str, password: str, second: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": password})
    client.post("/accounts/factors/code/", {"code": second})
    return client


def test_a_second_start_finds_everybody_and_tells_the_same_passwords(
    passwords: dict[str, str],
) -> None:
    assert set(passwords) == {"ada", "mo", "olga"}
    assert people.ensure() == passwords
    assert User.objects.count() == 3
    assert people.password_file().stat().st_mode & 0o777 == 0o600


def test_what_is_printed_signs_mo_and_olga_in_with_two_steps(passwords: dict[str, str]) -> None:
    text = printed(passwords)
    mo = sign_in("mo", passwords["mo"], codes_of("mo", text)[0])
    assert mo.get("/moderation/queue/").status_code == 200
    assert mo.get("/mail/").status_code == 403
    olga = sign_in("olga", passwords["olga"], code(secret_of("olga", text)))
    assert olga.get("/mail/").status_code == 200


def test_the_password_alone_opens_nothing_of_a_keepers(passwords: dict[str, str]) -> None:
    mo = sign_in("mo", passwords["mo"], "00000000")
    assert mo.get("/moderation/queue/").status_code != 200


def test_no_two_people_share_a_secret_and_ada_needs_none(passwords: dict[str, str]) -> None:
    text = printed(passwords)
    assert secret_of("mo", text) != secret_of("olga", text)
    assert codes_of("mo", text) != codes_of("olga", text)
    assert not codes_of("ada", text)


def test_a_used_code_is_not_printed_again(passwords: dict[str, str]) -> None:
    used, *left = codes_of("mo", printed(passwords))
    sign_in("mo", passwords["mo"], used)
    again = codes_of("mo", printed(people.ensure()))
    assert again[: len(left)] == left
    assert used not in again


def test_whoever_has_changed_the_password_is_told_no_secrets_of(passwords: dict[str, str]) -> None:
    mo = User.objects.get(username="mo")
    mo.set_password("another-word-entirely-4")
    mo.save()
    text = printed(people.ensure())
    assert passwords["mo"] not in text
    assert "sign in as mo   (curator)   has another password by now" in text
    assert not codes_of("mo", text)


@pytest.fixture
def opened(passwords: dict[str, str], log: Log) -> Version:
    """A demo with its statement in the log."""
    assert exhibits.fill_statement()
    log.take_up()
    [made] = Version.objects.all()
    return made


def test_the_text_to_sign_says_of_itself_that_it_is_nobodys(
    client: Client, opened: Version
) -> None:
    page = client.get("/statement/").content.decode()
    assert "This text came with the demonstration. Nobody has written it" in page
    assert "Sign it" in page
    assert str(opened.made_by) == "Mo"


def test_a_newcomer_signs_and_is_counted(client: Client, opened: Version) -> None:
    answer = client.post("/statement/sign/", FORM | {"sha256": opened.sha256}, follow=True)
    assert "Look into your mail" in answer.content.decode()
    client.post(last_links()["confirm"])
    assert client.get("/statement/count.json").json()["signatures"] == 1


def test_the_draft_that_is_kept_can_be_made_the_second_version(opened: Version, log: Log) -> None:
    mo = signed_in_with_two_steps(User.objects.get(username="mo"))
    kept = Draft.objects.get().text
    fields = {"reason": "To see a second one.", "sha256": versions.sha256(kept)}
    assert mo.post("/statement/draft/make/", fields)["Location"] == "/statement/versions/2/"
    kinds = {change.kind for change in versions.changes(opened.text, kept)}
    assert kinds == {"same", "gone", "new"}


def test_a_second_start_makes_no_second_version(opened: Version) -> None:
    Draft.objects.all().delete()
    assert exhibits.fill_statement() == ""
    assert Version.objects.count() == 1
    assert not Draft.objects.exists()


def test_the_queue_holds_one_report_that_says_where_it_comes_from(
    passwords: dict[str, str],
) -> None:
    assert exhibits.fill_queue() == ""  # nothing hangs yet
    clip = hang(User.objects.get(username="ada"))
    assert exhibits.fill_queue()
    assert exhibits.fill_queue() == ""
    [report] = Report.objects.all()
    assert report.clip == clip
    assert not report.grave
    assert "demonstration made this report" in report.words


CHATTY = (
    "import sys; sys.stderr.write('step\\r' * 40_000 + '\\nenough\\n'); print('{\"url\": \"/\"}')"
)


@pytest.mark.django_db
def test_a_command_that_says_more_than_a_pipe_holds_comes_to_its_end() -> None:
    place = SimpleNamespace(environment=dict(os.environ))
    launcher = cast(Launcher, SimpleNamespace(place=place, attend=lambda: None))
    assert clips.run(launcher, [sys.executable, "-c", CHATTY]) == (0, '{"url": "/"}', "enough")


@pytest.mark.django_db
def test_the_demo_loads_the_record_once() -> None:
    assert exhibits.load_record() == f"the record: {expected_lines()} lines added"
    assert exhibits.load_record() == "the record: 0 lines added"
    assert Fact.objects.exists()


@pytest.mark.django_db
def test_a_demo_without_its_record_says_so_and_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exhibits, "SHIPPED", tmp_path / "gone.toml")
    said = exhibits.load_record()
    assert said.startswith("the record was not loaded: gone.toml cannot be read")


def test_every_address_of_the_tour_leads_somewhere(client: Client, opened: Version) -> None:
    found = {path: client.get(path).status_code for _words, path in tour.TOUR}
    assert set(found.values()) <= {200, 302}, found


def expected_lines() -> int:
    text = SHIPPED.read_text(encoding="utf-8")
    return sum(line.startswith("[") and "." in line for line in text.splitlines())
