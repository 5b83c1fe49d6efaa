"""Which tips she has had."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage import schema, tips
from storage.database import Database
from tests.storage.builders import DAY, NOW, a_caregiver, a_child


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
