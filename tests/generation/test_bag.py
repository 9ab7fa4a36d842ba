"""Another archive takes the bag: it is whole, and every clip can be checked without the site."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
from django.core.management import CommandError, call_command

from generation import erasing, redacting
from generation.models import Act, By, Reason
from provenance.log import outbox
from sora_archive.accounts.models import User
from sora_archive.keeping import bag
from tests.generation.test_asking import PROMPT
from tests.generation.test_erasing import again, erased, made, shown
from tests.stack import ROOT

pytestmark = [pytest.mark.usefixtures("studio"), pytest.mark.slow]


def offline(folder: Path, clip: str) -> "subprocess.CompletedProcess[str]":
    """The check of a stranger: no site, no database, no settings."""
    environment = {name: value for name, value in os.environ.items() if name == "PATH"}
    place = folder / "data" / "clips" / clip
    return subprocess.run(
        [sys.executable, "-m", "provenance.offline", str(place / "clip.mp4"), "--json",
         "--trust", str(folder / "data" / "trust.json"), "--proof", str(place / "clip.tlog-proof")],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_bag_is_whole_and_its_clips_are_checked_without_the_site(
    ada: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("loadrecord", verbosity=0)
    first, second, draft = shown(ada), erased(shown(ada, seed=8), Act.ERASURES[0]), made(ada)
    outbox.wait_for(again(second).credential.generated_ticket, 30)
    folder = tmp_path / "bag"
    call_command("exportarchive", str(folder))
    assert "2 clips" in capsys.readouterr().out
    bagit.Bag(str(folder)).validate()
    for clip in (first, second):
        answer = offline(folder, str(clip.pk))
        assert answer.returncode == 0, answer.stderr
        told = json.loads(answer.stdout)
        assert (told["verdict"], told["bit_identical"]) == ("intact", True)
    assert not (folder / "data" / "clips" / str(draft.pk)).exists()
    prompts = {
        clip.pk: json.loads((folder / "data/clips" / str(clip.pk) / "about.json").read_text())
        for clip in (first, second)
    }
    assert prompts[first.pk]["prompt"] == PROMPT
    assert (prompts[second.pk]["prompt"], prompts[second.pk]["erased"]) == ("", ["prompt"])
    assert len(json.loads((folder / "data/record/record.json").read_text())["facts"]) > 20
    call_command("auditlog", "--dir", str(folder / "data" / "log"))
    assert "private" not in "".join(path.name for path in folder.rglob("*"))

    # One flipped bit is found, and a full folder is not written over.
    file = folder / "data" / "clips" / str(first.pk) / "clip.mp4"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(folder)).validate()
    with pytest.raises(CommandError, match="holds something already"):
        call_command("exportarchive", str(folder))


def test_a_file_that_is_being_redacted_is_left_out(ada: User, tmp_path: Path) -> None:
    clip = shown(ada)
    erasing.erase(clip.generation, Act.Kind.PROMPT_ERASED, By.ARTIST, Reason.OWN_WISH)
    assert bag.make(tmp_path / "one", lambda *_: None) == 0
    redacting.run(clip.pk)
    assert bag.make(tmp_path / "two", lambda *_: None) == 1
