"""The programme's rules as they are kept, and the daily sweep that each of them is due.

Whom a rule concerns on a day is in `sweeps.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from conversations.broadcasts import audience as audiences
from conversations.dialogue import Person, PersonId, VillageId
from conversations.rule import DEFAULTS, Action, Anchor, Rule, RuleId, ToHelp, WhenBusy
from storage.reaching import has_address
from storage.schema import from_ms, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

SWEEP = "rule"
"""The due work that every morning plans a part of work for each day that is not swept yet."""

DAY = "sweep"
"""The due work of one rule and one day: whoever it concerns gets her own."""

EARLY = time(3, 0)
"""When a day is swept, in the zone of the programme: before anybody may be written to."""

ASKED_LATELY = timedelta(days=6)
"""Who was asked so lately is not to be asked again this week by a cadre."""

_PURPOSE = b"rules"
_MARK = "rules"

_SEED = Statement("INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
_COLUMNS = (
    "SELECT r.id, r.name, r.anchor, r.action, r.hour, r.days, r.weekday, r.village_id, r.audience,"
    " r.content, r.when_busy, r.created_at, r.active, v.code FROM rules r"
    " LEFT JOIN villages v ON v.id = r.village_id"
)
_ONE = Statement(f"{_COLUMNS} WHERE r.id = :rule AND r.active")
_WEEKLY = Statement(
    f"{_COLUMNS} WHERE r.active AND r.anchor = 'weekly' AND r.action = 'checkin'"
    " AND (r.village_id IS NULL OR r.village_id = :village)"
    " ORDER BY CASE WHEN r.village_id IS NULL THEN 1 ELSE 0 END, r.id LIMIT 1"
)
_ALL = Statement(f"{_COLUMNS} ORDER BY r.id")
_ADD = Statement(
    "INSERT INTO rules (name, village_id, audience, anchor, days, weekday, hour, action, content,"
    " when_busy, created_at) VALUES (:name, :village, :audience, :anchor, :days, :weekday, :hour,"
    " :action, :content, :when_busy, :now) RETURNING id"
)
_CHANGE = Statement(
    "UPDATE rules SET name = :name, village_id = :village, audience = :audience, anchor = :anchor,"
    " days = :days, weekday = :weekday, hour = :hour, action = :action, content = :content,"
    " when_busy = :when_busy, created_at = :now WHERE id = :rule AND active"
)
_STOP = text("UPDATE rules SET active = false WHERE id = :rule AND active")
_SWEEP_AT = Statement(
    "INSERT INTO due (kind, subject, due_at) VALUES ('rule', :rule, :at)"
    " ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, outcome = '',"
    " cursor = '', attempts = 0"
)
_UNSWEPT = Statement(
    "SELECT r.id FROM rules r WHERE r.active AND NOT EXISTS (SELECT 1 FROM due d"
    " WHERE d.kind = 'rule' AND d.subject = CAST(r.id AS VARCHAR(20)) AND d.outcome = '')"
    " ORDER BY r.id"
)
_SWEEP_AGAIN = Statement("DELETE FROM due WHERE kind = 'sweep' AND subject = :subject")
_FORGET = Statement("DELETE FROM due WHERE kind = 'rule' AND subject = :rule")
_TO_HELP = Statement(
    "SELECT s.name, e.number FROM schools s JOIN enrolments e ON e.school_id = s.id"
    " JOIN people p ON p.id = e.person_id"
    " WHERE s.cadre_id = :cadre AND s.closed_at IS NULL AND e.left_at IS NULL"
    " AND p.consent = 'given' AND p.registered_at IS NOT NULL AND p.stopped_at IS NULL"
    " AND p.erased_at IS NULL AND (p.paused_until IS NULL OR p.paused_until <= :now)"
    f" AND NOT {has_address('p.id')}"
    " AND NOT EXISTS (SELECT 1 FROM interviews i WHERE i.person_id = p.id"
    " AND i.conversation = 'checkin' AND i.started_at > :lately)"
    " ORDER BY s.name, s.id, e.number"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule as it is listed; `village` is the code of its village, empty for every village."""

    rule: Rule
    active: bool
    village: str


