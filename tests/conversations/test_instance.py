"""A form as filled so far: what is asked next, what a question says, which answers will do."""

# ruff: noqa: E501

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.form import Type
from conversations.form.instance import Instance, Refusal
from conversations.form.plan import MOST_TURNS
from tests.conversations.sheets import filled, read


def way(instance: Instance) -> list[str]:
    return list(_way(instance))


def _way(instance: Instance) -> Iterator[str]:
    path = instance.next_after(None)
    while path is not None:
        yield path
        path = instance.next_after(path)


PLAIN = read("""
| survey |
| | type    | name  | label::Bahasa Indonesia (id) | label::Basa Jawa (jv) | hint | simpler | required |
| | note    | salam | Selamat pagi, Mbah.          | Sugeng enjing, Mbah.  |      |         |          |
| | text    | nama  | Siapa nama cucu Mbah?        | Sinten asmanipun?     | Nama panggilan saja | Cucu dipanggil siapa? | yes |
| | integer | umur  | Berapa umurnya?              |                       |      |         |          |
""")

HOUSE = read("""
| survey |
| | type         | name    | label                       | relevant      | calculation           | constraint       | constraint_message | required |
| | integer      | anak_n  | Berapa anak di rumah?       |               |                       |                  |                    | yes      |
| | begin repeat | anak    | Masih ada anak lain?        | ${anak_n} > 0 |                       |                  |                    |          |
| | text         | nama    | Siapa namanya?              |               |                       |                  |                    | yes      |
| | begin group  | tentang |                             |               |                       |                  |                    |          |
| | integer      | umur    | Berapa umur ${nama}?        |               |                       | . >= 0 and . <= 17 | Umur ${nama} antara 0 dan 17 tahun. | |
| | text         | kelas   | ${nama} kelas berapa?       | ${umur} >= 7  |                       |                  |                    |          |
| | end group    |         |                             |               |                       |                  |                    |          |
| | calculate    | urutan  |                             |               | position(..)          |                  |                    |          |
| | end repeat   |         |                             |               |                       |                  |                    |          |
| | calculate    | jumlah  |                             |               | sum(${umur})          |                  |                    |          |
| | calculate    | siapa   |                             |               | join(', ', ${nama})   |                  |                    |          |
| | calculate    | pertama |                             |               | indexed-repeat(${nama}, ${anak}, 1) |    |                    |          |
| | note         | akhir   | Terima kasih, ${pertama}.   | ${jumlah} > 0 |                       |                  |                    |          |
| | begin repeat | tamu    | Ada tamu lain?              |               |                       |                  |                    |          |
| | text         | tamu_nama | Siapa tamunya?            |               |                       |                  |                    |          |
| | end repeat   |         |                             |               |                       |                  |                    |          |
""")

PLACES = read("""
| survey |
| | type              | name | label         | choice_filter |
| | select_one kab    | kab  | Kabupaten?    |               |
| | select_one kec    | kec  | Kecamatan?    | kab = ${kab}  |
| | select_one desa   | desa | Desa?         | kec = ${kec}  |
| | select_multiple k | ikut | Ikut apa?     |               |
| | note              | oleh | Di ${desa}, ikut ${ikut}. |   |
| choices |
| | list_name | name      | label::Bahasa Indonesia (id) | label::Basa Jawa (jv) | kab    | kec        |
| | kab       | jember    | Jember                       |                       |        |            |
| | kab       | indramayu | Indramayu                    |                       |        |            |
| | kec       | ledokombo | Ledokombo                    |                       | jember |            |
| | kec       | sukorambi | Sukorambi                    |                       | jember |            |
| | kec       | juntinyuat | Juntinyuat                  |                       | indramayu |         |
| | desa      | lembengan | Lembengan                    | Dusun Lembengan       |        | ledokombo  |
| | desa      | dadap     | Dadap                        |                       |        | juntinyuat |
| | k         | bok_ebok  | Sekolah Bok-Ebok             | Sekolah Ibu           |        |            |
| | k         | segar     | Sekolah Yang-eyang           |                       |        |            |
""")


def test_a_plain_form_is_asked_from_first_to_last() -> None:
    assert way(filled(PLAIN)) == ["salam", "nama", "umur"]


