"""What the API's description says of the check; the site puts it beside its own paths."""

from collections.abc import Mapping
from typing import Any, get_args

from provenance.core.wording import Integrity, State, Who, Word

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": "integer", "minimum": 0}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TIME = {"type": "string", "format": "date-time"}
_ADDRESS = {"type": "string", "format": "uri"}
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_OF_SIGNER = ("common_name", "organization", "issuer_common_name", "issuer_organization", "serial",
              "algorithm", "not_before", "not_after", "time_stamp", "time_stamp_list")  # fmt: skip


def _object(properties: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_SIGNER = _object(
    {"who": {"enum": list(get_args(Who))}, "text": _TEXT, **dict.fromkeys(_OF_SIGNER, _TEXT)}
)
_STEP = _object(
    {"number": _NUMBER, "title": _TEXT, "clause": _TEXT, "outcome": _TEXT, "text": _TEXT}
)
_ORIGINAL = _object(
    {
        "sha256": {**_TEXT, "description": "empty for another file than a published clip's"},
        "manifest": _TEXT,
        "clip": {**_TEXT, "description": "empty where sha256 is"},
        "at": _TEXT_OR_NULL,
        "standing": _TEXT,
    }
)
_FAILURE = _object({"code": _TEXT, "text": _TEXT, "where": _TEXT, "in_ingredient": _FLAG})
_ENTRY = _object({"type": _TEXT, "index": _NUMBER, "at": _TIME})
_LOG = _object(
    {
        "index": {"type": ["integer", "null"]}, "origin": _TEXT, "checked": _FLAG,
        "entry_type": _TEXT, "at": _TEXT_OR_NULL, "witnessed_at": _TEXT_OR_NULL,
        "entries": _list(_ENTRY), "text": _TEXT,
    }
)  # fmt: skip
_ANCESTOR = _object(
    {
        "depth": _NUMBER, "title": _TEXT, "relation": _TEXT, "manifest_id": _TEXT,
        "made_with": _TEXT, "signed_by": _TEXT, "trust_uri": _TEXT, "failures": _list(_FAILURE),
        "serial": _TEXT, "trusted": _FLAG, "who": {"enum": [*get_args(Who), None]},
        "signer_text": _TEXT,
    }
)  # fmt: skip
_VERDICT: dict[str, Any] = {
    "verdict": {"enum": list(get_args(Word))},
    "bit_identical": {"type": ["boolean", "null"]},
    "integrity": {"enum": [*get_args(Integrity), None]},
    "signer": _or_null(_SIGNER),
    "log": _or_null(_LOG),
    "claims": _list(_object({"label": _TEXT, "text": _TEXT, "value": _TEXT, "asserted_by": _TEXT})),
    "failures": _list(_FAILURE),
    "validator": _TEXT,
    "withdrawn": {"const": True},
    "state": {"enum": list(get_args(State)), "description": "see docs/verify.md"},
    "text": _TEXT,
    "words": _TEXT,
    "notes": _list(_TEXT),
    "answers": _list(_object({"asked": _TEXT, "said": _TEXT, "text": _TEXT, "alarm": _FLAG})),
    "history": _list(_ANCESTOR),
    "redactions": _list(
        _object({"label": _TEXT, "taken_from": _TEXT, "taken_by": _TEXT, "reason": _TEXT})
    ),
    "steps": _list(_STEP),
    "file": _object({"sha256": _SHA256, "size": _NUMBER}),
    "manifest": _TEXT,
    "original": _or_null(_ORIGINAL),
    "not_decidable": _list(_TEXT),
}
_BELIEVED = _object(
    {
        "list": _TEXT, "name": _TEXT, "trust_uri": _TEXT, "sha256": _SHA256,
        "certificates": _NUMBER,
    }
)  # fmt: skip
_TRUST = _object(
    {
        "sha256": _SHA256, "date": _TIME, "lists": _list(_BELIEVED), "revoked": _NUMBER,
        "entry": {"type": ["integer", "null"], "description": "of the log, with this hash"},
    }
)  # fmt: skip
_CHECK = _object(
    {
        "number": _NUMBER, "checked_at": _TIME, "program": _TEXT, "validator": _TEXT,
        "trust_sha256": _SHA256, "verdict": _TEXT, "state": _TEXT, "text": _TEXT,
    }
)  # fmt: skip
_REPORT = _object(
    {
        "id": _TEXT, "page": _ADDRESS, "json": _ADDRESS, "bundle": _ADDRESS, "created_at": _TIME,
        "file_kept": _FLAG, "checks": _list(_CHECK),
        "delete": {**_ADDRESS, "description": "removes the report; told to its maker alone"},
    },
    ("delete",),
)  # fmt: skip
_ISSUED = _object(
    {
        "sha256": {
            **_or_null(_SHA256),
            "description": "null for a clip that is not public, unless asked for by it",
        },
        "size": {"type": ["integer", "null"], "description": "null where sha256 is"},
        "manifest": _TEXT,
        "clip": {**_TEXT_OR_NULL, "description": "null where sha256 is"},
        "issued_at": _TIME,
        "standing": {**_TEXT, "description": "published, withdrawn, erased or draft"},
        "entry": {"type": ["integer", "null"], "description": "its number in the log"},
    }
)  # fmt: skip

SCHEMAS: Mapping[str, Any] = {
    "Verdict": _object(
        {**_VERDICT, "checked_at": _TIME, "program": _TEXT, "trust": _TRUST, "report": _REPORT},
        ("withdrawn",),
    ),
    "Issued": _ISSUED,
}


def _answer(words: str, *schemas: str) -> dict[str, Any]:
    refs = [_ref(schema) for schema in schemas]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


PATHS: Mapping[str, Any] = {
    "/api/v1/verify": {
        "post": {
            "operationId": "verify",
            "summary": "Check a file; the answer is its report",
            "description": "multipart/form-data, with the file in the field file",
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "required": ["file"],
                            "properties": {
                                "file": _FILE,
                                "keep": {
                                    "enum": ["1"],
                                    "description": "leave the file with the report",
                                },
                            },
                        }
                    }
                },
            },
            "responses": {
                "200": _answer("The verdict", "Verdict"),
                "422": _answer("It cannot be read, or was not checked", "Verdict", "Refusal"),
                "503": _answer("Too many are being checked; see Retry-After", "Refusal"),
            },
        }
    },
    "/api/v1/verify/{name}": {
        "get": {
            "operationId": "issued",
            "summary": "What was issued under a name",
            "parameters": [
                {
                    "name": "name",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1},
                    "description": "a file's SHA-256, a clip's id or a manifest's",
                }
            ],
            "responses": {
                "200": _answer("What was issued", "Issued"),
                "404": _answer("Nothing was", "Refusal"),
            },
        }
    },
}  # fmt: skip
