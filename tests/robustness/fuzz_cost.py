"""Fuzz queries of every shape, and measure the CPU time of each.

`.venv/bin/python -m tests.robustness.fuzz_cost INDEX [SECONDS] [SEED]` sends queries to an
application on INDEX, by default for 60 s. It prints each query that takes more than 1 s of CPU. It
also prints each query over 100 ms that the queue estimates as cheap. The exit status is 1 if it
printed any.

No time budget ends a search. The limits apply to an index of 103,514 papers on an idle machine. For
each shape that exceeds a limit, add an example to a test of counted work in `test_cost.py`.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlencode

from search_app import config, create_app
from search_app.engine import Engine, admission
from search_app.engine.admission import AdmissionControl
from tests.robustness.asking import ask
from tests.robustness.shapes import Shapes, words_of
from tests.search_app.engine.arrays.below import snapshot_of

MOST, MOST_CHEAP = 1.0, 0.1
"""CPU limits in seconds: for any query, and for a query that the queue estimates as cheap."""
EXPLAINED = {"explain": "1", "size": "100"}
ASKED: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/api/search", {}), ("/api/search", EXPLAINED), ("/api/search", {"explain": "1"}),
    ("/api/search", {"exact": "1"}), ("/api/search", {"size": "100"}), ("/api/suggest", {}),
    ("/", {}), ("/", {"match": "any"}), ("/", {"match": "all"}), ("/", {"fold": "1", "page": "2"}),
)  # fmt: skip


class Noting(AdmissionControl):
    """A queue that records the estimate of the last search."""

    cost = 0

    def admit(self, cost: int) -> AbstractContextManager[object]:  # type: ignore[override]
        """Admit a search."""
        self.cost = cost
        return super().admit(cost)


def fuzz(engine: Engine, seconds: float, seed: int) -> int:
    """Send queries until the time is over. Return how many took too much CPU time."""
    queue = engine._admission = Noting()
    app = create_app(config.load(environment={}, index=engine.index), engine).wsgi_app
    drawer, shapes = random.Random(seed), Shapes(words_of(snapshot_of(engine.get_searcher())))
    too_much, asked, worst, worst_cheap = 0, 0, 0.0, 0.0
    for route, parameters in ASKED:  # the first page of a process compiles its templates
        ask(app, f"{route}?{urlencode({'q': 'word', **parameters})}".encode())
    end = time.monotonic() + seconds
    while not asked or time.monotonic() < end:
        shape, text = shapes.text(drawer)
        route, parameters = drawer.choice(ASKED)
        target = f"{route}?{urlencode({'q': text, **parameters}, errors='surrogatepass')}"
        queue.cost, began = 0, time.process_time()
        answer = ask(app, target.encode())
        took = time.process_time() - began
        is_cheap = queue.cost <= admission.EXPENSIVE
        asked, worst = asked + 1, max(worst, took)
        worst_cheap = max(worst_cheap, took * is_cheap)
        if took > MOST or took * is_cheap > MOST_CHEAP or answer.status not in (200, 414):
            too_much += 1
            told = f"{took:.3f} s, estimate {queue.cost:,}, status {answer.status}"
            print(f"{told}, {route} {dict(parameters)}, {shape}, {text[:100]!r} of {len(text)}")
    bars = f"{too_much} cost too much, the worst {worst:.3f} s, of the cheap {worst_cheap:.3f} s"
    print(f"{asked} texts, {bars}")
    return too_much


if __name__ == "__main__":
    index, *others = sys.argv[1:]
    seconds, seed = [float(each) for each in others] + [60.0, 1.0][len(others) :]
    sys.exit(fuzz(Engine(Path(index)), seconds, int(seed)) > 0)
