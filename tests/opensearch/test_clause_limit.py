"""A node accepts every query that can be typed or made of a thesaurus, in a catalogue of 12 fields.

Lucene rejects a query with more than 1,024 clauses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import planned_search
from search_app.engine.query.nodes import Clause, Filter, Names, Phrase, Term
from search_app.engine.request import Match, SearchRequest
from search_app.engine.store import StoreRequest
from tests.opensearch.cluster import Cluster
from tests.opensearch.loading import Pair, open_pair
from tests.search_app.engine import catalogues

MANY = 500
"""Number of names whose phrases are more clauses than Lucene allows."""
ON_A_NODE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = [f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
TOPICS = [f"topic{number}" for number in range(40)]
FIELDS = ["title", *(f"note{number}" for number in range(11))]
CATALOGUE = Catalogue(
    title="Notes",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        *(Field(name, "Note", weight=0.5) for name in FIELDS[1:]),
        Field("topic", "Topic", facet=1, several=True),
    ),
)


@pytest.fixture(scope="module")
def pair(single_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Yield a local index and its copy. Most words are in all fields of each publication."""
    random = Random(3)
    made = [
        Publication(
            id=f"p{number}", title=" ".join(random.sample(WORDS, 40)),
            source=SourceLocation("made", number + 1),
            values={
                "topic": tuple(random.sample(TOPICS, 20)),
                **{name: (" ".join(random.sample(WORDS, 40)),) for name in FIELDS[1:]},
            },
        )
        for number in range(30)
    ]  # fmt: skip
    folder = catalogues.index(tmp_path_factory.mktemp("index"), made, CATALOGUE)
    with open_pair(folder, single_node.client, "clause-limit") as opened:
        yield opened


def make_concept(text: str, names: Sequence[Sequence[str]]) -> Clause:
    """Return the clause of a concept, given the words of its narrower concepts."""
    fields = frozenset(FIELDS)
    stems = [tuple(tokenizer.split_stems(word, "en")[0] for word in name) for name in names]
    labels = tuple(Phrase(words, fields) for words in stems)
    typed = Term(tokenizer.SURFACE_PREFIX + text, fields)
    return Clause([typed, Names(labels, text, "kin", 0.25)], text, entity_id=text)


ATOMS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(lambda word: f"-{word}"),
    st.sampled_from(WORDS).map(lambda word: f"{word[:5]}*"),
    st.sampled_from(WORDS).map(lambda word: f"{word}~"),
    st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(lambda two: f'"{" ".join(two)}"'),
    st.sampled_from(TOPICS).map(lambda topic: f"topic:{topic}"),
    st.sampled_from(TOPICS).map(lambda topic: f"-topic:{topic}"),
)
TEXTS = st.recursive(
    st.builds(
        lambda parts, times: " ".join(parts * times),
        st.lists(ATOMS, min_size=1, max_size=12), st.sampled_from((1, 1, 5, 60)),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) OR ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) ({two[1]})"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"-(-({text}))"),
    ),
    max_leaves=8,
)  # fmt: skip
LONG = " ".join(WORDS)
SELECTED = st.lists(st.sampled_from(TOPICS), max_size=3, unique=True)


@given(
    text=TEXTS,
    length=st.sampled_from((0, 20, 64)),
    topics=SELECTED,
    match=st.sampled_from(("auto", "any", "all")),
)
@ON_A_NODE
def test_no_text_has_too_many_clauses(
    pair: Pair, text: str, length: int, topics: list[str], match: Match
) -> None:
    """A search for any text gives a result, whatever its length, operators, and filters."""
    typed = f"{' '.join(WORDS[:length])} {text}"
    request = SearchRequest(typed, {"topic": tuple(topics)}, match=match, semantic=False)
    assert pair.remote.search(request).total >= 0


def test_hundreds_of_exclusions_have_the_hits_of_a_local_index(pair: Pair) -> None:
    """Each excluded value is a clause, and Lucene counts another one for a query without others."""
    for text in (
        " ".join(f"-(-(-topic:nothing{number}))" for number in range(400)) + " -topic:topic1",
        " OR ".join(f"-(-(-topic:topic{number % 40}))" for number in range(400)),
    ):
        ours, theirs = (
            searcher.search(SearchRequest(text, {"topic": ("topic2",)}, semantic=False))
            for searcher in pair
        )
        assert ours.total == theirs.total > 0


@given(data=st.data(), sizes=st.lists(st.sampled_from((1, 30, MANY)), min_size=1, max_size=4))
@ON_A_NODE
def test_a_concept_with_hundreds_of_narrower_ones_matches_its_own_words(
    pair: Pair, data: st.DataObject, sizes: list[int]
) -> None:
    """A concept with too many names matches fewer of them. No typed word is lost."""
    random = Random(data.draw(st.integers(0, 1000)))
    concepts = [
        make_concept(random.choice(WORDS), [random.sample(WORDS, 2) for _ in range(size)])
        for size in sizes
    ]
    joined = data.draw(st.sampled_from((query.And, query.Or)))
    tree = joined(concepts) if len(concepts) > 1 else concepts[0]
    boosts = (make_concept("worda", list(pairwise(WORDS))[:20]),)
    request = SearchRequest("x", {"topic": (TOPICS[0],)}, match="any")
    asks = [
        StoreRequest(request, each, boosts, (Filter("topic", [TOPICS[1]]),))
        for each in (
            tree,
            joined([Clause(each.parts[:12], each.text) for each in concepts]),
        )
    ]
    long, typed = (pair.remote.store.ask(ask, Deadline()) for ask in asks)
    long.count_facets()
    assert long.dropped == ()
    assert long.total >= typed.total
    assert long.list_ids()
    if max(sizes) == MANY:
        assert long.truncated


def test_a_result_has_the_number_of_names_left_out(
    single_node: Cluster, catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that a text matches too many names, and not that it was ignored."""
    with open_pair(catalogue_index, single_node.client, "clause-limit-names") as real:
        request = SearchRequest("human trafficking", semantic=False)
        whole = real.remote.search(request)
        monkeypatch.setattr(planned_search, "MAX_LEAVES", 40)
        cut = real.remote.search(request)
    assert (whole.truncated, whole.dropped_clauses) == ((), ())
    [truncated] = cut.truncated
    assert truncated.text == "human trafficking"
    assert truncated.words > 0
    assert cut.dropped_clauses == ()
    assert 0 < cut.total <= whole.total
