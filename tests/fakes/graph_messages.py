"""What a request to /messages may look like: every limit of the platform, and nothing of who is
written to (graph_sending.py). A body that passes becomes `Content`, as a phone would show it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.graph_refusals import (
    GraphRefusalError,
    missing,
    refuse,
    wrong_value,
)

Wire = dict[str, Any]

TEXT: Final = 4096
BODY: Final = 1024
CAPTION: Final = 1024
HEADER: Final = 60
FOOTER: Final = 60
BUTTONS: Final = 3
BUTTON_TITLE: Final = 20
BUTTON_ID: Final = 256
SECTIONS: Final = 10
ROWS: Final = 10
ROW_TITLE: Final = 24
ROW_DESCRIPTION: Final = 72
ROW_ID: Final = 200
SECTION_TITLE: Final = 24
OPENER: Final = 20

MEDIA: Final = frozenset({"image", "audio", "video", "document", "sticker"})
KINDS: Final = MEDIA | {"text", "location", "contacts", "reaction", "interactive", "template"}
_CAPTIONED: Final = frozenset({"image", "video", "document"})


@dataclass(frozen=True, slots=True)
class Button:
    """`way` is how a press of it is told: button_reply, list_reply, or quick_reply."""

    text: str
    payload: str
    way: str = "button_reply"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """A message as a phone shows it: `media` is the id of what is played or shown."""

    kind: str
    text: str = ""
    buttons: tuple[Button, ...] = ()
    opener: str = ""
    """What the button says that opens a list; its rows are not seen before."""
    media: str = ""
    voice: bool = False


def read(body: Mapping[str, Any]) -> Content:
    """The content of a request that is not a template, or the platform's refusal.

    >>> read({"type": "text", "text": {"body": "Halo"}}).text
    'Halo'
    """
    kind = body.get("type", "text")
    if kind not in KINDS:
        known = ", ".join(sorted(KINDS)).upper()
        refuse(f"Param type must be one of {known} - got {kind!r}.")
    if kind == "contacts":
        if not isinstance(body.get("contacts"), list) or not body["contacts"]:
            missing("contacts")
        return Content("contacts")
    given = body.get(kind)
    if not isinstance(given, dict):
        missing(str(kind))
    match kind:
        case "text":
            return Content("text", _text(given.get("body"), "text['body']", TEXT))
        case "interactive":
            return _interactive(given)
        case "location":
            if not isinstance(given.get("latitude"), int | float | str):
                missing("location.latitude")
            return Content("location", str(given.get("name", "")))
        case "reaction":
            if not given.get("message_id"):
                missing("reaction.message_id")
            return Content("reaction", str(given.get("emoji", "")))
    return _media(str(kind), given)


def _media(kind: str, given: Wire) -> Content:
    by_id, link = given.get("id"), given.get("link")
    if bool(by_id) == bool(link):
        wrong_value(f"{kind}: exactly one of id and link is required")
    caption = given.get("caption", "")
    if caption and kind not in _CAPTIONED:
        refuse(f'Unexpected key "caption" on param "{kind}".')
    if caption:
        _text(caption, f"{kind}['caption']", CAPTION)
    if given.get("voice") and kind != "audio":
        refuse(f'Unexpected key "voice" on param "{kind}".')
    return Content(kind, caption, media=str(by_id or link), voice=bool(given.get("voice")))


def _interactive(given: Wire) -> Content:
    body = given.get("body")
    if not isinstance(body, dict):
        missing("interactive.body")
    parts = [_text(body.get("text"), "interactive['body']['text']", BODY)]
    if header := given.get("header"):
        parts.insert(0, _header(header))
    if footer := given.get("footer"):
        parts.append(_text(footer.get("text"), "interactive['footer']['text']", FOOTER))
    text, action = "\n".join(filter(None, parts)), given.get("action")
    if not isinstance(action, dict):
        missing("interactive.action")
    match given.get("type"):
        case "button":
            return Content("interactive", text, _reply_buttons(action.get("buttons")))
        case "list":
            opener = _title(action.get("button"), "List action button", OPENER)
            return Content("interactive", text, _rows(action.get("sections")), opener)
    raise GraphRefusalError(131009, f"interactive type {given.get('type')!r} is not supported")


def _header(header: Wire) -> str:
    if header.get("type") != "text":
        return ""
    return _text(header.get("text"), "interactive['header']['text']", HEADER)


def _reply_buttons(given: object) -> tuple[Button, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= BUTTONS:
        wrong_value(f"Invalid buttons count. Min allowed: 1, Max allowed: {BUTTONS}")
    found = []
    for one in given:
        if not isinstance(one, dict) or one.get("type") != "reply":
            wrong_value("Button type must be 'reply'")
        reply = one.get("reply") or {}
        title = _title(reply.get("title"), "Button title", BUTTON_TITLE)
        found.append(Button(title, _id(reply.get("id"), "Button id", BUTTON_ID)))
    _once([one.text for one in found], "Button titles")
    _once([one.payload for one in found], "Button ids")
    return tuple(found)


def _rows(sections: object) -> tuple[Button, ...]:
    if not isinstance(sections, list) or not 1 <= len(sections) <= SECTIONS:
        wrong_value(f"Invalid sections count. Min: 1, Max: {SECTIONS}")
    found: list[Button] = []
    for section in sections:
        if len(sections) > 1 or section.get("title"):
            _title(section.get("title"), "Section title", SECTION_TITLE, emoji=True)
        rows = section.get("rows")
        if not isinstance(rows, list) or not rows:
            wrong_value("Section needs at least one row")
        found += [_row(row) for row in rows]
    if len(found) > ROWS:
        wrong_value(f"Total row count exceed max allowed count: {ROWS}")
    _once([row.payload for row in found], "Row ids")
    return tuple(found)


def _row(row: Wire) -> Button:
    title = _title(row.get("title"), "Row title", ROW_TITLE, emoji=True)
    description = row.get("description") or ""
    if units(description) > ROW_DESCRIPTION:
        wrong_value(f"Row description is too long. Max length is {ROW_DESCRIPTION}")
    return Button(title, _id(row.get("id"), "Row id", ROW_ID), "list_reply", description)


def _text(given: object, name: str, most: int) -> str:
    if not isinstance(given, str) or not given.strip():
        refuse(f"Param {name} cannot be empty")
    if units(given) > most:
        refuse(f"Param {name} must be at most {most} characters long.")
    return given


def _title(given: object, name: str, most: int, *, emoji: bool = False) -> str:
    if not isinstance(given, str) or not given.strip() or units(given) > most:
        wrong_value(f"{name} length invalid. Min length: 1, Max length: {most}")
    if "\n" in given:
        wrong_value(f"{name} cannot contain new lines")
    if not emoji and has_emoji(given):
        wrong_value(f"{name} cannot contain emoji")
    return given


def _id(given: object, name: str, most: int) -> str:
    if not isinstance(given, str) or not given.strip() or units(given) > most:
        wrong_value(f"{name} length invalid. Min length: 1, Max length: {most}")
    if given != given.strip():
        wrong_value(f"{name} cannot begin or end with a space")
    return given


def _once(given: Sequence[str], name: str) -> None:
    if len(set(given)) < len(given):
        wrong_value(f"{name} must be unique")


def units(text: str) -> int:
    """Length as the strictest reading of "characters": UTF-16 units, an emoji counts two or more.

    >>> units("halo"), units("😊")
    (4, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def has_emoji(text: str) -> bool:
    """Whether a pictograph stands in it; letters with marks, arrows and dashes are none.

    >>> has_emoji("Sehat 😊"), has_emoji("Ya, é → –")
    (True, False)
    """
    return any(
        ord(one) >= 0x1F000 or one == "\ufe0f" or (unicodedata.category(one) == "So" and one > "℀")
        for one in text
    )
