"""Text as the Bot API reads it: parse modes, entities and lengths.

Lengths and offsets are UTF-16 code units, as in MessageEntity. Legacy "Markdown" is refused:
nothing new should use it. Keyboards are read in telegram_markup.py.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

from tests.fakes.telegram_refusals import refuse

Entity = dict[str, Any]

_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_MARKS: Final = {
    "*": "bold",
    "_": "italic",
    "__": "underline",
    "~": "strikethrough",
    "||": "spoiler",
    "`": "code",
    "```": "pre",
}
_ENTITY_TYPES: Final = frozenset(_TAGS.values()) | {
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "expandable_blockquote",
    "text_mention",
}
_RESERVED: Final = frozenset("_*[]()~`>#+-=|{}.!")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z0-9-]*)([^>]*)>")
_HREF: Final = re.compile(r"""href\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_LINK_END: Final = re.compile(r"\]\(((?:[^()\\]|\\.)*)\)")
_LONGEST_FIRST: Final = ("```", "__", "||", "*", "_", "~", "`", "[", "]")
_REFERENCE: Final = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


class Formatted(NamedTuple):
    """What a person would see, and how it is decorated."""

    text: str
    entities: list[Entity]


def units(text: str) -> int:
    """Length as Telegram counts it.

    >>> units("halo"), units("😊")
    (4, 2)
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def read_text(text: str, parse_mode: str | None, entities: object) -> Formatted:
    """The text and entities of one sendMessage, trimmed as the platform trims it.

    >>> read_text("<b>Halo</b> Bu &amp; Pak ", "HTML", None)
    Formatted(text='Halo Bu & Pak', entities=[{'type': 'bold', 'offset': 0, 'length': 4}])
    """
    match (parse_mode or "").lower():
        case "":
            formatted = Formatted(text, _given(entities, text) if entities else [])
        case "html":
            formatted = _read_html(text)
        case "markdownv2":
            formatted = _read_markdown(text)
        case _:
            refuse("unsupported parse_mode")
    return _trimmed(formatted)


def _trimmed(formatted: Formatted) -> Formatted:
    text = formatted.text.rstrip()
    lead = len(text) - len(text.lstrip())
    if not lead and len(text) == len(formatted.text):
        return formatted
    shift, end = units(text[:lead]), units(text)
    moved = []
    for entity in formatted.entities:
        first = max(entity["offset"], shift)
        last = min(entity["offset"] + entity["length"], end)
        if last > first:
            moved.append({**entity, "offset": first - shift, "length": last - first})
    return Formatted(text[lead:], moved)


def _given(entities: object, text: str) -> list[Entity]:
    if not isinstance(entities, Sequence) or isinstance(entities, str):
        _unparsable("expected an Array of MessageEntity")
    end = units(text)
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in _ENTITY_TYPES:
            refuse("can't parse MessageEntity: unsupported type specified")
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            refuse('can\'t parse MessageEntity: Field "offset" must be of type Number')
        if offset < 0 or length <= 0 or offset + length > end:
            refuse(f"can't parse MessageEntity: entity at {offset} is outside of the text")
    return list(entities)


class _Open(NamedTuple):
    name: str
    at: int
    entity: Entity


def _unparsable(what: str) -> NoReturn:
    refuse(f"can't parse entities: {what}")


def _bytes_before(text: str, index: int) -> int:
    return len(text[:index].encode())


def _read_html(source: str) -> Formatted:
    plain: list[str] = []
    length = position = 0
    entities: list[Entity] = []
    stack: list[_Open] = []

    def add(piece: str) -> None:
        nonlocal length
        piece = _REFERENCE.sub(lambda found: html.unescape(found[0]), piece)
        plain.append(piece)
        length += units(piece)

    while (start := source.find("<", position)) >= 0:
        add(source[position:start])
        tag = _TAG.match(source, start)
        where = f"at byte offset {_bytes_before(source, start)}"
        if tag is None:
            _unparsable(f"Unclosed start tag {where}")
        name = tag[2].lower()
        if tag[1]:
            _close_html(stack, name, where, length, entities)
        elif name not in _TAGS or (name == "span" and "tg-spoiler" not in tag[3]):
            _unparsable(f'Unsupported start tag "{name}" {where}')
        else:
            stack.append(_Open(name, start, _opened_by(name, tag[3], length)))
        position = tag.end()
    add(source[position:])
    if stack:
        _unparsable(f'Can\'t find end tag corresponding to start tag "{stack[-1].name}"')
    return Formatted("".join(plain), _in_order(entities))


def _opened_by(name: str, attributes: str, offset: int) -> Entity:
    entity: Entity = {"type": _TAGS[name], "offset": offset}
    if name == "a" and (href := _HREF.search(attributes)):
        entity["url"] = html.unescape(href[1].strip("\"'"))
    if name == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    return entity


def _close_html(
    stack: list[_Open], name: str, where: str, length: int, entities: list[Entity]
) -> None:
    if not stack:
        _unparsable(f"Unexpected end tag {where}")
    opened = stack.pop()
    if opened.name != name:
        _unparsable(f'Unmatched end tag {where}, expected "</{opened.name}>", found "</{name}>"')
    _finish(opened.entity, length, entities)


def _finish(entity: Entity, length: int, entities: list[Entity]) -> None:
    if length > entity["offset"] and (entity["type"] != "text_link" or "url" in entity):
        entities.append({**entity, "length": length - entity["offset"]})


def _in_order(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _read_markdown(source: str) -> Formatted:
    reader = _Markdown(source)
    while reader.position < len(source):
        reader.step()
    if reader.stack:
        opened = reader.stack[-1]
        kind, where = opened.entity["type"].title(), _bytes_before(source, opened.at)
        _unparsable(f"Can't find end of {kind} entity at byte offset {where}")
    return Formatted("".join(reader.plain), _in_order(reader.entities))


@dataclass(slots=True)
class _Markdown:
    """MarkdownV2, read from left to right; `length` is that of `plain` in UTF-16 units."""

    source: str
    position: int = 0
    length: int = 0
    plain: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)

    def step(self) -> None:
        """Read one mark, one escaped or one plain character."""
        character = self.source[self.position]
        following = self.source[self.position + 1 : self.position + 2]
        mark = self._mark()
        if character == "\\" and following.isascii() and following:
            self._take(following, 2)
        elif mark in _MARKS:
            self._turn(mark)
        elif mark == "[":
            self._open("[", "text_link")
        elif mark == "]" and self.stack and self.stack[-1].name == "[":
            self._close_link()
        elif self._begins_quote():
            self.position += 1
        elif character in _RESERVED and not self._verbatim():
            _unparsable(
                f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
            )
        else:
            self._take(character, 1)

    def _take(self, character: str, width: int) -> None:
        self.plain.append(character)
        self.length += units(character)
        self.position += width

    def _open(self, mark: str, kind: str) -> None:
        self.stack.append(_Open(mark, self.position, {"type": kind, "offset": self.length}))
        self.position += len(mark)

    def _turn(self, mark: str) -> None:
        if self.stack and self.stack[-1].name == mark:
            _finish(self.stack.pop().entity, self.length, self.entities)
            self.position += len(mark)
        else:
            self._open(mark, _MARKS[mark])

    def _close_link(self) -> None:
        link = _LINK_END.match(self.source, self.position)
        if link is None:
            where = _bytes_before(self.source, self.position)
            _unparsable(f"Can't find end of a URL at byte offset {where}")
        _finish({**self.stack.pop().entity, "url": link[1]}, self.length, self.entities)
        self.position = link.end()

    def _verbatim(self) -> str:
        """The mark that ends the code we are in, if we are in code."""
        name = self.stack[-1].name if self.stack else ""
        return name if name in ("`", "```") else ""

    def _mark(self) -> str:
        """The longest mark here; inside code nothing but its own end counts."""
        known = [self._verbatim()] if self._verbatim() else _LONGEST_FIRST
        for mark in known:
            if self.source.startswith(mark, self.position):
                return mark
        return ""

    def _begins_quote(self) -> bool:
        before = self.source[self.position - 1] if self.position else "\n"
        return self.source[self.position] == ">" and before == "\n" and not self._verbatim()
