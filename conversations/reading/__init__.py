"""What a typed reply means: the one door to all readers, and telephone numbers and wishes to the
bot.

Every reader is pure, looks at the first 1,000 characters, and answers None where a kind human
being would ask again. The rooms behind: `words` (spelling), `yes_no`, `numbers`, `age`, `choice`,
`clock`, `time`; the word lists of all languages are `locales/*/words.toml`. Danger words are not
read here.
"""

import re
from datetime import datetime
from itertools import pairwise
from typing import Literal, get_args

import phonenumbers

from conversations.reading.age import age_years, children_count
from conversations.reading.choice import choice, several
from conversations.reading.clock import clock_time
from conversations.reading.numbers import decimal_number, number, scale
from conversations.reading.time import day, weekday_time
from conversations.reading.words import READ_CHARACTERS, Reply, marks, normalise, words_of
from conversations.reading.yes_no import yes_no
from locales.words import words

__all__ = [
    "KINDS",
    "age_years",
    "children_count",
    "choice",
    "clock_time",
    "day",
    "decimal_number",
    "intent",
    "normalise",
    "number",
    "phone",
    "read",
    "scale",
    "several",
    "weekday_time",
    "yes_no",
]

Intent = Literal[
    "stop", "help", "menu", "back", "skip", "pause", "resume", "erase", "unsafe", "person"
]

KINDS = (
    "yes_no",
    "scale_1_5",
    "choice_of_4",
    "age_years",
    "children_count",
    "phone",
    "intent",
    "weekday_time",
)


def read(kind: str, text: str, now: datetime | None = None) -> str | int | None:
    """One reply as `kawan read KIND` prints it; None where the bot would ask again.

    `now` is local time and needed for "weekday_time" only. Raises ValueError for an unknown kind.

    >>> read("choice_of_4", "yang kedua"), read("intent", "lanjut"), read("age_years", "3 th")
    (2, None, 3)
    """
    match kind:
        case "yes_no":
            return yes_no(text)
        case "scale_1_5":
            return scale(text, 1, 5)
        case "choice_of_4":
            option = choice(text, ("",) * 4)
            return None if option is None else option + 1
        case "age_years":
            return age_years(text, now)
        case "children_count":
            return children_count(text)
        case "phone":
            return phone(text)
        case "intent":
            wish = intent(text)
            if wish == "person":
                return "help"
            return wish if wish in ("stop", "help", "menu") else None
        case "weekday_time" if now is not None:
            when = weekday_time(text, now)
            if isinstance(when, datetime):
                return f"{when:%Y-%m-%d %H:%M}"
            return when.isoformat() if when else None
    message = f'cannot read "{kind}"; known kinds: {", ".join(KINDS)} (weekday_time needs now)'
    raise ValueError(message)


# --- telephone numbers ----------------------------------------------------------------------------

_LETTER_ZERO = re.compile(r"(?<![a-zA-Z])[oO](?=\d{2})|(?<=\d)[oO](?![a-zA-Z])")
_WRITTEN_DATE = re.compile(r"(?<!\d)\d{1,2}([-/.])\d{1,2}\1(?:19|20)\d\d(?!\d)")
_DESTINATIONS = (
    "60",
    "65",
    "673",
    "852",
    "853",
    "886",
    "962",
    "965",
    "966",
    "968",
    "971",
    "973",
    "974",
)
"""Where people of the villages work (DOMAIN.md 1); the numbers of these countries may come without
a plus.
"""


def phone(text: str, region: str = "ID") -> str | None:
    """The one telephone number in a reply, as E.164; digits may be spoken.

    >>> phone("nomor saya 0812-3456-7890 ya"), phone("0060123456789"), phone("0812345")
    ('+6281234567890', '+60123456789', None)
    >>> phone("nol delapan satu dua tiga empat lima enam tujuh delapan sembilan nol")
    '+6281234567890'
    """
    undated = _WRITTEN_DATE.sub(" ; ", text[:READ_CHARACTERS])
    spaced = _LETTER_ZERO.sub("0", undated).replace("\n", " ; ").replace(",", " , ")
    found = _numbers_said(words_of(spaced), region)
    if not found:
        found = _numbers_said(words_of(_joined(spaced)), region, joined=True)
    return found.pop() if len(found) == 1 else None


def _joined(text: str) -> str:
    return text.replace("/", " ").replace(" , ", " ").replace(" ; ", " ")


def _numbers_said(reply: Reply, region: str, joined: bool = False) -> set[str]:
    """The numbers of a reply; one pieced together over commas must begin as numbers here do."""
    return {
        number
        for digits, plus in _digit_groups(reply)
        if 7 <= len(digits) <= 18 and (not joined or digits.startswith(("0", "62")))
        for number in _numbers_meant(digits, plus, region)
    }


