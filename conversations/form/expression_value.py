"""Values inside an expression and how they turn into one another, as XPath 1.0 and XForms say.

An answer is a string; a date or time counts as days since 1970-01-01 (a time as a part of a day),
so that sheets can write `today() - ${lahir}`. An empty answer is no number (NaN) and compares as
false. Several values in a list are the answers of a repeat's turns (XPath's node-set).
"""

import math
import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

Value: TypeAlias = "str | float | bool | list[str]"

_NUMBER = re.compile(r"\s*-?(?:\d+(?:\.\d*)?|\.\d+)\s*", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400


def number(value: Value) -> float:
    """The number a value stands for, NaN when it stands for none.

    >>> number("36.5"), number("1970-01-03"), number("06:00"), number("")
    (36.5, 2.0, 0.25, nan)
    """
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, str):
        return float(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    return _days(value)


def _days(value: str) -> float:
    try:
        if len(value) == 10:
            return float(date.fromisoformat(value).toordinal() - _EPOCH)
        if "T" in value:
            moment = datetime.fromisoformat(value)
            return moment.toordinal() - _EPOCH + _part_of_day(moment.time())
        if ":" in value:
            return _part_of_day(time.fromisoformat(value))
    except ValueError:
        pass
    return math.nan


def _part_of_day(moment: time) -> float:
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) / _DAY


def text(value: Value) -> str:
    """The value as an XForms answer.

    >>> text(5.0), text(2.5), text(True), text(math.nan)
    ('5', '2.5', 'true', '')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return value[0] if value else ""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")


def truth(value: Value) -> bool:
    """What relevant and constraint ask of a value: text is true when there is some."""
    if isinstance(value, float):
        return bool(value) and not math.isnan(value)
    return bool(value)


def moment(value: Value) -> datetime | None:
    """The date (at midnight) or date and time a value stands for; the zone is left out.

    >>> moment("2026-11-21"), moment("besok")
    (datetime.datetime(2026, 11, 21, 0, 0), None)
    """
    days = number(value)
    if math.isnan(days) or not 1 - _EPOCH <= days < 2_932_897:
        return None
    whole = math.floor(days)
    seconds = round((days - whole) * _DAY)
    midnight = datetime.combine(date.fromordinal(whole + _EPOCH), time(), UTC).timestamp()
    return datetime.fromtimestamp(midnight + seconds, UTC).replace(tzinfo=None)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(symbol: str, left: Value, right: Value) -> bool:
    """`left symbol right` as XPath 1.0 section 3.4 compares; a list when any of its values does.

    >>> compare(">", "10", "9"), compare("=", "", 0), compare("=", ["a", "b"], "b")
    (True, False, True)
    """
    if isinstance(left, bool) or isinstance(right, bool):
        left, right = truth(left), truth(right)
    elif isinstance(left, list):
        return any(compare(symbol, each, right) for each in left)
    elif isinstance(right, list):
        return any(compare(symbol, left, each) for each in right)
    elif not (symbol in ("=", "!=") and isinstance(left, str) and isinstance(right, str)):
        left, right = number(left), number(right)
    return _COMPARISONS[symbol](left, right)
