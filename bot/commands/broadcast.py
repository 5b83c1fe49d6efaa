"""`kawan broadcast`: one message to many, rehearsed, approved, sent, watched, and accounted for.

People are codes here; names only for a reason, which is recorded.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import office

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from sqlalchemy import Connection

    from conversations.broadcasts.broadcast import Account, Broadcast, Rehearsal

Number = Annotated[int, typer.Argument(help="Nomor siaran, lihat: kawan broadcast list")]
Json = Annotated[bool, typer.Option("--json", help="Sebagai JSON")]
By = Annotated[str, typer.Option(help="Nama atau nomor petugas yang memutuskan")]
Follow = Annotated[
    bool | None,
    typer.Option(
        help="Ikuti sampai selesai; di layar memang begitu, Ctrl+C hanya berhenti melihat"
    ),
]

_LOOK_AGAIN = 0.5
_AT_A_TIME = 1_000


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Siaran ke banyak orang: gladi, kirim, pantau.", no_args_is_help=True)
    group.command("new")(new)
    group.command("rehearse")(rehearse)
    group.command("test")(test)
    group.command("send")(send)
    group.command("approve")(approve)
    group.command("refuse")(refuse)
    group.command("schedule")(schedule)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("cancel")(cancel)
    group.command("status")(status)
    group.command("list")(list_)
    group.command("who")(who)
    app.add_typer(group, name="broadcast")


def new(
    text: Annotated[
        str, typer.Argument(help="Pesan, boleh dengan {sapaan}, {nama}, {desa}, {anak}")
    ] = "",
    to: Annotated[
        str, typer.Option(help="Penerima, misalnya: peran=kader desa=LDK kecuali tanda=uji")
    ] = "",
    picture: Annotated[Path | None, typer.Option(help="Foto, paling besar 10 MB")] = None,
    voice: Annotated[Path | None, typer.Option(help="Rekaman ogg, paling besar 20 MB")] = None,
    by: Annotated[str, typer.Option(help="Petugas yang menulisnya: kemajuannya dikabari")] = "",
    json: Json = False,
) -> None:
    """Buat rancangan siaran; belum ada yang dikirim."""
    made = office.ask(
        "broadcast_new",
        to=to,
        text=text,
        by=by,
        picture=str(picture.absolute()) if picture else "",
        voice=str(voice.absolute()) if voice else "",
    )
    if json:
        office.print_json(made)
        return
    print(f"Siaran {made['id']} untuk {made['people']} orang: {made['whom']}.")
    if made["remark"]:
        print(made["remark"])
    print(f"Lihat dahulu: kawan broadcast rehearse {made['id']}")


def rehearse(
    number: Number,
    reason: Annotated[str, typer.Option(help="Alasan melihat contoh dengan nama; dicatat")] = "",
    json: Json = False,
) -> None:
    """Gladi: siapa yang akan menerima, siapa tidak dan mengapa, dan bagaimana bunyinya."""
    from bot.limits import paces
    from conversations.broadcasts.texts import duration, rehearsal_text
    from storage import spending

    settings = office.settings()
    rates = {name: pace.bulk for name, pace in paces(settings).items()}
    if reason.strip():
        office.ask("record_export", what=f"broadcast {number}", reason=reason)
    broadcast, everybody, samples = office.read(
        lambda conn: _rehearsed(conn, number, bool(reason.strip()))
    )
    tariff = office.read(lambda conn: spending.tariff(conn, _now(conn)))
    counted = everybody.within(tariff)
    if json:
        office.print_json(
            {
                "id": number,
                **counted.to_json(),
                "reached": counted.reached,
                "seconds": counted.seconds(rates),
                "whatsapp_cost": None if tariff is None else tariff.cost(counted.paid),
                "whatsapp_cost_estimated": tariff is not None and tariff.estimated,
                "whatsapp_budget_left": None if tariff is None else tariff.room,
                "samples": samples,
            }
        )
        return
    print(rehearsal_text(broadcast, everybody, rates, tariff))
    for place, sample in enumerate(samples, 1):
        print(f"\nContoh {place}:\n{sample}")
    if counted.planned > settings.broadcast_approval:
        print(f"\nLebih dari {settings.broadcast_approval} orang: perlu disetujui petugas lain.")
    if counted.reached:
        print(f"\nKirim: kawan broadcast send {number} ({duration(counted.seconds(rates))})")
    else:
        print("\nTidak ada yang bisa dikirimi: buat siaran baru dengan penerima lain.")


def _rehearsed(
    conn: Connection, number: int, named: bool
) -> tuple[Broadcast, Rehearsal, list[str]]:
    """Everybody who fits, counted in parts; the samples say names only for a reason."""
    from bot.planned.broadcast import counted_with, why_not
    from bot.planned.planning import Planning
    from conversations.broadcasts.broadcast import Rehearsal
    from storage import audiences
    from storage.world import Programme

    now = _now(conn)
    broadcast = _one(conn, number)
    planning = Planning(now, Programme(""), None)
    counted, samples, after = Rehearsal(), list[str](), 0
    with office.progress("Menghitung", audiences.count(conn, broadcast.audience, now)) as at:
        while people := audiences.members(conn, broadcast.audience, now, after, _AT_A_TIME):
            counted = counted_with(counted, people, planning)
            for one in people if len(samples) < audiences.SAMPLES else ():
                if len(samples) < audiences.SAMPLES and not why_not(one.member, planning):
                    samples.append((one if named else one.without_names()).reads(broadcast.text))
            after = people[-1].member.person.id
            at(counted.planned)
    return broadcast, counted, samples


def test(
    number: Number,
    to: Annotated[str, typer.Option(help="Nama atau nomor petugas yang menerima percobaan")],
) -> None:
    """Kirim percobaan ke telepon seorang petugas."""
    office.ask("broadcast_test", id_=number, to=to)
    print(f"Percobaan siaran {number} dikirim ke {to} saja.")


def send(number: Number, follow: Follow = None, json: Json = False) -> None:
    """Kirim sekarang; di atas batas menunggu persetujuan petugas lain."""
    told = office.ask("broadcast_send", id_=number)
    if json:
        office.print_json(told)
        return
    if told["state"] == "asking":
        print(f"Siaran {number} ke {told['people']} orang: menunggu persetujuan petugas lain.")
        print(f"Setujui dari chat, atau: kawan broadcast approve {number} --by NAMA")
        return
    print(f"Siaran {number} ke {told['people']} orang mulai dikirim.")
    if follow or (follow is None and sys.stdout.isatty()):
        _follow(number)


def approve(number: Number, by: By) -> None:
    """Setujui siaran yang ditulis petugas lain."""
    _say(office.ask("broadcast_approve", id_=number, by=by))


def refuse(number: Number, by: By) -> None:
    """Tolak siaran yang ditulis petugas lain."""
    _say(office.ask("broadcast_refuse", id_=number, by=by))


def schedule(
    number: Number,
    day: Annotated[str, typer.Argument(help="Hari, misalnya 2026-11-24 atau besok")],
    hour: Annotated[str, typer.Argument(help="Jam, misalnya 09.00")],
    json: Json = False,
) -> None:
    """Jadwalkan pengiriman, dalam zona waktu program."""
    told = office.ask("broadcast_send", id_=number, day=day, hour=hour)
    if json:
        office.print_json(told)
        return
    _say(told)
    _print_status(number)


def pause(number: Number) -> None:
    """Jeda: yang belum berangkat tidak berangkat dahulu."""
    _say(office.ask("broadcast_pause", id_=number))


def resume(number: Number) -> None:
    """Lanjutkan siaran yang dijeda."""
    _say(office.ask("broadcast_resume", id_=number))


def cancel(number: Number) -> None:
    """Batalkan: yang belum terkirim tidak dikirim."""
    _say(office.ask("broadcast_cancel", id_=number))


def status(number: Number, follow: Follow = None, json: Json = False) -> None:
    """Di mana semua orang: terkirim, menunggu, gagal, dan mengapa."""
    if json:
        broadcast, account = office.read(lambda conn: _where(conn, number))
        office.print_json(_as_json(broadcast, account))
    elif follow or (follow is None and sys.stdout.isatty()):
        _follow(number)
    else:
        _print_status(number)


def list_(json: Json = False) -> None:
    """Daftar siaran, yang terbaru dahulu."""
    from conversations.broadcasts.audience import describe
    from locales import say
    from storage import broadcasts, recipients

    def listed(conn: Connection) -> list[tuple[Broadcast, Account]]:
        newest = broadcasts.latest(conn, 50)
        return [(one, recipients.account(conn, one.id)) for one in newest]

    rows, zone = office.read(listed), office.settings().zone
    if json:
        office.print_json([_as_json(broadcast, account) for broadcast, account in rows])
        return
    office.print_table(
        ("no", "keadaan", "mulai", "untuk", "orang", "terkirim", "menunggu"),
        (
            (
                one.id,
                say(f"broadcast.state.{one.state}"),
                _local(one.starts_at, zone),
                describe(one.audience),
                account.planned,
                account.sent,
                account.waiting,
            )
            for one, account in rows
        ),
        empty='Belum ada siaran. Buat dengan: kawan broadcast new "Pesan" --to "desa=LDK"',
    )


def who(
    number: Number,
    reason: Annotated[str, typer.Option(help="Alasan melihat nama; dicatat")] = "",
    json: Json = False,
) -> None:
    """Siapa yang belum atau tidak menerima, dan mengapa."""
    from conversations.broadcasts.broadcast import why_text
    from locales import say
    from storage import recipients
    from storage.exports import person_code

    named = bool(reason.strip())
    if named:
        office.ask("record_export", what=f"broadcast {number}", reason=reason)

    def unsent(conn: Connection) -> list[dict[str, str]]:
        broadcast, after, found = _one(conn, number), 0, []
        while part := recipients.who(conn, broadcast.id, after, _AT_A_TIME):
            after = part[-1].person
            for one in part:
                row = {"person": person_code(one.person), "status": one.status}
                found.append({**row, "reason": one.reason, "why": why_text(one.reason)})
                if named:
                    found[-1]["name"] = _name(conn, one.person)
        return found

    rows = office.read(unsent)
    if json:
        office.print_json(rows)
        return
    broadcast, account = office.read(lambda conn: _where(conn, number))
    none_yet = f"Siaran {number} {say(f'broadcast.state.{broadcast.state}')}: belum ada penerima"
    heads = ("person", "why", "name") if named else ("person", "why")
    office.print_table(
        ("siapa", "mengapa", "nama")[: len(heads)],
        ([row[head] for head in heads] for row in rows),
        empty="Semua sudah menerima." if account.planned else f"{none_yet} yang dicatat.",
    )


def _name(conn: Connection, person: int) -> str:
    from conversations.dialogue import PersonId
    from storage import audiences

    found = audiences.one(conn, PersonId(person))
    return "" if found is None else f"{found.member.person.salutation} {found.member.person.name}"


def _say(told: dict[str, Any]) -> None:
    from locales import say

    print(f"Siaran {told['id']} {say('broadcast.state.' + told['state'])}.")


def _print_status(number: int) -> None:
    print(_told(*office.read(lambda conn: _where(conn, number))))


def _told(broadcast: Broadcast, account: Account) -> str:
    from conversations.broadcasts.texts import standing_lines
    from locales import say

    state = say(f"broadcast.state.{broadcast.state}")
    begins = (
        f" Mulai {_local(broadcast.starts_at, office.settings().zone)}."
        if broadcast.starts_at
        else ""
    )
    heading = say("broadcast.heading", id=broadcast.id, state=state) + begins
    if broadcast.stalled:
        again = f"kawan broadcast resume {broadcast.id}"
        heading += f"\nTerhenti karena gangguan di sistem. Teruskan dengan: {again}"
    return "\n".join([heading, *standing_lines(broadcast, account)])


def _follow(number: int) -> None:
    """Look until it is over: a bar on a terminal, a line for every change in a pipe."""
    from conversations.broadcasts.broadcast import State

    moving, earlier = (State.SCHEDULED, State.RUNNING), ""
    broadcast, account = office.read(lambda conn: _where(conn, number))
    with office.progress(f"Siaran {number}", account.planned or None) as at:
        while broadcast.state in moving and not broadcast.stalled:
            at(account.settled, account.planned or None)
            line = f"{account.settled} dari {account.planned}, terkirim {account.sent}"
            if not sys.stdout.isatty() and line != earlier:
                print(line, flush=True)
                earlier = line
            time.sleep(_LOOK_AGAIN)
            broadcast, account = office.read(lambda conn: _where(conn, number))
        at(account.settled, account.planned or None)
    print(_told(broadcast, account))


def _where(conn: Connection, number: int) -> tuple[Broadcast, Account]:
    from storage import recipients

    broadcast = _one(conn, number)
    return broadcast, recipients.account(conn, broadcast.id)


def _one(conn: Connection, number: int) -> Broadcast:
    from conversations.broadcasts.broadcast import BroadcastId
    from storage import broadcasts

    broadcast = broadcasts.one(conn, BroadcastId(number))
    if broadcast is None:
        raise office.Stop(f"Tidak ada siaran nomor {number}. Lihat: kawan broadcast list")
    return broadcast


def _as_json(broadcast: Broadcast, account: Account) -> dict[str, Any]:
    from conversations.broadcasts.audience import written

    return {
        "id": broadcast.id,
        "state": broadcast.state,
        "stalled": broadcast.stalled,
        "audience": written(broadcast.audience),
        "starts_at": broadcast.starts_at,
        "expires_at": broadcast.expires_at,
        "account": account,
    }


def _local(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H.%M}"


def _now(conn: Connection) -> datetime:
    """The time; in sample mode as far ahead as somebody has moved it."""
    from datetime import UTC, datetime

    from bot.clock import ahead

    return datetime.now(UTC) + ahead(conn)
