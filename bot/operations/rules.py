"""The programme's rules by command: add, change, stop. What cannot be, or must not, is refused.

Rules are written and read back in the words of the tables here. What is decided is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.moments import WEEKDAYS, read_hour
from conversations.broadcasts.audience import Audience, AudienceError, describe, parse
from conversations.broadcasts.broadcast import DraftRefused, check_text
from conversations.dialogue import VillageId
from conversations.politeness import QuietHours
from conversations.rule import (
    Action,
    Anchor,
    Refused,
    Rule,
    RuleId,
    WhenBusy,
    actions_of,
    days_allowed,
    refused,
)
from storage import audiences, audit, people, rules
from storage.rules import Kept

ACTIONS: Final[Mapping[str, Action]] = {
    "kabar": Action.CHECKIN,
    "kiat": Action.TIP,
    "pengingat": Action.NUDGE,
    "pesan": Action.MESSAGE,
    "kunjungan": Action.VISIT,
}
ANCHORS: Final[Mapping[str, Anchor]] = {
    "mingguan": Anchor.WEEKLY,
    "pendaftaran": Anchor.REGISTERED,
    "bulan-lahir": Anchor.BIRTH_MONTH,
    "sesi": Anchor.SESSION,
    "kabar-dikirim": Anchor.CHECKIN_SENT,
    "kabar-selesai": Anchor.CHECKIN_DONE,
    "diam": Anchor.SILENT,
}
BUSY: Final[Mapping[str, WhenBusy]] = {
    "tunggu": WhenBusy.WAIT,
    "lewati": WhenBusy.SKIP,
    "sesudahnya": WhenBusy.AFTER,
}
EVERYWHERE: Final = "semua"
"""In the place of a village's code."""

_NEW: Final = Rule(RuleId(0), "", Anchor.WEEKLY, Action.CHECKIN, time(19, 15))
_LONGEST_NAME: Final = 80

E = TypeVar("E", bound=StrEnum)


async def rule_add(desk: Desk, name: str, **said: Any) -> dict[str, Any]:
    """A new rule; what is not told is as for a weekly check-in at 19.15."""

    def unit(conn: Connection) -> RuleId:
        rule = _checked(conn, desk, replace(_NEW, name=_name(conn, name)), said)
        number = rules.add(conn, rule, desk.now())
        _record(conn, desk, "rule added", number)
        return number

    return await _decided(desk, unit)


async def rule_change(desk: Desk, number: int, name: str = "", **said: Any) -> dict[str, Any]:
    """Change what is told of an active rule; the rest stays."""

    def unit(conn: Connection) -> RuleId:
        known = _active(conn, number)
        named = _name(conn, name, not_=known.id) if name.strip() else known.name
        rule = _checked(conn, desk, replace(known, name=named), said)
        rules.change(conn, rule, desk.now(), desk.settings.zone)
        _record(conn, desk, "rule changed", rule.id)
        return rule.id

    return await _decided(desk, unit)


async def rule_stop(desk: Desk, number: int) -> dict[str, Any]:
    """End a rule: what it planned for people is skipped from now on."""

    def unit(conn: Connection) -> RuleId:
        rule = _active(conn, number)
        rules.stop(conn, rule.id)
        _record(conn, desk, "rule stopped", rule.id)
        return rule.id

    return await _decided(desk, unit)


def told(kept: Kept) -> dict[str, Any]:
    """A rule in the words in which it is written."""
    rule = kept.rule
    return {
        "number": rule.id,
        "name": rule.name,
        "active": kept.active,
        "what": _word(ACTIONS, rule.action),
        "from": _word(ANCHORS, rule.anchor),
        "days": rule.days,
        "weekday": "" if rule.weekday is None else WEEKDAYS[rule.weekday].lower(),
        "hour": f"{rule.hour:%H.%M}",
        "village": kept.village or EVERYWHERE,
        "audience": describe(rule.audience),
        "busy": _word(BUSY, rule.when_busy),
        "words": rule.words,
    }


def _checked(conn: Connection, desk: Desk, rule: Rule, said: Mapping[str, Any]) -> Rule:
    """The rule with what was told of it; raises OperationRefused with what would be right."""
    rule = _read(conn, rule, said)
    quiet = desk.settings.quiet_hours
    if (reason := refused(rule, quiet)) is not None:
        raise OperationRefused(_why(reason, rule, quiet))
    if rule.is_weekly_checkin:
        other = next(
            (
                kept.rule
                for kept in rules.every(conn)
                if kept.active
                and kept.rule.is_weekly_checkin
                and kept.rule.id != rule.id
                and kept.rule.village_id == rule.village_id
            ),
            None,
        )
        if other is not None:
            raise OperationRefused(
                f"di sana sudah ada kabar mingguan, aturan nomor {other.id} ({other.name}): ubah "
                f"dengan `kawan rules change {other.id}`, atau hentikan dahulu"
            )
    return rule


def _read(conn: Connection, rule: Rule, said: Mapping[str, Any]) -> Rule:
    changes: dict[str, Any] = {}
    for name, value in said.items():
        if value is None:
            continue
        match name:
            case "what":
                changes["action"] = _read_word(ACTIONS, value, "tindakan")
            case "since":
                changes["anchor"] = _read_word(ANCHORS, value, "hitungan")
            case "busy":
                changes["when_busy"] = _read_word(BUSY, value, "kalau sedang sibuk")
            case "days":
                changes["days"] = int(value)
            case "weekday":
                changes["weekday"] = _weekday(value)
            case "hour":
                changes["hour"] = read_hour(value)
            case "village":
                changes["village_id"] = _village(conn, value)
            case "audience":
                changes["audience"] = _audience(conn, value)
            case "words":
                changes["words"] = _words(value)
            case _:
                raise OperationRefused(f"{name} bukan bagian aturan")
    read = replace(rule, **changes)
    if "anchor" in changes and read.anchor is not Anchor.WEEKLY and "weekday" not in changes:
        read = replace(read, weekday=None)
    return read


