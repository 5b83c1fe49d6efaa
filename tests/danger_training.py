"""Trains the danger net's weights on the labelled sentences, and measures what they are worth.

    python -m tests.danger_training            trains and writes locales/danger_weights.bin
    python -m tests.danger_training --measure  each round read by a model that never saw that round

Sentences of the parts `held` and `fresh` are never trained on; those to `watch` are, as not urgent.
The same sentences and lists always make the same file. How to read the figures:
docs/danger-words.md.
"""

from __future__ import annotations

import csv
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from pathlib import Path

from conversations.danger import DangerClass, featurer, find, reader
from conversations.danger.features import BUCKETS, STRENGTH, Featurer, features
from conversations.danger.model import URGENT
from conversations.level import Level
from locales.danger import Weights, pack_weights

SENTENCES = Path(__file__).parent / "conversations" / "danger_sentences.tsv"
WEIGHTS = Path(__file__).parents[1] / "locales" / "danger_weights.bin"
UNTRAINED = ("held", "fresh")
COST = 0.4
PASSES = 12
ALARM = 0.0
SURE = 1.2
CALM = -1.0
SEEN_TWICE = 2


@dataclass(frozen=True, slots=True)
class Sentence:
    part: str
    round: str
    expected: str
    cls: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence as numbers: its features and how strong each is, and their squared length."""

    sentence: Sentence
    features: tuple[int, ...]
    values: tuple[float, ...]
    square: float


def sentences() -> list[Sentence]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Sentence(r["part"], r["round"], r["expected"], r["class"], r["text"]) for r in rows]


def example(sentence: Sentence, featurer: Featurer) -> Example:
    words = [None if word is None else featurer.word(word) for word in reader(sentence.text)]
    values: dict[int, float] = defaultdict(float)
    for block, strength in zip(features(words), STRENGTH, strict=True):
        for feature in block:
            values[feature] += strength / len(block) ** 0.5
    return Example(
        sentence, tuple(values), tuple(values.values()), sum(v * v for v in values.values())
    )


def train(examples: Sequence[Example]) -> Weights:
    """Weights for "urgent" and for every class."""
    seen = Counter(feature for one in examples for feature in one.features)
    kept = [_without(one, seen) for one in examples]
    goals = {URGENT: [one.sentence.expected == "urgent" for one in kept]}
    for cls in DangerClass:
        goal = [one.sentence.expected == "urgent" and one.sentence.cls == cls for one in kept]
        if any(goal):
            goals[cls.value] = goal
    vectors: dict[str, memoryview] = {}
    scale: dict[str, float] = {}
    bias: dict[str, float] = {}
    for name, goal in goals.items():
        learnt = separate(kept, goal)
        bias[name] = round(learnt.pop(), 6)
        scale[name] = round(max(map(abs, learnt)) / 127, 9)
        vectors[name] = memoryview(array("b", (round(w / scale[name]) for w in learnt)))
    return Weights(vectors, scale, bias, ALARM, SURE, CALM)


def separate(examples: Sequence[Example], goal: Sequence[bool]) -> list[float]:
    """The weights (bias last) of a linear support vector machine with squared loss.

    Dual coordinate descent (Hsieh and others, 2008): each sentence in turn is put on its side of
    the border, as far as COST allows. The order is fixed, so that the outcome is too.
    """
    weights = [0.0] * (BUCKETS + 1)
    alphas = [0.0] * len(examples)
    order = sorted(range(len(examples)), key=lambda n: (n * 7919) % 10_007)
    for _ in range(PASSES):
        for n in order:
            one = examples[n]
            side = 1.0 if goal[n] else -1.0
            inside = weights[BUCKETS] + sum(map(mul, _pick(weights, one.features), one.values))
            slope = side * inside - 1 + alphas[n] / (2 * COST)
            if alphas[n] == 0 and slope >= 0:
                continue
            alpha = max(alphas[n] - slope / (one.square + 1 + 1 / (2 * COST)), 0.0)
            step = (alpha - alphas[n]) * side
            alphas[n] = alpha
            weights[BUCKETS] += step
            for feature, value in zip(one.features, one.values, strict=True):
                weights[feature] += step * value
    return weights


def _pick(weights: list[float], features: tuple[int, ...]) -> tuple[float, ...]:
    if len(features) < SEEN_TWICE:
        return tuple(weights[f] for f in features)
    return itemgetter(*features)(weights)


def _without(one: Example, seen: Counter[int]) -> Example:
    kept = [(f, v) for f, v in zip(one.features, one.values, strict=True) if seen[f] >= SEEN_TWICE]
    return Example(
        one.sentence,
        tuple(f for f, _ in kept),
        tuple(v for _, v in kept),
        sum(v * v for _, v in kept),
    )


def figures(scored: Sequence[tuple[Sentence, float]], alarm: float) -> str:
    """What a model (alone) and the rules with it find and alarm at a threshold."""
    told = []
    for expected in ("urgent", "ordinary"):
        of = [(s, score >= alarm) for s, score in scored if s.expected == expected]
        alone = sum(alarmed for _, alarmed in of)
        both = sum(alarmed or _by_rule(s.text) for s, alarmed in of)
        told.append(f"{expected} {alone} / {both} of {len(of)} ({both / len(of):.1%})")
    return f"alarm at {alarm:+.2f}: {', '.join(told)}"


def _by_rule(text: str) -> bool:
    return any(hit.level >= Level.ORANYE and not hit.why.startswith("model") for hit in find(text))


def measure(examples: Sequence[Example], rounds: Sequence[str]) -> None:
    """Print what a model finds in each round that was trained on all the others."""
    everything: list[tuple[Sentence, float]] = []
    for out in rounds:
        seen = [one for one in examples if one.sentence.round != out]
        weights = train(seen)
        scored = [
            (one.sentence, score(one, weights)) for one in examples if one.sentence.round == out
        ]
        everything += scored
        print(f"round {out}: {figures(scored, ALARM)}", flush=True)
    for step in range(-6, 11):
        print(figures(everything, step / 10))


def score(one: Example, weights: Weights) -> float:
    """As the model scores it."""
    sums = {
        name: weights.bias[name]
        + weights.scale[name] * sum(map(mul, _pick(vector, one.features), one.values))  # type: ignore[arg-type]
        for name, vector in weights.vectors.items()
    }
    return sums.pop(URGENT) + max(sums.values())


def main(arguments: Sequence[str]) -> None:
    known = featurer()
    examples = [example(one, known) for one in sentences() if one.part not in UNTRAINED]
    if arguments[:1] == ["--measure"]:
        rounds = arguments[1:] or sorted({one.sentence.round for one in examples}, key=int)
        measure(examples, rounds)
        return
    weights = train(examples)
    WEIGHTS.write_bytes(pack_weights(weights))
    print(f"{len(examples)} sentences, {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
