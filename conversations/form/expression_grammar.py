"""The grammar of expressions: elementpath's XPath 1.0 parser with the operators XForms means.

The parser's own functions and axes are taken out (expression_functions.py fills in those of
XForms); its operators keep their precedence and get the values of expression_value.py. A token is
evaluated with a `Scope` (expression.py), so nothing of a document tree is built for a message.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from elementpath.tdop import Parser
from elementpath.xpath1 import XPath1Parser
from elementpath.xpath_tokens import XPathAxis, XPathFunction, XPathToken

from conversations.form.expression_value import Value, compare, number, truth


class Scope(Protocol):
    """The place in a form, as filled so far, where an expression is evaluated."""

    current: str
    position: int
    now: datetime
    facts: Mapping[str, str]

    def value(self, name: str) -> str | list[str]:
        """What `${name}` means here: one answer, or one for each turn when seen from outside."""

    def every(self, name: str) -> list[str]:
        """The answers of all turns of a repeat, wherever the expression stands."""

    def attribute(self, name: str) -> str:
        """A column of the choice that a choice_filter is looking at."""

    def choice_label(self, name: str, answer: str) -> str:
        """The label by which a person knows this answer to the choice question `name`."""


Operands = Sequence[Any]
Meaning = Callable[[Operands, Scope], Value]


class ExpressionParser(XPath1Parser):
    """The grammar of XPath 1.0, with the functions of XForms in place of its own."""

    DEFAULT_NAMESPACES: ClassVar[dict[str, str]] = {
        **XPath1Parser.DEFAULT_NAMESPACES,
        "jr": "http://openrosa.org/javarosa",
    }
    symbol_table = {  # noqa: RUF012
        symbol: token
        for symbol, token in XPath1Parser.symbol_table.items()
        if not issubclass(token, XPathFunction | XPathAxis)
    }
    tokenizer = None

    def parse(self, source: str) -> XPathToken:
        """Parse without the trial evaluation of the base class: there is no scope yet."""
        if self.tokenizer is None:
            self.tokenizer = self.create_tokenizer(self.symbol_table)
        return Parser.parse(self, source)


def function(
    symbol: str, least: int, most: int | None, prefix: str | None = None
) -> Callable[[Meaning], Meaning]:
    """Add a function with its number of arguments (`most` None: any number)."""
    arity: Any = least if least == most else (least, most)

    def define(meaning: Meaning) -> Meaning:
        def evaluate(self: XPathToken, scope: Any = None) -> Value:
            return meaning(self._items, scope)

        token = ExpressionParser.function(symbol, prefix=prefix, nargs=arity)
        token.evaluate = evaluate  # type: ignore[method-assign, assignment]
        return meaning

    return define


def values_of(operands: Operands, scope: Scope) -> Iterator[Value]:
    """All values of all operands, the answers of a repeat's turns one by one."""
    for operand in operands:
        value = operand.evaluate(scope)
        if isinstance(value, list):
            yield from value
        else:
            yield value


def filled_numbers(operands: Operands, scope: Scope) -> list[float]:
    """The numbers among the values; what is not answered yet does not count."""
    numbers = [number(value) for value in values_of(operands, scope)]
    return [figure for figure in numbers if not math.isnan(figure)]


def _give_meaning(symbol: str, evaluate: Callable[[Any, Any], Any]) -> None:
    inherited = ExpressionParser.symbol_table[symbol]
    ExpressionParser.symbol_table[symbol] = type(
        f"Expression{inherited.__name__}", (inherited,), {"evaluate": evaluate}
    )


def _comparison(symbol: str) -> Callable[[Any, Any], bool]:
    def evaluate(self: Any, scope: Any = None) -> bool:
        left, right = self._items
        return compare(symbol, left.evaluate(scope), right.evaluate(scope))

    return evaluate


def _calculation(
    operation: Callable[[float, float], float],
) -> Callable[[Any, Any], float]:
    def evaluate(self: Any, scope: Any = None) -> float:
        operands = [number(operand.evaluate(scope)) for operand in self._items]
        return operation(*operands) if len(operands) == 2 else operation(0.0, *operands)

    return evaluate


def _divide(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    return math.copysign(math.inf, dividend) if dividend and dividend == dividend else math.nan


def _remainder(dividend: float, divisor: float) -> float:
    return math.fmod(dividend, divisor) if divisor and math.isfinite(dividend) else math.nan


def _and(self: Any, scope: Any = None) -> bool:
    return all(truth(operand.evaluate(scope)) for operand in self._items)


def _or(self: Any, scope: Any = None) -> bool:
    return any(truth(operand.evaluate(scope)) for operand in self._items)


def _literal(self: Any, _scope: Any = None) -> float:
    try:
        return float(self.value)
    except OverflowError:
        return math.inf


def _variable(self: Any, scope: Any = None) -> Value:
    value: Value = scope.value(self.value)
    return value


def _attribute(self: Any, scope: Any = None) -> Value:
    value: Value = scope.attribute(self.value)
    return value


def _itself(_self: Any, scope: Any = None) -> Value:
    value: Value = scope.current
    return value


def _last_part(self: Any, scope: Any = None) -> Value:
    value: Value = self._items[-1].evaluate(scope)
    return value


for _symbol in ("=", "!=", "<", "<=", ">", ">="):
    _give_meaning(_symbol, _comparison(_symbol))
for _symbol, _operation in {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": _divide,
    "mod": _remainder,
}.items():
    _give_meaning(_symbol, _calculation(_operation))
for _symbol, _evaluate in {
    "and": _and,
    "or": _or,
    "(decimal)": _literal,
    "(integer)": _literal,
    "$": _variable,
    "(name)": _attribute,
    ".": _itself,
    "(": _last_part,
    ":": _last_part,
}.items():
    _give_meaning(_symbol, _evaluate)
