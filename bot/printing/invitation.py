"""What a QR on paper leads to, and how it is drawn: sharp at every size, in PDF and HTML.

Lengths are millimetres.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from fpdf import FPDF

INK: Final = (43, 31, 24)
SOFT: Final = (95, 75, 61)
LINE: Final = (216, 193, 157)
SAND: Final = (250, 243, 230)
CLAY: Final = (143, 61, 34)
WHITE: Final = (255, 255, 255)

_BOT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_QUIET: Final = 4
"""Empty modules around a QR, as its standard asks."""


class NoBotName(ValueError):
    """Not the name of a Telegram bot."""


class NoNumber(ValueError):
    """Not a telephone number."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way into the chat: what its QR holds, and what to do without a camera."""

    channel: str
    link: str
    by_hand: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the bot can be reached; an empty one is left out on paper."""

    telegram: str = ""
    """The name of the bot."""
    whatsapp: str = ""
    """Our number, in digits with the code of the country."""

    def ways(self, code: str) -> tuple[Way, ...]:
        """The ways in by a code on a poster; the caregivers' channel first."""
        return self._ways(code, f"DAFTAR {code}")

    def own(self, code: str) -> tuple[Way, ...]:
        """The ways in by the code on somebody's own slip."""
        return self._ways(code, f"KODE {code[:4]}-{code[4:]}")

    def _ways(self, code: str, words: str) -> tuple[Way, ...]:
        found = []
        if self.whatsapp:
            by_hand = f"WhatsApp: kirim {words} ke {shown_number(self.whatsapp)}"
            found.append(Way("WhatsApp", whatsapp_link(self.whatsapp, words), by_hand))
        if self.telegram:
            by_hand = f"Telegram: cari @{self.telegram}, lalu kirim {words}"
            found.append(Way("Telegram", link(self.telegram, code), by_hand))
        return tuple(found)


def bot_name(written: str) -> str:
    """A bot's name as its link has it; raises NoBotName.

    >>> bot_name("@KawanAsuhBot"), bot_name("https://t.me/KawanAsuhBot")
    ('KawanAsuhBot', 'KawanAsuhBot')
    """
    name = written.strip().removeprefix("https://").removeprefix("t.me/").removeprefix("@")
    if not _BOT.fullmatch(name):
        raise NoBotName(
            f"{written.strip()[:40]} bukan nama bot Telegram; tulis misalnya --bot KawanAsuhBot"
        )
    return name


def link(bot: str, code: str) -> str:
    """Opens the chat with the bot and brings the code along.

    >>> link("KawanAsuhBot", "BOK-SBS")
    'https://t.me/KawanAsuhBot?start=BOK-SBS'
    """
    return f"https://t.me/{bot}?start={code}"


def number(written: str) -> str:
    """A telephone number in digits with the code of its country; raises NoNumber.

    >>> number("0812-3456-7890"), number("+62 812-3456-7890")
    ('6281234567890', '6281234567890')
    """
    from conversations.reading import phone

    found = phone(written)
    if found is None:
        raise NoNumber(
            f"{written.strip()[:40]} bukan nomor telepon; tulis misalnya --whatsapp 0812-3456-7890"
        )
    return found.removeprefix("+")


def shown_number(digits: str) -> str:
    """A number as people dial it here, in groups.

    >>> shown_number("6281234567890")
    '0812-3456-7890'
    """
    from phonenumbers import PhoneNumberFormat, format_number, parse

    known = parse(f"+{digits}")
    here = known.country_code == 62
    kind = PhoneNumberFormat.NATIONAL if here else PhoneNumberFormat.INTERNATIONAL
    return format_number(known, kind)


def whatsapp_link(digits: str, words: str) -> str:
    """Opens the chat with our number; the words stand there ready to be sent.

    >>> whatsapp_link("6281234567890", "DAFTAR BOK-SBS")
    'https://wa.me/6281234567890?text=DAFTAR%20BOK-SBS'
    """
    return f"https://wa.me/{digits}?text={quote(words, safe='')}"


def draw_qr(pdf: FPDF, text: str, left: float, top: float, side: float) -> None:
    """A QR with its quiet zone, `side` wide: each run of dark modules is one rectangle."""
    import segno

    matrix = segno.make(text, error="m", micro=False).matrix
    module = side / (len(matrix) + 2 * _QUIET)
    pdf.set_fill_color(*WHITE)
    pdf.rect(left, top, side, side, style="F")
    pdf.set_fill_color(0, 0, 0)
    for row, modules in enumerate(matrix):
        y = top + (row + _QUIET) * module
        for start, length in _runs(modules):
            pdf.rect(left + (start + _QUIET) * module, y, length * module, module, style="F")


def svg_qr(text: str) -> str:
    """The same for a page of HTML."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=_QUIET, omitsize=True, dark="#000", light="#fff")


def _runs(modules: bytearray) -> list[tuple[int, int]]:
    """Where dark modules stand side by side: begin and length.

    >>> _runs(bytearray(b"\\x01\\x01\\x00\\x01"))
    [(0, 2), (3, 1)]
    """
    found: list[tuple[int, int]] = []
    start: int | None = None
    for at, dark in enumerate([*modules, 0]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            found.append((start, at - start))
            start = None
    return found
