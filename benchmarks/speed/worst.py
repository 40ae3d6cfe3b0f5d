"""Measure hard queries on this engine: mistakes, and attempts to slow it down."""

import random
import re
import string
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from benchmarks.speed import engines, machine, papers
from benchmarks.speed.engines.pubsearch_engine import Answered, PubsearchEngine
from benchmarks.speed.papers import FACETS, Paper
from benchmarks.speed.results import Case, Worst
from benchmarks.speed.workplace import Workplace
from search_app.engine.request import SearchRequest

_SHOWN = 60
"""Number of characters of a long query that the table shows."""


def measure(work: Workplace) -> Worst:
    """Run all hard queries in every round."""
    setting = machine.setting(work.plan.file.name, work.size)
    asked = requests(list(papers.read(work.lines)), work.plan.seed)
    engine = work.open(engines.OURS, work.lines)
    assert isinstance(engine, PubsearchEngine)
    engine.warm()
    cases = []
    for name, texts in asked.items():
        cases.append(_case(name, texts, engine, work.plan.rounds))
        work.tell(f"{name}: median {cases[-1].median:.2f} ms, worst {cases[-1].worst:.2f}")
    return Worst(setting, work.plan.rounds, cases)


def requests(found: Sequence[Paper], seed: int) -> dict[str, list[SearchRequest]]:
    """Return the hard queries by kind."""
    drawer = random.Random(seed)
    words = [word for paper in found for word in re.findall(r"[a-z]{3,}", paper.title.lower())]
    frequent = [word for word, _ in Counter(words).most_common(40)]
    typed = {
        **_beginnings(drawer.choices(words, k=26)),
        **_long(words, frequent, drawer),
        "one very frequent word": frequent,
        "phrase of two very frequent words": _pairs(found, frequent),
    }
    asked = {name: [SearchRequest(text) for text in texts] for name, texts in typed.items()}
    any_of_many = [" ".join(drawer.choices(words, k=500)) for _ in range(10)]
    asked["any of 500 words"] = [SearchRequest(text, match="any") for text in any_of_many]
    ticks = _ticks(found)
    asked["empty query"] = [SearchRequest()]
    asked["empty query, ten values selected in each facet"] = [SearchRequest(filters=ticks)]
    asked["one very frequent word, ten values selected in each facet"] = [
        SearchRequest(word, ticks) for word in frequent
    ]
    return asked


def _beginnings(words: Sequence[str]) -> dict[str, list[str]]:
    """Return queries that match very many words."""
    letters = string.ascii_lowercase
    return {
        "prefix of one letter": [f"{letter}*" for letter in letters],
        "wildcard with one letter": [f"*{letter}*" for letter in letters],
        "wildcard with two letters": [f"*{letter}*e*" for letter in letters],
        "minus a prefix of one letter": [f"-{letter}*" for letter in letters],
        "fuzzy match": [f"{word}~" for word in words],
        "fuzzy match, distance 2": [f"{word}~2" for word in words],
    }


def _long(
    words: Sequence[str], frequent: Sequence[str], drawer: random.Random
) -> dict[str, list[str]]:
    """Return very long queries."""
    phrases = [
        [f'"{drawer.choice(frequent)} {drawer.choice(frequent)}"' for _ in range(20)]
        for _ in range(10)
    ]
    return {
        "500 words": [" ".join(drawer.choices(words, k=500)) for _ in range(10)],
        "20 phrases": [" ".join(each) for each in phrases],
        "20 phrases, OR": [" OR ".join(each) for each in phrases],
        "40 very frequent words, OR": [" OR ".join(frequent)],
    }


def _pairs(found: Sequence[Paper], frequent: Sequence[str]) -> list[str]:
    """Return the most frequent phrases of two frequent words."""
    counts: Counter[str] = Counter()
    among = set(frequent)
    for paper in found:
        words = paper.title.lower().split()
        for first, second in pairwise(words):
            if first in among and second in among:
                counts[f'"{first} {second}"'] += 1
    return [pair for pair, _ in counts.most_common(20)]


def _ticks(found: Sequence[Paper]) -> dict[str, tuple[str, ...]]:
    """Return the ten most frequent values of every facet."""
    ticks = {}
    for facet in FACETS:
        counts = Counter(value for paper in found if (value := paper.value(facet)))
        ticks[facet] = tuple(value for value, _ in counts.most_common(10))
    return ticks


def _case(name: str, asked: Sequence[SearchRequest], engine: PubsearchEngine, rounds: int) -> Case:
    taken: list[list[float]] = [[] for _ in asked]
    answers: list[Answered] = []
    for round_number in range(rounds):
        for number, request in enumerate(asked):
            started = time.perf_counter()
            answer = engine.search(request)
            taken[number].append((time.perf_counter() - started) * 1000)
            if round_number == 0:
                answers.append(answer)
    slowest = max(range(len(asked)), key=lambda number: max(taken[number]))
    text, answer = asked[slowest].text, answers[slowest]
    return Case(
        name=name,
        texts=len(asked),
        median=round(median(median(each) for each in taken), 3),
        worst=round(max(taken[slowest]), 3),
        slowest=text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…",
        total=answer.reply.total,
        told=engine.bounds(answer),
    )
