"""Stories of the statement: one text file, one page."""

import hashlib
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from sora_archive.statement.checks import statement_can_be_read
from sora_archive.statement.errors import StatementUnreadable
from sora_archive.statement.words import LARGEST_BYTES, Block, load, parse

TEXT = """# Our words

First line
of one paragraph.
## A demand
- one
- two

Last.
"""


def test_a_text_becomes_title_headings_lists_and_paragraphs() -> None:
    statement = parse(TEXT.encode())
    assert (statement.title, statement.draft) == ("Our words", False)
    assert statement.blocks == [
        Block("paragraph", ("First line", "of one paragraph.")),
        Block("heading", ("A demand",)),
        Block("list", ("one", "two")),
        Block("paragraph", ("Last.",)),
    ]


def test_the_hash_is_that_of_the_file() -> None:
    assert parse(TEXT.encode()).sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"", "begin with its title"),
        (b"No title, only words.", "begin with its title"),
        (b"# Title\n\xff\xfe", "not UTF-8"),
        (b"# Title\n\nA NUL \0 inside", "NUL"),
        (b"# " + b"x" * LARGEST_BYTES, "longer than"),
    ],
    ids=["empty", "untitled", "latin1", "nul", "too_long"],
)
def test_what_is_no_statement_is_refused_with_words(text: bytes, wrong: str) -> None:
    with pytest.raises(StatementUnreadable, match=wrong):
        parse(text)


def test_the_draft_that_ships_is_marked_as_one(client: Client, db: None) -> None:
    page = client.get("/statement/")
    assert page.status_code == 200
    assert "A draft, to be replaced" in page.content.decode()
    assert "No artist wrote it and nobody has signed it" in page.content.decode()


def test_the_artists_own_text_replaces_the_draft(
    client: Client, settings: Settings, tmp_path: Path, db: None
) -> None:
    own = tmp_path / "own.md"
    own.write_text(TEXT + "\n<b>bold</b> stays *text*.\n", encoding="utf-8")
    settings.STATEMENT_FILE = own
    page = client.get("/statement/").content.decode()
    assert "Our words</h1>" in page
    assert "A draft, to be replaced" not in page
    assert "&lt;b&gt;bold&lt;/b&gt; stays *text*." in page
    assert load(own).sha256 in page


def test_a_missing_file_is_said_to_the_operator_and_breaks_no_page(
    client: Client, settings: Settings, tmp_path: Path, db: None
) -> None:
    assert statement_can_be_read() == []
    settings.STATEMENT_FILE = tmp_path / "gone.md"
    assert [problem.id for problem in statement_can_be_read()] == ["statement.E001"]
    response = client.get("/statement/")
    assert response.status_code == 503
    assert "cannot be shown just now" in response.content.decode()
    assert str(tmp_path) not in response.content.decode()
