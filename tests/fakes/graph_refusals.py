"""How the fake Graph API says no: one exception, and short functions that raise it.

Codes and titles are the platform's own, because a bot must decide by the code. The same errors
stand in a failed status, where the title is spelled out and there is no trace id.
"""

from typing import Any, Final, NoReturn

import orjson

_TITLES: Final = {
    0: "AuthException",
    10: "Application does not have permission for this action",
    100: "Invalid parameter",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131031: "Account has been locked",
    131037: "Display name approval required",
    131042: "Business eligibility payment issue",
    131045: "Incorrect certificate",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement.",
    131050: "User has stopped marketing messages",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131057: "Account in maintenance mode",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is Paused",
    132016: "Template is disabled",
    133010: "Phone number not registered",
    137000: "Recipient identity key hash mismatch",
}
_STATUSES: Final = {
    0: 401,
    10: 403,
    190: 401,
    131000: 500,
    131005: 403,
    131016: 500,
    131031: 403,
    131045: 500,
    131057: 500,
    132001: 404,
}
_GUIDE: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
_TRACE: Final = "AbC3dEfG7hIjK1lMnOpQrSt"


class GraphRefusalError(Exception):
    """An answer with `error`; `status` is the HTTP status."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        subcode: int = 0,
        title: str = "",
        status: int = 0,
        user: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details
        self.subcode = subcode
        self.title = title or _TITLES.get(code, "Unknown error")
        self.status = status or _STATUSES.get(code, 400)
        self.user = user

    def body(self) -> bytes:
        """The JSON that the platform would answer.

        >>> GraphRefusalError(131047, "More than 24 hours have passed").body()[:45]
        b'{"error":{"message":"(#131047) Re-engagement '
        """
        error: dict[str, Any] = {
            "message": self.title if self.code == 190 else f"(#{self.code}) {self.title}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": _TRACE,
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.user is not None:
            error |= {"error_user_title": self.user[0], "error_user_msg": self.user[1]}
            error["is_transient"] = False
        return orjson.dumps({"error": error})

    def wire(self) -> dict[str, Any]:
        """The error as it stands in a failed status."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details or self.title},
            "href": _GUIDE,
        }


def refuse(details: str) -> NoReturn:
    """100, for a request that is not built as the API wants it."""
    raise GraphRefusalError(100, details, title=f"Invalid parameter: {details}")


def missing(name: str) -> NoReturn:
    """131008, for a field that must be there."""
    raise GraphRefusalError(131008, f"Missing required parameter: {name}")


def wrong_value(details: str) -> NoReturn:
    """131009, for a value that is too long, doubled or not of the kind."""
    raise GraphRefusalError(131009, details)


def no_such_object(given: str) -> NoReturn:
    """100/33, for an id that is nobody's, or not ours."""
    title = (
        f"Unsupported request. Object with ID '{given}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    raise GraphRefusalError(100, subcode=33, title=title)


def bad_token() -> NoReturn:
    """190, for a token that is wrong or has expired."""
    raise GraphRefusalError(190, title="Invalid OAuth access token - Cannot parse access token")


def bad_template(subcode: int, title: str, message: str) -> NoReturn:
    """100 with a subcode and words for people, for a template that cannot be created or changed."""
    raise GraphRefusalError(100, subcode=subcode, user=(title, message))
