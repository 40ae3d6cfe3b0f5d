"""Gunicorn workers share the index of their master, and a publication does not disturb them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from benchmarks.speed import serving
from indexer.generations import publish
from indexer.jobs import build
from tests.conftest import ROOT
from tests.robustness.test_server import free_port

WORKERS = 2
BARE = ("--preload", "--threads", "2", "--no-control-socket", "search_app:create_app()")
"""Options of an administrator who does not know search_app/workers.py."""


class Server:
    """A gunicorn with two workers at `address`. `process` is its master."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.address = process, f"http://127.0.0.1:{port}"

    def health(self) -> tuple[str, str]:
        with urlopen(f"{self.address}/healthz", timeout=60) as answer:
            told = json.loads(answer.read())
        return told["status"], told["generation"]

    def workers(self) -> set[int]:
        master = self.process.pid
        listed = Path(f"/proc/{master}/task/{master}/children")
        return set(map(int, listed.read_text(encoding="ascii").split()))

    def is_in(self, status: str, generation: str) -> bool:
        """Return whether a worker reports this status and generation.

        Return False without an index.
        """
        try:
            return self.health() == (status, generation)
        except HTTPError:
            return False


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition is true 20 times in a row, so that every worker was asked."""
    end = time.monotonic() + 120
    row = 0
    while row < 10 * WORKERS:
        row = row + 1 if holds() else 0
        assert time.monotonic() < end
        time.sleep(0.01)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextmanager
def gunicorn(index: Path, options: Sequence[str]) -> Iterator[Server]:
    port = free_port()
    with (index.parent / f"log-{port}").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "--workers", str(WORKERS),
             "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT, env={**os.environ, "PUBSEARCH_INDEX": str(index)}, stderr=log,
        )  # fmt: skip
    try:
        until(lambda: _listens(port))
        yield Server(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def readers(server: Server) -> Iterator[list[str]]:
    wrong: list[str] = []
    ended = Event()

    def send_requests() -> None:
        while not ended.is_set():
            try:
                with urlopen(f"{server.address}/?q=law", timeout=60) as answer:
                    answer.read()
            except OSError as error:
                wrong.append(str(error))

    threads = [Thread(target=send_requests) for _ in range(3)]
    for each in threads:
        each.start()
    try:
        yield wrong
    finally:
        ended.set()
        for each in threads:
            each.join()


def test_new_workers_serve_a_published_generation(corpus: Path, index: Path) -> None:
    with gunicorn(index, serving.GUNICORN) as server, readers(server) as wrong:
        until(lambda: len(server.workers()) == WORKERS)
        former = server.workers()
        name = build.build(corpus, index, force=True).generation.name
        until(partial(server.is_in, "ok", name))
        until(lambda: len(server.workers()) == WORKERS)
        assert server.workers().isdisjoint(former)
        assert server.process.poll() is None
    assert wrong == []


@pytest.mark.thorough
def test_all_workers_report_a_damaged_generation(corpus: Path, index: Path) -> None:
    """All workers report a damaged live generation until an intact one is live."""
    with gunicorn(index, serving.GUNICORN) as server:
        _, former = server.health()
        damaged = build.build(corpus, index, force=True).generation
        segment = next(damaged.segment.glob("*.seg"))
        data = segment.read_bytes()
        segment.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        publish.set_live(index, former)
        until(lambda: server.health()[1] == former)
        publish.set_live(index, damaged.name)
        until(lambda: server.health() == ("degraded", former))
        publish.set_live(index, former)
        until(lambda: server.health() == ("ok", former))


@pytest.mark.parametrize("options", [BARE, serving.GUNICORN], ids=["bare", "configured"])
@pytest.mark.thorough
def test_workers_open_an_index_that_is_built_later(
    options: Sequence[str], corpus: Path, tmp_path: Path
) -> None:
    index = tmp_path / "later"
    with gunicorn(index, options) as server:
        for _ in range(2):
            name = build.build(corpus, index, force=True).generation.name
            until(partial(server.is_in, "ok", name))
