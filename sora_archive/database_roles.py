"""What each of the three database roles may do: the owner alone could change the log's rows.

The web role reads the log and fills its outbox; the sequencer adds to the log and sees nothing of
the site. The triggers of the log's own migration stand behind this, against the owner's mistakes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import environ
import psycopg
from psycopg import sql

from sora_archive.database_urls import Addresses

READ = ("SELECT",)
# By table: what the web role and the sequencer may do. Of the tables that are not named, the web
# role may do everything with rows, the sequencer nothing.
_LOG: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "log_origin": (READ, ("SELECT", "INSERT")),
    "log_entry": (READ, ("SELECT", "INSERT")),
    "log_tile": (READ, ("SELECT", "INSERT")),
    "log_head": (READ, ("SELECT", "INSERT")),
    "log_checkpoint": (READ, ("SELECT", "INSERT")),
    "log_heartbeat": (READ, ("SELECT", "INSERT", "UPDATE")),
    "log_openattempt": (READ, ("SELECT", "INSERT", "DELETE")),
    "log_mention": (READ, ("SELECT", "INSERT")),
    # What others sign proves itself, so that the process that asks them needs no right to the log.
    "log_cosignature": (("SELECT", "INSERT"), READ),
    "log_anchor": (("SELECT", "INSERT"), READ),
    "log_contradiction": (("SELECT", "INSERT"), READ),
    "log_witness": (("SELECT", "INSERT", "UPDATE"), READ),
    "log_pending": (("SELECT", "INSERT"), ("SELECT", "DELETE")),
    "log_opening": (("SELECT", "INSERT", "DELETE"), ()),
    "django_migrations": (READ, READ),
}
_OWNED = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = ANY(%s)
    ORDER BY tablename
"""
_BEYOND = """
    SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolcreaterole)
"""


class RolesRefused(Exception):
    """The roles cannot be made, or would protect nothing; the text says what to do."""


@dataclass(frozen=True)
class Login:
    """A role as its address names it."""

    name: str
    password: str


def login(url: str) -> Login:
    """The role of an address."""
    found = environ.Env.db_url_config(url)
    return Login(found["USER"], found["PASSWORD"])


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection outside Django, which knows only one role a process."""
    found = environ.Env.db_url_config(url)
    return psycopg.connect(
        host=found["HOST"] or None,
        port=found["PORT"] or None,
        user=found["USER"] or None,
        password=found["PASSWORD"] or None,
        dbname=found["NAME"],
        connect_timeout=5,
        autocommit=True,
    )


def create(admin: "psycopg.Connection[tuple[object, ...]]", roles: Sequence[Login]) -> list[str]:
    """Make the roles that are missing, as ones that may log in and nothing else; their names."""
    made = []
    for role in roles:
        known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name])
        if known.fetchone() is not None:
            continue
        order = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(role.name), sql.Literal(role.password or None)
        )
        try:
            admin.execute(order)
        except psycopg.errors.InsufficientPrivilege as error:
            raise RolesRefused(
                f"{admin.info.user!r} may not make the role {role.name!r}: give the address of "
                f"one who may with --admin, or run there: CREATE ROLE {role.name} LOGIN PASSWORD …"
            ) from error
        made.append(role.name)
    return made


def hand_over(admin: "psycopg.Connection[tuple[object, ...]]", addresses: Addresses) -> None:
    """Make the owner role the owner of the database and of what the other two have made in it."""
    owner = sql.Identifier(login(addresses.owner).name)
    database = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, owner))
    for url in (addresses.sequencer, addresses.web):
        former = sql.Identifier(login(url).name)
        tables = admin.execute(_OWNED, [[login(url).name]]).fetchall()
        if tables:
            admin.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(former, owner))


def grant(owner: "psycopg.Connection[tuple[object, ...]]", addresses: Addresses) -> None:
    """Give web and sequencer what they may do with the tables there are, and take all else.

    To be done after every migration, in one transaction. Raises RolesRefused where one of the
    two could get round it: as the owner of tables, or as a superuser.
    """
    web, sequencer = login(addresses.web).name, login(addresses.sequencer).name
    _refuse_beyond(owner, [web, sequencer])
    with owner.transaction():
        for role in (web, sequencer):
            name = sql.Identifier(role)
            for order in (
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}, PUBLIC",
                "REVOKE CREATE ON SCHEMA public FROM {}, PUBLIC",
                "GRANT USAGE ON SCHEMA public TO {}",
            ):
                owner.execute(sql.SQL(order).format(name))
        name = sql.Identifier(web)
        owner.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name))
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            rows = ("SELECT", "INSERT", "UPDATE", "DELETE")
            of_web, of_sequencer = _LOG.get(str(table), (rows, ()))
            _allow(owner, str(table), web, of_web)
            _allow(owner, str(table), sequencer, of_sequencer)


def _allow(
    owner: "psycopg.Connection[tuple[object, ...]]", table: str, role: str, what: Sequence[str]
) -> None:
    if what:
        order = sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(", ").join(map(sql.SQL, what)),
            sql.Identifier("public", table),
            sql.Identifier(role),
        )
        owner.execute(order)


def _refuse_beyond(owner: "psycopg.Connection[tuple[object, ...]]", names: list[str]) -> None:
    if strong := owner.execute(_BEYOND, [names]).fetchall():
        raise RolesRefused(
            f"{strong[0][0]!r} is a superuser or may make roles, so that no right can be kept "
            "from it: name another role in its address."
        )
    if owned := owner.execute(_OWNED, [names]).fetchall():
        raise RolesRefused(
            f"The table {owned[0][0]!r} and {len(owned) - 1} more belong to the web or the "
            "sequencer role, and an owner can do everything: give a superuser's address with "
            "--admin, who hands them over."
        )
