"""To when a meeting is moved, read as the cadre means it, and never guessed."""

from __future__ import annotations

from datetime import datetime

import pytest

from conversations.reading.appointment import Unclear, date_said, moved_to

NOW = datetime(2026, 11, 18, 10, 0)
"""A Wednesday."""

MEETING = datetime(2026, 11, 26, 9, 0)
"""The Thursday of next week."""


@pytest.mark.parametrize(
    ("words", "new"),
    [
        ("Selasa 08.00", "2026-12-01 08:00"),
        ("kamis", "2026-12-03 09:00"),
        ("Selasa Kliwon", "2026-12-29 09:00"),
        ("pasaran legi", "2026-11-30 09:00"),
        ("Selasa 24/11 08.00", "2026-11-24 08:00"),
        ("24-11-2026 08.00", "2026-11-24 08:00"),
        ("1 desember", "2026-12-01 09:00"),
        ("5 januari jam 8", "2027-01-05 08:00"),
        ("besok jam setengah 9", "2026-11-19 08:30"),
        ("lusa pukul 13.30", "2026-11-20 13:30"),
        ("hari ini jam 2 siang", "2026-11-18 14:00"),
        ("08.00", "2026-11-26 08:00"),
        ("besok eh lusa jam 8", "2026-11-20 08:00"),
    ],
)
def test_a_new_time_is_read(words: str, new: str) -> None:
    assert moved_to(words, NOW, MEETING) == datetime.fromisoformat(new)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", Unclear.MISSING),
        ("dulu ya bu", Unclear.MISSING),
        ("besok jam 4", Unclear.HOUR),
        ("jam 25", Unclear.HOUR),
        ("31 Februari", Unclear.IMPOSSIBLE),
        ("31/02 08.00", Unclear.IMPOSSIBLE),
        ("29/2", Unclear.IMPOSSIBLE),
        ("32 november jam 9", Unclear.IMPOSSIBLE),
        ("13/13", Unclear.IMPOSSIBLE),
        ("31.02.2027", Unclear.IMPOSSIBLE),
        ("30/2/27", Unclear.IMPOSSIBLE),
        ("Senin 24/11", Unclear.MISMATCH),
        ("10/11 jam 9", Unclear.PAST),
        ("kemarin", Unclear.PAST),
        ("hari ini jam 6 pagi", Unclear.PAST),
        ("26/11 09.00", Unclear.SAME),
        ("senin atau selasa", Unclear.DAY),
        ("minggu depan", Unclear.DAY),
    ],
)
def test_what_cannot_be_says_why(words: str, why: Unclear) -> None:
    assert moved_to(words, NOW, MEETING) is why


def test_the_zone_of_the_meeting_stays() -> None:
    zoned = datetime.fromisoformat("2026-11-26T09:00+09:00")

    new = moved_to("jumat 10.00", datetime.fromisoformat("2026-11-18T10:00+09:00"), zoned)

    assert new == datetime.fromisoformat("2026-11-27T10:00+09:00")


@pytest.mark.parametrize(
    ("words", "said"),
    [("31 feb", "31 Februari"), ("31/02 jam 8", "31 Februari"), ("40/15", "40/15"), ("rabu", "")],
)
def test_a_date_is_repeated_as_it_was_meant(words: str, said: str) -> None:
    assert date_said(words, 2026) == said


@pytest.mark.parametrize("words", ["\U00010e60", "5/\U00010e60", "\U00010e60/11 jam \U00010e60"])
def test_a_numeral_that_is_no_digit_makes_nothing_fail(words: str) -> None:
    assert isinstance(moved_to(words, NOW, MEETING), Unclear)
