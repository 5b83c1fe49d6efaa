"""Files people sent: fetched once, never after they must go."""

from __future__ import annotations

from sqlalchemy import Connection, select

from conversations.event import MediaKept
from conversations.message import Media, MediaId
from storage import media, schema, tasks
from storage.database import Database
from tests.storage.builders import HOUR, NOW, a_seat, a_task, count, known

ID = MediaId("m1")
VOICE = MediaKept(ID, "voice", Media("AwACAgUAAx", "audio/ogg", 4_000, 12), task="JBR-26-0001")


def kept(conn: Connection) -> None:
    seat = a_seat(conn)
    media.keep(conn, seat.person.id, seat.address_id, VOICE, NOW)


async def test_a_file_waits_with_what_its_channel_needs(database: Database) -> None:
    await database.write(kept)

    [waiting] = await database.read(lambda c: media.waiting(c, NOW, 10))

    assert waiting == media.Waiting(
        ID, "telegram", "bot", "AwACAgUAAx", "voice", "audio/ogg", 4_000, 0
    )


async def test_the_reference_is_sealed_and_a_file_told_twice_is_one(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bytes, int]:
        kept(conn)
        kept(conn)
        ref = conn.execute(select(schema.media.c.ref)).scalar_one()
        return bytes(ref), count(conn, schema.media)

    ref, rows = await database.write(unit)

    assert b"AwACAgUAAx" not in ref
    assert rows == 1


async def test_a_stored_file_waits_no_more_and_its_reference_is_gone(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, object, object]:
        kept(conn)
        done = media.stored(conn, ID, 3_900), media.stored(conn, ID, 1)
        return *done, media.waiting(conn, NOW, 10), media.one(conn, ID)

    once, twice, waiting, found = await database.write(unit)

    assert (once, twice) == (True, False)
    assert waiting == ()
    assert isinstance(found, media.Kept)
    assert (found.size, found.status, found.task) == (3_900, "stored", "JBR-26-0001")


async def test_a_postponed_file_is_tried_again_later(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        kept(conn)
        media.postpone(conn, ID, "no answer", NOW + HOUR)
        now = len(media.waiting(conn, NOW, 10))
        return now, known(next(iter(media.waiting(conn, NOW + HOUR, 10)), None)).attempts

    assert await database.write(unit) == (0, 1)


async def test_a_file_that_is_too_large_is_refused_and_a_lost_one_failed(
    database: Database,
) -> None:
    def unit(conn: Connection, refused: bool) -> str:
        kept(conn)
        media.give_up(conn, ID, "too large", refused=refused)
        return known(media.one(conn, ID)).status

    assert await database.write(lambda c: unit(c, True)) == "refused"


async def test_a_lost_file_has_failed(database: Database) -> None:
    def unit(conn: Connection) -> str:
        kept(conn)
        media.give_up(conn, ID, "gone")
        media.give_up(conn, ID, "too large", refused=True)
        return known(media.one(conn, ID)).status

    assert await database.write(unit) == "failed"


async def test_a_condemned_file_is_not_stored_any_more_and_then_gone(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        kept(conn)
        marked = media.condemn(conn, tasks=["JBR-26-0001"])
        late = media.stored(conn, ID, 10)
        listed = media.to_erase(conn, 10)
        hidden = media.one(conn, ID)
        media.erased(conn, listed)
        return marked, late, listed, hidden, count(conn, schema.media)

    assert await database.write(unit) == (1, False, (ID,), None, 0)


async def test_files_of_a_person_are_condemned_except_those_of_spared_tasks(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
        seat = a_seat(conn)
        kept(conn)
        loose = MediaKept(MediaId("m2"), "image", Media("x"))
        media.keep(conn, seat.person.id, seat.address_id, loose, NOW)
        media.condemn(conn, person=seat.person.id, spare=["JBR-26-0001"])
        spared = media.waiting(conn, NOW, 10)
        return media.to_erase(conn, 10), tuple(file.id for file in spared)

    assert await database.write(unit) == (("m2",), ("m1",))


async def test_a_file_is_heard_with_its_task_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        a_task(conn, None)
        kept(conn)
        tasks.extend(conn, "JBR-26-0001", None, "", ID, NOW)
        return known(tasks.by_code(conn, "JBR-26-0001")).media

    assert await database.write(unit) == (ID,)
