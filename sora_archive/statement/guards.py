"""Who may see the pages behind the statement."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]


def for_curators(view: _View[_P]) -> _View[_P]:
    """Only for those who look after the archive; others are told so."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        if not request.user.is_staff:
            raise PermissionDenied(_("Only curators work on the statement."))
        return view(request, *args, **kwargs)

    return guarded


def curator_id(request: HttpRequest) -> int:
    """Who acts; raises PermissionDenied where nobody has signed in."""
    if request.user.pk is None:
        raise PermissionDenied(_("Sign in first."))
    return int(request.user.pk)
