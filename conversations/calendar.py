"""Which days are different from others: Ramadan, when evenings belong to prayer until late.

The dates are a table that a language person keeps (locales/calendar.toml).
"""

from __future__ import annotations

from datetime import date

from locales.calendar import ramadans


def is_ramadan(day: date) -> bool:
    """Whether people fast on this local date; False for years that the table does not know.

    >>> is_ramadan(date(2027, 2, 8)), is_ramadan(date(2027, 3, 9)), is_ramadan(date(2027, 3, 10))
    (True, True, False)
    """
    return any(one.first <= day <= one.last for one in ramadans())
