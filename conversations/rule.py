"""The programme's rules as values: when which people are asked, told or listed, and their times.

A rule is swept once a day; whoever it concerns that day gets a piece of due work of her own, whose
name makes it happen once. What an action says is in `programme.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType, Protocol

from conversations.broadcasts.audience import Audience
from conversations.politeness import GATHERINGS, THURSDAY, QuietHours

if TYPE_CHECKING:
    from conversations.dialogue import Person, PersonId, VillageId

RuleId = NewType("RuleId", int)

WEDNESDAY: Final = 2
"""Monday is 0."""

A_DAY_AHEAD: Final = timedelta(days=1)
"""Who has just registered is not asked by a rule before so much time has passed."""


class Anchor(StrEnum):
    """What a rule counts its days from."""

    WEEKLY = "weekly"
    REGISTERED = "registered"
    BIRTH_MONTH = "birth_month"
    SESSION = "session"
    CHECKIN_SENT = "checkin_sent"
    CHECKIN_DONE = "checkin_done"
    SILENT = "silent"
    """The first check-in that nobody has answered since."""


class Action(StrEnum):
    """What a rule does."""

    CHECKIN = "checkin"
    TIP = "tip"
    NUDGE = "nudge"
    MESSAGE = "message"
    VISIT = "visit"
    """The person goes on the list of the cadre who visits."""


class WhenBusy(StrEnum):
    """What happens when the person is in the middle of something else."""

    WAIT = "wait"
    """Look again an hour later, until it is too late to be useful."""
    SKIP = "skip"
    AFTER = "after"
    """Begin as soon as the other thing is finished."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `hour` is local time of the person; `weekday` 0 is Monday."""

    id: RuleId
    name: str
    anchor: Anchor
    action: Action
    hour: time
    days: int = 0
    weekday: int | None = None
    village_id: VillageId | None = None
    audience: Audience = field(default_factory=Audience)
    words: str = ""
    """What a MESSAGE says, with its placeholders."""
    when_busy: WhenBusy = WhenBusy.WAIT
    since: datetime | None = None
    """From when on it holds (aware, UTC): nothing earlier is made up for."""

    @property
    def is_weekly_checkin(self) -> bool:
        """Whether it is the one by which people are asked every week."""
        return self.anchor is Anchor.WEEKLY and self.action is Action.CHECKIN


@dataclass(frozen=True, slots=True)
class ToHelp:
    """People of a school without a phone of their own who may be asked this week, by number."""

    school: str
    numbers: tuple[int, ...]


class Rules(Protocol):
    """What a conversation may ask about the rules: bounded point queries, read-only."""

    def one(self, rule: RuleId) -> Rule | None:
        """One active rule."""

    def weekly_checkin(self, person: Person) -> Rule | None:
        """The rule by which this person is asked every week: her village's, else everybody's."""

    def to_help(self, cadre: PersonId) -> tuple[ToHelp, ...]:
        """Whom a cadre may ask this week in place of a phone, by school."""


DEFAULTS: Final = (
    Rule(
        RuleId(0),
        "Kabar mingguan",
        Anchor.WEEKLY,
        Action.CHECKIN,
        time(19, 15),
        weekday=WEDNESDAY,
    ),
    Rule(RuleId(0), "Pengingat kabar", Anchor.CHECKIN_SENT, Action.NUDGE, time(19, 15), days=2),
    Rule(
        RuleId(0),
        "Kiat sesudah kabar",
        Anchor.CHECKIN_DONE,
        Action.TIP,
        time(9, 30),
        days=2,
        when_busy=WhenBusy.AFTER,
    ),
    Rule(RuleId(0), "Kunjungan", Anchor.SILENT, Action.VISIT, time(8, 0), days=21),
)
"""The rules of a programme that has not made any of its own (DOMAIN 2.3, 3.3, 6.2)."""

WEEK: Final = "week"
"""In the place of a rule's number: a weekly check-in is one a week, by whichever rule."""


def subject(rule: Rule, key: str, person: PersonId) -> str:
    """The name of one person's piece of due work: the same name never happens twice.

    >>> from conversations.dialogue import PersonId
    >>> subject(DEFAULTS[0], "2026-W47", PersonId(7))
    'week:2026-W47:7'
    """
    return f"{WEEK if rule.is_weekly_checkin else rule.id}:{key}:{person}"


