"""`kawan enrol`: a roster comes in; slips, posters and the recording for the enrolment day."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import office

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.printing.invitation import Reach
    from bot.printing.poster import Poster
    from conversations.dialogue import Role
    from storage.people import Village

School = Annotated[str, typer.Option(help="Kode sekolah, misalnya BOK-SBS")]
Bot = Annotated[str, typer.Option(help="Nama bot Telegram; kosong berarti yang sedang dipakai")]
WhatsApp = Annotated[str, typer.Option(help="Nomor WhatsApp; kosong berarti yang sedang dipakai")]
Only = Annotated[str, typer.Option(help="Hanya whatsapp, atau hanya telegram")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        help="Hari pendaftaran: impor daftar, kartu kode, poster, rekaman.", no_args_is_help=True
    )
    group.command("import")(import_)
    group.command("codes")(codes)
    group.command("poster")(poster)
    group.command("notice")(notice)
    app.add_typer(group, name="enrol")


def import_(
    file: Annotated[Path, typer.Argument(help="Daftar peserta: .xlsx atau .csv")],
    school: School,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Periksa saja")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Lewati baris yang salah, masukkan sisanya")
    ] = False,
) -> None:
    """Masukkan daftar peserta; satu baris salah berarti tidak ada yang masuk.

    Kolom: nama (wajib), sapaan, hubungan, desa, peran, anak, lahir, tanda. Nomor telepon tidak
    disimpan.
    """
    from dataclasses import asdict
    from datetime import datetime

    from storage import roster_sheet

    if not file.is_file():
        raise office.Stop(f"Berkas {file} tidak ada.")
    if file.stat().st_size > roster_sheet.LARGEST:
        raise office.Stop(f"Berkas {file} terlalu besar: bagi per sekolah.")
    year = datetime.now(office.settings().zone).year
    try:
        found = roster_sheet.read(file.read_bytes(), file.name, year)
    except roster_sheet.NoRoster as error:
        raise office.Stop(f"Daftar tidak terbaca: {error}.") from None
    done = office.ask(
        "enrol_import",
        school=school,
        listed=[asdict(one) for one in found.people],
        bad_rows=len(found.problems),
        skip_bad=skip_bad,
        dry_run=dry_run,
    )
    if found.unread:
        print(f"Kolom yang tidak dibaca: {', '.join(found.unread)}.", file=sys.stderr)
    problems = [*map(str, found.problems), *done["problems"]]
    for line in problems:
        print(line, file=sys.stderr)
    counted = f"{done['new']} orang baru, {done['known']} sudah ada"
    if done["done"]:
        print(f"{done['school']}: {counted}. Baris yang dilewati: {_rows(problems)}.")
        return
    if dry_run and not problems:
        print(f"{done['school']}: {counted}. Semua baris baik; belum ada yang disimpan.")
        return
    said = f"{_rows(problems)} baris salah" if problems else "diperiksa"
    advice = "" if dry_run else " Betulkan, atau pakai --skip-bad."
    print(f"{done['school']}: {said}; belum ada yang disimpan.{advice}", file=sys.stderr)
    raise typer.Exit(1)


def codes(
    school: School,
    output: Annotated[Path, typer.Option("--output", "-o", help="Berkas PDF")],
    bot: Bot = "",
    whatsapp: WhatsApp = "",
    only: Only = "",
    number: Annotated[
        list[int] | None, typer.Option(help="Hanya nomor ini; boleh beberapa kali")
    ] = None,
) -> None:
    """Buat kartu kode untuk yang belum memakai HP sendiri; kode lama tidak berlaku lagi."""
    from bot.printing import slips

    reach = _reach(bot, whatsapp, only)
    _writable(output)
    made = office.ask("enrol_codes", school=school, numbers=number or [])
    if not made["cards"]:
        raise office.Stop(f"{made['school']}: tidak ada yang memerlukan kartu.")
    cards = [slips.Card(*card) for card in made["cards"]]
    output.write_bytes(slips.slips(made["school"], reach, cards))
    print(f"{len(cards)} kartu ditulis ke {output}. Setiap kode berlaku 60 hari dan satu kali.")
    print("Berikan langsung ke orangnya: kartu ini kunci ke obrolannya.")


def poster(
    school: Annotated[str, typer.Option(help="Kode sekolah, misalnya BOK-SBS")] = "",
    village: Annotated[str, typer.Option(help="Kode desa, misalnya SBS")] = "",
    role: Annotated[str, typer.Option(help="Undangan untuk kader atau mitra")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Berkas .pdf atau .html; kosong: tautan")
    ] = None,
    bot: Bot = "",
    whatsapp: WhatsApp = "",
    only: Only = "",
) -> None:
    """Buat poster A4 dengan QR untuk sekolah, desa, atau kader dan mitra; tampilkan tautannya."""
    from bot.printing import poster as printing

    if output is not None and output.suffix.lower() not in (".pdf", ".html"):
        raise office.Stop("Nama berkas poster diakhiri .pdf atau .html.")
    reach = _reach(bot, whatsapp, only)
    organisation = office.settings().responsible
    made = office.read(lambda conn: _poster(conn, school, village, role, reach, organisation))
    if output is not None:
        _writable(output)
        if output.suffix.lower() == ".html":
            output.write_text(printing.html(made), encoding="utf-8")
        else:
            output.write_bytes(printing.pdf(made))
        print(f"Poster {made.title} ({made.code}) ditulis ke {output}.")
    for way in made.ways:
        print(f"{way.channel}: {way.link}")


def notice(
    file: Annotated[Path | None, typer.Argument(help="Rekaman .ogg atau .mp3")] = None,
) -> None:
    """Simpan rekaman persetujuan yang dapat diputar kader; tanpa berkas: teks yang direkam."""
    if file is None:
        print(_words_to_record())
        return
    if not file.is_file():
        raise office.Stop(f"Berkas {file} tidak ada.")
    office.ask("enrol_notice", path=str(file.resolve()))
    print("Rekaman tersimpan. Kader dapat memutarnya sebelum bertanya persetujuan.")


def _words_to_record() -> str:
    """What the notice says, sentence by sentence, with the name of who is responsible."""
    from conversations.form.model import Question
    from storage import forms

    responsible = office.settings().responsible
    form = forms.shipped()["persetujuan"].form
    lines = [one.labels.get("id", "") for one in form.body if isinstance(one, Question)]
    return "\n\n".join(line for line in lines if line).replace("${organisasi}", responsible)


def _poster(
    conn: Connection, school: str, village: str, role: str, reach: Reach, organisation: str
) -> Poster:
    from datetime import UTC, datetime

    from bot.operations.schools import find_school
    from bot.printing.poster import Poster
    from conversations.dialogue import Role
    from conversations.helping.inviting import code_of
    from storage import people

    invited = _role(role)
    if bool(school) == bool(village or role):
        raise office.Stop("Pilih satu: --school KODE, atau --village KODE dan/atau --role kader.")
    if school:
        found = find_school(conn, school, datetime.now(UTC))
        homes = {one.id: one for one in people.all_villages(conn)}
        home = homes.get(found.village_id) if found.village_id is not None else None
        place = " · ".join(filter(None, (f"Desa {home.name}" if home else "", found.place)))
        return Poster(found.name, place, found.code, reach, organisation)
    lives = _village(conn, village) if village else None
    code = code_of(invited, lives.code if lives else "")
    where = " · ".join(filter(None, (f"Desa {lives.name}", lives.district))) if lives else ""
    if invited is Role.CAREGIVER and lives is not None:
        return Poster(f"Desa {lives.name}", lives.district, code, reach, organisation)
    return Poster(f"Undangan {role.strip().lower()}", where, code, reach, organisation, invited)


def _role(written: str) -> Role:
    """What a poster invites to; staff join by a code of their own, never by a poster."""
    from conversations.dialogue import Role
    from conversations.helping.inviting import WORDS

    if not written.strip():
        return Role.CAREGIVER
    role = WORDS.get(written.strip().upper())
    if role is None:
        raise office.Stop(
            f"--role {written}: tulis kader atau mitra. Petugas masuk dengan: kawan staff add"
        )
    return role


def _village(conn: Connection, code: str) -> Village:
    from storage import people

    there = people.all_villages(conn)
    found = next((one for one in there if one.code == code.strip().upper()), None)
    if found is None:
        known = ", ".join(one.code for one in there) or "(belum ada)"
        raise office.Stop(f"Tidak ada desa dengan kode {code}. Yang ada: {known}.")
    return found


def _reach(bot: str, whatsapp: str, only: str) -> Reach:
    """Where links lead to: as they are named, else where the service was reached last."""
    from bot.printing.invitation import Reach, bot_name, number
    from storage import meta

    if only not in ("", "whatsapp", "telegram"):
        raise office.Stop(f"--only {only}: tulis whatsapp atau telegram.")

    def known(conn: Connection) -> tuple[str, str]:
        kept = (meta.get(conn, meta.TELEGRAM_BOT), meta.get(conn, meta.WHATSAPP_NUMBER))
        return (kept[0] or b"").decode(), (kept[1] or b"").decode()

    kept_bot, kept_number = office.read(known)
    reach = Reach(
        telegram=(bot_name(bot) if bot else kept_bot) if only != "whatsapp" else "",
        whatsapp=(number(whatsapp) if whatsapp else kept_number) if only != "telegram" else "",
    )
    if reach == Reach():
        raise office.Stop(
            "Nama bot dan nomor WhatsApp belum diketahui: jalankan layanan sekali dengan "
            "salurannya, atau tulis --bot NamaBot atau --whatsapp NOMOR."
        )
    return reach


def _writable(path: Path) -> None:
    """Nobody's old code ends for a file that cannot be written."""
    with path.open("ab"):
        pass


def _rows(problems: list[str]) -> int:
    return len({line.partition(",")[0] for line in problems})
