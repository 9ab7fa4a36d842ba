"""What was erased is nowhere any more, whatever was killed on the way: looked for in a dump of the
database, the export of the log, every file of media and reports, and in what the site then gives a
visitor, from the feed to the bundle of a report, in every form it can take.
"""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from provenance.verify.words import INTACT
from tests import stack as stacks
from tests.generation.traces import dump_of, forms_of, traces, traces_in
from tests.people import ADA, Person
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.slow

WORD = "lanternboats"
PROMPT = f'a flotilla of {WORD} & "paper" swans <adrift> on the Öresund'
NAME = 'Ada Öberg "of the harbour"'


@dataclass(frozen=True)
class Made:
    """A published clip, and what it and the database disclose."""

    generation: uuid.UUID
    clip: uuid.UUID
    sha256: str
    salts: dict[str, bytes]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, model_card: Path) -> Iterator[Stack]:
    """A whole archive in which ada can ask; its engine draws a square at once."""
    data = tmp_path_factory.mktemp("forgotten")
    server = settings.DATABASES["default"]
    admin = f"postgres://{server['USER']}@/postgres?host={server['HOST']}"
    with ExitStack() as closing:
        broker_url, _ = closing.enter_context(stacks.broker(data))
        url = closing.enter_context(stacks.fresh_database(admin))
        engine = "tests.generation.square.SquareEngine"
        models = {"GENERATION_MODELS": str(model_card), "GENERATION_ENGINE": engine}
        stack = Stack(data, url, broker_url, models)
        closing.callback(stack.stop)
        stack.prepare()
        stack.add(Person(ADA.username, NAME, ADA.role, ADA.password))
        stack.start("sequencer", "sweep", "worker")
        yield stack


def run(stack: Stack, code: str) -> str:
    """Some Python inside the archive, in a process of its own."""
    return stack.must("shell", "--no-imports", "-c", code).strip()


def made(stack: Stack) -> Made:
    return made_many(stack, 1)[0]


def made_many(stack: Stack, count: int) -> list[Made]:
    """Published clips, asked for and published in two processes however many they are."""
    asked = run(
        stack,
        "import uuid; from django.contrib.auth import get_user_model as people;"
        "from generation import asking; from generation.engines.catalog import cards;"
        "card, ada = cards()[0], people().objects.get(username='ada');"
        f"[print(asking.ask(ada, asking.Request({PROMPT!r}, '', card, seed, card.frames,"
        f" uuid.uuid4())).pk) for seed in range({count})]",
    )
    generations = [uuid.UUID(line) for line in asked.splitlines()[-count:]]
    for generation in generations:
        stack.wait_for_state(generation, "done", "failed")
    run(
        stack,
        "from generation import publishing; from generation.models import Clip;"
        "[publishing.publish(clip) for clip in Clip.objects.select_related('credential')"
        ".filter(visibility='draft')]",
    )
    return [_made(stack, generation) for generation in generations]


def _made(stack: Stack, generation: uuid.UUID) -> Made:
    [(clip, sha256)] = stack.rows(
        "SELECT c.id, k.sha256 FROM generation_clip c JOIN verify_credential k"
        " ON k.id = c.credential_id WHERE c.generation_id = %s", generation,
    )  # fmt: skip
    salts = stack.rows(
        "SELECT field, salt FROM log_opening o JOIN generation_generation g"
        " ON g.attempt_ticket = o.ticket WHERE g.id = %s", generation,
    )  # fmt: skip
    return Made(generation, clip, sha256, {field: bytes(salt) for field, salt in salts})


def erase(stack: Stack, clips: list[Made], kind: str) -> None:
    run(
        stack,
        "from generation import erasing; from generation.models import Act, Generation;"
        f"[erasing.erase(row, Act.Kind('{kind}'), 'artist', 'own_wish') for row in"
        f" Generation.objects.filter(pk__in={[str(clip.generation) for clip in clips]})]",
    )


def carried_out(stack: Stack) -> bool:
    """Whether no file is left that discloses what was erased."""
    [(left,)] = stack.rows(
        "SELECT count(*) FROM verify_credential WHERE retired_at IS NULL AND NOT erased <@ redacted"
        " OR retired_at IS NOT NULL AND deleted_at IS NULL"
    )
    return not left


