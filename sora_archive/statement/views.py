"""The statement's page."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .errors import StatementUnreadable
from .words import load

log = logging.getLogger(__name__)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The statement as its file stands now."""
    try:
        statement = load(settings.STATEMENT_FILE)
    except StatementUnreadable as error:
        log.error("the statement cannot be shown: %s", error)
        return render(request, "statement/unavailable.html", status=503)
    return render(request, "statement/show.html", {"statement": statement})
