"""The command `kawan` as people run it: quick help, plain answers, one clear line for an error."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot import checks
from bot.commands.office import said
from tests.bot.services import TOKEN, clean_environment, free_port, kawan

COMMANDS = [
    "run",
    "version",
    "staff",
    "people",
    "due",
    "villages",
    "schools",
    "sessions",
    "quarantine",
    "enrol",
    "check",
    "read",
    "danger",
    "export",
    "report",
    "backup",
    "restore",
    "keys",
]


def one_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """What an error said: on standard error, without a traceback."""
    assert done.returncode != 0
    written = done.stderr.decode()
    assert "Traceback" not in written
    return written.strip()


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = kawan("--help", folder=tmp_path)

    assert done.returncode == 0
    listed = done.stdout.decode()
    assert all(f"\n  {command} " in listed for command in COMMANDS)


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    watch = (
        "import sys; sys.argv = ['kawan', '--help']\n"
        "from bot.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'telegram', 'pyxform', 'aiohttp', 'pydantic', 'uvicorn', 'babel'}\n"
        "print(sorted(heavy & sys.modules.keys()), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", watch], env=clean_environment(tmp_path), capture_output=True
    )

    assert done.stderr.decode().strip() == "[]"


def test_a_typed_reply_is_read_line_by_line_in_order(tmp_path: Path) -> None:
    done = kawan("read", "yes_no", folder=tmp_path, stdin=b"iya\n???\nndak mau\n")

    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["text"], one["value"]) for one in read] == [
        ("iya", "yes"),
        ("???", None),
        ("ndak mau", "no"),
    ]


def test_a_weekday_is_read_from_the_given_moment(tmp_path: Path) -> None:
    arguments = ("--now", "2026-11-18T10:00", "--zone", "Asia/Jakarta")

    done = kawan("read", "weekday_time", *arguments, folder=tmp_path, stdin=b"besok jam 9 pagi\n")

    assert json.loads(done.stdout)["value"] == "2026-11-19 09:00"


def test_bytes_that_are_no_text_are_still_answered(tmp_path: Path) -> None:
    done = kawan("read", "yes_no", folder=tmp_path, stdin=b"\xff\xfe\niya\n")

    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == [None, "yes"]


def test_danger_words_are_found_with_class_and_level(tmp_path: Path) -> None:
    done = kawan("danger", folder=tmp_path, stdin=b"cucu saya dipukuli\nmati lampu\n")

    found, harmless = [json.loads(line) for line in done.stdout.splitlines()]
    assert (found["urgent"], found["class"]) == (True, "physical_violence")
    assert found["why"] != []
    assert (harmless["urgent"], harmless["class"], harmless["why"]) == (False, None, [])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nonsens"], "Tidak dimengerti"),
        (["read", "mood"], "mood tidak dikenal"),
        (["read", "yes_no", "--zone", "Jember"], "Zona waktu Jember"),
        (["read", "weekday_time", "--now", "besok"], "--now besok"),
        (["staff", "list"], "belum ada data"),
        (["people"], "belum ada data"),
        (["staff", "remove", "Bu Ani"], "tidak ada petugas"),
        (["quarantine", "retry", "7"], "Tidak ada di karantina: 7"),
        (["export", "answers", "--output", "x.csv"], "belum ada data"),
        (["backup", "x"], "keys tidak ada"),
        (["restore", "x"], "Berkas x tidak ada"),
        (["villages", "add", "Kenanga", "K"], "kode desa"),
    ],
)
def test_every_refusal_is_one_clear_line(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    line = one_line(kawan(*arguments, folder=tmp_path))

    assert expected in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORT": "x"}, "PORT: tulis sebuah angka"),
        ({"TELEGRAM_TOKEN": "x"}, "TELEGRAM_TOKEN: bentuknya tidak benar"),
        ({"WHATSAPP_TOKEN": "x"}, "WHATSAPP_PHONE_ID"),
        ({"DATA_DIR": "/proc/nowhere"}, "DATA_DIR"),
        ({"ENCRYPTION_KEYS": "x"}, "ENCRYPTION_KEYS"),
    ],
)
def test_run_says_in_one_line_what_is_wrong(
    tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    line = one_line(kawan("run", folder=tmp_path, environment=environment))

    assert expected in line
    assert "\n" not in line


def test_run_refuses_a_real_channel_without_staff(tmp_path: Path) -> None:
    done = kawan("run", folder=tmp_path, environment={"TELEGRAM_TOKEN": TOKEN})

    assert "perlu 2" in one_line(done)


def test_wrong_keys_a_newer_database_and_no_database_are_told_apart(tmp_path: Path) -> None:
    kawan("staff", "add", "Bu Ani", folder=tmp_path)
    file = tmp_path / "data" / "contoh" / "kawan.db"
    new_key = kawan("keys", "new", folder=tmp_path).stdout.decode().strip()
    other = {"ENCRYPTION_KEYS": new_key}

    assert "Kunci tidak cocok" in one_line(
        kawan("staff", "add", "Bu Eni", folder=tmp_path, environment=other)
    )

    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    assert "lebih baru" in one_line(kawan("run", folder=tmp_path))

    file.write_bytes(b"no database at all" * 100)

    assert "program lain" in one_line(kawan("run", folder=tmp_path))


def test_an_unexpected_error_tells_its_place_and_not_its_message() -> None:
    line = said(KeyError("Mbah Siti"))

    assert "KeyError" in line
    assert "Siti" not in line


def test_a_whole_life_from_staff_to_a_restored_backup(tmp_path: Path) -> None:
    assert b"kode" in kawan("staff", "add", "Mas Dimas", folder=tmp_path).stdout
    kawan("villages", "add", "Ledokombo", "LDK", "--district", "Jember", folder=tmp_path)
    saved = kawan("backup", "cadangan", folder=tmp_path)
    assert saved.returncode == 0, saved.stderr
    kawan("staff", "remove", "Mas Dimas", folder=tmp_path)

    assert "--replace" in one_line(kawan("restore", "cadangan", folder=tmp_path))
    back = kawan("restore", "cadangan", "--replace", folder=tmp_path)

    assert back.returncode == 0, back.stderr
    assert b"Mas Dimas" in kawan("staff", "list", folder=tmp_path).stdout
    assert b"Ledokombo" in kawan("villages", "list", folder=tmp_path).stdout
    assert b"Dimas" not in (tmp_path / "cadangan").read_bytes()


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_an_export_is_a_private_file_and_a_reason_is_recorded(tmp_path: Path, form: str) -> None:
    kawan("staff", "add", "Mas Dimas", folder=tmp_path)
    arguments = ("contacts", "--format", form, "--output", f"orang.{form}", "--reason", "rapat")

    done = kawan("export", *arguments, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"orang.{form}").stat().st_mode & 0o077 == 0
    with sqlite3.connect(tmp_path / "data" / "contoh" / "kawan.db") as raw:
        recorded = raw.execute("SELECT subject, reason FROM audit ORDER BY id DESC").fetchone()
    raw.close()
    assert recorded == ("contacts", "rapat")


def test_check_names_file_sheet_row_and_column(tmp_path: Path) -> None:
    (tmp_path / "salah.md").write_text(
        "| survey |\n| | type | name | label::Bahasa Indonesia (id) | relevant |\n"
        "| | text | nama | Siapa namanya? | umr() > 3 |\n"
    )

    done = kawan("check", "salah.md", folder=tmp_path)

    assert done.returncode == 1
    assert done.stdout.decode().startswith("salah.md: Lembar survey, baris 2, kolom relevant: ")


def test_check_without_a_file_finds_everything_shipped_well(tmp_path: Path) -> None:
    done = kawan("check", folder=tmp_path)

    assert done.returncode == 0, done.stdout.decode()
    assert "masih perhitungan" in done.stdout.decode()


def test_check_refuses_a_file_it_cannot_read(tmp_path: Path) -> None:
    done = kawan("check", "tidak-ada.md", "surat.pdf", folder=tmp_path)

    assert done.returncode == 1
    assert done.stdout.decode().count("\n") == 2


@pytest.mark.parametrize(
    ("text", "original", "problem"),
    [
        ("Halo {nama}", "Halo {sapaan}", "isian {nama} berbeda"),
        ("x" * 301, "halo", "301 huruf"),
        ("Halo {", "Halo", "tidak berpasangan"),
        ("Halo", None, "tidak ada di bahasa id"),
    ],
)
def test_a_text_with_a_fault_is_found(text: str, original: str | None, problem: str) -> None:
    [found] = checks._faults(text, original)

    assert problem in found


def test_the_texts_that_the_code_asks_for_are_found() -> None:
    used = checks.keys_used()

    assert used["staff.pilot"] == "bot/readiness.py"
    assert used["duty.review"] == "conversations/duty/watch.py"
    assert len(used) > 300


def test_a_running_service_answers_commands_and_ends_within_five_seconds(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    service = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert service.stdout is not None
        ready = service.stdout.readline().decode()
        assert "siap di http://127.0.0.1" in ready
        assert b"Mbak Rina" in kawan("staff", "list", folder=tmp_path).stdout
        second = kawan("run", folder=tmp_path, environment={"PORT": str(free_port())})
        assert "Layanan Kawan Asuh lain" in one_line(second)
        assert psutil.Process(service.pid).memory_info().rss < 200e6
        began = time.monotonic()
        service.send_signal(signal.SIGTERM)

        assert service.wait(5) == 0
        assert time.monotonic() - began < 5
    finally:
        if service.poll() is None:
            os.kill(service.pid, signal.SIGKILL)
            service.wait()
        if service.stdout is not None:
            service.stdout.close()
