"""Stories of the record: what is loaded, what a curator corrects, what a reader finds."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_archive.record import book
from sora_archive.record.errors import NoMoment, RecordRefused
from sora_archive.record.loading import LARGEST_BYTES, SHIPPED, load, load_file
from sora_archive.record.models import Citation, Confidence, Document, Fact, Question, Source
from sora_archive.record.moments import Moment, Precision

SMALL = """
[source.morning-paper]
title = "A kite was seen"
publisher = "The Morning Paper"
url = "https://paper.example/kite_1?a=1&b=2"
published = "3 May 2025"
reading = "original"
read_on = 2026-01-02

[source.evening-paper]
title = "[Report on the kite]"
publisher = "The Evening Paper & Sons"
reading = "copy"
read_on = 2026-01-02
copy_sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

[question.colour]
text = "Which colour had the kite?"
contested = true

[document.leaflet]
title = "Leaflet of the flyers"
author = "The flyers"
about = "It hung at the harbour."

[version.leaflet-1]
document = "leaflet"
number = 1
as_of = "2025-05-03"
confidence = "reported"
summary = "As first hung."
sources = ["morning-paper"]

[fact.red]
as_of = "2025-05-03T09"
zone = "America/New_York"
claim = "The kite was red."
value = "red"
question = "colour"
speaker = "The flyers"
confidence = "disputed"
note = "Seen from afar."
sources = ["morning-paper"]

