"""Send a million random requests in process. None may fail or exceed the CPU limit."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from indexer.jobs import build
from search_app import config, create_app
from tests.catalogue import CORPUS, PATIENT
from tests.robustness.asking import Application, ask, drawn, faults
from tests.robustness.progress import Case, Counts, chance

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


def asked(seed: int) -> Generator[Case, None, None]:
    """Send random requests in batches: one part of the torture run."""
    with TemporaryDirectory() as folder:
        app = application(Path(folder))
        for number in range(REQUESTS // BATCH):
            yield partial(batch, app, chance(seed, "requests", number), BATCH)
