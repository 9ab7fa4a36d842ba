"""Stories of translations: tied to the version that they translate, marked when they lag."""

import pytest
from django.test import Client

from sora_archive.accounts.models import User
from sora_archive.statement import translating
from sora_archive.statement.errors import VersionRefused
from sora_archive.statement.models import Translation, Version
from tests.site.signatories import TEXT, Log, make_version, refused

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
GERMAN = "# Unsere Worte\n\nWir bitten um Lohn.\n"
ARABIC = "# كلماتنا\n\nنطلب الأجر.\n"


def test_a_curator_translates_and_the_page_leads_back_to_the_original(
    as_mo: Client, client: Client, version: Version
) -> None:
    form = {"language": "de", "text": GERMAN.replace("\n", "\r\n")}
    assert as_mo.post("/statement/translate/", form)["Location"] == "/statement/versions/1/de/"
    page = client.get("/statement/versions/1/de/").content.decode()
    for words in (
        "Wir bitten um Lohn.", 'lang="de" dir="ltr"', "A translation", "Read the original",
        'href="/statement/versions/1/"', ">Mo<",
    ):  # fmt: skip
        assert words in page, words
    assert client.get("/statement/versions/1/de.txt").content.decode() == GERMAN
    original = client.get("/statement/").content.decode()
    assert 'href="/statement/versions/1/de/"' in original
    assert ">Deutsch</a>" in original
    assert "behind this one" not in original


def test_right_to_left_text_runs_right_to_left(client: Client, mo: User, version: Version) -> None:
    translating.translate(version, "ar", ARABIC, mo.pk)
    assert 'lang="ar" dir="rtl"' in client.get("/statement/versions/1/ar/").content.decode()


def test_a_translation_that_lags_is_marked_on_both_pages(
    client: Client, mo: User, log: Log, version: Version
) -> None:
    translating.translate(version, "de", GERMAN, mo.pk)
    second = make_version(log, TEXT.replace("pay", "fair pay"))
    newest = client.get("/statement/").content.decode()
    assert "of version 1, behind this one" in newest
    old = client.get("/statement/versions/1/de/").content.decode()
    assert "A translation of an earlier version" in old
    assert client.get("/statement/versions/2/de/").status_code == 404
    translating.translate(second, "de", GERMAN.replace("Lohn", "gerechten Lohn"), mo.pk)
    assert "behind this one" not in client.get("/statement/").content.decode()
    assert "is not translated into this language yet" in old
    old = client.get("/statement/versions/1/de/").content.decode()
    assert "is not translated into this language yet" not in old
    assert 'href="/statement/versions/2/de/">Version 2 in this language' in old


def test_a_better_translation_stands_in_front_of_the_first(
    client: Client, mo: User, version: Version
) -> None:
    translating.translate(version, "de", GERMAN, mo.pk)
    translating.translate(version, "de", GERMAN.replace("Lohn", "Geld"), mo.pk)
    page = client.get("/statement/versions/1/de/").content.decode()
    assert "Wir bitten um Geld." in page
    assert "revision 2" in page
    assert Translation.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("tlh", GERMAN, "not one of the available choices"),
        ("", GERMAN, "required"),
        ("de", "No title", "begin with its title"),
        ("de", "", "required"),
        ("de", TEXT, "word for word what stands there"),
    ],
)
def test_what_is_no_translation_is_refused_in_words(
    as_mo: Client, version: Version, language: str, text: str, words: str
) -> None:
    answer = as_mo.post("/statement/translate/", {"language": language, "text": text})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Translation.objects.exists()


def test_the_same_words_are_not_kept_twice(mo: User, version: Version) -> None:
    translating.translate(version, "de", GERMAN, mo.pk)
    with pytest.raises(VersionRefused):
        translating.translate(version, "de", GERMAN, mo.pk)


@pytest.mark.parametrize("path", ["de/", "xx/", "de.txt", "changes.txt", "signatures.txt"])
def test_a_translation_that_nobody_made_is_404(client: Client, version: Version, path: str) -> None:
    assert client.get(f"/statement/versions/1/{path}").status_code == 404


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE statement_translation SET text = 'other'",
        "DELETE FROM statement_translation",
        "UPDATE statement_translation SET sha256 = repeat('0', 64)",
    ],
)
def test_the_database_refuses_to_change_a_translation(mo: User, version: Version, sql: str) -> None:
    translating.translate(version, "de", GERMAN, mo.pk)
    refused(sql, "never changed")
    mo.delete()
    assert Translation.objects.get().made_by is None


def test_nothing_is_translated_before_there_is_a_version(as_mo: Client) -> None:
    assert "nothing to translate" in as_mo.get("/statement/translate/").content.decode()
    answer = as_mo.post("/statement/translate/", {"language": "de", "text": GERMAN})
    assert answer.status_code == 422
