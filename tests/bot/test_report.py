"""The monthly report: what it prints, in words and on one page."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from bot.report.page import html
from bot.report.pdf import pdf
from bot.report.values import as_plain
from conversations.dialogue import VillageId
from conversations.level import Level
from storage.figures import (
    CheckIns,
    Cost,
    Count,
    Invitations,
    Progress,
    Reach,
    SchoolMonth,
    Visitors,
)
from storage.people import Village
from tests.bot.reports import (
    NOBODY,
    a_report,
    a_school_month,
    people,
    row,
    shown,
)


def test_every_figure_is_n_of_n() -> None:
    report = a_report()

    assert shown(report) | {"hours": ""} == {
        "consenting": "43 dari 46",
        "reached": "38 dari 43",
        "checkins_sent": "38 dari 40",
        "checkins_answered": "30 dari 38",
        "checkins_assisted": "12 dari 30",
        "answering": "30 dari 38",
        "taken_up": "0 dari 0",
        "hours": "",
    }
    assert report.caregivers[0].figure.share == "93%"


def test_zero_is_distinct_from_not_asked_and_from_not_answered() -> None:
    nothing_sent = a_report(checkins=CheckIns(people(9), NOBODY, NOBODY, NOBODY))
    not_asked = a_report(checkins=CheckIns(NOBODY, NOBODY, NOBODY, NOBODY))
    unanswered = a_report(checkins=CheckIns(people(9), people(9), NOBODY, NOBODY))

    assert shown(nothing_sent)["checkins_sent"] == "0 dari 9"
    assert shown(nothing_sent)["checkins_answered"] == "tidak ditanyakan"
    assert set(list(shown(not_asked).values())[2:6]) == {"tidak ditanyakan"}
    assert shown(unanswered)["checkins_answered"] == "0 dari 9"
    assert shown(unanswered)["checkins_assisted"] == "belum ada jawaban"


def test_a_village_without_caregivers_is_told_in_words() -> None:
    report = a_report(reach=Reach(0, 0, 0))

    assert shown(report)["consenting"] == "belum ada yang terdaftar"
    assert shown(a_report(reach=Reach(9, 0, 0)))["reached"] == "belum ada yang menyetujui"
    assert report.schools_note == "Belum ada sekolah atau kelompok di desa ini."


@pytest.mark.parametrize(
    ("school", "expected"),
    [
        (
            a_school_month(planned=0, held=0, recorded=0),
            ["tidak ada", "–", "–", "–", "–", "–"],
        ),
        (
            a_school_month(planned=1, held=0, recorded=0),
            ["0 dari 1", "–", "–", "–", "–", "–"],
        ),
        (
            a_school_month(recorded=0),
            ["2 dari 2", *["tidak ditanyakan"] * 2, *["belum dicatat"] * 3],
        ),
        (
            a_school_month(
                Invitations(people(20), people(18), NOBODY, NOBODY, people(20), people(9)),
                Visitors(newcomers=0, men=6, of_known_sex=8),
            ),
            ["2 dari 2", "18 dari 20", "belum ada jawaban", "9 dari 20", "0 dari 9", "6 dari 8"],
        ),
        (
            a_school_month(
                Invitations(people(20), people(18), people(7), NOBODY, people(20), people(9)),
            ),
            ["2 dari 2", "18 dari 20", "0 dari 18", "9 dari 20", "0 dari 9", "tidak diketahui"],
        ),
        (
            a_school_month(
                Invitations(people(20), people(18), people(9), people(8), people(20), NOBODY),
            ),
            ["2 dari 2", "18 dari 20", "8 dari 18", "0 dari 20", "–", "–"],
        ),
    ],
    ids=["none planned", "none held", "not noted", "not answered", "sex unknown", "nobody came"],
)
def test_a_school_says_what_was_not_asked_and_what_was_not_noted(
    school: SchoolMonth, expected: list[str]
) -> None:
    report = a_report(schools=(school,))

    assert row(report) == expected


def test_a_number_about_few_people_is_hidden_however_large_it_is() -> None:
    sent = Count(16, 4)
    report = a_report(
        reach=Reach(40, 39, 4), checkins=CheckIns(people(40), sent, people(3), NOBODY)
    )

    assert shown(report)["reached"] == "< 5 dari 39"
    assert shown(report)["checkins_sent"] == "5+ dari 40"
    assert shown(report)["checkins_answered"] == "< 5 dari 5+"
    assert shown(report)["checkins_assisted"] == "0 dari < 5"
    assert report.caregivers[1].figure.share == ""


@pytest.mark.parametrize(
    ("numbers", "hours", "expected"),
    [
        ({}, None, "tidak ada yang dibuka"),
        ({Progress.OPEN: 9}, None, "belum ada yang ditanggapi"),
        ({Progress.CLOSED: 4}, 1.5, "kurang dari lima, atau ditutup"),
        ({Progress.CLOSED: 5}, 1.5, "1,5 jam"),
        ({Progress.CLOSED: 5}, 0.5, "30 menit"),
    ],
)
def test_hours_to_acknowledge_are_told_for_five_or_more(
    numbers: dict[Progress, int], hours: float | None, expected: str
) -> None:
    counted = {(Level.KUNING, progress): n for progress, n in numbers.items()}

    assert shown(a_report(follow_ups=counted, hours=hours))["hours"] == expected


def test_the_page_says_which_month_from_what_and_by_whom() -> None:
    kenanga = Village(VillageId(2), "Kenanga", "KNG", "Indramayu", "Kuwu", "Asia/Jayapura")

    page = html(a_report(village=kenanga))

    assert "Desa Kenanga, Kabupaten Indramayu: November 2026" in page
    assert "Masa laporan: 1–30 November 2026, waktu setempat (WIT)" in page
    assert "Sumber: catatan Kawan Asuh, Program Contoh. Dibuat 2 Desember 2026, 10.00 WIT." in page
    assert "Mengetahui, Kuwu Kenanga" in page


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), "1–20"),
        (datetime(2026, 11, 20, 17, 1, tzinfo=UTC), "1–21"),
        (datetime(2026, 10, 31, 17, 0, 1, tzinfo=UTC), "1"),
    ],
)
def test_a_month_that_is_not_over_says_so(now: datetime, days: str) -> None:
    report = a_report(now=now)

    assert report.period == f"{days} November 2026, waktu setempat (WIB), bulan belum selesai"


def test_what_whatsapp_cost_is_told_for_the_whole_programme_and_called_an_estimate() -> None:
    report = a_report(cost=Cost(1_204, 72_828, estimated=True))

    assert shown(report)["whatsapp_cost"] == "Rp 72.828 (perkiraan)"
    assert "seluruh program, semua desa bersama: 1204 pesan" in html(report)
    assert as_plain(report)["figures"]["whatsapp_cost"]["n"] == 72_828
    sure = a_report(cost=Cost(1_204, 72_828, estimated=False))
    assert shown(sure)["whatsapp_cost"] == "Rp 72.828"


def test_where_nothing_left_by_whatsapp_the_page_says_nothing_of_it() -> None:
    assert "Biaya" not in html(a_report())


def test_the_page_needs_nothing_else_and_escapes_what_was_typed() -> None:
    page = html(a_report(schools=(a_school_month(name="<script>x</script>"),)))

    assert "<script" not in page
    assert re.findall(r"(?:src|href|url\()", page) == []


def test_the_fullest_report_is_one_sheet() -> None:
    village = Village(VillageId(1), "Ŵ" * 80, "LDK", "M" * 80, "Kepala Desa Adat", "Asia/Jakarta")
    many = Invitations(*[Count(12345, 9999)] * 6)
    schools = tuple(
        a_school_month(many, Visitors(9999, 9999, 9999), name=f"{n} 学校 " + "Kelompok " * 9)
        for n in range(20)
    )

    cost = Cost(99_999, 99_999_999, estimated=True)
    sheet = pdf(a_report(schools=schools, village=village, organisation="Y" * 80, cost=cost))

    assert sheet.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", sheet)) == 1


def test_a_page_with_too_many_schools_says_how_many_are_missing() -> None:
    report = a_report(schools=tuple(a_school_month(name=f"S{n}") for n in range(9)))

    assert "3 kelompok lain tidak dimuat" in html(report)
    assert len(as_plain(report)["schools"]) == 9
