"""When something nobody asked for may arrive, and whether it may at all."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.dialogue import Consent, Person, PersonId, Role
from conversations.politeness import (
    GOES,
    OPTIONAL,
    Door,
    Leaving,
    Polite,
    QuietHours,
    decent_time,
    is_talking,
    quiet_of,
    why_not,
)

JEMBER = ZoneInfo("Asia/Jakarta")
KUPANG = ZoneInfo("Asia/Makassar")
JAYAPURA = ZoneInfo("Asia/Jayapura")
USUAL = QuietHours(time(20, 30), time(6, 30))
EVENING = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
"""Wednesday, 19:00 in Jember, 21:00 in Jayapura."""

HOUR = timedelta(hours=1)
WEEK = 202647


def local(written: str, zone: ZoneInfo = JEMBER) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone)


def siti(**changes: object) -> Person:
    """Mbah Siti, who agreed."""
    return Person(PersonId(7), **{"consent": Consent.GIVEN, **changes})  # type: ignore[arg-type]


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
    assert decent_time(local(at), JEMBER, USUAL) == local(comes)


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2027-02-10 16:59", "2027-02-10 16:59"),
        ("2027-02-10 17:00", "2027-02-10 20:30"),
        ("2027-02-10 20:29", "2027-02-10 20:30"),
        ("2027-02-10 21:29", "2027-02-10 21:29"),
        ("2027-02-10 21:30", "2027-02-11 06:30"),
        ("2027-02-11 18:00", "2027-02-11 20:30"),
        ("2027-02-12 12:00", "2027-02-12 13:00"),
        ("2027-02-07 21:00", "2027-02-08 06:30"),
        ("2027-03-09 21:00", "2027-03-09 21:00"),
        ("2027-03-10 18:00", "2027-03-10 18:00"),
    ],
)
def test_in_ramadan_the_evening_is_left_alone_and_messages_may_come_after_tarawih(
    at: str, comes: str
) -> None:
    assert decent_time(local(at), JEMBER, USUAL) == local(comes)


def test_ramadan_does_not_move_quiet_hours_that_somebody_chose_herself() -> None:
    hers = quiet_of(siti(quiet="20:00-08:00"), USUAL)

    assert decent_time(local("2027-02-10 20:45"), JEMBER, hers) == local("2027-02-11 08:00")


def test_quiet_hours_within_one_day_are_not_moved_by_ramadan_either() -> None:
    noon = QuietHours(time(13, 0), time(15, 0))

    assert decent_time(local("2027-02-10 13:30"), JEMBER, noon) == local("2027-02-10 15:00")


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2026-11-18 22:00", "2026-11-19 05:30"),
        ("2026-11-19 05:00", "2026-11-19 05:30"),
        ("2026-11-19 05:30", "2026-11-19 05:30"),
        ("2026-11-19 18:00", "2026-11-19 18:00"),
        ("2027-02-10 18:00", "2027-02-10 18:00"),
        ("2026-11-20 12:00", "2026-11-20 12:00"),
    ],
)
def test_what_cannot_wait_waits_for_half_past_five_at_most(at: str, comes: str) -> None:
    assert decent_time(local(at), JEMBER, USUAL, urgent=True) == local(comes)


def test_who_rises_before_half_past_five_is_told_then() -> None:
    early = QuietHours(time(21, 30), time(4, 0))

    assert decent_time(local("2026-11-19 03:00"), JEMBER, early, urgent=True) == local(
        "2026-11-19 04:00"
    )


def test_no_quiet_hours_means_at_any_time() -> None:
    night = local("2026-11-18 23:00")

    assert decent_time(night, JEMBER, QuietHours.parse("")) == night
    assert decent_time(night, JEMBER, QuietHours(time(6), time(6))) == night


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31), timezones=st.just(JEMBER)),
    st.sampled_from(("20:30-06:30", "18:00-07:00", "21:30-05:30", "12:00-06:00", "06:00-00:00")),
)
def test_the_decent_time_is_decent_and_never_earlier(at: datetime, written: str) -> None:
    quiet = QuietHours.parse(written)

    comes = decent_time(at, JEMBER, quiet)

    assert at <= comes <= at + 24 * HOUR
    assert decent_time(comes, JEMBER, quiet) == comes


@pytest.mark.parametrize("written", ["malam-pagi", "20:30", "25:00-06:00"])
def test_nonsense_in_the_setting_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|hour"):
        QuietHours.parse(written)


def test_quiet_hours_leave_at_least_six_hours_of_the_day() -> None:
    assert QuietHours.parse("12:00-06:00") == QuietHours(time(12), time(6))

    with pytest.raises(ValueError, match="less than 6 hours"):
        QuietHours.parse("11:59-06:00")


def test_where_the_programme_keeps_no_quiet_hours_nobodys_own_are_kept() -> None:
    assert quiet_of(siti(quiet="20:00-08:00"), None) is None
    assert quiet_of(siti(), USUAL) is USUAL


def test_hours_that_cannot_be_read_stop_nobody() -> None:
    assert quiet_of(siti(quiet="malam saja"), USUAL) is USUAL


@pytest.mark.parametrize(
    ("person", "key"),
    [
        (siti(), ""),
        (siti(consent=Consent.UNASKED), "no_consent"),
        (siti(consent=Consent.WITHDRAWN, stopped=True), "no_consent"),
        (siti(stopped=True), "stopped"),
        (siti(paused_until=EVENING + HOUR), "resting"),
        (siti(paused_until=EVENING), ""),
        (siti(role=Role.STAFF, consent=Consent.REFUSED, stopped=True), ""),
        (siti(role=Role.CADRE, stopped=True), "stopped"),
    ],
)
def test_who_is_not_written_to_has_a_reason(person: Person, key: str) -> None:
    assert why_not(person, EVENING) == key
    assert Door(EVENING, Polite()).leaving(person, "checkin", WEEK, 0) == Leaving(reason=key)


def test_a_talk_goes_on_until_its_end() -> None:
    talking = siti(talk_until=EVENING + HOUR)

    assert is_talking(talking, EVENING)
    assert not is_talking(talking, EVENING + HOUR)
    assert not is_talking(siti(), EVENING)


def test_nothing_automatic_comes_into_a_talk_not_even_what_is_urgent() -> None:
    door = Door(EVENING, Polite(USUAL))
    talking = siti(talk_until=EVENING + HOUR)

    assert door.leaving(talking, "session_changed", WEEK, 0) == Leaving(at=EVENING + HOUR)


def test_at_the_door_her_own_hours_her_zone_and_the_urgent_are_told_apart() -> None:
    door = Door(EVENING, Polite(USUAL))
    far = siti(zone=JAYAPURA.key)

    assert door.leaving(siti(), "tip", WEEK, 0) == GOES
    assert door.leaving(siti(zone=KUPANG.key), "tip", WEEK, 0) == GOES
    assert door.leaving(siti(quiet="18:00-07:00"), "tip", WEEK, 0) == Leaving(
        at=local("2026-11-19 07:00")
    )
    assert door.leaving(far, "tip", WEEK, 0) == Leaving(at=local("2026-11-19 06:30", JAYAPURA))
    assert door.leaving(far, "session_changed", WEEK, 0) == Leaving(
        at=local("2026-11-19 05:30", JAYAPURA)
    )


@pytest.mark.parametrize("purpose", sorted(OPTIONAL))
def test_above_the_weekly_budget_the_optional_is_left_out(purpose: str) -> None:
    door = Door(EVENING, Polite(USUAL, weekly=3))

    assert door.leaving(siti(), purpose, WEEK, 2) == GOES
    assert door.leaving(siti(), purpose, WEEK, 3) == Leaving(reason="budget")
    assert door.leaving(siti(), purpose, WEEK - 1, 3) == GOES
    assert door.leaving(siti(), purpose, WEEK, 3, again=True) == GOES
    assert door.leaving(siti(role=Role.STAFF), purpose, WEEK, 3) == GOES


@pytest.mark.parametrize(
    "purpose", ["checkin", "invite", "session_reminder", "session_changed", "feedback"]
)
def test_what_she_agreed_to_comes_whatever_else_came(purpose: str) -> None:
    assert Door(EVENING, Polite(USUAL, weekly=1)).leaving(siti(), purpose, WEEK, 99) == GOES


def test_the_week_is_hers_not_ours() -> None:
    sunday_night = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    door = Door(sunday_night, Polite())

    assert door.week(JEMBER.key) == WEEK
    assert door.week(JAYAPURA.key) == WEEK + 1
    assert Door(datetime(2027, 1, 1, 3, tzinfo=UTC), Polite()).week(JEMBER.key) == 202653
