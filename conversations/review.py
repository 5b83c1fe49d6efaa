"""What was answered, as a person reads it once more before it is sent off."""

from __future__ import annotations

from conversations.dialogue import Interview
from conversations.form.instance import Instance
from conversations.form.model import Type
from locales import say

COMFORTABLE = 300
"""Characters of one message that somebody with four years of school reads without effort."""

LONGEST_LIST = 20
"""Options that are printed; more than that are typed by name."""


def answered(interview: Interview, instance: Instance) -> list[str]:
    """Paths that were asked and still apply, in the order of the form."""
    paths: list[str] = []
    path = instance.next_after(None)
    while path is not None:
        if path in interview.answers and instance.question(path).type is not Type.NOTE:
            paths.append(path)
        path = instance.next_after(path)
    return paths[:LONGEST_LIST]


def review_lines(interview: Interview, instance: Instance, language: str) -> str:
    """What was answered, a line each, as far as one comfortable message has room."""
    room = COMFORTABLE - 120
    lines: list[str] = []
    for path in answered(interview, instance):
        shown = _shown(instance, path, interview.answers[path], language)
        line = f"{short_name(instance, path, language)}: {shown}"
        room -= len(line) + 1
        if room < 0:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def _shown(instance: Instance, path: str, value: str, language: str) -> str:
    """An answer as a person reads it in the review."""
    if not value:
        return "-"
    if value.startswith(("voice:", "image:")):
        return say("review.file", language)
    labels = dict(instance.options(path, language))
    text = ", ".join(labels.get(name, name) for name in value.split()) if labels else value
    return text if len(text) <= 30 else f"{text[:29]}…"


def short_name(instance: Instance, path: str, language: str) -> str:
    """A question in a word or two, for the review: its name where the sheet gave it a plain one."""
    name = path.rsplit("/", 1)[-1]
    if name.replace("_", "").isalpha():
        return name.replace("_", " ")
    label = instance.label(path, language)
    return label if len(label) <= 24 else f"{label[:23]}…"
