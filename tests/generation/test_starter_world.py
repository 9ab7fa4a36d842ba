"""The starter model's world: what it draws, what it says about it, and what it keeps back."""

import re
import subprocess
import sys

import numpy as np
import pytest

from generation.starter import card, latent, words, world


def scenes(count: int = 64, *, held_out: bool | None = False, seed: int = 3) -> world.Scenes:
    return world.sample(np.random.default_rng(seed), count, held_out)


def test_a_seed_draws_the_same_scenes_again() -> None:
    first, again, other = scenes(seed=3), scenes(seed=3), scenes(seed=4)
    assert (first.x == again.x).all()
    assert (first.x != other.x).any()
    assert (world.render(first, 5) == world.render(again, 5)).all()


def test_training_never_sees_a_held_out_combination() -> None:
    seen, kept = scenes(20_000), scenes(20_000, held_out=True)

    def combinations(found: world.Scenes) -> set[tuple[int, ...]]:
        parts = (found.shape, found.colour, found.background, found.motion)
        return set(zip(*(part.tolist() for part in parts), strict=True))

    assert combinations(seen) & combinations(kept) == set()
    share = len(combinations(kept)) / len(combinations(kept) | combinations(seen))
    assert 0.10 < share < 0.15


def test_every_word_of_the_world_occurs_among_held_out_combinations() -> None:
    kept = scenes(20_000, held_out=True)
    assert set(kept.shape.tolist()) == set(range(len(world.SHAPES)))
    assert set(kept.colour.tolist()) == set(range(len(world.COLOURS)))
    assert set(kept.motion.tolist()) == set(range(len(world.MOTIONS)))


def test_shapes_stay_in_the_picture() -> None:
    found = scenes(500)
    visible = slice(world.LEAD, None)
    reach = world.REACH * found.radius[:, visible]
    for path in (found.x[:, visible], found.y[:, visible]):
        assert (path - reach > -0.01).all()
        assert (path + reach < world.SIZE + 0.01).all()


def test_a_companion_stands_in_the_picture_and_is_never_touched() -> None:
    found = scenes(3_000)
    found = found.pick(found.other_colour != world.NONE)
    assert len(found) > 700
    other = found.other_radius[:, None]
    for place in (found.other_x, found.other_y):
        assert (place[:, None] - other > -0.01).all()
        assert (place[:, None] + other < world.SIZE + 0.01).all()
    away = np.hypot(found.x - found.other_x[:, None], found.y - found.other_y[:, None])
    visible = slice(world.LEAD, None)
    assert (away > found.radius + other)[:, visible].all()


def test_backgrounds_fade_between_harmonious_colours_only() -> None:
    found = scenes(3_000)
    fading = found.pick(found.fade != found.background)
    assert 0.2 < len(fading) / len(found) < 0.4
    pairs = zip(fading.background.tolist(), fading.fade.tolist(), strict=True)
    named = {frozenset((world.COLOURS[a], world.COLOURS[b])) for a, b in pairs}
    assert named == {frozenset(pair) for pair in world.HARMONIES}
    plain = found.pick(found.fade == found.background)
    assert (plain.floor == plain.paper).all()


def test_a_shape_stands_out_from_its_background_and_round_ones_do_not_spin() -> None:
    found = scenes(5_000, held_out=None)
    assert world.contrasts()[found.colour, found.background, found.fade].all()
    assert (found.colour != found.background).all()
    assert (found.colour != found.other_colour).all()
    spinning = found.motion == world.MOTIONS.index("spinning")
    assert not np.isin(found.shape[spinning], world.ROUND).any()


def test_textures_repeat_over_their_tile_and_slide_against_the_camera() -> None:
    found = scenes(2_000)
    assert ((found.drift == world.NONE) | (found.texture != world.NONE)).all()
    smooth = found.texture == world.NONE
    assert (found.tone[smooth] == 0).all()
    assert (np.abs(found.tone[~smooth]) >= world.TONES[0]).all()
    slid_x, slid_y = (p[:, -1] - p[:, world.LEAD] for p in (found.crest_x, found.crest_y))
    for name, slid in (("left", slid_x), ("right", -slid_x), ("up", slid_y), ("down", -slid_y)):
        drifting = found.drift == world.DRIFTS.index(name)
        assert drifting.sum() > 50
        assert (slid[drifting] > 20).all()
    assert (slid_x[found.drift == world.NONE] == 0).all()
    striped = found.texture == world.TEXTURES.index("stripes")
    assert (found.wave_x + found.wave_y == np.where(smooth, 0, np.where(striped, 1, 2))).all()
    shown = striped & np.isin(found.drift, (0, 1))
    assert (found.wave_x[shown] == 1).all()


