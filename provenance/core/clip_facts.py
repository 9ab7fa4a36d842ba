"""What the archive states about a clip, checked when it is put together; the manifest's input.

A wrong manifest is impossible because wrong facts are: each class refuses, when made, what does not
belong into a credential.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .errors import ManifestRefused
from .proofs import Receipt
from .records import JSON, SALT_BYTES, Hidden, Opening

BEGINNINGS = ("", "first", "last")
TITLE_LETTERS = 200
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_COUNTS = ("steps", "width", "height", "frames", "fps")


class Use(StrEnum):
    """The uses that CAWG's training and data mining assertion speaks of."""

    INFERENCE = "ai_inference"
    GENERATIVE = "ai_generative_training"
    TRAINING = "ai_training"
    MINING = "data_mining"


@dataclass(frozen=True)
class Licence:
    """What others may do with the file, in a sentence; `url` (https) where its full text stands."""

    terms: str
    url: str = ""

    def __post_init__(self) -> None:
        if not self.terms.strip() or not (self.url == "" or self.url.startswith("https://")):
            raise ManifestRefused("A licence has a sentence, and an https address or none.")


NO_LICENCE = Licence("No licence comes with this file; ask the artist through the archive.")


@dataclass(frozen=True)
class Generator:
    """The software that claims: name and version."""

    name: str
    version: str


@dataclass(frozen=True)
class ModelFacts:
    """The model that rendered: identity, hash of its weights (hex), licence, pipeline class."""

    id: str
    title: str
    revision: str
    weights_sha256: str
    licence: str
    pipeline: str
    untrained: bool

    def __post_init__(self) -> None:
        named = (self.id, self.title, self.revision, self.licence, self.pipeline)
        if not all(text.strip() for text in named):
            raise ManifestRefused("A model has an id, a title, a revision, a licence, a pipeline.")
        if not _DIGEST.fullmatch(self.weights_sha256):
            raise ManifestRefused("The hash of a model's weights is SHA-256 in lower-case hex.")


@dataclass(frozen=True)
class EngineFacts:
    """What ran the model: engine, scheduler, versions of the libraries, clips in the same call."""

    name: str
    scheduler: str
    libraries: Mapping[str, str]
    together: int = 1

    def __post_init__(self) -> None:
        if not (self.name.strip() and self.scheduler.strip() and self.libraries):
            raise ManifestRefused("An engine has a name, a scheduler and libraries with versions.")
        if self.together < 1:
            raise ManifestRefused("A clip comes out of a call with itself at least.")


@dataclass(frozen=True)
class ClipFacts:
    """All that a clip's manifest states; refuses, when made, facts that do not belong together.

    `prompt` is Hidden where its artist keeps it back. `parent` is the title of the clip that this
    one is a remix of, whose file `embed` is then given as the ingredient PARENT; `begins_with` says
    which frame of it the model was given, "first" or "last".
    """

    title: str
    created_at: datetime
    generator: Generator
    prompt: Opening | Hidden
    artist: Opening
    parameters: Opening
    media: Opening
    model: ModelFacts
    engine: EngineFacts
    receipts: Sequence[Receipt]
    file_salt: bytes
    log_origin: str
    licence: Licence = NO_LICENCE
    allowed_uses: AbstractSet[Use] = frozenset()
    parent: str = ""
    begins_with: str = ""

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() != timedelta(0):
            raise ManifestRefused("The time of creation must be given in UTC.")
        if not self.title.strip() or not self.log_origin or not self.receipts:
            raise ManifestRefused("A clip needs a title, the log's origin and its receipts.")
        if len(self.title) > TITLE_LETTERS or _CONTROL.search(self.title):
            raise ManifestRefused(f"A title is one line of at most {TITLE_LETTERS} letters.")
        if len(self.file_salt) != SALT_BYTES:
            raise ManifestRefused(f"The salt of the file's commitment has {SALT_BYTES} bytes.")
        if self.begins_with not in BEGINNINGS or (self.begins_with and not self.parent):
            raise ManifestRefused("A clip begins with the first or last frame of its parent.")
        if not all(isinstance(use, Use) for use in self.allowed_uses):
            raise ManifestRefused("Only the uses that CAWG names can be allowed.")
        for field in _SHAPES:
            self._check(field, getattr(self, field))

    def _check(self, field: str, given: Opening | Hidden) -> None:
        if given.field != field:
            raise ManifestRefused(f"The opening given as {field} is of another field.")
        if isinstance(given, Hidden):
            if not _DIGEST.fullmatch(given.commitment):
                raise ManifestRefused(f"The commitment to the hidden {field} is not one.")
        elif not isinstance(given.value, Mapping) or not _SHAPES[field](given.value):
            raise ManifestRefused(f"The {field} does not have the form that it is logged in.")


def _is_request(value: Mapping[str, JSON]) -> bool:
    """What was asked for, as it is logged: a seed as text, since it may be beyond 2^53."""
    seed, guidance = value.get("seed"), value.get("guidance")
    return (
        isinstance(seed, str)
        and _NUMBER.fullmatch(seed) is not None
        and isinstance(guidance, str)
        and isinstance(value.get("model"), str)
        and all(_is_count(value.get(name)) for name in _COUNTS)
    )


def _is_count(value: JSON) -> bool:
    return type(value) is int and 0 < value < 2**31


def _is_prompt(value: Mapping[str, JSON]) -> bool:
    prompt, negative = value.get("prompt"), value.get("negative_prompt")
    return isinstance(prompt, str) and bool(prompt) and isinstance(negative, str)


def _is_name(value: Mapping[str, JSON]) -> bool:
    return value.keys() == {"name"} and isinstance(value["name"], str) and bool(value["name"])


def _is_file(value: Mapping[str, JSON]) -> bool:
    digest = value.get("sha256")
    return value.keys() == {"sha256"} and isinstance(digest, str) and bool(_DIGEST.match(digest))


_SHAPES = {"prompt": _is_prompt, "artist": _is_name, "parameters": _is_request, "media": _is_file}
