"""One step on the way to WhatsApp as it stands: a line for the operator.

The sections are the headings of docs/whatsapp.md, in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BEGIN: Final = "Surat dan akun lembaga"
PORTFOLIO: Final = "Portofolio bisnis dan verifikasi"
NUMBER: Final = "Nomor telepon"
ACCOUNT: Final = "Akun WhatsApp Business dan nama tampilan"
PAYMENT: Final = "Pembayaran"
TOKEN: Final = "Aplikasi, pengguna sistem, dan token"
SETTINGS: Final = "Isi pengaturan"
ADDRESS: Final = "Alamat https"
WEBHOOK: Final = "Webhook"
REGISTER: Final = "Daftarkan nomor ke Cloud API"
TEMPLATES: Final = "Templat"
PRICE: Final = "Biaya dan batas"
"""Headings of docs/whatsapp.md."""


class State(StrEnum):
    """How a step stands, in the operator's words."""

    DONE = "beres"
    LOOK = "lihat"
    """Nothing stops because of it."""
    MISSING = "belum"
    WAITS = "tunggu"
    """It cannot be looked at before an earlier step is done."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the walk; `how` is what to do next, for a step that is not done."""

    what: str
    section: str
    state: State
    said: str = ""
    how: str = ""


def missing(steps: Sequence[Step]) -> Step | None:
    """The first step that is still to be done; None when all of it is."""
    return next((one for one in steps if one.state in (State.MISSING, State.WAITS)), None)


def shown(step: Step) -> str:
    """One line for the operator.

    >>> shown(Step("Token", TOKEN, State.DONE, "berlaku terus"))
    'beres   Token: berlaku terus'
    """
    said = f"{step.state:<7} {step.what}: {step.said}"
    return f"{said} → {step.how}" if step.how and step.state is not State.DONE else said


def conclusion(steps: Sequence[Step]) -> str:
    """What is to be done next, or that all of it is done."""
    todo = missing(steps)
    if todo is None:
        return "WhatsApp siap dipakai. Semua yang lain tetap berjalan lewat Telegram juga."
    left = sum(one.state in (State.MISSING, State.WAITS) for one in steps)
    how = todo.how or todo.said
    return (
        f"Langkah berikutnya: {todo.what}: {how} (docs/whatsapp.md, bagian “{todo.section}”). "
        f"Yang belum: {left}. Sampai selesai, semuanya berjalan lewat Telegram."
    )
