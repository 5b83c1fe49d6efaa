"""What a WhatsApp message says, held against the recorded bodies and pywa's own parser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from pywa.types.callback import CallbackButton, CallbackSelection
from pywa.types.message import EditedMessage, Message
from pywa.types.message_status import MessageStatus
from pywa.types.system import PhoneNumberChange
from pywa.types.templates import TemplateStatusUpdate

from bot.channels.whatsapp_updates import kept_address, kept_id, loads, parse
from conversations.message import Inbound, Kind
from storage.facts import AddressMoved, StatusTold, TemplateTold
from tests.bot.waba import NOW, RINI, SITI, Json, a_webhook, by_pywa, message, read

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "whatsapp"


def recorded(*names: str) -> list[Any]:
    """Every body of these files, as parameters; none where the files are not at hand."""
    if not FIXTURES.is_dir():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"{FIXTURES.name} is not here"))]
    return [
        pytest.param(body, id=f"{name}-{key}")
        for name in names
        for key, body in orjson.loads((FIXTURES / f"{name}.json").read_bytes()).items()
    ]


def heard(**told: Any) -> Inbound:
    """What our parser makes of one message of Siti's, on its whole way through a webhook."""
    (row,) = read(a_webhook(message(**told))).rows
    assert not row.problem
    return parse(row.body)


def ours(body: Json) -> tuple[Json, Any]:
    """A recorded body's value, and what we read for the number it was sent to."""
    (entry,) = body["entry"]
    held = entry["changes"][0]["value"]
    number = held.get("metadata", {}).get("phone_number_id", "1")
    return held, read(body, account=number, business=entry["id"])


# --- the recorded bodies ---


@pytest.mark.parametrize("body", recorded("message", "callback_button", "callback_selection"))
def test_a_recorded_message_is_read_as_pywa_reads_it(body: Json) -> None:
    held, update = ours(body)
    (told,) = held["messages"]

    (row,) = update.rows
    found = parse(row.body)

    assert not row.problem
    assert (update.facts, update.people, dict(update.left_out)) == ([], [], {})
    expected = _message_by_pywa(body, told)
    assert row.external_id == row.message_id == expected.id
    assert row.address == expected.from_user.bsuid
    assert found.recipient == expected.from_user.wa_id
    assert found.name == expected.from_user.name
    assert found.sent_at == expected.timestamp.astimezone(UTC)
    if isinstance(expected, Message):
        _is_the_same_message(found, expected)
    else:
        assert (found.kind, found.button) == (Kind.BUTTON, expected.data)


def _message_by_pywa(body: Json, told: Json) -> Any:
    match told["type"], told.get("interactive", {}).get("type"):
        case ("button", _) | (_, "button_reply"):
            return by_pywa(CallbackButton, body)
        case (_, "list_reply"):
            return by_pywa(CallbackSelection, body)
    return by_pywa(Message, body)


_KINDS = {
    "text": Kind.TEXT,
    "image": Kind.IMAGE,
    "audio": Kind.VOICE,
    "video": Kind.VIDEO,
    "document": Kind.DOCUMENT,
    "sticker": Kind.STICKER,
    "location": Kind.LOCATION,
    "contacts": Kind.CONTACT,
    "reaction": Kind.REACTION,
    "unsupported": Kind.OTHER,
}


def _is_the_same_message(found: Inbound, expected: Message) -> None:
    assert found.kind is _KINDS[expected.type.value]
    emoji = expected.reaction.emoji if expected.reaction else None
    assert found.text == (expected.text or expected.caption or emoji or "")
    assert found.forwarded == bool(expected.forwarded)
    assert not found.edited
    file = expected.media
    assert (found.media is None) == (file is None)
    if found.media is not None and file is not None:
        assert (found.media.ref, found.media.mime) == (file.id, file.mime_type)


@pytest.mark.parametrize("body", recorded("message_status"))
def test_a_recorded_status_is_read_as_pywa_reads_it(body: Json) -> None:
    held, update = ours(body)

    (told,) = update.facts

    expected = by_pywa(MessageStatus, body)
    assert isinstance(told, StatusTold)
    assert (told.platform_id, told.status) == (expected.id, expected.status.value)
    assert told.at == expected.timestamp.astimezone(UTC)
    assert told.account == held["metadata"]["phone_number_id"]
    assert told.code == (expected.error.code if expected.error else 0)
    assert told.billable == (expected.pricing.billable if expected.pricing else None)
    assert told.category == (expected.pricing.category.value if expected.pricing else "")
    assert (update.rows, update.people) == ([], [])


