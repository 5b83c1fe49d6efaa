"""What leaves for WhatsApp keeps its limits, whatever the message, and loses no word of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import File
from bot.channels.lengths import units
from bot.channels.whatsapp_messages import (
    LONGEST_BODY,
    LONGEST_TEXT,
    Attached,
    Part,
    fitted,
    kind_of,
    render,
    shown,
)
from conversations.message import Choice, Message, Template, printed
from locales import catalogue, languages
from locales.templates import templates
from tests.fakes import graph_messages

LABELS = (
    st.text(max_size=120)
    | st.text("kata ", min_size=80, max_size=150)
    | st.text("kata 👵_*\n", max_size=40)
    | st.text(max_size=17)
)
CHOICES = st.lists(st.builds(Choice, LABELS, st.text(max_size=300)), max_size=14).map(tuple)
NAMED = st.integers(0, 14).flatmap(
    lambda number: st.tuples(
        *(st.builds(Choice, LABELS, st.just(f"pilih.{at}")) for at in range(number))
    )
)
TEXTS = (
    st.text(max_size=9_000)
    | st.text("kata 👵\n_~`>*", max_size=9_000)
    | st.text("dua kata", max_size=300)
)
MESSAGES = st.builds(Message, TEXTS, CHOICES | NAMED)
FILES = st.none() | st.sampled_from(["image", "voice", "audio"]).map(
    lambda kind: Attached(kind, "7")
)


def text_of(part: Part) -> str:
    """The words that a person reads, without titles of buttons."""
    content = part[part["type"]]
    if part["type"] == "interactive":
        return str(content["body"]["text"])
    return str(content.get("body", content.get("caption", "")))


def plain(text: str) -> str:
    """Without space, and with the signs that stand in for marks written as they were."""
    return "".join(unicodedata.normalize("NFKC", text).replace("`", "'").split())


def payloads_of(part: Part) -> list[tuple[str, str]]:
    """Title and payload of what can be pressed."""
    action = part.get("interactive", {}).get("action", {})
    rows = [(row["title"], row["id"]) for s in action.get("sections", ()) for row in s["rows"]]
    replies = [button["reply"] for button in action.get("buttons", ())]
    return rows + [(reply["title"], reply["id"]) for reply in replies]


@given(MESSAGES, FILES)
def test_no_message_that_can_be_made_exceeds_a_limit(
    message: Message, attached: Attached | None
) -> None:
    for part in render(message, attached):
        graph_messages.read({"to": "6281", **part})


@given(MESSAGES, FILES)
def test_no_word_is_lost(message: Message, attached: Attached | None) -> None:
    parts = render(message, attached)

    assert plain("".join(map(text_of, parts))) == plain(printed(message).strip())


@given(MESSAGES, FILES)
def test_every_choice_can_be_answered_by_its_number(
    message: Message, attached: Attached | None
) -> None:
    read = plain("".join(map(text_of, render(message, attached))))

    at = 0
    for number, choice in enumerate(message.choices, 1):
        at = read.index(plain(f"{number}. {choice.label}"), at)


@given(MESSAGES, FILES)
def test_what_is_pressed_is_the_choice_of_that_number(
    message: Message, attached: Attached | None
) -> None:
    pressed = [pair for part in render(message, attached) for pair in payloads_of(part)]

    assert [payload for _, payload in pressed] in ([], [c.payload for c in message.choices])
    assert all(title.startswith(f"{n}.") for n, (title, _) in enumerate(pressed, 1))
    assert len({title for title, _ in pressed}) == len(pressed)


@given(MESSAGES, FILES)
def test_no_more_messages_are_sent_than_the_text_needs(
    message: Message, attached: Attached | None
) -> None:
    parts = render(message, attached)

    needed = -(-units(shown(printed(message).strip())) // (LONGEST_TEXT // 2))
    assert len(parts) <= max(1, needed) + (attached is not None)


def test_three_short_answers_are_buttons_with_their_numbers() -> None:
    message = Message("Anaknya?", (Choice("Sehat", "s"), Choice("Sakit", "k"), Choice("Lain", "l")))

    (part,) = render(message)

    assert part["interactive"]["type"] == "button"
    assert part["interactive"]["body"]["text"] == printed(message)
    assert payloads_of(part) == [("1. Sehat", "s"), ("2. Sakit", "k"), ("3. Lain", "l")]


def test_a_label_of_seventeen_letters_is_the_longest_on_a_button() -> None:
    fits = render(Message("?", (Choice("a" * 17, "a"), Choice("Ya", "y"))))
    longer = render(Message("?", (Choice("a" * 18, "a"), Choice("Ya", "y"))))

    assert fits[0]["interactive"]["type"] == "button"
    assert longer[0]["interactive"]["type"] == "list"


def test_a_label_too_long_for_a_button_goes_on_below_its_row() -> None:
    message = Message("?", (Choice("Belum sempat ke posyandu", "b"), Choice("Ya", "y")))

    (part,) = render(message)

    rows = part["interactive"]["action"]["sections"][0]["rows"]
    assert rows == [
        {"id": "b", "title": "1. Belum sempat ke", "description": "posyandu"},
        {"id": "y", "title": "2. Ya"},
    ]


@pytest.mark.parametrize(("number", "type_"), [(3, "button"), (4, "list"), (10, "list")])
def test_up_to_ten_answers_can_be_pressed(number: int, type_: str) -> None:
    message = Message("?", tuple(Choice(f"Pilih {n}", f"p{n}") for n in range(number)))

    (part,) = render(message)

    assert part["interactive"]["type"] == type_
    assert len(payloads_of(part)) == number


@pytest.mark.parametrize(
    "message",
    [
        Message("?", tuple(Choice(str(n), f"p{n}") for n in range(11))),
        Message("kata " * 250, (Choice("Ya", "y"),)),
        Message("?", (Choice("Ya", "sama"), Choice("Tidak", "sama"))),
        Message("?", (Choice("Ya", ""),)),
        Message("?", (Choice("Ya", " y"),)),
        Message("?", (Choice("Ya", "y" * 201),)),
    ],
    ids=[
        "eleven answers",
        "a long text",
        "one payload for two",
        "no payload",
        "a space",
        "a long payload",
    ],
)
def test_where_nothing_can_be_pressed_the_numbers_serve(message: Message) -> None:
    (part,) = render(message)

    assert part["type"] == "text"
    assert part["text"]["body"] == printed(message).strip()


def test_faces_stay_in_the_text_and_leave_the_buttons() -> None:
    message = Message("Rasanya?", (Choice("😢 Sedih", "1"), Choice("👍🏽 Senang ☺️", "3")))

    (part,) = render(message)

    assert "1. 😢 Sedih" in text_of(part)
    assert [title for title, _ in payloads_of(part)] == ["1. Sedih", "2. Senang"]


def test_a_link_is_sent_without_a_preview() -> None:
    (part,) = render(Message("https://t.me/kawan_asuh_bot"))

    assert part["text"] == {"preview_url": False, "body": "https://t.me/kawan_asuh_bot"}


@pytest.mark.parametrize("kept", ["Ketik *MENU*", "nama_berkas", "https://a.id/_x_", "5 > 3"])
def test_what_whatsapp_shows_as_it_is_stays_as_it_is(kept: str) -> None:
    assert shown(kept) == kept


@pytest.mark.parametrize("typed", ["_Siti_", "~Siti~", "Ma`ruf dan Sa`diyah", "```x```", "> 5 th"])
def test_what_a_person_typed_does_not_become_markup(typed: str) -> None:
    safe = shown(typed)

    assert safe != typed
    assert not any(mark in safe for mark in ("_S", "~S", "`"))
    assert plain(safe) == plain(typed)


def test_a_picture_carries_its_text_and_its_buttons_in_one_message() -> None:
    photo = Attached("image", "99")

    (captioned,) = render(Message("Ini fotonya"), photo)
    (pressed,) = render(Message("Sudah lihat?", (Choice("Sudah", "s"),)), photo)

    assert captioned == {"type": "image", "image": {"id": "99", "caption": "Ini fotonya"}}
    assert pressed["interactive"]["header"] == {"type": "image", "image": {"id": "99"}}
    assert payloads_of(pressed) == [("1. Sudah", "s")]


def test_a_picture_with_many_answers_says_their_numbers_below_it() -> None:
    message = Message("Yang mana?", tuple(Choice(f"Anak {n}", f"a{n}") for n in range(5)))

    (part,) = render(message, Attached("image", "99"))

    assert part["image"]["caption"] == printed(message)


def test_a_text_too_long_for_a_caption_follows_its_picture() -> None:
    first, second = render(Message("kata " * 250), Attached("image", "99"))

    assert first == {"type": "image", "image": {"id": "99"}}
    assert second["type"] == "text"


def test_the_text_follows_a_voice_note() -> None:
    first, second = render(Message("Dengarkan", (Choice("Sudah", "s"),)), Attached("voice", "99"))

    assert first == {"type": "audio", "audio": {"id": "99", "voice": True}}
    assert payloads_of(second) == [("1. Sudah", "s")]


def test_a_template_speaks_in_its_own_words() -> None:
    message = Message(
        "Besok ada pertemuan",
        (Choice("Datang", "d"), Choice("Tidak bisa", "t")),
        template=Template("pengingat_pertemuan", ("Mbah\tSiti", "", "Senin\nPon", "Balai    desa")),
    )

    (part,) = render(message)

    assert part["template"]["language"] == {"code": "id"}
    body, *buttons = part["template"]["components"]
    assert [one["text"] for one in body["parameters"]] == [
        "Mbah Siti",
        "-",
        "Senin Pon",
        "Balai desa",
    ]
    assert [(one["index"], one["parameters"][0]["payload"]) for one in buttons] == [
        ("0", "d"),
        ("1", "t"),
    ]


def test_a_template_has_no_more_buttons_than_were_approved() -> None:
    choices = tuple(Choice(str(n), f"p{n}") for n in range(5))

    (part,) = render(Message("", choices, template=Template("ada_kabar", ("Mbah",))))

    assert sum(one["type"] == "button" for one in part["template"]["components"]) == 1


@given(st.sampled_from(sorted(templates())), st.data())
def test_a_filled_template_keeps_its_limit(name: str, data: st.DataObject) -> None:
    declared = templates()[name]
    lengths = st.text(max_size=40) | st.text("kata 👵\n", min_size=200, max_size=1_500)
    values = tuple(data.draw(lengths) for _ in declared.values)

    (part,) = render(Message("", template=Template(name, values)))

    components = part["template"].get("components", [{"parameters": []}])
    filled = [one["text"] for one in components[0]["parameters"]]
    assert units(declared.filled(filled)) <= LONGEST_BODY
    assert len(filled) == len(values)
    assert all(value.strip() and not set(value) & set("\n\t") for value in filled)
    assert not any("     " in value for value in filled)


def test_a_long_value_is_cut_to_its_share_and_a_short_one_is_not() -> None:
    assert fitted(("Siti", "kata " * 20), 40) == ["Siti", "kata kata kata kata…"]


def test_a_long_payload_is_left_out_of_a_template() -> None:
    knock = Message("", (Choice("Buka", "b" * 129),), template=Template("ada_kabar", ("Mbah",)))

    (part,) = render(knock)

    assert [one["type"] for one in part["template"]["components"]] == ["body"]


@given(st.lists(st.text(max_size=50), max_size=5))
def test_values_that_fit_keep_their_words(values: list[str]) -> None:
    assert [plain(one) for one in fitted(values, 1_024)] == [plain(one) or "-" for one in values]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (File(b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"), "voice"),
        (File(b"OggS" + bytes(24) + b"\x01vorbis", "audio/ogg"), ""),
        (File(b"\xff\xd8\xff", "image/jpeg"), "image"),
        (File(bytes(5 * 2**20 + 1), "image/png"), ""),
        (File(b"RIFF", "image/webp"), ""),
        (File(b"ID3", "audio/mpeg"), "audio"),
        (File(bytes(16 * 2**20 + 1), "audio/mpeg"), ""),
    ],
)
def test_a_file_goes_as_what_whatsapp_takes(file: File, kind: str) -> None:
    assert kind_of(file) == kind


def test_what_opens_a_list_is_short_enough_in_every_language() -> None:
    for language in languages():
        assert units(catalogue(language).get("whatsapp.list", "")) <= 20
