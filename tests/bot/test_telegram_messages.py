"""What leaves for Telegram keeps its limits, whatever the message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.lengths import split, units
from bot.channels.telegram_messages import LONGEST_PAYLOAD, render
from conversations.message import Choice, Message, printed
from tests.bot.platforms import a_platform, bodies_of

MESSAGES = st.builds(
    Message,
    st.text(max_size=9_000) | st.text("kata 👵\n", max_size=9_000),
    st.lists(st.builds(Choice, st.text(max_size=200), st.text(max_size=90)), max_size=120).map(
        tuple
    ),
    st.none(),
    st.booleans(),
)


@given(MESSAGES)
def test_no_limit_of_telegram_is_ever_exceeded(message: Message) -> None:
    parts = render(message)

    for part in parts:
        assert 1 <= len(part["text"].encode("utf-16-le")) // 2 <= 4096
        assert part["text"] == part["text"].strip()
        for entity in part.get("entities", ()):
            assert 0 < entity["length"] <= 4096
        rows = part.get("reply_markup", {"inline_keyboard": [[]]})["inline_keyboard"]
        buttons = [button for row in rows for button in row]
        assert len(buttons) <= 100
        assert all(1 <= len(b["callback_data"].encode()) <= LONGEST_PAYLOAD for b in buttons)
        assert all(1 <= len(button["text"]) <= 64 for button in buttons)


@given(st.text("satu dua\n👵 ", max_size=300), st.integers(2, 60))
def test_splitting_loses_nothing_but_space(text: str, longest: int) -> None:
    pieces = split(text, longest)

    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < units(piece) <= longest for piece in pieces)


def test_buttons_carry_the_numbers_that_the_text_prints() -> None:
    message = Message("Bagaimana makannya?", (Choice("Lahap", "a"), Choice("Sedikit", "b")))

    (part,) = render(message)

    assert part["text"] == printed(message)
    assert part["reply_markup"]["inline_keyboard"] == [
        [{"text": "1. Lahap", "callback_data": "a"}, {"text": "2. Sedikit", "callback_data": "b"}]
    ]


def test_long_labels_stand_in_a_row_of_their_own() -> None:
    message = Message("?", (Choice("Ya", "a"), Choice("Belum sempat ke posyandu", "b")))

    keyboard = render(message)[0]["reply_markup"]["inline_keyboard"]

    assert [len(row) for row in keyboard] == [1, 1]


def test_the_buttons_of_a_long_message_hang_on_its_last_part() -> None:
    first, *_, last = render(Message("kata " * 2_000, (Choice("Ya", "y"),)))

    assert "reply_markup" not in first
    assert "reply_markup" in last


async def test_a_discreet_message_is_a_spoiler_that_cannot_be_forwarded() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        bodies = bodies_of(telegram)

        await telegram.send("7", Message("Mbak 👍 aman?", discreet=True))

    wire = siti.received[0].wire
    assert bodies[0]["protect_content"] is True
    assert [(e["type"], e["offset"], e["length"]) for e in wire["entities"]] == [("spoiler", 0, 13)]
