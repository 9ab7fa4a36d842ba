"""Asset rubrics over real clips, evaluated by Adobe's json-formula: the archive's own rubric, and
the official ones of the C2PA where their folder is named.

The official files are not part of this repository; docs/verify.md, The official rubrics, says why.
Where C2PA_RUBRICS is set they have to be in that folder, and whole: nothing is skipped.
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
from django.conf import settings

from generation import asking, publishing, storage
from generation.models import Clip, Licence, Use
from provenance import vault
from provenance.core import credentials
from sora_archive.accounts.models import User
from tests.core.clips import Archive
from tests.generation.conftest import archive, archive_that_logs, rung
from tests.generation.test_asking import PROMPT, request
from tests.generation.test_line import made

pytestmark = pytest.mark.slow
__all__ = ["archive", "archive_that_logs", "rung"]

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "requirements" / "npm"
OWN = HERE / "rubric.yml"
SPEC = "2.4"
NAMED = "C2PA_RUBRICS" in os.environ  # an empty name is a slip, and fails like a wrong one
FOLDER = Path(os.environ.get("C2PA_RUBRICS", ""))
# The rubrics that have to hold, and how many statements each has at the least.
DEMANDS = {OWN: 16} | (
    {
        FOLDER / f"asset-rubric-conformance0.2-spec{SPEC}.yml": 31,
        FOLDER / "asset-rubric-integrity.yml": 6,
    }
    if NAMED
    else {}
)
# What our own rubric asks of a clip, and what took its place is not: it was opened, and misses what
# was erased.
EDITED = {"archive:one_act_of_creation", "archive:says_all_that_it_must"}
SIGNALS = {FOLDER / "asset-rubric-signals-local.yml": 14} if NAMED else {}


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


def unmet(rubric: Path, data: dict[str, Any]) -> set[str]:
    """The statements of a rubric that do not hold; a rubric that is not whole is none."""
    found = evaluate(rubric, data)
    assert len(found) >= DEMANDS[rubric]
    return {name for name, holds in found.items() if holds is not True}


def signals(rubric: Path, manifest: dict[str, Any]) -> set[str]:
    """The signals that one manifest gives, alone, as the official evaluator asks for them."""
    found = evaluate(rubric, manifest)
    assert len(found) >= SIGNALS[rubric]
    return {name for name, holds in found.items() if holds is not False}


@dataclass(frozen=True)
class Shelf:
    """The crJSON of a clip, of a remix of it, and of what took its place after an erasure."""

    clip: dict[str, Any]
    remix: dict[str, Any]
    redacted: dict[str, Any]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    archive, folder = Archive(), tmp_path_factory.mktemp("clips")
    clip = archive.sign(folder)
    remix = archive.sign(
        folder, archive.facts(parent=clip.facts.title), name="remix", shift=3, parent=clip.path
    )
    redacted = archive.redact(clip, "prompt")
    found = [credentials.read(each.path, archive.anchors) for each in (clip, remix, redacted)]
    return Shelf(*(dict(raw.crjson) for raw in found if raw is not None))


@pytest.mark.parametrize("rubric", DEMANDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("which", ["clip", "remix", "redacted"])
def test_every_statement_of_the_rubric_holds(shelf: Shelf, rubric: Path, which: str) -> None:
    other = EDITED if (rubric, which) == (OWN, "redacted") else set[str]()
    assert unmet(rubric, getattr(shelf, which)) == other


def test_what_was_redacted_is_an_edit_of_a_fully_generated_clip(shelf: Shelf) -> None:
    edit, origin = shelf.redacted["manifests"]
    for rubric in SIGNALS:
        assert signals(rubric, edit) == {"transformation:signal_nonEditorial"}
        assert signals(rubric, origin) == {"inception:signal_fullyGenAIMedia"}
    for manifest in (edit, origin):
        assert manifest["claim.v2"]["gathered_assertions"] == []
        assert manifest["assertions"]["c2pa.actions.v2"]["allActionsIncluded"] is True


@pytest.mark.parametrize("which", ["clip", "remix"])
def test_the_signals_are_those_of_a_fully_generated_clip(shelf: Shelf, which: str) -> None:
    for manifest in getattr(shelf, which)["manifests"]:
        for rubric in SIGNALS:
            assert signals(rubric, manifest) == {"inception:signal_fullyGenAIMedia"}
        acts = manifest["assertions"]["c2pa.actions.v2"]["actions"]
        assert [act["digitalSourceType"].rsplit("/")[-1] for act in acts] == [
            "trainedAlgorithmicMedia"
        ]
        ingredients = [
            part for label, part in manifest["assertions"].items() if "c2pa.ingredient" in label
        ]
        assert all(part.get("activeManifest") for part in ingredients)  # known provenance


def crjson_of(clip: Clip) -> dict[str, Any]:
    """The library's second report on the file of a clip, as the official evaluator reads it."""
    file = storage.path_of(clip.credential.sha256)
    raw = credentials.read(file, vault.anchors(settings.KEYS_DIR))
    assert raw is not None
    return dict(raw.crjson)


@pytest.mark.django_db(transaction=True)
def test_clips_off_the_line_hold_and_say_what_their_artists_chose(
    archive: None, ada: User, ben: User
) -> None:
    """A plain clip, and a remix of it with a hidden prompt, a licence and two uses allowed."""
    plain = made(asking.ask(ada, request()))
    publishing.publish(plain)
    chosen = request(
        parent=plain, hide_prompt=True, licence=Licence.CC_BY,
        allowed_uses=[Use.MINING, Use.INFERENCE],
    )  # fmt: skip
    remix = made(asking.ask(ben, chosen))
    for data in (crjson_of(plain), crjson_of(remix)):
        assert {rubric.stem: unmet(rubric, data) for rubric in DEMANDS} == {
            rubric.stem: set() for rubric in DEMANDS
        }
        for manifest in data["manifests"]:
            for rubric in SIGNALS:
                assert signals(rubric, manifest) == {"inception:signal_fullyGenAIMedia"}

    data = crjson_of(remix)
    said = parts(data)
    uses = said["cawg.training-mining"]["entries"]
    allowed = {use for use, each in uses.items() if each["use"] == "allowed"}
    assert allowed == {"cawg.data_mining", "cawg.ai_inference"}
    assert said["cawg.metadata"]["xmpRights:WebStatement"].endswith("/licenses/by/4.0/")
    assert said["org.sora-archive.prompt"].keys() == {"asserted_by", "hidden", "commitment"}
    words = storage.path_of(remix.credential.sha256).read_bytes().count(PROMPT.encode())
    assert words == 1  # those of the clip that it was made from, which ada told
    before = data["manifests"][1]["assertions"]["cawg.training-mining"]["entries"]
    assert {each["use"] for each in before.values()} == {"notAllowed"}


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
    assert len(BREAKS) == DEMANDS[OWN]
