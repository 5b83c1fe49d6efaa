"""Keyboards as the Bot API reads them: refuses what would not reach a phone."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

from tests.fakes.telegram_refusals import refuse

Markup = dict[str, Any]

_ACTIONS: Final = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_MOST_BUTTONS: Final = 100
_MOST_IN_A_ROW: Final = 8


class Button(NamedTuple):
    """A button as a person sees it; `data` is None on a reply keyboard or a link."""

    text: str
    data: str | None = None


def read_markup(given: object) -> Markup | None:
    """The reply_markup of one request, from JSON text (form fields) or an object (JSON body).

    >>> read_markup('{"inline_keyboard":[[{"text":"Ya","callback_data":"y"}]]}')
    {'inline_keyboard': [[{'text': 'Ya', 'callback_data': 'y'}]]}
    """
    if given is None or given == "":
        return None
    markup = _parsed(given)
    if not isinstance(markup, dict):
        refuse("object expected as reply markup")
    if "inline_keyboard" in markup:
        _check_rows(markup["inline_keyboard"], "inline keyboard", _check_inline)
    elif "keyboard" in markup:
        _check_rows(markup["keyboard"], "keyboard", _check_reply)
        _check_placeholder(markup)
    elif "remove_keyboard" in markup or "force_reply" in markup:
        if not (markup.get("remove_keyboard") or markup.get("force_reply")):
            return None
        _check_placeholder(markup)
    elif markup:
        refuse("can't parse reply markup: unknown kind of keyboard")
    return markup or None


def is_inline(markup: Markup | None) -> bool:
    """True for the keyboard that hangs on a message, the only one that comes back from the API."""
    return markup is not None and "inline_keyboard" in markup


def buttons_of(markup: Markup | None) -> list[Button]:
    """All buttons, row after row.

    >>> buttons_of({"keyboard": [["Ya"], [{"text": "Tidak"}]]})
    [Button(text='Ya', data=None), Button(text='Tidak', data=None)]
    """
    if markup is None:
        return []
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    return [
        Button(button) if isinstance(button, str) else _seen(button)
        for row in rows
        for button in row
    ]


def _seen(button: dict[str, Any]) -> Button:
    return Button(button["text"], button.get("callback_data"))


def _parsed(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        refuse("can't parse reply keyboard markup JSON object")


def _check_rows(rows: object, kind: str, check: Callable[[object], None]) -> None:
    if not isinstance(rows, list):
        refuse(f'can\'t parse {kind}: Field "{kind.replace(" ", "_")}" must be of type Array')
    if sum(len(row) for row in rows if isinstance(row, list)) > _MOST_BUTTONS:
        refuse("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        if not isinstance(row, list):
            refuse(f"can't parse {kind}: expected an Array of buttons in each row")
        if kind == "inline keyboard" and len(row) > _MOST_IN_A_ROW:
            refuse("REPLY_MARKUP_TOO_LONG")
        for button in row:
            check(button)


def _check_text(button: object, kind: str) -> dict[str, Any]:
    if not isinstance(button, dict):
        refuse(f"can't parse {kind} button: expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        refuse(f'can\'t parse {kind} button: Field "text" must be of type String')
    if not text.strip():
        refuse(f"{kind} button text must be non-empty")
    return button


def _check_inline(button: object) -> None:
    checked = _check_text(button, "inline keyboard")
    actions = [action for action in _ACTIONS if action in checked]
    if not actions:
        refuse(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        refuse("can't parse inline keyboard button: exactly one optional field must be used")
    if "callback_data" in checked:
        data = checked["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
            refuse("BUTTON_DATA_INVALID")
    url = checked.get("url")
    if "url" in checked and not (isinstance(url, str) and "://" in url and "." in url):
        refuse(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_reply(button: object) -> None:
    _check_text({"text": button} if isinstance(button, str) else button, "keyboard")


def _check_placeholder(markup: Markup) -> None:
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and not 1 <= len(placeholder) <= 64:
        refuse("input field placeholder must be of 1-64 characters")
