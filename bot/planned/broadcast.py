"""Sending a broadcast, and rehearsing one, in bounded parts of due work.

First everybody whom it is for is written down; then as many are handed to the outbox as leave in
about two seconds, and the rest wait in `recipients`: so a pause or an end takes hold at once, and
what waits to be sent stays small however many there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.planned.planning import PART, Planning
from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import (
    USUAL_RATE,
    Broadcast,
    BroadcastId,
    Rehearsal,
    State,
    Step,
)
from conversations.dialogue import Person
from conversations.message import Message, Priority
from conversations.phone.phone import Phone
from storage import audiences, audit, broadcasts, due, media, outbox, recipients
from storage.adding import New
from storage.audiences import Addressee
from storage.due import DueRow
from storage.members import Member

AHEAD: Final = 2.0
"""Seconds of sending that wait in the outbox: the clock looks for more work every second."""

COUNTED: Final = 500
"""People in one part of a rehearsal, which only reads them."""

_SOON: Final = timedelta(seconds=0.5)
_LATER: Final = timedelta(minutes=1)
_FILE: Final = timedelta(seconds=10)


def rehearse(conn: Connection, row: DueRow, planning: Planning) -> None:
    """Count the next part of its audience; at the end its author, or who approves, is told."""
    id_ = BroadcastId(int(row.subject))
    broadcast = broadcasts.one(conn, id_)
    if broadcast is None or broadcast.state not in (State.DRAFT, State.ASKING):
        due.settle(conn, row.kind, row.subject, "done")
        return
    so_far = broadcasts.rehearsal(conn, id_) or Rehearsal()
    after = int(row.cursor or 0)
    people = audiences.members(conn, broadcast.audience, planning.now, after, COUNTED)
    counted = counted_with(so_far, people, planning)
    broadcasts.keep_rehearsal(conn, id_, counted)
    if len(people) == COUNTED:
        due.advance(conn, row.kind, row.subject, str(people[-1].member.person.id))
        return
    due.settle(conn, row.kind, row.subject, "done")
    if broadcast.state is State.ASKING:
        broadcasts.ask_approval(conn, broadcast, planning.now)
    else:
        broadcasts.tell_author(conn, broadcast, "gladi", planning.now)


def counted_with(so_far: Rehearsal, people: list[Addressee], planning: Planning) -> Rehearsal:
    """A rehearsal and these people."""
    return so_far.with_people((one.member.person, why_not(one.member, planning)) for one in people)


def why_not(member: Member, planning: Planning) -> str:
    """Empty, or the key of the reason for which she would not get it if it were sent now."""
    phone = Phone(member.person.channel, window_until=member.window_until)
    if reason := planning.why_not(member):
        return reason
    return "" if phone.speaks_freely(planning.now) else "window"


def reaches_anybody(conn: Connection, audience: Audience, planning: Planning) -> bool:
    """Whether at least one of an audience may be written to at this moment."""
    after = 0
    while people := audiences.members(conn, audience, planning.now, after, COUNTED):
        if not all(why_not(one.member, planning) for one in people):
            return True
        after = people[-1].member.person.id
    return False


def send(conn: Connection, row: DueRow, planning: Planning) -> None:
    """The next part of a broadcast that is to be sent: begin, write down, hand over, or end."""
    broadcast = broadcasts.locked(conn, BroadcastId(int(row.subject)))
    if broadcast is not None and broadcast.state is State.SCHEDULED:
        broadcast = _begun(conn, row, broadcast, planning)
        if broadcast is None:
            return
    if broadcast is None or broadcast.state is not State.RUNNING:
        due.settle(conn, row.kind, row.subject, "done")
        return
    frozen = recipients.is_frozen(conn, broadcast.id) or _written_down(conn, broadcast, planning)
    handed = _handed_over(conn, broadcast, planning)
    if not frozen or handed == PART:
        due.plan(conn, row.kind, row.subject, None, planning.now, None)
        return
    _wait_or_end(conn, row, broadcast, planning.now)


def _begun(
    conn: Connection, row: DueRow, broadcast: Broadcast, planning: Planning
) -> Broadcast | None:
    """The broadcast, running; None where something is missing, and its due work is settled."""
    now = planning.now
    file = media.one(conn, broadcast.media) if broadcast.media else None
    if file is not None and file.status == "waiting":
        due.plan(conn, row.kind, row.subject, None, now + _FILE, None)
        return None
    if broadcast.media and (file is None or file.status != "stored"):
        broadcasts.step(conn, broadcast.id, Step.CANCEL, None, now)
        broadcasts.tell_author(conn, broadcast, "berkas", now)
        subject = f"broadcast:{broadcast.id}"
        audit.record(conn, audit.CLOCK, "broadcast cancel", subject, "its file is lost", now)
        return None
    if _grew_too_large(conn, broadcast, planning):
        broadcasts.step(conn, broadcast.id, Step.ASK, None, now)
        broadcasts.tell_author(conn, broadcast, "putusan", now)
        return None
    broadcasts.begin(conn, broadcast, now)
    return broadcasts.one(conn, broadcast.id)


def _grew_too_large(conn: Connection, broadcast: Broadcast, planning: Planning) -> bool:
    """Whether more people fit by now than its author may write to without another's approval."""
    if broadcast.approved_by is not None:
        return False
    most = planning.programme.alone_up_to
    return audiences.has_more_than(conn, broadcast.audience, planning.now, most)