def rule_of(name: str) -> RuleId | None:
    """The number of the rule in the name of due work; None: the weekly check-in's.

    >>> rule_of("3:2026-11-18:7"), rule_of("week:2026-W47:7")
    (3, None)
    """
    number = name.partition(":")[0]
    return RuleId(int(number)) if number.isdecimal() and ":" in name else None


def week_of(day: date) -> str:
    """The ISO week of a local day.

    >>> week_of(date(2027, 1, 1))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def at_hour(rule: Rule, person: Person, day: date) -> datetime:
    """When it is her turn on a local day (aware, in her zone); a check-in comes at her own hour."""
    own = rule.action is Action.CHECKIN and person.hour
    hour = time.fromisoformat(person.hour) if own else rule.hour
    return datetime.combine(day, hour, person.tz)


def too_late(rule: Rule, at: datetime) -> datetime:
    """From when on what was due at `at` (aware, in her zone) is of no use any more."""
    if rule.action is Action.MESSAGE:
        return datetime.combine(at.date() + timedelta(days=1), time(), at.tzinfo)
    return at + timedelta(hours=24 if rule.action is Action.NUDGE else 12)


class Refused(StrEnum):
    """What is wrong with a rule."""

    MALAM_JUMAT = "malam_jumat"
    FRIDAY_PRAYER = "friday_prayer"
    NIGHT = "night"
    NO_WEEKDAY = "no_weekday"
    WEEKDAY = "weekday"
    """Only a weekly rule has one."""
    DAYS = "days"
    """How many days it may be depends on what they are counted from."""
    ACTION = "action"
    """This action does not go with this anchor."""
    WORDS = "words"


def refused(rule: Rule, quiet: QuietHours | None) -> Refused | None:
    """Why this rule cannot be, or must not: nobody is written to at night or during prayers.

    >>> from dataclasses import replace
    >>> refused(replace(DEFAULTS[0], weekday=THURSDAY), None)
    <Refused.MALAM_JUMAT: 'malam_jumat'>
    >>> refused(DEFAULTS[0], QuietHours.parse("20:30-06:30")) is None
    True
    """
    if rule.action not in _FITTING[rule.anchor]:
        return Refused.ACTION
    if (rule.weekday is None) == (rule.anchor is Anchor.WEEKLY):
        return Refused.NO_WEEKDAY if rule.weekday is None else Refused.WEEKDAY
    least, most = _DAYS[rule.anchor]
    if not least <= rule.days <= most:
        return Refused.DAYS
    if (rule.action is Action.MESSAGE) != bool(rule.words.strip()):
        return Refused.WORDS
    return None if rule.action in (Action.NUDGE, Action.VISIT) else _impolite(rule, quiet)


def days_allowed(anchor: Anchor) -> tuple[int, int]:
    """The fewest and the most days that may be counted from it."""
    return _DAYS[anchor]


def actions_of(anchor: Anchor) -> tuple[Action, ...]:
    """What may be done by it."""
    return _FITTING[anchor]


def _impolite(rule: Rule, quiet: QuietHours | None) -> Refused | None:
    if rule.weekday in GATHERINGS:
        begin, end = GATHERINGS[rule.weekday]
        if begin <= rule.hour < end:
            return Refused.MALAM_JUMAT if rule.weekday == THURSDAY else Refused.FRIDAY_PRAYER
    if quiet is None or quiet.begin == quiet.end:
        return None
    late, early = rule.hour >= quiet.begin, rule.hour < quiet.end
    in_it = (late or early) if quiet.begin > quiet.end else (late and early)
    return Refused.NIGHT if in_it else None


_TOLD = (Action.TIP, Action.MESSAGE)
_FITTING: Final = {
    Anchor.WEEKLY: (Action.CHECKIN, *_TOLD),
    Anchor.REGISTERED: (*_TOLD, Action.VISIT),
    Anchor.BIRTH_MONTH: _TOLD,
    Anchor.SESSION: _TOLD,
    Anchor.CHECKIN_SENT: (Action.NUDGE, *_TOLD),
    Anchor.CHECKIN_DONE: _TOLD,
    Anchor.SILENT: (Action.VISIT, *_TOLD),
}
_DAYS: Final = {
    Anchor.WEEKLY: (0, 0),
    Anchor.REGISTERED: (1, 365),
    Anchor.BIRTH_MONTH: (0, 0),
    Anchor.SESSION: (-30, 30),
    Anchor.CHECKIN_SENT: (1, 30),
    Anchor.CHECKIN_DONE: (1, 30),
    Anchor.SILENT: (7, 365),
}
"""A sweep is early in the morning: of what happens today it knows tomorrow."""
