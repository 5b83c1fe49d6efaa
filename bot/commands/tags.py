"""`kawan tags`: words on people, by which a broadcast or a rule finds them."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands import office

Tag = Annotated[str, typer.Argument(help="Tanda, misalnya purna_pmi")]
People = Annotated[list[str], typer.Argument(help="Kode orang, misalnya P-0012")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    tags = typer.Typer(help="Tanda pada orang, untuk memilih penerima.", no_args_is_help=True)
    tags.command("add")(add)
    tags.command("remove")(remove)
    tags.command("list")(list_)
    app.add_typer(tags, name="tags")


def add(tag: Tag, people: People) -> None:
    """Beri orang sebuah tanda."""
    done = office.ask("tag_put", tag=tag, who=people)
    print(f"Tanda {done['tag']}: {done['people']} orang baru. Siaran: tanda={done['tag']}")


def remove(tag: Tag, people: People) -> None:
    """Lepas tanda dari orang."""
    done = office.ask("tag_take", tag=tag, who=people)
    print(f"Tanda {done['tag']}: dilepas dari {done['people']} orang.")


def list_(json: Annotated[bool, typer.Option("--json", help="Sebagai JSON")] = False) -> None:
    """Daftar tanda dan berapa orang memilikinya."""
    from storage.tags import counts

    found = office.read(counts)
    if json:
        office.print_json([{"tag": tag, "people": number} for tag, number in found])
        return
    office.print_table(
        ("tanda", "orang"), found, empty="Belum ada tanda. Beri dengan: kawan tags add TANDA KODE"
    )
