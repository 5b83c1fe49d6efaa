"""pywa understands everything that the fake emits, and the fake what pywa sends: an oracle that
nobody of us wrote. It needs one message per body, and checks no limit itself.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from pywa import errors as pywa_errors
from pywa.client import WhatsApp
from pywa.types import templates as pywa_templates
from pywa.types.base_update import RawUpdate
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.message import DeletedMessage
from pywa.types.system import IdentityChange, PhoneNumberChange
from pywa.types.user_preferences import UserMarketingPreferences
from pywa.utils import webhook_updates_validator
from pywa_async.client import WhatsApp as AsyncWhatsApp

from tests.fakes.graph import PHONE_ID, TOKEN, WABA_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_media import JPEG, OPUS
from tests.fakes.graph_user_side import Person
from tests.fakes.graph_webhooks import Item, signed
from tests.fakes.raw_graph import RawGraph
from tests.fakes.test_graph import BUTTONS, LIST

Wire = dict[str, Any]


class Redirect(httpx.AsyncHTTPTransport):
    """pywa writes to graph.facebook.com only; here it is the fake's port."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        return await super().handle_async_request(request)


@pytest.fixture
async def fake() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(limits=Limits.none()) as started:
        yield started


@pytest.fixture
async def client(fake: FakeGraph) -> AsyncIterator[AsyncWhatsApp]:
    async with httpx.AsyncClient(transport=Redirect(fake.url)) as session:
        yield AsyncWhatsApp(phone_id=PHONE_ID, token=TOKEN, waba_id=WABA_ID, session=session)


def parsed(fake: FakeGraph, item: Item) -> Any:
    """What pywa makes of one webhook; a kind or value that it does not know is a warning there."""
    body = orjson.dumps(fake.webhooks.body_of([item]))
    assert webhook_updates_validator(fake.webhooks.secret, body, signed(body, fake.webhooks.secret))
    reader = WhatsApp(phone_id=PHONE_ID, token=TOKEN, waba_id=WABA_ID)
    update = RawUpdate(body, hmac_header=None, update_hash="x")
    handler = reader._get_handler_type(update)
    assert handler is not None
    assert handler._update is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return handler._update.from_update(reader, update)


