"""The referral sheet: what an office needs to begin, and nothing more, as PDF and as a page.

Lengths are millimetres, sizes of letters points. The PDF has the fonts that every reader has, which
know cp1252: what lies beyond (emoji, other scripts) is written out by its Unicode name in brackets,
never dropped. The page shows it as it was typed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot.printing.invitation import CLAY, INK, LINE, SAND, SOFT

if TYPE_CHECKING:
    from fpdf import FPDF

SUPPOSED: Final = {
    "physical_violence": "kekerasan fisik",
    "sexual_violence": "kekerasan seksual",
    "neglect": "penelantaran",
    "exploitation": "eksploitasi",
    "trafficking": "trafficking (perdagangan orang)",
    "self_harm": "lainnya: risiko menyakiti diri",
    "missing": "lainnya: anak hilang atau pergi dari rumah",
    "health_nutrition": "lainnya: keadaan kesehatan atau gizi",
    "dropout": "lainnya: putus sekolah",
    "psychosocial": "lainnya: keadaan psikososial",
}
"""Our classes in the words of SIMFONI PPA (DOMAIN 4.1)."""

UNSORTED: Final = "belum digolongkan"
NOTHING_DONE: Final = "Belum ada tindakan yang tercatat."
ONLY_DRAWN: Final = "Tanda dalam kurung siku menggantikan gambar atau huruf yang tidak tercetak."
WEIGH: Final = (
    "Sebelum menelepon balik, timbang dahulu siapa yang memegang HP itu. HP sering dipakai bersama,"
    " juga oleh orang yang mungkin dilaporkan. Hubungi dahulu petugas kami di atas."
)
CAREFUL: Final = (
    "Berisi data anak: hanya untuk petugas yang menangani. Jangan difoto, diunggah, atau diteruskan"
    " lewat grup (UU 35/2014 pasal 17 ayat 2; UU 11/2012 pasal 19; UU 27/2022 pasal 4)."
)
SUPPOSITION: Final = (
    "Dugaan petugas dari kata-kata pelapor; belum diperiksa, dan bukan tuduhan kepada siapa pun."
)
SAFE: Final = {"aman": "aman", "belum": "BELUM AMAN", "tidak_tahu": "pelapor tidak tahu"}
MAY_CALL: Final = {"boleh": "boleh dihubungi", "jangan": "JANGAN DIHUBUNGI dahulu"}
UNKNOWN: Final = "belum diketahui"

_MARKS: Final = {
    "merah": (179, 38, 30),
    "oranye": (176, 84, 8),
    "kuning": (122, 94, 0),
    "hijau": (43, 101, 73),
}
"""Dark enough to be read as letters on white paper."""

_LEFT: Final = 15.0
_WIDTH: Final = 180.0
_LABEL: Final = 40.0
_FOOT: Final = 15.0
_SIGNING: Final = 45.0
_DRAWN: Final = frozenset({"Mn", "Me", "Cf"})


@dataclass(frozen=True, slots=True)
class Quote:
    """Words as they came, with who said them and when, both ready to be read."""

    when: str
    who: str
    words: str

    @property
    def heading(self) -> str:
        """When and who, above the words."""
        return " · ".join(filter(None, (self.when, self.who)))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that stands on it, ready to be read; empty: not known, or not to be told."""

    code: str
    made: str
    level: str
    supposed: str
    """The key of a danger class; empty when nobody sorted it."""
    to: str
    officer: str
    phone: str
    organisation: str
    sender: str
    duty_phone: str
    child: str
    age: str
    village: str
    reporter: str
    """Her name, only where it may be told."""
    hides: bool
    """She asks that village and family do not learn her name."""
    reported: str
    safe: str
    may_call: str
    when_to_call: str
    stage: str
    quotes: tuple[Quote, ...] = ()
    done: tuple[str, ...] = ()
    asked: str = ""
    clocks: tuple[str, ...] = ()

    @property
    def supposition(self) -> str:
        """The class in SIMFONI's words."""
        return SUPPOSED.get(self.supposed, UNSORTED)

    @property
    def whom(self) -> str:
        """Who told it, as far as the office learns it."""
        if self.reporter:
            return self.reporter
        hidden = "; ia meminta namanya tidak disampaikan ke desa dan keluarga" if self.hides else ""
        return f"namanya ada pada kami{hidden}"

    @property
    def state(self) -> str:
        """Whether the child is safe, as it was told last."""
        return SAFE.get(self.safe, "tidak disebut pelapor")

    @property
    def calling(self) -> str:
        """Whether and when the reporter may be called."""
        said = MAY_CALL.get(self.may_call, "pelapor belum ditanya")
        return f"{said}; waktu yang aman: {self.when_to_call}" if self.when_to_call else said


