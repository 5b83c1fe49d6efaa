"""Files that people sent: fetched, checked, kept sealed, given back, and really erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.channels.channel import Gone, TooLarge, Unreachable
from bot.media import MOST_TRIES, MediaLost, MediaStore, type_of
from conversations.dialogue import PersonId
from conversations.event import MediaKept
from conversations.message import Media, MediaId
from storage import media, people
from storage.database import Database
from storage.sealing import Vault, new_key
from tests.bot.clocks import START, FastClock
from tests.databases import KEY

OGG = b"OggS and a grandmother's voice"
JPEG = b"\xff\xd8\xff and a picture"
VOICE = MediaId("aaaabbbbcccc")


class StoppedClock(FastClock):
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.at = START

    def now(self):  # type: ignore[no-untyped-def]
        return self.at


class Shelf:
    """A channel that has one file, or fails in the way it is told."""

    name, account = "telegram", "bot"

    def __init__(self, data: bytes = OGG, error: Exception | None = None) -> None:
        self.data = data
        self.error = error
        self.asked: list[str] = []

    async def fetch(self, ref: str) -> bytes:
        self.asked.append(ref)
        if self.error is not None:
            raise self.error
        return self.data


@pytest.fixture
def stopped() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def store(
    lite: Database, vault: Vault, stopped: StoppedClock, tmp_path: Path
) -> Callable[[Shelf], MediaStore]:
    def made(shelf: Shelf) -> MediaStore:
        return MediaStore(
            tmp_path / "media",
            lite,
            vault,
            channels={"telegram": shelf},  # type: ignore[dict-item]
            clock=stopped,
            dice=Random(1),
        )

    return made


async def sent(
    database: Database, kind: str = "voice", size: int = 20, account: str = "bot"
) -> PersonId:
    def unit(conn):  # type: ignore[no-untyped-def]
        seat = people.at_address(conn, "telegram", account, "7", START)
        event = MediaKept(VOICE, kind, Media("ref-1", "audio/ogg", size))
        media.keep(conn, seat.person.id, seat.address_id, event, START)
        return seat.person.id

    return await database.write(unit)


async def status(database: Database) -> str:
    kept = await database.read(lambda conn: media.one(conn, VOICE))
    return "" if kept is None else kept.status


async def test_a_voice_note_is_kept_sealed_and_given_back(lite, store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = store(Shelf())
    await sent(lite)

    await files.work()

    assert await status(lite) == "stored"
    assert b"grandmother" not in (tmp_path / "media" / VOICE).read_bytes()
    file = await files.load(VOICE)
    assert (file.data, file.mime, file.name) == (OGG, "audio/ogg", f"voice-{VOICE}.ogg")


async def test_it_is_fetched_once(lite, store) -> None:  # type: ignore[no-untyped-def]
    shelf = Shelf()
    files = store(shelf)
    await sent(lite)

    await files.work()
    await files.work()

    assert shelf.asked == ["ref-1"]


@pytest.mark.parametrize(
    ("kind", "data", "size"),
    [
        ("voice", b"MZ a programme", 20),
        ("voice", JPEG, 20),
        ("image", OGG, 20),
        ("document", JPEG, 20),
        ("voice", OGG, 21 * 2**20),
        ("image", JPEG + bytes(10 * 2**20), 20),
    ],
)
async def test_what_we_do_not_keep_is_refused_for_good(lite, store, kind, data, size) -> None:  # type: ignore[no-untyped-def]
    files = store(Shelf(data))
    await sent(lite, kind, size)

    await files.work()

    assert await status(lite) == "refused"
    with pytest.raises(MediaLost):
        await files.load(VOICE)


@pytest.mark.parametrize(("error", "expected"), [(TooLarge(), "refused"), (Gone(), "failed")])
async def test_what_the_platform_will_never_give_is_given_up(lite, store, error, expected) -> None:  # type: ignore[no-untyped-def]
    files = store(Shelf(error=error))
    await sent(lite)

    await files.work()

    assert await status(lite) == expected


@pytest.mark.parametrize("error", [Unreachable("http 502"), KeyError("Mbah Siti")])
async def test_a_failed_fetch_is_tried_again_later_and_then_given_up(
    lite, store, stopped, error
) -> None:
    shelf = Shelf(error=error)
    files = store(shelf)
    await sent(lite)

    await files.work()
    await files.work()

    assert len(shelf.asked) == 1

    for _ in range(MOST_TRIES + 3):
        stopped.at += timedelta(days=1)
        await files.work()

    assert len(shelf.asked) == MOST_TRIES
    assert await status(lite) == "failed"


async def test_a_file_of_another_bot_waits(lite, store) -> None:  # type: ignore[no-untyped-def]
    shelf = Shelf()
    await sent(lite, account="another bot")

    await store(shelf).work()

    assert shelf.asked == []
    assert await status(lite) == "waiting"


async def test_a_full_disk_is_tried_again(lite, store, tmp_path, stopped) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "media").write_text("no folder can be made here")
    files = store(Shelf())
    await sent(lite)

    await files.work()

    assert await status(lite) == "waiting"

    (tmp_path / "media").unlink()
    stopped.at += timedelta(days=1)
    await files.work()

    assert await status(lite) == "stored"


async def test_erasing_a_person_deletes_the_bytes(lite, store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = store(Shelf())
    person = await sent(lite)
    await files.work()

    await lite.write(lambda conn: media.condemn(conn, person=person))
    await files.work()

    assert not (tmp_path / "media" / VOICE).exists()
    assert await lite.read(lambda conn: media.to_erase(conn, 10)) == ()


async def test_a_file_erased_while_it_was_fetched_leaves_nothing(lite, store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    shelf = Shelf()
    files = store(shelf)
    person = await sent(lite)

    class Slow(Shelf):
        async def fetch(self, ref: str) -> bytes:
            await lite.write(lambda conn: media.condemn(conn, person=person))
            return OGG

    files = store(Slow())
    await files.work()
    await files.work()

    assert list((tmp_path / "media").iterdir()) == []


async def test_a_rotation_seals_every_file_with_the_newest_key(
    lite, store, vault, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    files = store(Shelf())
    await sent(lite)
    await files.work()
    newest = new_key()
    vault.renew([newest, KEY])

    assert await files.reseal() == 1
    assert await files.reseal() == 0

    vault.renew([newest])

    assert (await files.load(VOICE)).data == OGG


@pytest.mark.parametrize("id_", ["../keys", "a/b", ""])
async def test_an_id_is_never_a_path(store, id_) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MediaLost):
        store(Shelf())._path(MediaId(id_))


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt", "audio/wav"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8", "image/webp"),
        (b"\x1aE\xdf\xa3", "audio/webm"),
        (b"", ""),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, mime: str) -> None:
    assert type_of(data) == mime
