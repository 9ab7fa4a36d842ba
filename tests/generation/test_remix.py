"""A remix carries the whole credential of its parent, and the parent is the archive's own file."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from generation import asking, line, publishing, storage
from generation.models import Clip, Generation, Licence, State, Use, Visibility
from provenance import vault
from provenance.core import credentials
from provenance.log import outbox
from sora_archive.accounts.models import User
from tests.assets import broken
from tests.generation.test_asking import request
from tests.generation.test_forms import asked
from tests.generation.test_line import made
from tests.site.hanging import hang, take_down


@pytest.fixture
def parent(archive: None, ada: User) -> Clip:
    """A clip of ada's that everybody can see."""
    clip = made(asking.ask(ada, request()))
    publishing.publish(clip)
    clip.refresh_from_db()
    return clip


def manifests_of(clip: Clip) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the library says of a clip's file: the active manifest, and all of them by name."""
    raw = credentials.read(
        storage.path_of(clip.credential.sha256), vault.anchors(settings.KEYS_DIR)
    )
    assert raw is not None
    return raw.store["manifests"][raw.store["active_manifest"]], dict(raw.store["manifests"])


@pytest.mark.slow
def test_a_remix_brings_its_parent_along(parent: Clip, ben: User) -> None:
    clip = made(asking.ask(ben, request(parent=parent)))
    active, known = manifests_of(clip)
    (ingredient,) = active["ingredients"]
    assert ingredient["relationship"] == "inputTo"
    assert ingredient["title"] == parent.title
    assert ingredient["active_manifest"] == parent.credential.manifest_id
    assert set(known) == {clip.credential.manifest_id, parent.credential.manifest_id}
    assert (
        "failure" not in str(ingredient["validation_results"])
        or not (ingredient["validation_results"]["activeManifest"]["failure"])
    )
    opening = outbox.openings_of(clip.generation.attempt_ticket)["parameters"]
    assert isinstance(opening.value, dict)
    assert opening.value["parent"] == str(parent.pk)


def ended(generation: Generation) -> tuple[str, str]:
    line.run(generation.pk)
    generation.refresh_from_db()
    assert not Clip.objects.filter(generation=generation).exists()
    return generation.state, generation.reason_code


@pytest.mark.slow
def test_a_parent_that_was_taken_down_meanwhile_is_not_remixed(parent: Clip, ben: User) -> None:
    generation = asking.ask(ben, request(parent=parent))
    take_down(parent)
    assert ended(generation) == (State.FAILED, "parent_withdrawn")


@pytest.mark.slow
def test_a_parent_whose_file_was_changed_on_our_disk_is_not_remixed(
    parent: Clip, ben: User
) -> None:
    generation = asking.ask(ben, request(parent=parent))
    file = storage.path_of(parent.credential.sha256)
    file.write_bytes(broken.free_box_appended(file.read_bytes()))  # no reader would notice
    assert ended(generation) == (State.FAILED, "parent_damaged")


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", [Visibility.DRAFT, Visibility.WITHDRAWN])
def test_what_the_public_cannot_see_cannot_be_a_parent(
    ada: User, as_ada: Client, visibility: Visibility
) -> None:
    hidden = hang(ada, visibility=visibility)
    form = asked(parent=str(hidden.pk))
    assert not form.is_valid()
    assert "is not public" in str(form.errors["parent"])
    assert "A remix of" not in as_ada.get(f"/ask/?remix={hidden.pk}").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("parent", ["5f3d1c60-1c1e-4e0b-9a55-3a5a6a1b7c2d", "banana"])
def test_a_parent_that_is_none_is_refused(as_ada: Client, parent: str) -> None:
    assert not asked(parent=parent).is_valid()
    assert as_ada.get(f"/ask/?remix={parent}").status_code == 200


@pytest.mark.django_db
def test_the_choices_of_the_form_reach_the_row(ada: User, ben: User, rung: list[str]) -> None:
    parent = hang(ada)
    form = asked(
        parent=str(parent.pk), licence=Licence.CC_BY, hide_prompt="on",
        allowed_uses=[Use.MINING, Use.INFERENCE],
    )  # fmt: skip
    assert form.is_valid(), form.errors
    row = Generation.objects.get(pk=asking.ask(ben, form.requests()[0]).pk)
    assert row.parent == parent
    assert (row.licence, row.prompt_hidden) == (Licence.CC_BY, True)
    assert row.allowed_uses == [Use.INFERENCE, Use.MINING]


def test_forms_that_say_nothing_forbid_everything() -> None:
    form = asked()
    assert form.is_valid(), form.errors
    chosen = form.requests()[0]
    assert (chosen.licence, chosen.allowed_uses, chosen.hide_prompt) == (Licence.NONE, [], False)
    assert chosen.parent is None
    assert not asked(allowed_uses=["ai_everything"]).is_valid()
    assert not asked(licence="mine").is_valid()
