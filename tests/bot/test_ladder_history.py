"""A random history of reports, answers, silence, people leaving, stops and clocks that jump.

`HISTORY=10000 pytest tests/bot/test_ladder_history.py` lives through a long one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from conversations.concerns.event import Acted, Excluded, HandedOver, NextAction
from conversations.concerns.ladder import look
from conversations.dialogue import Role
from conversations.event import TaskChanged
from conversations.level import Level
from storage import alerts, bodies, duty, events, people, schema, staff, tasks
from storage.database import Database
from storage.handing import ImpossibleStep
from tests.bot.life import JEMBER
from tests.bot.watches import Night, a_night
from tests.storage.builders import a_seat, known

EVENTS = int(os.getenv("HISTORY", "120"))
CANARY = "Dipukul"
"""What was said; it may stand nowhere but in the sealed case."""

_LATEST = timedelta(seconds=60)
_MOST_OPEN = 20
"""Then somebody closes one."""


@dataclass(slots=True)
class History:
    """One programme under chance; `check` says what must hold after whatever happened."""

    night: Night
    dice: Random
    reports: int = 0
    open: list[str] = field(default_factory=list)
    seen: int = 0
    """Calls that were looked at."""
    joined: int = 0

    def step(self) -> None:
        kinds = (
            [self.report] * 4
            + [self.waits] * 6
            + [self.accepts, self.acts, self.plans, self.closes, self.hands_over, self.excludes]
            + [self.blocks, self.comes_back, self.leaves, self.joins, self.stops, self.clock_back]
        )
        full = len(self.open) > _MOST_OPEN
        (self.closes if full else self.dice.choice(kinds))()
        self.night.looks()
        self.check()

    def report(self) -> None:
        code = f"LDK-26-{self.reports:05}"
        staff_ids = tuple(self.night.staff.values())
        excluded = tuple(self.dice.sample(staff_ids, self.dice.choice([0, 0, 0, 1, 2])))
        by = self.dice.choice([*(f"hp-{name}" for name in self.night.staff), "siti", "tun", "iyem"])
        level = self.dice.choice(list(Level))
        outside = self.dice.random() < 0.15
        self.night.report(level, code, by, excluded=excluded, outside=outside, content=CANARY)
        self.reports += 1
        self.open.append(code)

    def waits(self) -> None:
        self.night.lives(minutes=self.dice.choice([1, 10, 15, 60, 300, 1500]))

    def accepts(self) -> None:
        self.happens(lambda code: TaskChanged(code, "accepted"))

    def acts(self) -> None:
        self.happens(lambda code: Acted(code, CANARY))

    def plans(self) -> None:
        at = self.night.now + timedelta(hours=self.dice.randint(1, 90))
        self.happens(lambda code: NextAction(code, CANARY, at))

    def closes(self) -> None:
        """Closed for good, as after a coordinator's word."""
        if self.open:
            code = self.dice.choice(self.open)
            tasks.change(self.night.conn, code, None, tasks.CLOSED, "", self.night.now)

    def hands_over(self) -> None:
        self.happens(lambda code: HandedOver(code, None))

    def excludes(self) -> None:
        person = self.dice.choice(list(self.night.staff.values()))
        self.happens(lambda code: Excluded(code, person))

    def blocks(self) -> None:
        self.night.block(self.dice.choice(list(self.night.staff)))

    def comes_back(self) -> None:
        self.night.conn.execute(update(schema.addresses).values(blocked_at=None))

    def leaves(self) -> None:
        name = self.dice.choice(list(self.night.staff))
        role = a_seat(self.night.conn, f"hp-{name}").person.role
        alike = [one for one in staff.members(self.night.conn) if one.role == role]
        if len(alike) > 1:
            account = known(staff.of_person(self.night.conn, self.night.staff.pop(name)))
            staff.remove(self.night.conn, account, self.night.now)

    def joins(self) -> None:
        self.joined += 1
        role = self.dice.choice([Role.STAFF, Role.STAFF, Role.COORDINATOR, Role.FOCAL])
        name = f"Baru{self.joined}"
        self.night.employ(name, role)
        if role is Role.STAFF:
            self.night.watch(name, rank=self.dice.randint(1, 3))

    def stops(self) -> None:
        self.night.stands_still(minutes=self.dice.choice([20, 180, 3000]))

    def clock_back(self) -> None:
        self.night.now -= timedelta(minutes=self.dice.choice([2, 30, 600, 20_000]))
        alerts.set_back(self.night.conn, self.night.now)

    def happens(self, event: Any) -> None:
        """Somebody does this with some open task; what cannot be done changes nothing."""
        if not self.open:
            return
        code = self.dice.choice(self.open)
        task = known(alerts.ladder(self.night.conn, code))
        able = [n for n, person in self.night.staff.items() if person not in task.kept_out]
        if not able:
            return
        seat = a_seat(self.night.conn, f"hp-{self.dice.choice(able)}")
        conn = self.night.conn
        try:
            with conn.begin_nested():
                events.apply(conn, seat.person, seat.address_id, [event(code)], self.night.now)
        except (ImpossibleStep, events.UnknownSubjectError):
            pass

    def check(self) -> None:
        conn, now = self.night.conn, self.night.now
        for code in list(self.open):
            task = alerts.ladder(conn, code)
            if task is None:
                self.open.remove(code)
            else:
                self.check_open(code, task)
        self.check_calls()
        self.check_words()
        assert now == self.night.now

    def check_open(self, code: str, task: alerts.Ladder) -> None:
        conn, now = self.night.conn, self.night.now
        team = duty.team(conn, now).without(task.kept_out)
        owner = task.standing.owner
        assert owner is not None or not team.everyone, f"{code} has no owner"
        assert task.standing.due_at is not None
        reached = owner is not None and people.reachable(conn, owner) is not None
        standing = task.standing if reached else replace(task.standing, owner=None)
        due_now = look(standing, team, now, JEMBER)
        if due_now.again is None:
            return
        row = conn.execute(
            select(schema.due.c.due_at).where(
                schema.due.c.kind == alerts.ESCALATION,
                schema.due.c.subject == code,
                schema.due.c.outcome == "",
            )
        ).scalar_one()
        by = due_now.again if due_now.call is None else now
        assert row - by <= _LATEST, f"{code} would be called too late"

    def check_calls(self) -> None:
        """Nobody was called who was kept out of it at that moment."""
        conn = self.night.conn
        calls, out, of = schema.alerts.c, schema.case_exclusions.c, schema.tasks.c
        fresh = select(func.max(calls.id))
        newest = conn.execute(fresh).scalar() or 0
        wrong = conn.execute(
            select(calls.code, calls.person_id)
            .join(schema.tasks, of.code == calls.code)
            .outerjoin(
                schema.case_exclusions,
                (out.code == calls.code) & (out.person_id == calls.person_id) & (out.at < calls.at),
            )
            .where(
                calls.id > self.seen,
                (of.about_id == calls.person_id) | out.person_id.is_not(None),
            )
        ).all()
        assert wrong == []
        self.seen = newest

    def check_words(self) -> None:
        """Code and level only: neither what was said nor a name stands in any call."""
        columns = schema.outbox.c
        rows = self.night.conn.execute(
            select(columns.body).where(
                columns.purpose == "alert", columns.body.is_not(None), columns.status == "waiting"
            )
        ).scalars()
        for body in rows:
            said = bodies.opened(self.night.conn, body).text
            assert CANARY.casefold() not in said.casefold()
            assert not any(name in said for name in self.night.staff)
        self.night.conn.execute(
            update(schema.outbox).where(columns.purpose == "alert").values(status="sent")
        )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_every_open_case_has_an_owner_and_is_called_in_time(
    database: Database, seed: int
) -> None:
    def unit(conn: Connection) -> int:
        history = History(a_night(conn), Random(seed))
        for _ in range(EVENTS // 3):
            history.step()
        return history.reports

    assert await database.write(unit) > EVENTS // 30
