"""Stories of captured copies: mo keeps one, a stranger downloads it, nothing of it ever runs."""

import gzip
import hashlib
import io
import os
import time
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from generation import storage
from provenance.core.records import EntryType, commitment
from sora_archive.accounts.models import User
from sora_archive.record import captures
from sora_archive.record.loading import load
from sora_archive.record.models import Capture, Source
from tests.site.signatories import Log, refused
from tests.site.test_pages import Outline
from tests.site.test_record import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
PAGE = "/record/sources/morning-paper/"
PDF = b"%PDF-1.7\n<script>alert(1)</script>\n%%EOF\n"
WARC = b"WARC/1.1\r\nWARC-Type: warcinfo\r\n\r\n"


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name in names:
            opened.writestr(name, "{}")
    return made.getvalue()


WACZ = zipped("datapackage.json", "archive/data.warc.gz", "pages/pages.jsonl")


@pytest.fixture(autouse=True)
def kites(db: None, settings: Settings, tmp_path: Path) -> None:
    """A small record, and a media folder of its own."""
    load(SMALL.encode())
    settings.MEDIA_DIR, settings.DATA = tmp_path / "media", tmp_path / "data"


def form(data: bytes = PDF, name: str = "page.pdf") -> dict[str, object]:
    file = SimpleUploadedFile(name, data)
    return {"file": file, "captured_on": "2026-01-02", "note": "Whole page."}


