"""Everything the bot says, by language: messages.po, tips, word lists; and the loader of messages.

A text is asked for by its key. What a language does not have comes from Indonesian.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from io import BytesIO

from babel.messages.pofile import read_po

FALLBACK = "id"


class UnknownTextError(KeyError):
    """A key that no catalogue has: a fault of ours, found by `kawan check`."""


@dataclass(frozen=True, slots=True)
class Hotline:
    """A telephone line that helps; `checked` is the day of the source it was last compared with,
    None when nobody has. `source` is that source, `note` what is doubtful about the number."""

    key: str
    name: str
    owner: str
    number: str = ""
    """Empty where it is reached by WhatsApp alone."""
    whatsapp: str = ""
    abroad: str = ""
    """The number for callers outside Indonesia."""
    checked: date | None = None
    source: str = ""
    note: str = ""
    audience: str = "chat"
    """`chat`: offered to whoever needs help; `staff`: told to staff alone, who call first."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(filter(None, (self.number, self.whatsapp, self.abroad)))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The texts of one language by key; empty for a language without a catalogue."""
    source = resources.files(__package__) / language / "messages.po"
    if not source.is_file():
        return {}
    read = read_po(BytesIO(source.read_bytes()), abort_invalid=True)
    return {
        str(message.id): str(message.string)
        for message in read
        if message.id and message.string and not message.fuzzy
    }


@cache
def languages() -> Mapping[str, str]:
    """Languages with a catalogue, and what each calls itself, Indonesian first."""
    folders = sorted(
        entry.name
        for entry in resources.files(__package__).iterdir()
        if entry.is_dir() and catalogue(entry.name)
    )
    ordered = sorted(folders, key=lambda language: (language != FALLBACK, language))
    return {language: catalogue(language).get("language.name", language) for language in ordered}


def say(key: str, language: str = FALLBACK, /, **values: object) -> str:
    """The text of a key, its placeholders filled in.

    >>> say("stale", "id")
    'Itu tombol dari pertanyaan sebelumnya, tidak apa-apa. Sekarang yang ini, ya.'
    """
    text = catalogue(language).get(key) or catalogue(FALLBACK).get(key)
    if text is None:
        raise UnknownTextError(key)
    return text.format_map(values) if values else text


@cache
def hotlines(audience: str = "chat") -> tuple[Hotline, ...]:
    """The lines offered in chat, in the order to be offered; or those that staff alone are told.

    >>> [line.number for line in hotlines()][:2]
    ['129', '110']
    """
    source = resources.files(__package__) / "hotlines.toml"
    lines = tuple(
        Hotline(key=key, **entry)
        for key, entry in tomllib.loads(source.read_text(encoding="utf-8")).items()
    )
    return tuple(line for line in lines if line.audience == audience)
