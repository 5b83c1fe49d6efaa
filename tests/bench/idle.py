"""What the clock costs: an idle tick beside a million planned things, and a session's stage of 200.

    python -m tests.bench.idle --people 1000000

All in this process, on an SQLite file in a temporary folder; medians of many ticks.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import uvloop
from rich.console import Console
from sqlalchemy import Connection, text

from bot.clock import Ticker, WallClock
from bot.planned import KINDS, Planning
from conversations.schools.session import Stage
from storage import due
from storage.database import Database
from storage.schema import to_ms
from storage.sealing import Vault
from storage.world import Programme
from tests.bench.seeding import morning_zone, people

TICKS = 200
STAGES = 9
SCHOOL = 200
_CHUNK = 20_000

_DUE = text(
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES ('checkin', :subject, :id, :at)"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds, medians."""

    idle_tick: float
    stage: float


def planned(conn: Connection, first: int, last: int, at: datetime) -> None:
    """Something for each of these people, in the future."""
    rows = [{"subject": f"r1:{id_}", "id": id_, "at": to_ms(at)} for id_ in range(first, last)]
    conn.execute(_DUE, rows)


def school(conn: Connection, now: datetime) -> None:
    """A school of the first people, and sessions in the next days, each to be announced now."""
    values = {"now": to_ms(now), "number": SCHOOL}
    conn.execute(
        text(
            "INSERT INTO schools (id, village_id, kind, name, code, created_at)"
            " VALUES (1, 1, 'bok_ebok', 'Sekolah Bok-Ebok', 'BOK-SBS', :now)"
        ),
        values,
    )
    conn.execute(
        text(
            "INSERT INTO enrolments (school_id, person_id, number, at)"
            " SELECT 1, id, id, :now FROM people WHERE id <= :number"
        ),
        values,
    )
    for number in range(1, STAGES + 1):
        starts = now + timedelta(days=1 + number)
        conn.execute(
            text(
                "INSERT INTO sessions (id, school_id, topic, place, starts_at, ends_at, created_at)"
                " VALUES (:id, 1, 'Gizi anak', 'balai desa', :starts, :ends, :now)"
            ),
            {**values, "id": number, "starts": to_ms(starts), "ends": to_ms(starts) + 7_200_000},
        )
        due.plan(conn, "session", f"{number}:{Stage.INVITE}", None, now, None)


async def measure(number: int) -> Figures:
    """Fill a database and look at the clock."""
    with tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder:
        url, vault = f"sqlite:///{Path(folder) / 'kawan.db'}", Vault([os.urandom(32)])
        now = datetime.now(UTC)
        async with await Database.open(url, vault=vault) as database:
            zone = morning_zone(now)
            await database.write(lambda conn: people(conn, number, "bench", zone, now))
            later = now + timedelta(days=1)
            for first in range(1, number + 1, _CHUNK):
                last = min(first + _CHUNK, number + 1)
                await database.write(
                    lambda conn, first=first, last=last: planned(conn, first, last, later)
                )
            idle = await idle_tick(database)
            await database.write(lambda conn: school(conn, now))
            return Figures(idle, await stage(database, now))


async def idle_tick(database: Database) -> float:
    """How long a look at the clock takes when nothing is due, in milliseconds."""
    ticker = Ticker(
        database, wake=lambda conn, row: (), hand_over=lambda _: None, clock=WallClock()
    )
    return await _median_of(ticker.look, TICKS)


async def stage(database: Database, now: datetime) -> float:
    """How long inviting a whole school takes as one unit, in milliseconds."""
    planning = Planning(now, Programme("Bench"), None)
    times = [
        await database.write(partial(_announced, number, planning))
        for number in range(1, STAGES + 1)
    ]
    invited = await database.read(
        lambda conn: conn.execute(text("SELECT count(*) FROM outbox")).scalar_one()
    )
    if invited != STAGES * SCHOOL:
        raise RuntimeError(f"{invited} invitations instead of {STAGES * SCHOOL}")
    return 1000 * median(times)


def _announced(number: int, planning: Planning, conn: Connection) -> float:
    row = due.still_due(conn, "session", f"{number}:{Stage.INVITE}", planning.now)
    assert row is not None
    began = time.perf_counter()
    KINDS["session"](conn, row, planning)
    return time.perf_counter() - began


async def _median_of(job: Callable[[], Awaitable[None]], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await job()
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)


def show(figures: Figures, number: int, console: Console) -> None:
    """Two lines."""
    console.print(f"idle tick, {number:,} planned   {figures.idle_tick:8.3f} ms")
    console.print(f"inviting a school of {SCHOOL}       {figures.stage:8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.idle", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    number = parser.parse_args().people
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        show(runner.run(measure(number)), number, Console())


if __name__ == "__main__":
    main()
