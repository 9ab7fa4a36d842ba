"""Stories about what a clip's manifest says, and about what must never stand in it."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from provenance.core import manifests
from provenance.core.errors import ManifestRefused
from provenance.core.records import Opening, commitment
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
    model = manifests.ModelFacts("s", "Starter", "1", "ab" * 32, "CC0-1.0", "P", untrained=False)
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
    ],
    ids=["no zone", "other zone", "no title", "no receipt", "short salt", "mixed up"],
)
def test_facts_that_do_not_hold_are_refused(
    archive: Archive, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ManifestRefused, match=sentence):
        archive.facts(**changes)
