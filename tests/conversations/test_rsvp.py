"""What grandmothers answer to an invitation, and that it is never mistaken for something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations import router
from conversations.form import read_form
from conversations.message import Inbound, Kind
from conversations.schools.session import Rsvp, Session
from tests.conversations.memory_schools import TUESDAY
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

FORMS = Path(router.__file__).parent / "forms"
DAY = "Selasa Kliwon, 24 November, jam 08.00 WIB"


def an_invited_caregiver(**changes: Any) -> tuple[Phone, Session]:
    """Mbah Siti, who was just invited to Sekolah Bok-Ebok on Tuesday."""
    siti = a_caregiver()
    schools = siti.world.schools
    session = schools.a_session(schools.a_school(), **changes)
    schools.invites(siti.person, session)
    return siti, session


def rsvp(phone: Phone, session: Session) -> Rsvp:
    return phone.world.schools.invitations[phone.person.id, session.id].rsvp


@pytest.mark.parametrize(
    "reply", ["1", "insya Allah bisa", "nggih", "datang", "kulo dugi", "engghi deteng", "👍"]
)
def test_a_yes_in_any_words_is_thanked_with_day_hour_and_how_to_change(reply: str) -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says(reply)

    assert rsvp(siti, session) is Rsvp.YES
    assert DAY in shown
    assert "TIDAK BISA" in shown


@pytest.mark.parametrize(
    "reply", ["2", "mboten saged mbak", "nggih mboten saged", "maaf tidak bisa hadir", "teu tiasa"]
)
def test_a_no_in_any_words_is_no_reproach(reply: str) -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says(reply)

    assert rsvp(siti, session) is Rsvp.NO
    assert "Tidak apa-apa" in shown
    assert "DATANG" in shown


def test_a_button_answers() -> None:
    siti, session = an_invited_caregiver()

    siti.presses_payload(f"s:{session.id}:no")

    assert rsvp(siti, session) is Rsvp.NO


@pytest.mark.parametrize("later", ["jadi tidak bisa", "TIDAK BISA", "2"])
def test_a_later_word_changes_the_answer(later: str) -> None:
    siti, session = an_invited_caregiver()
    siti.says("datang")

    siti.waits(days=2).says(later)

    assert rsvp(siti, session) is Rsvp.NO


def test_the_same_answer_again_is_no_new_fact() -> None:
    siti, session = an_invited_caregiver()
    siti.presses_payload(f"s:{session.id}:yes")

    [shown] = siti.presses_payload(f"s:{session.id}:yes")

    assert DAY in shown
    assert sum(isinstance(event, ev.RsvpGiven) for event in siti.world.events) == 1


def test_thanks_after_an_answer_are_only_thanks() -> None:
    siti, session = an_invited_caregiver()
    siti.says("tidak bisa")

    [shown] = siti.says("nggih matur nuwun")

    assert "Sama-sama" in shown
    assert rsvp(siti, session) is Rsvp.NO


def test_who_does_not_know_yet_is_not_pressed() -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says("belum tentu bisa datang")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert DAY in shown
    assert "DATANG" in shown


def test_the_word_with_two_meanings_is_asked_again() -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says("enten")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert "TIDAK BISA" in shown


def test_a_reason_that_follows_is_not_left_alone() -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says("tidak bisa datang bu, cucu panas")

    assert rsvp(siti, session) is Rsvp.NO
    assert "PETUGAS" in shown


@pytest.mark.parametrize(
    "story", ["cucu saya tidak mau makan", "bapaknya datang kemarin", "saya tidak bisa tidur"]
)
def test_a_story_is_no_answer_to_an_invitation(story: str) -> None:
    siti, session = an_invited_caregiver()

    siti.says(story)

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert siti.running is not None
    assert siti.running.conversation == "bingung"


def test_danger_comes_before_the_invitation() -> None:
    siti, session = an_invited_caregiver()

    siti.says("tidak bisa datang, cucu saya dipukuli bapaknya")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert [kind for kind, _, _ in siti.tasks()] == ["concern"]


def test_stop_comes_before_the_invitation() -> None:
    siti, session = an_invited_caregiver()

    siti.says("berhenti")

    assert siti.person.stopped
    assert rsvp(siti, session) is Rsvp.NOTHING


def test_a_number_for_a_question_asked_after_the_invitation_is_for_the_question() -> None:
    siti, session = an_invited_caregiver()
    siti.waits(minutes=5).wakes("checkin")

    siti.says("1")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert "sehat" in siti.world.answers[siti.running.id if siti.running else ""]


def test_a_bare_answer_to_two_open_questions_is_asked_about() -> None:
    siti, session = a_question_and_then_an_invitation()

    [shown] = siti.says("1")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert siti.world.answers == {}
    assert "1. Undangan" in shown
    assert "2. Pertanyaan sebelumnya" in shown


def test_it_was_for_the_invitation() -> None:
    siti, session = a_question_and_then_an_invitation()
    siti.says("1")

    shown = siti.says("1")

    assert rsvp(siti, session) is Rsvp.YES
    assert siti.world.answers == {}
    assert "sehat" in shown[-1]


def test_it_was_for_the_question() -> None:
    siti, session = a_question_and_then_an_invitation()
    siti.says("2")

    siti.says("2")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert [list(answers.values()) for answers in siti.world.answers.values()] == [["sakit_ringan"]]


def test_a_bare_answer_too_long_for_a_button_is_kept_for_the_open_question() -> None:
    siti = a_caregiver()
    schools = siti.world.schools
    session = schools.a_session(schools.a_school())
    siti.wakes("feedback", f"{session.id}:7")
    schools.invites(siti.waits(minutes=5).person, session)
    words = " ".join(["nggih"] * 12)

    siti.says(words)

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert [list(answers.values()) for answers in siti.world.answers.values()] == [[words]]


def test_a_clear_word_answers_the_invitation_in_the_middle_of_an_interview() -> None:
    siti, session = a_question_and_then_an_invitation()

    shown = siti.says("insya Allah datang")

    assert rsvp(siti, session) is Rsvp.YES
    assert "sehat" in shown[-1]


@pytest.mark.parametrize("reply", ["izin 2 hari", "hadir terus", "absen", "datang"])
def test_a_word_that_answers_a_newer_question_as_well_is_asked_about(reply: str) -> None:
    siti, session = an_invited_caregiver()
    siti.waits(hours=5).wakes("checkin")

    [shown] = siti.says(reply)
    silent = rsvp(siti, session)
    siti.says("1")

    assert "2. Pertanyaan sebelumnya" in shown
    assert silent is Rsvp.NOTHING
    assert rsvp(siti, session) is not Rsvp.NOTHING


@pytest.mark.parametrize(
    "reply", ["tidak bisa datang", "insya Allah hadir", "saya datang", "kulo mboten dugi"]
)
def test_what_says_that_she_herself_comes_is_clear_also_after_a_newer_question(reply: str) -> None:
    siti, session = an_invited_caregiver()
    siti.waits(hours=5).wakes("checkin")

    siti.says(reply)

    assert rsvp(siti, session) is not Rsvp.NOTHING


def test_once_the_invitation_is_answered_numbers_belong_to_the_interview() -> None:
    siti, session = a_question_and_then_an_invitation()
    siti.says("datang")

    siti.says("2")

    assert rsvp(siti, session) is Rsvp.YES
    assert siti.world.answers


def test_a_bare_answer_is_never_doubted_while_somebody_is_in_danger() -> None:
    siti, session = an_invited_caregiver()
    siti.says("cucu saya dipukuli bapaknya")
    siti.waits(minutes=1).world.schools.invites(siti.person, session)

    shown = siti.says("1")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert not any("Undangan" in text for text in shown)


def test_a_bare_answer_to_a_member_of_staff_is_none_to_the_invitation() -> None:
    siti, session = an_invited_caregiver()
    siti.person = replace(siti.person, talk_until=siti.world.now + timedelta(hours=1))

    siti.says("iya")

    assert rsvp(siti, session) is Rsvp.NOTHING


def test_a_number_after_berhenti_is_no_answer_to_an_invitation_but_a_clear_word_is() -> None:
    siti, session = an_invited_caregiver()
    siti.says("BERHENTI")

    [shown] = siti.says("1")
    silent = rsvp(siti, session)
    siti.says("tidak bisa datang")

    assert silent is Rsvp.NOTHING
    assert "Ditunggu" not in shown
    assert rsvp(siti, session) is Rsvp.NO


def test_only_what_can_be_an_answer_costs_a_query() -> None:
    siti, _ = an_invited_caregiver()

    for text in ("MENU", "3", "cucu saya rewel sekali hari ini", "terima kasih", "9" * 300):
        siti.says(text)

    assert siti.world.schools.asked == 0


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"cancelled": True}, "tidak jadi"),
        ({"starts_at": TUESDAY - timedelta(days=9)}, "sudah selesai"),
        ({"starts_at": TUESDAY - timedelta(days=5, hours=23)}, "sudah mulai"),
        ({"revision": 2}, "pindah"),
    ],
)
def test_an_old_button_is_answered_as_things_are(changes: dict[str, Any], word: str) -> None:
    siti, session = an_invited_caregiver(**changes)

    [shown] = siti.presses_payload(f"s:{session.id}:yes")

    assert word in shown
    assert (rsvp(siti, session) is Rsvp.YES) is ("revision" in changes)


def test_a_button_of_a_session_she_was_never_asked_about_is_no_dead_end() -> None:
    siti = a_caregiver()

    [shown] = siti.presses_payload("s:99:yes")

    assert "ACARA" in shown


def test_staff_take_a_task_by_number_all_the_same() -> None:
    world = MemoryWorld()
    a_caregiver(world).says("PETUGAS")
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    session = world.schools.a_session(world.schools.a_school())
    world.schools.invites(dimas.person, session)

    dimas.says("1")

    assert rsvp(dimas, session) is Rsvp.NOTHING


def test_a_number_under_a_list_older_than_the_invitation_is_asked_about() -> None:
    rini = a_caregiver(role=d.Role.CADRE)
    schools = rini.world.schools
    hers = schools.a_session(schools.a_school(cadre=rini.person.id))
    other = schools.a_session(schools.a_school(code="RAPAT", name="Rapat"))
    rini.says("BATAL")
    rini.waits(minutes=5)
    schools.invites(rini.person, other)

    [asked] = rini.says("1")
    rini.says("1")

    assert "2. Pilihan sebelumnya" in asked
    assert rsvp(rini, other) is Rsvp.YES
    assert not schools.sessions[hers.id].cancelled


def test_the_list_was_meant() -> None:
    rini = a_caregiver(role=d.Role.CADRE)
    schools = rini.world.schools
    hers = schools.a_session(schools.a_school(cadre=rini.person.id))
    other = schools.a_session(schools.a_school(code="RAPAT", name="Rapat"))
    rini.says("BATAL")
    rini.waits(minutes=5)
    schools.invites(rini.person, other)
    rini.says("1")

    rini.says("2")

    assert rsvp(rini, other) is Rsvp.NOTHING
    assert schools.sessions[hers.id].cancelled


def test_a_number_under_a_list_newer_than_the_invitation_picks_from_the_list() -> None:
    rini = a_caregiver(role=d.Role.CADRE)
    schools = rini.world.schools
    hers = schools.a_session(schools.a_school(cadre=rini.person.id))
    other = schools.a_session(schools.a_school(code="RAPAT", name="Rapat"))
    schools.invites(rini.person, other)
    rini.waits(minutes=5).says("BATAL")

    rini.says("1")

    assert rsvp(rini, other) is Rsvp.NOTHING
    assert schools.sessions[hers.id].cancelled


@pytest.mark.parametrize("reply", ["ya", "bisa", "insya allah bisa", "datang", "tidak bisa"])
def test_a_word_that_could_agree_to_an_older_question_is_asked_about(reply: str) -> None:
    rini, hers, other = a_cadre_who_is_asked_and_then_invited("TUNDA Rabu 09.00")

    [asked] = rini.says(reply)

    assert "1. Undangan" in asked
    assert rsvp(rini, other) is Rsvp.NOTHING
    assert rini.world.schools.sessions[hers.id].revision == 1


def test_an_older_question_was_meant_by_the_word() -> None:
    rini, hers, other = a_cadre_who_is_asked_and_then_invited("TUNDA Rabu 09.00")
    rini.says("bisa")

    rini.says("2")

    assert rsvp(rini, other) is Rsvp.NOTHING
    assert rini.world.schools.sessions[hers.id].revision == 2


def test_a_condolence_that_waits_for_a_yes_is_not_given_it_by_a_later_invitation() -> None:
    rini, _, other = a_cadre_who_is_asked_and_then_invited("BERDUKA 1")

    rini.says("nggih")
    rini.says("1")

    assert rsvp(rini, other) is Rsvp.YES
    assert not any(isinstance(event, ev.HouseholdPaused) for event in rini.world.events)


def test_a_number_after_an_invitation_is_not_written_down_as_attendance() -> None:
    rini, hers, other = a_cadre_who_is_asked_and_then_invited("HADIR")

    [asked] = rini.says("2")
    rini.says("1")

    assert "2. Pilihan sebelumnya" in asked
    assert rsvp(rini, other) is Rsvp.NO
    assert rini.world.schools.sessions[hers.id].attendance_at is None


def test_the_number_was_meant_for_the_attendance() -> None:
    rini, hers, other = a_cadre_who_is_asked_and_then_invited("HADIR")
    rini.says("2")

    rini.says("2")

    assert rsvp(rini, other) is Rsvp.NOTHING
    assert [one.present for one in rini.world.schools.enrolled(hers.school.id, hers.id)] == [
        False,
        True,
    ]


def test_a_reminder_after_an_answer_asks_anew_what_a_number_means() -> None:
    rini, hers, _ = a_cadre_who_is_asked_and_then_invited("HADIR", rsvp=Rsvp.YES)

    [asked] = rini.says("2")

    assert "1. Undangan" in asked
    assert rini.world.schools.sessions[hers.id].attendance_at is None


def test_hadir_of_a_cadre_who_is_invited_is_her_own_answer() -> None:
    rini, hers, other = a_cadre_who_is_asked_and_then_invited("ACARA")

    rini.says("hadir")

    assert rsvp(rini, other) is Rsvp.YES
    assert rini.world.schools.sessions[hers.id].attendance_at is None


def test_a_reminder_newer_than_the_question_is_asked_about_also_when_she_answered_before() -> None:
    siti, session = a_question_and_then_an_invitation()
    siti.world.schools.invites(siti.person, session, rsvp=Rsvp.YES)

    [shown] = siti.says("2")

    assert siti.world.answers == {}
    assert "2. Pertanyaan sebelumnya" in shown


@pytest.mark.parametrize("reply", ["hari kamis saya bisa datang", "kamis bisa", "jumat hadir bu"])
def test_a_yes_for_another_day_is_none_for_this_one(reply: str) -> None:
    siti, session = an_invited_caregiver()

    [shown] = siti.says(reply)

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert DAY in shown
    assert "DATANG" in shown


@pytest.mark.parametrize(
    "reply", ["selasa saya bisa", "hari selasa hadir", "minggu depan saya datang", "besok datang"]
)
def test_her_day_named_or_another_word_for_later_is_no_doubt(reply: str) -> None:
    siti, session = an_invited_caregiver()

    siti.says(reply)

    assert rsvp(siti, session) is Rsvp.YES


def test_a_day_that_is_named_answers_the_invitation_of_that_day() -> None:
    siti, tuesday = an_invited_caregiver()
    schools = siti.world.schools
    school = tuesday.school
    schools.enrols(school, "Mbah Siti", first=siti.person.id - 100)
    thursday = schools.a_session(school, starts_at=TUESDAY + timedelta(days=2))
    schools.invites(siti.person, thursday)
    siti.waits(hours=1)
    schools.invites(siti.person, tuesday)

    siti.says("kamis tidak bisa")
    siti.says("selasa bisa")

    assert rsvp(siti, thursday) is Rsvp.NO
    assert rsvp(siti, tuesday) is Rsvp.YES


def test_a_report_that_speaks_of_not_coming_is_kept_whole() -> None:
    siti, session = an_invited_caregiver()
    siti.says("menu")
    siti.says("1")

    siti.says("saya tidak bisa datang ke rapat, cucu panas")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert any("cucu panas" in task.content for task in siti.world.open_tasks.values())


def test_a_word_that_is_printed_as_a_choice_is_that_choice() -> None:
    siti, session = an_invited_caregiver()
    rest = (FORMS / "jeda.md").read_text(encoding="utf-8").replace("Tidak jadi", "Datang")
    siti.world.forms["jeda"] = read_form(rest.encode(), "jeda.md")
    siti.says("jeda")

    siti.says("datang")

    assert rsvp(siti, session) is Rsvp.NOTHING
    assert siti.running is None


def test_a_sticker_is_no_answer() -> None:
    siti, session = an_invited_caregiver()

    siti.sends(Inbound(Kind.STICKER, siti.world.now, text="👍"))

    assert rsvp(siti, session) is Rsvp.NOTHING


def a_question_and_then_an_invitation() -> tuple[Phone, Session]:
    """The check-in asked whether the child is well; five minutes later an invitation came."""
    siti = a_caregiver()
    siti.wakes("checkin")
    schools = siti.world.schools
    session = schools.a_session(schools.a_school())
    siti.waits(minutes=5)
    schools.invites(siti.person, session)
    return siti, session


def a_cadre_who_is_asked_and_then_invited(
    order: str, **invitation: Any
) -> tuple[Phone, Session, Session]:
    """Bu Rini, in the middle of an order about today's session when she is invited to a meeting.

    Returns also her session and the one she is invited to.
    """
    rini = a_caregiver(role=d.Role.CADRE)
    schools = rini.world.schools
    school = schools.a_school(cadre=rini.person.id)
    schools.enrols(school, "Mbah Siti", "Mbah Sum")
    begins = rini.world.now - timedelta(hours=3) if order in ("HADIR", "ACARA") else TUESDAY
    hers = schools.a_session(school, starts_at=begins)
    other = schools.a_session(schools.a_school(code="RAPAT", name="Rapat"))
    rini.says(order)
    rini.waits(minutes=5)
    schools.invites(rini.person, other, **invitation)
    return rini, hers, other
