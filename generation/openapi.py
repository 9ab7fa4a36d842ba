"""The part of the API's description that is about asking for clips."""

from typing import Any

from .api import MOST
from .models import (
    DESCRIPTION_LETTERS,
    MAX_SEED,
    PROMPT_LETTERS,
    TITLE_LETTERS,
    Begin,
    Licence,
    State,
    Use,
    Visibility,
)
from .requesting import KEY_LETTERS
from .settings_form import MOST_VARIATIONS

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
_UUID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_ADDRESS = {"type": "string", "format": "uri"}
_USES = {"type": "array", "items": {"type": "string", "enum": list(Use.values)}}
_LICENCE = {"type": "string", "enum": list(Licence.values)}
_GENERATION: dict[str, Any] = {
    "id": _UUID,
    "state": {"type": "string", "enum": list(State.values)},
    "attempt": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "name in the log"},
    "prompt": {"type": "string", "description": "empty once it was erased"},
    "negative_prompt": _TEXT,
    "model": _TEXT,
    "seed": {"type": "string", "description": "a number of up to 63 bits, as text"},
    "steps": _NUMBER,
    "guidance": {"type": "number"},
    "width": _NUMBER,
    "height": _NUMBER,
    "frames": _NUMBER,
    "fps": _NUMBER,
    "title": _TEXT,
    "description": _TEXT,
    "batch": {"type": ["string", "null"], "format": "uuid", "description": "of its variations"},
    "retry_of": {"type": ["string", "null"], "format": "uuid", "description": "what it repeats"},
    "licence": _LICENCE,
    "allowed_uses": _USES,
    "prompt_hidden": {"type": "boolean"},
    "parent": {"type": ["string", "null"], "format": "uuid", "description": "clip it remixes"},
    "begins_with": {"type": "string", "enum": list(Begin.values)},
    "step": {"type": "integer", "minimum": 0, "description": "how far it is, of steps"},
    "reason": {"type": "string", "description": "a code, where no clip came of it"},
    "words": {"type": "string", "description": "the reason in words"},
    "created_at": _TIME,
    "finished_at": {"type": ["string", "null"], "format": "date-time"},
    "page": _ADDRESS,
    "clip": {
        "oneOf": [
            {"type": "null"},
            {
                "type": "object",
                "required": ["id", "visibility", "file"],
                "properties": {
                    "id": _UUID,
                    "visibility": {"type": "string", "enum": list(Visibility.values)},
                    "file": _ADDRESS,
                },
                "additionalProperties": False,
            },
        ]
    },
}
_ASKED: dict[str, Any] = {
    "prompt": {"type": "string", "minLength": 1, "maxLength": PROMPT_LETTERS},
    "negative_prompt": {"type": "string", "maxLength": PROMPT_LETTERS},
    "model": {"type": "string", "description": "a model's id; default: the first"},
    "size": {"type": "string", "description": "one of the model's, such as 832x480"},
    "frames": {"type": "integer", "description": "one of the model's choices"},
    "fps": {"type": "integer", "description": "one of the model's choices"},
    "steps": {"type": "integer", "description": "within the model's bounds"},
    "guidance": {"type": "number", "description": "within the model's bounds"},
    "count": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_VARIATIONS,
        "description": "variations, each an attempt of its own; with it the answer is a list",
    },
    "seed": {
        "oneOf": [
            {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
            {"type": "string", "pattern": "^[0-9]{0,19}$"},
        ],
        "description": "default: drawn for each; variations count up from a given one",
    },
    "title": {"type": "string", "maxLength": TITLE_LETTERS},
    "description": {"type": "string", "maxLength": DESCRIPTION_LETTERS},
    "licence": _LICENCE,
    "allowed_uses": _USES,
    "hide_prompt": {"type": "boolean"},
    "ignore_unknown_words": {
        "type": "boolean",
        "description": "true: ask although the model does not know all words",
    },
    "parent": {**_UUID, "description": "the published clip that this is a remix of"},
    "begins_with": {
        "type": "string",
        "enum": list(Begin.values),
        "description": "the frame of the parent to begin with, where the model can",
    },
}
_WHOLE = {
    "type": "object",
    "required": ["default", "choices"],
    "properties": {"default": _NUMBER, "choices": {"type": "array", "items": _NUMBER}},
    "additionalProperties": False,
}
_BOUNDS = {
    "type": "object",
    "required": ["default", "min", "max"],
    "properties": {name: {"type": "number"} for name in ("default", "min", "max")},
    "additionalProperties": False,
}
_MODEL: dict[str, Any] = {
    **dict.fromkeys(("id", "title", "summary", "licence", "revision", "limits", "size"), _TEXT),
    "weights_sha256": {"type": "string", "description": "empty where nobody wrote it down"},
    "sizes": {"type": "array", "items": _TEXT},
    "frames": _WHOLE,
    "fps": _WHOLE,
    "steps": _BOUNDS,
    "guidance": _BOUNDS,
    "begins_with_frame": {"type": "boolean", "description": "whether begins_with may be asked"},
    "damage": {"type": "string", "description": "why it cannot be asked now, in words"},
}
_ID = {"name": "id", "in": "path", "required": True, "schema": _UUID}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LETTERS},
    "description": "made by you, new for each request; the same key again asks nothing new",
}
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "made at /accounts/tokens/, with the scopes read, generate or both",
    }
}
SCHEMAS = {
    "Generation": {
        "type": "object",
        "required": list(_GENERATION),
        "properties": _GENERATION,
        "additionalProperties": False,
    },
    "Generations": {
        "type": "object",
        "required": ["generations", "next"],
        "properties": {
            "generations": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Generation"},
            },
            "next": {"type": ["string", "null"], "format": "uri"},
        },
        "additionalProperties": False,
    },
    "Made": {
        "oneOf": [
            {"$ref": "#/components/schemas/Generation"},
            {"$ref": "#/components/schemas/Generations"},
        ],
        "description": "a list where count was given",
    },
    "Models": {
        "type": "object",
        "required": ["models"],
        "properties": {
            "models": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": list(_MODEL),
                    "properties": _MODEL,
                    "additionalProperties": False,
                },
            }
        },
        "additionalProperties": False,
    },
    "Asked": {
        "type": "object",
        "required": ["prompt"],
        "properties": _ASKED,
        "additionalProperties": False,
    },
    "Explained": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": _TEXT,
            "fields": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": _TEXT},
            },
        },
        "additionalProperties": False,
    },
}


