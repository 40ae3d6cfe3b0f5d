"""`pubsearch serve` builds changes, with --watch keeps building, and survives a broken corpus."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from indexer.generations import directory, publish
from tests.robustness.test_server import free_port
from tests.samples import article, page

pytestmark = pytest.mark.slow

SOON = 180.0
"""Timeout of a wait in seconds. It is generous, as a loaded machine is slow."""


class Server:
    """A running `pubsearch serve` on a corpus, in its own session, with its output."""

    def __init__(self, corpus: Path, index: Path, *options: str) -> None:
        self.port, self.out = free_port(), index.with_name(f"out-{time.monotonic_ns()}")
        self.log = self.out.with_suffix(".log")
        program = Path(sys.executable).with_name("pubsearch")
        with self.out.open("wb") as out, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "serve", "--corpus", corpus, "--index", index,
                 "--port", str(self.port), *options],
                stdout=out, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def lines(self) -> list[str]:
        """Return the lines on standard output so far."""
        return self.out.read_text(encoding="utf-8").splitlines()

    def has(self, text: str) -> bool:
        """Return whether the list of all publications has a text; False without a response."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/?size=100", timeout=SOON) as answer:
                return text in answer.read().decode()
        except OSError:
            return False

    def prints(self, pattern: str) -> str:
        until(lambda: any(re.search(pattern, each) for each in self.lines), self)
        return next(each for each in self.lines if re.search(pattern, each))

    def group(self) -> list[int]:
        found = []
        for each in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = each.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(each.parent.name))
        return found


def until(is_so: Callable[[], bool], server: Server) -> None:
    """Wait until a condition is true."""
    end = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < end, (server.lines, server.log.read_text(encoding="utf-8"))
        time.sleep(0.1)


@contextmanager
def serving(corpus: Path, index: Path, *options: str) -> Iterator[Server]:
    """Yield a server that responds, and stop it after the `with` block."""
    server = Server(corpus, index, *options)
    try:
        server.prints("^Open http://")
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        until(lambda: not server.group(), server)


def add(corpus: Path, *titles: str, name: str = "new.html") -> None:
    (corpus / name).write_text(page([article(each) for each in titles]), encoding="utf-8")


def is_writing(index: Path) -> bool:
    return any((index / "generations").glob("*.partial"))


def broken(corpus: Path) -> None:
    (corpus / "catalogue.toml").write_text("[[field", encoding="utf-8")


