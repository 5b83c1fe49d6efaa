"""`kawan whatsapp`: on the way to WhatsApp, what is done and what comes next; and its two requests.

The steps are looked at in bot/preparing/; docs/whatsapp.md tells them in words.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.channels.whatsapp_graph import Graph
    from bot.preparing.steps import Step
    from bot.settings import Settings

_PIN = 6


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="WhatsApp: periksa persiapan, daftarkan nomor.", no_args_is_help=True)
    group.command("check")(check)
    group.command("register")(register_number)
    group.command("subscribe")(subscribe)
    app.add_typer(group, name="whatsapp")


def check(json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False) -> None:
    """Telusuri persiapan WhatsApp langkah demi langkah, dan sebut langkah berikutnya."""
    from bot.preparing import steps

    settings, problems = _settings()
    found = asyncio.run(_walked(settings, problems, _known(problems), quiet=json))
    if json:
        office.print_json(found)
    else:
        print(steps.conclusion(found))
    if steps.missing(found) is not None:
        raise typer.Exit(1)


def register_number(
    pin: Annotated[
        str,
        typer.Option(
            prompt="PIN enam angka untuk nomor ini",
            hide_input=True,
            help="PIN enam angka; tanpa ini ditanyakan dan tidak tampak",
        ),
    ],
) -> None:
    """Daftarkan nomor ke Cloud API dengan PIN enam angka; PIN itu disimpan lembaga."""
    if not (len(pin) == _PIN and pin.isascii() and pin.isdecimal()):
        raise office.Stop("PIN ditulis dengan enam angka.")
    settings = _configured()
    body = {"messaging_product": "whatsapp", "pin": pin}
    asyncio.run(_posted(settings, f"{settings.whatsapp_phone_id}/register", body))
    print(
        "Nomor terdaftar. Simpan PIN-nya bersama kunci lain: tanpa PIN nomor tidak dapat dipindah."
    )


def subscribe() -> None:
    """Minta akun WhatsApp Business mengirim kabarnya ke aplikasi kita."""
    settings = _configured()
    asyncio.run(_posted(settings, f"{settings.whatsapp_waba_id}/subscribed_apps", {}))
    print("Akun mengirim kabarnya ke aplikasi kita.")


async def _walked(
    settings: Settings, problems: list[str], troubles: tuple[str, ...], *, quiet: bool
) -> list[Step]:
    from datetime import UTC, datetime

    from bot.preparing import steps
    from bot.preparing.address import ask_outside
    from bot.preparing.walk import walk

    found = []
    async for one in walk(
        settings,
        problems,
        connect=lambda token: _graph(settings, token),
        ask=ask_outside(settings.public_url),
        troubles=troubles,
        now=datetime.now(UTC),
    ):
        found.append(one)
        if not quiet:
            print(steps.shown(one), flush=True)
    return found


async def _posted(settings: Settings, path: str, body: dict[str, str]) -> None:
    """Ask Meta for one thing; its refusal is one clear line."""
    from bot.channels.channel import ChannelError
    from bot.channels.whatsapp_errors import GraphError, trouble_of

    graph = _graph(settings, settings.whatsapp_token.get_secret_value())
    try:
        answer = await graph.post(path, body)
    except GraphError as error:
        said = trouble_of(error) or f"Meta menolak ({error.reason}, kode {error.code})."
        raise office.Stop(said) from None
    except ChannelError as error:
        raise office.Stop(f"Meta tidak dapat dihubungi ({error.reason}). Coba lagi.") from None
    finally:
        await graph.close()
    if answer.get("success") is not True:
        raise office.Stop("Meta tidak membenarkan permintaan ini. Coba lagi, lalu periksa.")


def _graph(settings: Settings, token: str) -> Graph:
    from bot.channels.whatsapp_graph import Graph

    return Graph(token, api_url=settings.whatsapp_api_url)


def _settings() -> tuple[Settings, list[str]]:
    """The configuration, also where WhatsApp is configured by half, with what is wrong."""
    from pydantic import ValidationError

    from bot import logs
    from bot.settings import Settings, SettingsError

    logs.configure("warning")
    try:
        return Settings.load(), []
    except SettingsError as error:
        try:
            return Settings(), error.problems
        except ValidationError:
            raise error from None


def _configured() -> Settings:
    settings = office.settings()
    if not settings.whatsapp:
        raise office.Stop("WhatsApp belum diatur. Lihat: kawan whatsapp check")
    return settings


def _known(problems: list[str]) -> tuple[str, ...]:
    """What Meta told us of our account before, where there are any data."""
    from bot.control import NothingHere

    if problems:
        return ()
    try:
        return office.read(_troubles)
    except NothingHere:
        return ()


def _troubles(conn: Connection) -> tuple[str, ...]:
    from datetime import UTC, datetime

    from locales import say
    from storage import accounts

    return tuple(
        say(f"account.{one.trouble}") for one in accounts.troubles(conn, datetime.now(UTC))
    )
