"""Pages of the record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from . import book, citing, history
from .forms import SearchForm
from .models import Document, Fact

_BIBTEX = "application/x-bibtex; charset=utf-8"


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """Everything on record by day and hour, sources beside it."""
    context = {
        "days": book.timeline(book.facts()),
        "documents": book.documents(),
        "form": SearchForm(),
    }
    return render(request, "record/timeline.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Facts and documents that hold the words of `?q=`."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return render(request, "record/search.html", {"form": form}, status=400)
    words = form.cleaned_data["q"]
    context = {"form": form, "words": words, "found": book.search(words)}
    return render(request, "record/search.html", context)


@require_safe
def sides(request: HttpRequest) -> HttpResponse:
    """What each side says, side by side."""
    return render(request, "record/sides.html", {"sides": book.sides()})


@require_safe
def fact(request: HttpRequest, slug: str) -> HttpResponse:
    """One fact with its sources, what contradicts it, and how to cite it."""
    found = get_object_or_404(book.with_copies(), pk=slug)
    if found.withdrawn_because:
        return _gone(request, found)
    context = {
        "fact": found,
        "others": book.others(found),
        "citation": citing.of_fact(found),
        "history": history.of([found]),
    }
    return render(request, "record/fact.html", context)


@require_safe
def fact_bibtex(request: HttpRequest, slug: str) -> HttpResponse:
    """The fact and its sources as BibTeX."""
    found = get_object_or_404(book.facts(), pk=slug)
    return _bibtex(citing.of_fact(found).bibtex(book.sources_of([found])), slug)


@require_safe
def document(request: HttpRequest, slug: str) -> HttpResponse:
    """One document with its versions."""
    found = get_object_or_404(Document, pk=slug)
    if found.withdrawn_because:
        return _gone(request, found)
    context = {
        "document": found,
        "versions": book.versions(found),
        "history": history.of([found, *found.versions.all()]),
        "facts": book.facts().filter(document=found),
        "citation": citing.of_document(found),
    }
    return render(request, "record/document.html", context)


@require_safe
def document_bibtex(request: HttpRequest, slug: str) -> HttpResponse:
    """The document and the sources of its versions as BibTeX."""
    found = get_object_or_404(book.documents(), pk=slug)
    sources = book.sources_of(book.versions(found))
    return _bibtex(citing.of_document(found).bibtex(sources), slug)


def _bibtex(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.bib"'}
    return HttpResponse(text.encode(), content_type=_BIBTEX, headers=headers)


def _gone(request: HttpRequest, line: Fact | Document) -> HttpResponse:
    context = {"reason": line.withdrawn_because, "history": history.of([line])}
    return render(request, "record/gone.html", context, status=410)
