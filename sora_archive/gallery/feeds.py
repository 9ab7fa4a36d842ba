"""The wall as an Atom feed (RFC 4287), whole or as somebody chose it."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.translation import get_language, gettext
from django.views.decorators.http import conditional_page, require_safe

from . import addresses, wall
from .choice import Choice
from .describing import printable, summary
from .errors import BadChoice

# Constant while nothing hangs, so that an empty feed does not change with every look at it.
_BEFORE_ANYTHING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class _Feed(Atom1Feed):
    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else _BEFORE_ANYTHING


@conditional_page
@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """The newest clips of a choice; the same names choose as on the page."""
    try:
        choice = Choice.parse(request.GET)
    except BadChoice as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content_type="application/atom+xml; charset=utf-8")
    _feed(choice).write(response, "utf-8")
    return response


def _feed(choice: Choice) -> Atom1Feed:
    page, own = addresses.whole("gallery:find"), addresses.whole("gallery:feed")
    query = f"?{choice}" if choice else ""
    feed = _Feed(
        title=printable(
            f"{settings.SITE_NAME}: {choice.words if choice else gettext('New clips')}"
        ),
        link=page + query,
        description=gettext("AI-generated video clips by artists, newest first."),
        feed_url=own + query,
        language=get_language(),
    )
    for shown in wall.exhibits(choice).exhibits:
        clip = shown.clip
        feed.add_item(
            title=printable(clip.title),
            link=addresses.page_of(clip),
            description=summary(clip),
            author_name=printable(clip.generation.shown_artist),
            pubdate=clip.published_at,
            updateddate=clip.published_at,
            unique_id=f"urn:uuid:{clip.pk}",
            categories=[printable(clip.model_title)],
            enclosures=[Enclosure(addresses.file_of(clip), str(clip.credential.size), "video/mp4")],
        )
    return feed
