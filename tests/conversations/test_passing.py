"""What may be said on a phone at a moment: by its window, its holder, and what Meta approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations import danger, templates
from conversations.dialogue import PersonId
from conversations.duty.alerting import alert
from conversations.duty.ladder import Call
from conversations.level import Level
from conversations.message import Message, Priority, Template
from conversations.phone.passing import (
    AD,
    MARKETING,
    SERVICE,
    TEMPLATE,
    WINDOW,
    Excluded,
    Free,
    Knock,
    Standing,
    Wait,
    Way,
    Whole,
    way,
)
from conversations.phone.phone import SILENT, Phone
from locales.templates import Declared
from locales.templates import templates as declared

NOW = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

OPEN = Phone("whatsapp", NOW - HOUR, NOW + HOUR)
CLOSED = Phone("whatsapp", NOW - 2 * DAY, NOW - DAY)
TELEGRAM = Phone("telegram", NOW - DAY)
APPROVED = {name: Standing("approved") for name in declared()}

WORDS = Message("Besok kami ke rumah.")
REMINDER = Message("Besok pertemuan.", template=Template(templates.REMINDER, ("a", "b", "c", "d")))


def how(phone: Phone, message: Message = WORDS, purpose: str = "answer", **more: object) -> Way:
    given = {"priority": Priority.REPLY, "standings": APPROVED, **more}
    return way(phone, message, purpose, now=NOW, **given)  # type: ignore[arg-type]


def without(*names: str) -> dict[str, Standing]:
    return {name: one for name, one in APPROVED.items() if name not in names}


@pytest.mark.parametrize("phone", [OPEN, TELEGRAM, replace(TELEGRAM, heard_at=NOW - 400 * DAY)])
@pytest.mark.parametrize("message", [WORDS, REMINDER])
def test_inside_the_window_and_on_telegram_everything_goes_freely(
    phone: Phone, message: Message
) -> None:
    assert how(phone, message) == Free()
    assert how(phone, message, "broadcast", priority=Priority.BROADCAST) == Free()


def test_outside_the_window_a_message_goes_in_approved_words_that_say_all_of_it() -> None:
    assert how(CLOSED, REMINDER, "session_reminder", priority=Priority.REMINDER) == Whole("utility")


def test_outside_the_window_what_a_human_being_says_is_announced() -> None:
    assert how(CLOSED) == Knock(templates.NEWS, "utility")


@pytest.mark.parametrize("purpose", ["checkin", "nudge"])
def test_a_check_in_has_its_own_opening_and_is_no_news_from_staff(purpose: str) -> None:
    both = how(CLOSED, purpose=purpose, priority=Priority.REMINDER)
    without_it = how(
        CLOSED, purpose=purpose, priority=Priority.REMINDER, standings=without(templates.CHECKIN)
    )

    assert both == Knock(templates.CHECKIN, "utility")
    assert without_it == Excluded(TEMPLATE)


@pytest.mark.parametrize("purpose", ["broadcast", "message"])
def test_nobody_is_knocked_up_for_what_is_said_to_many(purpose: str) -> None:
    assert how(CLOSED, purpose=purpose, priority=Priority.BROADCAST) == Excluded(WINDOW)


def test_a_tip_waits_for_her_next_message() -> None:
    assert how(CLOSED, purpose="tip", priority=Priority.REMINDER) == Wait()


@pytest.mark.parametrize("status", ["absent", "pending", "paused", "disabled", "rejected", "new?"])
def test_what_is_not_approved_is_not_sent(status: str) -> None:
    standings = {name: Standing(status) for name in declared()}

    assert how(CLOSED, REMINDER, "invite", standings=standings) == Excluded(TEMPLATE)
    assert how(CLOSED, standings=standings) == Excluded(TEMPLATE)
    assert how(CLOSED, standings={}) == Excluded(TEMPLATE)


def test_words_that_are_others_at_meta_than_here_are_not_sent() -> None:
    standings = {**APPROVED, templates.REMINDER: Standing("approved", current=False)}

    assert how(CLOSED, REMINDER, "invite", standings=standings) == Excluded(TEMPLATE)


def test_what_meta_takes_for_an_advertisement_is_paid_or_left_out_as_it_declares() -> None:
    standings = {name: Standing("approved", MARKETING) for name in declared()}

    reminder = how(CLOSED, REMINDER, "invite", standings=standings)
    checkin = how(CLOSED, purpose="checkin", standings=standings)

    assert reminder == Whole(MARKETING)
    assert checkin == Excluded(AD)


def test_an_alarm_tries_the_next_best_words() -> None:
    message = alert("LDK-26-0001", Level.MERAH, PersonId(1), step=0).message
    alarm = {"purpose": "alert", "priority": Priority.ALARM}

    assert how(CLOSED, message, **alarm) == Whole("utility")
    second = how(CLOSED, message, standings=without(templates.ALERT), **alarm)
    nothing = how(CLOSED, message, standings={}, **alarm)
    assert second == Knock(templates.NEWS, "utility")
    assert nothing == Excluded(TEMPLATE)


def test_an_alert_without_an_answer_to_press_opens_with_its_level_and_code() -> None:
    late = alert("LDK-26-0001", Level.MERAH, PersonId(1), step=3, call=Call.LATE).message
    alarm = {"purpose": "alert", "priority": Priority.ALARM}

    assert how(CLOSED, late, **alarm) == Knock(templates.URGENT_NEWS, "utility")
    without_it = how(CLOSED, late, standings=without(templates.URGENT_NEWS), **alarm)
    assert without_it == Knock(templates.NEWS, "utility")


def test_one_knock_stands_for_what_comes_after_it() -> None:
    assert how(CLOSED, knocked=Priority.REPLY) == Wait()
    assert how(CLOSED, purpose="checkin", priority=Priority.REMINDER, knocked=Priority.REPLY) == (
        Wait()
    )


def test_the_more_urgent_knocks_again_and_an_alarm_every_time() -> None:
    message = alert("LDK-26-0001", Level.MERAH, PersonId(1), step=3, call=Call.LATE).message

    again = how(CLOSED, knocked=Priority.REMINDER)
    alarm = how(CLOSED, message, "alert", priority=Priority.ALARM, knocked=Priority.ALARM)

    assert again == Knock(templates.NEWS, "utility")
    assert alarm == Knock(templates.URGENT_NEWS, "utility")


@pytest.mark.parametrize(
    "phone",
    [
        replace(OPEN, shared=True),
        replace(OPEN, doubted=True),
        replace(TELEGRAM, shared=True),
        replace(OPEN, heard_at=NOW - SILENT),
    ],
)
def test_where_it_is_open_who_holds_the_phone_only_that_something_waits_is_said(
    phone: Phone,
) -> None:
    assert how(phone) == Knock(None, SERVICE)
    assert how(phone, purpose="tip", priority=Priority.REMINDER) == Wait()
    assert how(phone, purpose="message", priority=Priority.REMINDER) == Wait()
    assert how(phone, REMINDER, "invite", priority=Priority.REMINDER) == Free()


def test_a_shared_phone_that_is_being_used_hears_everything() -> None:
    assert how(replace(OPEN, shared=True, heard_at=NOW - timedelta(minutes=29))) == Free()


def test_a_broadcast_reaches_a_shared_phone_and_not_perhaps_a_strangers() -> None:
    many = {"purpose": "broadcast", "priority": Priority.BROADCAST}

    assert how(replace(OPEN, shared=True), **many) == Free()
    assert how(replace(OPEN, doubted=True), **many) == Wait()


def test_a_doubtful_phone_outside_its_window_is_knocked_at_in_approved_words() -> None:
    assert how(replace(CLOSED, doubted=True)) == Knock(templates.NEWS, "utility")


@pytest.mark.parametrize("one", declared().values(), ids=lambda one: one.name)
def test_what_a_button_says_is_no_word_of_danger_when_it_is_typed(one: Declared) -> None:
    assert all(danger.assess(label).level is None for label in one.buttons)


@pytest.mark.parametrize("closed", [{"doubted": True}, {"shared": True, "used_at": NOW}])
def test_numbers_that_help_come_before_any_question_while_she_writes(
    closed: dict[str, Any],
) -> None:
    heard = None if "shared" in closed else NOW - 15 * MINUTE
    phone = replace(OPEN, heard_at=heard, **closed)

    assert how(phone, purpose="unanswered") == Free()
    assert how(phone, purpose="answer") != Free()


def test_an_hour_later_it_is_asked_again_who_holds_the_phone() -> None:
    doubtful = replace(OPEN, doubted=True)

    assert how(doubtful, purpose="unanswered") == Knock(None, "service")