@pytest.mark.parametrize("body", recorded("system"))
def test_a_recorded_change_of_number_is_read_as_pywa_reads_it(body: Json) -> None:
    _, update = ours(body)

    expected = by_pywa(PhoneNumberChange, body)
    assert update.people == [
        AddressMoved("whatsapp", "1122334455667", expected.old_wa_id, str(expected.new_wa_id))
    ]
    assert (update.rows, update.facts) == ([], [])


@pytest.mark.parametrize("body", recorded("template_status_update"))
def test_a_recorded_change_of_a_template_is_read_as_pywa_reads_it(body: Json) -> None:
    _, update = ours(body)

    (told,) = update.facts

    expected = by_pywa(TemplateStatusUpdate, body)
    assert isinstance(told, TemplateTold)
    assert told.status == expected.new_status.value.lower()
    assert told.name == expected.template_name
    assert told.language == expected.template_language.value
    assert told.platform_id == expected.template_id
    assert (told.category, told.reason) == ("utility", "")


# --- kinds that the recordings lack ---


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"type_": "text", "text": {"body": " ha\u200blo\n"}}, Kind.TEXT, "halo"),
        ({"type_": "video", "video": {"id": "1", "caption": "lihat"}}, Kind.VIDEO, "lihat"),
        ({"type_": "audio", "audio": {"id": "1"}}, Kind.VOICE, ""),
        ({"type_": "contacts", "contacts": []}, Kind.CONTACT, ""),
        ({"type_": "order", "order": {"catalog_id": "1"}}, Kind.OTHER, ""),
        ({"type_": "unknown", "errors": [{"code": 131051}]}, Kind.OTHER, ""),
        ({"type_": "something_of_2028", "something_of_2028": 1}, Kind.OTHER, ""),
        ({"type_": "request_welcome"}, Kind.CAME_BACK, ""),
        ({"type_": "interactive", "interactive": {"type": "nfm_reply"}}, Kind.OTHER, ""),
    ],
)
def test_every_kind_of_message_is_heard(given: Json, kind: Kind, text: str) -> None:
    found = heard(**given)

    assert (found.kind, found.text) == (kind, text)
    assert not found.edited


def test_a_button_that_stands_for_nothing_is_what_is_written_on_it() -> None:
    found = heard(type_="button", button={"text": "Ya"})

    assert (found.kind, found.text, found.button) == (Kind.TEXT, "Ya", "")


def test_an_edited_message_is_the_new_one_and_is_marked() -> None:
    inner = {"id": "wamid.old", "type": "text", "text": {"body": "bukan Senin, Selasa"}}
    told = message("edit", edit={"original_message_id": "wamid.old", "message": inner})
    body = a_webhook(told)

    (row,) = read(body).rows

    expected = by_pywa(EditedMessage, body)
    found = parse(row.body)
    assert (found.kind, found.text, found.edited) == (Kind.TEXT, expected.message.text, True)
    assert row.external_id == expected.id == told["id"]


def test_an_edit_that_whatsapp_does_not_show_is_known_to_be_one() -> None:
    found = heard(type_="unsupported", unsupported={"type": "edit"})

    assert (found.kind, found.edited) == (Kind.OTHER, True)


def test_a_change_under_the_id_of_the_message_is_not_taken_for_the_message() -> None:
    first = message(id="wamid.one")
    inner = {"type": "text", "text": {"body": "lain"}}
    edited = message(
        "edit", id="wamid.one", edit={"original_message_id": "wamid.one", "message": inner}
    )

    names = [row.external_id for row in read(a_webhook(first, edited, edited)).rows]

    assert names[0] == "wamid.one"
    assert names[1] == names[2] != "wamid.one"
    assert len(names[1]) <= 80


@pytest.mark.parametrize(
    "given",
    [
        {"type_": "revoke", "revoke": {"original_message_id": "wamid.1"}},
        {"type_": "reaction", "reaction": {"message_id": "wamid.1"}},
        {"type_": "reaction", "reaction": {"message_id": "wamid.1", "emoji": ""}},
        {"type_": "unsupported", "unsupported": {"type": "revoke"}},
    ],
)
def test_what_is_taken_back_is_kept_as_that(given: Json) -> None:
    assert heard(**given).kind is Kind.TAKEN_BACK


def test_what_is_written_in_a_group_belongs_to_the_group() -> None:
    (row,) = read(a_webhook(message(group_id="120363@g.us"))).rows

    assert row.address == "group:120363@g.us"
    assert parse(row.body).kind is Kind.GROUP
    assert parse(row.body).recipient == ""


