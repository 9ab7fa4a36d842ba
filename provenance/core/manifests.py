"""Facts about a clip to a C2PA manifest; alone in knowing assertion labels and source types.

The library signs almost anything, so everything that must hold is checked here. The prompt and the
artist's name lie in an assertion of their own each, with the salt of their commitment in the log,
and nowhere else: so each can later be redacted alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import ManifestRefused
from .proofs import Receipt
from .records import Opening

SPEC_VERSION = "2.4.0"
ACTIONS = "c2pa.actions.v2"
AI_DISCLOSURE = "c2pa.ai-disclosure"
METADATA = "cawg.metadata"
TRAINING_MINING = "cawg.training-mining"
GENERATION = "org.sora-archive.generation"
PROMPT = "org.sora-archive.prompt"
ARTIST = "org.sora-archive.artist"
RECEIPT = "org.sora-archive.receipt"

FULLY_GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MODEL_TYPE = "c2pa.types.model.pytorch"
UNTRAINED = "untrained test model: its weights are random, so the clip does not show the prompt"
NO_LICENCE = "No licence comes with this file; ask the artist through the archive."
BY_ARTIST, BY_ARCHIVE = "artist", "archive"
_OPENED_FIELDS = ("prompt", "artist", "parameters", "media")
SALT_BYTES = 32


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


@dataclass(frozen=True)
class EngineFacts:
    """What ran the model: engine, scheduler, and the versions of the libraries."""

    name: str
    scheduler: str
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class ClipFacts:
    """All that a clip's manifest states; refuses, when made, facts that do not belong together."""

    title: str
    created_at: datetime
    generator: Generator
    prompt: Opening
    artist: Opening
    parameters: Opening
    media: Opening
    model: ModelFacts
    engine: EngineFacts
    receipts: Sequence[Receipt]
    file_salt: bytes
    log_origin: str
    licence: str = NO_LICENCE

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() != timedelta(0):
            raise ManifestRefused("The time of creation must be given in UTC.")
        if not self.title.strip() or not self.log_origin or not self.receipts:
            raise ManifestRefused("A clip needs a title, the log's origin and its receipts.")
        if len(self.file_salt) != SALT_BYTES:
            raise ManifestRefused(f"The salt of the file's commitment has {SALT_BYTES} bytes.")
        for field in _OPENED_FIELDS:
            if getattr(self, field).field != field:
                raise ManifestRefused(f"The opening given as {field} is of another field.")


def clip_manifest(facts: ClipFacts) -> dict[str, Any]:
    """The manifest definition of C2PA 2.4 for a clip made here, every assertion created."""
    assertions = {
        ACTIONS: _actions(facts),
        AI_DISCLOSURE: _ai_disclosure(facts),
        TRAINING_MINING: _training_mining(),
        METADATA: _metadata(facts),
        GENERATION: _generation(facts),
        PROMPT: _disclosed(facts.prompt, BY_ARTIST),
        ARTIST: _disclosed(facts.artist, BY_ARCHIVE),
        RECEIPT: _receipt(facts),
    }
    return {
        "claim_version": 2,
        "claim_generator_info": [generator_info(facts.generator)],
        "title": facts.title,
        "assertions": [
            {"label": label, "data": data, "created": True} for label, data in assertions.items()
        ],
    }


def generator_info(generator: Generator) -> dict[str, str]:
    """Who claims, and by which version of the specification."""
    return {
        "name": generator.name,
        "version": generator.version,
        "specVersion": SPEC_VERSION,
    }


def _actions(facts: ClipFacts) -> dict[str, Any]:
    created = {
        "action": "c2pa.created",
        "when": facts.created_at.replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": {"name": facts.generator.name, "version": facts.generator.version},
        "digitalSourceType": FULLY_GENERATED,
        "description": "Every frame was made by a generative model from a text prompt.",
    }
    return {"actions": [created], "allActionsIncluded": True}


def _ai_disclosure(facts: ClipFacts) -> dict[str, Any]:
    return {
        "modelType": MODEL_TYPE,
        "modelName": facts.model.title,
        "modelIdentifier": f"{facts.model.id}@{facts.model.revision}",
        "contentProfile": {"humanOversightLevel": "prompt_guided"},
    }


def _training_mining() -> dict[str, Any]:
    uses = ("ai_inference", "ai_generative_training", "ai_training", "data_mining")
    return {"entries": {f"cawg.{use}": {"use": "notAllowed"} for use in uses}}


def _metadata(facts: ClipFacts) -> dict[str, Any]:
    return {
        "@context": {
            "dc": "http://purl.org/dc/elements/1.1/",
            "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
        },
        "dc:title": facts.title,
        "xmpRights:UsageTerms": facts.licence,
    }


def _generation(facts: ClipFacts) -> dict[str, Any]:
    model = facts.model
    data: dict[str, Any] = {
        "parameters": _disclosed(facts.parameters, BY_ARTIST),
        "model": {
            "asserted_by": BY_ARCHIVE,
            "id": model.id,
            "title": model.title,
            "revision": model.revision,
            "weights_sha256": model.weights_sha256,
            "licence": model.licence,
            "pipeline": model.pipeline,
            "untrained": model.untrained,
        },
        "engine": {
            "asserted_by": BY_ARCHIVE,
            "name": facts.engine.name,
            "scheduler": facts.engine.scheduler,
            "libraries": dict(facts.engine.libraries),
        },
    }
    if model.untrained:
        data["model"]["note"] = UNTRAINED
    return data


def _disclosed(opening: Opening, asserted_by: str) -> dict[str, Any]:
    """A value with the salt that opens its commitment in the log."""
    return {
        "asserted_by": asserted_by,
        "value": opening.value,
        "salt": opening.salt.hex(),
        "commitment": opening.commitment,
    }


def _receipt(facts: ClipFacts) -> dict[str, Any]:
    """The log's receipts; the salt lets whoever has the file open the log's later `generated`."""
    return {
        "asserted_by": BY_ARCHIVE,
        "origin": facts.log_origin,
        "receipts": [
            {"entry": receipt.entry, "proof": receipt.proof} for receipt in facts.receipts
        ],
        "media": _disclosed(facts.media, BY_ARCHIVE),
        "file_salt": facts.file_salt.hex(),
    }
