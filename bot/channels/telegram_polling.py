"""Asking Telegram for updates: a batch is confirmed only after it was accepted (committed)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any, Final

import orjson
from telegram.error import TelegramError

from bot.channels.channel import SlowDown
from bot.channels.telegram_messages import failure
from bot.channels.telegram_request import AiohttpRequest
from bot.channels.telegram_updates import ALLOWED_UPDATES
from bot.limits import Clock, Pauses

Update = dict[str, Any]

IDLE: Final = timedelta(days=6)
"""After a week without updates Telegram restarts its ids, and an old offset would hide new ones."""

PAUSES: Final = Pauses(first=1, longest=60)
BAD_TOKEN: Final = "Telegram refused TELEGRAM_TOKEN: copy it again from @BotFather and restart"
_CONFLICT: Final = "Telegram: another programme receives for this bot; stop it, or use another bot"
_LONG_POLL_SECONDS: Final = 30


class Poller:
    """The loop of one bot. `report` hears one line for the operator, or "" when all is well."""

    def __init__(
        self,
        request: AiohttpRequest,
        url: str,
        *,
        clock: Clock,
        dice: Random,
        report: Callable[[str], None],
    ) -> None:
        self._request = request
        self._url = url
        self._clock = clock
        self._dice = dice
        self._report = report

    async def run(self, accept: Callable[[Sequence[Update]], Awaitable[None]]) -> None:
        """Ask, store, and only with the next question confirm.

        The offset lives in memory alone: after a restart Telegram repeats what was never confirmed,
        and the inbox knows it by (bot id, update id).
        """
        offset: int | None = None
        heard_at = self._clock.now()
        failures = 0
        while True:
            if self._clock.now() - heard_at > IDLE:
                offset = None
            try:
                updates = await self._updates(offset)
            except _PollFailed as failed:
                failures += 1
                self._report(failed.advice)
                if failed.final:
                    await asyncio.Event().wait()
                await self._clock.sleep(failed.wait or PAUSES.after(failures, self._dice))
                continue
            failures = 0
            self._report("")
            if not updates:
                continue
            await accept(updates)
            heard_at = self._clock.now()
            known = [u["update_id"] for u in updates if isinstance(u.get("update_id"), int)]
            if known:
                offset = max(known) + 1
            else:
                await self._clock.sleep(PAUSES.longest)

    async def _updates(self, offset: int | None) -> list[Update]:
        question: dict[str, Any] = {
            "timeout": _LONG_POLL_SECONDS,
            "allowed_updates": ALLOWED_UPDATES,
        }
        if offset is not None:
            question["offset"] = offset
        try:
            status, body = await self._request.call(
                self._url,
                orjson.dumps(question),
                read_timeout=_LONG_POLL_SECONDS + 10,
            )
            if status == 200:
                found = AiohttpRequest.parse_json_payload(body)["result"]
                return [update for update in found if isinstance(update, dict)]
        except (TelegramError, KeyError, TypeError) as error:
            raise _PollFailed(f"Telegram: no updates ({named(error)}), trying again") from error
        if status in (401, 404):
            raise _PollFailed(BAD_TOKEN, final=True)
        if status == 409:
            raise _PollFailed(_CONFLICT)
        answer = failure(status, body)
        wait = answer.retry_after if isinstance(answer, SlowDown) else 0.0
        raise _PollFailed(f"Telegram: no updates (http {status}), trying again", wait=wait)


class _PollFailed(Exception):
    def __init__(self, advice: str, *, wait: float = 0.0, final: bool = False) -> None:
        super().__init__(advice)
        self.advice, self.wait, self.final = advice, wait, final


def named(error: Exception) -> str:
    """Kind of a failure, without an address that would hold the token."""
    return type(error.__cause__ or error).__name__
