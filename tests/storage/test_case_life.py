"""A case lives: acted upon, planned, closed with approval, reopened, merged, linked, raised."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from conversations.concerns.case import (
    Agency,
    ContactId,
    Outcome,
    ReferralId,
    ReferralState,
    Stage,
)
from conversations.concerns.event import (
    Acted,
    CaseKnown,
    CaseLinked,
    CaseMerged,
    CaseReopened,
    ClosingAsked,
    ClosingDecided,
    Excluded,
    LevelRaised,
    LevelSet,
    NextAction,
    ReferralAnswered,
    Referred,
    StageReached,
    VisitAsked,
)
from conversations.dialogue import Event
from conversations.duty.opening import DEADLINES
from conversations.event import TaskChanged
from conversations.level import Level
from conversations.message import Message, Priority
from storage import audit, cases, directory, people, schema, staff, tasks
from storage.adding import add
from storage.database import Database
from storage.directory import NewOffice
from storage.handing import ImpossibleStep
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_caregiver, a_task, known
from tests.storage.case_builders import (
    CODE,
    OTHER,
    Team,
    a_case,
    a_visitor,
    does,
    done,
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


async def test_the_first_action_after_taking_is_kept_and_later_ones_change_it_no_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[object]:
        team = Team(conn)
        a_case(conn, team.dimas)
        found: list[object] = []
        for event, now in (
            (TaskChanged(CODE, "accepted"), NOW),
            (Acted(CODE, "menelepon UPTD"), LATER),
            (TaskChanged(CODE, "noted", "besok lagi"), LATER + MINUTE),
        ):
            does(conn, team.dimas, event, now=now)
            found.append(the_case(conn).task.acted_at)
        return found

    assert await database.write(unit) == [None, LATER, LATER]


@pytest.mark.parametrize(
    "event",
    [
        TaskChanged(CODE, "noted", "x"),
        TaskChanged(CODE, "answered", "x"),
        StageReached(CODE, Stage.ASESMEN),
        NextAction(CODE, "telepon nenek", NOW + DAY),
    ],
)
async def test_each_thing_that_staff_do_is_a_first_action(database: Database, event: Event) -> None:
    def unit(conn: Connection) -> object:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, TaskChanged(CODE, "accepted"), event, now=LATER)
        return the_case(conn).task.acted_at

    assert await database.write(unit) == LATER


async def test_a_word_of_the_reporter_is_no_action_of_staff(database: Database) -> None:
    def unit(conn: Connection) -> object:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, team.dimas, TaskChanged(CODE, "accepted"))
        does(conn, siti, TaskChanged(CODE, "noted", "bahaya: bukan"))
        return the_case(conn).task.acted_at

    assert await database.write(unit) is None


async def test_who_acts_on_an_untaken_case_has_taken_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.ayu, Acted(CODE, "sudah di sana"), now=LATER)
        case = the_case(conn)
        return case.task.owner == team.ayu.id, case.task.accepted_at, case.task.acted_at

    assert await database.write(unit) == (True, LATER, LATER)


async def test_a_stage_is_reached_and_the_last_one_only_by_closing(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, list[str], list[str]]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, StageReached(CODE, Stage.RENCANA))
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, StageReached(CODE, Stage.PENUTUPAN))
        return the_case(conn).stage, done(conn), recorded(conn)

    stage, notes, record = await database.write(unit)

    assert stage is Stage.RENCANA
    assert notes == ["told", "stage"]
    assert record == ["case stage"]


async def test_the_next_action_is_the_new_deadline_sealed_and_watched(database: Database) -> None:
    at = NOW + 2 * DAY

    def unit(conn: Connection) -> tuple[object, bytes, object]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, NextAction(CODE, "telepon nenek", at))
        stored = conn.execute(select(schema.cases.c.next_action)).scalar_one()
        return the_case(conn), bytes(stored), looked_at(conn)

    case, stored, look = await database.write(unit)

    assert (case.next_action, case.next_at, case.task.due_at) == ("telepon nenek", at, at)  # type: ignore[attr-defined]
    assert b"nenek" not in stored
    assert look == NOW


@pytest.mark.parametrize("level", [Level.MERAH, Level.ORANYE])
async def test_an_urgent_case_waits_for_a_coordinator_who_hears_only_its_code(
    database: Database, level: Level
) -> None:
    def unit(conn: Connection) -> tuple[object, list[str], list[str], tuple[object, ...]]:
        team = Team(conn)
        a_case(conn, team.dimas, level=level)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.NO_DANGER, "anak di rumah nenek"))
        waiting = cases.StoredCases(conn, NOW, team.rina.tz, team.rina).to_approve(9)
        hers = cases.StoredCases(conn, NOW, team.dimas.tz, team.dimas).to_approve(9)
        return the_case(conn), told(conn, team.rina), recorded(conn), (len(waiting), len(hers))

    case, heard, record, lists = await database.write(unit)

    assert case.task.closed_at is None  # type: ignore[attr-defined]
    assert case.outcome is Outcome.NO_DANGER  # type: ignore[attr-defined]
    assert heard == [f"staff.closing.asked:{CODE}"]
    assert record == ["closing asked"]
    assert lists == (1, 0)


async def test_what_is_not_urgent_is_closed_at_once_and_watched_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object, list[str]]:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.PRANK, ""), now=LATER)
        return the_case(conn), looked_at(conn), recorded(conn)

    case, look, record = await database.write(unit)

    assert case.task.closed_at == LATER  # type: ignore[attr-defined]
    assert (case.stage, case.outcome) == (Stage.PENUTUPAN, Outcome.PRANK)  # type: ignore[attr-defined]
    assert look is None
    assert record == ["case closed"]


async def test_closing_an_urgent_case_as_a_task_asks_for_approval_too(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, bool]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, TaskChanged(CODE, "closed", "aman"))
        case = the_case(conn)
        return case.task.closed_at, case.closing_by == team.dimas.id

    assert await database.write(unit) == (None, True)


async def test_a_coordinator_approves_and_whoever_asked_hears_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, "selesai"))
        does(conn, team.rina, ClosingDecided(CODE, True), now=LATER)
        row = conn.execute(select(schema.cases)).one()
        closed = the_case(conn).task.closed_at
        return closed, row.approved_by == team.rina.id, row.approved_at, told(conn, team.dimas)

    assert await database.write(unit) == (
        LATER,
        True,
        LATER,
        [f"staff.closing.approved:{CODE}"],
    )


async def test_a_coordinator_sends_it_back_with_a_word(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, list[str], str]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, "selesai"))
        does(conn, team.rina, ClosingDecided(CODE, False, "temui anaknya dulu"))
        return the_case(conn), told(conn, team.dimas), cases.history(conn, CODE, 9)[-1].text

    case, heard, word = await database.write(unit)

    assert (case.task.closed_at, case.closing_by, case.outcome) == (None, None, None)  # type: ignore[attr-defined]
    assert heard == [f"staff.closing.returned:{CODE}"]
    assert word == "temui anaknya dulu"


async def test_nobody_approves_what_she_asked_for_and_nothing_is_approved_unasked(
    database: Database,
) -> None:
    def unit(conn: Connection) -> object:
        team = Team(conn)
        a_case(conn, team.rina)
        with pytest.raises(ImpossibleStep):
            does(conn, team.rina, ClosingDecided(CODE, True))
        does(conn, team.rina, ClosingAsked(CODE, Outcome.DONE, "selesai"))
        with pytest.raises(ImpossibleStep):
            does(conn, team.rina, ClosingDecided(CODE, True))
        return the_case(conn).task.closed_at

    assert await database.write(unit) is None


async def test_a_duplicate_is_closed_by_merging_only(database: Database) -> None:
    def unit(conn: Connection) -> None:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DUPLICATE, ""))

    with pytest.raises(ImpossibleStep):
        await database.write(unit)


@pytest.mark.parametrize(
    "event",
    [
        Acted(CODE, "x"),
        StageReached(CODE, Stage.ASESMEN),
        NextAction(CODE, "x", NOW + DAY),
        ClosingAsked(CODE, Outcome.DONE, "x"),
        ClosingDecided(CODE, True),
        LevelSet(CODE, Level.MERAH),
        CaseMerged(CODE, OTHER),
        CaseMerged(OTHER, CODE),
    ],
)
async def test_a_closed_case_changes_no_more_and_the_turn_is_undone(
    database: Database, event: Event
) -> None:
    def prepare(conn: Connection) -> Team:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        a_case(conn, team.dimas, OTHER, about=a_caregiver(conn))
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, ""))
        return team

    team = await database.write(prepare)

    with pytest.raises(ImpossibleStep):
        await database.write(lambda conn: does(conn, team.rina, event))
    assert await database.read(done) == ["told", "closed"]
    assert await database.read(lambda conn: recorded(conn)) == ["case closed"]


async def test_a_reopened_case_begins_anew_and_its_owner_is_called(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        does(
            conn,
            team.dimas,
            TaskChanged(CODE, "accepted"),
            NextAction(CODE, "x", NOW + 9 * DAY),
            ClosingAsked(CODE, Outcome.DONE, ""),
        )
        does(conn, team.rina, CaseReopened(CODE, "datang lagi"), now=LATER)
        case = the_case(conn)
        task = case.task
        begun = (task.closed_at, task.accepted_at, task.acted_at, case.outcome, case.next_at)
        owned = task.owner == team.dimas.id and rung(conn) == [team.dimas.id]
        return begun, case.stage, task.due_at, owned, looked_at(conn)

    begun, stage, due_at, owned, look = await database.write(unit)

    assert begun == (None,) * 5
    assert stage is Stage.ASESMEN
    assert due_at == LATER + DEADLINES[Level.KUNING]
    assert owned
    assert look == LATER


async def test_an_open_case_is_not_reopened(database: Database) -> None:
    def unit(conn: Connection) -> None:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.rina, CaseReopened(CODE, "x"))

    with pytest.raises(ImpossibleStep):
        await database.write(unit)


async def test_a_merged_case_is_closed_and_its_words_are_read_from_the_other(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, object, list[tuple[str, str]], list[str]]:
        team = Team(conn)
        siti, tuni = a_caregiver(conn), a_caregiver(conn, "63", name="Tuni")
        a_case(conn, team.dimas, about=siti, content="Adi dipukul", level=Level.MERAH)
        a_case(conn, team.ayu, OTHER, Level.KUNING, about=tuni, content="Adi lebam")
        does(conn, team.rina, CaseMerged(CODE, OTHER))
        words = [(one.code, one.text) for one in cases.history(conn, OTHER, 99)]
        return the_case(conn), the_case(conn, OTHER), words, recorded(conn)

    this, other, words, record = await database.write(unit)

    assert this.task.closed_at == NOW  # type: ignore[attr-defined]
    assert (this.outcome, this.merged_into) == (Outcome.DUPLICATE, OTHER)  # type: ignore[attr-defined]
    assert other.task.closed_at is None  # type: ignore[attr-defined]
    assert other.task.level is Level.MERAH  # type: ignore[attr-defined]
    assert {(CODE, "Adi dipukul"), (OTHER, "Adi lebam")} <= set(words)
    assert record == ["case merged"]


async def test_who_is_kept_out_of_one_is_kept_out_of_both_after_merging(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team = Team(conn)
        a_case(conn, team.dimas)
        a_case(conn, team.ayu, OTHER, about=a_caregiver(conn))
        does(conn, team.rina, Excluded(CODE, team.ayu.id), CaseMerged(CODE, OTHER))
        return out_of(conn, OTHER) == {team.ayu.id}, owner_of(conn, OTHER) == team.ayu.id

    assert await database.write(unit) == (True, False)


async def test_a_case_is_not_merged_with_itself_nor_across_the_wall_around_staff(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        team = Team(conn)
        a_case(conn, team.dimas)
        a_case(conn, team.ayu, OTHER, about=a_caregiver(conn))
        with pytest.raises(ImpossibleStep):
            does(conn, team.rina, CaseMerged(CODE, CODE))
        does(conn, a_caregiver(conn), CaseKnown(OTHER, {"outside": True}))
        with pytest.raises(ImpossibleStep):
            does(conn, team.rina, CaseMerged(CODE, OTHER))

    await database.write(unit)


async def test_links_show_the_whole_group_however_they_were_made(database: Database) -> None:
    third = "JBR-26-0003"

    def unit(conn: Connection) -> list[tuple[str, ...]]:
        team, siti = Team(conn), a_caregiver(conn)
        for code in (CODE, OTHER, third):
            a_case(conn, team.dimas, code, about=siti)
        does(conn, team.dimas, CaseLinked(CODE, OTHER), CaseLinked(third, OTHER))
        does(conn, team.dimas, CaseLinked(OTHER, CODE))
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, CaseLinked(CODE, CODE))
        return [the_case(conn, code).links for code in (CODE, OTHER, third)]

    assert await database.write(unit) == [(OTHER, third), (CODE, third), (CODE, OTHER)]


async def test_what_becomes_more_urgent_rings_at_once_and_is_to_be_taken_anew(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING, due_at=NOW + 3 * DAY)
        on_duty(conn, team.ayu)
        does(conn, team.dimas, TaskChanged(CODE, "accepted"))
        does(conn, a_caregiver(conn), LevelRaised(CODE, Level.MERAH, "neglect"), now=LATER)
        task = the_case(conn).task
        rings = rung(conn) == [team.dimas.id, team.ayu.id]
        return task.level, task.accepted_at, task.due_at, task.danger_class, rings, looked_at(conn)

    assert await database.write(unit) == (
        Level.MERAH,
        None,
        LATER + DEADLINES[Level.MERAH],
        "neglect",
        True,
        LATER,
    )


async def test_the_bot_never_lowers_and_a_known_class_stays(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        reporter = a_caregiver(conn)
        does(conn, reporter, LevelRaised(CODE, Level.KUNING, "neglect"))
        does(conn, reporter, LevelRaised(CODE, Level.MERAH, "missing"))
        task = the_case(conn).task
        return task.level, task.danger_class, rung(conn), recorded(conn)

    assert await database.write(unit) == (Level.MERAH, "neglect", [], [])


async def test_a_follow_up_becomes_a_case_when_it_becomes_urgent(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        team, siti = Team(conn), a_caregiver(conn)
        a_task(conn, siti, CODE, kind="followup", level=Level.KUNING, owner=team.dimas.id)
        before = tasks.is_open_case(conn, CODE)
        does(conn, siti, LevelRaised(CODE, Level.ORANYE))
        return before, tasks.is_open_case(conn, CODE)

    assert await database.write(unit) == (False, True)


async def test_a_human_lowers_a_level_with_a_reason_and_the_taking_stays(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, TaskChanged(CODE, "accepted"))
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, LevelSet(CODE, Level.KUNING, " "))
        does(conn, team.dimas, LevelSet(CODE, Level.KUNING, "sudah ditemui"))
        task = the_case(conn).task
        return task.level, task.accepted, task.due_at, recorded(conn)[-1]

    assert await database.write(unit) == (
        Level.KUNING,
        True,
        NOW + DEADLINES[Level.KUNING],
        "level set",
    )


async def test_a_visit_is_the_cadres_own_task_and_says_nothing_of_the_case(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        rini = a_visitor(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, team.dimas, VisitAsked(CODE, OTHER, rini.id, NOW + DAY))
        visit = known(tasks.by_code(conn, OTHER))
        link = cases.StoredCases(conn, NOW, rini.tz).visited_for(OTHER)
        seen = [one.text for one in cases.history(conn, OTHER, 9)]
        return visit.owner == rini.id, visit.content, visit.reason, link, seen, done(conn)

    assert await database.write(unit) == (
        True,
        "",
        "reason.visit",
        CODE,
        [],
        ["told", "visit"],
    )


async def test_a_cadre_who_is_kept_out_or_is_none_is_asked_for_no_visit(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        team = Team(conn)
        rini = a_visitor(conn)
        a_case(conn, team.dimas)
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, VisitAsked(CODE, OTHER, team.ayu.id, NOW + DAY))
        does(conn, team.dimas, Excluded(CODE, rini.id))
        with pytest.raises(ImpossibleStep):
            does(conn, team.dimas, VisitAsked(CODE, "X", rini.id, NOW + DAY))

    await database.write(unit)


async def test_what_the_reporter_wishes_is_kept_also_when_it_is_closed(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, level=Level.KUNING, about=siti)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, ""))
        wishes = {"hide_name": True, "safe": "belum", "may_call": "jangan", "outside": False}
        does(conn, siti, CaseKnown(CODE, wishes))
        case = the_case(conn)
        return case.hide_name, case.safe, case.may_call, case.task.outside

    assert await database.write(unit) == (True, "belum", "jangan", False)


async def test_every_step_is_on_record_with_who_and_by_which_channel(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, str]]:
        team = Team(conn)
        a_case(conn, team.dimas)
        does(conn, team.dimas, Acted(CODE, "rahasia besar"))
        return [(one.actor, one.channel, one.reason) for one in audit.latest(conn, 1)] + [
            (audit.person(team.dimas.id), "telegram", "")
        ]

    entry, expected = await database.write(unit)

    assert entry == expected


async def test_whom_the_turn_calls_too_hears_of_a_higher_level_once(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        address = known(people.reachable(conn, team.dimas.id))[0]
        does(conn, a_caregiver(conn), LevelRaised(CODE, Level.MERAH))
        add(
            conn,
            address_id=address,
            person_id=team.dimas.id,
            message=Message("MERAH"),
            dedupe_key=f"alert:{CODE}:merah:{team.dimas.id}",
            priority=Priority.ALARM,
            purpose="alert",
            not_before=NOW,
            expires_at=None,
            now=NOW,
        )
        does(conn, team.rina, LevelSet(CODE, Level.KUNING, "keliru"))
        does(conn, a_caregiver(conn), LevelRaised(CODE, Level.MERAH), now=LATER)
        return [person == team.dimas.id for person in rung(conn)]

    hers = [mine for mine in await database.write(unit) if mine]

    assert len(hers) == 2


async def test_a_reopened_case_of_somebody_who_left_gets_another_owner(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        team = Team(conn)
        a_case(conn, team.dimas, level=Level.KUNING)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.DONE, ""))
        staff.remove(conn, known(staff.of_person(conn, team.dimas.id)), NOW)
        does(conn, team.rina, CaseReopened(CODE, "x"))
        return owner_of(conn) == team.ayu.id and rung(conn) == [team.ayu.id]

    assert await database.write(unit)


async def test_only_a_case_is_linked_referred_or_reopened_and_only_to_a_known_office(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        a_task(conn, siti, OTHER, kind="voice", owner=team.dimas.id)
        for event in (
            CaseLinked(CODE, OTHER),
            Referred(CODE, ContactId(404)),
            Referred(OTHER, ContactId(404)),
            StageReached(OTHER, Stage.RENCANA),
            ReferralAnswered(ReferralId(404), ReferralState.DONE),
        ):
            with pytest.raises(ImpossibleStep):
                does(conn, team.dimas, event)
        return recorded(conn)

    assert await database.write(unit) == []


async def test_an_office_may_answer_after_the_case_was_closed(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], object]:
        team = Team(conn)
        office = directory.add(conn, NewOffice(Agency.SCHOOL, "SDN 1", phone="110"), NOW)
        a_case(conn, team.dimas, level=Level.KUNING)
        does(conn, team.dimas, Referred(CODE, office), ClosingAsked(CODE, Outcome.REFERRED, ""))
        [told] = cases.StoredCases(conn, NOW, team.dimas.tz).referrals(CODE)
        does(conn, team.dimas, ReferralAnswered(told.id, ReferralState.DONE))
        return done(conn), the_case(conn).task.closed_at

    notes, closed_at = await database.write(unit)

    assert notes == ["told", "referred", "closed", "referral_answered"]
    assert closed_at == NOW
