"""One message for each step where every message costs money: what goes together, and what never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conversations.costs import DANGER
from conversations.message import (
    Choice,
    MediaId,
    Message,
    Outgoing,
    Priority,
    Removal,
    Template,
    printed,
)
from conversations.phone.together import LONGEST, as_one

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
THANKS = Outgoing(Message("Terima kasih."))
QUESTION = Outgoing(Message("Sudah makan?", (Choice("Sudah", "a"), Choice("Belum", "b"))))


def test_thanks_and_the_next_question_are_one_message_with_its_choices() -> None:
    [one] = as_one((THANKS, QUESTION))

    assert printed(one.message) == "Terima kasih.\n\nSudah makan?\n\n1. Sudah\n2. Belum"


def test_nothing_comes_after_choices() -> None:
    assert as_one((QUESTION, THANKS)) == (QUESTION, THANKS)


@pytest.mark.parametrize(
    "other",
    [
        replace(THANKS, to=7),
        replace(THANKS, priority=Priority.ALARM),
        replace(THANKS, dedupe_key="tip:1"),
        replace(THANKS, not_before=NOW),
        replace(THANKS, expires_at=NOW),
        Outgoing(Message("Suara", media=MediaId("m1"))),
        Outgoing(Message("Dihapus", removal=Removal(NOW))),
        Outgoing(Message("Jadwal", template=Template("pengingat_pertemuan"))),
        Outgoing(Message("a" * LONGEST)),
    ],
)
def test_what_goes_another_way_stays_apart(other: Outgoing) -> None:
    assert as_one((other, QUESTION)) == (other, QUESTION)
    assert as_one((THANKS, other)) == (THANKS, other)


def test_what_is_about_danger_is_never_stopped_by_the_budget_because_of_its_company() -> None:
    [one] = as_one((replace(THANKS, purpose=DANGER), QUESTION))

    assert one.purpose == DANGER


def test_no_word_is_lost_and_their_order_is_kept() -> None:
    many = tuple(Outgoing(Message(f"{n} " + "kata " * 60)) for n in range(9))

    joined = as_one(many)

    assert 1 < len(joined) < len(many)
    assert "\n\n".join(one.message.text for one in joined) == "\n\n".join(
        one.message.text for one in many
    )
    assert all(len(one.message.text) <= LONGEST for one in joined)
