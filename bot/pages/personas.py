"""Who can be played in the simulator: the sample's people, and somebody new as often as one likes.

Somebody new is nobody in the database before she writes. Beside a real channel there is nobody
else: the real staff are not to be played.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.sample import PERSONAS, Persona
from conversations.dialogue import Role

NEW_SHOWN: Final = 4
"""Of the new people, so many phones lie on the table; an older one is found by her address."""

_NEW: Final = re.compile(r"orang-([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class Cast:
    """The phones on the table; `sample` tells whether the sample's people are among them."""

    sample: bool

    def shown(self, addresses: Iterable[str], wanted: str) -> list[Persona]:
        """Everybody with a phone on the table; `addresses` are known, the newest first."""
        new = [address for address in addresses if _NEW.fullmatch(address)][:NEW_SHOWN]
        if _NEW.fullmatch(wanted) and wanted not in new:
            new.insert(0, wanted)
        if not self.sample and not new:
            new = [fresh(())]
        return [*(PERSONAS if self.sample else ()), *map(_new, reversed(new))]

    def find(self, address: str) -> Persona | None:
        """Whoever may be played at this address."""
        if _NEW.fullmatch(address):
            return _new(address)
        known = PERSONAS if self.sample else ()
        return next((persona for persona in known if persona.address == address), None)


def fresh(addresses: Iterable[str]) -> str:
    """An address nobody has written from.

    >>> fresh(["orang-2", "mbah-siti", "orang-10"])
    'orang-11'
    """
    numbers = (int(found[1]) for address in addresses if (found := _NEW.fullmatch(address)))
    return f"orang-{max(numbers, default=0) + 1}"


def _new(address: str) -> Persona:
    number = address.partition("-")[2]
    return Persona(address, f"Orang baru {number}", Role.CAREGIVER, "Belum dikenal Kawan Asuh")
