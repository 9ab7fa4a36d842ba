"""The demo's cast and its first three clips, asked for through the same line as everybody's."""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from django.conf import settings
from django.db import connections

from generation.engines import catalog
from generation.models import Clip, Generation
from sora_archive import lifeline
from sora_archive.accounts.models import Role, User
from sora_archive.accounts.people import create_person
from sora_archive.launcher import Launcher
from sora_archive.launching.processes import python
from sora_archive.launching.services import MANAGE
from sora_archive.record.errors import RecordRefused
from sora_archive.record.loading import SHIPPED, load_file

CAST = {"ada": Role.ARTIST, "mo": Role.CURATOR}
PSEUDONYMS = {"ada": "Ada", "mo": "Mo"}
CLIPS = 3
POLL_SECONDS = 0.25


def password_file() -> Path:
    """Where the demo's passwords are kept so that a second start can show them again."""
    path: Path = settings.DATA / "demo-passwords.txt"
    return path


def known_passwords() -> dict[str, str]:
    """The passwords made at the first start, by user name."""
    if not password_file().exists():
        return {}
    lines = password_file().read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if " " in line)


def ensure_cast() -> dict[str, str]:
    """Makes ada and mo where they are missing; their passwords, as far as they are known."""
    passwords = known_passwords()
    for name, role in CAST.items():
        if User.objects.filter(username=name).exists():
            continue
        passwords[name] = secrets.token_urlsafe(9)
        _keep(passwords)  # first, so that nobody exists whose password is lost
        create_person(name, PSEUDONYMS[name], role, passwords[name])
    return passwords


def _keep(passwords: dict[str, str]) -> None:
    draft = password_file().with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {word}\n" for name, word in passwords.items())
    draft.replace(password_file())


def missing_prompts() -> list[str]:
    """Prompts of the demo clips still to be made: the model's own examples, in turn."""
    made = Clip.objects.filter(generation__artist__username="ada").count()
    return list(islice(cycle(catalog.cards()[0].examples), made, CLIPS))


def fill(launcher: Launcher) -> None:
    """Makes the cast and the clips that are missing, then says what there is to try."""
    passwords = ensure_cast()
    load_record(launcher)
    prompts = missing_prompts()
    for number, prompt in enumerate(prompts, start=1):
        launcher.console.say(f"clip {number} of {len(prompts)}: asking as ada")
        answer = _generate(launcher, prompt)
        if answer is None:
            launcher.console.say("that clip failed; the archive runs on without it")
        else:
            seconds, index = answer["seconds"], answer["log_index"]
            launcher.console.say(f"made in {seconds} s, log entry {index}: {answer['url']}")
    connections.close_all()
    for line in welcome(passwords):
        launcher.console.say(line)


def load_record(launcher: Launcher) -> None:
    """Loads the record that ships; without it the archive runs on, and says so."""
    try:
        outcome = load_file(SHIPPED)
    except RecordRefused as error:
        launcher.console.say(f"the record was not loaded: {error}")
        return
    launcher.console.say(f"the record: {len(outcome.added)} lines added")


def _generate(launcher: Launcher, prompt: str) -> dict[str, object] | None:
    """Asks as ada and publishes; None, with the reason said, where no clip came of it."""
    line = python(MANAGE, "generate", "--as=ada", f"--prompt={prompt}", "--publish", "--json")
    asking = subprocess.Popen(
        lifeline.wrapped(line),
        env=dict(launcher.place.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _show_steps(launcher, asking)
        answer, complaint = asking.communicate()
    finally:
        asking.kill()
        asking.wait()
    if asking.returncode != 0:
        launcher.console.say(complaint.strip().rsplit("\n", 1)[-1])
        return None
    found: dict[str, object] = json.loads(answer.strip().rsplit("\n", 1)[-1])
    return found


def _show_steps(launcher: Launcher, asking: "subprocess.Popen[str]") -> None:
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


def welcome(passwords: dict[str, str]) -> Iterator[str]:
    """What to print once all is there."""
    unknown = "set one with manage.py changepassword"
    yield ""
    yield f"The archive is open: {settings.SITE_URL}"
    yield f"  sign in as ada (artist)     password {passwords.get('ada', unknown)}"
    yield f"  sign in as mo  (curator)    password {passwords.get('mo', unknown)}"
    yield "    mo makes a second step at the first sign-in: a passkey or an authenticator app"
    yield "Try this:"
    yield f"  1. look at a clip in the gallery and download its file    {settings.SITE_URL}/"
    yield f"  2. drop that file on the verify page as a stranger would  {settings.SITE_URL}/verify/"
    yield f"  3. sign in as ada and ask for a clip of your own          {settings.SITE_URL}/ask/"
    yield f"  4. read the public log                                    {settings.SITE_URL}/log/"
    yield f"  5. read what is known of the protest, and who says so     {settings.SITE_URL}/record/"
    yield "Ctrl-C stops everything and keeps the data; make demo starts it again."
    yield ""
