"""No number about few people can be worked out from the follow-ups that a report prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report.small_numbers import FEW, MANY, SOME
from conversations.level import Level
from storage.figures import (
    Progress,
)
from tests.bot.reports import (
    HIDDEN,
    Numbers,
    a_report,
    shown,
    table,
)


def test_follow_ups_are_printed_as_they_are_where_none_is_small() -> None:
    numbers = {(level, progress): 10 for level in Level for progress in Progress}

    printed = table(a_report(follow_ups=numbers))

    assert printed["merah", "open"] == "10"
    assert printed["merah", "all"] == "30"
    assert printed["all", "all"] == "120"


def test_a_small_number_is_hidden_together_with_one_that_would_give_it_away() -> None:
    numbers = {(level, progress): 10 for level in Level for progress in Progress}
    numbers[Level.MERAH, Progress.OPEN] = 3

    printed = table(a_report(follow_ups=numbers))

    assert printed["merah", "open"] == FEW
    assert [printed["merah", one] for one in ("accepted", "closed", "all")].count(MANY) == 1
    assert [printed[one, "open"] for one in ("oranye", "kuning", "hijau", "all")].count(MANY) == 1


def test_two_small_numbers_with_an_extreme_sum_are_not_enough() -> None:
    numbers = {(Level.MERAH, Progress.OPEN): 4, (Level.MERAH, Progress.ACCEPTED): 4}

    printed = table(a_report(follow_ups=numbers))

    assert printed["merah", "all"] == MANY
    assert printed["merah", "closed"] == "0"


def test_where_sums_leave_a_single_way_to_add_up_nothing_is_told_but_zeros() -> None:
    numbers = {(Level.MERAH, progress): 1 for progress in Progress}
    numbers[Level.ORANYE, Progress.CLOSED] = 1

    printed = table(a_report(follow_ups=numbers, hours=1.0))

    assert printed["merah", "open"] == printed["all", "all"] == SOME
    assert printed["oranye", "open"] == "0"


_numbers = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 9, 20])


@given(st.lists(_numbers, min_size=12, max_size=12))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_hidden_follow_up_can_be_worked_out_from_what_is_printed(numbers: list[int]) -> None:
    counted = dict(zip(product(Level, Progress), numbers, strict=True))
    report = a_report(follow_ups=counted, hours=1.0)

    printed = table(report)
    taken_up, everything = shown(report)["taken_up"].split(" dari ")
    assert everything == printed["all", "all"]
    small = {(str(level), str(progress)) for (level, progress), n in counted.items() if 0 < n < 5}
    assert all(printed[key] in (FEW, SOME) for key in small)
    hidden = {key for key, cell in printed.items() if cell in HIDDEN}
    varied = varying(counted, printed, taken_up)
    assert hidden <= varied
    assert taken_up not in HIDDEN or "taken up" in varied


def varying(counted: Numbers, printed: Mapping[tuple[str, str], str], taken_up: str) -> set[object]:
    """What differs in some other table with the same print, no number by more than one."""
    totals: dict[tuple[int, int, int], set[object]] = {(0, 0, 0): set()}
    for level in Level:
        totals = _with_row(totals, list(_rows(counted, printed, level)))
    found: set[object] = set()
    for (opened, accepted, closed), differing in totals.items():
        sums = {
            ("all", "open"): opened,
            ("all", "accepted"): accepted,
            ("all", "closed"): closed,
            ("all", "all"): opened + accepted + closed,
            "taken up": accepted + closed,
        }
        if all(
            _allows(taken_up if key == "taken up" else printed[key], _sum(counted, key), change)
            for key, change in sums.items()
        ):
            found |= differing | {key for key, change in sums.items() if change}
    return found


def _rows(
    counted: Numbers, printed: Mapping[tuple[str, str], str], level: Level
) -> Iterator[tuple[tuple[int, int, int], set[object]]]:
    """Each way in which a level's numbers may differ, and what differs then."""
    own = [counted[level, progress] for progress in Progress]
    for changes in product((-1, 0, 1), repeat=3):
        cells = zip(Progress, own, changes, strict=True)
        fits = all(_allows(printed[level, one], n, change) for one, n, change in cells)
        if fits and _allows(printed[level, "all"], sum(own), sum(changes)):
            both = zip(Progress, changes, strict=True)
            differing: set[object] = {(str(level), str(one)) for one, change in both if change}
            yield changes, differing | ({(str(level), "all")} if sum(changes) else set())


def _with_row(
    totals: Mapping[tuple[int, int, int], set[object]],
    rows: list[tuple[tuple[int, int, int], set[object]]],
) -> dict[tuple[int, int, int], set[object]]:
    """Sums by column after one more level; with each, whatever differs on some way to it."""
    found: dict[tuple[int, int, int], set[object]] = {}
    for (a, b, c), differing in totals.items():
        for (x, y, z), more in rows:
            found.setdefault((a + x, b + y, c + z), set()).update(differing | more)
    return found


def _allows(cell: str, n: int, change: int) -> bool:
    """Whether the number could be `n + change` for all that its print tells."""
    if cell == FEW:
        return 1 <= n + change <= 4
    return n + change >= (5 if cell == MANY else 1) if cell in (MANY, SOME) else change == 0


def _sum(counted: Numbers, key: object) -> int:
    wanted = {"taken up": ("accepted", "closed"), ("all", "all"): tuple(Progress)}.get(key)  # type: ignore[call-overload]
    columns = wanted or (key[1],)  # type: ignore[index]
    return sum(n for (_, progress), n in counted.items() if progress in columns)
