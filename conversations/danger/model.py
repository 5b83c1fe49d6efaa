"""The trained part of the danger net: weighs the features of a message it has no rule for.

It adds alarms, and what it takes for everyday talk makes the hits of rules that yield KUNING.
Features are made in features.py, weights are learnt by the trainer and kept in
locales/danger_weights.bin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from conversations.danger.features import STRENGTH, Featurer, Indices, Word, features
from conversations.danger.word_forms import key
from locales.danger import Weights

URGENT = "urgent"
WINDOW = 30
STEP = 15

HOPELESS = -1.2  # of "urgent": no class makes up for it; measured, docs/danger-words.md
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """How alarming a stretch is, as what, and the words of which an alarm is made."""

    score: float
    cls: str
    words: tuple[str, ...]


class Model:
    """Weighs messages."""

    def __init__(self, weights: Weights, featurer: Featurer) -> None:
        self.weights = weights
        self._featurer = featurer
        self._classes = [name for name in weights.vectors if name != URGENT]

    def judge(self, written: Sequence[str | None]) -> Verdict:
        """The most alarming stretch of a message; None in `written` is a mark between words.

        Of a long message the first stretch that is sure is enough.
        """
        best = Verdict(-inf, "", ())
        stretch: Sequence[str | None] = ()
        for one in _stretches(written):
            score, cls = self._score(features(self._words(one)))
            if score > best.score:
                best, stretch = Verdict(score, cls, ()), one
            if score >= self.weights.sure:
                break
        if best.score < self.weights.alarm:
            return best
        return replace(best, words=self._weightiest(stretch, best.cls))

    def speaks_of(self, field: str, written: Sequence[str | None]) -> bool:
        """Whether a word of this field of meaning is said."""
        return any(field in self._featurer.fields(key(word)) for word in written if word)

    def _score(self, blocks: Sequence[Indices]) -> tuple[float, str]:
        """How alarming, and as what; where "urgent" is hopeless no class is looked at."""
        urgent = self._sum(URGENT, blocks)
        if urgent < HOPELESS:
            return urgent + HOPELESS, ""
        by_class = {name: self._sum(name, blocks) for name in self._classes}
        likeliest = max(self._classes, key=by_class.__getitem__)
        return urgent + by_class[likeliest], likeliest

    def _sum(self, name: str, blocks: Sequence[Indices]) -> float:
        weight = self.weights.vectors[name].__getitem__
        total = sum(
            strength * sum(map(weight, block)) / len(block) ** 0.5
            for block, strength in zip(blocks, STRENGTH, strict=True)
            if block
        )
        return float(self.weights.bias[name] + self.weights.scale[name] * total)

    def _words(self, written: Sequence[str | None]) -> list[Word | None]:
        return [None if text is None else self._featurer.word(text) for text in written]

    def _weightiest(self, written: Sequence[str | None], cls: str) -> tuple[str, ...]:
        """The words of which the alarm is made; never one that could be a name."""
        weight: dict[str, float] = {}
        for text, word in zip(written, self._words(written), strict=True):
            if text is not None and text not in weight and self._featurer.is_telling(text):
                alone = features([word])
                weight[text] = sum(
                    self._sum(name, alone) - self.weights.bias[name] for name in (URGENT, cls)
                )
        ranked = sorted(weight, key=lambda text: (-weight[text], text))
        return tuple(ranked[:_NAMED]) or ("?",)


def _stretches(written: Sequence[str | None]) -> Iterator[Sequence[str | None]]:
    overlap = WINDOW - STEP
    for start in range(0, max(len(written) - overlap, 1), STEP):
        yield written[start : start + WINDOW]
