"""Asking for a clip: the request becomes a row and a log entry in one transaction.

The broker is told afterwards, and only of the id; what it forgets the sweep sends again.
"""

import logging
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from provenance.core.records import JSON, EntryType
from provenance.log import outbox

from . import pausing, quota
from .engines import catalog
from .engines.catalog import ModelCard
from .errors import Paused
from .models import Clip, Generation, Licence, Look, RequestSignature, State
from .rules import rules

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What an artist asks for; `seed` in 0 .. 2^63-1, `frames` one of the card's choices.

    `parent` is the published clip that this one is a remix of, `begins_with` a value of Begin;
    `allowed_uses` are values of Use.
    `size` (pixels as rendered), `fps`, `steps` and `guidance` are the card's own where not given.
    `batch` is shared by variations; `retry_of` is the attempt without a clip that this repeats.
    """

    prompt: str
    negative_prompt: str
    card: ModelCard
    seed: int
    frames: int
    key: uuid.UUID
    parent: Clip | None = None
    begins_with: str = ""
    licence: str = Licence.NONE
    allowed_uses: Sequence[str] = ()
    hide_prompt: bool = False
    size: tuple[int, int] | None = None
    fps: int | None = None
    steps: int | None = None
    guidance: float | None = None
    title: str = ""
    description: str = ""
    batch: uuid.UUID | None = None
    retry_of: Generation | None = None


@dataclass(frozen=True)
class Draft:
    """A request before it is asked for: its row, not saved, and its entry, fixed to the byte."""

    generation: Generation
    entry: outbox.Prepared


def variations(first: Request, seeds: Sequence[int]) -> list[Request]:
    """A request for each seed: the first under its own key, the others under keys made of it."""
    batch = first.key if len(seeds) > 1 else None
    keys = [first.key, *(uuid.uuid5(first.key, f"variation {n}") for n in range(1, len(seeds)))]
    return [
        replace(first, seed=seed, key=key, batch=batch)
        for seed, key in zip(seeds, keys, strict=True)
    ]


def ask(artist: AbstractBaseUser, request: Request) -> Generation:
    """The queued (or refused) generation; asking twice with one key gives the first one again."""
    return ask_as_drafted(artist, draft(artist, request))


def ask_all(artist: AbstractBaseUser, requests: Sequence[Request]) -> list[Generation]:
    """The same for variations: all are asked for, or none; each counts, some may be refused."""
    return ask_drafts(artist, [draft(artist, request) for request in requests])


def ask_as_drafted(
    artist: AbstractBaseUser, drafted: Draft, signature: Mapping[str, JSON] | None = None
) -> Generation:
    """The same for a request whose entry is fixed already, with the artist's signature over it.

    The signature is taken as it is given: whoever calls has verified it over the entry's bytes.
    """
    return ask_drafts(artist, [drafted], signature)[0]


def ask_drafts(
    artist: AbstractBaseUser,
    drafts: Sequence[Draft],
    signature: Mapping[str, JSON] | None = None,
) -> list[Generation]:
    """What is asked for with these drafts, or was before with the first one's key.

    Raises Paused, and stores nothing, while the site takes no requests.
    """
    with transaction.atomic():
        notice = pausing.held_open()
        # One lock an artist: a double click and a race for the last place in the quota both wait.
        get_user_model().objects.select_for_update().get(pk=artist.pk)
        if asked := _asked(artist, drafts[0].generation.request_key):
            return asked
        if notice:
            raise Paused(notice)
        return [_store(artist, drafted, signature) for drafted in drafts]


def _asked(artist: AbstractBaseUser, key: uuid.UUID) -> list[Generation]:
    """What was asked for with a key, with all its variations."""
    own = Generation.objects.filter(artist_id=artist.pk)
    first = own.filter(request_key=key).first()
    if first is None or first.batch is None:
        return [first] if first else []
    return list(own.filter(batch=first.batch).order_by("created_at", "pk"))


def _store(
    artist: AbstractBaseUser, drafted: Draft, signature: Mapping[str, JSON] | None
) -> Generation:
    generation = drafted.generation
    words = " ".join((generation.negative_prompt, generation.title, generation.description))
    refused = quota.refusal(artist) or rules().refusal_of_prompt(generation.prompt, words)
    generation.attempt_ticket = outbox.submit_prepared(drafted.entry)
    generation.save(force_insert=True)
    if signature is not None:
        _sign(generation, signature)
    if refused:
        code, words = refused
        end(generation, State.REFUSED, EntryType.REFUSED, {"reason": code}, words)
    else:
        transaction.on_commit(lambda: ring(generation.pk), robust=True)
    return generation


def ring(generation_id: uuid.UUID) -> bool:
    """Tell the broker of a queued generation; False where it could not be told (the sweep will)."""
    send: Callable[[str, str], None] = import_string("generation.tasks.send")
    model = Generation.objects.values_list("model", flat=True).get(pk=generation_id)
    try:
        send(str(generation_id), catalog.queue_of(model))
    except Exception as error:  # noqa: BLE001 - any broker's own error; the row is the truth
        log.warning(
            "generation %s waits: the broker is away (%s)", generation_id, type(error).__name__
        )
        return False
    Generation.objects.filter(pk=generation_id).update(sent_at=timezone.now())
    return True


def draft(artist: AbstractBaseUser, request: Request) -> Draft:
    """A request with its entry; nothing is stored."""
    card = request.card
    width, height = request.size or (card.width, card.height)
    generation = Generation(
        artist_id=artist.pk,
        request_key=request.key,
        attempt=secrets.token_hex(16),
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        model=card.id,
        seed=request.seed,
        steps=request.steps or int(card.steps.default),
        guidance=card.guidance.default if request.guidance is None else request.guidance,
        width=width,
        height=height,
        frames=request.frames,
        fps=request.fps or card.fps,
        title=request.title,
        description=request.description,
        parent=request.parent,
        begins_with=request.begins_with,
        batch=request.batch,
        retry_of=request.retry_of,
        licence=request.licence,
        allowed_uses=sorted(request.allowed_uses),
        prompt_hidden=request.hide_prompt,
    )
    entry = outbox.prepare(
        EntryType.ATTEMPT,
        {"attempt": generation.attempt},
        [
            outbox.new_opening("artist", {"name": str(artist)}),
            outbox.new_opening("prompt", _prompt(generation)),
            outbox.new_opening("parameters", _parameters(generation)),
        ],
    )
    return Draft(generation, entry)


def _sign(generation: Generation, signature: Mapping[str, JSON]) -> None:
    ticket = outbox.submit(
        EntryType.ATTEMPT_SIGNED,
        {"attempt": generation.attempt},
        [outbox.new_opening("signed", signature)],
    )
    RequestSignature.objects.create(
        generation=generation, ticket=ticket, credential=str(signature["credential"])
    )


def _prompt(generation: Generation) -> dict[str, str]:
    return {"prompt": generation.prompt, "negative_prompt": generation.negative_prompt}


def _parameters(generation: Generation) -> dict[str, str | int]:
    """Numbers beyond 2^53 and fractions are strings: canonical JSON has doubles only."""
    return {
        "model": generation.model,
        "seed": str(generation.seed),
        "guidance": str(generation.guidance),
        **{
            name: getattr(generation, name)
            for name in ("steps", "width", "height", "frames", "fps")
        },
        **({"parent": str(generation.parent_id)} if generation.parent_id else {}),
        **({"begins_with": generation.begins_with} if generation.begins_with else {}),
    }


def cancel(generation: Generation, by: str = "artist") -> None:
    """Stop a generation: at once while it waits, within one step while it runs."""
    with transaction.atomic():
        row = Generation.objects.select_for_update().get(pk=generation.pk)
        if row.state == State.RUNNING:
            Generation.objects.filter(pk=row.pk).update(cancel_requested=True)
        elif row.state == State.QUEUED:
            end(row, State.CANCELLED, EntryType.CANCELLED, {"by": by})


def end(
    row: Generation, state: State, entry: EntryType, body: dict[str, str], words: str = ""
) -> None:
    """Give a locked, open row its outcome, in the row and in the log alike."""
    row.reason_code, row.reason = body.get("reason", ""), words
    close(row, state, outbox.submit(entry, {"attempt": row.attempt, **body}))


def close(row: Generation, state: State, outcome_ticket: uuid.UUID) -> None:
    """Write the outcome whose entry has this ticket; the row must be locked and open."""
    row.state = state
    row.outcome_ticket = outcome_ticket
    row.lease_owner = row.lease_until = None
    row.finished_at = timezone.now()
    row.save(force_update=True)
    Look.objects.filter(pk=row.pk).delete()