[fact.blue]
as_of = "2025-05-03"
claim = "The kite was blue."
value = "blue"
question = "colour"
confidence = "disputed"
sources = [{ source = "evening-paper", says = "Quotes a passer-by." }]
"""


@pytest.fixture
def kites(db: None) -> None:
    """A small record of two papers that contradict each other."""
    load(SMALL.encode())


@pytest.fixture
def shipped(db: None) -> None:
    """The record that ships."""
    load_file(SHIPPED)


@pytest.mark.parametrize(
    ("text", "zone", "roughly", "words"),
    [
        ("2024-11-26T08:30", "America/New_York", True,
         "26 November 2024, about 08:30 EST (13:30 UTC)"),
        ("2024-07-01T12", "America/New_York", False, "1 July 2024, 12:00 EDT (16:00 UTC)"),
        ("2024-11-26T08:30", "", False, "26 November 2024, 08:30, time zone not stated"),
        ("2024-11-26", "America/New_York", False, "26 November 2024 (America/New_York)"),
        ("2024-11", "", True, "about November 2024 (time zone not stated)"),
        ("2025", "", False, "2025 (time zone not stated)"),
    ],
)  # fmt: skip
def test_a_moment_shows_no_more_than_is_known(
    text: str, zone: str, roughly: bool, words: str
) -> None:
    moment = Moment.parse(text, zone, roughly)
    assert str(moment) == words
    assert moment.iso == text


@pytest.mark.parametrize(
    ("text", "zone"),
    [("", ""), ("26.11.2024", ""), ("2024-13", ""), ("2024-02-30", ""), ("2024-11-26T25", ""),
     ("2024-11-26 08:30", ""), ("٢٠٢٤", ""), ("2024-11-26\n", ""), ("0001-01-01", "Asia/Tokyo"),
     ("2024", "Mars/Olympus"), ("2024", "../etc/passwd"), ("2024", "a\0b")],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str, zone: str) -> None:
    with pytest.raises(NoMoment):
        Moment.parse(text, zone)


def test_a_moment_is_kept_in_utc() -> None:
    moment = Moment.parse("2024-11-26T08:30", "America/New_York")
    assert moment.at == datetime(2024, 11, 26, 13, 30, tzinfo=UTC)
    assert moment.precision is Precision.MINUTE


def test_loading_twice_changes_nothing(kites: None) -> None:
    before = list(Fact.objects.values_list("slug", "updated_at"))
    again = load(SMALL.encode())
    assert (again.added, again.changed, again.edited) == ([], [], [])
    assert set(again.unchanged) == {
        "morning-paper", "evening-paper", "colour", "leaflet", "leaflet-1", "red", "blue",
    }  # fmt: skip
    assert list(Fact.objects.values_list("slug", "updated_at")) == before
    assert Citation.objects.count() == 3


def test_a_changed_file_brings_a_row_up_to_date(kites: None) -> None:
    outcome = load(SMALL.replace("Seen from afar.", "Seen from near.").encode())
    assert outcome.changed == ["red"]
    assert Fact.objects.get(pk="red").note == "Seen from near."


def test_a_changed_source_list_counts_as_a_change(kites: None) -> None:
    more = SMALL.replace(
        'note = "Seen from afar."\nsources = ["morning-paper"]',
        'note = "Seen from afar."\nsources = ["morning-paper", "evening-paper"]',
    )
    assert load(more.encode()).changed == ["red"]
    assert Citation.objects.filter(fact="red").count() == 2


def test_what_a_curator_edited_is_not_overwritten(kites: None) -> None:
    Fact.objects.filter(pk="red").update(claim="The kite was crimson.")
    Citation.objects.filter(fact="blue").update(says="Quotes two passers-by.")
    newer = SMALL.replace("The kite was", "The big kite was").encode()
    outcome = load(newer)
    assert sorted(outcome.edited) == ["blue", "red"]
    assert Fact.objects.get(pk="red").claim == "The kite was crimson."
    assert Fact.objects.get(pk="blue").claim == "The kite was blue."
    assert sorted(load(newer).edited) == ["blue", "red"]  # nor the time after


def test_a_row_of_the_same_name_made_here_is_kept(db: None) -> None:
    Question.objects.create(slug="colour", text="A question of ours", contested=False)
    assert load(SMALL.encode()).edited == ["colour"]
    assert Question.objects.get(pk="colour").text == "A question of ours"


BROKEN = {
    "no_toml": (b"[fact", "no TOML"),
    "latin1": (b'a = "\xe9"', "no TOML in UTF-8"),
    "too_long": (b"#" * (LARGEST_BYTES + 1), "longer than"),
    "unknown_table": (b"[rumour.a]\n", "Nothing in a record is called rumour"),
    "a_list": (b"[[fact]]\n", "needs a name of its own"),
    "unknown_key": (SMALL.replace("note =", "notes =").encode(), "fact.red: notes not known"),
    "no_claim": (SMALL.replace('claim = "The kite was red."', "").encode(), "claim missing"),
    "no_source": (SMALL.replace('["morning-paper"]', "[]").encode(), "without a source"),
    "unknown_source": (
        SMALL.replace('["morning-paper"]', '["rumour"]').encode(), "There is no source rumour",
    ),
    "one_source_is_not_firm": (SMALL.replace('"disputed"', '"firm"').encode(), "takes two sources"),
    "unknown_confidence": (SMALL.replace('"disputed"', '"sure"').encode(), "not a valid choice"),
    "unknown_question": (
        SMALL.replace('question = "colour"', 'question = "size"').encode(),
        "question instance with slug 'size'",
    ),
    "bad_date": (SMALL.replace("2025-05-03T09", "yesterday").encode(), "is not of a form"),
    "bad_zone": (SMALL.replace("America/New_York", "Mars/Base").encode(), "no time zone"),
    "script_address": (
        SMALL.replace("https://paper.example/kite_1?a=1&b=2", "javascript:alert(1)").encode(),
        "valid URL",
    ),
    "bad_slug": (SMALL.replace("[fact.red]", '[fact."r/d"]').encode(), "valid .slug."),
    "no_hash": (SMALL.replace("a" * 64, "a" * 63 + "Z").encode(), "SHA-256"),
    "nul": (SMALL.replace("Seen from afar.", "Seen\\u0000").encode(), "fact.red: holds a NUL"),
    "nul_in_a_source": (SMALL.replace("Quotes", "Q\\u0000").encode(), "fact.blue: holds a NUL"),
    "number_taken": (
        SMALL.encode() + SMALL[SMALL.index("[version.") : SMALL.index("[fact.")]
        .replace("leaflet-1", "leaflet-2").encode(),
        "exclude each other",
    ),
    "twice": (
        SMALL.replace('["morning-paper"]', '["morning-paper", "morning-paper"]').encode(), "twice",
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("data", "wrong"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_record_is_refused_as_a_whole(data: bytes, wrong: str) -> None:
    with pytest.raises(RecordRefused, match=wrong):
        load(data)
    assert not Source.objects.exists()


def test_the_command_says_what_it_did(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kites.toml"
    file.write_text(SMALL, encoding="utf-8")
    call_command("loadrecord", str(file))
    Fact.objects.filter(pk="red").update(value="crimson")
    call_command("loadrecord", str(file))
    said = capsys.readouterr().out
    assert "7 added, 0 changed, 0 as they were, 0 edited here and kept" in said
    assert "0 added, 0 changed, 6 as they were, 1 edited here and kept\n  kept: red" in said
    with pytest.raises(CommandError, match=r"gone.toml cannot be read.*Nothing was loaded"):
        call_command("loadrecord", str(tmp_path / "gone.toml"))


@pytest.mark.django_db
def test_a_citation_stands_beside_exactly_one_line() -> None:
    load(SMALL.encode())
    with pytest.raises(IntegrityError), transaction.atomic():
        Citation.objects.create(source_id="morning-paper")


def test_the_timeline_goes_by_day_and_hour_on_the_clock_of_the_place(kites: None) -> None:
    [day] = book.timeline(book.facts())
    assert day.label == "3 May 2025"
    assert [(slot.label, [fact.slug for fact in slot.facts]) for slot in day.slots] == [
        ("", ["blue"]),
        ("09:00 EDT (13:00 UTC)", ["red"]),
    ]


def test_the_timeline_shows_sources_beside_each_fact(client: Client, kites: None) -> None:
    page = client.get("/record/").content.decode()
    lines = re.findall(r'<article class="line".*?</article>', page, re.DOTALL)
    assert len(lines) == 2
    assert "The kite was blue." in lines[0]
    assert "The Evening Paper &amp; Sons" in lines[0]
    assert "Quotes a passer-by." in lines[0]
    assert "The kite was red." in lines[1]
    assert 'href="https://paper.example/kite_1?a=1&amp;b=2"' in lines[1]
    assert "09:00 EDT (13:00 UTC)" in page


def test_a_contradiction_stands_side_by_side_on_both_pages(client: Client, kites: None) -> None:
    for slug, other in (("red", "blue"), ("blue", "red")):
        page = client.get(f"/record/facts/{slug}/").content.decode()
        assert "The sources do not agree." in page
        assert re.findall(r'<h3 lang="en">(\w+)</h3>', page) == [slug, other]
        assert f'href="/record/facts/{other}/"' in page


def test_a_fact_shows_its_doubts_its_sources_and_their_copies(client: Client, kites: None) -> None:
    red = client.get("/record/facts/red/").content.decode()
    assert "Seen from afar." in red
    assert "No copy is kept here." in red
    assert "Read itself, 2 January 2026" in red
    blue = client.get("/record/facts/blue/").content.decode()
    assert f'<span class="hash">{"a" * 64}</span>' in blue


def test_a_document_shows_its_versions(client: Client, kites: None) -> None:
    page = client.get("/record/documents/leaflet/").content.decode()
    assert 'id="version-1"' in page
    assert "As first hung." in page
    assert "The Morning Paper" in page


def test_the_citation_names_line_address_and_state(client: Client, kites: None) -> None:
    Fact.objects.filter(pk="red").update(updated_at=datetime(2026, 2, 3, tzinfo=UTC))
    page = client.get("/record/facts/red/").content.decode()
    assert (
        "Sora Archive, “The kite was red.”, record as of 3 February 2026, "
        "http://testserver/record/facts/red/" in page
    )


def test_bibtex_names_the_line_and_its_sources_in_escaped_words(
    client: Client, kites: None
) -> None:
    Fact.objects.filter(pk="blue").update(claim="50% of {kites} \\ $ #1_a ~ ^")
    response = client.get("/record/facts/blue.bib")
    text = response.content.decode()
    assert response["Content-Type"].startswith("application/x-bibtex")
    assert response["Content-Disposition"] == 'attachment; filename="blue.bib"'
    assert text.count("@misc{") == 2
    assert (
        r"title = {{50\% of \{kites\} \textbackslash{} \$ \#1\_a \textasciitilde{} "
        r"\textasciicircum{}}}" in text
    )
    assert r"author = {{The Evening Paper \& Sons}}" in text
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    document = client.get("/record/documents/leaflet.bib").content.decode()
    assert r"howpublished = {\url{https://paper.example/kite_1?a=1&b=2}}" in document
    assert "date = {3 May 2025}" in document


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kites", {"red", "blue"}),  # by its stem
        ("red", {"red"}),
        ("kite -red", {"blue"}),
        ('"morning paper"', {"red"}),  # by its source
        ("passer-by", {"blue"}),
        ("flyers", {"red"}),
        ("submarine", set()),
        ("the", set()),
        ("'); DROP TABLE record_fact; --", set()),
    ],
)
def test_search_finds_facts_by_their_words_and_sources(
    client: Client, kites: None, words: str, found: set[str]
) -> None:
    page = client.get("/record/search/", {"q": words})
    assert page.status_code == 200
    shown = re.findall(r'class="claim"[^>]*><a href="/record/facts/(\w+)/"', page.content.decode())
    assert set(shown) == found
    assert len(shown) == len(found)


def test_search_finds_documents(kites: None) -> None:
    assert [document.slug for document in book.search("harbour").documents] == ["leaflet"]


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["", "x" * 201, "a\0b"])
def test_a_search_that_cannot_be_made_is_refused_in_words(client: Client, words: str) -> None:
    response = client.get("/record/search/", {"q": words})
    assert response.status_code == 400
    assert 'class="errors"' in response.content.decode()


def test_markup_in_the_record_stays_text(client: Client, kites: None) -> None:
    Fact.objects.filter(pk="red").update(claim="<script>alert(1)</script>", note="<b>bold</b>")
    for address in ("/record/", "/record/facts/red/", "/record/sides/", "/record/search/?q=red"):
        page = client.get(address).content.decode()
        assert "&lt;script&gt;" in page, address
        assert "<script>alert" not in page
        assert "<b>bold" not in page


def test_a_withdrawn_line_leaves_every_list_and_says_why_at_its_address(
    client: Client, kites: None
) -> None:
    Fact.objects.filter(pk="red").update(withdrawn_because="The paper took it back.")
    Document.objects.filter(pk="leaflet").update(withdrawn_because="Never hung.")
    for address in ("/record/", "/record/sides/", "/record/search/?q=kite", "/record/facts/blue/"):
        assert "The kite was red." not in client.get(address).content.decode(), address
    gone = client.get("/record/facts/red/")
    assert gone.status_code == 410
    assert "The paper took it back." in gone.content.decode()
    assert "The kite was red." not in gone.content.decode()
    assert client.get("/record/documents/leaflet/").status_code == 410
    assert client.get("/record/facts/red.bib").status_code == 404
    assert client.get("/record/documents/leaflet.bib").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/record/facts/none/", "/record/facts/none.bib", "/record/documents/none/"]
)
def test_an_unknown_line_is_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_an_empty_record_says_so(client: Client) -> None:
    assert "Nothing is on record yet" in client.get("/record/").content.decode()


def test_a_curator_corrects_a_line_and_nobody_deletes_one(
    as_mo: Client, as_ada: Client, kites: None
) -> None:
    assert as_mo.get("/admin/record/fact/red/change/").status_code == 200
    assert as_mo.get("/admin/record/fact/red/delete/").status_code == 403
    form = {
        "moment_0": "2025-05-03", "moment_1": "13:00:00", "precision": "hour",
        "zone": "America/New_York", "confidence": "unverified", "claim": "The kite was crimson.",
        "reason": "The photograph shows it.",
        "citations-TOTAL_FORMS": "0", "citations-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert as_mo.post("/admin/record/fact/red/change/", form).status_code == 302
    assert Fact.objects.get(pk="red").claim == "The kite was crimson."
    history = as_mo.get("/admin/record/fact/red/history/").content.decode()
    assert "The photograph shows it." in history
    assert "Mo, Curator" in history
    why_not = as_mo.post("/admin/record/fact/red/change/", form | {"reason": ""})
    assert why_not.status_code == 200, "no change without a reason"
    refused = as_mo.post("/admin/record/fact/red/change/", form | {"zone": "Mars/Base"})
    assert "There is no time zone" in refused.content.decode()
    firm = as_mo.post("/admin/record/fact/red/change/", form | {"confidence": "firm"})
    assert "“Firm” takes two sources." in firm.content.decode()
    assert as_ada.get("/admin/record/fact/red/change/").status_code == 302  # to signing in


def cited(number: int, **fields: str) -> dict[str, str]:
    """Of the admin's form, one source beside a line."""
    return {f"citations-{number}-{name}": value for name, value in fields.items()}


