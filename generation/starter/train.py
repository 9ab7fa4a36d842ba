"""The starter model's training, stage by stage, each from what the stage before left in the weights
folder.

`manage.py trainstarter` is a thin wrapper of `run_stage`. Checkpoints lie in a work folder outside
the package; a finished stage writes its part of the model, in half precision, and its figures into
the card.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import LTXPipeline

from generation.starter import card, decoder, network, points, runs, text, transformer

STAGES = ("text", "decoder", "whole", "transformer", "more", "last")
SEED = 1


def run_stage(
    stage: str,
    work: Path,
    folder: Path = network.WEIGHTS,
    *,
    seed: int = SEED,
    minutes: float | None = None,
    steps: int | None = None,
    workers: int = 0,
    single: bool = False,
    compiled: bool = False,
    quiet: bool = False,
) -> bool:
    """Run or resume a stage; False when the minutes ended before the steps. `steps` makes it a
    rehearsal; `single` keeps all of it in single precision, `compiled` compiles the denoiser.
    """

    def start(name: str, count: int, seed: int = seed) -> runs.Run:
        run = runs.Run(name, work, steps or count, seed=seed, minutes=minutes, quiet=quiet)
        run.workers = workers
        run.bfloat16 = run.bfloat16 and not single
        run.compiled = compiled
        return run

    if stage == "text":
        return _train_text(start, folder)
    if stage == "decoder":
        return _train_decoder(start, folder)
    if stage == "whole":
        return _train_whole(start(stage, decoder.WHOLE_STEPS), folder)
    if stage == "transformer":
        return _train_transformer(start(stage, transformer.STEPS), folder)
    if stage == "more":
        return _train_transformer(start(stage, transformer.MORE_STEPS), folder)
    if stage == "last":
        # Another seed: the same one would draw the scenes of "more" once again.
        return _train_transformer(start(stage, transformer.LAST_STEPS, seed + 1), folder)
    raise ValueError(f"no stage {stage!r}; there are {', '.join(STAGES)}")


def _train_text(start: Any, folder: Path) -> bool:
    run = start("text", text.STEPS)
    encoder, right = text.train(run)
    if run.finished:
        publish(folder, text_encoder=encoder)
        card.record(folder, "text", run, {"held-out captions read right": round(right, 4)})
    return bool(run.finished)


def _train_decoder(start: Any, folder: Path) -> bool:
    first = start("decoder-points", decoder.POINT_STEPS)
    vae = points.make_vae_from(decoder.train_points(first))
    if not first.finished:
        return False
    second = start("decoder-consensus", decoder.CONSENSUS_STEPS)
    decoder.train_consensus(second, vae)
    if second.finished:
        sharp = {"decibels": round(decoder.measure(vae), 2)}
        publish(folder, vae=vae)
        card.forget(folder, "decoder, whole")
        card.record(folder, "decoder, block by block", first, {})
        card.record(folder, "decoder, consensus of blocks", second, sharp)
    return bool(second.finished)


def _train_whole(run: runs.Run, folder: Path) -> bool:
    vae = decoder.train_whole(run, load(folder).vae)
    if run.finished:
        sharp = {"decibels": round(decoder.measure(vae), 2)}
        publish(folder, vae=vae)
        card.record(folder, "decoder, whole", run, sharp)
    return run.finished


def _train_transformer(run: runs.Run, folder: Path) -> bool:
    before = load(folder)
    start = None if run.stage == "transformer" else before.transformer
    model = transformer.train(run, before.text_encoder, start)
    if run.finished:
        place = runs.device()
        both = model.to(place), before.text_encoder.to(place)
        look = transformer.quick_look(*both, count=transformer.FINAL_PROMPTS)
        publish(folder, transformer=model.cpu())
        card.forget(folder, *STAGES[STAGES.index(run.stage) :])
        card.record(folder, run.stage, run, {name: round(value, 4) for name, value in look.items()})
    return run.finished


def load(folder: Path) -> LTXPipeline:
    """The pipeline in the folder, in single precision."""
    return LTXPipeline.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )


def publish(folder: Path, **parts: torch.nn.Module) -> None:
    """Put freshly trained parts into the folder; parts that were never trained are random."""
    if (folder / "model_index.json").exists():
        present = load(folder)
        known = {name: getattr(present, name) for name in ("transformer", "text_encoder", "vae")}
    else:
        known = {
            "transformer": network.make_transformer(),
            "text_encoder": network.make_text_encoder(),
            "vae": network.make_vae(),
        }
    pipeline = network.make_pipeline(**(known | parts))
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(str(draft), safe_serialization=True)
    _ask_for_single_precision(draft / "text_encoder" / "config.json")
    for path in draft.rglob("config.json"):
        _forget_where_it_came_from(path)
    for path in draft.rglob("*.safetensors"):
        path.chmod(0o644)
    for name in ("card.json", "README.md"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, draft / name)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _forget_where_it_came_from(config: Path) -> None:
    """diffusers notes the folder that a part was loaded from, which is nobody's business."""
    values = json.loads(config.read_text(encoding="utf-8"))
    if values.pop("_name_or_path", None):
        config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _ask_for_single_precision(config: Path) -> None:
    """transformers loads in the stored precision, diffusers in single: make them agree."""
    values = json.loads(config.read_text(encoding="utf-8"))
    values["dtype"] = "float32"
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
