"""Taking messages away from a private chat, on both sides, as far as the Bot API allows it.

deleteMessages takes up to 100 ids of messages younger than 48 hours; it skips what is not there any
more, and refuses all of them when one may not be deleted. To ask again harms nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from bot.channels.channel import Refused, Unanswered, Unreachable
from bot.channels.telegram_messages import failure

MOST_AT_ONCE: Final = 100
"""telegram.constants.BulkRequestLimit.MAX_LIMIT"""

Post = Callable[[str, dict[str, Any]], Awaitable[tuple[int, bytes]]]
"""Calls a method; raises Unreachable or Unanswered."""


async def remove(post: Post, address: str, ids: Sequence[str]) -> int:
    """Take these away; returns how many the platform left. Raises Blocked and SlowDown only.

    What does not work at the second try is left: the person learns it and does it by hand, and
    what is to be told her next does not wait for it.
    """
    numbers = sorted({int(one) for one in ids if one.isdecimal()}, reverse=True)
    left = 0
    for at in range(0, len(numbers), MOST_AT_ONCE):
        try:
            left += await _left_of(post, address, numbers[at : at + MOST_AT_ONCE])
        except (Unreachable, Unanswered):
            return left + len(numbers) - at
    return left


async def _left_of(post: Post, address: str, numbers: Sequence[int]) -> int:
    """Newest first. Where one may not go, halves are asked for; older than one that may not go is
    older than 48 hours too.
    """
    try:
        await _ask(post, address, numbers)
    except Refused:
        half = len(numbers) // 2
        if not half:
            return 1
        newer = await _left_of(post, address, numbers[:half])
        if newer == half:
            return len(numbers)
        return newer + await _left_of(post, address, numbers[half:])
    return 0


async def _ask(post: Post, address: str, numbers: Sequence[int]) -> None:
    body = {"chat_id": address, "message_ids": sorted(numbers)}
    try:
        await _asked(post, body)
    except (Unreachable, Unanswered):
        await _asked(post, body)


async def _asked(post: Post, body: dict[str, Any]) -> None:
    status, answer = await post("deleteMessages", body)
    if status != 200:
        raise failure(status, answer)
