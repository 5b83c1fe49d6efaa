"""The menu, the settings, the rest and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversations import dialogue as d
from conversations.level import Level
from tests.conversations.world import Phone, a_caregiver


def chose(phone: Phone, *replies: str) -> list[str]:
    shown: list[str] = []
    for reply in ("menu", *replies):
        shown = phone.says(reply)
    return shown


@pytest.mark.parametrize(
    ("choice", "heard"),
    [
        ("1", "Silakan sampaikan"),
        ("2", "Minggu ini Adi sehat"),
        ("3", "Kiat ini bermanfaat?"),
        ("4", "Yang kami simpan tentang Mbah"),
        ("5", "berapa lama"),
        ("6", "PETUGAS untuk dibantu orang"),
        ("7", "Baik, Mbah."),
    ],
)
def test_every_entry_leads_somewhere(choice: str, heard: str) -> None:
    assert heard in chose(a_caregiver(), choice)[-1]


def test_without_a_child_on_record_the_news_begins_with_getting_to_know_one() -> None:
    phone = Phone(salutation="Mbah", relation="nenek", consent=d.Consent.GIVEN, registered=True)

    assert "Boleh saya kenal" in chose(phone, "2")[-1]


@pytest.mark.parametrize(("choice", "days"), [("1", 7), ("2", 14), ("3", 30)])
def test_a_rest_holds_the_check_in_until_it_is_over(choice: str, days: int) -> None:
    phone = a_caregiver()
    until = phone.world.now + timedelta(days=days)

    assert "selamat beristirahat" in chose(phone, "5", choice)[0]
    assert phone.person.paused_until == until
    phone.world.now = until - timedelta(minutes=1)
    assert phone.wakes("checkin") == []
    assert phone.waits(minutes=1).wakes("checkin")


def test_a_rest_may_be_thought_better_of() -> None:
    phone = a_caregiver()
    chose(phone, "5", "4")

    assert phone.person.paused_until is None


def test_a_rest_may_end_early() -> None:
    phone = a_caregiver()
    chose(phone, "5", "3")

    phone.says("MULAI")

    assert phone.person.paused_until is None
    assert phone.wakes("checkin")


@pytest.mark.parametrize(
    ("choice", "heard"),
    [
        ("1", "dipanggil apa"),
        ("2", "Boleh saya kenal"),
        ("3", "menelepon?"),
        ("4", "jangan mengirim pesan"),
        ("5", "petugas akan menghubungi"),
        ("6", "Mulai sekarang saya tidak mengirim"),
        ("7", "kirim kode ini"),
        ("8", "Baik, Mbah."),
    ],
)
def test_everything_kept_about_her_may_be_changed(choice: str, heard: str) -> None:
    assert heard in chose(a_caregiver(), "4", choice)[-1]


def test_a_wish_to_correct_is_a_task_of_72_hours() -> None:
    phone = a_caregiver()
    chose(phone, "4", "5")

    [task] = phone.world.open_tasks.values()
    assert (task.kind, task.due_at - phone.world.now) == ("correction", timedelta(hours=72))


def test_calls_may_be_asked_about_again() -> None:
    phone = a_caregiver()
    chose(phone, "4", "3", "2")
    assert phone.world.family[0].ask_calls is False

    chose(phone, "4", "3", "1")

    assert phone.world.family[0].ask_calls is True


@pytest.mark.parametrize(
    ("choice", "heard"),
    [
        ("1", "Senang bisa menyapa lagi"),
        ("2", "Silakan sampaikan"),
        ("3", "Baik, Mbah."),
    ],
)
def test_somebody_who_stopped_chooses_what_now(choice: str, heard: str) -> None:
    phone = a_caregiver(stopped=True)
    phone.says("halo")

    assert heard in phone.says(choice)[0]


@pytest.mark.parametrize(
    ("choice", "heard"),
    [("1", "Silakan sampaikan"), ("2", "Usia sudah 18 tahun"), ("3", "kapan pun")],
)
def test_somebody_who_said_no_is_not_left_alone(choice: str, heard: str) -> None:
    phone = Phone(consent=d.Consent.REFUSED)
    phone.says("halo")

    assert heard in phone.says(choice)[-1]


def test_asking_first_is_no_decision_and_brings_a_person() -> None:
    phone = Phone()
    for reply in ("halo", "1", "1"):
        phone.says(reply)

    phone.says("tanya petugas dulu")

    assert ("person_wanted", Level.KUNING, "reason.question") in phone.tasks()
