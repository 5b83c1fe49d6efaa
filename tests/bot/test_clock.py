"""The ticker does due work once, counts what fails, and follows the clock wherever it goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from bot.clock import (
    AT_ONCE,
    HOLD,
    TICK,
    MovableClock,
    Scheduler,
    Ticker,
    WallClock,
    ahead,
    set_ahead,
)
from conversations.event import TaskOpened
from conversations.level import Level
from storage import due, tasks
from storage.database import Database, DatabaseFull
from storage.due import DueRow
from storage.outbox import Claimed
from tests.bot.posts import FillingDatabase

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class SetClock:
    """A clock that a test sets, with the steady seconds beside it."""

    def __init__(self) -> None:
        self.at = NOW
        self.steady = 1000.0

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.steady += seconds


class Work:
    """What is due; fails for the subjects it is told, and settles the others."""

    def __init__(self, failing: Sequence[str] = (), full: int = 0) -> None:
        self.failing = failing
        self.full = full
        self.tried: list[str] = []
        self.done: list[str] = []

    def __call__(self, conn: Connection, row: DueRow) -> Sequence[Claimed]:
        self.tried.append(row.subject)
        if self.full:
            self.full -= 1
            raise DatabaseFull("no room")
        if row.subject in self.failing:
            raise KeyError("Mbah Siti")
        due.settle(conn, row.kind, row.subject, "done")
        self.done.append(row.subject)
        return ()


async def plan(
    database: Database, subject: str, at: datetime, expires_at: datetime | None = None
) -> None:
    await database.write(lambda conn: due.plan(conn, "nudge", subject, None, at, expires_at))


async def outcomes(database: Database) -> dict[str, str]:
    rows = await database.read(lambda conn: conn.execute(text("SELECT subject, outcome FROM due")))
    return {row.subject: row.outcome for row in rows}


def ticker_of(database: Database, work: Work, clock: SetClock) -> Ticker:
    return Ticker(
        database,
        wake=work,
        hand_over=lambda _: None,
        clock=clock,
        monotonic=lambda: clock.steady,
    )


async def test_due_work_is_done_once_and_future_work_waits(lite: Database) -> None:
    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "now", NOW - MINUTE)
    await plan(lite, "later", NOW + MINUTE)

    await ticker.catch_up()
    await ticker.catch_up()

    assert work.done == ["now"]

    clock.pass_(61)
    await ticker.catch_up()

    assert work.done == ["now", "later"]


async def test_what_was_written_is_handed_over(lite: Database) -> None:
    clock, handed = SetClock(), []
    ticker = Ticker(lite, wake=Work(), hand_over=handed.append, clock=clock)
    await plan(lite, "now", NOW)

    await ticker.tick()

    assert handed == [()]


async def test_work_that_keeps_failing_is_settled_and_blocks_nobody(lite: Database) -> None:
    clock, work = SetClock(), Work(failing=["bad"])
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "bad", NOW - 2 * MINUTE)
    await plan(lite, "good", NOW - MINUTE)

    await ticker.catch_up()

    assert work.done == ["good"]
    assert work.tried.count("bad") == 1

    for _ in range(3):
        clock.pass_(60)
        await ticker.catch_up()

    assert work.tried.count("bad") == 3
    settled = (await outcomes(lite))["bad"]
    assert settled.startswith("failed: KeyError")
    assert "Siti" not in settled


async def test_forty_failing_pieces_do_not_hide_the_one_behind_them(lite: Database) -> None:
    clock, bad = SetClock(), [f"bad{n}" for n in range(40)]
    work = Work(failing=bad)
    ticker = ticker_of(lite, work, clock)
    for subject in bad:
        await plan(lite, subject, NOW - MINUTE)
    await plan(lite, "good", NOW)

    await ticker.catch_up()

    assert work.done == ["good"]


async def attempted(database: Database, subject: str) -> None:
    def unit(conn: Connection) -> bool:
        row = due.still_due(conn, "nudge", subject, NOW)
        return row is not None and due.count_attempt(conn, row)

    assert await database.write(unit)


async def test_work_that_killed_every_process_is_given_up(lite: Database) -> None:
    clock, work = SetClock(), Work()
    await plan(lite, "deadly", NOW)
    for _ in range(3):
        await attempted(lite, "deadly")
    ticker = ticker_of(lite, work, clock)

    await ticker.catch_up()
    at_first = await outcomes(lite)
    clock.pass_(31)
    await ticker.catch_up()

    assert at_first["deadly"] == "", "another process may be at it"
    assert work.tried == []
    assert (await outcomes(lite))["deadly"] == "failed: the process ended during every attempt"


async def test_work_that_another_process_goes_on_with_is_not_given_up(lite: Database) -> None:
    clock, work = SetClock(), Work()
    await plan(lite, "long", NOW)
    for _ in range(3):
        await attempted(lite, "long")
    ticker = ticker_of(lite, work, clock)
    await ticker.catch_up()

    await lite.write(lambda conn: due.advance(conn, "nudge", "long", "200"))
    clock.pass_(31)
    await ticker.catch_up()

    assert work.done == ["long"]


async def test_of_two_processes_one_makes_the_attempt(lite: Database) -> None:
    clock, work = SetClock(), Work()
    await plan(lite, "shared", NOW)
    here, there = ticker_of(lite, work, clock), ticker_of(lite, work, clock)

    tried = await asyncio.gather(here.tick(), there.tick())

    assert sorted(tried) == [0, 1]
    assert work.tried == ["shared"]


async def test_work_that_plans_all_other_work_is_never_given_up(lite: Database) -> None:
    clock, work = SetClock(), Work(failing=["1"])
    await lite.write(lambda conn: due.plan(conn, "rule", "1", None, NOW, None))
    ticker = ticker_of(lite, work, clock)
    for _ in range(9):
        await ticker.catch_up()
        clock.pass_(640)
    tried = len(work.tried)

    work.failing = ()
    await ticker.catch_up()

    assert tried == 9
    assert work.done == ["1"]


async def test_a_full_disk_is_waited_for_and_is_no_attempt(lite: Database) -> None:
    clock, work = SetClock(), Work(full=5)
    await plan(lite, "one", NOW)

    await ticker_of(lite, work, clock).catch_up()

    assert work.done == ["one"]


async def test_what_comes_too_late_is_recorded_as_missed(lite: Database) -> None:
    clock, work = SetClock(), Work()
    await plan(lite, "late", NOW - 30 * MINUTE, NOW - MINUTE)

    await ticker_of(lite, work, clock).catch_up()

    assert work.tried == []
    assert (await outcomes(lite))["late"].startswith("missed: 30 minutes late")


async def test_a_clock_that_leapt_ahead_and_came_back_misses_nothing(lite: Database) -> None:
    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "tomorrow", NOW + timedelta(days=1), NOW + timedelta(days=2))
    await ticker.tick()

    clock.at += timedelta(days=365)
    await ticker.tick()
    clock.at -= timedelta(days=365)
    clock.pass_(5)
    await ticker.catch_up()

    assert await outcomes(lite) == {"tomorrow": ""}


async def test_a_clock_that_stays_ahead_is_believed_after_a_minute(lite: Database) -> None:
    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "tomorrow", NOW + timedelta(days=1))
    await ticker.tick()

    clock.at += timedelta(days=2)
    await ticker.tick()

    assert work.done == []

    clock.pass_(HOLD + 1)
    await ticker.tick()

    assert work.done == ["tomorrow"]


async def test_a_clock_set_back_does_nothing_twice(lite: Database) -> None:
    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "one", NOW)
    await ticker.tick()

    clock.at -= timedelta(hours=3)
    clock.steady += 1
    await ticker.catch_up()
    clock.at += timedelta(hours=3)
    clock.steady += HOLD + 1
    await ticker.catch_up()

    assert work.done == ["one"]


async def test_a_ticker_that_nobody_ticks_is_not_healthy(lite: Database) -> None:
    clock = SetClock()
    ticker = ticker_of(lite, Work(), clock)
    await ticker.tick()

    assert ticker.healthy() == ""

    clock.pass_(31)

    assert ticker.healthy() != ""


async def test_moving_the_clock_wakes_those_who_sleep_by_it() -> None:
    clock = MovableClock()
    sleeping = asyncio.ensure_future(clock.sleep(3600))
    await asyncio.sleep(0)

    clock.advance(timedelta(minutes=30))
    await asyncio.sleep(0.01)

    assert not sleeping.done()

    clock.advance(timedelta(minutes=31))

    await asyncio.wait_for(sleeping, 1)


def test_the_clock_is_never_moved_back() -> None:
    with pytest.raises(ValueError, match="ahead"):
        MovableClock().advance(timedelta(seconds=-1))


async def test_the_offset_survives_a_restart(lite: Database) -> None:
    offset = timedelta(days=3, milliseconds=5)

    await lite.write(lambda conn: set_ahead(conn, offset))

    assert await lite.read(ahead) == offset


async def test_a_job_that_fails_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    scheduler, ran = Scheduler(UTC), asyncio.Event()
    times = 0

    async def job() -> None:
        nonlocal times
        times += 1
        if times == 2:
            ran.set()
        raise KeyError("Mbah Siti")

    scheduler.every(0.01, job)
    scheduler.start()
    await asyncio.wait_for(ran.wait(), 2)
    await scheduler.stop()

    written = capsys.readouterr()
    assert "a job failed" in written.out + written.err
    assert "Siti" not in written.out + written.err


async def test_a_clock_set_back_does_not_stop_the_ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler, ran = Scheduler(UTC), asyncio.Event()

    async def job() -> None:
        ran.set()

    monkeypatch.setattr("bot.clock._WATCH", 0.01)
    scheduler.every(0.05, job)
    scheduler.start()
    real = time.time
    await asyncio.sleep(0)
    [waiting] = scheduler._scheduler.get_jobs()
    waiting.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
    monkeypatch.setattr("bot.clock.time.time", lambda: real() - 3600)

    await asyncio.wait_for(ran.wait(), 2)
    await scheduler.stop()


async def test_work_that_goes_on_is_gone_on_with_at_once(lite: Database) -> None:
    clock, parts = SetClock(), []

    def part(conn: Connection, row: DueRow) -> Sequence[Claimed]:
        parts.append(row.cursor)
        if len(parts) < 5:
            due.plan(conn, row.kind, row.subject, None, clock.now(), None)
        else:
            due.settle(conn, row.kind, row.subject, "done")
        return ()

    ticker = Ticker(
        lite, wake=part, hand_over=lambda _: None, clock=clock, monotonic=lambda: clock.steady
    )
    await plan(lite, "long", NOW)

    await ticker.look()

    assert len(parts) == 5


async def test_a_look_without_work_writes_nothing(lite: Database) -> None:
    counted = FillingDatabase(lite)
    ticker = ticker_of(counted, Work(), SetClock())  # type: ignore[arg-type]
    await plan(lite, "later", NOW + timedelta(hours=1))

    await ticker.look()

    assert counted.written == 0


async def test_a_look_ends_before_the_next_one_begins(lite: Database) -> None:
    clock, parts = SetClock(), 0

    def endless(conn: Connection, row: DueRow) -> Sequence[Claimed]:
        nonlocal parts
        parts += 1
        clock.pass_(0.02)
        due.advance(conn, row.kind, row.subject, str(parts))
        return ()

    ticker = Ticker(
        lite, wake=endless, hand_over=lambda _: None, clock=clock, monotonic=lambda: clock.steady
    )
    await plan(lite, "endless", NOW)
    began = clock.steady

    await ticker.look()

    assert clock.steady - began < TICK
    assert 10 <= parts <= 15  # a third of the time


async def test_work_for_many_goes_part_by_part_and_writers_come_in_between(lite: Database) -> None:
    clock, order = SetClock(), []

    def part(conn: Connection, row: DueRow) -> Sequence[Claimed]:
        order.append(row.subject)
        due.settle(conn, row.kind, row.subject, "done")
        return ()

    def somebody_writes(_: object) -> None:
        if len(order) == 1:
            lite.submit(lambda conn: order.append("reply"))

    ticker = Ticker(lite, wake=part, hand_over=somebody_writes, clock=clock)
    for subject in ("a", "b", "c"):
        await plan(lite, subject, NOW)

    await ticker.tick()

    assert order == ["a", "reply", "b", "c"]


async def test_long_work_lets_the_others_have_their_turn(lite: Database) -> None:
    clock, done = SetClock(), []

    def part(conn: Connection, row: DueRow) -> Sequence[Claimed]:
        done.append(row.subject)
        if row.subject.startswith("long"):
            due.advance(conn, row.kind, row.subject, "x")
        else:
            due.settle(conn, row.kind, row.subject, "done")
        return ()

    ticker = Ticker(lite, wake=part, hand_over=lambda _: None, clock=clock)
    for number in range(AT_ONCE):
        await plan(lite, f"long{number}", NOW - MINUTE)
    await plan(lite, "short", NOW)

    await ticker.tick()
    await ticker.tick()

    assert done[AT_ONCE] == "short"


async def test_what_falls_due_before_the_next_tick_is_done_at_its_moment(lite: Database) -> None:
    began = time.monotonic()
    work = Work()
    soon = datetime.now(UTC) + timedelta(seconds=0.1)
    ticker = Ticker(lite, wake=work, hand_over=lambda _: None, clock=WallClock())
    await plan(lite, "soon", soon)

    await ticker.look()
    async with asyncio.timeout(2):
        while not work.done:
            await asyncio.sleep(0.005)
    took = time.monotonic() - began
    await ticker.stop()

    assert 0.09 <= took < 0.9


async def test_what_was_just_planned_does_not_wait_for_the_next_tick(lite: Database) -> None:
    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    await plan(lite, "now", NOW)

    ticker.wake()
    async with asyncio.timeout(2):
        while not work.done:
            await asyncio.sleep(0.005)
    await ticker.stop()

    assert work.done == ["now"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_when_the_clock_goes_back_urgent_tasks_are_looked_at_at_once(
    lite: Database, restarted: bool
) -> None:
    def unit(conn: Connection) -> None:
        later = NOW + timedelta(days=365)
        opened = TaskOpened(
            "LDK-26-0001", "concern", Level.MERAH, later + timedelta(hours=1), "reason.words"
        )
        tasks.open_(conn, None, opened, later)

    clock, work = SetClock(), Work()
    ticker = ticker_of(lite, work, clock)
    clock.at = NOW + timedelta(days=365)
    await ticker.tick()
    await lite.write(unit)
    clock.at = NOW
    if restarted:
        ticker = ticker_of(lite, work, clock)

    await ticker.tick()

    assert work.done == ["LDK-26-0001"]
