"""The model card: `card.json`, read by the web process without torch, and `README.md`, for people.

Training stages and the evaluation write their own figures into it; no number is typed by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation.engines import weights
from generation.starter import words, world

TEMPLATE = Path(__file__).with_name("card_template.md")
LICENCE = "Apache-2.0"
PIPELINE = "LTXPipeline"
STEPS = {"default": 30, "min": 4, "max": 60}
GUIDANCE = {"default": 2.0, "min": 1.0, "max": 4.0}
UPSCALE, UPSCALE_FILTER = 4, "lanczos"
BEGIN, END = "<!-- evaluation -->", "<!-- end of evaluation -->"
"""What stands around the table of results in a document."""
SUMMARY = (
    "A small text-to-video model trained from nothing. It draws one shape (circle, square, "
    "triangle, cross, star, ring, heart) in one of eight colours on a plain, fading, striped, "
    "checkered or dotted background, over which the camera may drift, moving left, right, up or "
    "down, growing, shrinking, bouncing or circling, at times beside or around a disc, for two "
    "seconds."
)
EXAMPLES = (
    "a yellow star rising on a background fading from blue to purple",
    "a white heart growing on a red to purple gradient",
    "an orange ball bouncing on a black to blue gradient",
    "a large white circle moving right on blue dots as the camera drifts left",
    "a yellow square moving left beside a white moon on a black background",
    "a black ring bouncing on a background fading from orange to purple",
    "a small orange star falling next to a green disc on a purple background",
    "a green cross moving right in front of a checkered white wall, the camera drifting up",
    "a red circle orbiting a yellow sun on a black to purple gradient",
    "a white heart circling over a gradient from purple to red",
    "a blue square falling on a background fading from orange to yellow",
    "a big purple star shrinking against yellow stripes",
)


def read(folder: Path) -> dict[str, Any]:
    """The card as it is, or a new one without figures."""
    path = folder / "card.json"
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {
        "id": "starter",
        "title": "Sora Archive starter model",
        "summary": SUMMARY,
        "licence": LICENCE,
        "revision": "1",
        "pipeline": PIPELINE,
        "untrained": False,
        "width": world.SIZE,
        "height": world.SIZE,
        "fps": world.FPS,
        "frames": {"default": world.FRAMES, "choices": [world.FRAMES]},
        "steps": STEPS,
        "guidance": GUIDANCE,
        "upscale": UPSCALE,
        "upscale_filter": UPSCALE_FILTER,
        "vocabulary": words.shipped_vocabulary(),
        "examples": list(EXAMPLES),
        "weights": _weights(folder),
        "training": stored.get("training", {}),
        "evaluation": stored.get("evaluation", ""),
    }


def _weights(folder: Path) -> dict[str, Any]:
    """What the figures belong to, so that other weights in the folder are noticed."""
    if not (folder / weights.INDEX).exists():
        return {}
    return {"files": weights.sizes(folder), "sha256": weights.weights_sha256(folder)}


def write(folder: Path, values: dict[str, Any]) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    (folder / "card.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(_readme(values), encoding="utf-8")


def record(folder: Path, stage: str, run: Any, figures: dict[str, float]) -> None:
    """Note a finished stage: steps, seed, wall-clock minutes, on what, and what it measured."""
    values = read(folder)
    values["training"][stage] = {
        "steps": run.done,
        "seed": run.seed,
        "minutes": round(run.seconds / 60, 1),
        "device": run.device,
        **figures,
    }
    write(folder, values)


def forget(folder: Path, *stages: str) -> None:
    """Take out what is noted of stages whose work is no longer in the folder."""
    values = read(folder)
    for stage in stages:
        values["training"].pop(stage, None)
    write(folder, values)


def record_evaluation(folder: Path, table: str) -> None:
    """Note the evaluation's table."""
    write(folder, read(folder) | {"evaluation": table})


def copy_evaluation(table: str, document: Path) -> None:
    """Put the table between the marks of a document; raises ValueError where it lacks them."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document.name} lacks the lines {BEGIN} and {END}")
    document.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", encoding="utf-8")


def _readme(values: dict[str, Any]) -> str:
    stages = []
    for stage, facts in values["training"].items():
        measured = ", ".join(
            f"{name} {value}"
            for name, value in facts.items()
            if name not in ("steps", "seed", "minutes", "device")
        )
        where = f"{facts['minutes']} | {facts['device']}"
        stages.append(f"| {stage} | {facts['steps']} | {where} | {facts['seed']} | {measured} |")
    examples = "\n".join(f"- {example}" for example in values["examples"])
    return TEMPLATE.read_text(encoding="utf-8").format(
        **{name: values[name] for name in ("title", "summary", "licence", "evaluation")},
        steps=values["steps"]["default"],
        guidance=values["guidance"]["default"],
        stages="\n".join(stages),
        examples=examples,
        vocabulary=", ".join(values["vocabulary"]),
    )
