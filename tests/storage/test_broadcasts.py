"""What staff decide about a broadcast, and what that brings about, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from conversations.broadcasts.audience import parse
from conversations.broadcasts.broadcast import State, Step
from conversations.dialogue import PersonId
from conversations.event import BroadcastDrafted, BroadcastStep
from conversations.message import MediaId
from storage import audit, broadcasts, due, events, media, people, recipients, schema
from storage.broadcasts import StoredBroadcasts
from storage.database import Database
from tests.storage.broadcast_builders import (
    DAYTIME,
    TEXT,
    a_broadcast,
    is_now,
    parts,
    sends,
    started,
)
from tests.storage.builders import HOUR, a_caregiver, a_member, a_seat, happen, known
from tests.storage.school_builders import a_mother, a_school


def planned(conn: Connection, kind: str) -> list[str]:
    query = select(schema.due.c.subject).where(schema.due.c.kind == kind)
    return sorted(conn.execute(query.where(schema.due.c.outcome == "")).scalars())


async def test_it_works(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mas = a_member(conn)

        id_ = a_broadcast(conn, "desa=LDK kecuali tanda=uji", by=mas.id)

        kept = is_now(conn, id_)
        assert (kept.state, kept.text, kept.by, kept.by_name) == (
            State.DRAFT,
            TEXT,
            mas.id,
            "Mas Dimas",
        )
        assert kept.audience == parse("desa=LDK kecuali tanda=uji")
        assert kept.created_at == DAYTIME
        assert broadcasts.one(conn, id_ + 1) is None  # type: ignore[arg-type]

    await database.write(unit)


async def test_the_words_are_sealed(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_broadcast(conn)

        assert b"kumpul" not in conn.execute(select(schema.broadcasts.c.body)).scalar_one()

    await database.write(unit)


async def test_the_newest_come_first(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ids = [a_broadcast(conn) for _ in range(3)]

        assert [one.id for one in broadcasts.latest(conn, 2)] == [ids[2], ids[1]]

    await database.write(unit)


ALLOWED = {
    (State.DRAFT, Step.ASK): State.ASKING,
    (State.DRAFT, Step.START): State.SCHEDULED,
    (State.ASKING, Step.APPROVE): State.SCHEDULED,
    (State.ASKING, Step.REFUSE): State.REFUSED,
    (State.SCHEDULED, Step.ASK): State.ASKING,
    (State.RUNNING, Step.PAUSE): State.PAUSED,
    (State.RUNNING, Step.RESUME): State.RUNNING,
    (State.PAUSED, Step.RESUME): State.RUNNING,
    **{
        (state, Step.CANCEL): State.CANCELLED
        for state in State
        if state not in (State.DONE, State.CANCELLED, State.REFUSED)
    },
}


@pytest.mark.parametrize("state", State)
async def test_each_state_allows_its_steps_and_no_others(database: Database, state: State) -> None:
    def unit(conn: Connection) -> None:
        approver = a_member(conn)
        for step in Step:
            id_ = a_broadcast(conn)
            table = schema.broadcasts
            conn.execute(table.update().where(table.c.id == id_).values(status=state.value))

            now = broadcasts.step(conn, id_, step, approver.id, DAYTIME)

            assert now == ALLOWED.get((state, step)), step
            assert is_now(conn, id_).state is (now or state)

    await database.write(unit)


async def test_who_wrote_it_does_not_approve_it_and_neither_does_nobody(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        author, other = a_member(conn, "Dimas", "800"), a_member(conn, "Rina", "801")
        id_ = a_broadcast(conn, by=author.id)
        broadcasts.step(conn, id_, Step.ASK, author.id, DAYTIME)

        refused = [
            broadcasts.step(conn, id_, step, by, DAYTIME)
            for step in (Step.APPROVE, Step.REFUSE)
            for by in (author.id, None)
        ]
        approved = broadcasts.step(conn, id_, Step.APPROVE, other.id, DAYTIME)

        assert refused == [None] * 4
        assert approved is State.SCHEDULED
        assert is_now(conn, id_).approved_by == other.id
        assert planned(conn, "broadcast") == [str(id_)]

    await database.write(unit)


async def test_everybody_else_of_staff_is_asked(database: Database) -> None:
    def unit(conn: Connection) -> None:
        author, other = a_member(conn, "Dimas", "800"), a_member(conn, "Rina", "801")
        id_ = a_broadcast(conn, by=author.id)

        broadcasts.step(conn, id_, Step.ASK, author.id, DAYTIME)
        before = planned(conn, "siar")
        parts(conn, kind="rehearsal")

        assert before == []
        assert planned(conn, "siar") == [f"{id_}:setuju:{other.id}"]
        assert known(broadcasts.rehearsal(conn, id_)).planned == 0
        assert planned(conn, "broadcast") == []

    await database.write(unit)


async def test_the_author_hears_what_was_decided(database: Database) -> None:
    def unit(conn: Connection) -> None:
        author, other = a_member(conn, "Dimas", "800"), a_member(conn, "Rina", "801")
        id_ = a_broadcast(conn, by=author.id)
        broadcasts.step(conn, id_, Step.ASK, author.id, DAYTIME)

        broadcasts.step(conn, id_, Step.REFUSE, other.id, DAYTIME)

        assert f"{id_}:putusan" in planned(conn, "siar")

    await database.write(unit)


async def test_it_begins_when_it_is_scheduled_and_lasts_twelve_hours(database: Database) -> None:
    def unit(conn: Connection) -> None:
        at = DAYTIME + timedelta(days=1)
        id_ = a_broadcast(conn)
        a_mother(conn, "1")

        broadcasts.step(conn, id_, Step.START, None, DAYTIME, starts_at=at)

        assert parts(conn, at - HOUR) == 0
        assert is_now(conn, id_).expires_at == at + 12 * HOUR
        assert parts(conn, at) > 0
        assert is_now(conn, id_).state is State.RUNNING

    await database.write(unit)


async def test_a_schedule_that_passed_while_it_waited_for_approval_begins_at_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        other = a_member(conn)
        id_ = a_broadcast(conn)
        broadcasts.step(conn, id_, Step.ASK, None, DAYTIME, starts_at=DAYTIME + HOUR)

        broadcasts.step(conn, id_, Step.APPROVE, other.id, DAYTIME + 3 * HOUR)

        assert is_now(conn, id_).starts_at == DAYTIME + 3 * HOUR
        assert is_now(conn, id_).expires_at == DAYTIME + 15 * HOUR

    await database.write(unit)


def a_file(conn: Connection, id_: str = "abcdefghijkl") -> MediaId:
    media.add(conn, MediaId(id_), "image", "image/jpeg", 9, None, DAYTIME)
    return MediaId(id_)


async def test_the_file_of_a_draft_that_is_given_up_is_erased(database: Database) -> None:
    def unit(conn: Connection) -> None:
        file = a_file(conn)
        id_ = a_broadcast(conn, media=file)

        broadcasts.step(conn, id_, Step.CANCEL, None, DAYTIME)

        assert media.one(conn, file) is None
        assert media.to_erase(conn, 9) == (file,)

    await database.write(unit)


async def test_a_file_that_another_draft_still_needs_stays(database: Database) -> None:
    def unit(conn: Connection) -> None:
        file = a_file(conn)
        old = a_broadcast(conn, media=file)
        a_broadcast(conn, "desa=LDK", media=file)

        broadcasts.step(conn, old, Step.CANCEL, None, DAYTIME)

        assert known(media.one(conn, file)).status == "stored"

    await database.write(unit)


async def test_a_draft_of_chat_is_rehearsed_and_its_author_told(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mas = a_member(conn)
        a_mother(conn, "1")
        a_caregiver(conn, "2")
        seat = a_seat(conn, "800")

        happen(conn, seat, BroadcastDrafted(parse(""), TEXT), now=DAYTIME)
        [kept] = broadcasts.latest(conn, 5)
        assert planned(conn, "rehearsal") == [str(kept.id)]
        parts(conn, kind="rehearsal")

        counted = known(broadcasts.rehearsal(conn, kept.id))
        assert (counted.planned, counted.reached) == (2, 1)
        assert counted.reasons == {"no_consent": 1}
        assert planned(conn, "siar") == [f"{kept.id}:gladi"]
        assert planned(conn, "broadcast") == []
        assert kept.by == mas.id

    await database.write(unit)


async def test_a_rehearsal_of_what_is_no_draft_any_more_counts_nothing(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_mother(conn, "1")
        id_ = a_broadcast(conn)
        broadcasts.plan_rehearsal(conn, id_, DAYTIME)
        broadcasts.step(conn, id_, Step.CANCEL, None, DAYTIME)

        parts(conn, kind="rehearsal")

        assert broadcasts.rehearsal(conn, id_) is None
        assert planned(conn, "rehearsal") == []

    await database.write(unit)


async def test_a_step_in_chat_is_recorded(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mas = a_member(conn)
        id_ = a_broadcast(conn, by=mas.id)

        happen(conn, a_seat(conn, "800"), BroadcastStep(id_, Step.START), now=DAYTIME)

        [entry] = [entry for entry in audit.latest(conn, 50) if "broadcast" in entry.action]
        assert (entry.actor, entry.action) == (f"person:{mas.id}", "broadcast start")

    await database.write(unit)


async def test_a_step_that_came_too_late_undoes_its_turn(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        id_ = a_broadcast(conn)
        broadcasts.step(conn, id_, Step.CANCEL, None, DAYTIME)

        with pytest.raises(events.UnknownSubjectError):
            happen(conn, a_seat(conn, "800"), BroadcastStep(id_, Step.START), now=DAYTIME)

    await database.write(unit)


async def test_a_part_that_was_given_up_is_seen_and_goes_on_when_it_is_resumed(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[bool]:
        a_mother(conn, "1")
        id_ = a_broadcast(conn)
        broadcasts.step(conn, id_, Step.START, None, DAYTIME)
        broadcasts.begin(conn, known(broadcasts.one(conn, id_)), DAYTIME)
        seen = [is_now(conn, id_).stalled]
        due.settle(conn, "broadcast", str(id_), "failed: KeyError in somewhere:1")
        seen.append(is_now(conn, id_).stalled)
        broadcasts.step(conn, id_, Step.RESUME, None, DAYTIME)
        seen.append(is_now(conn, id_).stalled)
        parts(conn)
        assert sends(conn) == ["Besok kumpul, Mbah Siti."]
        return seen

    assert await database.write(unit) == [False, True, False]


async def test_a_conversation_may_ask_all_of_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        people.add_village(conn, "Ledokombo", "LDK")
        a_school(conn, "BOK-SBS")
        file = a_file(conn)
        mother = a_mother(conn, "1")
        id_ = started(conn)
        parts(conn)
        asked = StoredBroadcasts(conn, DAYTIME, {"telegram": 7.0}, 9)

        assert (asked.rates, asked.alone_up_to) == ({"telegram": 7.0}, 9)
        assert known(asked.one(id_)).state is State.RUNNING
        assert asked.account(id_) == recipients.account(conn, id_)
        assert [one.id for one in asked.latest()] == [id_]
        assert asked.rehearsal(id_) is None
        assert asked.samples(id_) == ("Besok kumpul, Mbah Siti.",)
        assert asked.own_words(id_, mother.id) == "Besok kumpul, Mbah Siti."
        assert asked.own_words(id_, PersonId(77)) == ""
        assert asked.samples(id_ + 1) == ()  # type: ignore[arg-type]
        assert (asked.file(file), asked.file(MediaId("none"))) == ("stored", "")
        assert asked.villages() == (("LDK", "Ledokombo"),)
        assert asked.schools() == (("BOK-SBS", "Sekolah Bok-Ebok"),)

    await database.write(unit)
