"""Reading a question sheet: what becomes of it, and every reason to refuse one, with its place."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from elementpath.xpath_tokens import XPathFunction
from hypothesis import given
from hypothesis import strategies as st
from pyxform.xls2xform import convert

from conversations.form import FormError, Group, Type, check_source, read_form
from conversations.form.columns import PLAIN, SETTINGS, TRANSLATED
from conversations.form.expression_grammar import ExpressionParser
from conversations.form.sheet import read_sheets
from tests.conversations.sheets import ROW, YES_NO, read, refused, survey

SHEETS = Path(__file__).parents[2].parent / "shared/fixtures/xlsform"

COMPLETE = """
# Lembar contoh untuk pemeriksaan pagi
| survey |
|   | type               | name   | label::Bahasa Indonesia (id)      | label::Basa Jawa (jv) | simpler::Bahasa Indonesia (id) | hint     | required | relevant       | constraint          | constraint_message | calculation | default | choice_filter | appearance |
|   | note               | salam  | Selamat pagi, ${sapaan}.          | Sugeng enjing.        |                                |          |          |                |                     |                    |             |         |               |            |
|   | calculate          | sapaan |                                   |                       |                                |          |          |                |                     |                    | pulldata('orang', 'sapaan', 'kunci', 'x') | | |          |
|   | select_one ya      | sehat  | Cucunya sehat \\| kuat?           | Sehat?                | Apakah cucu sehat?             | Pilih satu | yes    |                |                     |                    |             | ya      |               | minimal    |
|   | begin group        | sakit  | Tentang sakitnya                  |                       |                                |          |          | ${sehat} = 'tidak' |                 |                    |             |         |               |            |
|   | integer            | hari   | Sudah berapa hari?                |                       |                                |          |          |                | . >= 0 and . <= 60  | Antara 0 dan 60.   |             |         |               |            |
|   | end group          |        |                                   |                       |                                |          |          |                |                     |                    |             |         |               |            |
|   | begin repeat       | anak   | Masih ada anak lain?              |                       |                                |          |          |                |                     |                    |             |         |               |            |
|   | text               | nama   | Siapa namanya?                    |                       |                                |          |          |                |                     |                    |             |         |               |            |
|   | end repeat         |        |                                   |                       |                                |          |          |                |                     |                    |             |         |               |            |
| choices |
|   | list_name | name  | label::Bahasa Indonesia (id) | label::Basa Jawa (jv) |
|   | ya        | ya    | Ya, sehat                    | Inggih                |
|   | ya        | tidak | Belum                        | Dereng                |
| settings |
|   | form_id | form_title     | version | default_language      | review | nudge_after | expires_after |
|   | pagi    | Periksa pagi   | 3       | Bahasa Indonesia (id) | yes    | 2 hours     | 3 days        |
"""  # noqa: E501


def test_a_sheet_becomes_questions_and_groups_in_their_order() -> None:
    form = read(COMPLETE)

    assert [(question.path, question.type) for question in form.questions()] == [
        ("salam", Type.NOTE),
        ("sapaan", Type.CALCULATE),
        ("sehat", Type.SELECT_ONE),
        ("sakit/hari", Type.INTEGER),
        ("anak/nama", Type.TEXT),
    ]
    assert [item.repeat for item in form.body if isinstance(item, Group)] == [False, True]


def test_a_question_keeps_everything_its_row_says() -> None:
    question = next(q for q in read(COMPLETE).questions() if q.name == "sehat")

    assert question.row == 4
    assert question.labels == {"id": "Cucunya sehat | kuat?", "jv": "Sehat?"}
    assert question.simpler == {"id": "Apakah cucu sehat?"}
    assert question.hints == {"id": "Pilih satu"}
    assert (question.required, question.default, question.appearance) == ("true()", "ya", "minimal")
    assert [(o.name, o.labels["jv"]) for o in question.options] == [
        ("ya", "Inggih"),
        ("tidak", "Dereng"),
    ]


def test_the_settings_of_a_form_are_read_into_values() -> None:
    form = read(COMPLETE)

    assert (form.name, form.title, form.version) == ("pagi", "Periksa pagi", "3")
    assert form.languages == ("id", "jv")
    assert form.default_language == "id"
    assert (form.review, form.settings["review"]) == (True, "yes")
    assert (form.nudge_after, form.expires_after) == (timedelta(hours=2), timedelta(days=3))


def test_a_form_without_settings_is_named_after_its_file() -> None:
    form = read_form(survey("text | nama | Siapa?").encode(), "kiriman/daftar.md")

    assert (form.name, form.title, form.version) == ("daftar", "daftar", "")
    assert (form.review, form.nudge_after, form.expires_after) == (False, None, None)


def test_the_ways_in_which_people_write_a_type_are_understood() -> None:
    form = read(
        survey(
            "begin_group | a | A",
            "select one from yt | b | Satu?",
            "select_multiple yt | c | Banyak?",
            "text | d | Teks?",
            "end group | |",
            more=YES_NO,
        )
    )

    assert [question.type for question in form.questions()] == [
        Type.SELECT_ONE,
        Type.SELECT_MULTIPLE,
        Type.TEXT,
    ]


def as_workbook(markdown: str) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for sheet in read_sheets(markdown.encode(), "x.md")[0].values():
        page = book.create_sheet(sheet.name)
        page.append(list(sheet.headers))
        for row in sheet.rows:
            page.append([row.cells.get(header) for header in sheet.headers])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def as_csv(markdown: str) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for sheet in read_sheets(markdown.encode(), "x.md")[0].values():
        writer.writerow([sheet.name])
        writer.writerow(["", *sheet.headers])
        for row in sheet.rows:
            writer.writerow(["", *(row.cells.get(header, "") for header in sheet.headers)])
    return written.getvalue().encode("utf-8-sig")


def test_the_same_sheet_is_the_same_form_as_markdown_excel_and_csv() -> None:
    markdown = read(COMPLETE)

    workbook = read_form(as_workbook(COMPLETE), "contoh.XLSX")
    commas = read_form(as_csv(COMPLETE), "contoh.csv")

    assert markdown == workbook == commas
    assert markdown.hash == workbook.hash == commas.hash
    assert list(workbook.questions()) == list(markdown.questions())


def test_blank_lines_and_comments_do_not_make_another_form_but_a_changed_word_does() -> None:
    spaced = COMPLETE.replace("| choices |", "\n# pilihan\n\n| choices |")
    reworded = COMPLETE.replace("Sudah berapa hari?", "Sejak berapa hari?")

    assert read(spaced).hash == read(COMPLETE).hash
    assert read(reworded).hash != read(COMPLETE).hash


def test_an_accepted_sheet_converts_for_kobo_with_our_columns_in_it() -> None:
    markdown = convert(COMPLETE.encode(), file_type=".md")
    workbook = convert(as_workbook(COMPLETE), file_type=".xlsx")

    for xform in (markdown.xform, workbook.xform):
        assert 'id="pagi"' in xform
        assert "Apakah cucu sehat?" not in xform


def test_all_problems_are_told_at_once_in_the_words_of_the_sheet() -> None:
    sheet = survey("integr | a | A?", "text | b | Nama kamu?", "text | b | B ${x}?")

    with pytest.raises(FormError) as error:
        read(sheet)

    assert str(error.value).splitlines() == [
        'Lembar survey, baris 2, kolom type: jenis "integr" tidak didukung; maksudnya integer?',
        'Lembar survey, baris 3, kolom label: kata "kamu" tidak dipakai; '
        "sapa dengan Ibu, Bapak, Mbah atau nama",
        "Lembar survey, baris 4, kolom label: ${x} tidak ada dalam lembar ini",
        'Lembar survey, baris 4, kolom name: nama "b" sudah dipakai di baris 3',
    ]


def test_sheets_named_with_an_underscore_are_notes_of_the_writer() -> None:
    read(survey(ROW, more="| _catatan |\n| | apa saja |\n| | boleh |"))


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        (b"", "a.md", "kosong"),
        (b"\xff\xfe", "a.md", "UTF-8"),
        (b"apa", "a.docx", ".xlsx"),
        (b"PK bukan zip", "a.xlsx", "rusak"),
        (b"x" * 3_000_000, "a.csv", "lebih besar"),
        (b"| survey |\n" + b"| | a |\n" * 3_000, "a.md", "baris"),
    ],
)
def test_a_file_that_cannot_be_read_says_so(source: bytes, name: str, message: str) -> None:
    problems = check_source(source, name)

    assert any(message in str(problem) for problem in problems)


def test_a_workbook_that_unpacks_to_far_more_than_it_is_cannot_be_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", b"a" * 40_000_000)

    problems = check_source(packed.getvalue(), "besar.xlsx")

    assert "lebih besar" in str(problems[0])


def test_a_workbook_that_is_only_half_there_says_so() -> None:
    whole = as_workbook(COMPLETE)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as original,
        zipfile.ZipFile(packed, "w") as broken,
    ):
        for part in original.namelist():
            content = original.read(part)
            broken.writestr(part, content[:200] if "sheet1" in part else content)

    problems = check_source(packed.getvalue(), "separuh.xlsx")

    assert [str(problem) for problem in problems] == [
        "Berkas: berkas .xlsx rusak atau terkunci kata sandi"
    ]


@given(st.text(alphabet="| \n\\#surveytypnamlbtx${}()1'", max_size=120))
def test_any_text_is_either_a_form_or_refused_with_reasons(text: str) -> None:
    problems = refused(f"| survey |\n| | type | name | label | relevant |\n{text}")

    assert all(problem.message for problem in problems)


PRESERVED = [
    ("choice_filter_test.xlsx", ("choices", 6, "name")),
    ("group.md", ("survey", 4, "type")),
    ("specify_other.md", ("survey", 2, "type")),
    ("text_and_integer.md", ("survey", 1, "label:english")),
    ("xlsform_spec_test.xlsx", ("survey", 34, "type")),
    ("yes_or_no_question.md", ("choices", 1, "label:english")),
]


@pytest.mark.parametrize(("name", "place"), PRESERVED)
def test_a_sheet_from_elsewhere_is_refused_with_sheet_row_and_column(
    name: str, place: tuple[str, int, str]
) -> None:
    path = SHEETS / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this project")

    problems = check_source(path.read_bytes(), name)

    assert place in {(p.sheet, p.row, p.column) for p in problems}
    assert all(problem.sheet and problem.message for problem in problems)


def test_a_cascading_sheet_from_elsewhere_is_accepted_once_its_double_choice_is_gone() -> None:
    path = SHEETS / "choice_filter_test.xlsx"
    if not path.exists():
        pytest.skip("choice_filter_test.xlsx is not beside this project")
    book = openpyxl.load_workbook(path)
    choices = book["choices"]
    choices.delete_rows(6)
    book["settings"].delete_cols(3)
    saved = io.BytesIO()
    book.save(saved)

    form = read_form(saved.getvalue(), "choice_filter_test.xlsx")

    assert [question.choice_filter for question in form.questions()] == [
        "",
        "${state}=cf",
        "${county}=cf",
    ]


GUIDE = Path(__file__).parents[2] / "docs/forms.md"


def test_the_example_of_the_guide_is_a_form() -> None:
    marker, sheet = re.findall(
        r"<!-- form: (\S+) -->\n```\n(.*?)```", GUIDE.read_text(), re.DOTALL
    )[0]

    form = read_form(sheet.encode(), marker)

    assert form.name == "sarapan"


def test_the_guide_names_every_function_and_no_other() -> None:
    told = GUIDE.read_text().split("<!-- functions -->")[1].split("<!-- end functions -->")[0]

    known = {
        token.symbol
        for token in ExpressionParser.symbol_table.values()
        if issubclass(token, XPathFunction)
    }

    assert set(re.findall(r"`([a-z-]+)`", told)) == known


def test_the_guide_names_every_column_and_setting() -> None:
    told = set(re.findall(r"`([a-z_ ]+)`", GUIDE.read_text()))

    assert {*PLAIN, *TRANSLATED, *SETTINGS, "list_name"} <= told
