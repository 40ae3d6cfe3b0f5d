"""A catalogue with other fields and thousands of papers needs no change of code."""

from __future__ import annotations

import json
import lzma
import shutil
from itertools import islice
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.jobs import build
from search_app import config, create_app
from tests.catalogue import PATIENT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
EVERY = 100


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client on one percent of the papers."""
    file = ROOT.parent / "shared" / "data" / "papers-100k.jsonl.xz"
    if not file.is_file():
        pytest.skip(f"the shared data are not there: {file}")
    folder: Path = tmp_path_factory.mktemp("papers")
    index: Path = tmp_path_factory.mktemp("index")
    shutil.copy(ROOT / "benchmarks" / "papers" / "catalogue.toml", folder)
    with lzma.open(file) as packed, lzma.open(folder / "papers.jsonl.xz", "wb") as sample:
        sample.writelines(islice(packed, 0, None, EVERY))
    outcome = build.build(folder, index)
    assert outcome.problems == []
    return create_app(config.load(PATIENT, index=index)).test_client()


def test_the_papers_have_their_own_facets(papers: FlaskClient) -> None:
    """Facets, fields, and labels follow the rows of the other catalogue."""
    found = json.loads(papers.get("/api/search?q=translation").data)
    assert list(found["facets"]) == ["venue", "publisher", "place", "year", "type", "language"]
    assert found["total"] > 10
    assert isinstance(found["hits"][0]["authors"], list)


def test_long_codes_of_languages_become_short(papers: FlaskClient) -> None:
    """The codes fra and zho of the papers become fr and zh."""
    values = {
        bucket["value"]
        for bucket in json.loads(papers.get("/api/search").data)["facets"]["language"]
    }
    assert values >= {"fr", "zh"}
    assert not values & {"fra", "zho", "deu"}


def test_a_long_facet_has_a_page_of_all_its_values(papers: FlaskClient) -> None:
    """The search page shows 10 venues and links to a page that has all of them."""
    page = papers.get("/facet/venue").text
    total = json.loads(papers.get("/api/search").data)["facets"]["venue"]
    assert len(total) == 50
    assert page.count("venue=") > 50
    assert "/facet/venue" in papers.get("/").text


def test_ids_with_slashes_and_dots_have_pages(papers: FlaskClient) -> None:
    """An id from the source is kept and has a page."""
    for hit in json.loads(papers.get("/api/search?size=20").data)["hits"]:
        assert papers.get(hit["url"]).status_code == 200