def everything(stack: Stack, secrets: dict[str, bytes | str]) -> list[str]:
    """Where a secret still is: in the dump, in an export, in any file of media."""
    export = stack.data / f"export-{uuid.uuid4().hex}"
    stack.must("exportlog", str(export))
    return [
        *(f"dump: {each}" for each in traces(dump_of(stack.database_url), secrets)),
        *traces_in(export, secrets),
        *traces_in(stack.data / "media", secrets),
        *traces_in(stack.data / "reports", secrets),
        *(f"log of a process: {each}" for each in traces(stack.logs().encode(), secrets)),
    ]


def served(stack: Stack, clip: Made, report: str, secrets: dict[str, bytes | str]) -> list[str]:
    """Where a secret stands in what a visitor is given about a clip and a report on its file."""
    place = stack.data / f"served-{uuid.uuid4().hex}"
    of_clip = f"/clips/{clip.clip}/"
    addresses = [
        "/", "/clips/", "/clips/feed.atom", "/sitemap.xml", "/log/", "/api/v1/clips",
        of_clip, f"{of_clip}embed/", f"/oembed?url=http://testserver{of_clip}",
        f"/api/v1/clips/{clip.clip}", f"/verify/clips/{clip.clip}/", f"/log/find/?q={clip.clip}",
        f"/media/{clip.clip}.mp4", f"/media/{clip.clip}/prompt.json",
        f"/verify/reports/{report}/", f"/verify/reports/{report}.json",
        f"/verify/reports/{report}/bundle.zip",
    ]  # fmt: skip
    run(
        stack,
        "import io, zipfile; from pathlib import Path; from django.test import Client;"
        f"visitor, place = Client(), Path({str(place)!r}); place.mkdir();"
        "kept = lambda name, data: (place / name).write_bytes(data);"
        "unpacked = lambda name, data: [kept(f'{name}-{n}', whole.read(each)) for whole in"
        " [zipfile.ZipFile(io.BytesIO(data))] for n, each in enumerate(whole.namelist())];"
        "answers = [(str(n), visitor.get(address)) for n, address in"
        f" enumerate({addresses!r})];"
        "bodies = [(n, each, each.getvalue()) for n, each in answers];"
        "[(unpacked if data[:2] == b'PK' else kept)(n, str(each.headers).encode() + data"
        " if data[:2] != b'PK' else data) for n, each, data in bodies];"
        "kept('told', repr([each.status_code for _, each in answers]).encode())",
    )
    assert "500" not in (place / "told").read_text()
    return traces_in(place, secrets)


def test_the_forms_that_are_looked_for_are_those_that_values_take() -> None:
    forms = forms_of(PROMPT)
    row = json.dumps({"prompt": PROMPT})
    assert forms["JSON"] in row.encode()
    assert forms["JSON in JSON"] in json.dumps({"value": row}).encode()
    assert forms["plain"] in PROMPT.encode()
    for shift in range(3):
        inside = base64.b64encode(b"x" * (9 + shift) + PROMPT.encode() + b"more")
        assert forms[f"base64 at {shift}"] in inside


def test_a_prompt_and_a_name_are_nowhere_after_their_erasure(archive: Stack) -> None:
    clip = made(archive)
    secrets: dict[str, bytes | str] = {
        "prompt": PROMPT, "a word of it": WORD, "name": NAME,
        "salt of the prompt": clip.salts["prompt"], "salt of the name": clip.salts["artist"],
    }  # fmt: skip
    file = archive.data / "media" / clip.sha256[:2] / clip.sha256
    report = run(
        archive,
        "from pathlib import Path; from provenance.verify import reports;"
        f"print(reports.check(Path('{file}'), keep=True)[1].report.pk)",
    ).splitlines()[-1]
    shown = served(archive, clip, report, secrets)
    for name in secrets:
        assert any(name in found for found in shown), name
    before = everything(archive, secrets)
    assert any(str(archive.data / "reports") in found for found in before)
    for name in secrets:
        assert any(f"dump: {name} " in found for found in before), name
        assert name in {"a word of it"} or any(clip.sha256 in found for found in before)
    run(
        archive,
        "from django.contrib.auth import get_user_model as people; from generation import erasing;"
        "erasing.erase_name_everywhere(people().objects.get(username='ada'), 'artist',"
        " 'account_closed')",
    )
    erase(archive, [clip], "prompt")
    wait_until(lambda: carried_out(archive), "the file is redacted")
    assert everything(archive, secrets) == []
    assert served(archive, clip, report, secrets) == []
    archive.must("auditlog")
    new = archive.rows(
        "SELECT sha256 FROM verify_credential WHERE clip_id = %s AND retired_at IS NULL", clip.clip
    )[0][0]
    file = archive.data / "media" / new[:2] / new
    checked = archive.manage("verify", str(file), "--json")
    assert checked.returncode == INTACT, checked.stdout
    assert json.loads(checked.stdout)["bit_identical"] is True


