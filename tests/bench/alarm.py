"""From a cry for help to the first alert, while 500 people chat as fast as they are answered.

    python -m tests.bench.alarm

A report is measured from the moment its update is queued at the fake: until the first alert with
its code stands in the outbox, committed (somebody else's connection sees it; looked at every few
milliseconds), and until the platform has accepted it. Reporters are strangers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shlex
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from rich.console import Console
from sqlalchemy import Connection, text

from bot import keys
from bot.settings import Settings
from conversations.dialogue import PersonId, Role
from storage import people, staff
from storage.database import Database
from storage.people import Newcomer
from storage.schema import to_ms
from tests.bench.candidates import OURS, at_home
from tests.fakes.people import Crowd, percentile
from tests.fakes.telegram import FakeTelegram

PEOPLE, REPORTS_PER_SECOND, SECONDS, WARM_UP = 500, 3.0, 50.0, 3.0
LOOK = 0.004
STAFF_CHATS = (7_900_000_001, 7_900_000_002, 7_900_000_003)
FIRST_REPORTER = 7_800_000_001
CRIES = (
    "cucu saya dipukuli bapaknya tadi malam sampai berdarah",
    "anak tetangga hilang dari kemarin sore belum pulang",
    "aku pengen mati saja, sudah tidak kuat",
    "bayinya kejang dan tidak mau minum sama sekali",
)


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float
    slowest: float

    @classmethod
    def of(
        cls, told: Mapping[int, float], chats: Mapping[str, int], at: Mapping[str, float]
    ) -> Waits:
        waited = sorted(
            1000 * (at[code] - told[chat])
            for code, chat in chats.items()
            if chat in told and code in at
        )
        shares = (percentile(waited, share) for share in (0.50, 0.95, 0.99))
        return cls(*shares, slowest=waited[-1] if waited else 0.0)


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds from message to first alert: queued, and accepted by the platform.

    `silent` reports had none in time.
    """

    people: int
    exchanges_per_second: float
    reports: int
    silent: int
    queued: Waits
    accepted: Waits


async def measure(people: int = PEOPLE, seconds: float = SECONDS) -> Result:
    """A fresh fake and bot, a crowd that sets the pace, and a report every few milliseconds."""
    async with FakeTelegram() as fake:
        for chat in STAFF_CHATS:
            fake.meet(chat)
        seeding = f"{shlex.quote(sys.executable)} -m tests.bench.alarm --seed"
        bot = replace(OURS, prepared_by=(*OURS.prepared_by, seeding))
        with (
            tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder,
            at_home(bot, fake, Path(folder)) as start,
        ):
            gc.disable()
            async with start():
                crowd = Crowd(fake, OURS.script)
                chatting = asyncio.create_task(crowd.closed_loop(people, seconds, WARM_UP))
                rows = Path(folder) / "data" / "kawan.db"
                queued: dict[str, float] = {}
                looking = asyncio.create_task(_look(rows, fake, queued))
                await asyncio.sleep(WARM_UP)
                told = await _reports(fake, seconds)
                timings = await chatting
                await asyncio.sleep(2.0)
                looking.cancel()
            accepted = _first_alerts(fake)
            chats = _chats(rows)
    heard = sum(1 for code, chat in chats.items() if chat in told and code in accepted)
    return Result(
        people=people,
        exchanges_per_second=timings.per_second,
        reports=len(told),
        silent=len(told) - heard,
        queued=Waits.of(told, chats, queued),
        accepted=Waits.of(told, chats, accepted),
    )


async def _look(rows: Path, fake: FakeTelegram, queued: dict[str, float]) -> None:
    """Notes when a connection that only reads sees each first alert; never returns."""
    with closing(sqlite3.connect(f"file:{rows}?mode=ro", uri=True)) as reading:
        last = 0
        while True:
            found = reading.execute("SELECT id, code FROM alerts WHERE id > ? ORDER BY id", (last,))
            for id_, code in found.fetchall():
                last = id_
                queued.setdefault(code, fake.world.clock())
            await asyncio.sleep(LOOK)


