"""The daily sweep of a rule: whom it concerns today gets a piece of due work of her own.

Every morning the rule's row plans a row for each day that is not swept yet and itself for tomorrow,
which cannot fail; the work is in the rows of the days, which may.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import Connection

from bot.planned.planning import PART, Planning
from conversations.duty.opening import DEADLINES
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.politeness import why_not
from conversations.rule import Action, Rule, RuleId
from storage import audit, due, people, rules, sweeps, tasks
from storage.due import DueRow
from storage.sweeps import Concerned

HELP_HOUR: Final = time(9, 0)
"""When a cadre hears whom she may ask this week, local time."""

VISITS: Final = 10
"""Tasks that one part opens: each takes some statements."""


def plan_days(conn: Connection, row: DueRow, planning: Planning) -> None:
    """The days that this rule has not been looked at for; and tomorrow morning."""
    rule = rules.one(conn, RuleId(int(row.subject)))
    if rule is None:
        due.settle(conn, row.kind, row.subject, "done: the rule has ended")
        return
    zone = planning.programme.zone
    sweeps.plan_days(conn, rule, planning.now.astimezone(zone).date(), planning.now)
    rules.sweep_at(conn, rule.id, rules.next_morning(planning.now, zone))


def sweep(conn: Connection, row: DueRow, planning: Planning) -> None:
    """One part of the people of one rule and one day."""
    number, _, written = row.subject.partition(":")
    rule, day = rules.one(conn, RuleId(int(number))), date.fromisoformat(written)
    if rule is None:
        due.settle(conn, row.kind, row.subject, "done: the rule has ended")
        return
    if not sweeps.may_concern(rule, day):
        due.settle(conn, row.kind, row.subject, "done")
        return
    limit = VISITS if rule.action is Action.VISIT else PART
    after = int(row.cursor or 0)
    part = sweeps.concerned(conn, rule, day, planning.now, after=after, limit=limit)
    if rule.action is Action.VISIT:
        for one in part.people:
            _open_visit(conn, one, planning)
    else:
        _plan(conn, rule, day, part.people, planning)
    if part.after is None:
        due.settle(conn, row.kind, row.subject, "done")
    else:
        due.advance(conn, row.kind, row.subject, str(part.after))


def _plan(
    conn: Connection, rule: Rule, day: date, found: tuple[Concerned, ...], planning: Planning
) -> None:
    """Who may be written to when it is her turn; for who has no phone, her cadre."""
    reasons = [_why_not(one, planning) for one in found]
    sweeps.plan(conn, rule, [one for one, reason in zip(found, reasons, strict=True) if not reason])
    if rule.is_weekly_checkin:
        helped = [
            one.member.person.id
            for one, reason in zip(found, reasons, strict=True)
            if reason == "no_phone"
        ]
        sweeps.plan_help(conn, day, HELP_HOUR, helped)


def _why_not(one: Concerned, planning: Planning) -> str:
    at: datetime = max(one.at, planning.now)
    return replace(planning, now=at).why_not(one.member)


def _open_visit(conn: Connection, one: Concerned, planning: Planning) -> None:
    """A name on the list of who is visited next; why is nobody's business but the programme's."""
    person = one.member.person
    if why_not(person, planning.now):
        return
    year = planning.now.astimezone(planning.programme.zone).year
    opened = TaskOpened(
        code=tasks.next_code(conn, people.village_code(conn, person.id), year),
        kind="visit",
        level=Level.HIJAU,
        due_at=planning.now + DEADLINES[Level.HIJAU],
        reason="reason.visit",
    )
    tasks.open_(conn, person.id, opened, planning.now)
    audit.record(conn, audit.CLOCK, "task opened", opened.code, opened.reason, planning.now)
