"""What the commands share: settings, the way to the data, tables, JSON, bars, one-line errors."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.settings import Settings

T = TypeVar("T")


class Stop(Exception):
    """The command ends here with this line."""


def settings() -> Settings:
    """The configuration of this folder and environment."""
    from bot import logs
    from bot.settings import Settings

    logs.configure("warning")
    return Settings.load()


def ask(operation: str, **arguments: Any) -> Any:
    """Have something changed, by the running service or by ourselves."""
    from bot import control

    return _run(control.ask(settings(), operation, **arguments))


def read(fn: Callable[[Connection], T]) -> T:
    """Read one snapshot of the data."""
    from bot import control

    return _run(control.read(settings(), fn))


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner() as runner:
        return runner.run(work)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Columns side by side, the same on a screen and in a pipe; `empty` where there are no rows."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        print(empty)
        return
    table = [[head.upper() for head in heads], *cells]
    widths = [max(len(row[column]) for row in table) for column in range(len(heads))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())


def print_json(value: object) -> None:
    """The answer for a program: dataclasses, enums, aware times (ISO 8601), lists and so on.

    >>> print_json({"siapa": "P-0012"})
    {
      "siapa": "P-0012"
    }
    """
    import orjson

    print(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


class Bar(Protocol):
    """Tells a bar how far it is; a total that was not known before, or has changed."""

    def __call__(self, done: int, total: int | None = None, /) -> None: ...


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Bar]:
    """A bar on standard error while something takes long; nothing where that is no terminal.

    with office.progress("Mengirim", total=300) as at:
        at(120)
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total)

        def at(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield at


_SAID = {
    "DatabaseBusy": "Layanan Kawan Asuh lain memakai folder data ini: hentikan dahulu layanan itu, "
    "atau pakai DATA_DIR lain.",
    "DatabaseFull": "Disk penuh: kosongkan tempat di DATA_DIR. Tidak ada yang hilang.",
    "DatabaseReadOnly": "Basis data tidak dapat ditulis: beri pengguna ini hak tulis di DATA_DIR.",
    "DatabaseNewer": "Basis data ini ditulis oleh Kawan Asuh yang lebih baru: pasang versi itu, "
    "atau pulihkan cadangan yang dibuat sebelumnya.",
    "DatabaseForeign": "Basis data ini milik program lain: isi DATABASE_URL dengan yang kosong.",
    "DatabaseUnreachable": "Server basis data tidak menjawab atau menolak: periksa DATABASE_URL.",
    "KeysDoNotOpen": "Kunci tidak cocok dengan basis data ini: kembalikan kunci yang dulu dipakai "
    "(DATA_DIR/keys atau ENCRYPTION_KEYS), yang terbaru di depan.",
    "DatabaseNotEmpty": "Tempat tujuan tidak kosong: pilih basis data kosong, atau tulis --replace "
    "untuk menimpa isinya.",
    "BackupDamaged": "Berkas ini rusak, terpotong, atau bukan cadangan Kawan Asuh.",
    "UpgradeFailed": "Tabel tidak dapat diperbarui, isinya tetap seperti semula",
}
"""What storage says, in the operator's language; the message itself adds the details."""

_OURS = frozenset({"Stop", "CannotStart", "PortTaken", "NothingHere", "OperationRefused"})
_OURS_TOO = frozenset({"KeysError", "SettingsError", "StorageError", "ValueError", "BackupError"})
_DETAILED = frozenset({"DatabaseUnreachable", "UpgradeFailed"})


def said(error: BaseException) -> str:
    """One line (or a list of them) for the operator, never a traceback.

    >>> said(Stop("Tidak ada apa-apa."))
    'Tidak ada apa-apa.'
    """
    kinds = [kind.__name__ for kind in type(error).__mro__]
    for kind in kinds:
        if kind in _SAID:
            return f"{_SAID[kind]}{_details(kind, str(error))}"
        if kind == "SettingsError":
            return "\n".join(getattr(error, "problems", [str(error)]))
        if kind in _OURS | _OURS_TOO:
            return str(error)
    if hasattr(error, "format_message"):
        message = str(error.format_message()).rstrip(".")
        return message if "\n" in message else f"Tidak dimengerti: {message}. Lihat: kawan --help"
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": ")
    from bot.receiving import place_of

    return f"Kesalahan yang tidak terduga ({place_of(error)}). Laporkan baris ini, ya."


def _details(kind: str, message: str) -> str:
    if kind == "DatabaseBusy" and (found := re.search(r"process (\d+)", message)):
        return f" (Proses {found[1]}.)"
    return f" ({message})" if kind in _DETAILED else ""


def complain(error: BaseException) -> None:
    """Say it on standard error."""
    print(said(error), file=sys.stderr)
