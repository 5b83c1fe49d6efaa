"""What a QR on paper leads to, and how it is drawn: sharp at every size, in PDF and HTML.

Lengths are millimetres.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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
