"""Long runs of a broadcast: whatever happens between two units, everybody is accounted for."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, select

from bot.planned import KINDS, Planning
from conversations.broadcasts.broadcast import BroadcastId, Step
from conversations.dialogue import PersonId
from storage import broadcasts, due, erasure, outbox, people, schema
from storage.database import Database
from storage.outbox import Status
from storage.sealing import Vault
from storage.world import Programme
from tests.storage.broadcast_builders import (
    DAYTIME,
    balance,
    is_now,
    mothers,
    over,
    parts,
    sends,
    started,
)
from tests.storage.builders import MINUTE


def _one_thing(conn: Connection, dice: Random, ids: list[PersonId], now: datetime) -> None:
    """Something that may happen between two units of a run."""
    id_ = broadcasts.latest(conn, 1)[0].id
    person = dice.choice(ids)
    rate = dice.choice((1.0, 5.0, 100.0))
    match dice.randrange(12):
        case 0:
            broadcasts.step(conn, id_, Step.PAUSE, None, now)
        case 1 | 2:
            broadcasts.step(conn, id_, Step.RESUME, None, now)
        case 3 if dice.random() < 0.15:
            broadcasts.step(conn, id_, Step.CANCEL, None, now)
        case 4:
            people.change(conn, person, {"stopped": dice.random() < 0.7}, now)
        case 5 if dice.random() < 0.3:
            erasure.erase(conn, person, "command", now)
        case 6:
            if (seat := people.reachable(conn, person)) is not None:
                outbox.block(conn, seat[0], "blocked", now)
        case 7:
            claimed = outbox.claim(
                conn, "o/1", now, now + MINUTE, dice.randrange(1, 6), channel="telegram"
            )
            if dice.random() < 0.5:  # the rest stays claimed: the process was killed
                what = dice.choice((Status.SENT, Status.FAILED, Status.UNCERTAIN, Status.WAITING))
                results = [
                    outbox.Result(one.id, what, "unreachable: x", not_before=now + MINUTE)
                    for one in claimed
                ]
                outbox.record(conn, results, now)
        case 8:
            outbox.recover(conn, "o/2", now + 2 * MINUTE)
        case 9:
            sends(conn, now, limit=3)
        case _:
            parts(conn, now, rate=rate, most=1)


@pytest.mark.parametrize("seed", range(15))
async def test_the_balance_holds_at_every_instant_of_any_run(database: Database, seed: int) -> None:
    """Pauses, ends, kills, withdrawn consent and lost telephones between any two units."""
    dice = Random(seed)
    now = DAYTIME

    def begin(conn: Connection) -> list[PersonId]:
        ids = mothers(conn, 30)
        started(conn)
        return ids

    ids = await database.write(begin)
    for _ in range(120):
        now += timedelta(seconds=dice.choice((0, 1, 30, 600)))

        def unit(conn: Connection, now: datetime = now) -> None:
            _one_thing(conn, dice, ids, now)
            balance(conn, broadcasts.latest(conn, 1)[0].id)

        await database.write(unit)

    def end(conn: Connection) -> None:
        id_ = broadcasts.latest(conn, 1)[0].id
        broadcasts.step(conn, id_, Step.RESUME, None, now)
        for minute in range(2, 900, 10):
            at = now + minute * MINUTE
            outbox.recover(conn, "o/3", at)
            sends(conn, at)
            parts(conn, at, most=3)
        assert balance(conn, id_).waiting == 0
        assert over(is_now(conn, id_).state)
        table = schema.outbox
        sent = select(table.c.person_id).where(table.c.status == "sent")
        assert max(Counter(conn.execute(sent).scalars()).values(), default=0) <= 1

    await database.write(end)


async def test_two_processes_at_once_write_to_everybody_once(
    postgres_url: str, vault: Vault
) -> None:
    """Each sends parts and messages, and one pauses and resumes in between."""
    dice = Random(3)

    async def process(database: Database, owner: str, id_: BroadcastId) -> None:
        for number in range(40):
            now = DAYTIME + timedelta(seconds=number)

            def part(conn: Connection, now: datetime = now) -> None:
                for row in due.next_due(conn, now, 9):
                    still = due.still_due(conn, row.kind, row.subject, now)
                    if still is not None and row.kind == "broadcast":
                        planning = Planning(
                            now,
                            Programme("x", bulk_rates={"telegram": 20.0}, alone_up_to=999),
                            None,
                        )
                        KINDS[row.kind](conn, still, planning)

            def send(conn: Connection, now: datetime = now) -> None:
                claimed = outbox.claim(conn, owner, now, now + MINUTE, 9, channel="telegram")
                outbox.record(conn, [outbox.Result(one.id, Status.SENT) for one in claimed], now)

            def step(conn: Connection, now: datetime = now) -> None:
                taken = dice.choice((Step.PAUSE, Step.RESUME, Step.RESUME))
                broadcasts.step(conn, id_, taken, None, now)

            await database.write(part)
            await database.write(send)
            if owner == "b/1" and number % 3 == 0:
                await database.write(step)

    async with (
        await Database.open(postgres_url, vault=vault) as one,
        await Database.open(postgres_url, vault=vault) as other,
    ):
        id_ = await one.write(lambda conn: (mothers(conn, 120), started(conn))[1])
        await asyncio.gather(process(one, "a/1", id_), process(other, "b/1", id_))
        await one.write(
            lambda conn: broadcasts.step(conn, id_, Step.RESUME, None, DAYTIME + MINUTE)
        )
        await process(one, "a/1", id_)
        account = await one.write(lambda conn: balance(conn, id_))
        keys = await one.read(
            lambda conn: conn.execute(select(schema.outbox.c.person_id)).scalars().all()
        )

    assert (account.planned, account.sent) == (120, 120)
    assert len(keys) == len(set(keys)) == 120
