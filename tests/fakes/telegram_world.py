"""What the platform knows: chats, messages, files, button presses, and what the bot has sent.

No HTTP here and no rules about what a bot may send (telegram_methods.py); people act through
telegram_user_side.py.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from tests.fakes.telegram_limits import Limits, RateLimiter
from tests.fakes.telegram_markup import Button, Markup, buttons_of
from tests.fakes.telegram_refusals import RefusalError, forbid, refuse
from tests.fakes.telegram_updates import UpdateQueue

Wire = dict[str, Any]
"""An object as it goes over the wire."""

TOKEN: Final = "7203948571:AAFzq0dWkawanTestTokenForLoopbackUse"
FIRST_PERSON: Final = 6_200_000_001


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Standing(StrEnum):
    """What the bot may do in a chat."""

    UNKNOWN = "unknown"
    """Never met: nobody pressed Start, or the bot was never added."""
    OPEN = "open"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    KICKED = "kicked"
    UPGRADED = "upgraded"


@dataclass(slots=True)
class Chat:
    """A place where messages are; `wire` is how it looks inside a message."""

    id: int
    kind: ChatKind
    wire: Wire
    standing: Standing = Standing.UNKNOWN
    upgraded_to: int | None = None
    last_message_id: int = 0

    @property
    def is_group(self) -> bool:
        return self.kind in (ChatKind.GROUP, ChatKind.SUPERGROUP)


@dataclass(slots=True)
class Stored:
    """A message as it is now; the keyboard is kept whole, also the one below the text field."""

    wire: Wire
    at: float
    markup: Markup | None = None
    by_bot: bool = False


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One thing the bot sent that was accepted; `number` counts from 1."""

    number: int
    method: str
    chat_id: int
    message_id: int
    text: str
    markup: Markup | None
    at: float
    wire: Wire

    @property
    def buttons(self) -> list[Button]:
        return buttons_of(self.markup)

    @property
    def is_new(self) -> bool:
        """Whether it was said, not an older message changed."""
        return self.method.startswith("send")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`kind` is the message field it travels in: photo, voice, document …"""

    file_id: str
    kind: str
    content: bytes
    path: str
    wire: Wire


@dataclass(slots=True)
class Press:
    """A button press that waits for answerCallbackQuery."""

    at: float
    answer: str | None = None
    answered: bool = False


_EXTENSIONS: Final = {
    "photo": "jpg",
    "voice": "oga",
    "audio": "mp3",
    "sticker": "webp",
    "video": "mp4",
}
_FOLDERS: Final = {"photo": "photos", "document": "documents", "sticker": "stickers"}


@dataclass(slots=True)
class World:
    """The state behind one bot."""

    token: str
    clock: Callable[[], float]
    updates: UpdateQueue
    query_seconds: float = 30.0
    limiter: RateLimiter = field(default_factory=lambda: RateLimiter(Limits()))
    chats: dict[int, Chat] = field(default_factory=dict)
    messages: dict[tuple[int, int], Stored] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Wire]] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    listeners: list[Callable[[SentMessage], None]] = field(default_factory=list)
    _last_private_message: int = 4_100

    @property
    def bot(self) -> Wire:
        """The bot as a User."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Kawan Asuh",
            "username": "kawan_asuh_bot",
        }

    def chat_for(self, given: object) -> Chat:
        """The chat that the bot may write to, or the platform's refusal."""
        chat = self.known_chat(given)
        if chat.standing is Standing.OPEN:
            return chat
        if chat.standing is Standing.BLOCKED:
            forbid("bot was blocked by the user")
        if chat.standing is Standing.DEACTIVATED:
            forbid("user is deactivated")
        if chat.upgraded_to is not None:
            refuse(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.upgraded_to
            )
        kind = "group" if chat.kind is ChatKind.GROUP else str(chat.kind)
        raise RefusalError(403, f"Forbidden: bot was kicked from the {kind} chat")

    def known_chat(self, given: object) -> Chat:
        """The chat with this id or @username, if the bot ever met it."""
        if given is None or given == "":
            refuse("chat_id is empty")
        chat = self.chats.get(_as_id(given)) or self._by_username(str(given))
        if chat is None or chat.standing is Standing.UNKNOWN:
            refuse("chat not found")
        return chat

    def _by_username(self, given: str) -> Chat | None:
        if not given.startswith("@"):
            return None
        return next(
            (
                chat
                for chat in self.chats.values()
                if chat.kind in (ChatKind.SUPERGROUP, ChatKind.CHANNEL)
                and chat.wire.get("username") == given[1:]
            ),
            None,
        )

    def new_message_id(self, chat: Chat) -> int:
        """Supergroups and channels count for themselves; all other chats share one count."""
        if chat.kind in (ChatKind.SUPERGROUP, ChatKind.CHANNEL):
            chat.last_message_id += 1
            return chat.last_message_id
        self._last_private_message += 1
        return self._last_private_message

    def keep(self, wire: Wire, *, markup: Markup | None = None, by_bot: bool = False) -> Stored:
        stored = Stored(wire, self.clock(), markup, by_bot)
        self.messages[wire["chat"]["id"], wire["message_id"]] = stored
        return stored

    def record(self, method: str, wire: Wire, markup: Markup | None) -> None:
        """Remember what was accepted, and tell whoever listens."""
        sent = SentMessage(
            number=len(self.sent) + 1,
            method=method,
            chat_id=wire["chat"]["id"],
            message_id=wire["message_id"],
            text=wire.get("text") or wire.get("caption") or "",
            markup=markup,
            at=self.clock(),
            wire=wire,
        )
        self.sent.append(sent)
        for listener in self.listeners:
            listener(sent)

    def keep_file(self, kind: str, content: bytes, **details: Any) -> StoredFile:
        """Store a file under ids that are the same for the same content."""
        digest = hashlib.sha256(kind.encode() + content).hexdigest()
        number = len(self.files)
        extension = _EXTENSIONS.get(kind) or details.get("file_name", "file.bin").split(".")[-1]
        wire: Wire = {
            "file_id": f"AgACAgUAAxk{digest[:40]}{number}",
            "file_unique_id": f"AQAD{digest[:14]}",
            "file_size": len(content),
            **details,
        }
        path = f"{_FOLDERS.get(kind, kind)}/file_{number}.{extension}"
        stored = StoredFile(wire["file_id"], kind, content, path, wire)
        self.files[stored.file_id] = stored
        return stored


def _as_id(given: object) -> int:
    try:
        return int(str(given))
    except ValueError:
        return 0


def media_wire(stored: StoredFile) -> Any:
    """A file as a message shows it: a photo is a list of sizes, the rest one object."""
    if stored.kind != "photo":
        return stored.wire
    small = {
        **stored.wire,
        "file_id": stored.file_id + "s",
        "file_unique_id": stored.wire["file_unique_id"] + "s",
        "width": 90,
        "height": 67,
    }
    return [small, {**stored.wire, "width": 1280, "height": 960}]
