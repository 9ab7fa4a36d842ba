"""Whatever is asked of whichever address, it is answered: no 5xx, no echo in the log."""

import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sora_archive.accounts.models import User
from tests.site.open_house import House, fill, filled, parameters, routes

pytestmark = pytest.mark.slow
MARK = "nobody-meant-this"
HOSTILE = (
    "", "\0", "x" * 10_000, f"{MARK}\u202e\u2066", f"<script>{MARK}</script>", "' OR 1=1 --",
    "9" * 5_000, "-1", "1e999", "NaN", "٢٠٢٦", "../../etc/passwd", "{{ 7|add:7 }}",
    "a\r\nSet-Cookie: b",
    "0-" + "0" * 32, "9" * 16 + "-" + "f" * 32, "%00%ff", "😀" * 300, '"' * 99, "-" * 99, "(" * 99,
    "2147483648", "9223372036854775808", "1" * 40,
)  # fmt: skip
NAMES = (
    "q", "older", "artist", "model", "collection", "length", "licence", "year", "limit", "page",
    "url", "format", "maxwidth", "remix", "prompt", "surprise", "next", "index", "size", "name",
    "sha256",
)  # fmt: skip
RANGES = (
    "bytes=-", "bytes=0-", "bytes=-1", "bytes=--1", "bytes=5-1", "bytes=0-0,5-9,99-",
    "bytes=9999999-", f"bytes={'9' * 30}-{'9' * 30}", "lines=1-2", "bytes", "=" * 99,
    "bytes=0-\u0660",
)  # fmt: skip
ROUTES = sorted(set(routes()))
# By design: what is not well says so, and what oEmbed 1.0 has no other words for.
MEANT = {
    "/healthz": {503}, "/oembed": {501},
    "/verify/trust.json": {503}, "/verify/clips/<uuid:clip_id>/bundle.zip": {503},  # no keys here
}  # fmt: skip


@pytest.fixture
def house(ada: User, mo: User, tmp_path: Path) -> House:
    return fill(ada, mo, tmp_path)


@pytest.fixture
def visitors(client: Client, as_ada: Client, as_mo: Client) -> list[Client]:
    """Nobody, an artist and a curator; what breaks is answered as on a real site."""
    for each in (found := [client, as_ada, as_mo]):
        each.raise_request_exception = False
    return found


def ask(
    client: Client, method: str, route: str, path: str, query: Mapping[str, str],
    headers: Mapping[str, str],
) -> None:  # fmt: skip
    asked = {} if method == "post" else {"query_params": query}
    response = getattr(client, method)(
        path, **asked, **({"data": query} if method == "post" else {}), headers=headers
    )
    if response.streaming:
        b"".join(response.streaming_content)
    allowed = MEANT.get(route, set())
    assert response.status_code < 500 or response.status_code in allowed, (method, path, query)


def test_no_address_breaks_whatever_it_is_asked(
    house: House, visitors: list[Client], caplog: pytest.LogCaptureFixture
) -> None:
    """Hypothesis mixes routes, what fills them, methods, queries, headers and visitors."""
    known = house.known()

    def value(kind: str) -> st.SearchStrategy[str]:
        if kind == "uuid":  # anything else is no address of the map
            return st.sampled_from(known["uuid"]) | st.uuids().map(str)
        if kind == "int":
            return st.sampled_from([*known["int"], "2147483648", "9" * 19, "1" * 40])
        return st.sampled_from(known[kind]) | st.sampled_from(HOSTILE) | st.text(max_size=40)

    words = st.sampled_from(HOSTILE) | st.text(max_size=30)

    @st.composite
    def asking(draw: st.DrawFn) -> tuple[str, str]:
        route = draw(st.sampled_from(ROUTES))
        values = [quote(draw(value(kind)), safe="", errors="replace") for kind in parameters(route)]
        return route, filled(route, values)

    @settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        asking(),
        st.sampled_from(("get", "get", "get", "head", "post", "put", "options")),
        st.dictionaries(st.sampled_from(NAMES), words, max_size=3),
        st.fixed_dictionaries({}, optional={
            "Range": st.sampled_from(RANGES), "If-Range": words, "If-None-Match": words,
            "Accept-Language": words, "Referer": words,
            "Cookie": st.sampled_from(("preferences=de:x:y", "preferences=\\")),
        }),
        st.integers(0, 2),
    )  # fmt: skip
    def throw(
        where: tuple[str, str],
        method: str,
        query: dict[str, str],
        headers: dict[str, str],
        who: int,
    ) -> None:
        ask(visitors[who], method, *where, query, headers)

    with caplog.at_level(logging.INFO):
        throw()
    assert MARK not in caplog.text


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: repr(text[:12]))
def test_no_query_of_the_gallery_breaks_it(
    house: House, visitors: list[Client], hostile: str
) -> None:
    client = visitors[0]
    for path in ("/", "/clips/", "/clips/feed.atom", "/api/v1/clips", "/oembed", "/collections/"):
        for name in NAMES[:13]:
            ask(client, "get", path, path, {name: hostile}, {"Accept-Language": "de"})


@pytest.mark.parametrize("wanted", RANGES)
def test_no_range_breaks_a_file(house: House, visitors: list[Client], wanted: str) -> None:
    """The file is not there, which is worse: still no more than is meant."""
    for path in (f"/media/{house.withdrawn.pk}.mp4", f"/media/{house.draft.pk}/poster.webp"):
        ask(visitors[0], "get", path, path, {}, {"Range": wanted})
