"""A server of an index in a cluster, and clients that compare each of its responses.

A local index of the same corpus has the right responses.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from operator import itemgetter
from pathlib import Path
from threading import Event, Lock
from typing import NamedTuple

from indexer.jobs import build
from search_app import config, create_app
from tests import samples
from tests.robustness.test_server import free_port
from tests.waiting import until

PATIENCE = 180.0
"""Seconds that a slow machine may take until a server is in a state."""
BUDGET = 20_000
"""Time limit of a search in milliseconds. Nodes, server, and clients share a few processors."""
PAUSE = 0.1
"""Seconds between two requests of a client."""
QUESTIONS = (
    "/api/search?q=border&size=70",
    "/api/search?q=border&section=Papers&size=40&explain=1",
    "/api/search?q=number1*+OR+%22people+number3%22&sort=newest&page=2",
    "/api/search?q=bordre&size=70",
    "/api/search?q=&region=Africa&year_from=1990",
    "/api/search?q=nowhere",
    "/api/suggest?q=bor",
    "/api/publication/border-and-people-number3-of-the-region-1983",
)
TIMES = ("generation", "took_ms", "stages", "record_added", "record_changed")
"""The values of a response that differ between two servers."""
SCORES = ("score", "explanation", "similar")
"""The values of a publication that differ between two stores."""


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    content: str


def write_corpus(folder: Path, size: int, edition: str) -> None:
    """Write a corpus of a number of publications, whose abstracts name an edition."""
    if not folder.exists():
        samples.write_corpus(folder)
        for name in ("tools.html", "papers.html", "more.jsonl"):
            (folder / name).unlink()
    lines = (
        json.dumps(
            {
                "title": f"Border and people number{number} of the region",
                "section": ("Tools", "Papers")[number % 2],
                "region": ("Africa", "South Asia")[number % 3 % 2],
                "year": 1980 + number % 20,
                "summary": f"The {edition} report on borders.",
            }
        )
        for number in range(size)
    )
    (folder / "all.jsonl").write_text("\n".join(lines), encoding="utf-8")


def ask_locally(corpus: Path, folder: Path) -> dict[str, object]:
    """Return the right response to each question, from a new local index of a corpus."""
    build.build(corpus, folder)
    app = create_app(config.load(environment={}, index=folder, budget=BUDGET))
    client = app.test_client()
    return {question: compare(client.get(question).text) for question in QUESTIONS}


def compare(content: str) -> object:
    """Return the part of a response that two servers share: by relevance, hits in any order."""
    found = json.loads(
        content,
        object_hook=lambda found: {
            name: value for name, value in found.items() if name not in TIMES + SCORES
        },
    )
    if found.get("sort") == "relevance":
        found["hits"].sort(key=itemgetter("id"))
    return found


class Server:
    """A running `pubsearch serve --no-build`, and its log."""

    def __init__(self, folder: Path, index: str, budget: int = BUDGET) -> None:
        self.port, self._file = free_port(), folder / "server.log"
        settings = {"PUBSEARCH_WORK": str(folder / "work"), "PUBSEARCH_BUDGET": str(budget)}
        folder.mkdir(exist_ok=True)
        with self._file.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("pubsearch"), "serve", "--no-build",
                    "--index", index, "--port", str(self.port),
                ],
                stdout=log, stderr=log, env=os.environ | settings,
            )  # fmt: skip

    @property
    def log(self) -> str:
        """The output so far."""
        return self._file.read_text(encoding="utf-8")

    def count_threads(self) -> int:
        """Return the number of threads of the process."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def get(self, target: str) -> Answer:
        """Return the response to a request. Raise OSError or HTTPException."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    def read_health(self) -> tuple[str, str]:
        """Return the status and the generation, or a code of an error and ""."""
        found = json.loads(self.get("/healthz").content)
        if error := found.get("error"):
            return error["code"], ""
        return found["status"], found["generation"]

    def wait_for(self, status: str, generation: str = "") -> None:
        """Wait until the health is a status, and the generation in use is the given one."""

        def is_so() -> bool:
            assert self.process.poll() is None, self.log
            try:
                found = self.read_health()
            except (OSError, HTTPException):  # it starts
                return False
            return found[0] == status and found[1].startswith(generation)

        until(is_so, PATIENCE)


@contextmanager
def serve(folder: Path, index: str, budget: int = BUDGET) -> Iterator[Server]:
    """Start a server, and stop it in the end. Its log must have no traceback."""
    server = Server(folder, index, budget)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait()
    assert "Traceback" not in server.log


class Clients:
    """Threads that ask a server. `counts` gives the number of responses of each kind.

    `seconds` contains the time that each response took.

    `right` gives the right responses of each generation by its name. It may grow. The responses are
    compared when the clients have stopped.
    """

    def __init__(
        self, server: Server, right: Mapping[str, Mapping[str, object]], threads: int
    ) -> None:
        self._server, self._right, self.threads = server, right, threads
        self._lock, self.stopped = Lock(), Event()
        self._answers: list[tuple[str, Answer]] = []
        self.seconds: list[float] = []
        self.counts: Counter[str] = Counter()
        self.wrong: list[tuple[str, str]] = []

    def ask_until_stopped(self) -> None:
        """Ask questions in random order."""
        while not self.stopped.wait(PAUSE):
            question, started = random.choice(QUESTIONS), time.monotonic()
            try:
                answer = self._server.get(question)
            except (OSError, HTTPException) as error:
                answer = Answer(0, {}, repr(error))
            with self._lock:
                self._answers.append((question, answer))
                self.seconds.append(time.monotonic() - started)

    def wait_for(self, count: int) -> None:
        """Wait for a number of further responses with the status 200."""
        first = len(self._answers)
        until(
            lambda: sum(each.status == 200 for _, each in self._answers[first:]) >= count, PATIENCE
        )

    def judge(self) -> None:
        """Count the responses by kind: `right`, `wrong`, or an error."""
        for question, answer in self._answers:
            kind = self._find_kind(question, answer)
            self.counts[kind] += 1
            if kind == "wrong":
                self.wrong.append((question, answer.content))

    def _find_kind(self, question: str, answer: Answer) -> str:
        if not answer.status:
            return answer.content
        found = json.loads(answer.content)
        if answer.status != 200:
            retry = ", Retry-After" if "Retry-After" in answer.headers else ""
            return f"{answer.status} {found['error']['code']}{retry}"
        # Only searches name their generation.
        name = found.get("generation")
        candidates = self._right.values() if name is None else [self._right[name]]
        is_right = any(compare(answer.content) == right[question] for right in candidates)
        return "right" if is_right else "wrong"


@contextmanager
def ask(clients: Clients) -> Iterator[Clients]:
    """Let clients ask a server within the block. Then none of their responses was wrong."""
    with ThreadPoolExecutor(clients.threads) as threads:
        running = [threads.submit(clients.ask_until_stopped) for _ in range(clients.threads)]
        try:
            yield clients
        finally:
            clients.stopped.set()
    for each in running:
        each.result()
    clients.judge()
    print(dict(clients.counts))
    assert clients.wrong == []
