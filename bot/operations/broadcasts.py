"""Broadcasts by command: drafted, tried out, sent, approved, scheduled, paused, resumed, cancelled.

Every decision is made in storage/broadcasts.py, the same as in chat, and recorded here.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from bot.media import LARGEST, Refusal, type_of
from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.moments import read_day, read_hour
from bot.planned.broadcast import reaches_anybody
from bot.planned.planning import Planning
from conversations.broadcasts.audience import Audience, AudienceError, describe, parse
from conversations.broadcasts.broadcast import (
    Broadcast,
    BroadcastId,
    DraftRefused,
    State,
    Step,
    check_text,
    remark,
)
from conversations.dialogue import PersonId
from conversations.message import MediaId, Message, Priority
from locales import say
from storage import audiences, audit, broadcasts, media, outbox, people, staff
from storage.world import Programme

_VOICES: Final = ("audio/ogg",)
"""What telephones play as a voice note."""


async def broadcast_new(
    desk: Desk, to: str, text: str, by: str = "", picture: str = "", voice: str = ""
) -> dict[str, Any]:
    """A draft; refused when nobody fits, a placeholder is unknown, or a file is too large."""
    now = desk.now()
    if picture and voice:
        raise OperationRefused("satu siaran, satu berkas: pilih --picture atau --voice")
    try:
        audience = parse(to)
        words = check_text(text, with_media=bool(picture or voice))
    except (AudienceError, DraftRefused) as error:
        raise OperationRefused(str(error)) from None
    author, number = await desk.database.read(lambda conn: _checked(conn, audience, by, now))
    file = await _kept(desk, picture, voice, author)

    def unit(conn: Connection) -> BroadcastId:
        id_ = broadcasts.draft(conn, audience, words, file, author, now)
        audit.record(conn, audit.COMMAND, "broadcast drafted", f"broadcast:{id_}", by[:200], now)
        return id_

    id_ = await desk.database.write(unit)
    return {
        "id": id_,
        "whom": describe(audience),
        "people": number,
        "remark": remark(words),
    }


def _checked(
    conn: Connection, audience: Audience, by: str, now: datetime
) -> tuple[PersonId | None, int]:
    """The author, and how many fit; raises OperationRefused where nobody does."""
    if wrong := audiences.unknown(conn, audience):
        places = (*audiences.places(conn, "villages"), *audiences.places(conn, "schools"))
        known = ", ".join(code for code, _ in places) or "-"
        raise OperationRefused(say("broadcast.whom.no_such", names=", ".join(wrong), known=known))
    number = audiences.count(conn, audience, now)
    if not number:
        raise OperationRefused(
            f"tidak ada orang yang cocok dengan: {describe(audience)}. Kurangi syaratnya, atau"
            " pilih desa atau sekolah lain"
        )
    return _member(conn, by), number


def _member(conn: Connection, who: str) -> PersonId | None:
    """The member of staff in whose name it is done; None where no name is given."""
    if not who.strip():
        return None
    wanted = who.strip().casefold()
    found = [one for one in staff.members(conn) if wanted in (one.name.casefold(), str(one.id))]
    if len(found) != 1:
        wrong = "tidak ada" if not found else "lebih dari satu"
        raise OperationRefused(f"{wrong} petugas bernama {who}: lihat kawan staff list")
    if found[0].person is None:
        raise OperationRefused(f"{found[0].name} belum memasukkan kodenya: belum bisa dipakai")
    return found[0].person


async def _kept(desk: Desk, picture: str, voice: str, author: PersonId | None) -> MediaId | None:
    """The file, read and kept; refused when it is not what it should be."""
    if not picture and not voice:
        return None
    kind, path = ("image", Path(picture)) if picture else ("voice", Path(voice))
    largest = LARGEST[kind] // 2**20
    try:
        if path.stat().st_size > LARGEST[kind]:
            raise OperationRefused(f"{path.name} terlalu besar: paling besar {largest} MB")
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise OperationRefused(f"{path} tidak dapat dibaca: {error.strerror}") from None
    if kind == "voice" and type_of(data) not in _VOICES:
        raise OperationRefused(f"{path.name} bukan rekaman ogg/opus: ubah dahulu ke ogg")
    try:
        return await desk.media.add(kind, data, author)
    except Refusal as refusal:
        raise OperationRefused(f"{path.name} tidak dapat dipakai: {refusal.reason}") from None


async def broadcast_test(desk: Desk, id_: int, to: str) -> None:
    """The message as it would be, to one member of staff and nobody else."""
    now = desk.now()

    def unit(conn: Connection) -> None:
        broadcast = _one(conn, id_)
        person = _member(conn, to)
        reached = None if person is None else people.reachable(conn, person)
        addressee = None if person is None else audiences.one(conn, person)
        if person is None or reached is None or addressee is None:
            raise OperationRefused(
                "tulis petugas yang sudah bergabung di chat, misalnya --to Dimas"
            )
        outbox.add(
            conn,
            address_id=reached[0],
            person_id=person,
            message=Message(addressee.reads(broadcast.text), media=broadcast.media),
            dedupe_key=f"broadcast-test:{id_}:{person}:{int(now.timestamp() * 1000)}",
            priority=Priority.REPLY,
            purpose="broadcast_test",
            not_before=now,
            expires_at=None,
            now=now,
        )
        audit.record(conn, audit.COMMAND, "broadcast tried", f"broadcast:{id_}", to[:200], now)

    await desk.database.write(unit)
    desk.wake()


async def broadcast_send(desk: Desk, id_: int, day: str = "", hour: str = "") -> dict[str, Any]:
    """Send it, now or then; above the limit it waits for a second person's approval."""
    now = desk.now()
    starts_at = _moment(desk, day, hour, now) if day or hour else None
    most = desk.settings.broadcast_approval

    def unit(conn: Connection) -> dict[str, Any]:
        broadcast = _one(conn, id_)
        file = media.one(conn, broadcast.media) if broadcast.media else None
        if broadcast.media and (file is None or file.status != "stored"):
            raise OperationRefused("berkasnya belum tersimpan: tunggu sebentar, lalu coba lagi")
        number = audiences.count(conn, broadcast.audience, now)
        if not number:
            raise OperationRefused("tidak ada penerima lagi: buat siaran baru dengan syarat lain")
        asks = number > most
        others = [one for one in staff.reachable(conn) if one != broadcast.by]
        if asks and not others:
            raise OperationRefused(say("broadcast.no_approver", most=most))
        step = Step.ASK if asks else Step.START
        _stepped(conn, broadcast, step, None, now, "", starts_at)
        return {"id": id_, "people": number, "state": str(_one(conn, id_).state)}

    await desk.database.read(lambda conn: _reach_somebody(conn, id_, now))
    told = await desk.database.write(unit)
    desk.wake()
    return told


