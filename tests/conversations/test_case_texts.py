"""Every text of the desk: there, short enough for a phone, its buttons small enough to send."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conversations
from conversations import dialogue as d
from conversations.casework import desk
from conversations.concerns.case import Outcome, Phone, ReferralState, Stage
from conversations.danger import DangerClass
from conversations.message import printed
from locales import catalogue
from tests.conversations import desks
from tests.conversations.desks import POLICE, RINI, a_desk, case, rini, sari
from tests.conversations.world import a_caregiver

LONGEST, WIDEST = 300, 64
LISTS = (r"Kasus: \d", r"Tugas terbuka", r"Kunjungan: \d", r"\S+ · ", r"\d\d/\d\d ")
"""What staff asked for may be longer: lists, and everything that is known of a case."""

NEVER = re.compile(
    r"\b(kamu|anda|mengapa|kenapa|yakin|rahasia|pasti aman|segera datang)\b", re.IGNORECASE
)


def keys() -> set[str]:
    """Keys by name in the files of the desk, and those made of a stored word."""
    folder = Path(conversations.__file__).parent
    rooms = [*(folder / "concerns").glob("*.py"), *(folder / "casework").glob("*.py")]
    sources = [folder / "staff.py", *rooms]
    named = {
        key
        for source in sources
        for key in re.findall(r'"((?:case|visit|staff|agency)\.[a-z_.]+)"', source.read_text())
    }
    return (
        named
        | {f"case.stage.{one}" for one in Stage}
        | {f"case.outcome.{one}" for one in Outcome}
        | {f"case.referral.{one}" for one in ReferralState}
        | {f"case.answered.{one}" for one in ReferralState if one is not ReferralState.ASKED}
        | {f"case.phone.{one}" for one in Phone}
        | {f"case.class.{one}" for one in DangerClass}
        | {f"case.role.{one}" for one in d.Role}
        | {f"case.step.{one}" for one in set(desk.STEPS) - {"balas", "hapus"}}
        | {f"case.{word}_{ask}" for word in ("serahkan", "kecualikan") for ask in ("how", "whom")}
    )


def test_every_text_of_the_desk_exists() -> None:
    assert len(keys()) > 120
    assert keys() - set(catalogue("id")) == set()


@pytest.mark.parametrize("key", sorted(keys()))
def test_no_text_of_the_desk_says_what_is_never_said(key: str) -> None:
    assert not NEVER.search(catalogue("id")[key])


def test_a_whole_case_is_led_in_messages_that_a_phone_shows_at_once() -> None:
    dimas, code = a_desk()
    world = dimas.world
    world.cases._case(
        code, reporter_role="caregiver", hide_name=True, may_call="boleh", safe="belum"
    )
    world.cases._task(code, about_name="Mbah Siti Aminah", danger_class="sexual_violence")
    siti = desks.Phone(world, id=7, salutation="Mbah")
    world.apply(siti.person, desks.extended(code, "waktu: besok pagi sesudah dari pasar " * 4))
    a_caregiver(world, id=8).says("anak sebelah rumah dipukuli terus sama bapaknya")
    other = next(one for one in world.open_tasks if one != code)
    orders = (
        f"terima {code}",
        f"baca {code}",
        "tindakan",
        f"tindakan {code} ditelepon",
        f"rencana {code} besok",
        "telepon lagi",
        f"tahap {code}",
        f"level {code}",
        f"level {code} kuning",
        "lewati",
        f"rujuk {code}",
        f"rujuk {code} #{POLICE.id}",
        "1",
        f"jawaban {code}",
        "1",
        f"kunjungi {code}",
        "1",
        "1",
        f"serahkan {code}",
        f"kecualikan {code}",
        "lewati",
        f"kaitkan {code} {other}",
        f"gabung {code} {other}",
        f"lainnya {code}",
        "kasus saya",
        f"selesai {code} aman sudah",
        f"baca {code}",
    )
    visit = ""

    for said in orders:
        dimas.says(said)
        visit = next((one for one in world.cases.visits), visit)
    coordinator, cadre = sari(dimas), rini(dimas)
    for said in ("kasus saya", f"kembalikan {code}", "temui gurunya", f"setujui {code}"):
        coordinator.says(said)
    for said in (f"baca {visit}", f"terima {visit}", f"catat {visit}", "sudah", f"selesai {visit}"):
        cadre.says(said)

    shown = [*dimas.screen, *coordinator.screen, *cadre.screen]
    long = [
        printed(message)
        for message in shown
        if len(printed(message)) > LONGEST and not any(re.match(one, message.text) for one in LISTS)
    ]
    assert long == []
    payloads = {choice.payload for message in shown for choice in message.choices}
    assert max(len(payload.encode()) for payload in payloads) <= WIDEST
    assert f"t:kunjungi:{code}:#{RINI}" in payloads
    assert case(dimas, code).task.owner == dimas.person.id
