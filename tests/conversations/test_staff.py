"""Staff in chat: lists and alerts without content, one task read, taken, answered, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.level import Level
from conversations.message import Inbound, Kind, Media
from conversations.permission import TABLE, Act, may
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

SECRET = "Saya mau tanya soal cucu yang malas mandi"


def staff_and_a_message() -> tuple[Phone, str]:
    """Mas Dimas at his phone, and the code of what Mbah Siti wanted to tell."""
    world = MemoryWorld()
    siti = a_caregiver(world)
    siti.says("menu")
    siti.says("1")
    siti.says(SECRET)
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    return dimas, next(iter(world.open_tasks))


def staff_and_a_wish_to_be_called() -> tuple[Phone, str]:
    """Mas Dimas at his phone, and the code of a task that is no case."""
    world = MemoryWorld()
    a_caregiver(world).says("PETUGAS")
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    return dimas, next(iter(world.open_tasks))


def test_the_list_shows_code_and_level_only() -> None:
    dimas, code = staff_and_a_message()

    [shown] = dimas.says("TUGAS")

    assert code in shown
    assert "KUNING" in shown
    assert "mandi" not in shown


def test_a_number_picks_from_the_list() -> None:
    dimas, _ = staff_and_a_message()
    dimas.says("tugas")

    assert SECRET in dimas.says("1")[0]


def test_reading_is_hidden_on_the_lock_screen_and_accounted_for() -> None:
    dimas, code = staff_and_a_message()

    dimas.says(f"BACA {code}")

    assert dimas.screen[-1].discreet
    assert ev.Audited("task_read", code) in dimas.world.events


def test_a_voice_note_is_heard_by_staff() -> None:
    world = MemoryWorld()
    siti = a_caregiver(world)
    siti.sends(Inbound(Kind.VOICE, world.now, media=Media("f")))
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF)

    dimas.says(f"baca {next(iter(world.open_tasks))}")

    kept = next(event for event in world.events if isinstance(event, ev.MediaKept))
    assert [message.media for message in dimas.screen if message.media] == [kept.id]


def test_taking_a_task_from_the_alert_makes_it_mine() -> None:
    dimas, code = staff_and_a_message()

    shown = dimas.presses_payload(f"t:terima:{code}")

    assert code in shown[-1]
    assert ev.TaskChanged(code, "accepted") in dimas.world.events


def test_the_number_beside_the_button_of_an_alert_takes_the_task() -> None:
    dimas, code = staff_and_a_message()

    dimas.says("1")

    assert ev.TaskChanged(code, "accepted") in dimas.world.events


def test_a_number_that_could_mean_two_alerts_shows_the_list() -> None:
    dimas, code = staff_and_a_message()
    siti = a_caregiver(dimas.world)
    siti.says("PETUGAS")

    shown = dimas.says("1")

    assert code in shown[0]
    assert not any(isinstance(event, ev.TaskChanged) for event in dimas.world.events)


def test_an_answer_goes_to_the_person_through_the_bot() -> None:
    dimas, code = staff_and_a_message()

    dimas.says(f"BALAS {code} Besok saya mampir, nggih Mbah.")

    [sent] = dimas.others
    assert sent.to == 7
    assert sent.message.text == "Dari petugas: Besok saya mampir, nggih Mbah."
    assert sent.message.discreet


def test_closing_something_urgent_asks_what_was_done() -> None:
    dimas, code = staff_and_a_wish_to_be_called()
    task = dimas.world.open_tasks[code]
    dimas.world.open_tasks[code] = replace(task, level=Level.MERAH)

    assert "hasilnya" in dimas.says(f"SELESAI {code}")[0]
    assert dimas.world.open_tasks[code].closed_at is None
    dimas.says("sudah dikunjungi, aman")

    assert ev.TaskChanged(code, "closed", "sudah dikunjungi, aman") in dimas.world.events


def test_a_closed_task_says_so() -> None:
    dimas, code = staff_and_a_wish_to_be_called()
    dimas.says(f"selesai {code} beres")

    assert "sudah selesai" in dimas.says(f"selesai {code} beres")[0]
    assert "sudah selesai" in dimas.says(f"terima {code}")[0]


def test_erasing_needs_to_be_confirmed_by_another_route() -> None:
    world = MemoryWorld()
    a_caregiver(world).says("hapus data saya")
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF)
    code = next(iter(world.open_tasks))

    assert "Pastikan dulu" in dimas.says(f"SELESAI {code}")[0]
    assert "Pastikan dulu" in dimas.says(f"HAPUS {code}")[0]
    assert ev.ErasureConfirmed(code) not in world.events
    dimas.says(f"HAPUS {code} sudah dipastikan")

    assert ev.ErasureConfirmed(code) in world.events


def test_a_task_that_is_none_leads_back_to_the_list() -> None:
    dimas, _ = staff_and_a_message()

    assert "TUGAS" in dimas.says("BACA XYZ-26-0001")[0]
    assert "kodenya" in dimas.says("baca")[0]


def test_what_concerns_oneself_is_for_somebody_else() -> None:
    dimas, code = staff_and_a_message()
    task = dimas.world.open_tasks[code]
    dimas.world.open_tasks[code] = replace(task, about=STAFF)

    assert SECRET not in dimas.says(f"BACA {code}")[0]


@pytest.mark.parametrize("command", ["TUGAS", "SEMUA", "BACA LDK-26-0001", "SELESAI LDK-26-0001 x"])
def test_the_commands_of_staff_do_nothing_for_anybody_else(command: str) -> None:
    dimas, _ = staff_and_a_message()
    stranger = a_caregiver(dimas.world, id=55)

    shown = stranger.says(command)

    assert SECRET not in " ".join(shown)
    assert not any(isinstance(event, ev.Audited) for event in dimas.world.events)


def test_buttons_of_staff_do_nothing_for_anybody_else() -> None:
    dimas, code = staff_and_a_message()
    stranger = a_caregiver(dimas.world, id=55)

    shown = stranger.presses_payload(f"t:baca:{code}")

    assert SECRET not in " ".join(shown)


def test_the_table_denies_whatever_it_does_not_name() -> None:
    for role in (d.Role.CAREGIVER, d.Role.CADRE, d.Role.PARTNER):
        for act in Act:
            assert may(d.Person(d.PersonId(1), role=role), act) == ((role, act) in TABLE)
    assert {role for role, _ in TABLE} == set(d.Role) - {d.Role.CAREGIVER, d.Role.PARTNER}


def test_a_one_time_code_joins_the_chat_to_the_staff_account() -> None:
    phone = Phone()
    phone.world.staff_codes["ABCD2345"] = 3

    shown = phone.says("/start ABCD-2345")

    assert "bergabung" in shown[0]
    assert ev.StaffLinked(3) in phone.world.events
    assert ("day_list", "7") in phone.world.reminders


def test_a_wrong_code_is_just_a_word() -> None:
    phone = Phone()

    phone.says("ABCD-2345")

    assert not any(isinstance(event, ev.StaffLinked) for event in phone.world.events)


def test_at_eight_the_day_begins_with_what_is_open() -> None:
    dimas, code = staff_and_a_message()

    [shown] = dimas.wakes("day_list")

    assert shown.startswith("Selamat pagi")
    assert code in shown
    local = dimas.world.reminders["day_list", str(STAFF)].due_at.astimezone(dimas.person.tz)
    assert (local.hour, local.minute) == (8, 0)


def test_whatever_else_staff_write_is_answered_with_the_commands() -> None:
    dimas, _ = staff_and_a_message()

    assert "BALAS" in dimas.says("selamat pagi semuanya di kantor")[0]


def test_help_during_a_question_comes_back_to_the_question() -> None:
    dimas, code = staff_and_a_wish_to_be_called()
    dimas.says(f"catat {code}")

    shown = dimas.says("bantuan")

    assert "KASUS SAYA" in " ".join(shown)
    assert "Silakan tulis" in shown[-1]


def test_an_organiser_gets_no_list_of_tasks_in_the_morning() -> None:
    dimas, code = staff_and_a_message()
    organiser = Phone(dimas.world, id=80, role=d.Role.ORGANISER)

    shown = organiser.wakes("day_list")

    assert code not in " ".join(shown)
    assert ("day_list", "80") in dimas.world.reminders


def test_digits_that_no_open_code_ends_in_lead_back_to_the_list() -> None:
    dimas, _ = staff_and_a_message()

    assert "TUGAS" in dimas.says("terima 9999")[0]


def test_words_for_the_person_are_asked_for_and_passed_on() -> None:
    dimas, code = staff_and_a_message()

    asked = dimas.says(f"balas {code}")
    shown = dimas.says("Besok saya mampir, nggih Mbah.")

    [sent] = dimas.others
    assert "mungkin dibaca orang lain" in asked[0]
    assert sent.message.text == "Dari petugas: Besok saya mampir, nggih Mbah."
    assert "sudah diteruskan" in shown[0]


def test_who_told_nobody_who_she_is_cannot_be_answered_here() -> None:
    dimas, code = staff_and_a_message()
    task = dimas.world.open_tasks[code]
    dimas.world.open_tasks[code] = replace(task, about=None)

    [shown] = dimas.says(f"balas {code} halo")

    assert "tidak punya pelapor" in shown
    assert dimas.others == []


def test_only_a_wish_to_be_erased_is_an_erasure() -> None:
    dimas, code = staff_and_a_message()

    dimas.says(f"hapus {code} sudah dipastikan")

    assert ev.ErasureConfirmed(code) not in dimas.world.events


def test_a_number_under_an_alert_is_not_for_a_list_that_was_shown_before() -> None:
    dimas, code = staff_and_a_wish_to_be_called()
    dimas.says("BANTUAN")
    dimas.world.duty.last_call[STAFF] = dimas.world.now + timedelta(seconds=1)

    dimas.says("1")

    assert ev.TaskChanged(code, "accepted") in dimas.world.events


def test_a_number_under_a_list_is_for_the_list_though_somebody_was_called_before() -> None:
    dimas, code = staff_and_a_wish_to_be_called()
    dimas.world.duty.last_call[STAFF] = dimas.world.now - timedelta(seconds=1)
    dimas.says("TUGAS")

    dimas.says("1")

    assert ev.TaskChanged(code, "accepted") not in dimas.world.events
