"""A talk that a member of staff is having with somebody through the bot."""

from __future__ import annotations

from datetime import timedelta

from conversations import dialogue as d
from conversations import event as ev
from conversations.message import Inbound, Kind
from conversations.politeness import TALK
from tests.conversations.test_staff import staff_and_a_message
from tests.conversations.world import Phone, a_caregiver

MINUTE = timedelta(minutes=1)


def talks(phone: Phone) -> list[ev.TalkHeld]:
    return [event for event in phone.world.events if isinstance(event, ev.TalkHeld)]


def in_a_talk(**left: float) -> Phone:
    """Mbah Siti, to whom staff have just written."""
    phone = a_caregiver()
    phone.person = phone.world.apply(
        phone.person, ev.PersonChanged({"talk_until": phone.world.now + timedelta(**left)})
    )
    phone.world.events.clear()
    return phone


def test_an_answer_of_staff_holds_a_talk_of_two_hours() -> None:
    dimas, code = staff_and_a_message()
    about = dimas.world.open_tasks[code].about
    assert about is not None

    dimas.says(f"BALAS {code} Besok saya mampir, nggih Mbah.")

    assert talks(dimas) == [ev.TalkHeld(about, dimas.world.now + timedelta(hours=2))]


def test_an_answer_without_words_holds_none() -> None:
    dimas, code = staff_and_a_message()

    dimas.says(f"BALAS {code}")

    assert talks(dimas) == []


def test_closing_the_task_ends_the_talk() -> None:
    dimas, code = staff_and_a_message()
    about = dimas.world.open_tasks[code].about
    assert about is not None

    dimas.says(f"SELESAI {code} aman sudah jelas")

    assert talks(dimas) == [ev.TalkHeld(about, None)]


def test_her_reply_makes_the_talk_longer() -> None:
    phone = in_a_talk(minutes=20)

    phone.says("Nggih, saya tunggu di rumah ya Mas")

    assert phone.person.talk_until == phone.world.now + TALK


def test_not_every_line_of_hers_is_written_down() -> None:
    phone = in_a_talk(hours=2)
    phone.world.now += MINUTE / 2

    phone.says("nggih")

    assert not [event for event in phone.world.events if isinstance(event, ev.PersonChanged)]


def test_a_reply_after_the_talk_begins_no_new_one() -> None:
    phone = in_a_talk(minutes=20)
    phone.waits(minutes=20)
    before = phone.person.talk_until

    phone.says("halo")

    assert phone.person.talk_until == before


def test_leaving_the_chat_is_no_word_in_a_talk() -> None:
    phone = in_a_talk(minutes=20)
    before = phone.person.talk_until

    phone.sends(Inbound(Kind.LEFT, phone.world.now))

    assert phone.person.talk_until == before


def test_a_reminder_of_an_open_question_waits_until_the_talk_is_over() -> None:
    phone = a_caregiver()
    phone.says("data saya")
    running = phone.running
    assert running is not None
    until = phone.world.now + MINUTE
    phone.person = phone.world.apply(phone.person, ev.PersonChanged({"talk_until": until}))

    said = phone.wakes("nudge", running.id)

    assert said == []
    assert phone.world.reminders["nudge", running.id].due_at == until
    phone.world.now = until
    assert phone.wakes("nudge", running.id)
    assert isinstance(phone.running, d.Interview)
    assert phone.running.nudged
