"""How urgent a matter is for the people who follow it up; nothing here decides what is urgent."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """The four levels of DOMAIN.md 4.1, ordered by urgency and not by spelling.

    >>> Level.MERAH > Level.ORANYE > Level.KUNING > Level.HIJAU
    True
    >>> max(Level("kuning"), Level("merah")).value
    'merah'
    """

    HIJAU = "hijau"
    KUNING = "kuning"
    ORANYE = "oranye"
    MERAH = "merah"

    @property
    def rank(self) -> int:
        """0 for HIJAU up to 3 for MERAH."""
        return list(type(self)).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank
