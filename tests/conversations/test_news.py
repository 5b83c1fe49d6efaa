"""How a report stands: plain states for whoever made it, nothing of what was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from conversations import dialogue as d
from conversations.concerns.case import Case, Outcome, Stage
from conversations.concerns.news import is_question
from conversations.dialogue import PersonId, Task
from conversations.level import Level
from tests.conversations.world import WEDNESDAY, Phone, a_caregiver

ASKED = "Apa kabar laporan saya?"


def a_case(
    phone: Phone, number: int = 42, *, about: int = 7, at: datetime = WEDNESDAY, **task: object
) -> Case:
    code = f"LDK-26-{number:04}"
    told = Task(
        code=code,
        kind="concern",
        level=Level.MERAH,
        about=PersonId(about),
        child=None,
        owner=None,
        due_at=at,
        created_at=at,
        reason="reason.told",
        content="isi rahasia",
    )
    case = Case(replace(told, **task), Stage.ADUAN)  # type: ignore[arg-type]
    phone.world.cases.known[code] = case
    return case


@pytest.mark.parametrize(
    "words",
    [
        "Apa kabar laporan saya?",
        "apa kabar laporan saya mbak",
        "laporan saya sudah sampai mana",
        "laporan saya",
        "gimana laporan saya kemarin bu",
        "gmn laporan sy kok blm ada kabar",
        "laporanku piye kabare",
        "laporanku piye yo mbak",
        "laporan kula pripun nggih",
        "laporan kula sampun dugi pundi",
        "laporane wis tekan endi",
        "wis ana kabar laporane durung",
        "bagaimana perkembangan laporan saya",
        "laporan saya sudah dibaca belum",
        "kapan laporan saya dibalas",
        "kabar laporan JBR-26-0042",
        "jbr 26 0042 gimana kabarnya",
        "status laporan saya",
        "mau tanya kelanjutan laporan yang minggu lalu",
    ],
)
def test_the_question_is_heard_however_it_is_written(words: str) -> None:
    assert is_question(words)


@pytest.mark.parametrize(
    "words",
    [
        "apa kabar",
        "kabar baik",
        "lapor",
        "saya mau lapor",
        "laporan saya anak itu dipukul",
        "bagaimana kabar Adi",
        "laporan kegiatan posyandu sudah saya kirim ke bidan",
        "kasus di sebelah bagaimana ya kok ribut",
        "",
        "?",
    ],
)
def test_anything_else_is_not_taken_for_it(words: str) -> None:
    assert not is_question(words)


@pytest.mark.parametrize(
    ("task", "case", "said"),
    [
        ({}, {}, "belum dibaca"),
        ({"accepted": True}, {}, "sudah dibaca petugas"),
        ({"accepted": True, "outside": True}, {}, "sudah dibaca\n"),
        ({"accepted": True, "acted_at": WEDNESDAY}, {}, "sedang ditangani"),
        ({"accepted": True}, {"stage": Stage.ASESMEN}, "sedang ditangani"),
        ({"acted_at": WEDNESDAY, "closed_at": WEDNESDAY}, {}, "sudah selesai"),
    ],
)
def test_each_state_in_plain_words(
    task: dict[str, object], case: dict[str, object], said: str
) -> None:
    phone = a_caregiver()
    known = a_case(phone, **task)  # type: ignore[arg-type]
    phone.world.cases.known[known.code] = replace(known, **case)  # type: ignore[arg-type]

    shown = phone.says(ASKED)

    assert said in shown[0]


def test_a_merged_report_stands_where_the_other_one_stands() -> None:
    phone = a_caregiver()
    other = a_case(phone, 1, about=8, accepted=True)
    mine = a_case(phone, 2, closed_at=WEDNESDAY)
    phone.world.cases.known[mine.code] = replace(
        mine, merged_into=other.code, outcome=Outcome.DUPLICATE
    )

    assert "sudah dibaca petugas" in phone.says(ASKED)[0]


def test_a_caregiver_sees_days_and_neither_code_nor_case_nor_content() -> None:
    phone = a_caregiver()
    a_case(phone, 1)
    a_case(phone, 2, at=WEDNESDAY - timedelta(days=7))

    [shown] = phone.says(ASKED)

    assert "• Rabu, 18 November" in shown
    assert "• Rabu, 11 November" in shown
    assert not any(word in shown for word in ("LDK", "kasus", "rahasia", "MERAH"))
    assert phone.screen[-1].discreet


def test_a_cadre_sees_codes() -> None:
    phone = a_caregiver(role=d.Role.CADRE)
    a_case(phone)

    assert "LDK-26-0042" in phone.says("kabar laporan saya")[0]


def test_one_code_is_one_line_and_somebody_elses_is_not_told() -> None:
    phone = a_caregiver(role=d.Role.CADRE)
    a_case(phone, 1)
    a_case(phone, 2)
    a_case(phone, 3, about=8)

    own, foreign = phone.says("kabar laporan LDK-26-0002"), phone.says("kabar laporan ldk 26 0003")

    assert "LDK-26-0002" in own[0]
    assert "LDK-26-0001" not in own[0]
    assert "tidak ada di laporan" in foreign[0]


def test_only_ninety_days_and_only_her_own() -> None:
    phone = a_caregiver()
    a_case(phone, 1, at=WEDNESDAY - timedelta(days=91))
    a_case(phone, 2, about=8)

    assert "balas LAPOR" in phone.says(ASKED)[0]


def test_the_phone_of_a_helping_hand_tells_nothing() -> None:
    phone = a_caregiver()
    a_case(phone)
    phone.world.typist = PersonId(50)
    phone.world.helping.helpers[PersonId(50)] = d.Person(PersonId(50), role=d.Role.CADRE)

    shown = " ".join(phone.says(ASKED))

    assert "hanya untuk orangnya sendiri" in shown
    assert "belum dibaca" not in shown


def test_a_running_question_comes_again() -> None:
    phone = a_caregiver()
    a_case(phone)
    phone.wakes("checkin")

    assert "Adi sehat" in phone.says(ASKED)[-1]


def test_many_reports_come_in_short_messages() -> None:
    phone = a_caregiver(salutation="Bapak/Ibu")
    for number in range(7):
        a_case(phone, number, at=WEDNESDAY - timedelta(days=number))

    shown = phone.says(ASKED)

    assert [text.count("•") for text in shown] == [3, 3, 1]
    assert all(len(text) <= 300 for text in shown)
    assert "PETUGAS" in shown[-1]
