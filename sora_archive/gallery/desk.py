"""The curator's desk: make a collection, put clips in, order them, show it."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from . import curating
from .errors import BadPiece
from .forms import CollectionForm, NoteForm, PieceForm
from .models import Collection, Piece

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponse]


def for_curators(view: "_View[_P]") -> "_View[_P]":
    """Only for those who look after the archive; others are told so."""

    @never_cache
    @login_required
    def guarded(request: HttpRequest, /, *given: _P.args, **named: _P.kwargs) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied(_("Only curators make collections."))
        return view(request, *given, **named)

    return guarded


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """A new collection: its title and introduction first."""
    form = CollectionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        made = curating.make(data["title"], data["introduction"], request.user.pk or 0)
        return redirect("gallery:collection_desk", made.slug)
    every = Collection.objects.select_related("curator")
    context = {"form": form, "collections": every}
    return render(request, "gallery/begin.html", context, status=422 if form.errors else 200)


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """One collection to work on; a POST changes its title, introduction and whether it is shown."""
    collection = get_object_or_404(Collection, slug=slug)
    form = CollectionForm(request.POST or None, instance=collection)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("The collection is kept."))
        return redirect("gallery:collection_desk", slug)
    return _desk(request, get_object_or_404(Collection, slug=slug), form=form)


@for_curators
@require_POST
def put_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Hang one more clip."""
    collection = get_object_or_404(Collection, slug=slug)
    form = PieceForm(request.POST)
    if form.is_valid():
        try:
            curating.add(collection, form.cleaned_data["clip"])
            return redirect("gallery:collection_desk", slug)
        except BadPiece as error:
            form.add_error("clip", str(error))
    return _desk(request, collection, adding=form)


@for_curators
@require_POST
def change(request: HttpRequest, slug: str, piece_id: int) -> HttpResponse:
    """Move a clip, take it out, or say something of it."""
    piece = get_object_or_404(Piece, pk=piece_id, collection__slug=slug)
    act, note = curating.ACTS.get(request.POST.get("act", "")), NoteForm(request.POST)
    if act:
        act(piece)
    elif note.is_valid():
        Piece.objects.filter(pk=piece.pk).update(note=note.cleaned_data["note"])
    else:
        messages.error(request, note.errors.as_text())
    return redirect("gallery:collection_desk", slug)


@for_curators
@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    """The collection goes; its clips stay where they hang."""
    get_object_or_404(Collection, slug=slug).delete()
    messages.success(request, _("The collection is gone; its clips hang as before."))
    return redirect("gallery:collection_begin")


def _desk(
    request: HttpRequest,
    collection: Collection,
    *,
    form: CollectionForm | None = None,
    adding: PieceForm | None = None,
) -> HttpResponse:
    form = form or CollectionForm(instance=collection)
    adding = adding or PieceForm()
    context = {
        "collection": collection,
        "pieces": collection.pieces.select_related("clip__generation__artist"),
        "form": form,
        "adding": adding,
    }
    status = 422 if form.errors or adding.errors else 200
    return render(request, "gallery/desk.html", context, status=status)
