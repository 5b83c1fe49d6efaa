"""Sessions by command: plan, repeat, move, cancel, take attendance.

Days and hours are read in the zone of the school, with the clock of the service. What is decided
is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.moments import WEEKDAYS, read_day, read_hour, said
from bot.operations.schools import changed, find_school, record
from conversations.reading.present import present
from conversations.schools.series import Pattern, SeriesId
from conversations.schools.session import School, Session, SessionId, Stage
from locales.tips import tips
from storage import schools, series, sessions
from storage.school_questions import StoredSchools
from storage.series import Series
from storage.sessions import NewSession

REMINDERS: Final = (Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE)
MARKET_DAYS: Final = ("legi", "pahing", "pon", "wage", "kliwon")
LONGEST: Final = {"topic": 120, "place": 120, "facilitator": 80, "bring": 200}
_WORD: Final = {
    "topic": "topik",
    "place": "tempat",
    "facilitator": "fasilitator",
    "bring": "bawaan",
}


async def session_plan(
    desk: Desk, code: str, day: str, begins: str, ends: str, **words: Any
) -> dict[str, Any]:
    """One session; see `_words` for topic, place, facilitator, bring, tip, without."""
    now = desk.now()

    def unit(conn: Connection) -> Session:
        school = find_school(conn, code, now)
        starts_at, ends_at = _times(school, day, begins, ends, now)
        with _refusals(now):
            planned = sessions.plan(
                conn,
                NewSession(school.id, starts_at=starts_at, ends_at=ends_at, **_words(**words)),
                now,
            )
        assert planned is not None
        record(conn, "session planned", f"session:{planned.id}", now)
        return planned

    return _told(await changed(desk, unit))


async def session_repeat(
    desk: Desk,
    code: str,
    first: str,
    begins: str,
    ends: str,
    *,
    weekday: str = "",
    pasaran: str = "",
    every: int = 1,
    last: str = "",
    skip: Sequence[str] = (),
    ramadan: str = "",
    **words: Any,
) -> dict[str, Any]:
    """A series: by weekday, market day, or both; every so many weeks or market weeks."""
    now = desk.now()
    if not 1 <= every <= 52:
        raise OperationRefused("jarak antarpertemuan ditulis dengan angka 1 sampai 52")
    market = pasaran.strip().lower()
    if market and market not in MARKET_DAYS:
        raise OperationRefused(f"pasaran {pasaran!r} tidak dikenal: {', '.join(MARKET_DAYS)}")

    def unit(conn: Connection) -> tuple[SeriesId, series.Made, School]:
        school = find_school(conn, code, now)
        today = now.astimezone(school.tz).date()
        hour, until = read_hour(begins), read_hour(ends)
        pattern = Pattern(
            first=read_day(first, today),
            begins=hour,
            length=_length(hour, until),
            weekday=_weekday(weekday) if weekday.strip() else None,
            pasaran=market,
            every=every,
            last=read_day(last, today) if last.strip() else None,
            skip=frozenset(read_day(one, today) for one in skip),
            ramadan_begins=read_hour(ramadan) if ramadan.strip() else None,
        )
        if pattern.last is not None and pattern.last < pattern.first:
            raise OperationRefused("hari terakhir harus sesudah hari pertama")
        id_, made = series.begin(conn, Series(school.id, pattern, **_words(**words)), now)
        record(conn, "series begun", f"series:{id_}", now)
        return id_, made, school

    id_, made, _ = await changed(desk, unit)
    return {
        "series": id_,
        "sessions": [_told(one) for one in made.sessions],
        "skipped": [day.isoformat() for day in made.skipped],
    }


async def series_end(desk: Desk, id_: int) -> None:
    """A series makes no more sessions; those that are planned stay."""
    now = desk.now()

    def unit(conn: Connection) -> None:
        if not series.end(conn, SeriesId(id_), now):
            raise OperationRefused(f"tidak ada rangkaian nomor {id_} yang masih berjalan")
        record(conn, "series ended", f"series:{id_}", now)

    await desk.database.write(unit)


async def session_move(
    desk: Desk, id_: int, day: str, begins: str, ends: str = ""
) -> dict[str, Any]:
    """Another time; without an end it lasts as long as before. Everybody enrolled is told."""
    now = desk.now()

    def unit(conn: Connection) -> Session:
        before = _session(conn, id_)
        length = before.ends_at - before.starts_at
        starts_at, ends_at = _times(before.school, day, begins, ends, now, length)
        with _refusals(now):
            moved = sessions.move(conn, before.id, starts_at, ends_at, now)
        record(conn, "session moved", f"session:{id_}", now)
        return moved

    return _told(await changed(desk, unit))


async def session_cancel(desk: Desk, id_: int) -> dict[str, Any]:
    """It does not take place. Everybody enrolled is told."""
    now = desk.now()

    def unit(conn: Connection) -> Session:
        with _refusals(now):
            cancelled = sessions.cancel(conn, _session(conn, id_).id, now)
        record(conn, "session cancelled", f"session:{id_}", now)
        return cancelled

    return _told(await changed(desk, unit))


async def session_attend(desk: Desk, id_: int, who: str) -> dict[str, int]:
    """Who came, by their numbers in the school's list; taken again it replaces what was said."""
    now = desk.now()

    def unit(conn: Connection) -> tuple[int, int]:
        session = _session(conn, id_)
        if session.cancelled or session.starts_at > now:
            state = "dibatalkan" if session.cancelled else "belum dimulai"
            raise OperationRefused(f"sesi {id_} {state}, jadi belum ada yang hadir")
        listed = {one.number: one.person for one in _list(conn, session.school, now)}
        came = _came(who, frozenset(listed))
        there = [listed[number] for number in sorted(came)]
        sessions.take_attendance(conn, session.id, there, None, now)
        record(conn, "attendance taken", f"session:{id_}", now)
        return len(there), len(listed)

    number, of = await changed(desk, unit)
    return {"present": number, "of": of}


