"""Whom a concern is about never learns of it: later words, merged cases, visits, whoever joins; and
nobody closes alone what was urgent."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, select

from conversations.concerns.case import Outcome
from conversations.concerns.event import (
    CaseKnown,
    CaseMerged,
    ClosingAsked,
    Excluded,
    LevelSet,
    VisitAsked,
)
from conversations.event import TaskExtended
from conversations.level import Level
from conversations.permission import Act, may
from storage import alerts, handing, schema, tasks
from storage.database import Database
from tests.storage.builders import DAY, NOW, a_caregiver, a_member, known
from tests.storage.case_builders import (
    CODE,
    OTHER,
    Team,
    a_case,
    a_visitor,
    does,
    done,
    on_duty,
    out_of,
    owner_of,
    recorded,
    rung,
    the_case,
)

VISIT = "JBR-26-0009"


async def test_whoever_is_named_in_later_words_loses_the_case_to_somebody_else(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        on_duty(conn, team.dimas, team.ayu)
        a_case(conn, team.dimas, about=siti)
        does(conn, siti, TaskExtended(CODE, "mas Dimas yang memukul", excluded=(team.dimas.id,)))
        task = known(tasks.by_code(conn, CODE))
        return (
            out_of(conn) == {team.dimas.id},
            owner_of(conn) == team.ayu.id,
            rung(conn) == [team.ayu.id],
            may(team.dimas, Act.READ_TASK, task),
        )

    assert await database.write(unit) == (True, True, True, False)


async def test_later_words_about_the_last_one_left_are_kept_and_she_still_sees_nothing(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas, siti = a_member(conn), a_caregiver(conn)
        a_case(conn, dimas, about=siti)
        does(conn, siti, TaskExtended(CODE, "Mas Dimas yang memukul", excluded=(dimas.id,)))
        task = known(tasks.by_code(conn, CODE))
        return "yang memukul" in task.content, may(dimas, Act.READ_TASK, task), rung(conn)

    assert await database.write(unit) == (True, False, [])


async def test_later_words_in_a_closed_case_keep_out_whom_they_name(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.ayu, about=siti)
        tasks.change(conn, CODE, team.ayu.id, tasks.CLOSED, "aman", NOW)
        does(conn, siti, TaskExtended(CODE, "mas Dimas", excluded=(team.dimas.id,)))
        return out_of(conn) == {team.dimas.id}

    assert await database.write(unit)


async def test_what_is_outside_is_so_in_every_case_it_was_merged_with(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        a_case(conn, team.dimas, OTHER, about=siti)
        does(conn, team.dimas, CaseMerged(CODE, OTHER))
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        return (
            the_case(conn).task.outside,
            the_case(conn, OTHER).task.outside,
            owner_of(conn, OTHER) == team.luh.id,
        )

    assert await database.write(unit) == (True, True, True)


async def test_whoever_is_kept_out_after_merging_reads_the_closed_half_no_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> bool:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        a_case(conn, team.dimas, OTHER, about=siti)
        does(conn, team.dimas, CaseMerged(CODE, OTHER))
        does(conn, team.rina, Excluded(OTHER, team.ayu.id))
        return may(team.ayu, Act.READ_TASK, known(tasks.by_code(conn, CODE)))

    assert await database.write(unit) is False


@pytest.mark.parametrize("wish", ["hide_name", "outside"])
async def test_a_wish_that_holds_for_merged_cases_is_on_the_record_of_each(
    database: Database, wish: str
) -> None:
    def unit(conn: Connection) -> str:
        team, siti = Team(conn), a_caregiver(conn)
        for code in (CODE, OTHER):
            a_case(conn, team.dimas, code, about=siti)
        does(conn, team.dimas, CaseMerged(CODE, OTHER))
        does(conn, siti, CaseKnown(CODE, {wish: True}))
        return recorded(conn, OTHER)[-1]

    assert await database.write(unit) == "case known"


async def test_a_name_that_is_not_to_be_told_is_not_told_after_merging_either(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team, siti = Team(conn), a_caregiver(conn)
        for code in (CODE, OTHER):
            a_case(conn, team.dimas, code, about=siti)
        does(conn, siti, CaseKnown(CODE, {"hide_name": True}))
        does(conn, team.dimas, CaseMerged(CODE, OTHER))
        before = the_case(conn, OTHER).hide_name
        third = "JBR-26-0003"
        a_case(conn, team.dimas, third, about=siti)
        does(conn, team.dimas, CaseMerged(OTHER, third))
        return before, the_case(conn, third).hide_name

    assert await database.write(unit) == (True, True)


async def test_a_wish_after_merging_holds_for_the_case_that_goes_on(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, str]:
        team, siti = Team(conn), a_caregiver(conn)
        for code in (CODE, OTHER):
            a_case(conn, team.dimas, code, about=siti)
        does(conn, team.dimas, CaseMerged(CODE, OTHER))
        does(conn, siti, CaseKnown(CODE, {"hide_name": True, "may_call": "boleh"}))
        return the_case(conn, OTHER).hide_name, the_case(conn, OTHER).may_call

    assert await database.write(unit) == (True, "")


async def test_only_those_outside_hear_that_one_of_them_took_what_is_about_us(
    database: Database,
) -> None:
    def unit(conn: Connection) -> bool:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        for person in (team.dimas, team.ayu, team.rina, team.luh):
            alerts.record(conn, CODE, person.id, 0, NOW)
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        return set(alerts.called(conn, CODE)) == {team.rina.id, team.luh.id}

    assert await database.write(unit)


async def test_a_cadre_who_is_kept_out_does_not_go_on_with_her_visit(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team, siti = Team(conn), a_caregiver(conn)
        rini, lilik = a_visitor(conn), a_visitor(conn, "Lilik", "701")
        a_case(conn, team.dimas, about=siti)
        for visit, cadre in ((VISIT, rini), ("JBR-26-0010", lilik)):
            does(conn, team.dimas, VisitAsked(CODE, visit, cadre.id, NOW + DAY, ""))
        does(conn, team.dimas, Excluded(CODE, rini.id))
        over = [known(tasks.by_code(conn, one)).closed_at for one in (VISIT, "JBR-26-0010")]
        return over[0] is not None, over[1] is not None

    assert await database.write(unit) == (True, False)


async def test_nobody_is_sent_to_look_in_on_what_turns_out_to_be_about_us(
    database: Database,
) -> None:
    def unit(conn: Connection) -> bool:
        team, siti, rini = Team(conn), a_caregiver(conn), a_visitor(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, team.dimas, VisitAsked(CODE, VISIT, rini.id, NOW + DAY, ""))
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        return known(tasks.by_code(conn, VISIT)).closed_at is not None

    assert await database.write(unit)


async def test_whoever_is_kept_out_is_not_called_when_nobody_else_is_there_to_have_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas, siti = a_member(conn), a_caregiver(conn)
        a_case(conn, None, about=siti)
        conn.execute(
            insert(schema.case_exclusions),
            {"code": CODE, "person_id": dimas.id, "by_id": None, "at": NOW},
        )
        conn.execute(schema.tasks.update().values(owner_id=None))
        handing.adopt_orphans(conn, 10, NOW)
        return rung(conn), owner_of(conn) == dimas.id

    assert await database.write(unit) == ([], True)


async def test_the_note_of_an_exclusion_by_later_words_names_no_reporter_as_its_author(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[object]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.ayu, about=siti, level=Level.KUNING)
        does(conn, siti, TaskExtended(CODE, "mas Dimas", excluded=(team.dimas.id,)))
        assert "excluded" in done(conn)
        who = select(schema.task_notes.c.by_id).where(schema.task_notes.c.action == "excluded")
        return list(conn.execute(who).scalars())

    assert await database.write(unit) == [None]


async def test_what_was_urgent_is_not_closed_by_one_person_who_lowers_it_first(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        a_case(conn, team.dimas, OTHER, about=siti, level=Level.KUNING)
        for code in (CODE, OTHER):
            does(conn, team.dimas, LevelSet(code, Level.HIJAU, "salah paham"))
            does(conn, team.dimas, ClosingAsked(code, Outcome.NO_DANGER, "aman"))
        seen = the_case(conn).was_urgent, the_case(conn, OTHER).was_urgent
        closed = [known(tasks.by_code(conn, code)).closed_at for code in (CODE, OTHER)]
        return *seen, closed[0] is not None, closed[1] is not None

    assert await database.write(unit) == (True, False, False, True)
