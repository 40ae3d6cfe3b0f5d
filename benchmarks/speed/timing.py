"""Time queries without an advantage for any engine."""

import gc
import math
import random
import time
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

import numpy as np

from benchmarks.speed.engines import Engine
from benchmarks.speed.questions import Question
from benchmarks.speed.results import Timed, Together

Key = TypeVar("Key", bound=Hashable)
THREADS = 2


class Gathered:
    """The times of one engine for one kind of query, in seconds: a list in `taken` per round."""

    def __init__(self) -> None:
        self.taken: list[list[float]] = []
        self.found = 0

    def ask(self, engine: Engine, question: Question) -> None:
        """Run a query in the last round. In the first round, also count the hits."""
        started = time.perf_counter()
        answer = engine.ask(question)
        self.taken[-1].append(time.perf_counter() - started)
        if len(self.taken) == 1:
            self.found += engine.read(answer).total

    def timed(self) -> Timed:
        """Return the statistics of all rounds."""
        every = np.array(self.taken) * 1000
        return Timed(
            medians=_rounded(np.median(every, axis=1)),
            p95s=_rounded(np.sort(every, axis=1)[:, at_p95(every.shape[1])]),
            worsts=_rounded(every.max(axis=1)),
            percentiles=_rounded(np.percentile(every, range(0, 101, 5))),
            total=round(self.found / every.shape[1], 1),
        )


def at_p95(number: int) -> int:
    """Return the index of the 95th percentile in sorted times, by the nearest rank."""
    return math.ceil(0.95 * number) - 1


def interleaved(
    engines: Mapping[Key, Engine], questions: Sequence[Question], rounds: int, turn: int
) -> dict[Key, Timed]:
    """Run `turn` queries on every engine in random order, then the next `turn` queries.

    In a fixed order, even a rotated one, an engine would always find the processor caches as the
    same other engine left them. Garbage is collected between rounds, outside the timing.
    """
    gathered = {key: Gathered() for key in engines}
    order = list(engines.items())
    drawer = random.Random(len(questions))
    _warm(engines, questions)
    for _ in range(rounds):
        for each in gathered.values():
            each.taken.append([])
        with _UncollectedGarbage():
            for first in range(0, len(questions), turn):
                drawer.shuffle(order)
                for key, engine in order:
                    for question in questions[first : first + turn]:
                        gathered[key].ask(engine, question)
    return {key: each.timed() for key, each in gathered.items()}


def round_by_round(
    engines: Mapping[Key, Engine], questions: Sequence[Question], rounds: int
) -> dict[Key, Timed]:
    """Run all queries on one engine, then on the next, in another order each round.

    Each engine has the processor caches to itself, as it would have when it serves.
    """
    gathered = {key: Gathered() for key in engines}
    order = list(engines.items())
    drawer = random.Random(len(questions))
    _warm(engines, questions)
    for _ in range(rounds):
        drawer.shuffle(order)
        for key, engine in order:
            gathered[key].taken.append([])
            with _UncollectedGarbage():
                for question in questions:
                    gathered[key].ask(engine, question)
    return {key: each.timed() for key, each in gathered.items()}


def together(engine: Engine, questions: Sequence[Question], rounds: int) -> Together:
    """Run the queries in two threads at the same time. Each thread takes every second query."""

    def ask(questions: Sequence[Question]) -> list[float]:
        taken = []
        for question in questions:
            started = time.perf_counter()
            engine.ask(question)
            taken.append(time.perf_counter() - started)
        return taken

    each, p95s = [], []
    with ThreadPoolExecutor(THREADS) as pool:
        shares = [questions[start::THREADS] for start in range(THREADS)]
        list(pool.map(ask, [share[:10] for share in shares]))
        for _ in range(rounds):
            with _UncollectedGarbage():
                started = time.perf_counter()
                taken = sorted(chain.from_iterable(pool.map(ask, shares)))
                each.append((time.perf_counter() - started) / len(questions))
            p95s.append(taken[at_p95(len(taken))])
    return Together(_rounded(np.array(each) * 1000), _rounded(np.array(p95s) * 1000))


class _UncollectedGarbage:
    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


def _warm(engines: Mapping[Key, Engine], questions: Sequence[Question]) -> None:
    """Let every engine read its files, with too few queries to fill any cache."""
    for question in questions[:10]:
        for engine in engines.values():
            engine.ask(question)


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
