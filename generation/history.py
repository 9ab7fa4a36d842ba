"""What an artist has asked for before, prompt by prompt, to be found again and used again."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .models import Generation

A_PAGE = 40
MOST_WORDS = 8


@login_required
@require_safe
def prompts(request: HttpRequest) -> HttpResponse:
    """Each prompt once, the last used first; `q` narrows them to those with all its words."""
    asked = request.GET.get("q", "").replace("\x00", "")[:200]
    page = Paginator(found(request.user.pk, asked), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "generation/prompts.html", {"prompts": page, "q": asked})


def found(artist_id: int | None, asked: str) -> QuerySet[Generation]:
    """The last generation of each prompt that holds all words asked for, newest first."""
    own = Generation.objects.filter(artist_id=artist_id, prompt_erased_at__isnull=True)
    for word in asked.split()[:MOST_WORDS]:
        own = own.filter(Q(prompt__icontains=word) | Q(negative_prompt__icontains=word))
    last = own.order_by("prompt", "negative_prompt", "-created_at")
    each = last.distinct("prompt", "negative_prompt").values("pk")
    return Generation.objects.filter(pk__in=each).order_by("-created_at", "-pk")
