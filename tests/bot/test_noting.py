"""Noting: what a platform tells besides messages is stored at once, whatever else is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from storage import people
from storage.database import Database
from storage.facts import AddressDoubted, Fact, IdentityTold
from storage.schema import addresses
from tests.bot.clocks import START, FastClock
from tests.bot.posts import ACCOUNT, CHANNEL, FillingDatabase
from tests.bot.test_receiving import Turns, a_receiving


def doubted(address: str) -> AddressDoubted:
    return AddressDoubted(CHANNEL, ACCOUNT, address)


async def known(database: Database, *names: str) -> None:
    """These addresses are somebody's."""

    def unit(conn: Connection) -> None:
        for name in names:
            people.at_address(conn, CHANNEL, ACCOUNT, name, START)

    await database.write(unit)


async def doubtful(database: Database) -> set[str]:
    def unit(conn: Connection) -> set[str]:
        found = select(addresses.c.address).where(addresses.c.doubted_at.is_not(None))
        return {row.address for row in conn.execute(found)}

    return await database.read(unit)


async def test_what_is_noted_is_stored_and_counted(database: Database, clock: FastClock) -> None:
    receiving = a_receiving(database, Turns(), clock)
    await known(database, "7", "8")

    await receiving.note([doubted("7"), doubted("9")])
    await receiving.note([doubted("7")])

    assert await doubtful(database) == {"7"}
    counted = receiving._meters.registry.get_sample_value
    assert counted("kawan_facts_total", {"kind": "AddressDoubted"}) == 3


async def test_another_fingerprint_makes_an_address_doubtful_and_the_first_does_not(
    database: Database, clock: FastClock
) -> None:
    receiving = a_receiving(database, Turns(), clock)
    await known(database, "7", "8")

    for address, fingerprint in (("7", "a"), ("8", "a"), ("7", "b"), ("8", "a"), ("9", "a")):
        await receiving.note([IdentityTold(CHANNEL, ACCOUNT, address, fingerprint)])

    assert await doubtful(database) == {"7"}


async def test_facts_do_not_wait_for_turns(lite: Database, clock: FastClock) -> None:
    receiving = a_receiving(lite, Turns(), clock, most_open=0)
    await known(lite, "7")

    await receiving.note([doubted("7")])

    assert await doubtful(lite) == {"7"}


async def test_facts_wait_for_a_database_that_takes_nothing(
    lite: Database, clock: FastClock
) -> None:
    await known(lite, "7")
    filling = FillingDatabase(lite)
    full = iter((True, True))
    filling.full = lambda: next(full, False)
    receiving = a_receiving(filling, Turns(), clock)

    await receiving.note([doubted("7")])

    assert await doubtful(lite) == {"7"}
    waits = receiving._meters.registry.get_sample_value("kawan_database_waits_total")
    assert waits == 2


async def test_a_fact_that_cannot_be_applied_keeps_none_of_the_others_back(
    lite: Database, clock: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[Fact] = []

    def apply(conn: Connection, facts: Sequence[Fact], now: datetime) -> None:
        if doubted("poison") in facts:
            raise LookupError("Siti")
        applied.extend(facts)

    monkeypatch.setattr("storage.facts.apply", apply)
    receiving = a_receiving(lite, Turns(), clock)

    with pytest.raises(LookupError):
        await receiving.note([doubted("7"), doubted("poison"), doubted("8")])

    assert applied == [doubted("7"), doubted("8")]


async def test_what_is_told_meanwhile_is_written_together_and_each_has_its_own_answer(
    lite: Database, clock: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[list[Fact]] = []

    def apply(conn: Connection, facts: Sequence[Fact], now: datetime) -> None:
        tried.append(list(facts))
        if doubted("poison") in facts:
            raise LookupError("Siti")

    monkeypatch.setattr("storage.facts.apply", apply)
    receiving = a_receiving(lite, Turns(), clock)
    names = ("7", "8", "poison", "9")

    answers = await asyncio.gather(
        *(receiving.note([doubted(name)]) for name in names), return_exceptions=True
    )
    await receiving.note([doubted("10")])

    assert [type(answer).__name__ for answer in answers if answer is not None] == ["LookupError"]
    assert isinstance(answers[2], LookupError)
    together = [doubted(name) for name in names]
    assert tried == [together, *([one] for one in together), [doubted("10")]]


async def test_many_facts_are_several_units(
    lite: Database, clock: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("storage.facts.apply", lambda conn, facts, now: sizes.append(len(facts)))
    receiving = a_receiving(lite, Turns(), clock)

    await asyncio.gather(*(receiving.note([doubted("7")] * 90) for _ in range(5)))

    assert sizes == [180, 180, 90]


async def test_who_told_something_that_was_not_stored_is_not_told_that_it_was(
    lite: Database, clock: FastClock
) -> None:
    filling = FillingDatabase(lite)
    filling.full = lambda: True
    receiving = a_receiving(filling, Turns(), clock)
    telling = [asyncio.ensure_future(receiving.note([doubted(name)])) for name in ("7", "8")]
    await asyncio.sleep(0)

    await receiving.stop()

    assert await asyncio.wait(telling, timeout=1) == (set(telling), set())
    assert all(one.cancelled() for one in telling)
