"""Measure how fast ordinary searches stay while clients send expensive ones.

Run it as `python -m benchmarks.speed.beside INDEX`. It sends ordinary searches one at a time: first
alone, then while four clients send the most expensive searches known. Each client sends its next
search as soon as the previous one is answered or refused.
"""

import http.client
import multiprocessing
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from benchmarks.speed import serving
from indexer.generations import directory
from search_app.engine.snapshot.snapshot import Snapshot

CLIENTS, SECONDS, SEED = 4, 20, 1
Reply = tuple[float, int]
"""The response time in milliseconds, and the status, or 0 if there was no response."""


def list_expensive(index: Path) -> list[str]:
    """Return URLs of the most expensive searches known, a few of each kind."""
    titles = Snapshot(directory.load_live(index)).segment.docstore.titles.to_list()
    drawer = random.Random(SEED)
    words = re.findall(r"[a-z]{3,}", " ".join(titles).lower())
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
    explained = {"q": many[0], "explain": "1", "size": "100"}
    return [f"/?{urlencode(each)}" for each in (*({"q": text} for text in typed), explained)]


def send(host: str, path: str) -> Reply:
    """Send a request on a new connection."""
    began, status = time.perf_counter(), 0
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return (time.perf_counter() - began) * 1000, status


def send_until(host: str, paths: Sequence[str], seed: int, ended: Event) -> list[Reply]:
    """Send requests one after the other until an event is set."""
    drawer, replies = random.Random(seed), list[Reply]()
    while not ended.is_set():
        replies.append(send(host, drawer.choice(paths)))
    return replies


def send_for(host: str, paths: Sequence[str], seconds: float) -> list[Reply]:
    """Send requests with short pauses for some seconds."""
    replies, end = list[Reply](), time.monotonic() + seconds
    while time.monotonic() < end:
        replies.append(send(host, paths[len(replies) % len(paths)]))
        time.sleep(0.01)
    return replies


def measure(index: Path, seconds: float = SECONDS) -> str:
    """Return a row of the table in docs/reliability.md."""
    usual, costly = serving.list_paths(index, SEED), list_expensive(index)
    context = multiprocessing.get_context("spawn")
    with serving.server(index, serving.waitress) as served, context.Pool(CLIENTS) as pool:
        host = served.url.removeprefix("http://")
        send_for(host, usual, 2)
        alone = send_for(host, usual, seconds)
        ended = context.Manager().Event()
        clients = [
            pool.apply_async(send_until, (host, costly, SEED + number, ended))
            for number in range(CLIENTS)
        ]
        time.sleep(1)
        beside = send_for(host, usual, seconds)
        ended.set()
        worst = [reply for client in clients for reply in client.get(60)]
    before, after = (quantiles([took for took, _ in replies], n=100) for replies in (alone, beside))
    failed = sum(status != 200 for _, status in [*alone, *beside])
    statuses = Counter(status for _, status in worst)
    return (
        f"| {before[49]:.1f} | {before[98]:.1f} | {after[49]:.1f} | {after[98]:.1f} "
        f"| {after[98] / before[98]:.1f} | {failed} | {statuses.total() - statuses[503]} "
        f"| {max(took for took, _ in worst):.0f} | {statuses[503]} |"
    )


if __name__ == "__main__":
    print(measure(Path(sys.argv[1])))
