"""A `Message` as the Cloud API wants it, within the limits of the platform: pure.

Whoever answers may always answer by the number that the text prints; buttons and lists only save
her the typing. What is hidden on a lock screen elsewhere (`discreet`) is not here: WhatsApp knows
no such thing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.channels.channel import File
from bot.channels.lengths import prefix, split, units
from conversations.message import Choice, Message, Template, printed
from locales import say
from locales.templates import LANGUAGE, templates

LONGEST_TEXT: Final = 4096
LONGEST_BODY: Final = 1024
"""Of an interactive message, of a caption and of a filled template."""
MOST_BUTTONS: Final = 3
LONGEST_BUTTON: Final = 20
MOST_ROWS: Final = 10
LONGEST_ROW: Final = 24
LONGEST_DESCRIPTION: Final = 72
LONGEST_ROW_ID: Final = 200
"""Of what a row gives back; a button's may be 256."""
LONGEST_OPENER: Final = 20
LONGEST_QUICK_REPLY: Final = 128
"""Characters of what a template's button gives back."""

_MOST_AUDIO: Final = 16 * 1024 * 1024
_MOST_IMAGE: Final = 5 * 1024 * 1024
_AUDIO: Final = frozenset({"audio/mpeg", "audio/mp4", "audio/aac", "audio/amr"})
_IMAGES: Final = frozenset({"image/jpeg", "image/png"})
_OPUS_WITHIN: Final = 256
"""Bytes at the beginning of an Ogg file, among which it names its codec."""

_HAIR: Final = "\u200a"
_MARKING: Final = re.compile(r"(?<![^\W_])([_~]+)(?=[^\s_~])")
_QUOTING: Final = re.compile(r"^>(?=\s)", re.MULTILINE)
_LINK: Final = re.compile(r"(https?://\S+)")
_UNSEEN: Final = frozenset({"So", "Cc", "Cf", "Cn", "Co", "Cs", "Me"})

Part = dict[str, Any]
"""One request to /messages, without the recipient."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the platform has: `kind` is image, voice or audio."""

    kind: str
    id: str


def render(message: Message, attached: Attached | None = None) -> list[Part]:
    """The parts a message is sent in, nearly always one: each costs money.

    With a template it is said in the template's words and nothing else. A picture carries the
    text, and up to three buttons; a recording can carry none, so the text follows it.

    >>> render(Message("Apa kabar?"))
    [{'type': 'text', 'text': {'preview_url': False, 'body': 'Apa kabar?'}}]
    """
    if message.template is not None:
        return [_template(message.template, message.choices)]
    text = shown(printed(message).strip())
    if attached is None:
        return _worded(text, message.choices)
    if text and units(text) <= LONGEST_BODY and attached.kind == "image":
        return [_captioned(text, message.choices, attached)]
    return [_file(attached), *_worded(text, message.choices)]


def kind_of(file: File) -> str:
    """As what a file goes; empty for what WhatsApp does not take.

    >>> kind_of(File(b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"))
    'voice'
    >>> kind_of(File(b"RIFF", "audio/wav"))
    ''
    """
    size = len(file.data)
    if file.mime in ("audio/ogg", "audio/opus"):
        is_opus = b"OpusHead" in file.data[:_OPUS_WITHIN]
        return "voice" if is_opus and size <= _MOST_AUDIO else ""
    if file.mime in _AUDIO:
        return "audio" if size <= _MOST_AUDIO else ""
    return "image" if file.mime in _IMAGES and size <= _MOST_IMAGE else ""


def shown(text: str) -> str:
    """A text of which WhatsApp hides no character: our *bold* stays, other marks are only signs.

    WhatsApp has no way to write a mark as itself; a hair space keeps it from hugging a word.

    >>> shown("Buka *MENU*") == "Buka *MENU*", shown("_Siti_") == "_Siti_"
    (True, False)
    """
    if not any(mark in text for mark in "_~`>"):
        return text
    pieces = _LINK.split(text.replace("`", "'"))
    for at in range(0, len(pieces), 2):
        pieces[at] = _MARKING.sub(rf"\1{_HAIR}", pieces[at])
    return _QUOTING.sub("\uff1e", "".join(pieces))


def _worded(text: str, choices: Sequence[Choice]) -> list[Part]:
    if (interactive := _interactive(text, choices)) is not None:
        return [{"type": "interactive", "interactive": interactive}]
    return [
        {"type": "text", "text": {"preview_url": False, "body": piece}}
        for piece in split(text, LONGEST_TEXT)
    ]


