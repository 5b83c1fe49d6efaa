"""`kawan report`: a village's month on one page, for its meeting, the district and KPAI."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from bot.report.values import Line, Report
    from storage.figures import Figures, Period
    from storage.people import Village


def register(app: typer.Typer) -> None:
    """Add this group's command."""
    app.command("report")(report)


def report(
    village: Annotated[str, typer.Option("--village", help="Kode atau nama desa, misalnya LDK")],
    month: Annotated[str, typer.Option("--month", help="Bulan, misalnya 2026-11")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Berkas .pdf atau .html; kosong berarti di layar"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Untuk program lain")] = False,
) -> None:
    """Laporan bulanan satu desa di satu halaman A4, tanpa nama; angka di bawah 5 ditutup."""
    from bot.report import compose
    from bot.report.values import as_plain

    if out is not None and out.suffix.casefold() not in _WRITTEN_AS:
        raise office.Stop(f"Nama berkas {out} harus berakhir dengan .pdf atau .html.")
    settings = office.settings()
    year, number = _month(month)

    def counted(conn: Connection) -> tuple[Figures, Village, Period]:
        from storage import figures

        place = _village(conn, village)
        period = _period(conn, settings.sample, place, year, number)
        return figures.of_month(conn, place, period), place, period

    figures, place, period = office.read(counted)
    made = compose(figures, place, period, settings.responsible)
    if as_json:
        office.print_json(as_plain(made))
    elif out is None:
        _print(made)
    if out is not None:
        _write(made, out)
        print(f"Laporan {made.place}, {made.month}, ditulis ke {out}.", file=sys.stderr)


_WRITTEN_AS = (".pdf", ".html")


def _month(written: str) -> tuple[int, int]:
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", written.strip())
    if found is None:
        raise office.Stop(
            f"Bulan {written} tidak dikenal: tulis tahun dan bulan, misalnya 2026-11."
        )
    return int(found[1]), int(found[2])


def _village(conn: Connection, written: str) -> Village:
    from storage.people import all_villages

    known = all_villages(conn)
    wanted = " ".join(written.casefold().split()).removeprefix("desa ")
    for village in known:
        if wanted in (village.code.casefold(), village.name.casefold()):
            return village
    if not known:
        raise office.Stop("Belum ada desa. Tambah dengan: kawan villages add NAMA KODE")
    listed = ", ".join(f"{one.code} ({one.name})" for one in known)
    raise office.Stop(f"Desa {written} tidak dikenal. Yang ada: {listed}.")


def _period(conn: Connection, sample: bool, village: Village, year: int, month: int) -> Period:
    """The month, if it has begun and nothing that it counts has been taken away by retention."""
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from bot.clock import ahead
    from storage.figures import Period
    from storage.retention import CLOSED_TASKS

    now = datetime.now(UTC) + ahead(conn) if sample else datetime.now(UTC)
    period = Period(year, month, ZoneInfo(village.zone), now)
    if period.begin >= now:
        latest = now.astimezone(period.zone)
        raise office.Stop(
            f"Bulan {year}-{month:02d} belum mulai: paling akhir {latest:%Y-%m}, bulan ini."
        )
    if period.begin <= now - CLOSED_TASKS:
        raise office.Stop(
            f"Bulan {year}-{month:02d} terlalu lama: catatan tindak lanjut dihapus 12 bulan setelah"
            " selesai, jadi angkanya tidak lengkap lagi. Simpan laporan setiap bulan."
        )
    return period


def _print(report: Report) -> None:
    from bot.report.sections import READING

    print("\n".join((f"{report.place}: {report.month}", *report.origin)))
    for title, lines in (
        ("Pengasuh", (*report.caregivers, *report.costs)),
        ("Kabar mingguan", report.checkins),
    ):
        print(f"\n{title}")
        _print_lines(lines)
    for title, table in (("Kelompok", report.schools), ("Tindak lanjut", report.follow_ups)):
        print()
        rows = [(row.label, *(figure.shown for figure in row.figures)) for row in table.rows]
        office.print_table((title, *table.heads), rows, empty=report.schools_note)
    print()
    _print_lines(report.taken_up)
    print()
    print("\n".join(f"{sign}: {meaning}" for sign, meaning in READING))


def _print_lines(lines: Sequence[Line]) -> None:
    width = max(len(line.label) for line in lines)
    for line in lines:
        print(f"{line.label:{width}}  {line.figure.shown}  {line.figure.share}".rstrip())


def _write(report: Report, path: Path) -> None:
    """Whole or not at all."""
    from bot.report.page import html
    from bot.report.pdf import pdf

    content = html(report).encode() if path.suffix.casefold() == ".html" else pdf(report)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
