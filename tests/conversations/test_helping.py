"""A cadre types for somebody without a phone: whose words they are is never in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.message import MediaId
from tests.conversations.helper import RINI, SITI, TINI, Helper, enrolled, of_kind
from tests.conversations.world import Phone


def test_a_grandmother_of_the_roster_is_enrolled_in_five_messages() -> None:
    """BANTU 7, adult, understood, agreed, in what capacity; the door has nothing left to ask."""
    helper = Helper()

    for text in ("BANTU 7", "1", "1", "1"):
        helper.says(text)
    shown = helper.says("3")

    siti = helper.people[SITI]
    assert helper.typed == 5
    assert (siti.consent, siti.registered) == (d.Consent.GIVEN, True)
    assert (siti.salutation, siti.relation, siti.village_id) == ("Mbah", "nenek", 2)
    assert "Sudah terdaftar" in shown[0]
    assert "1. Cerita kabar anak" in shown[-1]


def test_the_door_asks_only_what_the_roster_does_not_know() -> None:
    helper = Helper(relation="", village_id=None)

    for text in ("BANTU 7", "1", "1", "1"):
        helper.says(text)
    first, then = helper.says("3"), helper.says("Sumbersalak")
    helper.says("nenek")

    assert "desa" in first[0]
    assert "Siapanya" in then[0]
    assert helper.people[SITI].registered
    assert helper.people[SITI].relation == "nenek"


def test_consent_records_that_it_was_read_aloud() -> None:
    helper = Helper()

    for text in ("BANTU 7", "1", "1", "1", "3"):
        helper.says(text)

    [decided] = of_kind(helper, ev.ConsentDecided)
    assert isinstance(decided, ev.ConsentDecided)
    assert (decided.consent, decided.how) == (d.Consent.GIVEN, "read_aloud")


def test_a_recording_is_offered_and_recorded_as_played() -> None:
    helper = Helper()
    helper.world.helping.recording = MediaId("suara1")

    offered = helper.says("BANTU 7")
    helper.says("2")
    for text in ("1", "1", "1", "3"):
        helper.says(text)

    [decided] = of_kind(helper, ev.ConsentDecided)
    assert "2. Putar rekaman" in offered[-1]
    assert any(message.media == "suara1" for message in helper.screen)
    assert isinstance(decided, ev.ConsentDecided)
    assert decided.how == "played"


def test_who_said_no_is_not_pressed() -> None:
    helper = Helper(consent=d.Consent.REFUSED)

    shown = helper.says("BANTU 7")
    helper.says("2")

    assert "itu boleh" in shown[0]
    assert helper.speaks_for == RINI.id
    assert of_kind(helper, ev.ConsentDecided) == []


def test_every_message_says_for_whom_until_it_ends() -> None:
    helper = enrolled()
    helper.world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2018))

    shown = [line for text in ("BANTU 7", "1", "1", "apa?") for line in helper.says(text)]
    ended = helper.says("SELESAI")

    assert len(shown) >= 4
    assert all(line.startswith("👵 Mbah Siti:\n") for line in shown)
    assert not any("👵" in line for line in ended)
    assert helper.speaks_for == RINI.id


def test_the_check_in_is_hers() -> None:
    helper = enrolled()
    helper.world.family.append(d.Child(d.ChildId(1), "Adi", birth_year=2018))

    helper.says("BANTU 7")
    helper.says("1")

    running = helper.dialogues[SITI].running
    assert running is not None
    assert (running.conversation, running.child) == ("checkin", 1)
    assert helper.dialogues[RINI.id].running is None


def test_without_a_known_child_the_family_is_asked_first() -> None:
    helper = enrolled()

    helper.says("BANTU 7")
    shown = helper.says("1")

    assert "putra-putri" in shown[0]


def test_another_bantu_changes_hands_at_once() -> None:
    helper = enrolled()

    helper.says("BANTU 7")
    shown = helper.says("BANTU 8")

    assert helper.speaks_for == TINI
    assert shown[0].startswith("👵 Mbah Tini:\n")


def test_the_cadres_own_dialogue_stays_where_it_was() -> None:
    helper = enrolled()
    helper.people[RINI.id] = replace(RINI, consent=d.Consent.GIVEN, registered=True)
    helper.says("jeda")
    before = helper.dialogues[RINI.id].running

    helper.says("BANTU 7")
    shown = helper.says("SELESAI")

    assert before is not None
    assert helper.dialogues[RINI.id].running is not None
    assert helper.dialogues[RINI.id].running.id == before.id
    assert "istirahat" in shown[-1]


def test_after_half_an_hour_the_next_message_is_nobodys_answer() -> None:
    helper = enrolled()
    helper.people[RINI.id] = replace(RINI, consent=d.Consent.GIVEN, registered=True)
    helper.says("jeda")
    helper.says("BANTU 7")
    helper.lapses()

    shown = helper.says("1")
    again = helper.says("4")

    assert "belum dicatat" in shown[0]
    assert helper.people[RINI.id].paused_until is None
    assert "dicatat" not in again[0]


def test_after_half_an_hour_the_same_order_goes_on() -> None:
    helper = enrolled()
    helper.says("BANTU 7")
    helper.lapses()

    helper.says("BANTU 8")

    assert helper.speaks_for == TINI


def test_the_clock_tells_that_time_has_ended_it() -> None:
    phone = Phone(id=50, role=d.Role.CADRE)
    phone.world.helping.ended = "Mbah Siti"

    shown = phone.wakes("help_over", "3")

    assert "bantuan untuk Mbah Siti sudah ditutup" in shown[0]
    assert any(isinstance(event, ev.HelpEnded) for event in phone.world.events)


def test_the_clock_waits_while_she_is_still_typing() -> None:
    phone = Phone(id=50, role=d.Role.CADRE)
    phone.world.helping.open_until = phone.world.now

    shown = phone.wakes("help_over", "3")

    assert shown == []
    assert phone.world.reminders["help_over", "3"].due_at == phone.world.now


def test_danger_words_alarm_about_her_and_say_who_typed() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    helper.says("cucu saya dipukuli bapaknya")

    [task] = helper.world.open_tasks.values()
    assert task.about == SITI
    assert "diketik oleh Bu Rini" in task.content
    assert task.content.startswith("cucu saya dipukuli bapaknya")


def test_a_worry_is_not_shown_to_the_next_hand() -> None:
    helper = enrolled()
    helper.says("BANTU 7")
    helper.says("cucu saya dipukuli bapaknya")
    helper.says("SELESAI")

    shown = helper.says("BANTU 7")

    assert helper.dialogues[SITI].running is None
    assert not any("dipukul" in line or "bahaya" in line for line in shown)


@pytest.mark.parametrize("text", ["BERHENTI", "stop", "berhenti ya mbak"])
def test_stop_stops_her_after_a_question(text: str) -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    asked = helper.says(text)
    before = helper.people[SITI].stopped
    helper.says("1")

    assert "Yang mau berhenti" in asked[0]
    assert not before
    assert helper.people[SITI].stopped
    assert not helper.people[RINI.id].stopped


def test_stop_may_be_a_mistake() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    helper.says("BERHENTI")
    helper.says("2")

    assert not helper.people[SITI].stopped


def test_erasure_is_asked_for_her_after_a_question() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    asked = helper.says("hapus data saya")
    helper.says("1")

    [task] = helper.world.open_tasks.values()
    assert "Data siapa" in asked[0]
    assert (task.kind, task.about) == ("erasure", SITI)
    assert helper.people[SITI].consent is d.Consent.WITHDRAWN


@pytest.mark.parametrize("button", ["t:terima:LDK-26-0001", "r:12:yes", "j:other"])
def test_a_button_of_the_cadres_own_is_not_pressed_for_her(button: str) -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    shown = helper.presses(button)

    assert "Balas SELESAI dulu" in shown[0]
    assert len(helper.world.events) == 1


@pytest.mark.parametrize("text", ["TUGAS", "BACA LDK-26-0001", "hadir 3 7 12", "TUNDA Selasa"])
def test_orders_of_staff_are_not_taken_for_her(text: str) -> None:
    staff = replace(RINI, role=d.Role.STAFF, salutation="Mas", name="Dimas")
    helper = Helper(staff, consent=d.Consent.GIVEN, registered=True)
    helper.says("BANTU BOK-SBS 7")

    shown = helper.says(text)

    assert "Balas SELESAI dulu" in shown[0]


@pytest.mark.parametrize("text", ["BATAL", "BATAL Selasa", "PESERTA", "BERDUKA 8", "hadir 1 2"])
def test_orders_of_a_cadre_are_not_taken_for_her(text: str) -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    shown = helper.says(text)

    assert "Balas SELESAI dulu" in shown[0]
    assert not of_kind(helper, ev.HouseholdPaused)


def test_she_whom_the_cadre_helps_may_mourn() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    helper.says("BERDUKA")

    assert len(of_kind(helper, ev.HouseholdPaused)) == 1


def test_a_staff_code_typed_for_her_makes_nobody_staff() -> None:
    helper = enrolled()
    helper.world.staff_codes["CDFGHJKM"] = 3
    helper.says("BANTU 7")

    helper.says("CDFGHJKM")

    assert of_kind(helper, ev.StaffLinked) == []


def test_who_is_a_cadre_no_longer_types_for_nobody() -> None:
    helper = enrolled()
    helper.says("BANTU 7")
    helper.world.helping.helpers[RINI.id] = replace(RINI, role=d.Role.CAREGIVER)

    helper.says("1")

    assert helper.speaks_for == RINI.id
    assert of_kind(helper, ev.InterviewStarted) == []


def test_a_hello_for_somebody_who_has_not_agreed_begins_with_the_notice() -> None:
    helper = Helper()
    helper.says("BANTU 7")
    helper.dialogues[SITI] = d.Dialogue()

    shown = helper.says("halo")

    assert "Bacakan keras-keras" in " ".join(shown)
    assert helper.dialogues[SITI].running is not None
    assert helper.dialogues[SITI].running.facts["bantu.cara"] == "read_aloud"


def test_a_notice_that_was_left_goes_on_where_it_was() -> None:
    helper = Helper()
    for text in ("BANTU 7", "1", "SELESAI"):
        helper.says(text)

    shown = helper.says("BANTU 7")

    assert "Bacakan keras-keras" in shown[0]
    assert "Yang kami simpan" in " ".join(shown)


def test_who_agreed_earlier_goes_on_at_the_door() -> None:
    helper = Helper(consent=d.Consent.GIVEN, relation="")

    shown = helper.says("BANTU 7")

    assert "Siapanya" in shown[0]


def test_a_family_half_told_goes_on() -> None:
    helper = enrolled()
    for text in ("BANTU 7", "2", "1", "SELESAI"):
        helper.says(text)

    shown = helper.says("BANTU 7")

    assert "Tulis jawaban" in shown[0]
    assert helper.dialogues[SITI].running is not None


def test_a_button_of_an_older_question_is_answered_kindly() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    shown = helper.presses("id0000000001.abcdef.1")

    assert "pertanyaan sebelumnya" in shown[0]


def test_a_recording_that_has_gone_is_read_aloud_instead() -> None:
    helper = Helper()
    helper.world.helping.recording = MediaId("suara1")
    helper.says("BANTU 7")
    helper.world.helping.recording = None

    shown = helper.says("2")

    assert "Bacakan keras-keras" in " ".join(shown)


@pytest.mark.parametrize("button", ["h:checkin", "h:family"])
def test_an_old_menu_asks_nothing_of_who_has_not_agreed(button: str) -> None:
    helper = Helper()
    helper.says("BANTU 7")

    helper.presses(button)

    running = helper.dialogues[SITI].running
    assert running is not None
    assert running.conversation == "persetujuan"


def test_after_never_mind_the_open_question_comes_again() -> None:
    helper = enrolled()
    for text in ("BANTU 7", "2"):
        helper.says(text)

    helper.says("berhenti")
    shown = helper.says("2")

    assert "putra-putri" in shown[0]


def test_hadir_alone_may_be_her_answer() -> None:
    helper = enrolled()
    helper.says("BANTU 7")

    shown = helper.says("hadir")

    assert not any("Balas SELESAI dulu" in line for line in shown)
