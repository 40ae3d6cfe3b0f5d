"""Measure how fast ordinary searches stay while clients send expensive ones.

Run it as `python -m tests.robustness.beside INDEX`. It sends ordinary searches one at a time: first
alone, then while four clients send the most expensive searches known. Each client sends its next
search as soon as the previous one is answered or refused.
"""

from __future__ import annotations

import http.client
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import Event, Process, Queue
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import msgspec

from indexer.generations import directory
from search_app.engine.snapshot.snapshot import Snapshot
from tests.robustness.test_server import serving

CLIENTS, SECONDS = 4, 20


class Beside(msgspec.Struct, frozen=True):
    """Response times in ms: ordinary searches alone and under load, and expensive searches."""

    alone: list[float]
    beside: list[float]
    worst: list[float]
    statuses: dict[int, int]
    failed: int

    def row(self) -> str:
        """Return a table row: medians, 99th percentiles, and the fate of the expensive searches."""
        alone, beside = _percentiles(self.alone), _percentiles(self.beside)
        refused = self.statuses.get(503, 0)
        return (
            f"| {alone[49]:.1f} | {alone[98]:.1f} | {beside[49]:.1f} | {beside[98]:.1f} "
            f"| {beside[98] / alone[98]:.1f} | {self.failed} "
            f"| {len(self.worst) - refused} | {max(self.worst):.0f} | {refused} |"
        )


def _percentiles(taken: Sequence[float]) -> list[float]:
    return quantiles(taken, n=100)


def ordinary(index: Path, seed: int) -> list[str]:
    """Return URLs of typical searches: one to three words of a title, half with a filter."""
    snapshot = Snapshot(directory.load_live(index))
    drawer = random.Random(seed)
    titles = [
        re.findall(r"[A-Za-z]{3,}", each) for each in snapshot.segment.docstore.titles.to_list()
    ]
    ticks = [
        (field.name, value)
        for field in snapshot.catalogue.facets
        for value in snapshot.columns[field.name].values[:20]
    ]
    found = []
    for number in range(2000):
        words = drawer.choice(titles)
        typed = drawer.sample(words, min(len(words), drawer.randint(1, 3)))
        pairs = [("q", " ".join(typed)), *([drawer.choice(ticks)] if number % 2 else [])]
        found.append(f"/?{urlencode(pairs)}")
    return found


def worst(index: Path, seed: int) -> list[str]:
    """Return URLs of the most expensive searches known, a few of each kind."""
    snapshot = Snapshot(directory.load_live(index))
    drawer = random.Random(seed)
    words = re.findall(r"[a-z]{3,}", " ".join(snapshot.segment.docstore.titles.to_list()).lower())
    many = [" ".join(drawer.choices(words, k=500)) for _ in range(3)]
    typed = [
        *(f"*{letter}*" for letter in "aeinst"),
        *(f"{word}~2" for word in drawer.choices(words, k=6)),
        *many,
        " ".join(f"*{word[:3]}*" for word in drawer.choices(words, k=300)),
        " ".join(f'"{a} {b}"' for a, b in pairwise(words[:251])),
        " OR ".join(f"*{word[:2]}*" for word in drawer.choices(words, k=8)),
        " ".join("".join(drawer.choices("abcdefghij", k=8)) for _ in range(500)),
    ]
    explained = [("q", many[0]), ("explain", "1"), ("size", "100")]
    return [*(f"/?{urlencode({'q': text})}" for text in typed), f"/?{urlencode(explained)}"]


def _asked(port: int, address: str) -> tuple[float, int]:
    """Return the response time in milliseconds, and the status, or 0 if there was no response."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        return (time.perf_counter() - began) * 1000, answer.status
    except (OSError, http.client.HTTPException):
        return (time.perf_counter() - began) * 1000, 0
    finally:
        connection.close()


def _send(port: int, addresses: list[str], seed: int, ends: Signal, told: Queue[Any]) -> None:
    drawer = random.Random(seed)
    found = []
    while not ends.is_set():
        found.append(_asked(port, drawer.choice(addresses)))
    told.put(found)


@contextmanager
def _senders(port: int, addresses: list[str], seed: int) -> Iterator[list[tuple[float, int]]]:
    """Yield a list while clients send requests. On exit the list contains times and statuses."""
    ends, told = Event(), Queue()  # type: ignore[var-annotated]
    clients = [
        Process(target=_send, args=(port, addresses, seed + each, ends, told), daemon=True)
        for each in range(CLIENTS)
    ]
    found: list[tuple[float, int]] = []
    for client in clients:
        client.start()
    try:
        yield found
    finally:
        ends.set()
        for _ in clients:
            found += told.get(timeout=60)


def _timed(port: int, addresses: Sequence[str], seconds: float) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(_asked(port, addresses[len(found) % len(addresses)]))
        time.sleep(0.01)
    return found


def measured(index: Path, seed: int, seconds: float = SECONDS) -> Beside:
    """Serve an index, and time ordinary searches alone and while expensive ones run."""
    usual, costly = ordinary(index, seed), worst(index, seed)
    with serving(index) as (_, port):
        _timed(port, usual, 2)
        alone = _timed(port, usual, seconds)
        with _senders(port, costly, seed) as sent:
            time.sleep(1)
            beside = _timed(port, usual, seconds)
    return Beside(
        [taken for taken, _ in alone],
        [taken for taken, _ in beside],
        [taken for taken, _ in sent],
        dict(Counter(status for _, status in sent)),
        sum(status != 200 for _, status in [*alone, *beside]),
    )


if __name__ == "__main__":
    result = measured(Path(sys.argv[1]), seed=1)
    print(result.row(), result.statuses)
