"""Stories of mo, who looks after the signatures: tiers, erased names, what does not count."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from provenance.core.records import EntryType
from sora_archive.accounts.models import User
from sora_archive.statement import counting, invalidating, listing, signing
from sora_archive.statement.errors import CuratorRefused
from sora_archive.statement.invalidating import Criteria
from sora_archive.statement.models import (
    Act,
    Invalidation,
    Reason,
    Signature,
    Source,
    State,
    Tier,
    Version,
)
from tests.site.signatories import (
    Log,
    counted,
    last_links,
    signed,
    token,
)
from tests.site.test_pages import Outline

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
WHY = (Reason.AUTOMATED, "One program made them within a minute.")


def some(version: Version, log: Log, count: int = 4, **changes: object) -> list[Signature]:
    made = [signed(version, number, **changes) for number in range(count)]
    log.take_up()
    return made


def test_only_curators_look_after_signatures(
    client: Client, as_ada: Client, version: Version, log: Log
) -> None:
    [signature] = some(version, log, 1)
    source = Source.objects.get(kind="range")
    for path in (
        "", "signatures/", "signatures.csv", f"signatures/{signature.pk}/",
        f"signatures/{signature.pk}/tier/", f"signatures/{signature.pk}/erase/",
        f"sources/{source.pk}/", "invalidate/", "invalidations/1/undo/",
    ):  # fmt: skip
        for method in ("get", "post"):
            assert getattr(client, method)(f"/statement/curate/{path}").status_code == 302, path
            assert getattr(as_ada, method)(f"/statement/curate/{path}").status_code == 403, path
    assert as_ada.get("/statement/translate/").status_code == 403


def test_a_curator_confirms_as_whom_somebody_signed(
    as_mo: Client, client: Client, mo: User, version: Version, log: Log
) -> None:
    [signature] = some(version, log, 1, tier=Tier.PROGRAMME, name="Ada")
    assert "as they say" in client.get("/statement/versions/1/signatures/").content.decode()
    assert (
        "1 artist of the programme to confirm" in as_mo.get("/statement/curate/").content.decode()
    )
    address = f"/statement/curate/signatures/{signature.pk}/"
    assert as_mo.post(f"{address}tier/", {"tier": "king", "note": "x"}).status_code == 422
    assert as_mo.post(f"{address}tier/", {"tier": "programme", "note": ""}).status_code == 422
    done = {"tier": "programme", "note": "Shown me the invitation."}
    assert as_mo.post(f"{address}tier/", done).status_code == 302
    page = client.get("/statement/versions/1/signatures/").content.decode()
    assert "confirmed by <bdi>Mo</bdi>, curator" in page
    assert "Shown me the invitation." in page
    assert "1 confirmed by a curator" in page
    log.take_up()
    [entry] = log.bodies(EntryType.DECISION)
    [place] = [body["at"] for body in log.bodies(EntryType.SIGNATURE)]
    assert entry == {
        "at": entry["at"], "decision": "tier_confirmed", "by": "curator", "reason": "programme",
        "target": place,
    }  # fmt: skip
    mo.delete()
    assert Act.objects.get().made_by is None


def test_a_name_that_should_not_stand_there_is_erased_with_a_reason(
    as_mo: Client, client: Client, version: Version, log: Log
) -> None:
    [signature] = some(version, log, 1, name="An Insult")
    address = f"/statement/curate/signatures/{signature.pk}/"
    assert as_mo.post(f"{address}erase/", {"note": " "}).status_code == 422
    as_mo.post(f"{address}erase/", {"note": "It insults somebody."})
    assert "An Insult" not in client.get("/statement/versions/1/signatures/").content.decode()
    own = last_links()["mine"]
    for page in (as_mo.get(address), client.get("/statement/count/"), client.get(own)):
        text = page.content.decode()
        assert "It insults somebody." in text
        assert "By <bdi>Mo</bdi>, curator" in text
        assert "An Insult" not in text
    assert counted(version) == 1
    log.take_up()
    assert log.bodies(EntryType.ERASURE)[0]["by"] == "curator"


def test_a_bulk_is_chosen_looked_at_invalidated_and_undone(
    as_mo: Client, client: Client, version: Version, log: Log
) -> None:
    some(version, log, 5)
    sham = [signed(version, number, name=f"Sham {number}") for number in range(10, 13)]
    log.take_up()
    address = "/statement/curate/invalidate/?version=1&name=sham"
    preview = as_mo.get(address).content.decode()
    assert "3 signatures are chosen" in preview
    assert "Sham 10" in preview
    assert counted(version) == 8, "a preview changes nothing"
    form = {"reason": "automated", "note": "One program made them.", "expected": "3"}
    assert as_mo.post(address, form).status_code == 302
    assert counted(version) == 5
    log.take_up()
    entries = log.bodies(EntryType.SIGNATURE_INVALIDATED)
    assert {(entry["by"], entry["reason"]) for entry in entries} == {("curator", "automated")}
    assert len({entry["signature"] for entry in entries}) == 3
    page = client.get("/statement/count/").content.decode()
    for words in ("Made by a program.", "3 signatures", "One program made them.", "Yes",
                  "By <bdi>Mo</bdi>, curator", "Chosen by: version 1, part of a name"):  # fmt: skip
        assert words in page, words
    assert "sham" not in page.lower(), "whose names they were is nobody's business"
    made = Invalidation.objects.get()
    assert made.criteria == {"version": 1, "name": "sham"}
    undo = f"/statement/curate/invalidations/{made.pk}/undo/"
    assert "3 signatures would count again" in as_mo.get(undo).content.decode()
    assert as_mo.post(undo, {"note": ""}).status_code == 422
    assert as_mo.post(undo, {"note": "They are a choir."}).status_code == 302
    assert counted(version) == 8
    log.take_up()
    assert len(log.bodies(EntryType.SIGNATURE_REINSTATED)) == 3
    assert "They are a choir." in client.get("/statement/count/").content.decode()
    again = as_mo.post(undo, {"note": "Once more."})
    assert again.status_code == 422
    assert "undone before" in again.content.decode()
    assert [row.state for row in sham] == [State.COUNTED] * 3
    assert counting.recount().of(1) == 8


def test_what_a_signatory_took_back_stays_back_when_a_decision_is_undone(
    mo: User, version: Version, log: Log
) -> None:
    some(version, log, 2)
    own = token(last_links()["mine"])
    made = invalidating.invalidate(Criteria(1, name="Somebody"), 2, WHY, mo.pk)
    signing.withdraw(own)
    assert invalidating.undo(made.pk, "A mistake.", mo.pk) == 1
    log.take_up()
    assert counted(version) == counting.recount().of(1) == 1
    assert not counting.recount().problems


def test_who_was_invalidated_cannot_sign_again_and_is_told(
    client: Client, mo: User, version: Version, log: Log
) -> None:
    some(version, log, 1)
    own = last_links()["mine"]
    invalidating.invalidate(Criteria(1, name="Somebody"), 1, WHY, mo.pk)
    page = client.get(own).content.decode()
    assert "does not count" in page
    assert "One program made them" in page
    signing.ask(version, wish_again(), "203.0.113.0/24")
    assert set(last_links()) == {"mine"}
    assert Signature.objects.count() == 1


def wish_again() -> signing.Wish:
    return signing.Wish("Somebody", "person0@d0.example")


def test_others_than_were_seen_are_not_invalidated(
    as_mo: Client, version: Version, log: Log
) -> None:
    some(version, log, 2)
    address = "/statement/curate/invalidate/?version=1&name=somebody"
    signed(version, 7)
    log.take_up()
    answer = as_mo.post(address, {"reason": "automated", "note": "x y", "expected": "2"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "By now it are 3 signatures, and you saw 2" in page
    assert counted(version) == 3
    assert not Invalidation.objects.exists()


def test_a_decision_waits_until_the_log_has_every_signature(
    mo: User, version: Version, log: Log
) -> None:
    signed(version, 1)
    with pytest.raises(CuratorRefused, match="Nothing was changed"):
        invalidating.invalidate(Criteria(1, name="Somebody"), 1, WHY, mo.pk)
    assert counted(version) == 1
    assert not Invalidation.objects.exists()


def test_each_criterion_chooses_what_it_says(mo: User, version: Version, log: Log) -> None:
    first, second = some(version, log, 2)
    source = Source.objects.get(kind="range", traces__signature=second)
    now = timezone.now()
    for criteria, expected in [
        (Criteria(1, signature=str(first.pk)), {first}),
        (Criteria(1, name="NO 1"), {second}),
        (Criteria(1, name="%"), set()),
        (Criteria(1, source=source.pk), {second}),
        (Criteria(1, after=first.confirmed_at), {first, second}),
        (Criteria(1, before=second.confirmed_at), {first}),
        (Criteria(1, after=now + timedelta(days=1)), set()),
        (Criteria(2, name="somebody"), set()),
    ]:
        assert set(invalidating.chosen(criteria)) == expected, criteria
    with pytest.raises(CuratorRefused, match="at least one criterion"):
        invalidating.chosen(Criteria(1))


@pytest.mark.parametrize(
    "query",
    ["version=1", "version=0&name=x", "version=x&name=x", "version=1&source=-1",
     "version=1&after=yesterday", "version=1&signature=1", "version=1&name=" + "x" * 101,
     "version=99999999999999999999&name=x", "version=1&name=a%00b"],
)  # fmt: skip
def test_criteria_that_choose_nothing_are_refused_in_words(
    as_mo: Client, version: Version, query: str
) -> None:
    for method in (as_mo.get, as_mo.post):
        answer = method(f"/statement/curate/invalidate/?{query}")
        assert answer.status_code in {200, 422}, query
        assert re.search(
            r'class="errors"|Nothing was changed|at least one', answer.content.decode()
        ) or ("signatures are chosen" not in answer.content.decode())
    assert not Invalidation.objects.exists()


def test_the_table_for_curators_holds_no_address_and_no_formula(
    as_mo: Client, version: Version, log: Log
) -> None:
    for number, name in enumerate(
        ['=HYPERLINK("http://x")A', "+1 Ada", "-1 Ada", "@SUM Ada", '"Ada", B', "Ada"]
    ):
        signed(version, number, name=name, wants_news=True)
    log.take_up()
    answer = as_mo.get("/statement/curate/signatures.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="signatures.csv"'
    text = b"".join(answer).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == [
        '\'=HYPERLINK("http://x")A', "'+1 Ada", "'-1 Ada", "'@SUM Ada", '"Ada", B', "Ada",
    ]  # fmt: skip
    assert "@d0.example" not in text
    assert not re.search(r"[0-9a-f]{64}", text)
    assert {row["state"] for row in rows} == {"counted"}
    assert all(row["entry"].isdigit() for row in rows)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r", "＝", "|", "%"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert listing._cell(f"{start}1+1").startswith("'")
    assert listing._cell("Ada = 1") == "Ada = 1"


def test_curators_find_signatures(as_mo: Client, version: Version, log: Log) -> None:
    some(version, log, 3)
    for query, found in [("q=no+2", 1), ("q=", 3), ("q=%25", 0), ("state=invalid", 0),
                         ("state=x", 3), ("page=99", 3), ("q=a%00b", 0)]:  # fmt: skip
        page = as_mo.get(f"/statement/curate/signatures/?{query}").content.decode()
        assert f"{found} signature" in page, query
    [_, second, _] = log.bodies(EntryType.SIGNATURE)
    found_by_number = as_mo.get(f"/statement/curate/signatures/?q={second['at']}").content.decode()
    assert "1 signature" in found_by_number
    assert "Somebody No 1" in found_by_number
    assert "0 signatures" in as_mo.get("/statement/curate/signatures/?q=9999").content.decode()


def test_what_waits_is_no_business_of_curators(as_mo: Client, version: Version) -> None:
    signing.ask(version, wish_again(), "203.0.113.0/24")
    signature = Signature.objects.get()
    assert as_mo.get(f"/statement/curate/signatures/{signature.pk}/").status_code == 404
    assert "1 sign-up waits" in as_mo.get("/statement/curate/").content.decode()


def test_the_pages_can_be_found_through_without_eyes(
    as_mo: Client, client: Client, mo: User, version: Version, log: Log
) -> None:
    [signature, *_] = some(version, log, 3)
    made = invalidating.invalidate(Criteria(1, name="No 2"), 1, WHY, mo.pk)
    source = Source.objects.filter(kind="range").first()
    assert source
    Source.objects.update(refused=1)
    own = last_links()["mine"]
    for browser, path in [
        *((as_mo, f"/statement/curate/{path}") for path in (
            "", "signatures/", f"signatures/{signature.pk}/", f"sources/{source.pk}/",
            "invalidate/", "invalidate/?version=1&name=some", "invalidate/?version=x",
            f"invalidations/{made.pk}/undo/",
        )),
        *((client, f"/statement/{path}") for path in (
            "", "sign/", "sign/sent/", "versions/1/signatures/", "count/",
        )),
        (client, own), (as_mo, "/statement/translate/"), (client, "/statement/mine/x/"),
    ]:  # fmt: skip
        outline = Outline(browser.get(path).content.decode())
        steps = zip(outline.headings, outline.headings[1:], strict=False)
        assert outline.headings.count(1) == 1, path
        assert all(after <= before + 1 for before, after in steps), path
        assert len(outline.ids) == len(set(outline.ids)), path
        assert all(field["id"] in outline.labelled for field in outline.fields), path
