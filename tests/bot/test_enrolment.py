"""The enrolment day by command: import, slips, poster, recording; and what each refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Connection

from bot import control
from bot.limits import Clock
from bot.media import MediaStore
from bot.operations import OPERATIONS, Desk, OperationRefused
from bot.printing import invitation, poster, slips
from bot.printing.invitation import NoBotName, NoNumber, Reach
from bot.printing.poster import Poster
from bot.printing.slips import Card
from conversations.dialogue import PersonId, Role
from conversations.event import CodeUsed
from conversations.helping.helped import Invited
from storage import audit, helping, joining, media, meta, people, schema, schools
from storage.database import Database
from storage.helping import StoredHelping
from storage.schools import NewSchool
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.bot.services import kawan, running, settings
from tests.conversations.world import Phone
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN as BOT_TOKEN
from tests.storage.builders import NOW, count

SITI = {
    "row": 2,
    "name": "Siti",
    "salutation": "Mbah",
    "relation": "nenek",
    "village": "",
    "role": "caregiver",
    "children": [["Adi", 2018]],
    "tags": [],
}
TINI = {**SITI, "row": 3, "name": "Tini", "children": []}
SOUND = b"OggS a recording"
BOTH = Reach("KawanAsuhBot", "6281234567890")
REACHES = (BOTH, Reach(telegram="KawanAsuhBot"), Reach(whatsapp="6281234567890"))


@pytest.fixture
async def desk(lite: Database, vault: Vault, clock: FastClock, tmp_path: Path) -> Desk:
    """A desk at which one school is open."""

    def unit(conn: Connection) -> None:
        village = people.add_village(conn, "Sumbersalak", "SBS")
        new = NewSchool("Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS", village_id=village)
        schools.open_(conn, new, NOW)

    await lite.write(unit)
    store = MediaStore(
        tmp_path / "media", lite, vault, channels={}, clock=cast("Clock", clock), dice=Random(1)
    )
    return Desk(
        settings=settings(tmp_path),
        database=lite,
        vault=vault,
        media=store,
        now=lambda: NOW,
        take_up=lambda _: None,
    )


async def imports(desk: Desk, *listed: Any, **more: Any) -> dict[str, Any]:
    asked = {"bad_rows": 0, "skip_bad": False, "dry_run": False, **more}
    answer = await OPERATIONS["enrol_import"](desk, school="bok-sbs", listed=list(listed), **asked)
    return cast("dict[str, Any]", answer)


async def people_there(desk: Desk) -> int:
    return await desk.database.read(lambda conn: count(conn, schema.people))


async def test_a_roster_is_imported_and_recorded(desk: Desk) -> None:
    answer = await imports(desk, SITI, TINI)

    [entry] = await desk.database.read(lambda conn: audit.latest(conn, 1))
    assert (answer["new"], answer["known"], answer["done"]) == (2, 0, True)
    assert (entry.action, entry.subject, entry.reason) == (
        "roster imported",
        "school:BOK-SBS",
        "2 new",
    )
    assert await people_there(desk) == 2


@pytest.mark.parametrize(
    ("more", "rows", "done"),
    [
        ({"bad_rows": 1}, 0, False),
        ({"bad_rows": 1, "skip_bad": True}, 1, True),
        ({"dry_run": True}, 0, False),
        ({"dry_run": True, "skip_bad": True}, 0, False),
    ],
)
async def test_all_or_nothing_unless_bad_rows_are_skipped(
    desk: Desk, more: dict[str, Any], rows: int, done: bool
) -> None:
    answer = await imports(desk, SITI, **more)

    assert answer["done"] is done
    assert await people_there(desk) == rows


async def test_an_unknown_village_is_a_bad_row_too(desk: Desk) -> None:
    lost = {**TINI, "village": "Atlantis"}

    refused = await imports(desk, SITI, lost)
    skipped = await imports(desk, SITI, lost, skip_bad=True)

    assert "baris 3, kolom desa" in refused["problems"][0]
    assert (refused["done"], skipped["done"]) == (False, True)
    assert await people_there(desk) == 1


async def test_everybody_without_a_phone_gets_a_code_that_is_good(desk: Desk) -> None:
    await imports(desk, SITI, TINI)

    made = await OPERATIONS["enrol_codes"](desk, school="BOK-SBS", numbers=[])

    codes = [code for _, _, code in made["cards"]]
    good = await desk.database.read(
        lambda conn: [joining.invited(conn, code, NOW) is not None for code in codes]
    )
    assert [(name, number) for name, number, _ in made["cards"]] == [
        ("Mbah Siti", 1),
        ("Mbah Tini", 2),
    ]
    assert good == [True, True]


async def test_one_slip_can_be_made_anew(desk: Desk) -> None:
    await imports(desk, SITI, TINI)

    made = await OPERATIONS["enrol_codes"](desk, school="BOK-SBS", numbers=[2])

    assert [name for name, _, _ in made["cards"]] == ["Mbah Tini"]


async def test_a_number_that_is_nobodys_makes_no_code(desk: Desk) -> None:
    await imports(desk, SITI)

    with pytest.raises(OperationRefused, match="nomor 9"):
        await OPERATIONS["enrol_codes"](desk, school="BOK-SBS", numbers=[1, 9])

    assert await desk.database.read(lambda conn: count(conn, schema.join_codes)) == 0


async def test_a_recording_can_be_played_and_replaces_the_one_before(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "persetujuan.ogg"
    file.write_bytes(SOUND)
    notice = OPERATIONS["enrol_notice"]

    await notice(desk, path=str(file))
    first = await desk.database.read(lambda conn: meta.get(conn, helping.NOTICE))
    await notice(desk, path=str(file))

    def unit(conn: Connection) -> Any:
        return StoredHelping(conn, NOW).notice(), media.to_erase(conn, 9)

    playable, doomed = await desk.database.read(unit)
    assert playable is not None
    assert doomed == ((first or b"").decode(),)
    assert (await desk.media.load(playable)).data == SOUND


@pytest.mark.parametrize(
    ("content", "said"), [(b"nama;hubungan", "bukan rekaman"), (None, "tidak terbaca")]
)
async def test_what_is_no_recording_is_refused(
    desk: Desk, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "daftar.csv"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(OperationRefused, match=said):
        await OPERATIONS["enrol_notice"](desk, path=str(file))


async def test_a_recording_that_is_too_large_is_refused_unread(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "panjang.ogg"
    with file.open("wb") as opened:
        opened.truncate(20 * 2**20 + 1)

    with pytest.raises(OperationRefused, match="20 MB"):
        await OPERATIONS["enrol_notice"](desk, path=str(file))


class Paper:
    """Takes down the rectangles that a QR is drawn with."""

    def __init__(self) -> None:
        self.colour = ""
        self.dark: list[tuple[float, float, float, float]] = []

    def set_fill_color(self, *colour: int) -> None:
        self.colour = "dark" if sum(colour) == 0 else "light"

    def rect(self, x: float, y: float, w: float, h: float, style: str) -> None:
        if self.colour == "dark":
            self.dark.append((x, y, w, h))


def test_the_drawn_code_is_the_code_module_by_module() -> None:
    import segno

    link = invitation.link("KawanAsuhBot", "BOK-SBS")
    matrix = segno.make(link, error="m", micro=False).matrix
    side = len(matrix) + 8
    paper = Paper()

    invitation.draw_qr(cast("Any", paper), link, 0, 0, side)

    drawn = {
        (round(y) - 4, round(x) - 4 + step) for x, y, w, _ in paper.dark for step in range(round(w))
    }
    dark = {(r, c) for r, row in enumerate(matrix) for c, module in enumerate(row) if module}
    assert drawn == dark


@pytest.mark.parametrize("reach", REACHES)
def test_ten_slips_fit_on_a_sheet(reach: Reach) -> None:
    cards = [Card(f"Mbah Siti {n}", n, "CDFGHJKM") for n in range(1, 12)]

    ten = slips.slips("Sekolah Bok-Ebok", reach, cards[:10])
    eleven = slips.slips("Sekolah Bok-Ebok", reach, cards)

    assert (_sheets(ten), _sheets(eleven)) == (1, 2)


def test_the_code_of_a_slip_is_heard_as_its_links_bring_it() -> None:
    ways = BOTH.own("CDFGHJKM")

    words = [parse_qs(urlsplit(way.link).query) for way in ways]

    assert words == [{"text": ["KODE CDFG-HJKM"]}, {"start": ["CDFGHJKM"]}]
    assert all(
        joining_by_code(said) for said in (words[0]["text"][0], f"/start {words[1]['start'][0]}")
    )


def test_a_name_in_letters_that_the_fonts_lack_is_still_printed() -> None:
    made = slips.slips("Sekolah", BOTH, [Card("Mbah Sĩtī 李 " * 9, 1, "CDFGHJKM")])

    assert _sheets(made) == 1


@pytest.mark.parametrize("role", poster.HEADING)
@pytest.mark.parametrize("reach", REACHES)
def test_a_poster_says_who_for_whom_and_that_it_costs_nothing(reach: Reach, role: Role) -> None:
    made = Poster(
        "Sekolah <Bok>", "Desa Sumbersalak", "BOK-SBS", reach, "Program Contoh", role=role
    )

    page = poster.html(made)

    for words in ("BOK-SBS", "18 tahun", "tidak dipungut biaya", "Program Contoh", "BERHENTI"):
        assert words in page
    assert ("@KawanAsuhBot" in page) == bool(reach.telegram)
    assert ("0812-3456-7890" in page) == bool(reach.whatsapp)
    assert page.count("<svg") == bool(reach.telegram) + bool(reach.whatsapp)
    assert "<Bok>" not in page
    assert _sheets(poster.pdf(made)) == 1


def test_an_invitation_to_a_task_says_that_paper_gives_no_right() -> None:
    cadres = Poster("Undangan kader", "Desa Sumbersalak", "KADER-SBS", BOTH, "", Role.CADRE)

    page = poster.html(cadres)

    assert "Petugas memastikan dulu" in page
    assert "sebelum petugas memastikan orangnya" in page
    assert "Sudah terdaftar" not in page


def test_the_chat_of_the_caregivers_stands_first() -> None:
    made = Poster("Desa Sumbersalak", "Jember", "SBS", BOTH, "")

    assert [way.link for way in made.ways] == [
        "https://wa.me/6281234567890?text=DAFTAR%20SBS",
        "https://t.me/KawanAsuhBot?start=SBS",
    ]


@pytest.mark.parametrize(
    "written", ["", "0812", "KawanAsuhBot", "https://t.me/6281234567890123456"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(NoNumber):
        invitation.number(written)


@pytest.mark.parametrize("written", ["", "x y", "KawanAsuh/../x", "a" * 40, "https://wa.me/62812"])
def test_what_is_no_bot_is_refused(written: str) -> None:
    with pytest.raises(NoBotName):
        invitation.bot_name(written)


def joining_by_code(said: str) -> bool:
    """Whether the words are heard as the code of Mbah Siti's slip."""
    phone = Phone()
    phone.world.helping.codes["CDFGHJKM"] = Invited(PersonId(31), good=True, has_phone=False)
    phone.says(said)
    return any(isinstance(event, CodeUsed) for event in phone.world.events)


