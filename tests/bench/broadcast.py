"""A broadcast over the fake Telegram: how near to the floor, and at what price.

    python -m tests.bench.broadcast --only 20000

The floor is recipients / rate. A run begins when the broadcast is due and ends when every result is
recorded. The fake refuses whatever exceeds the rate in any sliding second, so that a bot that asks
too much is caught; in the run with people who talk meanwhile it only counts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import shlex
import sqlite3
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.candidates import (
    OURS,
    Candidate,
    at_home,
    cpu_of,
    on,
    resident,
    two_cores,
)
from tests.bench.seeding import FIRST_ID, MARK
from tests.fakes.people import Crowd, Timings
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_limits import Limits

TALKS_PER_SECOND = 20.0
_SETTLE = 1.5
"""Seconds before the beginning in which nothing is measured."""
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """One broadcast. `talk` seconds long people talk before it and during it."""

    name: str
    recipients: int
    rate: int
    latency_ms: float = 0.0
    talk: float = 0.0
    kill_after: float = 0.0
    """Seconds after the beginning at which the process is killed and started again."""
    peers: bool = False
    """Whether the plain loop sends the same."""
    runs: int = 1
    """Of as many at least the median is shown: of memory and of replies, one run says little."""

    @property
    def floor(self) -> float:
        return self.recipients / self.rate


LOADS = (
    Load("20,000 at 1,000/s", 20_000, 1_000, runs=3),
    Load("20,000 at 1,000/s, 50 ms", 20_000, 1_000, latency_ms=50),
    Load("2,000 at 1,000/s", 2_000, 1_000, peers=True, runs=3),
    Load("300 at 30/s, 50 ms", 300, 30, latency_ms=50, peers=True),
    Load("20,000 at 1,000/s, people talk", 20_000, 1_000, talk=12, runs=3),
    Load("20,000 at 1,000/s, 50 ms, killed", 20_000, 1_000, latency_ms=50, kill_after=8),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. Times in seconds, replies in milliseconds."""

    load: str
    recipients: int
    floor: float
    wall: float
    """From the moment it was due until the last result was recorded."""
    sending: float
    """From the first to the last message, as the platform saw them."""
    most_in_a_second: int
    rate: int
    refused: int
    """Messages answered with 429."""
    cpu: float
    """Of our process, user and system, over the whole `wall`."""
    peak_megabytes: float
    missed: int
    """Neither arrived nor listed as uncertain."""
    doubled: int
    uncertain: int
    arrived_uncertain: int
    """Of the uncertain: did arrive."""
    idle_p95: float = 0.0
    busy_p95: float = 0.0
    answered: int = 0
    unanswered: int = 0


class NotReadyError(Exception):
    """The bot was not up when the broadcast began: the machine is slow today."""


async def measure(load: Load) -> Result:
    """A fresh fake, a fresh bot, one broadcast; begun later where the machine is slow."""
    for patience in (1, 2, 4):
        with suppress(NotReadyError):
            return await _measure(load, patience)
    raise RuntimeError("the bot is not ready even after a minute")


async def _measure(load: Load, patience: float) -> Result:
    limits = None if load.talk else Limits(any_second=load.rate)
    begins = time.time() + patience * (6 + load.recipients / 10_000) + load.talk
    bot = _bot(load, begins)
    async with FakeTelegram(latency=load.latency_ms / 1000, limits=limits) as fake:
        for number in range(load.recipients):
            fake.meet(FIRST_ID + number)
        with (
            tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder,
            at_home(bot, fake, Path(folder)) as start,
        ):
            run = _Run(load, fake, begins, Path(folder) / "data" / "kawan.db")
            async with start() as process:
                if time.time() > begins - _SETTLE - load.talk:
                    raise NotReadyError
                gc.collect()
                await run.through(process)
            if load.kill_after:
                async with start() as process:
                    await run.to_its_end(process)
            return run.result()