def test_going_back_leaves_out_notes_and_stops_at_the_first_question() -> None:
    instance = filled(PLAIN)

    assert instance.before("umur") == "nama"
    assert instance.before("nama") is None
    assert instance.before("salam") is None
    assert instance.before(None) == "umur"


def test_progress_counts_questions_but_not_notes() -> None:
    instance = filled(PLAIN)

    assert instance.progress("salam") == (0, 2)
    assert instance.progress("nama") == (1, 2)
    assert instance.progress("umur") == (2, 2)


def test_an_unknown_path_is_an_error_and_not_the_end_of_the_form() -> None:
    with pytest.raises(KeyError):
        filled(PLAIN).next_after("bukan_pertanyaan")


def test_a_missing_translation_falls_back_to_indonesian() -> None:
    instance = filled(PLAIN)

    assert instance.label("nama", "jv") == "Sinten asmanipun?"
    assert instance.label("umur", "jv") == "Berapa umurnya?"
    assert instance.label("nama", "mad") == "Siapa nama cucu Mbah?"


def test_simpler_words_and_hints_are_empty_where_the_sheet_has_none() -> None:
    instance = filled(PLAIN)

    assert instance.simpler("nama", "jv") == "Cucu dipanggil siapa?"
    assert instance.hint("nama", "id") == "Nama panggilan saja"
    assert (instance.simpler("umur", "id"), instance.hint("umur", "id")) == ("", "")


def test_the_first_question_without_an_answer_is_found_and_a_skipped_one_has_an_answer() -> None:
    assert filled(PLAIN).next_unanswered() == "nama"
    assert filled(PLAIN, {"nama": "Budi", "umur": ""}).next_unanswered() is None


def test_a_repeat_asks_after_each_turn_whether_there_is_another() -> None:
    answers = {"anak_n": "2", "anak[1]/nama": "Budi", "anak[1]/tentang/umur": "4"}

    assert way(filled(HOUSE, answers)) == [
        "anak_n",
        "anak[1]/nama",
        "anak[1]/tentang/umur",
        "anak[1]+",
        "akhir",
        "tamu[1]/tamu_nama",
        "tamu[1]+",
    ]


def test_yes_to_another_opens_the_next_turn_and_no_goes_on() -> None:
    answers = {
        "anak_n": "2",
        "anak[1]/nama": "Budi",
        "anak[1]/tentang/umur": "9",
        "anak[1]+": "yes",
        "anak[2]/nama": "Sari",
        "anak[2]+": "no",
    }

    assert way(filled(HOUSE, answers))[:8] == [
        "anak_n",
        "anak[1]/nama",
        "anak[1]/tentang/umur",
        "anak[1]/tentang/kelas",
        "anak[1]+",
        "anak[2]/nama",
        "anak[2]/tentang/umur",
        "anak[2]+",
    ]


def test_two_repeats_keep_their_turns_apart() -> None:
    answers = {"anak_n": "1", "anak[1]+": "yes", "tamu[1]+": "no", "tamu[1]/tamu_nama": "Pak RT"}

    asked = way(filled(HOUSE, answers))

    assert "anak[2]/nama" in asked
    assert "tamu[2]/tamu_nama" not in asked


def test_a_repeat_that_is_not_relevant_is_left_out_whole() -> None:
    asked = way(filled(HOUSE, {"anak_n": "0", "anak[1]/nama": "Budi"}))

    assert asked == ["anak_n", "tamu[1]/tamu_nama", "tamu[1]+"]


def test_the_gate_says_the_label_of_the_repeat_and_takes_yes_or_no() -> None:
    instance = filled(HOUSE, {"anak_n": "1"})

    assert instance.label("anak[1]+", "id") == "Masih ada anak lain?"
    assert instance.question("anak[1]+").type is Type.AGAIN
    assert dict(instance.options("anak[1]+", "id")) == {"yes": "Ya", "no": "Tidak"}
    assert instance.check("anak[1]+", "no", "id") is None
    assert instance.check("anak[1]+", "mungkin", "id") == Refusal.YES_NO


def test_a_repeat_without_a_label_asks_ada_lagi() -> None:
    form = read("""
| survey |
| | type         | name | label  |
| | begin repeat | anak |        |
| | text         | nama | Siapa? |
| | end repeat   |      |        |
""")

    assert filled(form).label("anak[1]+", "id") == "Ada lagi?"


