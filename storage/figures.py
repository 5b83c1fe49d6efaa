"""What one month of one village adds up to: questions that count, for the monthly report.

Nobody is named and nothing that was said is opened. What may be printed of it, and how, is decided
in bot/report/. A village's month begins and ends at midnight in the village's own zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from conversations.level import Level
from storage import prices, spending
from storage.people import Village
from storage.schema import from_ms, to_ms

LONGEST_WAIT = timedelta(days=31)
"""No message waits longer than this between being planned and being sent."""

MEN = frozenset({"bapak", "ayah", "kakek", "paman", "pak", "pakde", "paklik", "om", "mas", "kiai"})
WOMEN = frozenset(
    {"ibu", "nenek", "bibi", "bu", "ebok", "bude", "bulik", "tante", "mbak", "nyai", "umi"}
)
"""Relations and salutations that tell; mbah, eyang, kakak, tetangga do not."""

_AT_WORK = ("erasure", "correction", "quarantine", "role_wanted")
"""Tasks about data and machinery, not about a family."""

_REGISTERED = "p.village_id = :village AND p.role = 'caregiver' AND p.registered_at < :until"
_CONSENT = (
    "(SELECT c.decision FROM consents c WHERE c.person_id = p.id AND c.at < :until"
    " ORDER BY c.at DESC, c.id DESC LIMIT 1)"
)
_TAKING_PART = text(
    f"SELECT count(*), count(CASE WHEN {_CONSENT} = 'given' THEN 1 END) FROM people p"
    f" WHERE {_REGISTERED}"
)
_REACHED = text(
    "SELECT count(*) FROM (SELECT DISTINCT o.person_id FROM outbox o"
    " WHERE o.created_at >= :planned AND o.created_at < :until"
    " AND o.finished_at >= :begin AND o.finished_at < :until"
    " AND o.status IN ('sent', 'delivered', 'read')) w JOIN people p ON p.id = w.person_id"
    f" WHERE {_REGISTERED} AND {_CONSENT} = 'given'"
)
_CHECKINS = text(
    "WITH begun AS (SELECT i.person_id, CASE WHEN i.status = 'finished' OR EXISTS (SELECT 1"
    " FROM answers a WHERE a.interview_id = i.id"
    " AND (i.finished_at IS NULL OR a.at < i.finished_at)) THEN 1 ELSE 0 END AS answered,"
    " CASE WHEN EXISTS (SELECT 1 FROM answers a WHERE a.interview_id = i.id"
    " AND a.typed_by <> a.spoken_by) THEN 1 ELSE 0 END AS assisted,"
    " CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.created_at = i.started_at"
    " AND o.person_id = i.person_id AND o.status IN ('sent', 'delivered', 'read', 'merged'))"
    " THEN 1 ELSE 0 END AS left_us"
    " FROM people p JOIN interviews i ON i.person_id = p.id"
    " WHERE p.village_id = :village AND p.role = 'caregiver' AND i.conversation = 'checkin'"
    " AND i.started_at >= :begin AND i.started_at < :until),"
    " asked AS (SELECT person_id, answered, answered * assisted AS assisted,"
    " CASE WHEN answered + left_us > 0 THEN 1 ELSE 0 END AS sent FROM begun)"
    " SELECT count(*), count(DISTINCT person_id),"
    " sum(sent), count(DISTINCT CASE WHEN sent = 1 THEN person_id END),"
    " sum(answered), count(DISTINCT CASE WHEN answered = 1 THEN person_id END),"
    " sum(assisted), count(DISTINCT CASE WHEN assisted = 1 THEN person_id END) FROM asked"
)
_SCHOOLS = text(
    "SELECT c.id, c.name, c.created_at, count(s.id) AS planned,"
    " count(CASE WHEN s.status <> 'cancelled' AND s.starts_at < :until THEN 1 END) AS held,"
    " count(CASE WHEN s.status <> 'cancelled' AND s.starts_at < :until"
    " AND s.attendance_at IS NOT NULL THEN 1 END) AS recorded"
    " FROM schools c LEFT JOIN sessions s ON s.school_id = c.id"
    " AND s.starts_at >= :begin AND s.starts_at < :end"
    " WHERE c.village_id = :village AND (c.closed_at IS NULL OR c.closed_at >= :begin)"
    " GROUP BY c.id, c.name, c.created_at ORDER BY c.name, c.id"
)
_INVITATIONS = text(
    "WITH held AS (SELECT s.id, s.school_id, s.starts_at, s.ends_at FROM sessions s"
    " JOIN schools c ON c.id = s.school_id WHERE c.village_id = :village"
    " AND s.status <> 'cancelled' AND s.starts_at >= :begin AND s.starts_at < :until),"
    " listed AS (SELECT h.id, h.school_id, e.person_id FROM held h"
    " JOIN enrolments e ON e.school_id = h.school_id AND e.at < h.ends_at"
    " AND (e.left_at IS NULL OR e.left_at > h.starts_at)"
    " UNION SELECT h.id, h.school_id, i.person_id FROM held h"
    " JOIN invitations i ON i.session_id = h.id),"
    " known AS (SELECT l.school_id, l.person_id, i.rsvp, i.present,"
    " CASE WHEN i.asked_at < :until OR i.rsvp <> '' THEN 1 ELSE 0 END AS asked"
    " FROM listed l LEFT JOIN invitations i ON i.session_id = l.id AND i.person_id = l.person_id)"
    " SELECT school_id, count(*), count(DISTINCT person_id),"
    " sum(asked), count(DISTINCT CASE WHEN asked = 1 THEN person_id END),"
    " count(CASE WHEN rsvp <> '' THEN 1 END),"
    " count(DISTINCT CASE WHEN rsvp <> '' THEN person_id END),"
    " count(CASE WHEN rsvp = 'yes' THEN 1 END),"
    " count(DISTINCT CASE WHEN rsvp = 'yes' THEN person_id END),"
    " count(present), count(DISTINCT CASE WHEN present IS NOT NULL THEN person_id END),"
    " count(CASE WHEN present THEN 1 END), count(DISTINCT CASE WHEN present THEN person_id END)"
    " FROM known GROUP BY school_id"
)
_WHO_CAME = text(
    "SELECT s.school_id, p.relation, p.salutation, min(s.starts_at) AS first"
    " FROM schools c JOIN sessions s ON s.school_id = c.id"
    " JOIN invitations i ON i.session_id = s.id JOIN people p ON p.id = i.person_id"
    " WHERE c.village_id = :village AND s.status <> 'cancelled' AND s.starts_at < :until"
    " AND i.present GROUP BY s.school_id, i.person_id, p.relation, p.salutation"
    " HAVING max(s.starts_at) >= :begin"
)
_TASKS = text(
    "SELECT level, created_at, accepted_at, closed_at FROM tasks WHERE code LIKE :prefix"
    " AND kind NOT IN ('" + "', '".join(_AT_WORK) + "')"
    " AND created_at >= :begin AND created_at < :until"
)


class Progress(StrEnum):
    """How far a follow-up had come when the month ended."""

    OPEN = "open"
    """Nobody had taken it up."""
    ACCEPTED = "accepted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month of a village, or what has passed of it by `until` (aware UTC).

    >>> from datetime import UTC
    >>> november = Period(2026, 11, ZoneInfo("Asia/Jayapura"), datetime(2027, 1, 1, tzinfo=UTC))
    >>> f"{november.begin:%Y-%m-%d %H:%M} {november.until:%Y-%m-%d %H:%M}"
    '2026-10-31 15:00 2026-11-30 15:00'
    """

    year: int
    month: int
    zone: ZoneInfo
    now: datetime

    @property
    def begin(self) -> datetime:
        """Its first midnight."""
        return datetime(self.year, self.month, 1, tzinfo=self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first midnight that is not in it."""
        year, month = self.year + self.month // 12, self.month % 12 + 1
        return datetime(year, month, 1, tzinfo=self.zone).astimezone(UTC)

    @property
    def until(self) -> datetime:
        """Up to when is counted."""
        return min(self.now, self.end)

    @property
    def is_over(self) -> bool:
        """Whether the whole month is counted."""
        return self.end <= self.now


@dataclass(frozen=True, slots=True)
class Count:
    """How many things there are, and from how many people they come."""

    n: int
    people: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Caregivers of the village who had registered when the month ended; of these, with a consent
    that held then; of these, who got at least one message that left in the month."""

    registered: int
    consenting: int
    reached: int


@dataclass(frozen=True, slots=True)
class CheckIns:
    """Check-ins begun in the month, and what became of them up to today."""

    begun: Count
    sent: Count
    answered: Count
    assisted: Count
    """Answered, and somebody else than the caregiver typed one answer or more."""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Who was on the list of the sessions held, by person and session, and what she did."""

    listed: Count
    asked: Count
    replied: Count
    coming: Count
    noted: Count
    """On a list of attendance that was taken: came or did not."""
    present: Count


@dataclass(frozen=True, slots=True)
class Visitors:
    """People who came in the month at least once."""

    newcomers: int = 0
    """They came to this school for the first time ever."""
    men: int = 0
    of_known_sex: int = 0
    """Their relation or salutation tells whether a man or a woman."""


@dataclass(frozen=True, slots=True)
class SchoolMonth:
    """The sessions of one school that began, or were to begin, in the month."""

    name: str
    planned: int
    """Held, still to come in this month, or cancelled."""
    held: int
    recorded: int
    """Held, and attendance was taken."""
    invitations: Invitations
    visitors: Visitors


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What was opened for staff in the month, as it stood when the month ended."""

    by_level: Mapping[tuple[Level, Progress], int]
    hours: float | None
    """Median until somebody took it up (or closed it at once), of those taken up; None: none."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Messages by WhatsApp in all villages, and what they cost in rupiah."""

    messages: int
    rupiah: int
    estimated: bool
    """Nobody compared the price with Meta's own card."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One month of one village."""

    reach: Reach
    checkins: CheckIns
    schools: tuple[SchoolMonth, ...]
    follow_ups: FollowUps
    cost: Cost | None = None
    """None: nothing left by WhatsApp."""


def of_month(conn: Connection, village: Village, period: Period) -> Figures:
    """Everything that the monthly report counts."""
    return Figures(
        reach(conn, village, period),
        checkins(conn, village, period),
        schools(conn, village, period),
        follow_ups(conn, village, period),
        cost(conn, period),
    )


def cost(conn: Connection, period: Period) -> Cost | None:
    """What the whole programme spent; nobody knows which village an answer was for."""
    spent = spending.of_month(conn, f"{period.year}-{period.month:02d}")
    if not spent:
        return None
    on = period.begin.astimezone(period.zone).date()
    unchecked = any(prices.entry(one.category, on).checked is None for one in spent)
    messages = sum(one.messages for one in spent)
    return Cost(messages, sum(one.rupiah for one in spent), unchecked)


def reach(conn: Connection, village: Village, period: Period) -> Reach:
    """How many caregivers take part, and how many heard from us."""
    values = _values(village, period)
    registered, consenting = conn.execute(_TAKING_PART, values).one()
    planned = {"planned": to_ms(period.begin - LONGEST_WAIT)}
    return Reach(registered, consenting, conn.execute(_REACHED, values | planned).scalar_one())


def checkins(conn: Connection, village: Village, period: Period) -> CheckIns:
    """How many check-ins were sent, answered, and answered with somebody's help."""
    row = [value or 0 for value in conn.execute(_CHECKINS, _values(village, period)).one()]
    return CheckIns(*_counts(row))


def schools(conn: Connection, village: Village, period: Period) -> tuple[SchoolMonth, ...]:
    """What each school of the village did, by name; also one that did not meet."""
    values = _values(village, period)
    invitations = {row[0]: _counts(row[1:]) for row in conn.execute(_INVITATIONS, values)}
    visitors = _visitors(conn, values)
    nobody = [Count(0, 0)] * 6
    return tuple(
        SchoolMonth(
            row.name,
            row.planned,
            row.held,
            row.recorded,
            Invitations(*invitations.get(row.id, nobody)),
            visitors.get(row.id, Visitors()),
        )
        for row in conn.execute(_SCHOOLS, {**values, "end": to_ms(period.end)})
        if row.planned or from_ms(row.created_at) < period.until
    )


def _visitors(conn: Connection, values: Mapping[str, int]) -> dict[int, Visitors]:
    found: dict[int, list[tuple[bool, bool | None]]] = {}
    for school, relation, salutation, first in conn.execute(_WHO_CAME, values):
        is_new = first >= values["begin"]
        found.setdefault(school, []).append((is_new, _is_man(relation, salutation)))
    return {
        school: Visitors(
            newcomers=sum(is_new for is_new, _ in people),
            men=sum(man is True for _, man in people),
            of_known_sex=sum(man is not None for _, man in people),
        )
        for school, people in found.items()
    }


def follow_ups(conn: Connection, village: Village, period: Period) -> FollowUps:
    """What staff were given to do about families of the village: cases carry the village's code."""
    counted: Counter[tuple[Level, Progress]] = Counter()
    hours: list[float] = []
    prefix = {"prefix": f"{village.code}-%"}
    until = to_ms(period.until)
    for level, opened, *moments in conn.execute(_TASKS, {**_values(village, period), **prefix}):
        accepted, closed = (at if at is not None and at < until else None for at in moments)
        if closed is not None:
            progress = Progress.CLOSED
        else:
            progress = Progress.OPEN if accepted is None else Progress.ACCEPTED
        counted[Level(level), progress] += 1
        if progress is not Progress.OPEN:
            taken_up = min(at for at in (accepted, closed) if at is not None)
            hours.append((taken_up - opened) / 3_600_000)
    return FollowUps(counted, median(hours) if hours else None)


def _values(village: Village, period: Period) -> dict[str, int]:
    return {
        "village": village.id,
        "begin": to_ms(period.begin),
        "until": to_ms(period.until),
    }


def _counts(numbers: Iterable[int]) -> list[Count]:
    """How many, of how many people, and so on in pairs."""
    pairs = iter(numbers)
    return [Count(int(n), int(people)) for n, people in zip(pairs, pairs, strict=True)]


def _is_man(relation: str, salutation: str) -> bool | None:
    """What a relation, else a salutation, tells; None where neither does.

    >>> _is_man("kakek", "Mbah"), _is_man("tetangga", "Ibu"), _is_man("bibi_paman", "Eyang")
    (True, False, None)
    """
    for told in (relation.casefold(), salutation.casefold()):
        if told in MEN | WOMEN:
            return told in MEN
    return None
