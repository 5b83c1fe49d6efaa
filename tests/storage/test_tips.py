"""Which tips she has had."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, select

from storage import people, schema, tips
from storage.database import Database
from tests.storage.builders import DAY, NOW, a_caregiver, a_child, known


async def test_tips_come_oldest_first_and_a_repeated_one_moves_to_the_end(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        mbah = a_caregiver(conn)
        child = a_child(conn, mbah)
        tips.sent(conn, mbah.id, "tidur", None, NOW)
        tips.sent(conn, mbah.id, "makan", child, NOW + DAY)
        tips.sent(conn, mbah.id, "tidur", child, NOW + 2 * DAY)
        return tips.had(conn, mbah.id)

    assert await database.write(unit) == ("makan", "tidur")


async def test_whether_a_tip_helped_is_kept_for_that_tip_only(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, bool | None]:
        mbah = a_caregiver(conn)
        tips.sent(conn, mbah.id, "tidur", None, NOW)
        tips.sent(conn, mbah.id, "makan", None, NOW)
        tips.rate(conn, mbah.id, "makan", True)
        table = schema.tips_sent
        return {row.tip: row.helpful for row in conn.execute(select(table.c.tip, table.c.helpful))}

    assert await database.write(unit) == {"tidur": None, "makan": True}


@pytest.mark.parametrize(
    ("statuses", "had"),
    [
        ((), True),
        (("waiting",), True),
        (("sent", "expired"), True),
        (("merged", "expired"), True),
        (("expired",), False),
        (("excluded", "failed"), False),
    ],
)
async def test_a_tip_of_which_nothing_left_was_not_had(
    database: Database, statuses: tuple[str, ...], *, had: bool
) -> None:
    def unit(conn: Connection) -> bool:
        mbah, other = a_caregiver(conn), a_caregiver(conn, "62813")
        tips.sent(conn, mbah.id, "tidur", None, NOW)
        rows = [(mbah, NOW, status, f"tip:{number}") for number, status in enumerate(statuses)]
        rows += [(other, NOW, "expired", "others"), (mbah, NOW + DAY, "expired", "later")]
        for person, at, status, key in rows:
            values = {
                "address_id": known(people.seat_of(conn, person.id)).address_id,
                "person_id": person.id,
                "dedupe_key": key,
                "priority": 2,
                "purpose": "tip",
                "status": status,
                "not_before": at,
                "created_at": at,
            }
            conn.execute(insert(schema.outbox).values(values))
        return tips.had(conn, mbah.id) == ("tidur",)

    assert await database.write(unit) is had
