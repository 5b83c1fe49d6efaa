"""`kawan report` as it is asked for, and the bar that commands show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from bot import control
from bot.cli import app
from bot.commands import office
from tests.bot.services import settings as configured
from tests.storage.months import (
    a_caregiver,
    a_checkin,
    a_follow_up,
    a_school,
    a_session,
    enrol,
    invite,
)
from tests.storage.months import a_village as stored_village


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A programme with one busy month, the one before this one."""
    for name in type(configured(tmp_path)).model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    async with control.desk(configured(tmp_path)) as desk:
        await desk.database.write(_a_busy_month)
    return tmp_path


def last_month() -> datetime:
    """Its middle."""
    return (datetime.now(UTC).replace(day=1) - timedelta(days=1)).replace(day=15, hour=5)


def _a_busy_month(conn: Connection) -> None:
    village = stored_village(conn)
    at = last_month()
    caregivers = [a_caregiver(conn, village, registered=at) for _ in range(9)]
    school = a_school(conn, village)
    meeting = a_session(conn, school, at)
    enrol(conn, school, *caregivers)
    invite(conn, meeting, *caregivers, asked=at - timedelta(days=2), rsvp="yes", present=True)
    for person in caregivers:
        a_checkin(conn, person, at)
    for _ in range(7):
        a_follow_up(conn, at=at, accepted=timedelta(hours=2))


def kawan(*arguments: str) -> str:
    """What `kawan report` says; raises what it stops with."""
    done = CliRunner().invoke(app, ["report", *arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_the_report_is_written_as_pdf_html_json_and_text(folder: Path) -> None:
    asked = ("--village", "desa ledokombo", "--month", f"{last_month():%Y-%m}")

    kawan(*asked, "--output", "laporan.pdf")
    kawan(*asked, "--output", "laporan.html")
    told = json.loads(kawan(*asked, "--json"))
    text = kawan(*asked)

    assert (folder / "laporan.pdf").read_bytes().startswith(b"%PDF-")
    assert "9 dari 9" in (folder / "laporan.html").read_text("utf-8")
    assert sorted(path.suffix for path in folder.glob("*laporan*")) == [".html", ".pdf"]
    assert (told["village"], told["complete"]) == ("LDK", True)
    assert told["figures"]["checkins_answered"]["n"] == 9
    assert told["schools"][0]["present"] == {"n": 9, "of": 9, "shown": "9 dari 9"}
    assert told["follow_ups"][2]["accepted"]["n"] == 7
    assert "Sudah ditanggapi petugas  7 dari 7  100%" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--village", "XYZ", "--month", "2026-11"], "Yang ada: LDK (Ledokombo)"),
        (["--village", "LDK", "--month", "2026-13"], "misalnya 2026-11"),
        (["--village", "LDK", "--month", "November"], "misalnya 2026-11"),
        (["--village", "LDK", "--month", "2099-01"], "belum mulai: paling akhir"),
        (["--village", "LDK", "--month", "2020-01"], "terlalu lama"),
        (["--village", "LDK", "--month", "2026-11", "--output", "x.doc"], ".pdf atau .html"),
    ],
)
def test_a_report_that_cannot_be_made_says_what_would_be_right(
    folder: Path, arguments: list[str], expected: str
) -> None:
    with pytest.raises(office.Stop, match=re.escape(expected)):
        kawan(*arguments)

    assert not list(folder.glob("x.*"))


def test_where_there_is_no_village_the_way_to_add_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    office.ask("quarantine_retry", ids=[])

    with pytest.raises(office.Stop, match="kawan villages add"):
        kawan("--village", "LDK", "--month", f"{last_month():%Y-%m}")


def test_a_bar_is_shown_on_a_terminal_only(capfd: pytest.CaptureFixture[str]) -> None:
    with office.progress("Mengirim", total=3) as at:
        at(1)
        at(3, 4)

    assert capfd.readouterr() == ("", "")


def test_a_bar_tells_how_far_it_is(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    with office.progress("Mengirim", total=3) as at:
        at(1)
        at(2, 4)

    out, drawn = capfd.readouterr()
    assert out == ""
    assert "Mengirim" in drawn
    assert "2/4" in re.sub(r"\x1b\[[0-9;?]*\w", "", drawn)
