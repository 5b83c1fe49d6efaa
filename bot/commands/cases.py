"""`kawan cases` and `kawan audit`: what is open and with whom, each step by command, the record.

Lists show codes and no content; content is shown for a reason, and that is recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands import office

Code = Annotated[str, typer.Argument(help="Kode laporan, misalnya LDK-26-0042")]
By = Annotated[str, typer.Option("--by", help="Petugas yang memutuskan; dicatat")]
Words = Annotated[str, typer.Option("--words", help="Catatan; disimpan tersegel")]
AsJson = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Laporan: daftar, baca, dan setiap langkahnya.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("alerts")(alerts)
    group.command("close")(close)
    group.command("approve")(approve)
    group.command("return")(return_)
    group.command("reopen")(reopen)
    group.command("merge")(merge)
    group.command("link")(link)
    group.command("level")(level)
    group.command("hand-over")(hand_over)
    group.command("exclude")(exclude)
    app.add_typer(group, name="cases")
    app.command("audit")(audit)


def list_(
    closed: Annotated[bool, typer.Option("--closed", help="Yang sudah ditutup")] = False,
    owner: Annotated[str, typer.Option(help="Hanya milik petugas ini")] = "",
    json: AsJson = False,
) -> None:
    """Daftar laporan: kode, tingkat, tahap, pemilik, tenggat; tanpa isi."""
    from bot.clock import ahead
    from bot.operations import records
    from storage import cases, tasks

    def found(conn: Any) -> list[dict[str, Any]]:
        now = datetime.now(UTC) + ahead(conn)
        erasures = () if closed else tasks.open_of_kind(conn, "erasure", 200)
        return [
            *(records.told(conn, one, now) for one in cases.every(conn, closed, limit=1_000)),
            *(records.told(conn, one, now) for one in erasures),
        ]

    wanted = owner.strip().casefold()
    rows = [row for row in office.read(found) if wanted in row["owner"].casefold()]
    if json:
        office.print_json(rows)
        return
    zone = office.settings().zone
    office.print_table(
        ("kode", "tingkat", "tahap", "pemilik", "tenggat", "keadaan", "jam hukum"),
        (
            (
                row["code"],
                row["level"],
                row["stage"] or row["kind"],
                row["owner"] or "-",
                _local(row["due_at"], zone),
                state(row),
                ", ".join(clock(one) for one in row["clocks"]),
            )
            for row in rows
        ),
        empty="Tidak ada laporan.",
    )


def state(row: dict[str, Any]) -> str:
    """Where it stands, in a few words.

    >>> row = {"closed_at": None, "closing_asked": False, "taken": True, "late": True}
    >>> state({**row, "outside": False, "outcome": ""})
    'diterima, terlambat'
    """
    if row["closed_at"]:
        words = [f"ditutup: {row['outcome']}" if row["outcome"] else "ditutup"]
    elif row["closing_asked"]:
        words = ["menunggu persetujuan"]
    else:
        words = ["diterima" if row["taken"] else "belum diterima"]
    if row["late"]:
        words.append("terlambat")
    if row["outside"]:
        words.append("petugas luar")
    return ", ".join(words)


def clock(one: dict[str, Any]) -> str:
    """A clock of the law in one column.

    >>> clock({"law": "UU 12/2022 Pasal 41", "hours_left": 41.5})
    'UU 12/2022 Pasal 41: sisa 41.5 jam'
    """
    left = one["hours_left"]
    told = f"sisa {left} jam" if left > 0 else f"lewat {-left} jam"
    return f"{one['law']}: {told}"


def show(
    code: Code,
    reason: Annotated[str, typer.Option(help="Alasan membaca; dicatat")],
    by: By,
    json: AsJson = False,
) -> None:
    """Baca satu laporan dengan alasan; setiap pembacaan dicatat."""
    shown = office.ask("case_show", code=code, by=by, reason=reason)
    if json:
        office.print_json(shown)
        return
    zone = office.settings().zone
    for name, value in (
        ("Kode", shown["code"]),
        ("Tingkat", shown["level"]),
        ("Dugaan", shown["class"] or "-"),
        ("Tahap", shown["stage"] or "-"),
        ("Pemilik", shown["owner"] or "-"),
        ("Tenggat", _local(shown["due_at"], zone)),
        ("Keadaan", state(shown)),
        ("Pelapor", shown["reporter"] or "-"),
        ("Nama pelapor", "minta tidak disebut" if shown["hide_name"] else ""),
        ("Anak aman", shown["safe"]),
        ("Boleh dihubungi", shown["may_call"]),
        ("Langkah berikut", _next(shown, zone)),
        ("Terkait", ", ".join(shown["links"])),
        ("Digabung ke", shown["merged_into"]),
        ("Berkas", str(shown["files"]) if shown["files"] else ""),
        ("Jam hukum", "; ".join(clock(one) for one in shown["clocks"])),
        ("Rujukan", "; ".join(f"{one['office']}: {one['state']}" for one in shown["referrals"])),
    ):
        if value:
            print(f"{name}: {value}")
    print("Sebelum menelepon balik: timbang dulu siapa yang memegang HP itu.")
    if shown["clocks"]:
        print("Apakah jam hukum ini berlaku bagi program: pastikan ke ahli hukum.")
    for one in shown["history"]:
        said = one["text"] or ("(berkas)" if one["media"] else "")
        print(f"[{_local(one['at'], zone)}] {one['name'] or '-'} ({one['action']}) {said}".rstrip())


def alerts(code: Code, json: AsJson = False) -> None:
    """Siapa dipanggil untuk sebuah laporan, kapan, dan kapan menjawab; tercatat."""
    told = office.ask("case_alerts", code=code)
    if json:
        office.print_json(told)
        return
    zone = office.settings().zone
    office.print_table(
        ("langkah", "nama", "dipanggil", "menjawab"),
        (
            (
                one["step"],
                one["name"],
                _second(one["at"], zone),
                _second(one["answered"], zone) if one["answered"] else "belum",
            )
            for one in told["alerts"]
        ),
        empty="Belum ada yang dipanggil.",
    )


def close(
    code: Code,
    outcome: Annotated[str, typer.Argument(help="selesai, dirujuk, pindah, aman, atau iseng")],
    words: Words,
    by: By,
) -> None:
    """Minta menutup; MERAH dan ORANYE menunggu koordinator."""
    done = office.ask("case_close", code=code, outcome=outcome, words=words, by=by)
    if done["closed"]:
        print(f"{done['code']} ditutup.")
    else:
        print(f"{done['code']} menunggu persetujuan: kawan cases approve {done['code']} --by …")


def approve(code: Code, by: By, words: Words = "") -> None:
    """Setujui penutupan yang diminta orang lain."""
    done = office.ask("case_decide", code=code, approved=True, words=words, by=by)
    print(f"{done['code']} ditutup.")


def return_(code: Code, words: Words, by: By) -> None:
    """Kembalikan permintaan penutupan, dengan catatan."""
    done = office.ask("case_decide", code=code, approved=False, words=words, by=by)
    print(f"{done['code']} tetap terbuka; yang meminta diberi tahu.")


def reopen(code: Code, words: Words, by: By) -> None:
    """Buka lagi yang sudah ditutup."""
    done = office.ask("case_reopen", code=code, words=words, by=by)
    print(f"{done['code']} terbuka lagi; pemiliknya dipanggil.")


def merge(
    code: Annotated[str, typer.Argument(help="Laporan yang ditutup sebagai ganda")],
    into: Annotated[str, typer.Argument(help="Laporan yang diteruskan")],
    by: By,
) -> None:
    """Gabungkan dua laporan tentang hal yang sama."""
    done = office.ask("case_merge", code=code, into=into, by=by)
    print(f"{done['code']} digabung ke {done['into']}.")


def link(code: Code, other: Annotated[str, typer.Argument(help="Kode kedua")], by: By) -> None:
    """Kaitkan dua laporan tentang anak yang sama."""
    done = office.ask("case_link", code=code, other=other, by=by)
    print(f"{done['code']} terkait dengan {', '.join(done['linked'])}.")


def level(
    code: Code,
    to: Annotated[str, typer.Argument(help="merah, oranye, kuning, atau hijau")],
    by: By,
    words: Words = "",
) -> None:
    """Ubah tingkat; menurunkan perlu alasan."""
    done = office.ask("case_level", code=code, level=to, words=words, by=by)
    print(f"{done['code']}: {done['level']}.")


def hand_over(
    what: Annotated[str, typer.Argument(help="Kode satu laporan, atau nama orang yang pergi")],
    by: By,
    to: Annotated[str, typer.Argument(help="Nama penerima; kosong: yang sedang jaga")] = "",
    words: Words = "",
) -> None:
    """Serahkan satu laporan, atau semua milik kader atau petugas yang pergi."""
    from bot.operations.records import is_code

    if is_code(what):
        done = office.ask("case_hand_over", code=what, to=to, words=words, by=by)
        print(f"{done['code']} sekarang dipegang {done['owner']}.")
        return
    done = office.ask("cases_hand_over", leaver=what, to=to, by=by)
    print(f"Dari {done['from']} ke {done['to'] or 'petugas lain'}: {_codes(done['moved'])}.")
    if done["others"]:
        print(f"Dipegang petugas lain, karena tidak boleh olehnya: {_codes(done['others'])}.")
    if done["unowned"]:
        print(f"Belum ada yang bisa memegang: {_codes(done['unowned'])}.")


def exclude(
    code: Code,
    who: Annotated[str, typer.Argument(help="Nama petugas atau kader, atau kode P-0012")],
    by: By,
) -> None:
    """Jauhkan seseorang dari satu laporan: benturan kepentingan."""
    done = office.ask("case_exclude", code=code, who=who, by=by)
    print(f"{done['name']} tidak dipanggil dan tidak membaca {done['code']} lagi.")
    print(f"Dipegang: {done['owner'] or '-'}.")


def audit(
    subject: Annotated[str, typer.Argument(help="Kode laporan; kosong: yang terakhir")] = "",
    person: Annotated[str, typer.Option(help="Kode orang, misalnya P-0012")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Paling banyak berapa")] = 100,
    json: AsJson = False,
) -> None:
    """Siapa membaca atau mengubah apa, kapan, lewat mana; membaca ini pun dicatat."""
    found = office.ask("audit_read", subject=subject, person=person, limit=limit)
    if json:
        office.print_json(found)
        return
    zone = office.settings().zone
    office.print_table(
        ("waktu", "siapa", "apa", "mengenai", "keterangan", "lewat"),
        (
            (
                _local(one["at"], zone),
                one["actor"],
                one["action"],
                one["subject"],
                one["reason"],
                one["channel"],
            )
            for one in found
        ),
        empty="Tidak ada catatan.",
    )


def _next(shown: dict[str, Any], zone: Any) -> str:
    if not shown["next_action"]:
        return ""
    when = f"{_local(shown['next_at'], zone)}: " if shown["next_at"] else ""
    return f"{when}{shown['next_action']}"


def _codes(codes: list[str]) -> str:
    return ", ".join(codes) if codes else "tidak ada"


def _second(at: str, zone: Any) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%d/%m %H.%M.%S}"


def _local(at: str, zone: Any) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%d/%m/%Y %H:%M}"
