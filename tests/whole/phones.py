"""People with telephones, on Telegram or WhatsApp, who walk through conversations, and notice when
nobody answers.

Somebody says one thing, and says the next only when what they heard fits; a message that comes
twice, or belongs to an earlier question, irritates nobody.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from tests.fakes.graph import FakeGraph
from tests.fakes.people import Heard
from tests.fakes.telegram import FakeTelegram

PATIENCE: Final = 20.0
"""Seconds after which somebody was left without a reply."""

Step = tuple[str, str]
"""What is said, and a part of what must then be heard."""

REGISTRATION: Final[Sequence[Step]] = (
    ("/start", "sudah 18 tahun?"),
    ("1", "Yang kami simpan"),
    ("1", "Boleh kami simpan"),
    ("1", "Setuju sebagai siapanya"),
    ("3", "Lebih suka dipanggil apa"),
    ("Mbah", "Tinggal di desa mana"),
    ("Ledokombo", "Siapanya anak yang diasuh"),
    ("nenek", "Boleh saya kenal putra-putri"),
)
"""Hello, consent, and the three questions at the door."""

FAMILY: Final[Sequence[Step]] = (
    ("1", "Siapa panggilannya?"),
    ("Adi", "Tahun berapa Adi lahir?"),
    ("2018", "laki-laki atau perempuan?"),
    ("1", "tinggal dengan siapa?"),
    ("1", "Ibunya Adi"),
    ("3", "Bapaknya Adi"),
    ("1", "Ada anak lain"),
    ("2", "Enaknya jam berapa"),
    ("1", "Enaknya pakai bahasa apa?"),
    ("1", "Sudah cukup, Mbah"),
)
"""One grandchild whose mother is abroad."""

QUESTIONS: Final[Sequence[Step]] = (
    ("1", "Perasaan Adi minggu ini"),
    ("3", "tidak masuk sekolah?"),
    ("Masuk terus", "sempat menelepon?"),
    ("1", "perasaannya minggu ini?"),
    ("3", "Ada yang ingin disampaikan"),
    ("1", "Sudah pas?"),
)
"""The check-in of a school child, to its review."""

RATING: Final[Sequence[Step]] = (("1", "Kiat ini bermanfaat?"), ("1", "Senang mendengarnya"))
"""Sent off; a tip comes with a question, and is rated."""

ASKED: Final[Sequence[Step]] = (("MENU", "Mau apa hari ini"), ("2", "Adi sehat, Mbah?"))

CHECKIN: Final[Sequence[Step]] = (*ASKED, *QUESTIONS)


class Said(Heard, Protocol):
    """A message of ours as it came, from whichever platform."""

    @property
    def at(self) -> float: ...
    @property
    def wire(self) -> dict[str, Any]: ...


@dataclass(eq=False, slots=True)
class Phone:
    """One person at one of the platforms, what came, and how long they wait."""

    person: Any
    heard: list[Said] = field(default_factory=list)
    said: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        """By which the programme knows the phone: its chat, or the person's id at WhatsApp."""
        return str(self.person.bsuid if self.is_whatsapp else self.person.id)

    @property
    def is_whatsapp(self) -> bool:
        return hasattr(self.person, "bsuid")

    async def says(self, text: str, expects: str = "", patience: float = PATIENCE) -> Said:
        """Type it, and wait for a message that holds this; AssertionError when none comes."""
        return await self.waits(lambda: self.person.says(text), expects, patience)

    async def waits(
        self, does: Callable[[], object], expects: str = "", patience: float = PATIENCE
    ) -> Said:
        """Do something, and wait for a message that holds this."""
        before = len(self.heard)
        self.said += 1
        does()
        return await self.hears(expects, since=before, patience=patience)

    async def hears(self, expects: str = "", *, since: int = 0, patience: float = PATIENCE) -> Said:
        """The first message from there on that holds this."""
        place = since
        try:
            async with asyncio.timeout(patience):
                while True:
                    for message in self.heard[place:]:
                        if expects in message.text:
                            return message
                    place = len(self.heard)
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            texts = [message.text[:80] for message in self.heard[since:]]
            raise AssertionError(
                f"{self.person.id} waited {patience:g} s for {expects!r}, got {texts}"
            ) from None

    async def walks(
        self, steps: Sequence[Step], *, presses: bool = False, patience: float = PATIENCE
    ) -> None:
        """Say each, and hear what belongs to it; with `presses`, numbers by their buttons."""
        asked: Said | None = None
        for text, expects in steps:
            does = partial(self.person.says, text)
            if presses and asked is not None and asked.buttons and text.isdecimal():
                does = partial(self.person.presses, asked.buttons[int(text) - 1], on=asked)
            asked = await self.waits(does, expects, patience)

    @property
    def texts(self) -> list[str]:
        """What came, oldest first."""
        return [message.text for message in self.heard]

    def _hear(self, message: Said) -> None:
        self.heard.append(message)
        self._came.set()


class Phones:
    """Everybody at one fake, or at both; each hears only what is sent to them."""

    def __init__(self, fake: FakeTelegram, graph: FakeGraph | None = None) -> None:
        self._fake = fake
        self._graph = graph
        self._phones: dict[int, Phone] = {}
        fake.on_sent(self._hear)
        if graph is not None:
            graph.on_sent(self._hear)

    def of(self, person: Any) -> Phone:
        if person.id not in self._phones:
            self._phones[person.id] = Phone(person)
        return self._phones[person.id]

    def newcomer(self, name: str, place: int = 0) -> Phone:
        """Somebody new: with two platforms on WhatsApp where the place is odd."""
        if self._graph is not None and place % 2:
            return self.of(self._graph.user(name))
        return self.of(self._fake.user(name))

    def some(self, number: int) -> list[Phone]:
        """So many new people, with two platforms half of them on each."""
        return [self.newcomer(f"Siti {n}", n) for n in range(number)]

    def _hear(self, message: Said) -> None:
        phone = self._phones.get(message.chat_id)
        if phone is not None and message.is_new:
            phone._hear(message)


def without_repeats(texts: Sequence[str]) -> list[str]:
    """The same without a message that came again at once: what a repeated sending looks like.

    >>> without_repeats(["a", "a", "b", "a"])
    ['a', 'b', 'a']
    """
    return [text for before, text in zip(["", *texts], texts, strict=False) if text != before]


def occurrences(texts: Sequence[str]) -> dict[str, int]:
    """How often each text came."""
    found: defaultdict[str, int] = defaultdict(int)
    for text in texts:
        found[text] += 1
    return dict(found)


def all_of(texts: Iterable[str]) -> str:
    """What somebody heard, each thing once: WhatsApp puts into one message what Telegram says in
    several."""
    return "\n\n".join(dict.fromkeys(texts))
