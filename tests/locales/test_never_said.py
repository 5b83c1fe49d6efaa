"""What the bot never says, held against every sentence of every catalogue, form and tip.

Each rule stands with sentences that it catches and with sentences that it lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import conversations
import locales
from locales import catalogue, languages

FORMS = Path(conversations.__file__).parent / "forms"
LOCALES = Path(locales.__file__).parent

HELPERS = r"(?:petugas|polisi|ambulans|bantuan|kader|kami|tim|orang|seseorang|penolong)"
TALK = r"(?:percakapan|obrolan|pesan|chat|jejak|tulisan|riwayat)\w*"


@dataclass(frozen=True)
class Never:
    """One thing that is never said."""

    what: str
    pattern: re.Pattern[str]
    caught: tuple[str, ...]
    passes: tuple[str, ...]


def never(what: str, pattern: str, *, caught: tuple[str, ...], passes: tuple[str, ...]) -> Never:
    return Never(what, re.compile(pattern, re.IGNORECASE), caught, passes)


RULES = (
    never(
        "that a report is secret",
        r"(?<!tidak ada )(?<!tidak-ada-)(?<!tidak boleh )"
        r"\b(?:di)?rahasia(?:kan|nya)?\b"
        r"|\bsinengker\b|\bwados\b|\bterjamin\b|\btetap terjaga\b"
        r"|\btidak (?:akan )?(?:ada )?(?:yang|siapa ?pun yang) (?:akan )?(?:tahu|mengetahui)\b"
        r"|\btidak (?:akan )?kami (?:cerita|sampai|beri ?tahu|terus)\w* (?:ke|kepada) "
        r"(?:siapa|orang lain)",
        caught=(
            "Laporan ini rahasia.",
            "Semua dirahasiakan.",
            "Kami rahasiakan, ya.",
            "Kerahasiaannya terjamin.",
            "Tidak akan ada yang tahu.",
            "Tidak kami ceritakan ke siapa pun.",
            "supaya yang disampaikan tetap terjaga",
        ),
        passes=(
            "Nama Mbah tidak kami sebut ke desa dan keluarga.",
            "Sentuhan tidak boleh dirahasiakan.",
            "Mohon tidak diteruskan ke orang lain.",
        ),
    ),
    never(
        "that the child will be safe",
        r"\b(?:pasti|akan|dijamin|bakal|tentu|jadi)\s+(?:\w+\s+)?(?:aman|selamat|baik-baik saja)\b"
        r"|(?<!Kata pelapor: )\b(?:anak|cucu)\w*\s+(?:sudah|sekarang)\s+(?:aman|selamat)\b(?!\s*\?)"
        r"|\b(?:kami|petugas)\s+(?:akan\s+)?(?:lindungi|melindungi|selamatkan|menyelamatkan)\b"
        r"|\bjangan khawatir\b|\btenang saja\b|\bsampun aman\b",
        caught=(
            "Anaknya pasti aman.",
            "Cucunya akan segera selamat.",
            "Semua akan baik-baik saja.",
            "Anaknya sekarang aman.",
            "Kami akan melindungi Adi.",
            "Jangan khawatir, Mbah.",
        ),
        passes=(
            "Kalau bisa, tetaplah di tempat yang aman.",
            "Saat ini keadaannya aman?",
            "Kata pelapor: anak sekarang aman.",
        ),
    ),
    never(
        "that somebody is coming",
        rf"\b{HELPERS}\b[^.?\n]{{0,30}}\b(?:segera|akan|sedang|bakal|langsung|sebentar lagi)\b"
        r"[^.?\n]{0,12}\b(?:datang|tiba|ke (?:sana|rumah|tempat)|menjemput|jemput|menuju|rawuh)\b"
        r"|\bdalam perjalanan\b"
        r"|\bsegera (?:datang|tiba|menjemput|menolong|menelepon|menghubungi)\b",
        caught=(
            "Petugas akan segera datang.",
            "Polisi sedang menuju rumah.",
            "Bantuan dalam perjalanan.",
            "Petugas akan segera menghubungi.",
            "Kami langsung ke sana.",
        ),
        passes=("Acara yang akan datang:", "Petugas akan membaca.", "Mau datang, Mbah?"),
    ),
    never(
        "why",
        r"\b(?:mengapa|kenapa|kok bisa|ngapa|ngapain|ngopo|geneya|kenging punapa|kengeng napa)\b",
        caught=("Kenapa anaknya dibiarkan?", "MENGAPA baru sekarang?", "Kok bisa begitu?"),
        passes=("Apa yang terjadi?", "Ada apa, Mbah?"),
    ),
    never(
        "are you sure",
        r"\b(?:yakin|seyakin)\b|\bapakah\b[^.?]{0,20}\b(?:serius|sungguh|benar-benar|bohong)\b"
        r"|\b(?:masa sih|saestu)\b",
        caught=("Apakah Ibu yakin?", "Sudah yakin, Mbah?", "Apakah itu sungguh terjadi?"),
        passes=("Sudah pas?", "Jadi 2 anak, benar?"),
    ),
    never(
        "that a talk has been deleted",
        rf"\b{TALK}\b[^.?\n]{{0,25}}\b(?:sudah|telah|berhasil|sampun)\b[^.?\n]{{0,10}}"
        r"\b(?:(?:ter|di)?hapus|hilang|bersih|dibusak)\b"
        rf"|\b(?:sudah|telah|berhasil)\s+(?:kami\s+)?(?:(?:ter|di|meng)?hapus|hilang)\w*\s+{TALK}"
        r"|\btidak ada (?:lagi )?jejak\b|\bsudah terhapus\b",
        caught=(
            "Percakapan ini sudah dihapus.",
            "Pesan-pesannya sudah kami hapus.",
            "Sudah terhapus, Mbah.",
            "Kami sudah hapus obrolannya.",
            "Tidak ada jejak di HP ini.",
        ),
        passes=("Hapus jejak di HP ini", "Pesan mana yang mau dihapus?"),
    ),
)


def sentences() -> Iterator[tuple[str, str]]:
    """Everything that is said, with where it stands: catalogues, cells of forms, lines of tips."""
    for language in languages():
        for key, text in catalogue(language).items():
            yield f"{language}: {key}", text
    for sheet in sorted(FORMS.glob("*.md")):
        for number, line in enumerate(sheet.read_text("utf-8").splitlines(), 1):
            for cell in line.split("|"):
                yield f"{sheet.name}:{number}", cell
    for tip in sorted(LOCALES.glob("*/tips/*.md")):
        for number, line in enumerate(tip.read_text("utf-8").splitlines(), 1):
            yield f"{tip.parent.parent.name}/{tip.name}:{number}", line


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_it_is_never_said(rule: Never) -> None:
    said = {f"{where}: {text}" for where, text in sentences() if rule.pattern.search(text)}

    assert said == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_a_rule_catches_what_it_is_for_and_nothing_else(rule: Never) -> None:
    assert [text for text in rule.caught if not rule.pattern.search(text)] == []
    assert [text for text in rule.passes if rule.pattern.search(text)] == []


def test_every_language_every_form_and_every_tip_is_read() -> None:
    places = {where.partition(":")[0] for where, _ in sentences()}

    assert {"id", "jv", "lapor.md", "sesudah.md"} <= places
    assert sum(place.startswith(("id/", "jv/")) for place in places) > 10
