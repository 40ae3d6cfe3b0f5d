"""The catalogue is edited and indexed again while a page is open."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import Site
from tests.catalogue import CORPUS

OLD, NEW = "Digest - Evidential Issues", "Digest - Quibbles of Evidence"


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[Site]:
    """Yield a site whose corpus may be edited."""
    corpus = shutil.copytree(CORPUS, tmp_path / "corpus")
    with at.serving(corpus, tmp_path / "index") as site:
        yield site


def edit(site: Site, old: str, new: str) -> None:
    page = site.corpus / "tools.html"
    text = page.read_text(encoding="utf-8")
    assert text.count(old)
    page.write_text(text.replace(old, new), encoding="utf-8")
    built = site.command("build")
    assert "1 changed" in built
    end = time.monotonic() + at.START
    while str(site.fetch_page("/healthz")).find(built.split()[1].rstrip(":")) < 0:
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.thorough
def test_the_next_search_shows_an_edit(page: Page, edited: Site) -> None:
    page.goto(edited.url("/?q=sherloc"))
    expect(at.hits(page).filter(has_text=OLD)).to_have_count(1)
    edit(edited, OLD, NEW)
    at.search(page, "quibbles")
    at.expect_total(page, 1)
    expect(at.hits(page)).to_contain_text([NEW])
    page.go_back()
    expect(at.hits(page).filter(has_text=NEW)).to_have_count(1)


@pytest.mark.thorough
def test_groups_return_open_in_an_older_browser(page: Page, site: Site) -> None:
    """Without ::details-content, the first groups of a wide page are open, also if they return.

    A group that the reader closed stays closed.
    """
    page.add_init_script("""
        const supports = CSS.supports.bind(CSS);
        CSS.supports = (...what) => !String(what).includes("details-content") && supports(...what);
    """)
    page.goto(site.url())
    topic, body = (page.locator(f"[data-key='group {name}']") for name in ("topic", "body"))
    expect(body).to_have_attribute("open", "")
    topic.evaluate("each => { each.open = false; }")
    at.value(page, "Section", "Brochures & leaflets").click()
    at.expect_chips(page, "Section: Brochures & leaflets")
    expect(body).to_have_count(0)
    at.value(page, "Section", "Brochures & leaflets").click()
    expect(body).to_have_attribute("open", "")
    expect(topic).not_to_have_attribute("open", "")
