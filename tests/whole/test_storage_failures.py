"""Each statement of a turn made to fail once: the turn is there whole in the end, or not at all.

On Telegram and on WhatsApp; there also what the platform tells besides, and words that only knock.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from sqlalchemy import Connection, select

from bot.channels import telegram_updates, whatsapp_updates
from bot.clock import Ticker
from bot.meters import Meters
from bot.receiving import Receiving
from bot.turn import Turns
from conversations.message import Template
from conversations.templates import CHECKIN as CHECKIN_OPENING
from locales.templates import templates as declared
from storage import due, outbox, rules, staff, templates
from storage.database import Database
from storage.facts import StatusTold
from storage.outbox import Result, Status
from storage.schema import outbox as outbox_table
from storage.sealing import Vault
from storage.templates import Found
from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.fakes.telegram import FakeTelegram
from tests.whole.failing import Gate, a_bad_disk, a_gate, a_slip
from tests.whole.house import OWNER, PROGRAMME, add_villages
from tests.whole.phones import CHECKIN, FAMILY, REGISTRATION, Phones
from tests.whole.snapshot import Snapshot, snapshot
from tests.whole.wire import Told, rows_of

MONDAY: Final = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
WEDNESDAY_EVENING: Final = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
ERRORS: Final = (a_slip, a_bad_disk)
KNOCK: Final = Template(CHECKIN_OPENING, ("Mbah",))
PARSERS: Final = {"telegram": telegram_updates.parse, "whatsapp": whatsapp_updates.parse}
T = TypeVar("T")

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

    async def hears(self, told: Told) -> None:
        """What the platform does: deliver until it is accepted; returns when the turn is over."""
        [rows] = rows_of([told], int(self.clock.now().timestamp()))
        await self._again(lambda: self.receiving.accept(rows))
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

    async def notes(self, told: StatusTold) -> None:
        """The same of what became of a message."""
        await self._again(lambda: self.receiving.note([told]))

    async def posts(self) -> None:
        """What delivery does on WhatsApp: take what may leave, send it, write down that it went."""
        now = self.clock.now()
        until = now + timedelta(minutes=5)
        claimed = await self._again(
            lambda: self.database.write(
                lambda conn: outbox.claim(conn, OWNER, now, until, 40, channel="whatsapp")
            )
        )
        assert [one.message.template for one in claimed] == [KNOCK]
        results = [Result(one.id, Status.SENT, platform_id=f"wamid.{one.id}") for one in claimed]
        await self._again(
            lambda: self.database.write(lambda conn: outbox.record(conn, results, now))
        )

    async def _again(self, does: Callable[[], Awaitable[T]]) -> T:
        for _ in range(3):
            try:
                return await does()
            except Exception as error:
                failed = error
        raise failed


@asynccontextmanager
async def a_rig(file: Path, vault: Vault, clock: StillClock) -> AsyncIterator[Rig]:
    steady = count(0, 100)
    async with await Database.open(f"sqlite:///{file}", vault=vault) as database:
        turns = Turns(PROGRAMME, parsers=PARSERS, owner=OWNER, now=clock.now)
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
    """What was before, and the turn in question; `shows` is a part of a row that only it makes."""

    before: Callable[[Rig, Any, Any], Awaitable[None]]
    turn: Callable[[Any, Any], Act]
    shows: str = ""


def _said(texts: Sequence[str]) -> Callable[[Rig, Any, Any], Awaitable[None]]:
    async def before(rig: Rig, siti: Any, dimas: Any) -> None:
        code = await rig.database.write(lambda conn: staff.add(conn, "Dimas", "staff", MONDAY))
        await rig.hears(dimas.says(code))
        for text in texts:
            await rig.hears(siti.says(text))

    return before


def _hears(does: Callable[[Any, Any], Told]) -> Callable[[Any, Any], Act]:
    def turn(siti: Any, dimas: Any) -> Act:
        told = does(siti, dimas)
        return lambda rig: rig.hears(told)

    return turn


async def _wednesday_comes(rig: Rig) -> None:
    rig.clock.at = WEDNESDAY_EVENING + timedelta(minutes=1)
    await rig.ticks()


async def _registered_and_planned(rig: Rig, siti: Any, dimas: Any) -> None:
    """It is the minute before her check-in; everything else that was due is done."""
    await _said(REGISTERED)(rig, siti, dimas)
    rig.clock.at = WEDNESDAY_EVENING - timedelta(minutes=1)
    await rig.ticks()


async def _registered_and_asked(rig: Rig, siti: Any, dimas: Any) -> None:
    """Two days later her check-in is due, and her window is closed."""
    await _registered_and_planned(rig, siti, dimas)
    await rig.database.write(_all_answers_went)
    await rig.database.write(_approved)
    await _wednesday_comes(rig)


async def _registered_and_knocked(rig: Rig, siti: Any, dimas: Any) -> None:
    await _registered_and_asked(rig, siti, dimas)
    await rig.posts()


def _all_answers_went(conn: Connection) -> None:
    open_ = conn.execute(select(outbox_table.c.id).where(outbox_table.c.status == "sending"))
    outbox.record(conn, [Result(id_, Status.SENT) for id_ in open_.scalars()], MONDAY)


def _approved(conn: Connection) -> None:
    there = [
        Found(name, "approved", "utility", one.digest, name) for name, one in declared().items()
    ]
    templates.found(conn, PHONE_ID, there, MONDAY)


async def _posts_on_wednesday(rig: Rig) -> None:
    rig.clock.at = WEDNESDAY_EVENING + timedelta(minutes=1)
    await rig.posts()


def _opens(siti: Any, _: Any) -> Act:
    told = siti.says("Mulai")

    async def act(rig: Rig) -> None:
        rig.clock.at = WEDNESDAY_EVENING + timedelta(minutes=9)
        await rig.hears(told)

    return act


async def _fails_late(rig: Rig) -> None:
    """Hours after it was accepted: nobody is reached at that number."""
    rig.clock.at = WEDNESDAY_EVENING + timedelta(hours=2)
    [knock] = await rig.database.read(_went)
    failed = StatusTold(
        "whatsapp", PHONE_ID, knock, "failed", rig.clock.at, 131026, "undeliverable"
    )
    await rig.notes(failed)


def _went(conn: Connection) -> list[str]:
    query = select(outbox_table.c.platform_id).where(outbox_table.c.platform_id.is_not(None))
    return [str(one) for one in conn.execute(query).scalars() if one]


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
    "wake of a check-in": Scenario(
        _registered_and_planned, lambda _, __: _wednesday_comes, "conversation=checkin"
    ),
}
ON_WHATSAPP = {
    "a knock": Scenario(_registered_and_asked, lambda _, __: _posts_on_wednesday, "withheld=True"),
    "an answered knock": Scenario(_registered_and_knocked, _opens, "dedupe_key=letter:"),
    "a failure told late": Scenario(
        _registered_and_knocked, lambda _, __: _fails_late, "blocked_reason=undeliverable"
    ),
}
SHORT_ON_WHATSAPP = ("danger word", *ON_WHATSAPP)


def _cases() -> Iterator[Any]:
    """What is tried: the rest of it, and each statement with both errors, only in a soak."""
    for name in SCENARIOS:
        yield pytest.param("telegram", name, False)
    for name in SHORT_ON_WHATSAPP:
        yield pytest.param("whatsapp", name, False)
    for name in SCENARIOS:
        yield pytest.param("telegram", name, True, marks=pytest.mark.soak)
    for name in (*SCENARIOS, *ON_WHATSAPP):
        yield pytest.param("whatsapp", name, True, marks=pytest.mark.soak)


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


async def _prepared(
    scenario: Scenario, platform: str, template: Path, folder: Path, vault: Vault
) -> Prepared:
    phones = Phones(FakeTelegram(clock=MONDAY.timestamp), FakeGraph(clock=MONDAY.timestamp))
    place = ("telegram", "whatsapp").index(platform)
    siti, dimas = (phones.newcomer(name, place).person for name in ("Siti", "Dimas"))
    file = folder / "before.db"
    shutil.copy(template, file)
    async with a_rig(file, vault, StillClock()) as rig:
        await rig.database.write(add_villages)
        await rig.database.write(lambda conn: rules.ensure(conn, MONDAY))
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
    assert scenario.shows in str(after)
    assert not scenario.shows or scenario.shows not in str(before)
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


@pytest.mark.parametrize(("platform", "name", "thorough"), list(_cases()))
async def test_whatever_statement_fails_the_turn_is_whole(
    sqlite_template: Path, tmp_path: Path, vault: Vault, platform: str, name: str, thorough: bool
) -> None:
    scenario = {**SCENARIOS, **ON_WHATSAPP}[name]
    prepared = await _prepared(scenario, platform, sqlite_template, tmp_path, vault)
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
