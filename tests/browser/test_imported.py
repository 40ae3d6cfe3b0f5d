"""An imported catalogue with long words, names and lists fits narrow and wide windows."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from indexer.jobs.importer import import_files
from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.test_narrow import beyond

LONG_WORD = "Anticonstitutionnellement" * 6
SUBJECTS = "; ".join(f"Subject {number}" for number in range(1, 61))
RECORDS = [
    ["Title", "Author", "Year", "Journal", "URL", "Keywords"],
    [f"Tides {LONG_WORD}", f"Okafor, Ada; {LONG_WORD}, Li; Wu, Mei; Lind, Eva", "2014", LONG_WORD,
     f"https://example.org/{LONG_WORD}/{LONG_WORD}", f"{LONG_WORD}; {SUBJECTS}"],
    ["مجاري الأنهار " * 9, "حداد, عمر", "2015", "河流研究" * 30, "", LONG_WORD],
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the site of a table that was imported."""
    folder = tmp_path_factory.mktemp("imported")
    with (folder / "tides.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(RECORDS)
    import_files([folder / "tides.csv"], folder / "corpus")
    with at.serving(folder / "corpus", folder / "index") as running:
        yield running


@pytest.mark.parametrize("width", [360, 1280])
def test_no_value_widens_a_page(open_page: OpenPage, site: Site, width: int) -> None:
    """Titles, names, labels of filters, and URLs of any length wrap or are cut."""
    page = open_page(width=width)
    publications = [str(link["href"]) for link in site.read("/").select(".hit h3 a")]
    assert len(publications) == 2
    lists = ["/", "/about", "/facet/authors", "/facet/subjects", f"/?subjects={LONG_WORD}"]
    for address in lists + publications:
        page.goto(site.url(address))
        assert beyond(page) <= 0, address
        at.unfold(page)
        assert beyond(page) <= 0, address


def test_a_folded_list_opens_without_scripts(open_page: OpenPage, site: Site) -> None:
    """The rest of a long list opens by a click, without JavaScript."""
    page = open_page(width=360, javascript=False)
    page.goto(site.url("/?sort=oldest"))
    at.hits(page).first.click()
    last = page.get_by_role("link", name="Subject 60", exact=True)
    expect(last).to_be_hidden()
    page.get_by_text("Show 41 more").click()
    expect(last).to_be_visible()
