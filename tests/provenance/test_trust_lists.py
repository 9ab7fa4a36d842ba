"""Stories about whom a check believes: lists, revoked keys, new keys, the offline check."""

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from generation.management.commands.sweep import _tell_of_keys
from provenance import vault
from provenance.core import keys
from provenance.core.errors import KeysRefused, SignerUnavailable
from provenance.core.openings import opening_text
from provenance.core.policies import parse_policy
from provenance.core.proofs import (
    ProofRefused,
    Receipt,
    check_receipt,
    parse_proof,
    receipt_of,
    with_entry,
)
from provenance.core.records import Hidden, Opening, parse_entry
from provenance.core.trustlists import TrustList, TrustListRefused, parse_trust_list
from provenance.core.verdicts import Ledger, Verdict
from provenance.log.models import Pending
from provenance.offline import check, main
from provenance.verify import checks, child, keyevents, ledger, readers
from provenance.verify.models import Credential, Report
from tests.assets import broken
from tests.core.clips import ATTEMPT, NOW, PROMPT, Archive, Signed, sha256_of
from tests.core.witnesses import Witness
from tests.provenance.log_cast import log_in

ROOT = Path(__file__).resolve().parents[2]
WITNESS = Witness("witness.test", 7)
POLICY = f"witness w {WITNESS.vkey}\nquorum w\n"


@pytest.fixture
def keys_dir(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """An archive's keys, in use."""
    folder = tmp_path / "keys"
    vault.ensure_keys(folder, "archive.test/log", datetime.now(UTC))
    settings.KEYS_DIR = folder
    yield folder
    readers.READERS.close()


@pytest.fixture
def clip(keys_dir: Path, tmp_path: Path) -> Signed:
    return Archive.of_vault(keys_dir).sign(tmp_path)


@pytest.fixture
def issued(db: None, clip: Signed, monkeypatch: pytest.MonkeyPatch) -> Credential:
    """The clip stands in the ledger, and its entry in a small log of the test's own."""
    credential = Credential.objects.create(
        sha256=sha256_of(clip.data), size=len(clip.data), manifest_id=clip.embedded.manifest_id,
        signer_serial="1", attempt=ATTEMPT, rendered_index=1, generated_ticket=uuid.uuid4(),
        clip_id=uuid.uuid4(),
    )  # fmt: skip

    def with_receipt(sha256: str, manifest_ids: tuple[str, ...]) -> Ledger:
        known = clip.issued
        return Ledger(
            known if sha256 == known.sha256 else None,
            known if known.manifest_id in manifest_ids else None,
        )

    monkeypatch.setattr(ledger, "consult", with_receipt)
    return credential


def serial_of(keys_dir: Path) -> str:
    return keys.leaf_serial(vault.chain(keys_dir))


def who(verdict: Verdict) -> str:
    return verdict.signer["who"] if verdict.signer else ""


# trust.json


def test_the_site_and_the_command_give_the_same_list(
    db: None, keys_dir: Path, client: Client
) -> None:
    output = io.StringIO()
    call_command("trustlist", stdout=output)
    served = client.get("/verify/trust.json")
    assert served.content.decode() == output.getvalue()
    assert served["Access-Control-Allow-Origin"] == "*"
    found = parse_trust_list(output.getvalue())
    assert found == vault.trust_list(keys_dir)
    assert found.trust.uris == {vault.anchors(keys_dir)[0].trust_uri}
    assert "PRIVATE" not in output.getvalue()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "schema 1"),
        ({"anchors": [{"list": "archive"}]}, "missing"),
        ({"anchors": "x"}, "missing"),
        ({"date": "yesterday"}, "missing"),
        ({"log": {}}, "missing"),
        ({"revocations": [{"serial": "1", "since": None}]}, "missing"),
        ({"witnesses": {"threshold": 1, "vkeys": []}}, "missing"),
        ({"witnesses": {"threshold": 1, "vkeys": [], "policy": "quorum banana"}}, "Line 1"),
        ({"witnesses": {"threshold": 1, "vkeys": [], "policy": POLICY}}, "not about"),
    ],
)
def test_a_list_is_believed_as_a_whole_or_not_at_all(
    keys_dir: Path, change: dict[str, Any], words: str
) -> None:
    document = json.loads(vault.trust_list(keys_dir).text)
    with pytest.raises(TrustListRefused, match=words):
        parse_trust_list(json.dumps(document | change))


