"""Structured logs: what happened, with numbers and kinds, never what somebody wrote or is called.

Only the fields in `FIELDS` are written; any other is dropped and named under `dropped`, so that a
careless line shows itself without telling anything. Libraries' own messages are kept from the
level of warnings, as their name and level alone, because an exception's text may quote a message.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

FIELDS: Final = frozenset(
    {
        "again", "channel", "code", "count", "error", "inbox_id", "job", "kind", "level", "logger",
        "minutes", "missing", "number", "open", "path", "port", "reason", "seconds", "signal",
        "status", "timestamp", "uncertain", "url", "version",
    }
)  # fmt: skip
"""What may be written beside the event: ids, counts, kinds, and places of this installation."""

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LONGEST: Final = 300

Entry = MutableMapping[str, Any]


def configure(level: str = "info", file: TextIO | None = None) -> None:
    """Write every log line of this process to standard error, or to `file`, from this level."""
    output = file or sys.stderr
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=_no_traceback)
        if output.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_content,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_FromLibraries()]
    root.setLevel(logging.WARNING)


def without_content(_: Any, __: str, entry: Entry) -> Entry:
    """Keep the event, which is written in our code, and the fields that hold no content.

    >>> without_content(None, "", {"event": "sent", "number": 3, "text": "cucu saya sakit"})
    {'event': 'sent', 'number': 3, 'dropped': 'text'}
    """
    kept = {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in entry.items()
        if name == "event" or (name in FIELDS and _is_plain(value))
    }
    if dropped := sorted(entry.keys() - kept.keys()):
        kept["dropped"] = " ".join(dropped)
    return kept


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


class _FromLibraries(logging.Handler):
    """Says that a library complained, and which: its words may hold a message or a token."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            max(record.levelno, logging.WARNING),
            "a library complained",
            logger=record.name,
            error=error.__name__ if error else "",
        )


def _no_traceback(*_: object) -> None:
    """Tracebacks of exceptions hold values; `place_of` tells kind and place instead."""
