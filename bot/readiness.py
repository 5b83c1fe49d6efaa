"""What is still missing before real families are served, and who is told.

A real channel begins only when nothing that blocks is missing; with PILOT=1 it begins without, and
says at every start what is missing. A programme that serves people already is not silenced by a
number that grew old or a gap in the roster: then whoever cries for help would meet nobody at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from bot.settings import Settings
from conversations.concerns.case import Agency
from conversations.dialogue import Role
from conversations.message import Message, Priority
from conversations.politeness import QuietHours, decent_time
from locales import hotlines, say
from storage import directory, duty, hotline_checks, meta, outbox, people, staff
from storage.directory import Gap

STAFF_NEEDED: Final = 2

COVERED_DAYS: Final = 1
"""So far ahead two people are on duty before a real channel begins."""

_PLANNED_DAYS: Final = 14

_ON_CASES: Final = frozenset({Role.STAFF, Role.COORDINATOR})

_ROLES: Final = (
    (
        Role.COORDINATOR,
        "koordinator, yang menyetujui penutupan kasus",
        'kawan staff add "Nama" --role koordinator',
    ),
    (
        Role.FOCAL,
        "orang luar program untuk laporan tentang petugas atau kader",
        'kawan staff add "Nama" --role luar',
    ),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not there yet. What `blocks` must be there before a real channel starts."""

    what: str
    how: str = ""
    """The command or setting that mends it."""
    blocks: bool = False
    always: bool = False
    """It blocks also a later start, of a programme that serves people already."""


_SERVING: Final = "serving"
"""Under this name stands when the programme began with everything in its place."""

_LONGEST_LIST: Final = 240
"""Letters of what is missing, in one message to staff."""


def missing(conn: Connection, settings: Settings, now: datetime) -> list[Missing]:
    """Everything that is not there yet before the first family, in the order to mend it."""
    today = now.astimezone(settings.zone).date()
    return [*_people(conn, settings), *_roster(conn, now), *_numbers(conn, today)]


def production(conn: Connection, settings: Settings, now: datetime) -> list[Missing]:
    """The same, and what does not block but should be looked at: for `kawan check --production`."""
    today = now.astimezone(settings.zone).date()
    pilot = [Missing("PILOT=1 masih menyala", "kosongkan PILOT")] if settings.pilot else []
    later = _later_gaps(conn, now)
    return [*missing(conn, settings, now), *later, *pilot, *_hotlines(conn, today)]


def _people(conn: Connection, settings: Settings) -> Iterator[Missing]:
    if not settings.responsible:
        yield Missing("nama penanggung jawab data", "isi ORGANISATION", blocks=True, always=True)
    members = staff.members(conn)
    number = sum(one.role in _ON_CASES for one in members)
    if number < STAFF_NEEDED:
        what = f"petugas bernama: ada {number}, perlu {STAFF_NEEDED}"
        yield Missing(what, 'kawan staff add "Nama"', blocks=True)
    for role, what, how in _ROLES:
        if not any(one.role == role for one in members):
            yield Missing(what, how, blocks=True)


def _roster(conn: Connection, now: datetime) -> Iterator[Missing]:
    """Somebody now, two people in every hour to come, and each can be reached in two ways."""
    how = "kawan duty add NAMA --day HARI --from JAM --to JAM; lihat: kawan duty check"
    if not duty.team(conn, now).on_duty:
        yield Missing("petugas yang jaga sekarang", how, blocks=True)
    gaps = duty.coverage(conn, now, COVERED_DAYS)
    if gaps:
        hours = round(sum((gap.ends_at - gap.starts_at).total_seconds() for gap in gaps) / 3600)
        what = f"dua petugas jaga untuk 24 jam ke depan: kurang di {max(hours, 1)} jam"
        yield Missing(what, how, blocks=True)
    for name in duty.one_way(conn, now, COVERED_DAYS):
        what = f"jalan kedua menghubungi {name}, yang jaga"
        yield Missing(what, f'kawan staff phone "{name}" NOMOR', blocks=True)


def _later_gaps(conn: Connection, now: datetime) -> Iterator[Missing]:
    """Hours of the days that are planned already in which fewer than two people are on duty."""
    gaps = duty.coverage(conn, now, _PLANNED_DAYS)
    if gaps:
        hours = round(sum((gap.ends_at - gap.starts_at).total_seconds() for gap in gaps) / 3600)
        what = f"jaga {_PLANNED_DAYS} hari ke depan: kurang dari dua orang di {max(hours, 1)} jam"
        yield Missing(what, "kawan duty check")


