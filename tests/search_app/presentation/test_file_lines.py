"""Lines on the files of a hit, and summaries of a search inside a publication."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.codec.segment.fulltext import File
from search_app.engine.results import FileMatch, Hit, PagePassage, TextRun
from search_app.presentation.hits import list_file_lines
from search_app.presentation.html import mark_passage
from tests.search_app.texts import CATALOGUE, PUBLICATIONS

PUBLICATION = PUBLICATIONS[0]
PAGES = st.sets(st.integers(1, 2000), min_size=1, max_size=9).map(sorted)


def make_match(pages: list[int], best: int, *, total: int = 2000) -> FileMatch:
    """Return a match on pages, with a passage of the best one. `total` counts all pages."""
    passage = PagePassage(best, (TextRun("organ", marked=True),))
    file = File("folder/a <b> & c.pdf", "0" * 64, "application/pdf", total, 0)
    return FileMatch(file, tuple(pages), (passage,))


def list_sentences(*matches: FileMatch) -> list[str]:
    hit = Hit(PUBLICATION, 1.0, (), (), files=matches)
    lines = list_file_lines(hit, CATALOGUE, "", "/find", needs_passage=False)
    return [str(sentence.striptags()) for sentence, _, _ in lines]


@given(PAGES, st.data())
def test_a_line_names_the_best_page_and_counts_the_others(
    pages: list[int], data: st.DataObject
) -> None:
    best = data.draw(st.sampled_from(pages))
    [line] = list_sentences(make_match(pages, best))
    named, _, more = line.partition(" and ") if line.endswith(" more") else (line, "", "")
    listed = named.rpartition("on page")[2].removeprefix("s").replace(" and ", ", ")
    shown = [int(number.replace(",", "")) for number in listed.split(", ")]
    assert shown == sorted(shown)
    assert {best} <= {*shown} <= {*pages}
    assert len(shown) + int(more.partition(" ")[0] or 0) == len(pages)
    assert len(shown) <= 3


def test_a_name_of_a_file_is_text() -> None:
    match = make_match([1], 1)
    [(sentence, passage, _)] = list_file_lines(
        Hit(PUBLICATION, 1.0, (), (), files=(match,)), CATALOGUE, "", "/find", needs_passage=True
    )
    assert sentence == "In <bdi>a &lt;b&gt; &amp; c.pdf</bdi>, on page <bdi>1</bdi>"
    assert mark_passage(passage) == "<mark>organ</mark>"


@pytest.mark.parametrize(("count", "last"), [(2, "on page 1"), (3, "In 1 more file")])
def test_two_files_have_lines(count: int, last: str) -> None:
    lines = list_sentences(*[make_match([1], 1)] * count)
    assert len(lines) == count
    assert lines[-1].endswith(last)


@pytest.mark.parametrize(
    ("pages", "total", "summary"),
    [
        ([7], 9, "Best matching pages: 1"), ([7, 8], 9, "Best matching pages: 1 of 2"),
        ([7], 0, "Best matching parts: 1"), ([7, 8], 0, "Best matching parts: 1 of 2"),
    ],
)  # fmt: skip
def test_a_search_inside_counts_pages_or_sections(
    client: FlaskClient, pages: list[int], total: int, summary: str
) -> None:
    match = make_match(pages, 7, total=total)
    template = client.application.jinja_env.get_template("_file_search.html")
    page = template.render(
        files=[match.file],
        matches=[match],
        file_urls={match.file.digest: ""},
        kept=(),
        find="",
        href="",
    )
    [heading] = BeautifulSoup(page, "html.parser").select("h3")
    assert heading.text == summary
