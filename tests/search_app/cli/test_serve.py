"""`pubsearch serve` builds what has changed, goes on building, and outlives a broken corpus."""

from __future__ import annotations

import os
import re
import shutil
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
"""Seconds after which a test gives up waiting: no machine that works takes as long."""


class Server:
    """A running `pubsearch serve` on a corpus, in a session of its own, and what it prints."""

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
        """The lines on standard output so far."""
        return self.out.read_text(encoding="utf-8").splitlines()

    def has(self, text: str) -> bool:
        """Whether the list of all publications has a text; False while nothing answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/?size=100", timeout=SOON) as answer:
                return text in answer.read().decode()
        except OSError:
            return False

    def prints(self, pattern: str) -> str:
        """The first line with a pattern, waited for."""
        until(lambda: any(re.search(pattern, each) for each in self.lines), self)
        return next(each for each in self.lines if re.search(pattern, each))

    def group(self) -> list[int]:
        """The processes of the server's session that still run."""
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
    """Waits until something is so."""
    end = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < end, (server.lines, server.log.read_text(encoding="utf-8"))
        time.sleep(0.1)


@contextmanager
def serving(corpus: Path, index: Path, *options: str) -> Iterator[Server]:
    """A server that answers, for the time of a `with`."""
    server = Server(corpus, index, *options)
    try:
        server.prints("^Open http://")
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        until(lambda: not server.group(), server)


def add(corpus: Path, *titles: str, name: str = "new.html") -> None:
    """A page of publications with these titles."""
    (corpus / name).write_text(page([article(each) for each in titles]), encoding="utf-8")


def is_writing(index: Path) -> bool:
    """Whether a generation is half-written."""
    return any((index / "generations").glob("*.partial"))


def broken(corpus: Path) -> None:
    """Rows that can't be read."""
    (corpus / "catalogue.toml").write_text("[[field", encoding="utf-8")


def state(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_serve_builds_what_has_changed(corpus: Path, index: Path) -> None:
    """A server that is started again serves an edited page, and reports the build in one line."""
    add(corpus, "Latest News", "")
    with serving(corpus, index) as server:
        assert server.has("Latest News")
        first, *others = server.lines
    assert re.fullmatch(
        r"Built 000002-\w+: 1 added, 0 changed, 0 removed, 1 problem: new.html:\d+: .*\.", first
    )
    assert len(others) == 1


def test_serve_says_nothing_where_nothing_changed(corpus: Path, index: Path) -> None:
    """A server on an index that is up to date only says where it is to be opened."""
    with serving(corpus, index) as server:
        assert [each[:5] for each in server.lines] == ["Open "]


def test_serve_leaves_the_index_with_no_build(corpus: Path, index: Path) -> None:
    """With --no-build, even after --watch, a server writes nothing and serves the index as is."""
    add(corpus, "Latest News")
    before = state(index)
    with serving(corpus, index, "--watch", "--no-build") as server:
        assert server.has("Removal of Organs")
        assert not server.has("Latest News")
        assert len(server.group()) == 1
    assert state(index) == before


def unreadable(corpus: Path) -> None:
    """Pages that are no text."""
    for name in ("tools.html", "papers.html"):
        (corpus / name).write_bytes(b"\xff")


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "rows": (broken, "catalogue.toml"),
    "no folder": (shutil.rmtree, "there is no such file"),
    "pages that are no text": (unreadable, "2 problems, the first: papers.html"),
}


