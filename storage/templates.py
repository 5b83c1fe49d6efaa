"""How our templates stand with the platform, by what it tells and by what was asked of it.

Their words are in locales/templates.toml. That one stops serving is kept with what else is wrong
with our account (accounts.py), by which staff and the operator hear of it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from conversations.phone.passing import APPROVED, MARKETING, Standing
from locales.templates import CATEGORY, LANGUAGE
from locales.templates import templates as declared
from storage import accounts
from storage.schema import from_ms, to_ms
from storage.statement import Statement

if TYPE_CHECKING:
    from storage.facts import TemplateTold

ABSENT: Final = "absent"
PENDING: Final = "pending"

_ON_ITS_WAY: Final = frozenset({APPROVED, PENDING, ABSENT})

_STANDINGS = Statement(
    "SELECT name, status, category, digest FROM templates"
    " WHERE account = :account AND language = :language"
)
_KNOWN = Statement(
    "SELECT name, status, category, reason, platform_id, digest, updated_at FROM templates"
    " WHERE account = :account AND language = :language ORDER BY name"
)
_TOLD = Statement(
    "INSERT INTO templates (account, name, language, status, category, reason, platform_id,"
    " updated_at) VALUES (:account, :name, :language, :status, :category, :reason, :platform_id,"
    " :now) ON CONFLICT (account, name, language) DO UPDATE SET"
    " status = CASE WHEN :told <> '' THEN excluded.status ELSE templates.status END,"
    " category = CASE WHEN excluded.category <> '' THEN excluded.category"
    " ELSE templates.category END,"
    " reason = CASE WHEN :told <> '' OR excluded.reason <> '' THEN excluded.reason"
    " ELSE templates.reason END,"
    " platform_id = CASE WHEN excluded.platform_id <> '' THEN excluded.platform_id"
    " ELSE templates.platform_id END, updated_at = excluded.updated_at"
)
_FOUND = Statement(
    "INSERT INTO templates (account, name, language, status, category, reason, platform_id, digest,"
    " updated_at) VALUES (:account, :name, :language, :status, :category, :reason, :platform_id,"
    " :digest, :now) ON CONFLICT (account, name, language) DO UPDATE SET"
    " updated_at = CASE WHEN templates.status = excluded.status"
    " AND templates.category = excluded.category AND templates.digest = excluded.digest"
    " THEN templates.updated_at ELSE excluded.updated_at END,"
    " status = excluded.status, category = excluded.category, reason = excluded.reason,"
    " platform_id = excluded.platform_id, digest = excluded.digest"
)


@dataclass(frozen=True, slots=True)
class Known:
    """One template of ours as we last heard of it. `since` is aware (UTC)."""

    name: str
    status: str = ABSENT
    category: str = ""
    reason: str = ""
    platform_id: str = ""
    current: bool = False
    since: datetime | None = None

    @property
    def serves(self) -> bool:
        """Whether people get what it is for."""
        return self.status == APPROVED and self.current and not _is_unwanted_ad(self)


@dataclass(frozen=True, slots=True)
class Found:
    """One template as the platform lists it. `digest` is that of its words there."""

    name: str
    status: str
    category: str
    digest: str
    platform_id: str = ""
    reason: str = ""


def standings(conn: Connection, account: str) -> Mapping[str, Standing]:
    """How each template stands on one number of ours; one that is not there is not known there."""
    ours = declared()
    return {
        name: Standing(status, category or CATEGORY, name in ours and ours[name].digest == digest)
        for name, status, category, digest in _STANDINGS.rows(
            conn, {"account": account, "language": LANGUAGE}
        )
    }


def known(conn: Connection, account: str) -> tuple[Known, ...]:
    """Every template that the project declares, in its order, as it stands on one number."""
    rows = {row[0]: row for row in _KNOWN.rows(conn, {"account": account, "language": LANGUAGE})}
    return tuple(
        _known(rows[name], one.digest) if name in rows else Known(name)
        for name, one in declared().items()
    )


def apply(conn: Connection, facts: Sequence[TemplateTold], now: datetime) -> None:
    """What the platform told of templates, in the order in which it did."""
    _TOLD.many(
        conn,
        [
            {
                "account": fact.account,
                "name": fact.name[:60],
                "language": fact.language,
                "status": fact.status or PENDING,
                "told": fact.status,
                "category": fact.category,
                "reason": fact.reason[:200],
                "platform_id": fact.platform_id,
                "now": to_ms(now),
            }
            for fact in facts
        ],
    )
    for account in sorted({fact.account for fact in facts}):
        _tell(conn, account, now)


def found(conn: Connection, account: str, listed: Sequence[Found], now: datetime) -> None:
    """All that the platform lists at this moment; of ours, what it does not list is absent."""
    there = {one.name: one for one in listed if one.name in declared()}
    absent = [Found(name, ABSENT, "", "") for name in declared() if name not in there]
    _FOUND.many(
        conn,
        [
            {
                "account": account,
                "name": one.name,
                "language": LANGUAGE,
                "status": one.status,
                "category": one.category,
                "reason": one.reason[:200],
                "platform_id": one.platform_id,
                "digest": one.digest,
                "now": to_ms(now),
            }
            for one in (*there.values(), *absent)
        ],
    )
    _tell(conn, account, now)


def _known(row: Sequence[object], digest: str) -> Known:
    name, status, category, reason, platform_id, kept, at = row
    return Known(
        str(name),
        str(status),
        str(category),
        str(reason),
        str(platform_id),
        kept == digest,
        from_ms(int(str(at))),
    )


def _tell(conn: Connection, account: str, now: datetime) -> None:
    """Staff hear of it when one has stopped, once for each change; one that waits for its first
    approval has not."""
    from storage.facts import AccountTold  # which knows this module

    stopped = sorted(
        f"{one.name}={one.status}"
        for one in known(conn, account)
        if one.since is not None and (one.status not in _ON_ITS_WAY or _is_unwanted_ad(one))
    )
    told = any(
        one.what == accounts.TEMPLATES and one.account == account
        for one in accounts.standing(conn, now)
    )
    if not stopped and not told:
        return
    detail = f"{accounts.STOPPED} {' '.join(stopped)}" if stopped else "well"
    accounts.keep(conn, [AccountTold(account, accounts.TEMPLATES, detail)], now)


def _is_unwanted_ad(one: Known) -> bool:
    return one.category == MARKETING and declared()[one.name].as_marketing == "exclude"
