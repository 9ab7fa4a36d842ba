"""What two readers that nobody here wrote make of our feeds: feedparser and atoma."""

from datetime import UTC
from urllib.parse import urlencode

import atoma
import feedparser
import pytest
from django.test import Client

from generation.models import Clip
from sora_archive.accounts.models import User
from sora_archive.gallery import curating
from tests.site.hanging import hang

TITLE = "Things that leave <em>& return</em>"


@pytest.fixture
def clip(ada: User, ben: User, mo: User) -> Clip:
    """Ada's clip with a hostile title, in a collection; ben's hangs before it."""
    hang(ben, "By ben")
    clip = hang(ada, "<b>Lantern</b> & \u202ewind\x07", minute=5, prompt="a lantern")
    made = curating.make(TITLE, "", mo.pk)
    curating.add(made, str(clip.pk))
    made.shown = True
    made.save()
    return clip


@pytest.mark.parametrize(
    ("choice", "entries"),
    [({}, 2), ({"artist": "Ada"}, 1), ({"model": "Untrained test model"}, 2),
     ({"collection": TITLE}, 1), ({"q": "lantern"}, 1), ({"q": "nothing"}, 0)],
    ids=str,
)  # fmt: skip
def test_two_readers_agree_on_every_feed(
    client: Client, clip: Clip, choice: dict[str, str], entries: int
) -> None:
    response = client.get(f"/clips/feed.atom?{urlencode(choice)}")
    theirs, others = feedparser.parse(response.content), atoma.parse_atom_bytes(response.content)
    assert not theirs.bozo, theirs.get("bozo_exception")
    assert theirs.version == "atom10"
    assert len(theirs.entries) == len(others.entries) == entries
    for one, other in zip(theirs.entries, others.entries, strict=True):
        assert one.id == other.id_
        assert one.title == other.title.value
        assert one.author == other.authors[0].name
        links = {link.rel: link.href for link in other.links}
        assert one.link == links["alternate"]
        assert one.enclosures[0].href == links["enclosure"]
        assert one.enclosures[0].type == "video/mp4"
        assert one.updated == other.updated.astimezone(UTC).isoformat()


def test_a_reader_is_given_text_and_no_markup(client: Client, clip: Clip) -> None:
    newest = feedparser.parse(client.get("/clips/feed.atom").content).entries[0]
    assert newest.id == f"urn:uuid:{clip.pk}"
    assert newest.title == "<b>Lantern</b> &  wind"
    assert "a lantern" in newest.summary


def test_the_feed_of_the_statement_is_read_by_both(client: Client, db: None) -> None:
    body = client.get("/statement/versions.atom").content
    theirs, others = feedparser.parse(body), atoma.parse_atom_bytes(body)
    assert not theirs.bozo
    assert theirs.feed.title == others.title.value
