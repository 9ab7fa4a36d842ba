"""Facts about a clip to a C2PA manifest; alone in knowing assertion labels and source types.

The library signs almost anything: what must hold is checked when the facts are made. The prompt and
the artist's name lie in an assertion of their own each, with the salt of their commitment in the
log, and nowhere else: so each can later be redacted alone.
"""

from typing import Any, NewType

from .clip_facts import ClipFacts, Generator, Use
from .records import Hidden, Opening

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
BY_ARTIST, BY_ARCHIVE = "artist", "archive"
# The name by which the action and the ingredient that it speaks of find each other.
PARENT = "parent"

Manifest = NewType("Manifest", dict[str, Any])
"""A definition that was made from checked facts: nothing else is signed."""


def clip_manifest(facts: ClipFacts) -> Manifest:
    """The manifest definition of C2PA 2.4 for a clip made here, every assertion created."""
    assertions = {
        ACTIONS: _actions(facts),
        AI_DISCLOSURE: _ai_disclosure(facts),
        TRAINING_MINING: _training_mining(facts),
        METADATA: _metadata(facts),
        GENERATION: _generation(facts),
        PROMPT: _disclosed(facts.prompt, BY_ARTIST),
        ARTIST: _disclosed(facts.artist, BY_ARCHIVE),
        RECEIPT: _receipt(facts),
    }
    definition = {
        "claim_version": 2,
        "claim_generator_info": [generator_info(facts.generator)],
        "title": facts.title,
        "assertions": [
            {"label": label, "data": data, "created": True} for label, data in assertions.items()
        ],
    }
    return Manifest(definition)


def generator_info(generator: Generator) -> dict[str, str]:
    """Who claims, and by which version of the specification."""
    return {
        "name": generator.name,
        "version": generator.version,
        "specVersion": SPEC_VERSION,
    }


def _actions(facts: ClipFacts) -> dict[str, Any]:
    begun = f" and the {facts.begins_with} frame of the ingredient" if facts.begins_with else ""
    created: dict[str, Any] = {
        "action": "c2pa.created",
        "when": facts.created_at.replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": {"name": facts.generator.name, "version": facts.generator.version},
        "digitalSourceType": FULLY_GENERATED,
        "description": f"Every frame was made by a generative model from a text prompt{begun}.",
    }
    if facts.parent:
        # An input and no opened parent: its request, and at most one frame, went into a new render.
        created["parameters"] = {"ingredientIds": [PARENT]}
    return {"actions": [created], "allActionsIncluded": True}


def _ai_disclosure(facts: ClipFacts) -> dict[str, Any]:
    return {
        "modelType": MODEL_TYPE,
        "modelName": facts.model.title,
        "modelIdentifier": f"{facts.model.id}@{facts.model.revision}",
        "contentProfile": {"humanOversightLevel": "prompt_guided"},
    }


def _training_mining(facts: ClipFacts) -> dict[str, Any]:
    allowed = {use: "allowed" if use in facts.allowed_uses else "notAllowed" for use in Use}
    return {"entries": {f"cawg.{use.value}": {"use": word} for use, word in allowed.items()}}


def _metadata(facts: ClipFacts) -> dict[str, Any]:
    stated = {
        "@context": {
            "dc": "http://purl.org/dc/elements/1.1/",
            "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
        },
        "dc:title": facts.title,
        "xmpRights:UsageTerms": facts.licence.terms,
    }
    return stated | ({"xmpRights:WebStatement": facts.licence.url} if facts.licence.url else {})


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
    if facts.engine.together > 1:
        data["engine"]["rendered_together"] = facts.engine.together
    if model.untrained:
        data["model"]["note"] = UNTRAINED
    return data


def _disclosed(opening: Opening | Hidden, asserted_by: str) -> dict[str, Any]:
    """A value with the salt that opens its commitment in the log; of a hidden one that alone."""
    if isinstance(opening, Hidden):
        return {"asserted_by": asserted_by, "hidden": True, "commitment": opening.commitment}
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
