"""What only a whole form shows: expressions, names, circles, and texts a person should not read."""

import pytest

from tests.conversations.sheets import ROW, YES_NO, read, refused, survey

REFUSALS: list[tuple[str, str, tuple[str, int, str], str]] = [
    (
        "a broken expression",
        survey("text | a | A? | ${a", columns="type | name | label | constraint"),
        ("survey", 2, "constraint"),
        "${nama}",
    ),
    (
        "an unknown function",
        survey(
            ROW, "text | a | A? | selectd(${nama}, 'x')", columns="type | name | label | relevant"
        ),
        ("survey", 3, "relevant"),
        "selectd()",
    ),
    (
        "a runaway pattern",
        survey("text | a | A? | regex(., '(a+)+')", columns="type | name | label | constraint"),
        ("survey", 2, "constraint"),
        "pengulangan",
    ),
    (
        "an unknown name",
        survey(ROW, "text | a | A? | ${nma} = 1", columns="type | name | label | relevant"),
        ("survey", 3, "relevant"),
        "maksudnya nama?",
    ),
    (
        "an unknown name in a label",
        survey("text | a | Halo ${siapa}?"),
        ("survey", 2, "label"),
        "${siapa}",
    ),
    (
        "a broken name in a label",
        survey(ROW, "text | a | Halo ${nama?"),
        ("survey", 3, "label"),
        "ditutup",
    ),
    (
        "a name without its braces",
        survey(ROW, "text | a | A? | nama = 'x'", columns="type | name | label | relevant"),
        ("survey", 3, "relevant"),
        "${nama}",
    ),
    (
        "a dot outside a constraint",
        survey(ROW, "text | a | A? | . > 1", columns="type | name | label | relevant"),
        ("survey", 3, "relevant"),
        "constraint",
    ),
    (
        "a position outside a repeat",
        survey(ROW, "text | a | A? | position(..) = 1", columns="type | name | label | relevant"),
        ("survey", 3, "relevant"),
        "repeat",
    ),
    (
        "a label with a later answer",
        survey("text | a | Halo ${nama}?", ROW),
        ("survey", 2, "label"),
        "baris 3",
    ),
    (
        "a label with its own answer",
        survey("text | a | Apa ${a}?"),
        ("survey", 2, "label"),
        "pertanyaan ini sendiri",
    ),
    (
        "a chain of formulas too long to follow",
        survey(
            f"{ROW} |",
            "calculate | c0 | | ${nama}",
            *(f"calculate | c{n} | | ${{c{n - 1}}}" for n in range(1, 45)),
            columns="type | name | label | calculation",
        ),
        ("survey", 42, ""),
        "rantai rumus",
    ),
    (
        "a group read like a question",
        survey(
            "begin group | g | G |",
            f"{ROW} |",
            "end group | | |",
            "text | a | A? | ${g} = 1",
            columns="type | name | label | relevant",
        ),
        ("survey", 5, "relevant"),
        "kelompok",
    ),
    (
        "a note read like a question",
        survey("note | n | N", "text | a | A ${n}?"),
        ("survey", 3, "label"),
        "note",
    ),
    (
        "a repeat's question named outside",
        survey("begin repeat | r | R", ROW, "end repeat | |", "text | a | Siapa ${nama}?"),
        ("survey", 5, "label"),
        "repeat r",
    ),
    (
        "a repeat's question read in another repeat",
        survey(
            "begin repeat | r | R |",
            f"{ROW} |",
            "end repeat | | |",
            "begin repeat | s | S |",
            "text | b | B? | ${nama} = 'x'",
            "end repeat | | |",
            columns="type | name | label | relevant",
        ),
        ("survey", 6, "relevant"),
        "repeat r",
    ),
    (
        "calculations in a circle",
        survey(
            f"{ROW} |",
            "calculate | x | | ${y} + 1",
            "calculate | y | | ${x} + 1",
            columns="type | name | label | calculation",
        ),
        ("survey", 3, "calculation"),
        "saling bergantung",
    ),
    (
        "a question relevant to itself",
        survey("text | a | A? | ${a} = 1", columns="type | name | label | relevant"),
        ("survey", 2, "relevant"),
        "saling bergantung",
    ),
    (
        "a group relevant to its own question",
        survey(
            "begin group | g | G | ${c} = ''",
            "text | a | A? | |",
            "end group | | |",
            "calculate | c | | | ${a}",
            columns="type | name | label | relevant | calculation",
        ),
        ("survey", 2, "relevant"),
        "saling bergantung",
    ),
    (
        "a default that is no answer",
        survey("integer | a | A? | tiga", columns="type | name | label | default"),
        ("survey", 2, "default"),
        "tiga",
    ),
    (
        "a default that is no choice",
        survey("select_one yt | a | A? | y", columns="type | name | label | default", more=YES_NO),
        ("survey", 2, "default"),
        "select_one",
    ),
    (
        "a long question",
        survey(f"text | a | {'panjang ' * 40}?"),
        ("survey", 2, "label"),
        "paling banyak 300",
    ),
    (
        "a long translation",
        survey(
            f"text | a | A? | {'dawa ' * 70}?", columns="type | name | label | label::Jawa (jv)"
        ),
        ("survey", 2, "label (jv)"),
        "paling banyak 300",
    ),
    (
        "a question that is long with its placeholder",
        survey(ROW, f"text | a | {'x' * 290} ${{nama}}"),
        ("survey", 3, "label"),
        "303 huruf",
    ),
    (
        "a question that is long with its options",
        survey(f"select_one yt | a | {'x' * 286}", more=YES_NO),
        ("survey", 2, "label"),
        "bersama pilihannya",
    ),
    ("an unkind word", survey("text | a | Apakah Anda sehat?"), ("survey", 2, "label"), '"Anda"'),
    (
        "an unkind hint",
        survey("text | a | A? | Nama kamu", columns="type | name | label | hint"),
        ("survey", 2, "hint"),
        '"kamu"',
    ),
    (
        "a choice with a digit",
        survey("select_one yt | a | A?", more=YES_NO.replace("Belum", "2 kali")),
        ("choices", 3, "label"),
        "angka",
    ),
    (
        "a choice twice",
        survey("select_one yt | a | A?", more=YES_NO.replace("tidak", "ya   ")),
        ("choices", 3, "name"),
        '"ya"',
    ),
    (
        "a choice without a label",
        survey("select_one yt | a | A?", more=YES_NO.replace("Belum", "")),
        ("choices", 3, "label"),
        "Indonesia",
    ),
    (
        "an unkind choice",
        survey("select_one yt | a | A?", more=YES_NO.replace("Belum", "Terserah kamu")),
        ("choices", 3, "label"),
        "kamu",
    ),
    (
        "a choice column nobody uses",
        survey("select_one yt | a | A?", more=YES_NO.replace("label", "labels")),
        ("choices", 1, "labels"),
        "maksudnya label?",
    ),
    ("a list nobody uses", survey(ROW, more=YES_NO), ("choices", 2, "list_name"), "tidak dipakai"),
    (
        "too many choices",
        survey(
            "select_one b | a | A?",
            more="| choices |\n| | list_name | name | label |\n"
            + "".join(f"| | b | n{n} | N{n} |\n" for n in range(21)),
        ),
        ("survey", 2, "type"),
        "21 pilihan",
    ),
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


def test_a_long_list_is_fine_where_a_filter_shows_few_of_it() -> None:
    villages = "".join(f"| | desa | d{n} | Desa D{n} | k{n % 4} |\n" for n in range(40))
    districts = "".join(f"| | kec | k{n} | Kecamatan K{n} | |\n" for n in range(4))

    form = read(
        survey(
            "select_one kec | kec | Kecamatan? |",
            "select_one desa | desa | Desa? | kec = ${kec}",
            columns="type | name | label | choice_filter",
            more=f"| choices |\n| | list_name | name | label | kec |\n{districts}{villages}",
        )
    )

    assert len(next(q for q in form.questions() if q.name == "desa").options) == 40


def test_words_that_only_contain_an_unkind_one_are_fine() -> None:
    form = read(survey("text | a | Apakah ada tandanya, Bu Kamulyan?"))

    assert form.questions()
