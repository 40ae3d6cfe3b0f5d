"""Draw the benchmark queries: words from titles, at random with a fixed seed."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

import msgspec

from benchmarks.speed.papers import FACETS, Paper
from indexer.analysis.stemming import get_stop_words

Kind = Literal["word", "and", "or", "phrase", "prefix", "ticked"]
KINDS: Mapping[Kind, str] = {
    "word": "one word",
    "and": "two words, AND",
    "or": "three words, OR",
    "phrase": "phrase of two words",
    "prefix": "prefix of four letters",
    "ticked": "one word, two filters",
}
"""Each kind of query with its label in the report."""

PREFIX = 4
_PLAIN = re.compile(r"[A-Za-z]+")
_TELLING = 3
"""Minimum length of a word that is drawn as a query of its own."""


def title(kind: str) -> str:
    """Return the label of a kind of query by its name in the results."""
    return next(words for name, words in KINDS.items() if name == kind)


class Question(msgspec.Struct, frozen=True):
    """A query: its kind, its words, its typed text, and its selected values by facet."""

    kind: Kind
    words: tuple[str, ...]
    typed: str
    ticked: Mapping[str, str] = {}


def draw(papers: Sequence[Paper], number: int, seed: int) -> dict[Kind, list[Question]]:
    """Draw `number` questions of each kind. The same papers and seed give the same questions.

    Raise ValueError if the titles contain no words for a kind.
    """
    titles = [paper.title for paper in papers]
    drawer = random.Random(seed)
    drawn: dict[Kind, list[Question]] = {
        kind: [_question(kind, words) for words in _words(kind, titles, number, drawer)]
        for kind in KINDS
        if kind != "ticked"
    }
    words = [words[0] for words in _words("ticked", titles, 2 * number, drawer)]
    drawn["ticked"] = _ticked(words, papers)[:number]
    if not drawn["ticked"]:
        raise ValueError("no word of a title occurs in a paper with values of two facets")
    return drawn


def _question(kind: Kind, words: tuple[str, ...]) -> Question:
    text = " ".join(words)
    typed = {"phrase": f'"{text}"', "prefix": f"{text}*"}.get(kind, text)
    return Question(kind, words, typed)


def _words(
    kind: Kind, titles: Sequence[str], number: int, drawer: random.Random
) -> Iterator[tuple[str, ...]]:
    length = {"and": 2, "or": 3, "phrase": 2}.get(kind, 1)
    for _ in range(number):
        for _ in range(10_000):
            if windows := _windows(drawer.choice(titles), length, kind):
                words = drawer.choice(windows)
                yield (words[0][:PREFIX],) if kind == "prefix" else words
                break
        else:
            raise ValueError(
                f"10,000 titles in turn had no words for a query of the kind: {KINDS[kind]}"
            )


def _windows(title: str, length: int, kind: Kind) -> list[tuple[str, ...]]:
    """Return all runs of `length` adjacent words that are suitable for this kind."""
    found = title.lower().split()
    runs = [tuple(found[start : start + length]) for start in range(len(found) - length + 1)]
    return [run for run in runs if all(map(_PLAIN.fullmatch, run)) and _may_be(run, kind)]


def _may_be(run: tuple[str, ...], kind: Kind) -> bool:
    """Return whether the words are specific enough. A phrase may contain one stop word."""
    telling = [len(word) >= _TELLING and word not in get_stop_words("en") for word in run]
    if kind == "prefix":
        return telling[0] and len(run[0]) >= PREFIX
    return any(telling) if kind == "phrase" else all(telling)


def _ticked(words: Sequence[str], papers: Sequence[Paper]) -> list[Question]:
    """Return a question for each word whose papers have values of two facets, in turns of pairs."""
    pairs = list(combinations(FACETS, 2))
    holding = _values_by_word(set(words), papers)
    questions = []
    for number, word in enumerate(words):
        turn = number % len(pairs)
        for pair in pairs[turn:] + pairs[:turn]:
            if ticked := _most_frequent(holding[word], pair):
                questions.append(Question("ticked", (word,), word, ticked))
                break
    return questions


Values = tuple[str | None, ...]


def _values_by_word(words: set[str], papers: Sequence[Paper]) -> dict[str, Counter[Values]]:
    """Count the combinations of facet values by word, as the word is written."""
    found: dict[str, Counter[Values]] = {word: Counter() for word in words}
    for paper in papers:
        text = f"{paper.title} {paper.summary or ''}".lower()
        values = tuple(paper.value(facet) for facet in FACETS)
        for word in words.intersection(re.findall(r"\w+", text)):
            found[word][values] += 1
    return found


def _most_frequent(holding: Counter[Values], pair: tuple[str, str]) -> dict[str, str]:
    """Return the most frequent value of the first facet, and with it that of the second, or {}."""
    ticked: dict[str, str] = {}
    for facet in pair:
        column = FACETS.index(facet)
        counts: Counter[str] = Counter()
        for values, count in holding.items():
            held = values[column]
            if held and all(values[FACETS.index(name)] == value for name, value in ticked.items()):
                counts[held] += count
        if not counts:
            return {}
        ticked[facet] = max(counts, key=lambda value: (counts[value], value))
    return ticked
