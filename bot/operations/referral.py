"""Referrals by command: a sheet for an office, what offices were told, what they answered.

Telling an office is a decision of a human being: it has a name and a reason, and is recorded. What
a member of staff may do here is what she may do in chat (`conversations/permission.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.operations.deciding import record, who_decides
from bot.operations.desk import Desk, Operation, OperationRefused
from bot.printing.referral_sheet import Quote, Sheet, indonesian
from conversations.concerns.case import (
    Agency,
    Case,
    Contact,
    ContactId,
    Noted,
    Referral,
    ReferralId,
    ReferralState,
)
from conversations.concerns.clocks import clocks
from conversations.concerns.event import ReferralAnswered, Referred
from conversations.dialogue import Child, Event, Person, PersonId, Task
from conversations.helping.helped import SALUTATIONS
from conversations.permission import Act, may
from conversations.schools.announcing import zone_name
from locales import say
from storage import children, colleagues, events, people, tasks
from storage.cases import StoredCases
from storage.handing import ImpossibleStep
from storage.people import Village

ASKED_OF: Final = {
    Agency.UPTD_PPA: "Asesmen dan pendampingan; tempat aman bila diperlukan.",
    Agency.POLRES_PPA: "Perlindungan segera dan penanganan menurut hukum.",
    Agency.PUSKESMAS: "Pemeriksaan dan perawatan; visum bila diperlukan.",
    Agency.HOSPITAL: "Pemeriksaan dan perawatan; visum bila diperlukan.",
}
ASKED: Final = "Tindak lanjut sesuai tugas lembaga, dan kabar kembali kepada petugas kami."

LAWYER: Final = "Pastikan ke ahli hukum apakah berlaku untuk program ini."

_SAID: Final = frozenset({"told", "added"})
_DONE: Final = {"accepted": "diterima petugas", "acted": "tindakan", "stage": "tahap"}
_MOST_DONE: Final = 8
_MOST_QUOTES: Final = 40
_ONLY_FILE: Final = "(rekaman atau gambar; ada pada kami, tidak disertakan)"
_SHORTEST_NAME: Final = 3
_SAFE_TIMES: Final = ("kapan_bicara", "waktu")


async def referral_sheet(
    desk: Desk,
    code: str,
    contact: int,
    reason: str,
    by: str,
    decide: bool = False,
    with_reporter: bool = False,
    ask: str = "",
) -> dict[str, Any]:
    """What stands on the sheet for one office; with `decide` the decision to tell it, too."""
    now = desk.now()
    if not reason.strip():
        raise OperationRefused("tulis alasan merujuk, misalnya --reason …: alasan dicatat")

    def unit(conn: Connection) -> dict[str, Any]:
        case, task, person = _allowed(desk, conn, code, by, now)
        cases = StoredCases(conn, now, desk.settings.zone)
        office = cases.contact(ContactId(contact))
        if office is None:
            raise OperationRefused(f"tidak ada lembaga nomor {contact}: lihat kawan directory list")
        if with_reporter and case.hide_name:
            raise OperationRefused("pelapor meminta namanya tidak disebut: buat tanpa namanya")
        if not _told(cases.referrals(case.code), office):
            if not decide:
                raise OperationRefused(
                    f"belum ada keputusan merujuk {case.code} ke {office.name}: kalau sudah"
                    " diputuskan, ulangi dengan --decide"
                )
            _apply(conn, person, Referred(case.code, office.id, reason.strip()), now)
        told = _told(cases.referrals(case.code), office)
        record(conn, person, "referral sheet made", case.code, now, reason)
        sheet = _sheet(desk, conn, case, task, office, person.name, now, with_reporter, ask)
        return {"referral": told[-1].id, "sheet": asdict(sheet)}

    answer: dict[str, Any] = await desk.database.write(unit)
    desk.wake()
    return answer


async def referral_list(desk: Desk, code: str, by: str) -> list[dict[str, Any]]:
    """Whom a case was told to, and what they answered; looking is recorded."""
    now = desk.now()

    def unit(conn: Connection) -> list[dict[str, Any]]:
        case, _, person = _allowed(desk, conn, code, by, now)
        found = StoredCases(conn, now, desk.settings.zone).referrals(case.code)
        record(conn, person, "referrals read", case.code, now)
        return [_plain(conn, one) for one in found]

    return await desk.database.write(unit)


async def referral_answer(
    desk: Desk, id_: int, state: str, by: str, note: str = ""
) -> dict[str, Any]:
    """What an office answered: diterima, ditolak, selesai."""
    now = desk.now()
    answers = {one.value: one for one in ReferralState if one is not ReferralState.ASKED}
    if state not in answers:
        raise OperationRefused(f"jawaban {state!r} tidak dikenal: pilih {', '.join(answers)}")

    def unit(conn: Connection) -> dict[str, Any]:
        cases = StoredCases(conn, now, desk.settings.zone)
        told = cases.referral(ReferralId(id_))
        if told is None:
            raise OperationRefused(f"tidak ada rujukan nomor {id_}: lihat kawan referral list KODE")
        _, _, person = _allowed(desk, conn, told.code, by, now)
        _apply(conn, person, ReferralAnswered(told.id, answers[state], note.strip()), now)
        return {"code": told.code, "office": told.contact.name, "state": state}

    answer: dict[str, Any] = await desk.database.write(unit)
    desk.wake()
    return answer


def _allowed(
    desk: Desk, conn: Connection, code: str, by: str, now: datetime
) -> tuple[Case, Task, Person]:
    """The case, for a member of staff who may work on it; the same refusal for every other."""
    person = who_decides(conn, by)
    case = StoredCases(conn, now, desk.settings.zone).case(code)
    task = tasks.by_code(conn, case.code) if case is not None else None
    if case is None or task is None or not may(person, Act.WORK_ON_CASE, task):
        raise OperationRefused(
            f"tidak ada kasus {code.strip().upper()} yang boleh dikerjakan {person.name}"
        )
    return case, task, person


def _told(referrals: tuple[Referral, ...], office: Contact) -> list[Referral]:
    """Decisions to tell this office that it has not refused."""
    refused = ReferralState.REFUSED
    return [one for one in referrals if one.contact.id == office.id and one.state is not refused]


def _apply(conn: Connection, person: Person, event: Event, now: datetime) -> None:
    """What chat would have brought about, by the same functions."""
    try:
        events.apply(conn, person, people.NOWHERE, [event], now)
    except ImpossibleStep:
        raise OperationRefused("kasus ini sudah ditutup: buka lagi dahulu") from None


def _sheet(
    desk: Desk,
    conn: Connection,
    case: Case,
    task: Task,
    office: Contact,
    sender: str,
    now: datetime,
    with_reporter: bool,
    ask: str,
) -> Sheet:
    cases = StoredCases(conn, now, desk.settings.zone)
    home = _village(conn, case)
    zone = ZoneInfo(home.zone if home else desk.settings.timezone)
    noted = cases.history(case.code)
    child = children.one(conn, task.child) if task.child is not None else None

    def when(at: datetime) -> str:
        return indonesian(at, zone, zone_name(zone.key))

    reporter = task.about_name if with_reporter else ""
    tellers = {one.by: one.name for one in noted if one.action == "told"}
    unnamed = [name for by, name in tellers.items() if by != task.about]
    hidden = _without_names(*unnamed, *([] if reporter else [task.about_name]))
    return Sheet(
        code=case.code,
        made=when(now),
        level=task.level.value,
        supposed=task.danger_class,
        to=f"{say(f'agency.{office.agency}')}: {office.name}",
        officer=office.officer,
        phone=office.phone,
        organisation=desk.settings.responsible,
        sender=sender,
        duty_phone=desk.settings.duty_phone,
        child=child.nickname if child else _last_said(noted, "siapa"),
        age=_age(child, now.astimezone(zone)),
        village=f"{home.name}, {home.district}".rstrip(", ") if home else "",
        reporter=reporter,
        hides=case.hide_name,
        reported=when(task.created_at),
        safe=case.safe,
        may_call=case.may_call,
        when_to_call=_last_said(noted, *_SAFE_TIMES),
        stage=case.stage.value,
        quotes=_quotes(
            [one for one in noted if one.action in _SAID], {task.about, *tellers}, when, hidden
        ),
        done=(*_done(noted, when, hidden), *_elsewhere(cases, case, office)),
        clocks=_clocks(cases, case, now, when),
        asked=" ".join(ask.split()) or ASKED_OF.get(office.agency, ASKED),
    )


def _quotes(
    said: Sequence[Noted],
    reporters: Collection[PersonId | None],
    when: Callable[[datetime], str],
    hidden: Callable[[str], str],
) -> tuple[Quote, ...]:
    """What was said, word by word; of a very long talk the first words and the newest."""
    first, later = said[:1], said[1:]
    newest = later[-_MOST_QUOTES:]
    quotes = [_quote(one, reporters, when, hidden) for one in (*first, *newest)]
    if left := len(later) - len(newest):
        quotes.insert(1, Quote("", "keterangan kami", f"({left} pesan lain ada pada kami)"))
    return tuple(quotes)


def _quote(
    one: Noted,
    reporters: Collection[PersonId | None],
    when: Callable[[datetime], str],
    hidden: Callable[[str], str],
) -> Quote:
    who = "pelapor" if one.by in reporters else "ditambahkan petugas atau kader"
    return Quote(when(one.at), who, hidden(one.text) or _ONLY_FILE)


def _done(
    noted: tuple[Noted, ...], when: Callable[[datetime], str], hidden: Callable[[str], str]
) -> list[str]:
    """Steps that staff recorded as done; their other notes stay in the house."""
    lines = [
        f"{when(one.at)}: {_DONE[one.action]}{f' {hidden(one.text)}' if one.text else ''}"
        for one in noted
        if one.action in _DONE
    ]
    return lines[-_MOST_DONE:]


def _elsewhere(cases: StoredCases, case: Case, office: Contact) -> list[str]:
    """Which other offices know of it."""
    return [
        f"sudah dirujuk ke {one.contact.name} ({one.state})"
        for one in cases.referrals(case.code)
        if one.contact.id != office.id
    ]


def _clocks(
    cases: StoredCases, case: Case, now: datetime, when: Callable[[datetime], str]
) -> tuple[str, ...]:
    """What the law asks by when; whether it binds this programme a lawyer says."""
    running = clocks(case, cases.referrals(case.code), now)
    return tuple(
        f"{say(one.name)} ({one.law}): {'lewat sejak' if one.over else 'paling lambat'}"
        f" {when(one.ends_at)}. {LAWYER}"
        for one in running
    )


def _last_said(noted: tuple[Noted, ...], *names: str) -> str:
    """The last answer to a question of the report, from the words kept for it."""
    answers = [
        words.strip()
        for one in noted
        if one.action == "added"
        for name, colon, words in [one.text.partition(":")]
        if colon and name.strip() in names
    ]
    return answers[-1] if answers else ""


def _without_names(*names: str) -> Callable[[str], str]:
    """Takes the names of reporters out of what is quoted, and shows that it did.

    >>> _without_names("Mbah Siti")("Saya Siti, mbahnya Adi")
    'Saya [nama pelapor], mbahnya Adi'
    """
    words = [
        re.escape(word)
        for name in names
        for word in re.findall(r"[^\W\d_]+", name)
        if len(word) >= _SHORTEST_NAME and word.casefold() not in SALUTATIONS
    ]
    if not words:
        return _unchanged
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
    return lambda text: pattern.sub("[nama pelapor]", text)


def _unchanged(text: str) -> str:
    return text


def _age(child: Child | None, today: datetime) -> str:
    years = child.age(today) if child else None
    return "" if years is None else f"{years} tahun"


def _village(conn: Connection, case: Case) -> Village | None:
    every = people.all_villages(conn)
    return next((one for one in every if one.id == case.village_id), None)


def _plain(conn: Connection, one: Referral) -> dict[str, Any]:
    return {
        "id": one.id,
        "office": one.contact.name,
        "agency": one.contact.agency,
        "by": colleagues.name_of(conn, one.by) if one.by is not None else "",
        "at": one.at,
        "state": one.state,
        "state_at": one.state_at,
    }


OPERATIONS: Final[tuple[Operation, ...]] = (referral_sheet, referral_list, referral_answer)
