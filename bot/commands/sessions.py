"""`kawan sessions`: when schools meet, what is said about it and when, who answered and who came.

People are codes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import office, schools
from bot.commands.schools import Code, Json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.session_lists import Summary

Number = Annotated[int, typer.Argument(help="Nomor sesi, lihat: kawan sessions list")]
Begins = Annotated[str, typer.Argument(help="Jam mulai, misalnya 08.00")]
Ends = Annotated[str, typer.Argument(help="Jam selesai, misalnya 10.00")]
Topic = Annotated[str, typer.Argument(help="Topik")]
Place = Annotated[str, typer.Option(help="Tempat; kosong berarti tempat sekolah")]
Facilitator = Annotated[str, typer.Option(help="Fasilitator")]
Bring = Annotated[str, typer.Option(help="Yang perlu dibawa")]
Tip = Annotated[str, typer.Option(help="Kiat untuk yang tidak bisa datang")]
Without = Annotated[
    list[str] | None, typer.Option(help="Pengingat yang tidak dikirim: invite, h1 atau h2")
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    sessions = typer.Typer(
        help="Sesi sekolah: rencana, jadwal, daftar hadir.", no_args_is_help=True
    )
    sessions.command("plan")(plan)
    sessions.command("repeat")(repeat)
    sessions.command("stop")(stop)
    sessions.command("list")(list_)
    sessions.command("show")(show)
    sessions.command("move")(move)
    sessions.command("cancel")(cancel)
    sessions.command("attend")(attend)
    app.add_typer(sessions, name="sessions")


def plan(
    code: Code,
    day: Annotated[str, typer.Argument(help="Hari: 2026-11-24, 24/11/2026 atau Selasa")],
    begins: Begins,
    ends: Ends,
    topic: Topic,
    place: Place = "",
    facilitator: Facilitator = "",
    bring: Bring = "",
    tip: Tip = "",
    without: Without = None,
) -> None:
    """Rencanakan satu sesi; undangan dan pengingat berjalan sendiri."""
    planned = office.ask(
        "session_plan",
        code=code,
        day=day,
        begins=begins,
        ends=ends,
        topic=topic,
        place=place,
        facilitator=facilitator,
        bring=bring,
        tip=tip,
        without=without or [],
    )
    print(f"Sesi {planned['id']}: {planned['when']}.")


def repeat(
    code: Code,
    first: Annotated[str, typer.Argument(help="Mulai hari: 2026-11-24, 24/11/2026 atau Selasa")],
    begins: Begins,
    ends: Ends,
    topic: Topic,
    weekday: Annotated[str, typer.Option(help="Hari: Senin … Minggu")] = "",
    pasaran: Annotated[str, typer.Option(help="Pasaran: legi, pahing, pon, wage, kliwon")] = "",
    every: Annotated[int, typer.Option(help="Setiap berapa kali, misalnya 2")] = 1,
    last: Annotated[str, typer.Option(help="Sampai hari")] = "",
    skip: Annotated[list[str] | None, typer.Option(help="Hari yang dilewati")] = None,
    ramadan: Annotated[str, typer.Option(help="Jam mulai selama Ramadan")] = "",
    place: Place = "",
    facilitator: Facilitator = "",
    bring: Bring = "",
    tip: Tip = "",
    without: Without = None,
) -> None:
    """Rencanakan rangkaian sesi yang berulang."""
    begun = office.ask(
        "session_repeat",
        code=code,
        first=first,
        begins=begins,
        ends=ends,
        topic=topic,
        weekday=weekday,
        pasaran=pasaran,
        every=every,
        last=last,
        skip=skip or [],
        ramadan=ramadan,
        place=place,
        facilitator=facilitator,
        bring=bring,
        tip=tip,
        without=without or [],
    )
    print(f"Rangkaian {begun['series']}; sesi sampai lima minggu ke depan:")
    for one in begun["sessions"]:
        print(f"  {one['id']}: {one['when']}")
    for day in begun["skipped"]:
        print(f"  {day}: dilewati, bentrok dengan sesi lain")
    if not begun["sessions"] and not begun["skipped"]:
        print("  belum ada; dibuat sendiri lima minggu sebelumnya")


def stop(
    number: Annotated[int, typer.Argument(help="Nomor rangkaian, lihat: kawan sessions list")],
) -> None:
    """Akhiri rangkaian; sesi yang sudah direncanakan tetap."""
    office.ask("series_end", id_=number)
    print(f"Rangkaian {number} berakhir. Sesi yang sudah direncanakan tetap ada.")


def list_(
    school: Annotated[str, typer.Option(help="Kode sekolah; kosong berarti semua")] = "",
    past: Annotated[bool, typer.Option("--past", help="Yang sudah lewat")] = False,
    json: Json = False,
) -> None:
    """Daftar sesi: kapan, berapa yang diundang, menjawab dan hadir."""
    from storage import session_lists

    def listed(conn: Connection) -> tuple[Summary, ...]:
        now = schools.now(conn)
        only = schools.find(conn, school, now).id if school else None
        question = session_lists.past if past else session_lists.coming
        return question(conn, now, only, 200)

    found = office.read(listed)
    if json:
        office.print_json([_as_json(one) for one in found])
        return
    office.print_table(
        ("no", "rangkaian", "sekolah", "waktu", "topik", "keadaan", "ya", "tidak", "hadir"),
        (_line(one) for one in found),
        empty="Tidak ada sesi. Rencanakan dengan: kawan sessions plan KODE HARI JAM JAM TOPIK",
    )


def show(number: Number, json: Json = False) -> None:
    """Satu sesi: isi, jawaban, dan kapan tiap pesan keluar."""
    from bot.operations.moments import short
    from conversations.schools.session import SessionId
    from storage import session_lists
    from storage.exports import person_code

    def shown(conn: Connection) -> dict[str, Any]:
        found = session_lists.summary(conn, SessionId(number))
        if found is None:
            raise office.Stop(f"Tidak ada sesi nomor {number}. Lihat: kawan sessions list")
        school = found.session.school
        people = schools.questions(conn, schools.now(conn)).enrolled(school.id, found.session.id)
        return {
            **_as_json(found),
            "stages": [
                {
                    "stage": one.stage,
                    "at": one.at.astimezone(school.tz).isoformat(),
                    "when": short(one.at, school.zone),
                    "outcome": one.outcome,
                }
                for one in session_lists.stages(conn, found.session.id)
            ],
            "people": [
                {
                    "number": one.number,
                    "person": person_code(one.person),
                    "rsvp": one.rsvp.value,
                    "present": one.present,
                }
                for one in people
            ],
        }

    session = office.read(shown)
    if json:
        office.print_json(session)
        return
    print(f"Sesi {session['id']}: {session['topic']}")
    for head, name in _FIELDS.items():
        if session[name]:
            print(f"{head}: {session[name]}")
    came = "-" if session["present"] is None else session["present"]
    print(
        f"Diundang {session['asked']} dari {session['enrolled']}, ya {session['yes']},"
        f" tidak {session['no']}, hadir {came}\n"
    )
    office.print_table(
        ("waktu", "apa", "keadaan"),
        (
            (one["when"], STAGES[one["stage"]], _outcome(one["outcome"]))
            for one in session["stages"]
        ),
        empty="Tidak ada yang direncanakan.",
    )
    print()
    office.print_table(
        ("nomor", "kode", "jawaban", "hadir"),
        (
            (
                one["number"],
                one["person"],
                {"yes": "ya", "no": "tidak"}.get(one["rsvp"], "-"),
                {True: "hadir", False: "tidak"}.get(one["present"], "-"),
            )
            for one in session["people"]
        ),
        empty="Belum ada peserta.",
    )


def move(
    number: Number,
    day: Annotated[str, typer.Argument(help="Hari baru: 2026-11-24, 24/11/2026 atau Selasa")],
    begins: Begins,
    ends: Annotated[str, typer.Argument(help="Jam selesai; kosong berarti sama lamanya")] = "",
) -> None:
    """Pindahkan sesi; jawaban dimulai lagi dan semua peserta diberi tahu."""
    moved = office.ask("session_move", id_=number, day=day, begins=begins, ends=ends)
    print(f"Sesi {moved['id']} pindah ke {moved['when']}. Peserta diberi tahu.")


def cancel(number: Number) -> None:
    """Batalkan sesi; semua peserta diberi tahu."""
    office.ask("session_cancel", id_=number)
    print(f"Sesi {number} dibatalkan. Peserta diberi tahu.")


def attend(
    number: Number,
    who: Annotated[
        str, typer.Argument(help="'3 7 12', '1-5, 9', 'semua', 'semua kecuali 4', 'tidak ada'")
    ],
) -> None:
    """Isi daftar hadir dengan nomor peserta; diulang berarti diganti."""
    taken = office.ask("session_attend", id_=number, who=who)
    print(f"Hadir {taken['present']} dari {taken['of']} peserta.")


_FIELDS = {
    "Sekolah": "school",
    "Waktu": "when",
    "Tempat": "place",
    "Fasilitator": "facilitator",
    "Membawa": "bring",
    "Kiat": "tip",
    "Keadaan": "state",
}
STAGES = {
    "invite": "undangan",
    "h1": "pengingat sehari sebelumnya",
    "h2_evening": "pengingat malam sebelumnya",
    "h2": "pengingat dua jam sebelumnya",
    "attendance": "daftar hadir ditanyakan",
    "after": "kiat dan pertanyaan sesudahnya",
    "changed": "kabar perubahan",
    "untold": "nama yang belum terkabari, untuk kader",
}


def _outcome(outcome: str) -> str:
    if not outcome:
        return "menunggu"
    kind = outcome.partition(":")[0]
    return {"done": "selesai", "missed": "terlewat", "failed": "gagal"}.get(kind, outcome)


def _state(one: Summary) -> str:
    if one.session.cancelled:
        return "batal"
    return "absen terisi" if one.session.attendance_at else "terencana"


def _line(one: Summary) -> tuple[object, ...]:
    from bot.operations.moments import short

    session = one.session
    return (
        session.id,
        one.series or "-",
        session.school.code,
        short(session.starts_at, session.school.zone),
        session.topic,
        _state(one),
        one.yes,
        one.no,
        one.present if session.attendance_at else "-",
    )


def _as_json(one: Summary) -> dict[str, Any]:
    from bot.operations.moments import said

    session = one.session
    zone = session.school.tz
    return {
        "id": session.id,
        "series": one.series,
        "school": session.school.code,
        "topic": session.topic,
        "when": said(session.starts_at, session.school.zone),
        "starts_at": session.starts_at.astimezone(zone).isoformat(),
        "ends_at": session.ends_at.astimezone(zone).isoformat(),
        "place": session.place,
        "facilitator": session.facilitator,
        "bring": session.bring,
        "tip": session.tip,
        "reminders": [stage.value for stage in session.reminders],
        "state": _state(one),
        "enrolled": one.enrolled,
        "asked": one.asked,
        "yes": one.yes,
        "no": one.no,
        "present": one.present if session.attendance_at else None,
    }
