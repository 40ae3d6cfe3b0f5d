"""Publish new generations while clients search. No request fails or mixes two generations.

Each generation names itself in every title and in a filter, and has its own number of publications.
"""

import gc
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import Engine
from tests import samples
from tests.robustness.place import IS_LONG
from tests.waiting import until

SWITCHES, CLIENTS = (100, 50) if IS_LONG else (10, 10)
FEWEST, FIRST = 5, 1901
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
        self.switch(number)
        self._engine.refresh()

    def switch(self, number: int) -> None:
        articles = [
            samples.article(f"Generation {number} part {part}", datePublished=str(FIRST + number))
            for part in range(FEWEST + number % 3)
        ]
        (self._corpus / "all.html").write_text(samples.page(articles), encoding="utf-8")
        outcome = build.build(self._corpus, self._index, force=True)
        self.names[outcome.generation.name] = number

    def faults(self, found: dict[str, Any]) -> Iterator[str]:
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


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  it includes its own descriptor each time


@pytest.mark.thorough
def test_switches_under_load(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.switch_and_refresh(1)
    before, done = descriptors(), threading.Event()
    answered, wrong = list[int](), list[str]()

    def ask() -> None:
        client = site.app.test_client()
        while not done.is_set():
            response = client.get(QUESTION)
            failed = response.status_code != 200
            answered.append(response.status_code)
            wrong.extend([response.text] if failed else site.faults(json.loads(response.data)))

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for each in threads:
        each.start()
    try:
        for number in range(2, SWITCHES + 2):
            site.switch_and_refresh(number)
    finally:
        done.set()
        for each in threads:
            each.join()
    assert wrong == []
    assert len(answered) > CLIENTS
    until(lambda: descriptors() <= before)  # another thread may still have one open
