"""What stories about signing share: a version in the log, sign-ups, and the letters they bring."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core import mail
from django.db import Error, connection, transaction
from django.utils import timezone

from provenance.core.records import EntryType, parse_entry
from provenance.log import outbox
from provenance.log.models import Entry
from provenance.log.sequencer import Sequencer
from sora_archive.statement import signing, versions
from sora_archive.statement.models import Signature, State, Tier, Version
from sora_archive.statement.signing import Wish
from tests.provenance.log_cast import log_in

TEXT = "# Our words\n\nWe ask for pay.\n\nWe ask for credit.\n"
RANGE = "192.0.2.0/24"
FORM = {
    "name": "Ada Lovelace", "email": "ada@archive.example", "tier": "artist", "role": "painter",
    "place": "Lisbon", "link": "https://ada.example/",
}  # fmt: skip


@dataclass
class Log:
    """A sequencer that takes up what is waiting whenever it is asked to."""

    sequencer: Sequencer

    def take_up(self) -> None:
        self.sequencer.drain()

    def bodies(self, *kinds: EntryType) -> list[dict[str, object]]:
        """The entries of these types as they stand in the log, with their index as `at`."""
        rows = Entry.objects.filter(kind__in=kinds).order_by("index")
        return [{"at": row.index, **parse_entry(bytes(row.data)).body} for row in rows]


def started_log(folder: Path) -> Log:
    sequencer = log_in(folder)
    sequencer.open()
    return Log(sequencer)


def make_version(log: Log, text: str = TEXT) -> Version:
    """A version that the log has taken up."""
    made = unlogged_version(text)
    log.take_up()
    return made


def unlogged_version(text: str) -> Version:
    """A version whose entry still waits for the log."""
    newest = versions.newest()
    number, digest = newest.number + 1 if newest else 1, versions.sha256(text)
    with transaction.atomic():
        ticket = outbox.submit(EntryType.STATEMENT_VERSION, {"version": number, "sha256": digest})
        return Version.objects.create(
            number=number, text=text, sha256=digest, reason="The artists agreed.",
            made_at=timezone.now(), ticket=ticket,
        )  # fmt: skip


def links(letter: mail.EmailMessage) -> dict[str, str]:
    """The paths of the links in a letter, by what they are for."""
    found = re.findall(r"^http://[^/\s]+(/statement/(\w+)/[\w-]{43}/)$", str(letter.body), re.M)
    return {kind: path for path, kind in found}


def token(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def last_links() -> dict[str, str]:
    return links(mail.outbox[-1])


def wish(number: int = 0, **changes: object) -> Wish:
    """Somebody who wants to sign; each number is another person."""
    given: dict[str, object] = {
        "name": f"Somebody No {number}", "email": f"person{number}@d{number % 97}.example",
        "tier": Tier.SUPPORTER,
    }  # fmt: skip
    return Wish(**given | changes)  # type: ignore[arg-type]


def signed(version: Version, number: int = 0, **changes: object) -> Signature:
    """A confirmed signature whose entry waits for the log; its own link is in the last letter."""
    signing.ask(version, wish(number, **changes), f"10.{number // 200}.{number % 200}.0/24")
    return signing.confirm(token(last_links()["confirm"]))


def counted(version: Version) -> int:
    return version.signatures.filter(state=State.COUNTED).count()


def random_tokens() -> Iterator[str]:
    while True:
        yield secrets.token_urlsafe(32)


def refused(sql: str, words: str) -> None:
    """The database refuses an order, with these words."""
    with pytest.raises(Error, match=words), transaction.atomic():
        connection.cursor().execute(sql)
