"""A strict fake of the Telegram Bot API, with people behind it: the server and its control.

Methods live at `URL/bot<token>/<method>`, files at `URL/file/bot<token>/<path>`, control for
another process at `URL/sim/…` (telegram_sim.py). In the same process, use it directly:

    async with FakeTelegram() as fake:
        siti = fake.user("Siti")
        siti.says("halo")          # the bot under test, at fake.url, gets an update
        ...
        assert siti.received[-1].text == "Halo juga"

Run it alone: `python -m tests.fakes.telegram --port 8081 --latency-ms 40`.
"""

import argparse
import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import orjson

from tests.fakes.faults import Fault, Faults, Trouble, fails_after, fails_before
from tests.fakes.http_server import Answer, OnLoopback, Request, read_multipart
from tests.fakes.telegram_limits import Limits, RateLimiter
from tests.fakes.telegram_methods import METHODS, Call
from tests.fakes.telegram_refusals import RefusalError, refuse
from tests.fakes.telegram_sim import Simulation
from tests.fakes.telegram_updates import Update, UpdateQueue, Webhook
from tests.fakes.telegram_user_side import Group, Person
from tests.fakes.telegram_world import (
    FIRST_PERSON,
    TOKEN,
    Chat,
    ChatKind,
    SentMessage,
    Standing,
    Wire,
    World,
)


class FakeTelegram(OnLoopback):
    """One bot's Telegram on a loopback port."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        clock: Callable[[], float] = time.time,
        latency: float = 0.0,
        slow_polls: bool = False,
        limits: Limits | None = None,
        seed: int = 0,
        query_seconds: float = 30.0,
        webhook_retry_seconds: float = 1.0,
    ) -> None:
        """`latency` in seconds is a round trip: half is spent before the work, half after.

        It holds for every method but getUpdates, which waits for updates anyway; with
        `slow_polls` it holds for getUpdates too, so that a poller misses a round trip each time.
        """
        super().__init__(self._answer)
        self.updates = UpdateQueue(clock, retry_seconds=webhook_retry_seconds)
        self.world = World(token, clock, self.updates, query_seconds=query_seconds)
        self.world.limiter = RateLimiter(limits or Limits())
        self.faults = Faults(seed)
        self.latency = latency
        self._slow_polls = slow_polls
        self.calls: Counter[str] = Counter()
        self._prefix = f"/bot{token}/"
        self._file_prefix = f"/file/bot{token}/"
        self._dice = Random(seed)
        self._people: dict[int, Person] = {}
        self._groups = 0
        self._first_poll = asyncio.Event()
        self._simulation = Simulation(self)

    async def stop(self) -> None:
        self.updates.stop()
        await super().stop()

    @property
    def sent(self) -> list[SentMessage]:
        """Everything accepted from the bot, in order."""
        return self.world.sent

    def on_sent(self, listener: Callable[[SentMessage], None]) -> None:
        """Call this at the moment something from the bot is accepted."""
        self.world.listeners.append(listener)

    async def wait_for_bot(self, timeout: float = 30.0) -> None:
        """Return when the bot has asked for updates or set a webhook for the first time."""
        await asyncio.wait_for(self._first_poll.wait(), timeout)

    def user(self, first_name: str = "Siti", *, id: int | None = None, **details: Any) -> Person:
        """The person with this id, or a new one; the bot may not write before they do."""
        number = id if id is not None else FIRST_PERSON + len(self._people)
        if number not in self._people:
            name = {"first_name": first_name, **details}
            chat = Chat(number, ChatKind.PRIVATE, {"id": number, "type": "private", **name})
            user = {"id": number, "is_bot": False, "language_code": "id", **name}
            self.world.chats[number] = chat
            self._people[number] = Person(self.world, user, chat)
        return self._people[number]

    def meet(self, id: int, first_name: str = "Siti") -> Person:
        """A person who pressed Start long ago: the bot may write at once, no update tells of it."""
        person = self.user(first_name, id=id)
        if person.chat.standing is Standing.UNKNOWN:
            person.chat.standing = Standing.OPEN
        return person

    @property
    def people(self) -> Mapping[int, Person]:
        return self._people

    def group(self, title: str, kind: ChatKind | str = ChatKind.SUPERGROUP) -> Group:
        """A new group, supergroup or channel, without the bot."""
        kind = ChatKind(kind)
        self._groups += 1
        number = -4_500_000_000 - self._groups
        if kind is not ChatKind.GROUP:
            number = -1_002_100_000_000 - self._groups
        chat = Chat(number, kind, {"id": number, "type": str(kind), "title": title})
        self.world.chats[number] = chat
        return Group(self.world, chat)

    def redeliver(self, update: Update) -> None:
        """Deliver an update once more, with the same update_id."""
        self.updates.redeliver(update)

    def shuffle(self) -> None:
        """Mix the waiting updates between people, never within one person's."""
        self.updates.shuffle(self._dice)

    def _answer(self, request: Request) -> Answer | Coroutine[Any, Any, Answer]:
        path = request.path
        try:
            if path.startswith(self._prefix):
                return self._answer_method(request, path[len(self._prefix) :])
            if path.startswith(self._file_prefix):
                return self._answer_file(path[len(self._file_prefix) :])
            if path.startswith("/sim/"):
                return self._simulation.answer(request)
        except RefusalError as refusal:
            return _refused(refusal)
        if path.startswith("/bot") and ":" in path:
            return _refused(RefusalError(401, "Unauthorized"))
        return _refused(RefusalError(404, "Not Found"))

    def _answer_method(self, request: Request, method: str) -> Answer | Coroutine[Any, Any, Answer]:
        call = _read_call(request)
        name = method.lower()
        fault = self.faults.next(method)
        if fault is None and not self.latency and name != "getupdates":
            return self._perform(method, name, call)
        return self._answer_in_time(request, method, call, fault)

    async def _answer_in_time(
        self, request: Request, method: str, call: Call, fault: Fault | None
    ) -> Answer:
        name = method.lower()
        latency = self.latency if name != "getupdates" or self._slow_polls else 0.0
        if latency:
            await asyncio.sleep(latency / 2)
        if fault is not None and (early := fails_before(request, fault, _in_trouble)):
            return early
        if name == "getupdates":
            answer = await self._poll(method, call)
        else:
            answer = self._perform(method, name, call)
        if latency:
            await asyncio.sleep(latency / 2)
        if fault is not None:
            answer = await fails_after(request, fault, answer)
        return answer

    def _perform(self, method: str, name: str, call: Call) -> Answer:
        self.calls[method] += 1
        try:
            return _accepted(self._result_of(name, call))
        except RefusalError as refusal:
            return _refused(refusal)

    async def _poll(self, method: str, call: Call) -> Answer:
        self.calls[method] += 1
        self._first_poll.set()
        try:
            offset, limit = call.integer("offset"), call.integer("limit", 100)
            timeout, allowed = call.integer("timeout"), _allowed(call)
            return _accepted(await self.updates.poll(offset, limit, timeout, allowed))
        except RefusalError as refusal:
            return _refused(refusal)

    def _result_of(self, name: str, call: Call) -> Any:
        method = METHODS.get(name)
        if method is not None:
            return method(self.world, call)
        match name:
            case "setwebhook":
                return self._set_webhook(call)
            case "deletewebhook":
                if call.flag("drop_pending_updates"):
                    self.updates.forget_all()
                self.updates.set_webhook(None, self._hear_webhook_answer)
                return True
            case "getwebhookinfo":
                return self._webhook_info()
        raise RefusalError(404, "Not Found: method not found")

    def _set_webhook(self, call: Call) -> bool:
        url = call.text("url")
        webhook = Webhook(
            url, call.text("secret_token") or None, call.integer("max_connections", 40)
        )
        if call.flag("drop_pending_updates"):
            self.updates.forget_all()
        self.updates.allow(_allowed(call))
        self.updates.set_webhook(webhook if url else None, self._hear_webhook_answer)
        self._first_poll.set()
        return True

    def _hear_webhook_answer(self, body: bytes) -> None:
        """A webhook may be answered with a method call; nobody hears how it went."""
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if isinstance(answer, dict) and "method" in answer:
            method = str(answer["method"])
            self._perform(method, method.lower(), Call(answer))

    def _webhook_info(self) -> Wire:
        webhook = self.updates.webhook or Webhook("")
        answer: Wire = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.pending),
            "max_connections": webhook.max_connections,
        }
        if webhook.last_error is not None:
            answer["last_error_date"] = webhook.last_error_at
            answer["last_error_message"] = webhook.last_error
        return answer

    def _answer_file(self, path: str) -> Answer:
        for stored in self.world.files.values():
            if stored.path == path:
                return Answer(stored.content, content_type="application/octet-stream")
        raise RefusalError(404, "Not Found")


