"""The chat of a session over a real database: invited, answered, moved, attended, asked after."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, text, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.dialogue import PersonId, Role
from conversations.message import Kind, printed
from conversations.schools.session import Session
from storage import due, inbox, people, schema, schools
from storage.database import Database
from storage.inbox import Received
from storage.school_questions import StoredSchools
from storage.world import Programme
from tests.bot.session_days import let_pass
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, known
from tests.storage.school_builders import BEGINS, a_list, a_mother, a_school, a_session

INVITED = BEGINS - 3 * DAY + 4 * HOUR
"""After the invitation has gone out."""


class Chat:
    """People who write to the bot, at a moment that moves on."""

    def __init__(self, conn: Connection, now: datetime = NOW) -> None:
        self.conn = conn
        self.now = now
        self._turns = Turns(
            Programme("Program Contoh"),
            parsers={"telegram": simulator.parse},
            owner="o",
            now=lambda: self.now,
        )
        self._count = 0

    def says(self, address: str, words: str) -> list[str]:
        """What comes back to one message, as it is printed."""
        self._count += 1
        body = simulator.body_of(Doing(Kind.TEXT, text=words), str(self._count), self.now)
        received = Received("telegram", "bot", f"m{self._count}", address, body)
        [accepted] = inbox.accept(self.conn, [received], self.now)
        return [printed(one.message) for one in self._turns.take(self.conn, accepted)]

    def wakes(self, kind: str) -> None:
        """Does what is due of this kind for single people."""
        for row in due.next_due(self.conn, self.now, 500):
            if row.kind == kind:
                self._turns.wake(self.conn, row)


def a_school_day(conn: Connection) -> tuple[PersonId, list[PersonId], Session]:
    """Bu Rini, cadre of a school with three mothers, and its session on Tuesday at one."""
    rini = a_mother(conn, "rini", "Rini", salutation="Bu")
    columns = schema.people
    conn.execute(update(columns).where(columns.c.id == rini.id).values(role=Role.CADRE))
    school = a_school(conn, cadre=rini.id)
    mothers = a_list(conn, school, 3)
    return rini.id, mothers, a_session(conn, school)


def outbox_of(conn: Connection, person: PersonId) -> list[str]:
    """The texts planned for somebody since the beginning, by the keys they have."""
    columns = schema.outbox.c
    query = select(columns.dedupe_key).where(columns.person_id == person).order_by(columns.id)
    return list(conn.execute(query).scalars())


async def test_a_mother_answers_in_her_own_words_and_changes_her_mind(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], str]:
        _, mothers, session = a_school_day(conn)
        let_pass(conn, INVITED)
        chat = Chat(conn, INVITED)
        yes = chat.says("mother-1", "insya Allah bisa")
        chat.now += DAY
        no = chat.says("mother-1", "jadi mboten saged mbak")
        found = known(StoredSchools(conn, chat.now).invitation(mothers[0], session.id))
        return yes, no, found.rsvp

    yes, no, rsvp = await database.write(unit)

    assert "Selasa Kliwon, 24 November, jam 13.00 WIB" in yes[0]
    assert "Tidak apa-apa" in no[0]
    assert rsvp == "no"


async def test_a_cadre_moves_her_session_in_one_message(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], Session, list[str]]:
        _, mothers, session = a_school_day(conn)
        let_pass(conn, INVITED)
        chat = Chat(conn, INVITED)
        asked = chat.says("rini", "TUNDA Rabu 09.00")
        done = chat.says("rini", "1")
        let_pass(conn, INVITED + MINUTE, INVITED)
        return asked, done, known(schools.session(conn, session.id)), outbox_of(conn, mothers[1])

    asked, done, session, keys = await database.write(unit)

    assert "Semula: Selasa Kliwon, 24 November, jam 13.00 WIB" in asked[0]
    assert "3 orang dikabari" in done[0]
    assert session.starts_at == BEGINS + DAY - 4 * HOUR
    assert session.revision == 2
    assert f"session:{session.id}:2:changed:" in keys[-1]


async def test_a_cadre_takes_attendance_when_she_is_asked(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[bool | None]]:
        _, _, session = a_school_day(conn)
        over = session.ends_at + MINUTE
        let_pass(conn, over)
        chat = Chat(conn, over)
        chat.wakes("attendance")
        said = chat.says("rini", "semua kecuali 2")
        people_ = StoredSchools(conn, over).enrolled(session.school.id, session.id)
        return said, [one.present for one in people_]

    said, present = await database.write(unit)

    assert "2 dari 3 datang" in said[0]
    assert "2. " in said[0]
    assert present == [True, False, True]


async def test_who_was_there_is_asked_two_questions_and_they_are_kept(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], str]:
        _, mothers, session = a_school_day(conn)
        over = session.ends_at + MINUTE
        let_pass(conn, over)
        chat = Chat(conn, over)
        chat.says("rini", "hadir 1")
        chat.now = over + 3 * HOUR
        let_pass(conn, chat.now, over)
        chat.wakes("feedback")
        second = chat.says("mother-1", "cara mendengarkan")
        thanks = chat.says("mother-1", "mau coba mendengarkan dulu")
        query = text("SELECT form_name FROM interviews WHERE person_id = :person")
        return second, thanks, conn.execute(query, {"person": mothers[0]}).scalar_one()

    second, thanks, form = await database.write(unit)

    assert "Apa yang akan dicoba di rumah?" in second[0]
    assert "Terima kasih" in thanks[0]
    assert form == "umpan_balik"


async def test_a_household_in_mourning_is_left_in_peace(database: Database) -> None:
    def unit(conn: Connection) -> tuple[datetime | None, datetime | None]:
        _, mothers, _ = a_school_day(conn)
        chat = Chat(conn)
        chat.says("mother-1", "BERDUKA")
        chat.says("rini", "BERDUKA 2")
        chat.says("rini", "ya")
        first, second = (known(people.seat_of(conn, who)).person for who in mothers[:2])
        return first.paused_until, second.paused_until

    assert await database.write(unit) == (NOW + 7 * DAY, NOW + 7 * DAY)
