"""How long a text is for a platform, and how a longer one is cut: the same for all of them.

Counted in UTF-16 units, as Telegram does. They are never fewer than the characters (code points)
that others count, so what fits in units fits everywhere.
"""

from __future__ import annotations


def units(text: str) -> int:
    """An emoji outside the basic plane is two.

    >>> units("ya 👍")
    5
    """
    return (
        len(text) + sum(1 for char in text if char > "\uffff") if not text.isascii() else len(text)
    )


def split(text: str, longest: int) -> list[str]:
    """Pieces of at most `longest` units, cut at a line or word where there is one.

    >>> split("satu dua tiga", 8)
    ['satu dua', 'tiga']
    """
    pieces = []
    rest = text.strip()
    while units(rest) > longest:
        fitting = prefix(rest, longest)
        cut = len(fitting)
        if not rest[cut].isspace():
            cut = max(fitting.rfind("\n"), fitting.rfind(" ")) + 1 or cut
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*(piece for piece in pieces if piece), *([rest] if rest else [])]


def prefix(text: str, longest: int) -> str:
    """As much of its beginning as fits.

    >>> prefix("👍👍", 3)
    '👍'
    """
    used = 0
    for index, char in enumerate(text):
        used += 2 if char > "\uffff" else 1
        if used > longest:
            return text[:index]
    return text
