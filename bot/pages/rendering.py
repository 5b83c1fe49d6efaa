"""Templates made into answers, and how dates and hours are written on the pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

FOLDER: Final = Path(__file__).parent


class Rendering:
    """The templates, with what every page shows."""

    def __init__(self, **shared: Any) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(shared)

    def page(self, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
        """One template as an answer."""
        content = self._environment.get_template(template).render(values)
        return HTMLResponse(content, status)


def hour(at: datetime, zone: ZoneInfo) -> str:
    """As a clock is read out here.

    >>> from datetime import UTC
    >>> hour(datetime(2026, 11, 18, 12, 5, tzinfo=UTC), ZoneInfo("Asia/Jakarta"))
    '19.05'
    """
    return f"{at.astimezone(zone):%H.%M}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """A date with its weekday.

    >>> from datetime import UTC
    >>> day(datetime(2026, 11, 18, 20, 0, tzinfo=UTC), ZoneInfo("Asia/Jakarta"))
    'Kamis, 19 Nov 2026'
    """
    return format_date(at.astimezone(zone).date(), "EEEE, d MMM y", locale="id")


def short(at: datetime, zone: ZoneInfo) -> str:
    """Date and hour, where the year and the zone are told beside it.

    >>> from datetime import UTC
    >>> short(datetime(2026, 11, 18, 12, 5, tzinfo=UTC), ZoneInfo("Asia/Jakarta"))
    'Rab 18 Nov, 19.05'
    """
    local = at.astimezone(zone)
    return f"{format_date(local.date(), 'EEE d MMM', locale='id')}, {hour(at, zone)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Date, hour and the name of the zone.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 18, 12, 5, tzinfo=UTC), ZoneInfo("Asia/Jakarta"))
    'Rab, 18 Nov 2026, 19.05 WIB'
    """
    local = at.astimezone(zone)
    date = format_date(local.date(), "EEE, d MMM y", locale="id")
    return f"{date}, {hour(at, zone)} {local.tzname() or ''}".strip()
