"""What the Graph API tells about things that are only looked at: numbers, the account, the token,
the app and its subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.graph_refusals import GraphRefusalError
from tests.fakes.graph_world import Number

Wire = dict[str, Any]

SCOPES: Final = ("whatsapp_business_management", "whatsapp_business_messaging")


@dataclass(slots=True)
class Business:
    """The account behind the numbers, as far as somebody asks. A test changes what is wrong."""

    waba_id: str
    app_id: str
    token: str
    name: str = "Yayasan Contoh"
    review: str = "APPROVED"
    verification: str = "verified"
    country: str = "ID"
    currency: str = "IDR"
    can_send: str = "AVAILABLE"
    """AVAILABLE, LIMITED or BLOCKED."""
    paying: bool = True
    app_is_subscribed: bool = True
    fields: tuple[str, ...] = (
        "messages",
        "message_template_status_update",
        "template_category_update",
    )
    callback_url: str = ""
    token_expires_at: int = 0
    """Unix seconds; 0: never."""
    scopes: tuple[str, ...] = SCOPES
    extra: Wire = field(default_factory=dict)
    """Further fields of the account."""

    def wire(self) -> Wire:
        found: Wire = {
            "id": self.waba_id,
            "name": self.name,
            "timezone_id": "42",
            "country": self.country,
            "currency": self.currency,
            "message_template_namespace": "3f9c1a52_7a55_4b0e_9c4d_1b2a3c4d5e6f",
            "account_review_status": self.review,
            "business_verification_status": self.verification,
            "ownership_type": "SELF",
            "health_status": {"can_send_message": self.can_send, "entities": []},
            **self.extra,
        }
        if self.paying:
            found["primary_funding_id"] = "7281946300"
        return found

    def app(self) -> Wire:
        link = f"https://www.facebook.com/games/?app_id={self.app_id}"
        return {"id": self.app_id, "name": "Kawan Asuh", "link": link}

    def token_wire(self, given: str, now: float) -> Wire:
        """GET /debug_token."""
        expired = self.token_expires_at and self.token_expires_at <= now
        if given != self.token or expired:
            error = {"code": 190, "message": "Invalid OAuth access token.", "subcode": 463}
            return {"data": {"is_valid": False, "error": error, "scopes": []}}
        return {
            "data": {
                "app_id": self.app_id,
                "type": "SYSTEM_USER",
                "application": "Kawan Asuh",
                "expires_at": self.token_expires_at,
                "data_access_expires_at": 0,
                "is_valid": True,
                "scopes": list(self.scopes),
                "granular_scopes": [
                    {"scope": scope, "target_ids": [self.waba_id]} for scope in self.scopes
                ],
                "user_id": "122100000000000001",
            }
        }

    def subscriptions(self) -> Wire:
        """GET /{app}/subscriptions."""
        if not self.callback_url:
            return {"data": []}
        one = {
            "object": "whatsapp_business_account",
            "callback_url": self.callback_url,
            "active": True,
            "fields": [{"name": name, "version": "v26.0"} for name in self.fields],
        }
        return {"data": [one]}

    def subscribed_apps(self) -> Wire:
        """GET /{waba}/subscribed_apps."""
        data = [{"whatsapp_business_api_data": self.app()}] if self.app_is_subscribed else []
        return {"data": data}


def number_wire(number: Number) -> Wire:
    """A number of the bot."""
    return {
        "id": number.phone_id,
        "display_phone_number": f"+{number.display}",
        "verified_name": number.name,
        "name_status": number.name_status,
        "code_verification_status": number.verification,
        "quality_rating": number.quality,
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "messaging_limit_tier": number.tier,
        "whatsapp_business_manager_messaging_limit": number.tier,
        "status": number.status,
        "account_mode": "LIVE",
        "is_pin_enabled": True,
        "is_official_business_account": False,
        "health_status": {"can_send_message": "AVAILABLE", "entities": []},
        "webhook_configuration": {},
    }


DEFAULT_NUMBER: Final = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
)
DEFAULT_ACCOUNT: Final = ("name", "timezone_id", "message_template_namespace")


_EMPTY: Final = frozenset(
    {
        "certificate",
        "conversational_automation",
        "correct_category",
        "country_code",
        "country_dial_code",
        "cta_url_link_tracking_opted_out",
        "degrees_of_freedom_spec",
        "eligibility_for_api_business_global_search",
        "is_on_biz_app",
        "is_preverified_number",
        "last_onboarded_time",
        "library_template_name",
        "message_send_ttl_seconds",
        "new_certificate",
        "new_name_status",
        "on_behalf_of_business_info",
        "owner_business_info",
        "previous_category",
        "primary_funding_id",
        "quality_score",
        "search_visibility",
        "status",
        "sub_category",
    }
)
"""Fields that exist, and are left out of the answer where there is nothing to say."""


def chosen(wire: Mapping[str, Any], query: Mapping[str, str], default: tuple[str, ...]) -> Wire:
    """The fields that were asked for, always with the id; one that does not exist is refused."""
    asked = [one for one in query.get("fields", "").split(",") if one] or list(default)
    for name in asked:
        if name not in wire and name not in _EMPTY:
            title = f"Tried accessing nonexisting field ({name}) on node type"
            raise GraphRefusalError(100, title=title)
    return {name: wire[name] for name in dict.fromkeys([*asked, "id"]) if name in wire}


def page(rows: list[Wire], query: Mapping[str, str], base: str) -> Wire:
    """One page of a list: `limit` rows after the cursor `after`."""
    limit = int(query.get("limit", "25"))
    begin = int(query["after"], 16) if query.get("after") else 0
    shown = rows[begin : begin + limit]
    answer: Wire = {"data": shown}
    if shown:
        after = f"{begin + len(shown):x}"
        answer["paging"] = {"cursors": {"before": f"{begin:x}", "after": after}}
        if begin + limit < len(rows):
            answer["paging"]["next"] = f"{base}?limit={limit}&after={after}"
    return answer
