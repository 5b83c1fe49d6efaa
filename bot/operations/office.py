"""The office: villages, quarantine, exports on record, keys, the record itself.

Everything that somebody decided by command is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from bot import keys
from bot.operations.desk import Desk, Operation, OperationRefused
from storage import audit, inbox, meta, people, sealing
from storage.inbox import Unfinished
from storage.school_questions import StoredSchools
from storage.sealing import Place


async def village_add(
    desk: Desk, name: str, code: str, district: str, head_title: str, zone: str
) -> None:
    """A village, or a change of the one with this code."""
    plain = code.strip().upper()
    if not (2 <= len(plain) <= 4 and plain.isascii() and plain.isalpha()):
        raise OperationRefused("kode desa ditulis dengan 2 sampai 4 huruf, misalnya LDK")
    now = desk.now()

    def unit(conn: Connection) -> None:
        if StoredSchools(conn, now).by_code(plain) is not None:
            raise OperationRefused(f"kode {plain} sudah dipakai sebuah sekolah: pilih yang lain")
        position = len(people.all_villages(conn))
        people.add_village(
            conn,
            name.strip(),
            plain,
            district=district,
            head_title=head_title,
            zone=zone,
            position=position,
        )
        audit.record(conn, audit.COMMAND, "village added", plain, "", now)

    await desk.database.write(unit)


async def quarantine_retry(desk: Desk, ids: list[int]) -> list[int]:
    """Release what was put aside (all of it when no id is named); the ids that are tried again."""
    now = desk.now()

    def unit(conn: Connection) -> list[Unfinished]:
        wanted = ids or [row.id for row in reversed(inbox.quarantined(conn, 1_000))]
        released = [row for id_ in wanted if (row := inbox.release(conn, id_)) is not None]
        for row in released:
            audit.record(conn, audit.COMMAND, "quarantine retried", f"inbox:{row.id}", "", now)
        return released

    released = await desk.database.write(unit)
    for row in released:
        desk.take_up(row)
    return [row.id for row in released]


async def record_export(desk: Desk, what: str, reason: str) -> None:
    """Names and words are about to leave, for this reason."""
    await desk.record("exported with names", what, reason)


async def keys_rotate(desk: Desk) -> dict[str, int]:
    """Make a new key (when the keys are in our file) and seal everything anew with it."""
    if not desk.settings.encryption_keys.get_secret_value():
        fresh = keys.add(desk.settings)
        await desk.database.write(lambda _: desk.vault.renew(fresh.encryption))
    place = Place()
    while not place.finished:
        place = await desk.database.write(_next_part(place))
    files = await desk.media.reseal()
    await desk.database.write(meta.reseal_canary)
    await desk.record("keys rotated", f"{place.resealed} values")
    return {"values": place.resealed, "files": files, "unreadable": place.unreadable}


def _next_part(place: Place) -> Callable[[Connection], Place]:
    return lambda conn: sealing.rotate(conn, place)


OPERATIONS: Final[tuple[Operation, ...]] = (
    village_add,
    quarantine_retry,
    record_export,
    keys_rotate,
)
