"""`kawan referral`: the sheet for an office, and what offices were told and answered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import office

Code = Annotated[str, typer.Argument(help="Kode kasus, misalnya LDK-26-0042")]
By = Annotated[str, typer.Option(help='Petugas yang memutuskan, misalnya "Mbak Rina"')]

_ANSWERS = {"accepted": "diterima", "refused": "ditolak", "done": "selesai"}


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Rujukan ke lembaga: lembar, daftar, jawaban.", no_args_is_help=True)
    group.command("sheet")(sheet)
    group.command("list")(list_)
    group.command("answer")(answer)
    app.add_typer(group, name="referral")


def sheet(
    code: Code,
    contact: Annotated[int, typer.Option(help="Nomor lembaga di kawan directory list")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Berkas baru .pdf atau .html")],
    reason: Annotated[str, typer.Option(help="Alasan merujuk; dicatat")],
    by: By,
    decide: Annotated[
        bool, typer.Option("--decide", help="Sekaligus catat keputusan merujuk ke lembaga ini")
    ] = False,
    with_reporter: Annotated[
        bool, typer.Option("--with-reporter", help="Tulis nama pelapor, kalau ia tidak keberatan")
    ] = False,
    ask: Annotated[str, typer.Option(help="Yang diminta dari lembaga itu")] = "",
) -> None:
    """Buat lembar rujukan untuk satu lembaga; keputusan dan alasannya dicatat."""
    from bot.printing import referral_sheet as printing

    ending = output.suffix.casefold()
    if ending not in (".pdf", ".html"):
        raise office.Stop("Nama berkas lembar rujukan diakhiri .pdf atau .html.")
    try:
        number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise office.Stop(f"Berkas {output} sudah ada: pilih nama lain.") from None
    try:
        with os.fdopen(number, "wb") as file:
            made = office.ask(
                "referral_sheet",
                code=code,
                contact=contact,
                reason=reason,
                by=by,
                decide=decide,
                with_reporter=with_reporter,
                ask=ask,
            )
            page = _sheet(made["sheet"])
            file.write(
                printing.pdf(page) if ending == ".pdf" else printing.html(page).encode("utf-8")
            )
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    print(f"Lembar rujukan {page.code} untuk {page.to} ditulis ke {output}.")
    print("Baca dahulu sebelum diserahkan, lalu hapus berkasnya. Timbang siapa yang memegang HP.")
    if page.hides:
        print("Pelapor meminta namanya tidak sampai ke desa dan keluarga: baca lagi kutipannya.")
    print(f"Jawaban lembaga: kawan referral answer {made['referral']} accepted --by …")


def list_(
    code: Code,
    by: By,
    json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False,
) -> None:
    """Ke mana sebuah kasus dirujuk, dan apa jawabannya; yang melihat dicatat."""
    from datetime import datetime

    from bot.operations.moments import short

    found = office.ask("referral_list", code=code, by=by)
    if json:
        office.print_json(found)
        return
    zone = office.settings().timezone

    def at(written: Any) -> str:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else written
        return short(moment, zone)

    office.print_table(
        ("no", "lembaga", "nama", "oleh", "kapan", "jawaban", "sejak"),
        (
            (
                one["id"],
                str(one["agency"]),
                one["office"],
                one["by"] or "-",
                at(one["at"]),
                str(one["state"]),
                at(one["state_at"]),
            )
            for one in found
        ),
        empty="Belum dirujuk ke mana pun.",
    )


def answer(
    number: Annotated[int, typer.Argument(help="Nomor rujukan di kawan referral list")],
    state: Annotated[str, typer.Argument(help="accepted, refused, atau done")],
    by: By,
    note: Annotated[str, typer.Option(help="Kata-kata lembaga itu")] = "",
) -> None:
    """Catat jawaban lembaga: diterima, ditolak, atau selesai."""
    said = _ANSWERS.get(state.strip().casefold(), state.strip().casefold())
    done = office.ask("referral_answer", id_=number, state=said, by=by, note=note)
    print(f"{done['code']}, {done['office']}: {done['state']}.")


def _sheet(plain: dict[str, Any]) -> Any:
    from bot.printing.referral_sheet import Quote, Sheet

    quotes = tuple(Quote(**one) for one in plain["quotes"])
    lists = {name: tuple(plain[name]) for name in ("done", "clocks")}
    return Sheet(**{**plain, **lists, "quotes": quotes})