def _digit_groups(reply: Reply) -> list[tuple[str, bool]]:
    """Runs of digits and digit words, with whether a plus opens them."""
    groups: list[tuple[str, bool]] = []
    digits, plus, written = "", False, False
    for word in (*reply, ";"):
        spoken = words()["numbers"].get(word) or ""
        if word[0].isdigit():
            digits += re.sub(r"\D", "", word)
            written = True
        elif len(spoken) == 1 and not (len(digits) >= 10 and written):
            digits += spoken
            written = False
        elif word not in ("-", "(", ")", ".", "_"):
            if digits:
                groups.append((digits, plus))
            digits, plus = "", word == "+"
    return groups


def _numbers_meant(digits: str, plus: bool, region: str) -> set[str]:
    if plus or digits.startswith("00"):
        written = ["+" + (digits if plus else digits[2:])]
    elif digits.startswith("0"):
        written = [digits]
    else:
        own = str(phonenumbers.country_code_for_region(region))
        written = ["+" + digits] if digits.startswith((own, *_DESTINATIONS)) else []
        written += [digits] if digits.startswith("8") else []
    return {e164 for one in written if (e164 := _e164(one, region))}


def _e164(written: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


# --- wishes about the conversation itself ---------------------------------------------------------


def intent(text: str) -> Intent | None:
    """What a person wants of the bot itself, when that is all the reply is about.

    A sentence about a child who stops school is none; a request to stop the messages is one,
    however it is wrapped.

    >>> [intent(reply) for reply in ("udah cukup mbak jangan wa lagi", "ampun dikirimi maleh",
    ...     "balik ke menu")]
    ['stop', 'stop', 'menu']
    >>> [intent(reply) for reply in ("tolong bantu saya", "anak saya berhenti sekolah",
    ...     "tolong, anak saya jatuh", "mau bicara sama petugas")]
    ['help', None, None, 'person']
    """
    reply = words_of(re.sub(r"(?<=\b\w) (?=\w\b)", "", text[:READ_CHARACTERS]))
    spoken = tuple(word for word in reply if word[0].isalnum())
    content = tuple(word for word in spoken if word not in words()["courtesy"])
    if "".join(reply) == "?":
        return "help"
    if _tells_of_an_end(reply, content) and "stop" not in text.lower():
        return None
    courtesy, answers = words()["courtesy"], words()["answers"]
    for start, length, command in marks(spoken, words()["commands"]):
        around = spoken[:start] + spoken[start + length :]
        if all(
            word in courtesy
            or answers.get(word) == "opener"
            or words()["commands"].get(word) == command
            for word in around
        ):
            return next(wish for wish in get_args(Intent) if wish == command)
    if _wants_to_stop(spoken, content):
        return "stop"
    if "menu" in content and all(word == "menu" or words()["menus"].get(word) for word in content):
        return "menu"
    if _wants_a_person(spoken, content):
        return "person"
    return "help" if _wants_help(spoken, content) else None


def _tells_of_an_end(reply: Reply, content: Reply) -> bool:
    """Whether "sudah berhenti" tells that something has stopped, as from school."""
    return content == ("sudah", "berhenti") and "," not in reply and "saja" not in reply


def _wants_to_stop(spoken: Reply, content: Reply) -> bool:
    table = words()["stopping"]
    found = list(marks(spoken, table))
    kinds = [meaning for _, _, meaning in found]
    if "about_others" in kinds or "only_now" in kinds:
        return False
    refusals = [(start, length) for start, length, meaning in found if meaning == "refuse"]
    twice = any(
        spoken[start] == "berhenti" and earlier[0] + earlier[1] == start
        for earlier, (start, _) in pairwise(refusals)
    )
    if twice or not refusals:
        return False
    if "berhenti" in content and all(word in table for word in content) and "jangan" not in content:
        return True
    messages = [start for start, _, meaning in found if meaning == "message"]
    return any(0 < message - start <= 5 for start, _ in refusals for message in messages)


def _wants_a_person(spoken: Reply, content: Reply) -> bool:
    table, helping = words()["talking"], words()["helping"]
    said = {table.get(word) for word in spoken}
    known = all(word in table or word in helping for word in content)
    return known and {"person", "talk"} <= said


def _wants_help(spoken: Reply, content: Reply) -> bool:
    table = words()["helping"]
    asked = [spoken[start] for start, _, meaning in marks(spoken, table) if meaning == "ask"]
    if not asked or (asked == ["bagaimana"] and len(spoken) < 2):
        return False
    position = 0
    while position < len(spoken):
        hit = table.at(spoken, position)
        if hit is None and spoken[position] not in words()["courtesy"]:
            return False
        position += hit[1] if hit else 1
    return True
