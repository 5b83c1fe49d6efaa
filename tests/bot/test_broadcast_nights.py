"""Nights and mornings of several broadcasts: what is told of everybody is what really happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, select

from bot.planned import KINDS, Planning
from conversations.broadcasts.audience import parse
from conversations.broadcasts.broadcast import BroadcastId, Step
from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from conversations.politeness import Polite, QuietHours
from storage import broadcasts, due, erasure, outbox, people, recipients, schema
from storage.database import Database
from storage.outbox import Claimed, Result, Status
from storage.world import Programme
from tests.storage.broadcast_builders import DAYTIME, balance, is_now, mothers, over
from tests.storage.builders import MINUTE

QUIET = QuietHours(time(20, 30), time(6, 30))
POLITE = Polite(QUIET, weekly=1_000)
BROADCASTS = 3


@dataclass
class Nights:
    """Some people, some broadcasts, and a sender that is out of luck now and then."""

    conn: Connection
    dice: Random
    now: datetime = DAYTIME
    people: list[PersonId] = field(default_factory=list)
    gone: set[PersonId] = field(default_factory=set)
    flying: list[Claimed] = field(default_factory=list)
    heard: Counter[tuple[PersonId, str]] = field(default_factory=Counter)
    ended: dict[str, set[int]] = field(default_factory=dict)
    """Words of a broadcast that was ended: rows that were on their way just then."""

    def begin(self) -> None:
        self.people = mothers(self.conn, 6)
        for number in range(1, BROADCASTS + 1):
            id_ = broadcasts.draft(self.conn, parse(""), f"Kabar {number}", None, None, self.now)
            assert id_ == number
            starts = self.now + timedelta(hours=10 + self.dice.randrange(3))
            broadcasts.step(self.conn, id_, Step.START, None, self.now, starts_at=starts)

    def something_happens(self) -> None:
        """Between two units anything may."""
        self.now += self.dice.choice((MINUTE, 5 * MINUTE, 40 * MINUTE))
        id_ = BroadcastId(self.dice.randrange(BROADCASTS) + 1)
        match self.dice.randrange(14):
            case 0:
                broadcasts.step(self.conn, id_, Step.PAUSE, None, self.now)
            case 1 | 2:
                broadcasts.step(self.conn, id_, Step.RESUME, None, self.now)
            case 3 if self.flying and self.dice.random() < 0.5:
                self.cancel(id_)
            case 4:
                person = self.dice.choice(self.people)
                if person not in self.gone:
                    stops = {"stopped": self.dice.random() < 0.3}
                    people.change(self.conn, person, stops, self.now)
            case 5 if self.dice.random() < 0.1:
                person = self.dice.choice(self.people)
                erasure.erase(self.conn, person, "command", self.now)
                self.gone.add(person)
            case 6:
                self.remind(self.dice.choice(self.people))
            case 7 if self.dice.random() < 0.3:
                outbox.recover(self.conn, "o/2", self.now + 6 * MINUTE)
                self.flying = []
            case 8 | 9 | 10:
                self.claim()
            case 11:
                self.part()
            case _:
                self.land()
        for number in range(1, BROADCASTS + 1):
            balance(self.conn, BroadcastId(number))

    def cancel(self, id_: BroadcastId) -> None:
        if broadcasts.step(self.conn, id_, Step.CANCEL, None, self.now) is not None:
            self.ended[f"Kabar {id_}"] = {one.id for one in self.flying}

    def remind(self, person: PersonId) -> None:
        """Something else that waits for the morning with the broadcasts."""
        if (where := people.reachable(self.conn, person)) is None:
            return
        key = f"{person}:{self.now.timestamp()}"
        morning = self.now + timedelta(hours=self.dice.randrange(25))
        outbox.add(
            self.conn,
            address_id=where[0],
            person_id=person,
            message=Message(f"Ingat {key}"),
            dedupe_key=key,
            priority=Priority.REMINDER,
            purpose="session_reminder",
            not_before=morning,
            expires_at=morning + timedelta(hours=self.dice.randrange(1, 12)),
            now=self.now,
            held=True,
        )

    def part(self) -> None:
        planning = Planning(self.now, Programme("x", alone_up_to=1_000), QUIET)
        for row in due.next_due(self.conn, self.now, 9):
            if row.kind == "broadcast":
                KINDS[row.kind](self.conn, row, planning)

    def claim(self) -> None:
        busy = [one.address_id for one in self.flying]
        until = self.now + 5 * MINUTE
        limit = self.dice.randrange(1, 6)
        rows = outbox.claim(
            self.conn, "o/1", self.now, until, limit, busy, polite=POLITE, channel="telegram"
        )
        local = self.now.astimezone(Programme("x").zone)
        for one in rows:
            assert QUIET.end <= local.time() < QUIET.begin
            assert one.person_id not in self.gone
            for words in one.message.text.split("\n\n"):
                assert words not in self.ended
        self.flying += rows

    def land(self) -> None:
        """What is on its way arrives, or comes back, or nobody knows."""
        self.dice.shuffle(self.flying)
        while self.flying and self.dice.random() < 0.8:
            one = self.flying.pop()
            comes_back, lost = [Status.WAITING] * 3, [Status.FAILED, Status.EXPIRED]
            status = self.dice.choice([Status.SENT, Status.UNCERTAIN, *comes_back, *lost])
            again = self.now + self.dice.choice((MINUTE, 60 * MINUTE))
            at = again if status is Status.WAITING else None
            outbox.record(self.conn, [Result(one.id, status, "x", not_before=at)], self.now)
            if status is Status.SENT:
                assert one.person_id is not None
                for words in one.message.text.split("\n\n"):
                    self.heard[PersonId(one.person_id), words] += 1

    def ends(self) -> None:
        """Everything comes to rest; then each is where the account says."""
        while self.flying:
            self.land()
        for id_ in map(BroadcastId, range(1, BROADCASTS + 1)):
            broadcasts.step(self.conn, id_, Step.RESUME, None, self.now)
        for _ in range(400):
            self.now += timedelta(minutes=23)
            outbox.recover(self.conn, "o/2", self.now)
            self.part()
            self.claim()
            while self.flying:
                self.land()
        for id_ in map(BroadcastId, range(1, BROADCASTS + 1)):
            account = balance(self.conn, id_)
            assert over(is_now(self.conn, id_).state), is_now(self.conn, id_).state
            assert account.waiting == 0
            unsent = {one.person: one.status for one in recipients.who(self.conn, id_, 0, 99)}
            table = schema.recipients
            planned = select(table.c.person_id).where(table.c.broadcast_id == id_)
            for person in self.conn.execute(planned).scalars():
                status = unsent.get(person, "sent")
                times = self.heard[person, f"Kabar {id_}"]
                if status == "uncertain":
                    assert times <= 1
                else:
                    assert times == (status in ("sent", "merged")), (id_, person, status)
        assert max(self.heard.values(), default=0) <= 1


@pytest.mark.parametrize("seed", range(25))
async def test_what_is_told_of_everybody_is_what_happened(lite: Database, seed: int) -> None:
    """Also where several messages leave as one, and that one is refused, late, lost or put off."""

    def unit(conn: Connection) -> None:
        nights = Nights(conn, Random(seed))
        nights.begin()
        for _ in range(250):
            nights.something_happens()
        nights.ends()

    await lite.write(unit)
