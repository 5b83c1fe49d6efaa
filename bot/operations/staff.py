"""Staff accounts: added with a role, ended at once; and what is to be done when somebody leaves.

Who is on duty, and how else somebody is reached, is in `duty.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.duty import find_member, read_phone
from bot.settings import Settings
from conversations.dialogue import Role
from storage import audit, cases, duty, staff
from storage.duty import Gap

LONGEST_NAME: Final = 80

COVERED_DAYS: Final = 14
"""Nobody is let go while duty of the coming days would be left uncovered by that."""

ROLES: Final = {
    "petugas": Role.STAFF,
    "koordinator": Role.COORDINATOR,
    "penyelenggara": Role.ORGANISER,
    "luar": Role.FOCAL,
}
"""What an account may be, as it is written in a command."""

_SHOWN: Final = 5


async def staff_add(
    desk: Desk, name: str, role: str = "petugas", phone: str = ""
) -> dict[str, str]:
    """A named account and its one-time code; somebody who has not joined yet gets another code."""
    wanted, now = " ".join(name.split()), desk.now()
    if not 2 <= len(wanted) <= LONGEST_NAME:
        raise OperationRefused(f"nama petugas ditulis dengan 2 sampai {LONGEST_NAME} huruf")
    kind = ROLES.get(role.strip().casefold())
    if kind is None:
        raise OperationRefused(f"peran {role} tidak ada; pilih: {', '.join(ROLES)}")
    number = read_phone(phone)

    def unit(conn: Connection) -> str:
        known = {member.name.casefold(): member for member in staff.members(conn)}
        member = known.get(wanted.casefold())
        if member is None:
            code = staff.add(conn, wanted, kind, now)
            _reached_at(conn, code, number, now)
            audit.record(conn, audit.COMMAND, "staff added", wanted[:64], kind.value, now)
            return code
        if not member.joined_at and member.role != kind:
            raise OperationRefused(
                f"{member.name} sudah ditambahkan sebagai {role_name(member.role)}: "
                f"hapus dahulu dengan `kawan staff remove {member.id}`"
            )
        renewed = None if member.joined_at else staff.renew_code(conn, member.id, now)
        if renewed is None:
            raise OperationRefused(f"{member.name} sudah bergabung")
        _reached_at(conn, renewed, number, now)
        audit.record(conn, audit.COMMAND, "staff code renewed", f"staff:{member.id}", "", now)
        return renewed

    code = await desk.database.write(unit)
    return {"name": wanted, "role": role_name(kind), "code": f"{code[:4]}-{code[4:]}"}


async def staff_remove(desk: Desk, who: str, force: str = "") -> dict[str, Any]:
    """End an account by its number or its name at once; her open tasks go to others, who hear it.

    Refused while duty would be uncovered by it, or closings would wait for nobody, unless there is
    a reason (`force`), which is recorded.
    """
    now, reason, zone = desk.now(), " ".join(force.split()), desk.settings.zone

    def unit(conn: Connection) -> dict[str, Any]:
        member = find_member(conn, who)
        problems = _left_behind(conn, member, desk, zone)
        if problems and not reason:
            raise OperationRefused(
                f"{member.name} belum bisa dihapus: {'; '.join(problems)}. "
                'Kalau harus sekarang juga: --force "alasan" (dicatat)'
            )
        handed = staff.remove(conn, member.id, now)
        audit.record(conn, audit.COMMAND, "staff removed", f"staff:{member.id}", reason, now)
        return {
            "name": member.name,
            "tasks": 0 if handed is None else len(handed.moved),
            "unowned": [] if handed is None else list(handed.unowned),
            "problems": problems,
        }

    done = await desk.database.write(unit)
    desk.wake()
    return {**done, "secrets": secrets(desk.settings)}


def secrets(settings: Settings) -> list[str]:
    """What somebody who worked here may know, and so is changed when she leaves.

    Only what is set; nothing of it is shown.
    """
    known = {
        "TELEGRAM_TOKEN: minta token baru di @BotFather (/revoke), lalu jalankan ulang": bool(
            settings.telegram_token.get_secret_value()
        ),
        "WHATSAPP_TOKEN, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN: ganti di akun Meta": bool(
            settings.whatsapp_token.get_secret_value()
        ),
        "ENCRYPTION_KEYS: kawan keys rotate; kunci lama disimpan untuk cadangan lama": True,
        "SECRET_KEY: ganti, semua yang sedang masuk keluar": bool(
            settings.secret_key.get_secret_value()
        ),
        "DATABASE_URL: ganti sandi basis data": "@" in settings.database_url,
        "Telepon jaga (DUTY_PHONE): ambil HP dan kartunya, ganti PIN": bool(settings.duty_phone),
        "Akun dan kunci SSH di server, dan tempat cadangan disimpan": True,
    }
    return [line for line, is_set in known.items() if is_set]


def role_name(role: str) -> str:
    """A role as it is written in a command.

    >>> role_name("coordinator")
    'koordinator'
    """
    return next((word for word, kind in ROLES.items() if kind == role), role)


def _reached_at(conn: Connection, code: str, number: str, now: datetime) -> None:
    """The telephone of the account that this fresh code opens, where one was given."""
    account = staff.by_code(conn, code, now)
    if number and account is not None:
        staff.set_phone(conn, account, number)


def _left_behind(conn: Connection, member: staff.Member, desk: Desk, zone: ZoneInfo) -> list[str]:
    """What would be missing without this member that is there with her."""
    if member.person is None:
        return []
    now, found = desk.now(), []
    before = duty.coverage(conn, now, COVERED_DAYS)
    after = duty.coverage(conn, now, COVERED_DAYS, without=member.person)
    if worse := [gap for gap in after if gap not in before]:
        found.append(
            f"jaga {COVERED_DAYS} hari ke depan kurang dari dua orang: {_told(worse, zone)}"
        )
    others = [
        one
        for one in staff.members(conn)
        if one.role == Role.COORDINATOR and one.person is not None and one.id != member.id
    ]
    waiting = cases.waiting_for_approval(conn)
    if member.role == Role.COORDINATOR and not others and waiting:
        found.append(f"koordinator terakhir, dan menunggu persetujuan: {', '.join(waiting)}")
    return found


def _told(gaps: Sequence[Gap], zone: ZoneInfo) -> str:
    times = [
        f"{gap.starts_at.astimezone(zone):%d/%m %H.%M}–{gap.ends_at.astimezone(zone):%d/%m %H.%M}"
        for gap in gaps[:_SHOWN]
    ]
    more = len(gaps) - len(times)
    return ", ".join(times) + (f", dan {more} lagi" if more else "")


OPERATIONS: Final[tuple[Operation, ...]] = (staff_add, staff_remove)
