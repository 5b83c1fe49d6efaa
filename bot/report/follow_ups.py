"""The follow-ups by level and progress, with their sums, none of which gives a small one away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from babel.numbers import format_decimal

from bot.report.small_numbers import FEW, SOME, Flow, written_with_sums
from bot.report.values import Figure, Line, Row, Table, number
from conversations.level import Level
from storage.figures import FollowUps, Progress

NOT_TOLD: Final = "kurang dari lima, atau ditutup"

_LEVELS: Final = {
    Level.MERAH: "Merah: bahaya, hari itu juga",
    Level.ORANYE: "Oranye: dalam 24 jam",
    Level.KUNING: "Kuning: dalam 3 hari",
    Level.HIJAU: "Hijau: tinjauan mingguan",
}
_PROGRESS: Final = {
    Progress.OPEN: "Belum ditanggapi",
    Progress.ACCEPTED: "Sedang ditangani",
    Progress.CLOSED: "Selesai",
}


def table(found: FollowUps) -> Table:
    """Four levels, three stages, and their sums."""
    shown = _with_sums(found)
    rows = [
        Row(level.value, label, tuple(_cells(shown, level)))
        for level, label in ((level, _LEVELS[level]) for level in reversed(Level))
    ]
    return Table(
        keys=(*Progress, "all"),
        heads=(*_PROGRESS.values(), "Jumlah"),
        rows=(*rows, Row("all", "Semua tingkat", tuple(_cells(shown, None)))),
        meaning="Semua hal tentang keluarga yang dibuka untuk petugas dalam masa laporan: laporan"
        " kekhawatiran, jawaban yang perlu ditindaklanjuti, permintaan dihubungi, pesan suara dan"
        " gambar. Keadaannya pada akhir masa laporan.",
    )


def lines(found: FollowUps) -> tuple[Line, ...]:
    """How many somebody took up, and how soon."""
    shown = _with_sums(found)
    part, everything = shown[_TAKEN_UP], shown[None, None]
    return (
        Line(
            "taken_up",
            "Sudah ditanggapi petugas",
            Figure(f"{part} dari {everything}", number(part), number(everything)),
            "diterima atau langsung diselesaikan sampai akhir masa laporan, dari semua yang dibuka",
        ),
        Line(
            "hours",
            "Waktu sampai ditanggapi",
            _median(found, part),
            "median sejak dibuka: separuhnya lebih cepat; ditulis kalau sedikitnya lima ditanggapi",
        ),
    )


def _median(found: FollowUps, taken_up: str) -> Figure:
    """Written exactly where a reader knows from `taken_up` that five or more stand behind it."""
    if not found.by_level:
        return Figure("tidak ada yang dibuka")
    if found.hours is None:
        return Figure("belum ada yang ditanggapi")
    if taken_up in (FEW, SOME):
        return Figure(NOT_TOLD)
    return Figure(_hours(found.hours))


_TAKEN_UP: Final = "taken up"


def _with_sums(found: FollowUps) -> dict[Any, str]:
    """Every number of the table by (level, progress), None standing for all; and `_TAKEN_UP`."""
    numbers = {
        (level, progress): found.by_level.get((level, progress), 0)
        for level in Level
        for progress in Progress
    }

    def total(*keys: tuple[Level, Progress]) -> int:
        return sum(numbers[key] for key in keys)

    in_row = {level: [(level, one) for one in Progress] for level in Level}
    in_column = {one: [(level, one) for level in Level] for one in Progress}
    taken_up = total(*in_column[Progress.ACCEPTED], *in_column[Progress.CLOSED])
    flows = [
        *(Flow(key, *key, one) for key, one in numbers.items()),
        *(Flow((level, None), "all levels", level, total(*in_row[level])) for level in Level),
        *(Flow((None, one), one, _summed_in(one), total(*in_column[one])) for one in Progress),
        Flow(_TAKEN_UP, _TAKEN_UP, "all", taken_up),
        Flow((None, None), "all", "all levels", total(*numbers)),
    ]
    return dict(written_with_sums(flows))


def _summed_in(progress: Progress) -> str:
    return "all" if progress is Progress.OPEN else _TAKEN_UP


def _cells(shown: dict[Any, str], level: Level | None) -> Iterable[Figure]:
    for progress in (*Progress, None):
        cell = shown[level, progress]
        yield Figure(cell, number(cell))


def _hours(hours: float) -> str:
    """How long it took.

    >>> _hours(0.7), _hours(1.54), _hours(30)
    ('42 menit', '1,5 jam', '30 jam')
    """
    if hours < 1:
        return f"{round(hours * 60)} menit"
    return f"{format_decimal(round(hours, 1), locale='id')} jam"
