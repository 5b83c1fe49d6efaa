"""`kawan duty`: who is on duty when, and which hours nobody covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.commands import office

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAYS = 14
"""So far ahead `check` looks."""

Hour = Annotated[str, typer.Option(help="Jam setempat, misalnya 06.00")]
Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Jaga: siapa dipanggil, dan kapan.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("remove")(remove)
    group.command("now")(now)
    group.command("check")(check)
    app.add_typer(group, name="duty")


def add(
    name: Annotated[str, typer.Argument(help="Nama atau nomor petugas, misalnya: Mas Dimas")],
    begins: Annotated[str, typer.Option("--from", help="Jam mulai setempat, misalnya 06.00")],
    ends: Annotated[
        str, typer.Option("--to", help="Jam selesai; tidak sesudah jam mulai: besoknya")
    ],
    day: Annotated[
        str, typer.Option(help="Setiap minggu: senin, senin-jumat, sabtu,minggu, setiap hari")
    ] = "",
    on: Annotated[str, typer.Option("--date", help="Satu hari saja, misalnya 2026-12-25")] = "",
    rank: Annotated[int, typer.Option(help="Urutan dipanggil: 1 lebih dahulu")] = 1,
    until: Annotated[str, typer.Option(help="Hari terakhir jaga mingguan")] = "",
) -> None:
    """Tambah jaga seorang petugas, mingguan atau satu hari."""
    added = office.ask(
        "duty_add", who=name, day=day, begins=begins, ends=ends, rank=rank, on=on, last=until
    )
    numbers = ", ".join(map(str, added["numbers"]))
    print(f"{added['name']} jaga: nomor {numbers}. Lihat jam yang kosong: kawan duty check")


def list_(json: Json = False) -> None:
    """Daftar jaga mingguan dan satu hari."""
    from bot.operations.duty import told
    from storage import shifts

    found = [told(one) for one in office.read(shifts.duties)]
    if json:
        office.print_json(found)
        return
    office.print_table(
        ("no", "nama", "hari", "dari", "sampai", "urutan", "terakhir"),
        (tuple(one.values()) for one in _in_order(found)),
        empty="Belum ada daftar jaga. Tambah: kawan duty add NAMA --day HARI --from JAM --to JAM",
    )


def remove(
    number: Annotated[int, typer.Argument(help="Nomor jaga, lihat: kawan duty list")],
    on: Annotated[str, typer.Option("--date", help="Hanya yang mulai hari ini, mis. sakit")] = "",
) -> None:
    """Akhiri sebuah jaga, atau batalkan satu harinya."""
    removed = office.ask("duty_remove", number=number, on=on)
    when = f"pada {on}" if on else f"{removed['day']} {removed['begins']}-{removed['ends']}"
    print(f"{removed['name']} tidak jaga lagi {when}. Lihat jam yang kosong: kawan duty check")


def now(json: Json = False) -> None:
    """Siapa yang jaga sekarang dan berikutnya, dan apakah sudah SIAP."""
    zone = office.settings().zone
    shifts = office.read(_coming)
    if json:
        office.print_json(shifts)
        return
    office.print_table(
        ("", "nama", "urutan", "dari", "sampai", "siap", "telepon"),
        (
            (
                "sekarang" if one["now"] else "nanti",
                one["name"],
                one["rank"],
                _local(one["starts"], zone),
                _local(one["ends"], zone),
                "sudah" if one["ready"] else "belum",
                one["phone"] or "-",
            )
            for one in shifts
        ),
        empty="Tidak ada yang jaga sekarang maupun dalam 24 jam. Tambah: kawan duty add",
    )


def check(json: Json = False) -> None:
    """Jam dalam 14 hari ke depan yang dijaga kurang dari dua orang; kode keluar 1 bila ada."""
    zone = office.settings().zone
    gaps = office.read(_gaps)
    if json:
        office.print_json(gaps)
    elif not gaps:
        print(f"{DAYS} hari ke depan selalu ada dua orang yang jaga.")
    for line in [] if json else _by_day(gaps, zone):
        print(line)
    if gaps:
        raise typer.Exit(1)


def _coming(conn: Connection) -> list[dict[str, Any]]:
    from storage.duty import StoredDuty

    at = _now(conn)
    return [
        {
            "now": one.starts_at <= at,
            "name": one.name,
            "rank": one.rank,
            "starts": one.starts_at.isoformat(),
            "ends": one.ends_at.isoformat(),
            "ready": one.ready_at is not None,
            "phone": one.phone,
        }
        for one in StoredDuty(conn, at).shifts(at + timedelta(hours=24))
    ]


def _now(conn: Connection) -> datetime:
    """The time; in sample mode as far ahead as somebody has moved it."""
    from bot.clock import ahead

    return datetime.now(UTC) + ahead(conn)


def _gaps(conn: Connection) -> list[dict[str, Any]]:
    from storage.duty import coverage

    return [
        {
            "starts": gap.starts_at.isoformat(),
            "ends": gap.ends_at.isoformat(),
            "on_duty": gap.on_duty,
        }
        for gap in coverage(conn, _now(conn), DAYS)
    ]


def _by_day(gaps: list[dict[str, Any]], zone: ZoneInfo) -> list[str]:
    """One line a gap, each day cut at midnight.

    >>> _by_day([{"starts": "2026-11-18T11:00+00:00", "ends": "2026-11-18T23:00+00:00",
    ...     "on_duty": 1}], ZoneInfo("Asia/Jakarta"))
    ['Rabu 18/11: 18.00-24.00, jaga 1', 'Kamis 19/11: 00.00-06.00, jaga 1']
    """
    from bot.operations.moments import WEEKDAYS

    lines = []
    for gap in gaps:
        begins, ends = (_at(gap[side], zone) for side in ("starts", "ends"))
        while begins < ends:
            midnight = datetime.combine(
                begins.date() + timedelta(days=1), datetime.min.time(), zone
            )
            until = min(ends, midnight)
            closes = "24.00" if until == midnight else f"{until:%H.%M}"
            day = f"{WEEKDAYS[begins.weekday()]} {begins:%d/%m}"
            lines.append(f"{day}: {begins:%H.%M}-{closes}, jaga {gap['on_duty']}")
            begins = until
    return lines


def _in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from bot.operations.moments import WEEKDAYS

    def place(one: dict[str, Any]) -> tuple[Any, ...]:
        weekly = one["day"] in WEEKDAYS
        return (not weekly, WEEKDAYS.index(one["day"]) if weekly else one["day"], one["begins"])

    return sorted(found, key=place)


def _at(written: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(written).astimezone(zone)


def _local(written: str, zone: ZoneInfo) -> str:
    return f"{_at(written, zone):%d/%m %H.%M}"
