"""`kawan villages`, `people`, `due` and `quarantine`: the programme as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    villages = typer.Typer(help="Desa: tambah, daftar.", no_args_is_help=True)
    villages.command("add")(village_add)
    villages.command("list")(village_list)
    app.add_typer(villages, name="villages")
    quarantine = typer.Typer(
        help="Pesan yang disisihkan karena tidak terbaca.", no_args_is_help=True
    )
    quarantine.command("list")(quarantine_list)
    quarantine.command("retry")(quarantine_retry)
    app.add_typer(quarantine, name="quarantine")
    app.command("people")(people)
    app.command("due")(due)


def village_add(
    name: Annotated[str, typer.Argument(help="Nama desa")],
    code: Annotated[str, typer.Argument(help="Kode 2-4 huruf, awal kode laporan, misalnya LDK")],
    district: Annotated[str, typer.Option(help="Kabupaten")] = "",
    head_title: Annotated[str, typer.Option(help="Sebutan kepala desa, misalnya Kuwu")] = (
        "Kepala Desa"
    ),
    zone: Annotated[str, typer.Option(help="Zona waktu")] = "Asia/Jakarta",
) -> None:
    """Tambah desa, atau ubah desa yang berkode sama."""
    from zoneinfo import available_timezones

    if zone not in available_timezones():
        raise office.Stop(f"Zona waktu {zone} tidak dikenal; contoh: Asia/Jakarta.")
    office.ask(
        "village_add", name=name, code=code, district=district, head_title=head_title, zone=zone
    )
    print(f"Desa {name} tersimpan dengan kode {code.upper()}.")


def village_list() -> None:
    """Daftar desa."""
    from storage.people import all_villages

    office.print_table(
        ("kode", "nama", "kabupaten", "kepala desa", "zona"),
        (
            (village.code, village.name, village.district, village.head_title, village.zone)
            for village in office.read(all_villages)
        ),
        empty="Belum ada desa. Tambah dengan: kawan villages add NAMA KODE",
    )


def people(
    reason: Annotated[str, typer.Option(help="Alasan melihat nama; dicatat")] = "",
) -> None:
    """Daftar orang; kode saja, nama hanya dengan alasan."""
    from datetime import UTC, datetime

    from storage.exports import What, export

    if reason.strip():
        office.ask("record_export", what="people", reason=reason)

    def listed(conn: Connection) -> tuple[Sequence[str], list[list[str]]]:
        contacts = export(
            conn,
            What.CONTACTS,
            actor="command",
            now=datetime.now(UTC),
            reason=reason,
            recorded=True,
        )
        return contacts.columns, [[row[name] for name in contacts.columns] for row in contacts.rows]

    columns, rows = office.read(listed)
    office.print_table(columns, rows, empty="Belum ada orang.")


def due() -> None:
    """Apa yang akan terjadi berikutnya."""
    from zoneinfo import ZoneInfo

    from sqlalchemy import select

    from storage.exports import person_code
    from storage.schema import due as due_table

    zone = ZoneInfo(office.settings().timezone)

    def upcoming(conn: Connection) -> list[tuple[str, str, str]]:
        query = (
            select(due_table.c.due_at, due_table.c.kind, due_table.c.person_id)
            .where(due_table.c.outcome == "")
            .order_by(due_table.c.due_at)
            .limit(100)
        )
        return [
            (f"{at.astimezone(zone):%Y-%m-%d %H:%M}", kind, person_code(person))
            for at, kind, person in conn.execute(query)
        ]

    office.print_table(
        ("waktu", "apa", "siapa"), office.read(upcoming), empty="Tidak ada yang direncanakan."
    )


def quarantine_list() -> None:
    """Daftar pesan yang disisihkan; isinya tetap tertutup."""
    from storage.inbox import quarantined

    office.print_table(
        ("no", "diterima (UTC)", "saluran", "sebab", "percobaan"),
        (
            (row.id, f"{row.received_at:%Y-%m-%d %H:%M}", row.channel, row.error, row.attempts)
            for row in office.read(lambda conn: quarantined(conn, 200))
        ),
        empty="Tidak ada pesan yang disisihkan.",
    )


def quarantine_retry(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Nomor pesan; kosong berarti semua")
    ] = None,
) -> None:
    """Coba lagi pesan yang disisihkan."""
    tried = office.ask("quarantine_retry", ids=ids or [])
    if ids and (unknown := sorted(set(ids) - set(tried))):
        raise office.Stop(f"Tidak ada di karantina: {', '.join(map(str, unknown))}")
    print(f"Dicoba lagi: {len(tried)} pesan.")
