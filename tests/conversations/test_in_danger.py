"""A child in danger: wherever it is said, nothing is swallowed, delayed or lowered."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations import waking
from conversations.level import Level
from conversations.message import Inbound, Kind, Media, Priority
from tests.conversations.world import MemoryWorld, Phone, a_caregiver

BEATEN = "cucu saya dipukuli bapaknya sampai lebam semua"


def told(phone: Phone, *replies: str) -> Phone:
    for reply in replies:
        phone.says(reply)
    return phone


def a_report(phone: Phone) -> Phone:
    """Somebody who has told staff something, and is asked about whom it is."""
    return told(phone, "menu", "1", "rumah sebelah ramai terus tiap malam")


def not_eating() -> tuple[Phone, str]:
    """A small child who will not eat, and the interview that asks whether she drinks."""
    world = MemoryWorld()
    world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2024))
    phone = a_caregiver(world)
    phone.wakes("checkin")
    told(phone, "sehat", "tidak mau")
    assert phone.running is not None
    return phone, phone.running.id


@pytest.mark.parametrize(
    "before",
    [
        (),
        ("menu",),
        ("menu", "1"),
        ("menu", "2"),
        ("menu", "2", "sehat", "biasa"),
        ("menu", "2", "sehat", "biasa", "masuk terus", "sudah", "biasa", "tidak"),
        ("menu", "3"),
        ("data saya",),
        ("data saya", "1"),
        ("data saya", "1", "12"),
        ("data saya", "2", "sekarang"),
        ("data saya", "2", "sekarang", "Budi"),
        ("data saya", "3"),
        ("jeda",),
        ("petugas",),
        ("melati",),
        ("menu", "hmm", "anu", "lho"),
        ("BERHENTI",),
        ("BERHENTI", "halo"),
        ("jeda", "1"),
        ("HAPUS DATA SAYA",),
        ("kemarin panen tembakau ramai sekali",),
    ],
)
@pytest.mark.parametrize("kind", ["typed", "edited", "forwarded", "caption"])
def test_danger_words_are_heard_wherever_they_are_said(before: tuple[str, ...], kind: str) -> None:
    phone = told(a_caregiver(), *before)
    already = len(phone.world.open_tasks)
    heard = Inbound(
        Kind.IMAGE if kind == "caption" else Kind.TEXT,
        phone.world.now,
        text=BEATEN,
        media=Media("f") if kind == "caption" else None,
        edited=kind == "edited",
        forwarded=kind == "forwarded",
    )

    shown = phone.sends(heard)

    [alarm] = list(phone.world.open_tasks.values())[already:]
    assert (alarm.level, alarm.content) == (Level.MERAH, BEATEN)
    assert any("129" in text for text in shown)
    assert phone.running is not None
    assert phone.running.conversation == "bahaya"


@pytest.mark.parametrize("before", [(), ("halo",), ("halo", "sudah"), ("halo", "belum")])
def test_danger_words_of_a_stranger_are_heard_before_any_consent(before: tuple[str, ...]) -> None:
    phone = told(Phone(), *before)

    shown = phone.says("aku diperkosa om")

    assert ("concern", Level.MERAH, "reason.words") in phone.tasks()
    assert any("129" in text for text in shown)


@pytest.mark.parametrize("before", [(), ("menu", "1"), ("menu",)])
def test_a_photo_whose_words_raise_the_alarm_is_kept_with_the_alarm(
    before: tuple[str, ...],
) -> None:
    phone = told(a_caregiver(), *before)

    phone.sends(Inbound(Kind.IMAGE, phone.world.now, text=BEATEN, media=Media("f")))

    [kept] = [event for event in phone.world.events if isinstance(event, ev.MediaKept)]
    assert phone.world.open_tasks[kept.task].level is Level.MERAH
    assert len(phone.world.open_tasks) == 1


def test_a_recording_whose_words_raise_the_alarm_belongs_to_it() -> None:
    phone = told(a_caregiver(), "menu", "1")

    phone.sends(Inbound(Kind.VOICE, phone.world.now, text=BEATEN, media=Media("f")))

    [extended] = [event for event in phone.world.events if isinstance(event, ev.TaskExtended)]
    assert extended.media
    assert phone.world.open_tasks[extended.code].level is Level.MERAH


def test_a_member_of_staff_may_be_in_danger_or_pass_on_a_cry_for_help() -> None:
    phone = a_caregiver(role=d.Role.STAFF, id=901)

    shown = phone.says(BEATEN)

    assert phone.tasks() == [("concern", Level.MERAH, "reason.words")]
    assert "129" in shown[0]


def test_what_staff_write_into_a_case_raises_no_second_alarm() -> None:
    phone = a_caregiver(role=d.Role.STAFF, id=901)

    phone.says(f"CATAT LDK-26-0001 {BEATEN}")

    assert phone.tasks() == []


def test_not_safe_now_is_red_at_once_and_not_when_the_form_is_done() -> None:
    phone = told(a_report(a_caregiver()), "lewati")

    shown = phone.says("belum aman")

    assert phone.tasks() == [("concern", Level.MERAH, "reason.told")]
    assert "129" in shown[0]
    assert "Boleh petugas menghubungi" in shown[-1]
    [code] = phone.world.open_tasks
    called = [alert.message.text for alert in phone.others]
    assert called == [f"KUNING · {code}", f"MERAH · {code}"]


def test_not_safe_now_is_one_alarm_however_often_it_is_answered() -> None:
    phone = told(a_report(a_caregiver()), "lewati", "belum aman")

    told(phone, "kembali", "belum aman", "boleh", "besok pagi")

    assert len(phone.tasks()) == 1
    assert [alert.message.text[:5] for alert in phone.others].count("MERAH") == 1


def test_more_words_while_the_danger_is_being_confirmed_do_not_start_it_all_over() -> None:
    phone = told(a_caregiver(), BEATEN)

    shown = phone.says("tolong, dia mau bunuh saya")

    [task] = phone.world.open_tasks.values()
    assert task.content.splitlines() == [BEATEN, "tolong, dia mau bunuh saya"]
    assert len(shown) == 1
    assert "129" not in shown[0]
    assert "keadaan bahaya" in shown[0]


def test_nobody_is_said_to_listen_when_nobody_can_be_reached() -> None:
    world = MemoryWorld()
    world.staff_people = ()
    phone = a_caregiver(world)

    shown = [*phone.says(BEATEN), *phone.says("ya")]

    assert not any("sudah kami teruskan" in text for text in shown)
    assert not any("akan segera menghubungi" in text for text in shown)
    assert "129" in shown[0]


def test_a_strangers_three_words_may_be_passed_on() -> None:
    phone = Phone()

    assert "teruskan" in phone.says("saya takut pulang")[-1].casefold()


def test_ten_minutes_count_also_for_whoever_opened_the_menu() -> None:
    phone, interview = not_eating()
    phone.says("menu")

    shown = phone.waits(minutes=10).wakes("drinking", interview)

    assert ("concern", Level.MERAH, "reason.not_drinking") in phone.tasks()
    assert "Puskesmas" in shown[0]


def test_ten_minutes_count_also_for_whoever_went_back() -> None:
    phone, interview = not_eating()
    phone.says("kembali")

    phone.waits(minutes=10).wakes("drinking", interview)

    assert phone.tasks() == [("concern", Level.MERAH, "reason.not_drinking")]


@pytest.mark.parametrize(
    "leaving", [("hmm", "anu", "lho", "boleh"), ("menu", "2"), ("hapus data saya",)]
)
def test_a_check_in_left_before_the_answer_about_drinking_is_red(leaving: tuple[str, ...]) -> None:
    phone, _ = not_eating()

    told(phone, *leaving)

    assert ("concern", Level.MERAH, "reason.not_drinking") in phone.tasks()


def test_not_drinking_is_told_to_staff_once() -> None:
    phone, interview = not_eating()
    phone.waits(minutes=10).wakes("drinking", interview)

    phone.says("tidak mau")
    phone.waits(days=3).wakes("expire", interview)

    assert [reason for *_, reason in phone.tasks()].count("reason.not_drinking") == 1


def test_the_advice_about_drinking_waits_for_no_morning() -> None:
    phone, interview = not_eating()
    due = d.Wake("drinking", interview, phone.world.now)

    turn = waking.wake(phone.person, phone.dialogue, due, phone.world)

    assert {outgoing.priority for outgoing in turn.outgoing} == {Priority.ALARM}


def test_after_stop_the_alarm_goes_to_staff_alone() -> None:
    phone, interview = not_eating()
    phone.says("BERHENTI")

    assert phone.waits(minutes=10).wakes("drinking", interview) == []
    assert phone.tasks() == [("concern", Level.MERAH, "reason.not_drinking")]


def test_a_child_who_may_be_four_is_a_child_under_five() -> None:
    world = MemoryWorld()
    world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2021))
    phone = a_caregiver(world)
    phone.wakes("checkin")

    phone.says("sakit berat")

    assert phone.tasks() == [("concern", Level.MERAH, "reason.very_ill")]


def test_a_child_known_to_be_five_is_called_about_within_a_day() -> None:
    world = MemoryWorld()
    world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2021, birth_month=3))
    phone = a_caregiver(world)
    phone.wakes("checkin")

    phone.says("sakit berat")

    assert phone.tasks() == [("followup", Level.ORANYE, "reason.very_ill")]


def test_a_check_in_that_is_never_sent_off_is_followed_up_all_the_same() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    told(phone, "sakit berat", "biasa", "sudah berhenti")
    interview = phone.running.id if phone.running else ""

    assert phone.waits(days=3).wakes("expire", interview) == []
    assert phone.tasks() == [
        ("followup", Level.ORANYE, "reason.very_ill"),
        ("followup", Level.KUNING, "reason.absent"),
    ]


def test_a_changed_answer_raises_no_second_alarm() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")

    told(phone, "sakit berat", "kembali", "sakit berat")

    assert phone.tasks() == [("followup", Level.ORANYE, "reason.very_ill")]


@pytest.mark.parametrize("cry", ["bahaya", "Tolong, bahaya!!", "SOS", "gawat darurat"])
@pytest.mark.parametrize("before", [(), ("menu",), ("menu", "2"), ("data saya", "2", "1")])
def test_a_bare_cry_for_help_is_red(before: tuple[str, ...], cry: str) -> None:
    phone = told(a_caregiver(), *before)

    shown = phone.says(cry)

    assert phone.tasks() == [("concern", Level.MERAH, "reason.words")]
    assert "129" in shown[0]


def test_bahaya_is_a_yes_to_whether_it_is_danger() -> None:
    phone = told(a_caregiver(), BEATEN)

    phone.says("bahaya")

    [task] = phone.world.open_tasks.values()
    assert task.content.splitlines() == [BEATEN, "bahaya: ya"]


def test_talking_about_danger_is_no_cry() -> None:
    phone = a_caregiver()

    phone.says("kemarin ada penyuluhan tentang tanda bahaya kehamilan di balai desa")

    assert phone.tasks() == []


def test_danger_told_in_a_report_is_asked_about_first_and_alone() -> None:
    phone = told(a_caregiver(), "menu", "1")

    shown = phone.says(BEATEN)

    assert len(shown) == 1
    assert "keadaan bahaya" in shown[0]
    assert "tentang siapa" in phone.says("bukan")[-1]
