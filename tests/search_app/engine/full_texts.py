"""Searchers of publications with texts, and random publications, texts, and queries."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
from hypothesis import strategies as st

from indexer.catalogue.records import Publication
from indexer.fulltext.text import FullText
from indexer.generations import directory
from search_app.engine.deadline import Deadline
from search_app.engine.local_index import open_searcher
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from tests.search_app.texts import (
    CATALOGUE,
    Texts,
    make_index_with_texts,
    make_publication,
    make_text,
)

WORDS = ("organ", "removal", "victim", "border", "police", "law")
TEXT_WORDS = (*WORDS, "polise")
"""The words of texts and of queries. No field has the last one."""
COMPOUNDS = ("borderpolice", "law-police", "organ-law", "lawborder")
"""Words of texts that queries may have as two words, or as one."""


@contextmanager
def searching(
    publications: Sequence[Publication], texts: Texts, **changes: object
) -> Iterator[Searcher]:
    """Yield a searcher of publications and their texts."""
    catalogue = msgspec.structs.replace(CATALOGUE, **changes)
    with tempfile.TemporaryDirectory() as name:
        folder = make_index_with_texts(Path(name), catalogue, publications, texts)
        yield open_searcher(directory.load_live(folder))


def find(searcher: Searcher, text: str, **options: object) -> Results:
    """Return the results of a search."""
    return searcher.search(SearchRequest(text, **options), Deadline())  # type: ignore[arg-type]


def list_ids(results: Results) -> list[str]:
    """Return the ids of the hits in order."""
    return [hit.publication.id for hit in results.hits]


def one_text(
    identity: str, pages: Sequence[str], language: str = "en"
) -> dict[str, Mapping[str, FullText]]:
    """Return the text of one publication."""
    return {identity: {f"{identity}.pdf": make_text(identity, pages, language=language)}}


def throw(seed: int, text_words: Sequence[str] = TEXT_WORDS) -> tuple[list[Publication], Texts]:
    """Return random publications, some of which have texts, and some texts belong to several."""
    random = Random(seed)

    def words(most: int, known: Sequence[str] = WORDS) -> str:
        return " ".join(random.choices(known, k=random.randint(1, most)))

    made = [
        make_publication(f"p{number}", words(4), random.choice((None, words(5))))
        for number in range(random.randint(1, 30))
    ]
    rare = random.choice((1, 10))
    pool = [
        make_text(
            f"{seed}-{number}",
            [words(8, text_words if number < rare else WORDS) for _ in range(random.randint(1, 5))],
        )
        for number in range(10)
    ]
    texts = {
        each.id: {
            f"{each.id}-{part}.pdf": random.choice(pool) for part in range(random.randrange(3))
        }
        for each in made
    }
    return made, texts


PLAIN_QUERIES = st.lists(
    st.sampled_from((*WORDS, *COMPOUNDS, "policelaw")), min_size=1, max_size=3
).map(" ".join)
QUERIES = st.one_of(
    st.lists(st.sampled_from(TEXT_WORDS), min_size=1, max_size=3).map(" ".join),
    st.lists(st.sampled_from(TEXT_WORDS), min_size=2, max_size=3).map(
        lambda words: f'"{" ".join(words)}"'
    ),
    st.tuples(st.sampled_from(TEXT_WORDS), st.sampled_from(TEXT_WORDS)).map(
        lambda pair: f"{pair[0]} NOT {pair[1]}"
    ),
)
