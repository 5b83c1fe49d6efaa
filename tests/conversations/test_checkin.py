"""The weekly check-in, row by row of the table in the programme's rules (docs/safeguarding.md)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversations import checkin
from conversations import dialogue as d
from conversations import event as ev
from conversations.level import Level
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver


def caring_for(birth_year: int, **child: str) -> Phone:
    """Mbah Siti with one grandchild; it is November 2026."""
    return caring_for_in(MemoryWorld(), birth_year, **child)


def caring_for_in(world: MemoryWorld, birth_year: int, **child: str) -> Phone:
    world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=birth_year, **child))
    phone = a_caregiver(world)
    phone.wakes("checkin")
    return phone


def answered(phone: Phone, *replies: str) -> Phone:
    for reply in replies:
        phone.says(reply)
    return phone


def test_a_toddler_who_is_very_ill_is_red_before_the_form_is_done() -> None:
    phone = caring_for(2024)

    shown = phone.says("sakit berat")

    assert phone.tasks() == [("concern", Level.MERAH, "reason.very_ill")]
    assert any("119" in text for text in shown)
    assert any("jangan masukkan apa pun ke mulut" in text for text in shown)
    assert phone.others[0].to == STAFF


def test_a_schoolchild_who_is_very_ill_is_called_within_a_day() -> None:
    phone = answered(caring_for(2018), "sakit berat", "biasa", "masuk terus", "biasa", "tidak", "1")

    assert ("followup", Level.ORANYE, "reason.very_ill") in phone.tasks()


def test_not_eating_first_asks_about_drinking() -> None:
    phone = answered(caring_for(2024), "sehat")

    shown = phone.says("tidak mau")

    assert "masih mau minum" in shown[-1]
    assert phone.tasks() == []


def test_drinking_softens_not_eating_to_yellow() -> None:
    phone = answered(caring_for(2024), "sehat", "tidak mau", "masih mau")
    answered(phone, "1", "biasa", "tidak", "1")

    assert phone.tasks() == [("followup", Level.KUNING, "reason.not_eating")]
    assert not any(kind == "drinking" for kind, _ in phone.world.reminders)


def test_not_drinking_is_red_at_once() -> None:
    phone = answered(caring_for(2024), "sehat", "tidak mau")

    shown = phone.says("2")

    assert ("concern", Level.MERAH, "reason.not_drinking") in phone.tasks()
    assert any("Puskesmas" in text for text in shown)


def test_ten_minutes_without_an_answer_about_drinking_is_red() -> None:
    phone = answered(caring_for(2024), "sehat", "tidak mau")
    [(kind, subject)] = [key for key in phone.world.reminders if key[0] == "drinking"]
    reminder = phone.world.reminders[kind, subject]
    assert reminder.due_at - phone.world.now == timedelta(minutes=10)

    shown = phone.waits(minutes=10).wakes("drinking", subject)

    assert phone.tasks() == [("concern", Level.MERAH, "reason.not_drinking")]
    assert "masih mau minum" in shown[-1]


def test_ten_minutes_later_nothing_happens_when_it_was_answered() -> None:
    phone = answered(caring_for(2024), "sehat", "tidak mau")
    subject = phone.running.id if phone.running else ""
    phone.says("masih mau")

    assert phone.waits(minutes=10).wakes("drinking", subject) == []
    assert phone.tasks() == []


def test_fear_is_orange_without_asking_for_details() -> None:
    phone = answered(caring_for(2012), "biasa", "masuk terus")

    shown = phone.says("ada")

    assert phone.tasks() == [("followup", Level.ORANYE, "reason.afraid")]
    assert not any("mengapa" in text.casefold() or "kenapa" in text.casefold() for text in shown)


@pytest.mark.parametrize("reply", ["tiga hari atau lebih", "sudah berhenti"])
def test_long_absence_is_yellow(reply: str) -> None:
    phone = answered(caring_for(2018), "sehat", "biasa", reply, "biasa", "tidak", "1")

    assert phone.tasks() == [("followup", Level.KUNING, "reason.absent")]


def test_a_bare_digit_that_may_be_days_is_asked_again() -> None:
    phone = answered(caring_for(2018), "sehat", "biasa")

    assert "nomor pilihannya" in phone.says("2")[0]
    phone.says("2")

    assert phone.running is not None
    assert phone.running.answers["sekolah"] == "sehari"


def a_week(phone: Phone, *replies: str) -> None:
    phone.waits(days=7).wakes("checkin")
    answered(phone, *replies)
    while phone.running is not None:
        phone.says("1")


def test_a_sad_child_is_yellow_in_the_second_week_only() -> None:
    phone = answered(caring_for(2018), "sehat", "sedih", "masuk terus", "biasa", "tidak", "1", "1")
    assert phone.tasks() == []

    a_week(phone, "sehat", "sedih", "masuk terus", "biasa", "tidak")

    assert phone.tasks() == [("followup", Level.KUNING, "reason.child_sad")]


def test_a_sad_caregiver_is_yellow_in_the_second_week() -> None:
    phone = answered(caring_for(2018), "sehat", "biasa", "masuk terus", "sedih", "tidak", "1", "1")

    a_week(phone, "sehat", "biasa", "masuk terus", "sedih", "tidak")

    assert phone.tasks() == [("followup", Level.KUNING, "reason.caregiver_sad")]


def test_four_weeks_without_a_call_are_yellow() -> None:
    phone = caring_for(2018, mother="luar_negeri")
    answered(phone, "sehat", "biasa", "masuk terus", "tidak", "biasa", "tidak", "1", "1")
    for _ in range(2):
        a_week(phone, "sehat", "biasa", "masuk terus", "tidak", "biasa", "tidak")
    assert phone.tasks() == []

    a_week(phone, "sehat", "biasa", "masuk terus", "tidak", "biasa", "tidak")

    assert phone.tasks() == [("followup", Level.KUNING, "reason.no_calls")]


@pytest.mark.parametrize(
    ("child", "asked"),
    [
        ({"mother": "luar_negeri"}, True),
        ({"father": "luar_kota"}, True),
        ({"mother": "rumah", "father": "wafat"}, False),
        ({}, False),
    ],
)
def test_calls_are_asked_about_only_where_a_parent_is_away(
    child: dict[str, str], asked: bool
) -> None:
    phone = answered(caring_for(2018, **child), "sehat", "biasa")

    assert ("menelepon" in phone.says("masuk terus")[-1]) is asked


def test_the_question_about_calls_can_be_switched_off() -> None:
    phone = a_caregiver()
    phone.says("data saya")
    phone.says("3")
    phone.says("jangan ditanyakan")

    assert phone.world.family[0].ask_calls is False
    phone.wakes("checkin")
    answered(phone, "sehat", "biasa")
    assert "menelepon" not in phone.says("masuk terus")[-1]


def test_two_months_without_posyandu_go_on_the_green_list() -> None:
    phone = answered(caring_for(2025), "sehat", "lahap", "belum", "biasa", "tidak", "1", "1")
    for _ in range(6):
        a_week(phone, "sehat", "lahap", "belum", "biasa", "tidak")
    assert phone.tasks() == []

    a_week(phone, "sehat", "lahap", "belum", "biasa", "tidak")

    assert phone.tasks() == [("followup", Level.HIJAU, "reason.no_posyandu")]


def test_all_fine_is_one_line_of_praise_and_a_tip() -> None:
    phone = answered(caring_for(2018), "sehat", "senang", "masuk terus", "senang", "tidak")

    shown = phone.says("kirim")

    assert "telaten" in shown[0]
    assert "Kiat ini bermanfaat?" in shown[-1]
    assert phone.tasks() == []


def test_one_sad_face_is_answered_warmly() -> None:
    phone = answered(caring_for(2018), "sehat", "sedih", "masuk terus", "biasa", "tidak")

    assert "wajar" in phone.says("kirim")[0]


def test_what_she_wants_to_tell_staff_is_a_concern_with_her_words() -> None:
    phone = answered(caring_for(2018), "sehat", "biasa", "masuk terus", "biasa", "ada")

    phone.says("Adi sering main sampai larut, saya kewalahan")

    [task] = phone.world.open_tasks.values()
    assert (task.kind, task.content) == ("concern", "Adi sering main sampai larut, saya kewalahan")


def test_a_tip_is_never_heard_twice() -> None:
    phone = a_caregiver()
    heard: list[str] = []
    for _ in range(60):
        phone.says("menu")
        phone.says("3")
        if phone.running is not None:
            phone.says("ya")

    heard = [event.tip for event in phone.world.events if isinstance(event, ev.TipSent)]
    assert len(heard) == len(set(heard)) >= 24


def test_children_are_asked_about_in_turn() -> None:
    world = MemoryWorld()
    world.family += [
        d.Child(d.ChildId(1), "Adi", birth_year=2018),
        d.Child(d.ChildId(2), "Sari", birth_year=2024),
    ]
    phone = a_caregiver(world)

    assert "Adi" in phone.wakes("checkin")[0]
    while phone.running is not None:
        phone.says("1")

    assert "Sari" in phone.waits(days=7).wakes("checkin")[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"stopped": True},
        {"consent": d.Consent.WITHDRAWN},
        {"consent": d.Consent.REFUSED},
        {"registered": False},
        {"paused_until": MemoryWorld().now + timedelta(days=3)},
    ],
)
def test_nothing_unasked_is_sent_without_leave(changes: dict[str, object]) -> None:
    phone = a_caregiver(**changes)

    assert phone.wakes("checkin") == []


def test_without_a_child_on_record_there_is_a_tip_instead() -> None:
    phone = Phone(salutation="Mbah", relation="nenek", consent=d.Consent.GIVEN, registered=True)

    assert "Kiat ini bermanfaat?" in phone.wakes("checkin")[-1]


def test_what_she_wanted_to_try_at_home_is_asked_after_once() -> None:
    world = MemoryWorld()
    world.will_try = True
    phone = caring_for_in(world, 2018)

    answered(phone, "sehat", "biasa", "masuk terus")

    assert "ada yang mau dicoba di rumah" in phone.says("biasa")[-1]
    phone.says("belum")

    assert phone.running is not None
    assert phone.running.answers["sudah_dicoba"] == "belum"


def test_who_told_of_nothing_to_try_is_not_asked_about_it() -> None:
    phone = answered(caring_for(2018), "sehat", "biasa", "masuk terus")

    assert "dicoba" not in phone.says("biasa")[-1]


@pytest.mark.parametrize(
    ("age", "form"),
    [
        *[(age, "cek_0_2") for age in (0, 2)],
        *[(age, "cek_3_5") for age in (3, 5)],
        *[(age, "cek_6_12") for age in (6, 12)],
        *[(age, "cek_13_17") for age in (13, 17)],
    ],
)
def test_each_age_has_its_form(age: int, form: str) -> None:
    assert checkin.form_for(age) == form
