"""Templates as the platform keeps them: created, judged, filed, edited, paused, deleted, said.

A test plays the people at Meta (`approve`, `reject`, `pause`, `files_as`); each of their decisions
is told by webhook. What a phone shows of a template is made here too, by `said`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.graph_messages import BODY, FOOTER, HEADER, Button, Content, Wire, units
from tests.fakes.graph_refusals import (
    GraphRefusalError,
    bad_template,
    missing,
    refuse,
    wrong_value,
)

CATEGORIES: Final = frozenset({"AUTHENTICATION", "MARKETING", "UTILITY"})
BUTTON_TEXT: Final = 25
PAYLOAD: Final = 128
_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UNPRINTABLE: Final = re.compile(r"[\n\t]| {5,}")
_DAY: Final = 24 * 3600
_MONTH: Final = 30 * _DAY
_EDITABLE: Final = frozenset({"APPROVED", "REJECTED", "PAUSED"})


@dataclass(slots=True)
class Stored:
    """One template in one language, as it is now."""

    id: str
    name: str
    language: str
    category: str
    components: list[Wire]
    status: str = "PENDING"
    previous_category: str = ""
    rejected_reason: str = "NONE"
    parameter_format: str = "POSITIONAL"
    edited: list[float] = field(default_factory=list)

    @property
    def body(self) -> str:
        return next(str(one.get("text", "")) for one in self.components if one["type"] == "BODY")

    @property
    def buttons(self) -> list[Wire]:
        found = [one for one in self.components if one["type"] == "BUTTONS"]
        return list(found[0]["buttons"]) if found else []

    def wire(self) -> Wire:
        moved = {"previous_category": self.previous_category} if self.previous_category else {}
        return {
            **moved,
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": self.parameter_format,
            "components": self.components,
            "rejected_reason": self.rejected_reason,
            "quality_score": {"score": "UNKNOWN", "date": 0},
        }


@dataclass(slots=True)
class Templates:
    """Those of one business account. `tell(field, value)` sends a webhook.

    `files_everything_as` makes Meta file whatever is created under that category, as it may.
    """

    clock: Callable[[], float]
    tell: Callable[[str, Wire], None]
    files_everything_as: str = ""
    stored: dict[str, Stored] = field(default_factory=dict)
    _deleted: dict[tuple[str, str], float] = field(default_factory=dict)
    _last_id: int = 1_689_556_900_000_000

    def create(self, wish: Mapping[str, Any]) -> Wire:
        """POST /{waba}/message_templates."""
        name, language = wish.get("name"), wish.get("language")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            refuse("name: only lowercase letters, digits and underscores, 512 at most")
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            refuse("language: not a supported locale")
        asked = str(wish.get("category", "")).upper()
        if asked not in CATEGORIES:
            refuse(f"category must be one of {', '.join(sorted(CATEGORIES))}")
        deleted_at = self._deleted.get((name, language))
        if deleted_at is not None and self.clock() < deleted_at + _MONTH:
            bad_template(
                2388023,
                "Message template language is being deleted",
                f"New {language} content can't be added while the old is being deleted.",
            )
        if self.find(name, language) is not None:
            bad_template(
                2388024,
                "Content in this language already exists",
                f"There is already {language} content for this template.",
            )
        form = str(wish.get("parameter_format", "POSITIONAL")).upper()
        components = _components(wish.get("components"), form)
        category = self.files_everything_as or asked
        if category != asked and wish.get("allow_category_change") is False:
            bad_template(2388026, "Wrong category", f"This template should be {category}.")
        self._last_id += 1
        one = Stored(str(self._last_id), name, language, category, components)
        one.parameter_format = form
        self.stored[one.id] = one
        return {"id": one.id, "status": one.status, "category": one.category}

    def edit(self, template_id: str, wish: Mapping[str, Any]) -> Wire:
        """POST /{template}: a changed template is judged anew."""
        one = self.stored[template_id]
        if one.status not in _EDITABLE:
            bad_template(2388025, "Template can't be edited", f"Its status is {one.status}.")
        now = self.clock()
        one.edited = [at for at in one.edited if at > now - _MONTH]
        recent = sum(at > now - _DAY for at in one.edited)
        if one.status == "APPROVED" and (recent >= 1 or len(one.edited) >= 10):
            bad_template(2388025, "Edited too often", "Once a day and ten times in 30 days.")
        if "category" in wish:
            if one.status == "APPROVED":
                refuse("the category of an approved template cannot be edited")
            if str(wish["category"]).upper() not in CATEGORIES:
                refuse(f"category must be one of {', '.join(sorted(CATEGORIES))}")
        if "components" in wish:
            one.components = _components(wish["components"], one.parameter_format)
        one.category = str(wish.get("category", one.category)).upper()
        one.status, one.rejected_reason = "PENDING", "NONE"
        one.edited.append(now)
        return {"success": True}

    def delete(self, name: str, template_id: str = "") -> Wire:
        """DELETE /{waba}/message_templates: every language of the name, or one by its id."""
        chosen = [
            one for one in self.stored.values() if one.name == name and template_id in ("", one.id)
        ]
        if not chosen:
            bad_template(2593002, "Message Template Not Found", f"There is no template {name}.")
        for one in chosen:
            del self.stored[one.id]
            if one.status == "APPROVED":
                self._deleted[one.name, one.language] = self.clock()
        return {"success": True}

    def find(self, name: str, language: str) -> Stored | None:
        return next(
            (one for one in self.stored.values() if (one.name, one.language) == (name, language)),
            None,
        )

    def approve(self, *names: str) -> None:
        """Meta approves those, or all that wait."""
        for one in self._chosen(names) if names else list(self.stored.values()):
            if names or one.status == "PENDING":
                self._decide(one, "APPROVED")

    def reject(self, name: str, reason: str = "INVALID_FORMAT") -> None:
        for one in self._chosen([name]):
            one.rejected_reason = reason
            self._decide(one, "REJECTED", reason)

    def pause(self, name: str, times: int = 1) -> None:
        """People complained: three hours, six hours, for ever."""
        title = {1: "FIRST_PAUSE", 2: "SECOND_PAUSE"}.get(times, "RATE_LIMITING_PAUSE")
        info = {"title": title, "description": "Paused because of low quality"}
        for one in self._chosen([name]):
            self._decide(one, "PAUSED", other_info=info)

    def disable(self, name: str) -> None:
        info = {"disable_date": int(self.clock())}
        for one in self._chosen([name]):
            self._decide(one, "DISABLED", disable_info=info)

    def files_as(self, name: str, category: str) -> None:
        """Meta moves it to another category by itself."""
        for one in self._chosen([name]):
            before, one.category = one.category, category
            one.previous_category = before
            value = {**_named(one), "previous_category": before, "new_category": category}
            self.tell("template_category_update", value)

    def _chosen(self, names: Iterable[str]) -> list[Stored]:
        wanted = set(names)
        found = [one for one in self.stored.values() if one.name in wanted]
        if unknown := wanted - {one.name for one in found}:
            message = f"no template {', '.join(sorted(unknown))}"
            raise LookupError(message)
        return found

    def _decide(self, one: Stored, event: str, reason: str = "NONE", **more: Wire) -> None:
        one.status = event
        value = {"event": event, **_named(one), "reason": reason, **more}
        value["message_template_category"] = one.category
        self.tell("message_template_status_update", value)

    def said(self, given: Mapping[str, Any]) -> tuple[Stored, Content]:
        """What a phone shows of it with these values, or the platform's refusal."""
        name, language = given.get("name"), (given.get("language") or {}).get("code")
        if not name:
            missing("template.name")
        if not language:
            missing("template.language.code")
        one = self.find(str(name), str(language))
        if one is None or one.status in ("PENDING", "REJECTED"):
            raise GraphRefusalError(132001, f"template name ({name}) does not exist in {language}")
        if one.status == "PAUSED":
            raise GraphRefusalError(132015, f"template {name} is paused")
        if one.status == "DISABLED":
            raise GraphRefusalError(132016, f"template {name} is disabled")
        parts = given.get("components") or []
        text = _filled(one, _of_kind(parts, "body"))
        return one, Content("template", text, _pressable(one, parts))


