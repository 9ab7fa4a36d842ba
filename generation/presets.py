"""Presets: what stands in the ask form, kept under a name; and the buttons that only change it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from . import beginnings
from .engines.catalog import ModelCard
from .errors import PresetRefused
from .forms import clean_text
from .models import PRESET_LETTERS, PROMPT_LETTERS, Preset

MOST = 100


def pressed(
    request: HttpRequest, cards: Sequence[ModelCard], begun: beginnings.Source | None
) -> dict[str, Any] | None:
    """The form as it is shown again where a button was pressed that asks for nothing; else None."""
    values = beginnings.changed(request.POST, cards, begun)
    if values is not None or "keep" not in request.POST:
        return values
    values = beginnings.typed(request.POST)
    try:
        kept = keep(int(request.user.pk or 0), request.POST.get("preset_name", ""), values)
    except PresetRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Kept as the preset “%s”.") % kept.name)
    return values


def keep(artist_id: int, name: str, values: dict[str, Any]) -> Preset:
    """Keep fields of a form under a name; one of that name is replaced. Raises PresetRefused."""
    try:
        name = clean_text(name)
    except ValidationError as error:
        raise PresetRefused(error.messages[0]) from error
    if not name or len(name) > PRESET_LETTERS:
        raise PresetRefused(_("A preset needs a name of at most %d letters.") % PRESET_LETTERS)
    kept = {key: _short(values[key]) for key in beginnings.KEPT_IN_PRESETS if values.get(key)}
    with transaction.atomic():
        # One lock an artist: of two windows that keep one name at once the later one counts.
        get_user_model().objects.select_for_update().get(pk=artist_id)
        own = Preset.objects.filter(artist_id=artist_id)
        standing = own.filter(name__iexact=name).first()
        if standing is None and own.count() >= MOST:
            raise PresetRefused(_("You have %d presets. Take one away first.") % MOST)
        preset = standing or Preset(artist_id=artist_id)
        preset.name, preset.values = name, kept
        preset.save()
    return preset


@login_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The artist's presets, to begin with one or to take one away."""
    own = Preset.objects.filter(artist_id=request.user.pk)
    return render(request, "generation/presets.html", {"presets": own})


@login_required
@require_POST
def remove(request: HttpRequest, preset_id: int) -> HttpResponse:
    """Take one away."""
    preset = get_object_or_404(Preset, pk=preset_id, artist_id=request.user.pk)
    preset.delete()
    messages.success(request, _("The preset “%s” is gone.") % preset.name)
    return redirect("generation:presets")


def _short(value: Any) -> Any:
    return value[:PROMPT_LETTERS].replace("\x00", "") if isinstance(value, str) else value
