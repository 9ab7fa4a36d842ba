"""Schemathesis reads our OpenAPI document and throws what it forbids, and what it allows, at it."""

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from sora_archive.accounts.models import User
from tests.site.hanging import hang

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def api(ada: User) -> schemathesis.BaseSchema:
    """The document as the site serves it, with a clip behind it."""
    hang(ada, "Lantern")
    return schemathesis.openapi.from_wsgi(DOCUMENT, get_wsgi_application())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_as_the_document_says(
    api: schemathesis.BaseSchema, mode: GenerationMode
) -> None:
    for operation in api.get_all_operations():
        assert isinstance(operation, Ok)
        throw(operation.ok(), mode)


def throw(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    """Requests the document allows, or forbids, at one operation; each answer must fit it."""

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def once(case: schemathesis.Case[Any]) -> None:
        # A search has a grammar (a word to look for, at most twelve) that no JSON Schema can say.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    once()
