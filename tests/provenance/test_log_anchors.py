"""A time-stamp authority confirms a checkpoint; the log commits to its answer, whatever it was."""

import base64
import hashlib
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from provenance.core.proofs import check_receipt
from provenance.core.stamps import StampRefused, check_stamp, read_stamp
from provenance.log import anchoring, confirming, posting, receipts
from provenance.log.anchoring import Authorities
from provenance.log.audit import audit
from provenance.log.models import Anchor, Entry, Pending
from provenance.log.posting import Answer, ServerUnavailable
from provenance.log.sequencer import Sequencer
from tests.core.stamps import Authority, serving
from tests.provenance.log_cast import log_in, submit_attempt, submit_many
from tests.provenance.test_log_audit import owner

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def address(authority: Authority) -> Iterator[str]:
    with serving(authority) as found:
        yield found


@pytest.fixture
def log(transactional_db: None, tmp_path: Path) -> Sequencer:
    """A log of seven entries."""
    started = log_in(tmp_path)
    started.open()
    submit_many(7)
    started.drain()
    return started


@pytest.fixture
def hourly(authority: Authority, address: str) -> Authorities:
    return Authorities([address], [authority.pem], HOUR)


def test_a_checkpoint_is_stamped_and_an_entry_commits_to_the_stamp(
    log: Sequencer, hourly: Authorities, client: Client
) -> None:
    assert anchoring.anchor(hourly, posting.post) == 1
    log.drain()
    [kept] = Anchor.objects.all()
    assert kept.checkpoint_id == 7
    assert abs(kept.at - datetime.now(UTC)) < timedelta(minutes=1)
    checked = check_receipt(receipts.receipt(7), log.signer.vkey)
    assert checked.entry.type == "anchor"
    assert checked.entry.body["sha256"] == hashlib.sha256(bytes(kept.token)).hexdigest()
    standing = receipts.standing(3)
    assert standing is not None
    assert standing.anchored_at == kept.at
    assert "CN=Stamps" in client.get("/log/").content.decode()
    report = audit()
    assert (report.anchors, report.problems) == (1, [])


def test_openssl_checks_it_with_two_downloads(
    log: Sequencer, hourly: Authorities, authority: Authority, client: Client, tmp_path: Path
) -> None:
    """The very commands of docs/log-format.md, with nothing of ours."""
    anchoring.anchor(hourly, posting.post)
    log.drain()
    (tmp_path / "checkpoint").write_bytes(client.get("/log/checkpoint/7").content)
    (tmp_path / "entry-7.tsr").write_bytes(client.get("/log/entry/7/stamp").content)
    line = ["openssl", "ts", "-verify", "-data", "checkpoint", "-in", "entry-7.tsr",
            "-CAfile", str(authority.folder / "root.pem")]  # fmt: skip
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done
    (tmp_path / "checkpoint").write_bytes(client.get("/log/checkpoint/0").content)
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" not in done.stdout


def test_it_is_not_done_again_before_its_time_nor_for_anchors_alone(
    log: Sequencer, hourly: Authorities
) -> None:
    always = Authorities(hourly.addresses, hourly.roots, timedelta())
    assert anchoring.anchor(hourly, posting.post) == 1
    log.drain()
    assert anchoring.anchor(hourly, posting.post) == 0
    assert anchoring.anchor(always, posting.post) == 0  # nothing new but the anchor itself
    submit_attempt()
    log.drain()
    assert anchoring.anchor(hourly, posting.post) == 0
    assert anchoring.anchor(always, posting.post) == 1


