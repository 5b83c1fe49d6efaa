"""Simulated people who talk to a bot through a fake, and a stopwatch on every exchange.

They run inside the fake's process, so that an exchange is measured from the moment the
person's update is queued to the moment the bot's reply is accepted. A script says what a person
answers to a message; the same crowd can talk to any bot that has a script, over any platform
that is faked.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple, Protocol


class Heard(Protocol):
    """A message of the bot's, as much of it as a script needs."""

    @property
    def chat_id(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def buttons(self) -> Sequence[Any]: ...
    @property
    def is_new(self) -> bool:
        """Whether it was said, not an older message changed."""


class Speaker(Protocol):
    """Someone with a phone."""

    def says(self, text: str) -> Any: ...
    def presses(self, button: Any, *, on: Any = None) -> Any: ...


class Platform(Protocol):
    """A fake in which people can be met."""

    def on_sent(self, listener: Callable[[Any], None]) -> None: ...
    def user(self, first_name: str = "Siti", *, id: int | None = None) -> Any: ...


class Aside(Enum):
    """What a script returns for a message that asks nothing: the person waits for the next."""

    ASIDE = "aside"


ASIDE: Final = Aside.ASIDE
Reply = Any
"""Text to type, a button of the platform's to press, ASIDE to wait on, None: it is over."""


class UnexpectedMessageError(Exception):
    """The bot said something that the script has no answer to."""


class Line(NamedTuple):
    """`expects`: a part of the bot's message, None for any message. `says`: text, the number of
    a button counted from 1, ASIDE, or None at the end."""

    expects: str | None
    says: str | int | Aside | None


@dataclass(frozen=True, slots=True)
class Script:
    """How a person talks: the opening, then an answer to each message.

    `exchanges` is how many times they write in one conversation, the opening included. With
    `newcomers` each conversation is held by somebody the bot has never met.
    """

    opening: str
    answer: Callable[[Heard], Reply]
    exchanges: int
    newcomers: bool = False

    @classmethod
    def of_lines(
        cls,
        lines: Sequence[tuple[str | None, str | int | Aside | None]],
        *,
        opening: str = "/start",
        newcomers: bool = False,
    ) -> "Script":
        """A script from (expects, says) pairs; the first pair that fits a message answers it.

        >>> script = Script.of_lines([("umur", "61"), ("Terima kasih", None)])
        >>> script.exchanges
        2
        """
        known = tuple(Line(*line) for line in lines)
        spoken = sum(isinstance(line.says, str | int) for line in known)
        return cls(opening, lambda message: _answer(known, message), 1 + spoken, newcomers)


def _answer(lines: Sequence[Line], message: Heard) -> Reply:
    for line in lines:
        if line.expects is None or line.expects in message.text:
            if isinstance(line.says, int):
                return _nth_button(message, line.says)
            return line.says
    raise UnexpectedMessageError(message.text)


def _nth_button(message: Heard, number: int) -> Reply:
    """Where a platform has no room for the buttons, their numbers stand in the text to be typed."""
    buttons = message.buttons
    if not buttons and f"\n{number}. " in message.text:
        return str(number)
    if not 1 <= number <= len(buttons):
        complaint = f"no button {number} under: {message.text}"
        raise UnexpectedMessageError(complaint)
    return buttons[number - 1]


@dataclass(frozen=True, slots=True)
class Timings:
    """What one run showed.

    `exchanges` ended within the measured seconds. The times are milliseconds; an exchange that
    never ended counts with its age. `offered` is how many exchanges the times are about.
    """

    exchanges: int
    seconds: float
    offered: int
    p50: float
    p95: float
    p99: float
    unanswered: int
    unexpected: dict[str, int]

    @property
    def per_second(self) -> float:
        return self.exchanges / self.seconds


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of an ordered sequence lies (nearest rank).

    >>> percentile([1, 2, 3, 4], 0.5), percentile([], 0.99)
    (2, 0.0)
    """
    if not ordered:
        return 0.0
    rank = max(1, -(-int(share * 10_000) * len(ordered) // 10_000))
    return ordered[rank - 1]


@dataclass(slots=True)
class _Speaker:
    """One simulated person; `next` is what they will say, `asked_at` is set while they wait."""

    person: Speaker
    next: tuple[Reply, Heard | None]
    asked_at: float | None = None


@dataclass(slots=True)
class Crowd:
    """People who follow one script, over and over.

    Closed loop: each answers at once, so the bot sets the pace. Open loop: exchanges begin at a
    fixed rate, whatever the bot does; time counts from when an exchange was due to begin.
    """

    fake: Platform
    script: Script
    first_id: int = 6_300_000_001
    unexpected: Counter[str] = field(default_factory=Counter)
    _speakers: dict[int, _Speaker] = field(default_factory=dict)
    _ready: deque[_Speaker] = field(default_factory=deque)
    _latencies: list[float] = field(default_factory=list)
    _ended: int = 0
    _from: float = float("inf")
    _until: float = float("inf")
    _closed: bool = True

    def __post_init__(self) -> None:
        self.fake.on_sent(self._hears)

    async def closed_loop(self, people: int, seconds: float, warm_up: float = 1.0) -> Timings:
        """Everyone writes as soon as they are answered."""
        self._closed = True
        self._measure(warm_up, seconds)
        for _ in range(people):
            self._speak(self._newcomer(), time.perf_counter())
        await self._wait_until(self._until)
        return self._timings(seconds, time.perf_counter())

    async def open_loop(
        self, per_second: float, seconds: float, warm_up: float = 1.0, patience: float = 2.0
    ) -> Timings:
        """Exchanges begin at this rate; those unanswered after `patience` stay unanswered."""
        self._closed = False
        self._measure(warm_up, seconds)
        due = time.perf_counter()
        while due < self._until:
            await self._wait_until(due)
            now = time.perf_counter()
            while due <= now and due < self._until:
                speaker = self._ready.popleft() if self._ready else self._newcomer()
                self._speak(speaker, due)
                due += 1 / per_second
        deadline = time.perf_counter() + patience
        while self._waiting() and time.perf_counter() < deadline:
            await asyncio.sleep(0.02)
        return self._timings(seconds, time.perf_counter())

    def _measure(self, warm_up: float, seconds: float) -> None:
        self._from = time.perf_counter() + warm_up
        self._until = self._from + seconds
        self._latencies.clear()
        self._ended = 0

    @staticmethod
    async def _wait_until(moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))

    def _newcomer(self) -> _Speaker:
        number = self.first_id + len(self._speakers)
        speaker = _Speaker(self.fake.user("Siti", id=number), (self.script.opening, None))
        self._speakers[number] = speaker
        return speaker

    def _speak(self, speaker: _Speaker, due: float) -> None:
        said, to = speaker.next
        speaker.asked_at = due
        if isinstance(said, str):
            speaker.person.says(said)
        else:
            speaker.person.presses(said, on=to)

    def _hears(self, message: Heard) -> None:
        speaker = self._speakers.get(message.chat_id)
        if speaker is None or speaker.asked_at is None or not message.is_new:
            return
        try:
            reply = self.script.answer(message)
        except UnexpectedMessageError as odd:
            self.unexpected[str(odd)] += 1
            return
        if reply is ASIDE:
            return
        self._note(speaker.asked_at)
        speaker.asked_at = None
        if reply is None:
            speaker = self._begins_anew(speaker)
        else:
            speaker.next = (reply, message)
        if self._closed:
            asyncio.get_running_loop().call_soon(self._answers_at_once, speaker)
        else:
            self._ready.append(speaker)

    def _begins_anew(self, speaker: _Speaker) -> _Speaker:
        if self.script.newcomers:
            return self._newcomer()
        speaker.next = (self.script.opening, None)
        return speaker

    def _answers_at_once(self, speaker: _Speaker) -> None:
        now = time.perf_counter()
        if now < self._until:
            self._speak(speaker, now)

    def _note(self, asked_at: float) -> None:
        """A closed loop times what ended in the window, an open loop what was due in it."""
        now = time.perf_counter()
        ended = self._from <= now < self._until
        self._ended += ended
        if ended if self._closed else self._from <= asked_at < self._until:
            self._latencies.append(now - asked_at)

    def _waiting(self) -> list[float]:
        """When those exchanges began that belong to the window and were not answered."""
        begun = (speaker.asked_at for speaker in self._speakers.values())
        first = 0.0 if self._closed else self._from
        return [at for at in begun if at is not None and at >= first]

    def _timings(self, seconds: float, now: float) -> Timings:
        ages = [now - at for at in self._waiting()]
        if self._closed:
            ages = [age for age in ages if age > _STUCK_SECONDS]
        every = sorted([*self._latencies, *ages])
        p50, p95, p99 = (1000 * percentile(every, share) for share in (0.50, 0.95, 0.99))
        return Timings(
            exchanges=self._ended,
            seconds=seconds,
            offered=len(every),
            p50=p50,
            p95=p95,
            p99=p99,
            unanswered=len(ages),
            unexpected=dict(self.unexpected),
        )


_STUCK_SECONDS: Final = 5.0
"""In a closed loop somebody always waits when the time is over; this long means: for ever."""
