"""One person's conversation as the simulator shows it, read from the inbox and the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.channels.simulator import parse
from bot.pages.rendering import day, hour
from conversations.message import Choice, Inbound, Kind, MediaId, Message, printed
from storage import media, traces, transcript
from storage.transcript import Heard, Said

SHOWN: Final = 150
"""Messages each way; older ones stay in the database."""

_GONE: Final = "(sudah dihapus)"
_WORDS: Final = {
    Kind.LOCATION: "📍 Lokasi",
    Kind.CONTACT: "👤 Kontak",
    Kind.BUTTON: "(tombol)",
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the page. `file` is the address of a voice note or picture, `kind` which.

    Its choices are buttons while it is `live`: nothing was written after it.
    """

    id: str
    mine: bool
    at: datetime
    text: str
    kind: str = ""
    file: str = ""
    choices: tuple[Choice, ...] = ()
    live: bool = False
    discreet: bool = False
    big: bool = False

    @property
    def printed(self) -> str:
        """The text with its numbered choices, as on every channel."""
        return printed(Message(self.text, self.choices))


@dataclass(frozen=True, slots=True)
class Day:
    """What was said on one local day."""

    name: str
    bubbles: tuple[tuple[str, Bubble], ...]
    """Each with its hour."""


@dataclass(frozen=True, slots=True)
class Chat:
    """What was said, oldest first."""

    bubbles: tuple[Bubble, ...]

    def days(self, zone: ZoneInfo) -> list[Day]:
        """Grouped by local day."""
        found: dict[str, list[tuple[str, Bubble]]] = {}
        for bubble in self.bubbles:
            found.setdefault(day(bubble.at, zone), []).append((hour(bubble.at, zone), bubble))
        return [Day(name, tuple(bubbles)) for name, bubbles in found.items()]

    @property
    def old_button(self) -> Choice | None:
        """A button that was left behind, for trying what pressing it does."""
        behind = (b for b in reversed(self.bubbles) if b.choices and not b.live)
        return next((bubble.choices[0] for bubble in behind), None)


def read(conn: Connection, channel: str, account: str, address: str, base: str) -> Chat:
    """The newest messages of one address that nobody took away; `base` serves its files."""
    said, heard = _left(conn, channel, account, address)
    bubbles = [*_theirs(conn, said, base), *_mine(heard, base)]
    bubbles.sort(key=lambda bubble: (bubble.at, not bubble.mine))
    return Chat(tuple(_with_live(_with_labels(bubbles))))


def may_hear(conn: Connection, channel: str, account: str, address: str, id_: MediaId) -> bool:
    """Whether this file was sent to this address, and is there."""
    said, _ = _left(conn, channel, account, address)
    return any(one.message is not None and one.message.media == id_ for one in said)


def may_see(conn: Connection, channel: str, account: str, address: str, name: str) -> bool:
    """Whether this file was sent from this address, and is there."""
    _, heard = _left(conn, channel, account, address)
    return any(one.external_id == name for one in heard)


def _left(
    conn: Connection, channel: str, account: str, address: str
) -> tuple[list[Said], list[Heard]]:
    """What is still to be seen: a removal hides what it covers, and itself if it says nothing."""
    said = transcript.said(conn, channel, account, address, SHOWN)
    heard = transcript.heard(conn, channel, account, address, SHOWN)
    if not said or not heard:
        return list(said), list(heard)
    oldest = min(said[0].at, heard[0].at)
    gone = traces.taken(conn, channel, account, address, oldest, leaving=True)
    return [
        one
        for one in said
        if (one.message is None or one.message.text or one.message.media)
        and not any(one.id < two.outbox_id and one.at >= two.since for two in gone)
    ], [one for one in heard if not any(two.since <= one.at <= two.until for two in gone)]


def _theirs(conn: Connection, said: Iterable[Said], base: str) -> Iterator[Bubble]:
    for one in said:
        message = one.message or Message(_GONE)
        kept = None if message.media is None else media.one(conn, message.media)
        yield Bubble(
            f"o{one.id}",
            mine=False,
            at=one.at,
            text=message.text,
            kind="" if kept is None else kept.kind,
            file="" if kept is None else f"{base}/media/{message.media}",
            choices=message.choices,
            discreet=message.discreet,
        )


def _mine(heard: Iterable[Heard], base: str) -> Iterator[Bubble]:
    for one in heard:
        kind = one.external_id.partition(":")[0]
        bubble = Bubble(f"i{one.id}", mine=True, at=one.at, text=_GONE)
        if not one.kept:
            yield bubble
        elif kind in (Kind.VOICE, Kind.IMAGE):
            yield replace(bubble, text="", kind=kind, file=f"{base}/files/{one.external_id}")
        elif (inbound := _parsed(one.body)) is not None:
            yield _told(bubble, inbound)


def _parsed(body: bytes | None) -> Inbound | None:
    try:
        return parse(body or b"")
    except ValueError:
        return None


def _told(bubble: Bubble, inbound: Inbound) -> Bubble:
    if inbound.kind is Kind.STICKER:
        return replace(bubble, text=inbound.text, big=True)
    if inbound.kind is Kind.BUTTON:
        return replace(bubble, text=inbound.button, kind=Kind.BUTTON.value)
    return replace(bubble, text=inbound.text or _WORDS.get(inbound.kind, ""))


def _with_labels(bubbles: Iterable[Bubble]) -> Iterator[Bubble]:
    """A pressed button is shown by its label, as the person saw it."""
    labels: dict[str, str] = {}
    for bubble in bubbles:
        labels.update((choice.payload, choice.label) for choice in bubble.choices)
        if bubble.mine and bubble.kind == Kind.BUTTON:
            yield replace(bubble, text=labels.get(bubble.text, _WORDS[Kind.BUTTON]))
        else:
            yield bubble


def _with_live(bubbles: Iterable[Bubble]) -> list[Bubble]:
    found = list(bubbles)
    last = max((n for n, bubble in enumerate(found) if bubble.mine), default=-1)
    return [replace(b, live=n > last and bool(b.choices)) for n, b in enumerate(found)]