@pytest.mark.parametrize(("harm", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_corpus_leaves_the_page(
    harm: Callable[[Path], None], told: str, corpus: Path, index: Path
) -> None:
    """A server on a broken corpus answers from the last good index, and says why in one line."""
    harm(corpus)
    with serving(corpus, index) as server:
        assert server.has("Removal of Organs")
        assert server.lines[0].startswith("Not built, the last good index stays: ")
        assert told in server.lines[0]
        assert len(server.lines) == 2


@pytest.mark.parametrize("option", ["--watch", None])
def test_a_broken_corpus_without_an_index_is_the_end(
    option: str | None, corpus: Path, tmp_path: Path
) -> None:
    """Where there is nothing to serve, the server ends with status 1 and one line."""
    broken(corpus)
    server = Server(corpus, tmp_path / "index", *filter(None, [option]))
    assert server.process.wait(SOON) == 1
    assert server.lines == []
    said = server.log.read_text(encoding="utf-8")
    assert said.startswith(f"pubsearch: {corpus / 'catalogue.toml'}: ")
    assert said.count("\n") == 1


def test_an_index_that_may_not_be_written_to_is_served(corpus: Path, index: Path) -> None:
    """If the index can't be built, the server says so, names --no-build, and answers."""
    add(corpus, "Latest News")
    (index / publish.LOCK).unlink()
    (index / publish.LOCK).mkdir()
    with serving(corpus, index) as server:
        assert server.has("Removal of Organs")
        assert "could not be written" in server.lines[0]
        assert "add --no-build" in server.lines[0]


def test_a_server_beside_a_build_does_not_wait(corpus: Path, index: Path) -> None:
    """While another process builds, a server answers from the live index and says so."""
    add(corpus, "Latest News")
    with publish.locked(index), serving(corpus, index) as server:
        assert server.has("Removal of Organs")
        assert "another build is running" in server.lines[0]


def test_the_first_index_is_waited_for(corpus: Path, tmp_path: Path) -> None:
    """Where another process builds the first index, a server waits for it."""
    index = tmp_path / "index"
    with publish.locked(index):
        server = Server(corpus, index)
        server.prints("^Waiting for the first index: another build is running")
    try:
        server.prints("^Open http://")
        assert server.has("Removal of Organs")
    finally:
        server.process.kill()
        server.process.wait()


def test_a_watching_server_follows_the_corpus(corpus: Path, index: Path) -> None:
    """Pages that are added, broken, deleted and restored are followed, one line for each build."""
    whole = (corpus / "catalogue.toml").read_text(encoding="utf-8")
    with serving(corpus, index, "--watch") as server:
        add(corpus, "Latest News")
        server.prints("^Built 000002-.*1 added, 0 changed, 0 removed, 0 problems")
        until(lambda: server.has("Latest News"), server)
        broken(corpus)
        server.prints("^Not built, the last good index stays: .*catalogue.toml")
        assert server.has("Latest News")
        (corpus / "catalogue.toml").write_text(whole, encoding="utf-8")
        server.prints("^Nothing changed: 000002-")
        (corpus / "new.html").unlink()
        server.prints("^Built 000003-.*1 removed")
        until(lambda: not server.has("Latest News"), server)
        add(corpus, "Latest News", *(f"Number {each}" for each in range(20)))
        server.prints("^Built 000004-.*21 added")
        (corpus / "new.html").unlink()
        server.prints("^Not built, .*would remove 21 of 26 .*new.html \\(21, the file is missing")
        assert server.has("Latest News")
        assert len(server.lines) == 7


def test_two_watching_servers_share_an_index(corpus: Path, index: Path) -> None:
    """Two servers that watch one corpus both show what was added, and neither fails to build."""
    with serving(corpus, index, "--watch") as one, serving(corpus, index, "--watch") as other:
        for number in range(3):
            add(corpus, "Latest News", name=f"new{number}.html")
            for server in (one, other):
                until(lambda: len(server.lines) >= number + 2, server)  # noqa: B023
        for server in (one, other):
            until(lambda: server.has("Latest News"), server)  # noqa: B023
            assert not [each for each in server.lines if "Not built" in each]
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
def test_the_builder_ends_with_its_server(
    sent: signal.Signals, to_all: bool, status: int, corpus: Path, index: Path
) -> None:
    """However a server ends, no process of it goes on, and nothing half-written is left."""
    with serving(corpus, index, "--watch") as server:
        until(lambda: len(server.group()) > 1, server)
        before = len(server.lines)
        add(corpus, *(f"Number {each}" for each in range(2000)))
        # A build can begin and end between two looks: then it has printed its line.
        until(lambda: is_writing(index) or len(server.lines) > before, server)
        (os.killpg if to_all else os.kill)(server.process.pid, sent)
        assert server.process.wait(SOON) == status
        until(lambda: not server.group(), server)
    assert not is_writing(index)
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
    assert directory.names(index)


def test_a_builder_that_is_killed_is_reported(corpus: Path, index: Path) -> None:
    """If the builder is killed, the server says so, and goes on to answer."""
    with serving(corpus, index, "--watch") as server:
        until(lambda: len(server.group()) > 1, server)
        for each in server.group():
            command = Path(f"/proc/{each}/cmdline").read_bytes()
            if b"spawn_main" in command:
                os.kill(each, signal.SIGKILL)
        server.prints("^The builder ended: changes are no longer built")
        assert server.has("Removal of Organs")
