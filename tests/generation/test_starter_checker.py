"""The checker judges the model, so it is judged first: on drawings whose truth is known."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from generation.starter import card, checker, measures, notes, report, textures, words, world


def drawn(index: int, seed: int = 8) -> tuple[words.Attributes, np.ndarray]:
    scenes = world.sample(np.random.default_rng(seed), 80, None)
    return words.attributes(scenes, index), world.render(scenes, index)


@pytest.mark.parametrize(
    "index", [*range(4), *(pytest.param(at, marks=pytest.mark.slow) for at in range(4, 24))]
)
def test_it_reads_a_drawing_through_the_encoded_file(index: int) -> None:
    said, frames = drawn(index)
    sight = checker.check(measures.through_file(frames))
    assert {name: getattr(sight, name) for name in measures.NAMES} == measures.wanted(said)


@pytest.mark.slow
def test_it_is_right_on_99_drawings_of_100() -> None:
    scenes = measures.truth_scenes()
    said = [words.attributes(scenes, index) for index in range(200)]
    clips = (measures.through_file(world.render(scenes, index)) for index in range(200))
    shares = measures.shares(said, [checker.check(frames) for frames in clips])
    assert shares["all"].value >= 0.99, shares


@pytest.mark.slow
def test_played_backwards_left_is_right_and_growing_is_shrinking() -> None:
    opposite = {
        "left": "right", "right": "left", "up": "down", "down": "up",
        "growing": "shrinking", "shrinking": "growing",
        "spinning": "spinning", "bouncing": "bouncing", "circling": "circling",
    }  # fmt: skip
    for index in range(16):
        said, frames = drawn(index)
        motion, drift = said["motion"], said["drift"]
        assert motion is not None
        sight = checker.check(frames[::-1])
        assert sight.motion == opposite[motion]
        assert sight.drift == (opposite[drift] if drift else None)


def test_a_standing_picture_moves_nowhere() -> None:
    said, frames = drawn(0)
    sight = checker.check(np.repeat(frames[:1], 17, axis=0))
    assert sight.motion is None
    assert sight.shape == said["shape"]


def woven(kind: str) -> np.ndarray:
    scenes = world.sample(np.random.default_rng(12), 600, None)
    still = (scenes.texture == world.TEXTURES.index(kind)) & (scenes.drift == world.NONE)
    return world.render(scenes, int(np.flatnonzero(still & (scenes.wave_x > 0))[0]))


@pytest.mark.parametrize("kind", world.TEXTURES)
def test_a_texture_that_rests_shows_no_drift_and_one_that_slides_right_a_drift_left(
    kind: str,
) -> None:
    frames = woven(kind)
    sight = checker.check(frames)
    assert (sight.texture, sight.drift) == (kind, None)
    sliding = np.stack([np.roll(frames[0], 2 * i, axis=1) for i in range(world.FRAMES)])
    assert checker.check(sliding).drift == "left"


def test_a_pattern_that_is_none_of_the_worlds_is_unclear() -> None:
    rng = np.random.default_rng(3)
    tiles = rng.integers(-18, 19, (16, 16, 1)).repeat(8, axis=0).repeat(8, axis=1)
    frames = np.full((17, 128, 128, 3), (60, 110, 190), dtype=np.int64) + tiles
    assert checker.check(frames.astype(np.uint8)).texture == textures.UNCLEAR
    sharp = np.arange(128) // 10 % 2 * 40
    frames = np.full((17, 128, 128, 3), (60, 110, 190), dtype=np.int64) + sharp[:, None, None]
    assert checker.check(frames.astype(np.uint8)).texture == textures.UNCLEAR


def test_an_empty_picture_has_no_shape() -> None:
    plain = np.full((17, 128, 128, 3), (40, 107, 219), dtype=np.uint8)
    sight = checker.check(plain)
    assert (sight.shape, sight.colour, sight.motion) == (None, None, None)
    assert sight.background == "blue"


def test_noise_is_not_taken_for_a_shape() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (17, 128, 128, 3)).astype(np.uint8)
    assert checker.check(noise).shape is None


def test_a_blot_is_not_taken_for_a_shape() -> None:
    rng = np.random.default_rng(2)
    frames = np.full((17, 128, 128, 3), 240, dtype=np.uint8)
    for row, column in rng.integers(30, 90, (12, 2)):
        frames[:, row : row + 9, column : column + 9] = (200, 30, 30)
    assert checker.check(frames).shape is None


def test_a_second_thing_that_moves_is_no_resting_disc() -> None:
    rng = np.random.default_rng(4)
    scenes = world.sample(rng, 400, None)
    paired = np.flatnonzero((scenes.other_colour != world.NONE) & (scenes.motion == 0))
    frames = world.render(scenes, int(paired[0]))
    assert checker.check(frames).company is not None
    swapped = np.stack([np.roll(frame, 2 * i, axis=0) for i, frame in enumerate(frames)])
    assert checker.check(swapped).company in (None, checker.UNCLEAR)


def test_chance_is_what_clips_of_other_prompts_would_reach() -> None:
    said = measures.held_out_prompts(300).said
    luck = measures.chance(said)
    assert 0.08 < luck["colour"] < 0.18
    assert 0.08 < luck["shape"] < 0.22
    assert luck["all"] < 0.01


def test_fewer_prompts_are_the_first_of_more() -> None:
    assert measures.held_out_prompts(10).texts == measures.held_out_prompts(40).texts[:10]
    with pytest.raises(ValueError, match="at most"):
        measures.held_out_prompts(measures.MOST_PROMPTS + 1)


def test_a_stopped_evaluation_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = notes.Notes(tmp_path, "a" * 64)
    asked: list[list[int]] = []

    def look(numbers: list[int]) -> Iterator[notes.Record]:
        asked.append(numbers)
        return ({"square": number**2} for number in numbers)

    kept.complete("prompts", 3, look)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    assert kept.beginning("prompts", 5) == [{"square": 0}, {"square": 1}]
    kept.complete("prompts", 5, look)
    assert asked == [[0, 1, 2], [2, 3, 4]]
    assert kept.beginning("prompts", 4) == [{"square": n} for n in (0, 1, 4, 9)]
    assert notes.Notes(tmp_path, "b" * 64).beginning("prompts", 1) == []
    with pytest.raises(ValueError, match="its number"):
        kept.complete("timing", 1, lambda numbers: [{"clip": 1.5} for _ in numbers])


HOW = measures.Settings(30, 2.0)
TIMING = {"load": 0.5, "step": 0.03, "render": 1.0, "ratio": 1.12, "peak": 0.6}


def noted(folder: Path, wrong: int) -> report.Results:
    """Notes of 20 prompts, led all right but for `wrong`, and unled right every second time."""
    kept = notes.Notes(folder, "c" * 64)
    wants = [measures.wanted(one) for one in measures.held_out_prompts(20).said]
    scenes = measures.truth_scenes()
    truth = [measures.wanted(words.attributes(scenes, index)) for index in range(16)]
    nothing: notes.Record = {"shape": None}
    kept.complete("prompts-30-2", 20, lambda n: [nothing if i < wrong else wants[i] for i in n])
    kept.complete("prompts-30-1", 20, lambda n: [nothing if i % 2 else wants[i] for i in n])
    kept.complete("truth", 16, lambda n: [truth[i] for i in n])
    kept.complete("timing-30-2", 1, lambda n: [TIMING for _ in n])
    return report.read(kept, 20, HOW)


def test_the_report_says_what_is_reached_what_is_not_and_what_is_not_measured(
    tmp_path: Path,
) -> None:
    good = noted(tmp_path / "good", wrong=0)
    text = report.table(good, HOW)
    assert good.passes
    assert "| all | 100.0 % (83.9 to 100.0; 20 of 20) | 85% |" in text
    assert "the default gains 50.0 points (target 10: reached)" in text
    assert "Colour left open: not measured yet" in text
    assert "clip 1.00 s of processor time, step 30 ms, clip over steps 1.12 (target 1.15: r" in text
    bad = noted(tmp_path / "bad", wrong=8)
    assert not bad.passes
    assert "| all | 60.0 %" in report.table(bad, HOW)
    assert "85% (not reached)" in report.table(bad, HOW)
    partly = report.read(notes.Notes(tmp_path / "good", "c" * 64), 40, HOW)
    assert not partly.passes
    assert "20 of 40 prompts were asked so far." in report.table(partly, HOW)


def test_the_ablation_tells_only_of_settings_that_were_measured_whole(tmp_path: Path) -> None:
    noted(tmp_path, wrong=5)
    kept = notes.Notes(tmp_path, "c" * 64)
    kept.complete("prompts-8-2", 19, lambda numbers: [{"shape": None} for _ in numbers])
    right = report.compared(kept, 20, HOW)
    assert {str(each): share.right for each, share in right.items()} == {"30-1": 10, "30-2": 15}
    line = report.ablation_line(right, HOW)
    assert line == "- All together, 20 prompts each: guidance 1 50%, guidance 2 75%"


def test_a_document_without_marks_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n{card.BEGIN}\nold\n{card.END}\nafter\n", encoding="utf-8")
    card.copy_evaluation("| new |", document)
    text = document.read_text(encoding="utf-8")
    assert text == f"before\n{card.BEGIN}\n\n| new |\n\n{card.END}\nafter\n"
    document.write_text("nothing to fill", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks"):
        card.copy_evaluation("| new |", document)


def test_the_interval_is_wilsons() -> None:
    low, high = measures.Share(540, 600).interval()
    assert low == pytest.approx(0.8734, abs=2e-4)
    assert high == pytest.approx(0.9216, abs=2e-4)
    assert measures.Share(10, 10).interval()[1] == 1.0