def test_a_line_keeps_a_source_however_it_is_made(as_mo: Client, kites: None) -> None:
    form = {
        "slug": "green", "moment_0": "2025-05-03", "moment_1": "13:00:00", "precision": "hour",
        "confidence": "reported", "claim": "The kite was green.", "reason": "A letter to us.",
        "citations-TOTAL_FORMS": "2", "citations-INITIAL_FORMS": "0",
    }  # fmt: skip
    bare = as_mo.post("/admin/record/fact/add/", form)
    assert "A line without a source does not go on the record." in bare.content.decode()
    one, two = cited(0, source="morning-paper"), cited(1, source="evening-paper")
    firm = {"confidence": "firm"}
    assert "takes two" in as_mo.post("/admin/record/fact/add/", form | one | firm).content.decode()
    assert not Fact.objects.filter(pk="green").exists()
    assert as_mo.post("/admin/record/fact/add/", form | one | two | firm).status_code == 302
    first, second = Citation.objects.filter(fact="green")
    there = {"citations-TOTAL_FORMS": "2", "citations-INITIAL_FORMS": "2"}
    there |= cited(0, source="morning-paper", id=str(first.pk), fact="green", DELETE="on")
    there |= cited(1, source="evening-paper", id=str(second.pk), fact="green", DELETE="on")
    change = "/admin/record/fact/green/change/"
    assert "without a source" in as_mo.post(change, form | there).content.decode()
    del there["citations-1-DELETE"]
    assert "takes two" in as_mo.post(change, form | there | firm).content.decode()
    assert as_mo.post(change, form | there).status_code == 302
    assert [each.source_id for each in Citation.objects.filter(fact="green")] == ["evening-paper"]


