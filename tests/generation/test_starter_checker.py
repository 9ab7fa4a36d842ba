"""The checker judges the model, so it is judged first: on drawings whose truth is known."""

import numpy as np
import pytest

from generation.starter import checker, measures, words, world


def drawn(index: int, seed: int = 8) -> tuple[words.Attributes, np.ndarray]:
    scenes = world.sample(np.random.default_rng(seed), 80, None)
    return words.attributes(scenes, index), world.render(scenes, index)


@pytest.mark.parametrize("index", range(24))
def test_it_reads_a_drawing_through_the_encoded_file(index: int) -> None:
    said, frames = drawn(index)
    sight = checker.check(measures.through_file(frames))
    seen = (sight.shape, sight.colour, sight.background, sight.motion)
    assert seen == (said["shape"], said["colour"], said["background"], said["motion"])


@pytest.mark.slow
def test_it_is_right_on_99_drawings_of_100() -> None:
    shares = measures.check_truth(200)
    assert shares["all"].value >= 0.99, shares


def test_played_backwards_left_is_right_and_growing_is_shrinking() -> None:
    opposite = {
        "left": "right", "right": "left", "up": "down", "down": "up",
        "growing": "shrinking", "shrinking": "growing",
        "spinning": "spinning", "bouncing": "bouncing",
    }  # fmt: skip
    for index in range(16):
        said, frames = drawn(index)
        motion = said["motion"]
        assert motion is not None
        assert checker.check(frames[::-1]).motion == opposite[motion]


def test_a_standing_picture_moves_nowhere() -> None:
    said, frames = drawn(0)
    sight = checker.check(np.repeat(frames[:1], 17, axis=0))
    assert sight.motion is None
    assert sight.shape == said["shape"]


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


def test_the_interval_is_wilsons() -> None:
    low, high = measures.Share(540, 600).interval()
    assert low == pytest.approx(0.8734, abs=2e-4)
    assert high == pytest.approx(0.9216, abs=2e-4)
    assert measures.Share(10, 10).interval()[1] == 1.0
