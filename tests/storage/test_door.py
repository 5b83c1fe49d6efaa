"""At the door: what nobody asked for leaves politely, joined in the morning, and all accounted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from conversations.message import Choice, MediaId, Message, Priority
from conversations.politeness import Polite, QuietHours
from storage import door, outbox, schema
from storage.database import Database
from storage.outbox import Claimed, Result, Status

NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
"""Wednesday, 12:00 in Jember."""

NIGHT = NOON + timedelta(hours=10)
MORNING = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
"""Thursday, 06:30 in Jember."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
USUAL = Polite(QuietHours(time(20, 30), time(6, 30)))
ME = "kawan/2"
PEOPLE = 4
STAFF = 4
WEEK = 202647


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    """People 1 to 4 who agreed, each at the address of the same number; the fourth is staff."""

    def make(conn: Connection) -> None:
        for number in range(1, PEOPLE + 1):
            conn.execute(
                schema.people.insert().values(
                    id=number,
                    consent="given",
                    role="staff" if number == STAFF else "caregiver",
                    created_at=NOON,
                )
            )
            conn.execute(
                schema.addresses.insert().values(
                    id=number,
                    channel="telegram",
                    account="bot",
                    address=f"c{number}",
                    person_id=number,
                    created_at=NOON,
                )
            )

    await database.write(make)


async def change(database: Database, person: int = 1, **columns: Any) -> None:
    statement = schema.people.update().where(schema.people.c.id == person).values(**columns)
    await database.write(lambda c: c.execute(statement))


async def add(database: Database, key: str, to: int = 1, **changes: Any) -> int:
    """A tip for person 1, due at noon, unless told otherwise."""
    values: dict[str, Any] = {
        "address_id": to,
        "person_id": to,
        "message": Message(key),
        "priority": Priority.REMINDER,
        "purpose": "tip",
        "not_before": NOON,
        "expires_at": None,
        "now": NOON,
    }
    added = await database.write(lambda c: outbox.add(c, dedupe_key=key, **{**values, **changes}))
    assert added is not None
    return added


def claiming(
    now: datetime, polite: Polite = USUAL, limit: int = 10, owner: str = ME
) -> Callable[[Connection], list[Claimed]]:
    return lambda c: outbox.claim(
        c, owner, now, now + MINUTE, limit, polite=polite, channel="telegram"
    )


async def claim(database: Database, now: datetime = NOON, polite: Polite = USUAL) -> list[str]:
    """Texts of what may leave."""
    return [one.message.text for one in await database.write(claiming(now, polite))]


async def rows(database: Database, columns: str = "status, reason") -> list[Any]:
    found = await database.read(
        lambda c: c.execute(text(f"SELECT {columns} FROM outbox ORDER BY id")).all()
    )
    return [row[0] if len(row) == 1 else tuple(row) for row in found]


async def counted(database: Database, person: int = 1) -> tuple[int, int]:
    found = await database.read(
        lambda c: c.execute(
            text("SELECT unasked_week, unasked FROM people WHERE id = :id"), {"id": person}
        ).one()
    )
    return (found[0], found[1])


async def settle(database: Database, *results: Result) -> None:
    await database.write(lambda c: outbox.record(c, results, NOON))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"consent": "unasked"}, "no_consent"),
        ({"consent": "withdrawn"}, "no_consent"),
        ({"stopped_at": NOON}, "stopped"),
        ({"paused_until": NOON + DAY}, "resting"),
        ({"erased_at": NOON, "consent": "withdrawn"}, "erased"),
    ],
)
async def test_consent_is_asked_for_again_when_it_leaves(
    database: Database, columns: dict[str, Any], reason: str
) -> None:
    await add(database, "tip")
    await add(database, "news", priority=Priority.BROADCAST, purpose="broadcast")
    await add(database, "for another", to=2)

    await change(database, **columns)

    assert await claim(database) == ["for another"]
    assert await rows(database) == [("excluded", reason), ("excluded", reason), ("sending", "")]
    assert await counted(database) == (0, 0)


