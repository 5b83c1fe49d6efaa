"""The calendar of Ramadan: what a language person may write, and what is refused by name."""

from __future__ import annotations

from datetime import date

import pytest

from bot.checks import outdated
from conversations.calendar import is_ramadan
from locales.calendar import CalendarError, Ramadan, ramadans, read

GOOD = """
[[ramadan]]
hijri = 1448
first = 2027-02-08
last = 2027-03-09
source = "coba"
"""


def test_every_year_until_2031_has_its_ramadan_in_order() -> None:
    years = {one.first.year for one in ramadans()}

    assert years >= set(range(2026, 2032))
    assert [one.hijri for one in ramadans()] == list(range(1447, 1447 + len(ramadans())))
    assert all(one.source for one in ramadans())


@pytest.mark.parametrize(
    ("day", "fasting"),
    [
        (date(2027, 2, 7), False),
        (date(2027, 2, 8), True),
        (date(2027, 3, 9), True),
        (date(2027, 3, 10), False),
        (date(2030, 1, 20), True),
        (date(2030, 12, 30), True),
        (date(2040, 11, 1), False),
    ],
)
def test_both_ends_of_the_month_are_fasted(day: date, fasting: bool) -> None:
    assert is_ramadan(day) is fasting


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (GOOD.replace("2027-03-09", "2027-03-19"), "Ramadan 1448: 40 hari"),
        (GOOD.replace("2027-03-09", "2027-02-01"), "Ramadan 1448: -6 hari"),
        (GOOD + GOOD.replace("1448", "1449"), "Ramadan 1449: dimulai sebelum"),
        (GOOD.replace("2027-02-08", '"8 Februari"'), "ramadan ke-1"),
        (GOOD.replace("hijri", "hijriah"), "ramadan ke-1: perlu hijri"),
        ("[[ramadan", "locales/calendar.toml"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_by_name(written: str, said: str) -> None:
    with pytest.raises(CalendarError, match=said):
        read(written)


def test_an_empty_calendar_is_read() -> None:
    assert read("") == ()


def test_the_check_says_what_is_not_compared_and_what_will_be_missing() -> None:
    known = (
        Ramadan(1447, date(2026, 2, 19), date(2026, 3, 20), "hitung"),
        Ramadan(1448, date(2027, 2, 8), date(2027, 3, 9), "hitung"),
        Ramadan(1449, date(2028, 1, 28), date(2028, 2, 26), "hitung"),
    )

    assert [line.split(":")[1].strip() for line in outdated(known, date(2026, 11, 18))] == [
        "Ramadan 1448 (2027-02-08 sampai 2027-03-09) masih perhitungan; cocokkan setelah sidang"
        " isbat"
    ]
    assert "belum ada" in next(iter(outdated(known, date(2027, 3, 1))))
    assert list(outdated((), date(2026, 11, 18))) == [
        "locales/calendar.toml: Ramadan tahun depan belum ada; tambahkan"
    ]


def test_the_check_is_silent_about_what_was_compared() -> None:
    known = (Ramadan(1449, date(2028, 1, 28), date(2028, 2, 26), "sidang isbat", checked=True),)

    assert list(outdated(known, date(2026, 11, 18))) == []
