"""Slips to cut out, ten to a sheet of A4: whose it is, her number, her code, a QR a channel.

Lengths are millimetres, sizes of letters points. A slip is as good as a key to her chat for sixty
days: it is given into her hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.printing.invitation import CLAY, INK, LINE, SAND, SOFT, Reach, Way, draw_qr, shown_number
from bot.report.pdf import printable

if TYPE_CHECKING:
    from fpdf import FPDF

_ACROSS: Final = 2
_DOWN: Final = 5
_WIDTH, _HEIGHT = 105.0, 59.4
_PAD: Final = 7.0
_QR: Final = 38.0
_SMALL_QR: Final = 26.0
_TEXT: Final = _WIDTH - 2 * _PAD - _QR - 3.0


@dataclass(frozen=True, slots=True)
class Card:
    """One slip; `name` as the cadre knows her, `number` hers on the school's list."""

    name: str
    number: int
    code: str


def slips(school: str, reach: Reach, cards: Sequence[Card]) -> bytes:
    """The sheets as PDF, as many as it takes."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_auto_page_break(auto=False)
    pdf.set_margins(0, 0, 0)
    pdf.set_title(printable(f"Kartu kode {school}"))
    pdf.set_lang("id")
    pdf.c_margin = 0
    for at, card in enumerate(cards):
        place = at % (_ACROSS * _DOWN)
        if place == 0:
            pdf.add_page()
            _cutting_lines(pdf)
        left, top = place % _ACROSS * _WIDTH, place // _ACROSS * _HEIGHT
        _slip(pdf, school, reach, card, left, top)
    return bytes(pdf.output())


def _cutting_lines(pdf: FPDF) -> None:
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.2)
    pdf.set_dash_pattern(dash=1.6, gap=1.6)
    for down in range(1, _DOWN):
        pdf.line(4, down * _HEIGHT, 206, down * _HEIGHT)
    pdf.line(_WIDTH, 4, _WIDTH, 293)
    pdf.set_dash_pattern()


def _slip(pdf: FPDF, school: str, reach: Reach, card: Card, left: float, top: float) -> None:
    x, y = left + _PAD, top + _PAD + 2.0
    _write(pdf, x, y, 8, school, CLAY, bold=True)
    size = _fitting(pdf, card.name, 15)
    _write(pdf, x, y + 5.2, size, card.name, INK, bold=True)
    _write(pdf, x, y + 12.4, 9, f"Nomor {card.number}", SOFT)
    pdf.set_fill_color(*SAND)
    pdf.rect(x, y + 18.6, _TEXT, 10.2, style="F", round_corners=True, corner_radius=1.6)
    _write(
        pdf, x + 2.4, y + 20.6, 15, f"{card.code[:4]}-{card.code[4:]}", INK, bold=True, mono=True
    )
    ways = reach.own(card.code)
    for line, words in enumerate(_how(ways, reach)):
        _write(pdf, x, y + 31.6 + line * 4.1, _fitting(pdf, words, 8.4), words, SOFT)
    _codes(pdf, ways, left + _WIDTH - _PAD - _QR + 2, top)


def _how(ways: Sequence[Way], reach: Reach) -> tuple[str, ...]:
    """What to do with it, in three short lines."""
    if len(ways) > 1:
        where = f"{shown_number(reach.whatsapp)} atau @{reach.telegram}"
        return (
            "Pindai salah satu gambar dengan HP",
            "sendiri, lalu kirim. Atau kirim kode ke",
            where,
        )
    press = "kirim di WhatsApp" if reach.whatsapp else "START di Telegram"
    where = shown_number(reach.whatsapp) if reach.whatsapp else f"@{reach.telegram}"
    return (
        "Pindai gambar dengan HP sendiri,",
        f"lalu tekan {press}.",
        f"Atau kirim kode ke {where}.",
    )


def _codes(pdf: FPDF, ways: Sequence[Way], left: float, top: float) -> None:
    """One QR in the middle of the slip's height, or two below each other with their names."""
    if len(ways) == 1:
        draw_qr(pdf, ways[0].link, left, top + (_HEIGHT - _QR) / 2, _QR)
        return
    for at, way in enumerate(ways):
        y = top + 1.2 + at * (_SMALL_QR + 2.6)
        draw_qr(pdf, way.link, left + _QR - _SMALL_QR, y, _SMALL_QR)
        pdf.set_font("Helvetica", "B", 7)
        with pdf.rotation(90, left + 9.5, y + _SMALL_QR / 2):
            pdf.text(
                left + 9.5 - pdf.get_string_width(way.channel) / 2, y + _SMALL_QR / 2, way.channel
            )


def _write(
    pdf: FPDF,
    x: float,
    y: float,
    size: float,
    words: str,
    colour: tuple[int, int, int],
    *,
    bold: bool = False,
    mono: bool = False,
) -> None:
    pdf.set_font("Courier" if mono else "Helvetica", "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.set_xy(x, y)
    pdf.cell(_TEXT, size * 0.42, printable(words))


def _fitting(pdf: FPDF, words: str, size: float) -> float:
    """As large as the words still fit beside the QR, at most `size` points."""
    pdf.set_font("Helvetica", "B", size)
    width = pdf.get_string_width(printable(words))
    return size if width <= _TEXT else max(6.0, size * _TEXT / width)
