"""URLs of publications that were removed or have another id."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import retired
from indexer.catalogue.retired import Retired
from indexer.generations import directory
from indexer.jobs import build
from search_app.engine import open_engine
from tests import samples
from tests.samples import article, page
from tests.search_app.web.reading import open_index

PREFIX = "/library"
NEW_ID = "new/id?é#2.5%"
PATHS = ("/publication/", "/api/publication/", "/export/ris/")


@pytest.fixture(scope="module")
def retired_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index without a publication that was renamed and one that was removed."""
    folder = tmp_path_factory.mktemp("retired")
    corpus, index = folder / "corpus", folder / "index"
    samples.write_corpus(corpus)
    books = corpus / "books.html"
    guide = article("<b>Guide</b> & Rivers", "guide", datePublished="2010")
    atlas = article("Atlas", "atlas", datePublished="2014")
    books.write_text(page([guide, atlas]), encoding="utf-8")
    build.build(corpus, index)
    new = article("Atlas", NEW_ID, datePublished="2014")
    books.write_text(page([new]), encoding="utf-8")
    build.build(corpus, index)
    return index


@pytest.mark.parametrize("prefix", ["", PREFIX])
@pytest.mark.parametrize("path", PATHS)
def test_a_changed_id_redirects(retired_index: Path, path: str, prefix: str) -> None:
    """The URL of a changed id redirects below the prefix, and keeps its query string."""
    client = open_index(retired_index, prefix=prefix)
    response = client.get(f"{prefix}{path}atlas?lang=fr&x=%C3%A9")
    assert response.status_code == 301
    assert response.location == f"{prefix}{path}{quote(NEW_ID)}?lang=fr&x=%C3%A9"
    assert response.headers["Cache-Control"] == "no-cache"
    followed = client.get(response.location)
    assert followed.status_code == 200
    assert "Atlas" in followed.text


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_a_removed_publication_has_its_title_and_date(retired_index: Path, prefix: str) -> None:
    """The page of a removed publication is a 410 with its title, the date, and a search."""
    entry = directory.load_live(retired_index).read_retired()["guide"]
    assert entry.time is not None
    response = open_index(retired_index, prefix=prefix).get(f"{prefix}/publication/guide")
    assert response.status_code == 410
    date = f"{entry.time.day} {entry.time:%B %Y}"
    heading = f"“&lt;b&gt;Guide&lt;/b&gt; &amp; Rivers” was removed on {date}."
    assert f"<h1>{heading}</h1>" in response.text
    assert f'href="{prefix}/?q=%3Cb%3EGuide' in response.text
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_removed_publication_is_described_in_json(retired_index: Path) -> None:
    """The API responds with 410, the title, the time, and a search, as the document says."""
    client = open_index(retired_index)
    response = client.get("/api/publication/guide")
    assert response.status_code == 410
    entry = directory.load_live(retired_index).read_retired()["guide"]
    error = response.json["error"]  # type: ignore[index]
    assert entry.time is not None
    assert (error["code"], error["title"]) == ("gone", "<b>Guide</b> & Rivers")
    assert error["removed"] == entry.time.isoformat()
    assert client.get(error["search"]).status_code == 200
    document = json.loads(client.get("/api/openapi.json").data)
    operation = document["paths"]["/api/publication/{id}"]["get"]
    assert {"301", "410"} <= operation["responses"].keys()
    schema = {"$ref": "#/components/schemas/Gone", "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(response.json)


def test_an_unknown_id_is_not_found(retired_index: Path) -> None:
    """An id that never existed is a 404."""
    client = open_index(retired_index)
    assert [client.get(f"{path}nothing").status_code for path in PATHS] == [404, 404, 404]


def test_a_removed_publication_without_a_title_has_a_date(corpus: Path, tmp_path: Path) -> None:
    """A removed publication with an unknown title is a 410 with a date and no search for it."""
    text = '[[retired]]\nid = "old"\ntime = 2020-02-03T00:00:00Z\n'
    (corpus / retired.RETIRED_FILE).write_text(text, encoding="utf-8")
    build.build(corpus, tmp_path / "new")
    response = open_index(tmp_path / "new").get("/publication/old")
    assert response.status_code == 410
    assert "This publication was removed on 3 February 2020." in response.text
    assert "Search for this title" not in response.text


@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.binary().map(lambda query: query.decode("latin-1")),
)
def test_any_query_string_is_kept(retired_index: Path, value: str, raw: str) -> None:
    """A redirect has a valid header for any query string, escaped or not."""
    client = open_index(retired_index)
    for query in (f"q={quote(value)}", raw):
        response = client.get("/publication/atlas", query_string=query)
        assert response.status_code == 301
        location = response.headers["Location"]
        assert location.startswith("/publication/")
        assert location.isascii()
        assert location.isprintable()


def test_lists_do_not_have_retired_ids(retired_index: Path) -> None:
    """A list of all publications has no retired id."""
    searcher = open_engine(retired_index).get_searcher()
    assert searcher.find_retired("guide") == Retired(
        "guide",
        "<b>Guide</b> & Rivers",
        directory.load_live(retired_index).read_retired()["guide"].time,
    )
    response = open_index(retired_index).get("/api/search?size=100")
    ids = {hit["id"] for hit in json.loads(response.data)["hits"]}
    assert ids.isdisjoint({"atlas", "guide"})
    assert NEW_ID in ids
