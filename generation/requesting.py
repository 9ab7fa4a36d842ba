"""What a program sends to ask for a clip, read into a request; the form's own rules hold for it."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from . import offers
from .asking import Request
from .errors import GenerationError
from .forms import AskForm
from .models import Generation

KEY_LETTERS = 255
_KEYS = uuid.UUID("5e4ab7a2-3f9c-4f7e-9c4e-0d6f3a1c8b21")  # of idempotency keys, for UUIDs of them
_TEXT = (
    "prompt", "negative_prompt", "model", "size", "title", "description", "licence", "parent",
    "begins_with",
)  # fmt: skip
_FLAG = ("hide_prompt", "ignore_unknown_words")
_WHOLE = ("frames", "fps", "steps", "count")
FIELDS = (*_TEXT, *_FLAG, *_WHOLE, "guidance", "seed", "allowed_uses")
_FORM_NAMES = {"frames": "length", "ignore_unknown_words": "ignore_unknown"}
_API_NAMES = {form: api for api, form in _FORM_NAMES.items()}
# Columns that a request repeated under one key must agree in.
_SAME = (
    "prompt", "negative_prompt", "model", "width", "height", "frames", "fps", "steps", "guidance",
    "licence", "allowed_uses", "prompt_hidden", "parent_id", "begins_with",
)  # fmt: skip


class BadRequest(GenerationError):
    """This cannot be answered as it was asked: the status, words, and words by field."""

    def __init__(
        self, words: str, status: int = 422, fields: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__(words)
        self.words, self.status, self.fields = words, status, fields or {}


def key_of(text: str) -> uuid.UUID:
    """The request key of an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""
    if not text:
        words = _("Send an Idempotency-Key with each request, so that a repeated one asks once.")
        raise BadRequest(words, 400)
    if len(text) > KEY_LETTERS or not text.isascii() or not text.isprintable():
        raise BadRequest(_("An Idempotency-Key has 1 to 255 printable ASCII letters."), 400)
    return uuid.uuid5(_KEYS, text)


def read(request: HttpRequest, key: uuid.UUID) -> tuple[list[Request], dict[str, Any]]:
    """The requests in a body of JSON, one for each variation, and the body itself.

    Raises BadRequest, and ModelUnavailable where this site has no model at all.
    """
    given = _object(request)
    available = offers.usable()
    form = AskForm(available, _fields(given, available[0].id, key))
    if not form.is_valid():
        errors = {
            _API_NAMES.get(name, name): [str(word) for word in words]
            for name, words in form.errors.items()
        }
        raise BadRequest(_("This cannot be asked for as it is."), 422, errors)
    return form.requests(), given


def same(found: Sequence[Generation], asked: Sequence[Generation], given: dict[str, Any]) -> bool:
    """Whether these are what is asked for again; a seed that was not given may differ.

    Title and description may differ too: they can be changed, and are the clip's once there is one.
    """
    names = (*_SAME, "seed") if given.get("seed") not in (None, "") else _SAME
    return len(found) == len(asked) and all(
        getattr(old, name) == getattr(new, name)
        for old, new in zip(found, asked, strict=True)
        for name in names
    )


def _object(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise BadRequest(_("Send JSON, with Content-Type: application/json."), 415)
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(_("The body is no JSON."), 400) from error
    if not isinstance(given, dict):
        raise BadRequest(_("The body is no JSON object."), 400)
    if unknown := sorted(given.keys() - set(FIELDS)):
        fields = {name[:80]: [_("There is no such field.")] for name in unknown[:20]}
        raise BadRequest(_("This cannot be asked for as it is."), 422, fields)
    return given


def _fields(given: dict[str, Any], first_model: str, key: uuid.UUID) -> dict[str, Any]:
    """The body as the form takes it; raises BadRequest where a value is of another type."""
    wrong = {
        name: [_("This is of another type.")] for name in given if not _fits(name, given[name])
    }
    if wrong:
        raise BadRequest(_("This cannot be asked for as it is."), 422, wrong)
    values: dict[str, Any] = {"model": first_model}
    values |= {name: value for name, value in given.items() if value is not None}
    return {
        "request_id": str(key),
        **{_FORM_NAMES.get(name, name): value for name, value in values.items()},
    }


def _fits(name: str, value: object) -> bool:
    if value is None:
        return True
    if name in _FLAG:
        return isinstance(value, bool)
    if name in _WHOLE:
        return type(value) is int
    if name == "guidance":
        return type(value) in {int, float}
    if name == "seed":  # beyond 2^53 as text: JSON of many languages has doubles only
        return type(value) is int or isinstance(value, str)
    if name == "allowed_uses":
        return isinstance(value, list) and all(isinstance(use, str) for use in value)
    return isinstance(value, str)
