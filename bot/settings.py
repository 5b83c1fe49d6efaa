"""Configuration from the environment or `.env`: read once, checked, and shown without its secrets.

What is wrong is said in one line that names the variable and what to write. Whether the
programme is ready for real people is in readiness.py, where keys come from in keys.py.
"""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from conversations.politeness import WEEKLY_MESSAGES, QuietHours
from locales import languages
from storage.location import locate

SAMPLE_FOLDER = "contoh"
"""Where sample mode keeps its own database and keys, so that it never meets real data."""

SAMPLE_ORGANISATION = "Program Contoh"

QUIET_HOURS = QuietHours(time(20, 30), time(6, 30))

_TOKEN = re.compile(r"\d{5,16}:[A-Za-z0-9_-]{30,64}")


class SettingsError(Exception):
    """The configuration cannot be used; each problem is one line for the operator."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _quiet(written: Any) -> Any:
    if not isinstance(written, str):
        return written
    try:
        quiet = QuietHours.parse(written)
    except ValueError:
        raise ValueError(
            "tulis seperti 20:30-06:30, atau kosongkan; sisakan paling sedikit 6 jam sehari"
        ) from None
    return quiet


def _address(written: str) -> str:
    parts = urlsplit(written)
    if written and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise ValueError("tulis alamat lengkap yang diawali https://")
    return written.rstrip("/")


def _zone(written: str) -> str:
    if written not in available_timezones():
        raise ValueError("zona waktu tidak dikenal; contoh: Asia/Jakarta")
    return written


def _language(written: str) -> str:
    known = {"id", *languages()}
    if written not in known:
        raise ValueError(f"bahasa yang ada: {', '.join(sorted(known))}")
    return written


def _token(written: SecretStr) -> SecretStr:
    if written.get_secret_value() and not _TOKEN.fullmatch(written.get_secret_value()):
        raise ValueError("bentuknya tidak benar; salin token dari @BotFather, misalnya 123456:AA…")
    return written


def _phone(written: str) -> str:
    from conversations.reading import phone

    if written and phone(written) is None:
        raise ValueError("nomor telepon tidak dimengerti; contoh: 0812-3456-7890")
    return written


def _number(written: str) -> str:
    if written and not (written.isascii() and written.isdecimal() and len(written) <= 32):
        raise ValueError("hanya angka; salin dari WhatsApp Manager")
    return written


def _stripped(written: Any) -> Any:
    return written.strip() if isinstance(written, str) else written


Address = Annotated[str, AfterValidator(_address)]
Secret = Annotated[SecretStr, BeforeValidator(_stripped)]


class Settings(BaseSettings):
    """Everything that can be configured; the README's table is checked against it."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = ""
    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    public_url: Address = ""
    secret_key: Secret = SecretStr("")
    encryption_keys: Secret = SecretStr("")
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Jakarta"
    language: Annotated[str, AfterValidator(_language)] = "id"
    duty_phone: Annotated[str, BeforeValidator(_stripped), AfterValidator(_phone)] = ""
    organisation: Annotated[str, BeforeValidator(_stripped), Field(max_length=80)] = ""
    pilot: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    telegram_token: Annotated[Secret, AfterValidator(_token)] = SecretStr("")
    telegram_api_url: Address = "https://api.telegram.org"
    telegram_bulk_rate: float = Field(30, gt=0, le=1000)
    telegram_webhook: bool = False
    broadcast_approval: int = Field(100, ge=1, le=1_000_000)
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_quiet)] = QUIET_HOURS
    weekly_messages: int = Field(WEEKLY_MESSAGES, ge=1, le=50)
    whatsapp_token: Secret = SecretStr("")
    whatsapp_phone_id: Annotated[str, BeforeValidator(_stripped), AfterValidator(_number)] = ""
    whatsapp_waba_id: Annotated[str, BeforeValidator(_stripped), AfterValidator(_number)] = ""
    whatsapp_app_secret: Secret = SecretStr("")
    whatsapp_verify_token: Secret = SecretStr("")
    whatsapp_api_url: Address = "https://graph.facebook.com/v26.0"
    whatsapp_rate: float = Field(80, gt=0, le=10_000)
    whatsapp_pair_seconds: float = Field(6, ge=0, le=60)
    whatsapp_budget: int = Field(3_000_000, ge=0, le=1_000_000_000)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        """`PORT=` means the default; only empty quiet hours mean something of their own."""
        return {
            name: value for name, value in given.items() if value != "" or name == "quiet_hours"
        }

    @classmethod
    def load(cls, env_file: str | None = ".env") -> Self:
        """Read the environment; raises SettingsError with every problem found."""
        try:
            settings = cls(_env_file=env_file)
        except ValidationError as error:
            raise SettingsError([_line(dict(problem)) for problem in error.errors()]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f".env tidak dapat dibaca: {error}"]) from None
        if problems := settings._half_configured():
            raise SettingsError(problems)
        return settings

    @property
    def sample(self) -> bool:
        """No channel is configured: the simulator, on sample data."""
        return not self.telegram_token.get_secret_value() and not self.whatsapp

    @property
    def whatsapp(self) -> bool:
        """Whether WhatsApp is configured; half of it is refused at start."""
        return bool(self.whatsapp_token.get_secret_value())

    @property
    def simulator(self) -> bool:
        """Whether the simulator is served."""
        return self.sample or self.pilot

    @property
    def folder(self) -> Path:
        """Where this programme's files are; sample data has a folder of its own."""
        return self.data_dir / SAMPLE_FOLDER if self.sample else self.data_dir

    @property
    def database(self) -> str:
        """DATABASE_URL as it is used; sample data never goes into a configured database."""
        if self.sample or not self.database_url:
            return f"sqlite:///{self.folder / 'kawan.db'}"
        return self.database_url

    @property
    def responsible(self) -> str:
        """Who is responsible for the data; in sample mode somebody made up."""
        return self.organisation or (SAMPLE_ORGANISATION if self.sample else "")

    @property
    def zone(self) -> ZoneInfo:
        """TIMEZONE."""
        return ZoneInfo(self.timezone)

    def shown(self) -> dict[str, str]:
        """Every variable with its value, secrets as set or not set."""
        return {
            name.upper(): ("(diisi)" if value.get_secret_value() else "")
            if isinstance(value, SecretStr)
            else _written(value)
            for name, value in self
        }

    def _half_configured(self) -> list[str]:
        problems = []
        if self.telegram_webhook and not self.public_url.startswith("https://"):
            problems.append("TELEGRAM_WEBHOOK=true memerlukan PUBLIC_URL yang diawali https://")
        if self.telegram_webhook and not self.telegram_token.get_secret_value():
            problems.append("TELEGRAM_WEBHOOK=true memerlukan TELEGRAM_TOKEN")
        whatsapp = {
            "WHATSAPP_TOKEN": self.whatsapp_token.get_secret_value(),
            "WHATSAPP_PHONE_ID": self.whatsapp_phone_id,
            "WHATSAPP_WABA_ID": self.whatsapp_waba_id,
            "WHATSAPP_APP_SECRET": self.whatsapp_app_secret.get_secret_value(),
            "WHATSAPP_VERIFY_TOKEN": self.whatsapp_verify_token.get_secret_value(),
        }
        missing = [name for name, value in whatsapp.items() if not value]
        if missing and len(missing) < len(whatsapp):
            problems.append(f"WhatsApp baru diatur sebagian; belum diisi: {', '.join(missing)}")
        elif not missing and not self.public_url.startswith("https://"):
            problems.append("WhatsApp memerlukan PUBLIC_URL yang diawali https://")
        if self.database_url:
            try:
                locate(self.database_url)
            except ValueError as error:
                problems.append(str(error))
        return problems


def _written(value: Any) -> str:
    if isinstance(value, QuietHours):
        return f"{value.begin:%H:%M}-{value.end:%H:%M}"
    return "" if value is None else str(value)


_MEANINGS = {
    "int_parsing": "tulis sebuah angka",
    "float_parsing": "tulis sebuah angka",
    "bool_parsing": "tulis true atau false",
    "literal_error": "pilihannya {expected}",
    "greater_than": "harus lebih besar dari {gt:g}",
    "greater_than_equal": "paling kecil {ge}",
    "less_than_equal": "paling besar {le:g}",
    "string_too_long": "paling panjang {max_length} huruf",
}


def _line(problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else "pengaturan"
    context = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return f"{name}: {context['error']}"
    meaning = _MEANINGS.get(problem["type"])
    return f"{name}: {meaning.format(**context) if meaning else problem['msg']}"
