"""Never lost, never doubled, on a channel with windows, knocks, letters, receipts and prices."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, text

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.outcomes import Outcome, record
from conversations.message import Kind
from storage import facts, inbox, outbox
from storage.database import Database
from storage.facts import StatusTold
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.sealing import Vault
from tests.bot.paid_history import History
from tests.bot.test_withheld import turns
from tests.storage.builders import HOUR
from tests.storage.test_passing import LATER, PHONE_ID, approve, say, siti

SECOND = timedelta(seconds=1)
PEOPLE = 24


async def _lives(database: Database, seed: int, steps: int) -> None:
    history = History(database, seed)

    await history.lives(steps)

    assert not history.breaks, (seed, history.breaks[:5])
    assert history.looked["said"] > 3


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_everything_ends_once(database: Database, seed: int) -> None:
    await _lives(database, seed, 90)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
async def test_whatever_happens_in_many_lives(database: Database, seed: int) -> None:
    await _lives(database, seed, 400)


async def test_two_processes_knock_and_let_follow_at_the_same_time(
    postgres_url: str, vault: Vault
) -> None:
    """Everybody answers while both still knock; each of the words is said once."""
    dice = Random(5)
    said: list[str] = []
    async with (
        await Database.open(postgres_url, vault=vault) as one,
        await Database.open(postgres_url, vault=vault) as two,
    ):
        words = await one.write(_begin)
        for round_ in range(4):
            now = LATER + round_ * HOUR
            work = [
                *(_deliver(db, owner, now, said) for db, owner in ((one, "s/1"), (two, "t/1"))),
                *(
                    _hear(dice.choice((one, two)), f"ID.{person}", now + person * SECOND, said)
                    for person in range(PEOPLE)
                ),
            ]
            dice.shuffle(work)
            await asyncio.gather(*work)
        ended = text("SELECT status, withheld, count(*) FROM outbox GROUP BY status, withheld")
        ends = {(row[0], row[1]) for row in await one.read(lambda conn: conn.execute(ended).all())}

    times = Counter(word for message in said for word in words if word in message)
    assert times == Counter(words)
    assert not {status for status, _ in ends} & {"waiting", "sending", "failed", "excluded"}
    assert not any(withheld for _, withheld in ends)


def _begin(conn: Connection) -> list[str]:
    approve(conn)
    words = []
    for number in range(PEOPLE):
        person = siti(conn, f"ID.{number}")
        for part in "abc":
            words.append(f"kata-{number}{part}.")
            say(conn, person, words[-1])
    return words


async def _deliver(database: Database, owner: str, now: datetime, said: list[str]) -> None:
    """Claims, sends and records, a few at a time; the platform tells everything twice."""
    for _ in range(8):
        claimed = await database.write(partial(_claim, owner=owner, now=now))
        said += [row.message.text for row in claimed]
        await database.write(partial(_record, claimed=claimed, now=now))


def _claim(conn: Connection, owner: str, now: datetime) -> list[Claimed]:
    return outbox.claim(conn, owner, now, now + HOUR, 5, channel="whatsapp")


def _record(conn: Connection, claimed: list[Claimed], now: datetime) -> None:
    done = [Outcome(row, Result(row.id, Status.SENT, platform_id=f"w{row.id}")) for row in claimed]
    record(conn, done, now)
    for status in ("read", "delivered", "read"):
        told = [StatusTold("whatsapp", PHONE_ID, f"w{row.id}", status, now) for row in claimed]
        facts.apply(conn, told, now)


async def _hear(database: Database, address: str, now: datetime, said: list[str]) -> None:
    def unit(conn: Connection) -> list[Claimed]:
        body = simulator.body_of(Doing(Kind.TEXT, text="ya"), "n", now)
        received = Received("whatsapp", PHONE_ID, f"{address}{now}", address, body)
        [accepted] = inbox.accept(conn, [received], now)
        return list(turns(now).take(conn, accepted))

    claimed = await database.write(unit)
    said += [row.message.text for row in claimed]
    await database.write(partial(_record, claimed=claimed, now=now))
