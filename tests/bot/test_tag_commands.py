"""`kawan tags`: put on people by code, taken off, counted; and found by an audience."""

from __future__ import annotations

import pytest

from bot.operations import OperationRefused
from conversations.broadcasts.audience import parse
from storage import audiences, tags
from tests.bot.offices import Office, office
from tests.storage.builders import NOW, a_caregiver

__all__ = ["office"]


async def test_a_tagged_person_is_found_by_her_tag_however_it_is_written(office: Office) -> None:
    siti = await office.write(lambda conn: a_caregiver(conn, "1"))
    await office.write(lambda conn: a_caregiver(conn, "2"))

    done = await office.ask("tag_put", tag="Purna PMI", who=[f"P-{siti.id:04}"])

    assert done == {"tag": "purna_pmi", "people": 1}
    for written in ("tanda=purna_pmi", "tanda=purna-pmi"):
        found = await office.write(
            lambda conn, w=written: audiences.members(conn, parse(w), NOW, 0, 10)
        )
        assert [one.member.person.id for one in found] == [siti.id]


async def test_a_tag_is_put_once_and_taken_off(office: Office) -> None:
    siti = await office.write(lambda conn: a_caregiver(conn, "1"))
    who = [f"P-{siti.id:04}"]

    first = await office.ask("tag_put", tag="uji", who=who)
    again = await office.ask("tag_put", tag="uji", who=who)
    counted = await office.write(tags.counts)
    off = await office.ask("tag_take", tag="uji", who=who)

    assert (first["people"], again["people"], off["people"]) == (1, 0, 1)
    assert counted == [("uji", 1)]
    assert await office.write(tags.counts) == []


@pytest.mark.parametrize(
    ("tag", "who", "said"),
    [
        ("!", "P-0001", "huruf, angka"),
        ("x" * 41, "P-0001", "huruf"),
        ("uji", "P-0999", "kawan people"),
    ],
)
async def test_what_is_no_tag_or_nobody_is_refused(
    office: Office, tag: str, who: str, said: str
) -> None:
    await office.write(lambda conn: a_caregiver(conn, "1"))

    with pytest.raises(OperationRefused, match=said):
        await office.ask("tag_put", tag=tag, who=[who])
