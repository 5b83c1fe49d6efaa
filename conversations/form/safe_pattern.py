"""Refuses a regular expression whose matching could take far longer than its text is long.

Patterns for regex() come from staff sheets and run on what people type, in the one writer. A
pattern's cost is bounded by multiplying the choices of its quantifiers; quantifiers inside a
repeated group are refused, because their cost is exponential.
"""

import re
import warnings

LONGEST_TEXT = 1_000
"""Characters of a text that regex() looks at."""

_MOST_STEPS = 5_000_000
_PIECE = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?(?:P<\w+>|[^)]))?)"
    r"|(?P<close>\))|(?P<times>\*|\+|\?|\{(?P<low>\d*)(?:(?P<comma>,)(?P<high>\d*))?\})[?+]?"
    r"|(?P<either>\|)|(?P<plain>.)",
    re.DOTALL,
)


def pattern_fault(pattern: str) -> str | None:
    r"""What is wrong with a pattern, in Indonesian; None when it is harmless.

    >>> pattern_fault(r"08[0-9]{8,11}") is None
    True
    >>> pattern_fault("(a+)+")
    'memakai pengulangan di dalam pengulangan, misalnya (a+)+'
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning) as error:
        return f"tidak sah ({error})"
    except (RecursionError, OverflowError):
        return "terlalu rumit"
    steps = 1
    groups: list[bool] = [False]
    closed: bool | None = None
    for piece in _PIECE.finditer(pattern):
        if piece["escape"] and piece["escape"][1] in "123456789":
            return "memakai rujukan balik seperti \\1"
        if piece["times"]:
            choices = _choices(piece)
            if closed and _repeats(piece):
                return "memakai pengulangan di dalam pengulangan, misalnya (a+)+"
            if choices > 1:
                groups[-1] = True
            steps *= choices
            if steps > _MOST_STEPS:
                return "memakai terlalu banyak tanda *, + atau {…}"
        elif piece["either"]:
            groups[-1] = True
        closed = None
        if piece["open"]:
            if piece["open"].startswith("(?") and not piece["open"].endswith((":", ">")):
                return "hanya boleh memakai kurung ( ) dan (?: )"
            groups.append(False)
        elif piece["close"]:
            closed = groups.pop()
            groups[-1] |= closed
    return None


def _choices(piece: re.Match[str]) -> int:
    """In how many ways the quantifier can match at one place of the longest text."""
    if piece["times"] == "?":
        return 2
    if piece["times"] in "*+":
        return LONGEST_TEXT
    if not piece["comma"]:
        return 1
    high = min(int(piece["high"] or LONGEST_TEXT), LONGEST_TEXT)
    return max(high - int(piece["low"] or 0) + 1, 1)


def _repeats(piece: re.Match[str]) -> bool:
    return piece["times"] != "?" and piece["times"] not in ("{0,1}", "{1}")
