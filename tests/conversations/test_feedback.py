"""Two questions to who was there: asked when she is free, and what she will try is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conversations import dialogue as d
from conversations import waking
from tests.conversations.world import Phone, a_caregiver


def who_was_there(**changes: Any) -> Phone:
    """Mbah Siti on the day of the session."""
    siti = a_caregiver(**changes)
    siti.world.schools.a_session(siti.world.schools.a_school())
    return siti


def test_she_is_asked_two_questions() -> None:
    siti = who_was_there()

    [first] = siti.wakes("feedback", "11:7")
    [second] = siti.says("cara bicara dengan cucu")
    [thanks] = siti.says("mau mendengarkan dulu")

    assert "Sekolah Bok-Ebok" in first
    assert "Apa yang akan dicoba di rumah?" in second
    assert "Semoga lancar" in thanks
    [(interview, partial, answers, _)] = siti.world.finished
    assert (interview.conversation, partial) == ("umpan_balik", False)
    assert answers["dicoba"] == "mau mendengarkan dulu"
    assert interview.facts["acara.nomor"] == "11"


def test_both_may_be_skipped() -> None:
    siti = who_was_there()
    siti.wakes("feedback", "11:7")
    siti.says("lewati")

    [thanks] = siti.says("lewati")

    assert "Sampai ketemu" in thanks


def test_danger_words_are_heard_in_an_open_answer() -> None:
    siti = who_was_there()
    siti.wakes("feedback", "11:7")

    siti.says("cucu saya dipukuli bapaknya")

    assert [kind for kind, _, _ in siti.tasks()] == ["concern"]


def test_in_the_middle_of_something_it_waits_three_times_and_is_left() -> None:
    siti = who_was_there()
    siti.says("menu")
    subjects = ["11:7", "11:7:1", "11:7:2", "11:7:3"]

    for subject in subjects:
        assert siti.wakes("feedback", subject) == []

    planned = [key[1] for key in siti.world.reminders if key[0] == "feedback"]
    assert planned == subjects[1:]
    assert siti.world.reminders["feedback", "11:7:1"].due_at == siti.world.now + timedelta(hours=1)


def test_it_does_not_come_into_a_talk_with_staff() -> None:
    siti = who_was_there(talk_until=None)
    siti.person = d.Person(
        siti.person.id,
        consent=d.Consent.GIVEN,
        registered=True,
        talk_until=siti.world.now + timedelta(hours=1),
    )

    assert siti.wakes("feedback", "11:7") == []
    assert ("feedback", "11:7:1") in siti.world.reminders


@pytest.mark.parametrize(
    "changes",
    [
        {"stopped": True},
        {"registered": False},
        {"consent": d.Consent.WITHDRAWN},
        {"role": d.Role.PARTNER},
        {"role": d.Role.CADRE},
    ],
)
def test_who_may_not_or_need_not_be_asked_is_not(changes: dict[str, Any]) -> None:
    siti = who_was_there(**changes)
    due = d.Wake("feedback", "11:7", siti.world.now)

    turn = waking.wake(siti.person, siti.dialogue, due, siti.world)

    assert turn.outgoing == ()
    assert turn.events == ()
    assert turn.outcome.startswith("skipped: ")


def test_a_session_that_is_gone_is_not_asked_about() -> None:
    assert who_was_there().wakes("feedback", "99:7") == []
