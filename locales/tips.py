"""The parenting tips as values, read and checked from `locales/<language>/tips/*.md`.

The choice of the next tip for a person is not here but in `conversations/tips.py`; how a content
person writes or reviews a tip is told in `docs/tips.md`.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

_Value = TypeVar("_Value", bound=StrEnum)

SOURCE_LANGUAGE = "id"
MESSAGE_LIMIT = 300
"""Characters of one message, with every placeholder filled."""
PLACEHOLDER_ROOM = 12
"""Characters a filled placeholder is reckoned to take."""
PLACEHOLDERS = frozenset({"sapaan", "anak"})
MESSAGES_AT_MOST = 2
YOUNGEST, OLDEST = 0, 17
LAST = 1000
"""The `order` of a tip that names none: after all that do."""


class Topic(StrEnum):
    """The nineteen topics of the programme, in their order; files name them by their value."""

    TIME_TOGETHER = "waktu_bersama"
    PRAISE = "pujian"
    RULES = "aturan"
    ONE_VOICE = "satu_suara"
    PARENT_CALLS = "telepon"
    FEELINGS = "perasaan"
    GADGET = "hp"
    SCHOOL = "sekolah"
    TEASING = "ejekan"
    FOOD = "makan"
    ILLNESS = "sakit"
    SLEEP_AND_PLAY = "tidur_bermain"
    ADOLESCENCE = "remaja"
    BODY_SAFETY = "tubuh_aman"
    GROWN_BEFORE_MARRIAGE = "cukup_umur"
    SAFE_MIGRATION = "kerja_resmi"
    DOCUMENTS_AND_AID = "surat_bantuan"
    CAREGIVER_WELLBEING = "pengasuh"
    MONEY = "uang"

    @property
    def number(self) -> int:
        """Its number in the programme's list, from 1.

        >>> Topic.MONEY.number
        19
        """
        return list(Topic).index(self) + 1


class Kind(StrEnum):
    """What a tip is about decides who must have reviewed it before it is sent."""

    PARENTING = "pengasuhan"
    HEALTH = "kesehatan"
    PROTECTION = "perlindungan"


REVIEWED_KINDS = frozenset({Kind.HEALTH, Kind.PROTECTION})


class Audience(StrEnum):
    """Whom a tip addresses, by the relation to the child."""

    EVERYONE = "semua"
    GRANDPARENTS = "nenek_kakek"
    FATHERS = "bapak"
    MOTHERS = "ibu"


class Need(StrEnum):
    """A fact about the family without which a tip would miss, or hurt."""

    PARENT_AWAY = "parent_away"


@dataclass(frozen=True, slots=True)
class Tip:
    """One idea, in one or two messages that still hold `{sapaan}` and `{anak}`."""

    id: str
    title: str
    topic: Topic
    kind: Kind
    audience: frozenset[Audience]
    youngest: int
    """Age of the child in completed years, inclusive; so is `oldest`."""
    oldest: int
    messages: tuple[str, ...]
    source: str
    author: str
    needs: Need | None = None
    needs_review: bool = False
    reviewed_by: str = ""
    reviewed_on: date | None = None
    order: int = LAST
    """Tips with a small number go first, whatever their topic."""
    language: str = SOURCE_LANGUAGE

    @property
    def reviewed(self) -> bool:
        """Somebody put a name and a date under it."""
        return bool(self.reviewed_by) and self.reviewed_on is not None

    @property
    def awaits_review(self) -> bool:
        """It may not reach a family yet."""
        return self.needs_review and not self.reviewed


class TipError(ValueError):
    """A tip file that cannot be used: which file, which field, what was expected."""

    def __init__(self, file: str, field: str, problem: str) -> None:
        super().__init__(f"{file}: {field}: {problem}")
        self.file = file
        self.field = field


@cache
def tips(language: str = SOURCE_LANGUAGE, *, drafts: bool = False) -> tuple[Tip, ...]:
    """Every tip in this language, in the order of the programme; Indonesian where there is none.

    A translation that nobody has reviewed is left out, and the Indonesian text takes its place,
    unless `drafts` is asked for (the simulator, and people who review). Raises `TipError`.

    >>> [tip.id for tip in tips()][:2]
    ['tidak-menurut', 'tidak-menurut-remaja']
    >>> tips("a language without tips") == tips()
    True
    """
    originals = read_tips(files("locales") / SOURCE_LANGUAGE / "tips")
    if language == SOURCE_LANGUAGE:
        return originals
    translations = read_translations(files("locales") / language / "tips", originals, language)
    usable = {tip.id: tip for tip in translations if drafts or tip.reviewed}
    return tuple(usable.get(tip.id, tip) for tip in originals)


def read_tips(folder: Traversable) -> tuple[Tip, ...]:
    """The tips of a folder, sorted by order, topic and id; raises `TipError`."""
    found = [parse_tip(text, name) for name, text in _markdown_files(folder)]
    if not found:
        raise TipError(str(folder), "folder", "holds no tip, expected files ending in .md")
    return tuple(sorted(found, key=lambda tip: (tip.order, tip.topic.number, tip.id)))


def read_translations(
    folder: Traversable, originals: Iterable[Tip], language: str
) -> tuple[Tip, ...]:
    """The translated tips of a folder, which may be missing; raises `TipError`."""
    known = {tip.id: tip for tip in originals}
    return tuple(
        parse_translation(text, name, known, language) for name, text in _markdown_files(folder)
    )


def _markdown_files(folder: Traversable) -> list[tuple[str, str]]:
    if not folder.is_dir():
        return []
    return [
        (entry.name, entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".md")
    ]


def parse_tip(text: str, file: str) -> Tip:
    """Read one tip file; raises `TipError` naming the file and the field.

    >>> tip = parse_tip('''+++
    ... id = "contoh"
    ... title = "Contoh"
    ... topic = "pujian"
    ... kind = "pengasuhan"
    ... audience = ["semua"]
    ... ages = [2, 12]
    ... source = "WHO tips"
    ... author = "Tim Kawan Asuh"
    ... reviewed_by = ""
    ... reviewed_on = ""
    ... +++
    ... Hari ini, puji satu perbuatan baik {anak}.
    ... ''', "contoh.md")
    >>> tip.topic, tip.youngest, tip.messages
    (<Topic.PRAISE: 'pujian'>, 2, ('Hari ini, puji satu perbuatan baik {anak}.',))
    """
    front, body = _split(text, file)
    fields = _Fields(file, front)
    kind = fields.one_of("kind", Kind)
    youngest, oldest = fields.ages()
    tip = Tip(
        id=fields.identifier(),
        title=fields.text("title"),
        topic=fields.one_of("topic", Topic),
        kind=kind,
        audience=fields.audience(),
        youngest=youngest,
        oldest=oldest,
        messages=_messages(body, file),
        source=fields.text("source"),
        author=fields.text("author"),
        needs=fields.one_of("needs", Need) if "needs" in front else None,
        needs_review=fields.needs_review(kind),
        reviewed_by=fields.text("reviewed_by", empty=True),
        reviewed_on=fields.review_date(),
        order=fields.number("order", LAST),
    )
    fields.refuse_unread()
    return tip


def parse_translation(text: str, file: str, originals: Mapping[str, Tip], language: str) -> Tip:
    """Read a translated tip: its words and its review are its own, the rest is the original's."""
    front, body = _split(text, file)
    fields = _Fields(file, front)
    identifier = fields.identifier()
    if identifier not in originals:
        raise TipError(file, "id", f"no tip {identifier!r} in locales/{SOURCE_LANGUAGE}/tips")
    tip = replace(
        originals[identifier],
        title=fields.text("title"),
        messages=_messages(body, file),
        author=fields.text("author"),
        reviewed_by=fields.text("reviewed_by", empty=True),
        reviewed_on=fields.review_date(),
        language=language,
    )
    fields.refuse_unread()
    return tip


