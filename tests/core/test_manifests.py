"""Stories about what a clip's manifest says, and about what must never stand in it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from provenance.core import manifests
from provenance.core.clip_facts import EngineFacts, Licence, ModelFacts, Use
from provenance.core.errors import ManifestRefused
from provenance.core.records import Hidden, Opening, commitment
from tests.core.clips import NOW, PROMPT, Archive, salt
from tests.people import ADA


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive()


@pytest.fixture(scope="module")
def manifest(archive: Archive) -> dict[str, Any]:
    return manifests.clip_manifest(archive.facts())


def data_of(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    (found,) = (each["data"] for each in manifest["assertions"] if each["label"] == label)
    assert isinstance(found, dict)
    return found


def test_every_assertion_is_one_that_the_signer_created(manifest: dict[str, Any]) -> None:
    assert len(manifest["assertions"]) == 8
    assert all(each["created"] is True for each in manifest["assertions"])


def test_the_clip_is_said_to_be_generated_and_nothing_else_was_done(
    manifest: dict[str, Any],
) -> None:
    data = data_of(manifest, "c2pa.actions.v2")
    (action,) = data["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert data["allActionsIncluded"] is True
    assert manifest["claim_generator_info"][0]["specVersion"] == "2.4.0"


def test_training_and_mining_are_not_allowed(manifest: dict[str, Any]) -> None:
    entries = data_of(manifest, "cawg.training-mining")["entries"]
    assert len(entries) == 4
    assert {entry["use"] for entry in entries.values()} == {"notAllowed"}


def test_the_prompt_stands_in_one_assertion_alone(manifest: dict[str, Any]) -> None:
    holders = [each["label"] for each in manifest["assertions"] if PROMPT in json.dumps(each)]
    assert holders == [manifests.PROMPT]
    assert PROMPT not in manifest["title"]


def test_the_artists_name_stands_in_one_assertion_alone(manifest: dict[str, Any]) -> None:
    holders = [
        each["label"] for each in manifest["assertions"] if f'"{ADA.pseudonym}"' in json.dumps(each)
    ]
    assert holders == [manifests.ARTIST]


@pytest.mark.parametrize("label", [manifests.PROMPT, manifests.ARTIST])
def test_a_disclosed_value_opens_its_commitment(manifest: dict[str, Any], label: str) -> None:
    data = data_of(manifest, label)
    field = label.rsplit(".", 1)[1]
    opened = commitment(field, bytes.fromhex(data["salt"]), data["value"])
    assert data["commitment"] == opened


def test_an_untrained_model_is_called_so_in_so_many_words(archive: Archive) -> None:
    untrained = data_of(manifests.clip_manifest(archive.facts()), manifests.GENERATION)["model"]
    assert "untrained test model" in untrained["note"]
    model = ModelFacts("s", "Starter", "1", "ab" * 32, "CC0-1.0", "P", untrained=False)
    trained = data_of(manifests.clip_manifest(archive.facts(model=model)), manifests.GENERATION)
    assert "note" not in trained["model"]


def test_a_seed_of_64_bits_is_text(manifest: dict[str, Any]) -> None:
    parameters = data_of(manifest, manifests.GENERATION)["parameters"]["value"]
    assert parameters["seed"] == "9223372036854775807"


def test_every_group_of_facts_says_who_asserts_it(manifest: dict[str, Any]) -> None:
    generation = data_of(manifest, manifests.GENERATION)
    assert {name: part["asserted_by"] for name, part in generation.items()} == {
        "parameters": "artist", "model": "archive", "engine": "archive",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"created_at": datetime(2026, 11, 23)}, "UTC"),
        ({"created_at": NOW.astimezone(timezone(timedelta(hours=2)))}, "UTC"),
        ({"title": "  "}, "title"),
        ({"receipts": ()}, "receipts"),
        ({"file_salt": b"short"}, "32 bytes"),
        ({"artist": Opening("prompt", salt(2), {"prompt": "?"})}, "of another field"),
        ({"title": "two\nlines"}, "one line"),
        ({"title": "x" * 201}, "200 letters"),
        ({"allowed_uses": {"ai_training"}}, "CAWG"),
        ({"prompt": Hidden("prompt", "banana")}, "commitment"),
        ({"prompt": Hidden("artist", "ab" * 32)}, "of another field"),
        ({"prompt": Opening("prompt", salt(1), {"prompt": "", "negative_prompt": ""})}, "form"),
        ({"artist": Opening("artist", salt(2), "Ada")}, "form"),
        ({"media": Opening("media", salt(4), {"sha256": "none"})}, "form"),
    ],
)
def test_facts_that_do_not_hold_are_refused(
    archive: Archive, changes: dict[str, Any], sentence: str
) -> None:
    sound = archive.facts()
    with pytest.raises(ManifestRefused, match=sentence):
        replace(sound, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 7}, {"seed": "banana"}, {"seed": "9" * 20}, {"steps": 2**63}, {"steps": 0},
        {"steps": True}, {"width": "64"}, {"guidance": 2.5}, {"model": None}, {"frames": None},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_the_format_could_not_hold_are_refused(
    archive: Archive, changes: dict[str, Any]
) -> None:
    """A number beyond 64 bits would fail when it is signed, and a wrong one would be signed."""
    sound = archive.facts()
    asked = sound.parameters.value
    assert isinstance(asked, dict)
    with pytest.raises(ManifestRefused, match="parameters"):
        replace(sound, parameters=Opening("parameters", salt(3), asked | changes))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ModelFacts, ("m", "M", "1", "no digest", "CC0-1.0", "P", False)),
        (ModelFacts, ("m", "M", "", "ab" * 32, "CC0-1.0", "P", False)),
        (EngineFacts, ("e", "DDIM", {})),
        (Licence, ("",)),
        (Licence, ("Mine", "javascript:alert(1)")),
    ],
)
def test_parts_that_do_not_hold_are_refused(kind: Any, values: tuple[Any, ...]) -> None:
    with pytest.raises(ManifestRefused):
        kind(*values)


def test_the_artist_chooses_what_machines_may_do(archive: Archive) -> None:
    manifest = manifests.clip_manifest(archive.facts(allowed_uses={Use.MINING, Use.INFERENCE}))
    entries = data_of(manifest, "cawg.training-mining")["entries"]
    assert {use: entry["use"] for use, entry in entries.items()} == {
        "cawg.ai_inference": "allowed", "cawg.ai_generative_training": "notAllowed",
        "cawg.ai_training": "notAllowed", "cawg.data_mining": "allowed",
    }  # fmt: skip


def test_the_metadata_tell_title_and_licence_and_no_name(archive: Archive) -> None:
    licence = Licence("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
    data = data_of(manifests.clip_manifest(archive.facts(licence=licence)), "cawg.metadata")
    assert data["xmpRights:WebStatement"] == licence.url
    assert data["xmpRights:UsageTerms"] == "CC BY 4.0"
    assert set(data) - {"@context"} == {
        "dc:title", "xmpRights:UsageTerms", "xmpRights:WebStatement",
    }  # fmt: skip
    assert ADA.pseudonym not in json.dumps(data)


def test_a_hidden_prompt_is_its_commitment_alone(archive: Archive) -> None:
    opening = archive.facts().prompt
    manifest = manifests.clip_manifest(archive.facts(prompt=Hidden("prompt", opening.commitment)))
    assert data_of(manifest, manifests.PROMPT) == {
        "asserted_by": "artist", "hidden": True, "commitment": opening.commitment,
    }  # fmt: skip
    assert PROMPT not in json.dumps(manifest)


def test_a_remix_names_its_parent_as_an_input(archive: Archive) -> None:
    """No picture of the parent is opened: a new clip is created from a request like its own."""
    (action,) = data_of(manifests.clip_manifest(archive.facts(parent="Clip 1")), "c2pa.actions.v2")[
        "actions"
    ]
    assert (action["action"], action["parameters"]) == (
        "c2pa.created", {"ingredientIds": [manifests.PARENT]},
    )  # fmt: skip
