"""Configuration: what is read, what is refused with which line, and that no secret is shown."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError

TOKEN = "7203948571:AAFzq0dWkawanTestTokenForLoopbackUse"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def problems() -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    return refused.value.problems


def test_without_any_configuration_it_is_the_sample_programme_in_its_own_folder() -> None:
    settings = Settings.load()

    assert settings.sample
    assert settings.simulator
    assert settings.folder == Path("data/contoh")
    assert settings.database == "sqlite:///data/contoh/kawan.db"
    assert settings.responsible == "Program Contoh"


def test_a_token_makes_it_real_and_the_sample_folder_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)

    settings = Settings.load()

    assert not settings.sample
    assert not settings.simulator
    assert settings.database == "sqlite:///data/kawan.db"
    assert settings.responsible == ""


def test_a_configured_database_never_gets_sample_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kawan@db/kawan")

    settings = Settings.load()

    assert settings.database == "sqlite:///data/contoh/kawan.db"


def test_a_pilot_shows_the_simulator_beside_the_real_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("PILOT", "1")

    settings = Settings.load()

    assert settings.simulator
    assert not settings.sample


def test_a_dotenv_file_is_read_and_blank_lines_in_it_mean_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=\nORGANISATION= Yayasan Contoh \nQUIET_HOURS=\n")

    settings = Settings.load()

    assert settings.port == 8080
    assert settings.organisation == "Yayasan Contoh"
    assert settings.quiet_hours is None


def test_quiet_hours_may_span_midnight() -> None:
    quiet = Settings.load().quiet_hours

    assert quiet is not None
    assert (quiet.begin, quiet.end) == (time(20, 30), time(6, 30))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "delapan", "PORT: tulis sebuah angka"),
        ("PORT", "70000", "PORT: paling besar 65535"),
        ("PILOT", "mungkin", "PILOT: tulis true atau false"),
        ("QUIET_HOURS", "malam", "QUIET_HOURS: tulis seperti 20:30-06:30, atau kosongkan"),
        ("TELEGRAM_TOKEN", "rahasia", "TELEGRAM_TOKEN: bentuknya tidak benar"),
        ("TELEGRAM_BULK_RATE", "0", "TELEGRAM_BULK_RATE: harus lebih besar dari 0"),
        ("TIMEZONE", "Jember", "TIMEZONE: zona waktu tidak dikenal"),
        ("LANGUAGE", "xx", "LANGUAGE: bahasa yang ada"),
        ("PUBLIC_URL", "kawan.example", "PUBLIC_URL: tulis alamat lengkap"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: pilihannya"),
        ("DATABASE_URL", "mysql://db", "DATABASE_URL"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)

    [line] = problems()

    assert line.startswith(said)
    assert "\n" not in line


def test_a_half_configured_whatsapp_names_exactly_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHATSAPP_TOKEN", "x")
    monkeypatch.setenv("WHATSAPP_PHONE_ID", "1")

    [line] = problems()

    assert "WHATSAPP_WABA_ID, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN" in line
    assert "WHATSAPP_TOKEN" not in line.partition(":")[2]


def test_a_webhook_without_an_address_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_WEBHOOK", "true")

    [line] = problems()

    assert "PUBLIC_URL" in line


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("PILOT", "x")

    assert len(problems()) == 2


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("SECRET_KEY", "sangat-rahasia")

    settings = Settings.load()

    assert settings.shown()["TELEGRAM_TOKEN"] == "(diisi)"
    assert settings.shown()["WHATSAPP_TOKEN"] == ""
    for written in (repr(settings), str(settings.shown())):
        assert TOKEN not in written
        assert "sangat-rahasia" not in written


def test_a_refused_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:hampir-benar")

    assert "hampir-benar" not in " ".join(problems())
