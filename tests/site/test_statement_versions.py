"""Stories of the statement's versions: made by a curator, logged, and never changed."""

import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from provenance.core.records import parse_entry
from provenance.log.models import Pending
from sora_archive.accounts.models import User
from sora_archive.statement import versions
from sora_archive.statement.errors import VersionRefused
from sora_archive.statement.models import Draft, Version
from sora_archive.statement.versions import Change, changes, normal, sha256
from tests.provenance.log_cast import log_in
from tests.site.test_pages import Outline

FIRST = "# Our words\n\nWe ask for pay.\n\nWe ask for credit.\n"
ATOM = "{http://www.w3.org/2005/Atom}"
SECOND = "# Our words\n\nWe ask for fair pay.\n\nWe ask for credit.\n"


def make(mo: User, text: str, reason: str = "The artists agreed.") -> Version:
    versions.keep_draft(text, mo.pk)
    return versions.make(mo.pk, reason, sha256(text))


def logged() -> list[object]:
    entries = [parse_entry(bytes(row.data)) for row in Pending.objects.order_by("id")]
    return [entry.body for entry in entries if entry.type == "statement_version"]


def test_a_draft_becomes_a_version_and_an_entry_of_the_log(as_mo: Client, client: Client) -> None:
    assert "We ask for pay" not in as_mo.get("/statement/draft/").content.decode()
    kept = as_mo.post("/statement/draft/", {"text": FIRST.replace("\n", "\r\n")}, follow=True)
    page = kept.content.decode()
    assert "The draft is kept" in page
    [seen] = re.findall(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert seen == hashlib.sha256(FIRST.encode()).hexdigest()
    assert "We ask for pay" not in client.get("/statement/").content.decode()
    made = as_mo.post("/statement/draft/make/", {"sha256": seen, "reason": "Agreed on Monday."})
    assert made["Location"] == "/statement/versions/1/"
    assert logged() == [{"version": 1, "sha256": seen}]
    assert not Draft.objects.exists()
    for address in ("/statement/", "/statement/versions/1/"):
        shown = client.get(address).content.decode()
        for words in ("We ask for pay.", seen, "Agreed on Monday.", "<bdi>Mo</bdi>, curator"):
            assert words in shown, (address, words)
        assert "A draft, to be replaced" not in shown


def test_the_plain_text_has_the_hash_of_the_log(client: Client, mo: User) -> None:
    version = make(mo, FIRST)
    response = client.get("/statement/versions/1.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == FIRST
    assert hashlib.sha256(response.content).hexdigest() == version.sha256
    assert json.dumps(logged()) == json.dumps([{"sha256": version.sha256, "version": 1}])


def test_the_page_leads_to_its_entry_as_soon_as_the_log_has_it(
    client: Client, mo: User, tmp_path: Path
) -> None:
    version = make(mo, FIRST)
    assert "is being written" in client.get("/statement/").content.decode()
    sequencer = log_in(tmp_path)
    sequencer.open()
    sequencer.drain()
    page = client.get("/statement/").content.decode()
    [address] = re.findall(r'href="(/log/entry/\d+/?)"', page)
    entry = client.get(address, follow=True).content.decode()
    assert "The statement got a new version" in entry
    assert version.sha256 in entry


def test_an_earlier_version_stays_at_its_address_and_says_so(client: Client, mo: User) -> None:
    make(mo, FIRST)
    make(mo, SECOND)
    newest = client.get("/statement/").content.decode()
    assert "We ask for fair pay." in newest
    assert "An earlier version" not in newest
    first = client.get("/statement/versions/1/").content.decode()
    assert "We ask for pay." in first
    assert "An earlier version" in first
    listed = client.get("/statement/versions/").content.decode()
    assert listed.index("Version 2") < listed.index("Version 1")


def test_the_changes_of_a_version_are_told_line_by_line(client: Client, mo: User) -> None:
    make(mo, FIRST)
    make(mo, SECOND)
    page = client.get("/statement/versions/2/changes/").content.decode()
    assert re.search(r"<del[^>]*>.*Taken out: </span>We ask for pay\.</del>", page)
    assert re.search(r"<ins[^>]*>.*Added: </span>We ask for fair pay\.</ins>", page)
    assert '<span dir="auto">We ask for credit.</span>' in page
    assert client.get("/statement/versions/1/changes/").status_code == 404


def test_changes_keep_the_order_of_the_lines() -> None:
    assert changes("a\nb\nc\n", "a\nx\nc\nd\n") == [
        Change("same", "a"), Change("gone", "b"), Change("new", "x"), Change("same", "c"),
        Change("new", "d"),
    ]  # fmt: skip


def test_browsers_newlines_do_not_change_the_hash() -> None:
    assert normal("a\r\nb\rc\n\n\n") == normal("a\nb\nc") == "a\nb\nc\n"


def test_feed_readers_learn_of_a_version(client: Client, mo: User) -> None:
    assert "<entry>" not in client.get("/statement/versions.atom").content.decode()
    make(mo, FIRST, "Agreed <& \x0b signed>.")
    make(mo, SECOND)
    response = client.get("/statement/versions.atom")
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)  # noqa: S314 - our own feed
    entries = feed.findall(f"{ATOM}entry")
    links = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert links == [f"http://testserver/statement/versions/{number}/" for number in (2, 1)]
    summary = entries[1].findtext(f"{ATOM}summary") or ""
    assert "Agreed <&  signed>." in summary
    assert sha256(FIRST) in summary
    for link in links:
        assert client.get(str(link)).status_code == 200


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE statement_version SET text = 'other'",
        "UPDATE statement_version SET reason = 'other'",
        "UPDATE statement_version SET number = 9, made_by_id = NULL",
        "DELETE FROM statement_version",
        "TRUNCATE statement_version CASCADE",
    ],
)
def test_the_database_refuses_to_change_a_version(mo: User, sql: str) -> None:
    make(mo, FIRST)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE fails for another reason
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            cursor.execute(sql)
    assert Version.objects.get().text == FIRST


