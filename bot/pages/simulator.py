"""The simulator's routes: phones side by side, what is done on them, and news as it happens.

Everything done here goes to the channel as on a real platform, and every conversation is read back
from the database. With the script the page is kept up to date; without it, it is loaded again.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import orjson
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from bot.channels.simulator import EVERYBODY, LARGEST_FILE, Doing, NotReceiving, file_in
from bot.media import MediaLost, type_of
from bot.pages import chat, posted
from bot.pages.chat import Chat
from bot.pages.personas import Cast, fresh
from bot.pages.rendering import Rendering, moment, short
from bot.sample import Persona
from conversations.message import LONGEST_TEXT, Kind, MediaId
from storage import transcript

if TYPE_CHECKING:
    from bot.channels.simulator import Simulator
    from bot.journey import Journey
    from bot.service import Service

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a page that listens is told that we are still here."""

MOST_LISTENING: Final = 64

_PATIENCE: Final = 2.0
"""Seconds that a page without the script waits for the answer to what was sent."""

_STORED_WITHIN: Final = 5.0
_KNOWN: Final = 500
_LONGEST_PAYLOAD: Final = 64
_STEPS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_FROM_MENU: Final = {
    "sticker": Doing(Kind.STICKER, text="👍"),
    "location": Doing(Kind.LOCATION),
    "contact": Doing(Kind.CONTACT),
}
_FAMILIES: Final = {"audio": Kind.VOICE, "image": Kind.IMAGE}

Handler = Callable[["SimulatorPages", Request], Awaitable[Response]]


class Impossible(HTTPException):
    """What was asked for cannot be done; `detail` says why in plain Indonesian."""