async def test_replies_and_alarms_ask_for_no_consent_and_no_hour(database: Database) -> None:
    await change(database, consent="withdrawn", talk_until=NIGHT + HOUR)
    await add(database, "reply", priority=Priority.REPLY)
    await add(database, "alarm", to=2, priority=Priority.ALARM)

    assert sorted(await claim(database, NIGHT)) == ["alarm", "reply"]
    assert await counted(database) == (0, 0)


async def test_what_is_addressed_to_nobody_known_just_leaves(database: Database) -> None:
    await add(database, "group", person_id=None)

    assert await claim(database, NIGHT) == ["group"]


async def test_nothing_automatic_comes_into_a_talk_of_staff(database: Database) -> None:
    await change(database, talk_until=NOON + HOUR)
    await add(database, "tip")

    assert await claim(database) == []
    assert await rows(database, "status, not_before") == [("waiting", schema.to_ms(NOON + HOUR))]
    await add(database, "reply", priority=Priority.REPLY)
    assert await claim(database) == ["reply"]
    await settle(database, Result(2, Status.SENT))
    assert await claim(database, NOON + HOUR) == ["tip"]


async def test_what_comes_back_at_night_waits_for_the_morning(database: Database) -> None:
    outbox_id = await add(database, "tip")
    await claim(database)
    await settle(database, Result(outbox_id, Status.WAITING, "unreachable", not_before=NIGHT))

    assert await claim(database, NIGHT) == []
    assert await rows(database, "status, not_before, attempts") == [
        ("waiting", schema.to_ms(MORNING), 1)
    ]
    assert await claim(database, MORNING - MINUTE) == []
    assert await claim(database, MORNING) == ["tip"]


async def test_a_changed_session_is_told_before_the_morning_begins(database: Database) -> None:
    before_dawn = MORNING - 2 * HOUR
    retried = await add(database, "tip")
    await claim(database)
    await settle(database, Result(retried, Status.WAITING, not_before=before_dawn))
    await add(database, "moved", purpose="session_changed", not_before=before_dawn)

    assert await claim(database, before_dawn) == []
    assert await claim(database, before_dawn + HOUR) == ["moved"]
    assert await rows(database, "not_before") == [
        schema.to_ms(MORNING),
        schema.to_ms(before_dawn + HOUR),
    ]


async def test_her_own_hours_and_her_own_zone_count(database: Database) -> None:
    await change(database, 2, quiet="11:00-17:00")
    await change(database, 3, zone="Asia/Jayapura")
    for person in (1, 2, 3):
        await add(database, f"to {person}", to=person)

    evening = NOON + 7 * HOUR

    assert await claim(database) == ["to 1", "to 3"]
    assert await rows(database, "status, held") == [("sending", 0), ("waiting", 1), ("sending", 0)]
    await add(database, "later", to=3)
    await settle(database, Result(3, Status.SENT))
    assert await claim(database, evening) == ["to 2"]


async def test_what_is_too_late_expires_with_its_reason(database: Database) -> None:
    await add(database, "h2", expires_at=NOON)
    outbox_id = await add(database, "elsewhere", to=2)
    await settle(database, Result(outbox_id, Status.EXPIRED))

    assert await claim(database) == []
    assert await rows(database) == [("expired", "late"), ("expired", "late")]


async def test_the_week_is_counted_when_it_leaves_and_a_retry_only_once(
    database: Database,
) -> None:
    outbox_id = await add(database, "first")
    await claim(database)
    await settle(database, Result(outbox_id, Status.WAITING, "slow down"))
    await claim(database)
    await settle(database, Result(outbox_id, Status.SENT))
    assert await counted(database) == (WEEK, 1)

    await add(database, "second")
    await claim(database)
    assert await counted(database) == (WEEK, 2)


async def test_a_new_week_begins_at_one(database: Database) -> None:
    await change(database, unasked_week=WEEK - 1, unasked=7)
    await add(database, "tip")

    assert await claim(database) == ["tip"]
    assert await counted(database) == (WEEK, 1)


async def test_above_the_budget_a_tip_is_left_out_and_a_reminder_comes(
    database: Database,
) -> None:
    await change(database, unasked_week=WEEK, unasked=7)
    await add(database, "tip")
    await add(database, "news", priority=Priority.BROADCAST, purpose="broadcast")
    await add(database, "school", purpose="session_reminder")

    assert await claim(database) == ["school"]
    await settle(database, Result(3, Status.SENT))
    assert await claim(database) == []
    assert await rows(database) == [("excluded", "budget"), ("excluded", "budget"), ("sent", "")]
    assert await counted(database) == (WEEK, 8)