def paths() -> dict[str, Any]:
    """The addresses and what can be asked there."""
    return {
        "/api/v1/generations": {
            "get": _operation(
                "generations", "What you asked for, newest first", "read", {"200": "Generations"},
                "400", "404",
                parameters=[
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST}),
                    _query("before", _UUID),
                ],
            ),
            "post": {
                **_operation(
                    "ask", "Ask for a clip", "generate",
                    {"200": "Made", "201": "Made"}, "400", "415", "422", "503",
                    parameters=[_KEY],
                ),
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}
                    },
                },
            },
        },
        "/api/v1/generations/{id}": {
            "get": _operation(
                "generation", "One of them", "read", {"200": "Generation"}, "404", parameters=[_ID]
            )
        },
        "/api/v1/generations/{id}/cancel": {
            "post": _operation(
                "cancel", "Stop it", "generate", {"200": "Generation"}, "404", parameters=[_ID]
            )
        },
        "/api/v1/generations/{id}/retry": {
            "post": _operation(
                "retry", "Ask again for one that gave no clip", "generate", {"200": "Generation"},
                "404", "409", "503", parameters=[_ID],
            )
        },
        "/api/v1/models": {
            "get": _operation(
                "models", "What can be asked of which model", "read", {"200": "Models"}, "503",
                parameters=[],
            )
        },
        "/api/v1/generations/{id}/clip.mp4": {
            "get": {
                **_operation("clip_file", "Its file", "read", {}, "404", parameters=[_ID]),
            }
        },
    }  # fmt: skip


def _operation(
    name: str, summary: str, scope: str, good: dict[str, str], *bad: str,
    parameters: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    answers = good | dict.fromkeys(("401", "403", *bad), "Explained")
    return {
        "operationId": name,
        "summary": summary,
        "description": f"needs a token with the scope {scope}",
        "security": [{"token": []}],
        "parameters": parameters,
        "responses": {
            **({} if good else {"200": {"description": "The file", "content": {"video/mp4": {}}}}),
            **{
                status: {
                    "description": _MEANING[status],
                    "content": {
                        "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}
                    },
                }
                for status, schema in sorted(answers.items())
            },
        },
    }


_MEANING = {
    "200": "As it stands; for asking: the key was used before, for this very request",
    "201": "Asked for; state says whether a quota refused it",
    "400": "Why not",
    "401": "No token that works",
    "403": "The token lacks the scope",
    "404": "There is none",
    "409": "Why it cannot be tried again",
    "415": "It is no JSON",
    "503": "Nothing can be asked for now, and why; Retry-After says when to look again",
    "422": "Why it cannot be asked for, by field; or the key was used for another request",
}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}
