"""`kawan schools`: groups that meet, who looks after them, and who is on their lists.

People are codes here; names only for a reason, which is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import office

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from conversations.schools.session import School
    from storage.school_questions import StoredSchools

Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]
Code = Annotated[str, typer.Argument(help="Kode sekolah, misalnya BOK-SBS")]
People = Annotated[list[str], typer.Argument(help="Kode orang, misalnya P-0012")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    schools = typer.Typer(help="Sekolah pengasuhan: buka, daftar, peserta.", no_args_is_help=True)
    schools.command("add")(add)
    schools.command("list")(list_)
    schools.command("change")(change)
    schools.command("close")(close)
    schools.command("enrol")(enrol)
    schools.command("leave")(leave)
    schools.command("members")(members)
    app.add_typer(schools, name="schools")


def add(
    name: Annotated[str, typer.Argument(help="Nama, misalnya: Sekolah Bok-Ebok Sumbersalak")],
    code: Annotated[str, typer.Argument(help="Kode 3-12 huruf untuk poster, misalnya BOK-SBS")],
    kind: Annotated[str, typer.Option(help="Jenis: bok_ebok, pak_bapak, yang_eyang, rapat …")] = (
        "bok_ebok"
    ),
    village: Annotated[str, typer.Option(help="Kode desa; kosong berarti seluruh program")] = "",
    zone: Annotated[str, typer.Option(help="Zona waktu; kosong berarti zona desanya")] = "",
    place: Annotated[str, typer.Option(help="Tempat pertemuan")] = "",
    cadre: Annotated[str, typer.Option(help="Kode kader yang mengurusnya")] = "",
) -> None:
    """Buka sekolah atau kelompok yang bertemu."""
    opened = office.ask(
        "school_open",
        name=name,
        kind=kind,
        code=code,
        village=village,
        zone=zone,
        place=place,
        cadre=cadre,
    )
    print(f"{opened['name']} dibuka dengan kode {opened['code']} ({opened['zone']}).")


def list_(json: Json = False) -> None:
    """Daftar sekolah."""
    from storage.exports import person_code
    from storage.session_lists import open_schools

    lines = office.read(open_schools)
    if json:
        office.print_json(
            [
                {
                    "code": line.school.code,
                    "name": line.school.name,
                    "kind": line.school.kind,
                    "village": line.village,
                    "zone": line.school.zone,
                    "place": line.school.place,
                    "cadre": person_code(line.school.cadre),
                    "enrolled": line.enrolled,
                }
                for line in lines
            ]
        )
        return
    office.print_table(
        ("kode", "nama", "jenis", "desa", "kader", "peserta"),
        (
            (
                line.school.code,
                line.school.name,
                line.school.kind,
                line.village,
                person_code(line.school.cadre),
                line.enrolled,
            )
            for line in lines
        ),
        empty="Belum ada sekolah. Buka dengan: kawan schools add NAMA KODE",
    )


def change(
    code: Code,
    name: Annotated[str, typer.Option(help="Nama baru")] = "",
    place: Annotated[str, typer.Option(help="Tempat baru")] = "",
    cadre: Annotated[str, typer.Option(help="Kode kader yang mengurusnya")] = "",
) -> None:
    """Ubah nama, tempat, atau kader sekolah."""
    office.ask("school_change", code=code, name=name, place=place, cadre=cadre)
    print(f"Sekolah {code.upper()} diperbarui.")


def close(code: Code) -> None:
    """Tutup sekolah; sesi yang akan datang dibatalkan dan pesertanya diberi tahu."""
    closed = office.ask("school_close", code=code)
    print(f"{closed['name']} ditutup. Sesi yang dibatalkan: {closed['cancelled']}.")


def enrol(code: Code, people: People) -> None:
    """Daftarkan orang di sekolah; nomornya dipakai untuk daftar hadir."""
    from storage.exports import person_code

    for one in office.ask("school_enrol", code=code, who=people):
        print(f"{person_code(one['person'])}: nomor {one['number']}")


def leave(code: Code, people: People) -> None:
    """Keluarkan orang dari daftar sekolah; nomornya tetap miliknya."""
    print(f"Keluar dari daftar: {office.ask('school_leave', code=code, who=people)} orang.")


def members(
    code: Code,
    reason: Annotated[str, typer.Option(help="Alasan melihat nama; dicatat")] = "",
    json: Json = False,
) -> None:
    """Daftar peserta; kode saja, nama hanya dengan alasan."""
    from storage.exports import person_code

    if reason.strip():
        office.ask("record_export", what=f"school {code}"[:64], reason=reason)

    def listed(conn: Connection) -> list[dict[str, Any]]:
        at = now(conn)
        found = questions(conn, at).enrolled(find(conn, code, at).id)
        return [
            {
                "number": one.number,
                "person": person_code(one.person),
                "phone": one.reachable,
                **({"name": one.name} if reason.strip() else {}),
            }
            for one in found
        ]

    rows = office.read(listed)
    if json:
        office.print_json(rows)
        return
    heads = ("nomor", "kode", "telepon", *(("nama",) if reason.strip() else ()))
    office.print_table(
        heads,
        (
            (row["number"], row["person"], "ada" if row["phone"] else "-", *_name(row))
            for row in rows
        ),
        empty="Belum ada peserta. Daftarkan dengan: kawan schools enrol KODE ORANG",
    )


def _name(row: dict[str, Any]) -> Iterable[str]:
    return (row["name"],) if "name" in row else ()


def now(conn: Connection) -> datetime:
    """The time of the programme: in sample mode as far ahead as somebody has moved it."""
    from datetime import UTC, datetime

    from bot.clock import ahead

    return datetime.now(UTC) + ahead(conn)


def questions(conn: Connection, at: datetime) -> StoredSchools:
    """What may be asked about schools."""
    from storage.school_questions import StoredSchools

    return StoredSchools(conn, at)


def find(conn: Connection, code: str, at: datetime) -> School:
    """The open school of a code; refuses with what may be meant."""
    from bot.operations.schools import find_school

    return find_school(conn, code, at)
