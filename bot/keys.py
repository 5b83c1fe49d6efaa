"""The secrets of this installation: given by the environment, or made on the first run and kept.

The file `keys` is readable by its owner alone. Whoever can read it and the database can read
everything, so the advice is to keep the keys elsewhere and to give them by environment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings
from storage.location import SqliteFile, locate
from storage.sealing import Vault, new_key

FILE = "keys"

ADVICE = (
    "Kunci baru disimpan di {path}. Simpan salinannya di tempat lain yang aman: "
    "tanpa kunci ini, data dan cadangan tidak dapat dibuka."
)


class KeysError(Exception):
    """The keys cannot be read, made or used; one line for the operator."""


@dataclass(frozen=True, slots=True)
class Keys:
    """`made` names the file when this run wrote it, so that the advice can be given once."""

    secret: str
    encryption: tuple[str, ...]
    made: Path | None = None

    def vault(self) -> Vault:
        """The vault these keys open; raises KeysError when one is not a key."""
        try:
            return Vault(self.encryption)
        except ValueError:
            raise KeysError(
                "ENCRYPTION_KEYS: setiap kunci 32 byte dalam base64, dipisah koma; "
                "buat dengan `kawan keys new`"
            ) from None


def load(settings: Settings, *, make: bool = True) -> Keys:
    """The environment's keys; what it does not give comes from the file, made when there is none.

    Raises KeysError, also when a database is there without its keys: new ones would not open it.
    """
    secret = settings.secret_key.get_secret_value()
    encryption = settings.encryption_keys.get_secret_value()
    made = None
    if not secret or not encryption:
        path = settings.folder / FILE
        if not path.exists():
            if not make:
                raise KeysError(f"{path} tidak ada: kembalikan berkas kunci itu dahulu")
            _refuse_to_replace(settings, path, given=bool(encryption))
            written = {"SECRET_KEY": secrets.token_urlsafe(48), "ENCRYPTION_KEYS": new_key()}
            if encryption:
                del written["ENCRYPTION_KEYS"]
            _write(path, written)
            made = path
        kept = _read(path)
        secret = secret or kept.get("SECRET_KEY", "")
        encryption = encryption or kept.get("ENCRYPTION_KEYS", "")
    if not secret or not encryption:
        raise KeysError(f"{settings.folder / FILE} tidak lengkap: isi SECRET_KEY, ENCRYPTION_KEYS")
    return Keys(secret, tuple(key.strip() for key in encryption.split(",") if key.strip()), made)


def add(settings: Settings) -> Keys:
    """Put a new key before the others, for a rotation; the old ones stay, for old backups."""
    if settings.encryption_keys.get_secret_value():
        raise KeysError(
            "ENCRYPTION_KEYS ada di lingkungan: tulis kunci baru (`kawan keys new`) di depannya, "
            "jalankan ulang layanan, lalu `kawan keys rotate`"
        )
    keys = load(settings)
    path = settings.folder / FILE
    kept = _read(path)
    renewed = (new_key(), *keys.encryption)
    _write(path, {**kept, "ENCRYPTION_KEYS": ",".join(renewed)})
    return Keys(keys.secret, renewed)


def _refuse_to_replace(settings: Settings, path: Path, *, given: bool) -> None:
    location = locate(settings.database)
    if not given and isinstance(location, SqliteFile) and location.path.exists():
        raise KeysError(
            f"{path} tidak ada, padahal {location} sudah ada: kembalikan berkas kunci itu, "
            f"atau isi ENCRYPTION_KEYS"
        )


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8").splitlines()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"kunci di {path} tidak dapat dibaca: {error}") from None
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file whole; nobody else can read it at any moment."""
    text = "# Kunci Kawan Asuh. Jangan dibagikan; simpan salinannya di tempat lain yang aman.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise KeysError(f"kunci tidak dapat ditulis di {path.parent}: {error.strerror}") from None
