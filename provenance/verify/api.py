"""The check for programs: `POST /api/v1/verify`, and what was issued under a name."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from . import ledger, presenting, reports, uploads
from .answering import as_json
from .errors import NotNow, ReportRefused
from .forms import NAME_LETTERS

UNPROCESSABLE, UNAVAILABLE = 422, 503
RETRY_SECONDS = 60


@csrf_exempt  # no cookie counts here: who asks is not asked
@require_POST
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """Check the file in the multipart field `file`; 422 where there is none that can be read."""
    form = uploads.refusal(request) or uploads.received(request)
    path = uploads.path_of(form)
    if path is None:
        return as_json({"error": form.words}, UNPROCESSABLE)
    try:
        verdict, made = reports.check(path, keep=form.cleaned_data["keep"])
    except ReportRefused as error:
        return as_json({"error": str(error)}, UNPROCESSABLE)
    except NotNow as error:
        answer = as_json({"error": str(error)}, UNAVAILABLE)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    said = presenting.as_json(made.report)
    said["report"]["delete"] = presenting.delete_address(made.report, made.key)
    return as_json(said, UNPROCESSABLE if verdict.verdict == "unreadable" else 200)


@require_safe
@never_cache
def issued(request: HttpRequest, name: str) -> HttpResponse:
    """What the ledger says of a SHA-256, a clip's id or a manifest's id."""
    found = ledger.look_up(name) if len(name) <= NAME_LETTERS else None
    if found is None:
        return as_json({"error": "The archive has issued no file under this name."}, 404)
    file = found.issued
    return as_json(
        {
            "sha256": file.sha256 if found.told else None,
            "size": file.size if found.told else None,
            "manifest": file.manifest_id,
            "clip": file.clip if found.told else None,
            "issued_at": found.credential.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "standing": file.standing,
            "entry": found.entry,
        }
    )
