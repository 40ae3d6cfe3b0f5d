"""Compounds that only full texts have, as one word and as two."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from indexer.catalogue.fields import Field
from indexer.fulltext.text import FullText
from tests.search_app.engine.full_texts import find, one_text, searching
from tests.search_app.texts import CATALOGUE, make_publication


@pytest.mark.parametrize("typed", ["cyber crime", "cybercrime", "cyber-crime", "cyber crimes law"])
@pytest.mark.parametrize("written", ["cyber crime", "cybercrime", "cyber-crimes"])
def test_compounds_of_texts_are_found_as_one_word_and_as_two(typed: str, written: str) -> None:
    """A compound that only a text has is found however it is written, and is marked."""
    made = [make_publication("a", "Boats"), make_publication("b", "Trains")]
    with searching(made, one_text("a", [f"A {written} law"])) as searcher:
        [hit] = find(searcher, typed, exact=True, match="all").hits
        [page] = hit.files[0].passages
        marked = " ".join(run.text for run in page.passage if run.marked)
        assert marked.replace("-", " ").split() == [
            *written.replace("-", " ").split(), *typed.split()[2:]
        ]  # fmt: skip
        assert find(searcher, typed, inside=False).total == 0


def test_a_rare_compound_of_texts_is_no_word() -> None:
    """Two words are not searched for as one if texts have these far more often: it is an error."""
    made = [make_publication(f"p{number}", "Boats") for number in range(30)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for number, publication in enumerate(made):
        page = "borderpolice" if number == 0 else "the police at the border"
        texts |= one_text(publication.id, [page])
    with searching(made, texts) as searcher:
        assert find(searcher, "border police", exact=True).total == 29


def test_a_compound_is_on_the_pages_where_its_words_are_together() -> None:
    """Pages with one of its words are listed only if the text never has them together.

    None is listed if the text has only one of them.
    """
    texts = one_text("a", ["an x here", "the x-ray", "a ray there", "xray"])
    texts |= one_text("b", ["an x here", "nothing", "a ray there"])
    texts |= one_text("c", ["an x here"])
    made = [make_publication("a", "Boats"), make_publication("b", "Trains")]
    with searching([*made, make_publication("c", "The x-ray")], texts) as searcher:
        hits = find(searcher, "x-ray").hits
        pages = {hit.publication.id: [file.pages for file in hit.files] for hit in hits}
        assert pages == {"a": [(2, 4)], "b": [(1, 3)], "c": []}


def test_a_name_is_counted_once_where_it_is() -> None:
    """A name of a country that is typed as one of its labels has one match, on one page."""
    country = Field("country", "Country", kind="country", facet=3)
    pages = ["The ivory trade", "A ship of Ivory Coast", "The coast", "Côte d'Ivoire"]
    with searching(
        [make_publication("a", "Boats"), make_publication("b", "Trains", country="CI")],
        one_text("a", pages), fields=(*CATALOGUE.fields, country),
    ) as searcher:  # fmt: skip
        hits = find(searcher, "Ivory Coast", explain=True).hits
        [hit] = [hit for hit in hits if hit.publication.id == "a"]
        assert hit.files[0].pages == (2, 4)
        assert hit.why is not None
        [found] = [match for field in hit.why.parts[0].fields for match in field.matched]
        assert (found.times, found.pages) == (2, (2, 4))
