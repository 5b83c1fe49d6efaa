"""Whatever may stand in a webhook: nothing raises, and nothing of it is lost."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.whatsapp_updates import parse
from conversations.message import Kind
from storage.facts import StatusTold
from tests.bot.waba import (
    NOW,
    PHONE_ID,
    Json,
    a_webhook,
    change,
    entry,
    message,
    read,
    status,
    value,
    webhook,
)

_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "from", "text", "body", "system", "edit", "errors", "context", "x"]
            )
            | _TEXT,
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def _paths(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        found.items()
        if isinstance(found, dict)
        else enumerate(found)
        if isinstance(found, list)
        else ()
    )
    return [path, *(deeper for name, one in inner for deeper in _paths(one, (*path, name)))]


def _with(found: Any, path: tuple[Any, ...], what: Any) -> Any:
    if not path:
        return what
    copy = dict(found) if isinstance(found, dict) else list(found)
    copy[path[0]] = _with(found[path[0]], path[1:], what)
    return copy


def _full() -> Json:
    """A body with a bit of everything."""
    inner = {"type": "text", "text": {"body": "lain"}}
    system = {"type": "user_changed_number", "wa_id": "628777", "body": ""}
    return webhook(
        entry(
            change(
                value(
                    message(),
                    message("image", image={"id": "1", "caption": "x"}),
                    message("edit", edit={"original_message_id": "w", "message": inner}),
                    message("reaction", reaction={"emoji": "🙏"}),
                    message("interactive", interactive={"type": "list_reply", "list_reply": {}}),
                    message("system", system=system),
                    statuses=[status("failed", errors=[{"code": 131026}]), status()],
                    errors=[{"code": 131042}],
                )
            ),
            change(
                {
                    "event": "APPROVED",
                    "message_template_name": "ingat",
                    "message_template_language": "id",
                },
                "message_template_status_update",
            ),
            change({"event": "FLAGGED"}, "phone_number_quality_update"),
        )
    )


def _kept(body: bytes) -> int:
    """How much of a body is kept or knowingly left out."""
    update = read(body)
    for row in update.rows:
        assert len(row.external_id) <= 80
        assert len(row.address) <= 64
        assert len(row.message_id) <= 80
        assert "\x00" not in row.external_id + row.address + row.message_id + row.problem
        if not row.problem:
            found = parse(row.body)
            assert found.sent_at.timestamp() <= NOW
            assert len(found.recipient) <= 140
            assert found.kind is Kind.GROUP or row.address
    for fact in update.facts:
        if isinstance(fact, StatusTold):
            assert len(fact.platform_id) <= 80
            assert len(fact.category) <= 12
    return len(update.rows) + len(update.facts) + len(update.people) + sum(update.left_out.values())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_written_into_a_webhook_nothing_raises_and_something_is_kept(
    data: st.DataObject,
) -> None:
    full = _full()
    path = data.draw(st.sampled_from(_paths(full)[1:]))
    spoiled = _with(full, path, data.draw(_JSON))

    kept = _kept(json.dumps(spoiled).encode())

    emptied = path in (("entry",), ("entry", 0, "changes"))
    inside_an_item = len(path) > 6 and path[5] in ("messages", "statuses")
    assert kept >= (_kept(orjson.dumps(full)) if inside_an_item else 0 if emptied else 1)


@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=0, max_value=3000), st.integers(min_value=0, max_value=3000))
def test_a_webhook_cut_anywhere_is_kept(begin: int, end: int) -> None:
    body = orjson.dumps(_full())

    assert _kept(body[begin:end]) >= 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_that_are_signed_are_kept(body: bytes) -> None:
    assert _kept(body) >= 1


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(10)))
def test_every_message_is_kept_alone_in_any_order_and_company(order: list[int]) -> None:
    messages = [message(id=f"wamid.order{n}") for n in range(10)]

    rows = read(a_webhook(*(messages[n] for n in order))).rows

    assert [row.external_id for row in rows] == [f"wamid.order{n}" for n in order]
    assert {row.account for row in rows} == {PHONE_ID}