def test_everybody_reads_who_changed_a_line_when_and_why(
    client: Client, as_mo: Client, kites: None
) -> None:
    assert "Changed by curators" not in client.get("/record/facts/red/").content.decode()
    fact = {
        "moment_0": "2025-05-03", "moment_1": "13:00:00", "precision": "hour",
        "confidence": "unverified", "claim": "The kite was crimson.",
        "reason": "The <b>photograph</b> shows it.",
        "citations-TOTAL_FORMS": "0", "citations-INITIAL_FORMS": "0",
    }  # fmt: skip
    source = {
        "title": "A kite was seen", "publisher": "The Morning Paper", "reading": "copy",
        "read_on": "2026-01-02", "reason": "We read a copy.",
    }  # fmt: skip
    leaflet = {
        "title": "Leaflet", "author": "The flyers", "about": "It hung.", "reason": "Its own title."
    }  # fmt: skip
    first = fact | {
        "document": "leaflet", "number": "1", "summary": "As first hung.",
        "reason": "Hung at nine.",
    }  # fmt: skip
    for path, form in (
        ("fact/red", fact), ("source/morning-paper", source), ("document/leaflet", leaflet),
        ("version/leaflet-1", first),
    ):  # fmt: skip
        assert as_mo.post(f"/admin/record/{path}/change/", form).status_code == 302
    page = client.get("/record/facts/red/").content.decode()
    assert ". Why: The &lt;b&gt;photograph&lt;/b&gt; shows it." in page
    assert "and Why." not in page, "the reason is no field of the line"
    assert "<bdi>Mo</bdi>, curator," in page
    assert "We read a copy." in client.get("/record/sources/morning-paper/").content.decode()
    document = client.get("/record/documents/leaflet/").content.decode()
    assert "Its own title." in document
    assert "Hung at nine." in document
    away = fact | {"withdrawn_because": "It was a bird.", "reason": "A reader wrote."}
    as_mo.post("/admin/record/fact/red/change/", away)
    gone = client.get("/record/facts/red/")
    assert gone.status_code == 410
    assert "A reader wrote." in gone.content.decode()
    assert "<bdi>Mo</bdi>, curator," in gone.content.decode()


