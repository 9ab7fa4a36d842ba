"""The evaluation's table, from its notes alone: what was not measured yet is said to be so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.starter import checker, words, world
from generation.starter.measures import (
    FLOOR,
    NAMES,
    TARGET,
    TRUTH_FLOOR,
    Settings,
    Share,
    ablation,
    by_word,
    chance,
    held_out_prompts,
    shares,
    truth_scenes,
)
from generation.starter.notes import Notes

UNGUIDED = 1.0
DIVERSITY_PROMPTS = 6


@dataclass(frozen=True)
class Results:
    """What was measured; None where it was not yet. Shares per attribute and "all"; words per
    group; `gain` in points, on the prompts that both were asked; ratios without a unit.
    """

    asked: int
    seen: int
    truth: dict[str, Share] | None = None
    prompts: dict[str, Share] | None = None
    chance: dict[str, float] | None = None
    by_word: dict[str, Share] | None = None
    unguided: Share | None = None
    gain: float | None = None
    negative: tuple[Share, Share] | None = None
    diversity: float | None = None
    repeats: bool | None = None
    timing: dict[str, float] | None = None

    @property
    def passes(self) -> bool:
        """Whether the floor is reached by all that was asked, and the checker can be believed."""
        if self.truth is None or self.prompts is None or self.seen < self.asked:
            return False
        sure = self.truth["all"].value >= TRUTH_FLOOR
        return sure and all(self.prompts[name].value >= floor for name, floor in FLOOR.items())


def read(kept: Notes, count: int, how: Settings) -> Results:
    """What the notes say about the first `count` held-out prompts, and everything beside them."""
    led = _sights(kept, f"prompts-{how}", count)
    free = _sights(kept, f"prompts-{Settings(how.steps, UNGUIDED)}", count)
    said = held_out_prompts(count).said
    both = min(len(led), len(free))
    led_share, free_share = (_all(said[:both], seen[:both]) for seen in (led, free))
    ratios = [record["ratio"] for record in kept.beginning(f"diversity-{how}", DIVERSITY_PROMPTS)]
    repeats = kept.beginning(f"repeats-{how}", 1)
    timing = kept.beginning(f"timing-{how}", 1)
    return Results(
        asked=count,
        seen=len(led),
        truth=_truth(kept, max(count // 2, 16)),
        prompts=shares(said[: len(led)], led) if led else None,
        chance=chance(said),
        by_word=by_word(said[: len(led)], led) if led else None,
        unguided=free_share,
        gain=100 * (led_share.value - free_share.value) if led_share and free_share else None,
        negative=_negative(kept, max(count // 3, 16), how),
        diversity=sum(ratios) / len(ratios) if ratios else None,
        repeats=repeats[0]["same"] if repeats else None,
        timing=timing[0] if timing else None,
    )


def compared(kept: Notes, count: int, how: Settings) -> dict[Settings, Share]:
    """The share of clips in which all is right, at each measured setting of the ablation."""
    said = held_out_prompts(count).said
    found = {each: _sights(kept, f"prompts-{each}", count) for each in ablation(how)}
    return {each: shares(said, seen)["all"] for each, seen in found.items() if len(seen) == count}


def ablation_line(right: dict[Settings, Share], how: Settings) -> str:
    """The ablation in words, for the table's end."""
    steps = [
        f"{each.steps} steps {share.value:.0%}"
        for each, share in right.items()
        if each.steps != how.steps
    ]
    scales = [
        f"guidance {each.guidance:g} {share.value:.0%}"
        for each, share in right.items()
        if each.steps == how.steps
    ]
    count = next(iter(right.values())).count
    return f"- All together, {count} prompts each: {', '.join([*steps, *scales])}"


def _sights(kept: Notes, kind: str, count: int) -> list[checker.Sight]:
    return [checker.Sight(**record) for record in kept.beginning(kind, count)]


def _all(said: Sequence[words.Attributes], seen: Sequence[checker.Sight]) -> Share | None:
    return shares(said, seen)["all"] if seen else None


def _truth(kept: Notes, count: int) -> dict[str, Share] | None:
    seen = _sights(kept, "truth", count)
    scenes = truth_scenes()
    said = [words.attributes(scenes, index) for index in range(len(seen))]
    return shares(said, seen) if seen else None


