"""Two other readers over every listed file: encypher-c2pa, an engine that shares no code with the
library that signs here, and the C2PA's own reader for browsers. Where they differ is written down.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import encypher_c2pa
import pytest

from provenance.core import credentials, readings
from provenance.core.credentials import EXTENDED_KEY_USAGES, RawReport
from provenance.core.errors import RemoteManifest, Unreadable
from provenance.core.readings import Reading
from provenance.core.records import Hidden
from tests.core.clips import Archive
from tests.provenance.shelf import ASSETS, Shelf

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
READERS = ("c2pa-python", "c2pa-wasm", "encypher-c2pa")
FLOOD_BYTES = 2_000_000  # what takes minutes to read is given to no reader without limits


def remix(shelf: Shelf) -> bytes:
    facts = shelf.archive.facts(parent=shelf.clip.facts.title)
    return shelf.archive.sign(shelf.folder, facts, "remix", shift=3, parent=shelf.clip.path).data


def hidden_prompt(shelf: Shelf) -> bytes:
    hidden = Hidden("prompt", shelf.clip.facts.prompt.commitment)
    return shelf.archive.sign(shelf.folder, shelf.archive.facts(prompt=hidden), "hidden").data


MAKE: dict[str, Callable[[Shelf], bytes]] = {
    "remix": remix,
    "hidden_prompt": hidden_prompt,
    **{asset.name: asset.make for asset in ASSETS},
}
# What all three say of some; "holds" is a file whose bytes are as signed, by nobody accepted.
SAID = {
    **dict.fromkeys(("ours_intact", "remix", "hidden_prompt", "free_box_appended"), "trusted"),
    **dict.fromkeys(("tampered_parent", "never_issued"), "trusted"),
    **dict.fromkeys(("media_changed", "manifest_changed", "bytes_appended"), "broken"),
    **dict.fromkeys(("transplanted", "two_parents", "imitated"), "broken"),
    **dict.fromkeys(("unknown_signer", "self_signed"), "holds"),
    **dict.fromkeys(("stripped", "reencoded"), "none"),
    **dict.fromkeys(("webm", "text", "cut_within_credential"), "unreadable"),
}
# Where they differ, in the rows of docs/verify.md: what each says, and of which files.
DIFFERENT: dict[str, tuple[tuple[str, str, str], tuple[str, ...]]] = {
    "redacted": (("trusted", "trusted", "broken"), ("ours_redacted",)),
    "credential damaged": (
        ("unreadable", "unreadable", "broken"), ("manifest_damaged", "stranger_damaged"),
    ),
    "cut within video": (("broken", "broken", "unreadable"), ("cut_off",)),
    "kept elsewhere": (("elsewhere", "elsewhere", "broken"), ("kept_elsewhere",)),
    "not yet valid": (("holds", "broken", "holds"), ("stranger_not_yet_valid",)),
    "expired": (
        ("holds", "broken", "holds"),
        ("ours_expired_but_logged", "ours_expired_and_not_logged", "ours_expired_but_stamped",
         "stranger_expired"),
    ),
}  # fmt: skip
BY_FILE = {name: said for said, names in DIFFERENT.values() for name in names}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf.in_folder(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def files(shelf: Shelf) -> dict[str, Path]:
    found = {}
    for name, make in MAKE.items():
        data = make(shelf)
        if len(data) < FLOOD_BYTES:
            found[name] = shelf.folder / f"asset {name}"
            found[name].write_bytes(data)
    return found


@pytest.fixture(scope="module")
def answers(shelf: Shelf, files: dict[str, Path]) -> dict[str, tuple[str, str, str]]:
    """What each reader says of each file."""
    in_wasm = by_wasm(shelf.archive, [*files.values()])
    return {
        name: (by_ours(shelf.archive, path), in_wasm[number], by_encypher(shelf.archive, path))
        for number, (name, path) in enumerate(files.items())
    }


def in_a_word(found: Reading) -> str:
    broken_bytes = any(each.about_bytes and not each.in_ingredient for each in found.failures)
    if broken_bytes or not found.signature_holds:
        return "broken"
    return "trusted" if found.state == "trusted" else "holds"


def by_ours(archive: Archive, path: Path) -> str:
    try:
        raw = credentials.read(path, archive.anchors)
    except RemoteManifest:
        return "elsewhere"
    except Unreadable:
        return "unreadable"
    return in_a_word(readings.reading(raw)) if raw else "none"


def by_wasm(archive: Archive, paths: list[Path]) -> list[str]:
    anchor = archive.anchor
    anchors = [
        {"trust_anchors": anchor.pem, "trust_kind": "manifest", "trust_uri": anchor.trust_uri}
    ]
    question = {
        "packages": str(ROOT / "requirements/npm"),
        "files": [str(path) for path in paths],
        "settings": {
            "trust": {"trust_config": EXTENDED_KEY_USAGES, "anchors": anchors},
            "verify": {"verify_trust": True, "remote_manifest_fetch": False},
        },
    }
    done = subprocess.run(
        ["node", str(HERE / "readers.mjs")],
        input=json.dumps(question), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [_of_wasm(answer) for answer in json.loads(done.stdout)]


def _of_wasm(answer: dict[str, dict[str, object]]) -> str:
    if "error" in answer:
        words = str(answer["error"])
        if "RemoteManifestUrl" in words:
            return "elsewhere"
        return "none" if "JumbfNotFound" in words else "unreadable"
    return in_a_word(readings.reading(RawReport(answer["store"], answer["crjson"], "wasm")))


def by_encypher(archive: Archive, path: Path) -> str:
    try:
        report = encypher_c2pa.verify(
            path.read_bytes(), "video/mp4", trust_pem=archive.anchor.pem, no_default_trust=True,
            telemetry=False, online=False,
        )  # fmt: skip
    except ValueError:
        return "unreadable"
    words = {"Trusted": "trusted", "Valid": "holds", "Invalid": "broken", "None": "none"}
    return words[report["validation_state"]]


def test_the_readers_agree_or_differ_as_it_is_written_down(
    answers: dict[str, tuple[str, str, str]],
) -> None:
    differing = {name: said for name, said in answers.items() if len(set(said)) > 1}
    assert differing == BY_FILE
    assert {name: answers[name][0] for name in SAID} == SAID


def test_no_reader_trusts_what_another_calls_broken_but_for_a_redaction(
    answers: dict[str, tuple[str, str, str]],
) -> None:
    torn = {
        name for name, said in answers.items() if "trusted" in said and set(said) != {"trusted"}
    }
    assert torn == {"ours_redacted"}


def test_the_differences_stand_in_the_documents() -> None:
    """The table of docs/verify.md under “Other readers”, word by word."""
    text = (ROOT / "docs/verify.md").read_text(encoding="utf-8")
    section = text.partition("### Other readers")[2].partition("\n#")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    assert rows[0][1:4] == [*READERS]
    assert {row[0]: tuple(row[1:4]) for row in rows[2:]} == {
        row: said for row, (said, _) in DIFFERENT.items()
    }
