"""When something nobody asked for may arrive."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.politeness import QuietHours, decent_time

JEMBER = ZoneInfo("Asia/Jakarta")
USUAL = QuietHours(time(20, 30), time(6, 30))


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2026-11-18 19:15", "2026-11-18 19:15"),
        ("2026-11-18 20:30", "2026-11-19 06:30"),
        ("2026-11-18 03:00", "2026-11-18 06:30"),
        ("2026-11-18 06:30", "2026-11-18 06:30"),
        ("2026-11-19 17:29", "2026-11-19 17:29"),
        ("2026-11-19 18:00", "2026-11-20 06:30"),
        ("2026-11-20 11:30", "2026-11-20 13:00"),
        ("2026-11-20 13:00", "2026-11-20 13:00"),
    ],
)
def test_quiet_hours_and_gatherings_are_kept(at: str, comes: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=JEMBER)

    assert decent_time(moment, JEMBER, USUAL) == datetime.fromisoformat(comes).replace(
        tzinfo=JEMBER
    )


def test_no_quiet_hours_means_at_any_time() -> None:
    night = datetime(2026, 11, 18, 23, 0, tzinfo=JEMBER)

    assert decent_time(night, JEMBER, QuietHours.parse("")) == night


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(JEMBER)))
def test_the_decent_time_is_decent_and_never_earlier(at: datetime) -> None:
    comes = decent_time(at, JEMBER, USUAL)

    assert comes >= at
    assert decent_time(comes, JEMBER, USUAL) == comes
    assert time(6, 30) <= comes.astimezone(JEMBER).time() < time(20, 30)


def test_nonsense_in_the_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        QuietHours.parse("malam-pagi")
