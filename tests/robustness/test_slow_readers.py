"""Clients that read a long response slowly do not occupy the server."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from indexer.jobs import build
from search_app.web.exports import MAX_EXPORTS
from tests.catalogue import build_once
from tests.robustness.test_server import IDLE, LONG, serving
from tests.samples import write_corpus
from tests.search_app.web.test_path_prefix import gunicorn
from tests.waiting import until

RECORDS, CHARS = 500, 80_000
"""Publications and the letters of each: 40 MB, more than the server buffers."""


@pytest.fixture(scope="module", params=["waitress", "gunicorn"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = build_once(tmp_path_factory, "long-texts", _build)
    if request.param == "gunicorn":
        with gunicorn(folder / "index") as found:
            yield found
    else:
        with serving(folder / "index", idle=IDLE) as (_, found):
            yield found


def _build(folder: Path) -> None:
    corpus = folder / "corpus"
    write_corpus(corpus)
    lines = (
        json.dumps({"title": f"Text {number}", "section": "Tools", "summary": "a" * CHARS})
        for number in range(RECORDS)
    )
    (corpus / "long.jsonl").write_text("\n".join(lines), encoding="utf-8")
    build.build(corpus, folder / "index")


def slow_reader(port: int, host: int) -> socket.socket:
    """Return a connection that has asked for everything and has a small buffer.

    Each number of a host is a client of its own.
    """
    reader = socket.socket()
    reader.bind((f"127.0.0.{host}", 0))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(LONG)
    reader.connect(("127.0.0.1", port))
    reader.sendall(b"GET /export/jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status = reader.recv(12)
    if status != b"HTTP/1.1 200":
        reader.close()
    assert status == b"HTTP/1.1 200"
    return reader


def answers(port: int, path: str = "/export/jsonl") -> bool:
    """Return whether an export is answered. Another answer than a 503 raises HTTPError."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=LONG) as answer:
            return bool(answer.read())
    except HTTPError as error:
        error.close()
        if error.code == 503 and error.headers["Retry-After"]:
            return False
        raise


def test_slow_readers_that_come_back_stop_no_export(port: int) -> None:
    """Eight clients that read a byte a second, and come back at once, delay others by seconds."""
    is_over = Event()

    def come_back(host: int) -> None:
        while not is_over.is_set():
            with suppress(OSError, AssertionError), slow_reader(port, host) as reader:
                for _ in range(7):
                    if not is_over.wait(1):
                        reader.recv(1)

    attackers = [Thread(target=come_back, args=(host,)) for host in range(11, 19)]
    for attacker in attackers:
        attacker.start()
    try:
        for _ in range(10):
            assert answers(port, "/export/ris?q=2017")
        until(lambda: answers(port), LONG)  # soon each of them has left an export unfinished
        for _ in range(3):
            assert answers(port)
    finally:
        is_over.set()
        for attacker in attackers:
            attacker.join()


def test_a_client_that_leaves_ends_its_export(port: int) -> None:
    for reader in [slow_reader(port, 2 + number) for number in range(MAX_EXPORTS)]:
        reader.close()
    until(lambda: answers(port), LONG)


@pytest.mark.thorough
def test_a_steady_reader_gets_everything(port: int) -> None:
    with urlopen(f"http://127.0.0.1:{port}/export/jsonl", timeout=LONG) as answer:
        count = 0
        while block := answer.read(1 << 22):
            count += block.count(b"\n")
            time.sleep(IDLE / 4)
    assert count > RECORDS


def test_readers_of_one_network_keep_no_one_from_an_export(port: int) -> None:
    """Connections of one client that read nothing have one export at a time; others get theirs.

    One that waits takes the place of the one that is silent.
    """
    readers = [socket.create_connection(("127.0.0.1", port), LONG, ("127.0.0.9", 0))
               for _ in range(4)]  # fmt: skip
    for reader in readers:
        reader.sendall(b"GET /export/jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
    statuses = [reader.recv(12).rpartition(b" ")[2] for reader in readers]
    assert sorted(statuses)[-2:] == [b"503", b"503"]
    assert b"200" in statuses
    assert answers(port)
    for reader in readers:
        reader.close()