def state(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_serve_builds_a_changed_corpus(corpus: Path, index: Path) -> None:
    add(corpus, "Latest News", "")
    with serving(corpus, index) as server:
        assert server.has("Latest News")
        first, *others = server.lines
    assert re.fullmatch(
        r"Built 000002-\w+: 1 added, 0 changed, 0 removed, 1 problem: new.html:\d+: .*\.", first
    )
    assert len(others) == 1


def test_no_build_leaves_the_index_unchanged(corpus: Path, index: Path) -> None:
    """A server with --no-build, even after --watch, writes nothing and serves the index as is."""
    add(corpus, "Latest News")
    before = state(index)
    with serving(corpus, index, "--watch", "--no-build") as server:
        assert server.has("Removal of Organs")
        assert not server.has("Latest News")
        assert len(server.group()) == 1
    assert state(index) == before


@pytest.mark.parametrize("option", ["--watch", None])
def test_a_server_without_an_index_ends_on_a_broken_corpus(
    option: str | None, corpus: Path, tmp_path: Path
) -> None:
    broken(corpus)
    server = Server(corpus, tmp_path / "index", *filter(None, [option]))
    assert server.process.wait(SOON) == 1
    assert server.lines == []
    said = server.log.read_text(encoding="utf-8")
    assert said.startswith(f"pubsearch: {corpus / 'catalogue.toml'}: ")
    assert said.count("\n") == 1


def test_a_server_waits_for_the_first_index(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    with publish.lock(index):
        server = Server(corpus, index)
        server.prints("^Waiting for the first index: another build is running")
    try:
        server.prints("^Open http://")
        assert server.has("Removal of Organs")
    finally:
        server.process.kill()
        server.process.wait()


def test_a_watching_server_follows_the_corpus(corpus: Path, index: Path) -> None:
    whole = (corpus / "catalogue.toml").read_text(encoding="utf-8")
    with serving(corpus, index, "--watch") as server:
        add(corpus, "Latest News")
        server.prints("^Built 000002-.*1 added, 0 changed, 0 removed, 0 problems")
        until(lambda: server.has("Latest News"), server)
        broken(corpus)
        server.prints(
            "^The index was not built, so the last good index stays live: .*catalogue.toml"
        )
        assert server.has("Latest News")
        (corpus / "catalogue.toml").write_text(whole, encoding="utf-8")
        server.prints("^Nothing changed: 000002-")
        (corpus / "new.html").unlink()
        server.prints("^Built 000003-.*1 removed")
        until(lambda: not server.has("Latest News"), server)
        add(corpus, "Latest News", *(f"Number {each}" for each in range(20)))
        server.prints("^Built 000004-.*21 added")
        (corpus / "new.html").unlink()
        server.prints(
            "^The index was not built.*would remove 21 of 26 .*new.html \\(21, the file is missing"
        )
        assert server.has("Latest News")
        assert len(server.lines) == 7


@pytest.mark.thorough
def test_two_watching_servers_share_an_index(corpus: Path, index: Path) -> None:
    with serving(corpus, index, "--watch") as one, serving(corpus, index, "--watch") as other:
        for number in range(3):
            add(corpus, "Latest News", name=f"new{number}.html")
            for server in (one, other):
                until(lambda: len(server.lines) >= number + 2, server)  # noqa: B023
        for server in (one, other):
            until(lambda: server.has("Latest News"), server)  # noqa: B023
            assert not [each for each in server.lines if "was not built" in each]
    assert len([each for each in one.lines + other.lines if each.startswith("Built")]) == 3


@pytest.mark.parametrize(
    ("sent", "to_all", "status"),
    [
        (signal.SIGINT, True, 0),
        (signal.SIGTERM, False, 0),
        (signal.SIGKILL, False, -signal.SIGKILL),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
@pytest.mark.thorough
def test_the_builder_ends_with_its_server(
    sent: signal.Signals, to_all: bool, status: int, corpus: Path, index: Path
) -> None:
    """However a server ends, its processes end too and leave no incomplete generation."""
    with serving(corpus, index, "--watch") as server:
        until(lambda: len(server.group()) > 1, server)
        before = len(server.lines)
        add(corpus, *(f"Number {each}" for each in range(2000)))
        # A build can start and end between two polls. Then it has printed its line.
        until(lambda: is_writing(index) or len(server.lines) > before, server)
        (os.killpg if to_all else os.kill)(server.process.pid, sent)
        assert server.process.wait(SOON) == status
        until(lambda: not server.group(), server)
    assert not is_writing(index)
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
    assert directory.list_names(index)


def test_a_killed_builder_is_reported(corpus: Path, index: Path) -> None:
    with serving(corpus, index, "--watch") as server:
        until(lambda: len(server.group()) > 1, server)
        for each in server.group():
            command = Path(f"/proc/{each}/cmdline").read_bytes()
            if b"spawn_main" in command:
                os.kill(each, signal.SIGKILL)
        server.prints("^The builder has ended, so changes are no longer built")
        assert server.has("Removal of Organs")


def test_a_server_serves_a_read_only_index(corpus: Path, index: Path) -> None:
    add(corpus, "Latest News")
    (index / publish.LOCK).unlink()
    (index / publish.LOCK).mkdir()
    with serving(corpus, index) as server:
        assert server.has("Removal of Organs")
        assert "could not be written" in server.lines[0]
        assert "add --no-build" in server.lines[0]
