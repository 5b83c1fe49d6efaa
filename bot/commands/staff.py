"""`kawan staff`: who may read and answer what people entrust to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from sqlalchemy import Connection


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Petugas: tambah, daftar, hapus.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("remove")(remove)
    group.command("phone")(phone)
    app.add_typer(group, name="staff")


def add(
    name: Annotated[str, typer.Argument(help="Nama petugas, misalnya: Mas Dimas")],
    role: Annotated[
        str, typer.Option(help="petugas, koordinator, penyelenggara, atau luar")
    ] = "petugas",
    number: Annotated[
        str, typer.Option("--phone", help="Teleponnya, jalan kedua menghubunginya waktu jaga")
    ] = "",
) -> None:
    """Tambah petugas dan buat kode sekali pakai; ulangi untuk kode baru."""
    added = office.ask("staff_add", name=name, role=role, phone=number)
    role_told = "" if added["role"] == "petugas" else f" ({added['role']})"
    print(f"{added['name']}{role_told}: kode {added['code']}, berlaku 48 jam.")
    print("Kirim kode ini ke bot dari telepon petugas sendiri.")


def list_(json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False) -> None:
    """Daftar petugas: peran, telepon, dan siapa yang sedang jaga."""
    from datetime import UTC, datetime

    from bot.clock import ahead
    from bot.operations.staff import role_name
    from storage import duty, staff

    def found(conn: Connection) -> tuple[tuple[staff.Member, ...], tuple[int, ...]]:
        now = datetime.now(UTC) + ahead(conn)
        return staff.members(conn), duty.team(conn, now).on_duty

    members, on_duty = office.read(found)
    rows = [
        {
            "number": member.id,
            "name": member.name,
            "role": role_name(member.role),
            "added": f"{member.added_at:%Y-%m-%d}",
            "joined": member.joined_at is not None,
            "phone": member.has_phone,
            "on_duty": member.person in on_duty,
        }
        for member in members
    ]
    if json:
        office.print_json(rows)
        return
    office.print_table(
        ("no", "nama", "peran", "ditambahkan", "keadaan", "telepon", "jaga"),
        (
            (
                row["number"],
                row["name"],
                row["role"],
                row["added"],
                "bergabung" if row["joined"] else "belum memasukkan kode",
                "ada" if row["phone"] else "-",
                "ya" if row["on_duty"] else "-",
            )
            for row in rows
        ),
        empty='Belum ada petugas. Tambah dengan: kawan staff add "Nama"',
    )


def remove(
    who: Annotated[str, typer.Argument(help="Nomor atau nama petugas")],
    force: Annotated[
        str, typer.Option(help="Alasan menghapus meski jaga menjadi kurang; dicatat")
    ] = "",
) -> None:
    """Akhiri akses dan jaga seorang petugas sekarang juga; tugasnya pindah ke petugas lain."""
    removed = office.ask("staff_remove", who=who, force=force)
    print(f"{removed['name']} bukan petugas lagi. Tugas yang dipindahkan: {removed['tasks']}.")
    if removed["unowned"]:
        print(f"Belum ada yang bisa memegang: {', '.join(removed['unowned'])}.")
    for problem in removed["problems"]:
        print(f"Sekarang perlu dibereskan: {problem}.")
    print("Ganti semua yang mungkin diketahuinya:")
    for line in removed["secrets"]:
        print(f"- {line}")


def phone(
    who: Annotated[str, typer.Argument(help="Nomor atau nama petugas")],
    number: Annotated[str, typer.Argument(help='Nomor teleponnya; "" menghapus')],
) -> None:
    """Catat telepon petugas: jalan kedua menghubunginya waktu jaga."""
    kept = office.ask("staff_phone", who=who, number=number)
    print(f"{kept['name']}: {kept['phone'] or 'tanpa nomor telepon'}.")