def _accepted(result: Any) -> Answer:
    return Answer(b'{"ok":true,"result":' + orjson.dumps(result) + b"}")


def _refused(refusal: RefusalError) -> Answer:
    return Answer(refusal.body(), refusal.code)


def _in_trouble(trouble: Trouble, seconds: int) -> Answer:
    if trouble is Trouble.RATE_LIMITED:
        description = f"Too Many Requests: retry after {seconds}"
        return _refused(RefusalError(429, description, retry_after=seconds))
    return _refused(RefusalError(500, "Internal Server Error"))


def _allowed(call: Call) -> list[str] | None:
    kinds = call.json("allowed_updates")
    if kinds is not None and not isinstance(kinds, list):
        refuse("can't parse allowed_updates: expected an Array of String")
    return kinds


def _read_call(request: Request) -> Call:
    """Parameters may come in the query, a form, a multipart body or JSON."""
    fields: dict[str, Any] = dict(request.query)
    kind = request.content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        texts, files = read_multipart(request)
        return Call(fields | texts, files)
    if kind == "application/json":
        try:
            fields.update(orjson.loads(request.body or b"{}"))
        except (orjson.JSONDecodeError, ValueError, TypeError):
            refuse("can't parse the request: JSON object expected")
    elif request.body:
        try:
            form = request.body.decode()
        except UnicodeDecodeError:
            refuse("strings must be encoded in UTF-8")
        fields.update(parse_qsl(form, keep_blank_values=True))
    return Call(fields)


async def _serve(arguments: argparse.Namespace) -> None:
    fake = FakeTelegram(
        token=arguments.token,
        latency=arguments.latency_ms / 1000,
        limits=Limits.as_documented() if arguments.limits else None,
        seed=arguments.seed,
    )
    await fake.start(arguments.port)
    print(f"TELEGRAM_API_URL={fake.url}\nTELEGRAM_TOKEN={arguments.token}", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await fake.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict fake Telegram on the loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument(
        "--limits", action="store_true", help="30/s, 1/s per chat, 20/min per group"
    )
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