class SimulatorPages:
    """The pages of one service's simulator."""

    def __init__(self, service: Service, simulator: Simulator, rendering: Rendering) -> None:
        self._service = service
        self._simulator = simulator
        self._rendering = rendering
        self._zone = service.settings.zone
        self._cast = Cast(service.settings.sample)
        self._listening = 0
        self._storing: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Where the pages are."""
        found: list[tuple[str, Handler, str]] = [
            ("/simulator", SimulatorPages.table, "GET"),
            ("/simulator/events", SimulatorPages.events, "GET"),
            ("/simulator/people", SimulatorPages.add, "POST"),
            ("/simulator/clock", SimulatorPages.clock, "GET"),
            ("/simulator/clock", SimulatorPages.move_clock, "POST"),
            ("/simulator/{address}", SimulatorPages.write, "POST"),
            ("/simulator/{address}/files", SimulatorPages.upload, "POST"),
            ("/simulator/{address}/messages", SimulatorPages.messages, "GET"),
            ("/simulator/{address}/files/{name}", SimulatorPages.file, "GET"),
            ("/simulator/{address}/media/{name}", SimulatorPages.media, "GET"),
        ]
        return [
            Route(path, _here(functools.partial(handler, self), self._service), methods=[method])
            for path, handler, method in found
        ]

    async def table(self, request: Request) -> Response:
        """All phones; the one asked for in front."""
        wanted = request.query_params.get("siapa", "")

        def unit(conn: Connection) -> list[tuple[Persona, Chat]]:
            known = transcript.addresses_of(
                conn, self._simulator.name, self._simulator.account, _KNOWN
            )
            shown = self._cast.shown(known, wanted)
            return [(persona, self._chat(conn, persona.address)) for persona in shown]

        phones = await self._service.database.read(unit)
        addresses = [persona.address for persona, _ in phones]
        return self._rendering.page(
            "simulator.html",
            phones=[(persona, found.days(self._zone), found) for persona, found in phones],
            active=wanted if wanted in addresses else addresses[0],
            sample=self._cast.sample,
            limit=LONGEST_TEXT,
            clock=await self._clock_view(),
        )

    async def messages(self, request: Request) -> Response:
        """One conversation, for the script."""
        persona = self._persona(request)
        found = await self._service.database.read(lambda conn: self._chat(conn, persona.address))
        days = found.days(self._zone)
        return self._rendering.page("messages.html", persona=persona, days=days, chat=found)

    async def events(self, request: Request) -> Response:
        """Where something changed, as it happens (Server-Sent Events)."""
        if self._listening >= MOST_LISTENING:
            raise Impossible(503, "Terlalu banyak halaman simulator yang terbuka.")
        news = self._news(request.headers.get("last-event-id", ""))
        return StreamingResponse(news, media_type="text/event-stream")

    async def write(self, request: Request) -> Response:
        """A text, a pressed button, or something from the little menu."""
        persona = self._persona(request)
        given = await posted.fields(request)
        await self._do(persona, _doing(given))
        return await self._done(request, persona)

    async def upload(self, request: Request) -> Response:
        """A voice note or a picture, known by its first bytes."""
        persona = self._persona(request)
        content = await posted.file(request, "file", LARGEST_FILE)
        if not content:
            raise Impossible(422, "Belum ada berkas yang dipilih.")
        mime = type_of(content)
        kind = _FAMILIES.get(mime.partition("/")[0])
        if kind is None:
            raise Impossible(415, "Berkas ini bukan rekaman suara atau foto yang dikenali.")
        await self._do(persona, Doing(kind, file=content, mime=mime))
        return await self._done(request, persona)

    async def file(self, request: Request) -> Response:
        """A file that was sent from this phone."""
        address = self._persona(request).address
        simulator, name = self._simulator, request.path_params["name"]

        def unit(conn: Connection) -> bytes | None:
            if not chat.may_see(conn, simulator.name, simulator.account, address, name):
                return None
            return transcript.body_of(conn, simulator.name, simulator.account, name)

        body = await self._service.database.read(unit)
        return _file(file_in(body or b""))

    async def media(self, request: Request) -> Response:
        """A file that the bot sent to this phone."""
        address = self._persona(request).address
        simulator, id_ = self._simulator, MediaId(request.path_params["name"])
        allowed = await self._service.database.read(
            lambda conn: chat.may_hear(conn, simulator.name, simulator.account, address, id_)
        )
        if not allowed:
            raise HTTPException(404)
        try:
            found = await self._service.media.load(id_)
        except MediaLost:
            raise HTTPException(404) from None
        return _file(found.data)

    async def add(self, request: Request) -> Response:
        """One more phone, with nobody known behind it."""
        known = await self._service.database.read(
            lambda conn: transcript.addresses_of(
                conn, self._simulator.name, self._simulator.account, _KNOWN
            )
        )
        return _to(fresh(known))

    async def clock(self, request: Request) -> Response:
        """The clock of sample mode, for the script."""
        self._journey()
        return self._rendering.page("clock.html", active="", clock=await self._clock_view())

    async def move_clock(self, request: Request) -> Response:
        """Sample mode: live through an hour, a day, or until something happens."""
        journey = self._journey()
        given = await posted.fields(request)
        step = given.get("step", "")
        if step == "next":
            await journey.advance_to_next()
        elif step in _STEPS:
            await journey.advance(_STEPS[step])
        else:
            raise Impossible(422, "Langkah waktu ini tidak dikenal.")
        self._simulator.changes.tell(EVERYBODY)
        if _by_script(request):
            return await self.clock(request)
        return _to(given.get("siapa", ""))

    def _chat(self, conn: Connection, address: str) -> Chat:
        simulator = self._simulator
        base = f"/simulator/{address}"
        return chat.read(conn, simulator.name, simulator.account, address, base)

    async def _clock_view(self) -> dict[str, str]:
        journey = self._service.journey
        if journey is None:
            return {}
        next_at = await journey.next_event()
        return {
            "now": moment(self._service.clock.now(), self._zone),
            "next": "" if next_at is None else short(next_at, self._zone),
        }

    def _journey(self) -> Journey:
        if self._service.journey is None:
            raise HTTPException(404)
        return self._service.journey

    def _persona(self, request: Request) -> Persona:
        persona = self._cast.find(request.path_params["address"])
        if persona is None:
            raise HTTPException(404)
        return persona

    async def _do(self, persona: Persona, doing: Doing) -> None:
        """Returns when it is stored; what takes long is stored later, and the person is told."""
        storing = asyncio.ensure_future(self._simulator.receive(persona.address, doing))
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        done, _ = await asyncio.wait([storing], timeout=_STORED_WITHIN)
        if not done:
            raise Impossible(503, "Belum tersimpan. Kawan Asuh terus mencoba.")
        try:
            storing.result()
        except NotReceiving:
            raise Impossible(503, "Kawan Asuh sedang bersiap. Silakan coba lagi.") from None

    async def _done(self, request: Request, persona: Persona) -> Response:
        if _by_script(request):
            return Response(status_code=204)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while self._service.receiving.open_turns or not self._service.delivery.idle:
                    await asyncio.sleep(0.01)
        return _to(persona.address)

    async def _news(self, last_event_id: str) -> AsyncIterator[bytes]:
        self._listening += 1
        try:
            yield b"retry: 1500\n\n"
            async for id_, address in self._simulator.changes.since(last_event_id, HEARTBEAT):
                if id_:
                    data = orjson.dumps({"address": address}).decode()
                    yield f"id: {id_}\ndata: {data}\n\n".encode()
                else:
                    yield b": masih di sini\n\n"
        finally:
            self._listening -= 1


def _here(
    handler: Callable[[Request], Awaitable[Response]], service: Service
) -> Callable[[Request], Awaitable[Response]]:
    """Beside a real channel the simulator is for whoever sits at this machine, not for the net."""

    async def run(request: Request) -> Response:
        if not service.settings.sample and _from_outside(request, service.settings.public_url):
            raise HTTPException(404)
        try:
            response = await handler(request)
        except posted.TooMuch:
            raise Impossible(413, "Terlalu besar. Paling besar 16 MB.") from None
        except posted.Unreadable:
            raise Impossible(400, "Kiriman ini tidak dapat dibaca.") from None
        response.headers.setdefault("cache-control", "no-store")
        return response

    return run


def _from_outside(request: Request, public_url: str) -> bool:
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers.keys())
    public = urlsplit(public_url).netloc.lower()
    return bool(forwarded) or (public != "" and public == request.headers.get("host", "").lower())


def _doing(given: dict[str, str]) -> Doing:
    if "button" in given:
        return Doing(Kind.BUTTON, button=given["button"][:_LONGEST_PAYLOAD])
    if (from_menu := _FROM_MENU.get(given.get("do", ""))) is not None:
        return from_menu
    text = given.get("text", "").replace("\r\n", "\n")
    if not text.strip():
        raise Impossible(422, "Pesannya masih kosong.")
    if len(text) > LONGEST_TEXT:
        raise Impossible(413, "Pesan terlalu panjang. Paling panjang 20.000 huruf.")
    return Doing(Kind.TEXT, text=text)


def _file(content: bytes) -> Response:
    mime = type_of(content)
    if not mime:
        raise HTTPException(404)
    return Response(content, media_type=mime, headers={"content-security-policy": "sandbox"})


def _by_script(request: Request) -> bool:
    return "x-kawan" in request.headers


def _to(address: str) -> RedirectResponse:
    where = f"?siapa={quote(address)}#{quote(address)}" if address else ""
    return RedirectResponse(f"/simulator{where}", 303)