def _named(one: Stored) -> Wire:
    return {
        "message_template_id": int(one.id),
        "message_template_name": one.name,
        "message_template_language": one.language,
    }


def _components(given: object, form: str) -> list[Wire]:
    if not isinstance(given, list):
        missing("components")
    found: list[Wire] = [{**one, "type": str(one.get("type", "")).upper()} for one in given]
    bodies = [one for one in found if one["type"] == "BODY"]
    if len(bodies) != 1:
        missing("components: exactly one BODY")
    _check_body(bodies[0], form)
    for one in found:
        match one["type"]:
            case "FOOTER":
                _short(one.get("text"), "Footer", FOOTER, 2388073)
            case "HEADER" if one.get("format", "TEXT") == "TEXT":
                _short(one.get("text"), "Header", HEADER, 2388047)
            case "BUTTONS":
                _check_buttons(one.get("buttons"))
            case "BODY" | "HEADER":
                continue
            case other:
                refuse(f"component type {other} is not supported")
    return found


def _check_body(body: Wire, form: str) -> None:
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        missing("components: text of BODY")
    if units(text) > BODY:
        bad_template(2388040, "Character limit exceeded", f"The body has more than {BODY}.")
    names = _PLACEHOLDER.findall(text)
    if re.sub(r"\{\{\w+\}\}", "", text).count("{{"):
        bad_template(2388047, "Wrong format", "A placeholder is written {{1}} or {{name}}.")
    if form == "POSITIONAL" and sorted(set(names), key=names.index) != [
        str(number) for number in range(1, len(set(names)) + 1)
    ]:
        bad_template(2388047, "Wrong format", "Placeholders count from 1, in their order.")
    stripped = text.strip()
    if stripped.startswith("{{") or stripped.endswith("}}"):
        bad_template(
            2388299,
            "Leading or trailing parameters",
            "Variables can't be at the start or end of the template.",
        )
    words = len(_PLACEHOLDER.sub(" ", text).split())
    if names and words < 2 * len(names) + 1:
        bad_template(2388293, "Too many parameters", "Too many variables for its length.")
    if names and len(_examples(body, form)) != len(set(names)):
        bad_template(2388043, "Example missing", "Each variable needs a sample value.")


