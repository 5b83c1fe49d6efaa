"""WhatsApp's webhooks: how many are accepted durably, how fast they are answered, and what a talk
over them costs against the same talk over Telegram.

    python -m tests.bench.webhooks --only answers

The fake and the people share one process on the first core, the service has the second. The
database is SQLite with synchronous=FULL, as it is delivered.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import seeding
from tests.bench.__main__ import Row, Scenario
from tests.bench.__main__ import measure as measure_telegram
from tests.bench.candidates import OURS, cpu_of, free_port, on, two_cores, watch
from tests.fakes.graph import FIRST_PERSON, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_world import EVERY_STATUS, SentMessage
from tests.fakes.people import Crowd, percentile

_AS_80_OUT = 107
"""WHATSAPP_RATE at which 80 unasked messages leave each second: 240 statuses come back."""

_WARM_UP = 1.5
_PATIENCE = 60.0
_LEAD = 6.0
"""Seconds before a broadcast begins in which the service must be up."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many items a second were stored before they were answered. Answers in milliseconds."""

    load: str
    items: int
    per_second: float
    cpu_per_item: float
    """Milliseconds of our process."""
    p50: float
    p99: float
    lost: int
    """Messages that were answered with 200 and are not in the database."""
    refused: int
    """Bodies that were not answered with 200."""


@dataclass(slots=True)
class Service:
    """Ours, in a process of its own."""

    process: psutil.Process
    url: str
    database: Path

    def count(self, query: str) -> int:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as conn:
            return int(conn.execute(query).fetchone()[0] or 0)


@asynccontextmanager
async def serving(
    fake: FakeGraph, *, rate: int = 10_000, pair: float = 0
) -> AsyncIterator[Service]:
    """The service on the second core, subscribed to the webhooks of this fake."""
    with tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder, two_cores() as cores:
        started = Starting(fake, Path(folder), rate, pair)
        started.prepare(*OURS.prepared_by)
        async with started.up(cores.bot, cores.fake) as service:
            yield service


