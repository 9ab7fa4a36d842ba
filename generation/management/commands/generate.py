"""`manage.py generate`: ask for a clip through the broker as an artist would, and wait for it."""

import json
import time
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from tqdm import tqdm

from generation import asking, storage
from generation.engines.catalog import ModelCard, cards
from generation.errors import ModelUnavailable, Paused
from generation.forms import AskForm
from generation.models import Generation, State
from generation.publishing import publish
from provenance.log import outbox

POLL_SECONDS = 0.1
LOG_WAIT_SECONDS = 60


class Command(BaseCommand):
    """Prints where the clip is; exits 1 where none came of it."""

    help = "Generate one clip: generate --as ada --prompt 'a red circle moves left' [--publish]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as", dest="artist", required=True, help="user name of the artist")
        parser.add_argument("--prompt", required=True)
        parser.add_argument("--negative-prompt", default="")
        parser.add_argument("--seed", help="0 to 2^63-1; default: a random one")
        parser.add_argument("--model", help="id of a model; default: the site's first")
        parser.add_argument("--publish", action="store_true", help="publish the clip when done")
        parser.add_argument("--json", action="store_true", help="print the answer as JSON")
        parser.add_argument("--timeout", type=float, default=3600.0, help="seconds to wait")

    def handle(self, *args: object, **options: Any) -> None:
        begun = time.monotonic()
        generation = _ask(options)
        self._wait(generation, begun + options["timeout"])
        answer = _answer(generation, options["publish"]) | {
            "seconds": round(time.monotonic() - begun, 3)
        }
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write("\n".join(f"{name:10} {value}" for name, value in answer.items()))

    def _wait(self, generation: Generation, deadline: float) -> None:
        with tqdm(total=generation.steps, unit="step", desc="queued", file=self.stderr) as bar:
            while not generation.is_final:
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"Generation {generation.pk} is still {generation.state}. It goes on by "
                        "itself; is a worker running?"
                    )
                time.sleep(POLL_SECONDS)
                generation.refresh_from_db()
                bar.set_description(generation.state)
                bar.update(generation.step - bar.n)
        if generation.state != State.DONE:
            raise CommandError(f"{generation.get_state_display()}. {generation.reason}".strip())


def _ask(options: dict[str, Any]) -> Generation:
    try:
        available = list(cards())
    except ModelUnavailable as error:
        raise CommandError(str(error)) from error
    artist = get_user_model().objects.filter(username=options["artist"]).first()
    if artist is None:
        raise CommandError(
            f"There is nobody named {options['artist']!r}. Make one: manage.py addperson"
        )
    form = AskForm(available, _fields(options, available))
    if not form.is_valid():
        problems = [f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
        raise CommandError("\n".join(problems))
    try:
        return asking.ask(artist, form.requests()[0])
    except Paused as error:
        raise CommandError(f"Nothing can be asked for now: {error}") from error


def _fields(options: dict[str, Any], available: list[ModelCard]) -> dict[str, Any]:
    model = options["model"] or available[0].id
    lengths = [card.frames for card in available if card.id == model]
    return {
        "prompt": options["prompt"],
        "negative_prompt": options["negative_prompt"],
        "model": model,
        "length": lengths[0] if lengths else available[0].frames,
        "seed": options["seed"],
        "ignore_unknown": True,
        "request_id": uuid.uuid4(),
    }


def _answer(generation: Generation, wanted_public: bool) -> dict[str, Any]:
    clip = generation.clip
    index = outbox.wait_for(clip.credential.generated_ticket, LOG_WAIT_SECONDS)
    if wanted_public:
        publish(clip)
    page = (
        reverse("gallery:clip", args=[clip.pk]) if wanted_public else generation.get_absolute_url()
    )
    return {
        "generation": str(generation.pk),
        "clip": str(clip.pk),
        "url": settings.SITE_URL + page,
        "file": str(storage.path_of(clip.credential.sha256)),
        "sha256": clip.credential.sha256,
        "log_index": index,
    }
