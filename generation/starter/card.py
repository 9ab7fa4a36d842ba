"""The model card: `card.json`, read by the web process without torch, and `README.md`, for people.

Training stages and the evaluation write their own figures into it; no number is typed by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation.starter import words, world

LICENCE = "Apache-2.0"
PIPELINE = "LTXPipeline"
STEPS = {"default": 24, "min": 4, "max": 60}
GUIDANCE = {"default": 3.0, "min": 1.0, "max": 8.0}
UPSCALE, UPSCALE_FILTER = 4, "lanczos"
SUMMARY = (
    "A small text-to-video model trained from nothing on two processor cores. It draws one shape "
    "(circle, square, triangle, cross, star, ring, heart) in one of eight colours on a coloured "
    "background, moving left, right, up or down, growing, shrinking, spinning or bouncing, for two seconds."
)
EXAMPLES = (
    "a yellow star spinning on a purple background",
    "a white heart growing on a red background",
    "an orange ball bouncing on a blue background",
    "a large purple triangle rising over a yellow background",
    "a red ring shrinking against a white background",
    "a blue square gliding to the right on orange",
    "a small white circle falling on a black background",
    "a green cross drifting to the left in front of a white wall",
    "a huge orange heart bouncing on a black background",
    "a yellow ring expanding on a blue background",
    "a white star rotating against green",
    "on a purple background, a little orange box climbing",
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
        "vocabulary": words.vocabulary(),
        "examples": list(EXAMPLES),
        "training": stored.get("training", {}),
        "evaluation": stored.get("evaluation", ""),
    }


def write(folder: Path, values: dict[str, Any]) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    (folder / "card.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(_readme(values), encoding="utf-8")


def record(folder: Path, stage: str, run: Any, figures: dict[str, float]) -> None:
    """Note a finished stage: steps, seed, wall-clock minutes and what it measured."""
    values = read(folder)
    values["training"][stage] = {
        "steps": run.done,
        "seed": run.seed,
        "minutes": round(run.seconds / 60, 1),
        **figures,
    }
    write(folder, values)


def record_evaluation(folder: Path, table: str) -> None:
    """Note the evaluation's table."""
    write(folder, read(folder) | {"evaluation": table})


def _readme(values: dict[str, Any]) -> str:
    stages = []
    for stage, facts in values["training"].items():
        measured = ", ".join(
            f"{name} {value}"
            for name, value in facts.items()
            if name not in ("steps", "seed", "minutes")
        )
        stages.append(
            f"| {stage} | {facts['steps']} | {facts['minutes']} | {facts['seed']} | {measured} |"
        )
    examples = "\n".join(f"- {example}" for example in values["examples"])
    return README.format(
        **{name: values[name] for name in ("title", "summary", "licence", "evaluation")},
        stages="\n".join(stages),
        examples=examples,
        vocabulary=", ".join(values["vocabulary"]),
    )


README = """---
license: apache-2.0
pipeline_tag: text-to-video
library_name: diffusers
---
# {title}

{summary}

It is a stock diffusers pipeline (`LTXPipeline`, T5 encoder, LTX video autoencoder, rectified flow): no remote code.

```python
DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)
pipeline("a yellow star spinning on a purple background", width=128, height=128, num_frames=17,
         num_inference_steps=24, guidance_scale=3.0)
```

## Results

Measured by `manage.py evalstarter` on combinations of shape, colours and motion that training never shows, from the
encoded MP4, by image analysis that knows neither the model nor the prompt.

{evaluation}

## Training

Data: scenes drawn by `world.py` and captioned by `words.py`, made while training runs; nothing was downloaded and no
picture, video or text of any person was used. One combination in eight is held out.

| stage | steps | wall-clock minutes | seed | measured by the stage |
|---|---|---|---|---|
{stages}

The machine had two shared cores and no GPU. `manage.py trainstarter` repeats every stage.

Recipe: (1) the text encoder learns on captions alone which word is whose colour; (2) the video decoder learns to draw
the latent; (3) the denoiser learns rectified flow in that latent, a tenth of the captions empty.

The latent is designed, not learnt: for each block of 32x32 pixels and 8 frames it says where the block lies in the
shape's own coordinates, how large and how turned the shape is, which of the seven shapes it is, and the two colours. A learnt latent and one of signed
distances were tried before and failed on shape. The price: this latent holds one flat shape, no more; richer worlds
need another.

## Limits

- It knows the words below and ignores all others; "a cat on a beach" gives some shape on some background.
- One object, flat colours, two seconds, 128x128 pixels (enlarged four times for the gallery).
- The encoder half of the autoencoder is untrained: text to video only, no image or video input.
- Only 17 frames: other lengths were not trained.

## Words

{vocabulary}

## Examples

{examples}

## Licence

{licence}, weights and code.
"""