@dataclass(slots=True)
class Starting:
    """What is done before the service runs, and running it."""

    fake: FakeGraph
    folder: Path
    rate: int
    pair: float
    port: int = 0

    def __post_init__(self) -> None:
        self.port = free_port()
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)

    @property
    def database(self) -> Path:
        return self.folder / "data" / "kawan.db"

    @property
    def environment(self) -> dict[str, str]:
        without = {name: value for name, value in os.environ.items() if "TELEGRAM" not in name}
        return {
            **without,
            **self.fake.environment,
            "WHATSAPP_RATE": str(self.rate),
            "WHATSAPP_PAIR_SECONDS": str(self.pair),
            "WHATSAPP_BUDGET": "1000000000",
            "PUBLIC_URL": "https://contoh.example",
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "QUIET_HOURS": "",
            "PILOT": "1",
        }

    def prepare(self, *commands: str) -> None:
        """Run these in the service's environment first."""
        for command in commands:
            subprocess.run(
                shlex.split(command), env=self.environment, check=True, capture_output=True
            )

    @asynccontextmanager
    async def up(
        self, bot_cores: set[int] | None, fake_cores: set[int] | None
    ) -> AsyncIterator[Service]:
        log = self.folder / "output.log"
        with log.open("ab") as output, on(bot_cores, then=fake_cores):
            bot = subprocess.Popen(
                shlex.split(OURS.command),
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        url = f"http://127.0.0.1:{self.port}/whatsapp"
        try:
            await self._subscribe(bot, url)
            yield Service(psutil.Process(bot.pid), url, self.database)
        except (RuntimeError, TimeoutError):
            sys.stderr.write(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            self.fake.webhooks.stop()
            bot.terminate()
            try:
                await asyncio.to_thread(bot.wait, 20)
            except subprocess.TimeoutExpired:
                bot.kill()
                bot.wait()

    async def _subscribe(self, bot: subprocess.Popen[bytes], url: str) -> None:
        async with asyncio.timeout(_PATIENCE):
            while True:
                if bot.poll() is not None:
                    message = f"the service ended with exit code {bot.returncode}"
                    raise RuntimeError(message)
                with suppress(ConnectionError):
                    await self.fake.subscribe(url)
                    return
                await asyncio.sleep(0.1)


async def accepting(people: int) -> Accepted:
    """One message to three statuses, one per body, as fast as they are answered.

    Everybody writes once more and three statuses come of what they were answered before; the
    messages are answered as always.
    """
    items = 4 * people
    async with FakeGraph(limits=Limits.none()) as fake:
        fake.webhooks.connections = 64
        async with serving(fake) as service:
            crowd = [fake.person(f"Siti {number}") for number in range(people)]
            fake.world.told_statuses = ()
            for one in crowd:
                one.says("halo")
            await _until(lambda: len(fake.sent) >= people)
            await _idle(fake)
            answered = list(fake.sent)
            fake.webhooks.stop()
            delivered, fake.webhooks.seconds = fake.webhooks.delivered, []
            for sent in answered[:people]:
                fake.person(id=sent.chat_id).says("halo")
                _tell_thrice(fake, sent)
            before, began = cpu_of(service.process), time.perf_counter()
            fake.webhooks.start(service.url)
            await _until(lambda: fake.webhooks.delivered - delivered >= items)
            took = time.perf_counter() - began
            cpu = cpu_of(service.process) - before
            written = service.count("SELECT count(*) FROM inbox WHERE channel = 'whatsapp'")
        return Accepted(
            load=f"{items} items, 1 message : 3 statuses",
            items=items,
            per_second=items / took,
            cpu_per_item=1000 * cpu / items,
            **_answers(fake),
            lost=2 * people - written,
            refused=sum(
                number for status, number in fake.webhooks.answers.items() if status != 200
            ),
        )


def _tell_thrice(fake: FakeGraph, sent: SentMessage) -> None:
    fake.world.told_statuses = EVERY_STATUS
    for status in EVERY_STATUS:
        fake.world.tell_status(sent, status)
    fake.world.told_statuses = ()


async def answering(rate: int, seconds: float) -> Accepted:
    """A broadcast at the rate of a number: each message comes back as three statuses."""
    recipients = int(rate * seconds)
    async with FakeGraph(limits=Limits.none()) as fake:
        fake.webhooks.connections = 64
        begins = time.time() + _LEAD
        for number in range(recipients):
            person = fake.person(id=seeding.FIRST_ID + number)
            person.account.heard_at[next(iter(fake.world.numbers))] = time.time()
        fake.on_sent(lambda sent: fake.people[sent.chat_id].reads())
        with tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder, two_cores() as cores:
            started = Starting(fake, Path(folder), rate, 6)
            seed = f"{shlex.quote(sys.executable)} -m tests.bench.seeding {recipients} {begins}"
            started.prepare(seed)
            async with started.up(cores.bot, cores.fake) as service:
                await _until(lambda: len(fake.sent) >= rate)
                before, began = cpu_of(service.process), time.perf_counter()
                delivered, fake.webhooks.seconds = fake.webhooks.delivered, []
                await _until(lambda: len(fake.sent) >= recipients)
                took, cpu = time.perf_counter() - began, cpu_of(service.process) - before
                items, answers = fake.webhooks.delivered - delivered, _answers(fake)
                await _idle(fake)
        return Accepted(
            load=f"broadcast, {round(rate * 0.75)} a second, 3 statuses each",
            items=items,
            per_second=items / took,
            cpu_per_item=1000 * cpu / max(1, items),
            **answers,
            lost=recipients - len({sent.chat_id for sent in fake.sent}),
            refused=sum(
                number for status, number in fake.webhooks.answers.items() if status != 200
            ),
        )


async def exchanging(people: int, seconds: float, *, statuses: bool) -> Row:
    """The questions at the door over webhooks, everyone answering at once."""
    name = f"{people} people, {'3 statuses each' if statuses else 'no statuses'}"
    async with FakeGraph(limits=Limits.none()) as fake:
        fake.webhooks.connections = 64
        if not statuses:
            fake.world.told_statuses = ()
        async with serving(fake) as service:
            crowd = Crowd(fake, OURS.script, FIRST_PERSON)
            watching = asyncio.create_task(watch(service.process, after=_WARM_UP, seconds=seconds))
            timings = await crowd.closed_loop(people, seconds, _WARM_UP)
            row = Row.of(name, "WhatsApp", timings, await watching)
    for text, times in timings.unexpected.items():
        Console(stderr=True).print(f"said {times} times unexpectedly: {text!r}")
    return row


def _answers(fake: FakeGraph) -> dict[str, float]:
    ordered = sorted(1000 * one for one in fake.webhooks.seconds)
    return {"p50": percentile(ordered, 0.5), "p99": percentile(ordered, 0.99)}


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE + 120):
        while not done():
            await asyncio.sleep(0.01)


async def _idle(fake: FakeGraph) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(_until(lambda: not fake.webhooks.waiting), 20)


def show(accepted: Sequence[Accepted], rows: Sequence[Row], console: Console) -> None:
    """Two tables; the ratios are to Telegram with as many people in the same run."""
    if accepted:
        table = Table(title="Webhooks, one core, synchronous=FULL")
        for heading in ("load", "items/s", "CPU ms", "p50 ms", "p99 ms", "lost", "not 200"):
            table.add_column(heading, justify="left" if heading == "load" else "right")
        for one in accepted:
            table.add_row(
                one.load,
                f"{one.per_second:.0f}",
                f"{one.cpu_per_item:.2f}",
                f"{one.p50:.1f}",
                f"{one.p99:.1f}",
                str(one.lost),
                str(one.refused),
            )
        console.print(table)
    if rows:
        table = Table(title="Exchanges over webhooks and over Telegram")
        for heading in (
            "load",
            "channel",
            "exchanges/s",
            "p99 ms",
            "CPU ms each",
            "stuck",
            "odd",
            "ratio",
        ):
            table.add_column(heading, justify="left" if heading in ("load", "channel") else "right")
        for row in rows:
            table.add_row(
                row.scenario,
                row.bot,
                f"{row.per_second:.0f}",
                f"{row.p99:.1f}",
                f"{row.cpu_per_exchange:.3f}",
                str(row.unanswered),
                str(row.unexpected),
                f"{_ratio(row, rows):.2f} x",
            )
        console.print(table)


def _ratio(row: Row, rows: Sequence[Row]) -> float:
    people = row.scenario.split(",")[0]
    peers = [one for one in rows if one.scenario == people and one.bot != "WhatsApp"]
    return row.per_second / peers[0].per_second if peers and peers[0].per_second else 1.0


async def measure(only: str, seconds: float) -> tuple[list[Accepted], list[Row]]:
    gc.disable()
    accepted: list[Accepted] = []
    rows: list[Row] = []
    if only in "accepted":
        accepted.append(await accepting(2000))
        gc.collect()
    if only in "answers":
        accepted.append(await answering(_AS_80_OUT, 15 + seconds))
        gc.collect()
    if only in "exchanges":
        for people in (50, 500):
            telegram = await measure_telegram(OURS, Scenario(f"{people} people", people), seconds)
            rows.append(replace(telegram, bot="Telegram"))
            gc.collect()
            for statuses in (False, True):
                rows.append(await exchanging(people, seconds, statuses=statuses))
                gc.collect()
    return accepted, rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.webhooks", description=__doc__)
    parser.add_argument("--only", default="", help="accepted, answers or exchanges")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of each run")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        accepted, rows = runner.run(measure(arguments.only, arguments.seconds))
    show(accepted, rows, Console(width=120))
    if arguments.json:
        figures = {"accepted": [*map(asdict, accepted)], "rows": [*map(asdict, rows)]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
