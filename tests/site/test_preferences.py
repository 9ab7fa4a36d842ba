"""Stories of visitors who choose their language, their time zone, and that nothing moves."""

import pytest
from babel.messages.catalog import Catalog
from django.test import Client

from sora_archive.accounts.models import User
from sora_archive.preferences import COOKIE, Preferences
from tests.site.hanging import hang
from tools import translations

BERLIN = {"language": "de", "zone": "Europe/Berlin", "motion": "still"}


@pytest.mark.django_db
def test_a_browser_is_answered_in_its_language_and_keeps_no_cookie(client: Client) -> None:
    response = client.get("/preferences/", headers={"Accept-Language": "fr-CA, en;q=0.5"})
    page = response.content.decode()
    assert '<html lang="fr">' in page
    assert "Fuseau horaire" in page
    assert response["Content-Language"] == "fr"
    assert {"Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))
    assert set(response.cookies) <= {"csrftoken"}


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["", "*", "tlh", "de;q=x", "a" * 10_000, "de\0", "-,-,;;q=1"])
def test_a_browser_that_asks_for_nothing_we_speak_reads_english(client: Client, asked: str) -> None:
    assert (
        '<html lang="en">' in client.get("/", headers={"Accept-Language": asked}).content.decode()
    )


def test_one_cookie_keeps_language_zone_and_stillness(client: Client, ada: User) -> None:
    clip = hang(ada)
    sent = client.post("/preferences/", BERLIN | {"next": "/clips/?q=red"})
    assert (sent.status_code, sent["Location"]) == (302, "/clips/?q=red")
    assert set(sent.cookies) == {COOKIE}
    assert sent.cookies[COOKIE]["httponly"]
    page = client.get(f"/clips/{clip.pk}/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="de" data-motion="still">' in page
    assert "26. November 2026 19:00 CET" in page
    assert "Galerie</a>" in page


def test_what_stands_on_every_page_knows_page_language_and_visitor(
    client: Client, ada: User
) -> None:
    """For those who are not signed in it is drawn once, and then remembered."""

    def page(address: str, language: str = "en") -> str:
        return client.get(address, headers={"Accept-Language": language}).content.decode()

    for _ in range(2):
        assert 'href="/verify/" aria-current="page"' in page("/verify/")
        assert 'href="/log/" aria-current="page"' in page("/log/")
        assert 'href="/verify/" aria-current="page"' not in page("/log/")
        assert "Galerie</a>" in page("/verify/", "de")
        assert "Datei prüfen</a>" in page("/verify/", "de")
    client.force_login(ada)
    assert "Sign out" in page("/verify/")
    client.logout()
    assert "Sign out" not in page("/verify/")


@pytest.mark.django_db
def test_choosing_nothing_takes_the_cookie_away(client: Client) -> None:
    client.post("/preferences/", BERLIN)
    assert client.cookies[COOKIE].value
    client.post("/preferences/", {"language": "", "zone": "", "motion": ""})
    assert not client.cookies[COOKIE].value


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", ["", "x", "tlh:Mars.Base:moves", ":" * 999, "de:..:", "de:../../etc/passwd:", "::\0"]
)
def test_a_damaged_cookie_chooses_nothing_it_cannot(client: Client, value: str) -> None:
    client.cookies[COOKIE] = value
    assert client.get("/preferences/").status_code == 200
    assert not Preferences.parse(value).zone
    assert not Preferences.parse(value).still


@pytest.mark.parametrize("zone", ["America/Argentina/Buenos_Aires", "Asia/Kolkata", ""])
def test_a_choice_survives_its_cookie(zone: str) -> None:
    chosen = Preferences("fr", zone, still=True)
    assert Preferences.parse(str(chosen)) == chosen
    assert '"' not in str(chosen)


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["https://elsewhere.example/", "//elsewhere.example", "", "\0"])
def test_the_way_back_leads_to_this_site_alone(client: Client, where: str) -> None:
    sent = client.post("/preferences/", BERLIN | {"next": where})
    assert sent.get("Location", "/preferences/") == "/preferences/"
    asked = client.get("/preferences/", headers={"Referer": where + "log/"})
    assert "elsewhere" not in asked.content.decode()


@pytest.mark.django_db
def test_an_unknown_choice_is_refused_in_words(client: Client) -> None:
    refused = client.post("/preferences/", {"language": "tlh"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.content.decode()


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_compiled_translations_are_in_step(language: str) -> None:
    compiled = translations.po(language).with_suffix(".mo").read_bytes()
    assert compiled == translations.compiled(language), "run tools/translations.py"


# What strangers read first; then every page. New sentences may be a few behind, no more.
FIRST = ("templates/gallery/", "templates/log/", "templates/verify/", "templates/statement/",
         "templates/_", "templates/4", "templates/5", "templates/base")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", translations.LANGUAGES)
@pytest.mark.parametrize(("places", "least"), [(FIRST, 500), ((), 1600)])
def test_what_the_pages_say_is_translated(
    language: str, places: tuple[str, ...], least: int
) -> None:
    said = Catalog()
    for message in translations.collected():
        if message.id and (not places or message.locations[0][0].startswith(places)):
            said.add(message.id, context=message.context)
    assert len(said) > least
    missing = translations.missing(language, said)
    assert len(missing) <= len(said) // 20, missing


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_translations_keep_what_is_filled_in(language: str) -> None:
    assert [message.id for message, _faults in translations.read(language).check()] == []


@pytest.mark.parametrize(("language", "words"), [("de", "Kurze Filme"), ("fr", "De courts films")])
def test_the_gallery_speaks(client: Client, ada: User, language: str, words: str) -> None:
    clip = hang(ada)
    for address in ("/", "/clips/", f"/clips/{clip.pk}/"):
        page = client.get(address, headers={"Accept-Language": language}).content.decode()
        assert f'<html lang="{language}"' in page
        assert ("KI-erzeugt" if language == "de" else "par IA") in page
    assert words in client.get("/", headers={"Accept-Language": language}).content.decode()
