"""Which address of the database a process uses: the owner's, the sequencer's, or the web's.

Three roles, so that neither the site nor its workers can change what the log holds, and only the
sequencer can add to it. Each process knows itself as one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from sora_archive import embedded, env

# All other commands, the web server and the workers are the web role.
ROLE_OF_COMMAND = {
    "migrate": "owner", "createroles": "owner", "backup": "owner", "restore": "owner",
    "mendoutbox": "owner", "sequencer": "sequencer", "importlog": "sequencer",
}  # fmt: skip

# What is done while the archive stands still: for these an embedded database that sleeps is woken.
WOKEN_FOR = {"auditlog", "exportlog", "importlog", "mendoutbox"}


def wakes(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for something that needs the database of a sleeping archive."""
    command, rest = "".join(arguments[1:2]), arguments[2:]
    of_a_copy = any(word.startswith(("--url", "--dir")) for word in rest)
    if {"-h", "--help"} & {*rest} or (command == "auditlog" and of_a_copy):
        return False
    return command in WOKEN_FOR


@dataclass(frozen=True)
class Addresses:
    """The three addresses; all the same where only DATABASE_URL was given."""

    owner: str
    sequencer: str
    web: str

    @property
    def are_separate(self) -> bool:
        """Whether each role has an address of its own."""
        return len({self.owner, self.sequencer, self.web}) == 3

    def of(self, role: str) -> str:
        """The address of a role: owner, sequencer or web."""
        try:
            return {"owner": self.owner, "sequencer": self.sequencer, "web": self.web}[role]
        except KeyError as error:
            raise ImproperlyConfigured(
                f"DATABASE_ROLE must be owner, sequencer or web, not {role!r}."
            ) from error


def addresses(data: Path) -> Addresses:
    """The addresses from the environment, else those of the embedded database."""
    web = env.text("DATABASE_URL")
    owner, sequencer = env.text("OWNER_DATABASE_URL"), env.text("SEQUENCER_DATABASE_URL")
    if web:
        owner = owner or web
        return Addresses(owner, sequencer or owner, web)
    if owner or sequencer:
        raise ImproperlyConfigured(
            "OWNER_DATABASE_URL and SEQUENCER_DATABASE_URL go with DATABASE_URL, which is empty."
        )
    return Addresses(
        embedded.postgres_url(data, embedded.OWNER),
        embedded.postgres_url(data, embedded.SEQUENCER),
        embedded.postgres_url(data, embedded.WEB),
    )
