"""The pages on privacy, terms and contact say what the program does, and name whoever runs it."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from pytest_django import Settings

from sora_archive import env
from sora_archive.notices import INVENTORY

pytestmark = pytest.mark.django_db


def test_no_table_is_stored_that_the_page_on_privacy_does_not_tell() -> None:
    """A new table needs its line in notices.INVENTORY: what, why, how long."""
    told = [table for kept in INVENTORY for table in kept.tables]
    assert set(connection.introspection.table_names()) - set(told) == set()
    assert set(told) - set(connection.introspection.table_names()) == set()


def test_privacy_tells_every_datum_with_purpose_and_time(client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    assert page.count("Why:") == page.count("How long:") == len(INVENTORY)
    for words in ("keyed hash of your e-mail address", "At most 30 days", "Three days"):
        assert words in page, words


@pytest.mark.parametrize("path", ["privacy", "terms", "contact"])
def test_the_pages_are_drafts_until_somebody_names_themselves(
    client: Client, settings: Settings, path: str
) -> None:
    assert "A draft, to be completed" in client.get(f"/{path}/").content.decode()
    settings.OPERATOR_NAME, settings.OPERATOR_CONTACT = "The Harbour Society", "mailto:a@b.example"
    page = client.get(f"/{path}/").content.decode()
    assert "A draft, to be completed" not in page
    assert "The Harbour Society" in page
    assert re.search(r'href="mailto:a@b\.example">a@b\.example</a>', page)


def test_every_page_leads_to_them(client: Client) -> None:
    page = client.get("/statement/").content.decode()
    assert all(f'href="/{path}/"' in page for path in ("privacy", "terms", "contact"))


@pytest.mark.parametrize("text", ["10", "x/y", ","])
def test_rates_are_written_in_one_way(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SIGN_DOMAIN_LIMITS", text)
    with pytest.raises(ImproperlyConfigured, match="SIGN_DOMAIN_LIMITS is written like"):
        env.rates("SIGN_DOMAIN_LIMITS")
