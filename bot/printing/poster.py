"""A school's poster, one sheet of A4 as PDF and as HTML: a large QR and three plain steps.

Lengths are millimetres, sizes of letters points.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.printing.invitation import CLAY, INK, LINE, SAND, SOFT, WHITE, draw_qr, link, svg_qr
from bot.report.pdf import printable

if TYPE_CHECKING:
    from fpdf import FPDF

STEPS: Final = (
    ("Pindai gambar di atas", "dengan kamera HP yang ada Telegram-nya."),
    ("Tekan START", "lalu jawab beberapa pertanyaan singkat."),
    ("Sudah terdaftar", "kabar pertemuan dan kiat mengasuh datang lewat chat."),
)
"""What to do: in bold, and what belongs to it."""

BY_HAND: Final = "Kamera tidak bisa? Di Telegram cari @{bot}, lalu kirim: DAFTAR {code}"
WITHOUT_PHONE: Final = "Tidak punya HP? Tidak apa-apa. Kader membantu mendaftar di tempat."
WHATSAPP: Final = "Lewat WhatsApp: belum ada."
FOR_WHOM: Final = "Untuk orang dewasa, 18 tahun ke atas. Mendaftar tidak dipungut biaya."
HEADING: Final = "Teman ngobrol soal mengasuh anak"

_LEFT: Final = 18.0
_WIDTH: Final = 174.0
_QR: Final = 104.0


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on it; `place` is the village and where the school meets."""

    school: str
    place: str
    code: str
    bot: str
    organisation: str


def pdf(poster: Poster) -> bytes:
    """The sheet to print."""
    from fpdf import FPDF

    sheet = FPDF(format="A4")
    sheet.core_fonts_encoding = "windows-1252"
    sheet.set_auto_page_break(auto=False)
    sheet.set_margins(0, 0, 0)
    sheet.set_title(printable(f"Poster {poster.school}"))
    sheet.set_author(printable(poster.organisation))
    sheet.set_lang("id")
    sheet.add_page()
    sheet.c_margin = 0
    _head(sheet, poster)
    _code(sheet, poster)
    _steps(sheet, poster)
    _foot(sheet, poster)
    return bytes(sheet.output())


def html(poster: Poster) -> str:
    """The same as a page that a browser prints on one sheet."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("poster.html.j2").render(
        poster=poster,
        qr=svg_qr(link(poster.bot, poster.code)),
        steps=STEPS,
        heading=HEADING,
        by_hand=BY_HAND.format(bot=poster.bot, code=poster.code),
        without_phone=WITHOUT_PHONE,
        whatsapp=WHATSAPP,
        for_whom=FOR_WHOM,
    )


def _head(sheet: FPDF, poster: Poster) -> None:
    sheet.set_fill_color(*CLAY)
    sheet.rect(0, 0, 210, 64, style="F")
    _centred(sheet, 13, 13, "KAWAN ASUH", SAND)
    _centred(sheet, 21, _fitting(sheet, poster.school, 34), poster.school, WHITE)
    _centred(sheet, 38.5, _fitting(sheet, poster.place, 15), poster.place, SAND, bold=False)
    _centred(sheet, 49, 17, HEADING, WHITE)


def _code(sheet: FPDF, poster: Poster) -> None:
    left, top = (210 - _QR) / 2, 71.0
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.8)
    sheet.rect(left - 2, top, _QR + 4, _QR + 16, style="D", round_corners=True, corner_radius=5)
    draw_qr(sheet, link(poster.bot, poster.code), left, top + 2, _QR)
    _centred(sheet, top + _QR + 2.5, 24, poster.code, INK)


def _steps(sheet: FPDF, poster: Poster) -> None:
    for at, (bold, rest) in enumerate(STEPS):
        y = 199.0 + at * 15.5
        sheet.set_fill_color(*CLAY)
        sheet.ellipse(_LEFT, y, 11.5, 11.5, style="F")
        _put(sheet, _LEFT, y + 2.5, 17, str(at + 1), WHITE, width=11.5, align="C")
        _put(sheet, _LEFT + 16.5, y + 0.2, 15.5, bold, INK)
        _put(sheet, _LEFT + 16.5, y + 6.9, 12, rest, SOFT, bold=False)
    y = 247.5
    words = BY_HAND.format(bot=poster.bot, code=poster.code)
    _put(sheet, _LEFT, y, _fitting(sheet, words, 11), words, INK, bold=False)
    _put(sheet, _LEFT, y + 6.4, 11, WITHOUT_PHONE, INK, bold=False)


def _foot(sheet: FPDF, poster: Poster) -> None:
    sheet.set_fill_color(*SAND)
    sheet.rect(0, 266, 210, 31, style="F")
    _centred(sheet, 271, 13, FOR_WHOM, CLAY)
    who = f"Penyelenggara: {poster.organisation}" if poster.organisation else ""
    _centred(sheet, 279.4, _fitting(sheet, who, 12), who, INK, bold=False)
    _centred(sheet, 286.6, 10, WHATSAPP, SOFT, bold=False)


def _centred(
    sheet: FPDF,
    y: float,
    size: float,
    words: str,
    colour: tuple[int, int, int],
    *,
    bold: bool = True,
) -> None:
    _put(sheet, _LEFT, y, size, words, colour, bold=bold, align="C")


def _put(
    sheet: FPDF,
    x: float,
    y: float,
    size: float,
    words: str,
    colour: tuple[int, int, int],
    *,
    bold: bool = True,
    width: float = _WIDTH,
    align: str = "L",
) -> None:
    sheet.set_font("Helvetica", "B" if bold else "", size)
    sheet.set_text_color(*colour)
    sheet.set_xy(x, y)
    sheet.cell(width, size * 0.42, printable(words), align=align)


def _fitting(sheet: FPDF, words: str, size: float) -> float:
    """As large as the words fit on one line, at most `size` points."""
    sheet.set_font("Helvetica", "B", size)
    width = sheet.get_string_width(printable(words))
    return size if width <= _WIDTH else size * _WIDTH / width