async def measure_peer(load: Load, how: str) -> Result:
    """The plain loop, with the fake that only counts."""
    async with FakeTelegram(latency=load.latency_ms / 1000) as fake:
        for number in range(load.recipients):
            fake.meet(FIRST_ID + number)
        environment = {
            **os.environ, "TELEGRAM_API_URL": fake.url, "TELEGRAM_TOKEN": fake.world.token,
        }  # fmt: skip
        command = ["-m", "tests.bench.ptb_broadcast", how, str(load.recipients), str(load.rate)]
        with two_cores() as cores:
            with on(cores.bot, then=cores.fake):
                process = await asyncio.create_subprocess_exec(
                    sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE
                )
            output, _ = await process.communicate()
        took = json.loads(output)
        arrived = Counter(sent.chat_id for sent in fake.sent)
        return Result(
            load=f"{load.name} · PTB {how}",
            recipients=load.recipients,
            floor=load.floor,
            wall=took["wall"],
            sending=fake.sent[-1].at - fake.sent[0].at,
            most_in_a_second=most_in_a_second([sent.at for sent in fake.sent]),
            rate=load.rate,
            refused=0,
            cpu=took["cpu"],
            peak_megabytes=0,
            missed=load.recipients - len(arrived),
            doubled=len(fake.sent) - len(arrived),
            uncertain=0,
            arrived_uncertain=0,
        )


async def broadcast(loads: Sequence[Load], repeat: int, *, peer: bool = True) -> list[Result]:
    """Every load, `repeat` times or as often as it wants, in turn; the medians, and the worst of
    what must not be. The plain loops run once."""
    gc.disable()
    runs: dict[str, list[Result]] = {}
    for number in range(max([repeat, *(load.runs for load in loads)])):
        for load in (load for load in loads if number < max(repeat, load.runs)):
            results = [await measure(load)]
            if peer and load.peers and number == 0:
                results += [await measure_peer(load, how) for how in ("one", "gather")]
            for result in results:
                runs.setdefault(result.load, []).append(result)
            gc.collect()
    return [_median(of_one) for of_one in runs.values()]


class _Run:
    """One broadcast as it is watched from outside."""

    def __init__(self, load: Load, fake: FakeTelegram, begins: float, rows: Path) -> None:
        self._load = load
        self._fake = fake
        self._begins = begins
        self._rows = rows
        self._crowd = Crowd(fake, OURS.script)
        self._cpu = self._peak = self._ended = 0.0
        self._idle = self._busy = Timings(0, 1.0, 0, 0.0, 0.0, 0.0, 0, {})

    async def through(self, process: psutil.Process) -> None:
        """From before the beginning to the end, or until it is killed."""
        load = self._load
        if load.talk:
            seconds = self._begins - time.time() - _SETTLE
            self._idle = await self._talks(seconds)
        await _until(self._begins - 0.1)
        before = cpu_of(process)
        watching = asyncio.create_task(self._watches(process))
        if load.talk:
            self._busy = await self._talks(load.floor - 1.0)
        if load.kill_after:
            await _until(self._begins + load.kill_after)
            process.kill()
            await asyncio.to_thread(process.wait)
        else:
            await self._is_over()
            self._cpu = cpu_of(process) - before
        watching.cancel()

    async def to_its_end(self, process: psutil.Process) -> None:
        """After a restart."""
        watching = asyncio.create_task(self._watches(process))
        await self._is_over()
        watching.cancel()

    def result(self) -> Result:
        """What the platform saw and what the database says."""
        load, sent = self._load, [one for one in self._fake.sent if one.text.startswith(MARK)]
        arrived = Counter(one.chat_id for one in sent)
        uncertain = self._uncertain()
        everybody = range(FIRST_ID, FIRST_ID + load.recipients)
        times = [one.at for one in sent]
        return Result(
            load=load.name,
            recipients=load.recipients,
            floor=load.floor,
            wall=self._ended - self._begins,
            sending=times[-1] - times[0] if times else 0.0,
            most_in_a_second=most_in_a_second(times),
            rate=load.rate,
            refused=self._fake.world.limiter.refused,
            cpu=self._cpu,
            peak_megabytes=self._peak,
            missed=sum(1 for id_ in everybody if id_ not in arrived and id_ not in uncertain),
            doubled=sum(number - 1 for number in arrived.values()),
            uncertain=len(uncertain),
            arrived_uncertain=sum(1 for id_ in uncertain if id_ in arrived),
            idle_p95=self._idle.p95,
            busy_p95=self._busy.p95,
            answered=self._idle.exchanges + self._busy.exchanges,
            unanswered=self._idle.unanswered + self._busy.unanswered,
        )

    async def _talks(self, seconds: float) -> Timings:
        return await self._crowd.open_loop(TALKS_PER_SECOND, seconds - 2.0, warm_up=1.0, patience=1)

    async def _watches(self, process: psutil.Process) -> None:
        while True:
            self._peak = max(self._peak, resident(process))
            await asyncio.sleep(0.25)

    async def _is_over(self) -> None:
        """Everybody has a result; asking for it is dear, so not before most have arrived."""
        deadline = time.time() + _PATIENCE + 2 * self._load.floor
        while len(self._fake.sent) < 0.98 * self._load.recipients or self._open():
            if time.time() > deadline:
                raise RuntimeError(f"{self._load.name}: {self._open()} rows are still open")
            await asyncio.sleep(0.1)
        self._ended = self._asked("SELECT max(finished_at) FROM outbox WHERE priority = 3") / 1000

    def _open(self) -> int:
        """Recipients without a result."""
        done = self._asked(
            "SELECT count(*) FROM recipients r JOIN outbox o ON o.id = r.outbox_id"
            " WHERE o.status NOT IN ('waiting', 'sending')"
        )
        return self._load.recipients - int(done)

    def _uncertain(self) -> set[int]:
        found = self._asked(
            "SELECT group_concat(a.address) FROM outbox o JOIN addresses a ON a.id = o.address_id"
            " WHERE o.status = 'uncertain'"
        )
        return {int(address) for address in (found or "").split(",") if address}

    def _asked(self, question: str) -> Any:
        with closing(sqlite3.connect(f"file:{self._rows}?mode=ro", uri=True)) as reading:
            return reading.execute(question).fetchone()[0]


