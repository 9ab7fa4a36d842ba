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
from tests.assets import broken, strangers
from tests.core.clips import PROMPT, Archive, Signed

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Shelf = tuple[Archive, Signed, Path]


def remix(shelf: Shelf) -> bytes:
    archive, clip, folder = shelf
    facts = archive.facts(parent=clip.facts.title)
    return archive.sign(folder, facts, "remix", shift=3, parent=clip.path).data


def hidden_prompt(shelf: Shelf) -> bytes:
    archive, clip, folder = shelf
    hidden = Hidden("prompt", clip.facts.prompt.commitment)
    return archive.sign(folder, archive.facts(prompt=hidden), "hidden", shift=4).data


def redacted(shelf: Shelf) -> bytes:
    return shelf[0].redact(shelf[1], "prompt").data


def other_prompt(shelf: Shelf) -> bytes:
    other = PROMPT.replace("red", "sad")
    return broken.other_prompt(shelf[1].data, PROMPT.encode(), other.encode())


def other_clip(shelf: Shelf) -> Signed:
    return shelf[0].sign(shelf[2], name="other", shift=7)


def transplanted(shelf: Shelf) -> bytes:
    return broken.transplanted(shelf[1].data, other_clip(shelf).data)


def tampered_parent(shelf: Shelf) -> bytes:
    parent = broken.media_byte_flipped(shelf[1].data)
    return strangers.derived(shelf[2], "tampered_parent", shelf[0], parent).read_bytes()


def two_parents(shelf: Shelf) -> bytes:
    parents = (shelf[1].data, other_clip(shelf).data)
    return strangers.derived(shelf[2], "two_parents", shelf[0], *parents).read_bytes()


def of(recipe: broken.Recipe) -> Callable[[Shelf], bytes]:
    return lambda shelf: recipe(shelf[1].data)


ASSETS: dict[str, Callable[[Shelf], bytes]] = {
    "sound": of(bytes),
    "remix": remix,
    "hidden prompt": hidden_prompt,
    "redacted": redacted,
    "video flipped": of(broken.media_byte_flipped),
    "bytes appended": of(broken.bytes_appended),
    "free box appended": of(broken.free_box_appended),
    "other prompt": other_prompt,
    "transplanted": transplanted,
    "two parents": two_parents,
    "tampered parent": tampered_parent,
    "stripped": of(broken.stripped),
    "re-encoded": of(broken.reencoded),
    "credential damaged": of(broken.damaged_credential),
    "cut within credential": of(broken.cut_within_credential),
    "cut within video": of(broken.cut_in_half),
    "webm": of(broken.webm),
    "matroska": of(broken.matroska),
    "text": of(broken.text),
    "zip": of(broken.archive_file),
    "empty": of(broken.empty),
    "kept elsewhere": lambda s: strangers.kept_elsewhere(s[2], s[0]).read_bytes(),
    "unknown signer": lambda s: Archive("elsewhere.test").sign(s[2], name="unknown").data,
    "self-signed": lambda s: strangers.self_signed(s[2]).read_bytes(),
    "not yet valid": lambda s: strangers.not_yet_valid(s[2], s[0]).read_bytes(),
    "expired": lambda s: strangers.expired(s[2], s[0]).read_bytes(),
}
# What all three say. "holds" is a file whose bytes are as signed, by a signer who is not accepted.
SAID = {
    **dict.fromkeys(("sound", "remix", "hidden prompt", "redacted"), "trusted"),
    **dict.fromkeys(("free box appended", "tampered parent"), "trusted"),
    **dict.fromkeys(("video flipped", "bytes appended", "other prompt", "transplanted"), "broken"),
    **dict.fromkeys(("two parents", "credential damaged", "cut within video"), "broken"),
    **dict.fromkeys(("stripped", "re-encoded"), "none"),
    **dict.fromkeys(("cut within credential", "webm", "matroska", "text", "zip"), "unreadable"),
    "empty": "unreadable",
    "kept elsewhere": "elsewhere",
    **dict.fromkeys(("unknown signer", "self-signed", "not yet valid", "expired"), "holds"),
}
# Where one of them says something else; docs/verify.md has the same rows.
DIFFERENT: dict[str, dict[str, str]] = {
    "redacted": {"encypher-c2pa": "broken"},
    "credential damaged": {"c2pa-python": "unreadable", "c2pa-wasm": "unreadable"},
    "cut within video": {"encypher-c2pa": "unreadable"},
    "kept elsewhere": {"encypher-c2pa": "broken"},
    "not yet valid": {"c2pa-wasm": "broken"},
    "expired": {"c2pa-wasm": "broken"},
}
READERS = ("c2pa-python", "c2pa-wasm", "encypher-c2pa")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    archive, folder = Archive(), tmp_path_factory.mktemp("clips")
    return archive, archive.sign(folder), folder


@pytest.fixture(scope="module")
def files(shelf: Shelf) -> dict[str, Path]:
    found = {}
    for name, make in ASSETS.items():
        found[name] = shelf[2] / f"asset {name}"
        found[name].write_bytes(make(shelf))
    return found


@pytest.fixture(scope="module")
def answers(shelf: Shelf, files: dict[str, Path]) -> dict[str, dict[str, str]]:
    """What each reader says of each file."""
    archive = shelf[0]
    in_wasm = by_wasm(archive, [*files.values()])
    return {
        name: {
            "c2pa-python": by_ours(archive, path),
            "c2pa-wasm": in_wasm[number],
            "encypher-c2pa": by_encypher(archive, path),
        }
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


@pytest.mark.parametrize("name", ASSETS)
def test_the_readers_agree_or_differ_as_it_is_written_down(
    answers: dict[str, dict[str, str]], name: str
) -> None:
    expected = dict.fromkeys(READERS, SAID[name]) | DIFFERENT.get(name, {})
    assert answers[name] == expected


@pytest.mark.parametrize("name", ASSETS)
def test_no_reader_trusts_what_another_calls_broken_but_for_a_redaction(
    answers: dict[str, dict[str, str]], name: str
) -> None:
    said = set(answers[name].values())
    assert "trusted" not in said or said == {"trusted"} or name == "redacted"


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
        name: tuple(DIFFERENT[name].get(reader, SAID[name]) for reader in READERS)
        for name in DIFFERENT
    }
