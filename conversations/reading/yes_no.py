"""Whether a typed reply says yes, no, or something that must be asked again."""

import re
from typing import Literal

from conversations.reading.words import READ_CHARACTERS, Reply, after_correction, words_of
from locales.words import words

_FORMAL_NO = re.compile(r"\b(?:tidak|tdk)\b")
_NEVER = re.compile(r"\b(ora|durung|gurung) tau\b")
"""Javanese "ora tau" is "never"; "don't know" is "ora weruh", though Indonesian "tau" is "know"."""
_TAGS = frozenset({"ya", "yo", "baik"})
_VAGUE_EVENTS = frozenset({"ada", "punya", "dapat", "mau", "membantu"})
_CLAUSE_ENDS = frozenset({",", ".", "!", ";", ":", "-", "(", "dan", "karena"})


def yes_no(text: str) -> Literal["yes", "no"] | None:
    """Whether a reply says yes or no, also by dialect, spelling of text messages, or emoji.

    A leading "ya" or "nggih" may be courtesy before a refusal; hedges, questions, contradictions
    and words that mean opposite things in two districts are None.

    >>> [yes_no(reply) for reply in ("inggih, sampun", "iyaaa", "insya Allah bisa", "👍")]
    ['yes', 'yes', 'yes', 'yes']
    >>> [yes_no(reply) for reply in ("mboten", "ya ndak bisa mbak", "blm", "lo'", "sudah tidak")]
    ['no', 'no', 'no', 'no', 'no']
    >>> [yes_no(reply) for reply in ("enten", "beli", "ya tidak", "insya Allah", "bukan tidak mau")]
    [None, None, None, None, None]
    """
    text = _NEVER.sub(r"\1 pernah", text[:READ_CHARACTERS].lower())
    reply = after_correction(words_of(text))
    spoken = _spoken_answer(reply, bool(_FORMAL_NO.search(text)))
    shown = {sign for word in reply if (sign := words()["emoji"].get(word)) in ("yes", "no")}
    if spoken == "unclear":
        return None
    if spoken is None:
        return ("yes" if shown == {"yes"} else "no") if len(shown) == 1 else None
    return None if spoken == "yes" and "no" in shown else spoken


def _spoken_answer(reply: Reply, formal_no: bool) -> Literal["yes", "no", "unclear"] | None:
    """What the words alone answer; None when they hold no answer at all."""
    if "?" in reply or _ambiguous(reply):
        return "unclear"
    signals = _signals(reply)
    kinds = [kind for kind, _, _ in signals]
    if {"unsure", "question", "or", "double"} & set(kinds):
        return "unclear"
    answers = [signal for signal in signals if signal[0] in ("opener", "yes", "event", "no")]
    if not answers and not signals and "masih" in reply:
        return "yes"
    if not answers:
        return "unclear" if {"hope", "later"} & set(kinds) else None
    first_no = next((place for place, signal in enumerate(answers) if signal[0] == "no"), None)
    if first_no is None:
        return _affirmed(answers, kinds)
    if _tells_more(signals):
        return "unclear"
    return _denied(answers, first_no, kinds, formal_no)


Signal = tuple[str, str, int]
"""What a phrase does, the phrase's first word, and how many words of content stand before it."""


def _signals(reply: Reply) -> list[Signal]:
    """What each phrase does to the answer; an event after a "no" belongs to that "no"."""
    table, courtesy = words()["answers"], words()["courtesy"]
    signals: list[Signal] = []
    content, start, denied = 0, 0, ""
    while start < len(reply):
        word = reply[start]
        hit = table.at(reply, start)
        if hit is None:
            if word == "/":
                signals.append(("or", word, content))
            elif word in _CLAUSE_ENDS:
                denied = ""
                signals.append(("end", word, content))
            elif word[0].isalnum() and courtesy.at(reply, start) is None:
                content += 1
                signals.append(("content", word, content))
            start += 1
            continue
        kind, length = hit
        if (
            kind == "no"
            and word == "no"
            and (after := [one for one in reply[start + 1 : start + 3] if one != "."])
            and (after[0][0].isdigit() or after[0] in words()["numbers"])
        ):
            kind = "unsure"
        if kind == "no":
            if (denied and denied != word and {denied, word} != {"tidak", "belum"}) or (
                denied and signals[-1][0] == "denied"
            ):
                kind = "double"
            denied = word
        elif kind in ("event", "yes") and denied:
            kind = "denied"
        elif kind == "condition":
            break
        elif kind == "but":
            denied = ""
        signals.append((kind, word, content))
        start += length
    return signals


def _tells_more(signals: list[Signal]) -> bool:
    """Whether a full stop parts "Iya." from a denial about somebody: "Iya. Cucu saya tidak mau"."""
    denial = next(place for place, signal in enumerate(signals) if signal[0] == "no")
    stop = next((place for place, (_, word, _) in enumerate(signals) if word == "."), denial)
    return signals[0][0] == "opener" and stop < denial and signals[denial][2] > signals[stop][2]


def _affirmed(answers: list[Signal], kinds: list[str]) -> Literal["yes", "unclear"]:
    if "but" in kinds and all(kind == "event" for kind, _, _ in answers):
        return "unclear"
    strong = [kind for kind, _, _ in answers if kind == "yes"]
    for kind, word, before in answers:
        if kind == "event":
            near = before <= (1 if word in _VAGUE_EVENTS else 3)
            last = "content" not in kinds[len(kinds) - kinds[::-1].index("event") :]
            if near or last:
                return "yes"
        elif kind == "opener":
            leads = before <= 1 and (word not in _TAGS or _leads(kinds, answers))
            if leads and ("later" not in kinds or strong):
                return "yes"
        elif before <= 2:
            return "yes"
    return "unclear"


def _leads(kinds: list[str], answers: list[Signal]) -> bool:
    return (
        answers[0][0] == "opener" and answers[0][2] == 0 and kinds[0] in ("opener", "calm", "end")
    )


def _denied(
    answers: list[Signal], first_no: int, kinds: list[str], formal_no: bool
) -> Literal["no", "unclear"]:
    before, after = answers[:first_no], answers[first_no + 1 :]
    openers = [word for kind, word, _ in before if kind == "opener"]
    others = [word for kind, word, _ in before if kind != "opener"]
    bare = "denied" not in kinds and "content" not in kinds and answers[first_no][1] == "tidak"
    if openers and bare and not others and (formal_no or "iya" in openers):
        return "unclear"
    no_at = kinds.index("no")
    if others and not (
        others == ["sudah"] and answers[first_no][1] == "tidak" and kinds[no_at - 1] == "event"
    ):
        return "unclear"
    rest = kinds[no_at + 1 :]
    if "but" in kinds and any(kind in ("yes", "event", "opener") for kind, _, _ in after):
        return "unclear"
    for kind, _, _ in after:
        if kind == "yes" or (kind == "opener" and rest[-1] != "opener"):
            return "unclear"
    if "event" in rest and rest[rest.index("event") - 1 :] == ["end", "event"]:
        return "unclear"
    return "no"


def _ambiguous(reply: Reply) -> bool:
    """Whether a word that flips its meaning between districts stands where it could answer."""
    for place, word in enumerate(reply):
        if word in words().ambiguous:
            bought = (
                word == "beli"
                and place > 0
                and reply[place - 1] in ("sudah", "mau", "belum", "tidak", "lagi")
            )
            if not bought:
                return True
    return False
