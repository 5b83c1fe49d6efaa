"""The sample programme that a newcomer meets: three villages, a few people, those who follow up.

Everybody here is made up. The simulator offers them as personas; each writes from an address of
her own, like somebody on a real channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from conversations.dialogue import (
    Child,
    ChildId,
    Consent,
    Person,
    PersonId,
    Role,
    VillageId,
)
from conversations.duty.team import ShiftId
from conversations.schools.series import Pattern
from locales import say
from storage import (
    children,
    consents,
    directory,
    due,
    meta,
    people,
    roster,
    schema,
    schools,
    series,
    shifts,
    staff,
)
from storage.directory import NewOffice
from storage.people import Seat
from storage.roster_sheet import Listed
from storage.schema import people as people_table
from storage.schools import NewSchool
from storage.series import Series
from storage.shifts import NewDuty

MARK: Final = "sample"
"""Under this name the database remembers that it was given the sample."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to play in the simulator; `role` decides what the page tells about her."""

    address: str
    name: str
    role: Role
    about: str


PERSONAS: Final = (
    Persona("mbah-siti", "Mbah Siti", Role.CAREGIVER, "Nenek, mengasuh dua cucu, sudah terdaftar"),
    Persona("tetangga-baru", "Tetangga baru", Role.CAREGIVER, "Belum pernah menyapa Kawan Asuh"),
    Persona("bu-rini", "Bu Rini", Role.CADRE, "Kader desa"),
    Persona("mas-dimas", "Mas Dimas", Role.STAFF, "Petugas program"),
    Persona("mbak-rina", "Mbak Rina", Role.STAFF, "Petugas program"),
    Persona("bu-yuni", "Bu Yuni", Role.COORDINATOR, "Koordinator program"),
    Persona("pak-made", "Pak Made", Role.FOCAL, "Di luar program: laporan tentang petugas, kader"),
)

VILLAGES: Final = (
    ("Ledokombo", "LDK", "Jember", "Kepala Desa"),
    ("Sumbersalak", "SBS", "Jember", "Kepala Desa"),
    ("Kenanga", "KNG", "Indramayu", "Kuwu"),
)

_MIDNIGHT: Final = time(0, 0)
_MORNING_HOUR: Final = 8
_FIRST_MEETING: Final = timedelta(days=7)
_MEETING_DAY: Final = 5  # Saturday
_MEETING_HOUR: Final = time(9, 0)
_MEETING_LENGTH: Final = timedelta(hours=2)


def seed(conn: Connection, channel: str, account: str, now: datetime) -> bool:
    """Give an empty database the sample programme; False when it has it already."""
    if meta.get(conn, MARK):
        return False
    for position, (name, code, district, head_title) in enumerate(VILLAGES):
        people.add_village(
            conn, name, code, district=district, head_title=head_title, position=position
        )
    for persona in PERSONAS:
        match persona.role:
            case role if role.works:
                _join_staff(conn, _seat(conn, channel, account, persona, now), persona, now)
            case Role.CADRE:
                cadre = _seat(conn, channel, account, persona, now)
                _register_cadre(conn, cadre, persona, now)
                siti = _seat(conn, channel, account, PERSONAS[0], now)
                _open_school(conn, cadre.person.id, siti.person.id, now)
            case Role.CAREGIVER if persona is PERSONAS[0]:
                _register_grandmother(conn, _seat(conn, channel, account, persona, now), now)
    _enter_offices(conn, now)
    meta.put(conn, MARK, now.isoformat().encode())
    return True


def _enter_offices(conn: Connection, now: datetime) -> None:
    """Offices that do not exist, under numbers that cannot be called: to look at how it goes."""
    for agency in directory.REQUIRED:
        for district in sorted({district for _, _, district, _ in VILLAGES}):
            name = f"{say(f'agency.{agency}')} {district} (contoh)"
            new = NewOffice(
                agency,
                name,
                phone="nomor contoh",
                officer="petugas contoh",
                district=district,
                checked=now.date(),
                checked_by="contoh",
            )
            directory.add(conn, new, now)


def _seat(conn: Connection, channel: str, account: str, persona: Persona, now: datetime) -> Seat:
    return people.at_address(conn, channel, account, persona.address, now)


