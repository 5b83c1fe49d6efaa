"""ACARA, PESERTA, and the names that come back when a change could not be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from string import Formatter

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.schools.session import Rsvp, Session
from locales import catalogue, languages, say
from tests.conversations.memory_schools import TUESDAY
from tests.conversations.world import STAFF, Phone, a_caregiver

RINI = d.PersonId(20)


def a_cadre_with_a_list() -> tuple[Phone, Session]:
    """Bu Rini and her school of three people, which meets on Tuesday."""
    rini = a_caregiver(id=RINI, role=d.Role.CADRE, salutation="Bu", name="Rini")
    schools = rini.world.schools
    school = schools.a_school(cadre=RINI)
    schools.enrols(school, "Mbah Siti", "Bok Sum", "Mbah Karti")
    return rini, schools.a_session(school)


def test_a_cadre_sees_her_next_sessions_soonest_first() -> None:
    rini, session = a_cadre_with_a_list()
    rini.world.schools.a_session(session.school, starts_at=TUESDAY - timedelta(days=3), topic="A")

    [shown] = rini.says("ACARA")

    assert shown.index("21 November") < shown.index("24 November")
    assert "Sekolah Bok-Ebok: Cucu yang membantah" in shown


def test_a_caregiver_sees_the_sessions_of_her_own_school() -> None:
    rini, _ = a_cadre_with_a_list()
    sum_ = a_caregiver(rini.world, id=102)

    [shown] = sum_.says("acara")

    assert "24 November" in shown
    assert len(shown) <= 300


def test_who_belongs_to_no_school_is_told_so_kindly() -> None:
    [shown] = a_caregiver().says("acara")

    assert "Belum ada acara" in shown


def test_one_school_may_be_asked_for_by_code() -> None:
    rini, _ = a_cadre_with_a_list()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other)

    [shown] = rini.says("acara PAK-SBS")

    assert "Pak-Bapak" in shown
    assert "Bok-Ebok" not in shown


def test_a_story_about_an_event_is_no_order() -> None:
    rini, _ = a_cadre_with_a_list()

    rini.says("acara tujuh belasan di kampung ramai sekali")

    assert rini.running is not None


def test_the_list_has_numbers_names_and_who_comes() -> None:
    rini, session = a_cadre_with_a_list()
    rini.world.schools.invites(d.Person(d.PersonId(101)), session, rsvp=Rsvp.YES)
    rini.world.schools.invites(d.Person(d.PersonId(103)), session, rsvp=Rsvp.NO)

    [shown] = rini.says("PESERTA")

    assert "Peserta Sekolah Bok-Ebok: 3 orang." in shown
    assert "1 datang, 1 tidak bisa" in shown
    assert "1. Mbah Siti · datang\n2. Bok Sum\n3. Mbah Karti · tidak bisa" in shown


def test_seeing_names_is_accounted_for_and_hidden_on_the_lock_screen() -> None:
    rini, _ = a_cadre_with_a_list()

    rini.says("peserta")

    assert rini.screen[-1].discreet
    assert ev.Audited("members listed", "BOK-SBS") in rini.world.events


def test_a_caregiver_sees_no_names() -> None:
    rini, _ = a_cadre_with_a_list()
    siti = a_caregiver(rini.world)

    [shown] = siti.says("peserta")

    assert "kader dan petugas" in shown
    assert "Bok Sum" not in shown


def test_with_two_schools_she_is_asked_which() -> None:
    rini, _ = a_cadre_with_a_list()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.enrols(other, "Pak Slamet")

    [asked] = rini.says("PESERTA")
    [shown] = rini.says("2")

    assert len(rini.screen) == 2
    assert "2. Pak-Bapak" in asked
    assert "Pak Slamet" in shown


def test_a_list_that_is_not_hers_any_more_is_not_shown() -> None:
    rini, session = a_cadre_with_a_list()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS")

    [shown] = rini.presses_payload(f"s:o:p:{other.id}")

    assert "Belum ada sekolah" in shown
    assert session.school.id != other.id


def test_an_empty_list_says_so() -> None:
    rini, session = a_cadre_with_a_list()
    rini.world.schools.members[session.school.id] = []

    assert "Belum ada peserta" in rini.says("peserta")[0]


@pytest.mark.parametrize(("cancelled", "word"), [(False, "pindah ke"), (True, "tidak jadi")])
def test_who_could_not_be_told_comes_back_by_name_without_a_reason(
    cancelled: bool, word: str
) -> None:
    rini, session = a_cadre_with_a_list()
    schools = rini.world.schools
    schools.sessions[session.id] = replace(session, cancelled=cancelled)
    schools.not_told = schools.members[session.school.id][1:]

    [shown] = rini.wakes("untold", str(session.id))

    assert word in shown
    assert shown.endswith("2. Bok Sum\n3. Mbah Karti")


def test_when_all_were_told_she_hears_that() -> None:
    rini, session = a_cadre_with_a_list()

    [shown] = rini.wakes("untold", f"{session.id}:2")

    assert "semua sudah dikabari" in shown


@pytest.mark.parametrize("subject", ["99", "x"])
def test_a_session_that_is_gone_brings_nothing_back(subject: str) -> None:
    rini, _ = a_cadre_with_a_list()

    assert rini.wakes("untold", subject) == []


def test_a_long_list_comes_in_messages_that_can_be_read() -> None:
    rini, session = a_cadre_with_a_list()
    rini.world.schools.enrols(session.school, *["Mbah Nama Yang Panjang"] * 60, first=4)

    shown = rini.says("peserta")

    assert len(shown) > 1
    assert max(len(text) for text in shown) <= 1_000
    assert "\n63. Mbah" in shown[-1]


def test_staff_see_any_list() -> None:
    rini, _ = a_cadre_with_a_list()
    dimas = Phone(rini.world, id=STAFF, role=d.Role.STAFF, salutation="Mas")

    assert "Bok Sum" in dimas.says("PESERTA BOK-SBS")[0]


def test_whatever_is_filled_in_every_text_stays_short() -> None:
    moment = "Minggu Kliwon, 24 September, jam 08.00 waktu setempat"
    longest = {
        **dict.fromkeys(("sapaan",), "s" * 20),
        **dict.fromkeys(("school", "who"), "n" * 60),
        **dict.fromkeys(("when", "old", "new", "free"), moment),
        **dict.fromkeys(("n", "total", "yes", "no", "number"), "2000"),
        **dict.fromkeys(("page", "pages"), "99"),
        "code": "c" * 12,
        "codes": ", ".join(["c" * 12] * 8),
        "order": "BERDUKA",
        "example": "TUNDA 25/11 08.00",
        "said": "s" * 36,
        "numbers": ", ".join(["999999"] * 10),
    }
    buttons = len("\n\n1. Ya, pindahkan\n2. Bukan")
    said = {
        key: say(key, language, **longest)
        for language in languages()
        for key, text in catalogue(language).items()
        if key.startswith(("school.", "mourning.", "feedback."))
        and not {"place", "topic", "bring"} & {name for _, name, _, _ in Formatter().parse(text)}
    }

    too_long = {key: len(text) + buttons for key, text in said.items() if len(text) > 300 - buttons}

    assert too_long == {}