def test_each_authority_is_asked_and_one_that_is_down_hinders_no_other(
    log: Sequencer, hourly: Authorities, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(None) as down:
        both = Authorities([down, *hourly.addresses], hourly.roots, HOUR)
        assert anchoring.anchor(both, posting.post) == 1
    assert "no anchor from" in caplog.text
    assert "503" in caplog.text


def test_an_authority_that_nobody_listed_counts_for_nothing(
    log: Sequencer, hourly: Authorities, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for roots in ([], [Authority(other).pem]):
        assert anchoring.anchor(Authorities(hourly.addresses, roots, HOUR), posting.post) == 0
    assert Anchor.objects.count() == Pending.objects.count() == 0
    assert "No certificate of a time-stamp authority is trusted" in caplog.text


def test_an_answer_to_another_question_is_refused(authority: Authority, address: str) -> None:
    kept: list[Answer] = []

    def keeping(to: str, body: bytes, kind: str) -> Answer:
        kept.append(posting.post(to, body, kind))
        return kept[-1]

    token, stamp = anchoring.stamped("checkpoint", address, [authority.pem], keeping)
    assert check_stamp(token, b"checkpoint", [authority.pem]) == stamp
    with pytest.raises(StampRefused, match="Nonce"):
        anchoring.stamped("checkpoint", address, [authority.pem], lambda *_: kept[0])
    with pytest.raises(StampRefused, match="messages"):
        check_stamp(token, b"another", [authority.pem])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "text/html", b"<html>"),
        Answer(404, "application/timestamp-reply", b""),
    ],
)
def test_what_is_no_reply_is_refused(answer: Answer) -> None:
    with pytest.raises(ServerUnavailable, match="It answered"):
        anchoring.stamped("x", "http://a/", ["x"], lambda *_: answer)


REJECTED = base64.b64decode("MAUwAwIBAg==")  # status: rejection


@pytest.mark.parametrize(
    "answer", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"<html>", REJECTED,
               bytes(70_000), b"\x30\x03\x30\x01\x02",
               b"\x30\x09\x30\x03\x02\x01\x00\x30\x02\x06\x00"],
)  # fmt: skip
def test_bytes_that_are_no_stamp_are_refused(answer: bytes, authority: Authority) -> None:
    with pytest.raises(StampRefused):
        read_stamp(answer)
    with pytest.raises(StampRefused):
        check_stamp(answer, b"checkpoint", [authority.pem])


def test_a_flipped_bit_anywhere_in_a_stamp_is_noticed(authority: Authority, address: str) -> None:
    """By the check of the stamp, or by the hash that the log holds of it."""
    token, stamp = anchoring.stamped("checkpoint", address, [authority.pem], posting.post)
    unnoticed = 0
    for bit in range(0, len(token) * 8, 7):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << (bit % 8)
        try:
            unnoticed += check_stamp(bytes(changed), b"checkpoint", [authority.pem]) == stamp
        except StampRefused:
            continue
    # The root that the authority sends along is not believed, so that it may be damaged.
    assert unnoticed < len(token) * 8 / 7 / 2


@pytest.mark.parametrize(
    "order",
    [
        "UPDATE log_anchor SET token = set_byte(token, 900, get_byte(token, 900) # 1)",
        "UPDATE log_anchor SET authority = 'CN=Somebody'",
        "UPDATE log_anchor SET at = at - interval '1 day'",
        "UPDATE log_anchor SET size = 0",
        "UPDATE log_anchor SET ticket = gen_random_uuid()",
    ],
)
def test_a_changed_anchor_is_named(log: Sequencer, hourly: Authorities, order: str) -> None:
    anchoring.anchor(hourly, posting.post)
    log.drain()
    owner(order)
    seal, problem = audit().problems
    assert re.fullmatch(r"entry \d: a row of log_anchor is not as it was written", seal)
    assert problem.startswith(("entry 7: the stamp", "entry 6: the anchor of 7 entries"))


def test_a_damaged_entry_of_an_anchor_is_named_and_ends_no_audit(
    log: Sequencer, hourly: Authorities
) -> None:
    anchoring.anchor(hourly, posting.post)
    log.drain()
    owner("UPDATE log_entry SET data = set_byte(data, 0, get_byte(data, 0) # 1) WHERE index = 7")
    problems = audit().problems
    assert all(problem.startswith("entry 7: ") for problem in problems)
    assert any("the stamp stored for it" in problem for problem in problems)


def test_the_process_goes_round_and_ends_when_told(
    log: Sequencer, hourly: Authorities, settings: object
) -> None:
    from threading import Event

    stop = Event()

    def last_post(to: str, body: bytes, kind: str) -> Answer:
        stop.set()
        return posting.post(to, body, kind)

    policy = receipts._policy()
    confirming.run(confirming.Confirmer(policy, hourly, 60, last_post), stop)
    assert Anchor.objects.count() == 1
    log.drain()
    assert Entry.objects.get(index=7).kind == "anchor"
