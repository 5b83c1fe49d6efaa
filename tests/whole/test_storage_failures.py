"""Each statement of a turn made to fail once: the turn is there whole in the end, or not at all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection

from bot.channels.telegram_rows import Rows
from bot.channels.telegram_updates import parse
from bot.clock import Ticker
from bot.meters import Meters
from bot.receiving import Receiving
from bot.turn import Turns
from storage import due, staff
from storage.database import Database
from storage.sealing import Vault
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_updates import Update
from tests.fakes.telegram_user_side import Person
from tests.whole.failing import Gate, a_bad_disk, a_gate, a_slip
from tests.whole.house import OWNER, PROGRAMME, add_villages
from tests.whole.phones import CHECKIN, FAMILY, REGISTRATION
from tests.whole.snapshot import Snapshot, snapshot

MONDAY: Final = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
WEDNESDAY_EVENING: Final = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
ERRORS: Final = (a_slip, a_bad_disk)
BOT: Final = "7203948571"

REGISTERED = [text for text, _ in (*REGISTRATION, *FAMILY)]
ALL_BUT_SENT = [*REGISTERED, *(text for text, _ in CHECKIN)]


@dataclass(slots=True)
class StillClock:
    """Stands still until it is set; waiting takes no time."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass(slots=True)
class Rig:
    """Receiving, the turn and the clock's work over one database; replies are only collected."""

    database: Database
    clock: StillClock
    receiving: Receiving
    ticker: Ticker
    aside: list[int] = field(default_factory=list)

    async def hears(self, update: Update) -> None:
        """What the platform does: deliver until it is accepted; returns when the turn is over."""
        rows = Rows("telegram", BOT).of([update], int(self.clock.now().timestamp()))
        for _ in range(3):
            try:
                await self.receiving.accept(rows)
                break
            except Exception:
                continue
        async with asyncio.timeout(10):
            while self.receiving.open_turns:
                await asyncio.sleep(0.0005)

    async def ticks(self) -> None:
        """What the scheduler does: tick again and again, also after a tick that failed."""
        for _ in range(4):
            try:
                await self.ticker.tick()
            except Exception:
                continue


@asynccontextmanager
async def a_rig(file: Path, vault: Vault, clock: StillClock) -> AsyncIterator[Rig]:
    steady = count(0, 100)
    async with await Database.open(f"sqlite:///{file}", vault=vault) as database:
        turns = Turns(PROGRAMME, parsers={"telegram": parse}, owner=OWNER, now=clock.now)
        aside: list[int] = []
        receiving = Receiving(
            database,
            take_turn=turns.take,
            explain=turns.explain,
            hand_over=lambda _: None,
            clock=clock,
            meters=Meters(),
            on_quarantine=lambda id_, _: aside.append(id_),
        )
        ticker = Ticker(
            database,
            wake=turns.wake,
            hand_over=lambda _: None,
            clock=clock,
            monotonic=lambda: float(next(steady)),
        )
        yield Rig(database, clock, receiving, ticker, aside)


