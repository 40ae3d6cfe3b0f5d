"""The commands of Python developers: `python -m indexer`, `python -m search_app`, `flask run`."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT
from tests.robustness.test_kills import children
from tests.robustness.test_server import free_port, until_it_answers
from tests.samples import article, page

pytestmark = pytest.mark.slow


def python(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@contextmanager
def on_a_terminal(*words: object, **settings: object) -> Iterator[list[str]]:
    inside, outside = pty.openpty()
    told = {f"PUBSEARCH_{name.upper()}": str(text) for name, text in settings.items()}
    printed: list[str] = []

    def collect() -> None:
        try:
            while piece := os.read(inside, 1 << 16):
                printed.append(piece.decode())
        except OSError:  # the other end was closed
            return

    process = subprocess.Popen(
        [sys.executable, *map(str, words)], cwd=ROOT, stderr=outside, stdout=subprocess.DEVNULL,
        env=os.environ | told,
    )  # fmt: skip
    os.close(outside)
    reader = Thread(target=collect)
    reader.start()
    try:
        yield printed
    finally:
        process.terminate()
        process.wait()
        reader.join()
        os.close(inside)


INTERRUPTED = """\
import os, runpy, signal, sys

class Callback:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == imported:
            Callback()

module, imported = sys.argv[1:]
sys.argv = [module, "--help"]
sys.meta_path.insert(0, Interrupts())
runpy.run_module(module, run_name="__main__")
"""
"""Python ignores an exception in a callback. A signal that arrives in one must not get lost."""


@pytest.mark.parametrize("module", ["indexer", "search_app"])
@pytest.mark.parametrize("imported", ["click", "numpy", "search_app.web.zero_result_log"])
@pytest.mark.thorough
def test_ctrl_c_while_modules_load_ends_quietly(module: str, imported: str) -> None:
    """Ctrl-C during an import of a command ends it with status 130 and without a message."""
    done = python("-c", INTERRUPTED, module, imported)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


def is_loading(process: int) -> bool:
    folder = Path(f"/proc/{process}")
    is_started = b"spawn_main" in (folder / "cmdline").read_bytes()
    return is_started and b"_multiarray_umath" in (folder / "maps").read_bytes()


@pytest.mark.thorough
def test_ctrl_c_while_a_child_process_starts_ends_quietly(corpus: Path, tmp_path: Path) -> None:
    articles = [article(f"Number {number}") for number in range(9_000)]
    (corpus / "many.html").write_text(page(articles), encoding="utf-8")
    words = ("-m", "indexer", "--corpus", corpus, "--index", tmp_path / "index")
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        while not any(map(is_loading, children(process.pid))):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, printed = process.communicate()
    assert (process.returncode, printed.strip()) == (130, "")


def test_python_m_indexer_builds(corpus: Path, tmp_path: Path) -> None:
    """`python -m indexer` contains the options and exit statuses of `pubsearch build`."""
    options = ("--corpus", corpus, "--index", tmp_path / "index")
    done = python("-m", "indexer", *options)
    assert (done.returncode, "5 added" in done.stdout) == (0, True), done.stderr
    (corpus / "bad.html").write_text("<article itemscope></article>", encoding="utf-8")
    assert python("-m", "indexer", *options).returncode == 3
    assert python("-m", "indexer", "--corpus", tmp_path / "none").returncode == 1


@pytest.mark.parametrize("log_json", [0, 1])
def test_python_m_search_app_serves(index: Path, corpus: Path, log_json: int) -> None:
    """`python -m search_app` logs one short line per request on a terminal, or JSON if set."""
    port = free_port()
    options = ("--corpus", corpus, "--index", index, "--port", port)
    with on_a_terminal("-m", "search_app", *options, log_json=log_json) as printed:
        until_it_answers(port)
        with urlopen(f"http://127.0.0.1:{port}/about?q=secret") as answer:
            assert answer.status == 200
    lines = [each for each in "".join(printed).splitlines() if "/about" in each]
    short = r"\d\d:\d\d:\d\d  200 +\d+\.\d ms  GET /about"
    assert len(lines) == 1
    assert re.fullmatch(r"\{.*\}" if log_json else short, lines[0]), lines[0]
    assert "secret" not in lines[0]


def test_flask_run_serves(index: Path) -> None:
    """`flask --app search_app run` serves the index named in the environment."""
    port = free_port()
    words = ("-m", "flask", "--app", "search_app", "run", "--port", port)
    with on_a_terminal(*words, index=index):
        until_it_answers(port)
        with urlopen(f"http://127.0.0.1:{port}/api/search?q=law") as answer:
            assert b"Model Law against Trafficking" in answer.read()
