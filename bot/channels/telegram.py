"""Telegram: receives by long polling or webhook, sends within the Bot API's limits.

python-telegram-bot's `Bot` makes the rare calls; the two hot paths (getUpdates, sendMessage) go
straight through the same HTTP pools with raw JSON. The polling loop is in telegram_polling.py, what
an update says in telegram_updates.py, what a message looks like in telegram_messages.py.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

import aiohttp
import orjson
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, TelegramError

from bot.channels.channel import (
    LARGEST_FETCH,
    Accept,
    File,
    Gone,
    LoadMedia,
    Receipt,
    Refused,
    SlowDown,
    TooLarge,
    Unanswered,
    Unreachable,
)
from bot.channels.known_files import KnownFiles
from bot.channels.lengths import units
from bot.channels.telegram_files import METHODS, field_of, name_of
from bot.channels.telegram_messages import (
    LONGEST_CAPTION,
    Part,
    failure,
    migrated_to,
    refuses_file,
    render,
)
from bot.channels.telegram_polling import BAD_TOKEN, PAUSES, Poller, named
from bot.channels.telegram_removal import remove
from bot.channels.telegram_request import AiohttpRequest, NotSentError, TooMuchError
from bot.channels.telegram_rows import Rows
from bot.channels.telegram_updates import ALLOWED_UPDATES, callback_id, parse
from bot.limits import Clock
from conversations.message import Inbound, MediaId, Message

LARGEST_WEBHOOK: Final = 1024 * 1024
SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"

_MOST_PRESSES: Final = 200
_MOST_IDS: Final = 7
"""Parts of one message whose ids are kept: as many as fit into 80 characters."""
_CAPTIONED: Final = {"text": "caption", "entities": "caption_entities"}
"""What the parameters of a text are called under a file."""

_log = structlog.get_logger(__name__)


class Telegram:
    """One bot. `webhook_secret` makes it register `public_url`/telegram instead of polling."""

    name = "telegram"
    removes = True

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        dice: Random,
        load_media: LoadMedia,
        api_url: str = "https://api.telegram.org",
        public_url: str = "",
        webhook_secret: str = "",
        connections: int = 256,
        read_timeout: float = 20.0,
    ) -> None:
        self.account = token.partition(":")[0]
        self.introduced: Callable[[str], Awaitable[None]] | None = None
        """Told the bot's name, as links to it have it, once Telegram has said who we are."""
        self._clock = clock
        self._dice = dice
        self._load_media = load_media
        self._method_url = f"{api_url}/bot{token}/"
        self._file_url = f"{api_url}/file/bot{token}/"
        self._public_url = public_url
        self._secret = webhook_secret
        self._poll_request = AiohttpRequest(connections=2)
        self._request = AiohttpRequest(connections=connections, read_timeout=read_timeout)
        self._bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=self._request,
            get_updates_request=self._poll_request,
        )
        self._files = KnownFiles()
        self._accept: Accept | None = None
        self._trouble = ""
        self._presses: set[asyncio.Task[None]] = set()

    def healthy(self) -> str:
        """Empty, or one line for the operator."""
        return self._trouble

    def parse(self, body: bytes) -> Inbound:
        """What one stored update says."""
        return parse(body)

    async def run(self, accept: Accept) -> None:
        """Receive until cancelled, from a platform that may come and go."""
        self._accept = accept
        if not await self._introduce():
            await asyncio.Event().wait()
        if self._secret:
            await asyncio.Event().wait()
        poller = Poller(
            self._poll_request,
            f"{self._method_url}getUpdates",
            clock=self._clock,
            dice=self._dice,
            report=self._report,
        )
        await poller.run(self._take_in)

    async def close(self) -> None:
        """Let go of the connections."""
        for press in self._presses:
            press.cancel()
        await self._poll_request.shutdown()
        await self._request.shutdown()

    async def webhook(self, request: Request) -> Response:
        """The route /telegram: 200 only after the update is stored.

        What cannot be read is stored too, as quarantined, and answered 200: Telegram would repeat
        it for ever and keep everything behind it waiting.
        """
        given = request.headers.get(SECRET_HEADER, "")
        if not self._secret or not hmac.compare_digest(given.encode(), self._secret.encode()):
            return Response(status_code=403)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_WEBHOOK:
                return Response(status_code=413)
        if self._accept is None:
            return Response(status_code=503)
        rows, update = Rows(self.name, self.account).of_body(bytes(body), self._now())
        if rows:
            await self._accept(rows)
        if pressed := callback_id(update):
            return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": pressed})
        return Response(status_code=200)

    async def send(self, address: str, message: Message, *, quiet: bool = False) -> Receipt:
        """Send one message; see `Channel.send` for what it raises.

        What it takes away goes first, and the text that is said then tells what became of it. A
        message of several parts of which one already went out cannot be "certainly not sent":
        every later failure is Unanswered.
        """
        if message.removal is None:
            return await self._send(address, message, quiet)
        ids = message.removal.ids
        left = await remove(self._post, address, ids)
        text = message.removal.otherwise if left else message.text
        note = f"removed {len(ids) - left} of {len(ids)}"
        if not text:
            return Receipt("", note)
        told = await self._send(address, replace(message, text=text, removal=None), quiet)
        return replace(told, note=note)

    async def _send(self, address: str, message: Message, quiet: bool) -> Receipt:
        parts = render(message)
        if message.media is None and not parts:
            raise Refused("empty message")
        sent = []
        try:
            if message.media is not None:
                with_caption = len(parts) == 1 and units(parts[0]["text"]) <= LONGEST_CAPTION
                caption = parts.pop() if with_caption else _without_text(message)
                sent.append(await self._send_media(address, message.media, caption, quiet))
            for part in parts:
                sent.append(await self._send_text(address, part, quiet))
        except (Unreachable, SlowDown) as error:
            if not sent:
                raise
            raise Unanswered("sent in part") from error
        return Receipt(",".join(one.platform_id for one in sent[-_MOST_IDS:]))

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file somebody sent."""
        try:
            status, body = await self._request.call(
                f"{self._method_url}getFile", orjson.dumps({"file_id": ref})
            )
            if status != 200:
                raise _no_file(status, body)
            found = orjson.loads(body)["result"]
            if (found.get("file_size") or 0) > LARGEST_FETCH:
                raise TooLarge
            path = found.get("file_path")
            if not path:
                raise Gone
            status, data = await self._request.download(f"{self._file_url}{path}", LARGEST_FETCH)
        except TooMuchError:
            raise TooLarge from None
        except (NetworkError, orjson.JSONDecodeError, KeyError) as error:
            raise Unreachable(type(error).__name__) from error
        if status != 200:
            raise _no_file(status, data)
        return data

    async def _introduce(self) -> bool:
        """Settle who we are and how updates come; False when the token is refused."""
        failures = 0
        while True:
            try:
                me = await self._bot.get_me()
                self.account = str(me.id)
                if self.introduced is not None and me.username:
                    await self.introduced(me.username)
                if self._secret:
                    await self._bot.set_webhook(
                        f"{self._public_url.rstrip('/')}/telegram",
                        secret_token=self._secret,
                        allowed_updates=list(ALLOWED_UPDATES),
                    )
                else:
                    await self._bot.delete_webhook()
            except InvalidToken:
                self._report(BAD_TOKEN)
                return False
            except TelegramError as error:
                failures += 1
                self._report(f"Telegram: start failed ({named(error)}), trying again")
                await self._clock.sleep(PAUSES.after(failures, self._dice))
            else:
                self._report("")
                return True

    async def _take_in(self, updates: Sequence[dict[str, Any]]) -> None:
        rows = Rows(self.name, self.account).of(updates, self._now())
        if rows and self._accept is not None:
            await self._accept(rows)
        self._answer_presses(updates)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _answer_presses(self, updates: Sequence[dict[str, Any]]) -> None:
        """Stop the little clock on pressed buttons; nothing depends on it."""
        for update in updates:
            pressed = callback_id(update)
            if pressed and len(self._presses) < _MOST_PRESSES:
                task = asyncio.create_task(self._answer_press(pressed))
                self._presses.add(task)
                task.add_done_callback(self._presses.discard)

    async def _answer_press(self, pressed: str) -> None:
        try:
            await self._request.call(
                f"{self._method_url}answerCallbackQuery",
                orjson.dumps({"callback_query_id": pressed}),
            )
        except TelegramError as error:
            _log.debug("a pressed button was not answered", error=named(error))

    async def _send_text(self, address: str, part: Part, quiet: bool) -> Receipt:
        body: dict[str, Any] = {"chat_id": address, **part}
        if quiet:
            body["disable_notification"] = True
        status, answer = await self._post("sendMessage", body)
        if status == 400 and (new := migrated_to(answer)):
            status, answer = await self._post("sendMessage", {**body, "chat_id": new})
        return self._receipt(status, answer)

    async def _post(self, method: str, body: dict[str, Any]) -> tuple[int, bytes]:
        try:
            return await self._request.call(self._method_url + method, orjson.dumps(body))
        except NotSentError as error:
            raise Unreachable(named(error)) from error
        except NetworkError as error:
            raise Unanswered(named(error)) from error

    async def _send_media(self, address: str, id_: MediaId, caption: Part, quiet: bool) -> Receipt:
        """By the name that the platform gave the file; uploaded once where it has none."""
        while True:
            known = self._files.find(id_, self._clock.now())
            if known is None:
                async with self._files.uploading(id_):
                    known = self._files.find(id_, self._clock.now())
                    if known is None:
                        file = await self._load_media(id_)
                        return await self._upload(address, id_, file, caption, quiet)
            fields = {
                "chat_id": address,
                known.field: known.file_id,
                **_as_caption(caption, known.field),
            }
            if quiet:
                fields["disable_notification"] = True
            status, answer = await self._post(METHODS[known.field], fields)
            if not refuses_file(status, answer):
                return self._receipt(status, answer)
            self._files.forget(id_, known)

    async def _upload(
        self, address: str, id_: MediaId, file: File, caption: Part, quiet: bool
    ) -> Receipt:
        field = field_of(file)
        form = aiohttp.FormData({"chat_id": address})
        for name, value in _as_caption(caption, field).items():
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            form.add_field(name, text)
        if quiet:
            form.add_field("disable_notification", "true")
        form.add_field(field, file.data, filename=file.name, content_type=file.mime)
        try:
            status, answer = await self._request.upload(self._method_url + METHODS[field], form)
        except NotSentError as error:
            raise Unreachable(named(error)) from error
        except NetworkError as error:
            raise Unanswered(named(error)) from error
        receipt = self._receipt(status, answer)
        name = name_of(orjson.loads(answer)["result"], field)
        self._files.learn(id_, field, name, self._clock.now())
        return receipt

    def _receipt(self, status: int, answer: bytes) -> Receipt:
        if status != 200:
            if status == 401:
                self._report(BAD_TOKEN)
            raise failure(status, answer)
        try:
            return Receipt(str(orjson.loads(answer)["result"]["message_id"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise Unanswered("unreadable answer") from error

    def _report(self, advice: str) -> None:
        if advice and advice != self._trouble:
            _log.warning("the channel needs attention", channel=self.name, reason=advice)
        self._trouble = advice


def _no_file(status: int, body: bytes) -> Exception:
    if b"too big" in body:
        return TooLarge()
    if status in (400, 403, 404, 410):
        return Gone(f"http {status}")
    return Unreachable(f"http {status}")


def _without_text(message: Message) -> Part:
    return {"protect_content": True} if message.discreet else {}


def _as_caption(part: Part, field: str) -> Part:
    """A text part's parameters under a file; a picture not for every eye waits to be tapped."""
    fields = {
        _CAPTIONED.get(name, name): value
        for name, value in part.items()
        if name != "link_preview_options"
    }
    if field == "photo" and "protect_content" in part:
        fields["has_spoiler"] = True
    return fields
