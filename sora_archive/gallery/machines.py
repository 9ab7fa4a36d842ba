"""What the site tells machines about itself: what may be indexed, that nothing may be trained on,
where all clips are, and whom to tell about a hole."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from generation.models import Clip

from . import addresses
from .describing import printable, summary
from .facets import days
from .models import Hanging

# Crawlers that say they gather for training; the reservation below holds for those who do not.
TRAINERS = (
    "AI2Bot", "Amazonbot", "anthropic-ai", "Applebot-Extended", "Bytespider", "CCBot", "ClaudeBot",
    "cohere-training-data-crawler", "Diffbot", "FacebookBot", "Google-Extended", "GPTBot",
    "ImagesiftBot", "Meta-ExternalAgent", "omgili", "PanguBot", "Timpibot", "Webzio-Extended",
)  # fmt: skip
CLOSED = ("/accounts/", "/admin/", "/ask/", "/generations/")
PAGES = (
    "gallery:home", "gallery:find", "gallery:collections", "statement:show", "record:timeline",
    "verify:upload", "log:index",
)  # fmt: skip
CLIPS_A_SITEMAP = 50_000  # what sitemaps.org allows
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_EXPIRES = timedelta(days=180)  # RFC 9116 advises less than a year


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """RFC 9309: search engines are welcome to what is public, gatherers for training are not."""
    trainers = [f"User-agent: {name}" for name in TRAINERS]
    everybody = ["User-agent: *", *(f"Disallow: {p}" for p in CLOSED)]
    where = f"Sitemap: {addresses.whole('gallery:sitemap')}"
    return _text([*trainers, "Disallow: /", "", *everybody, "", where])


@require_safe
def ai(request: HttpRequest) -> HttpResponse:
    """ai.txt: nothing of this archive is given for the training of models."""
    words = "# The works of this archive may be watched, cited and indexed, and not trained on."
    return _text([words, "User-Agent: *", "Disallow: /"])


@require_safe
def tdmrep(request: HttpRequest) -> JsonResponse:
    """The reservation of text and data mining rights (TDMRep; Directive (EU) 2019/790, art. 4)."""
    return JsonResponse([{"location": "/", "tdm-reservation": 1}], safe=False)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell about a hole; there is none to tell until the operator names one."""
    if not settings.SECURITY_CONTACT:
        raise Http404("The operator has named nobody to tell.")
    expires = (timezone.now() + _EXPIRES).replace(hour=0, minute=0, second=0, microsecond=0)
    return _text(
        [
            f"Contact: {settings.SECURITY_CONTACT}",
            f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
            "Preferred-Languages: en",
            f"Canonical: {addresses.whole('gallery:security')}",
        ]
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The index: one sitemap of pages, and one for each day on which clips were published."""
    named = [
        addresses.whole("gallery:sitemap_pages"),
        *(addresses.whole("gallery:sitemap_day", day) for day, _ in days()),
    ]
    rows = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in named)
    body = f'{_HEAD}<sitemapindex xmlns="{_SITEMAP}">\n{rows}</sitemapindex>\n'
    return HttpResponse(body, content_type="application/xml")


@require_safe
def sitemap_pages(request: HttpRequest) -> HttpResponse:
    """The pages that are no clips."""
    rows = "".join(f"<url><loc>{escape(addresses.whole(page))}</loc></url>\n" for page in PAGES)
    body = f'{_HEAD}<urlset xmlns="{_SITEMAP}">\n{rows}</urlset>\n'
    return HttpResponse(body, content_type="application/xml")


@require_safe
def sitemap_day(request: HttpRequest, day: str) -> HttpResponseBase:
    """The clips published on one day, in UTC, each as a video entry."""
    begin = _midnight(day)
    hangings = (
        Hanging.objects.filter(published_at__gte=begin, published_at__lt=begin + timedelta(days=1))
        .select_related("clip__generation__artist")
        .defer("words")
        .order_by("-published_at", "-clip_id")[:CLIPS_A_SITEMAP]
    )
    if not hangings.exists():
        raise Http404("No clip of that day hangs here.")
    entries = (_entry(hanging.clip) for hanging in hangings.iterator())
    return StreamingHttpResponse(_urlset(entries), content_type="application/xml")


def _midnight(day: str) -> datetime:
    try:
        asked = date.fromisoformat(day)
        if asked.isoformat() != day or asked.year > 9998:
            raise ValueError
    except ValueError as error:
        raise Http404("There is no such day.") from error
    return datetime(asked.year, asked.month, asked.day, tzinfo=UTC)


def _urlset(entries: Iterator[str]) -> Iterator[str]:
    yield f'{_HEAD}<urlset xmlns="{_SITEMAP}" xmlns:video="{_VIDEO}">\n'
    yield from entries
    yield "</urlset>\n"


def _entry(clip: Clip) -> str:
    facts = {
        "thumbnail_loc": addresses.poster_of(clip),
        "title": printable(clip.title),
        "description": summary(clip)[:2048],
        "content_loc": addresses.file_of(clip),
        "player_loc": addresses.player_of(clip),
        "duration": str(max(1, round(clip.seconds))),
        "publication_date": clip.published_at.isoformat() if clip.published_at else "",
        "uploader": printable(clip.generation.shown_artist)[:255],
    }
    video = "".join(f"<video:{tag}>{escape(text)}</video:{tag}>" for tag, text in facts.items())
    page = escape(addresses.page_of(clip))
    return f"<url><loc>{page}</loc><video:video>{video}</video:video></url>\n"


def _text(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
