"""A form as filled so far: what to ask next, what a question says now, whether an answer will do.

Answers are XForms strings by path; nothing is remembered beyond one Instance, which is a value
made anew for every message. How a question is put to a person is interview.py's business.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from conversations.form.answer import Refusal, in_language, pieces, readable, refusal_of
from conversations.form.expression import Expression
from conversations.form.expression_value import number
from conversations.form.model import Form, Labels, Option, Question, Type
from conversations.form.plan import MOST_TURNS, Repeat, Step, plan_of

__all__ = ["Instance", "Refusal"]


class Instance:
    """One form, one person's answers.

    A path is `sapaan`, `rumah/umur` in a group, `anak[2]/nama` in the second turn of a repeat.
    `anak[2]+` asks after that turn whether there is another; its answer is "yes" or "no".
    A skipped question has the answer "". The answers must not change while the instance is used.
    """

    __slots__ = (
        "_filtered",
        "_plan",
        "_relevant",
        "_turns",
        "_values",
        "answers",
        "facts",
        "form",
        "now",
    )

    def __init__(
        self, form: Form, answers: Mapping[str, str], facts: Mapping[str, str], now: datetime
    ) -> None:
        self.form, self.answers, self.facts, self.now = form, answers, facts, now
        self._plan = plan_of(form)
        self._relevant: dict[tuple[int, int], bool] = {}
        self._values: dict[tuple[int, int], str] = {}
        self._filtered: dict[tuple[int, int], tuple[Option, ...]] = {}
        self._turns: dict[str, int] = {}

    # Finding the way

    def next_after(self, path: str | None) -> str | None:
        """The next relevant question or note; None at the end. `None` asks for the first.

        After the last question of a repeat's turn comes `anak[1]+`, and after its "yes" the next
        turn; with a repeat_count in the sheet the turns follow without asking.
        """
        plan, turn, at, found_some = self._plan, 0, 0, True
        if path is not None:
            step, turn = plan.locate(path)
            at = step.index + 1
            if step.question.type is Type.AGAIN:
                at, turn, found_some = self._after_gate(step, turn)
        while at < len(plan.steps):
            if turn == 0 and at in plan.begins:
                repeat = plan.begins[at]
                if not self._turns_of(repeat):
                    at = repeat.end + 1
                    continue
                turn, found_some = 1, False
            step = plan.steps[at]
            if step.question.type is Type.AGAIN and step.repeat:
                if step.repeat.count is None and found_some and turn < MOST_TURNS:
                    return step.path(turn)
                if step.repeat.count is not None and turn < self._turns_of(step.repeat):
                    at, turn = step.repeat.begin, turn + 1
                else:
                    at, turn = at + 1, 0
                continue
            if step.prompts and self._is_relevant(step, turn):
                return step.path(turn)
            at += 1
        return None

    def _after_gate(self, step: Step, turn: int) -> tuple[int, int, bool]:
        another = self.answers.get(step.path(turn)) == "yes" and turn < MOST_TURNS
        if another and step.repeat:
            return step.repeat.begin, turn + 1, False
        return step.index + 1, 0, True

    def before(self, path: str | None) -> str | None:
        """The question a person goes back to: the one before, notes left out; None at the start.

        `None` stands for the end: the last question.
        """
        target = None if path is None else _order(*self._plan.locate(path))
        previous = None
        for step, turn in self._walk():
            if target is not None and _order(step, turn) >= target:
                break
            if step.counts or step.question.type is Type.AGAIN:
                previous = step.path(turn)
        return previous

    def progress(self, path: str) -> tuple[int, int]:
        """Which question this is, of how many that are relevant now (notes and gates not counted).

        For a note or a gate it is the number of questions asked before.
        """
        target = _order(*self._plan.locate(path))
        orders = [_order(step, turn) for step, turn in self._walk() if step.counts]
        return sum(order <= target for order in orders), len(orders)

    def next_unanswered(self) -> str | None:
        """The first relevant question that has no answer, not even a skipped one."""
        unanswered = (
            step.path(turn)
            for step, turn in self._walk()
            if step.counts and step.path(turn) not in self.answers
        )
        return next(unanswered, None)

    def complete(self) -> dict[str, str]:
        """What is sent: relevant answers and calculations in the order of the sheet.

        An answer that no longer is relevant, or no longer among the options, stays in `answers`
        and comes back when the earlier answer is changed back.
        """
        finished = {}
        for step, turn in self._walk():
            path = step.path(turn)
            if step.calculation or (step.counts and path in self.answers):
                value = self._value(step, turn)
                if value or not self.answers.get(path):
                    finished[path] = value
        return finished

    def _walk(self) -> Iterator[tuple[Step, int]]:
        """Everything that is relevant, in the order in which it is asked."""
        steps, begins, at = self._plan.steps, self._plan.begins, 0
        while at < len(steps):
            repeat = begins.get(at)
            if repeat is None:
                if self._is_relevant(steps[at], 0):
                    yield steps[at], 0
                at += 1
                continue
            for turn in range(1, self._turns_of(repeat) + 1):
                yield from self._walk_turn(repeat, turn)
            at = repeat.end + 1

    def _walk_turn(self, repeat: Repeat, turn: int) -> Iterator[tuple[Step, int]]:
        found_some = False
        for step in self._plan.steps[repeat.begin : repeat.end]:
            if self._is_relevant(step, turn):
                found_some |= step.prompts
                yield step, turn
        if repeat.count is None and found_some and turn < MOST_TURNS:
            yield self._plan.steps[repeat.end], turn

    # What a question says

    def first_path(self, question: Question) -> str:
        """Where a question is asked, in a repeat for the first time."""
        return self._plan.names[question.name].path(1)

    def question(self, path: str) -> Question:
        return self._plan.locate(path)[0].question

    def label(self, path: str, language: str) -> str:
        step, turn = self._plan.locate(path)
        return self._said(step, turn, step.question.labels, language)

    def simpler(self, path: str, language: str) -> str:
        """The question in simpler words for asking again; empty when the sheet has none."""
        step, turn = self._plan.locate(path)
        return self._said(step, turn, step.question.simpler, language)

    def hint(self, path: str, language: str) -> str:
        step, turn = self._plan.locate(path)
        return self._said(step, turn, step.question.hints, language)

    def options(self, path: str, language: str) -> tuple[tuple[str, str], ...]:
        """Names and labels of the options that the choice_filter leaves."""
        step, turn = self._plan.locate(path)
        return tuple(
            (option.name, in_language(option.labels, language))
            for option in self._options(step, turn)
        )

    def default(self, path: str) -> str | None:
        """The answer the sheet proposes; None for none, or when it cannot be told yet."""
        step, turn = self._plan.locate(path)
        proposed = step.default
        if isinstance(proposed, Expression):
            proposed = proposed.text(_Place(self, step, turn))
        return proposed or None

    # Whether an answer will do

    def required(self, path: str) -> bool:
        step, turn = self._plan.locate(path)
        return step.required is not None and step.required.truth(_Place(self, step, turn))

    def check(self, path: str, value: str, language: str) -> str | None:
        """None when the answer will do; else the sheet's message, or a Refusal to be put in words.

        "" stands for skipping the question.
        """
        step, turn = self._plan.locate(path)
        if not value:
            if not self.required(path):
                return None
            message = self._said(step, turn, step.question.required_messages, language)
            return message or Refusal.REQUIRED
        refusal = refusal_of(step.question.type, value, self._options(step, turn))
        if refusal or step.constraint is None:
            return refusal
        place = _Place(self, step, turn, current=value)
        if step.constraint.truth(place):
            return None
        message = self._filled_in(place, step.question.constraint_messages, language)
        return message or Refusal.CONSTRAINT

    # Values

    def _is_relevant(self, step: Step, turn: int) -> bool:
        if not step.guards:
            return True
        key = step.index, turn
        known = self._relevant.get(key)
        if known is None:
            place = _Place(self, step, turn)
            known = self._relevant[key] = all(guard.truth(place) for guard in step.guards)
        return known

    def _value(self, step: Step, turn: int) -> str:
        """The answer as expressions see it: empty when irrelevant or no longer an option."""
        if not (step.guards or step.calculation or step.choice_filter):
            return self.answers.get(step.path(turn), "")
        key = step.index, turn
        if key not in self._values:
            self._values[key] = self._find_value(step, turn)
        return self._values[key]

    def _find_value(self, step: Step, turn: int) -> str:
        if not self._is_relevant(step, turn):
            return ""
        answer = self.answers.get(step.path(turn), "")
        if step.calculation:
            return step.calculation.text(_Place(self, step, turn, current=answer))
        if step.choice_filter and answer:
            names = {option.name for option in self._options(step, turn)}
            answer = " ".join(name for name in answer.split(" ") if name in names)
        return answer

    def _options(self, step: Step, turn: int) -> tuple[Option, ...]:
        if step.choice_filter is None:
            return step.question.options
        key = step.index, turn
        if key not in self._filtered:
            place = _Place(self, step, turn)
            self._filtered[key] = tuple(
                option
                for option in step.question.options
                if place.admits(step.choice_filter, option)
            )
        return self._filtered[key]

    def _turns_of(self, repeat: Repeat) -> int:
        path = repeat.group.path
        if path not in self._turns:
            self._turns[path] = self._count_turns(repeat)
        return self._turns[path]

    def _count_turns(self, repeat: Repeat) -> int:
        place = _Place(self, self._plan.steps[repeat.end], 1)
        if not all(guard.truth(place) for guard in repeat.guards):
            return 0
        if repeat.count is not None:
            wanted = number(repeat.count.evaluate(_Place(self, None, 0)))
            return int(min(wanted, MOST_TURNS)) if wanted >= 1 else 0
        turn = 1
        while turn < MOST_TURNS and self.answers.get(f"{repeat.group.path}[{turn}]+") == "yes":
            turn += 1
        return turn

    # Texts

    def _said(self, step: Step, turn: int, texts: Labels, language: str) -> str:
        said = in_language(texts, language)
        return self._filled_in(_Place(self, step, turn), texts, language) if "${" in said else said

    def _filled_in(self, place: "_Place", texts: Labels, language: str) -> str:
        """The text with ${…} filled in: a choice by its label, a date with its month's name."""
        cut = pieces(in_language(texts, language))
        return "".join(
            self._shown(place, piece, language) if at % 2 else piece for at, piece in enumerate(cut)
        )

    def _shown(self, place: "_Place", name: str, language: str) -> str:
        value = place.value(name)
        values = value if isinstance(value, list) else [value]
        step = self._plan.names[name]
        return ", ".join(readable(step.question, each, language) for each in values if each)


