"""The report as values: figures in words, lines, tables; the same for paper and for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bot.report.small_numbers import written
from storage.figures import Count, Period
from storage.people import Village

SOURCE: Final = "catatan Kawan Asuh"
MOST_SCHOOLS: Final = 6
"""So many rows of schools leave room for everything else on one page."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as it is printed; `n` and `of` are None where they are hidden or mean nothing."""

    shown: str
    n: int | None = None
    of: int | None = None

    @property
    def in_words(self) -> bool:
        """Whether it is no number at all."""
        return not any(letter.isdigit() for letter in self.shown)

    @property
    def share(self) -> str:
        """The percentage, where both numbers are printed and there is something to divide.

        >>> Figure("31 dari 40", 31, 40).share, Figure("< 5 dari 40", None, 40).share
        ('78%', '')
        """
        return f"{100 * self.n / self.of:.0f}%" if self.n and self.of else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with what it is called, and exactly what it counts."""

    key: str
    label: str
    figure: Figure
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `key` names it for a program."""

    key: str
    label: str
    figures: tuple[Figure, ...]

    @property
    def short(self) -> str:
        """A label that fits its column.

        >>> Row("", "Sekolah Yang-eyang Karang Werda Dusun Ujung Kidul", ()).short
        'Sekolah Yang-eyang K…Dusun Ujung Kidul'
        """
        begin, end = self.label[:20].rstrip(), self.label[-17:].lstrip()
        return self.label if len(self.label) <= 38 else f"{begin}…{end}"


@dataclass(frozen=True, slots=True)
class Table:
    """Figures side by side; `keys` name the columns for a program, `heads` for people."""

    keys: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page, in words."""

    village: Village
    counted: Period
    month: str
    period: str
    made: str
    organisation: str
    caregivers: tuple[Line, ...]
    checkins: tuple[Line, ...]
    schools: Table
    follow_ups: Table
    taken_up: tuple[Line, ...]
    costs: tuple[Line, ...] = ()
    """Nothing, where nothing is paid for."""

    @property
    def schools_shown(self) -> tuple[Row, ...]:
        """The rows that the page has room for."""
        return self.schools.rows[:MOST_SCHOOLS]

    @property
    def schools_note(self) -> str:
        """What is said in place of rows that are not there."""
        if not self.schools.rows:
            return "Belum ada sekolah atau kelompok di desa ini."
        left_out = len(self.schools.rows) - MOST_SCHOOLS
        return f"{left_out} kelompok lain tidak dimuat di halaman ini." if left_out > 0 else ""

    @property
    def origin(self) -> tuple[str, str]:
        """When; from what, by whom, and when it was made."""
        by = f"{SOURCE}, {self.organisation}" if self.organisation else SOURCE
        return f"Masa laporan: {self.period}", f"Sumber: {by}. Dibuat {self.made}."

    @property
    def signatures(self) -> tuple[str, str]:
        """Who answers for it, and who has seen it; without names."""
        by = f"petugas {self.organisation}" if self.organisation else "petugas program"
        return f"Disusun oleh {by}", f"Mengetahui, {self.village.head_title} {self.village.name}"

    @property
    def place(self) -> str:
        """The village and its district.

        A district that says itself what it is (Kota Batu) is left as it is.
        """
        village, district = self.village.name, self.village.district
        if not village.casefold().startswith("desa "):
            village = f"Desa {village}"
        if district and not district.casefold().startswith(("kab", "kota")):
            district = f"Kabupaten {district}"
        return ", ".join(filter(None, (village, district)))


def as_plain(report: Report) -> dict[str, Any]:
    """The same figures for a program, the same ones hidden."""
    lines = (*report.caregivers, *report.checkins, *report.taken_up, *report.costs)
    return {
        "village": report.village.code,
        "month": f"{report.counted.year}-{report.counted.month:02d}",
        "begin": report.counted.begin,
        "until": report.counted.until,
        "complete": report.counted.is_over,
        "period": report.period,
        "made": report.counted.now,
        "organisation": report.organisation,
        "source": SOURCE,
        "figures": {line.key: {"label": line.label, **_plain(line.figure)} for line in lines},
        "schools": _rows(report.schools),
        "follow_ups": _rows(report.follow_ups),
        "definitions": {line.key: line.meaning for line in lines}
        | {"schools": report.schools.meaning, "follow_ups": report.follow_ups.meaning},
    }


def _rows(table: Table) -> list[dict[str, Any]]:
    return [
        ({"key": row.key} if row.key else {})
        | {"label": row.label}
        | {key: _plain(one) for key, one in zip(table.keys, row.figures, strict=True)}
        for row in table.rows
    ]


def _plain(figure: Figure) -> dict[str, Any]:
    return {"n": figure.n, "of": figure.of, "shown": figure.shown}


def part_of(part: Count, whole: Count) -> Figure:
    """ "n dari N", either hidden where few people stand behind it."""
    n, of = written(part), written(whole)
    return Figure(f"{n} dari {of}", number(n), number(of))


def number(shown: str) -> int | None:
    """The number that is printed, None where it is hidden."""
    return int(shown) if shown.isdigit() else None


def people(n: int) -> Count:
    """So many people, each counted once."""
    return Count(n, n)
