"""Stories of a report: it is quoted, kept, checked again, bundled, forgotten, and removed."""

import io
import json
import re
import stat
import struct
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from generation.management.commands import sweep
from provenance import offline, vault
from provenance.core import bundles, wording
from provenance.core.trustlists import TrustList, parse_trust_list
from provenance.core.verdicts import Verdict
from provenance.verify import child, kept, reports, turns
from provenance.verify.errors import Busy
from provenance.verify.models import Credential, Finding, Report, TrustSnapshot
from tests.assets import broken, kinds, strangers
from tests.core.clips import NOW, PROMPT, Archive, sha256_of
from tests.provenance import shelf as shelves
from tests.provenance.shelf import ASSETS, STANDINGS, Row, Shelf

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(archive_of_the_shelf: Shelf, client: Client, tmp_path: Path, settings: Settings) -> Ask:
    """Sends a file to the API: its answer, with the status under "status"."""
    settings.VERIFY_KEPT_DIR = tmp_path / "kept"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)

    def asked(data: bytes, name: str = "clip.mp4", **fields: str) -> dict[str, Any]:
        archive_of_the_shelf.fill_ledger()
        upload = {"file": SimpleUploadedFile(name, data), **fields}
        answer = client.post("/api/v1/verify", upload)
        said: dict[str, Any] = answer.json()
        return {**said, "status": answer.status_code}

    return asked


def path_of(address: str) -> str:
    """An address without the site's name."""
    return address.removeprefix("http://testserver")


# The API.


def test_the_api_answers_with_the_keys_of_the_command_and_more(shelf: Shelf, ask: Ask) -> None:
    said = ask(shelf.clip.data)
    assert said["status"] == 200
    assert list(said)[:8] == ["verdict", "bit_identical", "integrity", "signer", "log", "claims",
                              "failures", "validator"]  # fmt: skip
    assert said["file"] == {"sha256": sha256_of(shelf.clip.data), "size": len(shelf.clip.data)}
    assert [each["asked"] for each in said["answers"]] == list(wording.QUESTIONS)
    assert said["report"]["page"].startswith("http://testserver/verify/reports/")
    assert said["trust"]["lists"][0]["list"] == "archive"
    assert "withdrawn" not in said


def test_a_withdrawn_clip_is_intact_and_withdrawn(shelf: Shelf, ask: Ask, tmp_path: Path) -> None:
    data = shelf.get(shelves.asset("ours_withdrawn"))
    said = ask(data)
    assert (said["verdict"], said["withdrawn"]) == ("intact", True)
    path, output = tmp_path / "clip.mp4", io.StringIO()
    path.write_bytes(data)
    with pytest.raises(SystemExit) as stop:
        call_command("verify", str(path), "--json", stdout=output)
    assert (stop.value.code, json.loads(output.getvalue())["withdrawn"]) == (0, True)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        ({}, "Choose a file"),
        ({"file": SimpleUploadedFile("a.mp4", b"")}, "empty"),
        ({"file": "no file"}, "Choose a file"),
    ],
)
def test_the_api_says_why_it_checked_nothing(
    ask: Ask, client: Client, upload: dict[str, Any], words: str
) -> None:
    answer = client.post("/api/v1/verify", upload)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert not Report.objects.exists()


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """A body whose edge is "edge", part by part: head and content."""
    written = [b"--edge\r\n" + head.encode() + b"\r\n\r\n" + body for head, body in parts]
    return b"\r\n".join([*written, b"--edge--\r\n"])