def test_the_shipped_record_has_sources_doubts_and_contradictions(
    client: Client, shipped: None
) -> None:
    assert not load_file(SHIPPED).changed
    assert all(fact.citations.all() for fact in book.facts())
    assert {fact.value for fact in Fact.objects.filter(question="how-many-artists")} == {
        "16", "19", "about 20",
    }  # fmt: skip
    page = client.get("/record/facts/artists-16/").content.decode()
    assert "The sources do not agree." in page
    assert "The list grew during the day" in page
    days = [day.label for day in book.timeline(book.facts())]
    assert days[:4] == ["26 November 2024", "27 November 2024", "November 2024", "2025"]
    first = book.timeline(book.facts())[0].slots[0].facts[0]
    assert first.slug == "space-opened"
    assert "about 08:30 EST (13:30 UTC)" in client.get("/record/").content.decode()


def test_the_shipped_record_states_nothing_unverified_as_firm(shipped: None) -> None:
    tables = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    unread = {slug for slug, source in tables["source"].items() if source["reading"] == "original"}
    assert not unread  # no page was read live when it was gathered
    for slug in ("turbo", "saved-clips", "credentials-test"):
        assert Fact.objects.get(pk=slug).confidence == Confidence.UNVERIFIED
    for question in Question.objects.filter(contested=True):
        firm = Fact.objects.filter(question=question, confidence=Confidence.FIRM)
        assert not firm.exists(), question.slug
    assert "was not verified" in Fact.objects.get(pk="api-removal-date").note