async def test_staff_have_no_budget_and_are_not_counted(database: Database) -> None:
    await change(database, STAFF, consent="unasked", unasked_week=WEEK, unasked=99)
    await add(database, "list", to=STAFF, purpose="day_list")
    await add(database, "note", to=STAFF, purpose="message")

    assert await claim(database) == ["list"]
    await settle(database, Result(1, Status.SENT))
    assert await claim(database) == ["note"]
    assert await counted(database, STAFF) == (WEEK, 99)


async def a_night(database: Database, to: int = 1) -> list[int]:
    """A nudge with its question, a tip, a broadcast and a session reminder, held until morning."""
    planned = [
        await add(
            database,
            f"{to} Sehat?",
            to,
            message=Message(f"{to} Sehat?", (Choice("Sehat", "i.t.0"), Choice("Sakit", "i.t.1"))),
            purpose="nudge",
            not_before=MORNING,
            held=True,
        ),
        await add(database, f"{to} tip", to, not_before=MORNING, held=True),
        await add(
            database,
            f"{to} news",
            to,
            priority=Priority.BROADCAST,
            purpose="broadcast",
            campaign="broadcast:3",
            not_before=MORNING,
            held=True,
        ),
        await add(
            database,
            f"{to} school",
            to,
            purpose="session_reminder",
            campaign="session:12",
            not_before=MORNING,
            expires_at=MORNING + HOUR,
            held=True,
        ),
    ]
    assert await claim(database, MORNING - MINUTE) == []
    return planned


TOGETHER = "1 tip\n\n1 news\n\n1 school\n\n1 Sehat?"


async def test_a_whole_night_is_one_message_in_the_morning(database: Database) -> None:
    kept = (await a_night(database))[0]

    [claimed] = await database.write(claiming(MORNING))

    assert claimed.id == kept
    assert claimed.purpose == "nudge"
    assert claimed.message.text == TOGETHER
    assert [choice.payload for choice in claimed.message.choices] == ["i.t.0", "i.t.1"]
    assert await rows(database) == [("sending", ""), *[("merged", f"into {kept}")] * 3]
    assert await counted(database) == (WEEK, 1)
    await settle(database, Result(kept, Status.SENT))
    assert await claim(database, MORNING) == []


async def test_what_is_late_by_morning_expires_and_is_not_joined(database: Database) -> None:
    await a_night(database)

    assert await claim(database, MORNING + HOUR) == ["1 tip\n\n1 news\n\n1 Sehat?"]
    await settle(database, Result(1, Status.SENT))
    assert await claim(database, MORNING + HOUR) == []
    assert await rows(database) == [
        ("sent", ""),
        ("merged", "into 1"),
        ("merged", "into 1"),
        ("expired", "late"),
    ]


async def test_what_was_not_held_and_what_carries_a_file_leave_by_themselves(
    database: Database,
) -> None:
    await add(database, "tip", not_before=MORNING, held=True)
    await add(
        database,
        "picture",
        message=Message("picture", media=MediaId("m")),
        not_before=MORNING,
        held=True,
    )
    await add(database, "check", not_before=MORNING, held=True)
    await add(database, "today", not_before=MORNING)

    said = []
    while claimed := await database.write(claiming(MORNING)):
        said.append(claimed[0].message.text)
        await settle(database, Result(claimed[0].id, Status.SENT))

    assert said == ["picture", "tip\n\ncheck", "today"]


async def test_only_what_belongs_to_the_same_person_is_joined(database: Database) -> None:
    await add(database, "hers", not_before=MORNING, held=True)
    await add(database, "his", person_id=2, not_before=MORNING, held=True)

    assert await claim(database, MORNING) == ["hers"]


async def test_above_the_budget_only_the_optional_is_left_out_of_the_morning(
    database: Database,
) -> None:
    await change(database, unasked_week=WEEK, unasked=7)
    await a_night(database)

    assert await claim(database, MORNING) == ["1 school"]
    assert [row[1] for row in await rows(database)] == ["budget", "budget", "budget", ""]


