"""What is past its time goes, in bounded steps, and nothing younger."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, Table, insert, select, update

from conversations.broadcasts.broadcast import BroadcastId
from conversations.dialogue import Dialogue, Interview
from conversations.event import MediaKept
from conversations.message import Media, MediaId
from conversations.schools.session import Rsvp
from storage import (
    audit,
    children,
    dialogues,
    due,
    erasure,
    interviews,
    joining,
    media,
    people,
    phones,
    recipients,
    retention,
    schema,
    sessions,
    tasks,
)
from storage import outbox as outbox_
from storage.database import Database
from tests.storage.broadcast_builders import a_broadcast
from tests.storage.builders import (
    DAY,
    MINUTE,
    NOW,
    a_caregiver,
    a_checkin,
    a_child,
    a_seat,
    a_task,
    count,
    happen,
    known,
)
from tests.storage.school_builders import BEGINS, a_list, a_school, a_session

NOTHING = retention.Removed(0, 0, 0, 0, 0, 0, 0, 0)


def received(conn: Connection, id_: str, at: datetime, status: str = "done") -> None:
    conn.execute(
        insert(schema.inbox),
        {
            "channel": "telegram",
            "account": "bot",
            "external_id": id_,
            "address": "62812",
            "body": b"sealed",
            "status": status,
            "attempts": 1,
            "received_at": at,
        },
    )


def sending(conn: Connection, key: str, at: datetime, status: str = "sent") -> None:
    conn.execute(
        insert(schema.outbox),
        {
            "address_id": a_seat(conn).address_id,
            "dedupe_key": key,
            "priority": 1,
            "purpose": "reply",
            "body": b"sealed",
            "status": status,
            "not_before": at,
            "created_at": at,
        },
    )


def kept(conn: Connection, table: Table, name: str) -> list[str]:
    rows = conn.execute(select(table.c[name]).where(table.c.body.is_not(None)))
    return sorted(rows.scalars())


async def test_an_empty_database_has_nothing_to_remove(database: Database) -> None:
    removed = await database.write(lambda c: retention.run(c, NOW))

    assert removed == NOTHING
    assert not removed.anything


async def test_chat_text_is_emptied_after_ninety_days_and_its_rows_stay(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[retention.Removed, list[str], list[str], int]:
        for days in (91, 89):
            received(conn, f"u{days}", NOW - days * DAY)
            sending(conn, f"k{days}", NOW - days * DAY)
        removed = retention.run(conn, NOW)
        rows = count(conn, schema.inbox) + count(conn, schema.outbox)
        inbox = kept(conn, schema.inbox, "external_id")
        return removed, inbox, kept(conn, schema.outbox, "dedupe_key"), rows

    removed, inbox, outbox, rows = await database.write(unit)

    assert (removed.received, removed.sent) == (1, 1)
    assert removed.anything
    assert (inbox, outbox) == (["u89"], ["k89"])
    assert rows == 4


async def test_runs_are_bounded_and_go_on_where_the_last_one_ended(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        for n in range(5):
            received(conn, f"u{n}", NOW - 100 * DAY)
        runs = [retention.run(conn, NOW, batch=2).received for _ in range(4)]
        received(conn, "young", NOW)
        later = retention.run(conn, NOW + 200 * DAY, batch=2).received
        assert kept(conn, schema.inbox, "external_id") == []
        return [*runs, later]

    assert await database.write(unit) == [2, 2, 1, 0, 1]


async def test_what_was_never_answered_or_sent_is_ended_with_its_words(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[str, dict[str, tuple[str, bool]]]:
        received(conn, "u", NOW - 91 * DAY, "new")
        for status in ("waiting", "sending", "failed"):
            sending(conn, status, NOW - 91 * DAY, status)
        retention.run(conn, NOW)
        out = conn.execute(select(schema.outbox))
        ended = {row.dedupe_key: (row.status, row.finished_at == NOW) for row in out}
        late = select(schema.outbox.c.reason).where(schema.outbox.c.status == "expired")
        assert conn.execute(late).scalar_one() == outbox_.LATE
        return conn.execute(select(schema.inbox.c.status)).scalar_one(), ended

    inbox, outbox = await database.write(unit)

    assert inbox == "quarantined"
    assert outbox == {
        "waiting": ("expired", True),
        "sending": ("uncertain", True),
        "failed": ("failed", False),
    }


async def test_a_dialogue_that_rested_too_long_is_closed(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, list[bool]]:
        running = Dialogue((Interview("i", "checkin", "f"),))
        old, young = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        dialogues.save(conn, old.id, running, NOW - 91 * DAY)
        dialogues.save(conn, young.id, running, NOW - 89 * DAY)
        first, second = (retention.run(conn, NOW).dialogues for _ in range(2))
        return first, second, [bool(dialogues.of(conn, p.id).stack) for p in (old, young)]

    assert await database.write(unit) == (1, 0, [False, True])


async def test_answers_go_after_two_years(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, dict[str, str], dict[str, str], int]:
        mbah = a_caregiver(conn)
        a_checkin(conn, mbah, None, {"rasa": "sedih"}, id_="old", at=NOW - 731 * DAY)
        a_checkin(conn, mbah, None, {"rasa": "senang"}, id_="young", at=NOW - 729 * DAY)
        removed = retention.run(conn, NOW).interviews
        old, young = (interviews.answers_of(conn, id_) for id_ in ("old", "young"))
        return removed, old, young, count(conn, schema.interviews)

    assert await database.write(unit) == (1, {}, {"rasa": "senang"}, 1)


async def test_a_closed_task_goes_after_a_year_with_its_notes_and_recordings(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, list[bool], tuple[str, ...], int]:
        for code, closed in (("A", 366), ("B", 364), ("C", None)):
            a_task(conn, None, code)
            if closed:
                tasks.change(conn, code, None, tasks.CLOSED, "selesai", NOW - closed * DAY)
        happen(conn, a_seat(conn), MediaKept(MediaId("m"), "voice", Media("ref"), "A"))
        removed = retention.run(conn, NOW).tasks
        there = [tasks.by_code(conn, code) is not None for code in "ABC"]
        return removed, there, media.to_erase(conn, 9), count(conn, schema.task_notes)

    assert await database.write(unit) == (1, [False, True, True], ("m",), 1)


async def test_a_child_only_the_concern_knew_is_blanked_with_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        mbah = a_caregiver(conn)
        adi = a_child(conn, mbah)
        a_task(conn, mbah, "A", child=adi)
        erasure.erase(conn, mbah.id, audit.COMMAND, NOW)
        tasks.change(conn, "A", None, tasks.CLOSED, "", NOW)
        before = known(children.one(conn, adi)).nickname
        retention.run(conn, NOW + 366 * DAY)
        return before, known(children.one(conn, adi)).nickname

    assert await database.write(unit) == ("Adi", "")


async def test_the_record_goes_after_five_years(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        audit.record(conn, audit.CLOCK, "old", "x", "", NOW - 1827 * DAY)
        audit.record(conn, audit.CLOCK, "young", "x", "", NOW - 1825 * DAY)
        return retention.run(conn, NOW).audit, count(conn, schema.audit)

    assert await database.write(unit) == (1, 1)


@pytest.mark.parametrize("status", ["waiting", "sending"])
async def test_an_erased_address_is_forgotten_once_nothing_is_on_its_way(
    database: Database, status: str
) -> None:
    def unit(conn: Connection) -> tuple[list[int], str, str]:
        mbah = a_caregiver(conn)
        received(conn, "u", NOW - MINUTE)
        sending(conn, "farewell", NOW, status)
        erasure.erase(conn, mbah.id, audit.COMMAND, NOW)
        runs = [retention.run(conn, NOW).addresses]
        conn.execute(update(schema.outbox).values(status="sent"))
        runs += [retention.run(conn, NOW).addresses for _ in range(2)]
        address = conn.execute(select(schema.addresses.c.address)).scalar_one()
        inbox = conn.execute(select(schema.inbox.c.address)).scalar_one()
        return runs, address, inbox

    runs, address, inbox = await database.write(unit)

    assert runs == [0, 1, 0]
    assert address.startswith("erased-")
    assert inbox == ""


async def test_the_address_of_a_group_stays(database: Database) -> None:
    def unit(conn: Connection) -> int:
        phones.address_only(conn, "telegram", "bot", "-100", NOW)
        return retention.run(conn, NOW).addresses

    assert await database.write(unit) == 0


async def test_an_address_in_use_is_never_forgotten(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        seat = a_seat(conn)
        retention.run(conn, NOW + 5000 * DAY)
        found = people.seat_of(conn, seat.person.id)
        return found is not None and found.person == seat.person

    assert await database.write(unit)


async def test_who_came_to_a_session_of_long_ago_is_forgotten(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, int]:
        school = a_school(conn)
        mothers = a_list(conn, school, 2)
        old, new = a_session(conn, school), a_session(conn, school, BEGINS + 30 * DAY)
        for session in (old, new):
            for mother in mothers:
                sessions.rsvp(conn, session.id, mother, Rsvp.YES, NOW)
        later = BEGINS + retention.ANSWERS + DAY
        removed = [retention.run(conn, later).invitations for _ in range(2)]
        return (*removed, count(conn, schema.invitations))

    assert await database.write(unit) == (2, 0, 2)


async def test_what_became_of_due_work_is_forgotten_after_a_year_a_part_at_a_time(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[int], list[str]]:
        old, young = NOW - 401 * DAY, NOW - 399 * DAY
        for n in range(3):
            mbah = a_caregiver(conn, f"6281{n}").id
            for name, at, outcome in (("old", old, "done"), ("young", young, "done")):
                due.plan(conn, "checkin", f"{name}:{n}", mbah, at, None)
                due.settle(conn, "checkin", f"{name}:{n}", outcome)
            due.plan(conn, "checkin", f"open:{n}", mbah, old, None)
        removed = [retention.run(conn, NOW, batch=2).due for _ in range(4)]
        left = conn.execute(select(schema.due.c.subject).order_by("subject")).scalars()
        return removed, list(left)

    removed, left = await database.write(unit)

    assert removed == [2, 1, 0, 0]
    assert left == [f"{name}:{n}" for name in ("open", "young") for n in range(3)]


async def test_what_became_of_work_for_many_is_forgotten_with_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, list[str]]:
        for name, days in (("1:invite", 401), ("2:invite", 399)):
            due.plan(conn, "session", name, None, NOW - days * DAY, None)
            due.settle(conn, "session", name, "done")
        due.plan(conn, "series", "1", None, NOW - 401 * DAY, None)
        removed = retention.run(conn, NOW).due
        left = conn.execute(select(schema.due.c.subject).order_by("subject")).scalars()
        return removed, list(left)

    assert await database.write(unit) == (1, ["1", "2:invite"])


async def test_codes_go_when_they_have_long_opened_nothing(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        joining.make(conn, [a_caregiver(conn).id], NOW)
        ended = NOW + joining.CODE_LASTS
        return [retention.run(conn, ended + days * DAY).codes for days in (89, 91)]

    assert await database.write(unit) == [0, 1]


def over(conn: Connection, at: datetime, file: MediaId | None = None) -> BroadcastId:
    """A broadcast that ended then."""
    id_ = a_broadcast(conn, media=file, now=at)
    values = {"status": "done", "finished_at": at}
    conn.execute(update(schema.broadcasts).where(schema.broadcasts.c.id == id_).values(values))
    return id_


async def test_the_file_of_a_broadcast_goes_ninety_days_after_its_end(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], list[str]]:
        for name in ("old", "young", "shared", "needed"):
            media.add(conn, MediaId(name), "image", "image/jpeg", 1, None, NOW)
        old, young = NOW - 91 * DAY, NOW - 89 * DAY
        over(conn, old, MediaId("old"))
        over(conn, young, MediaId("young"))
        over(conn, old, MediaId("shared"))
        over(conn, young, MediaId("shared"))
        over(conn, old, MediaId("needed"))
        a_broadcast(conn, media=MediaId("needed"))
        removed = [retention.run(conn, NOW).files for _ in range(2)]
        return removed, list(media.to_erase(conn, 9))

    assert await database.write(unit) == ([1, 0], ["old"])


async def test_the_file_that_a_command_keeps_for_a_broadcast_outlives_the_night(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[MediaId]:
        media.add(conn, MediaId("poster"), "image", "image/jpeg", 1, None, NOW)
        a_broadcast(conn, media=MediaId("poster"))
        retention.run(conn, NOW + DAY)
        return list(media.to_erase(conn, 9))

    assert await database.write(unit) == []


async def test_whom_a_broadcast_was_for_is_forgotten_after_two_years_in_parts(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[int], int]:
        three = [a_caregiver(conn, f"6281{n}").id for n in range(3)]
        for ago in (731, 729):
            id_ = over(conn, NOW - ago * DAY)
            recipients.plan(conn, id_, [(one, "stopped") for one in three])
        removed = [retention.run(conn, NOW, batch=2).recipients for _ in range(3)]
        return removed, count(conn, schema.recipients)

    assert await database.write(unit) == ([2, 1, 0], 3)
