"""`kawan directory`: the offices that help and the national lines, and when each was called.

What an office's number is nobody knows beforehand: staff enter it after they have called it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Connection

    from storage.directory import Office

Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]
By = Annotated[str, typer.Option(help='Petugas yang menelepon atau memutuskan: "Mbak Rina"')]
Number = Annotated[int, typer.Argument(help="Nomor lembaga di kawan directory list")]
Checked = Annotated[str, typer.Option(help="Hari terakhir ditelepon, misalnya 2026-11-20")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        help="Lembaga rujukan per desa, dan saluran nasional.", no_args_is_help=True
    )
    group.command("add")(add)
    group.command("list")(list_)
    group.command("checked")(checked)
    group.command("remove")(remove)
    group.command("import")(import_)
    group.command("template")(template)
    group.command("hotlines")(hotlines)
    group.command("hotline")(hotline)
    app.add_typer(group, name="directory")


def add(
    agency: Annotated[str, typer.Argument(help="uptd_ppa, polres_ppa, puskesmas, dinsos, …")],
    name: Annotated[str, typer.Argument(help="Nama kantornya")],
    phone: Annotated[str, typer.Option(help="Nomor telepon atau HP kantor")],
    by: By,
    officer: Annotated[str, typer.Option(help="Petugas yang dihubungi di sana")] = "",
    district: Annotated[str, typer.Option(help="Kabupaten, kalau melayani sekabupaten")] = "",
    village: Annotated[str, typer.Option(help="Kode desa, kalau hanya untuk satu desa")] = "",
    checked: Checked = "",
) -> None:
    """Catat lembaga; tanpa desa dan kabupaten berarti untuk seluruh program."""
    added = office.ask(
        "directory_add",
        agency=agency,
        name=name,
        phone=phone,
        by=by,
        officer=officer,
        district=district,
        village=village,
        checked=checked,
    )
    print(f"Lembaga nomor {added['id']} tercatat.")
    if not checked:
        print(f"Belum ditelepon: kawan directory checked {added['id']} --by …")


def list_(
    village: Annotated[str, typer.Option(help="Hanya yang melayani desa ini (kode)")] = "",
    json: Json = False,
) -> None:
    """Daftar lembaga dan kapan terakhir ditelepon."""

    def listed(conn: Connection) -> tuple[Sequence[Office], date]:
        from bot.commands.schools import now
        from bot.operations.directory import find_village
        from storage import directory

        wanted = find_village(conn, village) if village.strip() else None
        return directory.offices(conn, wanted), now(conn).astimezone(settings.zone).date()

    settings = office.settings()
    found, today = office.read(listed)
    if json:
        office.print_json([_plain(one) for one in found])
        return
    office.print_table(
        ("no", "lembaga", "nama", "telepon", "petugas", "untuk", "dicek"),
        (
            (
                one.contact.id,
                one.contact.agency.value,
                one.contact.name,
                one.contact.phone,
                one.contact.officer or "-",
                one.village or one.contact.district or "seluruh program",
                _day(one.contact.checked, today),
            )
            for one in found
        ),
        empty="Belum ada lembaga. Catat dengan: kawan directory add LEMBAGA NAMA --phone …",
    )


def checked(
    number: Number,
    by: By,
    on: Annotated[str, typer.Option(help="Hari ditelepon; kosong berarti hari ini")] = "",
    phone: Annotated[str, typer.Option(help="Nomor baru, kalau berubah")] = "",
    officer: Annotated[str, typer.Option(help="Petugas baru di sana, kalau berganti")] = "",
) -> None:
    """Catat bahwa nomor ini sudah ditelepon dan benar, atau ganti nomornya."""
    done = office.ask("directory_checked", id_=number, by=by, on=on, phone=phone, officer=officer)
    print(f"{done['name']}: dicek {done['on']}.")


def remove(number: Number, by: By) -> None:
    """Keluarkan lembaga dari daftar; rujukan yang sudah dibuat tetap tercatat."""
    print(f"{office.ask('directory_remove', id_=number, by=by)} keluar dari daftar.")


def import_(
    file: Annotated[Path, typer.Argument(help="Daftar lembaga: .xlsx atau .csv")], by: By
) -> None:
    """Masukkan daftar lembaga; satu baris salah berarti tidak ada yang masuk."""
    from dataclasses import asdict

    from bot.commands.schools import now
    from storage import directory_sheet, people
    from storage.roster_sheet import LARGEST, NoRoster

    if not file.is_file():
        raise office.Stop(f"Berkas {file} tidak ada.")
    if file.stat().st_size > LARGEST:
        raise office.Stop(f"Berkas {file} terlalu besar.")
    zone = office.settings().zone
    villages, at = office.read(lambda conn: (people.all_villages(conn), now(conn)))
    try:
        found = directory_sheet.read(
            file.read_bytes(), file.name, villages, at.astimezone(zone).date()
        )
    except NoRoster as error:
        raise office.Stop(f"Daftar tidak terbaca: {error}.") from None
    problems = [str(one) for one in found.problems]
    entered = 0
    if not problems:
        listed = [
            {**asdict(one), "checked": one.checked.isoformat() if one.checked else ""}
            for one in found.offices
        ]
        done = office.ask("directory_import", listed=listed, by=by)
        problems, entered = done["problems"], done["entered"]
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        print("Belum ada yang disimpan. Betulkan dahulu.", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{entered} lembaga tercatat.")


def template(
    file: Annotated[Path, typer.Argument(help="Berkas baru, .csv atau .xlsx")],
) -> None:
    """Tulis lembar kosong dengan kolom yang dibaca impor."""
    from storage.directory_sheet import COLUMNS

    if file.suffix.casefold() not in (".csv", ".xlsx"):
        raise office.Stop("Nama berkas diakhiri .csv atau .xlsx.")
    if file.exists():
        raise office.Stop(f"Berkas {file} sudah ada: pilih nama lain.")
    if file.suffix.casefold() == ".csv":
        file.write_text(f"{','.join(COLUMNS)}\n", encoding="utf-8")
    else:
        import openpyxl

        book = openpyxl.Workbook()
        book.worksheets[0].append(COLUMNS)
        book.save(file)
    print(f"Ditulis ke {file}. Kolom desa berisi kode desa; kosong berarti sekabupaten.")


def hotlines(json: Json = False) -> None:
    """Saluran nasional: pemilik, sumber, kapan terakhir dicek, dan untuk siapa."""
    from locales import hotlines as known
    from storage import hotline_checks

    checks = office.read(hotline_checks.all_)
    every = (*known(), *known("staff"))
    lines = [(line, hotline_checks.last_checked(line, checks)) for line in every]
    if json:
        from dataclasses import asdict

        office.print_json([{**asdict(line), "checked": checked} for line, checked in lines])
        return
    office.print_table(
        ("kunci", "nama", "nomor", "pemilik", "dicek", "untuk", "catatan"),
        (
            (
                line.key,
                line.name,
                ", ".join(line.numbers),
                line.owner,
                checked.isoformat() if checked else "belum",
                "chat" if line.audience == "chat" else "petugas saja",
                line.note or "-",
            )
            for line, checked in lines
        ),
        empty="Tidak ada saluran.",
    )


def hotline(
    key: Annotated[str, typer.Argument(help="Kunci saluran di kawan directory hotlines")],
    by: By,
    on: Annotated[str, typer.Option(help="Hari ditelepon; kosong berarti hari ini")] = "",
) -> None:
    """Catat bahwa saluran nasional sudah ditelepon dan benar."""
    done = office.ask("hotline_checked", key=key, by=by, on=on)
    print(f"{done['name']}: dicek {done['on']}.")


def _plain(one: Office) -> dict[str, object]:
    contact = one.contact
    return {
        "id": contact.id,
        "agency": contact.agency,
        "name": contact.name,
        "phone": contact.phone,
        "officer": contact.officer,
        "district": contact.district,
        "village": one.village,
        "checked": contact.checked,
        "checked_by": one.checked_by,
    }


def _day(checked: date | None, today: date) -> str:
    from storage.directory import is_fresh

    if checked is None:
        return "belum"
    return f"{checked.isoformat()}{'' if is_fresh(checked, today) else ' (lama)'}"
