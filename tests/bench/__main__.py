"""`python -m tests.bench`: our bot and a plain peer, the same questions, the same fake Telegram.

    python -m tests.bench --repeat 3 --json bench.json

The fake and the people share one process on the first core, the bot under test has the second.
Read the ratios: absolute numbers belong to one machine. When the column "fake" comes near
100 %, the fake was the limit, and the bot is faster than the row says.
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import signal
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.candidates import OURS, PEER, Candidate, Usage, running, watch
from tests.fakes.people import Crowd, Timings
from tests.fakes.telegram import FakeTelegram

WARM_UP = 1.5
QUIET_LOAD = 1.0
"""Above this load average before the first run, others are using the cores."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load: a number of people who answer at once, or a fixed rate of exchanges."""

    name: str
    people: int = 0
    offered: float = 0.0
    latency_ms: float = 0.0
    slow_polls: bool = False


SCENARIOS = (
    Scenario("1 person", people=1),
    Scenario("50 people", people=50),
    Scenario("500 people", people=500),
    Scenario("50 people, 40 ms API", people=50, latency_ms=40),
    Scenario("250/s offered, 40 ms API", offered=250, latency_ms=40),
    Scenario("250/s, 40 ms API and polls", offered=250, latency_ms=40, slow_polls=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One bot in one scenario. Times in milliseconds."""

    scenario: str
    bot: str
    per_second: float
    p50: float
    p95: float
    p99: float
    cpu_per_exchange: float
    peak_megabytes: float
    unanswered: int
    unexpected: int
    fake_share: float

    @classmethod
    def of(cls, scenario: str, bot: str, timings: Timings, usage: Usage) -> "Row":
        return cls(
            scenario=scenario,
            bot=bot,
            per_second=timings.per_second,
            p50=timings.p50,
            p95=timings.p95,
            p99=timings.p99,
            cpu_per_exchange=1000 * usage.cpu_seconds / max(1, timings.exchanges),
            peak_megabytes=usage.peak_megabytes,
            unanswered=timings.unanswered,
            unexpected=sum(timings.unexpected.values()),
            fake_share=usage.fake_share,
        )

    @classmethod
    def median_of(cls, rows: Sequence["Row"]) -> "Row":
        """Each figure's median over repeated runs; what went wrong is added up."""
        middle = {
            name: statistics.median(getattr(row, name) for row in rows)
            for name in ("per_second", "p50", "p95", "p99", "cpu_per_exchange", "fake_share")
        }
        return cls(
            scenario=rows[0].scenario,
            bot=rows[0].bot,
            peak_megabytes=max(row.peak_megabytes for row in rows),
            unanswered=sum(row.unanswered for row in rows),
            unexpected=sum(row.unexpected for row in rows),
            **middle,
        )


async def measure(
    candidate: Candidate, scenario: Scenario, seconds: float, warm_up: float = WARM_UP
) -> Row:
    """A fresh fake, a fresh bot, one load."""
    async with (
        FakeTelegram(latency=scenario.latency_ms / 1000, slow_polls=scenario.slow_polls) as fake,
        running(candidate, fake) as process,
    ):
        crowd = Crowd(fake, candidate.script)
        watching = asyncio.create_task(watch(process, after=warm_up, seconds=seconds))
        if scenario.people:
            timings = await crowd.closed_loop(scenario.people, seconds, warm_up)
        else:
            timings = await crowd.open_loop(scenario.offered, seconds, warm_up)
        row = Row.of(scenario.name, candidate.name, timings, await watching)
    for text, times in timings.unexpected.items():
        Console(stderr=True).print(f"{candidate.name} said {times} times unexpectedly: {text!r}")
    return row


async def compare(
    candidates: Sequence[Candidate], scenarios: Sequence[Scenario], seconds: float, repeat: int
) -> list[Row]:
    """Every bot in every scenario, taking turns, so that a slow minute hurts them alike.

    The fake remembers every message; without a pause for collecting them it would be the one
    that makes people wait.
    """
    gc.disable()
    rows: list[Row] = []
    for scenario in scenarios:
        runs: dict[str, list[Row]] = {candidate.name: [] for candidate in candidates}
        for _ in range(repeat):
            for candidate in candidates:
                runs[candidate.name].append(await measure(candidate, scenario, seconds))
                gc.collect()
        rows.extend(Row.median_of(run) for run in runs.values())
    return rows


def show(rows: Sequence[Row], console: Console) -> None:
    """The figures, then the ratios of the first bot to the second where there are two."""
    table = Table(title="Six questions, one bot on one core")
    for heading in ("load", "bot"):
        table.add_column(heading)
    for heading in (
        "exchanges/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "CPU ms each",
        "peak MB",
        "stuck",
        "odd",
        "fake",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.scenario,
            row.bot,
            f"{row.per_second:.0f}",
            f"{row.p50:.1f}",
            f"{row.p95:.1f}",
            f"{row.p99:.1f}",
            f"{row.cpu_per_exchange:.3f}",
            f"{row.peak_megabytes:.0f}",
            str(row.unanswered),
            str(row.unexpected),
            f"{100 * row.fake_share:.0f} %",
        )
    console.print(table)
    if ratios := ratios_of(rows):
        table = Table(title=f"{rows[0].bot} against {rows[1].bot}")
        for heading in ("load", "speed", "p99", "CPU each", "memory"):
            table.add_column(heading, justify="left" if heading == "load" else "right")
        for name, values in ratios.items():
            table.add_row(name, *(f"{value:.2f} x" for value in values.values()))
        console.print(table)


def ratios_of(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Per scenario: how many times as fast, and which part of the time, CPU and memory."""
    found = {}
    for ours in rows:
        peers = [row for row in rows if row.scenario == ours.scenario and row.bot != ours.bot]
        if not peers or ours.bot != rows[0].bot:
            continue
        found[ours.scenario] = {
            "speed": _ratio(ours.per_second, peers[0].per_second),
            "p99": _ratio(ours.p99, peers[0].p99),
            "cpu": _ratio(ours.cpu_per_exchange, peers[0].cpu_per_exchange),
            "memory": _ratio(ours.peak_megabytes, peers[0].peak_megabytes),
        }
    return found


def _ratio(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else float("nan")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--only", help="scenarios whose name contains this")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of each run")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; medians are shown")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    candidates = [OURS] if arguments.without_peer else [OURS, PEER]
    scenarios = [one for one in SCENARIOS if not arguments.only or arguments.only in one.name]
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        warning = f"The machine is busy (load {load:.1f}): trust CPU per exchange, not the speed."
        Console(stderr=True).print(warning)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(compare(candidates, scenarios, arguments.seconds, arguments.repeat))
    show(rows, Console(width=120))
    if arguments.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": load}
        figures = {
            "machine": machine,
            "seconds": arguments.seconds,
            "repeat": arguments.repeat,
            "rows": [asdict(row) for row in rows],
            "ratios": ratios_of(rows),
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
