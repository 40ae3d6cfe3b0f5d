"""`pubsearch check --links`: its output, its file, and what an interruption keeps."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.indexer.jobs import servers
from tests.indexer.jobs.servers import Server
from tests.samples import article, page

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("pubsearch")
OPTIONS = ("check", "--links", "--local", "--delay", "0")


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.serve() as running:
        yield running


@pytest.fixture
def start(corpus: Path) -> Callable[..., subprocess.Popen[str]]:
    def start(*options: object) -> subprocess.Popen[str]:
        command = [PROGRAM, *OPTIONS, "--corpus", corpus]
        return subprocess.Popen(
            [*map(str, command), *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def write_links(corpus: Path, server: Server, *paths: str) -> None:
    articles = [article(f"Title {path}", url=f"{server.url}{path}") for path in paths]
    (corpus / "tools.html").write_text(page(articles), encoding="utf-8")


def read_results(corpus: Path, name: str = "tested.links") -> dict[str, dict[str, Any]]:
    lines = (corpus / name).read_text(encoding="utf-8").splitlines()
    results = [json.loads(line) for line in lines]
    return {result["url"].split("/", 3)[3]: result for result in results}


def test_check_of_links(
    start: Callable[..., subprocess.Popen[str]], corpus: Path, server: Server, tmp_path: Path
) -> None:
    write_links(corpus, server, "/fine", "/gone", "/moved", "/forbidden")
    report = tmp_path / "report.json"
    status, out, err = finish(start("--report", report))
    gone, moved = f"the link {server.url}/gone", f"the link {server.url}/moved"
    assert status == 3
    assert err.splitlines() == [
        f"  tools.html:8 (Title /gone): {gone} is dead: 410 Gone. Replace or remove it",
        f"  tools.html:13 (Title /moved): {moved} has moved. Replace it by {server.url}/fine",
    ]
    assert f"the state of the link {server.url}/forbidden is unclear: 403 Forbidden" in out
    assert out.endswith("\n4 links: 1 dead, 1 moved, 1 unclear, 1 works.\n")
    problems = json.loads(report.read_text(encoding="utf-8"))["problems"]
    assert [(each["entry"], each["line"]) for each in problems] == [
        ("Title /gone", 8), ("Title /moved", 13),
    ]  # fmt: skip
    results = read_results(corpus)
    assert {path: result["status"] for path, result in results.items()} == {
        "fine": "works", "gone": "dead", "moved": "moved", "forbidden": "unclear",
    }  # fmt: skip
    assert results["moved"]["target"] == f"{server.url}/fine"
    assert all(agent.startswith("pubsearch/") for agent in server.agents)


def test_recent_results_are_kept(
    start: Callable[..., subprocess.Popen[str]], corpus: Path, server: Server
) -> None:
    """A link is not tested again within 30 days, but is still reported. --days 0 tests all."""
    write_links(corpus, server, "/gone", "/fine")
    finish(start())
    server.requests.clear()
    write_links(corpus, server, "/gone")
    status, out, err = finish(start())
    assert (status, server.requests) == (3, [])
    assert "/gone is dead" in err
    assert out.endswith("\n1 link: 1 dead.\n")
    assert list(read_results(corpus)) == ["gone"]
    finish(start("--days", 0))
    assert server.requests == [("HEAD", "/gone"), ("GET", "/gone")]


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_interrupted_check_continues(
    number: signal.Signals,
    status: int,
    start: Callable[..., subprocess.Popen[str]],
    corpus: Path,
    server: Server,
) -> None:
    write_links(corpus, server, "/gone", "/silent")
    process = start()
    while ("HEAD", "/silent") not in server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert finish(process)[0] == status
    if number != signal.SIGKILL:
        assert list(read_results(corpus)) == ["gone"]
    server.requests.clear()
    write_links(corpus, server, "/gone", "/fine")
    assert finish(start())[0] == 3
    assert server.requests == [("HEAD", "/fine")]
    assert {path: result["status"] for path, result in read_results(corpus).items()} == {
        "fine": "works", "gone": "dead",
    }  # fmt: skip
    assert not (corpus / ".tested.links.partial").exists()


def test_invalid_file_of_results(
    start: Callable[..., subprocess.Popen[str]], corpus: Path, server: Server
) -> None:
    write_links(corpus, server, "/fine")
    (corpus / "tested.links").write_text('{"url": 1}\n', encoding="utf-8")
    status, _, err = finish(start())
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(f"pubsearch: {corpus / 'tested.links'}: ")
    assert server.requests == []


def test_results_are_no_publications(
    start: Callable[..., subprocess.Popen[str]], corpus: Path, server: Server
) -> None:
    write_links(corpus, server, "/fine")
    first, second = finish(start()), finish(start())
    assert first == second
    assert (first[0], first[2]) == (0, "")


def test_links_to_the_local_network(
    start: Callable[..., subprocess.Popen[str]], corpus: Path, server: Server
) -> None:
    write_links(corpus, server, "/fine")
    command = [str(PROGRAM), "check", "--links"]
    result = subprocess.run(
        [*command, "--corpus", str(corpus)], capture_output=True, text=True, check=True
    )
    assert "is unclear: the host is in a local network" in result.stdout
    assert server.requests == []
