"""A remix that begins with a frame of its parent: asked for, logged, taken from our own file."""

import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError
from django.test import Client

from generation import asking, encode, leases, proposals, publishing, storage
from generation.engines.base import Frame, Frames, OnStep, RenderRequest
from generation.engines.catalog import cards
from generation.engines.pool import POOL
from generation.models import Begin, Clip, Generation, State
from provenance.log import outbox
from sora_archive.accounts.models import User
from tests.generation.square import SquareEngine
from tests.generation.test_asking import request
from tests.generation.test_forms import asked
from tests.generation.test_line import made
from tests.generation.test_remix import ended, manifests_of
from tests.site.hanging import hang, take_down


class Given(SquareEngine):
    """Remembers the frame that it was given."""

    first: Frame | None = None

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        Given.first = request.first
        return super().render(request, on_step)


def card_alone(model: Path, folder: Path, **changes: object) -> Path:
    """The card of a model with changes, in a folder of its own without weights."""
    folder.mkdir(parents=True)
    card = json.loads((model / "card.json").read_text(encoding="utf-8")) | changes
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


@pytest.fixture
def able(settings: Any, tmp_path: Path) -> None:
    """The site's model says that it can begin with a frame."""
    card_alone(cards()[0].folder, tmp_path / "able", begins_with_frame=True)
    settings.GENERATION_MODELS = [tmp_path / "able"]


@pytest.fixture
def parent(studio: None, able: None, ada: User, settings: Any) -> Clip:
    settings.GENERATION_ENGINE = f"{__name__}.Given"
    POOL.clear()
    clip = made(asking.ask(ada, request()))
    publishing.publish(clip)
    clip.refresh_from_db()
    return clip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("which", "index"), [(Begin.FIRST, 0), (Begin.LAST, -1)])
def test_the_frame_comes_from_the_stored_clip_and_is_recorded(
    which: Begin, index: int, parent: Clip, ben: User
) -> None:
    clip = made(asking.ask(ben, request(parent=parent, begins_with=which)))
    frames = encode.decode_mp4(storage.path_of(parent.credential.sha256))
    assert Given.first is not None
    assert np.array_equal(Given.first, frames[index])
    opening = outbox.openings_of(clip.generation.attempt_ticket)["parameters"]
    assert isinstance(opening.value, dict)
    assert opening.value["begins_with"] == which.value
    active, _ = manifests_of(clip)
    (ingredient,) = active["ingredients"]
    assert ingredient["relationship"] == "inputTo"
    assert f"the {which.value} frame of the ingredient" in str(active["assertions"])
    assert f"'begins_with': '{which.value}'" in str(active["assertions"])


@pytest.mark.django_db(transaction=True)
def test_a_remix_of_the_words_alone_opens_no_picture(parent: Clip, ben: User) -> None:
    clip = made(asking.ask(ben, request(parent=parent)))
    assert Given.first is None
    assert "of the ingredient" not in str(manifests_of(clip)[0]["assertions"])


@pytest.mark.django_db(transaction=True)
def test_a_parent_that_was_taken_down_gives_no_frame(parent: Clip, ben: User) -> None:
    generation = asking.ask(ben, request(parent=parent, begins_with=Begin.LAST))
    take_down(parent)
    Given.first = None
    assert ended(generation) == (State.FAILED, "parent_withdrawn")
    assert Given.first is None


@pytest.mark.django_db
def test_the_form_offers_it_for_a_remix_where_the_model_can(
    able: None, ada: User, as_ada: Client
) -> None:
    parent = hang(ada)
    assert 'name="begins_with"' in as_ada.get(f"/ask/?remix={parent.pk}").content.decode()
    assert 'name="begins_with"' not in as_ada.get("/ask/").content.decode()
    form = asked(parent=str(parent.pk), begins_with="last")
    assert form.is_valid(), form.errors
    assert form.requests()[0].begins_with == "last"
    assert "cannot begin" in str(asked(begins_with="last").errors["begins_with"])
    assert not asked(parent=str(parent.pk), begins_with="middle").is_valid()


@pytest.mark.django_db
def test_a_model_that_cannot_is_not_asked(ada: User, as_ada: Client) -> None:
    parent = hang(ada)
    assert 'name="begins_with"' not in as_ada.get(f"/ask/?remix={parent.pk}").content.decode()
    form = asked(parent=str(parent.pk), begins_with="first")
    assert "cannot begin" in str(form.errors["begins_with"])


@pytest.mark.django_db
def test_a_signed_request_keeps_it(able: None, ada: User, ben: User, rung: list[str]) -> None:
    proposal = proposals.propose(ben, request(parent=hang(ada), begins_with=Begin.FIRST))
    assert proposals.accept(ben, proposal, None).begins_with == Begin.FIRST


@pytest.mark.django_db
def test_the_database_refuses_a_beginning_without_a_parent(ada: User, rung: list[str]) -> None:
    generation = asking.ask(ada, request())
    with pytest.raises(IntegrityError):
        Generation.objects.filter(pk=generation.pk).update(begins_with="first")


@pytest.mark.django_db
def test_it_is_never_rendered_together_with_others(
    able: None, ada: User, rung: list[str], settings: Any
) -> None:
    one, other = (asking.ask(ada, request(parent=hang(ada), begins_with=b)) for b in ("", "first"))
    for first in (one, other):
        claimed = leases.claim(first.pk, owner := uuid.uuid4())
        assert claimed is not None
        assert leases.claim_alike(claimed, owner, 4) == []
        leases.hand_back(first.pk, owner)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["LTXPipeline", "WanPipeline"])
def test_real_pipelines_begin_with_the_parents_last_frame(
    name: str, archive_that_logs: None, ada: User, ben: User, tmp_path: Path, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from tests.generation import tiny  # loads diffusers

    monkeypatch.setitem(tiny.CLASSES, "WanPipeline", lambda: tiny.wan(expand_timesteps=True))
    settings.GENERATION_MODELS = [tiny.save(name, tmp_path / name, begins_with_frame=True)]
    parent = made(asking.ask(ada, request()))
    publishing.publish(parent)
    parent.refresh_from_db()
    asked_for = [request(parent=parent, begins_with=b) for b in (Begin.NOTHING, Begin.LAST)]
    without, begun = (made(asking.ask(ben, one)) for one in asked_for)
    assert without.poster_sha256 != begun.poster_sha256