def _words(
    topic: str,
    place: str = "",
    facilitator: str = "",
    bring: str = "",
    tip: str = "",
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """What is said about a session; `without` names reminders that are left out."""
    words = {"topic": topic, "place": place, "facilitator": facilitator, "bring": bring}
    plain = {name: " ".join(value.split()) for name, value in words.items()}
    if not plain["topic"]:
        raise OperationRefused("topik sesi belum ditulis")
    for name, value in plain.items():
        if len(value) > LONGEST[name]:
            raise OperationRefused(f"{_WORD[name]} paling panjang {LONGEST[name]} huruf")
    known = {one.id for one in tips()}
    if tip and tip not in known:
        near = get_close_matches(tip, sorted(known), 3, 0.4)
        hint = f"; mungkin: {', '.join(near)}" if near else ""
        raise OperationRefused(f"kiat {tip!r} tidak ada{hint}")
    names = {stage.value for stage in REMINDERS}
    if unknown := sorted(set(without) - names):
        raise OperationRefused(
            f"pengingat {', '.join(unknown)} tidak dikenal: pilih dari invite (undangan), h1"
            " (sehari sebelumnya), h2 (dua jam sebelumnya)"
        )
    reminders = tuple(stage for stage in REMINDERS if stage.value not in without)
    return {**plain, "tip": tip, "reminders": reminders}


def _times(
    school: School,
    day: str,
    begins: str,
    ends: str,
    now: datetime,
    length: timedelta = timedelta(),
) -> tuple[datetime, datetime]:
    on, hour = read_day(day, now.astimezone(school.tz).date()), read_hour(begins)
    starts_at = datetime.combine(on, hour, school.tz)
    if not ends.strip():
        return starts_at, starts_at + length
    return starts_at, datetime.combine(on, read_hour(ends), school.tz)


def _length(begins: time, ends: time) -> timedelta:
    day = date(2000, 1, 1)
    length = datetime.combine(day, ends) - datetime.combine(day, begins)
    if length <= timedelta():
        raise OperationRefused("sesi harus selesai sesudah mulai, misalnya 08.00 sampai 10.00")
    return length


def _weekday(written: str) -> int:
    names = [name.lower() for name in WEEKDAYS]
    plain = written.strip().lower().replace("'", "")
    if plain not in names:
        raise OperationRefused(f"hari {written!r} tidak dikenal: {', '.join(WEEKDAYS)}")
    return names.index(plain)


def _came(written: str, listed: frozenset[int]) -> frozenset[int]:
    """The numbers of who came, read as the cadre's answer in chat is.

    >>> sorted(_came("semua kecuali 1-2", frozenset({1, 2, 3, 4})))
    [3, 4]
    """
    said = present(written)
    if said is None:
        raise OperationRefused(
            f"{written!r} tidak dimengerti: tulis misalnya '3 7 12', '1-5, 9', 'semua',"
            " 'semua kecuali 4' atau 'tidak ada'"
        )
    named = frozenset(said.numbers)
    if strangers := sorted(named - listed):
        raise OperationRefused(
            f"tidak ada orang bernomor {', '.join(map(str, strangers))} di daftar sekolah ini:"
            " lihat `kawan schools members KODE`"
        )
    return listed - named if said.but else named


@contextmanager
def _refusals(now: datetime) -> Iterator[None]:
    """What storage refuses, in the operator's words."""
    try:
        yield
    except sessions.InThePast:
        raise OperationRefused(
            "waktu mulai sudah lewat: tulis hari dan jam yang akan datang"
        ) from None
    except (sessions.EndsTooEarly, sessions.TooLong):
        raise OperationRefused(
            "sesi harus selesai sesudah mulai, di hari yang sama, misalnya 08.00 sampai 10.00"
        ) from None
    except sessions.Overlaps as error:
        other = error.other
        raise OperationRefused(
            f"bentrok dengan sesi {other.id} ({other.topic}) di {other.school.name}"
            f" ({other.school.code}), {said(other.starts_at, other.school.zone)}: pilih jam lain,"
            " atau pindahkan sesi itu dahulu"
        ) from None
    except sessions.Over:
        raise OperationRefused("sesi itu sudah lewat atau sudah dibatalkan") from None


def _session(conn: Connection, id_: int) -> Session:
    found = schools.session(conn, SessionId(id_))
    if found is None:
        raise OperationRefused(f"tidak ada sesi nomor {id_}: lihat `kawan sessions list`")
    return found


def _list(conn: Connection, school: School, now: datetime) -> Sequence[Any]:
    return StoredSchools(conn, now).enrolled(school.id)


def _told(session: Session) -> dict[str, Any]:
    """A session as a command prints it."""
    return {
        "id": session.id,
        "school": session.school.code,
        "topic": session.topic,
        "when": said(session.starts_at, session.school.zone),
        "starts_at": session.starts_at.astimezone(session.school.tz).isoformat(),
        "ends_at": session.ends_at.astimezone(session.school.tz).isoformat(),
        "cancelled": session.cancelled,
    }


OPERATIONS: Final[tuple[Operation, ...]] = (
    session_plan,
    session_repeat,
    series_end,
    session_move,
    session_cancel,
    session_attend,
)