def test_every_side_is_heard(client: Client, shipped: None) -> None:
    page = client.get("/record/sides/").content.decode()
    for speaker in ("The group “PR Puppets”", "OpenAI", "An invited tester", "An invited artist"):
        assert speaker in page


def test_the_timeline_costs_the_same_however_long_it_is(
    client: Client, shipped: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # facts, their citations, the documents
        client.get("/record/")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Die Chronik", "Wie sicher", "Umstritten: Quellen", "So zitieren",
                "3. Mai 2025", "Die Quellen sind sich nicht einig.")),
        ("fr", ("La chronique", "Degré de certitude", "Contesté\u00a0: des sources",
                "Pour citer ceci", "3 mai 2025", "Les sources ne s’accordent pas.")),
    ],
)  # fmt: skip
def test_a_fact_is_framed_in_the_visitors_language_and_stays_in_its_own(
    client: Client, kites: None, language: str, words: tuple[str, ...]
) -> None:
    shown = client.get("/record/facts/red/", headers={"accept-language": language})
    page = shown.content.decode()
    assert [each for each in words if each not in page] == []
    for english in ("How sure", "To cite this", "As of", "about 3 May"):
        assert english not in page
    assert '<h1 class="claim" lang="en">The kite was red.</h1>' in page
    timeline = client.get("/record/", headers={"accept-language": language}).content.decode()
    assert "What each side says" not in timeline
    bibtex = client.get("/record/facts/red.bib", headers={"accept-language": language})
    assert bibtex.content == client.get("/record/facts/red.bib").content
