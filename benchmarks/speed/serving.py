"""Measure serving: whole pages over HTTP, of the catalogue and of the papers."""

import importlib.util
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

import msgspec

from benchmarks.speed import engines, machine
from benchmarks.speed.results import Served, Serving
from benchmarks.speed.workplace import Workplace
from indexer.generations import directory
from indexer.jobs import build
from search_app import config, create_app
from search_app.engine.snapshot.snapshot import Snapshot

HOUSE = Path(__file__).parents[2]
GUNICORN = ("--config", "python:search_app.workers")
"""The gunicorn options of docs/serving.md and deploy/."""
WORKERS, CONNECTIONS, SECONDS, PATHS = 2, 4, 10, 4000
ALONE = 400
"""Number of pages that are rendered one after the other to time a single page."""
_SCRIPT = """\
local paths, at = {}, 0
for line in io.lines(os.getenv("PUBSEARCH_PATHS")) do paths[#paths + 1] = line end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\\nTOLD {"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
"""


class Server(NamedTuple):
    """A running server: its URL without a path, and its first process."""

    url: str
    process: int

    def workers(self) -> list[int]:
        """Return the processes that its first process has started."""
        listed = Path(f"/proc/{self.process}/task/{self.process}/children")
        return [int(each) for each in listed.read_text(encoding="ascii").split()]


def gunicorn(workers: int, port: int) -> list[str]:
    """Return the command that serves with gunicorn."""
    options = [*GUNICORN, "--workers", str(workers), "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}"]


def waitress(port: int) -> list[str]:
    """Return the command that serves without gunicorn."""
    program = str(Path(sys.executable).with_name("pubsearch"))
    return [program, "serve", "--no-build", "--port", str(port)]


class Told(msgspec.Struct):
    """The counts of wrk. Times are in microseconds."""

    requests: int
    micros: int
    failed: int
    p50: int
    p99: int

    @property
    def each_second(self) -> float:
        """The requests per second."""
        return round(self.requests / self.micros * 10**6, 1)


def measure(work: Workplace) -> Serving:
    """Serve both catalogues in turn, and request pages as fast as possible."""
    setting = machine.setting(work.plan.file.name, work.size)
    if reason := without_gunicorn() or without_wrk():
        return Serving(setting, WORKERS, CONNECTIONS, SECONDS, {}, reason)
    small = work.folder / "catalogue"
    build.build(HOUSE / "corpus", small)
    work.open(engines.OURS, work.lines)
    large = work.place(engines.OURS, work.lines) / "index"
    served = {}
    for name, index in {"the catalogue": small, f"{work.size:,} papers": large}.items():
        paths = list_paths(index, work.plan.seed)
        served[name] = _served(index, paths, work.folder)
        work.tell(
            f"{name}: {served[name].each_second:,.0f} pages per second, median "
            f"{served[name].page:.2f} ms inside the application"
        )
    return Serving(setting, WORKERS, CONNECTIONS, SECONDS, served, None)


def without_gunicorn() -> str | None:
    """Return why gunicorn cannot run, or None if it can."""
    if importlib.util.find_spec("gunicorn") is None:
        return "the package gunicorn is not installed (make environment-bench)"
    return None


def without_wrk() -> str | None:
    """Return why wrk cannot run, or None if it can."""
    return None if shutil.which("wrk") else "the program wrk is not installed (apt install wrk)"


def list_paths(index: Path, seed: int) -> list[str]:
    """Return URLs of distinct queries: one to three words of a title, half with a filter."""
    snapshot = Snapshot(directory.load_live(index))
    drawer = random.Random(seed)
    titles = [
        re.findall(r"[A-Za-z]{3,}", title) for title in snapshot.segment.docstore.titles.to_list()
    ]
    ticks = [
        (field.name, value)
        for field in snapshot.catalogue.facets
        for value in snapshot.columns[field.name].values[:20]
    ]
    found: dict[str, None] = {}
    for number in range(20 * PATHS):
        words = drawer.choice(titles)
        typed = drawer.sample(words, min(len(words), drawer.randint(1, 3)))
        tick = [drawer.choice(ticks)] if number % 2 else []
        found[f"/?{urlencode([('q', ' '.join(typed).lower()), *tick])}"] = None
        if len(found) == PATHS:
            break
    return list(found)


def _served(index: Path, paths: Sequence[str], folder: Path) -> Served:
    with server(index, partial(gunicorn, WORKERS)) as served:
        told = request(served.url, paths, folder)
    return Served(
        each_second=told.each_second,
        p50=told.p50 / 1000,
        p99=told.p99 / 1000,
        page=_alone(index, paths),
        paths=len(paths),
    )


def request(address: str, paths: Sequence[str], folder: Path) -> Told:
    """Request paths for some seconds, after two seconds without a measurement.

    Raise RuntimeError if a request fails.
    """
    listed, script = folder / "paths.txt", folder / "paths.lua"
    listed.write_text("\n".join(paths) + "\n", encoding="utf-8")
    script.write_text(_SCRIPT, encoding="utf-8")
    _asked(address, listed, script, 2)
    told = _asked(address, listed, script, SECONDS)
    if told.failed:
        raise RuntimeError(f"{told.failed} of {told.requests} requests failed")
    return told


def _asked(address: str, listed: Path, script: Path, seconds: int) -> Told:
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), address],
        env={**os.environ, "PUBSEARCH_PATHS": str(listed)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("TOLD "))
    return msgspec.json.decode(line.removeprefix("TOLD "), type=Told)


@contextmanager
def server(
    index: Path | str, command: Callable[[int], list[str]], work: Path | None = None
) -> Iterator[Server]:
    """Serve an index with a command that depends on the port.

    `index` is a folder, or the URL of an index in a cluster. Then `work` is the folder of its files
    on this machine.
    """
    with socket.socket() as reserved:  # reserves the port while the socket is open
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = int(reserved.getsockname()[1])
        process = subprocess.Popen(
            command(port), cwd=HOUSE,
            env={**os.environ, "PUBSEARCH_INDEX": str(index), "PUBSEARCH_WORK": str(work or "")},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz")
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_for(address: str) -> None:
    last = time.monotonic() + 120
    while True:
        try:
            with urlopen(address) as answer:
                answer.read()
                return
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.1)


def _alone(index: Path, paths: Sequence[str]) -> float:
    """Return the median time of a page inside the application, in milliseconds."""
    client = create_app(config.load(environment={}, index=index)).test_client()
    taken = []
    for path in paths[:ALONE]:
        answer = client.get(path)
        stages = re.findall(r"dur=([\d.]+)", answer.headers["Server-Timing"])
        taken.append(sum(map(float, stages)))
    return round(median(taken), 3)
