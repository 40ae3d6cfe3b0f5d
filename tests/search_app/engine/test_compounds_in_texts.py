"""Compounds that only full texts have, as one word and as two."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from indexer.fulltext.text import FullText
from tests.search_app.engine.full_texts import find, one_text, searching
from tests.search_app.texts import make_publication


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