class StoredRules:
    """`conversations.rule.Rules`, answered from one connection."""

    __slots__ = ("_conn", "_now")

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now

    def one(self, rule: RuleId) -> Rule | None:
        """One active rule."""
        return one(self._conn, rule)

    def weekly_checkin(self, person: Person) -> Rule | None:
        """The rule by which this person is asked every week: her village's, else everybody's."""
        row = _WEEKLY.row(self._conn, {"village": person.village_id})
        return None if row is None else _kept(self._conn, row).rule

    def to_help(self, cadre: PersonId) -> tuple[ToHelp, ...]:
        """Whom a cadre may ask this week in place of a phone, by school."""
        lately = to_ms(self._now - ASKED_LATELY)
        values = {"cadre": cadre, "now": to_ms(self._now), "lately": lately}
        numbers: dict[str, list[int]] = {}
        for school, number in _TO_HELP.rows(self._conn, values):
            numbers.setdefault(school, []).append(number)
        return tuple(ToHelp(school, tuple(found)) for school, found in numbers.items())


def one(conn: Connection, rule: RuleId) -> Rule | None:
    """One active rule."""
    row = _ONE.row(conn, {"rule": rule})
    return None if row is None else _kept(conn, row).rule


def every(conn: Connection) -> tuple[Kept, ...]:
    """All rules, also those that were stopped, oldest first."""
    return tuple(_kept(conn, row) for row in _ALL.rows(conn, {}))


def add(conn: Connection, rule: Rule, now: datetime) -> RuleId:
    """A new rule; it holds from now on, and today is swept at once."""
    number = RuleId(_ADD.value(conn, {**_values(conn, rule), "now": to_ms(now)}))
    sweep_at(conn, number, now)
    return number


def change(conn: Connection, rule: Rule, now: datetime, zone: ZoneInfo) -> bool:
    """Change an active rule; it holds from now on, and today is swept again.

    What is planned already for somebody stays: nothing that is named once happens twice.
    """
    if not _CHANGE.run(conn, {**_values(conn, rule), "rule": rule.id, "now": to_ms(now)}):
        return False
    today = now.astimezone(zone).date()
    _SWEEP_AGAIN.run(conn, {"subject": f"{rule.id}:{today}"})
    sweep_at(conn, rule.id, now)
    return True


def stop(conn: Connection, rule: RuleId) -> bool:
    """End a rule; what it planned for people is skipped when its time comes."""
    stopped = conn.execute(_STOP, {"rule": rule}).rowcount
    _FORGET.run(conn, {"rule": str(rule)})
    return bool(stopped)


def ensure(conn: Connection, now: datetime) -> None:
    """A programme that never had rules gets the usual ones; no active rule is left unswept."""
    if _SEED.run(conn, {"name": _MARK, "value": now.isoformat().encode()}):
        for rule in DEFAULTS:
            add(conn, rule, now)
    for (number,) in _UNSWEPT.rows(conn, {}):
        sweep_at(conn, number, now)


def sweep_at(conn: Connection, rule: RuleId, at: datetime) -> None:
    """The next time this rule looks for days that are not swept."""
    _SWEEP_AT.run(conn, {"rule": str(rule), "at": to_ms(at)})


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """When the next day is swept (aware, in the zone).

    >>> jember = ZoneInfo("Asia/Jakarta")
    >>> next_morning(datetime.fromisoformat("2026-11-18T03:00+07:00"), jember).isoformat()
    '2026-11-19T03:00:00+07:00'
    """
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), EARLY, zone)
    return today if today > local else datetime.combine(local.date() + _A_DAY, EARLY, zone)


def _values(conn: Connection, rule: Rule) -> dict[str, Any]:
    words = rule.words.strip()
    return {
        "name": rule.name[:80],
        "village": rule.village_id,
        "audience": audiences.written(rule.audience),
        "anchor": rule.anchor.value,
        "days": rule.days,
        "weekday": rule.weekday,
        "hour": f"{rule.hour:%H:%M}",
        "action": rule.action.value,
        "content": vault_of(conn).seal(words.encode(), _PURPOSE) if words else None,
        "when_busy": rule.when_busy.value,
    }


def _kept(conn: Connection, row: Any) -> Kept:
    content = row[9]
    rule = Rule(
        RuleId(row[0]),
        row[1],
        Anchor(row[2]),
        Action(row[3]),
        time.fromisoformat(row[4]),
        days=row[5],
        weekday=row[6],
        village_id=None if row[7] is None else VillageId(row[7]),
        audience=audiences.parse(row[8]),
        words="" if content is None else vault_of(conn).open(bytes(content), _PURPOSE).decode(),
        when_busy=WhenBusy(row[10]),
        since=from_ms(row[11]),
    )
    return Kept(rule, bool(row[12]), row[13] or "")


_A_DAY = timedelta(days=1)
