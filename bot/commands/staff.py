"""`kawan staff`: who may read and answer what people entrust to us."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands import office


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Petugas: tambah, daftar, hapus.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("remove")(remove)
    app.add_typer(group, name="staff")


def add(name: Annotated[str, typer.Argument(help="Nama petugas, misalnya: Mas Dimas")]) -> None:
    """Tambah petugas dan buat kode sekali pakai; ulangi untuk kode baru."""
    added = office.ask("staff_add", name=name)
    print(f"{added['name']}: kode {added['code']}, berlaku 48 jam.")
    print("Kirim kode ini ke bot dari telepon petugas sendiri.")


def list_() -> None:
    """Daftar petugas."""
    from storage import staff

    members = office.read(staff.members)
    office.print_table(
        ("no", "nama", "ditambahkan", "keadaan"),
        (
            (
                member.id,
                member.name,
                f"{member.added_at:%Y-%m-%d}",
                "bergabung" if member.joined_at else "belum memasukkan kode",
            )
            for member in members
        ),
        empty='Belum ada petugas. Tambah dengan: kawan staff add "Nama"',
    )


def remove(who: Annotated[str, typer.Argument(help="Nomor atau nama petugas")]) -> None:
    """Akhiri akses seorang petugas; tugasnya pindah ke petugas lain."""
    removed = office.ask("staff_remove", who=who)
    print(f"{removed['name']} bukan petugas lagi. Tugas yang dipindahkan: {removed['tasks']}.")
