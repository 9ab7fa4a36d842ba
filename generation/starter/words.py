"""The starter model's language: captions for scenes, in many phrasings, and the whole list of words
it knows.

Captions name all, some or few attributes of a scene, so that a prompt may leave things open and a
negative prompt may be a single word.
"""

from __future__ import annotations

import re
from typing import TypedDict

import numpy as np

from generation.starter import world

UNKNOWN = "[UNK]"
PADDING = "[PAD]"
END = "[END]"

SHAPE_WORDS = {
    "circle": ("circle", "circle", "disc", "ball"),
    "square": ("square", "square", "box"),
    "triangle": ("triangle",),
    "cross": ("cross", "cross", "plus"),
    "star": ("star",),
    "ring": ("ring", "ring", "hoop"),
    "heart": ("heart",),
}
COLOUR_WORDS = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "white": ("white",),
    "black": ("black",),
}
SIZE_WORDS = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
MOTION_WORDS = {
    "left": (
        "moving left",
        "moves left",
        "sliding left",
        "drifting to the left",
        "gliding to the left",
        "going left",
    ),
    "right": (
        "moving right",
        "moves right",
        "sliding right",
        "drifting to the right",
        "gliding to the right",
        "going right",
    ),
    "up": ("moving up", "moves up", "rising", "floating up", "climbing", "going up", "rises"),
    "down": ("moving down", "moves down", "falling", "sinking", "going down", "falls"),
    "growing": ("growing", "grows", "getting bigger", "expanding"),
    "shrinking": ("shrinking", "shrinks", "getting smaller", "contracting"),
    "spinning": ("spinning", "spins", "turning", "rotating"),
    "bouncing": ("bouncing", "bounces", "hopping", "jumping"),
    "circling": ("circling", "circles around", "going around", "revolving"),
}
ORBITS = ("orbiting", "circling", "going around", "revolving around")
"""How a shape circles a companion."""
BESIDE = ("beside", "next to", "with", "near")
DISCS = ("circle", "disc", "ball")
ALSO = {
    "yellow": ("sun", "sun", "sun"),
    "orange": ("sun", "sun"),
    "white": ("moon", "moon", "moon"),
}
"""The companion's nouns, and those of some colours only."""
LEFT_OUT: tuple[str, ...] = ()
"""Motions that are trained but drawn too badly to ship: the shipped tokenizer lacks their words."""
LEADING_MOTIONS = (
    "rising", "falling", "growing", "expanding", "shrinking",
    "spinning", "rotating", "turning", "bouncing", "hopping", "circling", "revolving",
)  # fmt: skip
GROUNDS = (
    "on a {c} background",
    "on {c}",
    "against a {c} background",
    "over a {c} background",
    "in front of a {c} wall",
    "with a {c} background",
    "against {c}",
)
FADES = (
    "on a background fading from {c} to {d}",
    "against a background fading from {c} to {d}",
    "over a gradient from {c} to {d}",
    "on a {c} to {d} gradient",
    "on {c} fading to {d}",
)
OPENINGS = ("", "", "", "", "a video of ", "a clip of ", "an animation of ")
WORD = re.compile(r"[a-z]+")
ARTICLE = re.compile(r"\ba (?=[aeiou])")


class Attributes(TypedDict):
    """What a caption says; None where it is silent, and where a background is plain or a shape
    alone. `company` is the colour of the disc beside it.
    """

    shape: str | None
    colour: str | None
    background: str | None
    fade: str | None
    motion: str | None
    size: str | None
    company: str | None


def attributes(scenes: world.Scenes, index: int) -> Attributes:
    """Everything a full caption of this scene would say."""
    size = world.SIZES[scenes.size[index]]
    plain = scenes.fade[index] == scenes.background[index]
    alone = scenes.other_colour[index] == world.NONE
    return {
        "shape": world.SHAPES[scenes.shape[index]],
        "colour": world.COLOURS[scenes.colour[index]],
        "background": world.COLOURS[scenes.background[index]],
        "fade": None if plain else world.COLOURS[scenes.fade[index]],
        "motion": world.MOTIONS[scenes.motion[index]],
        "size": None if size == "medium" else size,
        "company": None if alone else world.COLOURS[scenes.other_colour[index]],
    }


def thin(rng: np.random.Generator, said: Attributes) -> Attributes:
    """Leave attributes out: most captions are full, some lack one or two, a few name one or two
    only.
    """
    kind = rng.random()
    if kind < 0.62:
        share = 0.0
    elif kind < 0.86:
        share = 0.25
    else:
        share = 0.7
    kept = said.copy()
    if said["size"] and rng.random() < 0.35:
        kept["size"] = None
    for name in ("shape", "colour", "background", "motion", "size"):
        if rng.random() < share:
            kept[name] = None
    if kept["background"] is None:
        kept["fade"] = None
    return kept


