"""Publish new generations while clients search. No request fails or mixes two generations.

Each generation names itself in every title and in a filter, and has its own number of publications.
"""

from __future__ import annotations

import gc
import json
import os
import threading
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import Engine
from tests import samples
from tests.robustness.progress import Case, Counts

SWITCHES, CLIENTS, FEWEST, FIRST = 100, 50, 5, 1901
PATIENT = 60_000
"""Time limit of a search in milliseconds. It is high because many clients share one process."""
QUESTION = "/api/search?q=generation&size=50"


class Site:
    """A running application, and the corpus of the next generation of its index."""

    def __init__(self, folder: Path) -> None:
        self._corpus, self._index = folder / "corpus", folder / "index"
        samples.write_corpus(self._corpus)
        for page in ("tools.html", "papers.html", "more.jsonl"):
            (self._corpus / page).unlink()
        self.names: dict[str, int] = {}
        self.switch(0)
        settings = config.load(environment={}, index=self._index, budget=PATIENT)
        self.app: Flask = create_app(settings)
        self._engine: Engine = self.app.extensions["pubsearch"]

    def switch_and_refresh(self, number: int) -> None:
        """Publish a generation, and make the application open it."""
        self.switch(number)
        self._engine.refresh()

    def switch(self, number: int) -> None:
        """Publish a generation whose titles and years name it."""
        articles = [
            samples.article(f"Generation {number} part {part}", datePublished=str(FIRST + number))
            for part in range(FEWEST + number % 3)
        ]
        (self._corpus / "all.html").write_text(samples.page(articles), encoding="utf-8")
        outcome = build.build(self._corpus, self._index, force=True)
        self.names[outcome.generation.name] = number

    def faults(self, found: dict[str, Any]) -> Iterator[str]:
        """Yield the parts of a response that do not match the generation it names."""
        number = self.names.get(found["generation"])
        if number is None and found["hits"]:  # the build of this generation has not returned yet
            number = int(found["hits"][0]["title"].split()[1])
        if number is None:
            yield f"nothing was found in {found['generation']}"
            return
        size = FEWEST + number % 3
        titles = {f"Generation {number} part {part}" for part in range(size)}
        if found["total"] != size or {each["title"] for each in found["hits"]} != titles:
            yield f"of generation {number}, these were found: {found['hits']}"
        years = {each["value"]: each["count"] for each in found["facets"]["year"] if each["count"]}
        if years != {str(FIRST + number): size}:
            yield f"of generation {number}, the years were told as {years}"


def clients(site: Site, count: int, switches: range) -> Counts:
    """Publish generations while `count` clients search, and return the counts."""
    done, told, lock = threading.Event(), Counts(), threading.Lock()

    def ask() -> None:
        client = site.app.test_client()
        while not done.is_set():
            response = client.get(QUESTION)
            failed = response.status_code != 200
            wrong = [response.text] if failed else [*site.faults(json.loads(response.data))]
            with lock:
                told.add(Counts(requests=1, failed=failed, lost=bool(wrong) > failed, wrong=wrong))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for each in threads:
        each.start()
    try:
        for number in switches:
            site.switch_and_refresh(number)
    finally:
        done.set()
        for each in threads:
            each.join()
    return told


def descriptors() -> int:
    """Return how many files this process has open, after unused indexes were collected."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  it includes its own descriptor each time


def under_load(seed: int) -> Generator[Case, None, None]:
    """Publish ten generations per case: one part of the torture run. It uses no randomness."""
    with TemporaryDirectory() as folder:
        site = Site(Path(folder) / "place")
        before, step = descriptors(), 10
        for start in range(1, SWITCHES, step):
            yield partial(clients, site, CLIENTS, range(start, start + step))

        def check_descriptors() -> Counts:
            if (after := descriptors()) <= before:
                return Counts()
            return Counts(lost=1, wrong=[f"{after} files are open, {before} were before"])

        yield check_descriptors
