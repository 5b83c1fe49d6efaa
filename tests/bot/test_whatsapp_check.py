"""`kawan whatsapp check`: every step against the strict fake, and what it names."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.channels.whatsapp_errors import GraphError
from bot.channels.whatsapp_graph import Graph
from bot.cli import app
from bot.preparing import meta as asks
from bot.preparing import steps as heads
from bot.preparing.address import CLOSED, Address, OutOfReach, ask_outside
from bot.preparing.meta import FIELDS, MORE_FIELDS
from bot.preparing.steps import State, Step, conclusion, missing, shown
from bot.preparing.walk import walk
from bot.settings import Settings
from locales.templates import LANGUAGE, templates
from tests.bot.services import heard, kawan, running, settings, write
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_templates import Stored
from tests.storage.builders import NOW
from tests.test_docs import run_as_shown

PUBLIC = "https://kawan.example.org"
DOCUMENT = Path(__file__).parents[2] / "docs" / "whatsapp.md"


@dataclass
class Way:
    """Everything in its place: a business at Meta, a service behind a proxy."""

    fake: FakeGraph
    settings: Settings
    troubles: tuple[str, ...] = ()
    answers: dict[tuple[str, str], int] = field(default_factory=dict)
    """What the proxy says by itself, by method and path."""
    reachable: bool = True

    async def walked(self, **changes: Any) -> dict[str, Step]:
        """Every step by its name."""
        configured = self.settings.model_copy(update=changes)
        found = [
            one
            async for one in walk(
                configured,
                [],
                connect=lambda token: Graph(token, api_url=configured.whatsapp_api_url),
                ask=self._ask,
                troubles=self.troubles,
                now=NOW,
            )
        ]
        return {one.what: one for one in found}

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if not self.reachable:
            raise OutOfReach("tidak menjawab dari luar")
        plain, _, query = path.partition("?")
        if status := self.answers.get((method, plain), 404 if plain in CLOSED else 0):
            return status, b""
        if method == "GET":
            asked = dict(parse_qsl(query))
            known = asked["hub.verify_token"] == self.fake.verify_token
            return (200, asked["hub.challenge"].encode()) if known else (403, b"")
        signature = hmac.new(self.fake.webhooks.secret.encode(), body, hashlib.sha256).hexdigest()
        return 200 if headers["X-Hub-Signature-256"] == f"sha256={signature}" else 401, b""


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    async with FakeGraph() as fake:
        told = {name.lower(): value for name, value in fake.environment.items()}
        configured = settings(
            tmp_path, **told, public_url=PUBLIC, organisation="Yayasan Contoh", pilot=True
        )
        fake.business.callback_url = f"{PUBLIC}/whatsapp"
        fake.business.fields = (*FIELDS, *MORE_FIELDS)
        fake.templates.stored = {
            name: Stored(name, name, LANGUAGE, "UTILITY", [], status="APPROVED")
            for name in templates()
        }
        yield Way(fake, configured)


async def test_nothing_is_missing_when_everything_is_done(way: Way) -> None:
    found = await way.walked()

    states = {what: one.state for what, one in found.items()}
    assert {what for what, state in states.items() if state is not State.DONE} == {"Biaya"}
    assert missing(list(found.values())) is None
    assert "siap dipakai" in conclusion(list(found.values()))


BROKEN: list[tuple[str, Callable[[Way], object], str, str]] = [
    ("Token", lambda way: setattr(way.fake.business, "token", "another"), "", "token"),
    (
        "Token",
        lambda way: setattr(way.fake.business, "token_expires_at", 2_000_000_000),
        "hanya berlaku sampai 2033-05-18",
        "tanpa masa berlaku",
    ),
    (
        "Token",
        lambda way: setattr(way.fake.business, "scopes", ("whatsapp_business_messaging",)),
        "whatsapp_business_management",
        "",
    ),
    (
        "Akun WhatsApp Business",
        lambda way: setattr(way.fake.business, "review", "REJECTED"),
        "ditolak",
        "WhatsApp Manager",
    ),
    (
        "Akun WhatsApp Business",
        lambda way: setattr(way.fake.business, "review", "PENDING"),
        "masih diperiksa",
        "",
    ),
    ("Nama tampilan", lambda way: number(way, name_status="DECLINED"), "belum disetujui", "ajukan"),
    ("Nama tampilan", lambda way: number(way, name_status="PENDING_REVIEW"), "diperiksa", "tunggu"),
    (
        "Pendaftaran nomor",
        lambda way: number(way, status="PENDING"),
        "belum di Cloud API",
        "kawan whatsapp register",
    ),
    (
        "Nomor",
        lambda way: number(way, status="PENDING", verification="NOT_VERIFIED"),
        "belum dibuktikan",
        "SMS",
    ),
    (
        "Webhook",
        lambda way: setattr(way.fake.business, "fields", ("messages",)),
        "kurang",
        "template_category_update",
    ),
    (
        "Webhook",
        lambda way: setattr(way.fake.business, "callback_url", "https://lain.example/whatsapp"),
        "alamat lain",
        f"{PUBLIC}/whatsapp",
    ),
    (
        "Webhook",
        lambda way: setattr(way.fake.business, "callback_url", ""),
        "belum dipasang",
        "verify token",
    ),
    (
        "Langganan akun",
        lambda way: setattr(way.fake.business, "app_is_subscribed", False),
        "belum mengirim",
        "kawan whatsapp subscribe",
    ),
    ("Templat", lambda way: way.fake.templates.stored.popitem(), "", "kawan templates push"),
    ("Templat", lambda way: template(way, status="PENDING"), "belum disetujui", "status"),
    ("Alamat https", lambda way: setattr(way, "reachable", False), "tidak menjawab", "Caddy"),
    (
        "Alamat https",
        lambda way: way.answers.update({("GET", "/whatsapp"): 404}),
        "/whatsapp menjawab 404",
        "Caddyfile",
    ),
    (
        "Alamat https",
        lambda way: way.answers.update({("POST", "/whatsapp"): 200}),
        "tanda tangan palsu dijawab 200",
        "",
    ),
    (
        "Alamat https",
        lambda way: way.answers.update({("POST", "/whatsapp"): 401}),
        "tanda tangan yang benar dijawab 401",
        "",
    ),
    (
        "Alamat https",
        lambda way: way.answers.update({("GET", "/metrics"): 200}),
        "/metrics terbuka",
        "Caddyfile",
    ),
]


def number(way: Way, **changes: str) -> None:
    [one] = way.fake.world.numbers.values()
    for name, value in changes.items():
        setattr(one, name, value)


def template(way: Way, **changes: str) -> None:
    for name, value in changes.items():
        setattr(next(iter(way.fake.templates.stored.values())), name, value)


@pytest.mark.parametrize(("what", "breaks", "said", "how"), BROKEN)
async def test_what_is_not_done_is_named_with_what_to_do(
    way: Way, what: str, breaks: Callable[[Way], object], said: str, how: str
) -> None:
    breaks(way)

    found = await way.walked()

    assert found[what].state is State.MISSING
    assert said in found[what].said
    assert how.casefold() in found[what].how.casefold()
    named = missing(list(found.values()))
    assert named is not None
    assert f"bagian “{named.section}”" in conclusion(list(found.values()))


LOOKED_AT: list[tuple[str, Callable[[Way], object], str]] = [
    ("Mutu dan batas", lambda way: number(way, quality="RED"), "rendah"),
    ("Verifikasi lembaga", lambda way: setattr(way.fake.business, "verification", ""), "250"),
    ("Cara pembayaran", lambda way: setattr(way.fake.business, "paying", False), "tidak terlihat"),
    ("Templat", lambda way: template(way, category="MARKETING"), "iklan"),
    ("Webhook", lambda way: setattr(way.fake.business, "fields", FIELDS), "berguna"),
    ("Kabar dari Meta", lambda way: setattr(way, "troubles", ("Akun dibatasi.",)), "dibatasi"),
]


@pytest.mark.parametrize(("what", "makes", "said"), LOOKED_AT)
async def test_what_stops_nothing_is_shown_all_the_same(
    way: Way, what: str, makes: Callable[[Way], object], said: str
) -> None:
    makes(way)

    found = await way.walked()

    assert found[what].state is State.LOOK
    assert said in found[what].said
    assert missing(list(found.values())) is None


async def test_a_secret_that_the_service_does_not_have_is_found_by_the_address(way: Way) -> None:
    found = await way.walked(whatsapp_app_secret=SecretStr("0" * 32))

    assert "yang benar dijawab 401" in found["Alamat https"].said
    assert found["Webhook"].state is State.MISSING


async def test_a_running_service_is_found_to_be_one(way: Way) -> None:
    async def ask(
        method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """As the proxy does: one path goes through, under the public name."""
        if not path.startswith("/whatsapp"):
            return 404, b""
        url = f"http://127.0.0.1:{way.settings.port}{path}"
        named = {**headers, "Host": "kawan.example.org"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=named, data=body or None) as answer,
        ):
            return answer.status, await answer.read()

    async with running(way.settings):
        [step] = await Address(way.settings, ask).look()

    assert step.state is State.DONE


async def test_a_refused_token_stops_nothing_else(way: Way) -> None:
    way.fake.business.token = "another"

    async with running(way.settings) as service, asyncio.timeout(20):
        await write(service, "sim:1", "halo")
        said = await heard(service, "sim:1")
        while not (told := (await service.health()).parts["whatsapp"]):
            await asyncio.sleep(0.02)

    assert said
    assert "WHATSAPP_TOKEN" in told


async def test_an_address_that_does_not_answer_says_so() -> None:
    ask = ask_outside("http://127.0.0.1:9")

    with pytest.raises(OutOfReach, match="tidak menjawab"):
        await ask("GET", "/whatsapp", {}, b"")


async def test_a_secret_of_another_app_is_told_by_its_proof(way: Way) -> None:
    class Meta:
        """Refuses the proof, as Meta words it."""

        async def get(self, path: str, **query: str) -> dict[str, Any]:
            assert len(query["appsecret_proof"]) == 64
            raise GraphError(400, 100, said="Invalid appsecret_proof provided in the API argument")

        async def close(self) -> None:
            raise AssertionError

    [step] = await asks.Meta(way.settings, Meta(), lambda _: Meta()).secret()

    assert (step.state, step.said) == (
        State.MISSING,
        "bukan milik aplikasi tempat token dibuat",
    )


@pytest.mark.parametrize(
    ("entity", "codes", "state", "section", "said"),
    [
        ("WABA", [141006], "BLOCKED", heads.PAYMENT, "belum ada cara pembayaran"),
        ("BUSINESS", [141010], "LIMITED", heads.PORTFOLIO, "BUSINESS (141010)"),
    ],
)
async def test_what_keeps_messages_inside_is_told_where_meta_says_it(
    way: Way, entity: str, codes: list[int], state: str, section: str, said: str
) -> None:
    health = {
        "can_send_message": state,
        "entities": [
            {"entity_type": "PHONE_NUMBER", "can_send_message": "AVAILABLE"},
            {
                "entity_type": entity,
                "can_send_message": state,
                "errors": [{"error_code": code} for code in codes],
            },
        ],
    }

    [step] = await meta_that_tells(way, {"health_status": health}).health()

    assert step.section == section
    assert said in step.said
    assert step.state is (State.MISSING if state == "BLOCKED" else State.LOOK)


async def test_a_token_that_was_revoked_keeps_its_permissions_and_is_none(way: Way) -> None:
    told = {"data": {"is_valid": False, "scopes": list(asks.PERMISSIONS), "app_id": "1"}}

    [step] = await meta_that_tells(way, told).token()

    assert (step.state, step.said) == (State.MISSING, "tidak berlaku")


async def test_a_number_for_trying_is_none_of_ours(way: Way) -> None:
    told = {
        "account_mode": "SANDBOX",
        "platform_type": "CLOUD_API",
        "status": "CONNECTED",
        "code_verification_status": "VERIFIED",
    }

    [step] = await meta_that_tells(way, told).number()

    assert step.state is State.MISSING
    assert "percobaan" in step.said


async def test_another_app_that_hears_the_account_is_not_ours(way: Way) -> None:
    meta = meta_that_tells(
        way,
        {
            "data": [{"whatsapp_business_api_data": {"id": "777"}}],
        },
        app="778",
    )

    [step] = await meta.subscription()

    assert step.state is State.MISSING


async def test_a_webhook_that_was_switched_off_is_missing(way: Way) -> None:
    one = {
        "object": "whatsapp_business_account",
        "callback_url": f"{PUBLIC}/whatsapp",
        "active": False,
        "fields": [{"name": name} for name in (*FIELDS, *MORE_FIELDS)],
    }

    [step] = await meta_that_tells(way, {"data": [one]}, app="778").webhook()

    assert (step.state, step.said) == (State.MISSING, "belum dipasang")


@pytest.mark.parametrize(
    ("answer", "said"),
    [((200, b"<html>"), "bukan sapaan Meta"), (None, "verify token yang salah dijawab 200")],
)
async def test_a_page_that_greets_everybody_is_not_ours(
    way: Way, answer: tuple[int, bytes] | None, said: str
) -> None:
    async def ask(
        method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        return answer or (200, dict(parse_qsl(path)).get("hub.challenge", "").encode())

    [step] = await Address(way.settings, ask).look()

    assert step.state is State.MISSING
    assert said in step.said


def test_what_waits_for_an_earlier_step_is_not_done() -> None:
    waits = Step("Webhook", heads.WEBHOOK, State.WAITS, "menunggu tokennya")

    assert missing([Step("Token", heads.TOKEN, State.DONE), waits]) is waits


def meta_that_tells(way: Way, told: dict[str, Any], app: str = "") -> asks.Meta:
    """Meta, answering every question with the same."""

    class Told:
        """One answer."""

        async def get(self, path: str, **query: str) -> dict[str, Any]:
            return told

        async def close(self) -> None:
            """Nothing is open."""

    meta = asks.Meta(way.settings, Told(), lambda _: Told())
    meta.app = app
    return meta


async def test_a_number_of_another_account_is_named(way: Way) -> None:
    found = await way.walked(whatsapp_phone_id="999")

    assert "bukan bagian dari akun ini" in found["Akun WhatsApp Business"].said


async def test_what_is_not_set_yet_is_waited_for(way: Way) -> None:
    found = await way.walked(whatsapp_phone_id="", whatsapp_app_secret=SecretStr(""))

    assert found["Pengaturan"].how.startswith("isi WHATSAPP_PHONE_ID, WHATSAPP_APP_SECRET")
    assert found["Pengaturan"].section == heads.NUMBER
    assert found["Nomor"].state is found["App secret"].state is State.WAITS
    assert found["Token"].state is State.DONE


async def test_before_anything_is_set_the_way_begins_with_the_papers(way: Way) -> None:
    found = await way.walked(
        whatsapp_phone_id="",
        whatsapp_waba_id="",
        whatsapp_token=SecretStr(""),
        whatsapp_app_secret=SecretStr(""),
    )

    assert list(found) == ["Pengaturan"]
    assert found["Pengaturan"].section == heads.BEGIN


async def test_meta_out_of_reach_is_one_clear_line_a_step(way: Way) -> None:
    found = await way.walked(whatsapp_api_url="http://127.0.0.1:9/v26.0")

    assert found["Token"].said.startswith("Meta tidak dapat dihubungi")
    assert "internet" in found["Token"].how
    assert found["Webhook"].state is State.WAITS


async def test_no_step_ever_shows_a_secret(way: Way) -> None:
    way.fake.business.token = "another"

    lines = [shown(one) for one in (await way.walked()).values()]

    assert lines
    for name in ("whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token"):
        value = getattr(way.settings, name).get_secret_value()
        assert not any(value in line for line in lines)


def test_every_step_is_a_section_of_the_document_in_its_order() -> None:
    page = DOCUMENT.read_text("utf-8")

    at = [page.find(f"\n## {number}. {one}\n") for number, one in enumerate(SECTIONS, 1)]

    assert -1 not in at
    assert at == sorted(at)


SECTIONS = (
    heads.BEGIN,
    heads.PORTFOLIO,
    heads.NUMBER,
    heads.ACCOUNT,
    heads.PAYMENT,
    heads.TOKEN,
    heads.SETTINGS,
    heads.ADDRESS,
    heads.WEBHOOK,
    heads.REGISTER,
    heads.TEMPLATES,
    heads.PRICE,
)


def test_the_document_names_every_field_of_the_webhook_and_every_setting() -> None:
    page = DOCUMENT.read_text("utf-8")

    names = [*FIELDS, *MORE_FIELDS]
    names += [name.upper() for name in Settings.model_fields if name.startswith("whatsapp_")]

    assert [name for name in names if f"`{name}`" not in page] == []


def test_what_the_document_shows_on_the_console_is_what_happens(tmp_path: Path) -> None:
    said = run_as_shown(DOCUMENT.read_text("utf-8"), tmp_path)

    assert len(said) == 1


def test_the_command_ends_with_1_while_a_step_is_missing(tmp_path: Path) -> None:
    nothing = kawan("whatsapp", "check", folder=tmp_path)
    half = kawan(
        "whatsapp",
        "check",
        "--json",
        folder=tmp_path,
        environment={"WHATSAPP_TOKEN": "T", "WHATSAPP_API_URL": "http://127.0.0.1:9/v26.0"},
    )

    assert (nothing.returncode, half.returncode) == (1, 1)
    assert "Surat dan akun lembaga" in nothing.stdout.decode()
    assert "menunggu WHATSAPP_PHONE_ID" in half.stdout.decode()
    assert "Traceback" not in nothing.stderr.decode() + half.stderr.decode()


async def test_number_and_account_are_put_in_place_by_command(tmp_path: Path) -> None:
    async with FakeGraph() as fake:
        fake.business.app_is_subscribed = False
        [number_] = fake.world.numbers.values()
        number_.status = "PENDING"
        told = {**fake.environment, "PUBLIC_URL": PUBLIC}

        registered = await _kawan(tmp_path, told, "register", "--pin", "123456")
        subscribed = await _kawan(tmp_path, told, "subscribe")
        refused = await _kawan(tmp_path, told, "register", "--pin", "12ab")
        other = await _kawan(tmp_path, {**told, "WHATSAPP_TOKEN": "another"}, "subscribe")

    assert "Nomor terdaftar" in registered
    assert number_.status == "CONNECTED"
    assert "kabarnya" in subscribed
    assert fake.business.app_is_subscribed
    assert "enam angka" in refused
    assert "kunci akses ditolak" in other


async def _kawan(folder: Path, told: Mapping[str, str], *words: str) -> str:
    done = await asyncio.to_thread(kawan, "whatsapp", *words, folder=folder, environment=dict(told))
    return done.stdout.decode() + done.stderr.decode()


def test_the_pin_is_asked_for_where_nobody_reads_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["whatsapp", "register"], input="98\n")

    assert "PIN enam angka untuk nomor ini" in done.output
    assert "98" not in done.output
