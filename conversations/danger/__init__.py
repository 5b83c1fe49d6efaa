"""Notices in any free text that a child or the person who cares for it may be in danger.

Reads a message as words with tags, and looks for the patterns that locales/*/danger.toml describes.
What happens with a hit (who is told, what is answered) is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from conversations.danger.detector import Detector, compile_lexicon
from conversations.level import Level
from locales import danger as lexicon

LONGEST_TEXT = 100_000


class DangerClass(StrEnum):
    """The classes of concern of DOMAIN.md 4.1."""

    PHYSICAL_VIOLENCE = "physical_violence"
    SEXUAL_VIOLENCE = "sexual_violence"
    NEGLECT = "neglect"
    EXPLOITATION = "exploitation"
    TRAFFICKING = "trafficking"
    SELF_HARM = "self_harm"
    MISSING = "missing"
    HEALTH_NUTRITION = "health_nutrition"
    DROPOUT = "dropout"
    PSYCHOSOCIAL = "psychosocial"


@dataclass(frozen=True, slots=True)
class Hit:
    """One concern found in a message; `why` is the id of the rule in danger.toml that found it."""

    cls: DangerClass
    level: Level
    why: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The most urgent concern of a message; `urgent` means a human being must be alerted."""

    urgent: bool
    cls: DangerClass | None = None
    level: Level | None = None
    why: str = ""


def find(text: str) -> tuple[Hit, ...]:
    """Every concern in the whole text, most urgent first; one hit for each rule.

    >>> [hit.cls.value for hit in find("cucu saya dipukuli pamannya, skrg ilang dari rumah")]
    ['missing', 'physical_violence']
    >>> find("mati lampu dari tadi, besok kumpul pukul 7")
    ()
    >>> find("alhamdulillah tidak pernah dipukul, tapi kemarin bilang pengen mati")[0].cls.value
    'self_harm'
    """
    hits = [
        Hit(DangerClass(rule.cls), Level(rule.level), rule.id)
        for rule in _detector().find(text[:LONGEST_TEXT])
    ]
    return tuple(sorted(hits, key=lambda hit: -hit.level.rank))


def assess(text: str) -> Assessment:
    """The first of `find`, and whether it is urgent (MERAH or ORANYE).

    >>> assess("bocahe ora dipakani wis rong dina").urgent
    True
    >>> assess("cucu saya sudah berhenti sekolah")
    Assessment(urgent=False, cls=<DangerClass.DROPOUT: 'dropout'>,
               level=<Level.KUNING: 'kuning'>, why='stopped-school')
    """
    hits = find(text)
    if not hits:
        return Assessment(urgent=False)
    worst = hits[0]
    return Assessment(worst.level >= Level.ORANYE, worst.cls, worst.level, worst.why)


@cache
def _detector() -> Detector:
    loaded = lexicon.load()
    for rule in loaded.rules:
        _check(rule.id, rule.cls, DangerClass)
        _check(rule.id, rule.level, Level)
    for guard in loaded.guards:
        for cls in guard.classes:
            _check(guard.id, cls, DangerClass)
    return compile_lexicon(loaded)


def _check(entry: str, value: str, kind: type[StrEnum]) -> None:
    names = [member.value for member in kind]
    if value not in names:
        raise lexicon.LexiconError(f"danger.toml: {entry}: {value!r} is none of {', '.join(names)}")
