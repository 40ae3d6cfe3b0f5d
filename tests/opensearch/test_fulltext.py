"""Searches in full texts on a real node have the hits, counts, and pages of a local index.

The order may differ: a node does not count the occurrences in a text.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from indexer.catalogue.fields import Field
from indexer.catalogue.records import Publication
from indexer.fulltext.text import FullText
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import queries
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results, Truncation
from tests.opensearch.cluster import Cluster
from tests.opensearch.equal_results import without_hits
from tests.opensearch.loading import Pair, open_pair
from tests.search_app.texts import (
    CATALOGUE,
    Texts,
    make_index_with_texts,
    make_publication,
    make_text,
)
from tests.tiers import examples

pytestmark = pytest.mark.thorough

INDEX = "full-texts"
FIELDS = (*CATALOGUE.fields, Field("country", "Country", kind="country", facet=3))
WORDS = (
    "organ", "organs", "removal", "border", "police", "law", "self-help", "x-ray", "the", "of",
    "migrants", "Côte", "d'Ivoire", "traficantes", "police", "قانون", "法律", "ray", "help",
)  # fmt: skip
LANGUAGES = ("en", "es", "fr", None)


@contextmanager
def open_both(
    client: OpenSearch, publications: Sequence[Publication], texts: Texts
) -> Iterator[Pair]:
    """Yield searchers of publications and their texts: of a local index, and of a node."""
    catalogue = msgspec.structs.replace(CATALOGUE, fields=FIELDS)
    with tempfile.TemporaryDirectory() as name:
        folder = make_index_with_texts(Path(name), catalogue, publications, texts)
        with open_pair(folder, client, INDEX) as pair:
            yield pair


def throw(seed: int) -> tuple[list[Publication], Texts]:
    random = Random(seed)

    def write(most: int, breaks: Sequence[str] = (" ", " ", " ", "\n\n")) -> str:
        words = random.choices(WORDS, k=random.randint(1, most))
        return "".join(word + random.choice(breaks) for word in words).strip()

    made = [
        make_publication(
            f"p{number}", write(4, " "), random.choice((None, write(6))),
            year=random.randint(2000, 2010), country=random.choice(("CI", "FR", "MA")),
        )
        for number in range(random.randint(1, 40))
    ]  # fmt: skip
    pool = [
        make_text(
            f"{seed}-{number}",
            [write(30) if random.random() < 0.7 else "" for _ in range(random.randint(0, 6))],
            language=random.choice(LANGUAGES), has_pages=random.random() < 0.8,
        )
        for number in range(12)
    ]  # fmt: skip
    texts: dict[str, Mapping[str, FullText]] = {
        each.id: {f"{part}/file {part}.pdf": random.choice(pool)
                  for part in range(random.choice((0, 1, 1, 2, 4)))}
        for each in made
    }  # fmt: skip
    return made, texts


TERMS = (
    *WORDS, "organ*", "b*er", "polise~", "fulltext:organ", "fulltext:pol*", "title:police",
    '"organ removal"', 'fulltext:"police law"', "NOT law", "OR", "Ivory Coast", "2005", "zzz",
    '"法律"', "(organ OR border)", "kolice",
    "(NOT organ)", "(organ NOT law)",
)  # fmt: skip
QUERIES = st.lists(st.sampled_from(TERMS), min_size=1, max_size=4).map(" ".join)
REQUESTS = st.builds(
    SearchRequest, QUERIES, st.sampled_from(({}, {}, {"country": ("CI",)}, {"year": ("2003..",)})),
    match=st.sampled_from(("auto", "auto", "any", "all")), fold=st.booleans(), size=st.just(50),
    sort=st.sampled_from((None, "newest", "title")), explain=st.booleans(),
    inside=st.sampled_from((True, True, False)),
)  # fmt: skip


def list_found(results: Results) -> dict[str, list[tuple[str, Sequence[int]]]]:
    return {
        hit.publication.id: [(each.file.digest, each.pages) for each in hit.files]
        for hit in results.hits
    }


@given(seed=st.integers(0, 2**32), data=st.data())
@examples(15)
def test_results_equal_those_of_a_local_index(
    single_node: Cluster, seed: int, data: st.DataObject
) -> None:
    with open_both(single_node.client, *throw(seed)) as pair:
        for _ in range(12):
            request = data.draw(REQUESTS)
            ours, theirs = (each.search(request, Deadline()) for each in pair)
            assert without_hits(theirs) == without_hits(ours)
            assert list_found(theirs) == list_found(ours)


@given(seed=st.integers(0, 2**32), texts=st.lists(QUERIES, min_size=1, max_size=6))
@examples(6)
def test_searches_in_one_publication_equal_those_of_a_local_index(
    single_node: Cluster, seed: int, texts: list[str]
) -> None:
    with open_both(single_node.client, *throw(seed)) as pair:
        for publication in pair.local.scan(SearchRequest()):
            files = pair.local.list_files(publication.id)
            assert list(files) == list(pair.remote.list_files(publication.id))
            for text in texts:
                request = SearchRequest(text)
                ours, theirs = (
                    [(each.file, each.pages) for each in one.find_in_files(publication.id, request)]
                    for one in pair
                )
                assert ours == theirs, text
            for file in files:
                ours_found, theirs_found = (each.find_file(file.digest) for each in pair)
                assert ours_found is not None
                assert theirs_found is not None
                assert sorted(ours_found.ids) == sorted(theirs_found.ids)
        for text in texts:
            ours_listed, theirs_listed = (each.suggest(text) for each in pair)
            assert ours_listed == theirs_listed


STRANGE = (
    *WORDS[:4], "\ufdfa", "\ufc5e\ufc61", 'say "boat"', "back\\slash", '\\"', '","', "a|b", "|",
    "\ue000", "pri\ue000vate", "con\x01trol", "nul\x00", "line\u2028sep", "tab\tstop", "\x85",
    "\u1680ogham", "\u3000wide", "zero\u200bwidth", "\ufeffbom", "soft\u00adhyphen", "x²", "½",
    "ﬁsh", "İstanbul", "ǅ", "e\u0301", "\u0301", "😀", "日本語", "ประเทศไทย", "हिन्दी", "C++",
    "O'Neil", "\\u0041", "{}", "]}}", "y" * 8001, "ﬃ" * 3000,
    "日" * 240, "日" * 400,
)  # fmt: skip
"""Texts that JSON, the analyzer of a node, or the syntax of a query might change."""
STRANGE_PAGES = st.lists(st.lists(st.sampled_from(STRANGE), max_size=12), max_size=4)


@given(
    files=st.lists(STRANGE_PAGES, min_size=1, max_size=4),
    texts=st.lists(st.lists(st.sampled_from(STRANGE), min_size=1, max_size=2), min_size=8,
                   max_size=12),
)  # fmt: skip
@examples(8)
def test_strange_characters_are_found_as_in_a_local_index(
    single_node: Cluster, files: list[list[list[str]]], texts: list[list[str]]
) -> None:
    made = [make_publication(f"p{number}", "Boats") for number in range(len(files))]
    attached = {
        f"p{number}": {"a.txt": make_text(f"{number}", [" ".join(page) for page in pages])}
        for number, pages in enumerate(files)
    }
    with open_both(single_node.client, made, attached) as pair:
        for words in texts:
            for typed in (f'fulltext:"{" ".join(words)}"', " ".join(words), f"{words[0]}*"):
                ours, theirs = (each.search(SearchRequest(typed), Deadline()) for each in pair)
                assert without_hits(theirs) == without_hits(ours)
                assert list_found(theirs) == list_found(ours)


@pytest.mark.parametrize("word", ["common", "rare", "pages", '"common words"'])
def test_a_text_of_1000_pages_is_searched(single_node: Cluster, word: str) -> None:
    pages = [f"common words on {'rare' if number % 300 == 7 else 'many'} pages"
             for number in range(1000)]  # fmt: skip
    texts = {"a": {"a.pdf": make_text("long", pages)}}
    made = [make_publication("a", "Boats"), make_publication("b", "Trains")]
    with open_both(single_node.client, made, texts) as pair:
        ours, theirs = (each.search(SearchRequest(word), Deadline()) for each in pair)
        assert list_found(theirs) == list_found(ours)
        [match] = theirs.hits[0].files
        assert len(match.pages) == (4 if word == "rare" else 1000)


def test_a_prefix_of_very_many_words_matches_the_most_frequent(
    single_node: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_VALUES", 5)
    pages = ["word1 " * 3, " ".join(f"word{number}" for number in range(9))]
    texts = {"a": {"a.pdf": make_text("words", pages)}}
    with open_both(single_node.client, [make_publication("a", "Boats")], texts) as pair:
        results = pair.remote.search(SearchRequest("word*"))
        assert results.truncated == (Truncation("word*", 4),)
        assert results.total == 1


def test_a_file_with_pages_and_one_without_any_word_keep_their_places(single_node: Cluster) -> None:
    texts = {"a": {
        "1.pdf": make_text("none", ["", ""]), "2.pdf": make_text("words", ["", "a boat"]),
    }}  # fmt: skip
    with open_both(single_node.client, [make_publication("a", "Trains")], texts) as pair:
        [hit] = pair.remote.search(SearchRequest("boat"), Deadline()).hits
        [match] = hit.files
        assert (match.file.name, match.pages) == ("2.pdf", (2,))