def _split(text: str, file: str) -> tuple[dict[str, Any], str]:
    opening, *rest = [line.rstrip() for line in text.lstrip("\ufeff").splitlines()] or [""]
    if opening != "+++" or "+++" not in rest:
        raise TipError(file, "front matter", "the file must open with fields between two +++ lines")
    end = rest.index("+++")
    try:
        front = tomllib.loads("\n".join(rest[:end]))
    except tomllib.TOMLDecodeError as error:
        raise TipError(file, "front matter", f"cannot be read: {error}") from error
    return front, "\n".join(rest[end + 1 :])


def _messages(body: str, file: str) -> tuple[str, ...]:
    """One or two messages parted by a line `---`; a line break is a space."""
    messages = tuple(" ".join(part.split()) for part in f"\n{body}\n".split("\n---\n"))
    if not all(messages) or len(messages) > MESSAGES_AT_MOST:
        raise TipError(
            file, "body", f"expected 1 to {MESSAGES_AT_MOST} messages parted by a line ---"
        )
    for number, message in enumerate(messages, 1):
        length = filled_length(message, file)
        if length > MESSAGE_LIMIT:
            raise TipError(
                file, "body", f"message {number} has {length} characters, limit {MESSAGE_LIMIT}"
            )
    return messages


def filled_length(message: str, file: str = "message") -> int:
    """How long a message is once its placeholders are filled, each reckoned as 12 characters.

    >>> filled_length("Ajak {anak} makan")
    23
    """
    try:
        pieces = list(string.Formatter().parse(message))
    except ValueError as error:
        raise TipError(file, "body", f"a stray brace: {error}") from error
    length = 0
    for literal, field, spec, conversion in pieces:
        length += len(literal)
        if field is None:
            continue
        if field not in PLACEHOLDERS or spec or conversion:
            raise TipError(file, "body", f"unknown placeholder {{{field}}}")
        length += PLACEHOLDER_ROOM
    return length