def _sheets(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF")
    return pdf.count(b"/Type /Page\n")


async def opened(tmp_path: Path) -> None:
    """A programme with one school in this folder."""
    configured = settings(tmp_path / "data")

    def unit(conn: Connection) -> None:
        people.add_village(conn, "Sumbersalak", "SBS")
        schools.open_(conn, NewSchool("Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS"), NOW)

    async with control.desk(configured) as ours:
        await ours.database.write(unit)


async def test_the_commands_of_an_enrolment_day(tmp_path: Path) -> None:
    await opened(tmp_path)
    (tmp_path / "daftar.csv").write_text("nama;hubungan\nSiti;nenek\n12;nenek\n")
    school = ("--school", "BOK-SBS")

    refused = kawan("enrol", "import", "daftar.csv", *school, folder=tmp_path)
    skipped = kawan("enrol", "import", "daftar.csv", *school, "--skip-bad", folder=tmp_path)
    nameless = kawan("enrol", "codes", *school, "-o", "kartu.pdf", folder=tmp_path)
    codes = kawan(
        "enrol", "codes", *school, "-o", "kartu.pdf", "--bot", "KawanAsuhBot", folder=tmp_path
    )
    posters = [
        kawan(
            "enrol", "poster", *school, "-o", f"p.{kind}", "--bot", "KawanAsuhBot", folder=tmp_path
        )
        for kind in ("pdf", "html")
    ]
    others = [
        kawan("enrol", "poster", *options, "--whatsapp", "0812-3456-7890", folder=tmp_path)
        for options in (
            ("--village", "sbs"),
            ("--village", "SBS", "--role", "kader"),
            ("--role", "mitra", "--bot", "KawanAsuhBot", "--only", "telegram"),
        )
    ]
    words = kawan("enrol", "notice", folder=tmp_path, environment={"ORGANISATION": "Program X"})

    assert refused.returncode == 1
    assert "baris 3, kolom nama" in refused.stderr.decode()
    assert "1 orang baru" in skipped.stdout.decode()
    assert "--bot" in nameless.stderr.decode()
    assert "1 kartu" in codes.stdout.decode()
    assert (tmp_path / "kartu.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "kartu.pdf").stat().st_mode & 0o077 == 0
    assert [done.returncode for done in posters] == [0, 0]
    assert [done.stdout.decode() for done in others] == [
        "WhatsApp: https://wa.me/6281234567890?text=DAFTAR%20SBS\n",
        "WhatsApp: https://wa.me/6281234567890?text=DAFTAR%20KADER-SBS\n",
        "Telegram: https://t.me/KawanAsuhBot?start=MITRA\n",
    ]
    assert "Program X" in words.stdout.decode()
    assert "${" not in words.stdout.decode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Pilih satu"),
        (("--school", "BOK-SBS", "--village", "SBS"), "Pilih satu"),
        (("--village", "XYZ"), "Yang ada: SBS"),
        (("--role", "petugas"), "kawan staff add"),
        (("--village", "SBS", "--only", "sms"), "whatsapp atau telegram"),
        (("--village", "SBS", "--only", "telegram"), "--bot"),
        (("--village", "SBS", "-o", "poster.png"), ".pdf atau .html"),
    ],
)
async def test_a_poster_that_cannot_be_is_one_clear_line(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    await opened(tmp_path)

    done = kawan("enrol", "poster", *options, "--whatsapp", "08123456789", folder=tmp_path)

    assert done.returncode == 1
    assert said in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1


def test_import_without_a_file_is_one_clear_line(tmp_path: Path) -> None:
    done = kawan("enrol", "import", "tidak-ada.csv", "--school", "BOK-SBS", folder=tmp_path)

    assert done.returncode != 0
    assert "tidak ada" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


async def test_the_service_remembers_what_its_bot_is_called(tmp_path: Path) -> None:
    async with FakeTelegram() as fake:
        configured = settings(
            tmp_path, telegram_token=BOT_TOKEN, telegram_api_url=fake.url, pilot=True
        )
        async with running(configured) as service, asyncio.timeout(10):
            while (name := await service.database.read(_bot_known)) is None:
                await asyncio.sleep(0.01)

    assert name == b"kawan_asuh_bot"


def _bot_known(conn: Connection) -> bytes | None:
    return meta.get(conn, meta.TELEGRAM_BOT)
