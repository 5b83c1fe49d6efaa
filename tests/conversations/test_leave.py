"""Consent and its end, and names that are no names: nothing is kept that was not given."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations.level import Level
from conversations.message import Inbound, Kind, Media
from tests.conversations.world import MemoryWorld, Phone, a_caregiver


def told(phone: Phone, *replies: str) -> Phone:
    for reply in replies:
        phone.says(reply)
    return phone


def at_the_nickname() -> Phone:
    phone = Phone(consent=d.Consent.GIVEN, registered=True, salutation="Mbah")
    return told(phone, "data saya", "2", "sekarang")


def not_eating() -> tuple[Phone, str]:
    """A small child who will not eat, and the interview that asks whether she drinks."""
    world = MemoryWorld()
    world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2024))
    phone = a_caregiver(world)
    phone.wakes("checkin")
    told(phone, "sehat", "tidak mau")
    assert phone.running is not None
    return phone, phone.running.id


def at_the_offer_about_consent() -> Phone:
    return told(Phone(), "halo", "sudah", "lanjut", "hmm", "anu", "lho")


@pytest.mark.parametrize("reply", ["ya", "iya mbak", "nggih"])
def test_a_yes_to_the_offer_of_a_person_is_no_consent(reply: str) -> None:
    phone = at_the_offer_about_consent()

    phone.says(reply)

    assert phone.person.consent is d.Consent.UNASKED
    assert ("person_wanted", Level.KUNING, "reason.handover") in phone.tasks()


@pytest.mark.parametrize("reply", ["tidak", "3", "4", "99"])
def test_a_no_or_an_old_number_at_the_offer_decides_nothing(reply: str) -> None:
    phone = at_the_offer_about_consent()

    phone.says(reply)

    assert phone.person.consent is d.Consent.UNASKED


def test_a_no_to_the_offer_is_no_answer_about_a_child() -> None:
    phone, _ = not_eating()
    told(phone, "hmm", "anu", "lho")

    shown = phone.says("tidak")

    assert phone.tasks() == []
    assert "minum" in shown[0]


def test_whatever_is_typed_at_the_review_and_its_offer_never_fails() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    told(phone, "sehat", "biasa", "masuk terus", "sudah", "biasa", "tidak")

    for reply in ("hmm", "anu", "lho", "9", "apa itu"):
        assert phone.says(reply)


@pytest.mark.parametrize("reply", ["belum", "tidak"])
def test_not_right_yet_leads_to_changing_an_answer(reply: str) -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    told(phone, "sehat", "biasa", "masuk terus", "sudah", "biasa", "tidak")

    assert "mau diubah" in phone.says(reply)[0]


def test_consent_after_an_early_stop_starts_the_messages_that_are_promised() -> None:
    phone = told(Phone(), "BERHENTI", "halo", "sudah", "lanjut", "boleh", "3")

    assert phone.person.consent is d.Consent.GIVEN
    assert not phone.person.stopped


def test_starting_again_does_not_ask_whether_to_start_again() -> None:
    phone = told(a_caregiver(stopped=True), "halo")

    shown = phone.says("MULAI")

    assert not phone.person.stopped
    assert not any("sedang berhenti" in text for text in shown)


def test_without_consent_the_menu_is_the_notice() -> None:
    assert "Saya Kawan Asuh" in a_caregiver(consent=d.Consent.WITHDRAWN).says("menu")[0]


def test_asking_for_erasure_ends_consent_and_what_was_being_asked() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    phone.says("sehat")

    phone.says("HAPUS DATA SAYA")

    assert phone.person.consent is d.Consent.WITHDRAWN
    assert phone.running is None
    assert "Saya Kawan Asuh" in phone.says("halo")[0]


@pytest.mark.parametrize("goodbye", ["BERHENTI", "HAPUS DATA SAYA"])
def test_a_form_that_expires_after_goodbye_says_and_plans_nothing(goodbye: str) -> None:
    phone = told(at_the_nickname(), "Adi", "2018")
    interview = phone.running.id if phone.running else ""
    phone.says(goodbye)

    assert phone.waits(days=14).wakes("expire", interview) == []
    assert phone.wakes("checkin") == []


def test_starting_again_after_erasure_was_asked_asks_for_consent_first() -> None:
    phone = told(a_caregiver(), "HAPUS DATA SAYA")

    assert "Saya Kawan Asuh" in phone.says("MULAI")[-1]


@pytest.mark.parametrize("name", ["1", "081234567890", "2018", "🙂", "..."])
def test_a_name_has_letters(name: str) -> None:
    phone = at_the_nickname()

    assert "panggilan" in phone.says(name)[0].casefold()
    assert phone.running is not None
    assert phone.running.at == "anak[1]/panggilan"


@pytest.mark.parametrize("name", ["{sapaan.__class__}", "${anak}", "%(x)s", "<b>Adi</b>"])
def test_a_name_is_only_ever_shown(name: str) -> None:
    phone = at_the_nickname()

    assert f"Tahun berapa {name} lahir?" in phone.says(name)[0]


def test_a_name_is_one_line() -> None:
    phone = told(at_the_nickname(), "Adi\n\n1. Ya")

    assert phone.running is not None
    assert phone.running.answers["anak[1]/panggilan"] == "Adi 1. Ya"


def test_a_cry_for_help_never_becomes_a_name() -> None:
    phone = at_the_nickname()

    phone.says("Adi dipukuli bapaknya")

    assert ("concern", Level.ORANYE, "reason.words") in phone.tasks() or (
        "concern",
        Level.MERAH,
        "reason.words",
    ) in phone.tasks()
    assert all("anak[1]/panggilan" not in one.answers for one in phone.dialogue.stack)


def test_a_recording_never_becomes_a_name() -> None:
    phone = at_the_nickname()

    shown = phone.sends(Inbound(Kind.VOICE, phone.world.now, media=Media("f")))

    assert not any("voice:" in text for text in shown)
    assert phone.running is not None
    assert phone.running.at == "anak[1]/panggilan"
    assert ("voice", Level.KUNING, "reason.voice") in phone.tasks()


def test_a_greeting_days_later_never_becomes_a_name() -> None:
    phone = at_the_nickname().waits(days=2)

    assert "ketemu lagi" in phone.says("Assalamualaikum")[0]
    assert phone.running is not None
    assert phone.running.at == "anak[1]/panggilan"


def test_a_girl_may_be_called_like_the_safe_word() -> None:
    phone = at_the_nickname()

    assert "Tahun berapa Melati lahir?" in phone.says("Melati")[0]
    assert phone.tasks() == []


def test_the_safe_word_as_help_writes_it_holds_at_a_name_too() -> None:
    phone = at_the_nickname()

    phone.says("MELATI")

    assert phone.tasks() == [("safe_word", Level.ORANYE, "reason.safe_word")]


@pytest.mark.parametrize("reply", ["17", "saya 15 tahun", "umur saya dua belas"])
def test_a_child_who_tells_its_age_is_answered_as_a_child(reply: str) -> None:
    phone = told(Phone(), "halo")

    assert "129" in phone.says(reply)[0]
    assert phone.person.consent is d.Consent.REFUSED


@pytest.mark.parametrize("reply", ["67", "sudah 40 tahun", "1", "sudah"])
def test_a_grown_up_may_answer_with_her_age_too(reply: str) -> None:
    phone = told(Phone(), "halo")

    assert "Yang kami simpan" in phone.says(reply)[0]


def test_a_child_told_twice_is_one_child_and_the_news_are_kept() -> None:
    phone = told(a_caregiver(), "data saya", "2", "sekarang", "adi", "2017")
    told(phone, "lewati", "lewati", "di rumah", "lewati", "cukup", "lewati", "lewati")

    [adi] = phone.world.family
    assert (adi.nickname, adi.birth_year, adi.sex, adi.mother) == ("Adi", 2017, "laki", "rumah")
