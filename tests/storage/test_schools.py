"""Schools and their lists: codes, numbers that nobody else ever gets, and what may be asked."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from conversations.dialogue import PersonId, Role
from conversations.schools.session import Rsvp
from storage import audit, erasure, outbox, people, schema, schools, sessions
from storage.database import Database
from storage.school_questions import StoredSchools
from storage.schools import CodeRefused
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_caregiver, count, known
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_mother,
    a_school,
    a_session,
)


def numbers(conn: Connection, school: schools.School) -> dict[PersonId, int]:
    found = StoredSchools(conn, NOW).enrolled(school.id)
    return {one.person: one.number for one in found}


async def test_a_school_is_found_by_its_code_however_it_is_typed(database: Database) -> None:
    def unit(conn: Connection) -> list[str | None]:
        a_school(conn, "bok sbs")
        asked = StoredSchools(conn, NOW)
        found = [asked.by_code(code) for code in ("BOK-SBS", " bok_sbs ", "PAK-SBS")]
        return [one.name if one else None for one in found]

    assert await database.write(unit) == ["Sekolah Bok-Ebok", "Sekolah Bok-Ebok", None]


@pytest.mark.parametrize("code", ["", "A", "--", "ABCDEFGHIJKLM"])
async def test_a_code_that_is_none_is_refused(database: Database, code: str) -> None:
    with pytest.raises(CodeRefused) as refused:
        await database.write(lambda conn: a_school(conn, code))

    assert not refused.value.taken


async def test_a_code_is_given_once(database: Database) -> None:
    await database.write(a_school)

    with pytest.raises(CodeRefused) as refused:
        await database.write(lambda conn: a_school(conn, "bok-sbs"))

    assert refused.value.taken


async def test_a_closed_school_is_offered_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        school = a_school(conn)
        mother = a_list(conn, school, 1)[0]
        closed = schools.close(conn, school.id, NOW), schools.close(conn, school.id, NOW)
        asked = StoredSchools(conn, NOW)
        return closed, asked.all(), asked.by_code("BOK-SBS"), asked.of_person(mother)

    assert await database.write(unit) == ((True, False), (), None, ())


async def test_schools_are_listed_by_village_and_name(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        far = people.add_village(conn, "Sumbersalak", "SBS", position=2)
        near = people.add_village(conn, "Ledokombo", "LDK", position=1)
        a_school(conn, "PAK-SBS", name="Pak-Bapak", village_id=far)
        a_school(conn, "BOK-SBS", name="Bok-Ebok", village_id=far)
        a_school(conn, "YNG-LDK", name="Yang-eyang", village_id=near)
        a_school(conn, "RAPAT", name="Rapat koordinasi", kind="rapat")
        return [school.code for school in StoredSchools(conn, NOW).all()]

    assert await database.write(unit) == ["RAPAT", "YNG-LDK", "BOK-SBS", "PAK-SBS"]


async def test_the_list_is_numbered_from_one(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], dict[PersonId, int]]:
        school = a_school(conn)
        return a_list(conn, school, 3), numbers(conn, school)

    people_, numbered = await database.write(unit)

    assert numbered == {person: n for n, person in enumerate(people_, 1)}


async def test_who_comes_back_has_her_number_and_nobody_had_it_meanwhile(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[int], list[PersonId], dict[PersonId, int]]:
        school = a_school(conn)
        siti, _ = a_list(conn, school, 2)
        schools.leave(conn, school.id, siti, NOW)
        without = list(numbers(conn, school))
        new = a_mother(conn, "new").id
        newer = a_mother(conn, "newer").id
        given = [schools.enrol(conn, school.id, one, None, NOW) for one in (new, siti, newer)]
        return given, without, numbers(conn, school)

    given, without, numbered = await database.write(unit)

    assert given == [3, 1, 4]
    assert len(without) == 1
    assert sorted(numbered.values()) == [1, 2, 3, 4]


async def test_enrolling_twice_changes_nothing(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], int]:
        school = a_school(conn)
        siti = a_mother(conn, "1").id
        given = [schools.enrol(conn, school.id, siti, None, NOW) for _ in range(2)]
        return given, count(conn, schema.enrolments)

    assert await database.write(unit) == ([1, 1], 1)


async def test_leaving_twice_happens_once(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        return [schools.leave(conn, school.id, siti, NOW) for _ in range(2)]

    assert await database.write(unit) == [True, False]


async def test_two_cadres_who_enrol_at_once_give_different_numbers(database: Database) -> None:
    def prepare(conn: Connection) -> tuple[schools.School, list[PersonId]]:
        return a_school(conn), [a_mother(conn, f"m{n}").id for n in range(12)]

    school, mothers = await database.write(prepare)

    given = await asyncio.gather(
        *(
            database.write(lambda conn, m=m: schools.enrol(conn, school.id, m, None, NOW))
            for m in mothers
        )
    )

    assert sorted(given) == list(range(1, 13))


async def test_who_looks_after_a_school_is_a_cadre(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], Role, Role]:
        rini, ani = a_mother(conn, "1", "Rini"), a_mother(conn, "2", "Ani")
        school = a_school(conn, cadre=rini.id)
        of_rini = [one.code for one in StoredSchools(conn, NOW).of_cadre(rini.id)]
        schools.change(conn, school, name="Baru", place="Balai", cadre=ani.id)
        found = [known(people.seat_of(conn, one.id)).person.role for one in (rini, ani)]
        return of_rini, *found

    assert await database.write(unit) == (["BOK-SBS"], Role.CADRE, Role.CADRE)


async def test_the_list_tells_who_answered_and_who_has_a_phone(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, str, bool | None, Rsvp, bool]]:
        school = a_school(conn)
        first, second = a_list(conn, school, 2)
        known_seat = known(people.seat_of(conn, second))
        outbox.block(conn, known_seat.address_id, "blocked", NOW)
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, first, Rsvp.YES, NOW)
        sessions.take_attendance(conn, session.id, [first], None, BEGINS + 3 * HOUR)
        listed = StoredSchools(conn, NOW).enrolled(school.id, session.id)
        return [(o.number, o.name, o.present, o.rsvp, o.reachable) for o in listed]

    assert await database.write(unit) == [
        (1, "Mbah Ibu 1", True, Rsvp.YES, True),
        (2, "Mbah Ibu 2", False, Rsvp.NOTHING, False),
    ]


async def test_sessions_to_come_and_the_one_that_began_last(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], int, list[int], list[int]]:
        school = a_school(conn)
        made = [a_session(conn, school, BEGINS + n * DAY) for n in range(4)]
        sessions.cancel(conn, made[2].id, NOW)
        during = StoredSchools(conn, BEGINS + DAY + MINUTE)
        coming = [one.id for one in during.next_sessions(school.id)]
        return (
            [one.id for one in made],
            known(during.last_session(school.id)).id,
            coming,
            [one.id for one in during.next_sessions(school.id, 1)],
        )

    made, last, coming, soonest = await database.write(unit)

    assert last == made[1]
    assert coming == [made[1], made[3]]
    assert soonest == [made[1]]


async def test_another_session_of_the_school_or_of_its_cadre_is_in_the_way(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[bool]:
        rini = a_mother(conn, "1", "Rini").id
        hers, also_hers = a_school(conn, "BOK-1", cadre=rini), a_school(conn, "PAK-1", cadre=rini)
        other = a_school(conn, "BOK-2")
        session = a_session(conn, hers)
        asked = StoredSchools(conn, NOW)
        ends = BEGINS + 2 * HOUR
        found = [
            asked.overlapping(hers.id, BEGINS + HOUR, ends + HOUR, None),
            asked.overlapping(also_hers.id, BEGINS - HOUR, BEGINS + MINUTE, None),
            asked.overlapping(other.id, BEGINS, ends, None),
            asked.overlapping(hers.id, BEGINS, ends, session.id),
            asked.overlapping(hers.id, ends, ends + HOUR, None),
            asked.overlapping(hers.id, BEGINS - HOUR, BEGINS, None),
        ]
        return [one is not None for one in found]

    assert await database.write(unit) == [True, True, False, False, False, False]


async def test_the_open_invitation_is_the_one_she_was_asked_about_last(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[int | None]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        first, second, third = (a_session(conn, school, BEGINS + n * DAY) for n in range(3))
        _asked(conn, first.id, siti, 2 * HOUR)
        _asked(conn, second.id, siti, HOUR)
        _asked(conn, third.id, siti, -HOUR)  # will leave in an hour

        def at(moment: datetime) -> int | None:
            found = StoredSchools(conn, moment).open_invitation(siti)
            return found.session.id if found else None

        before = at(NOW), at(NOW + 2 * HOUR)
        sessions.cancel(conn, third.id, NOW)
        return [first.id, second.id, third.id, *before, at(BEGINS), at(BEGINS + DAY)]

    first, second, third, now, later, begun, over = await database.write(unit)

    assert (now, later, begun, over) == (second, third, second, None)
    assert first


def _asked(conn: Connection, session: int, person: int, ago: timedelta) -> None:
    values = {"session_id": session, "person_id": person, "asked_at": NOW - ago}
    conn.execute(insert(schema.invitations), values)


async def test_untold_are_those_whom_the_news_did_not_reach(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        rini = a_mother(conn, "cadre", "Rini").id
        school = a_school(conn, cadre=rini)
        mothers = [*a_list(conn, school, 6), rini]
        schools.enrol(conn, school.id, rini, None, NOW)
        session = a_session(conn, school)
        moved = sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + HOUR, NOW)
        status = ["sent", "failed", "waiting", "merged", "uncertain"]
        news = [_news(conn, moved, one, what) for one, what in zip(mothers, status, strict=False)]
        carrier = _news(conn, session, mothers[3], "delivered")
        values = {"reason": f"into {carrier}"}
        conn.execute(schema.outbox.update().where(schema.outbox.c.id == news[3]).values(values))
        return [one.name for one in StoredSchools(conn, NOW).untold(session.id)]

    assert await database.write(unit) == ["Mbah Ibu 2", "Mbah Ibu 3", "Mbah Ibu 5", "Mbah Ibu 6"]


async def test_who_was_only_told_that_there_is_something_is_untold(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        school = a_school(conn, cadre=a_mother(conn, "cadre", "Rini").id)
        knocked, joined = a_list(conn, school, 2)
        session = a_session(conn, school)
        moved = sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + HOUR, NOW)
        carrier = _news(conn, session, joined, "delivered")
        merged = _news(conn, moved, joined, "merged")
        outbox = schema.outbox
        into = outbox.update().where(outbox.c.id == merged).values(reason=f"into {carrier}")
        conn.execute(into)
        knocks = [_news(conn, moved, knocked, "read"), carrier]
        found = []
        for withheld in (True, False):
            conn.execute(outbox.update().where(outbox.c.id.in_(knocks)).values(withheld=withheld))
            found.append([one.name for one in StoredSchools(conn, NOW).untold(session.id)])
        return found

    assert await database.write(unit) == [["Mbah Ibu 1", "Mbah Ibu 2"], []]


def _news(conn: Connection, session: schools.Session, person: PersonId, status: str) -> int:
    values = {
        "address_id": known(people.seat_of(conn, person)).address_id,
        "person_id": person,
        "dedupe_key": f"session:{session.id}:{session.revision}:changed:{person}",
        "priority": 2,
        "purpose": "session_changed",
        "status": status,
        "not_before": NOW,
        "created_at": NOW,
    }
    row = conn.execute(insert(schema.outbox).values(values).returning(schema.outbox.c.id))
    return int(row.scalar_one())


async def test_an_erased_person_is_on_no_list_and_her_number_stays_hers(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int, int, PersonId | None, int]:
        rini = a_caregiver(conn, "62812")
        school = a_school(conn, cadre=rini.id)
        schools.enrol(conn, school.id, rini.id, None, NOW)
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, rini.id, Rsvp.YES, NOW)
        conn.execute(insert(schema.tags), {"person_id": rini.id, "tag": "purna_pmi"})
        erasure.erase(conn, rini.id, audit.COMMAND, NOW)
        rows = [count(conn, t) for t in (schema.enrolments, schema.invitations, schema.tags)]
        cadre = conn.execute(select(schema.schools.c.cadre_id)).scalar_one()
        new = schools.enrol(conn, school.id, a_mother(conn, "new").id, None, NOW)
        return (*rows, cadre, new)

    assert await database.write(unit) == (0, 0, 0, None, 2)
