"""A strict fake of WhatsApp's Cloud API, with people behind it: the server and its control.

The API lives at `URL/v26.0/…`, files at an address of their own that demands the token, control
for another process at `URL/sim/…` (graph_sim.py). In the same process, use it directly:

    async with FakeGraph() as fake:
        await fake.subscribe("http://127.0.0.1:8080/whatsapp")
        siti = fake.person("Siti")
        siti.says("halo")          # the bot under test gets a signed webhook
        ...
        assert siti.received[-1].text == "Halo juga"

Run it alone: `python -m tests.fakes.graph --port 8082 --webhook http://127.0.0.1:8080/whatsapp`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import orjson

from tests.fakes import graph_edges
from tests.fakes.faults import Fault, Faults, Trouble, fails_after, fails_before
from tests.fakes.graph_limits import Limiter, Limits
from tests.fakes.graph_media import PATH, Shelf
from tests.fakes.graph_nodes import Business
from tests.fakes.graph_refusals import GraphRefusalError, bad_token
from tests.fakes.graph_sim import Simulation
from tests.fakes.graph_templates import Templates
from tests.fakes.graph_user_side import Person, bsuid_of
from tests.fakes.graph_webhooks import Item, Webhooks
from tests.fakes.graph_world import Account, Failing, Number, SentMessage, Wire, World
from tests.fakes.http_server import Answer, OnLoopback, Request

TOKEN: Final = "EAAGkawanTestTokenForLoopbackUse"
PHONE_ID: Final = "106540352242922"
WABA_ID: Final = "102290129340398"
APP_ID: Final = "670843887433847"
APP_SECRET: Final = "0f3c1e5b7a9d2c4e6f8a0b1c3d5e7f90"
VERIFY_TOKEN: Final = "verifikasi-kawan-asuh"
FIRST_PERSON: Final = 6_281_200_000_001
FIRST_DISPLAY: Final = 6_285_100_000_001
_VERSION: Final = re.compile(r"/v\d{2}\.\d/")


class FakeGraph(OnLoopback):
    """One business account's WhatsApp on a loopback port."""

    def __init__(
        self,
        *,
        numbers: Sequence[str] = (PHONE_ID,),
        clock: Callable[[], float] = time.time,
        latency: float = 0.0,
        limits: Limits | None = None,
        seed: int = 0,
        token: str = TOKEN,
        app_secret: str = APP_SECRET,
        verify_token: str = VERIFY_TOKEN,
    ) -> None:
        """`latency` in seconds is a round trip: half is spent before the work, half after."""
        super().__init__(self._answer)
        self.webhooks = Webhooks(clock, WABA_ID, app_secret, seed=seed)
        self.templates = Templates(clock, self.tells)
        self.limiter = Limiter(limits or Limits())
        self.world = World(clock, self.webhooks, self.limiter, self.templates, Shelf(clock))
        self.business = Business(WABA_ID, APP_ID, token)
        self.faults = Faults(seed)
        """For the methods messages, media, file, templates and node."""
        self.latency = latency
        self.calls: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        """How often each code was the answer, for whatever reason."""
        self.verify_token = verify_token
        for place, phone_id in enumerate(numbers):
            self.world.numbers[phone_id] = Number(phone_id, str(FIRST_DISPLAY + place))
        self._people: dict[int, Person] = {}
        self._simulation = Simulation(self)

    async def stop(self) -> None:
        self.webhooks.stop()
        await super().stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a bot needs to find this fake."""
        return {
            "WHATSAPP_TOKEN": self.business.token,
            "WHATSAPP_PHONE_ID": next(iter(self.world.numbers)),
            "WHATSAPP_WABA_ID": self.business.waba_id,
            "WHATSAPP_APP_SECRET": self.webhooks.secret,
            "WHATSAPP_VERIFY_TOKEN": self.verify_token,
            "WHATSAPP_API_URL": f"{self.url}/v26.0",
        }

    async def subscribe(self, url: str) -> None:
        """The handshake, and from then on webhooks go there; ConnectionError when it failed."""
        if not await self.webhooks.verify(url, self.verify_token):
            message = f"{url} did not answer the challenge"
            raise ConnectionError(message)
        self.business.callback_url = url
        self.webhooks.start(url)

    @property
    def sent(self) -> list[SentMessage]:
        """Everything accepted from the bot, in order, also what failed afterwards."""
        return self.world.sent

    def on_sent(self, listener: Callable[[SentMessage], None]) -> None:
        """Call this at the moment something from the bot is accepted."""
        self.world.listeners.append(listener)

    def person(self, name: str = "Siti", *, id: int | None = None) -> Person:
        """The person with this id, or a new one; the id is her first number. No window is open."""
        number = id if id is not None else FIRST_PERSON + len(self._people)
        if number not in self._people:
            account = Account(number, name, str(number), bsuid_of(str(number)))
            self.world.join(account)
            self._people[number] = Person(self.world, account)
        return self._people[number]

    user = person

    @property
    def people(self) -> Mapping[int, Person]:
        return self._people

    def fails(
        self,
        code: int,
        *,
        person: Person | None = None,
        times: int = 1,
        later: bool = False,
        details: str = "",
    ) -> None:
        """The next messages (to this person) meet this error, at once or as a failed status."""
        wish = Failing(GraphRefusalError(code, details), person.id if person else None, later)
        self.world.failing.extend([wish] * times)

    def tells(self, field: str, value: Wire) -> None:
        """A webhook of the account: account_update, phone_number_quality_update …"""
        self.webhooks.push(Item(field, value))

    def _answer(self, request: Request) -> Answer | Coroutine[Any, Any, Answer]:
        if request.path.startswith("/sim/"):
            return self._simulation.answer(request)
        method = _method_of(request)
        fault = self.faults.next(method)
        if fault is None and not self.latency and not _verifies(request):
            return self._perform(request, method)
        return self._answer_in_time(request, method, fault)

    async def _answer_in_time(self, request: Request, method: str, fault: Fault | None) -> Answer:
        if self.latency:
            await asyncio.sleep(self.latency / 2)
        if fault is not None and (early := fails_before(request, fault, _in_trouble)):
            return early
        if _verifies(request):
            answer = await self._override(request)
        else:
            answer = self._perform(request, method)
        if self.latency:
            await asyncio.sleep(self.latency / 2)
        if fault is not None:
            answer = await fails_after(request, fault, answer)
        return answer

    def _perform(self, request: Request, method: str) -> Answer:
        self.calls[method] += 1
        try:
            return self._result_of(request)
        except GraphRefusalError as refusal:
            self.refusals[refusal.code] += 1
            return Answer(refusal.body(), refusal.status)

    def _result_of(self, request: Request) -> Answer:
        if request.path.rstrip("/") == PATH.rstrip("/"):
            self._check_token(request)
            found = self.world.shelf.fetched(request.query)
            return Answer(found.content, content_type=found.mime)
        version = _VERSION.match(request.path)
        if version is None:
            raise GraphRefusalError(2500, title="Unknown path components", status=400)
        self._check_token(request)
        path = request.path[version.end() :].strip("/").split("/")
        return Answer(orjson.dumps(graph_edges.answer(self, request, path[0], "/".join(path[1:]))))

    async def _override(self, request: Request) -> Answer:
        """Set the webhook by the API: the platform asks there first."""
        try:
            self._check_token(request)
            wish = graph_edges.read_json(request)
            self.verify_token = str(wish.get("verify_token", ""))
            await self.subscribe(str(wish["override_callback_uri"]))
        except ConnectionError:
            return Answer(
                GraphRefusalError(2200, title="Callback verification failed", status=400).body(),
                400,
            )
        except GraphRefusalError as refusal:
            return Answer(refusal.body(), refusal.status)
        return Answer(b'{"success":true}')

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        token = given.removeprefix("Bearer ") if given else request.query.get("access_token", "")
        app_token = f"{self.business.app_id}|{self.webhooks.secret}"
        expires = self.business.token_expires_at
        if token == self.business.token and not (expires and expires <= self.world.clock()):
            return
        if token != app_token:
            bad_token()


def _verifies(request: Request) -> bool:
    return (
        request.method == "POST"
        and request.path.endswith("/subscribed_apps")
        and b"override_callback_uri" in request.body
    )


def _method_of(request: Request) -> str:
    path = request.path.rstrip("/")
    for edge in ("messages", "media", "message_templates"):
        if path.endswith(f"/{edge}"):
            return edge.removeprefix("message_") if edge != "messages" else edge
    return "file" if path == PATH.rstrip("/") else "node"


def _in_trouble(trouble: Trouble, _seconds: int) -> Answer:
    if trouble is Trouble.RATE_LIMITED:
        return Answer(GraphRefusalError(130429, "slow down").body(), 429)
    return Answer(GraphRefusalError(131000, "Something went wrong").body(), 500)


async def _serve(arguments: argparse.Namespace) -> None:
    fake = FakeGraph(
        token=arguments.token,
        app_secret=arguments.secret,
        verify_token=arguments.verify_token,
        latency=arguments.latency_ms / 1000,
        limits=None if arguments.limits else Limits.none(),
        seed=arguments.seed,
    )
    await fake.start(arguments.port)
    for name, value in fake.environment.items():
        print(f"{name}={value}", flush=True)
    if arguments.webhook:
        fake.webhooks.start(arguments.webhook)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await fake.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict fake WhatsApp on the loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--webhook", default="", help="where webhooks go, without a handshake")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--secret", default=APP_SECRET, help="the app secret that signs")
    parser.add_argument("--verify-token", default=VERIFY_TOKEN)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--limits", action="store_true", help="80/s, one per 6 s to one person")
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
