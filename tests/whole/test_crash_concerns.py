"""SIGKILL of the real process while people report children in danger: no alert is ever lost.

Reporters and staff are on Telegram and on WhatsApp, and each alarm reaches both.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, text

from storage import staff
from storage.database import Database
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.telegram import FakeTelegram
from tests.whole import marks
from tests.whole.house import add_villages, until
from tests.whole.marks import OF_FAMILIES, OF_STAFF, TOLD, letters
from tests.whole.phones import Phone, Phones
from tests.whole.process import Process, on_both

SEED = 12
PATIENCE = 60.0
AT_ONCE = 4
"""People who report while one process lives."""

OFFICE = ("staff", "staff", "coordinator")
OPEN = "SELECT count(*) FROM outbox WHERE status IN ('waiting', 'sending')"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(seed=SEED, latency=0.004) as running:
        yield running


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(seed=SEED, latency=0.004, limits=Limits.none()) as running:
        running.webhooks.connections, running.webhooks.retry_seconds = 4, 0.1
        yield running


@pytest.fixture
async def process(fake: FakeTelegram, graph: FakeGraph, tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(tmp_path, {**on_both(fake, graph), "QUIET_HOURS": ""})
    graph.webhooks.start(made.webhook)
    try:
        yield made
    finally:
        await made.clear_up()


@dataclass(slots=True)
class Night:
    """Who works, who has reported, and what the metrics page has shown."""

    colleagues: list[Phone] = field(default_factory=list)
    reporters: list[Phone] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)


async def _begins(phones: Phones, process: Process) -> Night:
    """The office has joined, one of them on WhatsApp, and the service runs."""

    def unit(conn: Connection) -> list[str]:
        add_villages(conn)
        now = datetime.now(UTC)
        return [
            staff.add(conn, f"Mbak {OF_STAFF}{letters(number)}", role, now)
            for number, role in enumerate(OFFICE)
        ]

    async with await Database.open(process.url, vault=process.vault()) as database:
        codes = await database.write(unit)
    night = Night()
    await process.start()
    await process.ready()
    for number, code in enumerate(codes):
        colleague = phones.newcomer(f"{OF_STAFF}{letters(number)}", number)
        await colleague.says(code, "")
        night.colleagues.append(colleague)
    return night


async def _killed_while_people_report(
    fake: FakeTelegram,
    graph: FakeGraph,
    phones: Phones,
    process: Process,
    night: Night,
    kills: int,
) -> None:
    dice = Random(SEED)
    for _ in range(kills):
        for _ in range(AT_ONCE):
            number = len(night.reporters)
            reporter = phones.newcomer(f"{OF_FAMILIES}{letters(number)}", number)
            reporter.person.says(
                f"Cucu saya {OF_FAMILIES}{letters(number)} dipukuli bapaknya sampai berdarah"
                f" {TOLD}{letters(number)}"
            )
            night.reporters.append(reporter)
        await asyncio.sleep(dice.uniform(0, 0.25))
        await process.kill()
        await process.start()
        if dice.random() < 0.7:
            await process.ready()
            night.pages.append(await _metrics(process))
    await process.ready()
    await until(
        lambda: not (fake.updates.pending or graph.webhooks.waiting or process.count(OPEN)),
        PATIENCE,
    )
    night.pages.append(await _metrics(process))
    assert await process.stop() == 0


async def _metrics(process: Process) -> str:
    url = f"http://127.0.0.1:{process.settings['PORT']}/metrics"

    def fetch() -> str:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(fetch)


def _kept(conn: Connection) -> tuple[list[Any], list[str]]:
    tasks = conn.execute(
        text(
            "SELECT t.code, t.owner_id, t.due_at,"
            " (SELECT count(DISTINCT a.person_id) FROM alerts a WHERE a.code = t.code"
            " AND a.step = 0) AS called,"
            " (SELECT count(*) FROM due d WHERE d.kind = 'escalation' AND d.subject = t.code"
            " AND d.outcome = '') AS watched"
            " FROM tasks t WHERE t.level = 'merah' ORDER BY t.code"
        )
    ).all()
    return list(tasks), list(marks.in_columns(conn))


async def _check(process: Process, night: Night) -> None:
    async with await Database.open(process.url, vault=process.vault()) as database:
        tasks, leaks = await database.read(_kept)
    alerts = [one for phone in night.colleagues for one in phone.texts if "MERAH" in one]
    print(f"{len(night.reporters)} reports, {len(tasks)} cases, {len(alerts)} alerts came")

    for everybody in (night.reporters, night.colleagues):
        assert {phone.is_whatsapp for phone in everybody} == {False, True}
    assert len(tasks) == len(night.reporters), "each report is one case"
    for task in tasks:
        assert task.owner_id is not None
        assert task.due_at is not None
        assert (task.called, task.watched) == (len(OFFICE), 1)
        for colleague in night.colleagues:
            assert any(task.code in one for one in colleague.texts), "no alert is lost"
    for reporter in night.reporters:
        assert any("110" in one for one in reporter.texts), "everybody has the numbers that help"
    assert not leaks
    assert night.pages
    for public in (*alerts, *night.pages, process.errors()):
        assert not marks.ANY.search(public)


async def test_killed_while_people_report_no_alert_is_lost(
    fake: FakeTelegram, graph: FakeGraph, process: Process
) -> None:
    phones = Phones(fake, graph)
    night = await _begins(phones, process)

    await _killed_while_people_report(fake, graph, phones, process, night, kills=4)

    await _check(process, night)


@pytest.mark.soak
async def test_killed_thirty_times_while_people_report_no_alert_is_lost(
    fake: FakeTelegram, graph: FakeGraph, process: Process
) -> None:
    phones = Phones(fake, graph)
    night = await _begins(phones, process)

    await _killed_while_people_report(fake, graph, phones, process, night, kills=30)

    await _check(process, night)
