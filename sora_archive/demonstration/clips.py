"""The demo's first three clips, asked for through the same line as everybody's."""

import json
import subprocess
import tempfile
import time
from itertools import cycle, islice
from typing import IO

from generation.engines import catalog
from generation.models import Clip, Generation
from sora_archive import lifeline
from sora_archive.launcher import Launcher
from sora_archive.launching.processes import python
from sora_archive.launching.services import MANAGE

CLIPS = 3
POLL_SECONDS = 0.25


def missing_prompts() -> list[str]:
    """Prompts of the demo clips still to be made: the model's own examples, in turn."""
    made = Clip.objects.filter(generation__artist__username="ada").count()
    return list(islice(cycle(catalog.cards()[0].examples), made, CLIPS))


def make(launcher: Launcher) -> None:
    """Makes the clips that are missing, one after the other, and says how far they are."""
    prompts = missing_prompts()
    for number, prompt in enumerate(prompts, start=1):
        launcher.console.say(f"clip {number} of {len(prompts)}: asking as ada")
        answer = _generate(launcher, prompt)
        if answer is None:
            launcher.console.say("that clip failed; the archive runs on without it")
        else:
            seconds, index = answer["seconds"], answer["log_index"]
            launcher.console.say(f"made in {seconds} s, log entry {index}: {answer['url']}")


def _generate(launcher: Launcher, prompt: str) -> dict[str, object] | None:
    """Asks as ada and publishes; None, with the reason said, where no clip came of it."""
    line = python(MANAGE, "generate", "--as=ada", f"--prompt={prompt}", "--publish", "--json")
    status, answer, complaint = run(launcher, line)
    if status != 0:
        launcher.console.say(complaint)
        return None
    found: dict[str, object] = json.loads(answer)
    return found


def run(launcher: Launcher, line: list[str]) -> tuple[int, str, str]:
    """Runs a command beside the launcher; its status, and the last line of each of its outputs.

    They go to files: a pipe that nobody reads would stop a slow clip's progress bar for good.
    """
    with tempfile.TemporaryFile("w+") as answer, tempfile.TemporaryFile("w+") as complaint:
        asking = subprocess.Popen(
            lifeline.wrapped(line),
            env=dict(launcher.place.environment),
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=complaint,
            start_new_session=True,
        )
        try:
            _show_steps(launcher, asking)
        finally:
            asking.kill()
            asking.wait()
        return asking.returncode, _last_line(answer), _last_line(complaint)


def _last_line(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip().rsplit("\n", 1)[-1]


def _show_steps(launcher: Launcher, asking: "subprocess.Popen[bytes]") -> None:
    """Says how far ada's newest generation is, about four times on its way."""
    said = ""
    while asking.poll() is None:
        launcher.attend()
        newest = Generation.objects.filter(artist__username="ada").order_by("-created_at").first()
        if newest is not None and not newest.is_final:
            quarter = 4 * newest.step // max(newest.steps, 1)
            text = f"  {newest.state}, step {newest.step} of {newest.steps}"
            if f"{newest.pk} {newest.state} {quarter}" != said:
                said = f"{newest.pk} {newest.state} {quarter}"
                launcher.console.say(text)
        time.sleep(POLL_SECONDS)
