"""A programme living through its days: what is due happens at its time, people answer between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.dialogue import Person
from conversations.message import Kind
from conversations.politeness import QuietHours
from conversations.rule import Rule, RuleId
from storage import due, inbox, rules, schema
from storage.inbox import Received
from storage.world import Programme
from tests.storage.builders import DAY, a_caregiver, a_child

JEMBER = ZoneInfo("Asia/Jakarta")
MONDAY = datetime(2026, 11, 16, 10, 0, tzinfo=JEMBER)
QUIET = QuietHours.parse("20:30-06:30")
TUESDAY, WEDNESDAY = timedelta(days=1), timedelta(days=2)


@dataclass(slots=True)
class Life:
    """Time passing over one database; the people in it registered on the Monday before."""

    conn: Connection
    now: datetime = MONDAY
    messages: int = 0

    def turns(self) -> Turns:
        return Turns(
            Programme("Program Contoh"),
            parsers={"telegram": simulator.parse},
            owner="o",
            now=lambda: self.now,
            quiet=QUIET,
        )

    def lives_until(self, until: datetime) -> None:
        """Everything due on the way happens at its time."""
        while (at := due.next_at(self.conn)) is not None and at <= until:
            self.now = max(self.now, at)
            self.catches_up()
        self.now = until

    def stands_still_until(self, until: datetime) -> None:
        """Nothing runs meanwhile."""
        self.now = until

    def catches_up(self) -> None:
        """Everything due now."""
        while rows := due.next_due(self.conn, self.now, 100):
            for row in rows:
                self.turns().wake(self.conn, row)

    def says(self, address: str, text: str) -> None:
        self.messages += 1
        body = simulator.body_of(Doing(Kind.TEXT, text=text), "n", self.now)
        received = Received("telegram", "bot", str(self.messages), address, body)
        [accepted] = inbox.accept(self.conn, [received], self.now)
        self.turns().take(self.conn, accepted)

    def comes(self, zone: ZoneInfo = JEMBER) -> list[tuple[str, str]]:
        """What was sent unasked: purpose, and when by a clock in this zone."""
        rows = self.conn.execute(
            select(schema.outbox.c.purpose, schema.outbox.c.not_before)
            .where(schema.outbox.c.priority >= 2)
            .order_by(schema.outbox.c.id)
        )
        return [(row.purpose, f"{row.not_before.astimezone(zone):%a %d %H:%M}") for row in rows]

    def outcomes(self, kind: str) -> list[str]:
        rows = self.conn.execute(
            select(schema.due.c.outcome).where(schema.due.c.kind == kind).order_by("subject")
        )
        return list(rows.scalars())


def begun(conn: Connection, at: datetime = MONDAY) -> Life:
    """A programme that has the usual rules from now on."""
    rules.ensure(conn, at)
    return Life(conn, at)


def registered(
    conn: Connection, address: str = "62812", at: datetime = MONDAY - 30 * DAY, **changes: Any
) -> Person:
    """A caregiver of one child who agreed."""
    person = a_caregiver(conn, address, **changes)
    values = {"registered_at": at, "consent": "given"}
    conn.execute(update(schema.people).where(schema.people.c.id == person.id).values(values))
    a_child(conn, person)
    return person


def only(conn: Connection, rule: Rule, at: datetime = MONDAY) -> RuleId:
    """A programme with no other rule than this."""
    return rules.add(conn, rule, at)
