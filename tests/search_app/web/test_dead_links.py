"""Dead links: from the file of results in a corpus to the page of a publication."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.tested_links import LINKS_FILE, LinkResult, LinkStatus
from indexer.jobs import build, check
from search_app import config, create_app
from search_app.engine import open_engine

URL = "https://example.org/law.pdf"


def write(corpus: Path, status: LinkStatus, url: str = URL) -> None:
    """Write the result of one link."""
    result = LinkResult(url, status, "reason", datetime(2026, 5, 3, tzinfo=UTC))
    (corpus / LINKS_FILE).write_bytes(msgspec.json.encode(result) + b"\n")


def fetch_links(corpus: Path, index: Path) -> list[Tag]:
    """Build, and return the list items with the link on the page of its publication."""
    build.build(corpus, index)
    client: FlaskClient = create_app(config.load({}), open_engine(index)).test_client()
    page = BeautifulSoup(client.get("/publication/model-law").text, "lxml")
    return [link.find_parent("li") or link for link in page.find_all("a", href=URL)]


def test_page_marks_a_dead_link(corpus: Path, tmp_path: Path) -> None:
    """Each dead link has the date of its test, and a link to its copies in an archive."""
    rows = corpus / "catalogue.toml"
    text = rows.read_text(encoding="utf-8")
    rows.write_text(text.replace('kind = "link"', 'kind = "link"\nrole = "URL"'), encoding="utf-8")
    write(corpus, "dead")
    items = fetch_links(corpus, tmp_path / "index")
    assert len(items) == 2
    for item in items:
        assert "This link did not work on 3 May 2026." in item.text
        archive = item.find_all("a")[-1]
        assert archive["href"] == f"https://web.archive.org/web/*/{URL}"
        assert archive.text == "Search the Internet Archive for it"


@pytest.mark.parametrize("status", ["works", "moved", "unclear"])
def test_page_does_not_mark_other_links(status: LinkStatus, corpus: Path, tmp_path: Path) -> None:
    """A link that works, has moved, or is unclear has no mark."""
    write(corpus, status)
    for item in fetch_links(corpus, tmp_path / "index"):
        assert "did not work" not in item.text


def test_new_results_publish_a_generation(corpus: Path, tmp_path: Path) -> None:
    """A build publishes if the dead links changed, and only then."""
    index = tmp_path / "index"
    build.build(corpus, index)
    write(corpus, "works")
    assert build.build(corpus, index).status == "unchanged"
    write(corpus, "dead")
    assert build.build(corpus, index).status == "published"
    assert build.build(corpus, index).status == "unchanged"
    (corpus / LINKS_FILE).unlink()
    assert build.build(corpus, index).status == "published"


def test_invalid_results(corpus: Path, tmp_path: Path) -> None:
    """An invalid file of results ends a build and a check."""
    (corpus / LINKS_FILE).write_text("{}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="missing required field `url`"):
        build.build(corpus, tmp_path / "index")
    with pytest.raises(CatalogueError, match="missing required field `url`"):
        check.check(corpus)
