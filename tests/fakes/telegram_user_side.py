"""The user's side of the fake: people, groups and channels, and what they do to the bot.

Every act returns the update that it caused, as the bot will receive it.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.telegram_markup import Button, is_inline
from tests.fakes.telegram_text import units
from tests.fakes.telegram_updates import Update
from tests.fakes.telegram_world import (
    Chat,
    ChatKind,
    Press,
    SentMessage,
    Standing,
    Stored,
    StoredFile,
    Wire,
    World,
    media_wire,
)

_COMMAND: Final = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@\w+)?")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a phone; acts in the private chat unless a group is named."""

    world: World
    wire: Wire
    chat: Chat

    @property
    def id(self) -> int:
        return self.chat.id

    @property
    def received(self) -> list[SentMessage]:
        """What the bot sent here, oldest first."""
        return [sent for sent in self.world.sent if sent.chat_id == self.id]

    @property
    def sees(self) -> list[str]:
        """What stands in the private chat now, of both sides, oldest first; files by caption."""
        there = [one.wire for (chat, _), one in self.world.messages.items() if chat == self.id]
        return [wire.get("text") or wire.get("caption") or "" for wire in there]

    def says(self, text: str, *, chat: "Group | None" = None, **extra: Any) -> Update:
        """Type a message; further fields (`reply_to_message` …) go into it as they are."""
        body: Wire = {"text": text, **extra}
        if "/" in text and (commands := _commands_in(text)):
            body["entities"] = commands
        return self._posts(body, chat)

    def starts(self, parameter: str = "") -> Update:
        """Press Start, perhaps from a link with a parameter."""
        return self.says(f"/start {parameter}".strip())

    def presses(self, button: Button | str, *, on: SentMessage | None = None) -> Update:
        """Press a button by its label or data, on the newest message that has it."""
        seen, stored = self._find(button, on)
        if not is_inline(stored.markup):
            return self.says(seen.text)
        query_id = str(self.id % 10**9 * 10**9 + len(self.world.presses) + 1)
        self.world.presses[query_id] = Press(self.world.clock())
        body: Wire = {
            "id": query_id,
            "from": self.wire,
            "message": stored.wire,
            "chat_instance": str(-(self.id * 31 % 2**61)),
            "data": seen.data,
        }
        return self.world.updates.push("callback_query", body)

    def sends_voice(self, content: bytes, *, seconds: int = 4) -> Update:
        voice = self.world.keep_file("voice", content, duration=seconds, mime_type="audio/ogg")
        return self._posts_file(voice)

    def sends_photo(self, content: bytes, *, caption: str = "") -> Update:
        return self._posts_file(self.world.keep_file("photo", content), caption)

    def sends_document(
        self, content: bytes, *, name: str = "surat.pdf", caption: str = ""
    ) -> Update:
        document = self.world.keep_file(
            "document", content, file_name=name, mime_type="application/pdf"
        )
        return self._posts_file(document, caption)

    def sends_sticker(self, emoji: str = "😊") -> Update:
        sticker = self.world.keep_file(
            "sticker",
            emoji.encode(),
            type="regular",
            width=512,
            height=512,
            is_animated=False,
            is_video=False,
            emoji=emoji,
        )
        return self._posts_file(sticker)

    def sends_location(self, latitude: float, longitude: float) -> Update:
        return self._posts({"location": {"latitude": latitude, "longitude": longitude}})

    def sends_contact(self, phone_number: str, *, name: str = "", own: bool = True) -> Update:
        contact: Wire = {
            "phone_number": phone_number,
            "first_name": name or self.wire["first_name"],
        }
        if own:
            contact["user_id"] = self.id
        return self._posts({"contact": contact})

    def edits(self, message_id: int, text: str) -> Update:
        """Change the text of an own message."""
        stored = self.world.messages[self.id, message_id]
        stored.wire = {**stored.wire, "text": text, "edit_date": int(self.world.clock())}
        return self.world.updates.push("edited_message", stored.wire)

    def forwards(self, text: str, *, written_by: "Person | None" = None) -> Update:
        """Pass on a message, of someone whose name is shown, or of someone hidden."""
        written = int(self.world.clock()) - 3600
        origin: Wire = {"type": "hidden_user", "date": written, "sender_user_name": "Bu RT"}
        if written_by is not None:
            origin = {"type": "user", "date": written, "sender_user": written_by.wire}
        return self._posts({"text": text, "forward_origin": origin})

    def blocks(self) -> Update:
        """Block the bot."""
        return self._changes_bot("member", "kicked", Standing.BLOCKED)

    def unblocks(self) -> Update:
        return self._changes_bot("kicked", "member", Standing.OPEN)

    def deletes_account(self) -> None:
        """The platform tells nobody; the bot learns it when it writes."""
        self.chat.standing = Standing.DEACTIVATED

    def _posts_file(self, stored: StoredFile, caption: str = "") -> Update:
        body: Wire = {stored.kind: media_wire(stored)}
        if caption:
            body["caption"] = caption
        return self._posts(body)

    def _posts(self, body: Wire, group: "Group | None" = None) -> Update:
        chat = group.chat if group else self.chat
        if chat.standing is Standing.UNKNOWN:
            chat.standing = Standing.OPEN
        wire: Wire = {
            "message_id": self.world.new_message_id(chat),
            "from": self.wire,
            "chat": chat.wire,
            "date": int(self.world.clock()),
            **body,
        }
        self.world.keep(wire)
        return self.world.updates.push("message", wire)

    def _find(self, button: Button | str, on: SentMessage | None) -> tuple[Button, Stored]:
        candidates = [on] if on is not None else reversed(self.received)
        for sent in candidates:
            stored = self.world.messages.get((sent.chat_id, sent.message_id))
            for seen in sent.buttons if stored else ():
                if stored and (seen == button or button in (seen.text, seen.data)):
                    return seen, stored
        message = f"{self.wire['first_name']} sees no button {button!r}"
        raise LookupError(message)

    def _changes_bot(self, before: str, after: str, standing: Standing) -> Update:
        self.chat.standing = standing
        return self.world.updates.push(
            "my_chat_member", _membership(self.world, self.chat, self.wire, before, after)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A group, supergroup or channel."""

    world: World
    chat: Chat

    @property
    def id(self) -> int:
        return self.chat.id

    def adds_bot(self, by: Person) -> Update:
        self.chat.standing = Standing.OPEN
        role = "administrator" if self.chat.kind is ChatKind.CHANNEL else "member"
        return self._changed("left", role, by)

    def removes_bot(self, by: Person) -> Update:
        self.chat.standing = Standing.KICKED
        return self._changed("member", "kicked", by)

    def posts(self, text: str) -> Update:
        """A channel speaks for itself: the post has no author."""
        wire = self._message({"sender_chat": self.chat.wire, "text": text})
        return self.world.updates.push("channel_post", wire)

    def edits(self, message_id: int, text: str) -> Update:
        stored = self.world.messages[self.id, message_id]
        stored.wire = {**stored.wire, "text": text, "edit_date": int(self.world.clock())}
        return self.world.updates.push("edited_channel_post", stored.wire)

    def upgrades(self, to: "Group", by: Person) -> list[Update]:
        """A basic group becomes a supergroup: a new id, and the old one refuses."""
        self.chat.standing = Standing.UPGRADED
        self.chat.upgraded_to = to.id
        to.chat.standing = Standing.OPEN
        leaving = self._message({"from": by.wire, "migrate_to_chat_id": to.id})
        arriving = to._message({"from": by.wire, "migrate_from_chat_id": self.id})
        return [self.world.updates.push("message", wire) for wire in (leaving, arriving)]

    def _message(self, body: Wire) -> Wire:
        wire: Wire = {
            "message_id": self.world.new_message_id(self.chat),
            "chat": self.chat.wire,
            "date": int(self.world.clock()),
            **body,
        }
        self.world.keep(wire)
        return wire

    def _changed(self, before: str, after: str, by: Person) -> Update:
        return self.world.updates.push(
            "my_chat_member", _membership(self.world, self.chat, by.wire, before, after)
        )


def _membership(world: World, chat: Chat, by: Wire, before: str, after: str) -> Wire:
    def member(status: str) -> Wire:
        found: Wire = {"user": world.bot, "status": status}
        if status == "kicked":
            found["until_date"] = 0
        if status == "administrator":
            found |= dict.fromkeys(_ADMINISTRATOR_RIGHTS, False)
        return found

    return {
        "chat": chat.wire,
        "from": by,
        "date": int(world.clock()),
        "old_chat_member": member(before),
        "new_chat_member": member(after),
    }


_ADMINISTRATOR_RIGHTS: Final = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def _commands_in(text: str) -> list[Wire]:
    return [
        {
            "type": "bot_command",
            "offset": units(text[: found.start()]),
            "length": units(found[0]),
        }
        for found in _COMMAND.finditer(text)
    ]
