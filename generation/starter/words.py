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
LEFT_OUT: tuple[str, ...] = ("spinning",)
"""Motions that are trained but drawn too badly to ship: the shipped tokenizer lacks their words."""
LEADING_MOTIONS = (
    "rising", "falling", "growing", "expanding", "shrinking",
    "spinning", "rotating", "turning", "bouncing", "hopping", "circling", "revolving",
)  # fmt: skip
GROUNDS = (
    "on a {c} background",
    "on {c}",
    "on a plain {c} background",
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
TEXTURE_ADJECTIVES = {
    "stripes": ("striped",),
    "diamonds": ("checkered", "checkered", "diamond", "harlequin"),
    "dots": ("dotted", "spotted", "polka dot"),
}
TEXTURE_NOUNS = {
    "stripes": ("stripes",),
    "diamonds": ("diamonds", "checks"),
    "dots": ("dots", "spots", "polka dots"),
}
TEXTURED = (
    "on a {t} {c} background",
    "on a {c} {t} background",
    "against a {t} {c} background",
    "in front of a {t} {c} wall",
    "on a {c} background with {p}",
    "over {c} {p}",
    "on {c} {p}",
    "against {c} {p}",
)
TEXTURED_FADES = (
    "on a {t} background fading from {c} to {d}",
    "against a {t} background fading from {c} to {d}",
    "over a {t} gradient from {c} to {d}",
    "on a {t} {c} to {d} gradient",
    "on {p} fading from {c} to {d}",
)
TEXTURED_ONLY = (
    "on a {t} background",
    "against a {t} background",
    "in front of a {t} wall",
    "over {p}",
    "on a background with {p}",
)
"""Backgrounds with a texture: {t} is its adjective, {p} its noun, {c} and {d} are colours."""
CAMERA_WORDS = {
    "left": ("left", "left", "to the left"),
    "right": ("right", "right", "to the right"),
    "up": ("up", "upwards"),
    "down": ("down", "downwards"),
}
CAMERA = (
    "as the camera drifts {w}",
    "while the camera drifts {w}",
    "the camera drifts {w}",
    "camera drifting {w}",
    "the camera drifting {w}",
    "as the camera moves {w}",
    "camera moving {w}",
    "as the camera pans {w}",
    "camera panning {w}",
    "the camera pans {w}",
)
"""What the camera does: {w} is where to."""
OPENINGS = ("", "", "", "", "a video of ", "a clip of ", "an animation of ")
WORD = re.compile(r"[a-z]+")
SLOT = re.compile(r"\{[a-z]\}")
ARTICLE = re.compile(r"\ba (?=[aeiou])")


class Attributes(TypedDict):
    """What a caption says; None where it is silent, and where a background is plain or a shape
    alone, and where the camera stands still. `company` is the colour of the disc beside it.
    """

    shape: str | None
    colour: str | None
    background: str | None
    fade: str | None
    motion: str | None
    size: str | None
    company: str | None
    texture: str | None
    drift: str | None


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
        "texture": _named(world.TEXTURES, int(scenes.texture[index])),
        "drift": _named(world.DRIFTS, int(scenes.drift[index])),
    }


def _named(options: tuple[str, ...], number: int) -> str | None:
    return None if number == world.NONE else options[number]


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
    for name in ("shape", "colour", "background", "motion", "size", "texture", "drift"):
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
    camera = ""
    if said["drift"]:
        camera = pick(CAMERA).format(w=pick(CAMERA_WORDS[said["drift"]]))
    if style < 0.12 and not company and not said["fade"]:
        weave = pick(TEXTURE_ADJECTIVES[said["texture"]]) if said["texture"] else ""
        behind = " ".join(part for part in (weave, ground, "background") if part)
        behind = behind if weave or ground else ""
        return _as_tags(rng, [size, colour, noun, motion, behind, camera])
    place = _place(rng, said, ground)
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
    sentence = _filmed(rng, sentence.strip(" ,"), camera)
    text = " ".join((pick(OPENINGS) + sentence).split()).strip(" ,")
    return ARTICLE.sub("an ", text)


def _place(rng: np.random.Generator, said: Attributes, ground: str) -> str:
    """Where it happens, `ground` being the background's colour; empty where nothing is said."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    fade = pick(COLOUR_WORDS[said["fade"]]) if said["fade"] else ""
    if not said["texture"]:
        return pick(FADES if fade else GROUNDS).format(c=ground, d=fade) if ground else ""
    adjective, noun = (
        pick(table[said["texture"]]) for table in (TEXTURE_ADJECTIVES, TEXTURE_NOUNS)
    )
    options = TEXTURED_FADES if fade else TEXTURED if ground else TEXTURED_ONLY
    return pick(options).format(t=adjective, p=noun, c=ground, d=fade)


def _filmed(rng: np.random.Generator, sentence: str, camera: str) -> str:
    """What the camera does after the sentence, or before it."""
    if not camera:
        return sentence
    if rng.random() < 0.15:
        return f"{camera}, {sentence}"
    return f"{sentence}, {camera}" if rng.random() < 0.5 else f"{sentence} {camera}"


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
        *TEXTURED,
        *TEXTURED_FADES,
        *TEXTURED_ONLY,
        *CAMERA,
        *ORBITS,
        *BESIDE,
        "sun moon",
        *LEADING_MOTIONS,
    ]
    tables = (
        SHAPE_WORDS, COLOUR_WORDS, SIZE_WORDS, MOTION_WORDS,
        TEXTURE_ADJECTIVES, TEXTURE_NOUNS, CAMERA_WORDS,
    )  # fmt: skip
    for table in tables:
        for options in table.values():
            texts.extend(options)
    found = {word for text in texts for word in WORD.findall(SLOT.sub(" ", text))}
    return sorted(found)
