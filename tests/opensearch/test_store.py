"""The store of a cluster gives the replies of the local store, on a real node with three shards.

The corpora are corpus/, and a generated one, in which most titles have other editions and many
scores are equal.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple, cast, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.records import Publication
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import search
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest, Sort
from search_app.engine.store import Reply, StoreRequest
from tests.opensearch.cluster import Cluster
from tests.opensearch.equal_results import check_ids, without_hits
from tests.opensearch.loading import Pair, open_pair
from tests.opensearch.typed_texts import make_texts
from tests.search_app.engine import catalogues, trees
from tests.search_app.engine.trees import Texts, Trees
from tests.tiers import examples

ON_A_NODE = examples(60)
SORTS: st.SearchStrategy[Sort | None] = st.sampled_from((None, None, *get_args(Sort)))
PAGES, SIZES = st.sampled_from((1, 1, 2, 5)), st.sampled_from((3, 10, 50))
MANY = 10_000
"""More than the publications and words of a corpus."""
CORPORA = pytest.mark.parametrize("name", ["real", "generated"])


class Corpus(NamedTuple):
    """The searchers of a corpus, its publications, and strategies for queries and filters."""

    pair: Pair
    publications: list[Publication]
    trees: Trees
    leaves: st.SearchStrategy[nodes.Clause]
    query_filters: Trees
    texts: Texts
    selections: st.SearchStrategy[dict[str, tuple[str, ...]]]

    def __repr__(self) -> str:
        # Hypothesis prints arguments of a failure. It warns of a long text, which is an error here.
        return f"Corpus of {len(self.publications)} publications"


@pytest.fixture(scope="module")
def corpora(
    single_node: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Corpus]]:
    made = catalogues.index(tmp_path_factory.mktemp("index"), catalogues.throw(7, 300))
    folders = {"real": request.getfixturevalue("catalogue_index"), "generated": made}
    with ExitStack() as stack:
        yield {
            name: _make_corpus(
                stack.enter_context(open_pair(folder, single_node.client, f"store-{name}"))
            )
            for name, folder in folders.items()
        }


def _make_corpus(pair: Pair) -> Corpus:
    catalogue = pair.local.catalogue
    publications = list(pair.local.scan(SearchRequest(sort="title")))
    kinds = trees.kinds(trees.vocabulary(publications, catalogue))
    leaves = [kind for name, kind in kinds.items() if name not in trees.FILTERS]
    vocabulary = pair.local.interpreter.vocabulary
    names = [field.name for field in catalogue.facets]
    values = [[*vocabulary.list_values(name), "none", "Nowhere"] for name in names]
    selected = [st.lists(st.sampled_from(each), max_size=2, unique=True) for each in values]
    return Corpus(
        pair,
        publications,
        trees.anything(kinds.values()),
        cast("st.SearchStrategy[nodes.Clause]", st.one_of(leaves)),
        st.one_of([kinds[name] for name in trees.FILTERS if name in kinds]),
        make_texts(publications),
        st.tuples(*(st.just([]) | each for each in selected)).map(
            lambda found: {
                name: tuple(each) for name, each in zip(names, found, strict=True) if each
            }
        ),
    )


def ask_both(pair: Pair, store_request: StoreRequest) -> tuple[Reply, Reply]:
    return pair.local.store.ask(store_request, Deadline()), pair.remote.store.ask(
        store_request, Deadline()
    )


def draw_ask(corpus: Corpus, data: st.DataObject) -> StoreRequest:
    request = SearchRequest(
        "x y", data.draw(corpus.selections), data.draw(st.just({}) | corpus.selections),
        match="any", sort=data.draw(SORTS),
        page=data.draw(PAGES), size=data.draw(SIZES), fold=data.draw(st.booleans()), exact=True,
    )  # fmt: skip
    tree = data.draw(st.none() | corpus.trees)
    boosts = data.draw(st.lists(corpus.leaves, max_size=1)) if tree is not None else []
    typed = data.draw(st.lists(corpus.query_filters, max_size=2))
    return StoreRequest(request, tree, tuple(boosts), tuple(typed), "x y", data.draw(st.booleans()))


@CORPORA
@given(data=st.data())
@ON_A_NODE
@pytest.mark.thorough
def test_a_page_of_any_tree_equals_that_of_the_local_store(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    """Counts, facets, and hits are equal for any tree, filters, page, and folding.

    By relevance, the cluster orders its own hits.
    """
    store_request = draw_ask(corpora[name], data)
    ours, theirs = ask_both(corpora[name].pair, store_request)
    for reply in (ours, theirs):
        reply.count_facets()
    assert theirs.count_facets() == ours.count_facets()
    assert (theirs.by_words, theirs.matched, theirs.total, theirs.title_count, theirs.dropped) == (
        ours.by_words, ours.matched, ours.total, ours.title_count, ours.dropped,
    )  # fmt: skip
    our_hits, their_hits = list(ours.rank_hits()), list(theirs.rank_hits())
    check_ids(store_request.sort, our_hits, their_hits)
    shown = {hit.publication.id: hit for hit in our_hits}
    for hit in their_hits:
        known = shown.get(hit.publication.id, hit)
        assert (hit.publication, hit.editions) == (known.publication, known.editions)
    assert list(theirs.list_ids()) == [hit.publication.id for hit in their_hits]


@CORPORA
@given(data=st.data())
@ON_A_NODE
@pytest.mark.thorough
def test_counts_before_the_page_equal_those_with_it(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    corpus = corpora[name]
    ours, theirs = ask_both(corpus.pair, draw_ask(corpus, data))
    our_other, their_other = ask_both(corpus.pair, draw_ask(corpus, data))
    assert (theirs.by_words, theirs.matched, theirs.total, theirs.has_words) == (
        ours.by_words, ours.matched, ours.total, ours.has_words,
    )  # fmt: skip
    assert theirs.count_overlap(their_other) == ours.count_overlap(our_other)
    for field in corpus.pair.local.catalogue.facets:
        assert dict(theirs.count_values(field.name)) == dict(ours.count_values(field.name))


@CORPORA
@given(data=st.data())
@ON_A_NODE
@pytest.mark.thorough
def test_a_scan_has_all_hits_in_their_order(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    """A scan yields the hits of all pages, each once, in the same order."""
    corpus = corpora[name]
    store_request = draw_ask(corpus, data)
    everything = msgspec.structs.replace(store_request.request, page=1, size=MANY)
    ours, theirs = ask_both(corpus.pair, store_request._replace(request=everything))
    scanned = [each.id for each in theirs.scan()]
    assert scanned == list(theirs.list_ids())
    assert len(scanned) == len(set(scanned))
    if not everything.fold:  # the first edition of a title depends on the order
        assert set(scanned) == {each.id for each in ours.scan()}


@CORPORA
@given(data=st.data())
@ON_A_NODE
@pytest.mark.thorough
def test_completions_and_titles_equal_those_of_the_local_store(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    corpus = corpora[name]
    store_request, text = draw_ask(corpus, data), data.draw(corpus.texts)
    words = [surface_form(word) for word in tokenizer.split_words(text)] or ["x"]
    limit, is_open = data.draw(st.integers(1, 30)), data.draw(st.booleans())
    begun = words[-1][: data.draw(st.integers(1, 6))]
    ours, theirs = ask_both(corpus.pair, store_request)
    completions = list(ours.complete(begun, MANY))
    assert list(theirs.complete(begun, MANY)) == completions
    shown = iter(completions)
    assert all(word in shown for word in theirs.complete(begun, limit))
    typed = [*words[:-1], begun]
    assert list(theirs.find_titles(typed, limit, is_open=is_open)) == list(
        ours.find_titles(typed, limit, is_open=is_open)
    )
    local, remote = corpus.pair.local.store, corpus.pair.remote.store
    language = data.draw(st.sampled_from(["", "fr", "ar"]))
    values = list(local.find_values(begun, limit, language))
    assert list(remote.find_values(begun, limit, language)) == values


@CORPORA
@given(data=st.data())
@ON_A_NODE
@pytest.mark.thorough
def test_clauses_are_counted_alone_and_together(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    corpus = corpora[name]
    some = st.lists(corpus.leaves, min_size=1, max_size=4)
    listed, rest = data.draw(some), data.draw(some)
    local, remote = corpus.pair.local.store, corpus.pair.remote.store
    alone, together = (
        [store.count_all(listed, Deadline()) for store in (local, remote)],
        [
            store.count_together([(listed, rest), (rest, [])], Deadline())
            for store in (local, remote)
        ],
    )
    assert alone[0] == alone[1]
    assert together[0] == together[1]
    requests = [StoreRequest(SearchRequest(), each) for each in (*listed, *rest)]
    totals = [
        [
            reply.total
            for reply in (*store.ask_each(requests, deadline), store.ask(requests[0], deadline))
        ]
        for store, deadline in ((local, Deadline()), (remote, Deadline()))
    ]
    assert totals[0] == totals[1]


@pytest.mark.thorough
def test_very_many_families_are_counted_in_parts(
    corpora: dict[str, Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_FAMILIES", 2)
    for text in ("", "trafficking OR organ"):
        request = SearchRequest(text, semantic=False)
        ours, theirs = (searcher.search(request) for searcher in corpora["real"].pair)
        assert theirs.title_count == ours.title_count < ours.total


@CORPORA
@pytest.mark.thorough
def test_every_publication_has_the_related_ones_of_the_local_store(
    corpora: dict[str, Corpus], name: str
) -> None:
    """Each publication is found by its id, with the same editions, and nearly all similar ones.

    The lengths of texts are rounded in a cluster.
    """
    (local, remote), shares = corpora[name].pair, list[float]()
    for each in corpora[name].publications[:150]:
        assert remote.get_publication(each.id) == each
        ours, theirs = local.find_related(each.id), remote.find_related(each.id)
        assert [other.id for other in theirs.editions] == [other.id for other in ours.editions]
        similar, wanted = ({other.id for other in each.similar} for each in (theirs, ours))
        if wanted:
            shares.append(len(similar & wanted) / len(wanted))
    assert sum(shares) >= 0.9 * len(shares)
    assert remote.get_publication("nothing") is None
    with pytest.raises(KeyError):
        remote.find_related("nothing")


def draw_request(corpus: Corpus, data: st.DataObject) -> SearchRequest:
    return SearchRequest(
        data.draw(corpus.texts),
        data.draw(corpus.selections),
        match=data.draw(st.sampled_from(("auto", "auto", "auto", "any", "all"))),
        sort=data.draw(SORTS),
        page=data.draw(PAGES),
        size=data.draw(st.sampled_from((10, 10, 25))),
        values=data.draw(st.sampled_from((None, 8))),
        exact=data.draw(st.sampled_from((False, False, False, True))),
        fold=data.draw(st.booleans()),
        explain=data.draw(st.booleans()),
        semantic=False,
    )


@CORPORA
@given(data=st.data())
@ON_A_NODE
def test_whole_results_equal_those_of_the_local_store(
    corpora: dict[str, Corpus], name: str, data: st.DataObject
) -> None:
    """Results of a text are equal: interpretation, passages, and hints, but not scores.

    The parts of an explanation add up to the score.
    """
    corpus = corpora[name]
    request = draw_request(corpus, data)
    ours, theirs = corpus.pair.local.search(request), corpus.pair.remote.search(request)
    check_ids(ours.sort, ours.hits, theirs.hits)
    shown = {hit.publication.id: hit for hit in ours.hits}
    for hit in theirs.hits:
        without_scores = {"score": None, "explanation": None}
        ours_of_it, its_own = (
            msgspec.structs.replace(each, **without_scores)
            for each in (shown.get(hit.publication.id, hit), hit)
        )
        assert its_own == ours_of_it
        if hit.explanation and hit.score is not None:
            assert hit.explanation.score == pytest.approx(hit.score, abs=0.001)
    assert without_hits(theirs) == without_hits(ours)
