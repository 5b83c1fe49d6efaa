"""A `Message` as the Bot API wants it, and what the API's answers mean for the sender: pure.

Telegram counts text in UTF-16 units, button payloads in UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from bot.channels.channel import (
    Blocked,
    ChannelError,
    Refused,
    SlowDown,
    Unanswered,
    Unreachable,
)
from bot.channels.lengths import split, units
from conversations.message import Choice, Message, printed

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024
LONGEST_PAYLOAD: Final = 64
LONGEST_LABEL: Final = 64
MOST_BUTTONS: Final = 100
_SHORT_LABEL: Final = 12
_LONGEST_WAIT: Final = 24 * 3600.0

Part = dict[str, Any]
"""The parameters of one sendMessage, without chat_id."""


def render(message: Message, *, longest: int = LONGEST_TEXT) -> list[Part]:
    """The parts a message is sent in, nearly always one; the buttons hang on the last.

    >>> render(Message("Sehat?", (Choice("Ya", "y"),)))[0]["reply_markup"]
    {'inline_keyboard': [[{'text': '1. Ya', 'callback_data': 'y'}]]}
    """
    parts: list[Part] = [{"text": piece} for piece in split(printed(message), longest)]
    for part in parts:
        part["link_preview_options"] = {"is_disabled": True}
        if message.discreet:
            part["protect_content"] = True
            part["entities"] = [{"type": "spoiler", "offset": 0, "length": units(part["text"])}]
    if parts and (keyboard := _keyboard(message.choices)):
        parts[-1]["reply_markup"] = {"inline_keyboard": keyboard}
    return parts


def _keyboard(choices: Sequence[Choice]) -> list[list[dict[str, str]]]:
    buttons = [
        {"text": _label(f"{number}. {choice.label}"), "callback_data": choice.payload}
        for number, choice in enumerate(choices[:MOST_BUTTONS], 1)
        if 1 <= len(choice.payload.encode()) <= LONGEST_PAYLOAD
    ]
    across = 2 if all(len(button["text"]) <= _SHORT_LABEL for button in buttons) else 1
    return [buttons[at : at + across] for at in range(0, len(buttons), across)]


def _label(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"


_BLOCKED: Final = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("chat not found", "chat not found"),
    ("peer_id_invalid", "chat not found"),
    ("user not found", "chat not found"),
    ("can't initiate conversation", "never wrote"),
    ("kicked", "kicked"),
    ("not a member", "not a member"),
    ("chat_write_forbidden", "may not write"),
    ("not enough rights", "may not write"),
    ("have no rights", "may not write"),
    ("need administrator rights", "may not write"),
    ("group chat was deactivated", "deactivated"),
    ("topic_closed", "may not write"),
)


def failure(status: int, body: bytes) -> ChannelError:
    """What an answer that is not a success means.

    A 500 or 503 in the API's own words says that the call failed, so it is tried again. What a
    proxy in front answers (502, 504, a page in HTML) leaves open whether the call went through.
    401 and 404 mean a wrong token: nothing was sent, and an operator can mend it.
    """
    answer = _answer(body)
    if answer is None:
        if status in (401, 404, 429):
            return SlowDown(5.0, everybody=True) if status == 429 else Unreachable(f"http {status}")
        return Refused("too large") if status == 413 else Unanswered(f"http {status}")
    code = answer.get("error_code", status)
    said = str(answer.get("description", "")).lower()
    parameters = answer.get("parameters")
    if code == 429:
        asked = parameters.get("retry_after", 5) if isinstance(parameters, dict) else 5
        wait = min(float(asked), _LONGEST_WAIT) if isinstance(asked, int | float) else 5.0
        return SlowDown(max(wait, 0.1), everybody="global" in said)
    for words, reason in _BLOCKED:
        if code in (400, 403) and words in said:
            return Blocked(reason)
    if code == 403:
        return Blocked("forbidden")
    if code in (401, 404, 409):
        return Unreachable(f"http {code}")
    if isinstance(code, int) and 400 <= code < 500:
        return Refused(f"{code} {_reason(said)}"[:100])
    return Unanswered(f"http {code}") if code in (502, 504) else Unreachable(f"http {code}")


def migrated_to(body: bytes) -> str:
    """The new chat id of a group that became a supergroup; empty otherwise."""
    answer = _answer(body)
    parameters = answer.get("parameters") if answer else None
    found = parameters.get("migrate_to_chat_id") if isinstance(parameters, dict) else None
    return str(found) if isinstance(found, int) else ""


def refuses_file(status: int, body: bytes) -> bool:
    """Whether the platform does not know the file that was named."""
    answer = _answer(body) if status == 400 else None
    said = str(answer.get("description", "")).lower() if answer else ""
    return "file identifier" in said or "file_reference" in said


_REASONS: Final = (
    "message is too long",
    "message text is empty",
    "can't parse entities",
    "button_data_invalid",
    "wrong file identifier",
    "caption is too long",
    "file is too big",
    "voice_messages_forbidden",
)


def _reason(said: str) -> str:
    """Only the platform's set phrases: a description may quote what we sent."""
    return next((known for known in _REASONS if known in said), "refused")


def _answer(body: bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) and "ok" in answer else None