def _join_staff(conn: Connection, seat: Seat, persona: Persona, now: datetime) -> None:
    code = staff.add(conn, persona.name, persona.role, now)
    account = staff.by_code(conn, code, now)
    if account is None:
        raise LookupError("a fresh staff code opens no account")
    people.change(conn, seat.person.id, {"name": persona.name, "registered": True}, now)
    _agree(conn, seat, "lain", now)
    staff.join(conn, account, seat.person.id, now)
    morning = _next_morning(seat.person, now)
    due.plan(conn, "day_list", str(seat.person.id), seat.person.id, morning, None)
    if persona.role is Role.STAFF:
        _put_on_duty(conn, seat.person, now)


def _put_on_duty(conn: Connection, person: Person, now: datetime) -> None:
    """Every day, the whole day: the first who joins is called first.

    For the days that are planned she has said SIAP, so that nobody need answer it to look around.
    """
    today = now.astimezone(person.tz).date()
    rank = len({one.duty.person for one in shifts.duties(conn)}) + 1
    for weekday in range(7):
        new = NewDuty(person.id, _MIDNIGHT, _MIDNIGHT, today, rank, weekday)
        shifts.add(conn, new, now, person.tz)
    hers = select(schema.shifts.c.id).where(schema.shifts.c.person_id == person.id)
    for number in conn.execute(hers).scalars().all():
        shifts.ready(conn, ShiftId(number), person.id, now)
        for kind in (shifts.SIAP, shifts.UNREADY):
            due.forget(conn, kind, str(number))


def _register_cadre(conn: Connection, seat: Seat, persona: Persona, now: datetime) -> None:
    person = seat.person.id
    known = {
        "salutation": "Ibu",
        "name": "Rini",
        "village_id": _village(conn, "SBS"),
        "relation": "tetangga",
        "registered": True,
    }
    people.change(conn, person, known, now)
    _agree(conn, seat, "lain", now)
    conn.execute(
        update(people_table).where(people_table.c.id == person).values(role=persona.role.value)
    )


def _open_school(conn: Connection, cadre: PersonId, siti: PersonId, now: datetime) -> None:
    """The cadre's school, every week: Mbah Siti, and two who have no phone (BANTU helps them)."""
    new = NewSchool(
        "Sekolah Yang-eyang Sumbersalak",
        "yang_eyang",
        "EYG-SBS",
        village_id=VillageId(_village(conn, "SBS")),
        place="balai desa",
        cadre=cadre,
    )
    school = schools.open_(conn, new, now)
    schools.enrol(conn, school.id, siti, None, now)
    for name, grandchild, age in (("Jumaati", "Rafi", 7), ("Tuni", "Lia", 4)):
        listed = Listed(0, name, "Mbah", "nenek", children=((grandchild, now.year - age),))
        planned = roster.plan(conn, school, [listed])
        roster.bring_in(conn, school, planned, now)
    today = now.astimezone(school.tz).date()
    weekly = Series(
        school.id,
        Pattern(today + _FIRST_MEETING, _MEETING_HOUR, _MEETING_LENGTH, weekday=_MEETING_DAY),
        topic="Mendengar cerita anak",
        bring="buku catatan",
        by=cadre,
    )
    series.begin(conn, weekly, now)


def _register_grandmother(conn: Connection, seat: Seat, now: datetime) -> None:
    person, year = seat.person.id, now.year
    known = {
        "salutation": "Mbah",
        "name": "Siti",
        "village_id": _village(conn, "LDK"),
        "relation": "nenek",
        "registered": True,
    }
    people.change(conn, person, known, now)
    _agree(conn, seat, "pengasuh", now)
    for nickname, age, sex, father in (
        ("Dafa", 9, "laki", "luar_negeri"),
        ("Nisa", 3, "perempuan", "luar_kota"),
    ):
        child = Child(
            ChildId(0),
            nickname,
            birth_year=year - age,
            sex=sex,
            lives_with="kakek_nenek",
            mother="luar_negeri",
            father=father,
        )
        children.add(conn, person, child, now)


def _agree(conn: Connection, seat: Seat, capacity: str, now: datetime) -> None:
    consents.decide(
        conn,
        seat.person.id,
        Consent.GIVEN,
        capacity=capacity,
        text_version="contoh",
        words="Data contoh: orang ini tidak ada.",
        channel=seat.person.channel,
        now=now,
    )


def _village(conn: Connection, code: str) -> int:
    return next(village.id for village in people.all_villages(conn) if village.code == code)


def _next_morning(person: Person, now: datetime) -> datetime:
    local = now.astimezone(person.tz)
    morning = local.replace(hour=_MORNING_HOUR, minute=0, second=0, microsecond=0)
    if morning <= local:
        morning += timedelta(days=1)
    return morning.astimezone(now.tzinfo)
