"""A form laid out for asking: its questions in one line, expressions compiled, names looked up.

Made once per form and kept, because every message of a conversation needs it; an instance
(instance.py) walks along it with the answers of one person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from conversations.form.expression import Expression, compile_expression
from conversations.form.model import Form, Group, Option, Question, Type

MOST_TURNS = 20
"""A repeat ends after so many turns, whatever a person or a repeat_count says."""

_AGAIN_LABELS = {"id": "Ada lagi?"}
_SELECTS = frozenset({Type.SELECT_ONE, Type.SELECT_MULTIPLE})
_SILENT = frozenset({Type.NOTE, Type.CALCULATE, Type.AGAIN})


@dataclass(slots=True, eq=False)
class Repeat:
    """Where a repeat begins and ends in the line; `count` when the sheet says how often."""

    group: Group
    guards: tuple[Expression, ...]
    count: Expression | None
    begin: int
    end: int = 0


@dataclass(slots=True, eq=False)
class Step:
    """One place in the line: a question, or the gate (`again`) at the end of a repeat's turn.

    `guards` are the relevant expressions of the question and of the groups around it.
    """

    index: int
    question: Question
    repeat: Repeat | None
    guards: tuple[Expression, ...]
    prompts: bool
    counts: bool
    calculation: Expression | None
    choice_filter: Expression | None
    default: Expression | str | None
    constraint: Expression | None
    required: Expression | None
    before_turn: str
    after_turn: str
    choices: Mapping[str, Option]

    def path(self, turn: int) -> str:
        return f"{self.before_turn}[{turn}]{self.after_turn}" if self.repeat else self.question.path


@dataclass(slots=True, eq=False)
class Plan:
    steps: list[Step] = field(default_factory=list)
    begins: dict[int, Repeat] = field(default_factory=dict)
    """Repeats by the index of their first step."""
    names: dict[str, Step] = field(default_factory=dict)
    repeats: dict[str, Repeat] = field(default_factory=dict)
    _paths: dict[str, Step] = field(default_factory=dict)

    def locate(self, path: str) -> tuple[Step, int]:
        """The step of a path and its turn (0 outside a repeat); KeyError for an unknown path."""
        turned = _TURN.search(path)
        if turned is None:
            return self._paths[path], 0
        return self._paths[path[: turned.start()] + path[turned.end() :]], int(turned[1])


_TURN = re.compile(r"\[([0-9]{1,3})\]")


@lru_cache(maxsize=256)
def plan_of(form: Form) -> Plan:
    """The plan of a form; raises ExpressionError when an expression of it cannot be read."""
    plan = Plan()
    _lay_out(plan, form.body, (), None)
    return plan


def _lay_out(
    plan: Plan,
    body: Sequence[Question | Group],
    guards: tuple[Expression, ...],
    repeat: Repeat | None,
) -> None:
    for item in body:
        inner = (*guards, compile_expression(item.relevant)) if item.relevant else guards
        if isinstance(item, Question):
            plan.names[item.name] = _add(plan, item, inner, repeat)
        elif not item.repeat:
            _lay_out(plan, item.body, inner, repeat)
        else:
            count = compile_expression(item.repeat_count) if item.repeat_count else None
            own = Repeat(item, inner, count, begin=len(plan.steps))
            plan.repeats[item.name] = plan.begins[own.begin] = own
            _lay_out(plan, item.body, inner, own)
            own.end = _add(plan, _again(item), inner, own).index


def _again(group: Group) -> Question:
    nothing: Mapping[str, str] = {}
    return Question(
        name=f"{group.name}+",
        path=f"{group.path}+",
        type=Type.AGAIN,
        row=group.row,
        labels=group.labels or _AGAIN_LABELS,
        hints=nothing,
        simpler=nothing,
        constraint_messages=nothing,
        required_messages=nothing,
        required="true()",
        options=(
            Option("yes", {"id": "Ya"}, nothing, group.row),
            Option("no", {"id": "Tidak"}, nothing, group.row),
        ),
    )


def _add(
    plan: Plan, question: Question, guards: tuple[Expression, ...], repeat: Repeat | None
) -> Step:
    before = repeat.group.path if repeat else ""
    step = Step(
        index=len(plan.steps),
        question=question,
        repeat=repeat,
        guards=guards,
        prompts=question.type is not Type.CALCULATE,
        counts=question.type not in _SILENT,
        calculation=_compiled(question.calculation),
        choice_filter=_compiled(question.choice_filter),
        default=_default(question),
        constraint=_compiled(question.constraint),
        required=_compiled(question.required),
        before_turn=before,
        after_turn=question.path[len(before) :],
        choices={option.name: option for option in question.options},
    )
    plan.steps.append(step)
    plan._paths[question.path] = step
    return step


def _compiled(source: str) -> Expression | None:
    return compile_expression(source) if source else None


_DYNAMIC = re.compile(r"\$\{|[A-Za-z][\w:-]*\(")


def is_dynamic(default: str) -> bool:
    """Whether a default is an expression, as KoBo decides it, or the answer itself.

    >>> is_dynamic("today()"), is_dynamic("2026-11-21"), is_dynamic("ibu")
    (True, False, False)
    """
    return _DYNAMIC.search(default) is not None


def _default(question: Question) -> Expression | str | None:
    if not question.default:
        return None
    if is_dynamic(question.default):
        return compile_expression(question.default)
    return question.default
