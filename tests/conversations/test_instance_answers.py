"""What a question accepts as an answer, what it proposes, and how it repeats an answer."""

# ruff: noqa: E501

import pytest

from conversations.form.instance import Refusal
from tests.conversations.sheets import filled, read

KINDS = read("""
| survey |
| | type              | name     | label       | required | required_message | default | constraint | calculation |
| | text              | teks     | Teks?       | yes      | Ini perlu diisi. |         |            |             |
| | integer           | bulat    | Bulat?      | yes      |                  | 3       |            |             |
| | decimal           | pecahan  | Pecahan?    |          |                  |         |            |             |
| | date              | tanggal  | Tanggal?    |          |                  | today() | . <= today() |           |
| | time              | jam      | Jam?        |          |                  |         | . < '16:00' |            |
| | select_one p      | satu     | Satu?       | ${teks} = 'wajib' |         | a       |            |             |
| | select_multiple p | banyak   | Banyak?     |          |                  | a b     |            |             |
| | acknowledge       | paham    | Paham?      |          |                  |         |            |             |
| | image             | foto     | Foto?       |          |                  |         |            |             |
| | audio             | suara    | Suara?      |          |                  |         |            |             |
| | calculate         | sapaan   |             |          |                  |         |            | pulldata('orang', 'sapaan', 'kunci', 'x') |
| | note              | rekap    | ${sapaan}: ${tanggal}, ${jam}, ${pecahan} | | |      |            |             |
| choices |
| | list_name | name | label |
| | p         | a    | Apel  |
| | p         | b    | Pisang |
""")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("teks", "apa saja", None),
        ("teks", "", "Ini perlu diisi."),
        ("bulat", "", Refusal.REQUIRED),
        ("bulat", "-12", None),
        ("bulat", "12.5", Refusal.INTEGER),
        ("bulat", "٣", Refusal.INTEGER),
        ("bulat", "1\n", Refusal.INTEGER),
        ("pecahan", "", None),
        ("pecahan", "36.5", None),
        ("pecahan", "36,5", Refusal.DECIMAL),
        ("pecahan", "nan", Refusal.DECIMAL),
        ("tanggal", "2026-11-21", None),
        ("tanggal", "2026-11-22", Refusal.CONSTRAINT),
        ("tanggal", "2026-02-30", Refusal.DATE),
        ("tanggal", "20261121", Refusal.DATE),
        ("jam", "07:30", None),
        ("jam", "16:30:00", Refusal.CONSTRAINT),
        ("jam", "24:00", Refusal.TIME),
        ("satu", "a", None),
        ("satu", "a b", Refusal.CHOICE),
        ("satu", "c", Refusal.CHOICE),
        ("banyak", "a b", None),
        ("banyak", "a a", Refusal.CHOICE),
        ("banyak", "a  b", Refusal.CHOICE),
        ("paham", "OK", None),
        ("paham", "ya", Refusal.ACKNOWLEDGE),
        ("foto", "foto-1.jpg", None),
    ],
)
def test_an_answer_is_judged_by_its_kind_and_its_constraint(
    path: str, value: str, expected: str | None
) -> None:
    assert filled(KINDS).check(path, value, "id") == expected


def test_a_question_may_be_required_only_sometimes() -> None:
    assert filled(KINDS, {"teks": "wajib"}).required("satu")
    assert not filled(KINDS, {"teks": "bebas"}).required("satu")


def test_a_default_is_a_fixed_answer_or_computed() -> None:
    instance = filled(KINDS)

    assert instance.default("bulat") == "3"
    assert instance.default("tanggal") == "2026-11-21"
    assert instance.default("teks") is None


def test_a_note_reads_facts_dates_times_and_decimals_as_people_write_them() -> None:
    answers = {"tanggal": "2026-08-05", "jam": "07:30:00", "pecahan": "36.5"}
    instance = filled(KINDS, answers, {"orang.sapaan": "Mbah Siti"})

    assert instance.label("rekap", "id") == "Mbah Siti: 5 Agustus 2026, 07.30, 36,5"
    assert instance.label("rekap", "mad") == "Mbah Siti: 5 Agustus 2026, 07.30, 36,5"


def test_a_message_may_repeat_the_answer_that_will_not_do() -> None:
    form = read("""
| survey |
| | type    | name | label   | constraint | constraint_message               |
| | integer | umur | Umurnya? | . < 18    | ${umur} tahun itu sudah dewasa. |
""")

    assert filled(form).check("umur", "40", "id") == "40 tahun itu sudah dewasa."
