"""Rows that must not be: the database itself refuses what no page would ever write."""

import pytest
from django.db import Error, connection, transaction

from sora_archive.accounts.models import User
from sora_archive.statement import invalidating
from sora_archive.statement.invalidating import Criteria
from sora_archive.statement.models import Reason, Signature, State, Version
from tests.site.signatories import Log, refused, signed

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def one(version: Version, log: Log) -> Signature:
    """A signature that counts."""
    made = signed(version, 0, name="Ada", role="painter")
    log.take_up()
    return made


@pytest.mark.parametrize(
    ("assignment", "wrong"),
    [
        ("name = 'Ben'", "only ever erased"),
        ("role = 'king'", "only ever erased"),
        ("email = 'ada@archive.example'", "only ever erased"),
        ("tier = 'programme'", "tier of a signature is never changed"),
        ("anonymous = true", "anonymous of a signature is never changed"),
        ("person = repeat('a', 64)", "person of a signature is never changed"),
        ("confirmed_at = now() - interval '1 day'", "confirmed_at of a signature"),
        ("ticket = gen_random_uuid()", "ticket of a signature is never changed"),
        ("asked_at = now()", "asked_at of a signature"),
        ("state = 'waiting'", "does not go from counted to waiting"),
        ("state = 'invalid'", "signature_is_invalid_by_a_decision"),
        ("state = 'withdrawn', withdrawn_at = now()", "signature_leaves_nothing_behind"),
        ("state = 'sealed'", "does not go from counted to sealed"),
        ("withdrawn_at = now()", "signature_leaves_nothing_behind"),
        ("name = ''", "signature_without_name_says_nothing"),
        ("confirmed_tier = 'king'", "signature_words_are_known"),
    ],
)
def test_a_signature_stays_as_it_was_made(one: Signature, assignment: str, wrong: str) -> None:
    refused(f"UPDATE statement_signature SET {assignment}", wrong)  # noqa: S608
    assert Signature.objects.get().name == "Ada"


@pytest.mark.parametrize("sql", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["statement_signature", "statement_invalidation"])
def test_what_the_log_knows_is_never_deleted(
    one: Signature, mo: User, sql: str, table: str
) -> None:
    why = (Reason.NOBODY, "Nobody is called so.")
    invalidating.invalidate(Criteria(1, name="Ada"), 1, why, mo.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE fails for another reason
        with pytest.raises(Error, match="never"), transaction.atomic():
            cursor.execute(sql.format(table))
    assert Signature.objects.exists()


def test_an_invalidation_is_only_undone_and_only_once(one: Signature, mo: User) -> None:
    why = (Reason.NOBODY, "Nobody is called so.")
    made = invalidating.invalidate(Criteria(1, name="Ada"), 1, why, mo.pk)
    for assignment in ("note = 'x'", "size = 9", "criteria = '{}'", "reason = 'automated'"):
        refused(f"UPDATE statement_invalidation SET {assignment}", "never changed")  # noqa: S608
    invalidating.undo(made.pk, "A mistake.", mo.pk)
    refused("UPDATE statement_invalidation SET undone_note = 'x'", "never changed")
    mo.delete()
    made.refresh_from_db()
    assert (made.made_by, made.undone_by) == (None, None)


def test_what_was_taken_back_never_comes_back(one: Signature, version: Version) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE statement_signature SET state = 'withdrawn', withdrawn_at = now(), name = '',"
            " role = '', person = '', email = ''"
        )
        for state in ("counted", "invalid", "waiting"):
            with pytest.raises(Error, match="does not go from withdrawn"), transaction.atomic():
                cursor.execute("UPDATE statement_signature SET state = %s", [state])
    assert Signature.objects.get().state == State.WITHDRAWN


def test_one_person_cannot_count_twice_under_a_version(version: Version, one: Signature) -> None:
    other = signed(version, 1)
    values = {
        field.attname: getattr(other, field.attname)
        for field in Signature._meta.concrete_fields
        if field.attname not in {"id", "ticket", "person"}
    }
    with pytest.raises(Error, match="signature_once_a_person"), transaction.atomic():
        Signature.objects.create(**values, person=one.person, ticket="0" * 32)


def test_an_address_is_kept_by_nobody_who_did_not_ask_for_it(version: Version) -> None:
    kept = signed(version, 3, wants_news=True)
    assert kept.email
    refused("UPDATE statement_signature SET wants_news = false", "keeps_no_address_unasked")
