"""The roster's own work: every day the shifts ahead, and word to others where SIAP is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from bot.planned.escalation import put
from bot.planned.planning import Planning
from conversations.dialogue import PersonId
from conversations.duty.team import Shift, ShiftId, until
from conversations.message import Message, Outgoing
from locales import say
from storage import alerts, audit, due, duty, handing, reviews, shifts
from storage.due import DueRow
from storage.duty import StoredDuty

_ORPHANS: Final = 100
"""Open tasks without an owner that are given one in a day; whoever joins is given them too."""

_FURTHER: Final = timedelta(minutes=1)
"""Into the shift: then everybody who shares it is on duty."""


def make(conn: Connection, row: DueRow, planning: Planning) -> None:
    """The shifts of the days ahead, the lists of the week, owners; and tomorrow again."""
    shifts.make(conn, planning.now, planning.programme.zone)
    reviews.ensure(conn, planning.now)
    alerts.set_back(conn, planning.now)
    handing.adopt_orphans(conn, _ORPHANS, planning.now)


def unready(conn: Connection, row: DueRow, planning: Planning) -> None:
    """Somebody has not said SIAP for this shift: the next one and the coordinators are told."""
    shift = StoredDuty(conn, planning.now).shift(ShiftId(int(row.subject)))
    if shift is None or shift.ready_at is not None:
        due.settle(conn, row.kind, row.subject, "done: nobody need be told")
        return
    team = duty.team(conn, max(shift.starts_at + _FURTHER, planning.now)).without({shift.person})
    next_one = next(iter(team.everyone), None)
    told = [one for one in dict.fromkeys((next_one, *team.coordinators)) if one is not None]
    for person in told:
        put(conn, person, _word(shift, person, planning, steps_in=person == next_one), planning)
    shifts.warned(conn, shift.id, planning.now)
    reason = f"{len(told)} told"
    audit.record(conn, audit.CLOCK, "duty unready", f"shift:{shift.id}", reason, planning.now)
    due.settle(conn, row.kind, row.subject, "done")


def _word(shift: Shift, to: PersonId, planning: Planning, *, steps_in: bool) -> Outgoing:
    begins = shift.starts_at.astimezone(planning.programme.zone)
    ends = shift.ends_at.astimezone(planning.programme.zone)
    times = say(
        "duty.times",
        day=say(f"weekday.{begins.weekday()}"),
        begins=f"{begins:%H.%M}",
        ends=until(ends),
    )
    said = say("duty.unready", shift=times, name=shift.name)
    phone = f" {say('duty.phone', phone=shift.phone)}." if shift.phone and not steps_in else ""
    then = say("duty.step_in" if steps_in else "duty.call_her") + phone
    return Outgoing(
        Message(f"{said} {then}"),
        to=to,
        dedupe_key=f"unready:{shift.id}:{to}",
        purpose=shifts.UNREADY,
    )
