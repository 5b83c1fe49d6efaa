"""The functions of XForms (https://getodk.github.io/xforms-spec/#xpath-functions) a form may use.

Each takes its operands, not evaluated yet, and the scope. Not here: random(), uuid() and whatever
else a pure conversation cannot answer; the static checks call those unknown.
"""

import math
import re
from datetime import datetime

from conversations.form.expression_grammar import (
    ExpressionParser,
    Operands,
    Scope,
    filled_numbers,
    function,
    values_of,
)
from conversations.form.expression_value import Value, moment, number, text, truth
from conversations.form.safe_pattern import LONGEST_TEXT

__all__ = ["ExpressionParser"]

_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "Mei",
    "Jun",
    "Jul",
    "Agu",
    "Sep",
    "Okt",
    "Nov",
    "Des",
)
_DAYS = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")


def _text(items: Operands, index: int, scope: Scope) -> str:
    return text(items[index].evaluate(scope))


def _number(items: Operands, index: int, scope: Scope) -> float:
    return number(items[index].evaluate(scope))


def _own_or_first(items: Operands, scope: Scope) -> str:
    return _text(items, 0, scope) if items else scope.current


# Choosing and truth


@function("if", 3, 3)
def _if(items: Operands, scope: Scope) -> Value:
    result: Value = items[1 if truth(items[0].evaluate(scope)) else 2].evaluate(scope)
    return result


@function("coalesce", 2, None)
def _coalesce(items: Operands, scope: Scope) -> str:
    return next((found for item in items if (found := text(item.evaluate(scope)))), "")


@function("once", 1, 1)
def _once(items: Operands, scope: Scope) -> str:
    return scope.current or _text(items, 0, scope)


@function("not", 1, 1)
def _not(items: Operands, scope: Scope) -> bool:
    return not truth(items[0].evaluate(scope))


@function("boolean", 1, 1)
def _boolean(items: Operands, scope: Scope) -> bool:
    return truth(items[0].evaluate(scope))


@function("boolean-from-string", 1, 1)
def _boolean_from_string(items: Operands, scope: Scope) -> bool:
    return _text(items, 0, scope) in ("true", "1")


@function("true", 0, 0)
def _true(_items: Operands, _scope: Scope) -> bool:
    return True


@function("false", 0, 0)
def _false(_items: Operands, _scope: Scope) -> bool:
    return False


# Choices


@function("selected", 2, 2)
def _selected(items: Operands, scope: Scope) -> bool:
    return _text(items, 1, scope).strip() in _text(items, 0, scope).split()


@function("selected-at", 2, 2)
def _selected_at(items: Operands, scope: Scope) -> str:
    chosen, place = _text(items, 0, scope).split(), _number(items, 1, scope)
    return chosen[int(place)] if 0 <= place < len(chosen) else ""


@function("count-selected", 1, 1)
def _count_selected(items: Operands, scope: Scope) -> float:
    return float(len(_text(items, 0, scope).split()))


@function("choice-name", 2, 2, prefix="jr")
def _choice_name(items: Operands, scope: Scope) -> str:
    question = _text(items, 1, scope).strip("${} ")
    return scope.choice_label(question, _text(items, 0, scope))


@function("pulldata", 2, 4)
def _pulldata(items: Operands, scope: Scope) -> str:
    return scope.facts.get(f"{_text(items, 0, scope)}.{_text(items, 1, scope)}", "")


# Repeats


@function("position", 1, 1)
def _position(_items: Operands, scope: Scope) -> float:
    return float(scope.position)


@function("indexed-repeat", 3, 3)
def _indexed_repeat(items: Operands, scope: Scope) -> str:
    turns, place = scope.every(items[0].value), _number(items, 2, scope)
    return turns[int(place) - 1] if 1 <= place < len(turns) + 1 else ""


@function("count", 1, 1)
def _count(items: Operands, scope: Scope) -> float:
    return float(sum(1 for _ in values_of(items, scope)))


@function("count-non-empty", 1, 1)
def _count_non_empty(items: Operands, scope: Scope) -> float:
    return float(sum(1 for value in values_of(items, scope) if text(value)))


@function("sum", 1, 1)
def _sum(items: Operands, scope: Scope) -> float:
    return sum(filled_numbers(items, scope), start=0.0)


@function("min", 1, None)
def _min(items: Operands, scope: Scope) -> float:
    return min(filled_numbers(items, scope), default=math.nan)


@function("max", 1, None)
def _max(items: Operands, scope: Scope) -> float:
    return max(filled_numbers(items, scope), default=math.nan)


@function("join", 2, None)
def _join(items: Operands, scope: Scope) -> str:
    return _text(items, 0, scope).join(text(value) for value in values_of(items[1:], scope))


# Text


@function("concat", 1, None)
def _concat(items: Operands, scope: Scope) -> str:
    return "".join(text(value) for value in values_of(items, scope))


@function("string", 0, 1)
def _string(items: Operands, scope: Scope) -> str:
    return _own_or_first(items, scope)


@function("string-length", 0, 1)
def _string_length(items: Operands, scope: Scope) -> float:
    return float(len(_own_or_first(items, scope)))