def _reach_somebody(conn: Connection, id_: int, now: datetime) -> None:
    """Raises OperationRefused where somebody fits and none of them may be written to."""
    audience = _one(conn, id_).audience
    planning = Planning(now, Programme(""), None)
    if audiences.count(conn, audience, now) and not reaches_anybody(conn, audience, planning):
        raise OperationRefused(
            "tidak ada yang bisa dikirimi: buat siaran baru dengan penerima lain. Siapa tidak dan"
            f" mengapa: kawan broadcast rehearse {id_}"
        )


def _moment(desk: Desk, day: str, hour: str, now: datetime) -> datetime:
    """A day and an hour in the programme's zone; raises OperationRefused."""
    zone = desk.settings.zone
    local = now.astimezone(zone)
    at = datetime.combine(read_day(day, local.date()), read_hour(hour), zone)
    if at <= local:
        raise OperationRefused(f"{at:%Y-%m-%d %H.%M} sudah lewat (sekarang {local:%Y-%m-%d %H.%M})")
    return at.astimezone(now.tzinfo)


async def broadcast_approve(desk: Desk, id_: int, by: str) -> dict[str, Any]:
    """A second person lets it go."""
    return await _take(desk, id_, Step.APPROVE, by)


async def broadcast_refuse(desk: Desk, id_: int, by: str) -> dict[str, Any]:
    """A second person does not."""
    return await _take(desk, id_, Step.REFUSE, by)


async def broadcast_pause(desk: Desk, id_: int) -> dict[str, Any]:
    """Nothing more of it leaves until it is resumed."""
    return await _take(desk, id_, Step.PAUSE)


async def broadcast_resume(desk: Desk, id_: int) -> dict[str, Any]:
    """The rest leaves, for twelve more hours at least."""
    return await _take(desk, id_, Step.RESUME)


async def broadcast_cancel(desk: Desk, id_: int) -> dict[str, Any]:
    """What has not left does not leave any more."""
    return await _take(desk, id_, Step.CANCEL)


async def _take(desk: Desk, id_: int, step: Step, by: str = "") -> dict[str, Any]:
    now = desk.now()

    def unit(conn: Connection) -> State:
        who = _member(conn, by)
        if step in (Step.APPROVE, Step.REFUSE) and who is None:
            raise OperationRefused("tulis petugas yang memutuskan, misalnya --by Rina")
        return _stepped(conn, _one(conn, id_), step, who, now, by)

    state = await desk.database.write(unit)
    desk.wake()
    return {"id": id_, "state": str(state)}


def _stepped(
    conn: Connection,
    broadcast: Broadcast,
    step: Step,
    who: PersonId | None,
    now: datetime,
    by: str,
    starts_at: datetime | None = None,
) -> State:
    if step in (Step.APPROVE, Step.REFUSE) and who == broadcast.by:
        raise OperationRefused(say("broadcast.own"))
    state = broadcasts.step(conn, broadcast.id, step, who, now, starts_at=starts_at)
    if state is None:
        told = say(f"broadcast.state.{broadcast.state}")
        raise OperationRefused(f"siaran {broadcast.id} {told}, jadi itu tidak bisa")
    subject = f"broadcast:{broadcast.id}"
    audit.record(conn, audit.COMMAND, f"broadcast {step}", subject, by[:200], now)
    return state


def _one(conn: Connection, id_: int) -> Broadcast:
    broadcast = broadcasts.one(conn, BroadcastId(id_))
    if broadcast is None:
        raise OperationRefused(f"tidak ada siaran nomor {id_}: lihat kawan broadcast list")
    return broadcast


OPERATIONS: Final[tuple[Operation, ...]] = (
    broadcast_new,
    broadcast_test,
    broadcast_send,
    broadcast_approve,
    broadcast_refuse,
    broadcast_pause,
    broadcast_resume,
    broadcast_cancel,
)
