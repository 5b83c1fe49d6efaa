"""Loads `locales/templates.toml`: the words that Meta approves beforehand, as values.

Which message is said by which of them is decided in `conversations/templates.py`; what Meta makes
of them is kept by `storage/templates.py`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

LANGUAGE = "id"
"""Meta's name of the language that all of them are in."""

CATEGORY = "utility"
"""What all of them are filed as: tied to what a person signed up for, no promotion."""

_PLACE = re.compile(r"\{\{(\d+)\}\}")


@dataclass(frozen=True, slots=True)
class Declared:
    """One template as the project words it. `values` tells what fills each of its places."""

    name: str
    says: Literal["all", "open"]
    as_marketing: Literal["send", "exclude"]
    body: str
    values: tuple[str, ...]
    examples: tuple[str, ...]
    buttons: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing follows: its buttons are the answers."""
        return self.says == "all"

    @property
    def places(self) -> tuple[int, ...]:
        """The numbers of the places in its body, in the order in which they stand."""
        return tuple(int(number) for number in _PLACE.findall(self.body))

    @property
    def digest(self) -> str:
        """By which a change of its words is seen."""
        return digest(self.body, self.buttons)

    def filled(self, values: Sequence[str]) -> str:
        """Its body as a person reads it.

        >>> templates()["panggilan_penting"].filled(("MERAH", "LDK-26-0042"))[:52]
        'Untuk petugas jaga: ada panggilan MERAH dengan kode '
        """
        return _PLACE.sub(lambda place: values[int(place[1]) - 1], self.body)


def digest(body: str, buttons: Sequence[str]) -> str:
    """Equal for equal words, wherever they are kept."""
    return sha256(json.dumps([body, *buttons]).encode()).hexdigest()


@cache
def templates() -> Mapping[str, Declared]:
    """All of them by name, in the order of the file."""
    source = files(__package__) / "templates.toml"
    return MappingProxyType(
        {
            name: Declared(
                name=name,
                says=entry["says"],
                as_marketing=entry["as_marketing"],
                body=entry["body"].strip(),
                values=tuple(entry["values"]),
                examples=tuple(entry["examples"]),
                buttons=tuple(entry["buttons"]),
            )
            for name, entry in tomllib.loads(source.read_text(encoding="utf-8")).items()
        }
    )
