"""Whom BANTU means, and who may be helped by whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.helping.helped import Helped
from tests.conversations.helper import OTHER, RINI, SCHOOL, SITI, TINI, Helper, enrolled, of_kind
from tests.conversations.world import Phone


def test_bantu_alone_lists_who_has_no_phone_and_what_is_still_to_ask() -> None:
    helper = Helper()
    helper.world.helping.change(TINI, consent=d.Consent.GIVEN, registered=True)

    shown = helper.says("bantu")

    assert "7. Mbah Siti: belum ditanya persetujuan" in shown[0]
    assert "8. Mbah Tini: kabar minggu ini belum" in shown[0]
    assert "Ani" not in shown[0]
    assert "BANTU 7" in shown[1]


@pytest.mark.parametrize(
    "text", ["BANTU 7", "bantu no 7", "/bantu mbah siti", "Bantu SITI", "bantu BOK-SBS 7"]
)
def test_somebody_is_found_by_number_or_name(text: str) -> None:
    helper = Helper()

    shown = helper.says(text)

    assert helper.speaks_for == SITI
    assert shown[0].startswith("👵 Mbah Siti:\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BANTU 9", "HP sendiri"),
        ("BANTU 10", "Bu Ani sedang membantu"),
        ("BANTU 11", "nama sendiri"),
        ("BANTU 77", "Belum ketemu 77"),
        ("BANTU EYG-SBS 1", "Belum ketemu"),
    ],
)
def test_who_cannot_be_helped_is_explained(text: str, said: str) -> None:
    helper = Helper()

    shown = helper.says(text)

    assert said in shown[0]
    assert helper.speaks_for == RINI.id


def test_two_of_one_name_are_told_apart() -> None:
    helper = enrolled()
    helper.world.helping.lists[SCHOOL.id].append(Helped(d.PersonId(12), 12, "Ibu Siti", "BOK-SBS"))

    shown = helper.says("BANTU siti")
    helper.says("1")

    assert "2. Ibu Siti (BOK-SBS 12)" in shown[0]
    assert helper.speaks_for == SITI


def test_a_name_from_a_school_that_is_not_hers_is_refused() -> None:
    helper = Helper()
    helper.world.helping.lists[OTHER.id] = [Helped(d.PersonId(30), 1, "Mbah Jum", "EYG-SBS")]

    shown = helper.presses("h:b:30")

    assert "Belum ketemu" in shown[0]
    assert of_kind(helper, ev.HelpBegun) == []


def test_staff_name_the_school() -> None:
    staff = replace(RINI, role=d.Role.STAFF, name="Dimas")
    helper = Helper(staff)

    asked = helper.says("BANTU 7")
    helper.says("BANTU BOK-SBS 7")

    assert "kode sekolahnya" in asked[0]
    assert helper.speaks_for == SITI


def test_a_cadre_without_a_school_is_told_how() -> None:
    helper = Helper()
    helper.world.helping.of.clear()

    assert "PETUGAS" in helper.says("bantu")[0]


def test_a_school_in_which_all_have_phones_says_so() -> None:
    helper = Helper()
    helper.world.helping.lists[SCHOOL.id] = [
        Helped(d.PersonId(9), 9, "Ibu Ani", "BOK-SBS", has_phone=True)
    ]

    assert "sudah memakai HP sendiri" in helper.says("bantu")[0]


def test_a_caregiver_helps_nobody() -> None:
    phone = Phone(consent=d.Consent.GIVEN, registered=True)

    phone.says("BANTU 7")

    assert not any(isinstance(event, ev.HelpBegun) for event in phone.world.events)


@pytest.mark.parametrize("text", ["bantu saya", "bantu dong kak"])
def test_a_plea_for_oneself_is_no_order(text: str) -> None:
    helper = Helper()

    shown = helper.says(text)

    assert not any("Belum ketemu" in line for line in shown)
    assert of_kind(helper, ev.HelpBegun) == []


def test_a_story_that_begins_with_bantu_stays_a_story() -> None:
    helper = Helper()
    helper.people[RINI.id] = replace(RINI, consent=d.Consent.GIVEN, registered=True)
    helper.says("menu")
    helper.says("Bicara ke petugas")
    helper.says("bantu tetangga memetik tembakau")

    assert of_kind(helper, ev.HelpBegun) == []
    assert of_kind(helper, ev.AnswerGiven) != []


def test_somebody_on_no_list_is_put_on_it() -> None:
    helper = Helper()

    helper.says("BANTU BARU mbah Jum  Atun")

    assert of_kind(helper, ev.NewcomerHelped) == [ev.NewcomerHelped(SCHOOL, "Mbah", "Jum Atun")]


def test_a_name_that_is_on_the_list_is_nobody_new() -> None:
    helper = Helper()

    helper.says("bantu baru Mbah Siti")

    assert of_kind(helper, ev.NewcomerHelped) == []
    assert helper.speaks_for == SITI


@pytest.mark.parametrize("text", ["BANTU BARU", "BANTU BARU 12", "bantu baru 😀"])
def test_a_newcomer_needs_a_name(text: str) -> None:
    helper = Helper()

    shown = helper.says(text)

    assert "misalnya BANTU BARU Mbah Jum" in shown[0]
    assert of_kind(helper, ev.NewcomerHelped) == []


def test_a_cadre_of_two_schools_names_the_newcomers_school() -> None:
    helper = Helper()
    helper.world.helping.of[RINI.id] = (SCHOOL, OTHER)

    asked = helper.says("BANTU BARU Mbah Jum")
    helper.says("BANTU BARU EYG-SBS Mbah Jum")

    assert "kode sekolah" in asked[0]
    assert of_kind(helper, ev.NewcomerHelped) == [ev.NewcomerHelped(OTHER, "Mbah", "Jum")]


def test_the_list_tells_who_said_no_and_who_stands_at_the_door() -> None:
    helper = Helper()
    helper.world.helping.change(SITI, consent=d.Consent.REFUSED)
    helper.world.helping.change(TINI, consent=d.Consent.GIVEN)

    shown = helper.says("bantu")

    assert "7. Mbah Siti: belum setuju" in shown[0]
    assert "8. Mbah Tini: setuju, belum selesai daftar" in shown[0]


def test_a_name_is_picked_from_a_list_also_while_helping_another() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    helper.presses("h:b:8")

    assert helper.speaks_for == TINI


@pytest.mark.parametrize("button", ["h:b:nobody", "h:b:9999999999999999999999"])
def test_a_forged_name_finds_nobody(button: str) -> None:
    helper = Helper()

    shown = helper.presses(button)

    assert "Belum ketemu" in shown[0]
