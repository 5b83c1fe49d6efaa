"""A turn: one inbound message, or one piece of due work, in one transaction.

Everything that a turn brings about is written through the one connection it is given: that the
message was heard, the answers, the place in the dialogue, and what is to be sent. It may run again
from the beginning, so it has no other effects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import due_work, letters
from bot.gate import UNHEARD, Gate, Where
from bot.planned import KINDS, Planning
from conversations import politeness, router, waking
from conversations.concerns import alarm, receipt
from conversations.concerns.cry import is_cry
from conversations.costs import is_never_stopped
from conversations.dialogue import (
    Event,
    Person,
    PersonId,
    Turn,
    Wake,
)
from conversations.event import CodeUsed, HelpBegun, HelpEnded, NewcomerHelped
from conversations.level import Level
from conversations.message import Inbound, Kind, Message, Outgoing, Priority
from conversations.phone.phone import PAID
from conversations.phone.together import as_one
from conversations.politeness import Polite, QuietHours
from conversations.staff import ANSWER
from conversations.talk import Talk
from locales import say
from storage import (
    dialogues,
    due,
    events,
    helping,
    inbox,
    outbox,
    passing,
    people,
    phones,
    seats,
    spending,
)
from storage.due import DueRow
from storage.inbox import Accepted, Received
from storage.outbox import Claimed
from storage.people import Newcomer, Seat
from storage.world import Programme, StoredWorld

LEASE = timedelta(seconds=300)
"""How long this process may take to send what it has claimed."""

UNASKED = (Priority.REMINDER, Priority.BROADCAST)

_HANDED = (HelpBegun, NewcomerHelped, HelpEnded, CodeUsed)
"""After these the phone speaks for somebody else."""

_NOTHING: Sequence[Claimed] = ()


class Turns:
    """What receiving and the clock call; `parsers` turn a channel's raw body into an Inbound.

    `owner` is the delivery of this process: its replies are inserted already claimed.
    """

    def __init__(
        self,
        programme: Programme,
        *,
        parsers: Mapping[str, Callable[[bytes], Inbound]],
        owner: str,
        now: Callable[[], datetime],
        quiet: QuietHours | None = None,
        weekly: int = politeness.WEEKLY_MESSAGES,
    ) -> None:
        self._polite = Polite(quiet, weekly)
        self._programme = programme
        self._newcomer = Newcomer(programme.language, programme.zone.key)
        self._parsers = parsers
        self._owner = owner
        self._now = now
        self._gate = Gate(programme, self._newcomer, parsers, hear=self._hear, write=self._write)

    def take(self, conn: Connection, accepted: Accepted) -> Sequence[Claimed]:
        """One inbound message. A second time it does nothing; malformed bodies raise ValueError."""
        now = self._now()
        if not inbox.finish(conn, accepted.id, now):
            return _NOTHING
        received = accepted.received
        inbound = self._parsers[received.channel](received.body)
        where = (received.channel, received.account, received.address)
        if inbound.kind is Kind.GROUP:
            return self._answer_group(conn, where, now)
        if inbound.kind is Kind.TAKEN_BACK:
            return _NOTHING
        if inbound.recipient:
            phones.know(conn, *where, inbound.recipient, now)
        seat = people.at_address(conn, *where, now, self._newcomer, inbound.sent_at)
        if self._gate.is_closed(seat, inbound, now):
            return self._gate.take(conn, seat, inbound, accepted.id, now, where)
        return self._hear(conn, seat, inbound, f"in:{accepted.id}", now, where)

    def _hear(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """A message of whom it is known who wrote it."""
        if seat.typist is not None:
            helping.extend(conn, seat.address_id, now)
        world = StoredWorld(conn, now, self._programme, seat.person, seat.typist)
        waiting = letters.waiting(conn, seat, inbound, now)
        if waiting is None:
            turn = router.respond(seat.person, seat.dialogue, inbound, world)
            claimed = self._write(conn, seat, turn, key, now, where)
        else:
            turn = router.respond(seat.person, seat.dialogue, waiting.inbound, world)
            turn, post = letters.with_letters(waiting, seat, turn, now)
            claimed = self._write(conn, seat, turn, key, now, where)
            passing.settle(conn, post, now)
        handed = [event for event in turn.events if isinstance(event, _HANDED)]
        if not handed:
            return claimed
        return [*claimed, *self._take_over(conn, seat, handed[-1], key, now, where)]

    def _take_over(
        self,
        conn: Connection,
        before: Seat,
        event: Event,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """The phone speaks for somebody else since this message: the first words to her."""
        seat = seats.taken_over(conn, *where, now)
        if seat is None:
            soon = Turn(before.dialogue, (Outgoing(Message(say("helping.soon"))),))
            return self._write(conn, before, soon, f"{key}:then", now, where)
        world = StoredWorld(conn, now, self._programme, seat.person, seat.typist)
        turn = router.take_over(seat.person, seat.dialogue, event, world)
        return self._write(conn, seat, turn, f"{key}:then", now, where)

    def wake(self, conn: Connection, row: DueRow) -> Sequence[Claimed]:
        """One piece of due work; settled in the same transaction as what it brings about."""
        now = self._now()
        still = due.still_due(conn, row.kind, row.subject, now)
        if still is None:
            return _NOTHING
        if still.kind == UNHEARD:
            self._gate.unheard(conn, still, now)
            return _NOTHING
        if (part := KINDS.get(still.kind)) is not None:
            part(conn, still, Planning(now, self._programme, self._polite.quiet))
            return _NOTHING
        seat = due_work.whose_turn(conn, still, now, self._polite)
        if seat is None:
            return _NOTHING
        world = StoredWorld(conn, now, self._programme, seat.person)
        wake = Wake(still.kind, still.subject, still.due_at, still.expires_at)
        turn = waking.wake(seat.person, seat.dialogue, wake, world)
        due.settle(conn, still.kind, still.subject, turn.outcome)
        key = f"due:{still.kind}:{still.subject}:{int(still.due_at.timestamp())}"
        return self._write(conn, seat, _expiring(turn, due_work.of_use_until(still)), key, now)

    def explain(self, conn: Connection, accepted: Accepted) -> Sequence[Claimed]:
        """A kind word to somebody whose message was put aside, and a task for staff."""
        received = accepted.received
        if not received.address:
            return _NOTHING
        now = self._now()
        where = (received.channel, received.account, received.address)
        seat = people.at_address(conn, *where, now, self._newcomer)
        world = StoredWorld(conn, now, self._programme, seat.person)
        talk = Talk(seat.person, seat.dialogue, world, router.CONVERSATIONS)
        words = self._words_of(received)
        alarm.raise_alarm(talk, words)
        if talk.alarm is None and is_cry(words):
            alarm.cry(talk, words)
        elif talk.alarm is None:
            talk.open_task("quarantine", Level.KUNING, "reason.quarantine")
        talk.say("unreadable")
        if talk.alarm is not None:
            talk.send_text(receipt.numbers(talk))
        return self._write(conn, seat, talk.turn(), f"aside:{accepted.id}", now, where)

    def _words_of(self, received: Received) -> str:
        """What was written, as far as it can be read: a cry for help is never only put aside."""
        try:
            return self._parsers[received.channel](received.body).text
        except (KeyError, ValueError):
            return ""

    def _write(
        self,
        conn: Connection,
        seat: Seat,
        turn: Turn,
        key: str,
        now: datetime,
        where: tuple[str, str, str] | None = None,
    ) -> Sequence[Claimed]:
        person = seat.person
        if turn.events:
            events.apply(conn, person, seat.address_id, turn.events, now, seat.typist)
        if turn.dialogue != seat.dialogue:
            dialogues.save(conn, person.id, turn.dialogue, now)
        claimed: list[Claimed] = []
        said = as_one(turn.outgoing) if seat.phone.channel in PAID else turn.outgoing
        for number, outgoing in enumerate(said):
            if outgoing.to is None and seat.address_id == people.NOWHERE:
                continue
            message_key = outgoing.dedupe_key or f"{key}:{number}"
            sent = self._put(conn, seat, person, outgoing, message_key, now, where)
            if sent is not None:
                claimed.append(sent)
        return claimed

    def _put(
        self,
        conn: Connection,
        seat: Seat,
        person: Person,
        outgoing: Outgoing,
        key: str,
        now: datetime,
        where: tuple[str, str, str] | None,
    ) -> Claimed | None:
        """One outbox row; replies to the one who writes leave with this process at once."""
        address_id, to = seat.address_id, person.id
        if outgoing.to is not None:
            urgent = now if outgoing.priority is Priority.ALARM else None
            reached = people.reachable(conn, PersonId(outgoing.to), urgent)
            if reached is None:
                return self._not_reached(conn, seat, outgoing, key, now, where)
            address_id, to = reached[0], PersonId(outgoing.to)
        wanted = not_before = outgoing.not_before or now
        if outgoing.priority in UNASKED:
            quiet = politeness.quiet_of(person, self._polite.quiet)
            not_before = politeness.decent_time(wanted, person.tz, quiet)
        leaves_now = where is not None and outgoing.to is None and not_before <= now
        leaves_now = leaves_now and seat.answers_freely
        if where is not None and leaves_now and _is_too_dear(conn, where, outgoing, now):
            leaves_now = False
        outbox_id = outbox.add(
            conn,
            address_id=address_id,
            person_id=to,
            message=outgoing.message,
            dedupe_key=key,
            priority=outgoing.priority,
            purpose=outgoing.purpose,
            not_before=not_before,
            expires_at=outgoing.expires_at,
            now=now,
            held=not_before > wanted,
            owner=self._owner if leaves_now else None,
            lease_until=now + LEASE if leaves_now else None,
        )
        if outbox_id is None or not leaves_now or where is None:
            return None
        return Claimed(
            id=outbox_id,
            address_id=address_id,
            channel=where[0],
            account=where[1],
            address=seat.recipient or where[2],
            message=_freely(outgoing.message),
            priority=outgoing.priority,
            purpose=outgoing.purpose,
            attempts=0,
            expires_at=outgoing.expires_at,
            person_id=to,
        )

    def _not_reached(
        self,
        conn: Connection,
        seat: Seat,
        outgoing: Outgoing,
        key: str,
        now: datetime,
        where: tuple[str, str, str] | None,
    ) -> Claimed | None:
        """Staff's own words that have nowhere to go: whoever wrote them is told at once."""
        if outgoing.purpose != ANSWER:
            return None
        told = Outgoing(Message(say("staff.not_reached")))
        return self._put(conn, seat, seat.person, told, f"{key}:back", now, where)

    def _answer_group(
        self, conn: Connection, where: tuple[str, str, str], now: datetime
    ) -> Sequence[Claimed]:
        """Once per group: the bot speaks one to one. A group is nobody, so no person is made."""
        address_id = phones.address_only(conn, *where, now)
        outgoing = Outgoing(Message(say("group")))
        outbox.add(
            conn,
            address_id=address_id,
            person_id=None,
            message=outgoing.message,
            dedupe_key=f"group:{':'.join(where)}",
            priority=outgoing.priority,
            purpose="group",
            not_before=now,
            expires_at=None,
            now=now,
        )
        return _NOTHING


def _freely(message: Message) -> Message:
    """As it is said to somebody who has just written."""
    return message if message.template is None else replace(message, template=None)


def _is_too_dear(
    conn: Connection, where: tuple[str, str, str], outgoing: Outgoing, now: datetime
) -> bool:
    """Whether the month has no money left for an answer: then it is looked at when it is claimed,
    and settled there with the reason."""
    if where[0] not in PAID or is_never_stopped(outgoing.priority, outgoing.purpose):
        return False
    return spending.spent_out(conn, where[1], now)


def _expiring(turn: Turn, until: datetime | None) -> Turn:
    """What nobody asked for is not sent either when it is of no use any more."""
    outgoing = tuple(
        replace(one, expires_at=one.expires_at or until) if one.priority in UNASKED else one
        for one in turn.outgoing
    )
    return replace(turn, outgoing=outgoing)
