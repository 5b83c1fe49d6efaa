"""Templates by command: what is absent or worded differently at Meta is pushed there, and how each
stands is asked. HTTP is imported when it is needed, because every command knows this module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from bot.channels.channel import ChannelError
from bot.channels.whatsapp_errors import GraphError, trouble_of
from bot.operations.desk import Desk, Operation, OperationRefused
from locales.templates import templates as declared
from storage import templates
from storage.templates import Found, Known

if TYPE_CHECKING:
    from bot.channels.whatsapp_graph import Graph


async def templates_push(desk: Desk) -> list[dict[str, str]]:
    """Create and change them at Meta; what became of each. Nothing is ever deleted."""
    from bot.channels.whatsapp_templates import listed, push

    async with _graph(desk) as graph:
        waba = desk.settings.whatsapp_waba_id
        done = await push(graph, waba, await listed(graph, waba))
        await _keep(desk, await listed(graph, waba))
    changed = [one.name for one in done if one.outcome in ("created", "changed")]
    if changed:
        await desk.record("templates pushed", "whatsapp", " ".join(changed))
    return [{"name": one.name, "outcome": one.outcome, "why": one.why} for one in done]


async def templates_status(desk: Desk) -> list[dict[str, Any]]:
    """How each stands at Meta at this moment; it is kept too."""
    from bot.channels.whatsapp_templates import listed

    async with _graph(desk) as graph:
        found = await listed(graph, desk.settings.whatsapp_waba_id)
    known = await _keep(desk, found)
    return [
        {
            "name": one.name,
            "status": one.status,
            "category": one.category,
            "reason": one.reason,
            "current": one.current,
            "serves": one.serves,
            "as_marketing": declared()[one.name].as_marketing,
            "since": None if one.since is None else one.since.isoformat(),
        }
        for one in known
    ]


async def _keep(desk: Desk, found: dict[str, Found]) -> tuple[Known, ...]:
    account, now = desk.settings.whatsapp_phone_id, desk.now()

    def unit(conn: Connection) -> tuple[Known, ...]:
        templates.found(conn, account, list(found.values()), now)
        return templates.known(conn, account)

    known = await desk.database.write(unit)
    desk.wake()
    return known


@asynccontextmanager
async def _graph(desk: Desk) -> AsyncIterator[Graph]:
    from bot.channels.whatsapp_graph import Graph

    settings = desk.settings
    if not settings.whatsapp:
        raise OperationRefused(
            "WhatsApp belum diatur: isi WHATSAPP_* (lihat docs/whatsapp.md), lalu coba lagi"
        )
    graph = Graph(settings.whatsapp_token.get_secret_value(), api_url=settings.whatsapp_api_url)
    try:
        yield graph
    except GraphError as error:
        raise OperationRefused(trouble_of(error) or f"WhatsApp menolak: {error.reason}") from None
    except ChannelError as error:
        raise OperationRefused(f"WhatsApp tidak dapat dihubungi: {error.reason}") from None
    finally:
        await graph.close()


OPERATIONS: Final[tuple[Operation, ...]] = (templates_push, templates_status)