def test_a_shape_stands_out_from_both_tones_of_a_texture() -> None:
    found = scenes(5_000)
    woven = found.pick(found.texture != world.NONE)
    plain = world.contrasts()[woven.colour, woven.background, woven.fade]
    both = world.contrasts(world.TONES[1])[woven.colour, woven.background, woven.fade]
    assert both.all()
    assert plain.all()
    assert (world.contrasts(world.TONES[1]) <= world.contrasts()).all()
    assert (world.contrasts(world.TONES[1]) != world.contrasts()).any()


def test_edges_are_soft_over_about_one_pixel_and_nowhere_else() -> None:
    across = np.linspace(-20, 20, 4001, dtype=np.float32)
    covered = world.coverage(0, across, np.zeros_like(across), np.float32(16))
    rising = across[:2000][(covered[:2000] > 0.01) & (covered[:2000] < 0.99)]
    assert rising.mean() == pytest.approx(-16, abs=0.1)
    assert 0.8 < np.ptp(rising) < 1.4


@pytest.mark.parametrize(
    ("name", "area"),
    [("circle", np.pi), ("square", 4 * 0.86**2), ("ring", np.pi * (1.04**2 - 0.56**2))],
)
def test_outlines_have_the_area_geometry_gives_them(name: str, area: float) -> None:
    axis = np.arange(-60, 60, dtype=np.float32) + 0.5
    number = world.SHAPES.index(name)
    covered = world.coverage(number, axis[None, :], axis[:, None], np.float32(40))
    assert covered.sum() / 40**2 == pytest.approx(area, rel=0.01)


def test_latents_say_what_the_scene_is() -> None:
    found = scenes(200, held_out=None)
    still = found.pick(found.motion != world.MOTIONS.index("spinning"))
    seen = latent.read_out(latent.encode(still))
    assert (seen["shape"].argmax(axis=1) == still.shape).all()
    assert np.abs(seen["radius"] - still.radius[:, world.LEAD :]).max() < 0.01
    hopping = still.motion == world.MOTIONS.index("bouncing")
    circling = still.motion == world.MOTIONS.index("circling")
    gap = np.abs(seen["x"] - still.x[:, world.LEAD :])
    assert gap[~circling].max() < 0.01
    assert gap[circling].mean() < 1.0
    gap = np.abs(seen["y"] - still.y[:, world.LEAD :])
    assert gap[~hopping & ~circling].max() < 0.01
    assert gap[hopping | circling].mean() < 1.0
    there = still.other_colour != world.NONE
    assert ((seen["other_radius"] > 0) == there).all()
    woven = still.texture != world.NONE
    assert ((np.abs(seen["tone"]).max(axis=1) > 0.1) == woven).all()
    assert (np.abs(seen["tone"]).argmax(axis=1) == still.texture)[woven].all()
    for name, crest, wave in (("slide_x", still.crest_x, still.wave_x),
                              ("slide_y", still.crest_y, still.wave_y)):  # fmt: skip
        slid = np.where(wave > 0, crest[:, -1] - crest[:, world.LEAD], 0)
        assert np.abs(seen[name] - slid).max() < 1.0


def test_captions_use_known_words_only_and_many_phrasings() -> None:
    rng = np.random.default_rng(1)
    found = scenes(600)
    known = set(words.vocabulary())
    texts = [words.caption(rng, words.attributes(found, i)) for i in range(600)]
    used = {word for text in texts for word in re.findall(r"[a-z]+", text.lower())}
    assert used <= known
    assert known - used <= {"shape", "thing"}
    said: words.Attributes = {
        "shape": "star", "colour": "red", "background": "blue", "fade": None, "motion": "up",
        "size": None, "company": None, "texture": None, "drift": None,
    }  # fmt: skip
    assert len({words.caption(rng, said) for _ in range(200)}) > 60


def test_a_caption_names_what_it_was_told_and_nothing_else() -> None:
    rng = np.random.default_rng(2)
    said: words.Attributes = {
        "shape": None, "colour": "red", "background": None, "fade": None, "motion": None,
        "size": None, "company": None, "texture": None, "drift": None,
    }  # fmt: skip
    others = set(world.COLOURS) - {"red"}
    for _ in range(100):
        used = set(words.caption(rng, said).split())
        assert "red" in used
        assert not used & (others | set(world.SHAPES))


def test_the_card_shows_only_examples_it_understands() -> None:
    known = set(words.shipped_vocabulary())
    for example in card.EXAMPLES:
        assert set(re.findall(r"[a-z]+", example)) <= known
    assert len(card.EXAMPLES) >= 8


@pytest.mark.slow
def test_world_words_checker_and_card_do_not_pull_in_torch() -> None:
    code = (
        "import sys; import generation.starter.world, generation.starter.words; "
        "import generation.starter.checker, generation.starter.measures, generation.starter.card; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
