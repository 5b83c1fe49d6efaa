"""Expressions of a form: what they mean, what is refused, and that no answer makes them fail."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.form.expression import ExpressionError, compile_expression
from conversations.form.safe_pattern import LONGEST_TEXT, pattern_fault

WIB = timezone(timedelta(hours=7))


@dataclass
class Somewhere:
    """A scope with the answers a test gives; a list stands for a repeat seen from outside."""

    answers: Mapping[str, str | list[str]] = field(default_factory=dict)
    current: str = ""
    position: int = 1
    now: datetime = datetime(2026, 11, 21, 23, 30, tzinfo=WIB)
    facts: Mapping[str, str] = field(default_factory=dict)
    choice: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str | list[str]:
        return self.answers.get(name, "")

    def every(self, name: str) -> list[str]:
        turns = self.answers.get(name, [])
        return turns if isinstance(turns, list) else [turns]

    def attribute(self, name: str) -> str:
        return self.choice.get(name, "")

    def choice_label(self, name: str, answer: str) -> str:
        return f"label of {answer} in {name}"


def result(source: str, current: str = "", **answers: str | list[str]) -> str:
    return compile_expression(source).text(Somewhere(answers, current))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("-${dua} + 5", "3"),
        ("7 mod 4", "3"),
        ("-7 mod 4", "-3"),
        ("1 div 4", "0.25"),
        ("1 div 0", "Infinity"),
        ("0 div 0", ""),
        ("5 mod 0", ""),
        ("0.1 + 0.2 < 0.4", "true"),
        ("'10' > '9'", "true"),
        ("${dua} = 2.0", "true"),
        ("'a' = 'a' and not('a' = 'b')", "true"),
        ("true() = 'apa saja'", "true"),
        ("if(${dua} > 1, 'besar', 'kecil')", "besar"),
        ("coalesce(${kosong}, '', ${dua})", "2"),
        ("once(${dua})", "2"),
        ("boolean-from-string('1')", "true"),
        ("boolean(${kosong})", "false"),
        ("selected(${pilih}, 'nasi')", "true"),
        ("selected(${pilih}, 'nas')", "false"),
        ("selected-at(${pilih}, 1)", "lauk"),
        ("selected-at(${pilih}, 9)", ""),
        ("selected-at(${pilih}, -1)", ""),
        ("count-selected(${pilih})", "2"),
        ("count-selected(${kosong})", "0"),
        ("jr:choice-name(${dua}, '${dua}')", "label of 2 in dua"),
        ("count(${umur})", "3"),
        ("count-non-empty(${umur})", "2"),
        ("sum(${umur})", "12"),
        ("min(${umur})", "5"),
        ("max(${umur}, 9)", "9"),
        ("max(${kosong})", ""),
        ("join(', ', ${umur})", "5, , 7"),
        ("indexed-repeat(${umur}, ${anak}, 3)", "7"),
        ("indexed-repeat(${umur}, ${anak}, 4)", ""),
        ("indexed-repeat(${umur}, ${anak}, 0)", ""),
        ("position(..)", "1"),
        ("concat('a', 1, ${umur})", "a157"),
        ("string-length('abc')", "3"),
        ("normalize-space('  a   b ')", "a b"),
        ("contains('mangga', 'ang')", "true"),
        ("starts-with('mangga', 'man')", "true"),
        ("ends-with('mangga', 'man')", "false"),
        ("substring-before('a-b-c', '-')", "a"),
        ("substring-after('a-b-c', '-')", "b-c"),
        ("substring-before('abc', '')", ""),
        ("substr('abcdef', 1, 3)", "bc"),
        ("substr('abcdef', -2)", "ef"),
        ("translate('abcab', 'ab', 'x')", "xcx"),
        ("string(1.50)", "1.5"),
        ("number('12')", "12"),
        ("number('dua')", ""),
        ("int(-2.7)", "-2"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-2"),
        ("round(3.14159, 2)", "3.14"),
        ("floor(-1.5)", "-2"),
        ("ceiling(1.2)", "2"),
        ("abs(-4)", "4"),
        ("today()", "2026-11-21"),
        ("now()", "2026-11-21T23:30:00+07:00"),
        ("date(today() + 14)", "2026-12-05"),
        ("today() - ${lahir}", "10"),
        ("${lahir} <= today()", "true"),
        ("int((today() - '2016-11-20') div 365.25)", "10"),
        ("date-time('2026-11-21')", "2026-11-21T00:00:00"),
        ("decimal-date-time('1970-01-02')", "1"),
        ("decimal-time('06:00')", "0.25"),
        ("'07:30' < '16:00'", "true"),
        ("format-date('2026-08-05', '%e %b %Y')", "5 Agu 2026"),
        ("format-date-time('2026-08-05T07:05:00', '%d/%m/%y %H:%M')", "05/08/26 07:05"),
        ("format-date(${kosong}, '%Y')", ""),
        ("'it is a ${dua}' = 'x'", None),
    ],
)
def test_an_expression_means_what_xforms_says(source: str, expected: str | None) -> None:
    answers: dict[str, str | list[str]] = {
        "dua": "2",
        "kosong": "",
        "pilih": "nasi lauk",
        "umur": ["5", "", "7"],
        "lahir": "2026-11-11",
    }

    if expected is None:
        with pytest.raises(ExpressionError):
            compile_expression(source)
    else:
        assert compile_expression(source).text(Somewhere(answers)) == expected


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">=", "="])
def test_an_empty_answer_compares_as_false_with_a_number(comparison: str) -> None:
    assert result(f"${{umur}} {comparison} 5", umur="") == "false"


def test_the_dot_is_the_answer_under_judgement() -> None:
    assert result(". >= 0 and . <= 17", current="17") == "true"
    assert result(". >= 0 and . <= 17", current="18") == "false"


def test_a_fact_comes_from_the_table_and_column_that_pulldata_names() -> None:
    scope = Somewhere(facts={"orang.sapaan": "Mbah"})

    known = compile_expression("pulldata('orang', 'sapaan', 'kunci', 'x')").text(scope)
    unknown = compile_expression("pulldata('orang', 'desa', 'kunci', 'x')").text(scope)

    assert (known, unknown) == ("Mbah", "")


def test_a_choice_filter_reads_the_columns_of_a_choice() -> None:
    scope = Somewhere({"desa": "sukorambi"}, choice={"desa": "sukorambi"})

    assert compile_expression("desa = ${desa}").truth(scope)


def test_any_answer_of_a_repeat_may_satisfy_a_comparison() -> None:
    assert result("${umur} > 6", umur=["5", "7"]) == "true"
    assert result("${umur} > 7", umur=["5", "7"]) == "false"


def test_today_follows_the_zone_of_the_person_not_utc() -> None:
    late = datetime(2026, 11, 22, 0, 30, tzinfo=WIB)

    assert compile_expression("today()").text(Somewhere(now=late)) == "2026-11-22"


def test_a_pattern_must_fit_the_whole_answer() -> None:
    assert result("regex(., '08[0-9]{8}')", current="0812345678") == "true"
    assert result("regex(., '08[0-9]{8}')", current="0812345678 ya") == "false"


def test_a_pattern_looks_only_at_the_beginning_of_a_very_long_answer() -> None:
    assert result("regex(., 'a+')", current="a" * LONGEST_TEXT + "b") == "true"
    assert result("regex(., 'a+')", current="a" * (LONGEST_TEXT - 1) + "b") == "false"


def test_a_name_like_a_function_or_an_operator_is_still_a_name() -> None:
    assert result("${count} + ${div} + ${date}", count="1", div="2", date="3") == "6"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("umr(2)", "fungsi umr() tidak dikenal"),
        ("random()", "fungsi random() tidak dikenal"),
        ("jr:itext('a')", "tidak dikenal"),
        ("${umur} >", "tidak dapat dibaca"),
        ("selected(${a}, 'ya'", "tidak dapat dibaca"),
        ("if(1, 2)", "Too few"),
        ("", "tidak dapat dibaca"),
        ("${umur", "${nama}"),
        ("${dua kata}", "${nama}"),
        ("$umur = 1", "${nama}"),
        ("/data/umur > 5", "jalur"),
        ("../umur > 5", "jalur"),
        ("${anak}[1]", "jalur"),
        ("count(*)", "jalur"),
        ("position(.)", "position(..)"),
        ("indexed-repeat('x', ${anak}, 1)", "indexed-repeat"),
        ("jr:choice-name(${x}, 'x')", "jr:choice-name"),
        ("contains(${x}, '${y}')", "tanda kutip"),
        ("regex(., ${pola})", "tulisan tetap"),
        ("regex(., '(a+)+$')", "pengulangan di dalam pengulangan"),
        ("regex(., '[a')", "tidak sah"),
        ("(" * 200 + "1" + ")" * 200, "terlalu rumit"),
        ("- " * 900 + "1", "terlalu rumit"),
        ("1" * 3000, "terlalu rumit"),
    ],
)
def test_an_expression_that_cannot_work_is_refused_with_its_reason(
    source: str, reason: str
) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source)

    assert reason in str(refused.value)


def test_an_expression_tells_what_it_depends_on() -> None:
    found = compile_expression(
        "${a} > 1 and sum(${b} ) < indexed-repeat(${c}, ${ulang}, ${d}) and kolom = 'x' and . = 2"
    )

    assert found.references == {"a", "d"}
    assert found.gathered == {"b", "c", "ulang"}
    assert found.attributes == {"kolom"}
    assert found.looks_at_itself


def test_elementpaths_own_parser_keeps_its_meaning() -> None:
    from xml.etree import ElementTree as ET

    import elementpath

    root = ET.fromstring("<a><b>1</b><b>2</b></a>")

    assert elementpath.select(root, "count(b)", parser=elementpath.XPath1Parser) == 2


FUNCTIONS: Sequence[str] = (
    "int({0}) + round({1}, {0})",
    "round({0}) mod number({1})",
    "{0} div {1} * {0} - {1}",
    "substr({0}, {1}, {0})",
    "selected-at({0}, {1})",
    "concat(floor({0}), ceiling({1}), abs({0}))",
    "date({0} + {1})",
    "date-time({0} * 100000)",
    "format-date({0}, {1})",
    "format-date-time({0}, '%Y-%m-%d %H:%M:%S %3 %a %b')",
    "decimal-time({0}) < decimal-date-time({1})",
    "translate({0}, {1}, {0})",
    "indexed-repeat(${{ulang}}, ${{anak}}, {1})",
    "min({0}, {1}) <= max({0}, {1})",
    "regex({0}, '[a-z]+[0-9]{{2,3}}')",
    "if({0} = {1}, {0} < {1}, {0} != {1})",
    "coalesce({0}, {1}) and not({0}) or boolean({1})",
)

anything = st.one_of(
    st.text(max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.times().map(lambda moment: moment.isoformat()),
)


@given(source=st.sampled_from(FUNCTIONS), first=anything, second=anything)
def test_no_answer_whatever_makes_an_accepted_expression_fail(
    source: str, first: str, second: str
) -> None:
    expression = compile_expression(source.format("${a}", "${b}"))
    scope = Somewhere({"a": first, "b": second, "ulang": [first, second]}, first)

    assert isinstance(expression.text(scope), str)


@given(st.text(alphabet="${}()[]'\"./*+-=<>!|@,: abc019", max_size=40))
def test_any_cell_is_either_an_expression_or_refused(source: str) -> None:
    try:
        expression = compile_expression(source)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017
    else:
        assert isinstance(expression.text(Somewhere()), str)


@pytest.mark.parametrize(
    "pattern",
    [
        r"08[0-9]{8,11}",
        r"[A-Za-z ]+",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,4}",
        r"(\+62|0)8[0-9]+",
        r"([0-9]{3}-)?[0-9]{4}",
        r"(?:ab){2}",
        r"[(+]*",
    ],
)
def test_a_harmless_pattern_is_accepted(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(a|aa)+",
        "(?:x{1,9})*",
        "((a?)b)+",
        "((a+))+",
        "(a{1,5}){3,4}",
        ".*.*.*.*",
        r"(.)\1",
        "(?=a+)b",
        "(?i)a",
        "a**",
        "[",
    ],
)
def test_a_pattern_that_may_run_away_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern)


@given(st.text(alphabet="ab.*+?{}(|)12,[]^", max_size=14))
def test_an_accepted_pattern_ends_quickly_on_the_worst_text(pattern: str) -> None:
    if pattern_fault(pattern):
        return
    text = "a" * LONGEST_TEXT + "!"
    expression = compile_expression(f"regex(., '{pattern}')")

    began = time.process_time()
    expression.truth(Somewhere(current=text))

    assert time.process_time() - began < 0.5
