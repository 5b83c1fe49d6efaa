"""Somebody's own quiet hours, chosen in the settings."""

from __future__ import annotations

import pytest

from conversations.form.model import Question
from conversations.politeness import QuietHours
from conversations.quiet import NIGHTS
from tests.conversations.world import Phone, a_caregiver, shipped


def quiet_hours(phone: Phone, choice: str) -> str:
    phone.says("data saya")
    phone.says("4")
    return phone.says(choice)[-1]


@pytest.mark.parametrize(
    ("choice", "kept", "heard"),
    [
        ("1", "18:00-07:00", "Dari pukul 18.00 sampai 07.00"),
        ("2", "20:00-08:00", "Dari pukul 20.00 sampai 08.00"),
        ("3", "21:30-05:30", "Dari pukul 21.30 sampai 05.30"),
        ("4", "", "seperti biasa lagi"),
    ],
)
def test_three_nights_and_the_usual_one_may_be_chosen(choice: str, kept: str, heard: str) -> None:
    phone = a_caregiver(quiet="19:00-06:00")

    said = quiet_hours(phone, choice)

    assert phone.person.quiet == kept
    assert heard in said
    assert phone.running is None


def test_she_is_shown_what_holds_now() -> None:
    phone = a_caregiver(quiet="18:00-07:00")
    phone.says("data saya")

    assert phone.says("4")[-1].startswith("Jam tenang Mbah sekarang pukul 18.00 sampai 07.00.")


def test_every_choice_of_the_sheet_is_a_night_that_leaves_enough_of_the_day() -> None:
    [asked] = [one for one in shipped()["tenang"].body if getattr(one, "name", "") == "jam"]
    assert isinstance(asked, Question)

    assert {option.name for option in asked.options} == set(NIGHTS)
    assert [QuietHours.parse(night) is None for night in NIGHTS.values()].count(True) == 1
