"""A bot as the benchmark sees it: a command, a script, and a process on a core of its own."""

import asyncio
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

from tests.fakes.people import Script
from tests.fakes.telegram import FakeTelegram

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bot that can be started; it finds the fake through its environment."""

    name: str
    command: str
    script: Script
    prepared_by: Sequence[str] = ()
    """Commands to run first in its environment."""
    environment: Mapping[str, str] = field(default_factory=dict)


OURS = Candidate(
    name="Kawan Asuh",
    command=f"{shlex.quote(sys.executable)} -m bot run",
    prepared_by=(f"{shlex.quote(sys.executable)} -m bot villages add Ledokombo LDK",),
    script=Script.of_lines(
        [
            ("Usia sudah 18 tahun?", 1),
            ("Yang kami simpan", 1),
            ("Boleh kami simpan", 1),
            ("Setuju sebagai siapanya", 3),
            ("dipanggil apa", 1),
            ("desa mana", "Ledokombo"),
            ("Siapanya anak yang diasuh", 1),
            ("Sudah terdaftar", None),
        ],
        newcomers=True,
    ),
)
"""At the door: the notice and six questions, as a newcomer really meets them."""

PEER = Candidate(
    name="plain PTB",
    command=f"{shlex.quote(sys.executable)} -m tests.bench.ptb_conversation_bot",
    script=Script.of_lines(
        [
            ("Usia sudah 18 tahun?", 1),
            ("Yang kami simpan", 1),
            ("Boleh kami simpan", 1),
            ("Setuju sebagai siapanya", 3),
            ("dipanggil apa", 1),
            ("desa mana", "Ledokombo"),
            ("Siapanya anak yang diasuh", 1),
            ("sudah terdaftar", None),
        ],
        newcomers=True,
    ),
)


@dataclass(slots=True)
class Usage:
    """What the bot's processes used inside the measured window, and how busy the fake was."""

    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    fake_share: float = 0.0


@asynccontextmanager
async def running(candidate: Candidate, fake: FakeTelegram) -> AsyncIterator[psutil.Process]:
    """Start the bot on the second core (where there is one), and stop it with all its children."""
    with (
        tempfile.TemporaryDirectory(prefix="kawan-bench-") as folder,
        at_home(candidate, fake, Path(folder)) as start,
    ):
        async with start() as process:
            yield process


Start = Callable[[], AbstractAsyncContextManager[psutil.Process]]
"""Starts the bot, once more after it was killed; leaving the context stops it."""


@contextmanager
def at_home(candidate: Candidate, fake: FakeTelegram, folder: Path) -> Iterator[Start]:
    """Everything prepared in this folder, and the cores divided; the bot can be started."""
    with two_cores() as cores:
        environment = _environment(candidate, fake, folder)
        with on(cores.bot, then=cores.fake):
            for command in candidate.prepared_by:
                subprocess.run(
                    shlex.split(command), env=environment, check=True, capture_output=True
                )
        yield partial(_started, candidate, fake, folder / "output.log", environment, cores)


@asynccontextmanager
async def _started(
    candidate: Candidate,
    fake: FakeTelegram,
    log: Path,
    environment: Mapping[str, str],
    cores: "Cores",
) -> AsyncIterator[psutil.Process]:
    with log.open("ab") as output, on(cores.bot, then=cores.fake):
        bot = subprocess.Popen(
            shlex.split(candidate.command),
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process = psutil.Process(bot.pid)
    try:
        await _wait_until_ready(bot, fake)
        yield process
    except RuntimeError:
        sys.stderr.write(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        await _stop(bot, process)


async def _wait_until_ready(bot: "subprocess.Popen[bytes]", fake: FakeTelegram) -> None:
    """Until the bot asks for updates; an early death is an error at once."""
    asking = asyncio.create_task(fake.wait_for_bot())
    while not asking.done():
        if bot.poll() is not None:
            asking.cancel()
            message = f"the bot ended with exit code {bot.returncode} before asking for updates"
            raise RuntimeError(message)
        await asyncio.wait([asking], timeout=0.1)
    await asking


class Cores(NamedTuple):
    """Which cores the two processes may use; None where the machine cannot say or has only one."""

    fake: set[int] | None
    bot: set[int] | None


@contextmanager
def two_cores() -> Iterator[Cores]:
    """Cores for the time of one run; afterwards this process may use all of its own again."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(before) < 2:
        yield Cores(None, None)
        return
    first, second, *_ = sorted(before)
    try:
        yield Cores({first}, {second})
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def on(cores: set[int] | None, *, then: set[int] | None) -> Iterator[None]:
    """A child started inside inherits these cores; this process goes on with the others."""
    if cores is not None:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        if then is not None:
            os.sched_setaffinity(0, then)


def _environment(candidate: Candidate, fake: FakeTelegram, folder: Path) -> dict[str, str]:
    data = folder / "data"
    data.mkdir(mode=0o700)
    return {
        **os.environ,
        "TELEGRAM_API_URL": fake.url,
        "TELEGRAM_TOKEN": fake.world.token,
        "DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'kawan.db'}",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "QUIET_HOURS": "",
        "PILOT": "1",
        **candidate.environment,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _stop(bot: "subprocess.Popen[bytes]", process: psutil.Process) -> None:
    family = _family(process)
    bot.terminate()
    try:
        await asyncio.to_thread(bot.wait, 10)
    except subprocess.TimeoutExpired:
        bot.kill()
        bot.wait()
    for member in family[1:]:
        with suppress(psutil.NoSuchProcess):
            member.kill()


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [process]


async def watch(process: psutil.Process, *, after: float, seconds: float) -> Usage:
    """Measure the bot and its children for this window."""
    usage = Usage()
    ourselves = psutil.Process()
    await asyncio.sleep(after)
    bot_before, fake_before = cpu_of(process), _own_cpu(ourselves)
    ending = asyncio.get_running_loop().time() + seconds
    while (left := ending - asyncio.get_running_loop().time()) > 0:
        usage.peak_megabytes = max(usage.peak_megabytes, resident(process))
        await asyncio.sleep(min(1.0, left))
    usage.cpu_seconds = cpu_of(process) - bot_before
    usage.fake_share = (_own_cpu(ourselves) - fake_before) / seconds
    return usage


def cpu_of(process: psutil.Process) -> float:
    """Seconds used by the whole family, those who have ended included."""
    total = 0.0
    for member in _family(process):
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _own_cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def resident(process: psutil.Process) -> float:
    """Megabytes in memory now, of the whole family."""
    total = 0.0
    for member in _family(process):
        with suppress(psutil.NoSuchProcess):
            total += member.memory_info().rss / _MEGABYTE
    return total