async def test_a_body_that_cannot_be_opened_spoils_nobody_elses(database: Database) -> None:
    await a_night(database)
    await database.write(lambda c: c.execute(text("UPDATE outbox SET body = NULL WHERE id = 2")))

    assert await claim(database, MORNING) == ["1 news\n\n1 school\n\n1 Sehat?"]
    await settle(database, Result(1, Status.SENT))
    assert await claim(database, MORNING) == []
    assert (await rows(database, "status"))[1] == "failed"


async def test_tried_again_it_still_carries_everything(database: Database) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)

    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING + MINUTE))

    assert await claim(database, MORNING + MINUTE) == [TOGETHER]
    assert await counted(database) == (WEEK, 1)


async def carrying_the_reminder(database: Database) -> int:
    """A broadcast that carries a tip, given back by the platform; its id."""
    kept = await add(
        database,
        "news",
        campaign="broadcast:3",
        not_before=MORNING,
        held=True,
        expires_at=MORNING + HOUR,
    )
    await add(database, "tip", not_before=MORNING, held=True)
    assert await claim(database, MORNING) == ["news\n\ntip"]
    return kept


async def test_what_a_withdrawn_message_carried_comes_by_itself(database: Database) -> None:
    kept = await carrying_the_reminder(database)
    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING))

    await database.write(lambda c: outbox.withdraw(c, "broadcast:3", "cancelled", MORNING))

    assert await rows(database) == [("excluded", "cancelled"), ("waiting", "")]
    assert await claim(database, MORNING) == ["tip"]


async def test_a_withdrawn_body_that_cannot_be_opened_is_withdrawn_all_the_same(
    database: Database,
) -> None:
    kept = await carrying_the_reminder(database)
    await database.write(lambda c: c.execute(text("UPDATE outbox SET body = NULL WHERE id = 1")))
    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING))

    await database.write(lambda c: outbox.withdraw(c, "broadcast:3", "cancelled", MORNING))

    assert await rows(database) == [("excluded", "cancelled"), ("merged", f"into {kept}")]


async def test_what_is_withdrawn_is_not_carried_on_by_another(database: Database) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)
    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING + MINUTE))

    await database.write(lambda c: outbox.withdraw(c, "broadcast:3", "cancelled", MORNING))

    assert await claim(database, MORNING + MINUTE) == ["1 tip\n\n1 school\n\n1 Sehat?"]
    assert (await rows(database))[2] == ("excluded", "cancelled")


async def test_what_is_late_by_the_next_try_is_not_carried_on(database: Database) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)
    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING + HOUR))

    assert await claim(database, MORNING + HOUR) == ["1 tip\n\n1 news\n\n1 Sehat?"]


async def test_what_is_given_back_waits_together_for_the_next_try(database: Database) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)

    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING + MINUTE))

    assert await claim(database, MORNING + MINUTE - timedelta(seconds=1)) == []


async def test_what_a_refused_message_carried_comes_by_itself(database: Database) -> None:
    kept = await carrying_the_reminder(database)

    await settle(database, Result(kept, Status.FAILED, "refused"))

    assert await rows(database) == [("failed", "refused"), ("waiting", "")]
    assert await claim(database, MORNING) == ["tip"]


async def test_who_stops_in_between_gets_nothing_of_it_and_each_says_why(
    database: Database,
) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)
    await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING))

    await change(database, stopped_at=MORNING)

    assert await claim(database, MORNING) == []
    assert await rows(database) == [("excluded", "stopped")] * 4


async def test_an_address_that_is_lost_loses_what_was_carried_too(database: Database) -> None:
    [kept, *_] = await a_night(database)
    await claim(database, MORNING)
    await settle(database, Result(kept, Status.FAILED, "blocked"))

    await database.write(lambda c: outbox.block(c, 1, "blocked", MORNING))

    assert await rows(database) == [("failed", "blocked")] * 4