Act = Callable[[Rig], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was before, and the turn in question."""

    before: Callable[[Rig, Person, Person], Awaitable[None]]
    turn: Callable[[Person, Person], Act]


def _said(texts: Sequence[str]) -> Callable[[Rig, Person, Person], Awaitable[None]]:
    async def before(rig: Rig, siti: Person, dimas: Person) -> None:
        code = await rig.database.write(lambda conn: staff.add(conn, "Dimas", "staff", MONDAY))
        await rig.hears(dimas.says(code))
        for text in texts:
            await rig.hears(siti.says(text))

    return before


def _hears(does: Callable[[Person, Person], Update]) -> Callable[[Person, Person], Act]:
    def turn(siti: Person, dimas: Person) -> Act:
        update = does(siti, dimas)
        return lambda rig: rig.hears(update)

    return turn


async def _wednesday_comes(rig: Rig) -> None:
    rig.clock.at = WEDNESDAY_EVENING + timedelta(minutes=1)
    await rig.ticks()


SCENARIOS = {
    "hello": Scenario(_said([]), _hears(lambda siti, _: siti.says("/start"))),
    "consent": Scenario(_said(["/start", "1", "1", "1"]), _hears(lambda siti, _: siti.says("3"))),
    "registration end": Scenario(_said(REGISTERED[:-1]), _hears(lambda siti, _: siti.says("1"))),
    "danger word": Scenario(
        _said(REGISTERED), _hears(lambda siti, _: siti.says("cucu saya dipukul bapaknya"))
    ),
    "check-in finish": Scenario(_said(ALL_BUT_SENT), _hears(lambda siti, _: siti.says("1"))),
    "voice note": Scenario(_said(REGISTERED), _hears(lambda siti, _: siti.sends_voice(b"OggS"))),
    "erasure": Scenario(
        _said([*REGISTERED, "HAPUS DATA SAYA"]),
        _hears(lambda _, dimas: dimas.says("hapus LDK-26-0001 sudah dipastikan")),
    ),
    "wake of a check-in": Scenario(_said(REGISTERED), lambda _, __: _wednesday_comes),
}


TRIES = 12
"""Two units may or may not share a transaction: then a COMMIT and its company come or do not."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database as it was before the turn, what the turn changes, and the turn."""

    file: Path
    act: Act
    before: Snapshot
    after: Snapshot
    statements: int


async def _prepared(scenario: Scenario, template: Path, folder: Path, vault: Vault) -> Prepared:
    fake = FakeTelegram(clock=MONDAY.timestamp)
    siti, dimas = fake.user("Siti"), fake.user("Dimas")
    file = folder / "before.db"
    shutil.copy(template, file)
    async with a_rig(file, vault, StillClock()) as rig:
        await rig.database.write(add_villages)
        await scenario.before(rig, siti, dimas)
        assert not rig.aside
    act = scenario.turn(siti, dimas)
    before = await _left(file, folder, vault, None, Gate())
    begun: list[int] = []
    for _ in range(3):
        gate = Gate()
        after = await _left(file, folder, vault, act, gate)
        begun.append(len(gate.begun))
    assert after != before
    return Prepared(file, act, before, after, min(begun))


async def _left(file: Path, folder: Path, vault: Vault, act: Act | None, gate: Gate) -> Snapshot:
    """What the database holds after the turn, seen through a fresh start."""
    copy = folder / "copy.db"
    for old in folder.glob("copy.db*"):
        old.unlink()
    shutil.copy(file, copy)
    with a_gate(gate):
        async with a_rig(copy, vault, StillClock()) as rig:
            if act is not None:
                gate.armed = True
                await act(rig)
                gate.armed = False
                assert not rig.aside
            return await rig.database.write(snapshot)


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_whatever_statement_fails_the_turn_is_whole(
    sqlite_template: Path, tmp_path: Path, vault: Vault, name: str, thorough: bool
) -> None:
    prepared = await _prepared(SCENARIOS[name], sqlite_template, tmp_path, vault)
    assert prepared.statements > 10

    for nth in range(1, prepared.statements + 1):
        for error in ERRORS if thorough else ERRORS[nth % 2 :][:1]:
            for _ in range(TRIES):
                gate = Gate(nth, error)
                left = await _left(prepared.file, tmp_path, vault, prepared.act, gate)
                assert left == prepared.after, f"{name}: {error.__name__} at {nth}: {gate.failed}"
                if gate.failed:
                    break
            assert gate.failed, f"{name}: statement {nth} did not come"
    print(f"{name}: {prepared.statements} statements")


def _due_now(conn: Connection) -> list[str]:
    return [row.kind for row in due.next_due(conn, WEDNESDAY_EVENING, 10)]


async def test_the_gate_is_below_sqlalchemy(sqlite_template: Path, tmp_path: Path) -> None:
    file = tmp_path / "kawan.db"
    shutil.copy(sqlite_template, file)
    gate = Gate()

    with a_gate(gate):
        async with await Database.open(f"sqlite:///{file}", vault=Vault([b"k" * 32])) as database:
            gate.armed = True
            await database.write(_due_now)
            gate.armed = False

    assert gate.begun[0] == "BEGIN IMMEDIATE"
    assert "COMMIT" in gate.begun
    assert any(statement.startswith("SELECT") for statement in gate.begun)
