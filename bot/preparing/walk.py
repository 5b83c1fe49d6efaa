"""The walk itself: the settings, then Meta and our own address, then what our data tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Final

from bot.preparing.address import Address, Ask
from bot.preparing.meta import Graph, Meta
from bot.preparing.steps import (
    ACCOUNT,
    ADDRESS,
    BEGIN,
    NUMBER,
    PAYMENT,
    PRICE,
    SETTINGS,
    TEMPLATES,
    TOKEN,
    WEBHOOK,
    State,
    Step,
)
from bot.settings import Settings
from storage import prices

Look = Callable[[], Awaitable[list[Step]]]
"""One thing looked at; it may turn out to be several steps."""


_OF_META: Final = (
    "WHATSAPP_PHONE_ID",
    "WHATSAPP_WABA_ID",
    "WHATSAPP_TOKEN",
    "WHATSAPP_APP_SECRET",
)
_SOURCES: Final = {
    "WHATSAPP_PHONE_ID": NUMBER,
    "WHATSAPP_WABA_ID": ACCOUNT,
    "WHATSAPP_TOKEN": TOKEN,
    "WHATSAPP_APP_SECRET": TOKEN,
    "ORGANISATION": SETTINGS,
    "PUBLIC_URL": ADDRESS,
    "WHATSAPP_VERIFY_TOKEN": WEBHOOK,
}
"""Where in the document each setting comes from, in its order."""


async def walk(
    settings: Settings,
    problems: Sequence[str],
    *,
    connect: Callable[[str], Graph],
    ask: Ask,
    troubles: Sequence[str],
    now: datetime,
) -> AsyncIterator[Step]:
    """Every step as soon as it is known. `problems` are those of the settings.

    `connect` makes a client of the Graph API for an access token. `troubles` are what Meta told us
    of our account, in words.
    """
    yield _settings(settings, problems)
    if not settings.whatsapp:
        return
    values = _values(settings)
    graph = connect(settings.whatsapp_token.get_secret_value())
    try:
        meta, address = Meta(settings, graph, connect), Address(settings, ask)
        for what, section, look, needs in _way(meta, address):
            lacking = [name for name in needs if not values[name]]
            if lacking:
                yield Step(what, section, State.WAITS, f"menunggu {', '.join(lacking)}")
                continue
            for found in await look():
                yield found
    finally:
        await graph.close()
    for found in (*_told(troubles), *_price(settings, now.astimezone(settings.zone).date())):
        yield found


def _way(meta: Meta, address: Address) -> tuple[tuple[str, str, Look, tuple[str, ...]], ...]:
    """What is looked at in which order, where it stands, and which settings it needs."""
    number, account = ("WHATSAPP_PHONE_ID",), ("WHATSAPP_WABA_ID",)
    secret = ("WHATSAPP_APP_SECRET",)
    ours = (*secret, "PUBLIC_URL", "WHATSAPP_VERIFY_TOKEN")
    return (
        ("Token", TOKEN, meta.token, ()),
        ("App secret", TOKEN, meta.secret, (*secret, *number)),
        ("Akun WhatsApp Business", ACCOUNT, meta.account, (*account, *number)),
        ("Nomor", NUMBER, meta.number, number),
        ("Boleh mengirim", PAYMENT, meta.health, number),
        ("Alamat https", ADDRESS, address.look, ours),
        ("Webhook", WEBHOOK, meta.webhook, ours),
        ("Langganan akun", WEBHOOK, meta.subscription, account),
        ("Templat", TEMPLATES, meta.templates, account),
    )


def _settings(settings: Settings, problems: Sequence[str]) -> Step:
    what, values = "Pengaturan", _values(settings)
    lacking = [name for name in _SOURCES if not values[name]]
    if not any(values[name] for name in _OF_META):
        how = "mulai dari surat lembaga; tiap langkah ada di docs/whatsapp.md"
        return Step(what, BEGIN, State.MISSING, "WhatsApp belum diatur sama sekali", how)
    if lacking:
        how = f"isi {', '.join(lacking)}, lalu mulai ulang layanan"
        return Step(what, _SOURCES[lacking[0]], State.MISSING, "belum lengkap", how)
    if problems:
        how = "betulkan pengaturan itu"
        return Step(what, SETTINGS, State.MISSING, "; ".join(problems), how)
    return Step(what, SETTINGS, State.DONE, "lengkap")


def _values(settings: Settings) -> dict[str, str]:
    return {
        "WHATSAPP_PHONE_ID": settings.whatsapp_phone_id,
        "WHATSAPP_WABA_ID": settings.whatsapp_waba_id,
        "WHATSAPP_TOKEN": settings.whatsapp_token.get_secret_value(),
        "WHATSAPP_APP_SECRET": settings.whatsapp_app_secret.get_secret_value(),
        "ORGANISATION": settings.organisation,
        "PUBLIC_URL": settings.public_url,
        "WHATSAPP_VERIFY_TOKEN": settings.whatsapp_verify_token.get_secret_value(),
    }


def _told(troubles: Sequence[str]) -> list[Step]:
    """What Meta told us of this number before, and is not over."""
    how = "buka WhatsApp Manager, baca pesannya"
    return [Step("Kabar dari Meta", ACCOUNT, State.LOOK, said, how) for said in troubles]


def _price(settings: Settings, today: date) -> list[Step]:
    """An old or unchecked price makes every estimate wrong."""
    entries = [prices.entry(one, today) for one in (prices.SERVICE, "utility", "marketing")]
    guessed = [one.category for one in entries if one.checked is None]
    budget = f"batas Rp {settings.whatsapp_budget:,} sebulan".replace(",", ".")
    if guessed:
        said = f"{budget}; harga {', '.join(guessed)} masih perkiraan"
        how = "cocokkan storage/prices.toml dengan daftar harga Meta"
        return [Step("Biaya", PRICE, State.LOOK, said, how)]
    return [Step("Biaya", PRICE, State.DONE, budget)]
