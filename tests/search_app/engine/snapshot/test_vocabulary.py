"""The vocabulary of a segment needs only its arrays: no postings and no publications."""

import msgspec
import numpy as np
import pytest

from indexer.cluster.vocabulary_file import read_vocabulary, write_vocabulary
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from tests.search_app.engine.arrays.below import snapshot_of

QUESTIONS = (
    "trafficking in persons",
    "traite des personnes",
    "la police",
    "sur la traite des personnes au Kenya",
    "traficking",
    "organs OR boats -police",
    '"smuggling of migrants"',
    "title:police",
    "traffick*",
    "*ffick* police",
    "polise~",
    "language:fr police",
)


@pytest.fixture(scope="module")
def searcher(named_searcher: Searcher) -> Searcher:
    return named_searcher


@pytest.fixture(scope="module")
def loaded(searcher: Searcher, tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    file = tmp_path_factory.mktemp("vocabulary") / "vocabulary.seg"
    write_vocabulary(snapshot_of(searcher).segment, None, file)
    return Vocabulary(read_vocabulary(file).arrays, searcher.catalogue)


def untimed(results: Results) -> Results:
    return msgspec.structs.replace(results, took_ms=0, stages={})


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_vocabulary_from_a_file_gives_the_same_results(
    text: str, searcher: Searcher, loaded: Vocabulary
) -> None:
    other = Searcher(searcher.generation, searcher.store, loaded)
    request = SearchRequest(text)
    assert untimed(other.search(request)) == untimed(searcher.search(request))
    assert other.estimate_cost(request) == searcher.estimate_cost(request)


def test_the_frequency_in_the_catalogue_language_counts_its_documents(searcher: Searcher) -> None:
    snapshot = snapshot_of(searcher)
    stems, vocabulary = snapshot.segment.stems, snapshot.vocabulary
    languages = [snapshot.get_publication(number).lang or "en" for number in range(snapshot.size)]
    is_default = np.array([language.partition("-")[0] == "en" for language in languages])
    assert 0 < np.count_nonzero(is_default) < snapshot.size
    for number, stem in enumerate(stems.surfaces):
        documents = stems.get_postings(number, number + 1).documents
        expected = np.count_nonzero(is_default[documents])
        assert vocabulary.default_language_frequency(stem) == expected, stem
