"""Danger words, measured on labelled sentences, and what no list of sentences can measure."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.danger import (
    LEVELS,
    DangerClass,
    Level,
    assess,
    featurer,
    find,
)
from conversations.danger.detector import compile_lexicon
from conversations.danger.features import BUCKETS, features
from conversations.danger.model import STEP, WINDOW, Model
from locales.danger import (
    LexiconError,
    load,
    load_fields,
    load_weights,
    pack_weights,
    read,
    read_weights,
)
from tests import danger_training

SENTENCES = Path(__file__).with_name("danger_sentences.tsv")


@dataclass(frozen=True, slots=True)
class Sentence:
    part: str
    expected: str
    cls: str
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    urgent: int
    missed: tuple[str, ...]
    ordinary: int
    alarmed: tuple[str, ...]

    @property
    def found_share(self) -> float:
        return 1 - len(self.missed) / self.urgent

    @property
    def alarmed_share(self) -> float:
        return len(self.alarmed) / self.ordinary

    def __str__(self) -> str:
        return (
            f"urgent found {self.urgent - len(self.missed)} of {self.urgent} "
            f"({self.found_share:.1%}), "
            f"ordinary alarmed {len(self.alarmed)} of {self.ordinary} ({self.alarmed_share:.1%})"
        )


def sentences(part: str) -> list[Sentence]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        every = [Sentence(r["part"], r["expected"], r["class"], r["text"]) for r in rows]
    return [sentence for sentence in every if sentence.part == part]


def measure(part: str) -> Figures:
    urgent = [s.text for s in sentences(part) if s.expected == "urgent"]
    ordinary = [s.text for s in sentences(part) if s.expected == "ordinary"]
    return Figures(
        len(urgent),
        tuple(text for text in urgent if not assess(text).urgent),
        len(ordinary),
        tuple(text for text in ordinary if assess(text).urgent),
    )


@pytest.mark.parametrize(
    ("part", "found", "alarmed"),
    [("tune", 0.99, 0.015), ("held", 0.97, 0.02), ("fresh", 0.93, 0.01)],
)
def test_the_figures_do_not_fall(part: str, found: float, alarmed: float) -> None:
    figures = measure(part)

    print(f"{part}: {figures}")
    assert figures.found_share >= found, figures.missed
    assert figures.alarmed_share <= alarmed, figures.alarmed


def test_the_class_of_an_urgent_sentence_is_nearly_always_among_the_hits() -> None:
    urgent = [
        s
        for s in sentences("tune") + sentences("held") + sentences("fresh")
        if s.expected == "urgent"
    ]

    right = [s for s in urgent if s.cls in {hit.cls for hit in find(s.text)}]

    assert len(right) / len(urgent) >= 0.96


def test_a_child_that_stopped_school_or_is_sad_is_noticed_without_an_alarm() -> None:
    watched = [s.text for s in sentences("held") + sentences("tune") if s.expected == "watch"]

    alarmed = [text for text in watched if assess(text).urgent]

    assert len(alarmed) <= 2, alarmed
    assert sum(bool(find(text)) for text in watched) >= len(watched) - 2


@pytest.mark.parametrize(
    "text",
    [
        "mati lampu bu, tapi cucu saya bilang pengen mati",
        "nonton film tadi. anaknya dipukuli bapaknya",
        "tidak pernah dicubit, tapi kemarin dicabuli tetangga",
        "besok pukul 7 ya. oh ya anak saya hilang dari tadi sore",
        "ayam saya hilang tiga, cucu saya juga hilang dari kemarin",
    ],
)
def test_a_harmless_phrase_does_not_hide_a_real_one_beside_it(text: str) -> None:
    assert assess(text).urgent


@pytest.mark.parametrize(
    "text",
    [
        "jam 11 malam belum pulang",
        "kuku jarinya dicabut sama tantenya",
        "dipukulin teman2nya di sekolah",
        "sudah tidak kuat, pengin nyusul bapake",
    ],
)
def test_figures_doubled_words_and_commas_do_not_break_a_pattern(text: str) -> None:
    assert assess(text).urgent


@pytest.mark.parametrize(
    "written",
    [
        "dipukulin", "dipukuli", "dipukul-pukul", "dipukul2", "di pukulin", "dpukul", "dpkul",
        "d1pukul", "dipukuuul", "dipuukul", "DIPUKUL", "digebugi", "epokol", "e-pokol", "digebugan",
        "dipukulken", "dipukulii", "dipukulni", "dipukkul",
    ],
)  # fmt: skip
def test_one_word_is_recognised_in_many_spellings(written: str) -> None:
    assert assess(f"cucu saya {written} bapaknya").cls is DangerClass.PHYSICAL_VIOLENCE


def test_the_most_urgent_hit_comes_first() -> None:
    hits = find("anaknya berhenti sekolah, disuruh ngemis, sekarang hilang dari kemarin")

    levels = [hit.level for hit in hits]
    assert levels == sorted(levels, reverse=True)
    assert hits[0].level is Level.MERAH
    assert {hit.cls for hit in hits} >= {DangerClass.MISSING, DangerClass.EXPLOITATION}


def test_a_danger_at_the_very_end_of_a_long_message_is_found() -> None:
    text = "cucu sehat, tadi masak sayur. " * 3_300 + "cucu saya mau bunuh diri"

    assert assess(text[-100_000:]).cls is DangerClass.SELF_HARM


@pytest.mark.parametrize(
    "piece", ["anak tidak ", "tidak mau makan dipukul anak ", "hp hilang ", "a", "1,", "di ", "ja"]
)
def test_time_grows_in_step_with_length(piece: str) -> None:
    find(piece)

    def seconds(size: int) -> float:
        text = (piece * size)[: size * 10]
        began = time.process_time()
        find(text)
        return time.process_time() - began

    assert seconds(8_000) <= 40 * max(seconds(1_000), 0.002)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    hits = find(text)

    assert all(hit.why for hit in hits)


def test_lone_surrogates_and_emptiness_are_read_too() -> None:
    assert find("") == ()
    assert find("\ud800 \x00 🙏") == ()


def test_every_class_has_a_rule_and_every_rule_a_known_class() -> None:
    assert {rule.cls for rule in load().rules} == {cls.value for cls in DangerClass}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[words", "x.toml: not valid TOML"),
        ("[word]\na=['b']", "x.toml: unknown section 'word'"),
        ("[words]\nchild=[1]", "x.toml: words.child: 1 is not a text"),
        ("[[rules]]\nid='r'\nclass='neglect'\nlevel='merah'", "x.toml: rule 1: when missing"),
        ("[[guards]]\nid='g'\nwhen=['a']\nscope='page'", "x.toml: guard 1 (g): scope must be"),
        (
            "[[rules]]\nid='r'\nclass='neglect'\nlevel='merah'\nwhen=['a']\nyields='ya'",
            "x.toml: rule 1 (r): yields must be true or false",
        ),
        ("[words]\na=['b']\n[verbs]\na=['c']", "'a' is used twice"),
    ],
)
def test_a_wrong_entry_is_named(text: str, complaint: str) -> None:
    with pytest.raises(LexiconError) as caught:
        read({"x.toml": text})

    assert complaint in str(caught.value)


def test_a_pattern_with_an_unknown_list_is_named() -> None:
    rule = "[[rules]]\nid='r'\nclass='neglect'\nlevel='merah'\nwhen=['@nobody sendirian']"

    with pytest.raises(LexiconError, match="there is no list @nobody"):
        compile_lexicon(read({"x.toml": rule}))


@pytest.mark.parametrize(("higher", "lower"), [("merah", "oranye"), ("oranye", "kuning")])
def test_levels_are_ordered_by_urgency(higher: str, lower: str) -> None:
    assert Level(higher) > Level(lower)
    assert Level(lower) <= Level(higher)


NO_RULE = "aku direkam pas mandi sama kakak ipar, sekarang dia ngancem mau nyebar"


def test_what_no_rule_describes_is_found_by_the_model_and_says_by_which_words() -> None:
    hits = find(NO_RULE)

    assert hits[0].cls is DangerClass.SEXUAL_VIOLENCE
    assert hits[0].why.startswith("model: ")
    assert set(hits[0].why.removeprefix("model: ").split(", ")) <= set(
        NO_RULE.replace(",", "").split()
    )


def test_why_never_shows_a_word_that_could_be_a_name() -> None:
    named = NO_RULE.replace("dia", "Wulandari") + " Zulfikri"

    assert not {"zulfikri", "wulandari"} & set(find(named)[0].why.replace(",", " ").split())


@pytest.mark.parametrize(("sure", "level"), [(9.0, Level.ORANYE), (0.26, Level.MERAH)])
def test_a_model_that_is_not_sure_is_orange_so_that_a_human_looks(
    monkeypatch: pytest.MonkeyPatch, sure: float, level: Level
) -> None:
    model = Model(replace(load_weights(), sure=sure), featurer())
    monkeypatch.setattr("conversations.danger._model", lambda: model)

    assert assess(NO_RULE).level is level


def test_a_marriage_plan_is_orange_however_sure_the_model_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Model(replace(load_weights(), sure=0.3), featurer())
    monkeypatch.setattr("conversations.danger._model", lambda: model)

    found = assess("belum cukup umur sudah mau dinikahkan sama juragan tua, anaknya nangis")

    assert found.cls is DangerClass.SEXUAL_VIOLENCE
    assert found.level is Level.ORANYE


def test_an_alarm_stands_also_where_no_word_may_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    eager = replace(load_weights(), calm=-101.0, alarm=-100.0)
    monkeypatch.setattr("conversations.danger._model", lambda: Model(eager, featurer()))

    found = assess("Zulfikri Wulandari")

    assert found.urgent
    assert found.why == "model: ?"


def test_everyday_talk_never_lowers_a_red_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    calm = replace(load_weights(), calm=100.0, alarm=200.0, sure=200.0)
    monkeypatch.setattr("conversations.danger._model", lambda: Model(calm, featurer()))

    assert assess("cucu saya mau bunuh diri").level is Level.MERAH
    assert assess("kemarin dipukul pamannya").level is Level.KUNING


def test_everyday_talk_makes_a_rule_that_yields_yellow_but_never_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calm = replace(load_weights(), calm=100.0, alarm=200.0, sure=200.0)
    monkeypatch.setattr("conversations.danger._model", lambda: Model(calm, featurer()))

    found = assess("anaknya kecelakaan motor")

    assert found.why == "accident"
    assert found.level is Level.KUNING


def test_a_rule_that_yields_is_red_where_the_model_does_not_take_it_for_everyday_talk() -> None:
    found = assess("anaknya kecelakaan motor, tidak sadar, darahnya banyak sekali")

    assert found.level is Level.MERAH


def test_what_is_done_to_a_child_suicide_and_a_missing_child_never_yield() -> None:
    firm = {"missing", "self_harm", "sexual_violence"}

    yielding = {rule.id: rule for rule in load().rules if rule.yields}

    assert {rule.level for rule in yielding.values()} == {"merah"}
    assert not {rule.cls for rule in yielding.values()} & firm
    assert not yielding.keys() & {
        *("beaten-and-hurt", "burned-or-tied", "threatened-with-death", "cruel-punishment"),
        *("hurt-and-silent", "child-for-money", "sold", "held-by-employer"),
    }


def test_a_rule_that_yields_does_not_hide_one_far_behind_that_stands() -> None:
    loose = "anaknya kecelakaan motor. "

    found = find(loose + "besok panen padi di sawah. " * 200 + "cucu saya mau bunuh diri")

    assert {"accident"} < {hit.why for hit in found}
    assert found[0].level is Level.MERAH
    assert DangerClass.SELF_HARM in {hit.cls for hit in found}


@pytest.mark.parametrize(
    "text",
    [
        "anaknya ada di rumah bude, makan cukup",
        "aku masih kelas 5 sd",
        "lapor, sudah saya kunjungi, anaknya sehat",
        "putuku iso nulis jenenge dewe",
        "wis tak kandani, bocahe gampang dikandani saiki",
        "pakde kasih uang lebaran 50 ribu, ditabung",
        "hujan wae, popoean teu garing garing",
        "td panik kirain anak ilang, ternyata tidur di balik kasur",
        "pr bahasa indonesia: buat cerita tentang anak hilang di pasar",
    ],
)
def test_everyday_talk_rings_no_bell(text: str) -> None:
    assert not assess(text).urgent


@pytest.mark.parametrize(
    "text",
    [
        "kirain main di tetangga, ternyata hilang, sudah dicari semalaman",
        "dikira diculik cuma main? bukan bu, anaknya belum pulang dari kemarin",
    ],
)
def test_a_child_that_was_thought_safe_is_still_missing(text: str) -> None:
    assert assess(text).cls is DangerClass.MISSING


def test_a_danger_that_only_the_model_knows_is_found_far_behind_in_a_long_message() -> None:
    text = "tadi pagi saya masak sayur bayam untuk cucu. " * 60

    assert not assess(text).urgent
    assert assess(text + NO_RULE).urgent


@pytest.mark.parametrize("size", [WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, WINDOW + STEP])
def test_every_word_of_a_message_is_weighed(size: int) -> None:
    asked: set[str] = set()
    known = featurer()
    model = Model(load_weights(), known)
    read_word = known.word

    def remember(text: str) -> object:
        asked.add(text)
        return read_word(text)

    known.word = remember  # type: ignore[assignment]
    said = [f"kata{n}" for n in range(size)]

    model.judge(said)

    assert asked == set(said)


def test_a_denied_word_is_another_feature() -> None:
    word = featurer().word

    said = features([word("pernah"), word("dipukul")])
    denied = features([word("tidak"), word("dipukul")])

    lists = 3
    assert not set(said[lists]) & set(denied[lists]) - set(features([word("tidak")])[lists])


def test_the_weights_fit_the_features_and_the_classes() -> None:
    weights = load_weights()

    assert set(weights.vectors) == {"urgent", *LEVELS}
    assert {len(vector) for vector in weights.vectors.values()} == {BUCKETS}
    assert weights.calm < weights.alarm < weights.sure


def test_damaged_weights_are_named() -> None:
    whole = pack_weights(load_weights())

    with pytest.raises(LexiconError, match="train it anew"):
        read_weights(whole[:-20])


def test_fields_are_found_through_affixes() -> None:
    assert "fear" in load_fields()
    assert features([featurer().word("ketakutan")])[5] == features([featurer().word("takut")])[5]


def test_training_twice_makes_the_same_file_and_learns() -> None:
    known = featurer()
    some = [s for s in danger_training.sentences() if s.expected != "watch"][::25]
    examples = [danger_training.example(one, known) for one in some]

    first, second = (danger_training.train(examples) for _ in range(2))

    assert pack_weights(first) == pack_weights(second)
    urgent = [danger_training.score(e, first) for e in examples if e.sentence.expected == "urgent"]
    other = [danger_training.score(e, first) for e in examples if e.sentence.expected != "urgent"]
    assert min(urgent) > max(other)


def test_no_sentence_is_listed_twice_or_without_its_labels() -> None:
    every = danger_training.sentences()

    assert len({" ".join(s.text.lower().split()) for s in every}) == len(every)
    assert {s.expected for s in every} == {"urgent", "watch", "ordinary"}
    assert all((s.cls == "-") == (s.expected == "ordinary") for s in every)
    assert all(s.round.isdecimal() for s in every)
