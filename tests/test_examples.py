"""The examples in examples/ do what examples/README.md says."""

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from indexer.jobs import build
from indexer.readers import registry
from search_app import config, create_app
from search_app.cli import commands
from search_app.engine import Engine, SearchRequest
from tests.browser.site import serving_index
from tests.catalogue import PATIENT

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_catalogue_builds_and_serves(tmp_path: Path) -> None:
    result = build.build(EXAMPLES / "catalogue", tmp_path)
    assert (result.problems, result.changes.added) == ([], 8)
    client = create_app(config.load(PATIENT, index=tmp_path)).test_client()
    page = client.get("/?q=varroosis").get_data(as_text=True)
    assert "Counting Mites with Powdered Sugar" in page
    assert "Oxalic Acid in Winter" in page
    assert "Your First Hive" not in page


@contextmanager
def installing(example: str, module: str, folder: Path) -> Iterator[None]:
    source, target = folder / example, folder / "site-packages"
    shutil.copytree(EXAMPLES / example, source)  # an installation writes into it
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, *offline, str(source)], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(target)
        registry.load_readers.cache_clear()
        try:
            yield
        finally:
            registry.load_readers.cache_clear()
            for name in [each for each in sys.modules if each.partition(".")[0] == module]:
                del sys.modules[name]


def test_the_reader_is_installed_and_reads_its_sample(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    with installing("reader", "shelf_list", tmp_path):
        arguments = ["import", str(EXAMPLES / "reader" / "weather.shelf"), "--into", str(corpus)]
        outcome = CliRunner().invoke(commands.commands, arguments)
        assert "weather.shelf: 5 records, format shelf-list" in outcome.output
        result = build.build(corpus, tmp_path / "index")
    assert (result.problems, result.changes.added) == ([], 5)
    (hit,) = Engine.open(tmp_path / "index").search("barometer").hits
    assert hit.publication.values["authors"] == ("Okafor, Ada",)
    assert hit.publication.values["call_number"] == ("QC 875.1",)


@pytest.fixture(scope="module")
def site(catalogue_index: Path) -> Iterator[str]:
    with serving_index(catalogue_index) as url:
        yield f"{url}/"


def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(EXAMPLES / "all_hits.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_writes_all_hits_of_a_search(site: str, catalogue_engine: Engine) -> None:
    done = run_script("", "--columns", "id,year,language,url", "--site", site)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    searcher = catalogue_engine.get_searcher()
    expected = list(searcher.scan(SearchRequest()))
    assert len(expected) > 100
    assert [row["id"] for row in rows] == [each.id for each in expected]
    assert rows[0]["year"] == str(expected[0].values["year"][0])
    assert {"en; fr", ""} <= {row["language"] for row in rows}
    assert rows[0]["url"] == f"{site}publication/{rows[0]['id']}"


def test_the_script_filters(site: str, catalogue_engine: Engine) -> None:
    filters = ("--filter", "region=Africa", "--filter", "region=South Asia")
    done = run_script("trafficking", *filters, "--site", site)
    regions = ("Africa", "South Asia")
    found = catalogue_engine.search(SearchRequest("trafficking", {"region": regions}))
    assert len(done.stdout.splitlines()) == 1 + found.total


def test_the_script_prints_the_error_of_the_site(site: str) -> None:
    done = run_script("handbook", "--filter", "sort=best", "--site", site)
    assert done.returncode == 1
    assert "sort=best is not valid. Use one of" in done.stderr
    assert "is the site running?" in run_script("a", "--site", "http://127.0.0.1:1/").stderr.lower()


class Proxy(BaseHTTPRequestHandler):
    """A proxy whose error pages are HTML: it refuses a request, and then finds no site."""

    statuses = iter((429, 502))

    def do_GET(self) -> None:
        self.send_error(next(self.statuses))


def test_the_script_prints_the_error_of_a_proxy() -> None:
    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        done = run_script("handbook", "--site", f"http://127.0.0.1:{proxy.server_port}/")
        proxy.shutdown()
    assert done.returncode == 1
    assert "can't be read: HTTP Error 502: Bad Gateway" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_cells_of_the_notebook_run(
    tmp_path: Path, catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("matplotlib", "pandas"):
        pytest.importorskip(package, reason=f"{package} is missing: make environment-examples")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    (tmp_path / "index").symlink_to(catalogue_index)
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")
    notebook = json.loads((EXAMPLES / "counts.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in cells)
    names: dict[str, object] = {}
    for cell in cells:
        exec("".join(cell["source"]), names)
    counts: Any = names["counts"]
    assert counts.loc[2008, "South Asia"] == 5
    facets: Any = names["facets"]
    assert len(facets[facets["facet"] == "Topic"]) == 2
