"""Schemathesis reads our OpenAPI document and throws what it forbids, and what it allows, at it."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import schemathesis
from django.conf import settings as site
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from provenance import vault
from sora_archive.accounts import tokens
from sora_archive.accounts.models import User
from tests.site.hanging import hang

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def api(ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> schemathesis.BaseSchema:
    """The document as the site serves it, with keys and a clip behind it."""
    monkeypatch.setattr(site, "KEYS_DIR", tmp_path / "keys")
    vault.ensure_keys(tmp_path / "keys", "testserver/log", timezone.now())
    hang(ada, "Lantern")
    return schemathesis.openapi.from_wsgi(DOCUMENT, get_wsgi_application())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_as_the_document_says(
    api: schemathesis.BaseSchema, mode: GenerationMode
) -> None:
    for operation in api.get_all_operations():
        assert isinstance(operation, Ok)
        throw(operation.ok(), mode)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_so_is_what_a_program_with_a_token_is_told(
    api: schemathesis.BaseSchema, ada: User, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.tasks.send", lambda *_: None)
    monkeypatch.setattr(site, "GENERATION_MAX_IN_FLIGHT", 60)
    secret = tokens.issue(ada, "laptop", ["read", "generate"], 30)[1]
    for operation in api.get_all_operations():
        assert isinstance(operation, Ok)
        if operation.ok().path.startswith(("/api/v1/generations", "/api/v1/models")):
            throw(operation.ok(), mode, {"Authorization": f"Bearer {secret}"})


def throw(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Requests the document allows, or forbids, at one operation; each answer must fit it."""
    sent = {"Accept-Encoding": "identity", **headers}  # its client does not unpack what is packed

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def once(case: schemathesis.Case[Any]) -> None:
        # A search has a grammar (a word to look for, at most twelve) that no JSON Schema can say.
        case.call_and_validate(headers=sent, excluded_checks=[positive_data_acceptance])

    try:
        once()
    except Unsatisfiable:  # some operations forbid nothing, or nothing that can be sent
        if mode is not GenerationMode.NEGATIVE:
            raise
