"""What the line, the signing and the gallery cost, each against the barest way to do the same."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import (
    override_settings,
    setup_test_environment,
    teardown_test_environment,
)
from django.urls import get_resolver, path
from django.utils.module_loading import import_string

from benchmarks import judged, memory, wall, working
from benchmarks.checking import through_http
from benchmarks.measure import Ratio, in_turns, median_cpu
from generation import asking, encode, line, storage
from generation import signing as signing_step
from generation.engines import catalog
from generation.engines.base import RenderRequest
from generation.engines.catalog import UNTRAINED, cards
from generation.engines.pool import engine_for
from generation.models import Clip, Generation, State
from generation.publishing import publish
from provenance import vault
from provenance.core import credentials, manifests
from sora_archive.accounts.models import Role, User
from sora_archive.accounts.people import create_person
from sora_archive.gallery import views as gallery
from tests.core.clips import Archive as Keys
from tests.people import ADA
from tests.stack import Stack, free_port

PROMPT = "a red circle moves left on the blue background"
PAGE = 24
BATCH = 5_000
BROWSER = {
    "Accept": "text/html",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br",
}


@dataclass(frozen=True)
class Archive:
    """What every question works on: an artist and one published clip."""

    ada: User
    clip: Clip


@contextmanager
def archive() -> Iterator[Archive]:
    """Tables, keys, model and a sequencer in a process of its own; one clip is made."""
    call_command("migrate", verbosity=0)
    call_command("newkey", "--if-missing", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if cards_folder() in catalog.folders():  # where no trained model ships
        cards_folder().parent.mkdir(parents=True, exist_ok=True)
        import_string("generation.engines.testmodel.build")(cards_folder())
    stack = Stack(
        settings.DATA, settings.DATABASE_URL, "memory://", {"LOG_ALLOW_UNSAFE_FSYNC": "0"}
    )
    stack.start("sequencer")
    try:
        ada = create_person(ADA.username, ADA.pseudonym, Role.ARTIST, ADA.password)
        generation = asked(ada)
        line.run(generation.pk)
        generation.refresh_from_db()
        assert generation.state == State.DONE, generation.reason
        publish(generation.clip)
        yield Archive(ada, generation.clip)
    finally:
        stack.stop()


def cards_folder() -> Path:
    """Where the default model lies."""
    return settings.DATA / "models" / UNTRAINED


def asked(ada: User) -> Generation:
    """A queued generation, as the page makes one."""
    card = cards()[0]
    request = asking.Request(PROMPT, "", card, 7, card.frames, uuid.uuid4())
    return asking.ask(ada, request)


def the_line(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """The whole line against the bare pipeline call on the same model and seed."""
    card = cards()[0]
    engine = engine_for(card)
    request = RenderRequest(
        PROMPT, "", 7, int(card.steps.default), card.guidance.default, card.width, card.height,
        card.frames, card.fps,
    )  # fmt: skip
    ratio = in_turns(
        "the whole line : the bare pipeline call",
        lambda: line.run(asked(archive.ada).pk),
        lambda: engine.render(request, lambda step, steps, look: None),
        pairs,
    )
    yield ratio
    print(f"    the line adds {(ratio.subject - ratio.base) * 1000:.0f} CPU ms to a clip")


def signing(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """The line's signing step, vault included, against the library's own call with the same
    manifest on the same clip; without a time-stamp, and without reading back."""
    signed = storage.path_of(archive.clip.credential.sha256)
    folder = storage.work_folder()
    media, target = folder / "bench.mp4", folder / "bench-signed.mp4"
    frames = encode.decode_mp4(signed)
    encode.encode_mp4(frames, archive.clip.fps, media)
    manifest = bench_manifest()
    thumbnail = encode.thumbnail(frames)
    identity = vault.signing_identity(settings.KEYS_DIR)
    anchors = vault.anchors(settings.KEYS_DIR)
    bare = import_string("benchmarks.bare.sign")
    yield in_turns(
        "signing a clip : the bare library call",
        lambda: signing_step.patiently(
            lambda own: credentials.embed(media, target, manifest, thumbnail, own, anchors),
            lambda: None,
        ),
        lambda: bare(media, target, manifest, thumbnail, identity),
        pairs * 5,
    )
    media.unlink()
    target.unlink()


def bench_manifest() -> manifests.Manifest:
    """The manifest of an ordinary clip, receipts and all."""
    return manifests.clip_manifest(Keys().facts())


def checking(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """An upload to the verify page against the library's reading of the same file."""
    yield from through_http(storage.work_folder(), bench_manifest(), pairs)