@function("normalize-space", 0, 1)
def _normalize_space(items: Operands, scope: Scope) -> str:
    return " ".join(_own_or_first(items, scope).split())


@function("contains", 2, 2)
def _contains(items: Operands, scope: Scope) -> bool:
    return _text(items, 1, scope) in _text(items, 0, scope)


@function("starts-with", 2, 2)
def _starts_with(items: Operands, scope: Scope) -> bool:
    return _text(items, 0, scope).startswith(_text(items, 1, scope))


@function("ends-with", 2, 2)
def _ends_with(items: Operands, scope: Scope) -> bool:
    return _text(items, 0, scope).endswith(_text(items, 1, scope))


@function("substring-before", 2, 2)
def _substring_before(items: Operands, scope: Scope) -> str:
    before, found, _after = _text(items, 0, scope).partition(_text(items, 1, scope) or "\0")
    return before if found else ""


@function("substring-after", 2, 2)
def _substring_after(items: Operands, scope: Scope) -> str:
    return _text(items, 0, scope).partition(_text(items, 1, scope) or "\0")[2]


@function("substr", 2, 3)
def _substr(items: Operands, scope: Scope) -> str:
    """Counts from 0 and ends before `end`, as XForms has it (negative: from the end)."""
    bounds = [_number(items, index, scope) for index in range(1, len(items))]
    if any(math.isnan(bound) or math.isinf(bound) for bound in bounds):
        return ""
    return _text(items, 0, scope)[slice(*map(int, bounds), *([None] * (2 - len(bounds))))]


@function("translate", 3, 3)
def _translate(items: Operands, scope: Scope) -> str:
    source, changed = _text(items, 1, scope), _text(items, 2, scope)
    table = {ord(old): changed[at : at + 1] for at, old in reversed(list(enumerate(source)))}
    return _text(items, 0, scope).translate(table)


@function("regex", 2, 2)
def _regex(items: Operands, scope: Scope) -> bool:
    return re.fullmatch(_text(items, 1, scope), _text(items, 0, scope)[:LONGEST_TEXT]) is not None


# Numbers


@function("number", 0, 1)
def _as_number(items: Operands, scope: Scope) -> float:
    return number(items[0].evaluate(scope) if items else scope.current)


@function("int", 1, 1)
def _int(items: Operands, scope: Scope) -> float:
    value = _number(items, 0, scope)
    return float(math.trunc(value)) if math.isfinite(value) else value


@function("round", 1, 2)
def _round(items: Operands, scope: Scope) -> float:
    """Halves go up, as XPath has it; the second argument is the number of decimals."""
    value, places = (
        _number(items, 0, scope),
        _number(items, 1, scope) if len(items) > 1 else 0.0,
    )
    if not (abs(value) < 1e15 and abs(places) <= 15):
        return value
    scale = 10.0 ** int(places)
    return math.floor(value * scale + 0.5) / scale


@function("floor", 1, 1)
def _floor(items: Operands, scope: Scope) -> float:
    value = _number(items, 0, scope)
    return float(math.floor(value)) if math.isfinite(value) else value


@function("ceiling", 1, 1)
def _ceiling(items: Operands, scope: Scope) -> float:
    value = _number(items, 0, scope)
    return float(math.ceil(value)) if math.isfinite(value) else value


@function("abs", 1, 1)
def _abs(items: Operands, scope: Scope) -> float:
    return abs(_number(items, 0, scope))


# Dates and times


@function("today", 0, 0)
def _today(_items: Operands, scope: Scope) -> str:
    return scope.now.date().isoformat()


@function("now", 0, 0)
def _now(_items: Operands, scope: Scope) -> str:
    return scope.now.isoformat(timespec="seconds")


@function("date", 1, 1)
def _date(items: Operands, scope: Scope) -> str:
    when = moment(items[0].evaluate(scope))
    return when.date().isoformat() if when else ""


@function("date-time", 1, 1)
def _date_time(items: Operands, scope: Scope) -> str:
    when = moment(items[0].evaluate(scope))
    return when.isoformat(timespec="seconds") if when else ""


@function("decimal-date-time", 1, 1)
def _decimal_date_time(items: Operands, scope: Scope) -> float:
    return _number(items, 0, scope)


@function("decimal-time", 1, 1)
def _decimal_time(items: Operands, scope: Scope) -> float:
    return _number(items, 0, scope) % 1.0


@function("format-date-time", 2, 2)
@function("format-date", 2, 2)
def _format_date(items: Operands, scope: Scope) -> str:
    when = moment(items[0].evaluate(scope))
    return _formatted(when, _text(items, 1, scope)) if when else ""


def _formatted(when: datetime, pattern: str) -> str:
    parts = {
        "%Y": f"{when.year:04}",
        "%y": f"{when.year % 100:02}",
        "%m": f"{when.month:02}",
        "%n": str(when.month),
        "%b": _MONTHS[when.month - 1],
        "%d": f"{when.day:02}",
        "%e": str(when.day),
        "%a": _DAYS[when.weekday()],
        "%H": f"{when.hour:02}",
        "%h": str(when.hour),
        "%M": f"{when.minute:02}",
        "%S": f"{when.second:02}",
        "%3": "000",
    }
    return re.sub(r"%.", lambda found: parts.get(found[0], found[0]), pattern)