def _interactive(text: str, choices: Sequence[Choice]) -> Part | None:
    """The text with its choices as buttons or as a list; None where only their numbers serve.

    Buttons when there are few and all fit with their numbers; a list when there are up to ten.
    """
    if not text or units(text) > LONGEST_BODY or not _can_be_named(choices):
        return None
    if buttons := _buttons(choices):
        return {"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}
    if len(choices) > MOST_ROWS:
        return None
    rows = [_row(number, choice) for number, choice in enumerate(choices, 1)]
    opener = say("whatsapp.list")
    return {
        "type": "list",
        "body": {"text": text},
        "action": {"button": opener, "sections": [{"rows": rows}]},
    }


def _can_be_named(choices: Sequence[Choice]) -> bool:
    """Whether every choice has a payload of its own that the platform gives back unchanged."""
    payloads = {choice.payload for choice in choices}
    return 0 < len(choices) == len(payloads) and all(
        payload and payload == payload.strip() and units(payload) <= LONGEST_ROW_ID
        for payload in payloads
    )


def _buttons(choices: Sequence[Choice]) -> list[Part]:
    titles = [_title(number, choice) for number, choice in enumerate(choices, 1)]
    if len(titles) > MOST_BUTTONS or any(units(title) > LONGEST_BUTTON for title in titles):
        return []
    return [
        {"type": "reply", "reply": {"id": choice.payload, "title": title}}
        for choice, title in zip(choices, titles, strict=True)
    ]


def _row(number: int, choice: Choice) -> Part:
    """A label too long for the title goes on in the description; the text prints all of it."""
    title = _title(number, choice)
    if units(title) <= LONGEST_ROW:
        return {"id": choice.payload, "title": title}
    head = split(title, LONGEST_ROW)[0]
    rest = title[len(head) :].strip()
    if units(rest) > LONGEST_DESCRIPTION:
        rest = f"{split(rest, LONGEST_DESCRIPTION - 1)[0]}…"
    return {"id": choice.payload, "title": head, "description": rest}


def _title(number: int, choice: Choice) -> str:
    """The label with its number, by which no two are equal; the platform refuses pictures in it.

    >>> _title(1, Choice("😢 Sedih", "s"))
    '1. Sedih'
    """
    label = choice.label
    if not label.isascii():
        label = "".join(char for char in label if not _is_picture(char))
    return f"{number}. {' '.join(label.split())}".strip()


def _is_picture(char: str) -> bool:
    if char >= "\U0001f000" or "\ufe00" <= char <= "\ufe0f":
        return True
    return not char.isspace() and unicodedata.category(char) in _UNSEEN


def _captioned(text: str, choices: Sequence[Choice], attached: Attached) -> Part:
    """The file and the text in one; a list can have no picture, so its numbers serve there."""
    interactive = _interactive(text, choices)
    if interactive is not None and interactive["type"] == "button":
        header = {"type": attached.kind, **_file(attached)}
        return {"type": "interactive", "interactive": {"header": header, **interactive}}
    part = _file(attached)
    part[attached.kind]["caption"] = text
    return part


def _file(attached: Attached) -> Part:
    if attached.kind == "voice":
        return {"type": "audio", "audio": {"id": attached.id, "voice": True}}
    return {"type": attached.kind, attached.kind: {"id": attached.id}}


def _template(template: Template, choices: Sequence[Choice]) -> Part:
    """The name, what fills its places, and what its buttons give back when they are pressed."""
    declared = templates().get(template.name)
    fixed = units(declared.filled([""] * len(declared.values))) if declared else 0
    components: list[Part] = []
    if values := fitted(template.values, LONGEST_BODY - fixed):
        filled = [{"type": "text", "text": value} for value in values]
        components.append({"type": "body", "parameters": filled})
    buttons = len(declared.buttons) if declared else 0
    components += [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(index),
            "parameters": [{"type": "payload", "payload": choice.payload}],
        }
        for index, choice in enumerate(choices[:buttons])
        if 0 < units(choice.payload) <= LONGEST_QUICK_REPLY
    ]
    said: Part = {"name": template.name, "language": {"code": LANGUAGE}}
    if components:
        said["components"] = components
    return {"type": "template", "template": said}


def fitted(values: Sequence[str], longest: int) -> list[str]:
    """What may fill a template: one line each, never empty, together at most `longest` units.

    >>> fitted(("Mbah\\nSiti", " "), 20)
    ['Mbah Siti', '-']
    """
    lines = [shown(" ".join(value.split())) or "-" for value in values]
    if sum(map(units, lines)) <= longest:
        return lines
    each = max(1, longest // len(lines))
    return [line if units(line) <= each else _shortened(line, each) for line in lines]


def _shortened(line: str, longest: int) -> str:
    return f"{prefix(line, longest - 1).rstrip()}…"
