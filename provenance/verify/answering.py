"""JSON answers that pages of any origin may read: nothing in them rests on a cookie."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse


def as_json(body: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A JSON answer."""
    answer = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
