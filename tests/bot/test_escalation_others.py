"""The ladder on its way: what the reporter is told, the other levels, what is late, about staff."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from conversations.dialogue import Role
from conversations.level import Level
from storage import alerts, schema
from storage.database import Database
from tests.bot.watches import CODE, MINUTES, NIGHT, a_night
from tests.storage.builders import a_seat, without_phone


async def test_about_staff_only_the_focal_person_is_called_and_late_a_coordinator_who_telephones(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], list[str], list[Any]]:
        night = a_night(conn)
        night.report(outside=True)
        night.lives(minutes=46)
        columns = schema.outbox.c
        body = select(columns.id).where(columns.person_id == night.staff["Ani"])
        return night.calls(), night.heard("Ani"), list(conn.execute(body))

    calls, ani, _ = await database.write(unit)

    assert calls == [(0, ["Fokal"]), (15, ["Fokal"]), (30, ["Fokal"]), (45, ["Fokal", "Ani"])]
    assert ani == [
        f"MERAH · {CODE}\nIni untuk petugas luar program, dan belum dijawab."
        " Mohon telepon petugas luar itu sekarang."
    ]


async def test_the_reporter_is_told_once_that_nobody_answers_with_110_first(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[tuple[int, datetime]]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=70)
        columns = schema.outbox.c
        rows = conn.execute(
            select(columns.priority, columns.not_before).where(columns.purpose == "unanswered")
        )
        return night.heard("siti"), [tuple(row) for row in rows]

    heard, rows = await database.write(unit)

    assert len(heard) == 1
    assert "telepon 110 (Polisi), 129 (SAPA 129)" in heard[0]
    assert CODE not in heard[0]
    assert "kasus" not in heard[0].casefold()
    assert rows == [(1, NIGHT + 15 * MINUTES)]


async def test_a_cadre_learns_it_with_her_code_and_the_telephone_of_duty(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        night = a_night(conn)
        night.phone = "0812-3456-7890"
        cadre = night.report(by="rini")
        changed = update(schema.people).where(schema.people.c.id == cadre.id)
        conn.execute(changed.values(role=Role.CADRE.value))
        night.lives(minutes=16)
        return night.heard("rini")

    [heard] = await database.write(unit)

    assert heard.startswith(f"{CODE}: petugas belum menjawab.")
    assert heard.index("110") < heard.index("129") < heard.index("0812-3456-7890")


async def test_the_reporter_hears_nothing_once_somebody_has_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], str]:
        night = a_night(conn)
        siti = night.report()
        night.lives(minutes=14)
        night.says("Rina", button=f"t:terima:{CODE}")
        alerts.tell_reporter(conn, CODE, siti.id, night.now)
        night.lives(minutes=5)
        outcome = select(schema.due.c.outcome).where(schema.due.c.kind == "unanswered")
        return night.heard("siti"), conn.execute(outcome).scalar_one()

    assert await database.write(unit) == ([], "skipped: somebody has it")


async def test_after_a_lapse_the_reporter_is_told_once_more(database: Database) -> None:
    def unit(conn: Connection) -> int:
        night = a_night(conn)
        night.report()
        night.lives(minutes=16)
        night.says("Rina", button=f"t:terima:{CODE}")
        night.lives(minutes=120)
        return len(night.heard("siti"))

    assert await database.write(unit) == 2


async def test_an_oranye_waits_for_working_hours_and_its_coordinator_for_the_day_after(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        night = a_night(conn)
        night.report(Level.ORANYE)
        night.lives(hours=40)
        return [
            f"{NIGHT + minute * MINUTES:%a %H:%M} {', '.join(names)}"
            for minute, names in night.calls()
        ]

    assert await database.write(unit) == [
        "Tue 21:07 Dimas, Rina",
        "Wed 12:00 Dimas, Rina, Sari, Ani",
        "Wed 16:00 Dimas, Rina, Sari, Yuli, Ani",
        "Wed 21:07 Dimas, Rina, Sari, Yuli, Ani",
        "Thu 08:00 Dimas, Rina, Sari, Yuli, Ani",
        "Thu 12:00 Dimas, Rina, Sari, Yuli, Ani",
    ]


async def test_an_oranye_taken_without_action_comes_to_the_coordinator_and_again_each_morning(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        night = a_night(conn)
        night.report(Level.ORANYE)
        night.says("Dimas", button=f"t:terima:{CODE}")
        night.lives(hours=60)
        times = [
            f"{NIGHT + minute * MINUTES:%a %H:%M} {', '.join(names)}"
            for minute, names in night.calls()
        ]
        return times, night.heard("Ani")

    times, ani = await database.write(unit)

    assert times == [
        "Tue 21:07 Dimas, Rina",
        "Wed 21:07 Dimas, Ani",
        "Thu 08:00 Dimas, Ani",
        "Fri 08:00 Dimas, Ani",
    ]
    assert ani[0].startswith(f"ORANYE · {CODE}\nLewat waktunya.")
    assert ani[1].startswith("Lewat waktunya: 1.")


async def test_what_is_late_in_the_morning_comes_in_one_message(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        night = a_night(conn)
        for number in range(12):
            night.report(Level.KUNING, code=f"LDK-26-{number:04}")
        night.lives(hours=72 + 10)
        before = len(night.heard("Ani"))
        night.lives(hours=2)
        return night.heard("Ani")[before:]

    [heard] = await database.write(unit)

    assert heard.startswith("Lewat waktunya: 12.")
    assert "masih ada 4 lagi" in heard


async def test_a_kuning_is_called_after_three_days_and_a_hijau_never(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[tuple[int, list[str]]]]:
        night = a_night(conn)
        night.report(Level.KUNING)
        night.report(Level.HIJAU, code="LDK-26-0002")
        night.lives(days=9)
        times = [
            f"{NIGHT + minute * MINUTES:%a %H:%M} {', '.join(names)}"
            for minute, names in night.calls()[:3]
        ]
        return times, night.calls("LDK-26-0002")[1:]

    times, hijau = await database.write(unit)

    assert times == ["Tue 21:07 Dimas", "Sat 08:00 Dimas, Ani", "Sun 08:00 Dimas, Ani"]
    assert hijau == []


async def test_a_reporter_without_a_phone_is_told_through_who_types_for_her(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], int]:
        night = a_night(conn)
        siti = night.report()
        cadre = a_seat(conn, "rini")
        addresses = schema.addresses
        without_phone(conn, siti)
        helps = addresses.update().where(addresses.c.id == cadre.address_id)
        until = night.now + timedelta(minutes=5)
        conn.execute(helps.values(assisting_id=siti.id, assisting_until=until))
        night.lives(minutes=16)
        rows = select(schema.outbox.c.person_id).where(schema.outbox.c.purpose == "unanswered")
        return list(conn.execute(rows).scalars()), cadre.person.id

    told, cadre = await database.write(unit)

    assert told == [cadre]
