"""Attendance in one message or by tapping names: what is stored is always right and whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations import waking
from conversations.message import Inbound, Kind
from conversations.schools.session import Session
from tests.conversations.memory_schools import TUESDAY
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

RINI = d.PersonId(20)
NAMES = ("Mbah Siti", "Bok Sum", "Mbah Karti", "Nyai Halimah", "Bok Tini")


def after_a_session(*names: str, **changes: Any) -> tuple[Phone, Session]:
    """Bu Rini, ten minutes after the session of her school is over."""
    rini = a_caregiver(id=RINI, role=d.Role.CADRE, salutation="Bu", name="Rini")
    schools = rini.world.schools
    school = schools.a_school(cadre=RINI)
    schools.enrols(school, *(names or NAMES))
    session = schools.a_session(school, **changes)
    rini.world.now = session.ends_at + timedelta(minutes=10)
    return rini, session


def stored(phone: Phone) -> list[list[int]]:
    """The numbers of each list that was stored."""
    return [
        [person - 100 for person in event.present]
        for event in phone.world.events
        if isinstance(event, ev.AttendanceTaken)
    ]


def test_the_cadre_is_asked_with_the_numbered_list_and_how_to_answer() -> None:
    rini, session = after_a_session()

    [shown] = rini.wakes("attendance", str(session.id))

    assert "Sekolah Bok-Ebok, Selasa Kliwon, 24 November, jam 08.00 WIB?" in shown
    assert "1. Mbah Siti\n2. Bok Sum\n3. Mbah Karti" in shown
    assert "semua kecuali 4" in shown


@pytest.mark.parametrize(
    ("words", "came"),
    [
        ("hadir 1 3 5", [1, 3, 5]),
        ("HADIR 1-3, 5", [1, 2, 3, 5]),
        ("/hadir 2", [2]),
        ("1 3 5", [1, 3, 5]),
        ("semua", [1, 2, 3, 4, 5]),
        ("semua kecuali 4", [1, 2, 3, 5]),
        ("tidak hadir 4 dan 5", [1, 2, 3]),
        ("tidak ada", []),
        ("hadir BOK-SBS 1 2", [1, 2]),
    ],
)
def test_one_message_is_enough(words: str, came: list[int]) -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))

    [shown] = rini.says(words)

    assert stored(rini) == [came]
    assert f"{len(came)} dari 5 datang" in shown


@pytest.mark.parametrize("words", ["hadir 1 3 5", "semua kecuali 4"])
def test_it_need_not_be_asked_for(words: str) -> None:
    rini, _ = after_a_session()

    rini.says(words)

    assert len(stored(rini)) == 1


def test_who_was_absent_is_named_to_the_cadre_alone() -> None:
    rini, _ = after_a_session()

    [shown] = rini.says("hadir 1 3 5")

    assert "2. Bok Sum\n4. Nyai Halimah" in shown
    assert "Mbah Siti" not in shown
    assert rini.others == []


def test_numbers_that_are_nobodys_are_named_and_nothing_is_stored() -> None:
    rini, _ = after_a_session()

    [shown] = rini.says("hadir 1 3 7 55")

    assert "Nomor 7, 55 tidak ada" in shown
    assert stored(rini) == []


def test_the_same_words_correct_it_later() -> None:
    rini, _ = after_a_session()
    rini.says("hadir 1 3 5")

    rini.waits(days=1).says("hadir 1 2 3 5")

    assert stored(rini) == [[1, 3, 5], [1, 2, 3, 5]]


def test_a_list_of_long_ago_is_not_replaced_by_chance() -> None:
    rini, _ = after_a_session()
    rini.says("hadir 1 3 5")

    [shown] = rini.waits(days=5).says("hadir 1 2")

    assert "Belum ada acara" in shown
    assert len(stored(rini)) == 1


def test_a_session_that_begins_soon_comes_before_the_last_one() -> None:
    rini, first = after_a_session()
    second = rini.world.schools.a_session(first.school, starts_at=TUESDAY + timedelta(days=7))
    rini.says("hadir 1")
    rini.world.now = second.starts_at - timedelta(minutes=30)

    rini.says("hadir 2 3")

    taken = [event for event in rini.world.events if isinstance(event, ev.AttendanceTaken)]
    assert [event.session for event in taken] == [first.id, second.id]


@pytest.mark.parametrize("words", ["semua sehat", "hadir kok bu", "hadir bu", "tidak ada"])
def test_what_is_no_list_is_heard_as_what_it_is(words: str) -> None:
    rini, _ = after_a_session()

    shown = rini.says(words)

    assert stored(rini) == []
    assert shown


def test_files_and_other_words_while_it_is_asked_for_are_answered() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))

    sticker = rini.sends(Inbound(Kind.STICKER, rini.world.now))
    words = rini.says("nanti sore saya kirim")

    assert sticker
    assert words
    assert stored(rini) == []


def test_a_caregivers_own_hadir_is_her_answer() -> None:
    siti = a_caregiver()
    session = siti.world.schools.a_session(siti.world.schools.a_school())
    siti.world.schools.invites(siti.person, session)

    [shown] = siti.says("hadir")

    assert "Ditunggu" in shown


def test_a_wrong_code_is_answered_with_the_right_ones() -> None:
    rini, _ = after_a_session()

    [shown] = rini.says("hadir BOK-XYZ 1 2")

    assert "BOK-SBS" in shown
    assert stored(rini) == []


@pytest.mark.parametrize("words", ["hadir 12 orang", "hadir 5-3"])
def test_a_list_that_is_not_clear_is_answered_with_how_to_write_it(words: str) -> None:
    rini, _ = after_a_session()

    [shown] = rini.says(words)

    assert "HADIR 3 7 12" in shown
    assert stored(rini) == []


def test_hadir_alone_shows_the_list() -> None:
    rini, _ = after_a_session()

    [shown] = rini.says("HADIR")

    assert "1. Mbah Siti" in shown


def test_hadir_alone_is_an_answer_to_an_invitation_where_there_is_no_list() -> None:
    rini = a_caregiver(id=RINI, role=d.Role.CADRE, salutation="Bu")
    schools = rini.world.schools
    session = schools.a_session(schools.a_school(cadre=d.PersonId(21)))
    schools.invites(rini.person, session)

    [shown] = rini.says("hadir")

    assert "Ditunggu" in shown


def test_with_two_sessions_she_is_asked_which() -> None:
    rini, first = after_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.enrols(other, "Pak Slamet", "Pak Tono", first=3)
    second = rini.world.schools.a_session(other, starts_at=TUESDAY - timedelta(days=1))

    [asked] = rini.says("hadir 3 4")
    rini.says("2")

    assert "Acara yang mana?" in asked
    [taken] = [event for event in rini.world.events if isinstance(event, ev.AttendanceTaken)]
    assert taken.session == second.id
    assert first.id != second.id


def test_everybody_but_is_kept_while_she_is_asked_which() -> None:
    rini, _ = after_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY - timedelta(days=1))
    rini.says("semua kecuali 4")

    rini.presses("Bok-Ebok")

    assert stored(rini) == [[1, 2, 3, 5]]


def test_the_list_of_the_one_she_picks_is_shown() -> None:
    rini, _ = after_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY - timedelta(days=1))
    rini.says("hadir")

    [shown] = rini.presses("Bok-Ebok")

    assert "1. Mbah Siti" in shown


def test_numbers_too_high_for_a_button_are_asked_for_with_the_code() -> None:
    rini, _ = after_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY - timedelta(days=1))

    [shown] = rini.says("hadir 3 412")

    assert "HADIR BOK-SBS" in shown


def test_names_are_ticked_one_by_one_and_stored_when_she_agrees() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    rini.presses("Bok Sum")
    [page] = rini.presses("Bok Tini")
    [asked] = rini.presses("Selesai")

    rini.says("ya")

    assert "2. Bok Sum ✓" in page
    assert "sekarang 2 dari 5" in page
    assert "2. Bok Sum\n5. Bok Tini" in asked
    assert stored(rini) == [[2, 5]]


def test_fast_fingers_lose_no_tick() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    first_page = rini.screen[-1]

    for choice in first_page.choices[:3]:
        rini.presses_payload(choice.payload)
    rini.presses("Selesai")
    rini.says("1")

    assert stored(rini) == [[1, 2, 3]]


def test_a_second_tap_takes_the_tick_back() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    rini.presses("Bok Sum")

    [page] = rini.presses("Bok Sum")

    assert "✓ berarti" in page
    assert "Bok Sum ✓" not in page


def test_not_quite_right_goes_back_to_the_names_with_their_ticks() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    rini.presses("Bok Sum")
    rini.presses("Selesai")

    [page] = rini.says("2")

    assert "Bok Sum ✓" in page
    assert stored(rini) == []


def test_another_list_instead_of_a_yes_is_that_list() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    rini.presses("Bok Sum")
    rini.presses("Selesai")

    rini.says("hadir 1 9")
    rini.says("hadir semua")

    assert stored(rini) == [[1, 2, 3, 4, 5]]


def test_nobody_ticked_is_asked_about_and_stored() -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))
    rini.says("1")

    [asked] = rini.presses("Selesai")
    rini.says("1")

    assert "tidak ada yang datang" in asked
    assert stored(rini) == [[]]


def test_pages_keep_what_was_ticked_before() -> None:
    rini, session = after_a_session(*(f"Mbah {letter}" for letter in "ABCDEFGHIJKLMNOPQR"))
    rini.wakes("attendance", str(session.id))
    rini.says("1")
    rini.presses("Mbah C")
    rini.presses("Halaman berikutnya")
    rini.presses("Mbah K")
    [last] = rini.presses("Halaman berikutnya")
    [first] = rini.presses("Halaman pertama")
    rini.presses("Selesai")
    rini.says("1")

    assert "Halaman 3 dari 3" in last
    assert "Mbah C ✓" in first
    assert stored(rini) == [[3, 11]]


def test_every_payload_of_a_long_list_fits_into_a_button() -> None:
    rini, session = after_a_session(*(f"Mbah {number}" for number in range(239)))
    rini.world.schools.sessions[session.id] = session
    rini.says("hadir semua")

    rini.says("hadir")
    rini.presses("Pilih nama")

    payloads = [choice.payload for message in rini.screen for choice in message.choices]
    assert payloads
    assert max(len(payload.encode()) for payload in payloads) <= 64


def test_a_list_too_long_to_be_tapped_is_asked_for_in_words() -> None:
    rini, session = after_a_session(*(f"Mbah {number}" for number in range(240)))

    shown = rini.wakes("attendance", str(session.id))

    assert "HADIR 3 7 12" in shown[-1]
    assert not any(message.choices for message in rini.screen)
    assert max(len(text) for text in shown) <= 1_300


def test_in_the_middle_of_a_talk_it_waits_an_hour() -> None:
    rini, session = after_a_session()
    rini.says("menu")

    shown = rini.wakes("attendance", str(session.id))

    again = rini.world.reminders["attendance", str(session.id)]
    assert shown == []
    assert again.due_at == rini.world.now + timedelta(hours=1)


def test_beside_a_question_that_lies_open_for_long_nothing_can_be_mistaken() -> None:
    rini, session = after_a_session()
    rini.says("menu")

    [shown] = rini.waits(hours=2).wakes("attendance", str(session.id))

    assert "HADIR 3 7 12" in shown
    assert rini.dialogue.offer == ()


@pytest.mark.parametrize(
    ("words", "came"), [("1 3", [1, 3]), ("semua kecuali 4, 5", [1, 2, 3]), ("1-3", [1, 2, 3])]
)
def test_beside_an_old_question_a_list_of_numbers_is_attendance_and_one_is_its_answer(
    words: str, came: list[int]
) -> None:
    rini, session = after_a_session()
    rini.wakes("checkin")

    [shown] = rini.waits(hours=2).wakes("attendance", str(session.id))
    rini.says(words)
    rini.says("2")

    assert shown.endswith("4. Lewati")
    assert stored(rini) == [came]
    assert [list(answers.values()) for answers in rini.world.answers.values()] == [["sakit_ringan"]]


@pytest.mark.parametrize("slip", ["1 3 99", "hadir 1 3 99", "1 3 tidak hadir 2", "1 sama mbah 3"])
def test_after_a_slip_the_numbers_alone_are_enough(slip: str) -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))

    [shown] = rini.says(slip)
    nothing = stored(rini)
    rini.says("1 3")

    assert nothing == []
    assert "99" in shown or "HADIR 3 7 12" in shown
    assert stored(rini) == [[1, 3]]


@pytest.mark.parametrize(
    ("words", "came"),
    [
        ("yg hadir 1 2", [1, 2]),
        ("yang tidak datang 2 dan 4", [1, 3, 5]),
        ("hdir 1 3", [1, 3]),
        ("absen 2", [1, 3, 4, 5]),
        ("ora teko 4", [1, 2, 3, 5]),
    ],
)
def test_attendance_as_it_is_typed_in_a_hurry(words: str, came: list[int]) -> None:
    rini, session = after_a_session()
    rini.wakes("attendance", str(session.id))

    rini.says(words)

    assert stored(rini) == [came]


def test_names_are_for_the_cadre_and_cannot_be_passed_on() -> None:
    rini, session = after_a_session()

    rini.wakes("attendance", str(session.id))
    rini.says("hadir 1")
    rini.says("PESERTA")

    assert all(message.discreet for message in rini.screen)


def test_everybody_but_one_is_attendance_beside_an_open_menu() -> None:
    rini, _ = after_a_session()
    rini.says("menu")

    rini.says("semua kecuali 2")

    assert stored(rini) == [[1, 3, 4, 5]]


def test_after_the_list_of_people_the_open_question_comes_again() -> None:
    rini, _ = after_a_session()
    rini.wakes("checkin")

    [shown] = rini.says("PESERTA")

    assert shown.endswith("4. Lewati")


@pytest.mark.parametrize("changes", [{"cancelled": True}, {"attendance_at": TUESDAY}])
def test_it_is_not_asked_for_when_it_is_not_wanted(changes: dict[str, Any]) -> None:
    rini, session = after_a_session(**changes)
    due = d.Wake("attendance", str(session.id), rini.world.now)

    turn = waking.wake(rini.person, rini.dialogue, due, rini.world)

    assert turn.outgoing == ()
    assert turn.outcome in ("skipped: cancelled", "skipped: taken")


def test_somebody_who_is_no_longer_the_cadre_is_not_asked() -> None:
    rini, session = after_a_session()
    rini.person = d.Person(RINI, role=d.Role.CAREGIVER)

    assert rini.wakes("attendance", str(session.id)) == []


def test_a_school_without_people_says_so() -> None:
    rini, session = after_a_session()
    rini.world.schools.members[session.school.id] = []

    assert "Belum ada peserta" in rini.wakes("attendance", str(session.id))[0]
    assert "Belum ada peserta" in rini.says("hadir 1 2")[0]
    assert "Belum ada peserta" in rini.presses_payload(f"s:a:{session.id}:p:0:")[0]


def test_a_cancelled_session_has_no_attendance() -> None:
    rini, session = after_a_session(cancelled=True)

    [shown] = rini.presses_payload(f"s:a:{session.id}:w:Ag")

    assert "sudah dibatalkan" in shown
    assert stored(rini) == []


def test_a_caregiver_who_writes_a_list_gets_a_kind_answer() -> None:
    rini, session = after_a_session()
    siti = a_caregiver(rini.world)

    [shown] = siti.says("hadir 3 7 12")
    [pressed] = siti.presses_payload(f"s:a:{session.id}:w:Ag")

    assert "dicatat kader" in shown
    assert "dicatat kader" in pressed
    assert stored(siti) == []


def test_staff_who_were_asked_may_say_everybody() -> None:
    rini, session = after_a_session()
    dimas = Phone(rini.world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    dimas.wakes("attendance", str(session.id))

    dimas.says("semua")

    assert stored(dimas) == [[1, 2, 3, 4, 5]]


def test_everybody_present_needs_no_names() -> None:
    rini, _ = after_a_session()

    [shown] = rini.says("hadir semua")

    assert "5 dari 5 datang." in shown
    assert "tidak datang" not in shown


def test_many_absent_names_are_all_said() -> None:
    rini, _ = after_a_session(*(f"Mbah Panjang Sekali Namanya {number}" for number in range(80)))

    shown = rini.says("hadir 1")

    assert sum(text.count("Mbah Panjang") for text in shown) == 79
    assert max(len(text) for text in shown) <= 1_100


def test_the_question_of_an_interview_comes_again() -> None:
    rini, _ = after_a_session()
    rini.says("menu")

    rini.says("hadir 1 3 5")

    assert stored(rini) == [[1, 3, 5]]
    assert rini.screen[-1].choices


def test_a_cadre_without_schools_has_no_lists() -> None:
    bu = a_caregiver(MemoryWorld(), id=RINI, role=d.Role.CADRE, salutation="Bu")

    [shown] = bu.says("hadir 1 2 3")

    assert "Belum ada acara" in shown


@pytest.mark.parametrize("button", ["s:a:11:t:0:zz:", "s:a:11:p:999:", "s:a:11:w:!!", "s:a:x:l"])
def test_a_button_nobody_made_changes_nothing(button: str) -> None:
    rini, _ = after_a_session()

    rini.presses_payload(button)

    assert stored(rini) == []


def test_bits_nobody_packed_are_nothing() -> None:
    rini, session = after_a_session()

    [page] = rini.presses_payload(f"s:a:{session.id}:p:0:A")

    assert "sekarang 0 dari 5" in page