FILE = 'Content-Disposition: form-data; name="file"; filename="a.mp4"'
ODD: dict[str, tuple[str, bytes]] = {
    "no edge": ("", multipart((FILE, b"x"))),
    "an edge of letters that none has": ("; boundary=\xe4", multipart((FILE, b"x"))),
    "a name without end": ("; boundary=edge", multipart((FILE + "x" * 9000, b"x"))),
    "base64 that is none": (
        "; boundary=edge", multipart((FILE + "\r\nContent-Transfer-Encoding: base64", b"!!!x")),
    ),
    "too many files": ("; boundary=edge", multipart(*[(FILE, b"x")] * 101)),
    "too many fields": (
        "; boundary=edge",
        multipart(*[('Content-Disposition: form-data; name="a"', b"x")] * 1001),
    ),
    "too large a field": (
        "; boundary=edge",
        multipart(('Content-Disposition: form-data; name="keep"', b"1" * 1_100_000)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_form_at_all_is_told_in_json_too(ask: Ask, client: Client, name: str) -> None:
    ending, body = ODD[name]
    kind = f"multipart/form-data{ending}"
    answer = client.post("/api/v1/verify", body, content_type=kind)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/json")
    assert "no form with one file" in answer.json()["error"]
    assert not Report.objects.exists()


def test_who_comes_while_too_many_are_checked_is_asked_to_come_back(
    shelf: Shelf, ask: Ask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_WAIT_SECONDS", 0.01)
    with turns.turn(), turns.turn():
        said = ask(shelf.clip.data)
        assert said.keys() == {"error", "status"}
        assert said["status"] == 503
        upload = {"file": SimpleUploadedFile("a.mp4", shelf.clip.data)}
        page = client.post("/verify/", upload)
        assert page.status_code == 503
        assert "Too many files are being checked" in page.content.decode()
        assert client.get("/verify/").status_code == 200
        with pytest.raises(Busy), turns.turn():
            pass
    assert not Report.objects.exists()
    assert ask(shelf.clip.data)["status"] == 200


def test_the_api_refuses_what_is_too_large(ask: Ask, settings: Settings) -> None:
    settings.VERIFY_MAX_BYTES = 100
    said = ask(b"x" * 101)
    assert (said["status"], "too large" in said["error"]) == (422, True)


def test_what_cannot_be_read_is_422_and_has_a_report_too(ask: Ask) -> None:
    said = ask(broken.text(b""))
    assert (said["status"], said["verdict"], said["state"]) == (
        422, "unreadable", "unsupported_kind",
    )  # fmt: skip
    assert Report.objects.get().pk == said["report"]["id"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", list(kinds.KINDS))
def test_every_kind_is_read_and_one_flipped_bit_of_it_is_told(
    shelf: Shelf, ask: Ask, ending: str
) -> None:
    data = kinds.signed(ending, shelf.archive)
    said = ask(data, f"picture.{ending}")
    assert (said["status"], said["state"], said["integrity"]) == (200, "never_issued", "holds")
    if ending == "svg":
        changed = ask(data.replace(b'width="20"', b'width="21"'), "picture.svg")
        assert changed["integrity"] == "broken"
        return
    plain = kinds.KINDS[ending][1]()
    pixels = plain[-24:-16] if ending in {"mp4", "m4v", "mov", "avif"} else plain[-40:-32]
    changed = ask(broken.flipped(data, data.rindex(pixels) + 4), f"picture.{ending}")
    assert changed["integrity"] == "broken", changed["text"]


def holds(client: Client, said: dict[str, Any], path: str, method: str, status: int) -> None:
    """An answer has the shape that the API's own description promises."""
    described = client.get("/api/v1/openapi.json").json()
    answer = described["paths"][path][method]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"]
    schema |= {"components": described["components"]}
    jsonschema_rs.validator_for(schema).validate(said)


@pytest.mark.slow
def test_the_api_answers_as_its_description_says(shelf: Shelf, ask: Ask, client: Client) -> None:
    for each in ASSETS:
        if each.name != "ours_expired_but_stamped":  # which takes seconds to make
            said = ask(shelf.get(each))
            holds(client, said, "/api/v1/verify", "post", said.pop("status"))
    said = ask(b"")
    holds(client, said, "/api/v1/verify", "post", said.pop("status"))
    holds(client, client.get(f"/api/v1/verify/{shelf.rows[0].sha256}").json(),
          "/api/v1/verify/{name}", "get", 200)  # fmt: skip
    holds(client, client.get("/api/v1/verify/none").json(), "/api/v1/verify/{name}", "get", 404)


# Names.


@pytest.mark.parametrize("name", ["sha256", "clip", "manifest"])
def test_what_was_issued_is_found_by_each_of_its_names(
    shelf: Shelf, ask: Ask, client: Client, name: str
) -> None:
    ask(shelf.clip.data)
    row = shelf.rows[0]
    names = {"sha256": row.sha256, "clip": str(row.clip_id), "manifest": row.manifest_id}
    answer = client.get(f"/api/v1/verify/{names[name]}")
    said = answer.json()
    assert (said["sha256"], said["clip"], said["standing"]) == (
        row.sha256, str(row.clip_id), "published",
    )  # fmt: skip
    page = client.get("/verify/find/", {"q": names[name]})
    assert page.status_code == 200
    assert row.sha256 in page.content.decode()


@pytest.fixture
def draft(shelf: Shelf, ask: Ask) -> Iterator[Row]:
    """A clip that its artist has not published: the log names its manifest, never its hash."""
    row, standing = shelf.rows[0], STANDINGS[shelf.rows[0].clip_id]
    shelf.fill_ledger()
    STANDINGS[row.clip_id] = ("draft", standing[1])
    yield row
    STANDINGS[row.clip_id] = standing


@pytest.mark.parametrize("name", ["clip_id", "manifest_id"])
def test_of_a_clip_that_is_not_public_a_name_tells_no_hash(
    draft: Row, client: Client, name: str
) -> None:
    answer = client.get(f"/api/v1/verify/{getattr(draft, name)}")
    said = answer.json()
    holds(client, said, "/api/v1/verify/{name}", "get", answer.status_code)
    assert (said["sha256"], said["size"], said["clip"]) == (None, None, None)
    assert (said["manifest"], said["standing"]) == (draft.manifest_id, "draft")
    page = client.get("/verify/find/", {"q": getattr(draft, name)}).content.decode()
    assert "it is for whoever has the file" in page
    assert draft.sha256 not in page
    whole = client.get(f"/api/v1/verify/{draft.sha256}").json()  # who asks has it already
    assert (whole["sha256"], whole["clip"]) == (draft.sha256, str(draft.clip_id))


def test_a_file_that_only_names_an_unpublished_clip_is_not_told_its_hash(
    draft: Row, shelf: Shelf, ask: Ask, client: Client
) -> None:
    """Anybody can write a name that stands in the log into a file."""
    forged = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\1\0uuid" + draft.manifest_id.encode()
    for data in (forged, broken.damaged_credential(shelf.clip.data)):
        said = ask(data)
        assert said["manifest"] == draft.manifest_id
        assert (said["original"]["sha256"], said["original"]["clip"]) == ("", "")
        page = client.get(path_of(said["report"]["page"])).content.decode()
        assert "Its artist has not published it." in page
        assert draft.sha256 not in page
        assert str(draft.clip_id) not in page
    held = ask(shelf.clip.data)["original"]
    assert (held["sha256"], held["clip"]) == (draft.sha256, str(draft.clip_id))


def test_the_address_of_a_clips_page_is_a_name_too(shelf: Shelf, ask: Ask, client: Client) -> None:
    ask(shelf.clip.data)
    address = f"http://testserver/clips/{shelf.rows[0].clip_id}/"
    assert client.get("/verify/find/", {"q": address}).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["0" * 64, str(uuid.UUID(int=1)), "urn:c2pa:none", "x", "\0", "urn:c2pa:\0", "0" * 63 + "\0"],
)
def test_an_unknown_name_is_told_in_words(ask: Ask, client: Client, name: str) -> None:
    page = client.get("/verify/find/", {"q": name})
    assert page.status_code in {200, 404}
    assert "issued no file" in page.content.decode() or "Null characters" in page.content.decode()
    answer = client.get(f"/api/v1/verify/{quote(name)}")
    assert (answer.status_code, "issued no file" in answer.json()["error"]) == (404, True)


def test_only_a_published_clip_is_checked_from_the_archives_own_copy(
    shelf: Shelf, ask: Ask, client: Client
) -> None:
    ask(shelf.clip.data)
    row = shelf.rows[0]
    answer = client.post(f"/verify/clips/{row.clip_id}/")
    assert (answer.status_code, answer.context["verdict"]["state"]) == (200, "intact")
    standing = STANDINGS[row.clip_id]
    STANDINGS[row.clip_id] = ("draft", standing[1])
    try:
        assert client.post(f"/verify/clips/{row.clip_id}/").status_code == 404
    finally:
        STANDINGS[row.clip_id] = standing
    assert client.get(f"/verify/clips/{row.clip_id}/").status_code == 405


# The report.


def test_a_report_is_read_by_whoever_has_its_address(
    shelf: Shelf, ask: Ask, client: Client
) -> None:
    said = ask(shelf.clip.data)
    page = client.get(path_of(said["report"]["page"]))
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    text = page.content.decode()
    for part in (wording.STATES["intact"][1], said["trust"]["sha256"], said["validator"],
                 "Nothing of the file was kept"):  # fmt: skip
        assert part in text
    assert "/delete/" not in text
    assert "clip.mp4" not in text  # the name that the file had is nobody's business
    again = client.get(path_of(said["report"]["json"])).json()
    del said["status"], said["report"]["delete"]
    assert again == said


def test_a_report_can_be_read_although_the_keys_cannot(
    shelf: Shelf, ask: Ask, client: Client, settings: Settings, tmp_path: Path
) -> None:
    address = path_of(ask(shelf.clip.data)["report"]["page"])
    settings.KEYS_DIR = tmp_path / "nothing"
    answer = client.get(address)
    assert answer.status_code == 200
    assert wording.STATES["intact"][1] in answer.content.decode()


def test_addresses_cannot_be_guessed(shelf: Shelf, ask: Ask, client: Client) -> None:
    ids = {ask(b"x" * n)["report"]["id"] for n in range(1, 4)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", each) for each in ids)
    for wrong in ("a" * 22, "..", "%2e%2e"):
        assert client.get(f"/verify/reports/{wrong}/").status_code == 404


def test_nothing_of_an_upload_is_kept_unless_it_is_asked_for(
    shelf: Shelf, ask: Ask, settings: Settings
) -> None:
    said = ask(shelf.clip.data)
    assert said["report"]["file_kept"] is False
    assert not settings.VERIFY_KEPT_DIR.exists()
    said = ask(shelf.clip.data, keep="1")
    path = kept.path_of(said["report"]["id"])
    assert said["report"]["file_kept"] is True
    assert path.read_bytes() == shelf.clip.data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_when_the_room_is_used_up_a_check_without_keeping_is_offered(
    shelf: Shelf, ask: Ask, settings: Settings
) -> None:
    settings.VERIFY_KEPT_BYTES = len(shelf.clip.data) + 10
    assert ask(shelf.clip.data, keep="1")["status"] == 200
    said = ask(shelf.clip.data, keep="1")
    assert said["status"] == 422
    assert "check it without keeping it" in said["error"]
    assert len(list(settings.VERIFY_KEPT_DIR.iterdir())) == 1


def test_where_no_file_can_be_kept_a_check_without_keeping_is_offered(
    shelf: Shelf, ask: Ask, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "no folder").touch()
    settings.VERIFY_KEPT_DIR = tmp_path / "no folder"
    said = ask(shelf.clip.data, keep="1")
    assert (said["status"], "without keeping it" in said["error"]) == (422, True)
    assert not Report.objects.exists()
    assert ask(shelf.clip.data)["status"] == 200


def test_only_its_maker_removes_a_report(shelf: Shelf, ask: Ask, client: Client) -> None:
    said = ask(shelf.clip.data, keep="1")
    address = path_of(said["report"]["delete"])
    wrong = address.rsplit("/", 2)[0] + "/" + "a" * 32 + "/"
    assert client.get(wrong).status_code == 404
    assert client.post(wrong).status_code == 404
    assert "Remove this report?" in client.get(address).content.decode()
    assert Report.objects.count() == 1  # a link that a mail scanner opens removes nothing
    assert client.post(address).status_code == 200
    assert not Report.objects.exists()
    assert not kept.path_of(said["report"]["id"]).exists()
    gone = client.get(path_of(said["report"]["page"]))
    assert gone.status_code == 404
    assert "There is no such report" in gone.content.decode()


def test_the_key_of_the_delete_link_is_nowhere_in_the_database(shelf: Shelf, ask: Ask) -> None:
    key = ask(shelf.clip.data)["report"]["delete"].rstrip("/").rsplit("/", 1)[-1]
    report = Report.objects.get()
    assert key not in {report.pk, report.delete_key_sha256}
    assert reports.belongs_to(report, key)
    assert not reports.belongs_to(report, key + "x")


def test_a_report_that_nobody_opens_is_removed_by_the_sweep(
    shelf: Shelf, ask: Ask, client: Client, settings: Settings
) -> None:
    left, read = ask(shelf.clip.data, keep="1"), ask(shelf.clip.data)
    long_ago = timezone.now() - timedelta(days=settings.VERIFY_REPORT_DAYS, seconds=1)
    Report.objects.update(opened_at=long_ago)
    assert client.get(path_of(read["report"]["page"])).status_code == 200
    orphan = kept.path_of("nobodys")
    orphan.write_bytes(b"left by a crash")
    sweep._reports()
    assert [report.pk for report in Report.objects.all()] == [read["report"]["id"]]
    assert not kept.path_of(left["report"]["id"]).exists()
    assert orphan.exists()  # it may belong to a report that is just being made
    assert kept.sweep(frozenset()) == 0


def test_opening_a_report_writes_at_most_once_a_day(shelf: Shelf, ask: Ask, client: Client) -> None:
    said = ask(shelf.clip.data)
    before = Report.objects.get().opened_at
    client.get(path_of(said["report"]["page"]))
    assert Report.objects.get().opened_at == before
    Report.objects.update(opened_at=before - timedelta(days=2))
    client.get(path_of(said["report"]["page"]))
    assert Report.objects.get().opened_at > before - timedelta(days=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", [{"id": "short"}, {"sha256": "x"}, {"delete_key_sha256": "key"}])
def test_a_wrong_report_is_impossible(wrong: dict[str, str]) -> None:
    now = timezone.now()
    right: dict[str, Any] = {
        "id": "a" * 22, "delete_key_sha256": "a" * 64, "sha256": "b" * 64, "size": 1,
        "created_at": now, "opened_at": now,
    }  # fmt: skip
    with pytest.raises(IntegrityError):
        Report.objects.create(**right | wrong)


# Checked again.


def recheck() -> str:
    output = io.StringIO()
    call_command("recheck", stdout=output)
    return output.getvalue()


def test_after_a_change_kept_files_are_checked_again_and_both_verdicts_stay(
    ask: Ask, client: Client, tmp_path: Path, settings: Settings
) -> None:
    """A signer nobody knew is on the C2PA list when the file is checked again."""
    settings.KEYS_DIR = tmp_path / "other-keys"
    vault.ensure_keys(settings.KEYS_DIR, "archive.test/log", NOW)
    authority = Archive("authority.test")
    data = authority.sign(tmp_path).data
    with_file, without = ask(data, keep="1"), ask(data)
    assert recheck() == "0 checked again, 0 with another verdict.\n"
    vault.add_list(settings.KEYS_DIR, "authority", authority.anchor.pem, "c2pa", NOW)
    assert recheck().splitlines() == [
        f"{with_file['report']['id']}: foreign (unknown_signer), now foreign (on_c2pa_list)",
        "1 checked again, 1 with another verdict.",
    ]
    page = unescape(client.get(path_of(with_file["report"]["page"])).content.decode())
    assert page.index("on the C2PA trust list") < page.index("What was said before")
    assert wording.STATES["unknown_signer"][1] in page[page.index("What was said before") :]
    told = client.get(path_of(with_file["report"]["json"])).json()
    assert [each["state"] for each in told["report"]["checks"]] == [
        "on_c2pa_list", "unknown_signer",
    ]  # fmt: skip
    assert recheck() == "0 checked again, 0 with another verdict.\n"
    old = client.get(path_of(without["report"]["page"])).content.decode()
    assert "Our check has changed since" in old
    assert without["validator"] in old


@pytest.mark.slow
def test_a_new_validator_or_program_makes_a_report_old(
    shelf: Shelf, ask: Ask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(shelf.clip.data, keep="1")
    trust = vault.trust_list(settings.KEYS_DIR)
    report = Report.objects.prefetch_related("findings").get()
    assert not reports.outdated(report, trust)
    monkeypatch.setattr(reports, "validator", lambda: "c2pa-rs 9.9.9")
    assert reports.outdated(report, trust)
    monkeypatch.undo()
    settings.VERSION = "9.9.9"
    assert reports.outdated(report, trust)


def test_a_file_that_is_missing_keeps_no_other_from_being_checked_again(
    shelf: Shelf, ask: Ask
) -> None:
    lost, there = ask(shelf.clip.data, keep="1"), ask(b"no video", keep="1")
    kept.path_of(lost["report"]["id"]).unlink()
    Finding.objects.update(program="an older one")
    told, trouble = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 kept files could not be read"):
        call_command("recheck", stdout=told, stderr=trouble)
    assert told.getvalue() == "1 checked again, 0 with another verdict.\n"
    assert trouble.getvalue().startswith(f"{lost['report']['id']}: its file cannot be read")
    assert Finding.objects.filter(report=there["report"]["id"]).count() == 2


def test_a_report_that_is_removed_while_it_is_checked_again_stays_removed(
    shelf: Shelf, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (ask(data, keep="1")["report"]["id"] for data in (shelf.clip.data, b"text"))
    Finding.objects.update(program="an older one")
    check = child.check

    def removing(path: Path, trust: TrustList | None = None) -> Verdict:
        verdict = check(path, trust)
        if path.name == first:
            reports.delete(Report.objects.get(pk=first))
        return verdict

    monkeypatch.setattr(child, "check", removing)
    assert recheck() == "1 checked again, 0 with another verdict.\n"
    assert [each.pk for each in Report.objects.all()] == [second]


# The bundle.


def bundle_of(client: Client, said: dict[str, Any], folder: Path) -> Path:
    answer = client.get(path_of(said["report"]["bundle"]))
    assert answer.status_code == 200
    path = folder / "bundle.zip"
    path.write_bytes(answer.getvalue())
    return path


def run_offline(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = offline.main([*arguments, "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, said


def test_the_bundle_of_our_clip_checks_offline_by_itself(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ask(shelf.clip.data)
    path = bundle_of(client, said, tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.read(bundles.CLIP) == shelf.clip.data
        assert archive.read(bundles.MANIFEST) in shelf.clip.data
        report = json.loads(archive.read(bundles.REPORT))
        trust = archive.read(bundles.TRUST).decode()
    assert parse_trust_list(trust).trust.log_vkey == shelf.archive.log.vkey
    assert sha256_of(trust.encode()) == report["trust"]["sha256"]
    status, told = run_offline(capsys, str(path))
    assert (status, told["verdict"]) == (0, "intact")
    assert told["bundle"] == {
        "report": said["report"]["page"], "file_inside": True, "same_file": True, "differs": [],
        "trust_sha256": report["trust"]["sha256"],
    }  # fmt: skip
    assert offline.main([str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"About clip.mp4 inside {path}, SHA-256 ")


def test_the_evidence_of_a_clip_is_one_file_that_checks_offline(
    archive_of_the_shelf: Shelf, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive_of_the_shelf.fill_ledger()
    clip = archive_of_the_shelf.clip
    credential = Credential.objects.get(sha256=sha256_of(clip.data))
    answer = client.get(f"/verify/clips/{credential.clip_id}/bundle.zip")
    assert answer["Content-Type"] == "application/zip"
    (tmp_path / "all.zip").write_bytes(answer.getvalue())
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path)
    assert (tmp_path / bundles.CLIP).read_bytes() == clip.data
    assert f"/clips/{credential.clip_id}/" in (tmp_path / bundles.README).read_text()
    status, told = run_offline(
        capsys, str(tmp_path / bundles.CLIP), "--trust", str(tmp_path / bundles.TRUST),
        "--proof", str(tmp_path / bundles.PROOF),
    )  # fmt: skip
    assert (status, told["verdict"]) == (0, "intact")


@pytest.mark.parametrize("standing", ["withdrawn", "erased", "draft"])
def test_there_is_no_evidence_in_one_file_of_what_is_not_shown(
    archive_of_the_shelf: Shelf, client: Client, monkeypatch: pytest.MonkeyPatch, standing: str
) -> None:
    archive_of_the_shelf.fill_ledger()
    found = Credential.objects.get(sha256=sha256_of(archive_of_the_shelf.clip.data))
    _, path = shelves.STANDINGS[found.clip_id]
    monkeypatch.setitem(shelves.STANDINGS, found.clip_id, (standing, path))
    answer = client.get(f"/verify/clips/{found.clip_id}/bundle.zip")
    assert answer.status_code == 404
    assert archive_of_the_shelf.clip.data not in answer.content


@pytest.mark.slow
def test_of_a_changed_copy_the_bundle_brings_the_original_and_wants_the_file(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = broken.media_byte_flipped(shelf.clip.data)
    path = bundle_of(client, ask(data), tmp_path)
    assert bundles.ORIGINAL in zipfile.ZipFile(path).namelist()
    assert offline.main([str(path)]) == 3
    assert "give the file" in capsys.readouterr().err
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(data)
    status, told = run_offline(capsys, str(copy), "--bundle", str(path))
    assert (status, told["verdict"], told["bundle"]["differs"]) == (1, "changed", [])
    copy.write_bytes(shelf.clip.data)
    _, told = run_offline(capsys, str(copy), "--bundle", str(path))
    assert told["bundle"]["same_file"] is False


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours_withdrawn", "unknown_signer", "text"])
def test_what_is_not_shown_to_everybody_is_in_no_bundle(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, name: str
) -> None:
    path = bundle_of(client, ask(shelf.get(shelves.asset(name)), keep="1"), tmp_path)
    names = set(zipfile.ZipFile(path).namelist())
    assert not names & {bundles.CLIP, bundles.ORIGINAL, bundles.MANIFEST}
    assert {bundles.REPORT, bundles.TRUST, bundles.README} <= names


@pytest.mark.slow
def test_a_bundle_that_was_appended_to_a_video_does_not_speak_for_it(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ZIP is read from its end: the genuine clip inside would pass for the changed one."""
    bundle = bundle_of(client, ask(shelf.clip.data), tmp_path)
    trust, changed = tmp_path / "trust.json", tmp_path / "changed.mp4"
    trust.write_text(vault.trust_list(shelf.keys_dir).text)
    hidden = struct.pack(">I4s", 8 + bundle.stat().st_size, b"free") + bundle.read_bytes()
    changed.write_bytes(broken.media_byte_flipped(shelf.clip.data) + hidden)
    status, told = run_offline(capsys, str(changed), "--trust", str(trust))
    assert (status, told["verdict"]) == (1, "changed")
    with pytest.raises(SystemExit) as stop:
        offline.main([str(changed)])
    assert (stop.value.code, "give --trust" in capsys.readouterr().err) == (3, True)


def test_the_bundle_of_a_file_that_was_replaced_does_not_bring_its_successor(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path
) -> None:
    """What its clip's address leads to now is another file, without what was erased."""
    shelf.fill_ledger()
    Credential.objects.filter(sha256=shelf.rows[0].sha256).update(retired_at=NOW)
    said = ask(shelf.clip.data)
    assert said["bit_identical"]
    names = set(zipfile.ZipFile(bundle_of(client, said, tmp_path)).namelist())
    assert not names & {bundles.CLIP, bundles.ORIGINAL, bundles.MANIFEST}
    page = client.get(path_of(said["report"]["page"])).content.decode()
    assert f"FILE --bundle report-{said['report']['id']}.zip" in page


@pytest.mark.slow
def test_a_bundle_that_lies_is_found_out(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle_of(client, ask(shelf.clip.data), tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    report = json.loads(parts[bundles.REPORT])
    report["verdict"] = "changed"
    parts[bundles.REPORT] = json.dumps(report).encode()
    with path.open("wb") as target:
        bundles.write(target, parts, {}, NOW)
    assert run_offline(capsys, str(path))[1]["bundle"]["differs"] == ["verdict"]
    assert offline.main([str(path)]) == 0
    assert "says otherwise on: verdict" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"evidence-bundle/v1", b"evidence-bundle/v9"),
        lambda data: _compressed(data),
    ],
    ids=["cut off", "another schema", "compressed"],
)
def test_a_damaged_bundle_is_no_bundle(
    shelf: Shelf, ask: Ask, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    harm: Callable[[bytes], bytes],
) -> None:  # fmt: skip
    path = bundle_of(client, ask(shelf.clip.data), tmp_path)
    path.write_bytes(harm(path.read_bytes()))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(shelf.clip.data)
    assert offline.main([str(clip), "--bundle", str(path)]) == 3
    assert capsys.readouterr().err


def _compressed(data: bytes) -> bytes:
    """The same parts, compressed: such a bundle could unpack to any size."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    return target.getvalue()


# Forgetting.


def test_what_is_erased_goes_out_of_every_report_about_the_clip(
    shelf: Shelf, ask: Ask, client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    manifest_id = shelf.rows[0].manifest_id
    own = ask(shelf.clip.data, keep="1")
    changed = ask(broken.media_byte_flipped(shelf.clip.data))
    child = ask(shelf.get(shelves.asset("sound_parent")))
    other = ask(shelf.get(shelves.asset("unknown_signer")))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        assert reports.forget([manifest_id], ["prompt"]) == 3
    told = {f.report_id: json.dumps(f.document) for f in Finding.objects.all()}
    for said in (own, changed, child):
        assert PROMPT not in told[said["report"]["id"]]
    assert wording.WITHHELD in told[own["report"]["id"]]
    assert PROMPT in told[other["report"]["id"]]  # a stranger's words in a stranger's credential
    assert not kept.path_of(own["report"]["id"]).exists()
    page = client.get(path_of(own["report"]["page"])).content.decode()
    assert PROMPT not in page
    assert reports.forget([], ["prompt"]) == 0


def test_an_erasure_reaches_a_report_that_is_being_made(
    shelf: Shelf, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was read before the erasure, and its report is written after it."""
    check, row = child.check, shelf.rows[0]

    def erasing(path: Path, trust: TrustList | None = None) -> Verdict:
        verdict = check(path, trust)
        Credential.objects.filter(sha256=row.sha256).update(erased=["prompt"])
        reports.forget([row.manifest_id], ["prompt"])
        return verdict

    monkeypatch.setattr(child, "check", erasing)
    said = ask(shelf.clip.data, keep="1")
    assert PROMPT not in json.dumps(Finding.objects.get().document)
    assert PROMPT not in json.dumps(said)
    assert not said["report"]["file_kept"]
    assert not kept.path_of(said["report"]["id"]).exists()


def test_a_file_that_tells_what_was_erased_is_not_kept_again(shelf: Shelf, ask: Ask) -> None:
    shelf.fill_ledger()
    Credential.objects.filter(sha256=shelf.rows[0].sha256).update(erased=["prompt"])
    assert not ask(shelf.clip.data, keep="1")["report"]["file_kept"]
    assert list(kept.path_of("x").parent.iterdir()) == []
    Credential.objects.filter(sha256=shelf.rows[0].sha256).update(redacted=["prompt"])
    assert ask(shelf.clip.data, keep="1")["report"]["file_kept"]


@pytest.mark.django_db(transaction=True)
def test_no_report_is_written_while_something_is_forgotten(shelf: Shelf) -> None:
    """Whoever comes second waits for the first, so that none of the two misses the other."""
    trust = vault.trust_list(shelf.keys_dir)
    taken, done = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                taken.set()
                reports._among_others(trust)
                done.set()
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    with transaction.atomic():
        reports.forget(["urn:c2pa:none"], ["prompt"])
        thread.start()
        assert taken.wait(30)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with connection.cursor() as cursor:
            while cursor.execute(waiting).fetchone() == (0,):
                assert thread.is_alive()
                assert not done.is_set()
    thread.join(30)
    assert done.is_set()


def test_a_credential_with_a_zero_byte_in_it_has_a_report_too(
    shelf: Shelf, ask: Ask, tmp_path: Path
) -> None:
    """The database holds no such text; the fuzz run found out."""
    said = ask(strangers.titled(tmp_path, "before\0after").read_bytes())
    assert said["claims"][0]["value"] == "before\N{REPLACEMENT CHARACTER}after"
    assert reports.storable({"half": ["\ud800"]}) == {"half": ["?"]}


def test_a_trust_list_is_kept_once_for_all_reports(shelf: Shelf, ask: Ask) -> None:
    for _ in range(3):
        ask(shelf.clip.data)
    assert TrustSnapshot.objects.count() == 1
    assert Finding.objects.count() == 3


@pytest.mark.slow
def test_a_strangers_credential_cannot_fill_the_database(
    shelf: Shelf, ask: Ask, tmp_path: Path
) -> None:
    """Hundreds of statements of thousands of letters make a report of bounded size."""
    data = kinds.verbose(shelf.archive, statements=300, letters=2000)
    said = ask(data)
    assert said["state"] == "never_issued"
    assert len(said["claims"]) <= 200
    assert len(json.dumps(Finding.objects.get().document)) < 200_000


def test_an_address_without_end_is_cut_off_in_a_report(
    shelf: Shelf, ask: Ask, tmp_path: Path
) -> None:
    address = "https://elsewhere.test/" + "x" * 30_000
    said = ask(strangers.kept_elsewhere(tmp_path, shelf.archive, address).read_bytes())
    assert said["state"] == "kept_elsewhere"
    assert said["failures"][0]["where"].startswith("https://elsewhere.test/xxx")
    assert len(json.dumps(Finding.objects.get().document)) < 20_000