def test_the_rule_of_the_witnesses_travels_in_the_list(keys_dir: Path) -> None:
    policy = parse_policy(POLICY)
    found = vault.trust_list(keys_dir, policy)
    assert json.loads(found.text)["witnesses"]["vkeys"] == [WITNESS.vkey]
    assert parse_trust_list(found.text) == found
    assert found.trust.policy == policy


def test_the_list_that_the_documents_print_has_the_shape_of_one(keys_dir: Path) -> None:
    page = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    (printed,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    document, real = json.loads(printed), json.loads(vault.trust_list(keys_dir).text)
    assert [*document] == [*real]
    assert all([*each] == [*real["anchors"][0]] for each in document["anchors"])
    (root,) = vault.anchors(keys_dir)
    for each in document["anchors"]:
        each["pem"] = root.pem  # there they are shortened
    found = parse_trust_list(json.dumps(document))
    assert [listed.kind for listed in found.listed] == ["archive", "c2pa"]
    assert [each.serial for each in found.revocations] == ["29384756"]
    told = re.findall(r"^\| `(\w+)` \|", page.partition("### trust.json")[2], re.MULTILINE)
    assert told == [*document]


def test_two_lists_cannot_share_an_address(keys_dir: Path) -> None:
    document = json.loads(vault.trust_list(keys_dir).text)
    stranger = {**document["anchors"][0], "list": "c2pa"}
    with pytest.raises(TrustListRefused, match="same trust_uri"):
        parse_trust_list(json.dumps(document | {"anchors": [*document["anchors"], stranger]}))


# Lists of others.


@pytest.mark.parametrize(
    ("kind", "words"), [("c2pa", "C2PA trust list"), ("interim", "former, interim list")]
)
def test_a_signer_on_somebody_elses_list_is_told_apart(
    issued: Credential, keys_dir: Path, tmp_path: Path, kind: str, words: str
) -> None:
    authority = Archive("authority.test")
    file = tmp_path / "list.pem"
    file.write_text(authority.anchor.pem)
    stranger = authority.sign(tmp_path, name="stranger")
    assert who(child.check(stranger.path)) == "unknown"
    call_command("addtrustlist", str(file), "--kind", kind, stdout=io.StringIO())
    verdict = child.check(stranger.path)
    assert (verdict.verdict, verdict.integrity, who(verdict)) == ("foreign", "holds", kind)
    assert words in verdict.text


def test_a_list_of_time_stamp_authorities_makes_nobody_a_known_signer(
    issued: Credential, keys_dir: Path, tmp_path: Path
) -> None:
    """The library calls such a signer trusted; the list's own address says otherwise."""
    authority = Archive("authority.test")
    vault.add_list(keys_dir, "stamps", authority.anchor.pem, "tsa", NOW)
    assert who(child.check(authority.sign(tmp_path, name="stranger").path)) == "unknown"


def test_a_list_counts_as_the_file_that_its_keeper_publishes(
    issued: Credential, keys_dir: Path, tmp_path: Path
) -> None:
    """Line ends of Windows and names with accents between the certificates belong to its hash."""
    authority, file = Archive("authority.test"), tmp_path / "list.pem"
    text = f"Subject CN=Autorité, C=FR\n{authority.anchor.pem}".replace("\n", "\r\n")
    file.write_bytes(text.encode())
    call_command("addtrustlist", str(file), "--kind", "c2pa", stdout=io.StringIO())
    (added,) = vault.added(keys_dir)
    assert added.sha256 == sha256_of(file.read_bytes())
    assert who(child.check(authority.sign(tmp_path, name="listed").path)) == "c2pa"


def test_a_list_that_was_removed_vouches_for_nobody(
    issued: Credential, keys_dir: Path, tmp_path: Path
) -> None:
    authority, file = Archive("authority.test"), tmp_path / "list.pem"
    file.write_text(authority.anchor.pem)
    clip = authority.sign(tmp_path, name="struck off")
    call_command("addtrustlist", str(file), "--kind", "c2pa", stdout=io.StringIO())
    before = vault.trust_list(keys_dir)
    assert who(child.check(clip.path)) == "c2pa"
    told = io.StringIO()
    call_command("removetrustlist", sha256_of(file.read_bytes()), stdout=told)
    assert "Removed list.pem (c2pa)" in told.getvalue()
    assert who(child.check(clip.path)) == "unknown"
    assert vault.trust_list(keys_dir).date >= before.date
    with pytest.raises(CommandError, match="No list with this SHA-256"):
        call_command("removetrustlist", "0" * 64)


def test_what_is_no_list_is_not_added(db: None, keys_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.pem"
    file.write_text("no certificate")
    with pytest.raises(CommandError, match="no certificates"):
        call_command("addtrustlist", str(file), "--kind", "c2pa")
    file.write_text(Archive("authority.test").anchor.pem)
    call_command("addtrustlist", str(file), "--kind", "c2pa", stdout=io.StringIO())
    with pytest.raises(CommandError, match="added before"):
        call_command("addtrustlist", str(file), "--kind", "interim")


# Revocation.


def events() -> list[tuple[str, str]]:
    """The events of keys that wait for a place in the log."""
    found = [parse_entry(bytes(row.data)).body for row in Pending.objects.order_by("id")]
    return [(str(body["event"]), str(body["kind"])) for body in found]


def revoke(keys_dir: Path, since: datetime) -> None:
    call_command(
        "revokekey", serial_of(keys_dir), "--since", since.isoformat(), stdout=io.StringIO()
    )


def test_a_clip_logged_before_the_revocation_keeps_its_standing(
    issued: Credential, clip: Signed, keys_dir: Path
) -> None:
    revoke(keys_dir, NOW + timedelta(seconds=1))
    verdict = child.check(clip.path)
    assert (verdict.verdict, who(verdict)) == ("intact", "archive")
    assert events() == [("created", "signing"), ("revoked", "signing"), ("published", "trust_list")]


def test_a_clip_logged_after_the_revocation_has_none(
    issued: Credential, clip: Signed, keys_dir: Path
) -> None:
    revoke(keys_dir, NOW)
    verdict = child.check(clip.path)
    assert (verdict.verdict, who(verdict)) == ("foreign", "revoked")
    assert "archive.key.revoked" in {failure.code for failure in verdict.failures}


def test_receipts_copied_from_a_real_clip_do_not_save_a_forgery(
    issued: Credential, clip: Signed, keys_dir: Path, tmp_path: Path
) -> None:
    """Whoever has the key has also seen clips, and the receipts inside them."""
    thief = Archive.of_vault(keys_dir)
    forged = thief.sign(tmp_path, clip.facts, name="forged", shift=9)
    revoke(keys_dir, NOW + timedelta(days=1))
    assert child.check(forged.path).verdict == "foreign"
    assert who(child.check(forged.path)) == "revoked"


@pytest.mark.parametrize("arguments", [("12x", NOW.isoformat()), ("12", "2026-11-23T10:00:00"),
                                       ("12", "today")])  # fmt: skip
def test_a_revocation_names_a_number_and_a_time(
    db: None, keys_dir: Path, arguments: tuple[str, str]
) -> None:
    with pytest.raises(CommandError):
        call_command("revokekey", arguments[0], "--since", arguments[1])
    assert not Pending.objects.exists()
    assert vault.trust_list(keys_dir).revocations == ()


def test_a_key_is_revoked_once(db: None, keys_dir: Path) -> None:
    revoke(keys_dir, NOW)
    with pytest.raises(CommandError, match="already"):
        revoke(keys_dir, NOW)
    assert events().count(("revoked", "signing")) == 1


def test_a_number_that_never_signed_here_is_taken_for_a_slip(db: None, keys_dir: Path) -> None:
    arguments = ("revokekey", "123456", "--since", NOW.isoformat())
    with pytest.raises(CommandError, match="ever in use here"):
        call_command(*arguments)
    assert vault.trust_list(keys_dir).revocations == ()
    call_command(*arguments, "--unseen", stdout=io.StringIO())
    assert [each.serial for each in vault.trust_list(keys_dir).revocations] == ["123456"]


def test_a_revoked_key_signs_nothing_more_until_there_is_another(
    db: None, keys_dir: Path, tmp_path: Path
) -> None:
    said = io.StringIO()
    call_command("revokekey", serial_of(keys_dir), "--since", NOW.isoformat(), stdout=said)
    assert "until you run rotatekey" in said.getvalue()
    with pytest.raises(SignerUnavailable, match="rotatekey"):
        vault.signing_identity(keys_dir)
    rotate(keys_dir)
    assert vault.signing_identity(keys_dir).sign(b"claim")


# What the log is told.


def test_the_log_holds_the_hash_of_the_trust_list_that_is_served(
    db: None, keys_dir: Path, client: Client, tmp_path: Path
) -> None:
    """Whoever notices first tells it, and only once: the sweep, or the command that changed it."""
    assert keyevents.announce(keys_dir) == 2
    assert keyevents.announce(keys_dir) == 0
    served = client.get("/verify/trust.json")
    assert "Link" not in served.headers  # the log has not taken the entry in yet
    sequencer = log_in(tmp_path)
    sequencer.open()
    sequencer.drain()
    told = client.get("/verify/trust.json")
    address = told.headers["Link"].partition(">")[0].removeprefix("<")
    entry = parse_entry(client.get(f"{address}/data").content)
    assert entry.body["key"] == f"sha256:{sha256_of(told.content)}"
    assert (entry.type, entry.body["kind"]) == ("key_event", "trust_list")


def test_a_key_is_revoked_at_once_though_the_log_hears_of_it_later(
    db: None, keys_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(keyevents, "announce", away)
        revoke(keys_dir, NOW)
    assert [each.serial for each in vault.trust_list(keys_dir).revocations] == [serial_of(keys_dir)]
    assert events() == []
    _tell_of_keys()  # the sweep's next round
    assert ("revoked", "signing") in events()


def witnessed(clip: Signed, at: datetime) -> Receipt:
    """The receipt of a finished clip, under a checkpoint that a witness saw at that time."""
    note = parse_proof(clip.generated.proof).checkpoint
    line = WITNESS.line(note, at)
    return replace(clip.generated, proof=clip.generated.proof + line)


@pytest.mark.parametrize(
    ("seen", "who_it_is"),
    [(timedelta(seconds=-1), "archive"), (timedelta(seconds=1), "revoked"), (None, "revoked")],
)
def test_with_witnesses_their_clocks_count_and_not_the_archives(
    clip: Signed, keys_dir: Path, seen: timedelta | None, who_it_is: str
) -> None:
    """Whoever has taken over the archive could write any time into its log."""
    since = NOW + timedelta(minutes=5)  # the entry itself says that it is older
    vault.revoke(keys_dir, serial_of(keys_dir), since)
    receipt = clip.generated if seen is None else witnessed(clip, since + seen)
    alone = check(clip.path, vault.trust_list(keys_dir), receipt)
    assert who(alone) == "archive"
    with_witnesses = check(clip.path, vault.trust_list(keys_dir, parse_policy(POLICY)), receipt)
    assert who(with_witnesses) == who_it_is


def test_a_false_cosignature_is_refused(clip: Signed, keys_dir: Path) -> None:
    receipt = witnessed(clip, NOW)
    at = receipt.proof.rstrip().rindex(" ") + 30
    letter = "A" if receipt.proof[at] != "A" else "B"
    forged = replace(receipt, proof=receipt.proof[:at] + letter + receipt.proof[at + 1 :])
    with pytest.raises(ProofRefused, match="does not hold"):
        check_receipt(forged, vault.log_vkey(keys_dir), parse_policy(POLICY))


# Rotation.


def rotate(keys_dir: Path, *more: str) -> None:
    offline = keys_dir / "archive/take-offline"
    call_command(
        "rotatekey", str(offline / "issuer.key.pem"),
        "--passphrase-file", str(offline / "passphrase.txt"), *more, stdout=io.StringIO(),
    )  # fmt: skip


def test_after_a_rotation_old_and_new_clips_are_trusted(
    db: None, clip: Signed, keys_dir: Path, tmp_path: Path
) -> None:
    before = serial_of(keys_dir)
    rotate(keys_dir)
    assert serial_of(keys_dir) != before
    assert keys.profile_problems(vault.chain(keys_dir), datetime.now(UTC)) == []
    new = Archive.of_vault(keys_dir).sign(tmp_path, name="new")
    trust = vault.trust_list(keys_dir)
    assert [who(check(path, trust)) for path in (clip.path, new.path)] == ["archive"] * 2
    assert events() == [("created", "signing"), ("published", "trust_list")]
    assert len(list((keys_dir / "archive/retired").iterdir())) == 1


def test_only_the_issuers_own_key_makes_a_new_leaf(
    db: None, keys_dir: Path, tmp_path: Path
) -> None:
    other, before = tmp_path / "other", vault.chain(keys_dir)
    vault.ensure_keys(other, "archive.test/log", datetime.now(UTC))
    offline = other / "archive/take-offline"
    for key, passphrase in (
        (offline / "issuer.key.pem", offline / "passphrase.txt"),
        (keys_dir / "archive/take-offline/issuer.key.pem", offline / "passphrase.txt"),
    ):
        with pytest.raises(CommandError):
            call_command("rotatekey", str(key), "--passphrase-file", str(passphrase))
    assert vault.chain(keys_dir) == before
    assert not Pending.objects.exists()


def newissuer(keys_dir: Path, root: Path, to: Path) -> None:
    passphrase = keys_dir / "archive/take-offline/passphrase.txt"
    call_command("newissuer", str(root), "--passphrase-file", str(passphrase), "--to", str(to),
                 stdout=io.StringIO())  # fmt: skip


def test_the_root_makes_a_new_issuer_and_old_clips_stay_trusted(
    db: None, clip: Signed, keys_dir: Path, tmp_path: Path
) -> None:
    """Four years on the first issuer would end before a new leaf."""
    later = datetime.now(UTC) + timedelta(days=4 * 365 + 1)
    offline, following = keys_dir / "archive/take-offline", tmp_path / "issuer-2.key.pem"
    passphrase = (offline / "passphrase.txt").read_bytes().strip()
    with pytest.raises(KeysRefused, match="ends before a new signing"):
        vault.rotate(keys_dir, offline / "issuer.key.pem", passphrase, later)
    vault.new_issuer(keys_dir, offline / "root.key.pem", passphrase, following, later)
    vault.rotate(keys_dir, following, passphrase, later)
    assert keys.profile_problems(vault.chain(keys_dir), later) == []
    with pytest.raises(KeysRefused, match="not the key of this archive's issuer"):
        vault.rotate(keys_dir, offline / "issuer.key.pem", passphrase, later)
    assert who(check(clip.path, vault.trust_list(keys_dir))) == "archive"


def test_a_clip_under_a_new_issuer_is_trusted_by_the_list_of_before(
    db: None, keys_dir: Path, tmp_path: Path
) -> None:
    before, following = vault.trust_list(keys_dir), tmp_path / "issuer-2.key.pem"
    offline = keys_dir / "archive/take-offline"
    newissuer(keys_dir, offline / "root.key.pem", following)
    assert stat.S_IMODE(following.stat().st_mode) == 0o600
    call_command("rotatekey", str(following), "--passphrase-file",
                 str(offline / "passphrase.txt"), stdout=io.StringIO())  # fmt: skip
    new = Archive.of_vault(keys_dir).sign(tmp_path, name="new")
    assert who(check(new.path, before)) == "archive"


def test_only_the_root_makes_an_issuer_and_no_key_is_overwritten(
    db: None, keys_dir: Path, tmp_path: Path
) -> None:
    offline, target = keys_dir / "archive/take-offline", tmp_path / "issuer-2.key.pem"
    with pytest.raises(CommandError, match="not the key of this archive's root"):
        newissuer(keys_dir, offline / "issuer.key.pem", target)
    assert not target.exists()
    before = (offline / "issuer.key.pem").read_bytes()
    with pytest.raises(CommandError, match="exists"):
        newissuer(keys_dir, offline / "root.key.pem", offline / "issuer.key.pem")
    assert (offline / "issuer.key.pem").read_bytes() == before
    assert not (keys_dir / "archive/signing/issuer.pem").exists()


# What the operator is told.


def warnings() -> list[str]:
    return [str(each.id) for each in checks.signing_can_go_on()]


def test_the_operator_is_warned_in_time(
    db: None, keys_dir: Path, settings: Settings, tmp_path: Path
) -> None:
    assert warnings() == ["verify.W001"]
    settings.TSA_URL = "http://stamps.test"
    assert warnings() == ["verify.W003"]
    vault.add_list(keys_dir, "stamps", Archive("stamps.test").anchor.pem, "tsa", NOW)
    assert warnings() == []
    settings.TSA_REQUIRED = False
    assert warnings() == ["verify.W004"]
    settings.TSA_REQUIRED = True
    revoke(keys_dir, NOW)
    assert warnings() == ["verify.W006"]
    rotate(keys_dir)
    assert warnings() == []
    for days, expected in ((61, []), (59, ["verify.W002"])):
        short = keys.make_chain(
            keys.ChainSubject("Archive", "Clips"), datetime.now(UTC), timedelta(days=days)
        )
        (keys_dir / "archive/signing/chain.pem").write_bytes(short.chain_pem)
        assert warnings() == expected
    assert "days left" in checks.signing_can_go_on()[0].msg


def test_the_operator_is_warned_before_the_issuer_makes_nothing_more(
    keys_dir: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.TSA_URL = "http://stamps.test"
    vault.add_list(keys_dir, "stamps", Archive("stamps.test").anchor.pem, "tsa", NOW)
    for years, expected in ((3.8, []), (3.9, ["verify.W007"])):
        begun = datetime.now(UTC) - timedelta(days=365 * years)
        old = keys.make_chain(keys.ChainSubject("Archive", "Clips"), begun)
        leaf = keys.make_leaf(
            keys.ChainSubject("Archive", "Clips"), old.intermediate, datetime.now(UTC)
        )
        (keys_dir / "archive/signing/chain.pem").write_bytes(leaf.pem + old.intermediate.pem)
        assert warnings() == expected
    newissuer(keys_dir, vault.offline_folder(keys_dir) / "root.key.pem", tmp_path / "next.key.pem")
    assert warnings() == []


def test_a_server_that_keeps_the_roots_key_is_warned_before_it_goes_public(keys_dir: Path) -> None:
    assert [each.id for each in checks.keys_lie_apart()] == ["verify.W005"]
    shutil.rmtree(vault.offline_folder(keys_dir))
    assert checks.keys_lie_apart() == []


# The offline check.


def offline(path: Path, trust: TrustList, proof: Receipt | None, folder: Path) -> tuple[int, Any]:
    """Status and JSON of the command in a Python that has no Django."""
    (folder / "trust.json").write_text(trust.text)
    arguments = [str(path), "--trust", str(folder / "trust.json"), "--json"]
    if proof:
        (folder / "clip.tlog-proof").write_text(with_entry(proof))
        arguments += ["--proof", str(folder / "clip.tlog-proof")]
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['django', 'celery', 'psycopg']));"
        "from provenance.offline import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


DECIDED = ("verdict", "bit_identical", "integrity", "signer", "claims", "validator", "failures")


@pytest.mark.parametrize(
    "recipe",
    [bytes, broken.media_byte_flipped, broken.free_box_appended]
    + [
        pytest.param(recipe, marks=pytest.mark.slow)
        for recipe in (broken.bytes_appended, broken.cut_in_half)
    ],
)
def test_with_the_logs_proof_the_offline_check_answers_as_the_page_does(
    issued: Credential, clip: Signed, keys_dir: Path, tmp_path: Path, recipe: broken.Recipe
) -> None:
    path = tmp_path / "received.mp4"
    path.write_bytes(recipe(clip.data))
    page = child.check(path).as_json()
    status, said = offline(path, vault.trust_list(keys_dir), clip.generated, tmp_path)
    assert {key: said[key] for key in DECIDED} == {key: page[key] for key in DECIDED}
    assert status == (0 if recipe is bytes else 1)
    assert said["log"] == page["log"]
    assert said["not_decidable_offline"] == ["withdrawn"]


@pytest.mark.parametrize("recipe", [bytes, broken.media_byte_flipped, broken.free_box_appended])
def test_without_it_the_offline_check_says_what_it_cannot_decide(
    issued: Credential, clip: Signed, keys_dir: Path, tmp_path: Path, recipe: broken.Recipe
) -> None:
    path = tmp_path / "received.mp4"
    path.write_bytes(recipe(clip.data))
    page = child.check(path).as_json()
    _, said = offline(path, vault.trust_list(keys_dir), None, tmp_path)
    for key in ("integrity", "signer", "claims"):
        assert said[key] == page[key]
    assert said["bit_identical"] is None
    follows = [] if recipe is broken.media_byte_flipped else ["verdict"]
    assert said["not_decidable_offline"] == ["bit_identical", "log", *follows, "withdrawn"]


def test_a_proof_of_another_clip_decides_nothing(
    clip: Signed, keys_dir: Path, tmp_path: Path
) -> None:
    other = Archive.of_vault(keys_dir).sign(tmp_path, name="other", shift=5)
    verdict = check(clip.path, vault.trust_list(keys_dir), other.generated)
    assert verdict.bit_identical is None


def test_a_proof_of_another_log_decides_nothing(
    clip: Signed, keys_dir: Path, tmp_path: Path
) -> None:
    forged = replace(clip.generated, proof=Archive("elsewhere.test").sign(tmp_path).generated.proof)
    assert check(clip.path, vault.trust_list(keys_dir), forged).bit_identical is None


def test_the_offline_check_says_3_where_it_made_none(
    clip: Signed, keys_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust, wrong = tmp_path / "trust.json", tmp_path / "wrong.json"
    trust.write_text(vault.trust_list(keys_dir).text)
    wrong.write_text("{}")
    assert main([str(clip.path), "--trust", str(trust)]) == 0
    assert "not decidable offline" in capsys.readouterr().out
    assert main([str(clip.path), "--trust", str(wrong)]) == 3
    assert main([str(tmp_path / "none.mp4"), "--trust", str(trust)]) == 3
    assert main([str(clip.path), "--trust", str(trust), "--proof", str(trust)]) == 3
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 3


def test_a_proof_file_brings_its_entry(clip: Signed) -> None:
    text = with_entry(clip.generated)
    assert receipt_of(text).entry == clip.generated.entry


def test_a_hidden_prompt_is_opened_offline_by_the_file_that_its_artist_gave(
    keys_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Archive.of_vault(keys_dir)
    opening = archive.facts().prompt
    assert isinstance(opening, Opening)
    hidden = replace(archive.facts(), prompt=Hidden("prompt", opening.commitment))
    path = archive.sign(tmp_path, hidden).path
    trust, given = tmp_path / "trust.json", tmp_path / "prompt.json"
    trust.write_text(vault.trust_list(keys_dir).text)
    given.write_text(opening_text(opening))
    assert main([str(path), "--trust", str(trust), "--opening", str(given)]) == 0
    assert f"Prompt, hidden at first and revealed: {PROMPT} (artist)" in capsys.readouterr().out
    given.write_text(opening_text(replace(opening, value={"prompt": "another"})))
    main([str(path), "--trust", str(trust), "--opening", str(given)])
    assert "archive.reveal.mismatch" in capsys.readouterr().out
    given.write_text("{}")
    assert main([str(path), "--trust", str(trust), "--opening", str(given)]) == 3


@pytest.mark.django_db
def test_an_archive_without_keys_says_so_instead_of_breaking(
    client: Client, tmp_path: Path, settings: Any
) -> None:
    settings.KEYS_DIR = tmp_path / "nothing"
    answer = client.get("/verify/trust.json")
    assert answer.status_code == 503
    assert b"has no keys yet" in answer.content
    assert str(tmp_path).encode() not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/verify/", "/api/v1/verify"])
def test_an_archive_without_keys_checks_nothing_and_says_so(
    client: Client, tmp_path: Path, settings: Any, path: str
) -> None:
    settings.KEYS_DIR = tmp_path / "nothing"
    answer = client.post(path, {"file": SimpleUploadedFile("clip.mp4", b"no clip")})
    assert answer.status_code == 503
    assert b"has no keys yet" in answer.content
    assert str(tmp_path).encode() not in answer.content
    assert not Report.objects.exists()
