"""Coming in by a code: a school's poster, or one's own slip."""

from __future__ import annotations

from typing import Any

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.helping.helped import Invited
from conversations.message import Inbound, Kind
from conversations.schools.session import Enrolled, School
from tests.conversations.world import MemoryWorld, Phone, a_caregiver

SITI = d.PersonId(31)
CODE = "CDFGHJKM"


def with_school(world: MemoryWorld | None = None) -> tuple[MemoryWorld, School]:
    made = world or MemoryWorld()
    return made, made.schools.a_school(village_id=d.VillageId(2))


def with_slip(phone: Phone, **changes: Any) -> Phone:
    """A slip of the roster's Mbah Siti."""
    told = {"person": SITI, "good": True, "has_phone": False, **changes}
    phone.world.helping.codes[CODE] = Invited(**told)
    return phone


def happened(phone: Phone, kind: type) -> list[Any]:
    return [event for event in phone.world.events if isinstance(event, kind)]


@pytest.mark.parametrize("text", ["/start BOK-SBS", "DAFTAR BOK-SBS", "daftar bok-sbs"])
def test_a_poster_enrols_after_consent_and_door(text: str) -> None:
    world, school = with_school()
    phone = Phone(world)

    for said in (text, "1", "1", "1", "3", "Mbah"):
        phone.says(said)
    before = happened(phone, ev.SchoolJoined)
    shown = phone.says("nenek")

    assert before == []
    assert happened(phone, ev.SchoolJoined) == [ev.SchoolJoined(school.id)]
    assert phone.person.village_id == 2
    assert phone.person.registered
    assert "Sekolah Bok-Ebok" in " ".join(shown)


def test_who_first_said_no_and_then_yes_is_still_enrolled() -> None:
    world, school = with_school()
    phone = Phone(world)

    for said in ("/start BOK-SBS", "1", "1", "2", "2", "1", "1", "1", "3", "Mbah", "nenek"):
        phone.says(said)

    assert happened(phone, ev.SchoolJoined) == [ev.SchoolJoined(school.id)]


def test_somebody_registered_is_enrolled_at_once() -> None:
    world, school = with_school()
    phone = a_caregiver(world, village_id=None)

    shown = phone.says("daftar BOK-SBS")

    assert happened(phone, ev.SchoolJoined) == [ev.SchoolJoined(school.id)]
    assert phone.person.village_id == 2
    assert "Sudah terdaftar di Sekolah Bok-Ebok" in shown[0]


def test_who_is_on_the_list_is_not_enrolled_again() -> None:
    world, school = with_school()
    phone = a_caregiver(world)
    world.schools.members[school.id].append(Enrolled(phone.person.id, 1, "Mbah"))

    shown = phone.says("/start BOK-SBS")

    assert happened(phone, ev.SchoolJoined) == []
    assert "sudah terdaftar di" in shown[0]


def test_who_agreed_but_never_came_through_the_door_goes_on_there() -> None:
    world, school = with_school()
    phone = Phone(world, consent=d.Consent.GIVEN)

    for said in ("/start BOK-SBS", "Mbah", "nenek"):
        phone.says(said)

    assert happened(phone, ev.SchoolJoined) == [ev.SchoolJoined(school.id)]


def test_staff_are_not_enrolled() -> None:
    world, _ = with_school()
    phone = Phone(world, role=d.Role.STAFF, consent=d.Consent.GIVEN, registered=True)

    shown = phone.says("/start BOK-SBS")

    assert happened(phone, ev.SchoolJoined) == []
    assert "Petugas tidak didaftarkan" in shown[0]


def test_an_unknown_school_is_named() -> None:
    assert "BOK-XXX" in a_caregiver().says("DAFTAR BOK-XXX")[0]


@pytest.mark.parametrize("text", ["daftar dong", "daftar sekarang", "/start apapun"])
def test_words_that_are_no_code_mean_what_they_mean(text: str) -> None:
    assert not any("kode" in line for line in Phone().says(text))


@pytest.mark.parametrize("text", ["/start CDFGHJKM", "cdfg-hjkm", "CDFG HJKM", "kode CDFGHJKM"])
def test_a_slip_makes_a_fresh_chat_hers(text: str) -> None:
    phone = with_slip(Phone())

    phone.says(text)

    assert happened(phone, ev.CodeUsed) == [ev.CodeUsed(SITI, CODE)]


def test_a_notice_that_was_begun_in_the_chat_makes_it_nobodys_yet() -> None:
    phone = with_slip(Phone())
    phone.says("halo")

    phone.says(CODE)

    assert happened(phone, ev.CodeUsed) == [ev.CodeUsed(SITI, CODE)]
    assert phone.running is None


@pytest.mark.parametrize(
    ("answer", "used", "tasks"),
    [
        ("1", [ev.CodeUsed(SITI, CODE, ev.Holds.TOGETHER)], []),
        ("2", [ev.CodeUsed(SITI, CODE, ev.Holds.GIVEN)], ["reason.phone_given"]),
        ("3", [], []),
    ],
)
def test_a_slip_in_a_chat_that_is_somebodys_is_asked_and_never_merged(
    answer: str, used: list[ev.CodeUsed], tasks: list[str]
) -> None:
    phone = with_slip(a_caregiver())

    asked = phone.says(CODE)
    phone.says(answer)

    assert asked[0].endswith("1. HP dipakai bersama\n2. Sekarang HP saya\n3. Salah kode")
    assert happened(phone, ev.CodeUsed) == used
    assert [reason for _, _, reason in phone.tasks()] == tasks


def test_staff_learn_whose_slip_it_is() -> None:
    phone = with_slip(a_caregiver())

    phone.says(CODE)
    phone.says("2")

    [task] = phone.world.open_tasks.values()
    assert "31" in task.content


