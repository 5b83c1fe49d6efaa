"""The gate: where it is open who holds a phone, that is asked before anything is heard there.

What is asked, and what passes, is decided in `conversations/phone/holding.py`. What was written
meanwhile waits in the inbox and is heard once, as if it were said now; what nobody answers for
within an hour goes to staff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from conversations import router
from conversations.concerns import files as kept_files
from conversations.concerns.traces import REPORTS
from conversations.dialogue import Dialogue, PersonId, Turn
from conversations.event import MediaKept, TaskExtended
from conversations.helping import joining
from conversations.level import Level
from conversations.message import Inbound, Kind, MediaId, Message, Outgoing
from conversations.phone import holding
from conversations.phone.holding import Closed, Decision, Holder, Way
from conversations.talk import Talk
from locales import say
from storage import dialogues, due, passing, people, phones, seats, staff
from storage import joining as stored_codes
from storage.due import DueRow
from storage.inbox import Received
from storage.outbox import Claimed
from storage.people import Newcomer, Seat
from storage.phones import Door
from storage.world import Programme, StoredWorld

UNHEARD = "unheard"
"""Due work without a person: what waits at the address that is its subject goes to staff."""

HEARD_WITHIN = timedelta(hours=1)

LISTENED_TO_WITHIN = timedelta(minutes=5)
"""What was spoken or shown waits shorter: who cannot read the question cannot answer it."""

Where = tuple[str, str, str]
"""Channel, account and address."""

Hear = Callable[[Connection, Seat, Inbound, str, datetime, Where], Sequence[Claimed]]
Write = Callable[[Connection, Seat, Turn, str, datetime, Where | None], Sequence[Claimed]]


class Gate:
    """`hear` is the turn of a message whose sender is known, `write` makes a turn durable."""

    def __init__(
        self,
        programme: Programme,
        newcomer: Newcomer,
        parsers: Mapping[str, Callable[[bytes], Inbound]],
        *,
        hear: Hear,
        write: Write,
    ) -> None:
        self._programme = programme
        self._newcomer = newcomer
        self._parsers = parsers
        self._hear = hear
        self._write = write

    def is_closed(self, seat: Seat, inbound: Inbound, now: datetime) -> bool:
        """Whether it has to be asked first who writes; of most phones nothing is looked up."""
        if seat.phone.shared and holding.is_handed_on(inbound):
            return True
        if seat.typist is not None:
            return False
        return holding.is_closed(seat.phone, now, asked=seat.asked)

    def take(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        inbox_id: int,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """What becomes of one message from a closed phone."""
        door = phones.door(conn, seat.address_id)
        closed = Closed(
            seat.phone, now, _holders(conn, seat), seat.dialogue, seat.asked, door.times
        )
        key = f"in:{inbox_id}"
        if seat.phone.shared and holding.is_handed_on(inbound):
            return self._ask(conn, seat, closed, None, key, now, where)
        if seat.person.role.works and not seat.phone.shared and (code := joining.code_in(inbound)):
            opened = self._by_code(conn, seat, inbound, code, key, now, where)
            if opened is not None:
                return opened
        decision = holding.decide(closed, inbound)
        match decision.way:
            case Way.ON:
                unproven = replace(inbound, unproven=True)
                return self._hear(conn, seat, unproven, key, now, where)
            case Way.THROUGH:
                self._pass_on(conn, door, inbox_id, f"{key}:before", now)
                self._end(conn, seat, None, f"{key}:ended", now)
                phones.ask(conn, seat.address_id, 0, now)
                seat = self._seat(conn, inbound, now, where)
                unproven = replace(inbound, unproven=True)
                return self._hear(conn, seat, unproven, key, now, where)
            case Way.APART:
                return self._apart(conn, seat, inbound, key, now, where)
            case Way.ASK:
                asked = self._ask(conn, seat, closed, inbox_id, key, now, where)
                if inbound.kind in kept_files.KEPT:
                    soon = now + LISTENED_TO_WITHIN
                    due.plan(conn, UNHEARD, str(seat.address_id), None, soon, None)
                return asked
            case Way.STAFF:
                return self._call_staff(conn, seat, closed, inbox_id, key, now, where)
            case Way.HELD if seat.person.role.works and not seat.phone.shared:
                return self._ask_proof(conn, seat, closed, inbox_id, key, now, where)
            case Way.HELD | Way.ANOTHER:
                return self._open(conn, seat, inbound, decision, door, inbox_id, now, where)

    def unheard(self, conn: Connection, row: DueRow, now: datetime) -> None:
        """Nobody told who holds the phone: staff read what was written there."""
        due.settle(conn, row.kind, row.subject, "done")
        key = f"due:{row.kind}:{row.subject}:{int(row.due_at.timestamp())}"
        self._pass_on(conn, phones.door(conn, int(row.subject)), _EVERYTHING, key, now)

    def _pass_on(self, conn: Connection, door: Door, before: int, key: str, now: datetime) -> None:
        """What waits there is a task for staff, about whoever held the phone last."""
        if door.waking_id is None or door.person is None:
            return
        told = holding.worth_hearing(self._parsed(phones.kept(conn, door, before)))
        phones.heard(conn, door.address_id)
        words = "\n".join(one.text for one in told if one.text)
        files = [one for one in told if one.kind in kept_files.KEPT and one.media is not None]
        seat = people.seat_of(conn, door.person) or seats.at_home(conn, door.person)
        if seat is None or not (words or files):
            return
        seat = replace(seat, address_id=door.address_id)
        talk = self._talk(conn, seat, now)
        code = talk.open_task("person_wanted", Level.KUNING, "reason.unheard", content=words)
        for one in files:
            assert one.media is not None
            media = MediaId(talk.world.fresh_id())
            talk.add(TaskExtended(code, media=media))
            talk.add(MediaKept(media, one.kind, one.media, task=code))
        turn = replace(talk.turn(), dialogue=seat.dialogue)
        self._write(conn, seat, turn, key, now, None)

    def _open(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        decision: Decision,
        door: Door,
        inbox_id: int,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """It is known who holds the phone: what she wrote before is heard, or she is greeted."""
        kept = self._parsed(phones.kept(conn, door, inbox_id))
        waiting = holding.worth_hearing([one for one in kept if not _is_answer(one)])
        if decision.person is not None:
            phones.believe(conn, seat.address_id, decision.person, now)
        else:
            self._lose(conn, seat, f"in:{inbox_id}:lost", now)
        claimed: list[Claimed] = []
        for number, one in enumerate(waiting):
            holder = self._seat(conn, inbound, now, where)
            said_now = replace(one, sent_at=inbound.sent_at)
            claimed += self._hear(conn, holder, said_now, f"in:{inbox_id}:{number}", now, where)
        if waiting:
            return claimed
        holder = self._seat(conn, inbound, now, where)
        return self._greet(conn, holder, inbound, f"in:{inbox_id}", now, where)

    def _lose(self, conn: Connection, seat: Seat, key: str, now: datetime) -> None:
        """Somebody holds the phone who is none of those that are known. Of a shared one she is one
        more; a phone of one's own is lost, and staff look for another way to her."""
        if not seat.phone.shared:
            talk = self._talk(conn, seat, now)
            if seat.person.registered or seat.person.name:
                talk.open_task("correction", Level.KUNING, "reason.number_gone")
            self._write(conn, seat, replace(talk.turn(), dialogue=seat.dialogue), key, now, None)
            phones.not_hers(conn, seat.address_id, seat.person.id, now)
        phones.empty(conn, seat.address_id)

    def _greet(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """Nothing else was said: she goes on where she was, or is told that she may."""
        who = f"{seat.person.salutation} {seat.person.name}".strip()
        waits = passing.withheld(conn, seat.address_id, seat.person.id)[0]
        if seat.dialogue.running is None and seat.person.registered and not waits:
            shared, language = seat.phone.shared, seat.person.language
            hello = Outgoing(Message(holding.hello(who, shared=shared, language=language)))
            return self._write(conn, seat, Turn(seat.dialogue, (hello,)), key, now, where)
        came = replace(inbound, kind=Kind.CAME_BACK, text="", button="", unseen=None)
        return self._hear(conn, seat, came, key, now, where)

    def _ask(
        self,
        conn: Connection,
        seat: Seat,
        closed: Closed,
        inbox_id: int | None,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """The question; what a report was being told is over when a phone has been lying there."""
        if closed.idle or inbox_id is None:
            self._end(conn, seat, REPORTS, f"{key}:ended", now)
            seat = replace(seat, dialogue=dialogues.of(conn, seat.person.id))
        tries = 0 if inbox_id is None else closed.tries
        question = holding.question(
            closed.holders,
            shared=seat.phone.shared,
            tries=tries,
            language=seat.person.language,
        )
        self._close(conn, seat, tries + 1, inbox_id, now)
        turn = Turn(seat.dialogue, (Outgoing(question),))
        return self._write(conn, seat, turn, key, now, where)

    def _ask_proof(
        self,
        conn: Connection,
        seat: Seat,
        closed: Closed,
        inbox_id: int,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """Whoever works here may read what others have told: a yes is not enough for that."""
        self._close(conn, seat, closed.tries, inbox_id, now)
        said = Outgoing(Message(say("holding.staff_proof", seat.person.language)))
        return self._write(conn, seat, Turn(seat.dialogue, (said,)), key, now, where)

    def _by_code(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        code: str,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed] | None:
        """A code that she asked for in another chat proves that it is she; a new one from the
        office is heard as that of somebody new. None: it is neither."""
        if stored_codes.tries(conn, seat.person.id, now) >= joining.MOST_TRIES:
            return None
        if stored_codes.is_proof(conn, code, seat.person.id, now):
            phones.hold(conn, seat.address_id, seat.person.id, now)
            holder = self._seat(conn, inbound, now, where)
            return self._greet(conn, holder, inbound, key, now, where)
        if staff.by_code(conn, code, now) is None:
            stored_codes.tried(conn, seat.person.id, now)
            return None
        self._lose(conn, seat, f"{key}:lost", now)
        newcomer = self._seat(conn, inbound, now, where)
        return self._hear(conn, newcomer, inbound, key, now, where)

    def _call_staff(
        self,
        conn: Connection,
        seat: Seat,
        closed: Closed,
        inbox_id: int,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """The question is too hard: somebody of staff asks by another way."""
        self._close(conn, seat, closed.tries + 1, inbox_id, now)
        talk = self._talk(conn, seat, now)
        talk.open_task("person_wanted", Level.KUNING, "reason.phone_unknown")
        talk.say("holding.staff_called")
        turn = replace(talk.turn(), dialogue=seat.dialogue)
        return self._write(conn, seat, turn, key, now, where)

    def _apart(
        self,
        conn: Connection,
        seat: Seat,
        inbound: Inbound,
        key: str,
        now: datetime,
        where: Where,
    ) -> Sequence[Claimed]:
        """What holds for everybody, without the question that somebody was in."""
        times = phones.door(conn, seat.address_id).times if seat.asked else 0
        phones.ask(conn, seat.address_id, times, now)
        world = StoredWorld(conn, now, self._programme, seat.person)
        turn = router.respond(seat.person, Dialogue(), inbound, world)
        offered = replace(
            seat.dialogue, offer=turn.dialogue.offer, offered_at=turn.dialogue.offered_at
        )
        return self._write(conn, seat, replace(turn, dialogue=offered), key, now, where)

    def _close(
        self, conn: Connection, seat: Seat, times: int, inbox_id: int | None, now: datetime
    ) -> None:
        """The phone is closed until the answer; what waits for it waits an hour."""
        waits = phones.door(conn, seat.address_id).waking_id is not None
        phones.ask(conn, seat.address_id, times, now, waking=inbox_id)
        if inbox_id is not None and not waits:
            due.plan(conn, UNHEARD, str(seat.address_id), None, now + HEARD_WITHIN, None)

    def _end(
        self,
        conn: Connection,
        seat: Seat,
        conversations: Sequence[str] | None,
        key: str,
        now: datetime,
    ) -> None:
        """These conversations, None: all, end where they are; what was told stays told."""
        talk = self._talk(conn, seat, now)
        running = [interview.conversation for interview in seat.dialogue.stack]
        talk.give_up_all(*(running if conversations is None else conversations))
        turn = talk.turn()
        if turn.dialogue.stack == seat.dialogue.stack:
            return
        before = seat.dialogue
        ended = replace(turn.dialogue, offer=before.offer, offered_at=before.offered_at)
        to_others = tuple(one for one in turn.outgoing if one.to is not None)
        self._write(conn, seat, replace(turn, dialogue=ended, outgoing=to_others), key, now, None)

    def _talk(self, conn: Connection, seat: Seat, now: datetime) -> Talk:
        world = StoredWorld(conn, now, self._programme, seat.person)
        return Talk(seat.person, seat.dialogue, world, router.CONVERSATIONS)

    def _seat(self, conn: Connection, inbound: Inbound, now: datetime, where: Where) -> Seat:
        return people.at_address(conn, *where, now, self._newcomer, inbound.sent_at)

    def _parsed(self, kept: Sequence[Received]) -> list[Inbound]:
        read = [self._parsers[one.channel](one.body) for one in kept]
        return [one for one in read if one.kind not in _SAYS_NOTHING]


_EVERYTHING = 2**62
_SAYS_NOTHING = (Kind.LEFT, Kind.TAKEN_BACK)


def _holders(conn: Connection, seat: Seat) -> Sequence[Holder]:
    """Who may be named: everybody of a shared phone, else her whose phone it is."""
    if seat.phone.shared:
        return phones.holders(conn, seat.address_id)
    person = seat.person
    called = f"{person.salutation} {person.name}".strip()
    return (Holder(PersonId(person.id), called, person.relation),)


def _is_answer(inbound: Inbound) -> bool:
    return inbound.button.startswith(holding.BUTTON) or holding.is_handed_on(inbound)
