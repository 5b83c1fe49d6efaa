"""What WhatsApp's numbered errors mean for us: pure.

The number decides, never the title, which changes. The reasons are words of our own, kept with the
result of a message; they hold nothing that was written and no telephone number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from bot.channels.channel import (
    Blocked,
    ChannelError,
    Refused,
    SlowDown,
    Unanswered,
    Unreachable,
    WindowClosed,
)

MENDING_SECONDS: Final = 300.0
"""Between two tries while nothing can be sent at all: only people can mend it."""

_TOKEN: Final = (
    "WhatsApp: kunci akses ditolak; buat token pengguna sistem yang baru di Meta Business, "
    "isi WHATSAPP_TOKEN, lalu mulai ulang"
)
_PERMISSION: Final = (
    "WhatsApp: izin kurang; beri pengguna sistem izin whatsapp_business_messaging dan "
    "whatsapp_business_management atas akun ini"
)
_NUMBER: Final = (
    "WhatsApp: nomor belum terdaftar atau sudah dihapus; daftarkan di WhatsApp Manager dan "
    "periksa WHATSAPP_PHONE_ID"
)

TROUBLES: Final[Mapping[int, str]] = {
    0: _TOKEN,
    102: _TOKEN,
    190: _TOKEN,
    3: _PERMISSION,
    10: _PERMISSION,
    200: _PERMISSION,
    131005: _PERMISSION,
    33: _NUMBER,
    131045: _NUMBER,
    133010: _NUMBER,
    131037: "WhatsApp: nama tampilan belum disetujui; tunggu atau perbaiki di WhatsApp Manager",
    131042: "WhatsApp: pembayaran bermasalah; periksa kartu dan tagihan di WhatsApp Manager",
    131031: "WhatsApp: akun dikunci Meta; buka WhatsApp Manager dan ajukan peninjauan",
    131057: "WhatsApp: akun sedang dalam pemeliharaan Meta; pengiriman dicoba lagi sendiri",
    368: "WhatsApp: akun dibatasi karena kebijakan; buka Kualitas Akun di Meta Business",
}
"""Errors after which nothing reaches anybody, each with what an operator can do about it."""

_REASONS: Final[Mapping[int, str]] = {
    0: "token refused",
    102: "token refused",
    190: "token refused",
    3: "permission missing",
    10: "permission missing",
    200: "permission missing",
    131005: "permission missing",
    33: "number not registered",
    131045: "number not registered",
    133010: "number not registered",
    131037: "display name not approved",
    131042: "payment",
    131031: "account locked",
    131057: "account in maintenance",
    368: "account restricted",
    131026: "undeliverable",
    131047: "window closed",
    131048: "withheld by platform: spam limit",
    131049: "withheld by platform: too many messages to this person",
    130472: "withheld by platform: experiment",
    131050: "withheld by platform: no marketing wanted",
    131063: "withheld by platform: marketing not allowed here",
    131064: "withheld by platform: messaging limit",
    130497: "country not allowed",
    131030: "test number: recipient not on its list",
    131021: "recipient is our own number",
    131062: "needs a telephone number",
    131056: "too fast for this person",
    4: "too fast",
    130429: "too fast",
    80007: "too fast",
    131051: "message type not supported",
    131052: "media not readable",
    131053: "media not accepted",
    100: "invalid parameter",
    131008: "parameter missing",
    131009: "invalid parameter",
    132000: "template: wrong number of values",
    132001: "template: missing or not approved",
    132005: "template: too long",
    132007: "template: against policy",
    132008: "template: invalid value",
    132012: "template: invalid value",
    132015: "template: paused",
    132016: "template: disabled",
    135000: "invalid parameter",
    137000: "identity changed",
    1: "platform error",
    2: "platform down",
    131000: "platform error",
    131016: "platform down",
}

_WAITS: Final[Mapping[int, float]] = {4: 60.0, 80007: 60.0, 130429: 2.0}
"""Seconds of quiet for everybody: the app's and the account's allowances are by the hour."""
_PAIR_SECONDS: Final = 6.0
_PASSING: Final = frozenset({1, 2, 131000, 131016})
_MEDIA_GONE: Final = frozenset({131052, 131053})
_NO_SUCH_OBJECT: Final = 33
"""Subcode of error 100: the object in the path is not there, or not ours."""


class GraphError(ChannelError):
    """The platform answered with an error of its own: what was asked for was not done.

    `code` is 0 or more as the platform numbers it, or -1 when the answer had no number. `said` is
    the platform's explanation, for an operator's eyes only: it may quote what was sent.
    """

    def __init__(
        self, status: int, code: int, *, subcode: int = 0, passing: bool = False, said: str = ""
    ) -> None:
        super().__init__(reason_of(code))
        self.status = status
        self.code = code
        self.subcode = subcode
        self.passing = passing
        self.said = said

    @property
    def not_found(self) -> bool:
        """Whether what the path names is not there, or not ours."""
        return self.subcode == _NO_SUCH_OBJECT if self.code == 100 else self.status == 404


def reason_of(code: int) -> str:
    """Our words for an error, the same for a refused request and for a status that came later.

    >>> reason_of(131026), reason_of(7)
    ('undeliverable', 'error 7')
    """
    known = _REASONS.get(code)
    if known is None and 200 <= code < 300:
        return _REASONS[200]
    return known or f"error {code}"


def trouble_of(error: GraphError) -> str:
    """What an operator must do, when nothing can be sent at all; empty otherwise.

    >>> trouble_of(GraphError(400, 131026))
    ''
    """
    if error.code == 100 and error.subcode == _NO_SUCH_OBJECT:
        return _NUMBER
    if 200 <= error.code < 300:
        return _PERMISSION
    if error.code not in _REASONS and error.status == 401:
        return _TOKEN
    return TROUBLES.get(error.code, "")


def refuses_media(error: GraphError) -> bool:
    """Whether the platform does not know, or cannot read, the file that was named."""
    if error.code in _MEDIA_GONE:
        return True
    return error.code in (100, 131009) and "media" in error.said.lower()


def verdict(error: GraphError) -> ChannelError:
    """What an error means for one message.

    An error object instead of a message's id is the platform's own word that the message was not
    taken. So also after "unknown error" (1, 131000), "overloaded" (2, 131016) and every answer of
    500 the same may be tried again without doubling anything: `Unreachable`, whose tries are
    counted. An unknown number with 4xx would be refused the next time too: `Refused`, which is
    listed, rather than tried for days.
    """
    code = error.code
    if trouble_of(error):
        return SlowDown(MENDING_SECONDS, everybody=True)
    if code == 131026:
        return Blocked(error.reason)
    if code == 131047:
        return WindowClosed(error.reason)
    if code == 131056:
        return SlowDown(_PAIR_SECONDS)
    if code in _WAITS or error.status == 429:
        return SlowDown(_WAITS.get(code, 5.0), everybody=True)
    if code in _PASSING or error.passing:
        return Unreachable(error.reason)
    if code not in _REASONS and error.status >= 500:
        return Unreachable(error.reason)
    return Refused(error.reason)


def failure(status: int, body: bytes) -> ChannelError:
    """What an answer that is no success says: a GraphError, or what a proxy's page leaves open.

    A page of 502 or 504 does not say whether the request went through to the platform; 401, 403,
    404 and 429 were answered before anything was done.
    """
    error = _error(body)
    if error is not None:
        return _read(status, error)
    if status == 429:
        return SlowDown(5.0, everybody=True)
    if status in (401, 403, 404):
        return Unreachable(f"http {status}")
    if status == 413:
        return Refused("too large")
    return Unanswered(f"http {status}")


def _read(status: int, error: Mapping[str, Any]) -> GraphError:
    details = error.get("error_data")
    said = details.get("details") if isinstance(details, dict) else details
    return GraphError(
        status,
        _number(error.get("code"), -1),
        subcode=_number(error.get("error_subcode"), 0),
        passing=error.get("is_transient") is True,
        said=str(error.get("error_user_msg") or said or error.get("message") or "")[:500],
    )


def _error(body: bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else None


def _number(given: Any, otherwise: int) -> int:
    if isinstance(given, str) and given.isascii() and given.isdecimal():
        return int(given[:9])
    return given if isinstance(given, int) and not isinstance(given, bool) else otherwise
