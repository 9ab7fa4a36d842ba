"""Stories of the lines that a process writes: what a database adds to its errors is not in them."""

import json
import logging

import pytest
from django.db import IntegrityError, connection

from sora_archive.accounts.models import User
from sora_archive.logs import JsonLine, Line
from tests.people import ADA


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Line, JsonLine])
def test_the_row_that_a_database_refused_stays_out_of_the_log(
    ada: User, kind: type[logging.Formatter]
) -> None:
    statement = "UPDATE accounts_user SET password = NULL WHERE pseudonym = 'Ada'"
    with pytest.raises(IntegrityError, match="Failing row contains") as refused:
        connection.cursor().execute(statement)
    # Celery quotes the error's representation in its own sentence, besides the traceback.
    record = logging.LogRecord(
        "celery.app.trace", logging.ERROR, __file__, 1, "raised unexpected: %r", (refused.value,),
        (refused.type, refused.value, refused.tb),
    )  # fmt: skip
    line = kind().format(record)
    assert "violates not-null constraint" in line
    assert "Failing row" not in line
    assert ADA.username not in line.replace("accounts_user", "")
    if kind is JsonLine:
        assert "Traceback" in json.loads(line)["trace"]
