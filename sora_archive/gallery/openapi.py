"""The API's own description (OpenAPI 3.1); a test holds every answer against it."""

from typing import Any

from django.conf import settings

from generation import openapi as asked
from generation.models import Use
from provenance.verify import openapi as verifying

from .choice import LENGTHS, LICENCES, NAME_LETTERS
from .searching import LETTERS
from .wall import PLACE_PATTERN

MOST_CLIPS = 100
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
_ADDRESS = {"type": "string", "format": "uri"}
_ENTRY = {"type": ["integer", "null"], "minimum": 0, "description": "its number in the log"}
_CLIP: dict[str, Any] = {
    "id": {"type": "string", "format": "uuid"},
    "title": _TEXT,
    "artist": {"type": "string", "description": "a pseudonym; empty once it was erased"},
    "prompt": {"type": "string", "description": "empty while the artist hides it, and once erased"},
    "prompt_hidden": {"type": "boolean"},
    "erased": {
        "type": "array",
        "items": {"type": "string", "enum": ["prompt", "artist"]},
        "description": "what was erased for good",
    },
    "description": {"type": "string", "description": "what is seen, in the artist's words"},
    "licence": {"type": "string", "enum": list(LICENCES)},
    "model": _TEXT,
    "untrained": {"type": "boolean", "description": "the model's weights are random"},
    "width": _NUMBER,
    "height": _NUMBER,
    "frames": _NUMBER,
    "fps": _NUMBER,
    "published_at": {"type": "string", "format": "date-time"},
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "size": {"type": "integer", "minimum": 1, "description": "of the file, in bytes"},
    "manifest": {"type": "string", "description": "the content credential's id"},
    "entry": _ENTRY,
    "page": _ADDRESS,
    "file": _ADDRESS,
    "poster": _ADDRESS,
    "player": _ADDRESS,
    "ai_generated": {"const": True},
}
_DETAILS: dict[str, Any] = {
    "allowed_uses": {
        "type": "array",
        "items": {"type": "string", "enum": list(Use.values)},
        "description": "by machines; what is not named is forbidden",
    },
    "negative_prompt": _TEXT,
    "seed": {"type": "string", "description": "a number of up to 63 bits, as text"},
    "steps": _NUMBER,
    "guidance": {"type": "number"},
    "entries": {
        "type": "object",
        "required": ["attempt", "rendered", "generated", "publication"],
        "properties": dict.fromkeys(("attempt", "rendered", "generated", "publication"), _ENTRY),
    },
}
_PARAMETERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("q", {"type": "string", "maxLength": LETTERS}, "words to look for"),
    ("artist", {"type": "string", "maxLength": NAME_LETTERS}, "a pseudonym"),
    ("model", {"type": "string", "maxLength": NAME_LETTERS}, "a model's title"),
    ("collection", {"type": "string", "maxLength": NAME_LETTERS}, "a collection's title"),
    ("licence", {"enum": ["", *LICENCES]}, "what others may do with the clip"),
    ("length", {"enum": ["", *LENGTHS]}, "a class of lengths, in seconds"),
    ("year", {"type": "string", "pattern": "^([2-9][0-9]{3})?$"}, "of publication, in UTC"),
    (
        "older",
        {"type": "string", "pattern": f"^({PLACE_PATTERN})?$"},
        "a place on the wall, taken from next",
    ),
    ("limit", {"type": "integer", "minimum": 1, "maximum": MOST_CLIPS}, "clips at most"),
)


def document() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{settings.SITE_NAME} API",
            "version": "1",
            "description": "Published clips, their evidence and the check of a file, open to all; "
            "asking for clips, with a token.",
        },
        "servers": [{"url": settings.SITE_URL}],
        "paths": {
            "/api/v1/clips": {"get": _list()},
            "/api/v1/clips/{id}": {"get": _one()},
            **asked.paths(),
            **verifying.PATHS,
        },
        "components": {
            "schemas": {
                "Clip": _object(_CLIP),
                "ClipInFull": _object(_CLIP | _DETAILS),
                "Clips": _object(
                    {
                        "clips": {"type": "array", "items": _ref("Clip")},
                        "next": {"type": ["string", "null"], "format": "uri"},
                    }
                ),
                "Refusal": _object({"error": _TEXT}),
                **verifying.SCHEMAS,
                **asked.SCHEMAS,
            },
            "securitySchemes": asked.SECURITY,
        },
    }


def _list() -> dict[str, Any]:
    return {
        "operationId": "clips",
        "summary": "Published clips, newest first",
        "parameters": [
            {"name": name, "in": "query", "schema": schema, "description": words}
            for name, schema, words in _PARAMETERS
        ],
        "responses": {"200": _answer("The clips", "Clips"), "400": _answer("Why not", "Refusal")},
    }


def _one() -> dict[str, Any]:
    identity = {"type": "string", "format": "uuid"}
    return {
        "operationId": "clip",
        "summary": "One published clip with its settings and entries",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": identity}],
        "responses": {
            "200": _answer("The clip", "ClipInFull"),
            "404": _answer("There is none", "Refusal"),
            "410": _answer("It was withdrawn", "Refusal"),
        },
    }


def _answer(words: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
