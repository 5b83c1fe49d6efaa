"""`kawan run` and `kawan version`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import asyncio

    from bot.service import Service
    from bot.settings import Settings

STOP_WITHIN = 4.5
"""Seconds; a part that does not stop until then is left as a killed process would leave it."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("run")(run)
    app.command("version")(version)


def run() -> None:
    """Jalankan layanan: bot, simulator, dan halaman web."""
    import uvloop

    from bot import logs
    from bot.settings import Settings

    settings = Settings.load()
    logs.configure(settings.log_level)
    uvloop.run(_serve(settings))


def version() -> None:
    """Tampilkan versi program."""
    from importlib.metadata import version as installed

    print(f"kawan-asuh {installed('kawan-asuh')}")


async def _serve(settings: Settings) -> None:
    import asyncio
    import gc
    import signal

    from bot.service import Service

    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, ending.set)
    loop.set_exception_handler(_write_down)
    service = Service(settings, tell=lambda line: print(line, file=sys.stderr, flush=True))
    if not await _started(service, ending):
        return
    gc.collect()
    gc.freeze()  # what was loaded stays: looking through it again costs a twentieth of the time
    print(f"Kawan Asuh siap di http://{_shown(settings.host)}:{service.web.port}", flush=True)
    if settings.sample:
        print("Data contoh: belum ada saluran yang diatur. Hentikan dengan Ctrl+C.", flush=True)
    await ending.wait()
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await service.stop()
    except TimeoutError:
        print("Sebagian belum selesai; dilanjutkan saat dijalankan lagi.", file=sys.stderr)


async def _started(service: Service, ending: asyncio.Event) -> bool:
    """Whether the start came to its end; one that waits (for a disk, a lock) can be ended too."""
    import asyncio

    start = asyncio.ensure_future(service.start())
    asked = asyncio.ensure_future(ending.wait())
    await asyncio.wait((start, asked), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if start.done():
        await start
        return True
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _write_down(_: object, context: dict[str, Any]) -> None:
    """What nobody awaited: kind and place, because the rest may hold a message."""
    import structlog

    from bot.receiving import place_of

    error = context.get("exception")
    structlog.get_logger(__name__).error(
        "something failed in the background", error="" if error is None else place_of(error)
    )