async def _reports(fake: FakeTelegram, seconds: float) -> dict[int, float]:
    """When each stranger wrote, by chat, on the clock of the fake."""
    told: dict[int, float] = {}
    begun = time.perf_counter()
    while (now := time.perf_counter()) - begun < seconds - 1.0:
        if len(told) >= (now - begun) * REPORTS_PER_SECOND:
            await asyncio.sleep(0.005)
            continue
        chat = FIRST_REPORTER + len(told)
        told[chat] = fake.world.clock()
        fake.user("Orang", id=chat).says(CRIES[len(told) % len(CRIES)])
    return told


def _first_alerts(fake: FakeTelegram) -> Mapping[str, float]:
    """When the first alert of each code arrived at anybody of staff."""
    found: dict[str, float] = {}
    for sent in fake.sent:
        if sent.chat_id in STAFF_CHATS and sent.text.startswith("MERAH"):
            code = sent.text.split("\n")[0].split()[-1]
            found[code] = min(found.get(code, sent.at), sent.at)
    return found


def _chats(rows: Path) -> Mapping[str, int]:
    """Whose report each code is, by chat."""
    with closing(sqlite3.connect(f"file:{rows}?mode=ro", uri=True)) as reading:
        found = reading.execute(
            "SELECT t.code, a.address FROM tasks t JOIN addresses a ON a.person_id = t.about_id"
            " WHERE t.level = 'merah'"
        ).fetchall()
    return {code: int(address) for code, address in found}


async def seed() -> None:
    """Three members of staff in their chats, two of them on duty."""
    settings, now = Settings(_env_file=None), datetime.now(UTC)
    account = settings.telegram_token.get_secret_value().partition(":")[0]

    def unit(conn: Connection) -> None:
        for number, chat in enumerate(STAFF_CHATS):
            newcomer = Newcomer("id", "Asia/Jakarta")
            seat = people.at_address(conn, "telegram", account, str(chat), now, newcomer)
            code = staff.add(conn, f"Petugas {number}", Role.STAFF, now)
            found = staff.by_code(conn, code, now)
            assert found is not None
            staff.join(conn, found, seat.person.id, now)
            if number < 2:
                _on_duty(conn, seat.person.id, number + 1, now)

    async with await Database.open(
        settings.database, vault=keys.load(settings).vault()
    ) as database:
        await database.write(unit)


def _on_duty(conn: Connection, person: PersonId, rank: int, now: datetime) -> None:
    duty = conn.execute(
        text(
            "INSERT INTO duties (person_id, begins, ends, first, rank, created_at)"
            " VALUES (:p, '00:00', '00:00', '2026-01-01', :r, :now) RETURNING id"
        ),
        {"p": person, "r": rank, "now": to_ms(now)},
    ).scalar_one()
    conn.execute(
        text(
            "INSERT INTO shifts (duty_id, person_id, starts_at, ends_at, rank, ready_at)"
            " VALUES (:d, :p, :now, :until, :r, :now)"
        ),
        {
            "d": duty,
            "p": person,
            "r": rank,
            "now": to_ms(now),
            "until": to_ms(now + timedelta(hours=12)),
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.alarm", description=__doc__)
    parser.add_argument("--seed", action="store_true", help="write staff into an empty database")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if arguments.seed:
            runner.run(seed())
            return
        load = os.getloadavg()[0]
        result = runner.run(measure())
    Console().print(
        f"{result.people} people chatting, {result.exchanges_per_second:.0f} exchanges/s;"
        f" {result.reports} reports, without an alert {result.silent}"
    )
    for what, waits in (("queued", result.queued), ("accepted", result.accepted)):
        Console().print(
            f"message to first alert {what}: p50 {waits.p50:.0f} ms, p95 {waits.p95:.0f},"
            f" p99 {waits.p99:.0f}, slowest {waits.slowest:.0f}"
        )
    if arguments.json:
        figures = {"load": load, "cores": os.cpu_count(), "result": asdict(result)}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
