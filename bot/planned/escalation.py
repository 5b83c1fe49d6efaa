"""The ladder of one open task: whoever is due to be called is called, the next look is planned.

Whom and when is decided in conversations/duty/ladder.py, from what is stored; a step is one
unit of a few statements. Nothing but code and level leaves from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.planned.planning import Planning
from conversations.dialogue import PersonId
from conversations.duty import alerting
from conversations.duty.ladder import Call, Look, look
from conversations.duty.team import Team
from conversations.level import Level
from conversations.message import Outgoing, Priority
from storage import alerts, audit, due, duty, handing, outbox, people
from storage.alerts import Ladder
from storage.due import DueRow
from storage.schema import to_ms
from storage.statement import Statement

OVERDUE = "overdue"
"""Due work of one person: what of hers is late, in one message in the morning."""

TOGETHER_WITHIN = timedelta(seconds=30)
"""In which everything that is late this morning is looked at."""

NOBODY_AGAIN = timedelta(seconds=60)
"""Where nobody can be called it is tried again so soon: somebody may join or come back."""

_NOBODY = "nobody"
"""The cursor of due work that has found nobody, and has recorded it."""

_HELPER = Statement(
    "SELECT person_id FROM addresses WHERE assisting_id = :person AND blocked_at IS NULL"
    " ORDER BY assisting_until DESC LIMIT 1"
)
_TOGETHER = Statement(
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES (:kind, :subject, :person, :at)"
    " ON CONFLICT (kind, subject) DO UPDATE SET person_id = excluded.person_id,"
    " due_at = excluded.due_at, outcome = '', attempts = 0, cursor = ''"
    " WHERE due.outcome <> ''"
)


def climb(conn: Connection, row: DueRow, planning: Planning) -> None:
    """The step of the task in this row's subject that is due now, if one is."""
    task = alerts.ladder(conn, row.subject)
    if task is None:
        due.settle(conn, row.kind, row.subject, "done: it is closed")
        return
    owner = _reached(conn, task)
    if owner is None and handing.relieve(conn, row.subject, planning.now):
        task = alerts.ladder(conn, row.subject) or task
        owner = task.standing.owner
    team = duty.team(conn, planning.now).without(task.kept_out)
    standing = replace(task.standing, owner=owner)
    now = look(standing, team, planning.now, planning.programme.zone)
    if now.again is None:
        due.settle(conn, row.kind, row.subject, "done: it stands in the list of the week")
    elif now.call is None or _call(conn, task, now, team, planning):
        due.plan(conn, row.kind, row.subject, None, now.again, None)
    else:
        if row.cursor != _NOBODY or now.call is Call.LAPSED:
            _record(conn, task, now, 0, planning)
        due.plan(conn, row.kind, row.subject, None, planning.now + NOBODY_AGAIN, None)
        due.advance(conn, row.kind, row.subject, _NOBODY)


def _reached(conn: Connection, task: Ladder) -> PersonId | None:
    """Its owner, where she can be called about it."""
    owner = task.standing.owner
    if owner is None or owner in task.kept_out or people.reachable(conn, owner) is None:
        return None
    return owner


def _call(conn: Connection, task: Ladder, now: Look, team: Team, planning: Planning) -> int:
    """One step; how many people could be called."""
    if now.together:
        called = [one for one in now.to if _gather(conn, one, planning)]
    else:
        called = [one for one in now.to if _alert(conn, task, now, one, team, planning)]
    for person in called:
        alerts.record(conn, task.code, person, now.step, planning.now)
    if called:
        _record(conn, task, now, len(called), planning)
    if now.call is Call.LAPSED:
        alerts.lapse(conn, task.code, planning.now)
    elif now.call is Call.TAKE and task.standing.level is Level.MERAH:
        _tell_reporter(conn, task, planning)
    return len(called)


def _record(conn: Connection, task: Ladder, now: Look, called: int, planning: Planning) -> None:
    reason = f"step {now.step}: {called} called"
    audit.record(conn, audit.CLOCK, f"alert {now.call}", task.code, reason, planning.now)


def _alert(
    conn: Connection, task: Ladder, now: Look, to: PersonId, team: Team, planning: Planning
) -> bool:
    """One message to one person; False when nothing reaches her."""
    standing = task.standing
    may_open = not standing.outside or to == standing.owner or to in team.focal
    sent = alerting.alert(
        task.code,
        standing.level,
        to,
        step=now.step,
        call=now.call or Call.TAKE,
        may_open=may_open,
    )
    return put(conn, to, sent, planning)


def put(conn: Connection, to: PersonId, outgoing: Outgoing, planning: Planning) -> bool:
    """A message that waits for no decent hour; False when nothing reaches this person."""
    urgent = planning.now if outgoing.priority is Priority.ALARM else None
    reached = people.reachable(conn, to, urgent)
    if reached is None:
        return False
    outbox.add(
        conn,
        address_id=reached[0],
        person_id=to,
        message=outgoing.message,
        dedupe_key=outgoing.dedupe_key,
        priority=outgoing.priority,
        purpose=outgoing.purpose,
        not_before=planning.now,
        expires_at=None,
        now=planning.now,
    )
    return True


def _gather(conn: Connection, to: PersonId, planning: Planning) -> bool:
    """Whatever else is late for her this morning comes in the same message."""
    if people.reachable(conn, to) is None:
        return False
    values = {"kind": OVERDUE, "subject": str(to), "person": to}
    _TOGETHER.run(conn, {**values, "at": to_ms(planning.now + TOGETHER_WITHIN)})
    return True


def _tell_reporter(conn: Connection, task: Ladder, planning: Planning) -> None:
    """Whoever told it, or types for her, is told that nobody has answered yet."""
    if task.about is None:
        return
    for one in _tellers(conn, task.about):
        if people.reachable(conn, one) is not None:
            alerts.tell_reporter(conn, task.code, one, planning.now)
            return


def _tellers(conn: Connection, reporter: PersonId) -> Iterable[PersonId]:
    yield reporter
    helper = _HELPER.value(conn, {"person": reporter})
    if helper is not None:
        yield PersonId(helper)
