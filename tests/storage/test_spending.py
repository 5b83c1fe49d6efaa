"""What a number has spent: counted once, corrected by what the platform tells, kept to a budget."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, update

from conversations.message import Priority
from storage import prices, schema, spending
from storage.database import Database
from storage.spending import Told
from tests.storage.builders import NOW
from tests.storage.spending_builders import (
    FREE,
    MARKETING,
    NOVEMBER,
    NUMBER,
    SERVICE,
    UTILITY,
    accepted,
    adds_up,
    counted,
    spent,
    with_budget,
)

LAST_OF_THE_MONTH = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
"""00:30 of the first of December in Jember."""


async def test_an_accepted_template_is_counted_once(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ids = accepted(conn, 3, "utility")

        spending.count(conn, ids, NOW)
        spending.count(conn, ids, NOW)

        assert (spent(conn, "utility").messages, spent(conn, "utility").rupiah) == (3, 3 * UTILITY)
        assert adds_up(conn)

    await database.write(unit)


async def test_what_left_by_a_free_channel_or_not_at_all_costs_nothing(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ids = accepted(conn, 1, channel="telegram") + accepted(conn, 1, status="uncertain")

        spending.count(conn, ids, NOW)
        spending.count(conn, [], NOW)

        assert spending.of_month(conn, NOVEMBER) == ()

    await database.write(unit)


async def test_the_first_free_words_of_a_month_cost_nothing(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ids = accepted(conn, 5)
        _as_if_sent(conn, FREE - 3)

        spending.count(conn, ids[:2], NOW)
        spending.count(conn, ids[2:], NOW)

        assert (spent(conn, "service").messages, spent(conn, "service").rupiah) == (
            FREE + 2,
            2 * SERVICE,
        )
        assert adds_up(conn)

    await database.write(unit)


async def test_a_message_of_two_parts_counts_twice(database: Database) -> None:
    def unit(conn: Connection) -> None:
        spending.count(conn, ids := accepted(conn, 1, "utility", parts=2), NOW)
        assert spent(conn, "utility").messages == 2
        assert spent(conn, "utility").rupiah == 2 * UTILITY

        spending.correct(conn, [Told(ids[0], failed=True)])

        assert spent(conn, "utility").messages == 0

    await database.write(unit)


async def test_it_is_counted_in_the_local_month(database: Database) -> None:
    def unit(conn: Connection) -> None:
        counted(conn, now=LAST_OF_THE_MONTH)

        assert spent(conn, "utility").messages == 0
        assert spent(conn, "utility", "2026-12").messages == 1

    await database.write(unit)


async def test_what_failed_is_taken_back_from_the_month_it_was_counted_in_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        gone, kept = counted(conn, 2)
        counted(conn, now=LAST_OF_THE_MONTH)

        spending.correct(conn, [Told(gone, failed=True), Told(kept, category="utility")])
        spending.correct(conn, [Told(gone, failed=True)])

        assert spent(conn, "utility").messages == 1
        assert spent(conn, "utility").rupiah == UTILITY
        assert spent(conn, "utility", "2026-12").messages == 1
        assert adds_up(conn)

    await database.write(unit)


async def test_what_is_not_billed_costs_nothing_but_was_a_message(database: Database) -> None:
    def unit(conn: Connection) -> None:
        [id_] = counted(conn)

        for _ in range(2):
            spending.correct(conn, [Told(id_, category="utility", billable=False)])

        assert (spent(conn, "utility").messages, spent(conn, "utility").rupiah) == (1, 0)
        assert adds_up(conn)

    await database.write(unit)


async def test_what_meta_files_as_something_else_moves_there(database: Database) -> None:
    def unit(conn: Connection) -> None:
        [id_] = counted(conn)

        for _ in range(2):
            spending.correct(conn, [Told(id_, category="marketing", billable=True)])

        assert (spent(conn, "utility").messages, spent(conn, "utility").rupiah) == (0, 0)
        assert (spent(conn, "marketing").messages, spent(conn, "marketing").rupiah) == (
            1,
            MARKETING,
        )
        assert adds_up(conn)

    await database.write(unit)


async def test_a_category_that_has_no_price_changes_nothing(database: Database) -> None:
    def unit(conn: Connection) -> None:
        [id_] = counted(conn)

        spending.correct(conn, [Told(id_, category="referral_conversion"), Told(id_ + 1_000)])

        assert spent(conn, "utility").rupiah == UTILITY

    await database.write(unit)


async def test_without_a_budget_nothing_is_stopped(database: Database) -> None:
    def unit(conn: Connection) -> None:
        assert spending.ours(conn) == ""
        assert spending.allows(conn, NUMBER, "utility", Priority.BROADCAST, NOW)
        assert not spending.spent_out(conn, NUMBER, NOW)

    await database.write(unit)


@pytest.mark.parametrize(
    ("hundredths", "broadcast", "reply"), [(79, True, True), (80, False, True), (100, False, False)]
)
async def test_what_nobody_asked_for_stops_at_four_fifths_and_answers_at_the_end(
    database: Database, hundredths: int, broadcast: bool, reply: bool
) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, 100 * UTILITY)
        _as_if_sent(conn, FREE)
        counted(conn, hundredths)

        told = [
            spending.allows(conn, NUMBER, "utility", priority, NOW)
            for priority in (Priority.REMINDER, Priority.BROADCAST, Priority.REPLY)
        ]

        assert told == [broadcast, broadcast, reply]
        assert spending.spent_out(conn, NUMBER, NOW) is not reply

    await database.write(unit)


@pytest.mark.parametrize("purpose", ["danger", "alert", "taken", "answer"])
async def test_alarms_and_what_is_about_danger_are_never_stopped(
    database: Database, purpose: str
) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, UTILITY)
        _as_if_sent(conn, FREE)
        counted(conn, 3)

        assert spending.allows(conn, NUMBER, "utility", Priority.ALARM, NOW)
        assert spending.allows(conn, NUMBER, "", Priority.REPLY, NOW, purpose)
        assert not spending.allows(conn, NUMBER, "", Priority.REPLY, NOW, "reply")

    await database.write(unit)


async def test_what_is_free_is_never_stopped(database: Database) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, 0)
        counted(conn, 1)

        assert spending.allows(conn, NUMBER, "", Priority.BROADCAST, NOW)
        assert not spending.spent_out(conn, NUMBER, NOW)
        assert not spending.allows(conn, NUMBER, "utility", Priority.REPLY, NOW)
        _as_if_sent(conn, FREE)
        assert spending.spent_out(conn, NUMBER, NOW)

    await database.write(unit)


async def test_each_number_and_each_month_has_a_budget_of_its_own(database: Database) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, UTILITY)
        counted(conn, 1)

        assert not spending.allows(conn, NUMBER, "utility", Priority.REPLY, NOW)
        assert spending.allows(conn, "another", "utility", Priority.REPLY, NOW)
        assert spending.allows(conn, NUMBER, "utility", Priority.REPLY, LAST_OF_THE_MONTH)

    await database.write(unit)


async def test_the_question_in_every_turn_uses_the_key(database: Database) -> None:
    def unit(conn: Connection) -> None:
        if conn.dialect.name != "sqlite":
            return
        sql = spending.OF_MONTH.replace(":account", "'x'").replace(":month", "'2026-11'")
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()

        assert "USING INDEX" in str(plan)

    await database.read(unit)


def _as_if_sent(conn: Connection, free_words: int) -> None:
    """So many free words left earlier in this month; none of them has a row any more."""
    [id_] = accepted(conn, 1)
    spending.count(conn, [id_], NOW)
    table = schema.spending
    of_service = (table.c.category == prices.SERVICE) & (table.c.month == NOVEMBER)
    conn.execute(update(table).where(of_service).values(messages=free_words))
