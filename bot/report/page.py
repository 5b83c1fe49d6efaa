"""The report as one page of HTML that needs nothing else: no script, no picture, no font."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.report.sections import READING
from bot.report.values import Report


def html(report: Report) -> str:
    """The page; printed, it fills one sheet of A4."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(report=report, reading=READING)
