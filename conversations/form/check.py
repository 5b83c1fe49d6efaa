"""The checks that need a whole form: its expressions, names and circles, and one dry walk through.

What its texts say to a person is checked in texts.py; single cells in columns.py.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter

from conversations.form.answer import refusal_of
from conversations.form.columns import Faults, suggestion
from conversations.form.expression import Expression, ExpressionError, compile_expression
from conversations.form.instance import Instance
from conversations.form.model import Form, Group, Problem, Question
from conversations.form.names import Item, Names, items_of
from conversations.form.plan import is_dynamic
from conversations.form.texts import check_texts

_EXPRESSIONS = (
    "required",
    "relevant",
    "constraint",
    "calculation",
    "choice_filter",
    "repeat_count",
    "default",
)
_DECIDES_A_VALUE = ("relevant", "calculation", "choice_filter", "repeat_count")
MOST_LINKS = 40
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def problems(form: Form, *, thorough: bool) -> list[Problem]:
    """What is wrong with the form; `thorough` walks through it when all else is well."""
    items = tuple(items_of(form.body))
    names = Names({item.of.name: item for item in items})
    for item in items:
        for column, source in _expressions(item.of):
            _check_expression(item, column, source, names)
        if isinstance(item.of, Question):
            _check_default(item.of, names.faults)
    check_texts(form, items, names)
    _check_circles(items, names)
    if thorough and not names.faults.found:
        names.faults.found += _walk_through(form)
    return names.faults.found


def _expressions(of: Question | Group) -> Iterator[tuple[str, str]]:
    for column in _EXPRESSIONS:
        source = getattr(of, column, "")
        if source and (column != "default" or is_dynamic(source)):
            yield column, source


def _check_expression(item: Item, column: str, source: str, names: Names) -> None:
    faults, row = names.faults, item.of.row
    try:
        expression = compile_expression(source)
    except ExpressionError as error:
        faults.add("survey", row, column, f"{source[:60]} — {error}")
        return
    for name in sorted(expression.references):
        names.check(item, column, name)
    for name in sorted(expression.gathered):
        names.check(item, column, name, gathered=True)
    for name in sorted(expression.attributes - _attributes(item.of, column)):
        known = [*names.items, *_attributes(item.of, column)]
        message = f"{name} bukan kolom lembar choices; nama pertanyaan ditulis ${{{name}}}"
        if column != "choice_filter":
            message = f"{name} ditulis sebagai ${{{name}}} atau dalam tanda kutip"
        faults.add(
            "survey", row, column, message + ("" if name in known else suggestion(name, known))
        )
    if expression.looks_at_itself and column != "constraint":
        faults.add("survey", row, column, "tanda . hanya berarti di kolom constraint")
    if expression.asks_position and not item.repeat:
        faults.add("survey", row, column, "position(..) hanya berarti di dalam repeat")


def _attributes(of: Question | Group, column: str) -> frozenset[str]:
    if column != "choice_filter" or not isinstance(of, Question):
        return frozenset()
    return frozenset({"name", *(key for option in of.options for key in option.attributes)})


def _check_default(question: Question, faults: Faults) -> None:
    default = question.default
    if not default or is_dynamic(default):
        return
    if refusal_of(question.type, default, question.options):
        message = f'"{default}" bukan jawaban {question.type} yang sah'
        faults.add("survey", question.row, "default", message)


def _check_circles(items: Sequence[Item], names: Names) -> None:
    """A value must not depend on itself, neither by formulas nor by what is relevant."""
    depends: dict[str, set[str]] = {}
    for item in items:
        needs = depends.setdefault(item.of.name, {group.name for group in item.around})
        for column, source in _expressions(item.of):
            if column in _DECIDES_A_VALUE:
                needs |= _names_in(source)
    while True:
        try:
            TopologicalSorter(depends).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
        else:
            _check_links(depends, names)
            return
        item = names.items[circle[0]]
        column = _column_of_circle(item.of, circle)
        message = f"saling bergantung tanpa akhir: {' → '.join(reversed(circle))}"
        names.faults.add("survey", item.of.row, column, message)
        depends[circle[0]].clear()


def _check_links(depends: dict[str, set[str]], names: Names) -> None:
    """Evaluating follows such a chain in depth, for every message anew."""
    links: dict[str, int] = {}
    for name in TopologicalSorter(depends).static_order():
        links[name] = 1 + max((links[needed] for needed in depends.get(name, ())), default=0)
        if links[name] == MOST_LINKS + 1 and name in names.items:
            message = f"rantai rumus yang saling merujuk lebih dari {MOST_LINKS} pertanyaan"
            names.faults.add("survey", names.items[name].of.row, "", message)


def _names_in(source: str) -> frozenset[str]:
    try:
        expression: Expression = compile_expression(source)
    except ExpressionError:
        return frozenset()
    return expression.references | expression.gathered


def _column_of_circle(of: Question | Group, circle: Sequence[str]) -> str:
    columns = dict(_expressions(of))
    for column in _DECIDES_A_VALUE:
        if column in columns and _names_in(columns[column]) & set(circle):
            return column
    return ""


def _walk_through(form: Form) -> list[Problem]:
    """Ask the whole form of somebody who answers nothing; no expression may fail at it."""
    instance = Instance(form, {}, {}, _ANY_MOMENT)
    row = 0
    try:
        path = instance.next_after(None)
        if path is None:
            return [Problem("survey", 0, "", "tanpa jawaban apa pun tidak ada yang ditanyakan")]
        while path is not None:
            row = instance.question(path).row
            path = instance.next_after(path)
        for question in form.questions():
            row = question.row
            _try_out(instance, question, form.languages)
        row = 0
        instance.complete()
    except ExpressionError as error:
        return [Problem("survey", row, "", str(error))]
    return []


def _try_out(instance: Instance, question: Question, languages: Sequence[str]) -> None:
    """Everything interview.py will want to know of a question, relevant or not."""
    path = instance.first_path(question)
    for language in languages:
        instance.label(path, language)
        instance.options(path, language)
    instance.default(path)
    instance.required(path)
    for value in ("", "1", "2026-01-01", *(option.name for option in question.options[:1])):
        instance.check(path, value, "id")