def test_a_repeat_ends_by_itself_after_the_most_turns() -> None:
    answers = {"anak_n": "1", **{f"anak[{turn}]+": "yes" for turn in range(1, 100)}}

    asked = way(filled(HOUSE, answers))

    assert f"anak[{MOST_TURNS}]/nama" in asked
    assert f"anak[{MOST_TURNS}]+" not in asked
    assert f"anak[{MOST_TURNS + 1}]/nama" not in asked


def test_a_turn_in_which_nothing_is_relevant_does_not_ask_for_another() -> None:
    form = read("""
| survey |
| | type         | name | label     | relevant        |
| | text         | mau  | Mau?      |                 |
| | begin repeat | anak | Ada lagi? |                 |
| | text         | nama | Siapa?    | ${mau} = 'ya'   |
| | end repeat   |      |           |                 |
| | text         | lain | Lainnya?  |                 |
""")

    assert way(filled(form, {"mau": "tidak", "anak[1]+": "yes"})) == ["mau", "lain"]
    assert way(filled(form, {"mau": "ya"})) == ["mau", "anak[1]/nama", "anak[1]+", "lain"]
    assert filled(form, {"mau": "tidak"}).before("lain") == "mau"


def test_going_back_into_a_repeat_passes_its_gate() -> None:
    answers = {"anak_n": "2", "anak[1]/tentang/umur": "4", "anak[1]+": "yes"}
    instance = filled(HOUSE, answers)

    assert instance.before("anak[2]/nama") == "anak[1]+"
    assert instance.before("anak[1]+") == "anak[1]/tentang/umur"
    assert instance.before("anak[1]/nama") == "anak_n"
    assert instance.before("tamu[1]/tamu_nama") == "anak[2]+"


def test_progress_counts_every_turn_that_was_opened() -> None:
    one = filled(HOUSE, {"anak_n": "1"})
    two = filled(HOUSE, {"anak_n": "1", "anak[1]+": "yes"})

    assert one.progress("anak[1]/nama") == (2, 4)
    assert two.progress("anak[2]/nama") == (4, 6)
    assert two.progress("anak[1]+") == (3, 6)


def test_a_name_inside_a_repeat_means_the_answer_of_the_same_turn() -> None:
    answers = {
        "anak_n": "2",
        "anak[1]/nama": "Budi",
        "anak[1]/tentang/umur": "4",
        "anak[1]+": "yes",
        "anak[2]/nama": "Sari",
        "anak[2]/tentang/umur": "12",
    }
    instance = filled(HOUSE, answers)

    assert instance.label("anak[1]/tentang/umur", "id") == "Berapa umur Budi?"
    assert instance.label("anak[2]/tentang/umur", "id") == "Berapa umur Sari?"
    assert instance.check("anak[2]/tentang/umur", "40", "id") == "Umur Sari antara 0 dan 17 tahun."
    assert "anak[1]/tentang/kelas" not in way(instance)
    assert "anak[2]/tentang/kelas" in way(instance)


def test_calculations_gather_the_turns_and_notes_may_show_them() -> None:
    answers = {
        "anak_n": "2",
        "anak[1]/nama": "Budi",
        "anak[1]/tentang/umur": "4",
        "anak[1]+": "yes",
        "anak[2]/nama": "Sari",
        "anak[2]/tentang/umur": "6",
        "anak[2]+": "no",
    }
    instance = filled(HOUSE, answers)

    finished = instance.complete()

    assert finished["jumlah"] == "10"
    assert finished["siapa"] == "Budi, Sari"
    assert (finished["anak[1]/urutan"], finished["anak[2]/urutan"]) == ("1", "2")
    assert instance.label("akhir", "id") == "Terima kasih, Budi."
    assert "anak[1]+" not in finished


def test_a_count_in_the_sheet_opens_the_turns_without_asking() -> None:
    form = read("""
| survey |
| | type         | name   | label        | repeat_count |
| | integer      | berapa | Berapa anak? |              |
| | begin repeat | anak   |              | ${berapa}    |
| | text         | nama   | Siapa?       |              |
| | end repeat   |        |              |              |
""")

    assert way(filled(form, {"berapa": "2"})) == ["berapa", "anak[1]/nama", "anak[2]/nama"]
    assert way(filled(form, {"berapa": ""})) == ["berapa"]
    assert len(way(filled(form, {"berapa": "9999"}))) == 1 + MOST_TURNS


