"""How the fake Bot API says no: one exception, and short functions that raise it.

The descriptions are the platform's own, because bots (and python-telegram-bot) read them.
"""

from typing import Any, NoReturn

import orjson


class RefusalError(Exception):
    """An answer with `ok: false`; `parameters` may hold retry_after or migrate_to_chat_id."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> bytes:
        """The JSON that the platform would send.

        >>> RefusalError(429, "Too Many Requests: retry after 3", retry_after=3).body()[:28]
        b'{"ok":false,"error_code":429'
        """
        answer: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            answer["parameters"] = self.parameters
        return orjson.dumps(answer)


def refuse(what: str, **parameters: int) -> NoReturn:
    """400, for what the bot asked wrongly."""
    raise RefusalError(400, f"Bad Request: {what}", **parameters)


def forbid(what: str) -> NoReturn:
    """403, for what a person does not want."""
    raise RefusalError(403, f"Forbidden: {what}")


def conflict(what: str) -> NoReturn:
    """409, for two receivers of the same updates."""
    raise RefusalError(409, f"Conflict: {what}")


def slow_down(seconds: int) -> NoReturn:
    """429, with the whole seconds to wait."""
    raise RefusalError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
