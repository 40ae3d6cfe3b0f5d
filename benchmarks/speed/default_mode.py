"""Measure searches of several words in the default mode: all of it, without feedback, and exact."""

import random
import re
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.speed import engines, machine, papers
from benchmarks.speed.engines.pubsearch_engine import PubsearchEngine
from benchmarks.speed.results import DefaultMode, Percentiles, Searched
from benchmarks.speed.workplace import Workplace
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher

LENGTHS: Mapping[str, tuple[int, int]] = {
    "1 to 3 words": (1, 3),
    "4 to 8 words": (4, 8),
    "9 to 20 words": (9, 20),
}
"""The kinds of queries: the least and the greatest number of words."""
FEEDBACK = "feedback"
"""The stage of a search whose time is reported apart."""


def measure(work: Workplace) -> DefaultMode:
    """Run all queries in every round, each in the default mode and with `exact=1`."""
    setting = machine.setting(work.plan.file.name, work.size)
    engine = work.open(engines.OURS, work.lines)
    assert isinstance(engine, PubsearchEngine)
    engine.warm()
    texts = [f"{paper.title} {paper.summary or ''}" for paper in papers.read(work.lines)]
    drawn = queries(texts, work.plan.queries, work.plan.seed)
    kinds = {}
    for name, asked in drawn.items():
        kinds[name] = each = _searched(engine.searcher, asked, work.plan.rounds)
        work.tell(
            f"{name}: median {each.default.median:.2f} ms, feedback {each.feedback.median:.2f}"
        )
    return DefaultMode(setting, work.plan.rounds, work.plan.queries, kinds)


def queries(texts: Sequence[str], number: int, seed: int) -> dict[str, list[str]]:
    """Return queries of each kind: adjacent words from the start of a text.

    A text is a title and an abstract. Raise ValueError if no text has enough words for a kind.
    """
    drawer = random.Random(seed)
    words = [re.findall(r"[a-z]{3,}", text.lower()) for text in texts]
    drawn = {}
    for name, (least, greatest) in LENGTHS.items():
        long_enough = [each for each in words if len(each) >= least]
        if not long_enough:
            raise ValueError(f"no text has the words for a query of {name}")
        drawn[name] = [
            " ".join(drawer.choice(long_enough)[: drawer.randint(least, greatest)])
            for _ in range(number)
        ]
    return drawn


def _searched(searcher: Searcher, texts: Sequence[str], rounds: int) -> Searched:
    default, feedback, exact = [], [], []
    for _ in range(rounds):
        for text in texts:
            found = searcher.search(SearchRequest(text))
            default.append(found.took_ms)
            feedback.append(found.stages.get(FEEDBACK, 0.0))
            exact.append(searcher.search(SearchRequest(text, exact=True)).took_ms)
    return Searched(
        default=_percentiles(default),
        without_feedback=_percentiles(np.subtract(default, feedback)),
        feedback=_percentiles(feedback),
        exact=_percentiles(exact),
    )


def _percentiles(times: Sequence[float] | np.ndarray) -> Percentiles:
    median, p95 = np.percentile(times, (50, 95)).tolist()
    return Percentiles(round(median, 3), round(p95, 3))