def test_the_database_refuses_a_hash_that_is_not_of_the_text(mo: User) -> None:
    with pytest.raises(Error, match="statement_hash_is_of_the_text"), transaction.atomic():
        Version.objects.create(
            number=1, text=FIRST, sha256=sha256(SECOND), reason="x", made_at=timezone.now(),
            ticket="0" * 32,
        )  # fmt: skip


def test_a_curator_who_leaves_is_forgotten_and_the_version_stays(client: Client, mo: User) -> None:
    make(mo, FIRST)
    mo.delete()
    page = client.get("/statement/versions/1/").content.decode()
    assert "a curator:" in page
    assert ">Mo<" not in page


def test_a_draft_that_changed_meanwhile_is_not_made_a_version(as_mo: Client, mo: User) -> None:
    versions.keep_draft(SECOND, mo.pk)
    answer = as_mo.post("/statement/draft/make/", {"sha256": sha256(FIRST), "reason": "Agreed."})
    assert answer.status_code == 422
    assert "The draft was changed meanwhile" in answer.content.decode()
    assert not Version.objects.exists()
    assert logged() == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [(FIRST, "word for word version 1"), ("<!-- draft -->\n" + SECOND, "marked as a draft")],
    ids=["the_same_again", "still_a_draft"],
)
def test_what_is_no_new_wording_is_refused(mo: User, text: str, wrong: str) -> None:
    make(mo, FIRST)
    with pytest.raises(VersionRefused, match=wrong):
        make(mo, text)
    assert Version.objects.count() == len(logged()) == 1
    assert Draft.objects.get().text == text  # nothing that was written is lost


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("", "required"), ("No title", "begin with its title"), ("# T\0", "Null characters"),
     ("# T\n" + "x" * 200_001, "at most 200000"), ("# T\n" + "ä" * 150_000, "longer than")],
    ids=["empty", "untitled", "nul", "long", "long_in_bytes"],
)  # fmt: skip
def test_a_draft_that_no_page_could_show_is_refused_and_not_lost(
    as_mo: Client, text: str, wrong: str
) -> None:
    answer = as_mo.post("/statement/draft/", {"text": text})
    assert answer.status_code == 422
    assert wrong in answer.content.decode()
    assert not Draft.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"reason": ""}, {"sha256": "x", "reason": "Agreed."}])
def test_a_version_takes_a_reason_and_a_hash(
    as_mo: Client, mo: User, fields: dict[str, str]
) -> None:
    versions.keep_draft(FIRST, mo.pk)
    answer = as_mo.post("/statement/draft/make/", fields)
    assert answer.status_code == 422
    assert "No version was made" in answer.content.decode()
    assert not Version.objects.exists()


def test_only_curators_work_on_the_draft(client: Client, as_ada: Client, db: None) -> None:
    for address in ("/statement/draft/", "/statement/draft/make/"):
        assert client.post(address, {"text": FIRST}).status_code == 302
        assert as_ada.post(address, {"text": FIRST}).status_code == 403
    assert as_ada.get("/statement/draft/").status_code == 403
    assert not Draft.objects.exists()
    assert "Work on the draft" not in as_ada.get("/statement/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["1", "0", "9" * 30])
def test_a_version_that_was_never_made_is_404(client: Client, number: str) -> None:
    for address in (f"{number}/", f"{number}.txt", f"{number}/changes/"):
        assert client.get(f"/statement/versions/{address}").status_code == 404


def test_the_pages_can_be_found_through_without_eyes(
    as_mo: Client, client: Client, mo: User
) -> None:
    make(mo, FIRST)
    make(mo, SECOND)
    versions.keep_draft("# Our words\n\n## A part\n\n- one\n", mo.pk)
    pages = [
        *(client.get(f"/statement/{path}") for path in (
            "", "versions/", "versions/1/", "versions/2/changes/"
        )),
        as_mo.get("/statement/"),
        as_mo.get("/statement/draft/"),
        as_mo.post("/statement/draft/", {"text": ""}),
        as_mo.post("/statement/draft/make/", {}),
    ]  # fmt: skip
    for response in pages:
        outline = Outline(response.content.decode())
        steps = zip(outline.headings, outline.headings[1:], strict=False)
        assert outline.headings.count(1) == 1
        assert all(after <= before + 1 for before, after in steps)
        assert len(outline.ids) == len(set(outline.ids))
        assert all(field["id"] in outline.labelled for field in outline.fields)


def test_markup_in_a_version_stays_text(as_mo: Client, client: Client, mo: User) -> None:
    hostile = "# <b>Ours</b>\n\n<script>alert(1)</script>\n"
    make(mo, hostile, "<i>why</i>")
    make(mo, hostile.replace("alert", "alarm"))
    versions.keep_draft(hostile.replace("alert", "other"), mo.pk)
    for browser, address in (
        (client, "/statement/versions/1/"), (client, "/statement/versions/"),
        (client, "/statement/versions/2/changes/"), (as_mo, "/statement/draft/"),
    ):  # fmt: skip
        page = browser.get(address).content.decode()
        assert not re.search(r"<script>|<b>|<i>", page), address