def _examples(body: Wire, form: str) -> list[Any]:
    example = body.get("example") or {}
    if form == "NAMED":
        return [one["param_name"] for one in example.get("body_text_named_params", [])]
    rows = example.get("body_text") or [[]]
    return list(rows[0]) if isinstance(rows[0], list) else rows


def _short(text: object, part: str, most: int, subcode: int) -> None:
    if not isinstance(text, str) or not text.strip() or units(text) > most or "\n" in text:
        bad_template(subcode, f"{part} format is incorrect", f"One line of at most {most}.")
    if part == "Footer" and _PLACEHOLDER.search(text):
        bad_template(subcode, f"{part} format is incorrect", "No variables here.")


def _check_buttons(given: object) -> None:
    if not isinstance(given, list) or not 1 <= len(given) <= 10:
        refuse("1 to 10 buttons")
    texts = [str(one.get("text", "")) for one in given]
    if not all(text.strip() and units(text) <= BUTTON_TEXT for text in texts):
        bad_template(2388040, "Character limit exceeded", f"A button has at most {BUTTON_TEXT}.")
    if len(set(texts)) < len(texts):
        bad_template(2388055, "Duplicate button", "Two buttons say the same.")
    kinds = [str(one.get("type", "")).upper() for one in given]
    if unknown := set(kinds) - {"QUICK_REPLY", "URL", "PHONE_NUMBER"}:
        refuse(f"button type {', '.join(sorted(unknown))} is not supported")


def _of_kind(parts: Iterable[Wire], kind: str) -> list[Wire]:
    return [one for one in parts if str(one.get("type", "")).lower() == kind]


def _filled(one: Stored, bodies: list[Wire]) -> str:
    names = list(dict.fromkeys(_PLACEHOLDER.findall(one.body)))
    given = bodies[0].get("parameters", []) if bodies else []
    if len(given) != len(names):
        raise GraphRefusalError(
            132000,
            f"body: number of localizable_params ({len(given)}) does not match the expected "
            f"number of params ({len(names)})",
        )
    values = {}
    for place, parameter in zip(names, given, strict=True):
        if parameter.get("type") != "text":
            raise GraphRefusalError(132012, "body: expected a text parameter")
        if one.parameter_format == "NAMED" and not parameter.get("parameter_name"):
            raise GraphRefusalError(132000, "body: parameter name is missing or empty")
        values[str(parameter.get("parameter_name") or place)] = _value(parameter.get("text"))
    if set(values) != set(names):
        raise GraphRefusalError(132000, "body: parameter names do not match the template's")
    text = _PLACEHOLDER.sub(lambda found: values[found[1]], one.body)
    if units(text) > BODY:
        raise GraphRefusalError(132005, f"body: more than {BODY} characters with its values")
    return text


def _value(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        missing("components['body']['parameters']['text']")
    if _UNPRINTABLE.search(text):
        refuse("Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return text


def _pressable(one: Stored, parts: Iterable[Wire]) -> tuple[Button, ...]:
    replies = {
        number: str(button["text"])
        for number, button in enumerate(one.buttons)
        if str(button["type"]).upper() == "QUICK_REPLY"
    }
    payloads = dict(replies)
    for part in _of_kind(parts, "button"):
        place = int(part.get("index", -1))
        if str(part.get("sub_type", "")).lower() != "quick_reply" or place not in replies:
            raise GraphRefusalError(132012, f"button {place} is no quick reply of the template")
        parameters = part.get("parameters") or [{}]
        payload = parameters[0].get("payload")
        if parameters[0].get("type") != "payload" or not isinstance(payload, str) or not payload:
            missing("components['button']['parameters'][0]['payload']")
        if units(payload) > PAYLOAD:
            wrong_value(f"Button payload is too long. Max length is {PAYLOAD}")
        payloads[place] = payload
    return tuple(Button(text, payloads[place], "quick_reply") for place, text in replies.items())
