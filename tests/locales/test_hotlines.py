"""Telephone numbers: each line with owner and source, and no number anywhere that is not a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from locales import catalogue, hotlines, languages

ROOT = Path(__file__).parents[2]

LONG = re.compile(r"(?<![\w.,/:#%-])(?:\+62[\d ()-]{6,}|0(?:[ -]?\d){7,}|1500-\d{3})(?![\w-])")
SHORT = re.compile(r"(?<![\d.,:/-])1[12]\d(?![\d.,:/-]*\d)")


def known_numbers() -> set[str]:
    """Digits of every number of every line."""
    lines = (*hotlines(), *hotlines("staff"))
    return {digits(number) for line in lines for number in line.numbers} | {"119"}


def digits(written: str) -> str:
    return re.sub(r"\D", "", written).removeprefix("62").lstrip("0")


def said_to_people() -> Iterator[tuple[str, str]]:
    """Everything that the bot can say: catalogues, tips, question sheets."""
    for language in languages():
        for key, text in catalogue(language).items():
            yield f"{language}/{key}", text
    folders = [*(ROOT / "locales").glob("*/tips"), ROOT / "conversations" / "forms"]
    for folder in folders:
        for file in sorted(folder.glob("*.md")):
            yield file.name, file.read_text("utf-8")


def strangers(pattern: re.Pattern[str], text: str) -> list[str]:
    return [found for found in pattern.findall(text) if digits(found) not in known_numbers()]


def test_the_lines_offered_in_chat_are_few_and_in_the_order_of_need() -> None:
    assert [line.key for line in hotlines()] == ["sapa", "polisi", "ambulans", "jiwa"]


def test_provincial_and_complaint_lines_are_for_staff_alone() -> None:
    assert {"dp3ak", "kpai", "darurat"} <= {line.key for line in hotlines("staff")}


def test_every_line_has_an_owner_and_a_number() -> None:
    for line in (*hotlines(), *hotlines("staff")):
        assert line.owner, line.key
        assert line.numbers, line.key
        assert line.audience in ("chat", "staff"), line.key


def test_a_line_says_when_and_from_where_it_is_known_or_what_is_doubtful() -> None:
    for line in (*hotlines(), *hotlines("staff")):
        assert bool(line.checked) == bool(line.source), line.key
        assert line.source or line.note, line.key


def test_the_ambulance_number_says_that_nobody_has_compared_it() -> None:
    line = next(line for line in hotlines() if line.number == "119")

    assert line.checked is None
    assert "belum dicocokkan" in line.note


def test_no_sentence_names_a_number_that_is_no_known_line() -> None:
    read = 0
    for where, text in said_to_people():
        read += 1
        assert strangers(LONG, text) == [], where
        assert strangers(SHORT, text) == [], where
    assert read > 300


def test_no_page_of_the_docs_names_a_telephone_that_is_no_known_line() -> None:
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for line in page.read_text("utf-8").splitlines():
            assert "contoh" in line or strangers(LONG, line) == [], f"{page.name}: {line}"


@pytest.mark.parametrize(
    "text", ["telepon 0812-3456-7890 ya", "hubungi 0331 487123", "dari luar +62 21 1234567"]
)
def test_a_made_up_telephone_would_be_found(text: str) -> None:
    assert strangers(LONG, text)


def test_a_made_up_short_number_would_be_found() -> None:
    assert strangers(SHORT, "telepon 118 sekarang")
    assert not strangers(SHORT, "telepon 119 ext 8 atau SAPA 129, jam 11.20, 120/80")
