"""Queries of any shape in full texts, compared with a search of each place, word by word."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from indexer.catalogue.records import Publication
from indexer.fulltext.text import FullText
from search_app.engine.request import SearchRequest
from tests.search_app.engine.full_texts import TEXT_WORDS, list_ids, searching, throw
from tests.search_app.texts import Texts
from tests.tiers import examples


class Place(NamedTuple):
    """The words of a field of a publication, or of a page of one of its texts, and its name."""

    field: str
    words: list[str]


class Leaf(NamedTuple):
    """A literal word or phrase, in a field or in all of them, and whether some words match it."""

    field: str
    is_in: Callable[[list[str]], bool]

    def matches(self, place: Place, *, inside: bool) -> bool:
        """Return whether a place matches. If not `inside`, full texts must be named."""
        is_searched = inside or place.field != "fulltext" or self.field == "fulltext"
        return is_searched and self.field in {"", place.field} and self.is_in(place.words)


class Query(NamedTuple):
    """A query as text, whether the places of a publication match it, and its positive leaves."""

    text: str
    matches: Callable[[Sequence[Place], bool], bool]
    leaves: tuple[Leaf, ...]


def list_places(publication: Publication, texts: Texts) -> list[Place]:
    fields = {"title": publication.title, "summary": publication.summary or ""}
    places = [Place(field, text.split()) for field, text in fields.items()]
    for text in texts[publication.id].values():
        places += [Place("fulltext", page.split()) for page in text.pages]
    return places


def make_leaf(text: str, field: str, is_in: Callable[[list[str]], bool]) -> Query:
    leaf = Leaf(field, is_in)
    return Query(
        f"{field}:{text}" if field else text,
        lambda places, inside: any(leaf.matches(place, inside=inside) for place in places),
        (leaf,),
    )


def has_phrase(phrase: Sequence[str]) -> Callable[[list[str]], bool]:
    size = len(phrase)
    return lambda words: any(
        words[start : start + size] == [*phrase] for start in range(len(words))
    )


def has_like(is_like: Callable[[str], object]) -> Callable[[list[str]], bool]:
    return lambda words: any(map(is_like, words))


def make_prefix(word: str, field: str) -> Query:
    return make_leaf(f"{word[:3]}*", field, has_like(lambda each: each.startswith(word[:3])))


def make_wildcard(word: str, field: str) -> Query:
    pattern = re.compile(f"{word[0]}.*{word[-1]}")
    return make_leaf(f"{word[0]}*{word[-1]}", field, has_like(pattern.fullmatch))


def make_fuzzy(word: str, field: str) -> Query:
    return make_leaf(
        f"{word}~", field, has_like(lambda each: Levenshtein.distance(word, each) <= 1)
    )


WORD = st.sampled_from(TEXT_WORDS)
FIELD = st.sampled_from(("", "", "", "fulltext", "fulltext", "title", "summary"))
LEAVES = st.one_of(
    st.builds(lambda word, field: make_leaf(word, field, has_phrase([word])), WORD, FIELD),
    st.builds(
        lambda words, field: make_leaf(f'"{" ".join(words)}"', field, has_phrase(words)),
        st.lists(WORD, min_size=2, max_size=3), FIELD,
    ),
    st.builds(make_prefix, WORD, FIELD), st.builds(make_wildcard, WORD, FIELD),
    st.builds(make_fuzzy, WORD, FIELD),
)  # fmt: skip


def join(parts: Sequence[Query], operator: str) -> Query:
    test = any if operator == " OR " else all
    return Query(
        f"({operator.join(part.text for part in parts)})",
        lambda places, inside: test(part.matches(places, inside) for part in parts),
        tuple(leaf for part in parts for leaf in part.leaves),
    )


def negate(part: Query) -> Query:
    if part.text.startswith("NOT "):
        return part
    return Query(f"NOT {part.text}", lambda *given: not part.matches(*given), ())


QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(join, st.lists(inner, min_size=2, max_size=3),
                  st.sampled_from((" ", " AND ", " OR "))),
        st.builds(negate, inner),
    ),
    max_leaves=5,
)  # fmt: skip


@examples(40)
@given(seed=st.integers(0, 2**32), queries=st.lists(QUERIES, min_size=1, max_size=6))
def test_the_hits_are_those_that_match_somewhere(seed: int, queries: list[Query]) -> None:
    made, texts = throw(seed)
    with searching(made, texts) as searcher:
        for query, inside in product(queries, (True, False)):
            request = SearchRequest(query.text, match="all", exact=True, inside=inside, size=100)
            results = searcher.search(request)
            expected = {each.id for each in made if query.matches(list_places(each, texts), inside)}
            assert set(list_ids(results)) == expected, request
            assert results.total == len(expected)
            assert {each.id for each in searcher.scan(request)} == expected
            for hit in results.hits:
                files = {each.file.name: each.pages for each in hit.files}
                assert files == list_pages(query, texts[hit.publication.id], inside=inside), query


def list_pages(
    query: Query, texts: Mapping[str, FullText], *, inside: bool
) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, text in texts.items():
        pages = [Place("fulltext", page.split()) for page in text.pages]
        counts = [sum(leaf.matches(page, inside=inside) for leaf in query.leaves) for page in pages]
        if best := max(counts):
            found[name] = tuple(n for n, count in enumerate(counts, 1) if count == best)
    return found
