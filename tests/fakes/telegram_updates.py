"""The queue of updates of one bot, and the two ways out of it: long polling and a webhook.

Kept here: order, offsets, confirmation, redelivery, allowed_updates, the 24 hours after which
an update is forgotten. What an update says is made in telegram_user_side.py.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from tests.fakes.telegram_refusals import conflict, refuse

Update = dict[str, Any]

UPDATE_KINDS: Final = frozenset(
    [
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "callback_query",
        "inline_query",
        "chosen_inline_result",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "poll",
        "poll_answer",
        "message_reaction",
        "message_reaction_count",
    ]
)
_NOT_BY_DEFAULT: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_KEPT_SECONDS: Final = 24 * 3600
_LONGEST_POLL: Final = 50
_PORTS: Final = (443, 80, 88, 8443)
_LOOPBACK: Final = ("127.0.0.1", "localhost")
_SECRET_LETTERS: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)


@dataclass(slots=True)
class Webhook:
    """Where updates are posted, and how the last attempts went."""

    url: str
    secret: str | None = None
    max_connections: int = 40
    last_error_at: int | None = None
    last_error: str | None = None


@dataclass(slots=True)
class UpdateQueue:
    """Updates that the bot has not confirmed yet, oldest first.

    `retry_seconds` is the first pause after a webhook failed; it doubles, up to a minute.
    """

    clock: Callable[[], float]
    next_id: int = 871_000_001
    retry_seconds: float = 1.0
    webhook: Webhook | None = None
    polls: int = 0
    _allowed: frozenset[str] = UPDATE_KINDS - _NOT_BY_DEFAULT
    _pending: deque[tuple[float, Update]] = field(default_factory=deque)
    _again: list[Update] = field(default_factory=list)
    _delivered_up_to: int = 0
    _poller: asyncio.Future[bool] | None = None
    _courier: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, kind: str, body: dict[str, Any]) -> Update:
        """Give the bot an update; one of a kind it does not want gets a number but no delivery."""
        update: Update = {"update_id": self.next_id, kind: body}
        self.next_id += 1
        if kind in self._allowed:
            self._pending.append((self.clock(), update))
            self._wake()
        return update

    def redeliver(self, update: Update) -> None:
        """Deliver once more under the same number, whatever was confirmed."""
        self._again.append(update)
        self._wake()

    def shuffle(self, dice: Random) -> None:
        """Mix what no one has fetched yet between people; each person's own order stays."""
        fresh = [entry for entry in self._pending if entry[1]["update_id"] > self._delivered_up_to]
        numbers = [update["update_id"] for _, update in fresh]
        lanes: dict[int, deque[tuple[float, Update]]] = {}
        for entry in fresh:
            lanes.setdefault(_chat_of(entry[1]), deque()).append(entry)
        turns = [chat for chat, lane in lanes.items() for _ in lane]
        dice.shuffle(turns)
        for _ in fresh:
            self._pending.pop()
        for number, chat in zip(numbers, turns, strict=True):
            at, update = lanes[chat].popleft()
            update["update_id"] = number
            self._pending.append((at, update))

    @property
    def pending(self) -> list[Update]:
        """What the bot has not confirmed."""
        return [update for _, update in self._pending]

    async def poll(
        self, offset: int, limit: int, timeout: float, allowed: Sequence[str] | None
    ) -> list[Update]:
        """getUpdates; a newer poller ends an older one with 409, as the platform does."""
        self.polls += 1
        if self.webhook is not None:
            conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self._end_other_poller()
        self.allow(allowed)
        self._confirm(offset)
        if not self._pending and not self._again and timeout > 0:
            await self._wait(min(timeout, _LONGEST_POLL))
        return self._batch(max(1, min(limit, 100)))

    def allow(self, kinds: Sequence[str] | None) -> None:
        """allowed_updates: None keeps the last choice, empty is the default set."""
        if kinds is not None:
            chosen = frozenset(kinds) & UPDATE_KINDS
            self._allowed = chosen or UPDATE_KINDS - _NOT_BY_DEFAULT

    def forget_all(self) -> None:
        """drop_pending_updates."""
        self._pending.clear()

    def _wake(self) -> None:
        if self._poller is not None:
            _settle(self._poller, True)
        self._news.set()

    def _end_other_poller(self) -> None:
        if self._poller is not None:
            _settle(self._poller, False)

    async def _wait(self, timeout: float) -> None:
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._poller = waiting
        ending = asyncio.get_running_loop().call_later(timeout, _settle, waiting, True)
        try:
            mine = await waiting
        finally:
            ending.cancel()
            if self._poller is waiting:
                self._poller = None
        if not mine:
            conflict(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )

    def _confirm(self, offset: int) -> None:
        pending = self._pending
        expired = self.clock() - _KEPT_SECONDS
        while pending and pending[0][0] < expired:
            pending.popleft()
        if offset < 0:
            while len(pending) > -offset:
                pending.popleft()
        else:
            while pending and pending[0][1]["update_id"] < offset:
                pending.popleft()

    def _batch(self, limit: int) -> list[Update]:
        batch, self._again = self._again[:limit], self._again[limit:]
        for _, update in self._pending:
            if len(batch) >= limit:
                break
            batch.append(update)
            self._delivered_up_to = max(self._delivered_up_to, update["update_id"])
        return batch

    def set_webhook(
        self,
        webhook: Webhook | None,
        on_answer: Callable[[bytes], None],
    ) -> None:
        """Post updates to this address from now on; None: back to polling."""
        if webhook is not None:
            _check_webhook(webhook)
            self._end_other_poller()
        self.stop()
        self.webhook = webhook
        if webhook is not None:
            self._courier = asyncio.create_task(self._deliver(webhook, on_answer))

    def stop(self) -> None:
        """End the delivery by webhook."""
        if self._courier is not None:
            self._courier.cancel()
            self._courier = None

    async def _deliver(self, webhook: Webhook, on_answer: Callable[[bytes], None]) -> None:
        """One after the other, each until it is answered with 2xx."""
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        pause = self.retry_seconds
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                if not self._pending and not self._again:
                    self._news.clear()
                    await self._news.wait()
                repeated = bool(self._again)
                update = self._again[0] if repeated else self._pending[0][1]
                self._delivered_up_to = max(self._delivered_up_to, update["update_id"])
                answer = await self._post(session, webhook, update)
                if answer is None:
                    await asyncio.sleep(pause)
                    pause = min(60.0, pause * 2)
                    continue
                pause = self.retry_seconds
                self._done_with(update, repeated)
                if answer:
                    on_answer(answer)

    def _done_with(self, update: Update, repeated: bool) -> None:
        if repeated:
            self._again.remove(update)
        elif self._pending and self._pending[0][1] is update:
            self._pending.popleft()

    async def _post(
        self, session: aiohttp.ClientSession, webhook: Webhook, update: Update
    ) -> bytes | None:
        try:
            async with session.post(webhook.url, data=orjson.dumps(update)) as response:
                body = await response.read()
                if 200 <= response.status < 300:
                    return body
                problem = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = f"Connection failed: {type(error).__name__}"
        webhook.last_error, webhook.last_error_at = problem, int(self.clock())
        return None


def _settle(waiting: asyncio.Future[bool], mine: bool) -> None:
    if not waiting.done():
        waiting.set_result(mine)


def _chat_of(update: Update) -> int:
    body = next(value for key, value in update.items() if key != "update_id")
    source = body.get("message", body)
    return int(source["chat"]["id"])


def _check_webhook(webhook: Webhook) -> None:
    """As the platform, which a local Bot API server relaxes for the loopback address only."""
    address = urlsplit(webhook.url)
    if address.hostname not in _LOOPBACK:
        if address.scheme != "https":
            refuse("bad webhook: An HTTPS URL must be provided for webhook")
        if (address.port or 443) not in _PORTS:
            refuse("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if webhook.secret is not None:
        if len(webhook.secret) > 256:
            refuse("secret token is too long")
        if not _SECRET_LETTERS.issuperset(webhook.secret):
            refuse("secret token contains unallowed characters")
