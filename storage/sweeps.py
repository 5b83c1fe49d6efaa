"""Whom a rule concerns on one day, a part of the people at a time, and what is planned for them.

A day is a date: the same one for everybody, each in her own zone. A part looks at a span of person
ids, so that it stays short also where hardly anybody is concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, text

from conversations.dialogue import PersonId
from conversations.rule import (
    A_DAY_AHEAD,
    Action,
    Anchor,
    Rule,
    at_hour,
    subject,
    too_late,
    week_of,
)
from storage import audiences
from storage.members import COLUMNS, REACHED, WIDTH, Member, member
from storage.schema import from_ms, to_ms
from storage.statement import Statement

SPAN: Final = 5_000
"""Person ids that one part looks at."""

BACK: Final = 3
"""Days, today included, that are swept late after a stop; older ones are of no use to anybody."""

VISIT_AGAIN: Final = timedelta(weeks=4)
"""Nobody is on the list for a visit more often."""

HELP_USEFUL: Final = timedelta(hours=10)
"""How late a cadre may still hear whom she may ask this week."""

_SLACK: Final = timedelta(hours=14)
"""By so much a local day may begin and end apart from the same day in UTC."""

_LAST = text("SELECT max(id) FROM people")
_PLAN_DAY = Statement(
    "INSERT INTO due (kind, subject, due_at) VALUES ('sweep', :subject, :now)"
    " ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, outcome = '',"
    " attempts = 0 WHERE due.outcome LIKE 'failed%'"
)
_PLAN = text(
    "INSERT INTO due (kind, subject, person_id, due_at, expires_at)"
    " VALUES (:kind, :subject, :person, :at, :until) ON CONFLICT (kind, subject) DO NOTHING"
)
_CADRES = text(
    "SELECT DISTINCT s.cadre_id, c.zone FROM enrolments e JOIN schools s ON s.id = e.school_id"
    " JOIN people c ON c.id = s.cadre_id WHERE e.person_id IN :ids"
    " AND e.left_at IS NULL AND s.closed_at IS NULL ORDER BY s.cadre_id"
).bindparams(bindparam("ids", expanding=True))

_CHECKIN = (
    " JOIN interviews i ON i.person_id = p.id AND i.conversation = 'checkin'"
    " AND i.{column} >= :from AND i.{column} < :to{more}"
)
_SILENT = (
    "(SELECT min(u.started_at) FROM interviews u WHERE u.person_id = p.id"
    " AND u.conversation = 'checkin' AND u.started_at > COALESCE((SELECT max(f.started_at)"
    " FROM interviews f WHERE f.person_id = p.id AND f.conversation = 'checkin'"
    " AND f.status = 'finished'), 0))"
)
_MEETING = (
    " JOIN enrolments e ON e.person_id = p.id AND e.left_at IS NULL"
    " JOIN schools s ON s.id = e.school_id"
    " JOIN sessions m ON m.school_id = s.id AND m.status <> 'cancelled'"
    " AND m.starts_at >= :from AND m.starts_at < :to"
)
_OTHERS_VILLAGE = (
    " AND (p.village_id IS NULL OR p.village_id NOT IN (SELECT r.village_id FROM rules r"
    " WHERE r.active AND r.village_id IS NOT NULL AND r.anchor = :anchor AND r.action = :action))"
)
_NOT_VISITED = (
    " AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.about_id = p.id AND t.kind = 'visit'"
    " AND (t.created_at > :visited OR t.status <> 'closed'))"
)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody whom a rule concerns on a day; `at` is when it is her turn (aware, in her zone)."""

    member: Member
    key: str
    """What the rule counts from: its week, date, session or month."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Some of them, by person id; `after` is where the next part begins, None at the end."""

    people: tuple[Concerned, ...]
    after: int | None


def plan_days(conn: Connection, rule: Rule, today: date, now: datetime) -> None:
    """Each of the last days that has not been swept by this rule is swept now, once.

    A day whose sweep failed is tried again.
    """
    since = today if rule.since is None else rule.since.date()
    for back in range(BACK):
        day = today - timedelta(days=back)
        if day >= since - timedelta(days=1):
            _PLAN_DAY.run(conn, {"subject": f"{rule.id}:{day}", "now": to_ms(now)})


def may_concern(rule: Rule, day: date) -> bool:
    """Whether this day can concern anybody at all."""
    return rule.anchor is not Anchor.WEEKLY or rule.weekday == day.weekday()


def concerned(
    conn: Connection, rule: Rule, day: date, now: datetime, *, after: int, limit: int
) -> Part:
    """Whom this rule concerns on this day, beginning after this person id.

    Whether somebody may be written to is not asked here. Only a person all of whose rows are in
    the part is in it.
    """
    last = conn.execute(_LAST).scalar() or 0
    upto = last if rule.anchor is Anchor.SESSION else min(after + SPAN, last)
    condition, values = audiences.conditions(rule.audience, now)
    rows = _people(rule.anchor, rule.action, rule.village_id is not None, condition).rows(
        conn,
        {
            **values,
            **_times(rule, day),
            "after": after,
            "upto": upto,
            "limit": limit,
            "village": rule.village_id,
            "anchor": rule.anchor.value,
            "action": rule.action.value,
            "month": day.month,
            "visited": to_ms(now - VISIT_AGAIN),
        },
    )
    if len(rows) == limit and rows[0][0] != rows[-1][0]:
        rows = [row for row in rows if row[0] != rows[-1][0]]
        upto = rows[-1][0]
    elif len(rows) == limit:
        upto = rows[-1][0]
    found = (_concerned(rule, day, row) for row in rows)
    people = tuple(one for one in found if one is not None)
    return Part(people, upto if upto < last else None)


