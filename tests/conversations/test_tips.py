"""The tips: what their files must keep to, how they are read, and which comes next for whom."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from conversations.tips import Listener, fits, next_tip, tip_messages
from locales.tips import (
    MESSAGE_LIMIT,
    Audience,
    Kind,
    Need,
    Tip,
    TipError,
    Topic,
    filled_length,
    parse_tip,
    parse_translation,
    read_tips,
    read_translations,
    tips,
)

GUIDE = Path(__file__).parents[2] / "docs" / "tips.md"
AGES = range(18)

NEVER_SAID = re.compile(
    r"\b(kamu|anda|kau|engkau|tkw|tki|pmi|abm|migran|merantau|perantau|yatim|korban|"
    r"nakal|bandel|bodoh|malas|durhaka|dosa|salah|gagal|awas|persen|statistik|mati|meninggal)\b"
    r"|%|https?:|www\.",
    re.IGNORECASE,
)
ABSENT_PARENTS = re.compile(r"orang tuanya|\bayah|ibunya|kiriman|jauh dari", re.IGNORECASE)
BEGINS_A_SENTENCE = re.compile(r'(^|[.?!:]"?\s+"?)\{anak\}')

EXAMPLE = """\
+++
id = "contoh"
title = "Contoh"
topic = "pujian"
kind = "pengasuhan"
audience = ["semua"]
ages = [2, 12]
source = "WHO tips"
author = "Tim Kawan Asuh"
reviewed_by = ""
reviewed_on = ""
+++
{sapaan}, puji satu perbuatan baik {anak}.
"""


def a_tip(identifier: str, topic: Topic = Topic.PRAISE, **fields: object) -> Tip:
    values: dict[str, object] = {
        "id": identifier,
        "title": identifier,
        "topic": topic,
        "kind": Kind.PARENTING,
        "audience": frozenset({Audience.EVERYONE}),
        "youngest": 0,
        "oldest": 17,
        "messages": ("{sapaan}, puji {anak}.",),
        "source": "WHO tips",
        "author": "Tim Kawan Asuh",
    }
    return Tip(**(values | fields))  # type: ignore[arg-type]


def an_example(old: str = "", new: str = "") -> str:
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, 1)


def heard_in_a_row(
    catalogue: tuple[Tip, ...], listener: Listener, *, unreviewed_allowed: bool, at_most: int = 200
) -> list[Tip]:
    heard: list[Tip] = []
    while len(heard) < at_most:
        sent = [tip.id for tip in heard]
        tip = next_tip(catalogue, listener, sent, unreviewed_allowed=unreviewed_allowed)
        if tip is None:
            break
        heard.append(tip)
    return heard


EVERY_TIP = [
    pytest.param(tip, id=f"{tip.language}-{tip.id}")
    for tip in dict.fromkeys((*tips(), *tips("jv", drafts=True)))
]


# What the tips say


@pytest.mark.parametrize("tip", EVERY_TIP)
def test_a_tip_is_short_and_kind(tip: Tip) -> None:
    words = " ".join((tip.title, *tip.messages))

    assert all(filled_length(message) <= MESSAGE_LIMIT for message in tip.messages)
    assert not NEVER_SAID.search(words)
    assert not re.search(r"\d{3,}", words.replace("119", ""))
    assert not any(BEGINS_A_SENTENCE.search(message) for message in tip.messages)
    assert all(message.endswith((".", "?", '"')) for message in tip.messages)
    assert tip.messages[0].startswith("{sapaan}, ")


@pytest.mark.parametrize("tip", EVERY_TIP)
def test_only_families_with_a_parent_away_hear_of_absent_parents(tip: Tip) -> None:
    speaks_of_it = bool(ABSENT_PARENTS.search(" ".join((tip.title, *tip.messages))))

    assert not speaks_of_it or tip.needs is Need.PARENT_AWAY
    assert (tip.needs is Need.PARENT_AWAY) == (tip.topic is Topic.PARENT_CALLS)


@pytest.mark.parametrize("tip", EVERY_TIP)
def test_health_and_protection_tips_await_a_named_reviewer(tip: Tip) -> None:
    assert tip.needs_review == (tip.kind is not Kind.PARENTING)
    assert tip.author


def test_the_sensitive_topics_are_marked_for_review() -> None:
    sensitive = {
        Topic.ILLNESS,
        Topic.BODY_SAFETY,
        Topic.GROWN_BEFORE_MARRIAGE,
        Topic.SAFE_MIGRATION,
    }

    assert [tip.id for tip in tips() if tip.topic in sensitive and not tip.needs_review] == []


def test_there_are_tips_on_all_nineteen_topics() -> None:
    assert len(Topic) == 19
    assert {tip.topic for tip in tips()} == set(Topic)
    assert len(tips()) >= 32


@pytest.mark.parametrize("age", AGES)
def test_a_grandmother_has_reviewed_tips_for_six_weeks_whatever_the_age(age: int) -> None:
    heard = heard_in_a_row(tips(), Listener("nenek", age), unreviewed_allowed=False)

    assert len(heard) >= 6
    assert len({tip.topic for tip in heard[:6]}) >= 5


def test_a_caregiver_without_a_child_on_record_has_tips_for_six_weeks() -> None:
    heard = heard_in_a_row(tips(), Listener("nenek", None), unreviewed_allowed=False)

    assert len(heard) >= 6


def test_what_caregivers_asked_for_first_comes_first() -> None:
    heard = heard_in_a_row(tips(), Listener("nenek", 4), unreviewed_allowed=True)

    assert [tip.id for tip in heard[:4]] == [
        "tidak-menurut",
        "memaksa-minta",
        "tidak-mau-makan",
        "sakit-lebih-tiga-hari",
    ]


def test_the_danger_signs_are_complete() -> None:
    tip = next(tip for tip in tips() if tip.id == "tanda-bahaya")

    said = " ".join(tip.messages)

    for sign in (
        "tidak mau minum atau menyusu",
        "semua dimuntahkan",
        "hanya bergerak kalau disentuh",
        "kejang",
        "Jangan masukkan apa pun ke mulut saat kejang",
        "dada tertarik ke dalam saat bernapas",
        "berak berdarah",
        "diare lebih dari dua minggu",
        "50 kali atau lebih (umur 2 sampai 12 bulan)",
        "40 kali atau lebih (umur 1 sampai 5 tahun)",
    ):
        assert sign in said
    assert all(message.endswith("egera ke Puskesmas atau telepon 119.") for message in tip.messages)
    assert (tip.youngest, tip.oldest) == (0, 4)
    assert tip.awaits_review


# Choosing


def test_no_tip_comes_twice_and_then_there_is_none() -> None:
    listener = Listener("nenek", 8, parent_away=True)

    heard = heard_in_a_row(tips(), listener, unreviewed_allowed=True)

    assert len({tip.id for tip in heard}) == len(heard)
    assert {tip.id for tip in heard} == {tip.id for tip in tips() if fits(tip, listener)}


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("unreviewed_allowed", [True, False])
def test_a_topic_does_not_come_twice_in_a_row_while_another_is_left(
    age: int, unreviewed_allowed: bool
) -> None:
    listener = Listener("nenek", age, parent_away=True)

    heard = heard_in_a_row(tips(), listener, unreviewed_allowed=unreviewed_allowed)

    for position, (before, after) in enumerate(pairwise(heard), 1):
        topics_left = {tip.topic for tip in heard[position:]}
        assert before.topic is not after.topic or topics_left == {before.topic}


def test_a_topic_heard_less_often_comes_before_one_heard_more_often() -> None:
    catalogue = (
        a_tip("puji-1"),
        a_tip("puji-2"),
        a_tip("makan-1", Topic.FOOD),
        a_tip("uang-1", Topic.MONEY),
    )

    heard = heard_in_a_row(catalogue, Listener("ibu", 5), unreviewed_allowed=False)

    assert [tip.id for tip in heard] == ["puji-1", "makan-1", "uang-1", "puji-2"]


def test_the_topic_of_the_last_tip_waits_even_when_it_was_heard_less_often() -> None:
    catalogue = (
        *(a_tip(f"makan-{n}", Topic.FOOD) for n in (1, 2, 3)),
        *(a_tip(f"puji-{n}") for n in (1, 2)),
    )

    tip = next_tip(
        catalogue, Listener("ibu", 5), ["makan-1", "makan-2", "puji-1"], unreviewed_allowed=False
    )

    assert tip is not None
    assert tip.id == "makan-3"


def test_the_topic_the_check_in_asks_for_comes_first_even_twice_in_a_row() -> None:
    listener = Listener("nenek", 7)

    first = next_tip(tips(), listener, [], unreviewed_allowed=False, wanted=Topic.FEELINGS)
    assert first is not None
    second = next_tip(tips(), listener, [first.id], unreviewed_allowed=False, wanted=Topic.FEELINGS)

    assert second is not None
    assert (first.topic, second.topic) == (Topic.FEELINGS, Topic.FEELINGS)
    assert first.id != second.id


def test_another_topic_stands_in_when_nothing_is_left_of_the_wanted_one() -> None:
    catalogue = (a_tip("puji"), a_tip("makan", Topic.FOOD))

    tip = next_tip(
        catalogue, Listener("ibu", 5), ["makan"], unreviewed_allowed=False, wanted=Topic.FOOD
    )

    assert tip is not None
    assert tip.id == "puji"


def test_an_unreviewed_health_tip_is_for_the_simulator_only() -> None:
    catalogue = (a_tip("telur", Topic.FOOD, kind=Kind.HEALTH, needs_review=True),)
    listener = Listener("nenek", 1)

    on_a_real_channel = next_tip(catalogue, listener, [], unreviewed_allowed=False)
    in_the_simulator = next_tip(catalogue, listener, [], unreviewed_allowed=True)

    assert on_a_real_channel is None
    assert in_the_simulator is catalogue[0]


def test_a_reviewed_health_tip_reaches_families() -> None:
    reviewed = an_example('kind = "pengasuhan"', 'kind = "kesehatan"\nneeds_review = true')
    reviewed = reviewed.replace('reviewed_by = ""', 'reviewed_by = "Bidan di Puskesmas"')
    reviewed = reviewed.replace('reviewed_on = ""', 'reviewed_on = "2026-12-01"')

    tip = parse_tip(reviewed, "contoh.md")

    assert next_tip([tip], Listener("nenek", 3), [], unreviewed_allowed=False) is tip


@pytest.mark.parametrize(
    ("relation", "hears"),
    [
        ("nenek", {"semua", "nenek_kakek"}),
        ("kakek", {"semua", "nenek_kakek"}),
        ("bapak", {"semua", "bapak"}),
        ("ibu", {"semua", "ibu"}),
        ("tetangga", {"semua"}),
        ("", {"semua"}),
    ],
)
def test_a_tip_reaches_those_it_addresses(relation: str, hears: set[str]) -> None:
    catalogue = [a_tip(audience, audience=frozenset({audience})) for audience in Audience]

    fitting = {tip.id for tip in catalogue if fits(tip, Listener(relation, 5))}

    assert fitting == hears


@pytest.mark.parametrize(
    ("age", "expected"), [(2, False), (3, True), (5, True), (6, False), (None, False)]
)
def test_the_age_of_the_child_decides_both_ends_included(age: int | None, expected: bool) -> None:
    tip = a_tip("cerita", youngest=3, oldest=5)

    assert fits(tip, Listener("nenek", age)) is expected


@pytest.mark.parametrize("parent_away", [True, False])
def test_a_tip_about_calls_is_only_for_a_family_with_a_parent_away(parent_away: bool) -> None:
    tip = a_tip("telepon", Topic.PARENT_CALLS, needs=Need.PARENT_AWAY)

    assert fits(tip, Listener("nenek", 7, parent_away=parent_away)) is parent_away


def test_sent_tips_that_no_longer_exist_are_passed_over() -> None:
    tip = next_tip([a_tip("puji")], Listener("ibu", 5), ["long-gone"], unreviewed_allowed=False)

    assert tip is not None
    assert tip.id == "puji"


# Words


def test_the_messages_name_the_person_and_the_child() -> None:
    tip = a_tip("puji", messages=("{sapaan}, puji {anak}.", "Besok lagi, {sapaan}."))

    assert tip_messages(tip, "Mbah", "Rizki") == ("Mbah, puji Rizki.", "Besok lagi, Mbah.")


@pytest.mark.parametrize(("oldest", "word"), [(5, "si kecil"), (12, "putra-putri")])
@pytest.mark.parametrize("nickname", [None, "", " "])
def test_a_child_without_a_nickname_has_a_general_word(
    nickname: str | None, oldest: int, word: str
) -> None:
    tip = a_tip("puji", oldest=oldest)

    assert tip_messages(tip, "", nickname) == (f"Bapak/Ibu, puji {word}.",)


def test_a_name_with_braces_stays_as_it_is() -> None:
    assert tip_messages(a_tip("puji"), "Mbah", "{sapaan}") == ("Mbah, puji {sapaan}.",)


@pytest.mark.parametrize("tip", EVERY_TIP)
def test_no_name_makes_a_message_too_long(tip: Tip) -> None:
    endless = "Muhammad Rizki " * 20

    assert all(len(message) <= MESSAGE_LIMIT for message in tip_messages(tip, endless, endless))


# Reading the files


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('title = "Contoh"\n', "", "title"),
        ('title = "Contoh"', 'title = " "', "title"),
        ('"pujian"', '"puji"', "topic"),
        ('"pengasuhan"', '"sehat"', "kind"),
        ('["semua"]', '["tetangga"]', "audience"),
        ('["semua"]', '"semua"', "audience"),
        ("[2, 12]", "[12, 2]", "ages"),
        ("[2, 12]", "[2, 18]", "ages"),
        ("[2, 12]", "2", "ages"),
        ('"contoh"', '"lain"', "id"),
        ("ages", 'needs = "money"\nages', "needs"),
        ("ages", 'order = "1"\nages', "order"),
        ("ages", "needs_review = 1\nages", "needs_review"),
        ('"pengasuhan"', '"kesehatan"', "needs_review"),
        ('"pengasuhan"', '"perlindungan"', "needs_review"),
        ('reviewed_by = ""', 'reviewed_by = "Bidan"', "reviewed_on"),
        ('reviewed_on = ""', 'reviewed_on = "2026-12-01"', "reviewed_by"),
        ("ages", 'age = "2"\nages', "age"),
        ("ages", "ages ages", "front matter"),
        ("+++", "", "front matter"),
        ("{anak}", "{nama}", "body"),
        ("{anak}", "{anak", "body"),
        ("{anak}.", "{anak}." + " Puji." * 50, "body"),
        ("{anak}.", "{anak}.\n---\n", "body"),
        ("{anak}.", "{anak}.\n---\nSatu.\n---\nDua.", "body"),
        ("{sapaan}, puji satu perbuatan baik {anak}.", "", "body"),
    ],
)
def test_a_faulty_file_is_refused_by_name_and_field(old: str, new: str, field: str) -> None:
    faulty = an_example(old, new)

    with pytest.raises(TipError) as refused:
        parse_tip(faulty, "contoh.md")

    assert refused.value.field == field
    assert str(refused.value).startswith(f"contoh.md: {field}: ")


def test_a_body_may_be_written_in_lines_and_parted_in_two_messages() -> None:
    written = an_example("{anak}.", "{anak}.\r\nCoba hari ini.\n---\nBesok lagi.\n")

    tip = parse_tip(written, "contoh.md")

    assert tip.messages == (
        "{sapaan}, puji satu perbuatan baik {anak}. Coba hari ini.",
        "Besok lagi.",
    )


def test_the_tips_of_a_folder_come_in_the_order_of_the_programme(tmp_path: Path) -> None:
    for name, topic, order in (("a", "uang", 1000), ("b", "pujian", 1000), ("c", "uang", 1)):
        text = an_example('id = "contoh"', f'id = "{name}"\norder = {order}')
        (tmp_path / f"{name}.md").write_text(text.replace('"pujian"', f'"{topic}"'))
    (tmp_path / "README.txt").write_text("not a tip")

    assert [tip.id for tip in read_tips(tmp_path)] == ["c", "b", "a"]


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_tips_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TipError, match="folder: holds no tip"):
        read_tips(tmp_path / name)


def test_a_file_saved_by_a_windows_editor_is_read() -> None:
    saved = "\ufeff" + EXAMPLE.replace("\n", "\r\n")

    assert parse_tip(saved, "contoh.md") == parse_tip(EXAMPLE, "contoh.md")


# Languages

TRANSLATION = """\
+++
id = "contoh"
title = "Tuladha"
author = "Tim Kawan Asuh"
reviewed_by = ""
reviewed_on = ""
+++
{sapaan}, monggo ngalem {anak}.
"""


def test_a_translation_has_its_own_words_and_everything_else_of_the_original() -> None:
    original = parse_tip(EXAMPLE, "contoh.md")

    tip = parse_translation(TRANSLATION, "contoh.md", {original.id: original}, "jv")

    assert (tip.title, tip.messages) == ("Tuladha", ("{sapaan}, monggo ngalem {anak}.",))
    assert (tip.topic, tip.youngest, tip.language) == (original.topic, original.youngest, "jv")


def test_a_translation_of_no_tip_is_refused() -> None:
    with pytest.raises(TipError, match=r"^contoh\.md: id: no tip 'contoh'"):
        parse_translation(TRANSLATION, "contoh.md", {}, "jv")


def test_a_translation_may_not_change_whom_the_tip_is_for() -> None:
    original = parse_tip(EXAMPLE, "contoh.md")
    changed = TRANSLATION.replace("author", "ages = [0, 17]\nauthor")

    with pytest.raises(TipError, match="ages: no such field"):
        parse_translation(changed, "contoh.md", {original.id: original}, "jv")


def test_a_language_without_tips_has_no_translations(tmp_path: Path) -> None:
    assert read_translations(tmp_path / "missing", tips(), "mad") == ()


def test_unreviewed_javanese_is_for_the_simulator_and_indonesian_for_families() -> None:
    for_families = {tip.id: tip for tip in tips("jv")}
    in_the_simulator = {tip.id: tip for tip in tips("jv", drafts=True)}

    assert all(tip.language == "id" or tip.reviewed for tip in for_families.values())
    assert in_the_simulator["istirahat-sebentar"].language == "jv"
    assert in_the_simulator["tanda-bahaya"].language == "id"
    assert for_families.keys() == in_the_simulator.keys() == {tip.id for tip in tips()}


# The guide


def test_the_guide_names_every_topic_field_and_source() -> None:
    guide = GUIDE.read_text("utf-8")
    fields = set(re.findall(r"^(\w+) = ", EXAMPLE, re.MULTILINE))
    sources = {source for tip in tips() for source in tip.source.split("; ")}

    named = fields | {"needs", "needs_review", "order"} | sources | {*Topic, *Kind, *Audience}

    assert [word for word in sorted(named) if f"`{word}`" not in guide] == []


def test_the_example_in_the_guide_can_be_read() -> None:
    example = re.search(r"```\n(\+\+\+\nid.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert example is not None

    tip = parse_tip(example[1], "sapa-pagi.md")

    assert tip.topic is Topic.TIME_TOGETHER