def the_memory(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """Resident memory of a web process while it checks 500 MB, against the same at rest."""
    port = free_port()
    extra = {
        "PORT": str(port),
        "ALLOWED_HOSTS": "localhost",
        "SITE_URL": f"http://localhost:{port}",
    }
    web = Stack(settings.DATA, settings.DATABASE_URL, "memory://", extra)
    clip = memory.large_clip(storage.work_folder(), settings.KEYS_DIR, 500 * memory.MEGABYTE)
    try:
        web.start("web")
        found = memory.while_checking(web, port, clip)
    finally:
        web.stop()
        clip.unlink()
    gigabyte = 1024 * memory.MEGABYTE
    yield Ratio(
        "web process at its peak during 500 MB : at rest",
        found.peak / gigabyte, found.idle / gigabyte, "thousandths of a GB",
    )  # fmt: skip
    print(f"    {(found.peak - found.idle) / memory.MEGABYTE:.0f} MB above its rest")


def the_page(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """The gallery's first page against a bare view of the same template from constants.

    Both are asked as a web server asks: through WSGI, with the signals around a request.
    """
    fill(archive, PAGE + 1)
    setup_test_environment()  # so that the answer tells its template and what it was given
    answer = Client().get("/")
    teardown_test_environment()
    assert answer.status_code == 200
    bare = bare_site(str(answer.templates[0].name), constants(answer.context))
    yield in_turns(
        "the gallery's page : a bare view of its constants",
        asked_for("/", WSGIHandler()),
        asked_for("/bare/", bare),
        pairs * 20,
    )


def the_scores(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """Lighthouse's scores of four pages, the gallery's with a full wall."""
    fill(archive, PAGE + 1)
    yield from judged.the_scores(archive.clip.pk, settings.DATA)


def constants(contexts: Any) -> dict[str, Any]:
    """What a page's template was given, without the database behind it."""
    flat: dict[str, Any] = {}
    for context in contexts:
        flat.update(context.flatten() if hasattr(context, "flatten") else context)
    return {name: list(value) if name == "works" else value for name, value in flat.items()}


def bare_site(template: str, context: dict[str, Any]) -> WSGIHandler:
    """A site without middleware whose one view renders a template from constants."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(render_to_string(template, context))

    urls = ModuleType("bare")
    setattr(urls, "urlpatterns", [path("bare/", view), *get_resolver().url_patterns])  # noqa: B010

    class Bare(WSGIHandler):
        request_class = type("BareRequest", (WSGIRequest,), {"urlconf": urls})

    with override_settings(MIDDLEWARE=[]):
        return Bare()


def asked_for(address: str, site: WSGIHandler) -> Callable[[], object]:
    """A request as a phone's browser sends it, answered to the last byte."""
    environ = RequestFactory(headers=BROWSER).get(address).META

    def begin(status: str, headers: object, error: object = None, /) -> Callable[[bytes], object]:
        assert status == "200 OK", status
        return len

    def ask() -> object:
        answer = site(dict(environ), begin)
        body = b"".join(answer)
        answer.close()
        return body

    return ask


def the_depth(archive: Archive, pairs: int) -> Iterator[Ratio]:
    """The gallery's first page at 100,000 clips against the same at 1,000."""
    request = RequestFactory().get("/")
    request.user = Client().get("/").wsgi_request.user
    costs = []
    for count in (1_000, 100_000):
        fill(archive, count)
        costs.append(median_cpu(lambda: gallery.home(request), pairs * 5))
    yield Ratio("the gallery's first page at 100,000 clips : at 1,000", costs[1], costs[0])


def fill(archive: Archive, count: int) -> None:
    """Rows of published clips up to `count`, copies of the one real clip, for reading only."""
    have = Clip.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"first": have, "last": count - 1, "clip": archive.clip.pk})
        cursor.execute("ANALYZE")


COPIES = """
WITH clip AS (SELECT * FROM generation_clip WHERE id = %(clip)s),
     fresh AS (SELECT gen_random_uuid() AS generation, gen_random_uuid() AS credential,
                      gen_random_uuid() AS clip, n FROM generate_series(%(first)s, %(last)s) AS n),
     generations AS (
       INSERT INTO generation_generation
       SELECT (jsonb_populate_record(g, jsonb_build_object(
                 'id', f.generation, 'request_key', gen_random_uuid(),
                 'attempt', replace(f.generation::text, '-', ''),
                 'attempt_ticket', gen_random_uuid(), 'outcome_ticket', gen_random_uuid()))).*
       FROM fresh f, clip JOIN generation_generation g ON g.id = clip.generation_id),
     credentials AS (
       INSERT INTO verify_credential
       SELECT (jsonb_populate_record(c, jsonb_build_object(
                 'id', f.credential, 'clip_id', f.clip,
                 'sha256', encode(sha256(f.clip::text::bytea), 'hex'),
                 'manifest_id', 'urn:c2pa:' || f.clip,
                 'attempt', replace(f.generation::text, '-', ''),
                 'generated_ticket', gen_random_uuid()))).*
       FROM fresh f, clip JOIN verify_credential c ON c.id = clip.credential_id)
INSERT INTO generation_clip
SELECT (jsonb_populate_record(c, jsonb_build_object(
          'id', f.clip, 'generation_id', f.generation, 'credential_id', f.credential,
          'publication_ticket', gen_random_uuid(),
          'published_at', c.published_at - f.n * interval '1 second'))).*
FROM fresh f, clip, generation_clip c WHERE c.id = clip.id
"""

QUESTIONS: dict[str, Callable[[Archive, int], Iterator[Ratio]]] = {
    "line": the_line,
    "added": lambda archive, pairs: working.the_addition(archive.ada, pairs),
    "long": lambda archive, pairs: working.the_long_render(archive.ada, pairs),
    "claim": lambda archive, pairs: working.the_doorbell(archive.ada),
    "crowd": lambda archive, pairs: working.the_crowd(archive.ada),
    "workers": lambda archive, pairs: working.the_second_worker(),
    "sign": signing,
    "check": checking,
    "memory": the_memory,
    "page": the_page,
    "judged": the_scores,
    "depth": the_depth,
    "wall": wall.the_wall,  # last: it empties the wall
}
