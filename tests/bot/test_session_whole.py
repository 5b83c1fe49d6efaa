"""One session from its invitation to its questions, by chat and clock, nothing done by hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.message import Kind
from conversations.schools.session import Rsvp
from storage import due, inbox, schema
from storage.database import Database
from storage.inbox import Received
from storage.school_questions import StoredSchools
from tests.bot.session_days import PROGRAMME, QUIET, words
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, known
from tests.storage.school_builders import BEGINS, a_list, a_mother, a_school, a_session


class Days:
    """A service's turns on a clock that a test moves; who writes is answered at once."""

    def __init__(self, conn: Connection) -> None:
        self.now = NOW
        self._conn = conn
        self._heard = 0
        parsers = {"telegram": simulator.parse}
        self._turns = Turns(
            PROGRAMME, parsers=parsers, owner="s/1", now=lambda: self.now, quiet=QUIET
        )

    def until(self, then: datetime) -> None:
        """Everything that is due until then is done at its time."""
        while self.now < then:
            self._do_what_is_due()
            coming = due.next_at(self._conn)
            self.now = then if coming is None or coming > then else max(coming, self.now)
        self._do_what_is_due()

    def _do_what_is_due(self) -> None:
        while rows := due.next_due(self._conn, self.now, 50):
            for row in rows:
                self._turns.wake(self._conn, row)

    def writes(self, address: str, said: str) -> list[str]:
        """What somebody is answered."""
        self._heard += 1
        body = simulator.body_of(Doing(Kind.TEXT, text=said), "n", self.now)
        received = Received("telegram", "bot", str(self._heard), address, body)
        [accepted] = inbox.accept(self._conn, [received], self.now)
        return [one.message.text for one in self._turns.take(self._conn, accepted)]


async def test_from_the_invitation_to_the_questions(database: Database) -> None:
    def unit(conn: Connection) -> None:
        rini = a_mother(conn, "cadre", "Rini", registered=True)
        school = a_school(conn, cadre=rini.id)
        first, second, third = a_list(conn, school, 3)
        session = a_session(conn, school, tip="sebut-kebaikan")
        days = Days(conn)

        days.until(BEGINS - 2 * DAY)
        days.writes("mother-1", "insya Allah bisa")
        days.writes("mother-2", "maaf tidak bisa hadir")
        said = [
            known(StoredSchools(conn, days.now).invitation(one, session.id)).rsvp
            for one in (first, second, third)
        ]
        days.until(BEGINS)
        reminded = [len(words(conn, one)) for one in (first, second, third)]
        days.until(session.ends_at + MINUTE)
        asked_who_came = words(conn, rini.id)
        days.writes("cadre", "hadir 1 3")
        days.writes("cadre", "ya")
        listed = StoredSchools(conn, days.now).enrolled(school.id, session.id)
        before = len(words(conn, second))
        days.until(session.ends_at + HOUR)

        assert said == [Rsvp.YES, Rsvp.NO, Rsvp.NOTHING]
        assert reminded[0] == reminded[1] + 2 == reminded[2] + 1
        assert any("1. Mbah Ibu 1" in text for text in asked_who_came)
        assert [one.present for one in listed] == [True, False, True]
        assert "oleh-oleh" in words(conn, second)[before]
        assert "bermanfaat" in words(conn, first)[-1]
        open_ = select(schema.due.c.subject).where(schema.due.c.outcome == "")
        left = conn.execute(open_.where(schema.due.c.kind == "session")).all()
        assert left == []

    await database.write(unit)
