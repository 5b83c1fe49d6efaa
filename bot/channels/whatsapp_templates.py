"""Our templates at the Graph API: listed, created, edited; never deleted.

What they say is in locales/templates.toml; how they stand is kept by storage/templates.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.channels.channel import ChannelError
from bot.channels.whatsapp_errors import GraphError, trouble_of
from bot.channels.whatsapp_facts import category_of
from bot.channels.whatsapp_graph import Graph
from locales.templates import CATEGORY, LANGUAGE, Declared, digest, templates
from storage.templates import ABSENT, Found

EDITABLE: Final = frozenset({"approved", "rejected", "paused"})
"""States in which Meta lets the words be changed: once a day, ten times in 30 days."""

_FIELDS: Final = "id,name,language,status,category,components,rejected_reason"
_MOST_PAGES: Final = 50
_STATES: Final = {"in_appeal": "pending", "pending_deletion": ABSENT, "deleted": ABSENT}


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one template: created, changed, same, later or failed, and why."""

    name: str
    outcome: str
    why: str = ""


async def listed(graph: Graph, waba_id: str) -> dict[str, Found]:
    """All that the account has in our language, by name; raises ChannelError."""
    found: dict[str, Found] = {}
    after: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = await graph.get(f"{waba_id}/message_templates", fields=_FIELDS, limit="100", **after)
        for one in page.get("data") or ():
            if one.get("language") == LANGUAGE:
                found[str(one["name"])] = _found(one)
        paging = page.get("paging") or {}
        cursor = (paging.get("cursors") or {}).get("after")
        if not cursor or not paging.get("next"):
            break
        after = {"after": cursor}
    return found


async def push(graph: Graph, waba_id: str, there: Mapping[str, Found]) -> list[Pushed]:
    """Make what is there say what the project says; one that fails holds up no other."""
    return [await _push(graph, waba_id, one, there.get(one.name)) for one in templates().values()]


async def _push(graph: Graph, waba_id: str, declared: Declared, found: Found | None) -> Pushed:
    if found is not None and found.status != ABSENT:
        if found.digest == declared.digest:
            return Pushed(declared.name, "same")
        if found.status not in EDITABLE:
            return Pushed(declared.name, "later", found.status)
    components = components_of(declared)
    try:
        if found is None or found.status == ABSENT:
            wish = {
                "name": declared.name,
                "language": LANGUAGE,
                "category": CATEGORY.upper(),
                "components": components,
            }
            await graph.post(f"{waba_id}/message_templates", wish)
            return Pushed(declared.name, "created")
        await graph.post(found.platform_id, {"components": components})
    except GraphError as error:
        why = trouble_of(error) or error.said or error.reason
        return Pushed(declared.name, "failed", why)
    except ChannelError as error:
        return Pushed(declared.name, "failed", error.reason)
    return Pushed(declared.name, "changed")


def components_of(declared: Declared) -> list[dict[str, Any]]:
    """A template as Meta wants it described."""
    body: dict[str, Any] = {"type": "BODY", "text": declared.body}
    if declared.examples:
        body["example"] = {"body_text": [list(declared.examples)]}
    if not declared.buttons:
        return [body]
    buttons = [{"type": "QUICK_REPLY", "text": label} for label in declared.buttons]
    return [body, {"type": "BUTTONS", "buttons": buttons}]


def _found(one: Mapping[str, Any]) -> Found:
    state = str(one.get("status", "")).lower()
    reason = str(one.get("rejected_reason") or "")
    return Found(
        name=str(one["name"]),
        status=_STATES.get(state, state)[:20],
        category=category_of(one.get("category")),
        digest=_digest(one.get("components") or ()),
        platform_id=str(one.get("id", ""))[:40],
        reason="" if reason.upper() == "NONE" else reason.lower()[:200],
    )


def _digest(components: Any) -> str:
    """That of the words there; a part that ours do not have makes them others."""
    body, buttons, more = "", [], ""
    for part in components:
        match str(part.get("type", "")).upper():
            case "BODY":
                body = str(part.get("text", "")).strip()
            case "BUTTONS":
                buttons = [str(button.get("text", "")) for button in part.get("buttons") or ()]
            case other:
                more = other
    return digest(f"{more}{body}", buttons)
