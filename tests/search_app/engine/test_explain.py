"""Explanations of hits: the parts of a score add up, and each text has its kind of match."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.generations import directory
from search_app.engine import Engine
from search_app.engine.arrays.clause import clause_postings
from search_app.engine.arrays.scoring import find_hits, make_fetch
from search_app.engine.explain import AddedToHit, Explainer, limit_explained
from search_app.engine.matching import match_parts, split_words, weigh_matches
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest
from search_app.engine.results import Explanation, Hit, Results
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest
from tests.conftest import ROOT
from tests.search_app.engine import trees
from tests.search_app.engine.arrays.below import reply_to, snapshot_of
from tests.search_app.engine.catalogues import CATALOGUE, index, throw

MADE = throw(seed=5, size=120)
ASKED = trees.kinds(trees.vocabulary(MADE, CATALOGUE))
LEAVES = st.one_of(*(of for name, of in ASKED.items() if name not in trees.FILTERS))
FILTERS = st.one_of(*(ASKED[name] for name in trees.FILTERS))
JUDGED = ROOT / "tests" / "relevance" / "catalogue.toml"
QUERIES = [each["text"] for each in tomllib.loads(JUDGED.read_text(encoding="utf-8"))["query"]]
FURTHER = ["organ OR (sea AND boats)", "traffick* -law", "*raff*", "title:manual~", '"model law"',
           "counter-trafficking UN.GIFT", "organ zyzzyva", "traficking", "kenya"]  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot(directory.load_live(index(tmp_path_factory.mktemp("index"), MADE)))


def total(why: Explanation) -> float:
    fields = sum(field.score for part in why.parts for field in part.fields)
    return fields + why.title + why.nearness + why.feedback


@given(tree=trees.anything(ASKED.values()))
def test_parts_of_any_tree_add_up(tree: nodes.Tree, snapshot: Snapshot) -> None:
    """The scores of the parts of any query, and of their fields, add up to the score of the hit.

    The words of the stored publication give the same explanation.
    """
    assert_explained(tree, snapshot)


@pytest.mark.slow
@given(tree=trees.anything(ASKED.values()) | FILTERS)
def test_an_and_within_an_or_scores_only_if_all_of_it_matches(
    tree: nodes.Tree, snapshot: Snapshot
) -> None:
    stems = snapshot.vocabulary.stems
    stem = stems.texts.get_text(int(np.diff(stems.offsets).argmax()))
    word = nodes.Clause([nodes.Term(stem, snapshot.vocabulary.word_fields)], stem)
    assert_explained(nodes.Or([nodes.And([word, tree]), nodes.Every()]), snapshot)


def assert_explained(tree: nodes.Tree, snapshot: Snapshot) -> None:
    scored = find_hits(tree, snapshot)
    publications = [*map(snapshot.get_publication, scored.documents.tolist())]
    split = split_words(publications, snapshot.vocabulary, snapshot.segment.mean_lengths)
    explainer, of_split = (
        Explainer(
            StoreRequest(SearchRequest(), tree),
            tree,
            snapshot.vocabulary,
            publications,
            words,
            lambda clause: make_fetch(snapshot)(clause).idf,
        )
        for words in (snapshot.gather(scored.documents), split)
    )
    for number, hit_score in enumerate(scored.fill(scored.documents).tolist()):
        why = explainer.explain(number, AddedToHit())
        assert sum(part.score for part in why.parts) == pytest.approx(hit_score, rel=1e-4, abs=1e-6)
        assert total(why) == pytest.approx(hit_score, rel=1e-4, abs=1e-6)
        assert all(field.matched for part in why.parts for field in part.fields)
        assert of_split.explain(number, AddedToHit()) == why


@pytest.mark.parametrize(("count", "hits"), [(0, 10_000), (1, 10_000), (300, 33), (20_000, 1)])
def test_explained_hits_are_limited_by_the_number_of_clauses(count: int, hits: int) -> None:
    """The more clauses a query has, the fewer of its hits are explained, but at least one."""
    organ = nodes.Clause([nodes.Term("organ", frozenset({"title"}))])
    assert limit_explained(nodes.And([organ] * count)) == hits


def assert_weighed(leaf: nodes.Clause, snapshot: Snapshot) -> None:
    """Assert that a leaf has the same weight in each publication as in its postings.

    It has the same weights in the words of the stored publications.
    """
    held, weights = clause_postings(leaf, snapshot), np.zeros(snapshot.size)
    weights[held.documents] = held.weights
    numbers = np.arange(snapshot.size)
    publications = [*map(snapshot.get_publication, numbers.tolist())]
    split = split_words(publications, snapshot.vocabulary, snapshot.segment.mean_lengths)
    for words in (snapshot.gather(numbers), split):
        found = weigh_matches(match_parts(leaf.parts, words), words)
        assert found == pytest.approx(weights, rel=1e-4)


@given(leaf=LEAVES)
def test_a_weight_in_one_publication_equals_its_weight_in_the_postings(
    leaf: nodes.Clause, snapshot: Snapshot
) -> None:
    assert_weighed(leaf, snapshot)


@pytest.mark.slow
def test_the_weights_of_names_and_values_equal_those_in_the_postings(engine: Engine) -> None:
    searcher = engine.get_searcher()
    for text in [*QUERIES[::3], *FURTHER]:
        for leaf in nodes.clauses(reply_to(SearchRequest(text), searcher).tree):
            assert_weighed(leaf, snapshot_of(searcher))


@pytest.mark.parametrize("match", ["auto", "any"])
@pytest.mark.slow
def test_parts_of_judged_queries_add_up(match: str, engine: Engine) -> None:
    for text in [*QUERIES, *FURTHER]:
        request = SearchRequest(text, match=match, size=30, explain=True)  # type: ignore[arg-type]
        for hit in engine.search(request).hits:
            assert hit.explanation
            assert total(hit.explanation) == pytest.approx(hit.score, abs=2e-4), text


def asked(engine: Engine, text: str, **options: object) -> Results:
    return engine.search(SearchRequest(text, explain=True, **options))  # type: ignore[arg-type]


def ways(hit: Hit) -> set[tuple[str, str, str]]:
    assert hit.explanation
    return {
        (field.field, each.text, each.how)
        for part in hit.explanation.parts
        for field in part.fields
        for each in field.matched
    }


def every(results: Results) -> set[tuple[str, str, str]]:
    return set().union(*map(ways, results.hits))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("organ", ("title", "Organ", "written")),
        ("toolkits", ("title", "Toolkit", "stem")),
        ("toolk*", ("title", "Toolkit", "prefix")),
        ("t*lkit", ("title", "Toolkit", "wildcard")),
        ("tolkit~", ("title", "Toolkit", "fuzzy")),
        ('"model law"', ("title", "Model Law", "written")),
        ('"model laws"', ("title", "Model Law", "stem")),
        ("organ removal", ("title", "Removal of Organs", "synonym")),
        ("religion", ("title", "Islamic", "narrower")),
        ("human trafficking", ("topic", "trafficking in persons", "value")),
        ("trata de personas", ("language", "es", "value")),
    ],
)
@pytest.mark.slow
def test_each_matched_text_has_its_kind_of_match(
    text: str, expected: tuple[str, str, str], engine: Engine
) -> None:
    """Each matched text is reported as it is written, with the way in which it matched."""
    assert expected in every(asked(engine, text, size=50))


def test_the_words_of_a_matched_phrase_are_not_listed_singly(engine: Engine) -> None:
    texts = {text for _, text, _ in ways(asked(engine, "organ removal").hits[0])}
    assert "Organ Removal" in texts
    assert "Organ" not in texts


def test_a_repeated_word_is_one_part(engine: Engine) -> None:
    """A word that is typed twice scores twice and is listed once."""
    once, twice = (asked(engine, text).hits[0] for text in ("toolkit", "toolkit toolkit"))
    assert once.explanation
    assert twice.explanation
    assert len(twice.explanation.parts) == 1
    assert total(twice.explanation) == pytest.approx(2 * total(once.explanation))
    assert total(twice.explanation) == pytest.approx(twice.score, abs=1e-3)


def test_a_corrected_part_names_the_typed_word(engine: Engine) -> None:
    results = asked(engine, "traficking manual")
    assert results.corrected
    assert results.hits[0].explanation
    parts = {part.text: part.instead_of for part in results.hits[0].explanation.parts}
    assert parts == {"trafficking": "traficking", "manual": ""}


def test_a_relaxed_hit_lists_its_missing_words(engine: Engine) -> None:
    results = asked(engine, "organ zyzzyva")
    assert results.relaxed
    assert all(
        hit.explanation and hit.explanation.unmatched == ("zyzzyva",) for hit in results.hits
    )


def test_an_and_counts_only_as_a_whole(engine: Engine) -> None:
    for hit in asked(engine, "organ OR (toolkit AND zyzzyva)", match="any").hits:
        assert hit.explanation
        assert [part.text for part in hit.explanation.parts] == ["organ"]


def test_a_region_lists_the_countries_that_imply_it(index: Path) -> None:
    """Africa lists Kenya if the publication names Kenya, and no country otherwise."""
    results = Engine(index).search(SearchRequest(filters={"region": ("Africa",)}, explain=True))
    told = {
        hit.publication.title: hit.explanation and hit.explanation.filters for hit in results.hits
    }
    assert {title: [each.through for each in held or ()] for title, held in told.items()} == {
        "Removal of Organs": [("KE",)], "Victims at the Border": [()],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "filters", "held"),
    [
        ("", {"year": ("2010..2012",), "section": ("Papers",)},
         {("year", "2011"), ("section", "Papers")}),
        ("", {"section": ("Papers",), "language": ("none",)},
         {("section", "Papers"), ("language", "none")}),
        ("organs region:Africa", {}, {("region", "Africa")}),
        ("organs year:..2012", {}, {("year", "2011")}),
    ],
)  # fmt: skip
def test_an_explanation_lists_the_values_that_passed_the_filters(
    text: str, filters: dict[str, tuple[str, ...]], held: set[tuple[str, str]], index: Path
) -> None:
    request = SearchRequest(text, filters, explain=True)
    told = {hit.publication.title: hit.explanation for hit in Engine(index).search(request).hits}
    why = told["Removal of Organs"]
    assert why
    assert {(each.field, each.value) for each in why.filters} == held


@pytest.mark.slow
def test_every_leaf_of_an_or_is_a_part_or_missing(engine: Engine) -> None:
    for text in QUERIES[:60]:
        reply = reply_to(SearchRequest(text, match="any"), engine.get_searcher())
        tree = reply.tree
        if tree is None or any(isinstance(each, nodes.And) for each in nodes.list_children(tree)):
            continue
        said = {leaf.text for leaf in nodes.clauses(tree) if leaf.text}
        for why in reply.explain():
            assert why
            assert {part.text for part in why.parts} - {""} == said - set(why.unmatched)
