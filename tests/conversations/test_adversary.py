"""What an ill-wisher, old buttons and bad luck try: nothing comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.level import Level
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

BEATEN = "cucu saya dipukuli bapaknya sampai lebam semua"


def told(phone: Phone, *replies: str) -> Phone:
    for reply in replies:
        phone.says(reply)
    return phone


@pytest.mark.parametrize("word", ["terima", "baca", "selesai", "balas", "hapus", "tugas"])
def test_a_button_of_staff_opens_nothing_to_anybody_else(word: str) -> None:
    world = MemoryWorld()
    told(a_caregiver(world), BEATEN)
    [code] = world.open_tasks
    stranger = Phone(world, id=8)

    shown = [*stranger.presses_payload(f"t:{word}:{code}"), *stranger.says(f"{word} {code}")]

    assert not any(BEATEN in text or "MERAH" in text for text in shown)
    assert world.open_tasks[code].closed_at is None
    assert not world.open_tasks[code].accepted


@pytest.mark.parametrize("payload", ["t:", "t:x:LDK-26-0001", "t:baca:", "t:hapus:../..", "x" * 64])
def test_a_forged_button_of_staff_is_answered_and_does_nothing(payload: str) -> None:
    world = MemoryWorld()
    told(a_caregiver(world), BEATEN)
    staff = Phone(world, id=STAFF, role=d.Role.STAFF)

    assert staff.presses_payload(payload)
    assert all(task.closed_at is None for task in world.open_tasks.values())


@pytest.mark.parametrize(
    "text", ["terima kasih", "semua sehat alhamdulillah", "selesai masak dulu"]
)
def test_what_staff_say_by_the_way_is_no_command(text: str) -> None:
    phone = a_caregiver(role=d.Role.STAFF, id=901)

    shown = phone.says(text)

    assert not any("kodenya, misalnya" in line or "Tugas terbuka" in line for line in shown)


def test_a_member_of_staff_may_ask_for_erasure_too() -> None:
    phone = a_caregiver(role=d.Role.STAFF, id=901)

    phone.says("hapus data saya")

    assert ("erasure", Level.ORANYE, "reason.erasure") in phone.tasks()


def test_a_second_code_joins_nobody_twice() -> None:
    phone = a_caregiver(role=d.Role.STAFF, id=901)
    phone.world.staff_codes["CDFGHJKM"] = 2

    shown = phone.says("CDFG-HJKM")

    assert "sudah tersambung" in shown[0]
    assert not any(isinstance(event, ev.StaffLinked) for event in phone.world.events)


@pytest.mark.parametrize("code", ["CDFGHJKM", "cdfg-hjkm", "/start CDFGHJKM", "AAAAAAAA"])
def test_a_guessed_code_is_a_message_like_any_other(code: str) -> None:
    phone = Phone()

    phone.says(code)

    assert phone.person.role is d.Role.CAREGIVER
    assert not any(isinstance(event, ev.StaffLinked) for event in phone.world.events)


def test_asking_for_a_person_again_and_again_is_one_task() -> None:
    phone = told(a_caregiver(), *["PETUGAS"] * 20)

    assert phone.tasks() == [("person_wanted", Level.KUNING, "reason.person")]


def test_a_button_of_an_expired_interview_is_answered_kindly() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    payload = phone.screen[-1].choices[0].payload
    interview = phone.running.id if phone.running else ""
    phone.waits(days=3).wakes("expire", interview)

    assert "tidak apa-apa" in phone.presses_payload(payload)[0]
    assert phone.world.answers == {}


def test_a_button_of_last_weeks_check_in_answers_nothing_this_week() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    payload = phone.screen[-1].choices[2].payload
    phone.waits(days=3).wakes("expire", phone.running.id if phone.running else "")
    phone.waits(days=4).wakes("checkin")

    phone.presses_payload(payload)

    assert phone.tasks() == []
    assert phone.running is not None
    assert phone.running.answers == {}


def test_a_check_in_waits_while_danger_is_being_confirmed() -> None:
    phone = told(a_caregiver(), BEATEN)

    assert phone.wakes("checkin") == []
    assert phone.running is not None
    assert phone.running.conversation == "bahaya"


def test_a_programme_without_villages_still_registers() -> None:
    class Nowhere(MemoryWorld):
        def villages(self) -> tuple[tuple[d.VillageId, str], ...]:
            return ()

    phone = told(Phone(Nowhere(), consent=d.Consent.GIVEN), "halo", "Mbah", "7", "Kenanga", "nenek")

    assert phone.person.registered
    assert phone.person.village_id is None


def test_a_child_whose_year_is_unknown_is_asked_after_all_the_same() -> None:
    world = MemoryWorld()
    world.family.append(d.Child(d.ChildId(1), "Adi"))
    phone = a_caregiver(world)

    assert "Minggu ini Adi sehat" in phone.wakes("checkin")[-1]
    phone.says("sakit berat")

    assert phone.tasks()[0][1] is Level.ORANYE


def test_every_message_of_a_long_afternoon_is_short_enough_to_read() -> None:
    phone = told(
        a_caregiver(salutation="Bapak/Ibu", language="jv"),
        *("menu", "2", "sehat", "senang", "masuk terus", "sudah", "senang", "tidak", "kirim", "ya"),
        *("menu", "4", "6", "menu", "3", "ya", "jeda", "4", "bantuan", "petugas", "nanti sore"),
        *(
            BEATEN,
            "ya",
            "besok",
            "MELATI",
            "boleh",
            "jam 9",
            "BERHENTI",
            "MULAI",
            "HAPUS DATA SAYA",
        ),
    )

    from conversations.message import printed

    too_long = [printed(one) for one in phone.screen if len(printed(one)) > 300]
    assert too_long == []


def test_a_number_picks_from_the_list_that_was_shown_last_also_during_an_interview() -> None:
    world = MemoryWorld()
    told(a_caregiver(world), BEATEN)
    staff = Phone(world, id=STAFF, role=d.Role.STAFF, registered=True, salutation="Mas")
    told(staff, "PETUGAS", "SEMUA")

    assert BEATEN in staff.says("1")[-1]


@pytest.mark.parametrize("word", ["MELATI", "HAPUS DATA SAYA"])
def test_a_flood_rings_ten_times(word: str) -> None:
    phone = told(a_caregiver(), *[word] * 60)

    assert len(phone.world.open_tasks) == 10
    assert len(phone.others) == 10


def test_a_flood_of_danger_words_is_one_report_and_loses_no_word() -> None:
    phone = told(a_caregiver(), *[BEATEN] * 60)

    [task] = phone.world.open_tasks.values()
    assert task.content.count(BEATEN) == 60
    assert len(phone.others) == 1


def test_a_flood_of_small_things_does_not_hide_the_red_one() -> None:
    phone = told(a_caregiver(), *["cucu saya sudah berhenti sekolah"] * 12)

    phone.says(BEATEN)

    assert phone.tasks()[-1] == ("concern", Level.MERAH, "reason.words")


def test_who_joins_staff_sees_what_waited_for_somebody() -> None:
    world = MemoryWorld()
    world.staff_people = ()
    told(a_caregiver(world), BEATEN)
    world.staff_codes["CDFGHJKM"] = 1

    phone = Phone(world, id=901)
    shown = phone.says("CDFGHJKM")
    phone.person = replace(phone.person, role=d.Role.STAFF)
    listed = phone.says("SEMUA")

    assert "bergabung" in shown[-1]
    assert "MERAH" in listed[-1]
    assert not any(BEATEN in text for text in (*shown, *listed))