def _written_down(conn: Connection, broadcast: Broadcast, planning: Planning) -> bool:
    """The next part of its audience becomes recipients; whether that was the last."""
    after = recipients.last_planned(conn, broadcast.id)
    people = audiences.members(conn, broadcast.audience, planning.now, after, PART)
    recipients.plan(
        conn,
        broadcast.id,
        [(one.member.person.id, planning.why_not(one.member)) for one in people],
    )
    if len(people) == PART:
        return False
    recipients.freeze(conn, broadcast.id, planning.now)
    return True


def _handed_over(conn: Connection, broadcast: Broadcast, planning: Planning) -> int:
    """Hand over as many as there is room for; how many that were."""
    now = planning.now
    waiting = recipients.waiting_now(conn, broadcast.id, now)
    fastest = max(planning.programme.bulk_rates.values(), default=USUAL_RATE)
    room = min(PART, round(AHEAD * fastest) + 1 - waiting)
    if room <= 0:
        return 0
    people = recipients.still_open(conn, broadcast.id, room)
    useful = _Useful(broadcast.expires_at or now, planning)
    reasons = {
        one.member.person.id: planning.why_not(one.member) or useful.why_not(one.member.person)
        for one in people
    }
    outbox.add_all(
        conn,
        [_message(broadcast, one, planning) for one in people if not reasons[one.member.person.id]],
    )
    recipients.handed_over(conn, broadcast.id, reasons)
    return len(people)


class _Useful:
    """Whether it would still be of use when it may arrive; for all with the same hours at once."""

    def __init__(self, until: datetime, planning: Planning) -> None:
        self._until = until
        self._planning = planning
        self._known: dict[tuple[str, str], str] = {}

    def why_not(self, person: Person) -> str:
        """Empty, or the key of the reason."""
        hours = (person.zone, person.quiet)
        if hours not in self._known:
            self._known[hours] = self._look(person)
        return self._known[hours]

    def _look(self, person: Person) -> str:
        if self._until <= self._planning.now:
            return "late"
        return "" if self._planning.decent(person) < self._until else "quiet"


def _message(broadcast: Broadcast, one: Addressee, planning: Planning) -> New:
    return planning.message(
        one.member,
        Message(one.reads(broadcast.text), media=broadcast.media),
        recipients.key(broadcast.id, one.member.person.id),
        purpose="broadcast",
        campaign=recipients.campaign(broadcast.id),
        priority=Priority.BROADCAST,
        expires_at=broadcast.expires_at,
    )


def _wait_or_end(conn: Connection, row: DueRow, broadcast: Broadcast, now: datetime) -> None:
    """Look again when there is room, or when what a polite hour holds may leave; or it is done."""
    left, first = recipients.leaving(conn, broadcast.id, now)
    if recipients.still_open(conn, broadcast.id, 1):
        due.plan(conn, row.kind, row.subject, None, now + _SOON, None)
    elif left:
        at = now + _LATER if first is None else min(max(first, now + _SOON), now + _LATER)
        due.plan(conn, row.kind, row.subject, None, at, None)
    else:
        due.settle(conn, row.kind, row.subject, "done")
        broadcasts.finish(conn, broadcast, now)
