"""Answers: sealed, changed, completed, and read again as a child's history."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from conversations.dialogue import ChildId, Interview, Person
from storage import interviews, schema
from storage.database import Database
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, a_checkin, a_child, count

INTERVIEW = Interview("i1", "checkin", "f", started_at=NOW)


async def test_an_interview_told_twice_began_once(database: Database) -> None:
    def unit(conn: Connection) -> int:
        mbah = a_caregiver(conn)
        interviews.start(conn, mbah.id, INTERVIEW, "cek_3_5", NOW)
        interviews.start(conn, mbah.id, INTERVIEW, "cek_3_5", NOW)
        return count(conn, schema.interviews)

    assert await database.write(unit) == 1


async def test_an_answer_is_replaced_by_what_it_was_changed_to(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, str]:
        mbah = a_caregiver(conn)
        interviews.start(conn, mbah.id, INTERVIEW, "cek_3_5", NOW)
        interviews.answer(conn, "i1", "makan", "lahap", typed_by=mbah.id, now=NOW)
        interviews.answer(conn, "i1", "makan", "kurang", typed_by=mbah.id, now=NOW)
        interviews.answer(conn, "i1", "sehat", "", typed_by=mbah.id, now=NOW)
        return interviews.answers_of(conn, "i1")

    assert await database.write(unit) == {"makan": "kurang", "sehat": ""}


async def test_an_answer_is_sealed(database: Database) -> None:
    def unit(conn: Connection) -> bytes:
        a_checkin(conn, a_caregiver(conn), None, {"pesan": "Adi sering menangis"})
        return bytes(conn.execute(select(schema.answers.c.value)).scalar_one())

    assert b"menangis" not in await database.write(unit)


async def test_a_cadre_may_type_what_a_caregiver_says(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object, object]:
        mbah, rini = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        interviews.start(conn, mbah.id, INTERVIEW, "cek_3_5", NOW)
        interviews.answer(
            conn, "i1", "makan", "lahap", typed_by=rini.id, spoken_by=mbah.id, now=NOW
        )
        row = conn.execute(select(schema.answers)).one()
        return (row.spoken_by, row.typed_by), (mbah.id, rini.id), None

    who, expected, _ = await database.write(unit)

    assert who == expected


async def test_the_end_takes_away_what_is_irrelevant_and_adds_what_is_calculated(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[dict[str, str], object, object, object]:
        mbah = a_caregiver(conn)
        interviews.start(conn, mbah.id, INTERVIEW, "cek_3_5", NOW)
        for path in ("makan", "minum"):
            interviews.answer(conn, "i1", path, "tidak", typed_by=mbah.id, now=NOW)
        complete = {"makan": "tidak", "nilai": "3"}
        interviews.finish(conn, "i1", complete, partial=False, typed_by=mbah.id, now=NOW + HOUR)
        row = conn.execute(select(schema.interviews)).one()
        times = conn.execute(select(schema.answers.c.path, schema.answers.c.at)).all()
        return (
            interviews.answers_of(conn, "i1"),
            row.status,
            row.finished_at,
            {row.path: row.at for row in times},
        )

    answers, status, finished_at, times = await database.write(unit)

    assert answers == {"makan": "tidak", "nilai": "3"}
    assert (status, finished_at) == ("finished", NOW + HOUR)
    assert times == {"makan": NOW, "nilai": NOW + HOUR}


async def test_history_is_newest_first_of_finished_checkins_of_that_child(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], ...]:
        mbah = a_caregiver(conn)
        adi, budi = a_child(conn, mbah, "Adi"), a_child(conn, mbah, "Budi")
        said = ["sedih", "", "senang"]
        for week, rasa in enumerate(said):
            at = NOW + week * 7 * DAY
            answers = {"rasa": rasa, "xrasa": "x", "anak/rasaXhati": "salah"}
            a_checkin(conn, mbah, adi, answers, id_=f"a{week}", at=at)
        a_checkin(conn, mbah, budi, {"keadaan/rasa": "biasa"}, id_="b", at=NOW)
        late = NOW + 30 * DAY
        a_checkin(conn, mbah, adi, {"rasa": "x"}, id_="p", at=late, partial=True)
        return (
            interviews.recent_answers(conn, adi, "rasa", 5),
            interviews.recent_answers(conn, adi, "rasa_hati", 5),
            interviews.recent_answers(conn, adi, "rasa", 1),
            interviews.recent_answers(conn, budi, "rasa", 5),
            interviews.recent_own_answers(conn, mbah.id, "rasa", 9),
        )

    adi, other_question, last, budi, own = await database.write(unit)

    assert adi == ("senang", "", "sedih")
    assert other_question == ()
    assert last == ("senang",)
    assert budi == ("biasa",)
    assert sorted(own) == ["", "biasa", "sedih", "senang"]


async def test_answers_of_another_conversation_are_no_history(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        mbah = a_caregiver(conn)
        adi = a_child(conn, mbah)
        other = Interview("i1", "concern", "f", child=adi, started_at=NOW)
        interviews.start(conn, mbah.id, other, "lapor", NOW)
        complete = {"rasa": "sedih"}
        interviews.finish(conn, "i1", complete, partial=False, typed_by=mbah.id, now=NOW)
        return interviews.recent_answers(conn, adi, "rasa", 5)

    assert await database.write(unit) == ()


async def test_when_each_child_was_last_asked_after(database: Database) -> None:
    def unit(conn: Connection) -> tuple[dict[ChildId, object], ChildId]:
        mbah = a_caregiver(conn)
        adi = a_child(conn, mbah)
        a_checkin(conn, mbah, adi, {}, id_="1", at=NOW)
        a_checkin(conn, mbah, adi, {}, id_="2", at=NOW + DAY, partial=True)
        a_checkin(conn, mbah, None, {}, id_="3", at=NOW + 2 * DAY)
        a_child(conn, mbah, "Budi")
        return dict(interviews.last_checkins(conn, mbah.id)), adi

    found, adi = await database.write(unit)

    assert found == {adi: NOW + DAY}


async def test_an_interview_without_a_start_begins_now(database: Database) -> None:
    def unit(conn: Connection) -> object:
        begun = Interview("i1", "checkin", "f")
        interviews.start(conn, a_caregiver(conn).id, begun, "cek_3_5", NOW)
        return conn.execute(select(schema.interviews.c.started_at)).scalar()

    assert await database.write(unit) == NOW


def told(conn: Connection, of: Person, words: str, at: datetime, *, partial: bool = False) -> None:
    """What she answered after a session about trying something at home."""
    interview = Interview(f"u{at:%d%H}", interviews.FEEDBACK, "f", started_at=at)
    interviews.start(conn, of.id, interview, "umpan_balik", at)
    answers = {"bermanfaat": "semua", interviews.WILL_TRY: words}
    interviews.finish(conn, interview.id, answers, partial=partial, typed_by=of.id, now=at)


@pytest.mark.parametrize(
    ("words", "ago", "partial", "expected"),
    [
        ("makan bersama", DAY, False, True),
        ("makan bersama", 8 * DAY - HOUR, False, True),
        ("makan bersama", 8 * DAY, False, False),
        ("makan bersama", DAY, True, False),
        ("", DAY, False, False),
    ],
)
async def test_what_she_said_lately_that_she_will_try_is_known(
    database: Database, words: str, ago: timedelta, partial: bool, expected: bool
) -> None:
    def unit(conn: Connection) -> bool:
        mbah = a_caregiver(conn)
        told(conn, mbah, words, NOW - ago, partial=partial)
        return interviews.wants_to_try(conn, mbah.id, NOW)

    assert await database.write(unit) is expected


async def test_what_she_will_try_is_asked_about_in_one_check_in(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        mbah = a_caregiver(conn)
        a_checkin(conn, mbah, None, {}, id_="before", at=NOW - 3 * DAY)
        told(conn, mbah, "makan bersama", NOW - 2 * DAY)
        known = [interviews.wants_to_try(conn, mbah.id, NOW)]
        a_checkin(conn, mbah, None, {}, id_="open", at=NOW - DAY, partial=True)
        known.append(interviews.wants_to_try(conn, mbah.id, NOW))
        a_checkin(conn, mbah, None, {}, id_="after", at=NOW - HOUR)
        known.append(interviews.wants_to_try(conn, mbah.id, NOW))
        return known

    assert await database.write(unit) == [True, True, False]
