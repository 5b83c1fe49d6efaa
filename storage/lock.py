"""One writing process per SQLite database: a lock file, freed by the kernel when it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from storage.errors import READ_ONLY, DatabaseBusy, DatabaseReadOnly


class Lock:
    """Held from the moment it is made until `release`, or until the process ends."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseReadOnly(f"{READ_ONLY} ({error})") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise DatabaseBusy(
                f"another service (process {holder or 'unknown'}) uses this database: "
                f"stop it first, or give this one its own DATA_DIR"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let another process write. The file stays: removing it would race with the next one."""
        os.close(self._file)
