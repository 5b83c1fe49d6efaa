"""The enrolment day by command: a roster comes in, slips get their codes, a recording is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from bot.media import LARGEST, Refusal
from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.schools import find_school, record
from conversations.dialogue import Role
from conversations.message import Kind, MediaId
from storage import helping, joining, media, meta, roster
from storage.roster_sheet import Listed


async def enrol_import(
    desk: Desk,
    school: str,
    listed: Sequence[Mapping[str, Any]],
    bad_rows: int,
    skip_bad: bool,
    dry_run: bool,
) -> dict[str, Any]:
    """Bring a roster into a school: all of it, or nothing unless bad rows are to be skipped.

    `bad_rows` are those that could not be read; `problems` of the answer are further ones.
    """
    people, now = [_listed(one) for one in listed], desk.now()

    def unit(conn: Connection) -> dict[str, Any]:
        into = find_school(conn, school, now)
        planned = roster.plan(conn, into, people)
        clean = skip_bad or not (bad_rows or planned.problems)
        done = clean and not dry_run
        if done:
            made = roster.bring_in(conn, into, planned, now)
            record(conn, "roster imported", f"school:{into.code}", now, f"{made} new")
        return {
            "school": into.name,
            "new": len(planned.new),
            "known": len(planned.known),
            "problems": [str(problem) for problem in planned.problems],
            "done": done,
        }

    answer: dict[str, Any] = await desk.database.write(unit)
    return answer


async def enrol_codes(desk: Desk, school: str, numbers: Sequence[int]) -> dict[str, Any]:
    """A fresh code for everybody of a school without a phone, or for these numbers of its list."""
    now = desk.now()

    def unit(conn: Connection) -> dict[str, Any]:
        of = find_school(conn, school, now)
        found = roster.slips(conn, of.id)
        wanted = [slip for slip in found if not numbers or slip.number in numbers]
        if unknown := sorted(set(numbers) - {slip.number for slip in wanted}):
            said = ", ".join(map(str, unknown))
            raise OperationRefused(
                f"nomor {said} tidak ada di {of.code}, atau sudah memakai HP sendiri"
            )
        codes = joining.make(conn, [slip.person for slip in wanted], now)
        record(conn, "codes made", f"school:{of.code}", now, f"{len(codes)} codes")
        return {
            "school": of.name,
            "cards": [[slip.name, slip.number, codes[slip.person]] for slip in wanted],
        }

    answer: dict[str, Any] = await desk.database.write(unit)
    return answer


async def enrol_notice(desk: Desk, path: str) -> None:
    """Keep the recording of the notice, instead of an earlier one."""
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST["voice"]:
            raise OperationRefused(f"rekaman lebih besar dari {LARGEST['voice'] // 2**20} MB")
        id_ = await desk.media.add(Kind.VOICE.value, file.read_bytes(), None)
    except OSError as error:
        raise OperationRefused(f"{file.name} tidak terbaca: {error.strerror}") from None
    except Refusal:
        raise OperationRefused(f"{file.name} bukan rekaman suara: pakai .ogg atau .mp3") from None
    now = desk.now()

    def unit(conn: Connection) -> None:
        before = meta.get(conn, helping.NOTICE)
        meta.put(conn, helping.NOTICE, id_.encode())
        if before is not None:
            media.discard(conn, MediaId(before.decode()))
        record(conn, "notice recorded", f"media:{id_}", now)

    await desk.database.write(unit)


def _listed(one: Mapping[str, Any]) -> Listed:
    """Somebody of the roster, as she came through the socket."""
    return Listed(
        row=one["row"],
        name=one["name"],
        salutation=one["salutation"],
        relation=one["relation"],
        village=one["village"],
        role=Role(one["role"]),
        children=tuple((nickname, year) for nickname, year in one["children"]),
        tags=tuple(one["tags"]),
    )


OPERATIONS: Final[tuple[Operation, ...]] = (enrol_import, enrol_codes, enrol_notice)