@pytest.mark.parametrize("where", ["in the database", "on the way"])
async def test_what_an_expired_message_carried_comes_by_itself(
    database: Database, where: str
) -> None:
    kept = await carrying_the_reminder(database)
    if where == "on the way":
        await settle(database, Result(kept, Status.EXPIRED))
    else:
        await settle(database, Result(kept, Status.WAITING, "slow down", not_before=MORNING))

    assert await claim(database, MORNING + HOUR) == ["tip"]
    assert await rows(database) == [("expired", "late"), ("sending", "")]


async def test_a_process_that_dies_while_joining_has_joined_nothing(database: Database) -> None:
    await a_night(database)

    def dies(conn: Connection) -> None:
        claiming(MORNING)(conn)
        raise KeyError("killed")

    with pytest.raises(KeyError):
        await database.write(dies)

    assert await rows(database, "status") == ["waiting"] * 4
    assert await counted(database) == (0, 0)
    assert await claim(database, MORNING) == [TOGETHER]


async def test_a_process_that_dies_while_sending_leaves_all_of_it_accounted(
    database: Database,
) -> None:
    await a_night(database)
    await database.write(claiming(MORNING, owner="kawan/1"))

    recovered = await database.write(lambda c: outbox.recover(c, ME, MORNING))

    assert recovered == outbox.Recovered(again=0, uncertain=1)
    assert await rows(database, "status") == ["uncertain", "merged", "merged", "merged"]
    assert await claim(database, MORNING) == []


async def test_two_senders_join_each_night_once(database: Database) -> None:
    for person in (1, 2, 3):
        await a_night(database, person)
    sent: list[str] = []

    async def sender(name: str) -> None:
        for _ in range(8):
            claimed = await database.write(claiming(MORNING, limit=1, owner=name))
            for one in claimed:
                sent.append(one.message.text)
                await settle(database, Result(one.id, Status.SENT))
            await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await asyncio.gather(*(sender(f"s{n}/1") for n in range(4)))

    assert sorted(sent) == [TOGETHER.replace("1 ", f"{person} ") for person in (1, 2, 3)]
    assert Counter(await rows(database, "status")) == {"sent": 3, "merged": 9}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_somebody_who_is_just_being_answered_is_passed_over(database: Database) -> None:
    await add(database, "tip")
    await add(database, "for another", to=2)
    locked, done = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def turn(conn: Connection) -> None:
        conn.execute(text("SELECT id FROM people WHERE id = 1 FOR NO KEY UPDATE"))
        loop.call_soon(locked.set)
        conn.execute(text("SELECT pg_sleep(0.3)"))

    async def answering() -> None:
        await database.write(turn)
        done.set()

    task = asyncio.create_task(answering())
    await locked.wait()

    assert await claim(database) == ["for another"]
    assert not done.is_set()
    await task
    assert await claim(database) == ["tip"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_claim_looks_at_many_but_not_at_all_that_replies_need_not_wait(
    database: Database,
) -> None:
    def plan(conn: Connection) -> None:
        for number in range(1_001, 2_001):
            conn.execute(schema.people.insert().values(id=number, consent="given", created_at=NOON))
            conn.execute(
                schema.addresses.insert().values(
                    id=number,
                    channel="telegram",
                    account="bot",
                    address=f"c{number}",
                    person_id=number,
                    created_at=NOON,
                )
            )
            outbox.add(
                conn,
                address_id=number,
                person_id=number,
                message=Message("news"),
                dedupe_key=f"m{number}",
                priority=Priority.BROADCAST,
                purpose="broadcast",
                not_before=NOON,
                expires_at=None,
                now=NOON,
            )

    await database.write(plan)

    assert await claim(database, NIGHT) == []
    assert Counter(await rows(database, "held")) == {1: 810, 0: 190}
    assert await claim(database, NIGHT) == []
    assert Counter(await rows(database, "not_before")) == {schema.to_ms(MORNING): 1_000}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_held_is_found_by_its_address(database: Database) -> None:
    statement = door._HELD["sqlite"]

    plan = await database.read(
        lambda c: c.execute(
            text("EXPLAIN QUERY PLAN " + statement.text.replace(":addresses", "(1, 2)")),
            {"now": 0},
        ).all()
    )

    assert "ix_outbox_address_open (address_id=?)" in " ".join(row[3] for row in plan)