def _negative(kept: Notes, count: int, how: Settings) -> tuple[Share, Share] | None:
    kinds = [_sights(kept, f"{kind}-{how}", count) for kind in ("open", "negative")]
    both = min(len(seen) for seen in kinds)
    if not both:
        return None
    found = [
        Share(sum(sight.colour == named(number) for number, sight in enumerate(seen[:both])), both)
        for seen in kinds
    ]
    return found[0], found[1]


def named(number: int) -> str:
    """The colour that the negative prompt of a number names."""
    return world.COLOURS[number % len(world.COLOURS)]


def table(results: Results, how: Settings) -> str:
    """The results as the card and the command show them, in Markdown."""
    lines = [_line("Checker on ground truth, all together", _sure(results)), ""]
    if results.seen < results.asked:
        lines += [f"{results.seen} of {results.asked} prompts were asked so far.", ""]
    lines += [
        f"| held-out prompts, {how.steps} steps, guidance {how.guidance:g} "
        "| measured, 95 % interval | target | floor | chance |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(results, name) for name in (*NAMES, "all")]
    return "\n".join([*lines, "", *_further(results)])


def _sure(results: Results) -> str | None:
    return f"{results.truth['all']} (must be at least 99 %)" if results.truth else None


def _row(results: Results, name: str) -> str:
    share = results.prompts[name] if results.prompts else None
    luck = results.chance[name] if results.chance else 0.0
    if share is None:
        measured, missed = "not measured yet", ""
    else:
        measured, missed = str(share), "" if share.value >= TARGET[name] else " (not reached)"
    bounds = f"{TARGET[name]:.0%}{missed} | {FLOOR[name]:.0%}"
    return f"| {name} | {measured} | {bounds} | {100 * luck:.2g} % |"


def _verdict(target: str, *, reached: bool) -> str:
    return f"(target {target}: {'reached' if reached else 'not reached'})"


def _line(what: str, found: Any) -> str:
    return f"{what}: {'not measured yet' if found is None else found}"


def _further(results: Results) -> list[str]:
    facts = {
        "Guidance 1 instead of the default, all together": _gain(results),
        "Colour left open": _open(results),
        "Diversity, 8 seeds of one prompt over the world's own": _diversity(results),
        "Same seed same frames, other seed other frames": _repeats(results),
        "Time": _clip(results.timing) if results.timing else None,
        "Memory": _memory(results.timing) if results.timing else None,
        "By word": _words(results.by_word) if results.by_word else None,
    }
    return [f"- {_line(what, found)}" for what, found in facts.items()]


def _gain(results: Results) -> str | None:
    if results.gain is None:
        return None
    verdict = _verdict("10", reached=results.gain >= 10)
    return f"{results.unguided}; the default gains {results.gain:.1f} points {verdict}"


def _open(results: Results) -> str | None:
    if results.negative is None:
        return None
    alone, without = results.negative
    verdict = _verdict("half", reached=without.value <= alone.value / 2)
    return f"{alone} come out in a given one; named in the negative prompt: {without} {verdict}"


def _diversity(results: Results) -> str | None:
    if results.diversity is None:
        return None
    return f"{results.diversity:.2f} {_verdict('0.5', reached=results.diversity >= 0.5)}"


def _repeats(results: Results) -> str | None:
    return None if results.repeats is None else "yes" if results.repeats else "no"


def _clip(timing: dict[str, float]) -> str:
    return (
        f"clip {timing['render']:.2f} s of processor time, step {1000 * timing['step']:.0f} ms, "
        f"clip over steps {timing['ratio']:.2f} "
        f"{_verdict('1.15', reached=timing['ratio'] <= 1.15)}; load {timing['load']:.2f} s"
    )


def _memory(timing: dict[str, float]) -> str:
    return f"{timing['peak']:.2f} GB at most {_verdict('1.5', reached=timing['peak'] <= 1.5)}"


def _words(found: dict[str, Share]) -> str:
    return ", ".join(f"{word} {100 * share.value:.0f} %" for word, share in found.items())
