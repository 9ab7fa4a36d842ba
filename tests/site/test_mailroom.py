"""Mail: a real server takes the letters, and without one the operator reads them on a page."""

import email
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import send_mail
from django.test import Client
from pytest_django import Settings

from sora_archive import mailroom
from sora_archive.accounts.models import Role
from sora_archive.accounts.people import create_person
from sora_archive.statement.models import State, Version
from tests.people import OLGA
from tests.signing_in import signed_in_with_two_steps
from tests.site.signatories import FORM

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@dataclass
class PostOffice:
    """What a mail server was given; `refuses` is what it answers to a recipient."""

    letters: list[tuple[list[str], bytes]] = field(default_factory=list)
    refuses: str = ""
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    """A mail server on this machine, and an archive that is set up to use it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    office = PostOffice(port=port)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.MAIL_IS_KEPT = False
    try:
        yield office
    finally:
        controller.stop()


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Path:
    """An archive without a mail server, on a data folder of its own."""
    settings.EMAIL_BACKEND = "sora_archive.mailroom.Backend"
    settings.MAIL_IS_KEPT = True
    settings.DATA = tmp_path
    return tmp_path / "mail"


@pytest.fixture
def as_olga(db: None) -> Client:
    """A browser in which olga, the operator, has signed in."""
    olga = create_person(OLGA.username, OLGA.pseudonym, Role.OPERATOR, OLGA.password)
    return signed_in_with_two_steps(olga)


def test_a_real_server_takes_the_letter_and_its_link_signs(
    client: Client, version: Version, office: PostOffice
) -> None:
    page = client.post("/statement/sign/", FORM | {"sha256": version.sha256, "name": "Åda"})
    assert page.status_code == 302
    assert "sends no mail yet" not in client.get("/statement/sign/sent/").content.decode()
    [(recipients, data)] = office.letters
    assert recipients == [FORM["email"]]
    letter = email.message_from_bytes(data, policy=policy.default)
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "archive@testserver"
    body = letter.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Åda" in text
    [link] = re.findall(r"^http://testserver(/statement/confirm/\S{43}/)\s*$", text, re.M)
    assert client.post(link).status_code == 200
    assert version.signatures.get().state == State.COUNTED


def test_a_server_that_refuses_the_address_leaves_nothing_behind(
    client: Client, version: Version, office: PostOffice
) -> None:
    office.refuses = "550 no such mailbox"
    answer = client.post("/statement/sign/", FORM | {"sha256": version.sha256})
    assert answer.status_code == 503
    assert "see that the address is right" in answer.content.decode()
    assert not version.signatures.exists()


def test_without_a_server_the_operator_reads_the_letter_and_the_pages_say_so(
    client: Client, as_olga: Client, version: Version, kept: Path
) -> None:
    assert "sends no mail yet" in client.get("/statement/sign/").content.decode()
    client.post("/statement/sign/", FORM | {"sha256": version.sha256, "name": "<b>Åda</b>"})
    assert "kept for the operator" in client.get("/statement/sign/sent/").content.decode()
    page = as_olga.get("/mail/").content.decode()
    assert FORM["email"] in page
    assert "&lt;b&gt;Åda&lt;/b&gt;" in page
    [link] = re.findall(r'<a href="http://testserver(/statement/confirm/\S{43}/)"', page)
    assert client.post(link).status_code == 200
    assert "no-store" in as_olga.get("/mail/")["Cache-Control"]


def test_letters_are_the_operators_alone(
    client: Client, as_ada: Client, as_mo: Client, kept: Path
) -> None:
    assert client.get("/mail/").status_code == 302
    assert as_ada.get("/mail/").status_code == as_mo.get("/mail/").status_code == 403
    send_mail("Subject", "Text", None, ["ada@archive.example"])
    [file] = kept.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_letters_are_deleted_after_three_days(as_olga: Client, kept: Path) -> None:
    assert mailroom.sweep() == ""
    send_mail("Old", "Text", None, ["ada@archive.example"])
    [old] = kept.iterdir()
    os.utime(old, (0, time.time() - mailroom.KEEP_SECONDS - 60))
    send_mail("New", "Text", None, ["ada@archive.example"])
    assert mailroom.sweep() == "1 kept letters deleted"
    page = as_olga.get("/mail/").content.decode()
    assert "New</h2>" in page
    assert "Old</h2>" not in page


def test_an_empty_mailroom_says_so(as_olga: Client, kept: Path) -> None:
    assert "There is no letter." in as_olga.get("/mail/").content.decode()
