"""One message in the morning: what leaves together, in which order, and what stays behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.message import Choice, MediaId, Message, printed
from conversations.morning import ALONE, LONGEST, Held, Joined, first_of

CHOICES = (Choice("Sehat", "a"), Choice("Sakit", "b"))


def held(id_: int, text: str, *, purpose: str = "tip", asks: bool = False, **more: object) -> Held:
    choices = CHOICES if asks else ()
    return Held(id_, purpose, Message(text, choices, **more))  # type: ignore[arg-type]


def all_of(waiting: list[Held]) -> list[Joined]:
    """Every message in the order in which it leaves."""
    left, sent = list(waiting), []
    while left:
        joined = first_of(left)
        sent.append(joined)
        left = [one for one in left if one.id not in (joined.kept, *joined.carried)]
    return sent


def test_texts_come_in_the_order_of_planning_and_the_question_last() -> None:
    joined = first_of(
        [held(1, "Satu."), held(2, "Sehat?", purpose="nudge", asks=True), held(3, "Tiga.")]
    )

    assert joined == Joined(2, (1, 3), Message("Satu.\n\nTiga.\n\nSehat?", CHOICES))


def test_without_a_question_the_oldest_is_kept() -> None:
    assert first_of([held(4, "Satu."), held(5, "Dua.")]) == Joined(
        4, (5,), Message("Satu.\n\nDua.")
    )


def test_two_questions_are_two_messages_and_the_interviews_is_the_last_on_the_screen() -> None:
    sent = all_of(
        [
            held(1, "Sehat?", purpose="nudge", asks=True),
            held(2, "Bisa datang?", purpose="session_reminder", asks=True),
            held(3, "Kabar desa."),
        ]
    )

    assert [(one.kept, one.carried) for one in sent] == [(2, (3,)), (1, ())]


@pytest.mark.parametrize("purpose", sorted(ALONE))
def test_a_moved_session_and_a_list_to_work_with_stand_alone(purpose: str) -> None:
    sent = all_of([held(1, "Satu."), held(2, "Penting.", purpose=purpose), held(3, "Tiga.")])

    assert [one.message.text for one in sent] == ["Penting.", "Satu.\n\nTiga."]


def test_what_carries_a_file_leaves_alone() -> None:
    sent = all_of([held(1, "Satu."), held(2, "Gambar.", media=MediaId("m")), held(3, "Tiga.")])

    assert [(one.message.text, one.message.media) for one in sent] == [
        ("Gambar.", "m"),
        ("Satu.\n\nTiga.", None),
    ]


def test_what_one_of_them_hides_all_of_them_hide() -> None:
    joined = first_of([held(1, "Satu.", discreet=True), held(2, "Dua.")])

    assert joined.message.discreet


def test_nothing_held_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nothing"):
        first_of([])


@given(
    st.lists(st.tuples(st.integers(1, 700), st.booleans(), st.booleans()), min_size=1, max_size=12)
)
def test_everything_leaves_once_and_no_joined_message_is_too_long(
    shapes: list[tuple[int, bool, bool]],
) -> None:
    waiting = [
        held(n, "x" * length, asks=asks, media=MediaId("m") if file else None)
        for n, (length, asks, file) in enumerate(shapes, 1)
    ]

    sent = all_of(waiting)

    ids = [id_ for one in sent for id_ in (one.kept, *one.carried)]
    assert sorted(ids) == [one.id for one in waiting]
    assert all(len(printed(one.message)) <= LONGEST for one in sent if one.carried)
    assert sum(len(one.message.choices) > 0 for one in sent) == sum(asks for _, asks, _ in shapes)
