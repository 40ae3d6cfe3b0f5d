"""Searches after files came and went: they are those of an index that was built at once."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fulltext.text import FullText
from indexer.generations import directory
from search_app.engine.interpretation import spellcheck
from search_app.engine.local_index import open_searcher
from search_app.engine.query import vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from tests.search_app.engine.full_texts import COMPOUNDS, TEXT_WORDS, find
from tests.search_app.texts import (
    CATALOGUE,
    Texts,
    make_index_with_texts,
    make_publication,
    make_text,
)
from tests.tiers import examples

WORDS = (
    *TEXT_WORDS, *COMPOUNDS, "migrants", "migrant", "traficantes", "climatique", "borders",
    "boets", "treins", "bordar", "migrated", "cambios",
)  # fmt: skip
"""The words of texts. Each text has a few of them, so many disappear with a file."""
QUERIES = (
    *WORDS, "boets trains", "treins boats", "bordar police", "cambio", "border police",
    '"border police"', "polise~", "pol*", "b*der", "law NOT police", "fulltext:migrants",
    "migration", "*o*", "b*", "traficante", "climatiques", "police law organ border", "lawborders",
    "polces", "Migrant", "x-ray law-police", "organ OR removal",
)  # fmt: skip
MADE = [make_publication(f"p{number}", title, year=2000 + number)
        for number, title in enumerate(("Border police", "Boats", "The law", "Organs", "Trains"))
        ]  # fmt: skip


def throw_texts(random: Random, pool: Sequence[FullText]) -> Texts:
    return {
        each.id: {f"{part}.pdf": random.choice(pool) for part in range(random.randrange(3))}
        for each in MADE
    }


def make_pool(random: Random) -> list[FullText]:
    pool = []
    for number in range(12):
        words = random.sample(WORDS, random.randint(1, 4))
        pages = [" ".join(random.choices(words, k=random.randint(1, 30))) for _ in range(3)]
        language = random.choice(("en", "es", "fr", None))
        pool.append(make_text(str(number), pages, language=language))
    return pool


def open_index(folder: Path) -> Searcher:
    return open_searcher(directory.load_live(folder))


def strip(results: Results) -> Results:
    return msgspec.structs.replace(results, took_ms=0.0, stages={}, generation="")


@examples(30)
@given(seed=st.integers(0, 2**32), edits=st.integers(1, 4))
@pytest.mark.thorough
def test_a_build_after_edits_is_that_of_the_last_files(seed: int, edits: int) -> None:
    random = Random(seed)
    pool = make_pool(random)
    with (
        tempfile.TemporaryDirectory() as edited,
        tempfile.TemporaryDirectory() as fresh,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(spellcheck, "TRUSTED_TEXTS", 1)
        patch.setattr(vocabulary, "MAX_TEXT_POSTINGS", 4)
        versions = [throw_texts(random, pool) for _ in range(edits + 1)]
        for texts in versions:
            make_index_with_texts(Path(edited), CATALOGUE, MADE, texts)
        make_index_with_texts(Path(fresh), CATALOGUE, MADE, versions[-1])
        first, second = open_index(Path(edited)), open_index(Path(fresh))
        for text in QUERIES:
            for inside in (True, False):
                ours, theirs = (
                    find(each, text, inside=inside, explain=True) for each in (first, second)
                )
                assert strip(ours) == strip(theirs), text
                within = SearchRequest(inside=inside)
                assert first.suggest(text, within) == second.suggest(text, within)
