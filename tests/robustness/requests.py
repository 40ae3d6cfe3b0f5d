"""Send a million random requests in process. None may fail or exceed the CPU limit."""

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
"""CPU limit of one response in seconds."""


def batch(application: Application, chance: Random, size: int) -> Counts:
    """Send `size` random requests, and return the counts."""
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
    """Return the WSGI application of the test catalogue."""
    build.build(CORPUS, folder / "index")
    app: Application = create_app(config.load(PATIENT, index=folder / "index")).wsgi_app
    return app


def asked(seed: int, budget: Budget, state: State) -> Counts:
    """Send random requests in batches: one part of the torture run."""
    with TemporaryDirectory() as folder:
        app = application(Path(folder))
        return budget.spend(
            state, REQUESTS // BATCH, lambda n: batch(app, chance(seed, "requests", n), BATCH)
        )
