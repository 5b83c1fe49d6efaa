"""Notices in any free text that a child or the person who cares for it may be in danger.

Reads a message as words with tags, looks for the patterns that locales/*/danger.toml describes, and
asks the trained model about what no pattern describes. What happens with a hit (who is told, what
is answered) is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from conversations.danger.detector import Detector, compile_lexicon, is_mark, words
from conversations.danger.features import Featurer, Fields
from conversations.danger.model import Model, Verdict
from conversations.level import Level
from locales import danger as lexicon

LONGEST_TEXT = 100_000
PART, OVERLAP = 400, 40  # words


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


LEVELS = {
    DangerClass.PHYSICAL_VIOLENCE: Level.ORANYE,
    DangerClass.SEXUAL_VIOLENCE: Level.MERAH,
    DangerClass.NEGLECT: Level.ORANYE,
    DangerClass.EXPLOITATION: Level.ORANYE,
    DangerClass.TRAFFICKING: Level.MERAH,
    DangerClass.SELF_HARM: Level.MERAH,
    DangerClass.MISSING: Level.MERAH,
    DangerClass.HEALTH_NUTRITION: Level.MERAH,
    DangerClass.PSYCHOSOCIAL: Level.MERAH,
}
"""The level of a class (DOMAIN.md 4.1) when no rule tells more, as for what the model found."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One concern found in a message.

    `why` is the id of the rule in danger.toml that found it, or "model: " and the words that
    weighed most.
    """

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
    written = words(text[:LONGEST_TEXT])
    rules = _by_rules(written)
    hits = [Hit(DangerClass(rule.cls), Level(rule.level), rule.id) for rule in rules]
    if not any(_stands(rule) for rule in rules):
        hits = _weighed(written, hits)
    return tuple(sorted(hits, key=lambda hit: -hit.level.rank))


def reader(text: str) -> list[str | None]:
    """The words of a text as the model reads them; None stands for a mark between."""
    return [None if is_mark(word) else word for word in words(text)]


def featurer() -> Featurer:
    """What the model and its trainer know of a word."""
    return Featurer(_detector().tags, Fields(lexicon.load_fields()))


def _stands(rule: lexicon.Rule) -> bool:
    """Whether the rule holds whatever the model thinks of the message: MERAH does, ORANYE does not,
    unless the rule says otherwise."""
    yields = rule.level != Level.MERAH if rule.yields is None else rule.yields
    return not yields and Level(rule.level) >= Level.ORANYE


def _by_rules(written: list[str]) -> list[lexicon.Rule]:
    """The rules that hold; a very long text is read in parts, up to the first that stands."""
    found: dict[str, lexicon.Rule] = {}
    for start in range(0, max(len(written) - OVERLAP, 1), PART - OVERLAP):
        for rule in _detector().find(written[start : start + PART]):
            found[rule.id] = rule
        if any(map(_stands, found.values())):
            break
    return list(found.values())


def _weighed(written: list[str], hits: list[Hit]) -> list[Hit]:
    """The hits, KUNING in everyday talk, and what the model finds beyond them."""
    said = [None if is_mark(word) else word for word in written]
    verdict = _model().judge(said)
    if verdict.score < _model().weights.calm:
        return [replace(hit, level=min(hit.level, Level.KUNING)) for hit in hits]
    if verdict.score < _model().weights.alarm:
        return hits
    cls, level = DangerClass(verdict.cls), _level_of(verdict, said)
    if any(hit.cls is cls and hit.level >= Level.ORANYE for hit in hits):
        return hits
    return [*hits, Hit(cls, level, f"model: {', '.join(verdict.words) or '?'}")]


def _level_of(verdict: Verdict, said: list[str | None]) -> Level:
    """The level of the class; ORANYE, so that a human looks, where the model is not sure."""
    cls = DangerClass(verdict.cls)
    if cls is DangerClass.SEXUAL_VIOLENCE and _model().speaks_of("marry", said):
        return Level.ORANYE  # a marriage plan
    return LEVELS[cls] if verdict.score >= _model().weights.sure else Level.ORANYE


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


@cache
def _model() -> Model:
    return Model(lexicon.load_weights(), featurer())


def _check(entry: str, value: str, kind: type[StrEnum]) -> None:
    names = [member.value for member in kind]
    if value not in names:
        raise lexicon.LexiconError(f"danger.toml: {entry}: {value!r} is none of {', '.join(names)}")
