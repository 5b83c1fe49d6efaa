"""Who may know whom (docs/architecture.md): import-linter reads the rules from pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")


def test_no_room_knows_a_room_above_it() -> None:
    done = subprocess.run([LINTER, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_would_see_a_room_that_looks_up(tmp_path: Path) -> None:
    for room in ("bot", "storage", "conversations", "locales"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("")
    (tmp_path / "locales" / "guilty.py").write_text("import bot\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())

    done = subprocess.run([LINTER, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode != 0
    assert "locales.guilty" in done.stdout
