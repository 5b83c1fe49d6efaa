"""The outbox: each message once, the urgent first, one at a time for each address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from conversations.message import Choice, MediaId, Message, Priority, Template
from storage import outbox, schema
from storage.database import Database
from storage.outbox import Result, Status

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ME = "kawan/2"
ADDRESSES = 4


@pytest.fixture(autouse=True)
async def addresses(database: Database) -> None:
    """Addresses 1 to 4."""

    def make(conn: Connection) -> None:
        for number in range(1, ADDRESSES + 1):
            conn.execute(
                schema.addresses.insert().values(
                    id=number,
                    channel="telegram",
                    account="bot",
                    address=f"c{number}",
                    created_at=NOW,
                )
            )

    await database.write(make)


async def add(database: Database, key: str, **changes: Any) -> int | None:
    """A reply to address 1, waiting, unless told otherwise."""
    values: dict[str, Any] = {
        "address_id": 1,
        "person_id": None,
        "message": Message(key),
        "priority": Priority.REPLY,
        "purpose": "reply",
        "not_before": NOW,
        "expires_at": None,
        "now": NOW,
    }
    return await database.write(lambda c: outbox.add(c, dedupe_key=key, **{**values, **changes}))


async def claim(
    database: Database, limit: int = 10, *, now: datetime = NOW, owner: str = ME, busy: Any = ()
) -> list[str]:
    """Texts of what was claimed, in order."""
    claimed = await database.write(
        lambda c: outbox.claim(c, owner, now, now + MINUTE, limit, busy, channel="telegram")
    )
    return [one.message.text for one in claimed]


async def record(database: Database, *results: Result) -> None:
    await database.write(lambda c: outbox.record(c, results, NOW))


async def rows(database: Database, columns: str = "status") -> list[Any]:
    found = await database.read(
        lambda c: c.execute(text(f"SELECT {columns} FROM outbox ORDER BY id")).all()
    )
    return [row[0] if len(row) == 1 else tuple(row) for row in found]


async def test_a_message_comes_out_as_it_went_in(database: Database) -> None:
    message = Message("Sehat?", (Choice("Sehat", "a"),), MediaId("m1"), discreet=True)
    outbox_id = await add(
        database, "k", message=message, purpose="checkin", expires_at=NOW + MINUTE
    )

    [claimed] = await database.write(
        lambda c: outbox.claim(c, ME, NOW, NOW + MINUTE, 10, (), channel="telegram")
    )

    assert claimed == outbox.Claimed(
        id=outbox_id or 0,
        address_id=1,
        channel="telegram",
        account="bot",
        address="c1",
        message=message,
        priority=Priority.REPLY,
        purpose="checkin",
        attempts=0,
        expires_at=NOW + MINUTE,
        person_id=None,
    )
    assert await rows(database, "status, owner, lease_until") == [
        ("sending", ME, schema.to_ms(NOW + MINUTE))
    ]


async def test_a_claim_is_of_one_channel_only(database: Database) -> None:
    await database.write(
        lambda c: c.execute(text("UPDATE addresses SET channel = 'simulator' WHERE id = 2"))
    )
    await add(database, "here", address_id=1)
    await add(database, "there", address_id=2, not_before=NOW - MINUTE)

    claimed = await claim(database)
    times = await database.read(
        lambda c: [
            outbox.next_at(c, channels)
            for channels in (["telegram"], ["simulator"], ["telegram", "simulator"])
        ]
    )

    assert claimed == ["here"]
    assert times == [None, NOW - MINUTE, NOW - MINUTE]


async def test_sqlite_does_not_plan_a_claim_anew_each_time(database: Database) -> None:
    def tells(conn: Connection) -> bool:
        if conn.dialect.name != "sqlite":
            return False
        known = text("SELECT count(*) FROM pragma_module_list WHERE name = 'sqlite_stmt'")
        return bool(conn.execute(known).scalar())

    def planned_anew(conn: Connection) -> int:
        found = text("SELECT COALESCE(sum(reprep), 0) FROM sqlite_stmt WHERE sql LIKE '%outbox%'")
        return int(conn.execute(found).scalar_one())

    def look(conn: Connection) -> None:
        outbox.claim(conn, ME, NOW, NOW + MINUTE, 10, channel="telegram")
        outbox.next_at(conn, ["telegram", "whatsapp"])

    if not await database.write(tells):
        pytest.skip("only some builds of SQLite tell of their statements")
    await database.write(look)
    before = await database.write(planned_anew)

    for _ in range(5):
        await database.write(look)

    assert await database.write(planned_anew) == before


async def test_a_message_goes_to_the_recipient_where_that_is_not_the_address(
    database: Database,
) -> None:
    await database.write(
        lambda c: c.execute(text("UPDATE addresses SET recipient = '628' WHERE id = 1"))
    )
    await add(database, "k")
    await add(database, "l", address_id=2)

    claimed = await database.write(
        lambda c: outbox.claim(c, ME, NOW, NOW + MINUTE, 10, channel="telegram")
    )

    assert [one.address for one in claimed] == ["628", "c2"]


async def test_where_anything_may_be_said_nothing_is_said_by_a_template(
    database: Database,
) -> None:
    await add(database, "k", message=Message("Sehat?", template=Template("sapaan", ("Mbah",))))

    [claimed] = await database.write(
        lambda c: outbox.claim(c, ME, NOW, NOW + MINUTE, 10, channel="telegram")
    )

    assert claimed.message == Message("Sehat?")


async def test_a_broadcast_that_must_rest_does_not_hide_those_behind_it(
    database: Database,
) -> None:
    for number in range(1, ADDRESSES):
        await add(database, f"to {number}", address_id=number, priority=Priority.BROADCAST)
    await database.write(
        lambda c: c.execute(
            text("UPDATE addresses SET rests_until = :until WHERE id <= 2"),
            {"until": schema.to_ms(NOW + MINUTE)},
        )
    )

    first = await claim(database, 1)
    later = await claim(database, now=NOW + MINUTE)

    assert (first, later) == (["to 3"], ["to 1", "to 2"])


async def test_the_same_plan_is_planned_once(database: Database) -> None:
    first = await add(database, "reminder:12:1")

    second = await add(database, "reminder:12:1")

    assert first is not None
    assert second is None
    assert await rows(database) == ["waiting"]


async def test_a_reply_may_be_added_already_claimed(database: Database) -> None:
    await add(database, "k", owner=ME, lease_until=NOW + MINUTE)

    assert await rows(database) == ["sending"]
    assert await claim(database) == []


async def test_the_urgent_goes_first_then_the_older(database: Database) -> None:
    await add(database, "broadcast", address_id=1, priority=Priority.BROADCAST)
    await add(database, "reply 2", address_id=2)
    await add(database, "reply 3", address_id=3)
    await add(database, "alarm", address_id=4, priority=Priority.ALARM)

    assert await claim(database) == ["alarm", "reply 2", "reply 3", "broadcast"]


async def test_an_address_gets_one_message_at_a_time_the_oldest_first(database: Database) -> None:
    await add(database, "first")
    await add(database, "second")

    first = await claim(database)
    meanwhile = await claim(database)

    assert (first, meanwhile) == (["first"], [])


async def test_an_urgent_message_overtakes_what_waits_for_the_same_address(
    database: Database,
) -> None:
    await add(database, "broadcast", priority=Priority.BROADCAST)
    await add(database, "reply")

    assert await claim(database) == ["reply"]


async def test_what_is_planned_for_later_holds_up_nobody(database: Database) -> None:
    await add(database, "tomorrow", not_before=NOW + 60 * MINUTE)
    await add(database, "now")

    assert await claim(database) == ["now"]


async def test_what_is_to_be_tried_again_goes_before_what_came_after(database: Database) -> None:
    outbox_id = await add(database, "first")
    await add(database, "second")
    await claim(database)

    await record(
        database, Result(outbox_id or 0, Status.WAITING, "slow down", not_before=NOW + MINUTE)
    )

    assert await claim(database) == []
    assert await claim(database, now=NOW + MINUTE) == ["first"]


async def test_a_try_counts_and_says_why(database: Database) -> None:
    outbox_id = await add(database, "first")
    await claim(database)

    await record(database, Result(outbox_id or 0, Status.WAITING, "unreachable"))

    assert await rows(database, "status, reason, attempts, owner, lease_until, finished_at") == [
        ("waiting", "unreachable", 1, None, None, None)
    ]
    assert await claim(database) == ["first"]


async def test_what_is_more_urgent_than_asked_for_is_left(database: Database) -> None:
    await add(database, "balas", address_id=1)
    await add(database, "kabar", address_id=2, priority=Priority.BROADCAST)

    claimed = await database.write(
        lambda c: outbox.claim(
            c, ME, NOW, NOW + MINUTE, 10, most=Priority.REMINDER, channel="telegram"
        )
    )

    assert [one.message.text for one in claimed] == ["kabar"]


async def test_busy_addresses_are_passed_over(database: Database) -> None:
    for number in (1, 2, 3):
        await add(database, f"to {number}", address_id=number)

    assert await claim(database, 1, busy={1, 2}) == ["to 3"]
    assert await claim(database, 1) == ["to 1"]


async def test_no_more_is_claimed_than_asked_for(database: Database) -> None:
    for number in (1, 2, 3):
        await add(database, f"to {number}", address_id=number)

    assert await claim(database, 2) == ["to 1", "to 2"]
    assert await claim(database, 0) == []


async def test_what_is_too_late_expires_instead(database: Database) -> None:
    for number in (1, 2, 3):
        await add(database, f"late {number}", address_id=number, expires_at=NOW)
    await add(database, "in time", address_id=4, expires_at=NOW + MINUTE)

    claimed = await claim(database, 1)

    assert claimed == ["in time"]
    assert await rows(database) == ["expired"] * 3 + ["sending"]


async def test_a_body_that_cannot_be_opened_fails_and_stops_nobody(database: Database) -> None:
    await add(database, "spoilt", address_id=1)
    await add(database, "good", address_id=2)
    await database.write(
        lambda c: c.execute(text("UPDATE outbox SET body = NULL WHERE address_id = 1"))
    )

    assert await claim(database) == ["good"]
    assert await rows(database) == ["failed", "sending"]


async def test_a_blocked_address_gets_nothing(database: Database) -> None:
    await add(database, "waits")
    await add(database, "elsewhere", address_id=2)

    await database.write(lambda c: outbox.block(c, 1, "blocked by the person", NOW))
    await add(database, "new")

    assert await claim(database) == ["elsewhere"]
    assert await rows(database, "status, reason") == [
        ("failed", "blocked by the person"),
        ("sending", ""),
        ("waiting", ""),
    ]


async def test_the_first_reason_of_a_block_stays(database: Database) -> None:
    await database.write(lambda c: outbox.block(c, 1, "first", NOW))
    await database.write(lambda c: outbox.block(c, 1, "second", NOW + MINUTE))

    found = await database.read(
        lambda c: c.execute(text("SELECT blocked_reason FROM addresses WHERE id = 1")).scalar()
    )
    assert found == "first"


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        (Status.SENT, Status.DELIVERED, Status.DELIVERED),
        (Status.SENT, Status.FAILED, Status.FAILED),
        (Status.DELIVERED, Status.READ, Status.READ),
        (Status.UNCERTAIN, Status.SENT, Status.SENT),
        (Status.READ, Status.DELIVERED, Status.READ),
        (Status.DELIVERED, Status.SENT, Status.DELIVERED),
        (Status.DELIVERED, Status.FAILED, Status.DELIVERED),
        (Status.SENT, Status.WAITING, Status.SENT),
        (Status.SENT, Status.UNCERTAIN, Status.SENT),
        (Status.FAILED, Status.SENT, Status.FAILED),
        (Status.EXPIRED, Status.SENT, Status.EXPIRED),
        (Status.EXCLUDED, Status.WAITING, Status.EXCLUDED),
        (Status.MERGED, Status.READ, Status.MERGED),
    ],
)
async def test_a_status_only_advances(
    database: Database, before: Status, after: Status, ends: Status
) -> None:
    outbox_id = await add(database, "k") or 0

    await record(database, Result(outbox_id, before), Result(outbox_id, after))

    assert await rows(database) == [ends]


async def test_a_receipt_keeps_the_platforms_id(database: Database) -> None:
    outbox_id = await add(database, "k") or 0

    await record(database, Result(outbox_id, Status.SENT, platform_id="wamid.1"))
    await record(database, Result(outbox_id, Status.DELIVERED))

    assert await rows(database, "status, platform_id, finished_at") == [
        ("delivered", "wamid.1", schema.to_ms(NOW))
    ]


async def test_recording_nothing_does_nothing(database: Database) -> None:
    await record(database)

    assert await rows(database) == []


async def test_after_a_crash_replies_go_again_and_reminders_stay_uncertain(
    database: Database,
) -> None:
    for number, priority in enumerate(outbox.PRIORITIES, 1):
        await add(database, priority, address_id=number, priority=priority)
    await claim(database, owner="kawan/1")

    recovered = await database.write(lambda c: outbox.recover(c, ME, NOW))

    assert recovered == outbox.Recovered(again=2, uncertain=2)
    assert await rows(database, "status, attempts, reason") == [
        ("waiting", 1, ""),
        ("waiting", 1, ""),
        ("uncertain", 0, "interrupted while sending"),
        ("uncertain", 0, "interrupted while sending"),
    ]


async def test_what_living_senders_hold_is_left_to_them(database: Database) -> None:
    await add(database, "mine", address_id=1)
    await claim(database)
    await add(database, "another service", address_id=2)
    await claim(database, owner="kawan-b/1")

    recovered = await database.write(lambda c: outbox.recover(c, ME, NOW))

    assert recovered == outbox.Recovered(0, 0)
    expired = await database.write(lambda c: outbox.recover(c, ME, NOW + MINUTE))
    assert expired == outbox.Recovered(2, 0)


async def test_depth_counts_what_is_open(database: Database) -> None:
    await add(database, "sending", address_id=1)
    await claim(database)
    await add(database, "a", address_id=2, not_before=NOW - MINUTE)
    await add(database, "b", address_id=3)
    await add(database, "c", address_id=3, priority=Priority.BROADCAST)
    gone = await add(database, "d", address_id=4)
    await record(database, Result(gone or 0, Status.SENT))

    assert await database.read(outbox.depth) == outbox.Depth(
        waiting={Priority.REPLY: 2, Priority.BROADCAST: 1}, sending=1, oldest=NOW - MINUTE
    )


async def test_nothing_open_has_no_oldest(database: Database) -> None:
    assert await database.read(outbox.depth) == outbox.Depth({}, 0, None)


async def test_senders_side_by_side_never_share_a_message_or_an_address(
    database: Database,
) -> None:
    for number in range(40):
        await add(database, f"m{number}", address_id=number % ADDRESSES + 1)
    sent: list[str] = []
    in_flight: set[int] = set()

    async def sender(name: str) -> None:
        while len(sent) < 40:
            claimed = await database.write(
                lambda c: outbox.claim(c, name, NOW, NOW + MINUTE, 2, (), channel="telegram")
            )
            for one in claimed:
                assert one.address_id not in in_flight
                in_flight.add(one.address_id)
            await asyncio.sleep(0)
            for one in claimed:
                sent.append(one.message.text)
                in_flight.discard(one.address_id)
                await record(database, Result(one.id, Status.SENT))

    async with asyncio.timeout(20):
        await asyncio.gather(*(sender(f"s{n}/1") for n in range(5)))

    assert len(sent) == len(set(sent)) == 40
    for address in range(ADDRESSES):
        own = [int(m[1:]) for m in sent if int(m[1:]) % ADDRESSES == address]
        assert own == sorted(own)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_claiming_reads_the_index_of_open_messages(database: Database) -> None:
    statement = outbox._CANDIDATES["sqlite"].sql

    plan = await database.read(
        lambda c: c.execute(
            text(f"EXPLAIN QUERY PLAN {statement}"),
            {"channel": "telegram", "priority": 1, "now": 0, "limit": 1},
        ).all()
    )

    steps = " ".join(row[3] for row in plan)
    assert "ix_outbox_open (channel=? AND priority=? AND not_before<?)" in steps
    assert "ix_outbox_address_open (address_id=?)" in steps
    assert "TEMP B-TREE" not in steps


async def test_only_the_urgent_enough_is_claimed_when_asked(database: Database) -> None:
    await add(database, "broadcast", address_id=1, priority=Priority.BROADCAST)
    await add(database, "reply", address_id=2)

    claimed = await database.write(
        lambda c: outbox.claim(c, ME, NOW, NOW + MINUTE, 10, (), Priority.REPLY, channel="telegram")
    )

    assert [one.message.text for one in claimed] == ["reply"]


async def test_what_waits_to_be_tried_again_is_known(database: Database) -> None:
    tried = await add(database, "tried", address_id=1) or 0
    await add(database, "fresh", address_id=2)

    await record(database, Result(tried, Status.WAITING, "unreachable"))

    assert await database.read(lambda c: outbox.to_repeat(c, "telegram")) == [(tried, 1)]


async def test_what_is_only_given_back_is_tried_as_often_as_before(database: Database) -> None:
    for key in ("never tried", "tried once"):
        await add(database, key, address_id=1)
    await record(database, Result(2, Status.WAITING, "unreachable"))

    for _ in range(3):
        back = [Result(id_, Status.WAITING, "channel paused", tried=False) for id_ in (1, 2)]
        await record(database, *back)

    assert await rows(database, "attempts, reason") == [(1, "channel paused")] * 2


async def test_the_next_time_is_that_of_the_earliest_that_can_go_out(database: Database) -> None:
    before = await database.read(lambda c: outbox.next_at(c, ["telegram"]))
    await add(database, "later", address_id=1, not_before=NOW + 2 * MINUTE)
    await add(database, "soon", address_id=2, not_before=NOW + MINUTE, priority=Priority.BROADCAST)
    await database.write(lambda c: outbox.block(c, 3, "left", NOW))
    await add(database, "never", address_id=3)

    assert before is None
    assert await database.read(lambda c: outbox.next_at(c, ["telegram"])) == NOW + MINUTE


async def test_a_service_without_a_run_recovers_only_expired_leases(database: Database) -> None:
    await add(database, "other", address_id=1)
    await claim(database, owner="another/1")

    assert await database.write(lambda c: outbox.recover(c, "alone", NOW)) == outbox.Recovered(0, 0)