@pytest.mark.parametrize(
    ("role", "shares", "offered"),
    [
        (d.Role.CADRE, False, ["HP dipakai bersama", "Salah kode"]),
        (d.Role.CAREGIVER, True, ["HP dipakai bersama", "Salah kode"]),
        (d.Role.STAFF, False, []),
    ],
)
def test_the_phone_of_a_cadre_of_several_people_or_of_staff_is_not_given_away(
    role: d.Role, shares: bool, offered: list[str]
) -> None:
    phone = with_slip(a_caregiver(role=role, shares_phone=shares))

    phone.says(CODE)
    shown = [choice.label for choice in phone.screen[-1].choices]
    phone.presses_payload(f"j:my:{CODE}")

    assert shown == offered
    assert happened(phone, ev.CodeUsed) == []


def test_a_code_from_another_chat_of_hers_links_a_fresh_one() -> None:
    phone = with_slip(Phone(), has_phone=True, linking=True)
    phone.world.helping.helpers[SITI] = d.Person(SITI, salutation="Mbah", name="Siti")

    phone.says(CODE)

    [used] = happened(phone, ev.CodeUsed)
    assert (used.person, used.holds) == (SITI, ev.Holds.ALONE)
    assert used.told.startswith("Sekarang Mbah Siti juga tersambung lewat simulator.")
    assert phone.tasks() == []


@pytest.mark.parametrize(
    ("answer", "holds", "tasks"),
    [("1", [], ["reason.same_person"]), ("2", [ev.Holds.TOGETHER], []), ("3", [], [])],
)
def test_a_code_from_another_chat_makes_no_two_people_one(
    answer: str, holds: list[ev.Holds], tasks: list[str]
) -> None:
    phone = with_slip(a_caregiver(), has_phone=True, linking=True)

    asked = phone.says(CODE)
    phone.says(answer)

    assert asked[0].endswith("1. Milik saya sendiri\n2. HP dipakai bersama\n3. Salah kode")
    assert [used.holds for used in happened(phone, ev.CodeUsed)] == holds
    assert [reason for _, _, reason in phone.tasks()] == tasks


def test_whoever_works_here_is_linked_to_a_phone_of_her_own_only() -> None:
    dimas = d.Person(SITI, role=d.Role.STAFF, name="Dimas")
    shared, somebodys = Phone(shares_phone=True), a_caregiver()
    for phone in (shared, somebodys):
        with_slip(phone, has_phone=True, linking=True)
        phone.world.helping.helpers[SITI] = dimas

    refused = shared.says(CODE)
    asked = somebodys.says(CODE)
    somebodys.presses_payload(f"j:we:{CODE}")

    assert "HP sendiri" in refused[0]
    assert "bersama" not in asked[0]
    assert happened(shared, ev.CodeUsed) == happened(somebodys, ev.CodeUsed) == []


def test_nobody_becomes_staff_on_a_shared_phone() -> None:
    phone = a_caregiver(shares_phone=True)
    phone.world.staff_codes[CODE] = 5

    shown = phone.says(CODE)

    assert "HP sendiri" in shown[0]
    assert happened(phone, ev.StaffLinked) == []


def test_a_report_that_is_being_told_ends_when_the_phone_is_shared() -> None:
    phone = with_slip(a_caregiver())
    phone.says("LAPOR")
    phone.says(CODE)

    phone.says("1")

    assert phone.running is None


def test_a_code_that_was_spent_meanwhile_gives_nothing() -> None:
    phone = with_slip(a_caregiver())
    phone.says(CODE)
    with_slip(phone, good=False)

    shown = phone.says("1")

    assert "sudah dipakai atau sudah lewat" in shown[0]
    assert happened(phone, ev.CodeUsed) == []


def test_a_wrong_code_is_said_to_be_wrong_and_counted() -> None:
    phone = a_caregiver()

    shown = phone.says("kode CDFG-HJKM")

    assert "Kodenya belum cocok" in shown[0]
    assert happened(phone, ev.CodeTried) == [ev.CodeTried()]


def test_after_ten_wrong_codes_none_is_looked_at() -> None:
    phone = with_slip(a_caregiver())
    phone.world.helping.wrong = 9
    last = phone.says("HJKMCDFG")
    phone.world.helping.wrong = 10

    shown = phone.says(CODE)

    assert "Istirahat dulu satu jam" in last[0]
    assert shown == []
    assert phone.says("menu") != []


def test_a_slip_of_somebody_who_has_a_phone_asks_staff() -> None:
    phone = with_slip(Phone(), has_phone=True)

    shown = phone.says(CODE)

    assert "Petugas akan melihatnya" in shown[0]
    assert [reason for _, _, reason in phone.tasks()] == ["reason.code_of_another"]
    assert happened(phone, ev.CodeUsed) == []


def test_a_slip_that_is_not_good_any_more_says_so() -> None:
    phone = with_slip(Phone(), good=False)

    shown = phone.says("/start CDFG-HJKM")

    assert "sudah dipakai atau sudah lewat" in shown[0]
    assert happened(phone, ev.CodeUsed) == []


def test_ones_own_slip_again_is_no_harm() -> None:
    phone = with_slip(a_caregiver(id=31))

    assert "sudah tersambung" in phone.says(CODE)[0]


def test_a_code_typed_for_somebody_else_links_nothing() -> None:
    phone = with_slip(Phone())
    phone.world.typist = d.PersonId(50)
    phone.world.helping.helpers[d.PersonId(50)] = d.Person(d.PersonId(50), role=d.Role.CADRE)

    phone.says(CODE)
    phone.sends(Inbound(Kind.BUTTON, phone.world.now, button=f"j:me:{CODE}"))

    assert happened(phone, ev.CodeUsed) == []
    assert phone.tasks() == []