def _bot(load: Load, begins: float) -> Candidate:
    """Ours, with everything planned."""
    python = shlex.quote(sys.executable)
    seeding = f"{python} -m tests.bench.seeding {load.recipients} {begins:.3f}"
    return replace(
        OURS,
        prepared_by=(*OURS.prepared_by, seeding),
        environment={"TELEGRAM_BULK_RATE": str(load.rate)},
    )


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.time()))


def most_in_a_second(times: Sequence[float]) -> int:
    """The most that any sliding second holds, its end not included.

    >>> most_in_a_second([0.0, 0.5, 1.0, 1.4])
    2
    """
    ordered = sorted(times)
    return max((bisect_left(ordered, at + 1.0) - i for i, at in enumerate(ordered)), default=0)


def _median(runs: Sequence[Result]) -> Result:
    middle = ("wall", "sending", "cpu", "peak_megabytes", "idle_p95", "busy_p95")
    worst = (
        "most_in_a_second", "refused", "missed", "doubled", "uncertain", "arrived_uncertain",
        "unanswered",
    )  # fmt: skip
    return replace(
        runs[0],
        **{name: median(getattr(run, name) for run in runs) for name in middle},
        **{name: max(getattr(run, name) for run in runs) for name in worst},
    )


def show(results: Sequence[Result], console: Console) -> None:
    """One row a load."""
    table = Table(title="A broadcast, from due to recorded")
    table.add_column("load")
    headings = (
        "wall s", "x floor", "most in 1 s", "429", "CPU s", "µs each", "peak MB", "missed",
        "doubled", "uncertain (arrived)", "reply p95 idle", "busy",
    )  # fmt: skip
    for heading in headings:
        table.add_column(heading, justify="right")
    for one in results:
        table.add_row(
            one.load,
            f"{one.wall:.2f}",
            f"{one.wall / one.floor:.3f}",
            f"{one.most_in_a_second} of {one.rate}",
            str(one.refused),
            f"{one.cpu:.2f}",
            f"{1e6 * one.cpu / one.recipients:.0f}",
            f"{one.peak_megabytes:.0f}",
            str(one.missed),
            str(one.doubled),
            f"{one.uncertain} ({one.arrived_uncertain})",
            f"{one.idle_p95:.1f}" if one.idle_p95 else "",
            f"{one.busy_p95:.1f}" if one.busy_p95 else "",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.broadcast", description=__doc__)
    parser.add_argument("--only", help="loads whose name contains this")
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each at least; medians")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    loads = [load for load in LOADS if not arguments.only or arguments.only in load.name]
    before = os.getloadavg()[0]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(broadcast(loads, arguments.repeat, peer=not arguments.without_peer))
    show(results, Console(width=170))
    if arguments.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": before}
        figures = {"machine": machine, "results": [asdict(one) for one in results]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