class _Place:
    """Where in an instance an expression is evaluated (the Scope of expression.py)."""

    __slots__ = ("_instance", "_name", "_option", "_repeat", "current", "facts", "now", "position")

    def __init__(
        self, instance: Instance, step: Step | None, turn: int, current: str | None = None
    ) -> None:
        self._instance = instance
        self._option: Option | None = None
        self._repeat = step.repeat if step else None
        self._name = step.question.name if step and current is not None else None
        self.position, self.now, self.facts = turn, instance.now, instance.facts
        if current is None:
            current = instance.answers.get(step.path(turn), "") if step else ""
        self.current: str = current

    def value(self, name: str) -> str | list[str]:
        if name == self._name:
            return self.current
        instance, plan = self._instance, self._instance._plan
        if name in plan.repeats:
            return [""] * instance._turns_of(plan.repeats[name])
        step = plan.names[name]
        if step.repeat is None or step.repeat is self._repeat:
            return instance._value(step, self.position if step.repeat else 0)
        return self.every(name)

    def every(self, name: str) -> list[str]:
        instance = self._instance
        step = instance._plan.names[name]
        turns = instance._turns_of(step.repeat) if step.repeat else 0
        return [instance._value(step, turn) for turn in range(1, turns + 1)]

    def attribute(self, name: str) -> str:
        if self._option is None:
            return ""
        return self._option.name if name == "name" else self._option.attributes.get(name, "")

    def admits(self, choice_filter: Expression, option: Option) -> bool:
        self._option = option
        return choice_filter.truth(self)

    def choice_label(self, name: str, answer: str) -> str:
        form = self._instance.form
        return readable(self._instance._plan.names[name].question, answer, form.default_language)


def _order(step: Step, turn: int) -> tuple[int, int, int]:
    return (step.repeat.begin, turn, step.index) if step.repeat else (step.index, 0, step.index)