class _Fields:
    """The front matter of one file, taken field by field; what nobody took is a misspelling."""

    def __init__(self, file: str, front: Mapping[str, Any]) -> None:
        self._file = file
        self._front = front
        self._read: set[str] = set()

    def text(self, field: str, *, empty: bool = False) -> str:
        value = self._take(field)
        if not isinstance(value, str) or not (empty or value.strip()):
            raise self._error(field, f"expected text in quotes, found {value!r}")
        return value.strip()

    def number(self, field: str, default: int) -> int:
        value = self._take(field, default)
        if type(value) is not int:
            raise self._error(field, f"expected a whole number, found {value!r}")
        return value

    def one_of(self, field: str, values: type[_Value]) -> _Value:
        return self._member(field, self._take(field), values)

    def identifier(self) -> str:
        identifier = self.text("id")
        if f"{identifier}.md" != self._file:
            raise self._error("id", f"expected the file's own name, found {identifier!r}")
        return identifier

    def audience(self) -> frozenset[Audience]:
        value = self._take("audience")
        if not isinstance(value, list) or not value:
            raise self._error("audience", f'expected a list like ["semua"], found {value!r}')
        return frozenset(self._member("audience", one, Audience) for one in value)

    def ages(self) -> tuple[int, int]:
        match self._take("ages"):
            case [int(youngest), int(oldest)] if YOUNGEST <= youngest <= oldest <= OLDEST:
                return youngest, oldest
            case value:
                raise self._error(
                    "ages", f"expected [youngest, oldest] within 0 and 17, found {value!r}"
                )

    def needs_review(self, kind: Kind) -> bool:
        value = self._take("needs_review", default=False)
        if not isinstance(value, bool):
            raise self._error("needs_review", f"expected true or false, found {value!r}")
        if kind in REVIEWED_KINDS and not value:
            raise self._error("needs_review", f"must be true for {kind}")
        return value

    def review_date(self) -> date | None:
        value = self._take("reviewed_on")
        reviewer = self._front.get("reviewed_by")
        if value == "" and not reviewer:
            return None
        if not reviewer:
            raise self._error("reviewed_by", "empty, although reviewed_on is filled")
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._error("reviewed_on", f"expected 2026-12-31, found {value!r}") from None

    def refuse_unread(self) -> None:
        for field in sorted(set(self._front) - self._read):
            raise self._error(field, "no such field")

    def _take(self, field: str, default: object = None) -> Any:
        self._read.add(field)
        value = self._front.get(field, default)
        if value is None:
            raise self._error(field, "missing")
        return value

    def _member(self, field: str, value: Any, values: type[_Value]) -> _Value:
        try:
            return values(value)
        except ValueError:
            known = ", ".join(values)
            raise self._error(field, f"expected one of {known}; found {value!r}") from None

    def _error(self, field: str, problem: str) -> TipError:
        return TipError(self._file, field, problem)
