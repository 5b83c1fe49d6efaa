"""Caregivers, check-ins and schools: each figure with its words and exactly what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.report.small_numbers import FEW, MANY, SOME
from bot.report.values import Figure, Line, Row, Table, part_of, people
from conversations.costs import rupiah
from storage.figures import CheckIns, Cost, Reach
from storage.figures import SchoolMonth as School

NOT_ASKED: Final = "tidak ditanyakan"
NO_ANSWER: Final = "belum ada jawaban"
NOT_NOTED: Final = "belum dicatat"
NOT_KNOWN: Final = "tidak diketahui"
NOTHING: Final = "–"

READING: Final = (
    ("0", "ditanyakan atau dicatat, dan hasilnya nol."),
    (NOT_ASKED, "bulan ini tidak ada yang ditanya."),
    (NO_ANSWER, "sudah ditanya, jawabannya belum ada."),
    (FEW, "satu sampai empat, tidak ditulis tepat supaya tidak ada yang dikenali."),
    (
        f"{MANY} dan {SOME}",
        "lima atau lebih, satu atau lebih; ditutup supaya angka kecil di dekatnya tidak dapat"
        " dihitung.",
    ),
)
"""What the words and signs in place of a number mean."""


def of_caregivers(reach: Reach) -> tuple[Line, ...]:
    """How many take part, and how many heard from us."""
    numbers = (reach.registered, reach.consenting, reach.reached)
    registered, consenting, reached = (people(number) for number in numbers)
    return (
        Line(
            "consenting",
            "Terdaftar dan menyetujui",
            part_of(consenting, registered)
            if reach.registered
            else Figure("belum ada yang terdaftar"),
            "pengasuh yang persetujuannya berlaku pada akhir masa laporan, dari semua pengasuh yang"
            " sudah mendaftar",
        ),
        Line(
            "reached",
            "Terjangkau pesan",
            part_of(reached, consenting)
            if reach.consenting
            else Figure("belum ada yang menyetujui"),
            "menerima sedikitnya satu pesan yang terkirim dalam masa laporan, dari yang terdaftar"
            " dan menyetujui",
        ),
    )


def of_checkins(checkins: CheckIns) -> tuple[Line, ...]:
    """A month in which nobody was asked is no month without answers."""
    begun, sent, answered = checkins.begun, checkins.sent, checkins.answered
    asked = sent.n > 0
    not_answered = Figure(NO_ANSWER if asked else NOT_ASKED)
    return (
        Line(
            "checkins_sent",
            "Terkirim",
            part_of(sent, begun) if begun.n else Figure(NOT_ASKED),
            "sampai di telepon, dari semua yang disiapkan dalam masa laporan",
        ),
        Line(
            "checkins_answered",
            "Dijawab",
            part_of(answered, sent) if asked else Figure(NOT_ASKED),
            "sedikitnya satu pertanyaan dijawab sampai laporan ini dibuat, dari yang terkirim",
        ),
        Line(
            "checkins_assisted",
            "Dijawab dengan bantuan",
            part_of(checkins.assisted, answered) if answered.n else not_answered,
            "kader mengetikkan yang dikatakan pengasuh, dari yang dijawab",
        ),
        Line(
            "answering",
            "Pengasuh yang menjawab",
            part_of(people(answered.people), people(sent.people)) if asked else Figure(NOT_ASKED),
            "orang yang menjawab sedikitnya sekali, dari pengasuh yang menerima kabar mingguan",
        ),
    )


def of_costs(cost: Cost | None) -> tuple[Line, ...]:
    """What WhatsApp cost the whole programme: no village's share is known, so none is made up."""
    if cost is None:
        return ()
    estimated = " (perkiraan)" if cost.estimated else ""
    return (
        Line(
            "whatsapp_cost",
            "Biaya WhatsApp",
            Figure(f"{rupiah(cost.rupiah)}{estimated}", cost.rupiah),
            f"seluruh program, semua desa bersama: {cost.messages} pesan"
            + (", dengan harga yang belum diperiksa" if cost.estimated else ""),
        ),
    )


def of_schools(schools: Sequence[School]) -> Table:
    """One row each. How often a school met is about nobody, and always printed."""
    return Table(
        keys=("held", "invited", "coming", "present", "newcomers", "men"),
        heads=("Pertemuan", "Diundang", "Menjawab bisa", "Hadir", "Baru pertama", "Laki-laki"),
        rows=tuple(Row("", school.name, _school(school)) for school in schools),
        meaning="Pertemuan: yang diadakan, dari semua yang direncanakan. Diundang: menerima"
        " undangan, dari yang terdaftar di kelompok, dihitung tiap pertemuan. Menjawab bisa: dari"
        " yang diundang. Hadir: dari daftar hadir yang sudah diisi. Baru pertama: orang yang untuk"
        " pertama kali hadir di kelompok itu, dari semua yang hadir. Laki-laki: dari yang hadir dan"
        " hubungan atau sapaannya menunjukkan laki-laki atau perempuan.",
    )


def _school(school: School) -> tuple[Figure, ...]:
    told, came = school.invitations, school.visitors
    if not school.planned:
        return (Figure("tidak ada"), *[Figure(NOTHING)] * 5)
    held = Figure(f"{school.held} dari {school.planned}", school.held, school.planned)
    if not school.held:
        return (held, *[Figure(NOTHING)] * 5)
    visitors = people(told.present.people)
    present = newcomers = men = Figure(NOT_NOTED)
    if school.recorded:
        present = part_of(told.present, told.noted) if told.noted.n else Figure(NOTHING)
        newcomers = part_of(people(came.newcomers), visitors) if visitors.n else Figure(NOTHING)
        men = part_of(people(came.men), people(came.of_known_sex))
        if not came.of_known_sex:
            men = Figure(NOT_KNOWN if visitors.n else NOTHING)
    if not told.asked.n:
        coming = Figure(NOT_ASKED)
    elif not told.replied.n:
        coming = Figure(NO_ANSWER)
    else:
        coming = part_of(told.coming, told.asked)
    asked = part_of(told.asked, told.listed) if told.asked.n else Figure(NOT_ASKED)
    return held, asked, coming, present, newcomers, men