def _why(reason: Refused, rule: Rule, quiet: QuietHours | None) -> str:
    """What is wrong and what would be right."""
    counted = _word(ANCHORS, rule.anchor)
    match reason:
        case Refused.MALAM_JUMAT:
            return (
                "Kamis 17.30-20.30 itu malam Jumat (yasinan, tahlilan): pilih hari lain, atau "
                "jam sebelum 17.30"
            )
        case Refused.FRIDAY_PRAYER:
            return (
                "Jumat 11.00-13.00 itu waktu salat Jumat: pilih hari lain, jam sebelum 11.00, "
                "atau mulai 13.00"
            )
        case Refused.NIGHT if quiet is not None:
            return (
                f"jam {rule.hour:%H.%M} termasuk jam tenang: pilih mulai {quiet.end:%H.%M} sampai "
                f"sebelum {quiet.begin:%H.%M}"
            )
        case Refused.NO_WEEKDAY:
            return "aturan mingguan perlu hari, misalnya: --weekday rabu"
        case Refused.WEEKDAY:
            return f"hari hanya untuk aturan mingguan; untuk {counted} tulis jumlah hari: --days"
        case Refused.DAYS:
            least, most = days_allowed(rule.anchor)
            if least == most:
                return f"untuk {counted} tidak ada jumlah hari: tulis --days 0"
            return f"untuk {counted} jumlah hari ditulis dari {least} sampai {most}: --days {most}"
        case Refused.ACTION:
            possible = ", ".join(_word(ACTIONS, one) for one in actions_of(rule.anchor))
            return f"untuk {counted} yang bisa dilakukan: {possible}"
        case _:
            if rule.action is Action.MESSAGE:
                return 'pesan perlu isi, misalnya: --words "Selamat pagi, {sapaan}."'
            return "isi hanya untuk pesan: tulis --what pesan, atau tanpa --words"


def _read_word(known: Mapping[str, E], written: str, what: str) -> E:
    plain = "-".join(written.split()).casefold()
    if plain not in known:
        near = get_close_matches(plain, known, 1)
        maybe = f"; mungkin {near[0]}?" if near else ""
        raise OperationRefused(f"{what} {written!r} tidak ada: pilih {', '.join(known)}{maybe}")
    return known[plain]


def _word(known: Mapping[str, E], value: E) -> str:
    return next(word for word, one in known.items() if one is value)


def _weekday(written: str) -> int | None:
    plain = written.strip().casefold().replace("'", "").replace("ahad", "minggu")
    if not plain:
        return None
    names = [day.casefold() for day in WEEKDAYS]
    if plain not in names:
        raise OperationRefused(f"hari {written!r} tidak ada: pilih {', '.join(names)}")
    return names.index(plain)


def _village(conn: Connection, written: str) -> VillageId | None:
    plain = written.strip().upper()
    if plain in ("", EVERYWHERE.upper()):
        return None
    known = {village.code: village.id for village in people.all_villages(conn)}
    if plain not in known:
        codes = ", ".join([*known, EVERYWHERE])
        raise OperationRefused(f"tidak ada desa berkode {written}: pilih {codes}")
    return known[plain]


def _audience(conn: Connection, written: str) -> Audience:
    try:
        found = parse(written)
    except AudienceError as error:
        raise OperationRefused(str(error)) from None
    if unknown := audiences.unknown(conn, found):
        raise OperationRefused(
            f"tidak ada desa atau sekolah berkode {', '.join(unknown)}: lihat `kawan villages "
            f"list` dan `kawan schools list`"
        )
    return found


def _words(written: str) -> str:
    try:
        return check_text(written) if written.strip() else ""
    except DraftRefused as error:
        raise OperationRefused(str(error)) from None


def _name(conn: Connection, written: str, *, not_: RuleId | None = None) -> str:
    name = " ".join(written.split())
    if not 2 <= len(name) <= _LONGEST_NAME:
        raise OperationRefused(f"nama aturan ditulis dengan 2 sampai {_LONGEST_NAME} huruf")
    for kept in rules.every(conn):
        if kept.rule.name.casefold() == name.casefold() and kept.rule.id != not_:
            stopped = "" if kept.active else " (sudah dihentikan)"
            raise OperationRefused(
                f"nama {name} sudah dipakai aturan nomor {kept.rule.id}{stopped}: pilih nama lain"
            )
    return name


def _active(conn: Connection, number: int) -> Rule:
    rule = rules.one(conn, RuleId(number))
    if rule is None:
        raise OperationRefused(
            f"tidak ada aturan nomor {number} yang berlaku: lihat `kawan rules list`"
        )
    return rule


def _record(conn: Connection, desk: Desk, action: str, number: RuleId) -> None:
    audit.record(conn, audit.COMMAND, action, f"rule:{number}", "", desk.now())


async def _decided(desk: Desk, unit: Callable[[Connection], RuleId]) -> dict[str, Any]:
    """Do it where the usual rules are, wake the clock, and tell how the rule is now."""
    now: datetime = desk.now()

    def whole(conn: Connection) -> dict[str, Any]:
        rules.ensure(conn, now)
        number = unit(conn)
        return next(told(kept) for kept in rules.every(conn) if kept.rule.id == number)

    decided = await desk.database.write(whole)
    desk.wake()
    return decided


OPERATIONS: Final[tuple[Operation, ...]] = (rule_add, rule_change, rule_stop)
