"""What a visitor chose for the pages: language, time zone, motion. One cookie, set by nothing but
the form that asks for it; without one the browser's languages count, and times are in UTC.
"""

import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

COOKIE = "preferences"
YEAR = 365 * 24 * 3600
STILL = "still"
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
           "Pacific")  # fmt: skip
_IN_WORDS = ("text/html", "application/json", "application/atom+xml")


@dataclass(frozen=True)
class Preferences:
    """What was chosen; an empty value leaves the choice to the browser, the zone to UTC."""

    language: str = ""
    zone: str = ""
    still: bool = False

    @classmethod
    def parse(cls, text: str) -> "Preferences":
        """What `str()` wrote; a value that means nothing here chooses nothing."""
        language, zone, motion = [*text.split(":"), "", "", ""][:3]
        zone = zone.replace(".", "/")
        return cls(
            language if language in dict(settings.LANGUAGES) else "",
            zone if zone in _zones() else "",
            motion == STILL,
        )

    def __str__(self) -> str:
        """The cookie's value: letters that need no quoting there."""
        zone = self.zone.replace("/", ".")
        return f"{self.language}:{zone}:{STILL if self.still else ''}"


def of(request: HttpRequest) -> Preferences:
    """What this visitor chose."""
    return Preferences.parse(request.COOKIES.get(COOKIE, ""))


def middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers in the visitor's language and time zone; Django's own would set a cookie for each."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        chosen = of(request)
        language = chosen.language or translation.get_language_from_request(request)
        zone = zoneinfo.ZoneInfo(chosen.zone) if chosen.zone else None
        with translation.override(language), timezone.override(zone):
            response = get_response(request)
        if response.get("Content-Type", "").startswith(_IN_WORDS):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            response.headers.setdefault("Content-Language", language)
        return response

    return answer


class PreferencesForm(forms.Form):
    """The choices as a form."""

    language = forms.ChoiceField(label=_("Language"), required=False, widget=forms.RadioSelect)
    zone = forms.ChoiceField(label=_("Time zone"), required=False)
    motion = forms.ChoiceField(
        label=_("Motion"),
        widget=forms.RadioSelect,
        required=False,
        choices=[("", _("As my device is set")), (STILL, _("Nothing moves by itself"))],
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        browser = ("", _("As my browser asks"))
        choices = {"language": [browser, *settings.LANGUAGES], "zone": [("", "UTC"), *_by_region()]}
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def chosen(self) -> Preferences:
        """The choice of a valid form."""
        data = self.cleaned_data
        return Preferences(data["language"], data["zone"], data["motion"] == STILL)


def choose(request: HttpRequest) -> HttpResponse:
    """The form; a sent one sets the cookie, or takes it away where nothing is chosen."""
    now = of(request)
    initial = {"language": now.language, "zone": now.zone, "motion": STILL if now.still else ""}
    form = PreferencesForm(request.POST or None, initial=initial | {"next": _came_from(request)})
    if request.method == "POST" and form.is_valid():
        return _keep(redirect(_way_back(request, form.cleaned_data["next"])), form.chosen())
    return render(request, "preferences.html", {"form": form}, status=422 if form.errors else 200)


def _came_from(request: HttpRequest) -> str:
    """The page of this site that led here: its path and query."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host() or page.path == request.path:
        return ""
    return urlunsplit(("", "", page.path, page.query, ""))


def _keep(response: HttpResponse, chosen: Preferences) -> HttpResponse:
    if chosen == Preferences():
        response.delete_cookie(COOKIE, samesite="Lax")
    else:
        response.set_cookie(
            COOKIE, str(chosen), YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    return response


def _way_back(request: HttpRequest, address: str) -> str:
    """The page the visitor came from, if it is one of this site's."""
    own = url_has_allowed_host_and_scheme(address, None)
    return address if own and urlsplit(address).path.startswith("/") else request.path


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(name for name in zoneinfo.available_timezones() if name.startswith(REGIONS))


@lru_cache(maxsize=1)
def _by_region() -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    by_region: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(_zones()):
        region, _slash, place = name.partition("/")
        by_region.setdefault(region, []).append((name, place.replace("_", " ")))
    return list(by_region.items())