def _numbers(conn: Connection, today: date) -> Iterator[Missing]:
    """One line a village, with all that it lacks."""
    if not people.all_villages(conn):
        what, how = "nomor darurat setempat: belum ada desa", "kawan villages add NAMA KODE"
        yield Missing(what, how, blocks=True)
    for village, of_village in groupby(directory.gaps(conn, today), lambda gap: gap.village):
        gaps = list(of_village)
        lacking = "; ".join(f"{say(f'agency.{gap.agency}')} {_age(gap)}" for gap in gaps)
        new = [
            f"kawan directory add {gap.agency} NAMA --phone … {_place(gap)}"
            for gap in gaps
            if gap.office is None
        ]
        old = [f"kawan directory checked {gap.office}" for gap in gaps if gap.office is not None]
        yield Missing(
            f"nomor darurat setempat {village.name} ({village.code}): {lacking}",
            "; ".join([*new, *old]),
            blocks=True,
        )


def _place(gap: Gap) -> str:
    """Most offices serve a district; a Puskesmas some villages of it."""
    if gap.agency is Agency.PUSKESMAS or not gap.village.district:
        return f"--village {gap.village.code}"
    return f'--district "{gap.village.district}"'


def _age(gap: Gap) -> str:
    if gap.office is None:
        return "belum ada"
    return f"terakhir ditelepon {gap.checked}" if gap.checked else "belum pernah ditelepon"


def _hotlines(conn: Connection, today: date) -> Iterator[Missing]:
    """National lines are known everywhere, so they do not block; staff call them all the same."""
    checks = hotline_checks.all_(conn)
    for line in hotlines():
        last = hotline_checks.last_checked(line, checks)
        if directory.is_fresh(last, today):
            continue
        when = f"terakhir dicek {last}" if last else "belum pernah dicocokkan dengan sumber"
        note = f" ({line.note})" if line.note and last else ""
        how = f"telepon, lalu kawan directory hotline {line.key}"
        yield Missing(f"saluran {line.number} {line.name}: {when}{note}", how)


def begin(conn: Connection, settings: Settings, now: datetime) -> list[str]:
    """Begin on a real channel; or why not, line by line.

    A programme that has begun once begins again whatever grew old or went away in the meantime.
    """
    serving = meta.get(conn, _SERVING) is not None
    lines = refusal(missing(conn, settings, now), serving=serving)
    if not lines and not serving:
        meta.put(conn, _SERVING, now.isoformat().encode())
    return lines


def refusal(found: Sequence[Missing], *, serving: bool = False) -> list[str]:
    """Why a real channel does not start, line by line; empty when it may.

    A programme that is `serving` people already is stopped only by what is missing `always`.
    """
    blocking = [one for one in found if one.blocks and (one.always or not serving)]
    if not blocking:
        return []
    return [
        "Bot belum boleh melayani orang. Yang belum ada:",
        *(f"- {line(one)}" for one in blocking),
        "Untuk uji coba bersama orang yang tahu, jalankan dengan PILOT=1.",
    ]


def told(found: Sequence[Missing]) -> list[str]:
    """What the operator reads at the start."""
    return (
        ["Belum lengkap untuk melayani orang:", *(f"- {line(one)}" for one in found)]
        if found
        else []
    )


def tell_staff(
    conn: Connection, found: Sequence[Missing], now: datetime, quiet: QuietHours | None
) -> int:
    """One message a day to everybody of staff, at a decent hour; how many were planned."""
    planned = 0
    for person in staff.reachable(conn) if found else ():
        seat = people.seat_of(conn, person)
        if seat is None:
            continue
        zone = seat.person.tz
        row = outbox.add(
            conn,
            address_id=seat.address_id,
            person_id=person,
            message=Message(say("staff.pilot", missing=_shortly(found))),
            dedupe_key=f"pilot:{now.astimezone(zone).date()}:{person}",
            priority=Priority.REMINDER,
            purpose="pilot",
            not_before=decent_time(now, zone, quiet),
            expires_at=None,
            now=now,
        )
        planned += row is not None
    return planned


def _shortly(found: Sequence[Missing]) -> str:
    """As much as one message to a telephone holds; the rest is counted."""
    named: list[str] = []
    for one in found:
        if len("; ".join([*named, one.what])) > _LONGEST_LIST:
            break
        named.append(one.what)
    left = len(found) - len(named)
    return "; ".join([*named, *([f"dan {left} hal lain"] if left else [])])


def line(one: Missing) -> str:
    """What is missing, and what mends it."""
    return one.what + (f" ({one.how})" if one.how else "")
