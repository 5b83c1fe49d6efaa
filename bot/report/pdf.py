"""The report as one sheet of A4 in PDF, in the fonts that every reader has.

Lengths are millimetres, sizes of letters points. The core fonts know cp1252; letters beyond it, in
the name of a village or a school, lose their accents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.report.sections import READING
from bot.report.values import Line, Report, Row

if TYPE_CHECKING:
    from fpdf import FPDF

_LEFT: Final = 14.0
_WIDTH: Final = 182.0
_TOP: Final = 12.0
_BOTTOM: Final = 286.0
_MEANING: Final = 90.0
"""From the left: where it is said what a figure counts."""

_INK: Final = (43, 31, 24)
_SOFT: Final = (95, 75, 61)
_LINE: Final = (216, 193, 157)
_SAND: Final = (246, 236, 218)
_CLAY: Final = (143, 61, 34)
_MARKS: Final = {
    "merah": (179, 38, 30),
    "oranye": (217, 115, 26),
    "kuning": (227, 181, 5),
    "hijau": (43, 101, 73),
}
_SCHOOL_COLUMNS: Final = (48.0, 18.0, 21.0, 26.0, 25.0, 22.0, 22.0)
_LEVEL_COLUMNS: Final = (62.0, 34.0, 34.0, 26.0, 26.0)


class PageFull(Exception):
    """The report does not fit on one sheet."""


def pdf(report: Report) -> bytes:
    """The sheet; raises PageFull instead of beginning a second one."""
    sheet = _Sheet(report)
    sheet.head()
    sheet.lines("Pengasuh", (*report.caregivers, *report.costs))
    sheet.lines("Kabar mingguan (check-in)", report.checkins)
    sheet.title("Sekolah dan pertemuan")
    if report.schools_shown:
        heads = ("Kelompok", *report.schools.heads)
        sheet.table(heads, report.schools_shown, _SCHOOL_COLUMNS)
    sheet.small(f"{report.schools_note} {report.schools.meaning}".strip())
    sheet.title("Tindak lanjut")
    sheet.table(("Tingkat", *report.follow_ups.heads), report.follow_ups.rows, _LEVEL_COLUMNS)
    for line in report.taken_up:
        sheet.line(line)
    sheet.small(report.follow_ups.meaning)
    sheet.title("Cara membaca")
    sheet.reading()
    sheet.signatures()
    return sheet.done()


def printable(text: str) -> str:
    """In letters that the core fonts have.

    >>> printable("Sekolah Bok-Ebok “Mělati” 5 – 7")
    'Sekolah Bok-Ebok “Melati” 5 – 7'
    """
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _letter(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter)[0]
        return plain if plain.isascii() else "?"
    return letter


class _Sheet:
    """A page that is written from top to bottom; `y` is where the next thing begins."""

    def __init__(self, report: Report) -> None:
        from fpdf import FPDF

        self._report = report
        self._pdf: FPDF = FPDF(format="A4")
        self._pdf.core_fonts_encoding = "windows-1252"
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margins(_LEFT, _TOP, _LEFT)
        self._pdf.set_title(printable(f"Laporan bulanan {report.place}, {report.month}"))
        self._pdf.set_author(printable(report.organisation))
        self._pdf.set_lang("id")
        self._pdf.add_page()
        self._pdf.c_margin = 0

    def head(self) -> None:
        """Which village, which month, from what and when."""
        self._font(8.4, bold=True, colour=_CLAY)
        self._text("LAPORAN BULANAN KAWAN ASUH", 4.2)
        title = printable(f"{self._report.place}: {self._report.month}")
        self._font(self._fitting(title, 18), bold=True)
        self._text(title, 8.2)
        self._font(8.8, colour=_SOFT)
        for words in self._report.origin:
            self._text(words, 4.2)
        self._pdf.set_y(self._pdf.get_y() + 1.4)
        self._rule(0.7, _CLAY)

    def title(self, words: str) -> None:
        """What comes next."""
        self._pdf.set_y(self._pdf.get_y() + 2.9)
        self._font(10.6, bold=True, colour=_CLAY)
        self._text(words, 5.4)

    def lines(self, title: str, lines: Sequence[Line]) -> None:
        """Figures one below the other, each with its meaning."""
        self.title(title)
        self._rule(0.2, _LINE)
        for line in lines:
            self.line(line)

    def line(self, line: Line) -> None:
        """Its name, the figure, and in small print what it counts."""
        pdf, top = self._pdf, self._pdf.get_y() + 1.1
        self._at(_LEFT, top)
        self._font(9.2, bold=True)
        pdf.cell(46, 4.1, printable(line.label))
        figure = printable(line.figure.shown)
        pdf.cell(pdf.get_string_width(figure) + 1, 4.1, figure)
        if line.figure.share:
            self._font(9.2, colour=_SOFT)
            pdf.cell(12, 4.1, f" ({line.figure.share})")
        self._font(7.6, colour=_SOFT)
        self._at(_LEFT + _MEANING, top + 0.3)
        pdf.multi_cell(_WIDTH - _MEANING, 3.2, printable(line.meaning), align="L")
        pdf.set_y(max(top + 4.1, pdf.get_y()) + 1)
        self._rule(0.2, _LINE)

    def table(self, heads: Sequence[str], rows: Sequence[Row], widths: Sequence[float]) -> None:
        """The first column to the left, figures to the right."""
        pdf = self._pdf
        pdf.set_fill_color(*_SAND)
        self._cells(heads, widths, 5.2, size=8.2, bold=True, colour=_SOFT, fill=True)
        for row in rows:
            bold = row.key == "all"
            mark = _MARKS.get(row.key)
            top = pdf.get_y()
            label = f"    {row.short}" if mark else row.short
            self._cells((label, *(one.shown for one in row.figures)), widths, 5.4, bold=bold)
            if mark:
                pdf.set_fill_color(*mark)
                pdf.rect(_LEFT + 1.6, top + 1.45, 2.5, 2.5, style="F")
            self._rule(0.35 if bold else 0.2, _CLAY if bold else _LINE)

    def small(self, words: str) -> None:
        """Small print across the page."""
        pdf = self._pdf
        self._font(7.6, colour=_SOFT)
        self._at(_LEFT, pdf.get_y() + 1.2)
        pdf.multi_cell(_WIDTH, 3.3, printable(words), align="L")
        self._pdf.set_x(_LEFT)

    def reading(self) -> None:
        """What the signs in place of a number mean."""
        self._at(_LEFT, self._pdf.get_y() + 1.2)
        for sign, meaning in READING:
            self._font(7.6, bold=True, colour=_SOFT)
            self._pdf.write(3.3, printable(sign))
            self._font(7.6, colour=_SOFT)
            self._pdf.write(3.3, printable(f": {meaning} "))
        self._at(_LEFT, self._pdf.get_y() + 3.3)

    def signatures(self) -> None:
        """Room for those who answer for the page."""
        pdf, top = self._pdf, self._pdf.get_y() + 4.5
        half = (_WIDTH - 14) / 2
        for place, words in enumerate(self._report.signatures):
            left = _LEFT + place * (half + 14)
            self._at(left, top)
            self._font(8.6)
            pdf.multi_cell(half, 4, printable(words), align="L")
            pdf.set_draw_color(*_INK)
            pdf.set_line_width(0.25)
            pdf.line(left, top + 20, left + half, top + 20)
        pdf.set_y(top + 20)

    def done(self) -> bytes:
        """The file."""
        if self._pdf.get_y() > _BOTTOM:
            raise PageFull(f"the report is {self._pdf.get_y() - _BOTTOM:.0f} mm too long")
        return bytes(self._pdf.output())

    def _cells(
        self,
        texts: Sequence[str],
        widths: Sequence[float],
        height: float,
        *,
        size: float = 8.8,
        bold: bool = False,
        colour: tuple[int, int, int] = _INK,
        fill: bool = False,
    ) -> None:
        """Side by side, each as large as its column allows."""
        pdf = self._pdf
        self._at(_LEFT, pdf.get_y())
        for column, (words, width) in enumerate(zip(map(printable, texts), widths, strict=True)):
            pdf.c_margin = 0
            self._font(self._fitting(words, size, width - 3.2), bold=bold, colour=colour)
            pdf.c_margin = 1.6
            pdf.cell(width, height, words, align="R" if column else "L", fill=fill)
        pdf.c_margin = 0
        self._at(_LEFT, pdf.get_y() + height)

    def _fitting(self, words: str, size: float, width: float = _WIDTH) -> float:
        self._font(size, bold=True)
        return min(size, size * width / max(self._pdf.get_string_width(words), 0.1))

    def _text(self, words: str, height: float) -> None:
        self._at(_LEFT, self._pdf.get_y())
        self._pdf.multi_cell(_WIDTH, height, printable(words), align="L")
        self._pdf.set_x(_LEFT)

    def _font(
        self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK
    ) -> None:
        self._pdf.set_font("Helvetica", "B" if bold else "", size)
        self._pdf.set_text_color(*colour)

    def _at(self, x: float, y: float) -> None:
        self._pdf.set_xy(x, y)

    def _rule(self, thickness: float, colour: tuple[int, int, int]) -> None:
        pdf, y = self._pdf, self._pdf.get_y()
        pdf.set_draw_color(*colour)
        pdf.set_line_width(thickness)
        pdf.line(_LEFT, y, _LEFT + _WIDTH, y)
