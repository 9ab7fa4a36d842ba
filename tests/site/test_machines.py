"""Stories of machines that read the gallery: feeds, sitemaps, oEmbed, the API, robots."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from generation.models import Visibility
from sora_archive.accounts.models import User
from sora_archive.gallery.openapi import document
from tests.site.hanging import PROMPT, hang

SITE = "http://testserver"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
VIDEO = "{http://www.google.com/schemas/sitemap-video/1.1}"
HOSTILE = "</script><script>alert('ada')</script> & \u202e\x07{\\input}"
HIDDEN = (Visibility.DRAFT, Visibility.WITHDRAWN, Visibility.ERASED)


def xml(client: Client, address: str) -> ElementTree.Element:
    response = client.get(address)
    assert response.status_code == 200, address
    return ElementTree.fromstring(response.getvalue())  # noqa: S314 - our own


def test_the_feed_names_clips_with_their_files(client: Client, ada: User, ben: User) -> None:
    hang(ada, "Of the first hour")
    clip = hang(ben, HOSTILE, minute=1)
    hang(ben, "A draft", visibility=Visibility.DRAFT)
    feed = xml(client, "/clips/feed.atom")
    newest, oldest = feed.findall(f"{ATOM}entry")
    assert newest.findtext(f"{ATOM}id") == f"urn:uuid:{clip.pk}"
    assert "alert('ada')" in (newest.findtext(f"{ATOM}title") or "")
    assert newest.findtext(f"{ATOM}author/{ATOM}name") == "Ben"
    assert oldest.findtext(f"{ATOM}title") == "Of the first hour"
    links = {link.get("rel"): link for link in newest.findall(f"{ATOM}link")}
    assert links["alternate"].get("href") == f"{SITE}/clips/{clip.pk}/"
    assert links["enclosure"].get("href") == f"{SITE}/media/{clip.pk}.mp4"
    assert links["enclosure"].get("length") == str(clip.credential.size)


def test_a_feed_can_be_chosen(client: Client, ada: User, ben: User) -> None:
    hang(ada, "By ada", prompt="a lantern")
    hang(ben, "By ben")
    for choice in ("artist=Ada", "q=lantern", "q=lant&year=2026"):
        feed = xml(client, f"/clips/feed.atom?{choice}")
        assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == ["By ada"]
    assert client.get("/clips/feed.atom?length=long").status_code == 400


def test_a_feed_that_did_not_change_is_304(client: Client, ada: User) -> None:
    for _ in range(2):  # empty, then with a clip
        etag = client.get("/clips/feed.atom")["ETag"]
        assert client.get("/clips/feed.atom", headers={"If-None-Match": etag}).status_code == 304
        hang(ada)
        assert client.get("/clips/feed.atom", headers={"If-None-Match": etag}).status_code == 200


def test_a_feed_costs_one_query(
    client: Client, ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minute in range(5):
        hang(ada, minute=minute)
    for address in ("/clips/feed.atom", "/api/v1/clips?limit=5"):
        with django_assert_num_queries(1):
            client.get(address)


def test_sitemaps_lead_to_every_clip_and_no_other(client: Client, ada: User) -> None:
    clip = hang(ada, HOSTILE)
    for visibility in HIDDEN:
        hang(ada, visibility=visibility)
    maps = [loc.text or "" for loc in xml(client, "/sitemap.xml").iter(f"{MAP}loc")]
    assert maps == [f"{SITE}/sitemap/pages.xml", f"{SITE}/sitemap/2026-11-26.xml"]
    day = xml(client, "/sitemap/2026-11-26.xml")
    assert [loc.text for loc in day.iter(f"{MAP}loc")] == [f"{SITE}/clips/{clip.pk}/"]
    video = next(day.iter(f"{VIDEO}video"))
    assert video.findtext(f"{VIDEO}content_loc") == f"{SITE}/media/{clip.pk}.mp4"
    assert PROMPT in (video.findtext(f"{VIDEO}description") or "")
    for loc in xml(client, "/sitemap/pages.xml").iter(f"{MAP}loc"):
        assert client.get((loc.text or "").removeprefix(SITE)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-11-27", "20261126", "2026-W48-4", "9999-12-31", "x", "0"])
def test_a_day_without_clips_has_no_sitemap(client: Client, day: str) -> None:
    assert client.get(f"/sitemap/{day}.xml").status_code == 404


def test_machines_are_told_not_to_train(client: Client, db: None) -> None:
    robots = client.get("/robots.txt").content.decode()
    trainers, everybody = robots.split("User-agent: *")
    assert "User-agent: GPTBot" in trainers
    assert trainers.rstrip().endswith("\nDisallow: /")
    assert "Disallow: /\n" not in everybody
    assert f"Sitemap: {SITE}/sitemap.xml" in everybody
    assert "Disallow: /" in client.get("/ai.txt").content.decode()
    assert client.get("/.well-known/tdmrep.json").json() == [
        {"location": "/", "tdm-reservation": 1}
    ]
    front = client.get("/")
    assert '<meta name="tdm-reservation" content="1">' in front.content.decode()
    assert (front["Content-Usage"], front["tdm-reservation"]) == ("train-ai=n", "1")


def test_whom_to_tell_about_a_hole(client: Client, settings: Settings, db: None) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "mailto:mo@example.org"
    told = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:mo@example.org\n" in told
    assert re.search(r"^Expires: 20\d\d-\d\d-\d\dT00:00:00Z$", told, re.MULTILINE)


def test_the_page_describes_the_clip_to_machines(client: Client, ada: User) -> None:
    clip = hang(ada, HOSTILE)
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block
    data = json.loads(block[1])
    assert data["name"] == HOSTILE
    assert data["sha256"] == clip.credential.sha256
    assert data["digitalSourceType"].endswith("/TrainedAlgorithmicMediaDigitalSource")
    assert page.count("<script") == 1
    assert f'property="og:video" content="{SITE}/media/{clip.pk}.mp4"' in page


def test_the_page_says_how_to_cite_it(client: Client, ada: User) -> None:
    clip = hang(ada, "50% {red} & \\blue_")
    page = client.get(f"/clips/{clip.pk}/").content.decode()
    assert "AI-generated video, Untrained test model, 2.1 seconds, Sora Archive, 26 Nov" in page
    assert r"{{50\% \{red\} \&amp; \textbackslash{}blue\_}}" in page
    assert f"&lt;iframe src=&quot;{SITE}/clips/{clip.pk}/embed/&quot;" in page


def test_the_framed_player_carries_the_mark_and_may_be_framed(client: Client, ada: User) -> None:
    clip = hang(ada, HOSTILE)
    response = client.get(f"/clips/{clip.pk}/embed/")
    page, policy = response.content.decode(), response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in page
    assert 0 < page.index('class="mark"') < page.index("<video")
    assert not response.cookies
    other = client.get(f"/clips/{clip.pk}/")
    assert other["X-Frame-Options"] == "DENY"


def test_the_framed_player_goes_dark(client: Client, ada: User) -> None:
    withdrawn = hang(ada, "To forget", visibility=Visibility.WITHDRAWN)
    response = client.get(f"/clips/{withdrawn.pk}/embed/")
    assert response.status_code == 410
    assert "To forget" not in response.content.decode()
    draft = hang(ada, visibility=Visibility.DRAFT)
    assert client.get(f"/clips/{draft.pk}/embed/").status_code == 404


def test_oembed_answers_with_a_frame(client: Client, ada: User) -> None:
    clip = hang(ada, 'A "quoted" <title>')
    asked = {"url": f"{SITE}/clips/{clip.pk}/", "maxwidth": "200"}
    card = client.get("/oembed", asked).json()
    assert (card["type"], card["version"], card["width"]) == ("video", "1.0", 200)
    assert card["html"].startswith(f'<iframe src="{SITE}/clips/{clip.pk}/embed/" width="200"')
    assert "A &quot;quoted&quot; &lt;title&gt; by Ada" in card["html"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"format": "xml"}, 501), ({"maxwidth": "x"}, 400), ({"maxheight": "9" * 9}, 400),
     ({"url": ""}, 404), ({"url": "http://[x"}, 404), ({"url": f"{SITE}/"}, 404),
     ({"url": "http://elsewhere.example/clips/{id}/"}, 404), ({"url": SITE + "/clips/{id}"}, 404)],
    ids=str,
)  # fmt: skip
def test_oembed_refuses_in_words(
    client: Client, ada: User, asked: dict[str, str], status: int
) -> None:
    page = f"{SITE}/clips/{hang(ada).pk}/"
    given = {"url": page} | {
        name: value.replace("{id}", page.split("/")[-2]) for name, value in asked.items()
    }
    response = client.get("/oembed", given)
    assert response.status_code == status
    assert response.json()["error"]


@pytest.mark.parametrize("visibility", HIDDEN)
def test_oembed_knows_only_what_is_published(
    client: Client, ada: User, visibility: Visibility
) -> None:
    hidden = hang(ada, visibility=visibility)
    assert client.get("/oembed", {"url": f"{SITE}/clips/{hidden.pk}/"}).status_code == 404


TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict,
    "array": list, "null": type(None),
}  # fmt: skip


def fits(value: Any, schema: dict[str, Any]) -> None:
    """Holds a value against the part of JSON Schema that our document uses."""
    if "$ref" in schema:
        fits(value, document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        return
    if "const" in schema:
        assert value == schema["const"]
        return
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, TYPES[kind]) for kind in kinds), (value, schema)
    if isinstance(value, dict):
        assert set(schema["required"]) == set(value)
        for name, inner in value.items():
            fits(inner, schema["properties"][name])
    for item in value if isinstance(value, list) else ():
        fits(item, schema["items"])
    if "pattern" in schema:
        assert re.search(schema["pattern"], value)


def answer(path: str, status: int) -> dict[str, Any]:
    found = document()["paths"][path]["get"]["responses"][str(status)]
    schema: dict[str, Any] = found["content"]["application/json"]["schema"]
    return schema


def test_the_api_answers_as_its_document_says(client: Client, ada: User) -> None:
    clip = hang(ada, HOSTILE)
    withdrawn = hang(ada, visibility=Visibility.WITHDRAWN)
    for address, path, status in (
        ("/api/v1/clips", "/api/v1/clips", 200),
        ("/api/v1/clips?limit=0", "/api/v1/clips", 400),
        ("/api/v1/clips?older=x", "/api/v1/clips", 400),
        (f"/api/v1/clips/{clip.pk}", "/api/v1/clips/{id}", 200),
        (f"/api/v1/clips/{uuid.uuid4()}", "/api/v1/clips/{id}", 404),
        (f"/api/v1/clips/{withdrawn.pk}", "/api/v1/clips/{id}", 410),
    ):
        response = client.get(address)
        assert response.status_code == status, address
        assert response["Access-Control-Allow-Origin"] == "*"
        fits(response.json(), answer(path, status))
    assert client.get("/api/v1/openapi.json").json() == document()


def test_the_page_for_programs_tries_the_newest_clip_and_the_check(
    client: Client, ada: User
) -> None:
    assert "Or follow a link" not in client.get("/api/v1/").content.decode()
    clip = hang(ada)
    page = client.get("/api/v1/").content.decode()
    tried = re.findall(r"<code>GET (/api/v1/[^<{?]+)</code></a>", page)
    assert tried == [f"/api/v1/clips/{clip.pk}", f"/api/v1/verify/{clip.credential.sha256}"]
    for address in tried:
        assert client.get(address).json()
    (action,) = re.findall(
        r'method="post" action="(/api/[^"]+)" enctype="multipart/form-data"', page
    )
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(action, {"file": SimpleUploadedFile("empty.mp4", b"")})
    assert (answer.status_code, "error" in answer.json()) == (422, True)


def test_the_api_walks_through_a_choice(client: Client, ada: User, ben: User) -> None:
    for minute in range(5):
        hang(ada, f"Ada {minute}", minute=minute)
        hang(ben, f"Ben {minute}", minute=minute)
    seen, address = [], "/api/v1/clips?artist=Ada&limit=2"
    while address:
        body = client.get(address).json()
        seen += [clip["title"] for clip in body["clips"]]
        address = (body["next"] or "").removeprefix(SITE)
    assert seen == ["Ada 4", "Ada 3", "Ada 2", "Ada 1", "Ada 0"]


@pytest.mark.parametrize("visibility", HIDDEN)
def test_the_api_knows_nothing_of_what_is_hidden(
    client: Client, as_ada: Client, ada: User, visibility: Visibility
) -> None:
    hidden = hang(ada, "To forget", visibility=visibility)
    for visitor in (client, as_ada):
        assert visitor.get("/api/v1/clips").json()["clips"] == []
        one = visitor.get(f"/api/v1/clips/{hidden.pk}")
        assert one.status_code == (404 if visibility == Visibility.DRAFT else 410)
        assert b"To forget" not in one.content


@pytest.mark.django_db
def test_the_guide_shows_every_path(client: Client) -> None:
    page = client.get("/api/v1/").content.decode()
    assert all(path in page for path in document()["paths"])
