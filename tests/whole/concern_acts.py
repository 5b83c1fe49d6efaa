"""What people do about concerns: reporting in every way, working on cases, failing to, and trouble.

Each act is one event of the history; how often it comes stands in `ACTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from random import Random
from typing import Any, Final

from conversations.dialogue import PersonId, Role
from storage import shifts, staff
from storage.shifts import NewDuty
from tests.whole.concerns import HOLD, Act, Colleague, Office, Town
from tests.whole.life import PROGRAMME, Somebody
from tests.whole.marks import OF_FAMILIES, OF_STAFF, letters

SAID: Final = (
    "Cucu saya {child} dipukuli bapaknya sampai berdarah {told}",
    "{child} dilecehkan pamannya {told}",
    "anak {child} ditinggal sendirian tidak ada yang memberi makan {told}",
    "{child} disuruh ngemis di jalan tiap malam {told}",
    "{child} menangis terus dan murung {told}",
    "{child} sering bolos sekolah {told}",
)
ANSWERS: Final = ("1", "2", "3", "lewati", "kemarin sore {told}", "0", "{child} di RT 3 {told}")
CROWDED: Final = 30
"""Open tasks from which on staff clear up before anything else."""


def _child(town: Town) -> str:
    return f"{OF_FAMILIES}{letters(town.number())}".title()


def _words(town: Town, dice: Random, templates: Sequence[str] = SAID) -> str:
    return dice.choice(templates).format(child=_child(town), told=town.told())


async def report_in_one_message(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    await office.says(town.of(dice, "caregiver", "cadre"), _words(town, dice))


async def report_by_a_stranger(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    somebody = Somebody(PersonId(0), f"hp-{town.number()}", "stranger")
    for _ in range(dice.choice((1, 1, 3))):
        await office.says(somebody, _words(town, dice, (*SAID, *ANSWERS)))


async def report_by_the_form(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    person = town.of(dice, "caregiver", "cadre")
    await office.says(person, dice.choice(("lapor", "saya mau lapor")))
    for _ in range(dice.randrange(1, 10)):
        await office.says(person, _words(town, dice, (SAID[0], *ANSWERS, *ANSWERS)))


async def report_inside_a_checkin(offices: Sequence[Office], dice: Random) -> None:
    """Danger words in answer to a question of the week; to any other message without one."""
    office = dice.choice(offices)
    town = office.village
    rows = await office.asks(
        "SELECT person_id FROM interviews WHERE conversation = 'checkin' AND status = 'running'"
    )
    asked = [town.people[row.person_id] for row in rows if row.person_id in town.people]
    if asked:
        town.events["of these inside a running check-in"] += 1
    person = dice.choice(asked) if asked else town.of(dice, "caregiver")
    await office.says(person, _words(town, dice))


async def report_for_somebody_without_a_phone(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    cadre = town.of(dice, "cadre")
    await office.says(cadre, f"BANTU {dice.randrange(1, 8)}", _words(town, dice), "1", "SELESAI")


async def report_about_staff_by_name(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    name = dice.choice(list(town.office.values())).name
    said = f"{name} memukuli {_child(town)} sampai berdarah {town.told()}"
    await office.says(town.of(dice, "caregiver", "cadre"), said)


async def report_about_staff_by_button(offices: Sequence[Office], dice: Random) -> None:
    """After a report: who says that it is about a cadre or staff is heard by somebody outside."""
    office = dice.choice(offices)
    town = office.village
    person = town.of(dice, "caregiver", "cadre")
    await office.says(person, _words(town, dice), "1", "Ini tentang kader atau petugas")


async def go_on_answering(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    await office.says(town.of(dice, "caregiver", "cadre"), _words(town, dice, ANSWERS))


async def edit_a_message(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    said = {"t": _words(town, dice), "edited": "1"}
    await office.hears(town.of(dice, "caregiver", "cadre"), said)


async def send_a_file(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    person = office.village.of(dice, "caregiver", "cadre")
    await office.hears(person, {"k": dice.choice(("voice", "image", "sticker"))})


async def ask_for_news(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    person = office.village.of(dice, "caregiver", "cadre")
    await office.says(person, dice.choice(("apa kabar laporan saya?", "MELATI", "hapus jejak")))


async def stop_or_begin_again(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    person = office.village.of(dice, "caregiver")
    await office.says(person, dice.choice(("BERHENTI", "MULAI", "MULAI")))


async def ask_to_be_erased(offices: Sequence[Office], dice: Random) -> None:
    """Whoever is erased has to agree anew when she writes again: somebody new moves in."""
    office = dice.choice(offices)
    await office.says(office.village.of(dice, "caregiver"), "HAPUS DATA SAYA", "1")


async def _open(office: Office) -> list[Any]:
    return await office.asks(
        "SELECT t.code, t.kind, t.level, t.owner_id, t.accepted_at, t.acted_at, t.due_at,"
        " c.closing_by, coalesce(c.outside, false) AS outside"
        " FROM tasks t LEFT JOIN cases c ON c.code = t.code"
        " WHERE t.status IN ('open', 'accepted') ORDER BY t.created_at, t.code"
    )


def _worker(town: Town, row: Any, dice: Random) -> Colleague:
    """Whoever owns it most of the time; else anybody of the office."""
    owner = town.office.get(row.owner_id)
    if owner is not None and dice.random() < 0.85:
        return owner
    return dice.choice(list(town.office.values()))


ORDERS: Final = (
    (5, "TERIMA {code}"),
    (3, "BACA {code}"),
    (3, "CATAT {code} sudah ditelepon {told}"),
    (5, "TINDAKAN {code} menengok rumahnya {told}"),
    (3, "RENCANA {code} besok jam 9 telepon nenek {told}"),
    (1, "RENCANA {code} lusa jam 14 rapat {told}"),
    (1, "TAHAP {code} asesmen"),
    (2, "LEVEL {code} merah"),
    (2, "LEVEL {code} kuning sudah dilihat {told}"),
    (4, "SERAHKAN {code} {name}"),
    (5, "KECUALIKAN {code} {name}"),
    (4, "GABUNG {code} {other}"),
    (4, "KAITKAN {code} {other}"),
    (4, "RUJUK {code}"),
    (2, "JAWABAN {code} diterima"),
    (4, "KUNJUNGI {code}"),
    (1, "BALAS {code} kami sudah baca"),
    (5, "SELESAI {code} aman sudah dilihat {told}"),
    (2, "SELESAI {code}"),
    (3, "SETUJUI {code}"),
    (2, "KEMBALIKAN {code} belum lengkap {told}"),
    (1, "KASUS SAYA"),
    (1, "TUGAS"),
    (1, "JAGA"),
    (1, "SIAP"),
)
CHOSEN: Final = ("RUJUK", "KUNJUNGI", "KECUALIKAN", "GABUNG", "SELESAI")
"""Orders that ask back: which office, which cadre, whether that is what was meant."""


async def work_on_a_case(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    rows = await _open(office)
    if not rows:
        return
    row, other = dice.choice(rows), dice.choice(rows)
    worker = _worker(town, row, dice)
    [(_, order)] = dice.choices(ORDERS, [weight for weight, _ in ORDERS])
    said = order.format(
        code=row.code,
        other=other.code,
        told=town.told(),
        name=dice.choice(list(town.office.values())).name,
    )
    await office.says(worker, said)
    if said.startswith(CHOSEN):
        await office.says(worker, "1", "1")
    if len(rows) > CROWDED:
        await clear_up(offices, dice)


async def visit_a_family(offices: Sequence[Office], dice: Random) -> None:
    """A cadre who was asked to look in goes there, and says so."""
    office = dice.choice(offices)
    town = office.village
    visits = [row for row in await _open(office) if row.owner_id in town.people]
    if not visits:
        return
    row = dice.choice(visits)
    said = dice.choice(("BACA {}", "TERIMA {}", "CATAT {} sudah ke sana", "SELESAI {} sudah"))
    await office.says(town.people[row.owner_id], said.format(row.code))


async def see_a_case_through(offices: Sequence[Office], dice: Random) -> None:
    """Taken, acted upon, planned, closed and approved, with time in between."""
    office = dice.choice(offices)
    town = office.village
    rows = await _open(office)
    if not rows:
        return
    row = dice.choice(rows)
    worker = _worker(town, row, dice)
    await office.says(worker, f"TERIMA {row.code}")
    at = float(dice.randrange(3, 100))
    office.later(worker, f"TINDAKAN {row.code} menelepon {town.told()}", at)
    if dice.random() < 0.4:
        at += dice.randrange(5, 60)
        office.later(worker, f"RENCANA {row.code} besok jam 9 menengok {town.told()}", at)
    at += dice.randrange(30, 4000)
    office.later(worker, f"SELESAI {row.code} aman sudah baik {town.told()}", at)
    chief = town.colleague(dice, Role.COORDINATOR, Role.FOCAL)
    office.later(chief, f"SETUJUI {row.code}", at + dice.randrange(5, 900))


async def clear_up(offices: Sequence[Office], dice: Random) -> None:
    """The oldest open tasks are closed, by whoever has them and whoever approves."""
    office = dice.choice(offices)
    town = office.village
    for row in (await _open(office))[:12]:
        owner = town.office.get(row.owner_id)
        if owner is None:
            continue
        closes = "HAPUS {} sudah dipastikan" if row.kind == "erasure" else "SELESAI {} aman baik"
        await office.says(owner, f"TERIMA {row.code}", f"TINDAKAN {row.code} dilihat")
        await office.says(owner, closes.format(row.code))
        for chief in [
            one for one in town.office.values() if one.role in (Role.COORDINATOR, Role.FOCAL)
        ]:
            await office.says(chief, f"SETUJUI {row.code}")


async def open_again(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    rows = await office.asks(
        "SELECT t.code, t.owner_id FROM tasks t JOIN cases c ON c.code = t.code"
        " WHERE t.status = 'closed' ORDER BY t.closed_at DESC, t.code LIMIT 20"
    )
    if rows:
        row = dice.choice(rows)
        await office.says(
            _worker(town, row, dice), f"BUKA LAGI {row.code} datang lagi {town.told()}"
        )


async def nobody_answers(offices: Sequence[Office], dice: Random) -> None:
    """Some of staff, or all, notice nothing for hours."""
    town = offices[0].village
    everybody = list(town.office.values())
    for one in dice.choice((everybody, dice.sample(everybody, 3))):
        one.away_until = offices[0].clock.at + timedelta(minutes=dice.choice((30, 120, 400)))


async def block_the_bot(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    town = office.village
    somebody = dice.choice([*town.office.values(), *town.people.values()])
    await office.hears(somebody, {"k": "left"})


async def come_back(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    rows = await office.asks("SELECT person_id FROM addresses WHERE blocked_at IS NOT NULL")
    town = office.village
    gone = [town.office.get(r.person_id) or town.people.get(r.person_id) for r in rows]
    there = [one for one in gone if one is not None]
    if there:
        await office.hears(dice.choice(there), {"k": "came_back"})


async def somebody_leaves(offices: Sequence[Office], dice: Random) -> None:
    """An account is ended at once, and another member of staff comes in her place."""
    office = dice.choice(offices)
    town, now = office.village, office.clock.at
    going = dice.choice(list(town.office.values()))
    del town.office[going.id]
    await office.write(lambda conn: staff.remove(conn, going.account, now))
    number = len(town.office) + town.number()
    newcomer = await office.joins(f"Mbak {OF_STAFF}{letters(number)}".title(), Role(going.role))
    if newcomer.role in (Role.STAFF, Role.COORDINATOR) and dice.random() < 0.5:
        await _on_the_roster(office, newcomer, dice)


async def change_the_roster(offices: Sequence[Office], dice: Random) -> None:
    office = dice.choice(offices)
    now = office.clock.at
    rows = await office.asks("SELECT id FROM duties WHERE ended_at IS NULL ORDER BY id")
    if len(rows) > 8:
        duty = dice.choice(rows).id
        await office.write(lambda conn: shifts.remove(conn, duty, now))
    else:
        who = office.village.colleague(dice, Role.STAFF, Role.COORDINATOR)
        await _on_the_roster(office, who, dice)


async def _on_the_roster(office: Office, who: Colleague, dice: Random) -> None:
    now = office.clock.at
    today: date = now.astimezone(PROGRAMME.zone).date()
    begins, ends = dice.choice(((6, 18), (18, 6), (0, 0), (8, 16)))
    new = NewDuty(who.id, time(begins), time(ends), today, dice.randrange(1, 4), dice.randrange(7))
    await office.write(lambda conn: shifts.add(conn, new, now, PROGRAMME.zone))


async def process_dies(offices: Sequence[Office], dice: Random) -> None:
    await dice.choice(offices).dies()


async def everything_stands_still(offices: Sequence[Office], dice: Random) -> None:
    """The machine is off, from a minute to a day."""
    clock, town = offices[0].clock, offices[0].village
    town.stops += 1
    clock.passes(timedelta(minutes=round((24 * 60) ** dice.random())))
    for one in offices:
        await one.dies()
    town.running_since = clock.at


async def clock_is_set(offices: Sequence[Office], dice: Random) -> None:
    """Back or ahead; after a great leap ahead due work waits, in case it was a mistake."""
    clock, town = offices[0].clock, offices[0].village
    clock.jumps(timedelta(minutes=dice.choice((-45, -5, 3, 8, 50))))
    town.running_since = clock.at + HOLD


ACTS: Final[tuple[tuple[int, Act], ...]] = (
    (10, report_in_one_message),
    (4, report_by_a_stranger),
    (6, report_by_the_form),
    (4, report_inside_a_checkin),
    (3, report_for_somebody_without_a_phone),
    (5, report_about_staff_by_name),
    (3, report_about_staff_by_button),
    (10, go_on_answering),
    (3, edit_a_message),
    (4, send_a_file),
    (4, ask_for_news),
    (3, stop_or_begin_again),
    (1, ask_to_be_erased),
    (40, work_on_a_case),
    (40, see_a_case_through),
    (4, visit_a_family),
    (4, open_again),
    (4, nobody_answers),
    (4, block_the_bot),
    (8, come_back),
    (3, somebody_leaves),
    (6, change_the_roster),
    (3, process_dies),
    (3, everything_stands_still),
    (3, clock_is_set),
)
