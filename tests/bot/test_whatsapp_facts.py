"""What Meta tells besides messages: of ours, of people, of templates and of our account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pywa.types.templates import TemplateCategoryUpdate, TemplateQualityUpdate

from storage.facts import (
    AccountTold,
    AddressDoubted,
    AddressMoved,
    IdentityTold,
    StatusTold,
    TemplateTold,
)
from tests.bot.waba import (
    NOW,
    PHONE_ID,
    SITI,
    Json,
    a_change,
    a_template,
    a_webhook,
    by_pywa,
    change,
    entry,
    message,
    read,
    status,
    value,
    webhook,
)


def told(field: str, what: Json) -> Any:
    """The one fact in a change of this field."""
    (fact,) = read(a_change(field, what)).facts
    return fact


def of_status(**more: Any) -> StatusTold:
    (fact,) = read(a_webhook(statuses=[status(**more)])).facts
    assert isinstance(fact, StatusTold)
    return fact


# --- what became of our messages ---


@pytest.mark.parametrize(
    ("word", "kept"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read")],
)
def test_a_status_is_told_in_our_words(word: str, kept: str) -> None:
    found = of_status(word=word, pricing={"billable": True, "category": "utility"})

    assert (found.status, found.category, found.billable) == (kept, "utility", True)
    assert (found.code, found.reason) == (0, "")
    assert found.at == datetime.fromtimestamp(NOW - 3, UTC)


def test_a_failure_is_told_by_its_number_and_never_in_the_platforms_words() -> None:
    errors = [{"code": 131026, "title": "Siti tidak di sini", "message": "628123456789"}]

    found = of_status(word="failed", errors=errors)

    assert (found.code, found.reason) == (131026, "undeliverable")


@pytest.mark.parametrize("errors", [None, [], [{"code": "131026"}], [{"code": True}]])
def test_a_failure_without_a_number_is_a_failure(errors: Any) -> None:
    found = of_status(word="failed", errors=errors)

    assert (found.status, found.code, found.reason) == ("failed", 0, "failed")


@pytest.mark.parametrize(
    ("pricing", "category", "billable"),
    [
        ({"billable": False, "category": "referral_conversion"}, "free", False),
        ({"billable": True, "category": "MARKETING_LITE"}, "marketing", True),
        ({"category": "authentication_international"}, "auth", None),
        ({"billable": "ya", "category": 7}, "", None),
    ],
)
def test_a_price_is_told_as_far_as_it_is_known(
    pricing: Json, category: str, billable: bool | None
) -> None:
    found = of_status(pricing=pricing)

    assert (found.category, found.billable) == (category, billable)


def test_a_status_is_never_from_the_future() -> None:
    assert of_status(timestamp=str(NOW + 999)).at == datetime.fromtimestamp(NOW, UTC)


@pytest.mark.parametrize(
    "given", [{"word": "deleted"}, {"word": "warning"}, {"recipient_type": "group"}]
)
def test_a_status_that_changes_nothing_is_counted(given: Json) -> None:
    update = read(a_webhook(statuses=[status(**given)]))

    assert dict(update.left_out) == {"no_consequence": 1}
    assert (update.rows, update.facts) == ([], [])


@pytest.mark.parametrize(
    "given", [{"word": "teleported"}, {"word": ["sent"]}, {"id": 7}, {"timestamp": "kemarin"}]
)
def test_a_status_that_is_not_known_is_kept(given: Json) -> None:
    (row,) = read(a_webhook(statuses=[status(**given)])).rows

    assert row.problem.startswith("unknown status")


# --- people with another number, or another phone ---


def system(type_: str, more: Json, **outer: Any) -> Json:
    given = {"body": "User Siti changed", "type": type_, **more}
    return webhook(entry(change(value(message("system", system=given, **outer), contacts=[]))))


def test_a_changed_number_names_every_key_she_was_known_by() -> None:
    body = system(
        "user_changed_number",
        {"wa_id": "628777", "user_id": "ID.new", "previous_user_id": "ID.old"},
    )

    assert read(body).people == [
        AddressMoved("whatsapp", PHONE_ID, "ID.old", "ID.new", "628777"),
        AddressMoved("whatsapp", PHONE_ID, SITI["wa_id"], "ID.new", "628777"),
    ]


def test_a_changed_id_without_a_number_moves_the_address() -> None:
    body = system(
        "user_changed_user_id",
        {"user_id": "ID.new", "previous_user_id": "ID.old"},
        from_=None,
    )

    assert read(body).people == [AddressMoved("whatsapp", PHONE_ID, "ID.old", "ID.new")]


def test_an_old_webhook_for_changed_ids_is_understood() -> None:
    ids = {"previous": "ID.old", "current": "ID.new"}
    body = a_change("user_id_update", value(user_id_update=[{"wa_id": "628777", "user_id": ids}]))

    assert read(body).people == [AddressMoved("whatsapp", PHONE_ID, "ID.old", "ID.new", "628777")]


def test_a_changed_identity_makes_the_address_doubtful() -> None:
    body = system("customer_identity_changed", {"customer": SITI["wa_id"], "identity": "abc"})

    assert read(body).people == [AddressDoubted("whatsapp", PHONE_ID, SITI["wa_id"])]


def test_a_changed_identity_with_a_contact_doubts_her_by_her_id_as_well() -> None:
    told = message("system", system={"type": "user_identity_changed", "body": ""})

    assert read(a_webhook(told)).people == [
        AddressDoubted("whatsapp", PHONE_ID, SITI["wa_id"]),
        AddressDoubted("whatsapp", PHONE_ID, SITI["user_id"]),
    ]


def test_a_fingerprint_of_her_account_is_told_once_and_not_as_it_is() -> None:
    contact = {**SITI, "identity_key_hash": "DF2lS5v2W6x="}

    update = read(a_webhook(message(), message(), contacts=[contact]))

    (told,) = update.people
    assert isinstance(told, IdentityTold)
    assert told.address == SITI["user_id"]
    assert len(told.identity) == 64
    assert "DF2lS5v2W6x" not in told.identity


def test_a_group_has_no_fingerprint() -> None:
    contact = {**SITI, "identity_key_hash": "DF2lS5v2W6x="}

    assert read(a_webhook(message(group_id="1"), contacts=[contact])).people == []


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        ("user_changed_user_id", {"user_id": "ID.new"}),
        ("user_changed_number", {"body": "ke mana?"}),
        ("user_moved_to_mars", {}),
    ],
)
def test_a_system_message_that_does_not_say_enough_is_kept(type_: str, more: Json) -> None:
    (row,) = read(system(type_, more, from_=None)).rows

    assert row.problem == f"unknown system message: {type_}"


# --- templates and our own account ---


@pytest.mark.parametrize(
    ("event", "kept", "reason"),
    [
        ("APPROVED", "approved", ""),
        ("REJECTED", "rejected", "invalid_format"),
        ("PAUSED", "paused", "invalid_format"),
        ("REINSTATED", "approved", "invalid_format"),
        ("FLAGGED", "", "flagged invalid_format"),
        ("PENDING_DELETION", "absent", "invalid_format"),
        ("IN_APPEAL", "pending", "in_appeal invalid_format"),
        ("SOMETHING_OF_2028_AND_LONG", "something_of_2028_an", "invalid_format"),
    ],
)
def test_a_state_of_a_template_is_told_in_our_words(event: str, kept: str, reason: str) -> None:
    given = "NONE" if event == "APPROVED" else "INVALID_FORMAT"

    found = told("message_template_status_update", a_template(event=event, reason=given))

    assert found == TemplateTold(PHONE_ID, "ingat_sesi", "id", kept, "", reason, "1689556908129832")


def test_a_template_filed_under_another_category_is_told_as_pywa_reads_it() -> None:
    what = a_template(previous_category="UTILITY", new_category="MARKETING")
    body = a_change("template_category_update", what)

    expected = by_pywa(TemplateCategoryUpdate, body)
    (found,) = read(body).facts

    assert isinstance(found, TemplateTold)
    assert found.category == expected.new_category.value.lower()
    assert (found.name, found.status, found.reason) == (expected.template_name, "", "")


def test_a_category_of_tomorrow_is_not_yet_the_category() -> None:
    what = a_template(correct_category="MARKETING", new_category="UTILITY")

    found = told("template_category_update", what)

    assert (found.category, found.reason) == ("utility", "becomes marketing")


def test_the_quality_of_a_template_is_told_as_pywa_reads_it() -> None:
    what = a_template(previous_quality_score="GREEN", new_quality_score="YELLOW")
    body = a_change("message_template_quality_update", what)

    expected = by_pywa(TemplateQualityUpdate, body)
    (found,) = read(body).facts

    assert isinstance(found, TemplateTold)
    assert found.reason == f"quality {expected.new_quality_score.value.lower()}"


def test_a_template_whose_text_was_changed_elsewhere_is_told() -> None:
    found = told("message_template_components_update", a_template(message_template_element="x"))

    assert (found.status, found.reason) == ("", "text changed at WhatsApp")


def test_a_template_that_cannot_be_ours_is_counted() -> None:
    what = a_template(event="APPROVED", message_template_name="x" * 61)

    update = read(a_change("message_template_status_update", what))

    assert (update.facts, dict(update.left_out)) == ([], {"no_consequence": 1})


@pytest.mark.parametrize(
    ("field", "what", "detail"),
    [
        ("account_update", {"event": "ACCOUNT_DELETED", "phone_number": "62"}, "ACCOUNT_DELETED"),
        (
            "account_update",
            {
                "event": "ACCOUNT_RESTRICTION",
                "restriction_info": [
                    {"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": 1},
                    {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"},
                ],
            },
            "ACCOUNT_RESTRICTION RESTRICTED_ADD_PHONE_NUMBER_ACTION"
            " RESTRICTED_BIZ_INITIATED_MESSAGING",
        ),
        ("account_review_update", {"decision": "REJECTED"}, "REJECTED"),
        (
            "phone_number_quality_update",
            {"display_phone_number": "62", "event": "FLAGGED", "current_limit": "TIER_250"},
            "FLAGGED TIER_250",
        ),
        (
            "phone_number_name_update",
            {
                "decision": "REJECTED",
                "requested_verified_name": "Ibu Siti",
                "rejection_reason": "X",
            },
            "REJECTED X",
        ),
        ("business_capability_update", {"max_daily_conversations_per_business": 2000}, "2000"),
        ("security", {"event": "PIN_CHANGED", "requester": "1"}, "PIN_CHANGED"),
        (
            "account_alerts",
            {
                "entity_type": "BUSINESS",
                "alert_info": {"alert_type": "OBA_APPROVED", "alert_description": "Halo Siti"},
            },
            "OBA_APPROVED",
        ),
    ],
)
def test_news_of_our_account_are_told_by_their_keys(field: str, what: Json, detail: str) -> None:
    assert told(field, what) == AccountTold(PHONE_ID, field, detail)


def test_errors_of_no_message_are_told_by_their_numbers() -> None:
    update = read(a_webhook(errors=[{"code": 131042, "title": "x"}, {"code": 131042}]))

    assert update.facts == [AccountTold(PHONE_ID, "errors", "131042 payment")]
