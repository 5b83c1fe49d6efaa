"""Every column, cell and line of a sheet that is refused, with the place that is wrong."""

import pytest

from tests.conversations.sheets import ROW, YES_NO, refused, survey

REFUSALS: list[tuple[str, str, tuple[str, int, str], str]] = [
    (
        "a misspelt column",
        survey("text | a | A? | ", columns="type | name | label | relevent"),
        ("survey", 1, "relevent"),
        "maksudnya relevant?",
    ),
    (
        "an unknown column",
        survey("text | a | A? | x", columns="type | name | label | media::video"),
        ("survey", 1, "media::video"),
        "tidak dikenal",
    ),
    (
        "a language without its code",
        survey("text | a | A? | B?", columns="type | name | label | label::Madura"),
        ("survey", 1, "label::Madura"),
        "kode bahasa",
    ),
    (
        "two columns for one language",
        survey("text | a | A? | B?", columns="type | name | label | label::Indonesia (id)"),
        ("survey", 1, "label::Indonesia (id)"),
        "dua kali",
    ),
    (
        "a language where none belongs",
        survey("text | a | A? | 1=1", columns="type | name | label | relevant::Jawa (jv)"),
        ("survey", 1, "relevant::Jawa (jv)"),
        "tidak boleh memakai bahasa",
    ),
    (
        "a column twice",
        survey("text | a | A? | yes | no", columns="type | name | label | required | required"),
        ("survey", 1, "required"),
        "dua kali",
    ),
    (
        "a cell without a column",
        survey("text | a | A? | tersesat"),
        ("survey", 2, "ke-4"),
        "tidak punya judul",
    ),
    (
        "an unsupported type",
        survey(ROW, "geopoint | b | Di mana?"),
        ("survey", 3, "type"),
        "geopoint",
    ),
    ("a misspelt type", survey("integr | a | A?"), ("survey", 2, "type"), "maksudnya integer?"),
    (
        "or other",
        survey("select_one yt or_other | a | A?", more=YES_NO),
        ("survey", 2, "type"),
        "Lainnya",
    ),
    (
        "a choice question without a list",
        survey("select_one | a | A?"),
        ("survey", 2, "type"),
        "daftar",
    ),
    ("a list that is missing", survey("select_one yt | a | A?"), ("survey", 2, "type"), '"yt"'),
    ("a row without a type", survey(" | a | A?"), ("survey", 2, "type"), "kosong"),
    ("a row without a name", survey("text | | A?"), ("survey", 2, "name"), "kosong"),
    ("a name with a space", survey("text | a b | A?"), ("survey", 2, "name"), "a b"),
    ("a name used twice", survey(ROW, ROW), ("survey", 3, "name"), "baris 2"),
    ("a missing label", survey("text | a | "), ("survey", 2, "label"), "Indonesia"),
    (
        "a label in Javanese alone",
        survey("text | a | | Sinten?", columns="type | name | label | label::Jawa (jv)"),
        ("survey", 2, "label"),
        "Indonesia",
    ),
    ("a group left open", survey("begin group | g | G", ROW), ("survey", 2, "type"), "ditutup"),
    ("an end without a beginning", survey(ROW, "end group | |"), ("survey", 3, "type"), "tanpa"),
    (
        "the wrong end",
        survey("begin group | g | G", ROW, "end repeat | |"),
        ("survey", 4, "type"),
        "tanpa",
    ),
    (
        "an empty group",
        survey(ROW, "begin group | g | G", "end group | |"),
        ("survey", 3, "type"),
        "kosong",
    ),
    (
        "a repeat in a repeat",
        survey(
            "begin repeat | r | R", "begin repeat | s | S", ROW, "end repeat | |", "end repeat | |"
        ),
        ("survey", 3, "type"),
        "repeat di dalam repeat",
    ),
    (
        "a calculation on a question",
        survey("text | a | A? | 1 + 1", columns="type | name | label | calculation"),
        ("survey", 2, "calculation"),
        "tidak berlaku",
    ),
    (
        "calculate without a calculation",
        survey(ROW, "calculate | c |"),
        ("survey", 3, "calculation"),
        "kosong",
    ),
    (
        "a required note",
        survey("note | a | A | yes", columns="type | name | label | required"),
        ("survey", 2, "required"),
        "tidak berlaku",
    ),
    (
        "a filter on a text",
        survey("text | a | A? | x = 1", columns="type | name | label | choice_filter"),
        ("survey", 2, "choice_filter"),
        "tidak berlaku",
    ),
    (
        "a count on a group",
        survey(
            "begin group | g | G | 2",
            ROW,
            "end group",
            columns="type | name | label | repeat_count",
        ),
        ("survey", 2, "repeat_count"),
        "tidak berlaku",
    ),
    (
        "a message without its rule",
        survey("text | a | A? | Salah.", columns="type | name | label | constraint_message"),
        ("survey", 2, "constraint_message"),
        "constraint",
    ),
    (
        "a table",
        survey("text | a | A? | list-nolabel", columns="type | name | label | appearance"),
        ("survey", 2, "appearance"),
        "tabel",
    ),
    (
        "what only KoBo refuses",
        survey("text | meta | Apa?"),
        ("survey", 2, "name"),
        "pyxform (KoBo) menolaknya",
    ),
    (
        "an unreadable duration",
        survey(ROW, more="| settings |\n| | nudge_after |\n| | nanti sore |"),
        ("settings", 2, "nudge_after"),
        "2 hours",
    ),
    (
        "a doubtful review",
        survey(ROW, more="| settings |\n| | review |\n| | mungkin |"),
        ("settings", 2, "review"),
        "yes",
    ),
    (
        "an unknown setting",
        survey(ROW, more="| settings |\n| | form_tittle |\n| | x |"),
        ("settings", 1, "form_tittle"),
        "maksudnya form_title?",
    ),
    (
        "a language nobody speaks",
        survey(ROW, more="| settings |\n| | default_language |\n| | jv |"),
        ("settings", 2, "default_language"),
        "bahasa",
    ),
    (
        "two rows of settings",
        survey(ROW, more="| settings |\n| | version |\n| | 1 |\n| | 2 |"),
        ("settings", 3, ""),
        "satu baris",
    ),
    (
        "an unknown sheet",
        survey(ROW, more="| choice |\n| | a |\n| | b |"),
        ("choice", 0, ""),
        "choices?",
    ),
    ("no survey", "| pilihan |\n| | a |\n| | b |", ("survey", 0, ""), "tidak ada"),
    ("a line cut short", survey(ROW) + "| | text | b | B?", ("survey", 0, ""), "tanda |"),
]


@pytest.mark.parametrize(
    ("sheet", "place", "message"),
    [pytest.param(sheet, place, message, id=name) for name, sheet, place, message in REFUSALS],
)
def test_a_sheet_is_refused_at_the_place_that_is_wrong(
    sheet: str, place: tuple[str, int, str], message: str
) -> None:
    problems = refused(sheet)

    at_place = [p.message for p in problems if (p.sheet, p.row, p.column) == place]
    assert any(message in told for told in at_place), "\n".join(map(str, problems))
