"""Asset rubrics over real clips, evaluated by Adobe's json-formula: the archive's own rubric, and
the official ones of the C2PA where their folder is named.

The official files are not part of this repository. With a copy of the C2PA's repository
`conformance-public`, `C2PA_RUBRICS=…/asset-rubrics pytest tests/interop/test_rubrics.py` runs them.
"""

import json
import os
import subprocess
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from provenance.core import credentials
from tests.core.clips import Archive

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "requirements" / "npm"
OWN = HERE / "rubric.yml"
SPEC = "2.4"
FOLDER = os.environ.get("C2PA_RUBRICS", "")
DEMANDS = [OWN] + [
    Path(FOLDER) / f"asset-rubric-{name}.yml"
    for name in (f"conformance0.2-spec{SPEC}", "integrity")
    if FOLDER
]
SIGNALS = [Path(FOLDER) / "asset-rubric-signals-local.yml"] if FOLDER else []


def evaluate(rubric: Path, data: dict[str, Any]) -> dict[str, Any]:
    """What every statement of a rubric says of the data: true, false, or an error."""
    block, *rest = yaml.safe_load_all(rubric.read_text(encoding="utf-8"))
    statements = [each for part in rest for each in (part if isinstance(part, list) else [part])]
    question = {
        "packages": str(PACKAGES),
        "rubric": [block, *statements],
        "data": data,
        "spec": SPEC,
    }
    done = subprocess.run(
        ["node", str(HERE / "rubrics.mjs")],
        input=json.dumps(question, default=str), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    assert found
    return found


@dataclass(frozen=True)
class Shelf:
    """The crJSON of a clip and of a remix of it."""

    clip: dict[str, Any]
    remix: dict[str, Any]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    archive, folder = Archive(), tmp_path_factory.mktemp("clips")
    clip = archive.sign(folder)
    remix = archive.sign(
        folder, archive.facts(parent=clip.facts.title), name="remix", shift=3, parent=clip.path
    )
    found = [credentials.read(each.path, archive.anchors) for each in (clip, remix)]
    return Shelf(*(dict(raw.crjson) for raw in found if raw is not None))


@pytest.mark.parametrize("rubric", DEMANDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("which", ["clip", "remix"])
def test_every_statement_of_the_rubric_holds(shelf: Shelf, rubric: Path, which: str) -> None:
    found = evaluate(rubric, getattr(shelf, which))
    assert {name for name, holds in found.items() if holds is not True} == set()


@pytest.mark.parametrize("which", ["clip", "remix"])
def test_the_signals_are_those_of_a_fully_generated_clip(shelf: Shelf, which: str) -> None:
    """Each manifest of the file alone, as the official evaluator gives them to its rubric."""
    for manifest in getattr(shelf, which)["manifests"]:
        for rubric in SIGNALS:
            found = evaluate(rubric, manifest)
            told = {name for name, holds in found.items() if holds is not False}
            assert told == {"inception:signal_fullyGenAIMedia"}
        acts = manifest["assertions"]["c2pa.actions.v2"]["actions"]
        assert [act["digitalSourceType"].rsplit("/")[-1] for act in acts] == [
            "trainedAlgorithmicMedia"
        ]
        ingredients = [
            part for label, part in manifest["assertions"].items() if "c2pa.ingredient" in label
        ]
        assert all(part.get("activeManifest") for part in ingredients)  # known provenance


def parts(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["manifests"][0]["assertions"]
    return found


def claim(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["manifests"][0]["claim.v2"]
    return found


def info(data: dict[str, Any]) -> dict[str, Any]:
    found = claim(data)["claim_generator_info"]
    first: dict[str, Any] = found[0] if isinstance(found, list) else found
    return first


def act(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = parts(data)["c2pa.actions.v2"]["actions"][0]
    return found


Change = Callable[[dict[str, Any]], object]
BREAKS: dict[str, Change] = {
    "names_the_specification": lambda data: info(data).pop("specVersion"),
    "newest_kind_of_name": lambda data: data["manifests"][0].update(label="urn:uuid:1"),
    "one_act_of_creation": lambda data: act(data).update(digitalSourceType="banana"),
    "all_acts_are_told": lambda data: parts(data)["c2pa.actions.v2"].pop("allActionsIncluded"),
    "actions_come_first": lambda data: claim(data).update(gathered_assertions=[{"url": "x"}]),
    "says_all_that_it_must": lambda data: parts(data).pop("c2pa.thumbnail.claim"),
    "discloses_the_model": lambda data: parts(data)["c2pa.ai-disclosure"].pop("contentProfile"),
    "speaks_of_all_four_uses": lambda data: parts(data)["cawg.training-mining"]["entries"].pop(
        "cawg.ai_training"
    ),
    "no_name_in_the_metadata": lambda data: parts(data)["cawg.metadata"].update(
        {"dc:creator": "Ada"}
    ),
    "says_who_asserts_what": lambda data: parts(data)["org.sora-archive.generation"]["model"].pop(
        "asserted_by"
    ),
    "seed_is_text": lambda data: parts(data)["org.sora-archive.generation"]["parameters"][
        "value"
    ].update(seed=7),
    "brings_its_receipts": lambda data: parts(data)["org.sora-archive.receipt"]["receipts"].pop(),
    "an_ingredient_has_a_past": lambda data: parts(data)["c2pa.ingredient.v3"].pop(
        "activeManifest"
    ),
    "bound_to_the_video": lambda data: parts(data).pop("c2pa.hash.bmff.v3"),
    "validated": lambda data: data["manifests"][0]["validationResults"].update(
        failure=[{"code": "claimSignature.mismatch"}]
    ),
    "names_are_spaced": lambda data: parts(data).update(prompt={}),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_statement_of_our_own_rubric_can_fail(shelf: Shelf, name: str) -> None:
    data = deepcopy(shelf.remix)
    BREAKS[name](data)
    found = evaluate(OWN, data)
    assert {key for key, holds in found.items() if holds is False} == {f"archive:{name}"}


def test_no_statement_of_our_own_rubric_is_left_untried(shelf: Shelf) -> None:
    assert evaluate(OWN, shelf.clip).keys() == {f"archive:{name}" for name in BREAKS}
