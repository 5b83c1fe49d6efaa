"""What Meta told about our own account: kept, understood, and told on once."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from storage import accounts, due, facts
from storage.database import Database
from storage.facts import AccountTold
from tests.storage.builders import DAY, HOUR, MINUTE, NOW
from tests.storage.spending_builders import NUMBER

QUALITY = "phone_number_quality_update"


def tell(conn: Connection, what: str, detail: str, now: object = NOW) -> None:
    facts.apply(conn, [AccountTold(NUMBER, what, detail)], now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "detail", "trouble", "stops"),
    [
        (QUALITY, "FLAGGED TIER_2K", "quality", False),
        (QUALITY, "UNFLAGGED TIER_2K", "", False),
        (QUALITY, "UPGRADE TIER_10K", "", False),
        ("account_update", "DISABLED_UPDATE DISABLE", "closed", True),
        ("account_update", "DISABLED_UPDATE SCHEDULE_FOR_DISABLE", "closing", False),
        ("account_update", "DISABLED_UPDATE REINSTATE", "", False),
        ("account_update", "ACCOUNT_RESTRICTION RESTRICTED_BIZ_INITIATED", "restricted", True),
        ("account_update", "ACCOUNT_VIOLATION SPAM", "warned", False),
        ("account_review_update", "APPROVED", "", False),
        ("account_review_update", "REJECTED", "closed", True),
        ("errors", "131042 payment", "payment", True),
        ("errors", "130429 too fast", "", False),
        ("business_capability_update", "2000", "", False),
        ("something_new", "WHATEVER", "", False),
    ],
)
async def test_what_is_told_is_kept_and_understood(
    database: Database, what: str, detail: str, trouble: str, stops: bool
) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, what, detail)

        [one] = accounts.standing(conn, NOW)
        assert (one.account, one.what, one.detail) == (NUMBER, what, detail)
        assert (one.trouble, one.stops) == (trouble, stops)
        assert bool(accounts.troubles(conn, NOW)) is bool(trouble)

    await database.write(unit)


async def test_the_newest_word_of_a_kind_holds(database: Database) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, QUALITY, "FLAGGED")
        tell(conn, QUALITY, "UNFLAGGED", NOW + HOUR)

        assert accounts.troubles(conn, NOW + HOUR) == ()

    await database.write(unit)


async def test_people_are_told_only_of_what_is_new(database: Database) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, QUALITY, "FLAGGED")
        assert [row.kind for row in due.next_due(conn, NOW, 10)] == [accounts.LOOK]
        due.settle(conn, accounts.LOOK, accounts.SUBJECT, "done")

        tell(conn, QUALITY, "FLAGGED", NOW + HOUR)

        assert due.next_due(conn, NOW + HOUR, 10) == []
        assert accounts.standing(conn, NOW + HOUR)[0].since == NOW

    await database.write(unit)


async def test_an_error_stands_for_a_day_after_it_was_met_last(database: Database) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, "errors", "131042 payment")
        tell(conn, "errors", "131042 payment", NOW + MINUTE)
        tell(conn, "errors", "131042 payment", NOW + HOUR)
        tell(conn, QUALITY, "FLAGGED")

        later = [one.what for one in accounts.troubles(conn, NOW + DAY + MINUTE)]
        too_late = [one.what for one in accounts.troubles(conn, NOW + DAY + HOUR)]

        assert later == ["errors", QUALITY]
        assert too_late == [QUALITY]

    await database.write(unit)


async def test_an_error_that_comes_back_after_a_day_is_new(database: Database) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, "errors", "131042 payment")
        due.settle(conn, accounts.LOOK, accounts.SUBJECT, "done")

        tell(conn, "errors", "131042 payment", NOW + 2 * DAY)

        assert accounts.standing(conn, NOW + 2 * DAY)[0].since == NOW + 2 * DAY
        assert due.next_due(conn, NOW + 2 * DAY, 10) != []

    await database.write(unit)


async def test_each_error_stands_by_itself(database: Database) -> None:
    def unit(conn: Connection) -> None:
        tell(conn, "errors", "131042 payment")
        tell(conn, "errors", "131031 account locked")

        found = {one.trouble for one in accounts.troubles(conn, NOW)}

        assert found == {"payment", "closed"}

    await database.write(unit)
