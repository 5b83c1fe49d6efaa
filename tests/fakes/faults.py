"""Trouble on purpose, by chance or by script, for whatever a fake does: requests and webhooks.

Chance is drawn from one seeded generator per method, so the n-th sendMessage meets the same
fate in every run, whatever else the bot calls in between.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

from tests.fakes.http_server import Answer, Request

_BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head></html>"


class Trouble(StrEnum):
    """What may happen to one request."""

    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    DROP_BEFORE = "drop_before"
    """The connection breaks before anything was done."""
    DROP_AFTER = "drop_after"
    """The message is accepted, the answer never arrives: the sender cannot know."""
    DELAY = "delay"
    """Done at once, answered late."""
    GARBAGE = "garbage"
    """Done, answered 200 with something that is not JSON."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble; `seconds` is the delay, or the retry_after of a 429."""

    trouble: Trouble
    seconds: float = 1.0


@dataclass(slots=True)
class Faults:
    """Which request meets which fault; `log` tells what was done: (method, its number, trouble).

    >>> faults = Faults(seed=1)
    >>> faults.script("sendMessage", [None, Trouble.DROP_AFTER])
    >>> [faults.next("sendMessage") for _ in range(3)]
    [None, Fault(trouble=<Trouble.DROP_AFTER: 'drop_after'>, seconds=1.0), None]
    """

    seed: int = 0
    log: list[tuple[str, int, Trouble]] = field(default_factory=list)
    _chances: dict[str, list[tuple[float, Fault]]] = field(default_factory=dict)
    _scripts: dict[str, deque[Fault | None]] = field(default_factory=dict)
    _dice: dict[str, Random] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def sometimes(
        self, method: str, trouble: Trouble | str, probability: float, seconds: float = 1.0
    ) -> None:
        """From now on a call of `method` ("*": any) meets this with the given probability."""
        chance = (probability, Fault(Trouble(trouble), seconds))
        self._chances.setdefault(method.lower(), []).append(chance)

    def script(
        self, method: str, troubles: Iterable[Trouble | str | None], seconds: float = 1.0
    ) -> None:
        """The next calls of `method` meet these, one each (None: none), before any chance."""
        self._scripts.setdefault(method.lower(), deque()).extend(
            Fault(Trouble(trouble), seconds) if trouble else None for trouble in troubles
        )

    def clear(self) -> None:
        """No more faults; the log stays."""
        self._chances.clear()
        self._scripts.clear()

    def next(self, method: str) -> Fault | None:
        """The fate of this call."""
        if not self._chances and not self._scripts:
            return None
        name = method.lower()
        self._calls[name] += 1
        script = self._scripts.get(name)
        fault = script.popleft() if script else self._by_chance(name)
        if fault is not None:
            self.log.append((method, self._calls[name], fault.trouble))
        return fault

    def _by_chance(self, name: str) -> Fault | None:
        chances = self._chances.get(name, []) + self._chances.get("*", [])
        if not chances:
            return None
        dice = self._dice.setdefault(name, Random(f"{self.seed}/{name}"))
        drawn = dice.random()
        for probability, fault in chances:
            if drawn < probability:
                return fault
            drawn -= probability
        return None


def fails_before(
    request: Request, fault: Fault, refused: Callable[[Trouble, int], Answer]
) -> Answer | None:
    """What is answered instead of doing anything; `refused` says no in the platform's words."""
    match fault.trouble:
        case Trouble.RATE_LIMITED | Trouble.SERVER_ERROR:
            return refused(fault.trouble, max(1, round(fault.seconds)))
        case Trouble.BAD_GATEWAY:
            return Answer(_BAD_GATEWAY, 502, "text/html")
        case Trouble.DROP_BEFORE:
            request.hang_up()
            return Answer(b"")
    return None


async def fails_after(request: Request, fault: Fault, answer: Answer) -> Answer:
    """What becomes of the answer to something that was done."""
    match fault.trouble:
        case Trouble.DROP_AFTER:
            request.hang_up()
        case Trouble.DELAY:
            await asyncio.sleep(fault.seconds)
        case Trouble.GARBAGE:
            return Answer(b"<html>\xff\xfe not what you expected")
    return answer
