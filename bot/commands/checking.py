"""`kawan check`, `read` and `danger`: forms and words, tried out without any data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import office


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("check")(check)
    app.command("read")(read)
    app.command("danger")(danger)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Lembar pertanyaan: .md, .xlsx, .csv")
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Juga apakah siap melayani orang sungguhan")
    ] = False,
) -> None:
    """Periksa lembar pertanyaan; tanpa nama berkas: semua lembar, teks, tip, dan kata."""
    from bot import checks

    found = checks.files(files) if files else checks.everything()
    refused, noticed = _readiness() if production else ([], [])
    for line in (*found.problems, *refused):
        print(line)
    for line in (*found.warnings, *noticed):
        print(f"Perhatikan: {line}")
    if found.problems or refused:
        raise typer.Exit(1)
    ready = " Siap melayani orang." if production else ""
    print(f"Semua baik: {found.looked_at}.{ready}")


def _readiness() -> tuple[list[str], list[str]]:
    """What keeps this programme from serving people, and what should be looked at."""
    from datetime import UTC, datetime

    from bot import readiness

    settings = office.settings()
    if settings.sample:
        return [
            "Belum ada: token bot; tanpa token semua memakai data contoh (isi TELEGRAM_TOKEN)"
        ], []
    now = datetime.now(UTC)
    found = office.read(lambda conn: readiness.production(conn, settings, now))
    refused = [f"Belum ada: {readiness.line(one)}" for one in found if one.blocks]
    return refused, [readiness.line(one) for one in found if not one.blocks]


def read(
    kind: Annotated[str, typer.Argument(help="yes_no, scale_1_5, age_years, phone, intent, …")],
    now: Annotated[str, typer.Option(help="Waktu setempat, misalnya 2026-11-18T10:00")] = "",
    zone: Annotated[str, typer.Option(help="Zona waktu")] = "Asia/Jakarta",
) -> None:
    """Baca satu balasan per baris; tulis maknanya sebagai baris JSON."""
    from conversations import reading

    if kind not in reading.KINDS:
        raise office.Stop(f"{kind} tidak dikenal; pilihannya {', '.join(reading.KINDS)}.")
    at = _local(now, zone)
    for text in _lines():
        _write({"text": text, "value": reading.read(kind, text, at)})


def danger() -> None:
    """Cari kata bahaya, satu pesan per baris; tulis hasilnya sebagai baris JSON."""
    from conversations.danger import assess, find

    for text in _lines():
        found = assess(text)
        _write(
            {
                "text": text,
                "urgent": found.urgent,
                "class": found.cls.value if found.cls else None,
                "level": found.level.value if found.level else None,
                "why": [hit.why for hit in find(text)],
            }
        )


def _local(written: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise office.Stop(f"Zona waktu {zone} tidak dikenal; contoh: Asia/Jakarta.") from None
    try:
        at = datetime.fromisoformat(written) if written else datetime.now(tz)
    except ValueError:
        raise office.Stop(f"--now {written}: tulis seperti 2026-11-18T10:00.") from None
    return at.replace(tzinfo=tz) if at.tzinfo is None else at.astimezone(tz)


def _lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").rstrip("\r\n")


def _write(result: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