def caption(rng: np.random.Generator, said: Attributes) -> str:
    """One phrasing of these attributes, picked at random; empty where nothing is said."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    colour = pick(COLOUR_WORDS[said["colour"]]) if said["colour"] else ""
    size = pick(SIZE_WORDS[said["size"]]) if said["size"] else ""
    noun = pick(SHAPE_WORDS[said["shape"]]) if said["shape"] else ""
    motion = pick(MOTION_WORDS[said["motion"]]) if said["motion"] else ""
    company = _company(rng, said)
    if company and said["motion"] == "circling":
        motion = pick(ORBITS)
    if not noun and (size or motion or company) and rng.random() < 0.7:
        noun = pick(("shape", "thing"))
    style = rng.random()
    ground = pick(COLOUR_WORDS[said["background"]]) if said["background"] else ""
    if style < 0.12 and not company and not said["fade"]:
        return _as_tags(rng, [size, colour, noun, motion, f"{ground} background" if ground else ""])
    place = pick(GROUNDS).format(c=ground) if ground else ""
    if said["fade"]:
        place = pick(FADES).format(c=ground, d=pick(COLOUR_WORDS[said["fade"]]))
    lead = motion in LEADING_MOTIONS and style < 0.3 and not company
    described = [motion if lead else "", size, colour, noun]
    thing = " ".join(part for part in described if part)
    if noun and rng.random() < 0.85:
        article = pick(("a", "a", "the"))
        thing = f"{article} {thing}"
    action = "" if lead else motion
    if company:
        action = _accompanied(rng, said, action, company)
    if style > 0.88 and place:
        sentence = f"{place}, {thing} {action}"
    elif style > 0.62 and not company:
        sentence = (
            f"{thing} {place} {action}" if rng.random() < 0.5 else f"{thing} {place}, {action}"
        )
    else:
        sentence = f"{thing} {action} {place}"
    text = " ".join((pick(OPENINGS) + sentence).split()).strip(" ,")
    return ARTICLE.sub("an ", text)


def _company(rng: np.random.Generator, said: Attributes) -> str:
    """The companion as a noun with its article; empty where there is none."""
    if not said["company"]:
        return ""
    nouns = DISCS + ALSO.get(said["company"], ())
    colours = COLOUR_WORDS[said["company"]]
    return f"a {colours[rng.integers(len(colours))]} {nouns[rng.integers(len(nouns))]}"


def _accompanied(rng: np.random.Generator, said: Attributes, action: str, company: str) -> str:
    """What the shape does, and who stands beside it."""
    if said["motion"] == "circling":
        return f"{action} {company}"
    beside = f"{BESIDE[int(rng.integers(len(BESIDE)))]} {company}"
    return f"{action} {beside}" if rng.random() < 0.6 else f"{beside} {action}"


def _as_tags(rng: np.random.Generator, parts: list[str]) -> str:
    kept = [part for part in parts if part]
    rng.shuffle(kept)
    return ", ".join(kept)


def with_strange_words(rng: np.random.Generator, text: str) -> str:
    """Put one or two words in that mean nothing, so that the model learns to pass over them."""
    parts = text.split()
    for _ in range(int(rng.integers(1, 3))):
        parts.insert(int(rng.integers(0, len(parts) + 1)), UNKNOWN)
    return " ".join(parts)


def training_caption(
    rng: np.random.Generator, scenes: world.Scenes, index: int
) -> tuple[str, Attributes]:
    """A caption as seen in training, and what it says."""
    said = thin(rng, attributes(scenes, index))
    text = caption(rng, said)
    if rng.random() < 0.1:
        text = with_strange_words(rng, text)
    return text, said


def shipped_vocabulary() -> list[str]:
    """The words a prompt may use."""
    hidden = {
        word for name in LEFT_OUT for text in MOTION_WORDS[name] for word in WORD.findall(text)
    }
    return [word for word in vocabulary() if word not in hidden]


def vocabulary() -> list[str]:
    """Every word a training caption can hold, in alphabetical order, lower case."""
    texts: list[str] = [
        "a an the shape thing background wall",
        *OPENINGS,
        *GROUNDS,
        *FADES,
        *ORBITS,
        *BESIDE,
        "sun moon",
        *LEADING_MOTIONS,
    ]
    for table in (SHAPE_WORDS, COLOUR_WORDS, SIZE_WORDS, MOTION_WORDS):
        for options in table.values():
            texts.extend(options)
    found = {
        word
        for text in texts
        for word in WORD.findall(text.replace("{c}", " ").replace("{d}", " "))
    }
    return sorted(found)
