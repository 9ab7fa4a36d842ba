"""A visitor checks the log in the browser, with the key alone, and is not to be fooled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from provenance.core.notes import Checkpoint, Signer
from provenance.core.policies import parse_policy
from provenance.log import cosigning
from provenance.log.sequencer import Sequencer
from tests.core.witnesses import EAST
from tests.provenance.log_cast import KEY, ORIGIN, log_in, submit_many
from tests.provenance.test_log_audit import owner
from tests.provenance.test_log_witnesses import POLICY, Willing, refusing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def log(transactional_db: None, tmp_path: Path, settings: Settings) -> Sequencer:
    """A log of 300 entries that two witnesses have cosigned."""
    settings.LOG_WITNESS_POLICY = parse_policy(POLICY)
    started = log_in(tmp_path)
    started.open()
    submit_many(300)
    started.drain()
    cosigning.ask_all(settings.LOG_WITNESS_POLICY, Willing())
    return started


@pytest.fixture
def visitor(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A visitor on /log/ whose browser notes what the page may not do."""
    context = chromium.new_context(base_url=live_server.url, accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error"
            else None)  # fmt: skip
    yield page
    context.close()
    assert problems == []


def check(page: Page) -> str:
    """Press the button; what the page then says."""
    page.get_by_role("button", name="Check now").click()
    said = page.locator("#check-log [role=status] p")
    expect(said.first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Check now")).to_be_enabled(timeout=30_000)
    return "\n".join(said.all_inner_texts())


def test_the_browser_works_every_hash_out_and_remembers(
    log: Sequencer, visitor: Page, live_server: LiveServer
) -> None:
    visitor.goto("/log/")
    first = check(visitor)
    assert "Everything agrees: 300 entries" in first
    assert "keeps the checkpoint" in first
    submit_many(300)
    log.drain()
    visitor.reload()
    second = check(visitor)
    assert "Everything agrees: 600 entries" in second
    assert "begins with the 300 entries that this browser saw" in second


def test_a_changed_entry_is_named(log: Sequencer, visitor: Page) -> None:
    owner(
        "UPDATE log_entry SET data = set_byte(data, 40, get_byte(data, 40) # 1) WHERE index = 271"
    )
    visitor.goto("/log/")
    assert "Entry 271: its bytes do not have the hash in its tile." in check(visitor)


def test_matching_hashes_do_not_help_a_forger(log: Sequencer, visitor: Page) -> None:
    """The entry and its leaf hash were changed together: the signed root still tells."""
    owner(
        "UPDATE log_entry SET data = data || ' '::bytea,"
        " leaf_hash = sha256('\\x00'::bytea || data || ' '::bytea) WHERE index = 290"
    )
    visitor.goto("/log/")
    assert "do not hash to the root that the key has signed" in check(visitor)


def test_another_history_than_the_one_seen_before_is_told(log: Sequencer, visitor: Page) -> None:
    """What this browser kept is a checkpoint that the log's key signed over another tree."""
    forged = log.signer.sign(Checkpoint(ORIGIN, 5, bytes(32)).text)
    for size, words in ((5, "its history was rewritten"), (301, "it has had 301 before")):
        note = forged if size == 5 else log.signer.sign(Checkpoint(ORIGIN, size, bytes(32)).text)
        visitor.goto("/log/")
        visitor.evaluate(
            "([vkey, note]) => localStorage.setItem(`checkpoint ${vkey}`,"
            " JSON.stringify({note, at: '2026-11-23T12:00:00Z'}))",
            [log.signer.vkey, note],
        )
        assert words in check(visitor)


@pytest.mark.parametrize(
    ("vkey", "words"),
    [
        (Signer("other.example/log", KEY).vkey, "not signed by this key"),
        (Signer(ORIGIN, KEY).vkey[:-4] + "AAA=", "no Ed25519 key of a log"),
        (EAST.vkey, "no Ed25519 key of a log"),
        ("nonsense", "three parts"),
    ],
)
def test_the_key_decides_and_not_the_server(
    log: Sequencer, visitor: Page, vkey: str, words: str
) -> None:
    visitor.goto("/log/")
    visitor.get_by_label("The log's public key").fill(vkey)
    assert words in check(visitor)


def test_a_receipt_is_checked_without_leaving_the_browser(
    log: Sequencer, visitor: Page, tmp_path: Path
) -> None:
    visitor.goto("/log/entry/41")
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Download the proof").click()
    download.value.save_as(tmp_path / "entry.tlog-proof")
    visitor.goto("/log/")
    requests: list[str] = []
    visitor.set_input_files("#check-receipt", tmp_path / "entry.tlog-proof")
    visitor.on("request", lambda request: requests.append(request.url))
    assert "The receipt holds: entry 41 stands in the log of 300 entries" in check(visitor)
    assert all("/static/" in url for url in requests)
    proof = (tmp_path / "entry.tlog-proof").read_text()
    for old, new in (("index 41", "index 42"), ("extra e", "extra f"), ("tlog-proof@v1", "v2")):
        (tmp_path / "changed.tlog-proof").write_text(proof.replace(old, new))
        visitor.set_input_files("#check-receipt", tmp_path / "changed.tlog-proof")
        assert "Something does not agree" in check(visitor)


def test_without_scripts_the_page_tells_the_commands(
    log: Sequencer, chromium: Browser, live_server: LiveServer
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/log/")
    assert not page.get_by_role("button", name="Check now").is_visible()
    assert page.get_by_text("This needs JavaScript").is_visible()
    assert page.get_by_text("manage.py auditlog").is_visible()
    page.get_by_label("Find entries by number, clip or hash").fill("271")
    page.keyboard.press("Enter")
    page.wait_for_url("**/log/entry/271")
    context.close()


def test_a_checkpoint_of_ones_own_is_compared_on_the_page(log: Sequencer, visitor: Page) -> None:
    visitor.goto("/log/")
    note = log.signer.sign(Checkpoint(ORIGIN, 5, bytes(32)).text)
    visitor.get_by_label("A checkpoint of this log").fill(note)
    visitor.get_by_role("button", name="Compare it").click()
    assert visitor.get_by_role("heading", name="A contradiction").is_visible()
    visitor.goto("/log/")
    assert visitor.get_by_role("heading", name="This log has contradicted itself").is_visible()


def test_who_witnesses_and_who_refuses_is_there_for_everybody(
    log: Sequencer, visitor: Page, settings: Settings
) -> None:
    visitor.goto("/log/")
    assert visitor.get_by_text("Witnessed: the first 300 entries").is_visible()
    submit_many(1)
    log.drain()
    cosigning.ask_all(settings.LOG_WITNESS_POLICY, refusing(422))
    visitor.reload()
    assert visitor.get_by_text("two histories").is_visible()
