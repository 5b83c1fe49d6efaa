"""What Meta tells besides messages: read into facts. Pure; every reader raises ValueError,
TypeError or KeyError (also as AttributeError) for a shape it does not know.

Words of Meta's are kept only as far as they are keys (APPROVED, TIER_10K): prose and names are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.channels.whatsapp_errors import reason_of
from bot.channels.whatsapp_updates import (
    Json,
    kept_address,
    kept_id,
    seconds,
    writer_of,
)
from storage.facts import (
    AccountTold,
    AddressDoubted,
    AddressMoved,
    Fact,
    StatusTold,
    TemplateTold,
)

CHANNEL: Final = "whatsapp"

UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError)
"""What a reader raises for a shape it does not know."""

_KEY: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}")

_STATUSES: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # somebody who has listened has it before her
    "failed": "failed",
}

_NO_CONSEQUENCE: Final = frozenset({"deleted", "warning"})
"""Statuses after which nothing is different: she deleted a message of ours, or a shop's item."""

_CATEGORIES: Final = {
    "marketing_lite": "marketing",
    "group_marketing": "marketing",
    "group_utility": "utility",
    "group_service": "service",
    "authentication": "auth",
    "authentication_international": "auth",
    "referral_conversion": "free",
}
"""Categories of prices that we need not tell apart."""

_LONGEST_CATEGORY: Final = 12


def status_of(status: Json, account: str, now: int) -> StatusTold | None:
    """What became of a message of ours; None for what changes nothing. `now` in unix seconds.

    >>> status_of({"id": "wamid.1", "status": "played", "timestamp": "0"}, "1", 9).status
    'read'
    """
    word = status["status"]
    if word in _NO_CONSEQUENCE or status.get("recipient_type") == "group":
        return None
    wamid = status["id"]
    if not isinstance(wamid, str) or not wamid:
        raise ValueError("a status without a message")
    failed = word == "failed"
    code = _code(status) if failed else 0
    pricing = status.get("pricing") or {}
    billable = pricing.get("billable")
    return StatusTold(
        CHANNEL,
        account,
        kept_id(wamid),
        _STATUSES[word],
        datetime.fromtimestamp(min(seconds(status["timestamp"]), now), UTC),
        code,
        reason_of(code) if code else "failed" if failed else "",
        category_of(pricing.get("category")),
        billable if isinstance(billable, bool) else None,
    )


def category_of(written: Any) -> str:
    """What a message is charged as, in few words.

    >>> category_of("MARKETING_LITE"), category_of(None)
    ('marketing', '')
    """
    if not isinstance(written, str):
        return ""
    word = key(written).lower()
    return _CATEGORIES.get(word, word)[:_LONGEST_CATEGORY]


def system_of(message: Json, contact: Json, account: str) -> list[Fact]:
    """Somebody has another number or another id, or perhaps another phone.

    Her former key may be told as an id, as a number or as both: each is named in a fact of its own,
    since we know her by one of them.
    """
    system = message["system"]
    former = _former(message, system)
    match system["type"]:
        case "user_changed_number" | "customer_changed_number" | "user_changed_user_id":
            number = system.get("wa_id") or system.get("new_wa_id") or ""
            now = writer_of({}, {"wa_id": str(number), "user_id": system.get("user_id")})
            return _moved(account, former, now.address, now.recipient)
        case "customer_identity_changed" | "user_identity_changed":
            known = [kept_address(name) for name in former if name]
            if contact or not known:
                known.append(writer_of(message, contact).address)
            return [AddressDoubted(CHANNEL, account, address) for address in dict.fromkeys(known)]
    raise ValueError(f"system message {key(system['type'])}")


def user_ids_of(value: Json, account: str) -> list[Fact]:
    """Ids that Meta has given anew, by the change `user_id_update`."""
    facts: list[Fact] = []
    for change in value["user_id_update"]:
        number = change.get("wa_id")
        now = writer_of({}, {"wa_id": number, "user_id": change["user_id"]["current"]})
        facts += _moved(account, [change["user_id"]["previous"]], now.address, now.recipient)
    return facts


def key(written: Any) -> str:
    """A word of Meta's that is a key, empty for prose; numbers count as keys."""
    if isinstance(written, int) and not isinstance(written, bool):
        return str(written)[:60]
    return written if isinstance(written, str) and _KEY.fullmatch(written) else ""


def _former(message: Json, system: Json) -> list[str]:
    names = (
        system.get("previous_user_id"),
        message.get("from_user_id"),
        message.get("from") or system.get("customer"),
    )
    return [name for name in names if isinstance(name, str) and name]


def _moved(account: str, former: list[str], new: str, recipient: str) -> list[Fact]:
    if not all(isinstance(name, str) and name for name in former):
        raise ValueError("somebody moved, and from where is not told")
    recipient = "" if recipient == new else recipient
    kept = [old for old in dict.fromkeys(map(kept_address, former)) if old != new]
    if not kept:
        raise ValueError("somebody moved, and from where is not told")
    return [AddressMoved(CHANNEL, account, old, new, recipient) for old in kept]


