"""What remains of a case: retention, erasure, export, and new keys for what was said in it."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from conversations.concerns.case import Agency, ContactId, Outcome
from conversations.concerns.event import (
    CaseKnown,
    CaseLinked,
    CaseMerged,
    ClosingAsked,
    ClosingDecided,
    Excluded,
    HandedOver,
    NextAction,
    Referred,
)
from conversations.level import Level
from storage import alerts, audit, directory, erasure, exports, retention, schema, sealing, staff
from storage.database import Database
from storage.directory import NewOffice
from storage.exports import CLOSED_TO_VIEW, What
from storage.sealing import Place, new_key
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, count, known
from tests.storage.case_builders import (
    CODE,
    OTHER,
    Team,
    a_case,
    does,
    looked_at,
    on_duty,
    the_case,
)

OF_A_CASE = ("cases", "case_links", "case_exclusions", "alerts", "referrals", "task_notes")


def lived(conn: Connection) -> Team:
    """A case with something in every place where something can be, linked with another."""
    team, siti = Team(conn), a_caregiver(conn)
    office = directory.add(conn, NewOffice(Agency.UPTD_PPA, "UPTD", phone="110"), NOW)
    a_case(conn, team.dimas, about=siti)
    a_case(conn, team.dimas, OTHER, about=siti)
    does(
        conn,
        team.dimas,
        CaseLinked(CODE, OTHER),
        Excluded(CODE, team.ayu.id),
        Referred(CODE, ContactId(office), "asesmen"),
        NextAction(CODE, "telepon nenek", NOW + DAY),
    )
    does(conn, team.rina, HandedOver(CODE, team.dimas.id))
    return team


def closes(conn: Connection, team: Team, code: str = CODE) -> None:
    does(conn, team.dimas, ClosingAsked(code, Outcome.DONE, ""))
    does(conn, team.rina, ClosingDecided(code, True))


async def test_all_that_belongs_to_a_case_goes_a_year_after_it_was_closed(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int, set[int]]:
        team = lived(conn)
        closes(conn, team)
        early = retention.run(conn, NOW + 364 * DAY).tasks
        gone = retention.run(conn, NOW + 366 * DAY).tasks
        left = {
            conn.execute(select(table.c.code).where(table.c.code == CODE)).first()
            for name in OF_A_CASE
            for table in [schema.metadata.tables[name]]
        }
        assert known(the_case(conn, OTHER)).links == ()
        return early, gone, left  # type: ignore[return-value]

    assert await database.write(unit) == (0, 1, {None})


async def test_a_merged_case_stays_as_long_as_the_one_that_holds_its_words(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        team = Team(conn)
        a_case(conn, team.dimas)
        a_case(conn, team.dimas, OTHER, about=a_caregiver(conn))
        does(conn, team.rina, CaseMerged(CODE, OTHER))
        open_ = retention.run(conn, NOW + 400 * DAY).tasks
        closes(conn, team, OTHER)
        return open_, retention.run(conn, NOW + 400 * DAY).tasks

    assert await database.write(unit) == (0, 2)


async def test_shifts_of_long_ago_go_with_the_duties_nobody_has_any_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int, int]:
        team = Team(conn)
        on_duty(conn, team.dimas, until=NOW)
        on_duty(conn, team.ayu, until=NOW + 30 * DAY)
        conn.execute(update(schema.duties).values(ended_at=NOW))
        gone = retention.run(conn, NOW + 366 * DAY).shifts
        return gone, count(conn, schema.shifts), count(conn, schema.duties)

    assert await database.write(unit) == (1, 1, 1)


async def test_an_open_case_outlives_the_erasure_of_who_told_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        lived(conn)
        siti = known(the_case(conn).task.about)
        kept = erasure.erase(conn, siti, audit.COMMAND, NOW + HOUR).open_concerns
        case = the_case(conn)
        return kept, case.task.closed_at, case.next_action, looked_at(conn) is not None

    assert await database.write(unit) == (2, None, "telepon nenek", True)


async def test_a_closed_case_loses_its_words_when_who_told_it_is_erased(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = lived(conn)
        closes(conn, team)
        siti = known(the_case(conn).task.about)
        erasure.erase(conn, siti, audit.COMMAND, NOW + HOUR)
        note = conn.execute(select(schema.referrals.c.note)).scalar_one()
        case = the_case(conn)
        return case.next_action, note, case.outcome

    assert await database.write(unit) == ("", None, Outcome.DONE)


async def test_an_erased_member_of_staff_leaves_no_case_alone(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        team = Team(conn)
        staff.set_phone(conn, known(staff.of_person(conn, team.dimas.id)), "0812-3456-7890")
        a_case(conn, team.dimas)
        erasure.erase(conn, team.dimas.id, audit.COMMAND, NOW)
        phones = conn.execute(select(schema.staff.c.phone)).scalars().all()
        assert set(phones) == {None}
        return the_case(conn).task.owner in (team.ayu.id, team.rina.id)

    assert await database.write(unit)


async def test_new_keys_open_what_was_planned_referred_and_telephoned(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, int]:
        team = lived(conn)
        staff.set_phone(conn, known(staff.of_person(conn, team.dimas.id)), "0812-3456-7890")
        vault = sealing.vault_of(conn)
        fresh = new_key()
        vault.renew([fresh, b"a key of thirty-two bytes' width"])
        place = Place()
        while not place.finished:
            place = sealing.rotate(conn, place)
        vault.renew([fresh])
        sealed = conn.execute(
            select(schema.staff.c.phone).where(schema.staff.c.phone.is_not(None))
        ).scalar_one()
        assert vault.open(bytes(sealed), b"staff") == b"0812-3456-7890"
        return the_case(conn).next_action, place.unreadable

    assert await database.write(unit) == ("telepon nenek", 0)


async def test_an_export_tells_the_life_of_a_case_and_nothing_about_staff_without_a_reason(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[list[tuple[str, ...]]]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti, level=Level.KUNING)
        a_case(conn, team.dimas, OTHER, about=siti)
        does(conn, siti, CaseKnown(OTHER, {"outside": True}), CaseKnown(CODE, {"hide_name": True}))
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.REFERRED, ""))
        found = []
        for reason in ("", "audit tahunan"):
            export = exports.export(
                conn, What.CONCERNS, actor=audit.COMMAND, now=NOW, reason=reason
            )
            found.append(
                [
                    (row["code"], row["stage"], row["outcome"], row["person_name"])
                    for row in export.rows
                ]
            )
        return found

    without, with_reason = await database.write(unit)

    closed = (CODE, "penutupan", "dirujuk", CLOSED_TO_VIEW)
    assert without == [closed]
    assert with_reason == [closed, (OTHER, "aduan", "", "Siti")]


async def test_the_alerts_of_a_case_are_told_with_who_and_when(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, str]]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.rina, HandedOver(CODE, team.ayu.id))
        does(conn, team.rina, HandedOver(CODE, team.dimas.id))
        return [(one.step, one.name) for one in alerts.history(conn, CODE)]

    assert await database.write(unit) == [(0, "Mbak Ayu"), (1, "Mas Dimas")]


async def test_the_record_of_a_person_tells_what_she_did_and_what_was_done_about_her(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, CaseKnown(CODE, {"safe": "aman"}))
        audit.record(conn, audit.COMMAND, "erasure asked", audit.person(team.dimas.id), "", NOW)
        audit.record(conn, audit.COMMAND, "other", "person:999", "", NOW)
        return [(one.action, one.subject) for one in audit.of_person(conn, team.dimas.id, 2)]

    done = await database.write(unit)

    assert done[0][0] == "erasure asked"
    assert done[1] == ("case known", CODE)
