"""Options named by number, label, face or synonym."""

import pytest

from conversations import reading

SCHOOL_DAYS = ("tidak pernah", "sehari", "dua hari", "tiga hari atau lebih", "sudah berhenti")
FEAR = ("tidak", "ada", "tidak tahu")


@pytest.mark.parametrize(
    ("reply", "option"),
    [
        ("nomor 2", 1),
        ("sehari", 1),
        ("dua hari", 2),
        ("2", None),
        ("sudah berhenti mbak", 4),
        ("tidak pernah", 0),
    ],
)
def test_a_bare_digit_that_could_be_a_quantity_is_asked_again(
    reply: str, option: int | None
) -> None:
    assert reading.choice(reply, SCHOOL_DAYS, digits_may_be_quantity=True) == option


@pytest.mark.parametrize(
    ("reply", "option"), [("mboten", 0), ("ada mbak", 1), ("gak tau", 2), ("enten", None)]
)
def test_yes_and_no_words_choose_among_labels_that_say_yes_and_no(
    reply: str, option: int | None
) -> None:
    assert reading.choice(reply, FEAR) == option


@pytest.mark.parametrize(
    ("reply", "option"),
    [
        ("😢", 0),
        (":(", 0),
        ("susah", 0),
        ("lumayan", 1),
        ("seneng mbak", 2),
        ("snang", 2),
        ("tidak sedih", None),
        ("sedih tapi senang", None),
    ],
)
def test_faces_and_feelings_choose_a_smiley(reply: str, option: int | None) -> None:
    assert reading.choice(reply, ("😢 sedih", "😐 biasa", "😊 senang")) == option


def test_a_form_may_bring_its_own_synonyms() -> None:
    labels = ("nenek", "tetangga")

    assert reading.choice("mbok dhe sebelah", labels, synonyms={"mbok dhe": 1}) == 1


@pytest.mark.parametrize(
    ("reply", "options"),
    [
        ("1 dan 3", (0, 2)),
        ("1,3", (0, 2)),
        ("1-3", (0, 1, 2)),
        ("obat sama buku", (1, 3)),
        ("semua kecuali 2", (0, 2, 3)),
        ("semua", (0, 1, 2, 3)),
        ("mboten wonten", ()),
        ("1 atau 2", None),
        ("5", None),
        ("bingung", None),
    ],
)
def test_several_options_may_be_named(reply: str, options: tuple[int, ...] | None) -> None:
    assert reading.several(reply, ("beras", "obat", "sepatu", "buku")) == options
