"""Said to machines with every answer: what is here may be looked at, and not trained on.

The same stands in robots.txt, ai.txt and tdmrep.json; a file that was taken alone keeps only this.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_Answer = Callable[[HttpRequest], HttpResponseBase]
SAID = {
    "Content-Usage": "train-ai=n",  # draft-ietf-aipref-attach
    "tdm-reservation": "1",  # TDMRep, for Directive (EU) 2019/790, art. 4
}


def middleware(get_response: _Answer) -> _Answer:
    """Adds both to every answer, files included."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in SAID.items():
            response.headers.setdefault(name, value)
        return response

    return answer
