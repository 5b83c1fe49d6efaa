"""The running programme: constructs every part, starts them in order, stops them in order.

This is the only place that constructs things. Sample mode, a real channel and a pilot differ in
what is constructed here and in nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import inspect
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

import structlog

from bot import clock as clocks
from bot import keys, readiness, sample
from bot.channels.channel import Channel
from bot.clock import MovableClock, Scheduler, Ticker
from bot.control import LOCK, MEDIA, Control, clock_for
from bot.delivery import Delivery
from bot.health import Health, writing
from bot.journey import Journey
from bot.limits import Clock, paces
from bot.media import MediaStore
from bot.meters import Meters
from bot.operations import Desk
from bot.planned import costs
from bot.receivers import Receivers
from bot.receiving import Receiving, place_of
from bot.serving import Web
from bot.settings import Settings
from bot.turn import Turns
from conversations import danger, reading
from conversations.politeness import Polite
from locales import languages
from locales.tips import tips
from storage import forms, meta, retention, rules, shifts
from storage.database import Database, NotWritten
from storage.facts import Fact
from storage.inbox import Received
from storage.lock import Lock
from storage.outbox import Claimed
from storage.world import Programme

if TYPE_CHECKING:
    from bot.channels.simulator import Simulator
    from bot.channels.telegram import Telegram
    from bot.channels.whatsapp import WhatsApp

NIGHT: Final = time(3, 10)
"""Local time of the daily retention run."""

_LOOK_AT_MEDIA: Final = 5.0

_log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """The service cannot run like this; each line says what is missing or in the way."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class Service:
    """One running service; `await start()`, then `await stop()`.

    After `start` every part is an attribute; `journey` (the clock that can be moved) is there in
    sample mode, `simulator` in sample mode and in a pilot. `tell` hears lines for the operator.
    """

    database: Database
    clock: Clock
    media: MediaStore
    receiving: Receiving
    receivers: Receivers
    delivery: Delivery
    ticker: Ticker
    web: Web
    journey: Journey | None = None
    simulator: Simulator | None = None
    telegram: Telegram | None = None
    whatsapp: WhatsApp | None = None

    def __init__(
        self,
        settings: Settings,
        *,
        dice: Random | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.meters = Meters()
        self.channels: dict[str, Channel] = {}
        self._dice = dice or Random()
        self._tell = tell
        self._undo: list[Callable[[], object]] = []

    async def start(self) -> None:
        """Start everything, or nothing: what was started is stopped again when a part fails."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop in the opposite order, within 5 s; what is open waits for the next start."""
        while self._undo:
            undo = self._undo.pop()
            try:
                stopped = undo()
                if inspect.isawaitable(stopped):
                    await stopped
            except Exception as error:
                _log.error("a part did not stop well", error=place_of(error))

    async def health(self) -> Health:
        """Really ask: the writer writes, the sender and the clock are alive, channels are fine."""
        parts = {
            "writer": await writing(self.database),
            "sender": self.delivery.healthy(),
            "clock": self.ticker.healthy(),
            **self.receivers.healthy(),
        }
        if self.whatsapp is not None and not any(parts.values()):
            now = self.clock.now()
            parts["whatsapp"] = await self.database.read(lambda conn: costs.stopped(conn, now))
        warning = self.whatsapp.warning() if self.whatsapp is not None else ""
        return Health(parts, {"whatsapp": warning} if warning else {})

    async def receive(self, batch: Sequence[Received]) -> None:
        """Accept what a channel received; returns when it is stored."""
        for name in {row.channel for row in batch}:
            self.delivery.heard(name, sum(row.channel == name for row in batch))
        await self.receiving.accept(batch)

    async def note(self, facts: Sequence[Fact]) -> None:
        """Accept what a channel was told besides messages; returns when it is stored."""
        await self.receiving.note(facts)
        self.delivery.wake()

    async def _start(self) -> None:
        settings = self.settings
        self._prepare_folder()
        self.web = Web(settings.host, settings.port)
        self._undo.append(self.web.stop)
        lock = Lock(settings.folder / LOCK)
        self._undo.append(lock.release)
        kept = keys.load(settings)
        vault = kept.vault()
        if kept.made is not None:
            self._tell(keys.ADVICE.format(path=kept.made))
        warming = asyncio.ensure_future(asyncio.to_thread(_warm))
        self._undo.append(partial(asyncio.gather, warming, return_exceptions=True))
        self.database = await Database.open(settings.database, vault=vault)
        self._undo.append(self.database.close)
        self.clock = await clock_for(settings, self.database)
        self.media = MediaStore(
            settings.folder / MEDIA,
            self.database,
            vault,
            channels=self.channels,
            clock=self.clock,
            dice=self._dice,
        )
        self._make_channels(kept.secret)
        await self._make_ready()
        self._make_lanes()
        await warming
        await self.delivery.start()
        self._undo.append(partial(self.delivery.stop, 1.5))
        await self.receiving.recover()
        self._undo.append(partial(self.receiving.stop, 1.0))
        desk = Desk(
            settings=settings,
            database=self.database,
            vault=vault,
            media=self.media,
            now=self.clock.now,
            take_up=self.receiving.take_up,
            wake=self._look_now,
        )
        control = Control(settings.folder, desk)
        await control.start()
        self._undo.append(control.stop)
        self.receivers = Receivers(self.channels, accept=self.receive, clock=self.clock)
        self.receivers.start()
        self._undo.append(self.receivers.stop)
        self._start_ticking()
        from bot.web import build_app

        await self.web.start(build_app(self))
        self._undo.append(self.web.stop)
        if self.simulator is not None:
            self._undo.append(self.simulator.close)
        await self._tell_what_is_missing()

    def _prepare_folder(self) -> None:
        folder = self.settings.folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart([f"DATA_DIR {folder} tidak dapat dibuat: {error.strerror}"]) from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CannotStart([f"DATA_DIR {folder} tidak dapat ditulis oleh pengguna ini"])

    def _make_channels(self, secret: str) -> None:
        settings = self.settings
        token = settings.telegram_token.get_secret_value()
        if token:
            from bot.channels.telegram import Telegram

            self.telegram = Telegram(
                token,
                clock=self.clock,
                dice=self._dice,
                load_media=self.media.load,
                api_url=settings.telegram_api_url,
                public_url=settings.public_url,
                webhook_secret=webhook_secret(secret) if settings.telegram_webhook else "",
            )
            self.telegram.introduced = partial(self._remember, meta.TELEGRAM_BOT)
            self.channels[self.telegram.name] = self.telegram
            self._undo.append(self.telegram.close)
        if settings.whatsapp:
            from bot.channels.whatsapp import WhatsApp

            self.whatsapp = WhatsApp(
                settings.whatsapp_token.get_secret_value(),
                phone_id=settings.whatsapp_phone_id,
                business_id=settings.whatsapp_waba_id,
                app_secret=settings.whatsapp_app_secret.get_secret_value(),
                verify_token=settings.whatsapp_verify_token.get_secret_value(),
                clock=self.clock,
                dice=self._dice,
                load_media=self.media.load,
                note=self.note,
                meters=self.meters,
                api_url=settings.whatsapp_api_url,
            )
            self.whatsapp.introduced = partial(self._remember, meta.WHATSAPP_NUMBER)
            self.channels[self.whatsapp.name] = self.whatsapp
            self._undo.append(self.whatsapp.close)
        if settings.simulator:
            from bot.channels.simulator import Simulator

            self.simulator = Simulator(
                clock=self.clock, database=self.database, load_media=self.media.load
            )
            self.channels[self.simulator.name] = self.simulator

    async def _make_ready(self) -> None:
        """Rules, sample data where it belongs; refuse a real channel that nobody stands behind."""
        now = self.clock.now()
        await self.database.write(lambda conn: rules.ensure(conn, now))
        await self.database.write(lambda conn: shifts.ensure(conn, now))
        await self.database.write(lambda conn: costs.begin(conn, self.settings, now))
        simulator = self.simulator
        if self.settings.sample and simulator is not None:
            name, account = simulator.name, simulator.account
            await self.database.write(lambda conn: sample.seed(conn, name, account, now))
        if not self.settings.sample and not self.settings.pilot:
            begin = partial(readiness.begin, settings=self.settings, now=now)
            if lines := await self.database.write(begin):
                raise CannotStart(lines)

    def _make_lanes(self) -> None:
        settings, clock = self.settings, self.clock
        service = hashlib.sha256(str(settings.folder.absolute()).encode()).hexdigest()[:12]
        owner = f"{service}/{secrets.token_hex(6)}"
        allowed = paces(settings)
        programme = Programme(
            settings.responsible,
            settings.zone,
            settings.language,
            removing=frozenset(name for name, one in self.channels.items() if one.removes),
            bulk_rates={name: pace.bulk for name, pace in allowed.items() if name in self.channels},
            alone_up_to=settings.broadcast_approval,
            duty_phone=settings.duty_phone,
        )
        turns = Turns(
            programme,
            parsers={name: channel.parse for name, channel in self.channels.items()},
            owner=owner,
            now=clock.now,
            quiet=settings.quiet_hours,
            weekly=settings.weekly_messages,
        )
        self.delivery = Delivery(
            self.database,
            self.channels,
            owner=owner,
            clock=clock,
            dice=self._dice,
            meters=self.meters,
            paces=allowed,
            polite=Polite(settings.quiet_hours, settings.weekly_messages),
        )
        self.receiving = Receiving(
            self.database,
            take_turn=turns.take,
            explain=turns.explain,
            hand_over=self._hand_over,
            clock=clock,
            meters=self.meters,
        )
        self.ticker = Ticker(self.database, wake=turns.wake, hand_over=self._hand_over, clock=clock)
        if isinstance(clock, MovableClock):
            self.journey = Journey(
                self.database, clock, self.ticker, self.receiving, self.delivery, self.media
            )

    def _hand_over(self, claimed: Sequence[Claimed]) -> None:
        """Replies leave at once; what the turn planned for others is looked for in the outbox."""
        self.delivery.take(claimed)
        self.delivery.wake()

    def _look_now(self) -> None:
        """A command planned something: nobody waits for the next tick."""
        self.ticker.wake()
        self.delivery.wake()

    async def _remember(self, key: str, value: str) -> None:
        """What the bot is called, or its number, for the links on posters; the next start tells it
        again."""
        with suppress(NotWritten):
            await self.database.write(lambda conn: meta.put(conn, key, value.encode()))

    def _start_ticking(self) -> None:
        scheduler = Scheduler(self.settings.zone)
        scheduler.every(clocks.TICK, self.ticker.look)
        self._undo.append(self.ticker.stop)
        scheduler.every(_LOOK_AT_MEDIA, self.media.work)
        scheduler.daily(NIGHT, self._retain)
        scheduler.start()
        self._undo.append(scheduler.stop)

    async def _retain(self) -> None:
        """Take away what is past its time, a bounded part after another."""
        now = self.clock.now()
        while (await self.database.write(lambda conn: retention.run(conn, now))).anything:
            await asyncio.sleep(0.05)

    async def _tell_what_is_missing(self) -> None:
        """A real channel says it at every start: to the operator, to staff at a good hour."""
        if self.settings.sample:
            return
        now = self.clock.now()
        missing = await self.database.read(lambda conn: readiness.missing(conn, self.settings, now))
        quiet = self.settings.quiet_hours
        for line in readiness.told(missing):
            self._tell(line)
        for line in await self.database.read(lambda conn: costs.lines(conn, now)):
            self._tell(line)
        await self.database.write(lambda conn: readiness.tell_staff(conn, missing, now, quiet))
        self.delivery.wake()


def _warm() -> None:
    """Read the forms, word lists and texts now, so that nobody's first message waits for it."""
    forms.shipped()
    danger.find("coba")
    reading.read("yes_no", "ya")
    for language in languages():
        tips(language)


def webhook_secret(secret_key: str) -> str:
    """What Telegram must say with every webhook; it follows from SECRET_KEY and does not tell it.

    >>> len(webhook_secret("rahasia"))
    64
    """
    return hmac.new(secret_key.encode(), b"telegram webhook", hashlib.sha256).hexdigest()
