"""Citations in five styles, compared with those of citeproc-js."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app.export.citations import STYLES, Run, cite
from search_app.export.csl import Item
from search_app.export.processor import alternate_quotes, shorten_range, to_title_case
from tests.search_app.export.citation_samples import EXPECTED, read_samples

SAMPLES = {item.id: item for item in read_samples()}


@pytest.fixture(scope="module")
def expected() -> Mapping[str, Mapping[str, str]]:
    citations: Mapping[str, Mapping[str, str]] = json.loads(EXPECTED.read_bytes())["citations"]
    return citations


def mark_italics(runs: tuple[Run, ...]) -> str:
    return "".join(f"<i>{run.text}</i>" if run.is_italic else run.text for run in runs)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_a_citation_is_that_of_citeproc_js(
    style: str, expected: Mapping[str, Mapping[str, str]]
) -> None:
    assert {name: mark_italics(cite(item, style)) for name, item in SAMPLES.items()} == (
        expected[style]
    )


@pytest.mark.slow
def test_a_citation_does_not_depend_on_those_before() -> None:
    names = [(name, style) for style in STYLES for name in list(SAMPLES)[::9]]
    alone = [cite(SAMPLES[name], style) for name, style in names]
    with ThreadPoolExecutor(4) as pool:
        backwards = list(pool.map(lambda pair: cite(SAMPLES[pair[0]], pair[1]), names[::-1]))
    assert backwards[::-1] == alone


def test_the_page_of_the_catalogue_is_not_cited() -> None:
    item = msgspec.structs.replace(SAMPLES["book"], page_url="https://example.org/publication/1")
    assert "example.org" not in mark_italics(cite(item, "apa"))


@pytest.mark.slow
@given(st.text(max_size=80), st.sampled_from(sorted(STYLES)))
def test_any_title_can_be_cited(title: str, style: str) -> None:
    item = Item(id="x", type="report", title=f"A{title}", language="en")
    assert "".join(run.text for run in cite(item, style)).startswith(("A", "“A", "‘A"))


@pytest.mark.parametrize(
    ("first", "last", "form", "short"),
    [
        ("321", "328", "minimal-two", "28"),
        ("3", "13", "minimal-two", "13"),
        ("101", "08", "expanded", "108"),
        ("101", "108", "chicago-16", "8"),
        ("1499", "1507", "chicago-16", "507"),
        ("100", "104", "chicago-16", "104"),
        ("71", "80", "chicago-16", "80"),
        ("321", "328", "minimal", "8"),
        ("321", "328", "", "328"),
        ("e12", "e19", "expanded", "e19"),
    ],
)
def test_a_range_is_as_short_as_the_style_has_it(
    first: str, last: str, form: str, short: str
) -> None:
    assert shorten_range(first, last, form) == short


def test_little_words_stay_small_in_a_title() -> None:
    """The first word, the last one, and those after a colon are large; names keep their letters."""
    text = "the end of an era: on the eBay of twenty-one ports we live for"
    assert to_title_case(text) == "The End of an Era: On the eBay of Twenty-One Ports We Live For"


def test_quotation_marks_alternate() -> None:
    assert alternate_quotes("a “safe” way", "“") == "a ‘safe’ way"
    assert alternate_quotes("l’Europe, a ‘safe’ way", "‘") == "l’Europe, a “safe” way"
