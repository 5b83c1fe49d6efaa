"""BERDUKA: a household in mourning is left in peace for seven days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.message import Inbound, Kind
from conversations.mourning import MOURNING
from conversations.schools.session import School
from tests.conversations.world import STAFF, Phone, a_caregiver

RINI = d.PersonId(20)


def pauses(phone: Phone) -> list[ev.HouseholdPaused]:
    return [event for event in phone.world.events if isinstance(event, ev.HouseholdPaused)]


def a_cadre_with_a_school() -> tuple[Phone, School]:
    rini = a_caregiver(id=RINI, role=d.Role.CADRE, salutation="Bu", name="Rini")
    school = rini.world.schools.a_school(cadre=RINI)
    rini.world.schools.enrols(school, "Mbah Siti", "Bok Sum", first=6)
    return rini, school


@pytest.mark.parametrize(
    "words", ["BERDUKA", "berduka", "/berduka", "kami sedang berduka", "Keluarga berduka cita."]
)
def test_anybody_may_ask_for_seven_days_of_peace(words: str) -> None:
    siti = a_caregiver()

    [shown] = siti.says(words)

    assert pauses(siti) == [ev.HouseholdPaused(siti.world.now + timedelta(days=7))]
    assert "turut berduka cita" in shown
    assert "MULAI" in shown


@pytest.mark.parametrize(
    "words",
    [
        "Berduka bu",
        "keluarga sedang berduka nggih mbak",
        "kami berduka, mbah kakung meninggal tadi malam",
        "BERDUKA. Suami saya wafat",
    ],
)
def test_who_says_it_with_a_word_more_is_left_in_peace_too(words: str) -> None:
    siti = a_caregiver()

    [shown] = siti.says(words)

    assert len(pauses(siti)) == 1
    assert "turut berduka cita" in shown


def test_a_death_told_inside_a_report_stays_in_the_report() -> None:
    siti = a_caregiver()
    siti.says("menu")
    siti.says("1")

    siti.says("kami berduka, mbah kakung meninggal tadi malam")

    assert pauses(siti) == []
    assert any("mbah kakung" in task.content for task in siti.world.open_tasks.values())


@pytest.mark.parametrize("words", ["BERDUKA Mbah Siti", "berduka bok sum suaminya meninggal"])
def test_a_cadre_who_writes_a_name_hears_how_to_say_it(words: str) -> None:
    rini, _ = a_cadre_with_a_school()

    [shown] = rini.says(words)

    assert "BERDUKA 7" in shown
    assert pauses(rini) == []


def test_a_cadre_mourns_in_her_own_family() -> None:
    rini, _ = a_cadre_with_a_school()

    rini.says("kami berduka, ibu saya meninggal")

    assert [pause.person for pause in pauses(rini)] == [None]


def test_mulai_ends_it_earlier() -> None:
    siti = a_caregiver()
    siti.says("BERDUKA")

    siti.waits(days=2).says("mulai")

    assert siti.person.paused_until is None


@pytest.mark.parametrize(
    "words", ["turut berduka cita ya bu", "tetangga berduka", "berduka atas itu"]
)
def test_condolences_for_others_pause_nobody(words: str) -> None:
    siti = a_caregiver()

    assert siti.says(words)
    assert pauses(siti) == []


@pytest.mark.parametrize("button", ["s:b:x", "s:b:1:7:nein", "lama"])
def test_a_button_nobody_made_is_answered_and_pauses_nobody(button: str) -> None:
    rini, _ = a_cadre_with_a_school()

    assert rini.presses_payload(button)
    assert rini.sends(Inbound(Kind.STICKER, rini.world.now))
    assert pauses(rini) == []


def test_a_wish_to_die_is_heard_before_it() -> None:
    siti = a_caregiver()

    siti.says("berduka, saya ingin mati saja ikut suami")

    assert [level for _, level, _ in siti.tasks()] == ["merah"]
    assert pauses(siti) == []


def test_a_cadre_says_it_for_somebody_on_her_list() -> None:
    rini, _ = a_cadre_with_a_school()

    [asked] = rini.says("BERDUKA 7")
    [shown] = rini.says("ya")

    assert "Bok Sum" in asked
    assert pauses(rini) == [ev.HouseholdPaused(rini.world.now + MOURNING, d.PersonId(107))]
    assert "Bok Sum" in shown


def test_a_wrong_number_pauses_nobody() -> None:
    rini, _ = a_cadre_with_a_school()
    rini.says("BERDUKA 7")

    [shown] = rini.says("bukan")

    assert "tidak ada yang diubah" in shown
    assert pauses(rini) == []


def test_a_number_that_is_nobodys_is_named() -> None:
    rini, _ = a_cadre_with_a_school()

    [shown] = rini.says("berduka 55")

    assert "Nomor 55" in shown
    assert "PESERTA" in shown


def test_with_two_schools_she_is_asked_which() -> None:
    rini, _ = a_cadre_with_a_school()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.enrols(other, "Pak Slamet", first=7)
    [asked] = rini.says("BERDUKA 7")
    [_] = rini.says("2")

    rini.says("1")

    assert "2. Pak-Bapak" in asked
    assert [pause.person for pause in pauses(rini)] == [d.PersonId(107)]


def test_the_code_says_which_school() -> None:
    rini, _ = a_cadre_with_a_school()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.enrols(other, "Pak Slamet", first=7)

    assert "Pak Slamet" in rini.says("berduka PAK-SBS 7")[0]


def test_a_caregiver_does_not_say_it_for_others() -> None:
    siti = a_caregiver()

    [shown] = siti.says("berduka 7")

    assert "BERDUKA" in shown
    assert pauses(siti) == []


def test_a_school_that_is_not_hers_is_not_touched() -> None:
    rini, _ = a_cadre_with_a_school()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS")
    rini.world.schools.enrols(other, "Pak Slamet")

    rini.presses_payload(f"s:b:{other.id}:1:ok")

    assert pauses(rini) == []


def test_staff_may_say_it_for_anybody() -> None:
    rini, _ = a_cadre_with_a_school()
    dimas = Phone(rini.world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    dimas.says("BERDUKA BOK-SBS 7")

    dimas.says("1")

    assert len(pauses(dimas)) == 1
