"""The methods of the Bot API that the fake answers, each with the platform's own checks.

A method takes the world and one call and returns its `result`, or raises the refusal.
getUpdates and the webhook methods live with the server, which owns the waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import orjson

from tests.fakes.http_server import Upload
from tests.fakes.telegram_markup import Markup, is_inline, read_markup
from tests.fakes.telegram_refusals import refuse
from tests.fakes.telegram_text import Formatted, read_text, units
from tests.fakes.telegram_world import Chat, ChatKind, Stored, StoredFile, Wire, World, media_wire

_MEGABYTE: Final = 1024 * 1024
_DOWNLOAD_LIMIT: Final = 20 * _MEGABYTE
_UPLOAD_LIMIT: Final = 50 * _MEGABYTE
_PHOTO_LIMIT: Final = 10 * _MEGABYTE
_TEXT_LIMIT: Final = 4096
_CAPTION_LIMIT: Final = 1024
_DELETABLE_SECONDS: Final = 48 * 3600
_BULK_LIMIT: Final = 100
_CHAT_ACTIONS: Final = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters of one request: text from a form, or values from a JSON body."""

    fields: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A number; what is not one counts as the default, as on the platform."""
        try:
            return int(self.fields.get(name, default))
        except (TypeError, ValueError):
            return default

    def json(self, name: str) -> Any:
        """A structured value: JSON text in a form, the value itself in a JSON body."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            refuse(f"can't parse {name} JSON object")

    def flag(self, name: str) -> bool:
        return str(self.fields.get(name, "")).lower() in ("true", "1", "yes", "t")


