"""A programme at night: staff on duty, somebody who reports, and a clock that goes on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.concerns.event import Alerted
from conversations.dialogue import Person, PersonId, Role
from conversations.duty.ladder import called
from conversations.duty.opening import DEADLINES
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import Kind
from conversations.politeness import QuietHours
from storage import alerts, due, duty, events, handing, inbox, schema, shifts, staff, tasks
from storage.inbox import Received
from storage.sealing import vault_of
from storage.shifts import NewDuty
from storage.world import Programme
from tests.bot.life import JEMBER
from tests.storage.builders import a_caregiver, a_seat, known

NIGHT = datetime(2026, 11, 17, 21, 7, tzinfo=JEMBER)
"""A Tuesday, when everybody sleeps or is about to."""

MINUTES = timedelta(minutes=1)
CODE = "LDK-26-0001"
NAMES = ("Dimas", "Rina", "Sari", "Yuli")


@dataclass(slots=True)
class Night:
    """Time over one database. `staff` by name: who is on duty first, then who is not."""

    conn: Connection
    now: datetime = NIGHT
    phone: str = ""
    staff: dict[str, PersonId] = field(default_factory=dict)
    messages: int = 0

    def turns(self) -> Turns:
        return Turns(
            Programme("Program Contoh", duty_phone=self.phone),
            parsers={"telegram": simulator.parse},
            owner="o",
            now=lambda: self.now,
            quiet=QuietHours.parse("20:30-06:30"),
        )

    def employ(self, name: str, role: Role = Role.STAFF) -> PersonId:
        person = a_caregiver(self.conn, f"hp-{name}", salutation="", name=name)
        code = staff.add(self.conn, name, role, self.now)
        staff.join(self.conn, known(staff.by_code(self.conn, code, self.now)), person.id, self.now)
        handing.adopt_orphans(self.conn, 100, self.now)
        self.staff[name] = person.id
        return person.id

    def watch(self, name: str, rank: int, **more: Any) -> int:
        """She is on duty all day and night, every day."""
        first = self.now.astimezone(JEMBER).date() - timedelta(days=1)
        new = {"begins": time(6), "ends": time(6), "first": first, **more}
        numbers = [
            shifts.add(
                self.conn,
                NewDuty(self.staff[name], rank=rank, weekday=day, **new),
                self.now,
                JEMBER,
            )
            for day in range(7)
        ]
        conn, quiet = self.conn, schema.due.c
        conn.execute(schema.due.delete().where(quiet.kind.in_(("siap", "unready"))))
        return numbers[0]

    def report(
        self, level: Level = Level.MERAH, code: str = CODE, by: str = "siti", **more: Any
    ) -> Person:
        """A concern that the first two of the team are called about, as a turn does."""
        seat = a_seat(self.conn, by)
        excluded = tuple(more.get("excluded", ()))
        team = duty.team(self.conn, self.now).without({seat.person.id, *excluded})
        outside = more.get("outside", False)
        first = called(0, team, outside=outside)
        to = first if level >= Level.ORANYE else first[:1]
        opened = TaskOpened(
            code,
            "concern",
            level,
            self.now + DEADLINES[level],
            "reason.words",
            owner=next(iter(first), None),
            **{"content": "Adi dipukul", **more},
        )
        alerted = [Alerted(code, person, 0) for person in to]
        events.apply(self.conn, seat.person, seat.address_id, [opened, *alerted], self.now)
        return seat.person

    def lives(self, **time: float) -> None:
        """Everything due on the way happens at its time."""
        until = self.now + timedelta(**time)
        while (at := due.next_at(self.conn)) is not None and at <= until:
            self.now = max(self.now, at)
            self.looks()
        self.now = until

    def stands_still(self, **time: float) -> None:
        """Nothing runs meanwhile; then everything that is due."""
        self.now += timedelta(**time)
        self.looks()

    def looks(self) -> None:
        while rows := due.next_due(self.conn, self.now, 100):
            for row in rows:
                self.turns().wake(self.conn, row)

    def says(self, who: str, text: str = "", button: str = "") -> list[str]:
        self.messages += 1
        kind = Kind.BUTTON if button else Kind.TEXT
        body = simulator.body_of(Doing(kind, text=text, button=button), "n", self.now)
        received = Received("telegram", "bot", str(self.messages), f"hp-{who}", body)
        before = len(self.heard(who))
        [accepted] = inbox.accept(self.conn, [received], self.now)
        self.turns().take(self.conn, accepted)
        return self.heard(who)[before:]

    def heard(self, who: str) -> list[str]:
        """What was sent to her, oldest first."""
        person = self.staff.get(who) or a_seat(self.conn, who).person.id
        columns = schema.outbox.c
        rows = self.conn.execute(
            select(columns.body)
            .where(columns.person_id == person, columns.body.is_not(None))
            .order_by(columns.id)
        )
        return [
            orjson.loads(vault_of(self.conn).open(one, b"outbox"))["t"] for one in rows.scalars()
        ]

    def calls(self, code: str = CODE, since: datetime = NIGHT) -> list[tuple[int, list[str]]]:
        """The steps of the ladder: minutes since the beginning, and who was called."""
        names = {person: name for name, person in self.staff.items()}
        steps: dict[int, list[str]] = defaultdict(list)
        for call in alerts.history(self.conn, code):
            steps[round((call.at - since) / MINUTES)].append(names[call.person])
        return sorted(steps.items())

    def task(self, code: str = CODE) -> Any:
        return known(tasks.by_code(self.conn, code))

    def block(self, name: str) -> None:
        where = schema.addresses.c.person_id == self.staff[name]
        self.conn.execute(update(schema.addresses).where(where).values(blocked_at=self.now))


def a_night(conn: Connection, *, on_duty: int = 2, now: datetime = NIGHT) -> Night:
    """Dimas and Rina have the watch, Sari and Yuli sleep; Ani supervises, Fokal is outside."""
    night = Night(conn, now)
    for name in NAMES:
        night.employ(name)
    night.employ("Ani", Role.COORDINATOR)
    night.employ("Fokal", Role.FOCAL)
    for rank, name in enumerate(NAMES[:on_duty], 1):
        night.watch(name, rank)
    return night
