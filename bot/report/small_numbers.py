"""What a page that leaves the team may say about few people (DOMAIN.md 6.1: cells below 5 hidden).

A village knows who "1 case" is. So one to four is written "< 5", and where that could be worked
out from the sums beside it, further numbers are written "5+". Zero is about nobody and stays.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final

from storage.figures import Count

FEWEST: Final = 5
"""So many people stand behind a number that is printed."""

FEW: Final = "< 5"
MANY: Final = "5+"
"""Five or more; how many is hidden, for the sake of another number."""

SOME: Final = "1+"
"""One or more: where even "< 5" would tell, because the sums leave a single way to add up."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One number of a table with sums: a sum flows into the node that its parts flow out of.

    Into each node as much flows as out of it.
    """

    name: Hashable
    begins: Hashable
    ends: Hashable
    value: int


def written(counted: Count) -> str:
    """A number on its own; hidden where fewer than five people stand behind it.

    >>> [written(Count(n, people)) for n, people in [(0, 0), (3, 3), (12, 3), (12, 9)]]
    ['0', '< 5', '5+', '12']
    """
    if counted.n and min(counted.n, counted.people) < FEWEST:
        return FEW if counted.n < FEWEST else MANY
    return str(counted.n)


def written_with_sums(flows: Sequence[Flow]) -> Mapping[Hashable, str]:
    """Each number by its name, so that none that is hidden can be worked out from the others.

    Another table with the same printed numbers differs from ours by circles of one unit each. So a
    small number is safe if a circle leads through it along hidden numbers that may rise or fall;
    the smallest numbers that close such a circle are hidden too, and are as safe on it.
    """
    small = [flow for flow in flows if 0 < flow.value < FEWEST]
    hidden = set(small)
    for flow in small:
        circle = _circle(flow, flows, hidden)
        if circle is None:
            return {flow.name: SOME if flow.value else "0" for flow in flows}
        hidden |= circle
    return {flow.name: _word(flow, flow in hidden) for flow in flows}


def _word(flow: Flow, hidden: bool) -> str:
    if not hidden:
        return str(flow.value)
    return FEW if flow.value < FEWEST else MANY


def _circle(flow: Flow, flows: Sequence[Flow], hidden: Set[Flow]) -> Set[Flow] | None:
    """What must be hidden so that this number could be one more or one less; None: no way."""
    others = [other for other in flows if other is not flow and other.value]
    ways = []
    if _may_rise(flow):
        ways.append(_cheapest_way(others, hidden, flow.ends, flow.begins))
    if _may_fall(flow):
        ways.append(_cheapest_way(others, hidden, flow.begins, flow.ends))
    found = [way for way in ways if way is not None]
    return min(found, key=lambda way: way[0])[1] if found else None


def _cheapest_way(
    flows: Sequence[Flow], hidden: Set[Flow], begin: Hashable, end: Hashable
) -> tuple[int, Set[Flow]] | None:
    """The way from node to node that hides least (the sum of what is not hidden yet)."""
    order = count()
    ahead: list[tuple[int, int, Hashable, Set[Flow]]] = [(0, next(order), begin, frozenset())]
    done = set()
    while ahead:
        cost, _, node, passed = heappop(ahead)
        if node == end:
            return cost, passed
        if node in done:
            continue
        done.add(node)
        for flow in flows:
            if flow.begins == node and _may_rise(flow):
                following = flow.ends
            elif flow.ends == node and _may_fall(flow):
                following = flow.begins
            else:
                continue
            dearer = cost + (0 if flow in hidden else flow.value)
            heappush(ahead, (dearer, next(order), following, passed | {flow}))
    return None


def _may_rise(flow: Flow) -> bool:
    """Whether a reader who sees it hidden must think of one more as possible: "5+" has no end."""
    return flow.value != FEWEST - 1


def _may_fall(flow: Flow) -> bool:
    return flow.value not in (1, FEWEST)