def test_what_is_no_longer_relevant_is_not_sent_but_comes_back() -> None:
    answers = {"anak_n": "1", "anak[1]/nama": "Budi", "tamu[1]/tamu_nama": ""}

    without = filled(HOUSE, {**answers, "anak_n": "0"}).complete()
    with_it = filled(HOUSE, answers).complete()

    assert "anak[1]/nama" not in without
    assert with_it["anak[1]/nama"] == "Budi"
    assert without["tamu[1]/tamu_nama"] == ""


def test_an_irrelevant_answer_counts_as_empty_in_other_expressions() -> None:
    form = read("""
| survey |
| | type            | name   | label             | relevant         | calculation    |
| | select_one yt   | punya  | Punya cucu?       |                  |                |
| | integer         | cucu   | Berapa cucunya?   | ${punya} = 'ya'  |                |
| | calculate       | dobel  |                   |                  | ${cucu} * 2    |
| | note            | banyak | Wah, banyak ya!   | ${dobel} > 5     |                |
| | text            | pesan  | Ada pesan?        |                  |                |
| choices |
| | list_name | name  | label |
| | yt        | ya    | Ya    |
| | yt        | tidak | Belum |
""")

    assert "banyak" in way(filled(form, {"punya": "ya", "cucu": "3"}))
    assert "banyak" not in way(filled(form, {"punya": "tidak", "cucu": "3"}))
    assert filled(form, {"punya": "tidak", "cucu": "3"}).complete()["dobel"] == ""


def test_choices_narrow_down_from_one_question_to_the_next() -> None:
    instance = filled(PLACES, {"kab": "jember", "kec": "ledokombo"})

    assert [name for name, _ in instance.options("kec", "id")] == ["ledokombo", "sukorambi"]
    assert instance.options("desa", "jv") == (("lembengan", "Dusun Lembengan"),)
    assert instance.check("kec", "juntinyuat", "id") == Refusal.CHOICE
    assert filled(PLACES).options("kec", "id") == ()


def test_a_choice_that_no_longer_fits_is_not_sent_and_fits_nothing_further() -> None:
    instance = filled(PLACES, {"kab": "indramayu", "kec": "ledokombo", "desa": "lembengan"})

    assert instance.complete() == {"kab": "indramayu"}
    assert instance.options("desa", "id") == ()


def test_an_answer_is_shown_by_its_label_in_the_language_of_the_person() -> None:
    answers = {"kab": "jember", "kec": "ledokombo", "desa": "lembengan", "ikut": "bok_ebok segar"}
    instance = filled(PLACES, answers)

    assert (
        instance.label("oleh", "id") == "Di Lembengan, ikut Sekolah Bok-Ebok, Sekolah Yang-eyang."
    )
    assert instance.label("oleh", "jv") == (
        "Di Dusun Lembengan, ikut Sekolah Ibu, Sekolah Yang-eyang."
    )


ANSWER = st.sampled_from(
    ["", "0", "1", "2", "7", "12", "yes", "no", "jember", "Budi", "2026-01-01"]
)
PATHS = [
    "anak_n",
    "tamu[1]+",
    "tamu[1]/tamu_nama",
    *(f"anak[{t}]{rest}" for t in (1, 2, 3) for rest in ("+", "/nama", "/tentang/umur")),
]


@given(st.dictionaries(st.sampled_from(PATHS), ANSWER))
def test_forward_backward_and_what_is_sent_agree_whatever_was_answered(
    answers: dict[str, str],
) -> None:
    instance = filled(HOUSE, answers)

    asked = way(instance)
    questions = [path for path in asked if instance.question(path).type is not Type.NOTE]

    assert len(asked) == len(set(asked))
    backwards = [instance.before(path) for path in questions]
    assert backwards == [None, *questions[:-1]]
    assert instance.before(None) == questions[-1]
    counted = [path for path in questions if not path.endswith("+")]
    assert [instance.progress(path)[0] for path in counted] == list(range(1, len(counted) + 1))
    sent = {path for path in instance.complete() if path in answers}
    assert sent == {path for path in counted if path in answers}