@pytest.mark.parametrize("name", ["forwarded", "frequently_forwarded"])
def test_a_forwarded_message_is_known_to_be_one(name: str) -> None:
    assert heard(context={name: True}).forwarded
    assert not heard(context={"id": "wamid.quoted"}).forwarded


# --- who wrote it, and when ---


def test_the_key_is_her_id_and_the_answer_goes_to_her_number() -> None:
    (row,) = read(a_webhook(message())).rows

    assert row.address == SITI["user_id"]
    assert parse(row.body).recipient == SITI["wa_id"]


def test_somebody_without_a_visible_number_is_answered_at_her_id() -> None:
    hidden = {"profile": {"name": "Siti"}, "user_id": "ID.77"}
    told = message(from_=None, from_user_id="ID.77")

    (row,) = read(a_webhook(told, contacts=[hidden])).rows

    assert row.address == "ID.77"
    assert parse(row.body).recipient == ""


def test_somebody_without_an_id_is_known_by_her_number() -> None:
    (row,) = read(a_webhook(message(), contacts=[])).rows

    assert row.address == SITI["wa_id"]
    assert parse(row.body).recipient == ""


def test_a_long_id_is_kept_by_its_digest_and_answered_in_full() -> None:
    long = "ID." + "7" * 128
    contact = {"user_id": long}

    (row,) = read(a_webhook(message(from_=None, from_user_id=long), contacts=[contact])).rows

    assert row.address == kept_address(long)
    assert len(row.address) <= 64
    assert parse(row.body).recipient == long


def test_each_message_of_a_batch_has_the_contact_of_its_own_writer() -> None:
    both = [message(by=RINI), message(by=SITI)]

    rows = read(a_webhook(*both, contacts=[SITI, RINI])).rows

    assert [row.address for row in rows] == [RINI["user_id"], SITI["user_id"]]
    assert [parse(row.body).name for row in rows] == ["Rini", "Siti"]


def test_nobody_is_taken_for_the_only_contact_of_a_batch() -> None:
    rows = read(a_webhook(message(by=SITI), message(by=RINI), contacts=[SITI])).rows

    assert [row.address for row in rows] == [SITI["user_id"], RINI["wa_id"]]


def test_the_only_contact_of_an_only_message_may_have_another_number() -> None:
    (row,) = read(a_webhook(message(from_="6281234567890"))).rows

    assert row.address == SITI["user_id"]


def test_another_id_than_the_contacts_is_believed() -> None:
    (row,) = read(a_webhook(message(from_user_id="ID.99", from_=None))).rows

    assert row.address == "ID.99"
    assert parse(row.body).name == ""


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (str(NOW - 90), NOW - 90),
        (NOW - 90, NOW - 90),
        (str(NOW + 3600), NOW),
        ("kemarin", NOW),
        (None, NOW),
        ("-5", NOW),
        ("9" * 40, NOW),
    ],
)
def test_nothing_was_written_later_than_it_arrived(timestamp: Any, at: int) -> None:
    assert heard(timestamp=timestamp).sent_at == datetime.fromtimestamp(at, UTC)


# --- ids and odd characters ---


@pytest.mark.parametrize("wamid", ["wamid." + "A" * 300, "wamid.\x00", "wamid. ", "wamid.é"])
def test_an_id_that_does_not_fit_is_kept_by_its_digest(wamid: str) -> None:
    kept = kept_id(wamid)

    assert kept.startswith("h:")
    assert len(kept) <= 80
    assert kept != kept_id(wamid + "B")


def test_half_an_emoji_in_a_name_spoils_nothing() -> None:
    body = orjson.dumps(a_webhook(message())).replace(b'"Siti"', b'"Siti \\ud83d"')

    (row,) = read(body).rows

    assert parse(row.body).name == "Siti ?"
    assert loads(b'{"whole": "\\ud83d\\ude42 \\ud83d"}') == {"whole": "🙂 ?"}


@pytest.mark.parametrize(
    "spoiled",
    [
        {"type_": "text", "text": {"body": 7}},
        {"type_": "text", "text": None},
        {"type_": "image", "image": {"id": "../../secret"}},
        {"type_": "interactive", "interactive": {"type": "list_reply"}},
        {"type_": "edit", "edit": {}},
        {"type_": ["text"]},
    ],
)
def test_a_message_that_cannot_be_read_is_kept_with_a_problem(spoiled: Json) -> None:
    (row,) = read(a_webhook(message(**spoiled))).rows

    assert row.problem.startswith("not a WhatsApp message")
    assert row.address == SITI["user_id"]
