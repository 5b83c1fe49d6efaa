"""`kawan templates`: the words that Meta must approve, sent there, and how each stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.commands import office

_OUTCOMES = {
    "created": "dikirim ke Meta, menunggu persetujuan",
    "changed": "diubah, menunggu persetujuan lagi",
    "same": "sudah sama",
    "later": "belum bisa diubah selagi keadaannya: {why}. Coba lagi nanti",
    "failed": "gagal: {why}",
}
_STATES = {
    "absent": "belum ada",
    "pending": "menunggu persetujuan",
    "approved": "disetujui",
    "rejected": "ditolak",
    "paused": "dihentikan sementara",
    "disabled": "dihentikan",
}
_LOST = {
    "pengingat_pertemuan": "undangan dan pengingat pertemuan",
    "pertemuan_pindah": "kabar pertemuan yang pindah waktu",
    "pertemuan_batal": "kabar pertemuan yang batal",
    "kabar_mingguan": "kabar mingguan",
    "ada_kabar": "jawaban petugas, tindak lanjut, dan pertanyaan lain",
    "panggilan_jaga": "panggilan jaga (memakai kalimat lain selama masih ada yang disetujui)",
    "panggilan_penting": "panggilan jaga kepada petugas luar, dan yang lewat waktunya",
}
"""What people do not get by WhatsApp while a template does not serve."""

Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    templates = typer.Typer(
        help="Kalimat WhatsApp yang perlu disetujui Meta.", no_args_is_help=True
    )
    templates.command("push")(push)
    templates.command("status")(status)
    app.add_typer(templates, name="templates")


def push(json: Json = False) -> None:
    """Kirim kalimat yang belum ada atau sudah berubah ke Meta."""
    done: list[dict[str, str]] = office.ask("templates_push")
    if json:
        office.print_json(done)
    else:
        office.print_table(
            ("kalimat", "hasil"),
            [(one["name"], _OUTCOMES[one["outcome"]].format(why=one["why"])) for one in done],
            empty="Tidak ada kalimat.",
        )
        if any(one["outcome"] in ("changed", "later", "failed") for one in done):
            print("\nMeta membolehkan satu perubahan sehari, dan sepuluh dalam 30 hari.")
    if any(one["outcome"] == "failed" for one in done):
        raise office.Stop("Ada kalimat yang gagal dikirim; lihat alasannya di atas.")


def status(json: Json = False) -> None:
    """Keadaan tiap kalimat di Meta, dan apa yang tidak sampai karenanya."""
    found: list[dict[str, Any]] = office.ask("templates_status")
    if json:
        office.print_json(found)
        return
    office.print_table(
        ("kalimat", "keadaan", "jenis", "sejak", "yang tidak sampai di luar 24 jam"),
        [
            (
                one["name"],
                _state(one),
                one["category"] or "-",
                (one["since"] or "-")[:10],
                "-" if one["serves"] else _LOST[one["name"]],
            )
            for one in found
        ],
        empty="Tidak ada kalimat.",
    )
    if any(not one["current"] and one["status"] != "absent" for one in found):
        print("\nAda kalimat yang di Meta berbeda dari yang di sini. Samakan: kawan templates push")


def _state(one: dict[str, Any]) -> str:
    state = _STATES.get(one["status"], one["status"])
    if one["reason"]:
        state = f"{state} ({one['reason']})"
    return state if one["current"] or one["status"] == "absent" else f"{state}, isinya lama"
