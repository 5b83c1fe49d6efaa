"""`kawan costs` and `kawan unsent`: what WhatsApp costs in a month, and what did not arrive.

People are codes here; names only for a reason, which is recorded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import office

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection

    from conversations.unsent import Unsent

Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("costs")(costs)
    app.command("unsent")(unsent)


def costs(
    month: Annotated[
        str, typer.Option(help="Bulan, misalnya 2026-11; kosong berarti bulan ini")
    ] = "",
    json: Json = False,
) -> None:
    """Biaya WhatsApp sebulan per nomor dan jenis, dibanding anggaran."""
    from datetime import UTC, datetime

    from conversations.costs import rupiah

    if month and not _MONTH.fullmatch(month):
        raise office.Stop(f"--month {month}: tulis seperti 2026-11.")
    settings = office.settings()
    now = datetime.now(UTC)
    wanted = month or f"{now.astimezone(settings.zone):%Y-%m}"
    told = office.read(
        lambda conn: _costs(conn, wanted, settings.whatsapp_budget, settings.whatsapp_phone_id, now)
    )
    if json:
        office.print_json(told)
        return
    office.print_table(
        ("nomor", "jenis", "pesan", "biaya"),
        (
            (
                number["account"],
                _CATEGORIES.get(one["category"], one["category"]),
                one["messages"],
                rupiah(one["rupiah"]),
            )
            for number in told["numbers"]
            for one in number["categories"]
        ),
        empty=f"Belum ada pesan WhatsApp di bulan {wanted}.",
    )
    for number in told["numbers"]:
        print(
            f"\nNomor {number['account']}: {rupiah(number['rupiah'])} dari anggaran"
            f" {rupiah(told['budget'])} ({number['percent']}%). Balasan gratis terpakai"
            f" {number['free_used']} dari {number['free']}."
        )
    for line in (*_prices(told["prices"]), *told["warnings"]):
        print(line)


def _costs(conn: Connection, month: str, budget: int, ours: str, now: datetime) -> dict[str, Any]:
    from datetime import date

    from bot.planned import costs as look
    from storage import prices, spending

    on = date.fromisoformat(f"{month}-28")
    free = prices.entry(prices.SERVICE, on).free
    rows = spending.of_month(conn, month)
    numbers = sorted({one.account for one in rows} | ({ours} if ours else set()))
    return {
        "month": month,
        "budget": budget,
        "numbers": [_of_number(account, rows, budget, free) for account in numbers],
        "prices": _table(on),
        "warnings": look.lines(conn, now),
    }


def _of_number(account: str, rows: Any, budget: int, free: int) -> dict[str, Any]:
    from storage.prices import SERVICE

    hers = [one for one in rows if one.account == account]
    total = sum(one.rupiah for one in hers)
    words = sum(one.messages for one in hers if one.category == SERVICE)
    return {
        "account": account,
        "rupiah": total,
        "percent": total * 100 // budget if budget else (100 if total else 0),
        "free": free,
        "free_used": min(words, free),
        "categories": [
            {"category": one.category, "messages": one.messages, "rupiah": one.rupiah}
            for one in hers
        ],
    }


def _table(on: date) -> list[dict[str, Any]]:
    from storage import prices

    entries = [prices.entry(category, on) for category in prices.CATEGORIES]
    return [
        {
            "category": one.category,
            "rupiah": one.rupiah,
            "from": one.begins,
            "source": one.source,
            "checked": one.checked,
        }
        for one in entries
    ]


def _prices(table: list[dict[str, Any]]) -> list[str]:
    """The price of each category, and whether somebody compared it with Meta's card."""
    from conversations.costs import rupiah

    lines = ["", "Harga satu pesan:"]
    for one in table:
        name = _CATEGORIES.get(one["category"], one["category"])
        checked = one["checked"]
        sure = f"diperiksa {checked}" if checked else "perkiraan, belum diperiksa"
        lines.append(f"- {name}: {rupiah(one['rupiah'])} sejak {one['from']} ({sure})")
    return lines


_CATEGORIES = {
    "service": "balasan bebas (service)",
    "utility": "kalimat resmi (utility)",
    "marketing": "pemasaran (marketing)",
    "authentication": "kode masuk (authentication)",
}


def unsent(
    days: Annotated[int, typer.Option(min=1, max=90, help="Berapa hari ke belakang")] = 7,
    reason: Annotated[str, typer.Option(help="Alasan melihat nama; dicatat")] = "",
    json: Json = False,
) -> None:
    """Yang tidak sampai: siapa, pesan jenis apa, mengapa, dan sejak kapan; tanpa isinya."""
    from conversations.broadcasts.broadcast import why_text
    from conversations.unsent import kind_text, summary
    from storage.exports import person_code

    named = bool(reason.strip())
    if named:
        office.ask("record_export", what=f"unsent {days}", reason=reason)
    found = office.read(lambda conn: _unsent(conn, days))
    rows = [
        {
            "person": person_code(one.person),
            **({"name": one.name} if named else {}),
            "village": one.village,
            "kind": one.kind,
            "number": one.number,
            "reason": one.reason,
            "since": one.since,
        }
        for one in found
    ]
    if json:
        office.print_json(rows)
        return
    for line in summary(found):
        print(line)
    zone = office.settings().zone
    heads = ("siapa", *(("nama",) if named else ()), "desa", "jenis", "berapa", "sejak", "mengapa")
    office.print_table(
        heads,
        (
            (
                person_code(one.person),
                *((one.name,) if named else ()),
                one.village,
                kind_text(one.kind),
                one.number,
                f"{one.since.astimezone(zone):%Y-%m-%d}",
                why_text(one.reason),
            )
            for one in found
        ),
        empty=f"Dalam {days} hari terakhir semua pesan sampai.",
    )


def _unsent(conn: Connection, days: int) -> tuple[Unsent, ...]:
    from datetime import UTC, datetime, timedelta

    from bot.clock import ahead
    from storage import unsent as stored

    now = datetime.now(UTC) + ahead(conn)
    return stored.since(conn, now - timedelta(days=days), now)
