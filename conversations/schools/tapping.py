"""Tapping names: pages of a school's list, what is ticked on them, and whether that is all.

What is ticked travels in the payloads, as bits by list number; the newest offer holds what counts.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence

from conversations.message import Choice
from conversations.schools.announcing import shortened
from conversations.schools.lists import NAME, pages
from conversations.schools.session import Enrolled, Session
from conversations.talk import Talk

ON_A_PAGE = 8
HIGHEST_TAPPED = 239
"""Above this number of the list names are not offered to be tapped: a payload has 64 bytes."""

_LONGEST_LABEL = 22


def may_be_tapped(members: Sequence[Enrolled]) -> bool:
    """Whether the whole list fits into a payload."""
    return max(one.number for one in members) <= HIGHEST_TAPPED


def ticked(talk: Talk, session: Session, bits: str) -> frozenset[int]:
    """What is ticked by now: fast fingers tap three names before the first answer is there."""
    done = f"s:a:{session.id}:d:"
    newest = next((one for one in talk.offered if one.startswith(done)), None)
    return unpacked(bits if newest is None else newest.removeprefix(done))


def show_page(
    talk: Talk, session: Session, members: Sequence[Enrolled], page: int, ticked: Iterable[int]
) -> None:
    """Eight names, the ticked ones marked; the next page, and the end."""
    chosen = {one.number for one in members} & set(ticked)
    last = (len(members) - 1) // ON_A_PAGE
    page = page if page <= last else 0
    bits = packed(chosen)
    choices = [
        Choice(
            f"{shortened(one.name, _LONGEST_LABEL)}{' ✓' if one.number in chosen else ''}",
            f"s:a:{session.id}:t:{page}:{one.number}:{bits}",
        )
        for one in members[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    ]
    if last:
        following = page + 1 if page < last else 0
        key = "school.attend.next" if following else "school.attend.first"
        choices.append(Choice(talk.text(key), f"s:a:{session.id}:p:{following}:{bits}"))
    choices.append(Choice(talk.text("school.attend.done"), f"s:a:{session.id}:d:{bits}"))
    text = talk.text(
        "school.attend.page",
        school=shortened(session.school.name, NAME),
        n=len(chosen),
        total=len(members),
        page=page + 1,
        pages=last + 1,
    )
    talk.offer(text, tuple(choices), discreet=True)


def show_ticked(
    talk: Talk, session: Session, members: Sequence[Enrolled], ticked: Iterable[int]
) -> None:
    """Who was ticked, before it is stored: a number typed here might have meant somebody."""
    chosen = {one.number for one in members} & set(ticked)
    heading = talk.text(
        "school.attend.sure" if chosen else "school.attend.sure_nobody",
        school=shortened(session.school.name, NAME),
        n=len(chosen),
        total=len(members),
    )
    names = [f"{one.number}. {one.name}" for one in members if one.number in chosen]
    *before, last = pages(heading, names)
    for text in before:
        talk.send_text(text)
    bits = packed(chosen)
    choices = (
        Choice(talk.text("school.attend.yes"), f"s:a:{session.id}:w:{bits}"),
        Choice(talk.text("school.attend.not_yet"), f"s:a:{session.id}:p:0:{bits}"),
    )
    talk.offer(last, choices, discreet=True)


def packed(numbers: Iterable[int]) -> str:
    """Numbers of a list as the bits of a short text.

    >>> packed((3, 7)), sorted(unpacked(packed((3, 7, 239)))), packed(())
    ('iA', [3, 7, 239], '')
    """
    bits = sum(1 << number for number in set(numbers))
    raw = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(bits: str) -> frozenset[int]:
    """The inverse of `packed`; what nobody packed is nothing."""
    if len(bits) % 4 == 1:
        return frozenset()
    number = int.from_bytes(urlsafe_b64decode(bits + "=" * (-len(bits) % 4)), "little")
    return frozenset(place for place in range(number.bit_length()) if number >> place & 1)
