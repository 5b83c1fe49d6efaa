"""What a conversation may ask about cases: lists, history, offices, colleagues, telephones."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update

from conversations.concerns.case import Agency, Outcome, Phone, ReferralState, Stage
from conversations.concerns.event import (
    CaseKnown,
    ClosingAsked,
    Excluded,
    ReferralAnswered,
    Referred,
)
from conversations.dialogue import Role
from conversations.event import TaskExtended
from conversations.level import Level
from conversations.message import MediaId
from storage import colleagues, directory, helping, people, schema
from storage.cases import StoredCases
from storage.database import Database
from storage.directory import NewOffice
from tests.storage.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_caregiver,
    a_checkin,
    a_member,
    a_seat,
    a_task,
    known,
    without_phone,
)
from tests.storage.case_builders import CODE, OTHER, WIB, Team, a_case, a_visitor, does, recorded


def asked(conn: Connection, **more: Any) -> StoredCases:
    return StoredCases(conn, NOW, WIB, **more)


def an_office(conn: Connection, agency: Agency, name: str, **where: Any) -> int:
    return directory.add(conn, NewOffice(agency, name, phone="110", **where), NOW)


async def test_a_case_is_found_however_its_code_is_typed_and_without_what_was_said(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[object, object]:
        team = Team(conn)
        village = people.add_village(conn, "Ledokombo", "LDK")
        a_case(conn, team.dimas, about=a_caregiver(conn, village_id=village))
        case = known(asked(conn).case(" jbr-26-0001 "))
        return (case.task.content, case.stage, case.reporter_role, case.village_id), village

    found, village = await database.write(unit)

    assert found == ("", Stage.ADUAN, "caregiver", village)
    assert await database.read(lambda conn: asked(conn).case("JBR-26-0404")) is None


async def test_a_task_that_is_no_case_is_none(database: Database) -> None:
    def unit(conn: Connection) -> object:
        a_task(conn, a_caregiver(conn), CODE, kind="voice", level=Level.MERAH)
        return asked(conn).case(CODE)

    assert await database.write(unit) is None


async def test_owned_cases_are_open_and_the_most_urgent_first(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, "A", Level.KUNING, about=siti)
        a_case(conn, team.dimas, "B", Level.MERAH, about=siti)
        a_case(conn, team.dimas, "C", Level.KUNING, about=siti)
        a_case(conn, team.ayu, "D", about=siti)
        does(conn, team.dimas, ClosingAsked("C", Outcome.DONE, ""))
        return [one.code for one in asked(conn).owned(team.dimas.id, 9)]

    assert await database.write(unit) == ["B", "A"]


async def test_what_she_reported_is_hers_alone_newest_first_and_no_follow_up(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        team, siti, tuni = Team(conn), a_caregiver(conn), a_caregiver(conn, "63", name="Tuni")
        a_case(conn, team.dimas, "A", about=siti)
        a_case(conn, team.dimas, "B", Level.KUNING, about=siti)
        a_case(conn, team.dimas, "C", about=tuni)
        a_task(conn, siti, "D", kind="followup", level=Level.MERAH)
        old = update(schema.tasks).where(schema.tasks.c.code == "A")
        conn.execute(old.values(created_at=NOW - DAY))
        does(conn, team.dimas, ClosingAsked("B", Outcome.DONE, ""))
        both = asked(conn).reported_by(siti.id, NOW - DAY, 9)
        late = asked(conn).reported_by(siti.id, NOW - HOUR, 9)
        return [one.code for one in (*both, *late)]

    assert await database.write(unit) == ["B", "A", "B"]


async def test_closings_to_approve_hide_what_the_viewer_may_not_see(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        team, siti = Team(conn), a_caregiver(conn)
        for code in ("A", "B", "C"):
            a_case(conn, team.dimas, code, about=siti)
        does(conn, siti, CaseKnown("B", {"outside": True}))
        does(conn, team.rina, Excluded("C", team.rina.id))
        for code, who in (("A", team.dimas), ("B", team.luh), ("C", team.dimas)):
            does(conn, who, ClosingAsked(code, Outcome.DONE, ""))
        made = a_member(conn, "Made", "806", role="focal")
        return [
            [one.code for one in asked(conn, viewer=viewer).to_approve(9)]
            for viewer in (team.rina, team.luh, made)
        ]

    assert await database.write(unit) == [["A"], [], ["B"]]


async def test_the_history_quotes_the_reporter_and_what_staff_did_in_order(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, str, bool]]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        does(conn, siti, TaskExtended(CODE, "sekarang juga", MediaId("m1")), now=NOW + MINUTE)
        does(conn, team.dimas, ClosingAsked(CODE, Outcome.NO_DANGER, "x"), now=NOW + HOUR)
        return [
            (one.action, one.name, one.text, one.media is not None)
            for one in asked(conn).history(CODE)
        ]

    assert await database.write(unit) == [
        ("told", "Mbah Siti", "Adi dipukul tetangga", False),
        ("added", "Mbah Siti", "sekarang juga", True),
        ("closing_asked", "Mas Dimas", "aman: x", False),
    ]


async def test_of_a_long_history_the_first_words_and_the_newest_are_shown(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        team, siti = Team(conn), a_caregiver(conn)
        a_case(conn, team.dimas, about=siti)
        for number in range(5):
            does(conn, siti, TaskExtended(CODE, str(number)), now=NOW + number * MINUTE)
        return [one.text for one in asked(conn).history(CODE, 3)]

    assert await database.write(unit) == ["Adi dipukul tetangga", "3", "4"]


async def test_offices_of_the_village_come_first_then_the_district_then_everybodys(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        team = Team(conn)
        village = people.add_village(conn, "Ledokombo", "LDK", district="Jember")
        other = people.add_village(conn, "Kenanga", "KNG", district="Indramayu")
        an_office(conn, Agency.DINSOS, "semua")
        an_office(conn, Agency.UPTD_PPA, "kabupaten", district="JEMBER")
        an_office(conn, Agency.PUSKESMAS, "desa", village_id=village)
        an_office(conn, Agency.PUSKESMAS, "desa lain", village_id=other)
        an_office(conn, Agency.UPTD_PPA, "kabupaten lain", district="Indramayu")
        gone = an_office(conn, Agency.SCHOOL, "tutup", village_id=village)
        ended = update(schema.contacts).where(schema.contacts.c.id == gone)
        conn.execute(ended.values(ended_at=NOW))
        a_case(conn, team.dimas, about=a_caregiver(conn, village_id=village))
        return [office.name for office in asked(conn).contacts(CODE, 9)]

    assert await database.write(unit) == ["desa", "kabupaten", "semua"]


async def test_where_nobody_knows_the_village_every_office_is_offered(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        team = Team(conn)
        an_office(conn, Agency.UPTD_PPA, "Jember", district="Jember")
        an_office(conn, Agency.UPTD_PPA, "semua")
        a_case(conn, team.dimas)
        return [office.name for office in asked(conn).contacts(CODE, 9)]

    assert await database.write(unit) == ["semua", "Jember"]


async def test_a_referral_is_a_recorded_decision_with_its_answer(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        team = Team(conn)
        office = an_office(conn, Agency.UPTD_PPA, "UPTD", checked=date(2026, 11, 1))
        a_case(conn, team.dimas)
        does(conn, team.dimas, Referred(CODE, known(asked(conn).contact(office)).id, "asesmen"))
        [made] = asked(conn).referrals(CODE)
        answer = ReferralAnswered(made.id, ReferralState.ACCEPTED, "besok")
        does(conn, team.dimas, answer, now=NOW + HOUR)
        after = known(asked(conn).referral(made.id))
        note = conn.execute(select(schema.referrals.c.note)).scalar_one()
        assert b"asesmen" not in bytes(note)
        texts = [one.text for one in asked(conn).history(CODE)][1:]
        return made.state, after.state, after.state_at, made.contact.checked, texts, recorded(conn)

    assert await database.write(unit) == (
        ReferralState.ASKED,
        ReferralState.ACCEPTED,
        NOW + HOUR,
        date(2026, 11, 1),
        ["UPTD: asesmen", "UPTD: diterima, besok"],
        ["case referred", "referral answered"],
    )


async def test_colleagues_are_found_by_their_names_without_titles(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        team, rini = Team(conn), a_visitor(conn, "Rini Astuti")
        a_member(conn, "Dimas Aji", "807")
        ask = asked(conn).colleague
        return [
            ask("mbak ayu") == (team.ayu.id,),
            ask("Dimas") == (team.dimas.id,),
            ask("rini") == (rini.id,),
            ask("Bu") == (),
            ask("siti") == (),
            asked(conn).name_of(team.rina.id) == "Mbak Rina",
            asked(conn).name_of(rini.id) == "Bu Rini Astuti",
            asked(conn).role_of(rini.id) is Role.CADRE,
        ]

    assert await database.write(unit) == [True] * 8


async def test_two_of_the_same_name_are_both_found(database: Database) -> None:
    def unit(conn: Connection) -> int:
        a_member(conn, "Dimas Aji", "1")
        a_member(conn, "Dimas Eko", "2")
        return len(asked(conn).colleague("dimas"))

    assert await database.write(unit) == 2


async def test_whose_telephone_it_is_is_told_before_anybody_is_called(database: Database) -> None:
    def unit(conn: Connection) -> list[Phone]:
        siti = a_caregiver(conn)
        own = colleagues.phone(conn, siti.id)
        other = a_caregiver(conn, "63").id
        address = known(people.reachable(conn, siti.id))[0]
        shared = {"address_id": address, "person_id": other, "since": NOW}
        conn.execute(insert(schema.address_people), shared)
        both = colleagues.phone(conn, siti.id)
        rini = a_visitor(conn)
        tuni = conn.execute(
            insert(schema.people).values(created_at=NOW).returning(schema.people.c.id)
        ).scalar_one()
        none = colleagues.phone(conn, tuni)
        helping.begin(conn, a_seat(conn, "700").address_id, tuni, NOW)
        assert rini.role is Role.CADRE
        return [own, both, none, colleagues.phone(conn, tuni)]

    assert await database.write(unit) == [
        Phone.OWN,
        Phone.SHARED,
        Phone.NONE,
        Phone.HELPER,
    ]


async def test_answers_typed_by_another_tell_of_a_helper(database: Database) -> None:
    def unit(conn: Connection) -> Phone:
        rini = a_visitor(conn)
        tuni = a_caregiver(conn, "63", name="Tuni")
        a_checkin(conn, tuni, None, {"rasa": "baik"})
        conn.execute(update(schema.answers).values(typed_by=rini.id))
        without_phone(conn, tuni)
        return colleagues.phone(conn, tuni.id)

    assert await database.write(unit) == Phone.HELPER


async def test_cadres_of_the_village_can_be_asked_for_a_visit(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        team = Team(conn)
        village = people.add_village(conn, "Ledokombo", "LDK")
        rini = a_visitor(conn, "Rini", "700", village_id=village)
        a_visitor(conn, "Sum", "701")
        out = a_visitor(conn, "Tut", "702", village_id=village)
        a_case(conn, team.dimas, about=a_caregiver(conn, village_id=village))
        does(conn, team.rina, Excluded(CODE, out.id))
        return [asked(conn).cadres(CODE, 9) == (rini.id,), asked(conn).cadres(OTHER, 9) == ()]

    assert await database.write(unit) == [True, True]