def get_me(world: World, _: Call) -> Wire:
    return {
        **world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def send_message(world: World, call: Call) -> Wire:
    chat = world.chat_for(call.fields.get("chat_id"))
    formatted = _formatted(call, "text", "entities", _TEXT_LIMIT, "message is too long")
    if not formatted.text:
        refuse("message text is empty")
    body: Wire = {"text": formatted.text}
    if formatted.entities:
        body["entities"] = formatted.entities
    return _sent(world, call, chat, "sendMessage", body)


def send_file(world: World, call: Call, *, kind: str) -> Wire:
    """sendPhoto, sendVoice, sendAudio and sendDocument."""
    chat = world.chat_for(call.fields.get("chat_id"))
    formatted = _formatted(
        call, "caption", "caption_entities", _CAPTION_LIMIT, "message caption is too long"
    )
    body: Wire = {kind: media_wire(_file_of(world, call, kind))}
    if formatted.text:
        body["caption"] = formatted.text
    if formatted.entities:
        body["caption_entities"] = formatted.entities
    if kind == "photo" and call.flag("has_spoiler"):
        body["has_media_spoiler"] = True
    return _sent(world, call, chat, f"send{kind.title()}", body)


def _formatted(call: Call, name: str, entities: str, limit: int, too_long: str) -> Formatted:
    given = call.text(name)
    listed = call.json(entities) if entities in call.fields else None
    formatted = read_text(given, call.text("parse_mode"), listed)
    if units(formatted.text) > limit:
        refuse(too_long)
    return formatted


def _sent(world: World, call: Call, chat: Chat, method: str, body: Wire) -> Wire:
    """What all send methods share: the keyboard, the reply, the limits, the record."""
    markup = read_markup(call.fields.get("reply_markup"))
    if chat.kind is ChatKind.CHANNEL and markup and not is_inline(markup):
        refuse("inline keyboard expected")
    if call.integer("message_thread_id"):
        refuse("message thread not found")
    replied = _replied_to(world, call, chat)
    world.limiter.admit(chat.id, group=chat.is_group, now=world.clock())
    wire: Wire = {
        "message_id": world.new_message_id(chat),
        "chat": chat.wire,
        "date": int(world.clock()),
        **body,
    }
    if chat.kind is ChatKind.CHANNEL:
        wire["sender_chat"] = chat.wire
    else:
        wire["from"] = world.bot
    if call.flag("protect_content"):
        wire["has_protected_content"] = True
    if replied is not None:
        wire["reply_to_message"] = replied
    if is_inline(markup):
        wire["reply_markup"] = markup
    world.keep(wire, markup=markup, by_bot=True)
    world.record(method, wire, markup)
    return wire


def _replied_to(world: World, call: Call, chat: Chat) -> Wire | None:
    parameters = call.json("reply_parameters") or {}
    if not isinstance(parameters, dict):
        refuse("can't parse reply parameters: expected an Object")
    number = parameters.get("message_id") or call.integer("reply_to_message_id")
    if not number:
        return None
    stored = world.messages.get((chat.id, int(number)))
    if stored is not None:
        return {key: value for key, value in stored.wire.items() if key != "reply_to_message"}
    lenient = "allow_sending_without_reply"
    if not (parameters.get(lenient) or call.flag(lenient)):
        refuse("message to be replied not found")
    return None


def _file_of(world: World, call: Call, kind: str) -> StoredFile:
    given = call.text(kind)
    upload = call.files.get(given.removeprefix("attach://") if given else kind)
    if upload is None:
        return _known_file(world, given, kind)
    if not upload.content:
        refuse("file must be non-empty")
    if len(upload.content) > (_PHOTO_LIMIT if kind == "photo" else _UPLOAD_LIMIT):
        refuse(f"file is too big for method send{kind.title()}")
    details: Wire = {}
    if kind in ("voice", "audio"):
        details["duration"] = call.integer("duration", 1)
    if kind == "document":
        details["file_name"] = upload.name
    return world.keep_file(kind, upload.content, **details)


def _known_file(world: World, given: str, kind: str) -> StoredFile:
    if not given:
        refuse(f"there is no {kind} in the request")
    if given.startswith(("http://", "https://")):
        refuse("failed to get HTTP URL content")
    known = world.files.get(given) or world.files.get(given.removesuffix("s"))
    if known is None:
        refuse("wrong remote file identifier specified: can't unserialize it. Wrong string length")
    if known.kind != kind:
        refuse(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def edit_message_text(world: World, call: Call) -> Wire:
    stored = _editable(world, call)
    formatted = _formatted(call, "text", "entities", _TEXT_LIMIT, "message is too long")
    if not formatted.text:
        refuse("message text is empty")
    if "text" not in stored.wire:
        refuse("there is no text in the message to edit")
    body: Wire = {"text": formatted.text}
    if formatted.entities:
        body["entities"] = formatted.entities
    return _edited(world, call, stored, "editMessageText", body)


def edit_message_reply_markup(world: World, call: Call) -> Wire:
    stored = _editable(world, call)
    kept: Wire = {key: stored.wire[key] for key in ("text", "entities") if key in stored.wire}
    return _edited(world, call, stored, "editMessageReplyMarkup", kept)


def _editable(world: World, call: Call) -> Stored:
    chat = world.chat_for(call.fields.get("chat_id"))
    stored = world.messages.get((chat.id, call.integer("message_id")))
    if stored is None:
        refuse("message to edit not found")
    if not stored.by_bot or (stored.markup and not is_inline(stored.markup)):
        refuse("message can't be edited")
    return stored


def _edited(world: World, call: Call, stored: Stored, method: str, body: Wire) -> Wire:
    markup = read_markup(call.fields.get("reply_markup"))
    if markup and not is_inline(markup):
        refuse("inline keyboard expected")
    if markup == {"inline_keyboard": []}:
        markup = None
    compared = ("text", "entities")
    same_text = all(body.get(key) == stored.wire.get(key) for key in compared)
    if same_text and markup == stored.markup:
        refuse(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    kept = {
        key: value
        for key, value in stored.wire.items()
        if key not in (*compared, "reply_markup", "edit_date")
    }
    wire = {**kept, **body, "edit_date": int(world.clock())}
    if markup:
        wire["reply_markup"] = markup
    stored.wire, stored.markup = wire, markup
    world.record(method, wire, markup)
    return wire


def delete_message(world: World, call: Call) -> bool:
    chat = world.chat_for(call.fields.get("chat_id"))
    key = (chat.id, call.integer("message_id"))
    stored = world.messages.get(key)
    if stored is None:
        refuse("message to delete not found")
    _may_delete(world, chat, stored)
    del world.messages[key]
    return True


def delete_messages(world: World, call: Call) -> bool:
    """All or none: those that are not there are skipped, one that may not go refuses the rest."""
    chat = world.chat_for(call.fields.get("chat_id"))
    ids = call.json("message_ids")
    if not isinstance(ids, list) or not ids:
        refuse("message identifiers are not specified")
    if len(ids) > _BULK_LIMIT:
        refuse("too many message identifiers specified")
    if not all(isinstance(id_, int) and id_ > 0 for id_ in ids):
        refuse("invalid message identifier specified")
    there = [(chat.id, id_) for id_ in ids if (chat.id, id_) in world.messages]
    for key in there:
        _may_delete(world, chat, world.messages[key])
    for key in there:
        world.messages.pop(key, None)
    return True


def _may_delete(world: World, chat: Chat, stored: Stored) -> None:
    if chat.kind is not ChatKind.PRIVATE and not stored.by_bot:
        refuse("message can't be deleted")
    if world.clock() - stored.at > _DELETABLE_SECONDS:
        refuse("message can't be deleted for everyone")


def answer_callback_query(world: World, call: Call) -> bool:
    press = world.presses.get(call.text("callback_query_id"))
    if press is None or world.clock() - press.at > world.query_seconds:
        refuse("query is too old and response timeout expired or query ID is invalid")
    if units(call.text("text")) > 200:
        refuse("MESSAGE_TOO_LONG")
    press.answered, press.answer = True, call.text("text") or None
    return True


def send_chat_action(world: World, call: Call) -> bool:
    world.chat_for(call.fields.get("chat_id"))
    if call.text("action") not in _CHAT_ACTIONS:
        refuse("wrong parameter action in request")
    return True


def get_file(world: World, call: Call) -> Wire:
    given = call.text("file_id")
    stored = world.files.get(given) or world.files.get(given.removesuffix("s"))
    if stored is None:
        refuse("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > _DOWNLOAD_LIMIT:
        refuse("file is too big")
    return {
        "file_id": given,
        "file_unique_id": stored.wire["file_unique_id"],
        "file_size": len(stored.content),
        "file_path": stored.path,
    }


def get_chat(world: World, call: Call) -> Wire:
    chat = world.known_chat(call.fields.get("chat_id"))
    return {
        **chat.wire,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def set_my_commands(world: World, call: Call) -> bool:
    commands = call.json("commands")
    if not isinstance(commands, Sequence) or isinstance(commands, str):
        refuse("expected an Array of BotCommand")
    if len(commands) > 100:
        refuse("BOT_COMMANDS_TOO_MUCH")
    world.commands[_audience(call)] = [_command(given) for given in commands]
    return True


def _command(given: Any) -> Wire:
    if not isinstance(given, dict):
        refuse("can't parse BotCommand: expected an Object")
    name, description = str(given.get("command", "")), str(given.get("description", ""))
    name = name.removeprefix("/")
    letters = name.replace("_", "a")
    if not (1 <= len(name) <= 32 and letters.isascii() and letters.isalnum() and name.islower()):
        refuse("BOT_COMMAND_INVALID")
    if not 1 <= units(description) <= 256:
        refuse("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def get_my_commands(world: World, call: Call) -> list[Wire]:
    return world.commands.get(_audience(call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    world.commands.pop(_audience(call), None)
    return True


def _audience(call: Call) -> tuple[str, str]:
    scope: Markup = call.json("scope") or {"type": "default"}
    return orjson.dumps(scope, option=orjson.OPT_SORT_KEYS).decode(), call.text("language_code")


METHODS: Final[Mapping[str, Callable[[World, Call], Any]]] = {
    "getme": get_me,
    "sendmessage": send_message,
    "sendphoto": partial(send_file, kind="photo"),
    "sendvoice": partial(send_file, kind="voice"),
    "sendaudio": partial(send_file, kind="audio"),
    "senddocument": partial(send_file, kind="document"),
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "getfile": get_file,
    "getchat": get_chat,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
}
"""By lower-case name: the platform does not care about the case of a method's name."""
