"""Measure publishing: response times and server memory while the index changes.

A paper changes five times, and each time the index is rebuilt at low priority, as deploy/ does it.
Four readers request pages meanwhile. Memory is what Linux reports in /proc for all server
processes.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

import msgspec
import numpy as np

from benchmarks.speed import machine, pages, papers, serving
from benchmarks.speed.publishing_results import Memory, Published, Publishing, Waits
from benchmarks.speed.serving import Server
from benchmarks.speed.workplace import Workplace
from indexer.generations import directory
from indexer.jobs import build

PAPERS, FEW, PUBLISHES, WORKERS = 60_000, 10, 5, 4
READERS, PAUSE, ALIKE = 4, 0.05, 400
"""Number of readers, seconds between two requests of a reader, and number of pages that are
requested before memory is measured.
"""
LONG, NICE = 100.0, "10"
"""Milliseconds of a long request, and the priority of a build in pubsearch-build@.service."""
CALLS = 20
"""A generation counts as in use after this many consecutive responses from it."""
SERVERS: dict[str, Callable[[int], list[str]]] = {
    f"gunicorn, {WORKERS} workers": partial(serving.gunicorn, WORKERS),
    "pubsearch serve": serving.waitress,
}


class Health(msgspec.Struct):
    """The response of /healthz."""

    generation: str


class Readers:
    """Threads that request pages, each request on a new connection, until `end` is called."""

    def __init__(self, address: str, paths: Sequence[str]) -> None:
        self._taken: list[float] = []
        self._failed = 0
        self._address, self._paths, self._ended = address, paths, Event()
        self._threads = [Thread(target=self._read, args=(each,)) for each in range(READERS)]
        for each in self._threads:
            each.start()

    def _read(self, first: int) -> None:
        for number in count(first, READERS):
            if self._ended.wait(PAUSE):
                return
            started = time.perf_counter()
            try:
                with urlopen(self._address + self._paths[number % len(self._paths)]) as answer:
                    answer.read()
            except OSError:
                self._failed += 1
            self._taken.append((time.perf_counter() - started) * 1000)

    def end(self) -> Waits:
        """Stop the threads. Return the times of all requests."""
        self._ended.set()
        for each in self._threads:
            each.join()
        taken = np.array(self._taken)
        return Waits(
            requests=len(taken),
            failed=self._failed,
            median=round(float(np.median(taken)), 2),
            p99=round(float(np.percentile(taken, 99)), 2),
            worst=round(float(taken.max()), 2),
            long=round(float(np.mean(taken > LONG)), 5),
        )


def measure(work: Workplace) -> Publishing:
    """Publish while each server answers."""
    size = min(PAPERS, work.size)
    setting = machine.setting(work.plan.file.name, size)
    if not Path("/proc/self/smaps_rollup").exists():
        return Publishing(setting, PUBLISHES, 0, {}, "this system does not report shared memory")
    if reason := serving.without_gunicorn():
        return Publishing(setting, PUBLISHES, 0, {}, reason)
    few = _corpus(work, work.sample(min(FEW, size)), "few")
    titles = [paper.title for paper in papers.read(work.lines)]
    texts = pages.searches(titles, min(ALIKE, 4 * work.plan.queries), work.plan.seed)
    paths = [pages.path(text) for text in texts]
    servers = {}
    for name, command in SERVERS.items():
        corpus = _corpus(work, work.sample(size), "many")
        servers[name] = part = _published(corpus, few, command, paths)
        work.tell(
            f"{name}: {part.during.long:.2%} of {part.during.requests:,} requests over "
            f"{LONG:.0f} ms, {part.grown / 10**6:.1f} MB growth of private memory"
        )
    files = directory.load_live(work.folder / "many-index").manifest.files
    index = sum(size for size, _ in files.values())
    return Publishing(setting, PUBLISHES, index, servers, None)


def _corpus(work: Workplace, lines: Path, name: str) -> Path:
    """Create a corpus of papers with all their facets, and its index next to it."""
    corpus = work.folder / f"{name}-corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    shutil.rmtree(_index(corpus), ignore_errors=True)
    corpus.mkdir()
    shutil.copy(pages.CATALOGUE, corpus / "catalogue.toml")
    shutil.copy(lines, corpus / "papers.jsonl")
    build.build(corpus, _index(corpus))
    return corpus


def _index(corpus: Path) -> Path:
    return corpus.with_name(corpus.name.replace("corpus", "index"))


def _published(
    corpus: Path, few: Path, command: Callable[[int], list[str]], paths: Sequence[str]
) -> Published:
    """Measure one server with few papers, with all papers, and during and after publishing."""
    with serving.server(_index(few), command) as server:
        _request(server, paths)
        bare = memory(server)
    with serving.server(_index(corpus), command) as server:
        _request(server, paths)
        before = memory(server)
        with _reading(server, paths) as alone:
            time.sleep(PUBLISHES)
        with _reading(server, paths) as during:
            for _ in range(PUBLISHES):
                _publish(corpus)
                _taken_up(server, directory.read_live_name(_index(corpus)))
        _request(server, paths)
        return Published(alone[0], during[0], bare, before, memory(server))


@contextmanager
def _reading(server: Server, paths: Sequence[str]) -> Iterator[list[Waits]]:
    """Read in the background. On exit the list contains the times of the readers."""
    waits: list[Waits] = []
    readers = Readers(server.url, paths)
    try:
        yield waits
    finally:
        waits.append(readers.end())


def _request(server: Server, paths: Sequence[str]) -> None:
    """Request all pages once, so that caches and threads of the server are in use."""
    for path in paths:
        with urlopen(server.url + path) as answer:
            answer.read()


def _publish(corpus: Path) -> None:
    """Change one paper, and build in a process of low priority."""
    lines, changed = corpus / "papers.jsonl", corpus.with_name("changed.jsonl")
    # Next to the readers, it would delay them, and they would count that as waiting.
    with ProcessPoolExecutor(1, get_context("spawn")) as other_process:
        other_process.submit(papers.change_one, lines, changed).result()
    changed.replace(lines)
    subprocess.run(
        ["nice", "-n", NICE, Path(sys.executable).with_name("pubsearch"), "build", "--corpus",
         corpus, "--index", _index(corpus)],
        cwd=serving.HOUSE, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _taken_up(server: Server, name: str) -> None:
    """Wait until all workers answer from a generation. Raise RuntimeError after a minute."""
    last, row = time.monotonic() + 60, 0
    while row < CALLS:
        with urlopen(f"{server.url}/healthz") as answer:
            told = msgspec.json.decode(answer.read(), type=Health)
        row = row + 1 if told.generation == name else 0
        if time.monotonic() > last:
            raise RuntimeError(f"the server still answers from {told.generation}, not {name}")
        time.sleep(0.02)


def memory(server: Server) -> Memory:
    """Return the memory of a server. The processes that answer are its workers."""
    master, workers = server.process, server.workers()
    sizes = {each: _sizes(each) for each in (master, *workers)}
    return Memory(
        private=[sizes[each]["Private_Clean"] + sizes[each]["Private_Dirty"]
                 for each in workers or [master]],
        together=sum(each["Pss"] for each in sizes.values()),
    )  # fmt: skip


def _sizes(process: int) -> dict[str, int]:
    """Return the memory of a process by kind, in bytes."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    named = (line.partition(":") for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, _, value in named}
