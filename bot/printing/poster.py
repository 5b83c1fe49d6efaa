"""An invitation's poster, one sheet of A4 as PDF and as HTML: a QR a channel and three plain steps.

Lengths are millimetres, sizes of letters points. What matters is read from two metres; there are no
filled areas, so that it costs little ink. Which codes there are is `conversations/helping/`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.printing.invitation import CLAY, INK, LINE, SOFT, Reach, Way, draw_qr, svg_qr
from bot.report.pdf import printable
from conversations.dialogue import Role

if TYPE_CHECKING:
    from fpdf import FPDF

HEADING: Final = {
    Role.CAREGIVER: "Teman ngobrol soal mengasuh anak",
    Role.CADRE: "Bersama menemani keluarga yang mengasuh",
    Role.PARTNER: "Bersama menemani keluarga yang mengasuh",
}
SCAN: Final = "Pindai gambar di atas"
SCAN_ONE: Final = "Pindai salah satu gambar"
PRESS: Final = {
    "WhatsApp": ("Tekan tombol kirim", "pesannya sudah tertulis; lalu jawab pertanyaan singkat."),
    "Telegram": ("Tekan START", "lalu jawab beberapa pertanyaan singkat."),
}
PRESS_EITHER: Final = (
    "Tekan kirim, atau START",
    "kirim di WhatsApp, START di Telegram; lalu jawab pertanyaan singkat.",
)
DONE: Final = ("Sudah terdaftar", "kabar pertemuan dan kiat mengasuh datang lewat chat.")
CHECKED: Final = ("Petugas memastikan dulu", "siapa yang mendaftar, lalu mengabari lewat chat.")
WITHOUT_PHONE: Final = "Tidak punya HP? Tidak apa-apa. Kader membantu mendaftar di tempat."
NO_RIGHT: Final = "Gambar ini belum membuka tugas apa pun sebelum petugas memastikan orangnya."
FOR_WHOM: Final = "Untuk orang dewasa, 18 tahun ke atas. Mendaftar tidak dipungut biaya."
STOP: Final = "Boleh berhenti kapan saja: balas BERHENTI."

_LEFT: Final = 16.0
_WIDTH: Final = 178.0
_PAGE: Final = 210.0
_ONE_QR: Final = 90.0
_TWO_QR: Final = 82.0


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on it; `place` is where it is, under the title."""

    title: str
    place: str
    code: str
    reach: Reach
    organisation: str
    role: Role = Role.CAREGIVER
    """What it invites to."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """One or two ways in."""
        return self.reach.ways(self.code)

    @property
    def heading(self) -> str:
        """What it is about."""
        return HEADING[self.role]

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """What to do: in bold, and what belongs to it."""
        channels = [way.channel for way in self.ways]
        named = " atau ".join(channels)
        several = len(channels) > 1
        return (
            (SCAN_ONE if several else SCAN, f"dengan kamera HP yang ada {named}-nya."),
            PRESS_EITHER if several else PRESS[channels[0]],
            DONE if self.role is Role.CAREGIVER else CHECKED,
        )

    @property
    def small(self) -> tuple[str, ...]:
        """For whoever cannot scan, or has no telephone."""
        last = WITHOUT_PHONE if self.role is Role.CAREGIVER else NO_RIGHT
        return (*(way.by_hand for way in self.ways), last)

    @property
    def foot(self) -> tuple[str, ...]:
        """For whom, by whom, and how it ends."""
        who = f"Penyelenggara: {self.organisation}." if self.organisation else ""
        return (FOR_WHOM, f"{who} {STOP}".strip())


def pdf(poster: Poster) -> bytes:
    """The sheet to print."""
    from fpdf import FPDF

    sheet = FPDF(format="A4")
    sheet.core_fonts_encoding = "windows-1252"
    sheet.set_auto_page_break(auto=False)
    sheet.set_margins(0, 0, 0)
    sheet.set_title(printable(f"Poster {poster.title}"))
    sheet.set_author(printable(poster.organisation))
    sheet.set_lang("id")
    sheet.add_page()
    sheet.c_margin = 0
    _head(sheet, poster)
    _codes(sheet, poster)
    _steps(sheet, poster)
    _foot(sheet, poster)
    return bytes(sheet.output())


def html(poster: Poster) -> str:
    """The same as a page that a browser prints on one sheet."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    drawn = [(way.channel, svg_qr(way.link)) for way in poster.ways]
    return environment.get_template("poster.html.j2").render(poster=poster, drawn=drawn)


def _head(sheet: FPDF, poster: Poster) -> None:
    _centred(sheet, 10, 13, "KAWAN ASUH", CLAY)
    _centred(sheet, 17.5, _fitting(sheet, poster.title, 40), poster.title, CLAY)
    _centred(sheet, 36, _fitting(sheet, poster.place, 17), poster.place, INK, bold=False)
    _centred(sheet, 45, _fitting(sheet, poster.heading, 23), poster.heading, INK)


def _codes(sheet: FPDF, poster: Poster) -> None:
    """Beside each other, each below the name of its channel; the code is the same."""
    ways, top = poster.ways, 59.0
    side = _ONE_QR if len(ways) == 1 else _TWO_QR
    gap = (_WIDTH - len(ways) * side) / max(len(ways) - 1, 1) if len(ways) > 1 else 0
    left = (_PAGE - len(ways) * side - gap * (len(ways) - 1)) / 2
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.8)
    for at, way in enumerate(ways):
        x = left + at * (side + gap)
        _put(sheet, x, top + 1.5, 26, way.channel, INK, width=side, align="C")
        sheet.rect(x, top, side, side + 13, style="D", round_corners=True, corner_radius=5)
        draw_qr(sheet, way.link, x + 2, top + 12, side - 4)
    _centred(sheet, top + side + 16, 34, poster.code, CLAY)


def _steps(sheet: FPDF, poster: Poster) -> None:
    for at, (bold, rest) in enumerate(poster.steps):
        y = 183.0 + at * 18.0
        sheet.set_draw_color(*CLAY)
        sheet.set_line_width(0.9)
        sheet.ellipse(_LEFT, y, 13, 13, style="D")
        _put(sheet, _LEFT, y + 2.6, 20, str(at + 1), CLAY, width=13, align="C")
        _put(sheet, _LEFT + 18, y - 0.4, 21, bold, INK)
        _put(sheet, _LEFT + 18, y + 8.2, 13.5, rest, SOFT, bold=False)
    for line, words in enumerate(poster.small):
        y = 239.0 + line * 6.4
        _put(sheet, _LEFT, y, _fitting(sheet, words, 12.5), words, INK, bold=False)


def _foot(sheet: FPDF, poster: Poster) -> None:
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.5)
    sheet.line(_LEFT, 264, _PAGE - _LEFT, 264)
    first, *rest = poster.foot
    _centred(sheet, 268, _fitting(sheet, first, 15), first, CLAY)
    for line, words in enumerate(rest):
        _centred(sheet, 277 + line * 6, _fitting(sheet, words, 12), words, INK, bold=False)


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