def indonesian(at: datetime, zone: ZoneInfo, zone_name: str) -> str:
    """A moment as letters have it.

    >>> at = datetime.fromisoformat("2026-11-18T12:15+00:00")
    >>> indonesian(at, ZoneInfo("Asia/Jakarta"), "WIB")
    'Rabu, 18 November 2026, 19.15 WIB'
    """
    from babel.dates import format_datetime

    written = format_datetime(at, "EEEE, d MMMM y, HH.mm", tzinfo=zone, locale="id")
    return f"{written} {zone_name}"


def visible(text: str) -> str:
    """In letters that the PDF's fonts have; what they lack is named, so that nothing is lost.

    >>> visible("Adi nangis 😢 “terus”")
    'Adi nangis [CRYING FACE] “terus”'
    >>> visible("Mělati")
    'Melati'
    """
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _letter(letter: str) -> str:
    if letter == "\n":
        return letter
    kind = unicodedata.category(letter)
    if kind in _DRAWN:
        return ""
    if kind == "Cc":
        return " "
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter)[0]
        return plain if plain.isascii() else f"[{unicodedata.name(letter, hex(ord(letter)))}]"
    return letter


def html(sheet: Sheet) -> str:
    """The same as a page that a browser prints."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("referral_sheet.html.j2").render(
        sheet=sheet,
        weigh=WEIGH,
        careful=CAREFUL,
        supposition=SUPPOSITION,
        unknown=UNKNOWN,
        nothing_done=NOTHING_DONE,
    )


def pdf(sheet: Sheet) -> bytes:
    """The sheet to print: one page of A4, more where a long report needs them."""
    paper = _Paper(sheet)
    paper.head()
    paper.parties()
    paper.child()
    paper.quotes()
    paper.calling()
    paper.work()
    paper.signing()
    return paper.done()


class _Paper:
    """Written from top to bottom; a new page begins by itself and says whose it is."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._pdf = _pages(sheet)

    def head(self) -> None:
        """What it is, which case, when it was made, how urgent."""
        sheet, pdf = self._sheet, self._pdf
        self._write("LEMBAR RUJUKAN", 8.6, CLAY, bold=True)
        top = pdf.get_y()
        self._write(sheet.code, 19, INK, bold=True)
        pdf.set_font("Helvetica", "B", 12)
        words = sheet.level.upper()
        width = pdf.get_string_width(words) + 8
        pdf.set_fill_color(*_MARKS.get(sheet.level, SOFT))
        pdf.rect(_LEFT + _WIDTH - width, top, width, 8, style="F")
        pdf.set_text_color(255, 255, 255)
        pdf.set_xy(_LEFT + _WIDTH - width, top)
        pdf.cell(width, 8, words, align="C")
        pdf.set_xy(_LEFT, top + 8.6)
        self._write(f"Dibuat {sheet.made}", 9.4, SOFT)
        self._rule()

    def parties(self) -> None:
        """To whom, and from whom."""
        sheet = self._sheet
        self._row("Kepada", _joined(sheet.to, sheet.officer, sheet.phone), bold=True)
        telephone = f"telepon jaga {sheet.duty_phone}" if sheet.duty_phone else ""
        self._row("Dari", _joined(sheet.organisation, sheet.sender, telephone))

    def child(self) -> None:
        """About whom, what is supposed, and who told it."""
        sheet = self._sheet
        self._title("Anak")
        self._row("Panggilan", sheet.child or UNKNOWN)
        self._row("Umur", sheet.age or UNKNOWN)
        self._row("Desa", sheet.village or UNKNOWN)
        self._row("Keadaan anak", sheet.state, bold=sheet.safe == "belum")
        self._row("Dugaan", sheet.supposition, bold=True)
        self._write(SUPPOSITION, 8, SOFT, left=_LABEL)
        self._row("Pelapor", sheet.whom)
        self._row("Diterima", sheet.reported)

    def quotes(self) -> None:
        """What was said, word by word."""
        self._title("Kata-kata pelapor, seperti yang diterima")
        for quote in self._sheet.quotes:
            self._write(quote.heading, 8, SOFT)
            self._write(f"“{quote.words}”", 10, INK, fill=True)
            self._pdf.set_y(self._pdf.get_y() + 1.2)
        if any(visible(quote.words) != quote.words for quote in self._sheet.quotes):
            self._write(ONLY_DRAWN, 7.6, SOFT)

    def calling(self) -> None:
        """Whether the reporter may be called; and that it is weighed first."""
        self._title("Menghubungi pelapor")
        self._row("Menurut pelapor", self._sheet.calling, bold=True)
        self._write(WEIGH, 9.4, INK, bold=True)

    def work(self) -> None:
        """What was done, what is asked, and which clocks of the law run."""
        sheet = self._sheet
        self._title("Yang sudah dilakukan")
        self._row("Tahap", sheet.stage)
        for line in sheet.done or (NOTHING_DONE,):
            self._write(f"- {line}" if sheet.done else line, 9.4, INK)
        self._title("Yang diminta")
        self._write(sheet.asked, 10, INK, bold=True)
        if sheet.clocks:
            self._title("Batas waktu menurut hukum")
            for line in sheet.clocks:
                self._write(line, 9.4, INK)

    def signing(self) -> None:
        """Room for the officer who receives it, never cut from its heading by a page's end."""
        pdf = self._pdf
        if pdf.get_y() + _SIGNING > pdf.h - _FOOT:
            pdf.add_page()
        self._title("Diisi lembaga penerima, lalu kembali ke petugas kami")
        top = pdf.get_y() + 1.5
        pdf.set_draw_color(*INK)
        pdf.set_line_width(0.3)
        for at, words in enumerate(("Diterima", "Ditolak, karena:")):
            pdf.rect(_LEFT, top + at * 7, 4, 4)
            self._put(_LEFT + 6.5, top + at * 7, words)
        pdf.line(_LEFT + 36, top + 11, _LEFT + 100, top + 11)
        for at, words in enumerate(("Nama dan jabatan", "Tanggal dan jam", "Nomor kami di sana")):
            y = top + 15 + at * 6.4
            self._put(_LEFT, y, words)
            pdf.line(_LEFT + 36, y + 4, _LEFT + 100, y + 4)
        self._put(_LEFT + 112, top, "Tanda tangan dan cap")
        pdf.rect(_LEFT + 112, top + 5.5, 68, 28)

    def done(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _title(self, words: str) -> None:
        self._pdf.set_y(self._pdf.get_y() + 1.8)
        if self._pdf.get_y() + 14 > self._pdf.h - _FOOT:
            self._pdf.add_page()
        self._write(words, 10.4, CLAY, bold=True)
        self._rule()

    def _row(self, label: str, words: str, *, bold: bool = False) -> None:
        pdf = self._pdf
        if pdf.get_y() + 6 > pdf.h - _FOOT:
            pdf.add_page()
        top = pdf.get_y()
        self._put(_LEFT, top, label, SOFT)
        pdf.set_xy(_LEFT, top)
        self._write(words, 9.8, INK, bold=bold, left=_LABEL)

    def _write(
        self,
        words: str,
        size: float,
        colour: tuple[int, int, int],
        *,
        bold: bool = False,
        fill: bool = False,
        left: float = 0.0,
    ) -> None:
        pdf = self._pdf
        pdf.set_font("Helvetica", "B" if bold else "", size)
        pdf.set_text_color(*colour)
        pdf.set_fill_color(*SAND)
        pdf.c_margin = 2.0 if fill else 0.0
        pdf.set_x(_LEFT + left)
        pdf.multi_cell(
            _WIDTH - left,
            size * 0.47,
            visible(words),
            align="L",
            fill=fill,
            new_x="LMARGIN",
            new_y="NEXT",
        )
        pdf.c_margin = 0.0

    def _put(self, x: float, y: float, words: str, colour: tuple[int, int, int] = INK) -> None:
        self._pdf.set_font("Helvetica", "", 9.4)
        self._pdf.set_text_color(*colour)
        self._pdf.set_xy(x, y)
        self._pdf.cell(_LABEL, 4.4, visible(words))

    def _rule(self) -> None:
        pdf = self._pdf
        pdf.set_draw_color(*LINE)
        pdf.set_line_width(0.3)
        pdf.line(_LEFT, pdf.get_y() + 0.4, _LEFT + _WIDTH, pdf.get_y() + 0.4)
        pdf.set_y(pdf.get_y() + 1.3)


def _pages(sheet: Sheet) -> FPDF:
    """A4 with a foot that says which sheet and page it is, and how it is to be kept."""
    from fpdf import FPDF

    class Pages(FPDF):
        def footer(self) -> None:
            within, self.c_margin = self.c_margin, 0
            self.set_y(-_FOOT + 2.5)
            self.set_font("Helvetica", "", 7.2)
            self.set_text_color(*SOFT)
            page = f"{sheet.code} · halaman {self.page_no()} dari {{nb}}. "
            self.multi_cell(_WIDTH, 3.2, visible(page + CAREFUL), align="L")
            self.c_margin = within

    pages = Pages(format="A4")
    pages.core_fonts_encoding = "windows-1252"
    pages.set_auto_page_break(auto=True, margin=_FOOT)
    pages.set_margins(_LEFT, 12, _LEFT)
    pages.set_title(f"Lembar rujukan {sheet.code}")
    pages.set_author(visible(sheet.organisation))
    pages.set_lang("id")
    pages.add_page()
    pages.c_margin = 0
    return pages


def _joined(*parts: str) -> str:
    """One below the other, without what is empty."""
    return "\n".join(part for part in parts if part)
