"""`kawan export`, `backup`, `restore`, `keys`: what leaves, what is kept apart, what opens it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bot.commands import office

if TYPE_CHECKING:
    from storage.backup import Contents


class What(StrEnum):
    """What can be exported (the values of storage.exports.What)."""

    ANSWERS = "answers"
    CONTACTS = "contacts"
    CONCERNS = "concerns"


class Format(StrEnum):
    """Into which kind of file (the values of storage.export_files.FileFormat)."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("export")(export)
    app.command("backup")(backup)
    app.command("restore")(restore)
    keys = typer.Typer(help="Kunci: ganti, buat.", no_args_is_help=True)
    keys.command("rotate")(keys_rotate)
    keys.command("new")(keys_new)
    app.add_typer(keys, name="keys")


def export(
    what: Annotated[What, typer.Argument(help="Apa yang diekspor")],
    output: Annotated[str, typer.Option("--output", "-o", help="Nama berkas, atau - untuk layar")],
    form: Annotated[Format, typer.Option("--format", help="Bentuk berkas")] = Format.CSV,
    reason: Annotated[str, typer.Option(help="Alasan menyertakan nama dan cerita; dicatat")] = "",
) -> None:
    """Ekspor jawaban, orang, atau laporan; tanpa alasan hanya kode."""
    if reason.strip():
        office.ask("record_export", what=what.value, reason=reason)
    if output == "-":
        _export(what, form, reason, sys.stdout.buffer)
        return
    path = Path(output)
    draft = path.with_name(f".{path.name}.part")
    try:
        with _private(draft) as file:
            rows = _export(what, form, reason, file)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    print(f"{rows} baris ditulis ke {path}.", file=sys.stderr)


def backup(file: Annotated[Path, typer.Argument(help="Berkas cadangan yang dibuat")]) -> None:
    """Buat cadangan terenkripsi; layanan boleh tetap berjalan. Simpan kuncinya terpisah."""
    from bot import keys
    from bot.control import MEDIA
    from storage.backup import backup as write

    settings = office.settings()
    made = write(
        settings.database,
        file,
        vault=keys.load(settings, make=False).vault(),
        now=datetime.now(UTC),
        media=settings.folder / MEDIA,
    )
    print(f"Cadangan {file} selesai: {_told(made)}. Kunci tidak ada di dalamnya.")


def restore(
    file: Annotated[Path, typer.Argument(help="Berkas cadangan")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Timpa data yang ada; yang lama hilang")
    ] = False,
    nothing_sent_since: Annotated[
        bool,
        typer.Option("--nothing-sent-since", help="Layanan berhenti sejak cadangan dibuat"),
    ] = False,
) -> None:
    """Pulihkan cadangan; hentikan layanan dahulu."""
    from bot import keys
    from bot.control import LOCK, MEDIA
    from storage.lock import Lock
    from storage.restore import restore as bring_back

    settings = office.settings()
    if not file.is_file():
        raise office.Stop(f"Berkas {file} tidak ada.")
    vault = keys.load(settings, make=False).vault()
    lock = Lock(settings.folder / LOCK)
    try:
        found = bring_back(
            file,
            settings.database,
            vault=vault,
            now=datetime.now(UTC),
            media=settings.folder / MEDIA,
            replace=replace,
            nothing_sent_since=nothing_sent_since,
        )
    finally:
        lock.release()
    print(f"Cadangan tanggal {found.made_at:%Y-%m-%d %H:%M} UTC dipulihkan: {_told(found)}.")


def keys_new() -> None:
    """Buat satu kunci baru untuk ENCRYPTION_KEYS; tidak menyimpan apa pun."""
    from storage.sealing import new_key

    print(new_key())


def keys_rotate() -> None:
    """Ganti kunci: semua data disegel ulang dengan kunci terbaru."""
    done = office.ask("keys_rotate")
    print(f"Disegel ulang: {done['values']} nilai, {done['files']} berkas.")
    if done["unreadable"]:
        print(f"Tidak terbuka oleh kunci mana pun: {done['unreadable']}.", file=sys.stderr)
    print("Kunci lama tetap disimpan, karena cadangan lama memerlukannya.")


def _export(what: What, form: Format, reason: str, file: BinaryIO) -> int:
    from storage import export_files, exports

    return office.read(
        lambda conn: export_files.write(
            exports.export(
                conn,
                exports.What(what.value),
                actor="command",
                now=datetime.now(UTC),
                reason=reason,
                recorded=True,
            ),
            export_files.FileFormat(form.value),
            file,
        )
    )


def _private(path: Path) -> BinaryIO:
    """A new file that nobody else on this machine can read."""
    import os

    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _told(contents: Contents) -> str:
    return f"{sum(contents.rows.values())} baris, {contents.files} berkas"