READ: dict[str, tuple[Callable[[Person], Item], Callable[[Any], Any], Any]] = {
    "text": (lambda one: one.says("Ñ 😊"), lambda m: m.text, "Ñ 😊"),
    "voice": (lambda one: one.sends_voice(), lambda m: m.audio.voice, True),
    "image": (lambda one: one.sends_image(caption="Cucu"), lambda m: m.caption, "Cucu"),
    "video": (lambda one: one.sends_video(), lambda m: m.video.mime_type, "video/mp4"),
    "document": (lambda one: one.sends_document(), lambda m: m.document.filename, "surat.pdf"),
    "sticker": (lambda one: one.sends_sticker(), lambda m: m.sticker.animated, False),
    "location": (lambda one: one.sends_location(), lambda m: m.location.latitude, -8.17),
    "contacts": (
        lambda one: one.sends_contact("6281234567890"),
        lambda m: m.contacts[0].phones[0].wa_id,
        "6281234567890",
    ),
    "forwarded": (lambda one: one.forwards("Kabar"), lambda m: m.forwarded, True),
    "forwarded often": (
        lambda one: one.forwards("Kabar", often=True),
        lambda m: m.forwarded_many_times,
        True,
    ),
    "unsupported": (lambda one: one.sends_unsupported(), lambda m: m.error.code, 131051),
    "edited": (
        lambda one: one.edits(one.says("halo"), "hallo"),
        lambda m: m.message.text,
        "hallo",
    ),
    "deleted": (
        lambda one: one.deletes(one.says("halo")),
        lambda m: type(m),
        DeletedMessage,
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_pywa_reads_everything_that_people_send(fake: FakeGraph, siti: Person, kind: str) -> None:
    act, look, expected = READ[kind]

    message = parsed(fake, act(siti))

    assert look(message) == expected
    assert (message.from_user.wa_id, message.from_user.bsuid) == (siti.wa_id, siti.bsuid)
    assert message.from_user.name == "Siti"
    assert message.metadata.phone_number_id == PHONE_ID


def test_pywa_reads_somebody_who_hides_her_number(fake: FakeGraph, siti: Person) -> None:
    siti.hides_number("mbah.siti")

    user = parsed(fake, siti.says("halo")).from_user

    assert (user.wa_id, user.bsuid, user.username) == (None, siti.bsuid, "mbah.siti")


async def test_pywa_reads_presses_reactions_and_answers(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await bot.send(siti.wa_id, **BUTTONS)
    await bot.send(siti.wa_id, **LIST)
    ours = siti.received[0]

    pressed, picked = parsed(fake, siti.presses("Sakit")), parsed(fake, siti.picks("Nenek"))
    reacted, answered = (
        parsed(fake, siti.reacts(to=ours)),
        parsed(fake, siti.says("ya", answering=ours)),
    )

    assert (pressed.data, pressed.title) == ("b", "Sakit")
    assert pressed.reply_to_message.id == ours.message_id
    assert (picked.data, picked.description) == ("n", "Ibu dari orang tua")
    assert (reacted.reaction.emoji, reacted.reaction.message_id) == ("👍", ours.message_id)
    assert answered.reply_to_message.id == ours.message_id


async def test_pywa_reads_a_press_on_a_template(
    fake: FakeGraph, client: AsyncWhatsApp, siti: Person
) -> None:
    await a_template(fake, client)
    template = {"name": "kabar", "language": {"code": "id"}, "components": []}
    await client.api.send_message(
        sender=PHONE_ID,
        to=siti.wa_id,
        recipient=None,
        recipient_type="individual",
        typ="template",
        msg={**template, "components": [with_text("Mbah")]},
    )

    pressed = parsed(fake, siti.presses("Saya siap"))

    assert pressed.is_quick_reply
    assert pressed.data == "Saya siap"


async def test_pywa_reads_every_status(fake: FakeGraph, bot: RawGraph, siti: Person) -> None:
    await bot.send(siti.wa_id, text="Halo")
    siti.reads()
    fake.fails(131026, later=True)
    await bot.send(siti.wa_id, text="Tidak sampai")
    items = [one for _, _, one in sorted(fake.webhooks._items) if one.part == "statuses"]

    statuses = [parsed(fake, one) for one in items]

    assert [one.status.value for one in statuses] == ["sent", "delivered", "read", "failed"]
    assert statuses[1].pricing.billable is False
    assert statuses[1].pricing.model.value == "PMP"
    assert statuses[1].pricing.category.value == "service"
    assert isinstance(statuses[3].error, pywa_errors.MessageUndeliverable)
    assert statuses[3].from_user.bsuid is None


def test_pywa_reads_changes_of_a_person(fake: FakeGraph, siti: Person) -> None:
    old = siti.wa_id

    moved, renewed = (
        parsed(fake, siti.changes_number("6281299999999")),
        parsed(fake, siti.reinstalls()),
    )
    stopped = parsed(fake, siti.stops_marketing())

    assert isinstance(moved, PhoneNumberChange)
    assert (moved.old_wa_id, moved.new_wa_id, moved.new_user_id) == (
        old,
        "6281299999999",
        siti.bsuid,
    )
    assert isinstance(renewed, IdentityChange)
    assert renewed.identity.hash
    assert isinstance(stopped, UserMarketingPreferences)
    assert not stopped


@pytest.mark.parametrize("decision", ["approve", "reject", "pause", "disable"])
async def test_pywa_reads_every_decision_about_a_template(
    fake: FakeGraph, client: AsyncWhatsApp, decision: str
) -> None:
    await a_template(fake, client, approved=False)

    getattr(fake.templates, decision)("kabar")

    told = parsed(fake, sorted(fake.webhooks._items)[-1][2])
    assert isinstance(told, pywa_templates.TemplateStatusUpdate)
    assert told.template_name == "kabar"
    assert told.new_status.value == fake.templates.find("kabar", "id").status  # type: ignore[union-attr]


async def test_pywa_reads_a_change_of_category(fake: FakeGraph, client: AsyncWhatsApp) -> None:
    await a_template(fake, client)

    fake.templates.files_as("kabar", "MARKETING")

    told = parsed(fake, sorted(fake.webhooks._items)[-1][2])
    assert (told.previous_category.value, told.new_category.value) == ("UTILITY", "MARKETING")


async def test_what_pywa_sends_rightly_is_accepted(
    fake: FakeGraph, client: AsyncWhatsApp, siti: Person
) -> None:
    buttons = [Button(title="Ya", callback_data="y")]
    row = SectionRow(title="Nenek", callback_data="n", description="Ibu dari orang tua")
    sections = SectionList(button_title="Pilih", sections=[Section(title="Pengasuh", rows=[row])])

    await client.send_message(to=siti.wa_id, text="Halo")
    await client.send_message(to=siti.bsuid, text="Boleh?", buttons=buttons)
    await client.send_message(to=siti.wa_id, text="Siapa?", buttons=sections)
    await client.send_image(to=siti.wa_id, image=JPEG, mime_type="image/jpeg", caption="Peta")
    await client.send_voice(to=siti.wa_id, voice=OPUS, mime_type="audio/ogg; codecs=opus")
    await client.mark_message_as_read(message_id=siti.says("ya").value["id"])

    kinds = [one.kind for one in siti.received]
    assert kinds == ["text", "interactive", "interactive", "image", "audio"]
    assert siti.received[4].content.voice
    assert len(fake.world.read) == 1


async def test_what_pywa_sends_though_the_platform_refuses_it_is_refused(
    client: AsyncWhatsApp, siti: Person
) -> None:
    four = [Button(title=f"Pilihan {n}", callback_data=str(n)) for n in range(4)]
    long = [Button(title="a" * 25, callback_data="a")]

    for buttons in (four, long):
        with pytest.raises(pywa_errors.InvalidParameter):
            await client.send_message(to=siti.wa_id, text="Halo", buttons=buttons)

    assert siti.received == []


async def test_pywa_knows_our_errors(fake: FakeGraph, client: AsyncWhatsApp, siti: Person) -> None:
    with pytest.raises(pywa_errors.ReEngagementMessage) as late:
        await client.send_message(to=fake.person("Baru").wa_id, text="Halo")
    fake.fails(130429)
    with pytest.raises(pywa_errors.RateLimitHit):
        await client.send_message(to=siti.wa_id, text="Halo")
    with pytest.raises(pywa_errors.TemplateNotExists):
        await client.api.send_message(
            PHONE_ID,
            siti.wa_id,
            None,
            "individual",
            "template",
            {"name": "lain", "language": {"code": "id"}},
        )

    assert late.value.fbtrace_id
    assert "24 hours" in str(late.value.details)


async def test_pywa_lists_templates_and_reads_a_file_and_a_number(
    fake: FakeGraph, client: AsyncWhatsApp, siti: Person
) -> None:
    await a_template(fake, client)
    media_id = siti.sends_voice(OPUS).value["audio"]["id"]

    listed = list(await client.get_templates())
    address = await client.get_media_url(media_id)
    content = await client.get_media_bytes(address.url)
    number = await client.get_business_phone_number()

    assert [(one.name, one.status.value) for one in listed] == [("kabar", "APPROVED")]
    assert content == OPUS
    assert (number.verified_name, number.quality_rating) == ("Kawan Asuh", "GREEN")


def with_text(value: str) -> Wire:
    return {"type": "body", "parameters": [{"type": "text", "text": value}]}


async def a_template(fake: FakeGraph, client: AsyncWhatsApp, *, approved: bool = True) -> None:
    """Made by pywa's own types, judged by the fake."""
    body = pywa_templates.BodyText("Halo {{1}}, ada kabar dari petugas ya.", "Siti")
    buttons = pywa_templates.Buttons(buttons=[pywa_templates.QuickReplyButton(text="Saya siap")])
    template = pywa_templates.Template(
        name="kabar",
        language=pywa_templates.TemplateLanguage.INDONESIAN,
        category=pywa_templates.TemplateCategory.UTILITY,
        parameter_format=pywa_templates.ParamFormat.POSITIONAL,
        components=[body, buttons],
    )
    await client.create_template(template=template)
    if approved:
        fake.templates.approve("kabar")
