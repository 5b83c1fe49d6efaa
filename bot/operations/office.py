"""The office: staff accounts, villages, quarantine, exports on record, keys.

Everything that somebody decided by command is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from bot import keys
from bot.operations.desk import Desk, Operation, OperationRefused
from storage import audit, inbox, meta, people, sealing, staff
from storage.inbox import Unfinished
from storage.sealing import Place

LONGEST_NAME: Final = 80


async def staff_add(desk: Desk, name: str) -> dict[str, str]:
    """A named account and its one-time code; somebody who has not joined yet gets another code."""
    wanted, now = " ".join(name.split()), desk.now()
    if not 2 <= len(wanted) <= LONGEST_NAME:
        raise OperationRefused(f"nama petugas ditulis dengan 2 sampai {LONGEST_NAME} huruf")

    def unit(conn: Connection) -> str:
        known = {member.name.casefold(): member for member in staff.members(conn)}
        member = known.get(wanted.casefold())
        if member is None:
            code = staff.add(conn, wanted, "staff", now)
            audit.record(conn, audit.COMMAND, "staff added", wanted[:64], "", now)
            return code
        renewed = None if member.joined_at else staff.renew_code(conn, member.id, now)
        if renewed is None:
            raise OperationRefused(f"{member.name} sudah bergabung")
        audit.record(conn, audit.COMMAND, "staff code renewed", f"staff:{member.id}", "", now)
        return renewed

    code = await desk.database.write(unit)
    return {"name": wanted, "code": f"{code[:4]}-{code[4:]}"}


async def staff_remove(desk: Desk, who: str) -> dict[str, Any]:
    """End an account by its number or its name; her open tasks go to others."""
    now = desk.now()

    def unit(conn: Connection) -> tuple[str, int]:
        found = [m for m in staff.members(conn) if who.strip().casefold() in _names(m)]
        if len(found) != 1:
            raise OperationRefused(
                f"{'tidak ada' if not found else 'lebih dari satu'} petugas bernama {who}: "
                f"lihat `kawan staff list`, lalu tulis nomornya"
            )
        handed = staff.remove(conn, found[0].id, now) or 0
        audit.record(conn, audit.COMMAND, "staff removed", f"staff:{found[0].id}", "", now)
        return found[0].name, handed

    name, handed = await desk.database.write(unit)
    return {"name": name, "tasks": handed}


async def village_add(
    desk: Desk, name: str, code: str, district: str, head_title: str, zone: str
) -> None:
    """A village, or a change of the one with this code."""
    plain = code.strip().upper()
    if not (2 <= len(plain) <= 4 and plain.isascii() and plain.isalpha()):
        raise OperationRefused("kode desa ditulis dengan 2 sampai 4 huruf, misalnya LDK")
    now = desk.now()

    def unit(conn: Connection) -> None:
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


def _names(member: staff.Member) -> tuple[str, str]:
    return member.name.casefold(), str(member.id)


OPERATIONS: Final[tuple[Operation, ...]] = (
    staff_add,
    staff_remove,
    village_add,
    quarantine_retry,
    record_export,
    keys_rotate,
)
