"""What the service answers over HTTP: the landing page, the simulator, health, numbers, webhooks.

The simulator's pages are in pages/simulator.py, who may ask at all is in guard.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bot import numbers
from bot.guard import Guard
from bot.pages.rendering import FOLDER, Rendering
from bot.pages.simulator import Impossible, SimulatorPages
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.service import Service

WEBHOOKS = ("/telegram", "/whatsapp")


def build_app(service: Service) -> Starlette:
    """Everything the service answers; it only reads what the service has."""
    settings = service.settings
    rendering = Rendering(organisation=settings.responsible)
    answers = _Answers(service, rendering)
    routes: list[BaseRoute] = [
        Route("/", answers.landing),
        Route("/healthz", answers.health),
        Route("/metrics", answers.metrics),
        Route("/telegram", answers.telegram, methods=["POST"]),
        Route("/whatsapp", answers.whatsapp, methods=["GET", "POST"]),
        Mount("/static", _Static(directory=FOLDER / "static")),
    ]
    if service.simulator is not None:
        routes += SimulatorPages(service, service.simulator, rendering).routes()
    names = (settings.host, urlsplit(settings.public_url).hostname or "")
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, names=names, machines=WEBHOOKS, sorry=answers.failed)],
        exception_handlers={
            HTTPException: answers.refused,
            StorageError: answers.unwritten,
        },
    )


class _Answers:
    def __init__(self, service: Service, rendering: Rendering) -> None:
        self._service = service
        self._rendering = rendering

    async def landing(self, request: Request) -> Response:
        service = self._service
        return self._rendering.page(
            "landing.html",
            simulator=service.simulator is not None,
            telegram=service.telegram is not None,
            whatsapp=service.whatsapp is not None,
            sample=service.settings.sample,
        )

    async def health(self, request: Request) -> Response:
        """200 when every part works, 503 with what is wrong otherwise."""
        found = await self._service.health()
        body = {"ok": found.ok, "parts": dict(found.parts)}
        if found.warnings:
            body["warnings"] = dict(found.warnings)
        status = 200 if found.ok else 503
        return JSONResponse(body, status, headers={"cache-control": "no-store"})

    async def metrics(self, request: Request) -> Response:
        page = await numbers.page(self._service)
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def telegram(self, request: Request) -> Response:
        telegram = self._service.telegram
        if telegram is None:
            return Response(status_code=404)
        return await telegram.webhook(request)

    async def whatsapp(self, request: Request) -> Response:
        whatsapp = self._service.whatsapp
        if whatsapp is None:
            return Response(status_code=404)
        return await whatsapp.webhook(request)

    async def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = error.detail if isinstance(error, Impossible) else _WORDS.get(error.status_code, "")
        return self._in_words(request, error.status_code, words or _WORDS[400])

    async def unwritten(self, request: Request, error: Exception) -> Response:
        return self._in_words(request, 503, _WORDS[503])

    async def failed(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._in_words(Request(scope), 500, _WORDS[500])(scope, receive, send)

    def _in_words(self, request: Request, status: int, words: str) -> Response:
        if "x-kawan" in request.headers:
            return Response(words, status, media_type="text/plain; charset=utf-8")
        return self._rendering.page("refusal.html", status=status, words=words)


_WORDS = {
    400: "Permintaan ini tidak dapat dibaca.",
    404: "Halaman ini tidak ada.",
    405: "Halaman ini tidak menerima kiriman seperti itu.",
    500: "Maaf, ada yang salah di pihak kami. Silakan coba lagi.",
    503: "Penyimpanan sedang tidak dapat dipakai. Silakan coba lagi sebentar lagi.",
}


class _Static(StaticFiles):
    """Asked for again every time (304 when unchanged): no stale script after an update."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response
