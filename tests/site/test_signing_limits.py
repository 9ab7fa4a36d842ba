"""Stories of floods: ten thousand sign-ups from one range, and what a curator does about them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from sora_archive import env
from sora_archive.accounts.models import User
from sora_archive.statement import limits, signing, sweeping
from sora_archive.statement.addresses import keyed, range_of
from sora_archive.statement.errors import CuratorRefused, TooMany
from sora_archive.statement.models import Signature, Source, Standing, Trace, Version
from tests.site.signatories import FORM, RANGE, wish

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
OTHER = "198.51.100.0/24"


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    """Small limits, so that stories are short."""
    settings.SIGN_RANGE_LIMITS = ((3, 60), (5, 3600))
    settings.SIGN_DOMAIN_LIMITS = ((4, 60), (6, 3600))


def ask(version: Version, number: int, address_range: str = RANGE, **changes: object) -> None:
    signing.ask(version, wish(number, **changes), address_range)


def later(seconds: int) -> None:
    """As if all sign-ups so far had been that much earlier."""
    for trace in Trace.objects.all():
        Trace.objects.filter(pk=trace.pk).update(at=trace.at - timedelta(seconds=seconds))


def test_a_burst_from_one_range_is_stopped_and_passes(version: Version) -> None:
    for number in range(3):
        ask(version, number)
    with pytest.raises(TooMany, match="Nothing was kept") as refused:
        ask(version, 3)
    assert 1 <= refused.value.wait <= 60
    ask(version, 3, OTHER)
    assert Signature.objects.count() == len(mail.outbox) == 4
    later(61)
    ask(version, 4)


def test_a_flood_from_one_range_fills_no_table_whatever_addresses_it_invents(
    version: Version,
) -> None:
    for number in range(3):
        ask(version, number, email=f"a@d{number}.example")
    before = Source.objects.count()
    for number in range(3, 20):
        with pytest.raises(TooMany):
            ask(version, number, email=f"a@d{number}.example")
    assert Source.objects.count() == before
    assert Source.objects.get(kind="range").refused == 17


def test_the_long_run_has_a_limit_of_its_own(version: Version) -> None:
    for number in range(5):
        ask(version, number)
        later(61)
    with pytest.raises(TooMany) as refused:
        ask(version, 5)
    assert refused.value.wait > 60
    later(3600)
    ask(version, 5)


def test_a_mail_domain_is_limited_across_ranges_and_a_large_one_is_not(
    version: Version, settings: Settings
) -> None:
    for number in range(4):
        ask(version, number, f"10.0.{number}.0/24", email=f"a{number}@mill.example")
    with pytest.raises(TooMany):
        ask(version, 5, "10.0.5.0/24", email="a5@MILL.example")
    settings.SIGN_LARGE_DOMAINS = frozenset({"mill.example"})
    ask(version, 5, "10.0.5.0/24", email="a5@mill.example")


def test_the_page_says_when_to_try_again_and_keeps_what_was_typed(
    client: Client, version: Version
) -> None:
    for number in range(3):
        ask(version, number, "127.0.0.0/24")
    form = FORM | {"sha256": version.sha256}
    answer = client.post("/statement/sign/", form)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert "Please try again in a minute" in answer.content.decode()
    assert 'value="Ada Lovelace"' in answer.content.decode()


def test_sources_are_keyed_hashes_that_no_page_shows(as_mo: Client, version: Version) -> None:
    ask(version, 1, email="ada@mill.example")
    digests = {keyed("range", RANGE), keyed("domain", "mill.example")}
    assert set(Source.objects.values_list("digest", flat=True)) == digests
    Source.objects.update(refused=9)
    numbers = Source.objects.values_list("pk", flat=True)
    paths = ["/statement/curate/", *(f"/statement/curate/sources/{pk}/" for pk in numbers)]
    pages = [as_mo.get(path).content.decode() for path in paths]
    assert "address range" in pages[0]
    assert "mail domain" in pages[0]
    for page in pages:
        assert "mill.example" not in page
        assert "192.0.2" not in page
        assert not any(digest in page for digest in digests)


def test_sources_are_forgotten_after_thirty_days(version: Version) -> None:
    ask(version, 1)
    assert limits.forget() == 0
    old = timezone.now() - limits.KEEP - timedelta(minutes=1)
    Trace.objects.update(at=old)
    Source.objects.update(last_at=old)
    assert "4 traces of sources forgotten" in sweeping.sweep()
    assert not Source.objects.exists()
    assert not Trace.objects.exists()
    assert Signature.objects.exists()


def test_a_source_that_is_let_through_or_blocked(as_mo: Client, mo: User, version: Version) -> None:
    ask(version, 0)
    source = Source.objects.get(kind="range")
    address = f"/statement/curate/sources/{source.pk}/"
    assert as_mo.post(address, {"standing": "allowed", "note": ""}).status_code == 422
    decided = {"standing": "allowed", "note": "A school signs together."}
    assert as_mo.post(address, decided).status_code == 302
    for number in range(1, 8):
        ask(version, number)
    as_mo.post(address, {"standing": "blocked", "note": "A flood."})
    with pytest.raises(TooMany, match="are not taken at present"):
        ask(version, 9)
    source.refresh_from_db()
    assert (source.standing, source.decided_by, source.refused) == (Standing.BLOCKED, mo, 1)
    with pytest.raises(CuratorRefused, match="forgotten already"):
        limits.decide(source.pk + 99, Standing.ALLOWED, "x", mo.pk)


def test_the_busiest_sources_come_first(as_mo: Client, version: Version) -> None:
    for number in range(3):
        ask(version, number, OTHER)
    with pytest.raises(TooMany):
        ask(version, 4, OTHER)
    Source.objects.filter(kind="domain").delete()
    ask(version, 5)
    [found] = limits.trending()
    assert (found.hour, found.day, found.refused) == (3, 3, 1)  # type: ignore[attr-defined]
    assert f"address range {found.pk}" in as_mo.get("/statement/curate/").content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "203.0.113.9", "192.0.2.0/24"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.0/24"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.0/24"),
        (2, "10.0.0.1", "192.0.2.0/24"),
        (1, "", "192.0.2.0/24"),
        (1, "not an address", "unknown"),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(
    settings: Settings, proxies: int, forwarded: str, found: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"REMOTE_ADDR": "192.0.2.5", "HTTP_X_FORWARDED_FOR": forwarded}
    assert range_of(RequestFactory().get("/", **headers)) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["10", "10/", "/60", "0/60", "10/0", "-1/60", "ten/60", "10/60 5/9"]
)
def test_limits_that_make_no_sense_are_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SIGN_RANGE_LIMITS", text)
    with pytest.raises(ImproperlyConfigured, match="10/60,60/3600"):
        env.rates("SIGN_RANGE_LIMITS")
    monkeypatch.setenv("SIGN_RANGE_LIMITS", "1/2, 3/4")
    assert env.rates("SIGN_RANGE_LIMITS") == ((1, 2), (3, 4))


# Each sign-up commits, as on a site: in one transaction every count would wade through all before.
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_sign_ups_in_a_minute_from_one_range(
    client: Client, version: Version, settings: Settings
) -> None:
    """All but the limit are refused in words, and nothing grows with the flood."""
    settings.SIGN_RANGE_LIMITS = ((10, 3600), (60, 36_000))  # slow machines take more than a minute
    answers = [client.post("/statement/sign/", form).status_code for form in flood(version, 500)]
    assert answers.count(302) == 10
    assert answers.count(429) == 490
    refused = 0
    for number in range(9_500):  # the same without rendering a page each time
        try:
            ask(version, number, "127.0.0.0/24", email=f"y{number}@d{number % 50}.example")
        except TooMany:
            refused += 1
    assert refused == 9_500
    assert Signature.objects.count() == len(mail.outbox) == 10
    assert Trace.objects.count() <= 20
    assert Source.objects.get(kind="range").refused == 9_990
    assert client.get("/statement/").status_code == 200


def flood(version: Version, count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        yield FORM | {"sha256": version.sha256, "email": f"x{number}@d{number % 50}.example"}
