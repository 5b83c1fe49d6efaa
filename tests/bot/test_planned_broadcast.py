"""A broadcast as it is sent in parts: everybody once or with a reason, at every moment."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select, update

from conversations.broadcasts.broadcast import BroadcastId, State, Step
from conversations.dialogue import PersonId
from conversations.message import MediaId
from storage import broadcasts, due, erasure, media, outbox, people, recipients, schema
from storage.database import Database
from storage.outbox import Result, Status
from tests.storage.broadcast_builders import (
    DAYTIME,
    a_broadcast,
    balance,
    is_now,
    mothers,
    parts,
    sends,
    started,
)
from tests.storage.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_caregiver,
    a_member,
    known,
    without_phone,
)
from tests.storage.school_builders import a_mother

NIGHT = DAYTIME + 11 * HOUR
"""22:15 in Jember."""


async def test_it_works(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 3)
        id_ = started(conn)

        parts(conn)
        texts = sends(conn)
        parts(conn, DAYTIME + MINUTE)

        assert sorted(texts) == [
            "Besok kumpul, Mbah Ibu 1.",
            "Besok kumpul, Mbah Ibu 2.",
            "Besok kumpul, Mbah Siti.",
        ]
        account = balance(conn, id_)
        assert (account.planned, account.sent, account.waiting) == (3, 3, 0)
        assert is_now(conn, id_).state is State.DONE

    await database.write(unit)


async def test_everybody_who_may_not_be_written_to_has_a_reason_at_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_mother(conn, "1")
        a_caregiver(conn, "2")
        stopped, resting, blocked, erased = (a_mother(conn, str(n)) for n in range(3, 7))
        people.change(conn, stopped.id, {"stopped": True}, DAYTIME)
        people.change(conn, resting.id, {"paused_until": DAYTIME + DAY}, DAYTIME)
        outbox.block(conn, known(people.seat_of(conn, blocked.id)).address_id, "b", DAYTIME)
        without = a_mother(conn, "7")
        without_phone(conn, without)
        id_ = started(conn)
        erasure.erase(conn, erased.id, "command", DAYTIME)

        parts(conn)

        assert balance(conn, id_).reasons == {
            "no_consent": 1,
            "stopped": 1,
            "resting": 1,
            "blocked": 1,
            "no_phone": 1,
        }

    await database.write(unit)


async def test_who_is_erased_while_it_runs_is_counted_and_not_written_to(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        ids = mothers(conn, 8)
        id_ = started(conn)
        parts(conn, rate=1.0)
        handed = (
            conn.execute(
                select(schema.recipients.c.person_id).where(
                    schema.recipients.c.outbox_id.is_not(None)
                )
            )
            .scalars()
            .all()
        )
        waits = next(one for one in ids if one not in handed)
        erasure.erase(conn, PersonId(handed[0]), "command", DAYTIME + MINUTE)
        erasure.erase(conn, waits, "command", DAYTIME + MINUTE)

        parts(conn, DAYTIME + MINUTE)

        assert balance(conn, id_).planned == 8
        assert balance(conn, id_).reasons == {"erased": 2}

    await database.write(unit)


async def test_only_about_two_seconds_wait_ahead(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 50)
        id_ = started(conn)

        parts(conn, rate=10.0)
        ahead = outbox.waiting(conn, recipients.campaign(id_))
        sends(conn, limit=8)
        parts(conn, DAYTIME + timedelta(seconds=1), rate=10.0)

        assert ahead == 21
        assert outbox.waiting(conn, recipients.campaign(id_)) == 21
        assert balance(conn, id_).planned == 50

    await database.write(unit)


async def test_a_part_is_bounded_and_takes_up_where_the_last_ended(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 450)
        id_ = started(conn)

        planned = []
        for _ in range(3):
            parts(conn, most=1)
            planned.append(balance(conn, id_).planned)

        assert planned == [200, 400, 450]

    await database.write(unit)


async def test_who_comes_later_is_not_in_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 2)
        id_ = started(conn)
        parts(conn)
        a_mother(conn, "late")

        parts(conn, DAYTIME + MINUTE)

        assert balance(conn, id_).planned == 2

    await database.write(unit)


async def test_a_pause_and_an_end_take_hold_at_once(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 9)
        id_ = started(conn)
        parts(conn, rate=2.0)
        sends(conn, limit=2)

        broadcasts.step(conn, id_, Step.PAUSE, None, DAYTIME)
        while_paused = sends(conn, DAYTIME + HOUR)
        parts(conn, DAYTIME + HOUR)
        broadcasts.step(conn, id_, Step.CANCEL, None, DAYTIME + HOUR)

        assert while_paused == []
        account = balance(conn, id_)
        assert (account.sent, account.waiting) == (2, 0)
        assert account.reasons == {"cancelled": 7}
        assert sends(conn, DAYTIME + HOUR) == []

    await database.write(unit)


async def test_what_is_resumed_the_next_day_is_still_useful(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 3)
        id_ = started(conn)
        parts(conn, rate=0.5)
        broadcasts.step(conn, id_, Step.PAUSE, None, DAYTIME)
        tomorrow = DAYTIME + DAY

        broadcasts.step(conn, id_, Step.RESUME, None, tomorrow)
        parts(conn, tomorrow)
        sends(conn, tomorrow)

        assert balance(conn, id_).sent == 3

    await database.write(unit)


async def test_nothing_arrives_the_next_day(database: Database) -> None:
    """Twelve hours after it began it is of no use; the reason says so."""

    def unit(conn: Connection) -> None:
        mothers(conn, 3)
        id_ = started(conn)
        parts(conn, rate=0.5)

        tomorrow = DAYTIME + DAY
        parts(conn, tomorrow)
        sent = sends(conn, tomorrow)
        parts(conn, tomorrow + MINUTE)

        assert sent == []
        account = balance(conn, id_)
        assert (account.expired, account.excluded) == (2, 1)
        assert account.reasons == {"late": 3}
        assert is_now(conn, id_).state is State.DONE

    await database.write(unit)


async def test_of_an_evening_it_waits_for_the_morning(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 3)
        id_ = started(conn, now=NIGHT)

        parts(conn, NIGHT, rate=1.0)
        at_night = sends(conn, NIGHT + MINUTE)
        held = outbox.waiting(conn, recipients.campaign(id_))
        morning = NIGHT + timedelta(hours=8, minutes=20)
        parts(conn, morning)
        texts = sends(conn, morning)
        parts(conn, morning + MINUTE)

        assert at_night == []
        assert held == 3
        assert len(texts) == 3
        assert is_now(conn, id_).state is State.DONE

    await database.write(unit)


async def test_what_was_held_is_joined_with_what_else_waits_and_counted_so(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1)
        first = started(conn, now=NIGHT)
        second = started(conn, now=NIGHT)
        parts(conn, NIGHT, most=4)
        morning = NIGHT + timedelta(hours=8, minutes=20)

        texts = sends(conn, morning)

        assert len(texts) == 1
        places = [balance(conn, id_) for id_ in (first, second)]
        assert [account.sent for account in places] == [1, 0]
        assert places[1].reasons == {"merged": 1}

    await database.write(unit)


def joined(conn: Connection) -> list[BroadcastId]:
    """Two broadcasts of one evening, which leave as one message the next morning."""
    mothers(conn, 1)
    both = [started(conn, now=NIGHT), started(conn, now=NIGHT)]
    parts(conn, NIGHT, most=4)
    return both


MORNING = NIGHT + timedelta(hours=8, minutes=20)


async def test_what_was_joined_fares_as_the_message_that_carries_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        both = joined(conn)

        sends(conn, MORNING, Status.UNCERTAIN)

        assert [balance(conn, id_).uncertain for id_ in both] == [1, 1]
        assert recipients.who(conn, both[1], 0, 9)[0].reason == "unanswered"

    await database.write(unit)


async def test_it_is_not_over_while_another_message_carries_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        first, second = joined(conn)
        [claimed] = outbox.claim(conn, "o/1", MORNING, MORNING + MINUTE, 9, channel="telegram")

        parts(conn, MORNING + MINUTE, most=4)

        assert is_now(conn, second).state is State.RUNNING
        outbox.record(conn, [Result(claimed.id, Status.SENT)], MORNING + MINUTE)
        parts(conn, MORNING + 3 * MINUTE)
        assert [is_now(conn, one).state for one in (first, second)] == [State.DONE] * 2

    await database.write(unit)


async def test_what_was_joined_and_comes_back_after_the_end_is_not_sent(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        first, second = joined(conn)
        [claimed] = outbox.claim(conn, "o/1", MORNING, MORNING + MINUTE, 9, channel="telegram")

        broadcasts.step(conn, second, Step.CANCEL, None, MORNING)
        outbox.record(conn, [Result(claimed.id, Status.WAITING, "slow down")], MORNING)

        assert balance(conn, second).reasons == {"cancelled": 1}
        assert sends(conn, MORNING) == ["Besok kumpul, Mbah Siti."]
        assert balance(conn, first).sent == 1

    await database.write(unit)


async def test_what_was_on_its_way_keeps_a_pause_when_it_comes_back(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1)
        id_ = started(conn)
        parts(conn)
        [claimed] = outbox.claim(conn, "o/1", DAYTIME, DAYTIME + MINUTE, 9, channel="telegram")
        broadcasts.step(conn, id_, Step.PAUSE, None, DAYTIME)

        outbox.record(conn, [Result(claimed.id, Status.WAITING, "slow down")], DAYTIME)

        assert sends(conn, DAYTIME + HOUR) == []
        broadcasts.step(conn, id_, Step.RESUME, None, DAYTIME + HOUR)
        assert len(sends(conn, DAYTIME + HOUR)) == 1

    await database.write(unit)


async def test_who_sleeps_longer_than_it_is_useful_has_that_reason(database: Database) -> None:
    def unit(conn: Connection) -> None:
        sleeper = a_mother(conn, "1")
        people.change(conn, sleeper.id, {"quiet": "10:30-04:00"}, DAYTIME)
        id_ = started(conn)

        parts(conn)

        assert balance(conn, id_).reasons == {"quiet": 1}

    await database.write(unit)


async def test_an_audience_that_grew_beyond_the_limit_is_asked_for(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 4)
        author, approver = a_member(conn, "Dimas", "800"), a_member(conn, "Rina", "801")
        id_ = a_broadcast(conn, by=author.id)
        broadcasts.step(conn, id_, Step.START, author.id, DAYTIME)

        parts(conn, alone_up_to=3)
        parts(conn, kind="rehearsal")
        told = select(schema.due.c.subject).where(schema.due.c.kind == "siar")
        assert sorted(conn.execute(told).scalars()) == [
            f"{id_}:putusan",
            f"{id_}:setuju:{approver.id}",
        ]
        state = is_now(conn, id_).state
        broadcasts.step(conn, id_, Step.APPROVE, approver.id, DAYTIME)
        parts(conn, alone_up_to=3)

        assert state is State.ASKING
        assert is_now(conn, id_).state is State.RUNNING
        assert balance(conn, id_).planned == 4

    await database.write(unit)


def a_file(conn: Connection, status: str) -> MediaId:
    media.add(conn, MediaId("abcdefghijkl"), "image", "image/jpeg", 9, None, DAYTIME)
    conn.execute(update(schema.media).values(status=status))
    return MediaId("abcdefghijkl")


async def test_it_waits_for_its_file_and_sends_it_along(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1)
        file = a_file(conn, "waiting")
        id_ = a_broadcast(conn, media=file)
        broadcasts.step(conn, id_, Step.START, None, DAYTIME)

        parts(conn)
        before = is_now(conn, id_).state
        conn.execute(update(schema.media).values(status="stored"))
        parts(conn, DAYTIME + MINUTE)
        [sent] = outbox.claim(conn, "o/1", DAYTIME + MINUTE, DAYTIME + HOUR, 9, channel="telegram")

        assert before is State.SCHEDULED
        assert sent.message.media == file

    await database.write(unit)


async def test_a_file_that_is_lost_ends_it_and_its_author_hears(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1)
        mas = a_member(conn)
        id_ = a_broadcast(conn, media=a_file(conn, "failed"), by=mas.id)
        broadcasts.step(conn, id_, Step.START, mas.id, DAYTIME)

        parts(conn)

        assert is_now(conn, id_).state is State.CANCELLED
        told = select(schema.due.c.subject).where(schema.due.c.kind == "siar")
        assert f"{id_}:berkas" in conn.execute(told).scalars().all()
        assert sends(conn) == []

    await database.write(unit)


async def test_its_author_hears_of_it_soon_after_it_began(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1)
        mas = a_member(conn)
        id_ = a_broadcast(conn, by=mas.id)
        broadcasts.step(conn, id_, Step.START, mas.id, DAYTIME)

        parts(conn)

        [news] = [row for row in due.next_due(conn, NOW, 9) if row.kind == "siar"]
        assert (news.subject, news.person_id) == (f"{id_}:maju:0", mas.id)

    await database.write(unit)


async def test_the_same_part_twice_plans_nobody_twice(database: Database) -> None:
    """As a crash between a unit and the next leaves it: the row is still due."""

    def unit(conn: Connection) -> None:
        mothers(conn, 5)
        id_ = started(conn)
        parts(conn, most=1)
        table = schema.recipients
        conn.execute(update(table).values(outbox_id=None))
        conn.execute(update(schema.broadcasts).values(frozen_at=None))

        parts(conn, DAYTIME + MINUTE, most=1)

        assert balance(conn, id_).planned == 5
        assert len(sends(conn, DAYTIME + MINUTE)) == 5
        assert balance(conn, id_).sent == 5

    await database.write(unit)


async def test_a_broadcast_that_is_gone_leaves_no_due_work(database: Database) -> None:
    def unit(conn: Connection) -> None:
        due.plan(conn, "broadcast", "77", None, DAYTIME, None)
        due.plan(conn, "rehearsal", "77", None, DAYTIME, None)

        assert parts(conn) == 1
        assert parts(conn, kind="rehearsal") == 1

    await database.write(unit)


async def test_a_rehearsal_counts_a_large_audience_in_parts(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mothers(conn, 1_050)
        a_caregiver(conn, "without")
        id_ = a_broadcast(conn)
        broadcasts.plan_rehearsal(conn, id_, DAYTIME)

        number = parts(conn, kind="rehearsal")

        counted = known(broadcasts.rehearsal(conn, id_))
        assert number == 3
        assert (counted.planned, counted.reached) == (1_051, 1_050)
        assert counted.channels == {"telegram": 1_050}
        assert counted.languages == {"id": 1_050}

    await database.write(unit)


async def test_a_channel_that_stands_still_keeps_nobody_of_another_back(database: Database) -> None:
    """The first twelve are on WhatsApp, from which nothing leaves this minute."""

    def unit(conn: Connection) -> None:
        table = schema.addresses
        silent = mothers(conn, 15)[:12]
        their = update(table).where(table.c.person_id.in_(silent))
        conn.execute(their.values(channel="whatsapp"))
        started(conn)

        texts: list[str] = []
        most = 0
        for second in range(120):
            now = DAYTIME + timedelta(seconds=second)
            parts(conn, now, rate=1.0)
            rows = schema.outbox.c
            waiting = select(rows.id).where(rows.status == "waiting", rows.not_before > now - _LONG)
            most = max(most, len(conn.execute(waiting).all()))
            texts += sends(conn, now)

        assert len(texts) == 3
        assert most <= 3

    await database.write(unit)


_LONG = timedelta(seconds=10)
