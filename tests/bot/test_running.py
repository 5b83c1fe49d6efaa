"""Starting can be ended as well as running can."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.commands.running import _started


class Slow:
    """A service whose disk never answers."""

    def __init__(self) -> None:
        self.cleaned_up = False

    async def start(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cleaned_up = True


async def test_a_start_that_waits_for_ever_ends_when_it_is_asked_to() -> None:
    service, ending = Slow(), asyncio.Event()
    starting = asyncio.ensure_future(_started(cast(Any, service), ending))
    await asyncio.sleep(0)

    ending.set()

    assert await starting is False
    assert service.cleaned_up


async def test_a_start_that_succeeds_goes_on() -> None:
    class Quick:
        async def start(self) -> None:
            return None

    assert await _started(cast(Any, Quick()), asyncio.Event()) is True
