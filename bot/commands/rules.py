"""`kawan rules`: when which people are asked, told or visited."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.commands import office

Number = Annotated[int, typer.Argument(help="Nomor aturan, lihat: kawan rules list")]
What = Annotated[
    str | None, typer.Option(help="Tindakan: kabar, kiat, pengingat, pesan atau kunjungan")
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Dihitung dari: mingguan, pendaftaran, bulan-lahir, sesi, kabar-dikirim, "
        "kabar-selesai atau diam"
    ),
]
Days = Annotated[int | None, typer.Option(help="Berapa hari sesudahnya; sebelum sesi: -2")]
Weekday = Annotated[str | None, typer.Option(help="Hari aturan mingguan, misalnya rabu")]
Hour = Annotated[str | None, typer.Option(help="Jam setempat, misalnya 19.15")]
Village = Annotated[
    str | None, typer.Option(help="Kode desa; aturan desa menggantikan yang untuk semua")
]
Audience = Annotated[
    str | None, typer.Option(help='Untuk siapa, misalnya "umur=0-5 kecuali tanda=uji"')
]
Words = Annotated[
    str | None, typer.Option(help="Isi pesan; {sapaan}, {nama}, {desa}, {anak} diisi sendiri")
]
Busy = Annotated[
    str | None,
    typer.Option(help="Kalau orangnya sedang menjawab yang lain: tunggu, lewati atau sesudahnya"),
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Aturan program: kapan siapa disapa.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("add")(add)
    group.command("change")(change)
    group.command("stop")(stop)
    app.add_typer(group, name="rules")


def list_(
    every: Annotated[bool, typer.Option("--all", help="Juga yang sudah dihentikan")] = False,
    json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False,
) -> None:
    """Daftar aturan."""
    from bot.operations.rules import told
    from storage import rules

    found = [told(kept) for kept in office.read(rules.every) if every or kept.active]
    if json:
        office.print_json(found)
        return
    office.print_table(
        ("no", "nama", "tindakan", "kapan", "jam", "desa", "untuk", "kalau sibuk"),
        (
            (
                rule["number"],
                rule["name"] if rule["active"] else f"{rule['name']} (berhenti)",
                rule["what"],
                when(rule),
                rule["hour"],
                rule["village"],
                rule["audience"],
                rule["busy"],
            )
            for rule in found
        ),
        empty="Belum ada aturan; yang biasa dibuat waktu layanan pertama dijalankan.",
    )


def when(rule: dict[str, Any]) -> str:
    """The day of a rule in one column.

    >>> when({"from": "mingguan", "weekday": "rabu", "days": 0})
    'setiap rabu'
    >>> when({"from": "sesi", "weekday": "", "days": -2})
    '2 hari sebelum sesi'
    """
    if rule["weekday"]:
        return f"setiap {rule['weekday']}"
    if not rule["days"]:
        return str(rule["from"])
    side = "sesudah" if rule["days"] > 0 else "sebelum"
    return f"{abs(rule['days'])} hari {side} {rule['from']}"


def add(
    name: Annotated[str, typer.Argument(help="Nama aturan, misalnya: Kabar Kenanga")],
    what: What = None,
    since: Since = None,
    days: Days = None,
    weekday: Weekday = None,
    hour: Hour = None,
    village: Village = None,
    audience: Audience = None,
    words: Words = None,
    busy: Busy = None,
) -> None:
    """Tambah aturan; yang tidak ditulis seperti kabar mingguan jam 19.15 untuk semua pengasuh."""
    added = office.ask(
        "rule_add",
        name=name,
        what=what,
        since=since,
        days=days,
        weekday=weekday,
        hour=hour,
        village=village,
        audience=audience,
        words=words,
        busy=busy,
    )
    _say("Ditambahkan", added)


def change(
    number: Number,
    name: Annotated[str, typer.Option(help="Nama yang baru")] = "",
    what: What = None,
    since: Since = None,
    days: Days = None,
    weekday: Weekday = None,
    hour: Hour = None,
    village: Village = None,
    audience: Audience = None,
    words: Words = None,
    busy: Busy = None,
) -> None:
    """Ubah aturan; yang tidak ditulis tetap. Yang sudah direncanakan untuk seseorang tetap juga."""
    changed = office.ask(
        "rule_change",
        number=number,
        name=name,
        what=what,
        since=since,
        days=days,
        weekday=weekday,
        hour=hour,
        village=village,
        audience=audience,
        words=words,
        busy=busy,
    )
    _say("Diubah", changed)


def stop(number: Number) -> None:
    """Hentikan aturan; yang sudah direncanakan olehnya tidak dikirim lagi."""
    stopped = office.ask("rule_stop", number=number)
    print(f"Dihentikan: aturan nomor {stopped['number']}, {stopped['name']}.")


def _say(done: str, rule: dict[str, Any]) -> None:
    print(
        f"{done}: aturan nomor {rule['number']}, {rule['name']}: {rule['what']}, {when(rule)}, "
        f"jam {rule['hour']}, desa: {rule['village']}, untuk {rule['audience']}."
    )