def test_a_whole_clip_is_nowhere_after_its_erasure(archive: Stack) -> None:
    clip = made(archive)
    secrets: dict[str, bytes | str] = {
        "prompt": PROMPT, "salt": clip.salts["prompt"],
    }  # fmt: skip
    erase(archive, [clip], "clip")
    wait_until(lambda: carried_out(archive), "the files are deleted")
    assert everything(archive, secrets) == []
    assert clip.sha256 not in {path.name for path in (archive.data / "media").rglob("*")}


# Each of these ends the process as a power cut would, right after what it is called by.
KILLED = {
    "signed": "redacting._check = lambda *_: die()",
    "kept": "keep = storage.keep; storage.keep = lambda path: (keep(path), die())",
    "logged": (
        "file = erasure.erase_file; erasure.erase_file = lambda *given: (file(*given), die())"
    ),
    "exchanged": "redacting._delete_retired = lambda *_: die()",
    "unlinked": "gone = storage.delete; storage.delete = lambda name: (gone(name), die())",
}


def test_workers_killed_on_the_way_leave_what_the_next_one_ends(archive: Stack) -> None:
    clips = made_many(archive, len(KILLED))
    archive.kill("worker")
    erase(archive, clips, "prompt")
    for step, clip in zip(KILLED, clips, strict=True):
        killed = archive.manage(
            "shell", "--no-imports", "-c",
            "import os, signal, uuid; from generation import redacting, storage;"
            "from provenance.log import erasure;"
            "die = lambda: os.kill(os.getpid(), signal.SIGKILL);"
            f"{KILLED[step]}; redacting.run(uuid.UUID('{clip.clip}'))",
        )  # fmt: skip
        assert killed.returncode == -9, (step, killed.stderr)
        assert not carried_out(archive), step
    archive.start("worker")
    wait_until(lambda: carried_out(archive), "the sweep has all of them ended")
    salts: dict[str, bytes | str] = {step: clip.salts["prompt"]
                                     for step, clip in zip(KILLED, clips, strict=True)}  # fmt: skip
    assert everything(archive, {"prompt": PROMPT, **salts}) == []
    issued = archive.rows(
        "SELECT count(*), count(DISTINCT clip_id) FROM verify_credential"
        " WHERE clip_id = ANY(%s) AND supersedes_id IS NOT NULL",
        [clip.clip for clip in clips],
    )
    assert issued == [(5, 5)]
    archive.must("auditlog")


def test_an_erasure_killed_before_its_commit_has_not_happened(archive: Stack) -> None:
    clip = made(archive)
    killed = archive.manage(
        "shell", "--no-imports", "-c",
        "import os, signal; from generation import erasing; from generation.models import *;"
        "erasing._ring_for = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        f"erasing.erase(Generation.objects.get(pk='{clip.generation}'), Act.Kind.PROMPT_ERASED,"
        " 'artist', 'own_wish')",
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    [(prompt, acts)] = archive.rows(
        "SELECT prompt, (SELECT count(*) FROM generation_act WHERE generation_id = g.id)"
        " FROM generation_generation g WHERE id = %s", clip.generation,
    )  # fmt: skip
    assert (prompt, acts) == (PROMPT, 0)
    erase(archive, [clip], "clip")
