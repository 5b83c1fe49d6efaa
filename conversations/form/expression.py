"""The expressions of a form (relevant, constraint, calculation …): XPath 1.0 as XForms extends it.

elementpath parses (expression_grammar.py), expression_functions.py holds the functions. Here an
expression is compiled once and told what the static checks want to know. Which answers exist is
not known here: a `Scope` says it. Left out on purpose are location paths: a sheet names another
question as `${name}`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn

from elementpath import ElementPathError
from elementpath.xpath_tokens import XPathToken

from conversations.form.expression_functions import ExpressionParser
from conversations.form.expression_grammar import Scope
from conversations.form.expression_value import Value, text, truth
from conversations.form.safe_pattern import pattern_fault

__all__ = ["Expression", "ExpressionError", "Scope", "compile_expression"]

LONGEST = 2_000
MOST_PARENTHESES = 60


class ExpressionError(ValueError):
    """An expression that cannot be used; the message is Indonesian, for the writer of the sheet."""


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """One expression, parsed, with what it refers to.

    `references` are the names read at one place; `gathered` those read over all turns of a
    repeat (`sum(${umur})`); `attributes` the columns of the choices sheet in a choice_filter.
    """

    source: str
    references: frozenset[str]
    gathered: frozenset[str]
    attributes: frozenset[str]
    looks_at_itself: bool
    asks_position: bool
    _evaluate: Callable[[Any], Any]

    def evaluate(self, scope: Scope) -> Value:
        try:
            value: Value = self._evaluate(scope)
        except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
            message = f"tidak dapat dihitung: {error}"
            raise ExpressionError(message) from error
        return value

    def truth(self, scope: Scope) -> bool:
        return truth(self.evaluate(scope))

    def text(self, scope: Scope) -> str:
        """The result as an XForms answer; what cannot be computed yet is an empty answer."""
        return text(self.evaluate(scope))


@lru_cache(maxsize=8192)
def compile_expression(source: str) -> Expression:
    """Parse and check one expression; raises ExpressionError.

    >>> sorted(compile_expression("${umur} > 5 and sum(${anak_umur}) < 9").references)
    ['umur']
    >>> compile_expression("umr(1)")
    Traceback (most recent call last):
    conversations.form.expression.ExpressionError: fungsi umr() tidak dikenal
    """
    if len(source) > LONGEST or source.count("(") > MOST_PARENTHESES:
        _refuse(f"terlalu rumit: paling banyak {LONGEST} huruf dan {MOST_PARENTHESES} kurung")
    try:
        root = ExpressionParser().parse(_variables(source))
    except ElementPathError as error:
        raise ExpressionError(_reason(error)) from error
    except RecursionError as error:
        message = "terlalu rumit: terlalu banyak kurung di dalam kurung"
        raise ExpressionError(message) from error
    found = _Findings()
    _look_through(root, found)
    return Expression(
        source,
        frozenset(found.references),
        frozenset(found.gathered),
        frozenset(found.attributes),
        found.looks_at_itself,
        found.asks_position,
        root.evaluate,
    )


_PIECE = re.compile(r"""('[^']*'|"[^"]*")|\$\{\s*([^{}]*?)\s*\}|(\$)""")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def _variables(source: str) -> str:
    """`${umur}` is the variable `$umur` of XPath; literals stay as they are."""

    def variable(match: re.Match[str]) -> str:
        literal, name, dollar = match.groups()
        if literal is not None:
            return str(literal)
        if dollar or not _NAME.fullmatch(name):
            _refuse("nama pertanyaan ditulis ${nama}")
        return f" ${name} "

    return _PIECE.sub(variable, source)


def _reason(error: ElementPathError) -> str:
    told = re.search(r"unknown function '([^']+)'", str(error))
    if told:
        return f"fungsi {told[1]}() tidak dikenal"
    return f"tidak dapat dibaca sebagai rumus ({str(error).partition('] ')[2] or error})"


_GATHERING = frozenset({"count", "count-non-empty", "sum", "min", "max", "join"})
_PATHS = frozenset({"/", "//", "[", "@", "|", "::", "{", ".."})


@dataclass(slots=True)
class _Findings:
    references: set[str] = field(default_factory=set)
    gathered: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    looks_at_itself: bool = False
    asks_position: bool = False


def _look_through(token: XPathToken, found: _Findings, gathering: bool = False) -> None:
    symbol, parts = token.symbol, _parts(token)
    if symbol == "$":
        (found.gathered if gathering else found.references).add(str(token.value))
    elif symbol == "(name)":
        found.attributes.add(str(token.value))
    elif symbol == "(string)" and "${" in str(token.value):
        _refuse("${…} di dalam tanda kutip hanya dibaca sebagai tulisan biasa")
    elif symbol in _PATHS or (symbol == "*" and not parts):
        _refuse("jalur seperti /data/x atau ../x tidak didukung; tulis ${nama}")
    elif symbol == ":":
        _look_through(parts[1], found)
    elif symbol == "position":
        _only_parents(parts[0])
        found.asks_position = True
    elif symbol == "choice-name":
        _look_through(parts[0], found)
        found.references.add(_quoted_name(parts[1]))
    elif symbol == "indexed-repeat":
        for part in parts[:2]:
            if part.symbol != "$":
                _refuse("indexed-repeat() ditulis indexed-repeat(${x}, ${ulang}, 1)")
            found.gathered.add(str(part.value))
        _look_through(parts[2], found)
    else:
        found.looks_at_itself |= symbol == "."
        if symbol == "regex":
            _check_regex(parts[1])
        for part in parts:
            _look_through(part, found, symbol in _GATHERING or (gathering and symbol == "("))


def _parts(token: XPathToken) -> Sequence[XPathToken]:
    return token._items


def _only_parents(token: XPathToken) -> None:
    if token.symbol == "/":
        for part in _parts(token):
            _only_parents(part)
    elif token.symbol != "..":
        _refuse("position() ditulis position(..)")


def _quoted_name(token: XPathToken) -> str:
    quoted = re.fullmatch(r"\$\{\s*([A-Za-z_][\w.-]*)\s*\}", str(token.value))
    if token.symbol != "(string)" or not quoted:
        _refuse("jr:choice-name() ditulis jr:choice-name(${x}, '${x}')")
    return quoted[1]


def _check_regex(token: XPathToken) -> None:
    if token.symbol != "(string)":
        _refuse("pola regex() harus tulisan tetap dalam tanda kutip")
    fault = pattern_fault(str(token.value))
    if fault:
        _refuse(f"pola regex() {fault}")


def _refuse(message: str) -> NoReturn:
    raise ExpressionError(message)
