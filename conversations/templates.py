"""Which of the approved words say what: one function for each occasion.

The words themselves are in `locales/templates.toml`. Whether a message goes out by its template or
in its own words is decided when it leaves, in `phone/passing.py`.
"""

from __future__ import annotations

from typing import Final

from conversations.level import Level
from conversations.message import Template
from locales import say

CHECKIN: Final = "kabar_mingguan"
NEWS: Final = "ada_kabar"
ALERT: Final = "panggilan_jaga"
URGENT_NEWS: Final = "panggilan_penting"
REMINDER: Final = "pengingat_pertemuan"
MOVED: Final = "pertemuan_pindah"
CANCELLED: Final = "pertemuan_batal"

OPEN: Final = "k:buka"
"""Payload of the button under an opening: what is it?"""

_LONGEST_NAME: Final = 60
_LONGEST_PLACE: Final = 60


def session(name: str, who: str, school: str, when: str, place: str, language: str) -> Template:
    """What is said about a session, by REMINDER, MOVED or CANCELLED.

    >>> session(CANCELLED, "Mbah Siti", "Sekolah  Yang-eyang", "Selasa", "", "id").values
    ('Mbah Siti', 'Sekolah Yang-eyang', 'Selasa')
    """
    about = (_short(who, _LONGEST_NAME), _short(school, _LONGEST_NAME), when)
    if name == CANCELLED:
        return Template(name, about)
    return Template(
        name, (*about, _short(place, _LONGEST_PLACE) or say("template.place", language))
    )


def alert(code: str, level: Level, *, answerable: bool) -> Template:
    """A call to staff: the level and the code, and nothing else."""
    return Template(ALERT if answerable else URGENT_NEWS, (level.upper(), code))


def opening(name: str, who: str) -> Template:
    """A first word to her, after which the rest follows: CHECKIN or NEWS."""
    return Template(name, (_short(who, _LONGEST_NAME),))


def _short(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