def _code(told: Json) -> int:
    """The number of the first error, 0 when there is none."""
    return next(iter(_codes(told)), 0)


def _codes(told: Json) -> list[int]:
    found = [error["code"] for error in told.get("errors") or ()]
    return [code for code in found if type(code) is int and 0 <= code < 2**31]


_TEMPLATE: Final = {
    "reinstated": "approved",
    "unarchived": "approved",
    "in_appeal": "pending",
    "deleted": "absent",
    "pending_deletion": "absent",
    "archived": "disabled",
}
"""Events of templates as states of ours; all others are called as Meta calls them."""

_STILL_USABLE: Final = frozenset({"flagged", "locked", "limit_exceeded"})
"""Events that are a warning and leave the state as it is."""


def _template_status(value: Json, account: str) -> list[Fact]:
    event = _needed(value["event"]).lower()
    other = value.get("other_info")
    reason = key(value.get("reason")) or (key(other.get("title")) if other else "")
    told = "" if reason.upper() == "NONE" else reason.lower()
    if event in _STILL_USABLE or event in ("archived", "in_appeal"):
        told = f"{event} {told}".strip()
    status = "" if event in _STILL_USABLE else _TEMPLATE.get(event, event)[:20]
    category = category_of(value.get("message_template_category"))
    return _template(value, account, status=status, category=category, reason=told)


def _template_category(value: Json, account: str) -> list[Fact]:
    """The category that holds now; one that will hold in a day is told as a reason."""
    later = category_of(value.get("correct_category"))
    reason = f"becomes {later}" if later else ""
    return _template(value, account, category=category_of(value["new_category"]), reason=reason)


def _template_quality(value: Json, account: str) -> list[Fact]:
    quality = _needed(value["new_quality_score"]).lower()
    return _template(value, account, reason=f"quality {quality}")


def _template_text(value: Json, account: str) -> list[Fact]:
    return _template(value, account, reason="text changed at WhatsApp")


def _template(value: Json, account: str, **told: str) -> list[Fact]:
    """Nothing for a template with a name or language that ours cannot have."""
    name, language = value["message_template_name"], value["message_template_language"]
    if not (_KEY.fullmatch(name) and _KEY.fullmatch(language)) or len(language) > 12:
        return []
    number = key(value.get("message_template_id"))[:40]
    return [TemplateTold(account, name, language, platform_id=number, **told)]


_ACCOUNT: Final[Mapping[str, tuple[str, ...]]] = {
    "account_update": (
        "event",
        "ban_info.waba_ban_state",
        "violation_info.violation_type",
        "restriction_info.restriction_type",
    ),
    "account_review_update": ("decision",),
    "account_alerts": (
        "alert_type",
        "alert_severity",
        "alert_status",
        "alert_info.alert_type",
        "alert_info.alert_severity",
        "alert_info.alert_status",
    ),
    "business_capability_update": (
        "max_daily_conversation_per_phone",
        "max_daily_conversations_per_business",
        "max_phone_numbers_per_business",
    ),
    "phone_number_name_update": ("decision", "rejection_reason"),
    "phone_number_quality_update": ("event", "current_limit"),
    "security": ("event",),
}
"""Changes about our own account or number, and what of them is told on: keys and numbers."""


def _account(field: str) -> Callable[[Json, str], list[Fact]]:
    def read(value: Json, account: str) -> list[Fact]:
        words = [word for path in _ACCOUNT[field] for word in _found(value, path.split("."))]
        if not words:
            raise ValueError("nothing known in it")
        return [AccountTold(account, field, " ".join(words)[:200])]

    return read


def _found(value: Any, path: list[str]) -> list[str]:
    if isinstance(value, list):
        return [word for one in value for word in _found(one, path)]
    if not path:
        word = key(value)
        return [word] if word else []
    return _found(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


def errors_of(value: Json, account: str) -> list[Fact]:
    """Errors that belong to no message: something is wrong with our number or account."""
    codes = dict.fromkeys(_codes(value))
    if not codes:
        raise ValueError("errors without a number")
    return [AccountTold(account, "errors", f"{code} {reason_of(code)}") for code in codes]


def _needed(written: Any) -> str:
    if not (found := key(written)):
        raise ValueError("a word is missing")
    return found


CHANGES: Final[Mapping[str, Callable[[Json, str], list[Fact]]]] = {
    "message_template_status_update": _template_status,
    "template_category_update": _template_category,
    "message_template_category_update": _template_category,
    "message_template_quality_update": _template_quality,
    "message_template_components_update": _template_text,
    "user_id_update": user_ids_of,
    **{field: _account(field) for field in _ACCOUNT},
}
"""The fields of a webhook, besides messages, that we understand."""
