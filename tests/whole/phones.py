"""People with telephones who walk through conversations, and notice when nobody answers.

Somebody says one thing, and says the next only when what they heard fits; a message that comes
twice, or belongs to an earlier question, irritates nobody.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person
from tests.fakes.telegram_world import SentMessage

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


@dataclass(eq=False, slots=True)
class Phone:
    """One person, what came, and how long they wait."""

    person: Person
    heard: list[SentMessage] = field(default_factory=list)
    said: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def says(self, text: str, expects: str = "", patience: float = PATIENCE) -> SentMessage:
        """Type it, and wait for a message that holds this; AssertionError when none comes."""
        return await self.waits(lambda: self.person.says(text), expects, patience)

    async def waits(
        self, does: Callable[[], object], expects: str = "", patience: float = PATIENCE
    ) -> SentMessage:
        """Do something, and wait for a message that holds this."""
        before = len(self.heard)
        self.said += 1
        does()
        return await self.hears(expects, since=before, patience=patience)

    async def hears(
        self, expects: str = "", *, since: int = 0, patience: float = PATIENCE
    ) -> SentMessage:
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
        asked: SentMessage | None = None
        for text, expects in steps:
            does = partial(self.person.says, text)
            if presses and asked is not None and asked.buttons and text.isdecimal():
                does = partial(self.person.presses, asked.buttons[int(text) - 1], on=asked)
            asked = await self.waits(does, expects, patience)

    @property
    def texts(self) -> list[str]:
        """What came, oldest first."""
        return [message.text for message in self.heard]

    def _hear(self, message: SentMessage) -> None:
        self.heard.append(message)
        self._came.set()


class Phones:
    """Everybody at one fake; each hears only what is sent to them."""

    def __init__(self, fake: FakeTelegram) -> None:
        self._fake = fake
        self._phones: dict[int, Phone] = {}
        fake.on_sent(self._hear)

    def of(self, person: Person) -> Phone:
        if person.id not in self._phones:
            self._phones[person.id] = Phone(person)
        return self._phones[person.id]

    def some(self, number: int) -> list[Phone]:
        """So many new people."""
        return [self.of(self._fake.user(f"Siti {n}")) for n in range(number)]

    def _hear(self, message: SentMessage) -> None:
        phone = self._phones.get(message.chat_id)
        if phone is not None and message.method.startswith("send"):
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
