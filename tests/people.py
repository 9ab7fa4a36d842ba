"""The cast: the only invented people of this project."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody a story is about; the password is the cast's alone."""

    username: str
    pseudonym: str
    role: str
    password: str


ADA = Person("ada", "Ada", "artist", "paper-lantern-river-7")
BEN = Person("ben", "Ben", "artist", "copper-kettle-window-3")
MO = Person("mo", "Mo", "curator", "quiet-harbour-stone-9")
EVE = Person("eve", "Eve", "artist", "violet-engine-harbour-2")  # comes by invitation
OLGA = Person("olga", "Olga", "operator", "amber-staircase-cloud-5")
EVERYBODY = (ADA, BEN, MO)
