"""Every open case has an owner who may have it: handed over, kept out, outside, left behind."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from conversations.concerns.case import Outcome
from conversations.concerns.event import CaseKnown, ClosingAsked, Excluded, HandedOver
from conversations.dialogue import Person
from conversations.event import StaffLinked, TaskChanged, TaskOpened
from conversations.level import Level
from conversations.message import Message, Priority
from storage import handing, people, schema, staff, tasks
from storage.adding import add
from storage.database import Database
from storage.handing import Handed, ImpossibleStep
from tests.storage.builders import (
    DAY,
    HOUR,
    NOW,
    a_caregiver,
    a_member,
    a_seat,
    a_task,
    count,
    known,
)
from tests.storage.case_builders import (
    CODE,
    OTHER,
    Team,
    a_case,
    a_visitor,
    does,
    looked_at,
    on_duty,
    out_of,
    owner_of,
    recorded,
    rung,
    the_case,
    told,
)

LATER = NOW + HOUR


def blocks(conn: Connection, address: str) -> None:
    blocked = update(schema.addresses).where(schema.addresses.c.address == address)
    conn.execute(blocked.values(blocked_at=NOW))


def leaves(conn: Connection, person: Person) -> Handed:
    return known(staff.remove(conn, known(staff.of_person(conn, person.id)), LATER))


async def test_a_case_handed_over_is_taken_anew_by_the_new_owner_who_is_called(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, TaskChanged(CODE, "accepted"), TaskChanged(CODE, "noted", "x"))
        does(conn, team.dimas, HandedOver(CODE, team.ayu.id, "cuti"), now=LATER)
        task = the_case(conn).task
        fresh = (task.accepted_at, task.acted_at)
        return task.owner == team.ayu.id, fresh, rung(conn) == [team.ayu.id], looked_at(conn)

    assert await database.write(unit) == (True, (None, None), True, LATER)


async def test_without_a_name_whoever_is_on_duty_has_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, list[str]]:
        team = Team(conn)
        on_duty(conn, team.dimas, team.rina)
        a_case(conn, team.dimas)
        does(conn, team.dimas, HandedOver(CODE, None))
        return owner_of(conn) == team.rina.id, recorded(conn)

    assert await database.write(unit) == (True, ["case handed over"])


async def test_a_case_goes_to_nobody_who_may_not_have_it(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        team, rini = Team(conn), a_visitor(conn)
        organiser = a_member(conn, "Pak Org", "805", role="organiser")
        siti = a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, team.dimas, Excluded(CODE, team.ayu.id))
        for person in (rini, organiser, siti, team.ayu, team.luh):
            with pytest.raises(ImpossibleStep):
                does(conn, team.dimas, HandedOver(CODE, person.id))
        return [owner_of(conn) == team.dimas.id]

    assert await database.write(unit) == [True]


async def test_a_task_is_never_an_organisers_who_could_not_even_see_it(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        team, organiser = Team(conn), a_member(conn, "Pak Org", "805", role="organiser")
        a_task(conn, a_caregiver(conn), OTHER, kind="voice", owner=team.dimas.id)
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, HandedOver(OTHER, organiser.id))
        return owner_of(conn, OTHER) == team.dimas.id

    assert await database.write(unit)


async def test_a_visit_may_be_another_cadres(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, ...]:
        team, rini, sum_ = Team(conn), a_visitor(conn), a_visitor(conn, "Sum", "701")
        a_task(conn, a_caregiver(conn), CODE, kind="visit", level=Level.KUNING, owner=rini.id)
        handing.hand_over(conn, CODE, sum_.id, "", team.rina.id, NOW)
        return (owner_of(conn) == sum_.id,)

    assert await database.write(unit) == (True,)


@pytest.mark.parametrize("kind", ["voice", "person_wanted", "erasure", "message"])
async def test_what_is_no_visit_is_never_a_cadres(database: Database, kind: str) -> None:
    def unit(conn: Connection) -> bool:
        team, rini = Team(conn), a_visitor(conn)
        a_task(conn, a_caregiver(conn), OTHER, kind=kind, owner=team.dimas.id)
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, HandedOver(OTHER, rini.id))
        return owner_of(conn, OTHER) == team.dimas.id

    assert await database.write(unit)


async def test_who_is_kept_out_loses_it_at_once_and_is_not_called_any_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.rina, HandedOver(CODE, team.ayu.id))
        does(conn, team.rina, Excluded(CODE, team.ayu.id))
        hers = tasks.open_for(conn, None, 9, viewer=team.ayu)
        return (
            owner_of(conn) == team.dimas.id,
            rung(conn) == [team.dimas.id],
            out_of(conn) == {team.ayu.id},
            hers,
            recorded(conn)[-1],
        )

    assert await database.write(unit) == (True, True, True, (), "kept out")


async def test_keeping_out_withdraws_the_closing_she_asked_for(database: Database) -> None:
    def unit(conn: Connection) -> object:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, "x"))
        does(conn, team.rina, Excluded(CODE, team.dimas.id))
        return conn.execute(select(schema.cases.c.closing_at)).scalar()

    assert await database.write(unit) is None


async def test_where_all_of_staff_are_kept_out_a_focal_person_has_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team = Team(conn)
        a_case(conn, team.dimas)
        everybody = (team.ayu, team.rina, team.dimas)
        does(conn, team.rina, *(Excluded(CODE, one.id) for one in everybody))
        return owner_of(conn) == team.luh.id, rung(conn)[-1] == team.luh.id

    assert await database.write(unit) == (True, True)


async def test_the_last_person_is_not_kept_out(database: Database) -> None:
    def prepare(conn: Connection) -> Person:
        dimas = a_member(conn)
        a_case(conn, dimas)
        return dimas

    dimas = await database.write(prepare)

    with pytest.raises(ImpossibleStep, match="nobody"):
        await database.write(lambda conn: does(conn, dimas, Excluded(CODE, dimas.id)))
    assert await database.read(out_of) == frozenset()


async def test_what_is_about_staff_goes_to_the_focal_person_and_staff_lose_sight_of_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, team.rina, HandedOver(CODE, team.ayu.id))
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        seen = [
            len(tasks.open_for(conn, None, 9, viewer=one))
            for one in (team.dimas, team.ayu, team.rina, team.luh)
        ]
        return owner_of(conn) == team.luh.id, rung(conn) == [team.luh.id], seen

    assert await database.write(unit) == (True, True, [0, 0, 0, 1])


async def test_without_a_focal_person_a_coordinator_has_what_is_about_staff(
    database: Database,
) -> None:
    def unit(conn: Connection) -> bool:
        dimas = a_member(conn)
        rina = a_member(conn, "Rina", "803", role="coordinator")
        siti = a_caregiver(conn)
        a_case(conn, dimas, about=siti)
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        return owner_of(conn) == rina.id

    assert await database.write(unit)


async def test_the_closing_of_what_is_outside_is_asked_of_another_focal_person(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], list[str]]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        does(conn, team.luh, ClosingAsked(CODE, Outcome.DONE, "x"))
        alone = told(conn, team.rina)
        made = a_member(conn, "Pak Made", "806", role="focal")
        does(conn, team.luh, ClosingAsked(CODE, Outcome.DONE, "x"), now=LATER)
        return alone, told(conn, team.rina), told(conn, made)

    asked = f"staff.closing.asked:{CODE}"

    assert await database.write(unit) == ([asked], [asked], [asked])


async def test_who_leaves_hands_over_all_and_the_heirs_are_called(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas, ayu = a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")
        siti = a_caregiver(conn)
        a_case(conn, dimas, CODE, about=siti)
        a_case(conn, dimas, OTHER, Level.KUNING, about=siti)
        a_task(conn, siti, "C", kind="voice", level=Level.HIJAU, owner=dimas.id)
        handed = leaves(conn, dimas)
        owners = {owner_of(conn, code) for code in (CODE, OTHER, "C")}
        return (
            handed,
            owners == {ayu.id},
            rung(conn) == [ayu.id],
            rung(conn, OTHER),
            told(conn, ayu),
            recorded(conn),
        )

    assert await database.write(unit) == (
        Handed((CODE, OTHER, "C")),
        True,
        True,
        [],
        ["staff.handed:2"],
        ["case handed over"],
    )


async def test_when_the_last_one_goes_cases_wait_for_the_next_who_is_called(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas = a_member(conn, "Dimas", "1")
        a_case(conn, dimas)
        handed = leaves(conn, dimas)
        nobody = owner_of(conn)
        account = known(staff.by_code(conn, staff.add(conn, "Ayu", "staff", NOW), NOW))
        ayu = a_seat(conn, "2")
        does(conn, ayu.person, StaffLinked(account))
        return handed, nobody, owner_of(conn) == ayu.person.id, rung(conn) == [ayu.person.id]

    assert await database.write(unit) == (Handed((), (CODE,)), None, True, True)


async def test_all_of_a_leaving_cadre_goes_to_one_colleague_except_what_she_may_not_have(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team, rini = Team(conn), a_visitor(conn)
        siti = a_caregiver(conn)
        a_task(conn, siti, "A", kind="visit", level=Level.KUNING, owner=rini.id)
        a_task(conn, team.ayu, "B", kind="visit", level=Level.KUNING, owner=rini.id)
        handing.hand_over_all(conn, rini.id, NOW, to=team.ayu.id, by=team.rina.id)
        return owner_of(conn, "A") == team.ayu.id, owner_of(conn, "B") == team.ayu.id

    assert await database.write(unit) == (True, False)


async def test_a_case_of_somebody_who_blocked_the_bot_goes_to_another_when_a_call_is_due(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas, ayu = a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")
        a_case(conn, dimas)
        reached = handing.relieve(conn, CODE, NOW)
        blocks(conn, "1")
        relieved = handing.relieve(conn, CODE, NOW)
        hers = owner_of(conn) == ayu.id
        blocks(conn, "2")
        return reached, relieved, hers, handing.relieve(conn, CODE, NOW)

    assert await database.write(unit) == (False, True, True, False)


async def test_a_quiet_concern_that_names_its_would_be_owner_goes_to_another(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team = Team(conn)
        event = TaskOpened(
            CODE,
            "concern",
            Level.KUNING,
            NOW + DAY,
            "reason.words",
            owner=team.dimas.id,
            excluded=(team.dimas.id,),
        )
        does(conn, a_caregiver(conn), event)
        return owner_of(conn) == team.dimas.id, owner_of(conn) is None

    assert await database.write(unit) == (False, False)


async def test_closing_forgets_the_ladder_of_a_task(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, int]:
        a_task(conn, None, "A", kind="voice")
        before = looked_at(conn, "A")
        tasks.change(conn, "A", None, tasks.CLOSED, "", NOW)
        return before is not None, count(conn, schema.due)

    assert await database.write(unit) == (True, 0)


async def test_a_removed_member_is_on_duty_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        dimas = a_member(conn)
        on_duty(conn, dimas)
        leaves(conn, dimas)
        cancelled = conn.execute(select(schema.shifts.c.cancelled_at)).scalars().all()
        ended = conn.execute(select(schema.duties.c.ended_at)).scalars().all()
        return None in cancelled, None in ended

    assert await database.write(unit) == (False, False)


async def test_an_alert_that_left_is_not_taken_back_from_the_record(database: Database) -> None:
    """Only what still waits is silenced."""

    def unit(conn: Connection) -> list[str]:
        team = Team(conn)
        a_case(conn, team.dimas)
        address = known(people.reachable(conn, team.ayu.id))[0]
        for key in ("sent", "waiting"):
            add(
                conn,
                address_id=address,
                person_id=team.ayu.id,
                message=Message("MERAH"),
                dedupe_key=f"alert:{CODE}:{key}:{team.ayu.id}",
                priority=Priority.ALARM,
                purpose="alert",
                not_before=NOW,
                expires_at=None,
                now=NOW,
            )
        sent = update(schema.outbox).where(schema.outbox.c.dedupe_key.like("%sent%"))
        conn.execute(sent.values(status="sent"))
        does(conn, team.rina, Excluded(CODE, team.ayu.id))
        rows = select(schema.outbox.c.status).where(schema.outbox.c.purpose == "alert")
        return sorted(conn.execute(rows).scalars())

    assert await database.write(unit) == ["excluded", "sent"]


async def test_what_is_outside_goes_to_another_focal_person_or_a_coordinator_only(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, siti, CaseKnown(CODE, {"outside": True}))
        for person in (team.dimas, a_visitor(conn)):
            with pytest.raises(ImpossibleStep):
                does(conn, team.luh, HandedOver(CODE, person.id))
        kept = owner_of(conn) == team.luh.id
        does(conn, team.luh, HandedOver(CODE, team.rina.id))
        return kept, owner_of(conn) == team.rina.id

    assert await database.write(unit) == (True, True)
