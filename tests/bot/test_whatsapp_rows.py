"""Everything of a webhook is read or kept; what is meant for others is left out and counted."""

from __future__ import annotations

import orjson
import pytest

from tests.bot.waba import (
    BUSINESS,
    NOW,
    RINI,
    SITI,
    Json,
    a_change,
    a_template,
    a_webhook,
    change,
    entry,
    message,
    read,
    status,
    value,
    webhook,
)


def test_every_entry_change_message_and_status_is_read() -> None:
    body = webhook(
        *(
            entry(
                change(value(message(), message(), message(by=RINI), contacts=[SITI, RINI])),
                change(value(statuses=[status("sent"), status("read")])),
                change(a_template(event="APPROVED"), "message_template_status_update"),
            )
            for _ in range(2)
        )
    )

    update = read(body)

    assert len(update.rows) == 6
    assert len(update.facts) == 6
    assert not any(row.problem for row in update.rows)
    assert len({row.external_id for row in update.rows}) == 6


def test_messages_and_statuses_may_come_in_one_change() -> None:
    update = read(a_webhook(message(), statuses=[status()]))

    assert (len(update.rows), len(update.facts)) == (1, 1)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b'"\xff"', "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b"[]", "not a WhatsApp webhook"),
        ({"object": "page", "entry": []}, "not a WhatsApp webhook"),
        (webhook(7), "webhook: odd entry"),  # type: ignore[arg-type]
        ({"object": "whatsapp_business_account"}, "webhook without entry"),
        (webhook({"id": BUSINESS}), "entry without changes"),
        (webhook(entry({"field": "messages"})), "a change without field and value"),
        (webhook(entry(change({}, "weather"))), "unknown change: weather"),
        (webhook(entry(change({}, "Siti menangis"))), "unknown change: of odd name"),
        (webhook(entry(change({}, "account_update"))), "unreadable change: account_update"),
        (a_webhook(calls=[{"id": "1"}]), "unknown part of messages: calls"),
        (a_webhook(errors=[{}]), "unreadable errors"),
        (a_webhook(), "messages without messages"),
        (a_webhook(messages=["halo"]), "change: odd messages"),
        (a_webhook(message(id=None)), "a message without an id"),
        (a_webhook(message(from_=None), contacts=[]), "a message without a sender"),
        (webhook(entry(change(value(message())), business=7)), "a change of odd address"),
    ],
)
def test_what_is_not_known_is_kept_with_what_is_odd_about_it(
    body: Json | bytes, problem: str
) -> None:
    first, second = read(body), read(body)

    (row,) = first.rows
    assert row.problem == problem
    assert row.external_id == second.rows[0].external_id
    assert len(row.external_id) <= 80


def test_one_odd_thing_costs_the_others_nothing() -> None:
    odd = message()
    odd["text"] = 7

    update = read(a_webhook(message(), odd, message(), statuses=[status(), 5]))

    assert [bool(row.problem) for row in update.rows] == [False, True, False, True]
    assert len(update.facts) == 1


def test_a_message_that_is_nested_too_deeply_is_kept_with_its_webhook() -> None:
    deep = b"[" * 400 + b"]" * 400
    body = orjson.dumps(a_webhook(message(), message(odd="*"))).replace(b'"*"', deep)

    rows = read(body).rows

    assert [row.problem for row in rows] == ["", "nested too deeply"]
    assert rows[1].body == body


# --- what is meant for others ---


def test_what_is_for_another_number_is_left_out_and_counted() -> None:
    stranger = value(message())
    stranger["metadata"]["phone_number_id"] = "999"

    update = read(webhook(entry(change(stranger), change(value(message())))))

    assert len(update.rows) == 1
    assert dict(update.left_out) == {"other_number": 1}


def test_what_is_for_another_account_is_left_out_and_counted() -> None:
    approved = change(a_template(event="APPROVED"), "message_template_status_update")

    update = read(webhook(entry(approved, business="7"), entry(approved)))

    assert len(update.facts) == 1
    assert dict(update.left_out) == {"other_account": 1}


def test_words_to_our_number_are_never_lost_to_a_wrong_account_in_the_settings() -> None:
    update = read(webhook(entry(change(value(message())), business="7")))

    assert len(update.rows) == 1
    assert dict(update.left_out) == {"account_mismatch": 1}


def test_news_of_another_number_of_the_account_are_left_out_once_ours_is_known() -> None:
    what = {"display_phone_number": "+62 331-999", "event": "FLAGGED", "current_limit": "TIER_250"}
    body = a_change("phone_number_quality_update", what)

    assert len(read(body).facts) == 1
    assert len(read(body, number="62331999").facts) == 1
    assert dict(read(body, number="62331000111").left_out) == {"other_number": 1}


# --- what may be shown as read ---


def test_the_newest_message_of_each_person_may_be_shown_as_read() -> None:
    first = message(timestamp=str(NOW - 20))
    newest = message(timestamp=str(NOW - 10))
    late = message(timestamp=str(NOW - 15))
    other = message(by=RINI)

    update = read(a_webhook(first, newest, late, other, contacts=[SITI, RINI]))

    assert update.marks == {SITI["user_id"]: newest["id"], RINI["user_id"]: other["id"]}


@pytest.mark.parametrize(
    "given",
    [
        {"timestamp": str(NOW - 601)},
        {"timestamp": None},
        {"type_": "reaction", "reaction": {"emoji": "🙏"}},
        {"group_id": "1"},
        {"type_": "text", "text": 7},
    ],
)
def test_what_is_old_or_cannot_be_marked_is_not_shown_as_read(given: Json) -> None:
    assert read(a_webhook(message(**given))).marks == {}
