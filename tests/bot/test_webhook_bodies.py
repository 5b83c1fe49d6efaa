"""Bodies that anybody may post: what they can cost us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.requests import Request

from bot.channels.webhook_bodies import SMALL, Bodies, NotRead

PIECE = b"x" * SMALL


def posted(pieces: list[bytes], then: Callable[[], Any] | None = None) -> Request:
    """A request that sends these pieces and, with `then`, waits for that before it ends."""

    async def more() -> AsyncIterator[dict[str, Any]]:
        for piece in pieces:
            yield {"type": "http.request", "body": piece, "more_body": True}
        if then is not None:
            await then()
        yield {"type": "http.request", "body": b"", "more_body": False}

    told = more()
    return Request({"type": "http", "method": "POST", "headers": []}, lambda: anext(told))


async def why_not(bodies: Bodies, request: Request) -> tuple[int, str]:
    with pytest.raises(NotRead) as refused:
        await bodies.read(request)
    return refused.value.status, refused.value.reason


async def test_a_body_is_read_whole() -> None:
    assert await Bodies(4 * SMALL).read(posted([b"a", b"b"])) == b"ab"


async def test_who_sends_too_slowly_is_not_waited_for() -> None:
    bodies = Bodies(4 * SMALL, seconds=0.01)

    assert await why_not(bodies, posted([b"a"], asyncio.Event().wait)) == (408, "slow")


async def test_many_large_bodies_share_one_room_and_small_ones_always_find_theirs() -> None:
    bodies, go = Bodies(4 * SMALL, together=5 * SMALL), asyncio.Event()
    waiting = asyncio.create_task(bodies.read(posted([PIECE] * 4, go.wait)))
    await asyncio.sleep(0)

    refused = await why_not(bodies, posted([PIECE] * 2))
    small = await bodies.read(posted([PIECE]))
    go.set()
    first = await waiting
    after = await bodies.read(posted([PIECE] * 4))

    assert refused == (503, "room")
    assert (len(small), len(first), len(after)) == (SMALL, 4 * SMALL, 4 * SMALL)


async def test_what_was_refused_leaves_its_room_to_others() -> None:
    bodies = Bodies(2 * SMALL, together=2 * SMALL, seconds=0.01)
    for _ in range(3):
        assert await why_not(bodies, posted([PIECE] * 3)) == (413, "size")
        assert await why_not(bodies, posted([PIECE] * 2, asyncio.Event().wait)) == (408, "slow")

    assert len(await bodies.read(posted([PIECE] * 2))) == 2 * SMALL
