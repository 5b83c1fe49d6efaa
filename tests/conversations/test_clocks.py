"""The clocks of the law: when they run, what stops them, how much is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversations.concerns.case import (
    Agency,
    Case,
    Contact,
    ContactId,
    Referral,
    ReferralId,
    ReferralState,
    Stage,
)
from conversations.concerns.clocks import clocks
from conversations.dialogue import Task
from conversations.level import Level
from tests.conversations.world import WEDNESDAY

NOW = WEDNESDAY


def a_task(kind: str = "concern", danger_class: str = "sexual_violence", **more: object) -> Task:
    return Task(
        code="LDK-26-0042",
        kind=kind,
        level=Level.MERAH,
        about=None,
        child=None,
        owner=None,
        due_at=NOW,
        created_at=NOW - timedelta(hours=30),
        reason="reason.told",
        danger_class=danger_class,
        **more,  # type: ignore[arg-type]
    )


def told_to(agency: Agency, state: ReferralState = ReferralState.ASKED) -> Referral:
    office = Contact(ContactId(1), agency, "Kantor", "110")
    return Referral(ReferralId(1), "LDK-26-0042", office, None, NOW, state, NOW)


def test_sexual_violence_is_told_to_the_police_within_three_days() -> None:
    [clock] = clocks(Case(a_task(), Stage.ADUAN), (), NOW)

    assert clock.name == "clock.police"
    assert clock.law == "UU 12/2022 Pasal 41"
    assert clock.left == timedelta(hours=42)
    assert clock.ends_at == NOW + timedelta(hours=42)
    assert not clock.over


def test_a_clock_that_ran_out_goes_on_being_shown() -> None:
    [clock] = clocks(a_task(), (), NOW + timedelta(hours=43))

    assert clock.over
    assert clock.left == -timedelta(hours=1)


@pytest.mark.parametrize(
    ("agency", "runs"),
    [(Agency.POLRES_PPA, False), (Agency.UPTD_PPA, True), (Agency.PUSKESMAS, True)],
)
def test_only_a_referral_to_the_police_stops_it(agency: Agency, runs: bool) -> None:
    assert bool(clocks(a_task(), (told_to(agency),), NOW)) is runs


def test_other_classes_have_no_such_clock() -> None:
    assert clocks(a_task(danger_class="neglect"), (), NOW) == []


def test_a_withdrawal_is_done_within_three_days() -> None:
    [clock] = clocks(a_task("erasure", ""), (), NOW)

    assert (clock.name, clock.law) == ("clock.withdrawal", "UU 27/2022 Pasal 40")


@pytest.mark.parametrize("kind", ["concern", "erasure"])
def test_what_is_closed_has_no_clock(kind: str) -> None:
    assert clocks(a_task(kind, closed_at=NOW), (), NOW) == []