def test_a_copy_is_kept_under_its_hash_logged_and_given_out_as_a_download(
    as_mo: Client, client: Client, log: Log
) -> None:
    kept = as_mo.post(PAGE, form())
    capture = Capture.objects.get()
    digest = hashlib.sha256(PDF).hexdigest()
    assert kept["Location"] == f"/record/captures/{capture.pk}/"
    assert (capture.sha256, capture.kind, capture.size) == (digest, "pdf", len(PDF))
    assert captures.path_of(digest).read_bytes() == PDF
    log.take_up()
    [entry] = log.bodies(EntryType.CAPTURE)
    opening = captures.opening_of(capture)
    assert opening is not None
    assert opening.value == {
        "source": "morning-paper", "url": "https://paper.example/kite_1?a=1&b=2",
        "captured": "2026-01-02",
    }  # fmt: skip
    assert entry["sha256"] == digest
    assert entry["source"] == commitment("source", opening.salt, opening.value)
    page = client.get(kept["Location"]).content.decode()
    for words in (digest, opening.salt.hex(), "Whole page.", f"/log/entry/{entry['at']}", ">Mo<"):
        assert words in page, words
    answer = client.get(f"/record/captures/{capture.pk}/file")
    assert b"".join(answer) == PDF
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    fact = client.get("/record/facts/red/").content.decode()
    assert f'href="/record/captures/{capture.pk}/"' in fact
    assert "No copy is kept here." not in fact
    assert "Kept copies" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [(WARC, "a.warc", "warc"), (gzip.compress(WARC * 50, mtime=0), "a.warc.gz", "warc"),
     (WACZ, "a.wacz", "wacz"), (PDF, "no-name", "pdf")],
)  # fmt: skip
def test_each_form_is_known_by_its_bytes_and_not_by_its_name(
    as_mo: Client, log: Log, data: bytes, name: str, kind: str
) -> None:
    assert as_mo.post(PAGE, form(data, name)).status_code == 302
    assert Capture.objects.get().kind == kind


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><script>alert(1)</script>",
        PDF[:-7],
        gzip.compress(b"no archive"),
        gzip.compress(WARC)[:12],
        zipped("archive/data.warc.gz"),
        zipped("datapackage.json", "archive/"),
        WACZ[: len(WACZ) // 2],
        b"PK\x03\x04" + b"\0" * 100,
        b"MZ\x90",
    ],
    ids=["html", "pdf_cut", "gzip", "warc_cut", "no_package", "no_archive", "wacz_cut", "no_zip",
         "program"],
)  # fmt: skip
def test_what_is_no_whole_copy_is_refused_and_leaves_no_file(
    as_mo: Client, log: Log, data: bytes
) -> None:
    answer = as_mo.post(PAGE, form(data, "page.pdf"))
    assert answer.status_code == 422
    assert "no whole PDF, WARC" in answer.content.decode()
    assert not Capture.objects.exists()
    assert not list(captures._files())


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"captured_on": "2999-01-01"}, "still to come"), ({"captured_on": "x"}, "valid date"),
     ({"file": ""}, "required"), ({"note": "x" * 301}, "at most 300")],
)  # fmt: skip
def test_bad_words_about_a_copy_are_refused(
    as_mo: Client, log: Log, changes: dict[str, object], words: str
) -> None:
    answer = as_mo.post(PAGE, form() | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_copy_that_is_too_large_or_empty_is_refused(
    as_mo: Client, log: Log, settings: Settings
) -> None:
    settings.CAPTURE_MAX_BYTES = len(PDF) - 1
    assert "At most" in as_mo.post(PAGE, form()).content.decode()
    assert "empty" in as_mo.post(PAGE, form(b"")).content.decode()


def test_the_same_file_is_kept_once_for_a_source(as_mo: Client, log: Log) -> None:
    as_mo.post(PAGE, form())
    again = as_mo.post(PAGE, form())
    assert again.status_code == 422
    assert "kept as a copy of this source already" in again.content.decode()
    assert as_mo.post("/record/sources/evening-paper/", form()).status_code == 302
    assert len(list(captures._files())) == 1
    assert Capture.objects.count() == 2


def test_only_curators_attach(client: Client, as_ada: Client, log: Log) -> None:
    for browser in (client, as_ada):
        assert browser.post(PAGE, form()).status_code == 403
        assert "Attach a copy" not in browser.get(PAGE).content.decode()
    assert not Capture.objects.exists()


def old(path: Path) -> None:
    day = time.time() - storage.ORPHAN_AGE_SECONDS - 60
    os.utime(path, (day, day))


def test_neither_sweep_takes_a_copy_that_is_named_and_ours_takes_orphans(
    as_mo: Client, log: Log
) -> None:
    as_mo.post(PAGE, form())
    kept = captures.path_of(Capture.objects.get().sha256)
    orphan = kept.with_name("0" * 64)
    orphan.write_bytes(b"x")
    for path in (kept, orphan):
        old(path)
    storage.sweep_orphans([])
    assert kept.exists()
    assert captures.sweep() == "1 captured copies without a row deleted"
    assert kept.exists()
    assert not orphan.exists()
    assert captures.sweep() == ""


@pytest.mark.parametrize(
    ("spoil", "found"),
    [(lambda path: path.unlink(), "missing"), (lambda path: path.write_bytes(b"other"), "altered")],
    ids=["gone", "changed"],
)
def test_fixity_names_a_copy_that_is_damaged_tells_the_log_and_deletes_nothing(
    as_mo: Client, log: Log, spoil: Callable[[Path], object], found: str
) -> None:
    as_mo.post(PAGE, form())
    capture = Capture.objects.get()
    spoil(path := captures.path_of(capture.sha256))
    left = path.read_bytes() if path.exists() else None
    with pytest.raises(CommandError, match="Put these files back"):
        call_command("fixity", stdout=StringIO(), stderr=(said := StringIO()))
    assert f"{found}: {capture.sha256}" in said.getvalue()
    log.take_up()
    [entry] = log.bodies(EntryType.FIXITY)
    assert (entry["checked"], entry[found]) == (1, 1)
    assert Capture.objects.get() == capture
    assert (path.read_bytes() if path.exists() else None) == left


def test_fixity_finds_a_sound_copy_sound(as_mo: Client, log: Log) -> None:
    as_mo.post(PAGE, form())
    call_command("fixity", stdout=(said := StringIO()), stderr=StringIO())
    assert "1 files checked: 0 missing, 0 altered; 0 files no row names." in said.getvalue()


@pytest.mark.parametrize(
    "path", ["captures/1/", "captures/1/file", f"captures/{9**30}/", "sources/x/"]
)
def test_what_is_not_kept_is_404(client: Client, path: str) -> None:
    assert client.get(f"/record/{path}").status_code == 404


def test_the_database_refuses_to_change_a_copy(as_mo: Client, mo: User, log: Log) -> None:
    as_mo.post(PAGE, form())
    for sql in (
        "UPDATE record_capture SET sha256 = repeat('0', 64)",
        "UPDATE record_capture SET note = 'other'",
        "DELETE FROM record_capture",
    ):
        refused(sql, "never changed")
    mo.delete()
    assert Capture.objects.get().kept_by is None


def test_loading_the_record_again_leaves_copies_where_they_are(as_mo: Client, log: Log) -> None:
    as_mo.post(PAGE, form())
    assert load(SMALL.encode()).edited == []
    assert Source.objects.get(pk="morning-paper").captures.count() == 1


def test_the_pages_can_be_found_through_without_eyes(as_mo: Client, log: Log) -> None:
    as_mo.post(PAGE, form())
    for path in (PAGE, Capture.objects.get().get_absolute_url()):
        outline = Outline(as_mo.get(path).content.decode())
        assert outline.headings.count(1) == 1
        steps = zip(outline.headings, outline.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps)
        assert all(field["id"] in outline.labelled for field in outline.fields)
