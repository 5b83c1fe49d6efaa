"""`kawan villages`, `people`, `due` and `quarantine`: the programme as it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office
from bot.commands.sessions import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from storage.upcoming import Upcoming


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


def due(
    days: Annotated[int, typer.Option(min=0, max=60, help="Berapa hari ke depan")] = 7,
    json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False,
) -> None:
    """Apa yang akan terjadi di hari-hari berikutnya, dan untuk siapa; orang sebagai kode."""
    from datetime import UTC, datetime

    from bot.clock import ahead
    from storage.exports import person_code
    from storage.upcoming import upcoming

    configured = office.settings()

    def planned(conn: Connection) -> list[Upcoming]:
        now = datetime.now(UTC) + (ahead(conn) if configured.sample else timedelta())
        return upcoming(conn, now, configured.zone, days)

    found = office.read(planned)
    if json:
        office.print_json(
            [
                {
                    "at": one.at,
                    "sort": one.sort,
                    "kind": one.kind,
                    "about": one.about,
                    "people": one.people,
                    "person": person_code(one.person),
                }
                for one in found
            ]
        )
        return
    office.print_table(
        ("waktu", "apa", "untuk"),
        (
            (
                f"{one.at.astimezone(configured.zone):%Y-%m-%d %H:%M}",
                _what(one),
                person_code(one.person) or f"{one.people} orang",
            )
            for one in found[:MOST_SHOWN]
        ),
        empty=f"Tidak ada yang direncanakan dalam {days} hari.",
    )
    if len(found) > MOST_SHOWN:
        print(f"… dan {len(found) - MOST_SHOWN} lagi: lihat semuanya dengan --json.")


def _what(one: Upcoming) -> str:
    """What is to come, in the operator's words."""
    if one.sort == "rule":
        return f"{one.about} ({WHAT.get(one.kind, one.kind)})"
    if one.sort == "session":
        return f"{STAGES.get(one.kind, one.kind)}: {one.about}"
    if one.sort == "broadcast":
        return f"siaran nomor {one.about}"
    return WHAT.get(one.kind, one.kind)


MOST_SHOWN = 200

WHAT = {
    "checkin": "kabar mingguan",
    "tip": "kiat",
    "nudge": "pengingat",
    "message": "pesan",
    "visit": "daftar kunjungan kader",
    "assisted": "yang bisa dibantu kader",
    "expire": "pertanyaan ditutup",
    "drinking": "menunggu jawaban soal minum",
    "help_over": "penutup bantuan kader",
    "day_list": "daftar tugas petugas",
    "attendance": "daftar hadir",
    "feedback": "umpan balik sesi",
    "untold": "yang belum terkabari",
    "siar": "kabar siaran untuk petugas",
    "rehearsal": "gladi siaran",
    "numbers": "nomor lembaga yang perlu ditelepon",
    "costs": "biaya dan keadaan WhatsApp",
}


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
