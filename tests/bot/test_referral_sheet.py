"""The referral sheet as it is printed: what stands on it, what never does, and how it looks."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import pytest

from bot.printing.referral_sheet import SUPPOSED, Quote, Sheet, html, pdf, visible
from conversations.danger import DangerClass

PLAIN = Sheet(
    code="LDK-26-0042",
    made="Rabu, 18 November 2026, 19.15 WIB",
    level="merah",
    supposed="physical_violence",
    to="UPTD PPA: Kantor contoh",
    officer="Bu Petugas",
    phone="nomor contoh",
    organisation="Yayasan Contoh",
    sender="Mbak Rina",
    duty_phone="nomor jaga contoh",
    child="Adi",
    age="6 tahun",
    village="Ledokombo, Jember",
    reporter="",
    hides=True,
    reported="Rabu, 18 November 2026, 18.50 WIB",
    safe="belum",
    may_call="boleh",
    when_to_call="besok jam sembilan",
    stage="asesmen",
    quotes=(Quote("18.50 WIB", "pelapor", "Adi dipukuli <pamannya> 😢"),),
    done=("18.57 WIB: diterima petugas",),
    asked="Asesmen.",
    clocks=("Pasal 41",),
)


def pages(sheet: bytes) -> int:
    return sheet.count(b"/Type /Page\n")


def words_of(sheet: bytes) -> str:
    """What the pages of our own PDFs say, in the order in which it was written."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", sheet, re.DOTALL)
    said = []
    for stream in streams:
        try:
            said.append(zlib.decompress(stream).decode("cp1252"))
        except zlib.error:
            continue
    strings = re.findall(r"\(((?:\\.|[^\\()])*)\)\s*Tj", " ".join(said))
    return re.sub(r"\\(.)", r"\1", " ".join(strings))


def test_it_fits_on_one_page() -> None:
    assert pages(pdf(PLAIN)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "LDK-26-0042",
        "MERAH",
        "19.15 WIB",
        "Kantor contoh",
        "Bu Petugas",
        "Yayasan Contoh",
        "Mbak Rina",
        "telepon jaga nomor jaga contoh",
        "Adi",
        "6 tahun",
        "Ledokombo, Jember",
        "BELUM AMAN",
        "Dugaan",
        "kekerasan fisik",
        "18.50 WIB",
        "boleh dihubungi; waktu yang aman: besok jam sembilan",
        "siapa yang memegang HP",
        "diterima petugas",
        "Asesmen.",
        "Pasal 41",
        "Ditolak, karena:",
        "Tanda tangan",
    ],
)
def test_paper_and_page_say_the_same(said: str) -> None:
    assert said in words_of(pdf(PLAIN))
    assert said in html(PLAIN)


def test_the_class_is_a_supposition_and_accuses_nobody() -> None:
    for page in (words_of(pdf(PLAIN)), html(PLAIN)):
        assert "bukan tuduhan" in page


def test_a_reporter_who_hides_is_not_named_and_her_wish_is_told() -> None:
    assert "ia meminta namanya tidak disampaikan" in words_of(pdf(PLAIN))
    assert "Siti" in html(replace(PLAIN, reporter="Mbah Siti", hides=False))


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    bare = replace(
        PLAIN, child="", age="", village="", supposed="", safe="", may_call="", when_to_call=""
    )

    for page in (words_of(pdf(bare)), html(bare)):
        assert page.count("belum diketahui") == 3
        assert "belum digolongkan" in page
        assert "tidak disebut pelapor" in page
        assert "pelapor belum ditanya" in page


def test_who_says_do_not_call_is_not_overlooked() -> None:
    assert "JANGAN DIHUBUNGI" in words_of(pdf(replace(PLAIN, may_call="jangan", when_to_call="")))


def test_letters_that_paper_lacks_are_named_and_the_page_has_them() -> None:
    assert "[CRYING FACE]" in words_of(pdf(PLAIN))
    assert "kurung siku" in words_of(pdf(PLAIN))
    assert "😢" in html(PLAIN)


def test_nothing_is_explained_where_nothing_was_replaced() -> None:
    plain = replace(PLAIN, quotes=(Quote("18.50", "pelapor", "Adi “menangis” — terus"),))

    assert "kurung siku" not in words_of(pdf(plain))


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("ꦲ", "[JAVANESE LETTER HA]"),
        ("👩\u200d👧", "[WOMAN][GIRL]"),
        ("satu\r\ndua\ttiga", "satu \ndua tiga"),
        ("é “ya” €", "é “ya” €"),
    ],
)
def test_letters_as_printed(written: str, printed: str) -> None:
    assert visible(written) == printed


def test_words_of_a_reporter_are_text_on_the_page_and_nothing_else() -> None:
    assert "&lt;pamannya&gt;" in html(PLAIN)


def test_a_long_report_goes_on_and_every_page_says_whose_it_is() -> None:
    long = Quote("18.50", "pelapor", "saya tanya tidak mau jawab cuma nangis " * 60)

    made = pdf(replace(PLAIN, quotes=(long,) * 4))

    words = words_of(made)
    assert pages(made) >= 3
    assert words.count("Jangan difoto") == pages(made)
    assert words.count("Tanda tangan dan cap") == 1


def test_a_word_without_end_does_not_break_the_sheet() -> None:
    assert pages(pdf(replace(PLAIN, child="a" * 500, quotes=(Quote("", "", "b" * 3000),)))) >= 1


def test_every_class_has_a_word_of_the_ministry() -> None:
    assert SUPPOSED.keys() == {one.value for one in DangerClass}
