"""A million requests put together by chance, in process: none may fail, or take too long."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from indexer.jobs import build
from search_app import config, create_app
from tests.catalogue import CORPUS, PATIENT
from tests.robustness.asking import Application, ask, drawn, faults
from tests.robustness.progress import Budget, Counts, State, chance

REQUESTS, BATCH = 1_000_000, 1000
LONGEST = 1.0
"""So many seconds of the processor an answer may take."""


def batch(application: Application, chance: Random, size: int) -> Counts:
    """Asks so many times, and counts what went wrong."""
    counts = Counts(requests=size)
    for _ in range(size):
        target = drawn(chance)
        began = time.thread_time()
        try:
            wrong = faults(ask(application, target))
        except Exception as error:  # noqa: BLE001
            wrong = [repr(error)]
        taken = time.thread_time() - began
        if wrong:
            counts.add(Counts(failed=1, wrong=[f"{target!r}: {'; '.join(wrong)}"]))
        if taken > LONGEST:
            counts.add(Counts(over_budget=1, wrong=[f"{target!r} took {taken:.1f} s"]))
    return counts


def application(folder: Path) -> Application:
    """The application on the catalogue, as a server calls it."""
    build.build(CORPUS, folder / "index")
    app: Application = create_app(config.load(PATIENT, index=folder / "index")).wsgi_app
    return app


def asked(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: requests by chance, in batches."""
    with TemporaryDirectory() as folder:
        app = application(Path(folder))
        return budget.spend(
            state, REQUESTS // BATCH, lambda n: batch(app, chance(seed, "requests", n), BATCH)
        )