def plan(conn: Connection, rule: Rule, people: Sequence[Concerned]) -> None:
    """Each of these people gets her own piece of due work, unless she has had it."""
    rows = [
        {
            "kind": rule.action.value,
            "subject": subject(rule, one.key, one.member.person.id),
            "person": one.member.person.id,
            "at": to_ms(one.at),
            "until": to_ms(too_late(rule, one.at)),
        }
        for one in people
    ]
    if rows:
        conn.execute(_PLAN, rows)


def plan_help(conn: Connection, day: date, at: time, without_phone: Sequence[PersonId]) -> None:
    """The cadres of these people learn once this week, at their `at`, whom they may ask."""
    if not without_phone:
        return
    rows = []
    for cadre, zone in conn.execute(_CADRES, {"ids": without_phone}).all():
        begins = datetime.combine(day, at, ZoneInfo(zone))
        rows.append(
            {
                "kind": "assisted",
                "subject": f"{week_of(day)}:{cadre}",
                "person": cadre,
                "at": to_ms(begins),
                "until": to_ms(begins + HELP_USEFUL),
            }
        )
    if rows:
        conn.execute(_PLAN, rows)


def _times(rule: Rule, day: date) -> dict[str, int]:
    """From when to when (in ms) the thing counted from can have happened, wherever she lives."""
    anchor_day = datetime.combine(day - timedelta(days=rule.days), time(), UTC)
    begin, end = anchor_day - _SLACK, anchor_day + timedelta(days=1) + _SLACK
    return {"from": to_ms(begin), "to": to_ms(end)}


def _concerned(rule: Rule, day: date, row: Sequence[Any]) -> Concerned | None:
    """None where her own clock says another day, or what it is counted from came too late."""
    of = member(row)
    registered, since, number = row[WIDTH : WIDTH + 3]
    moment = None if since is None else from_ms(since).astimezone(of.person.tz)
    at = at_hour(rule, of.person, day)
    wanted = day - timedelta(days=rule.days)
    match rule.anchor:
        case Anchor.WEEKLY:
            key = week_of(day)
        case Anchor.BIRTH_MONTH:
            key = f"{day:%Y-%m}"
        case Anchor.SESSION:
            key = f"s{number}"
        case _:
            assert moment is not None
            key = f"{moment.date()}"
    if moment is not None:
        late_enough = moment.date() <= wanted
        if not late_enough or (rule.anchor is not Anchor.SILENT and moment.date() != wanted):
            return None
        if rule.action is Action.NUDGE:
            at = moment + timedelta(days=rule.days)
    if at < from_ms(registered) + A_DAY_AHEAD or (rule.since is not None and at < rule.since):
        return None
    return Concerned(of, key, at)


@lru_cache(maxsize=256)
def _people(anchor: Anchor, action: Action, of_village: bool, condition: str) -> Statement:
    joined, moment, number, more, order = "", "NULL", "NULL", "", "p.id"
    match anchor:
        case Anchor.REGISTERED:
            moment = "p.registered_at"
            more = " AND p.registered_at >= :from AND p.registered_at < :to"
        case Anchor.CHECKIN_SENT:
            running = " AND i.status = 'running'" if action is Action.NUDGE else ""
            joined = _CHECKIN.format(column="started_at", more=running)
            moment = "i.started_at"
        case Anchor.CHECKIN_DONE:
            joined = _CHECKIN.format(column="finished_at", more=" AND i.status = 'finished'")
            moment = "i.finished_at"
        case Anchor.SILENT:
            moment = _SILENT
            more = f" AND {_SILENT} < :to"
        case Anchor.SESSION:
            joined, moment, number, order = _MEETING, "m.starts_at", "m.id", "p.id, m.id"
        case Anchor.BIRTH_MONTH:
            more = (
                " AND EXISTS (SELECT 1 FROM caregiving g JOIN children b ON b.id = g.child_id"
                " WHERE g.person_id = p.id AND b.birth_month = :month)"
            )
        case Anchor.WEEKLY:
            pass
    village = " AND p.village_id = :village"
    if not of_village:
        village = "" if action is Action.MESSAGE else _OTHERS_VILLAGE
    visited = _NOT_VISITED if action is Action.VISIT else ""
    return Statement(
        f"SELECT {COLUMNS}, p.registered_at, {moment}, {number} FROM people p{joined}{REACHED}"
        f" WHERE p.id > :after AND p.id <= :upto AND p.registered_at IS NOT NULL AND {condition}"
        f"{village}{more}{visited} ORDER BY {order} LIMIT :limit"
    )
