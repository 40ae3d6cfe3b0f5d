"""Scores are those of BM25F, as a plain reading of its formula gives them."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from whoosh import query

from indexer import analysis, generations
from indexer.record import Publication
from search_app.engine.nodes import Leaf
from search_app.engine.score import found
from search_app.engine.snapshot import Snapshot
from tests.engine.catalogues import CATALOGUE, index, throw

MADE = throw(seed=3, size=120)
WEIGHTS = {field.name: field.weight for field in CATALOGUE.searchable}
B = {"title": 0.5, "summary": 0.75, "region": 0.5}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The generated publications, indexed."""
    folder: Path = index(tmp_path_factory.mktemp("index"), MADE)
    return Snapshot(generations.current(folder))


def stems(each: Publication, field: str) -> list[str]:
    """The stems of one field."""
    row = CATALOGUE.by_name[field]
    text = "\n\n".join(str(value) for value in CATALOGUE.values(each, row))
    return [token.stem for token in analysis.tokens(text)]


def reference(stem: str, fields: list[str]) -> list[float]:
    """BM25F of one word over some fields, in ten lines."""
    lengths = {f: [len(stems(each, f)) for each in MADE] for f in fields}
    means = {f: sum(lengths[f]) / sum(length > 0 for length in lengths[f]) for f in fields}
    weighted = [
        sum(
            WEIGHTS[f] * Counter(stems(each, f))[stem]
            / (1 - B[f] + B[f] * lengths[f][n] / means[f])
            for f in fields
        )
        for n, each in enumerate(MADE)
    ]  # fmt: skip
    held = sum(w > 0 for w in weighted)
    rarity = math.log(1 + (len(MADE) - held + 0.5) / (held + 0.5))
    return [rarity * w * 2.2 / (1.2 + w) for w in weighted]


def scores(tree: query.Query, snapshot: Snapshot) -> NDArray[np.float32]:
    """The score of every publication, 0 for those that a tree does not match."""
    dense = np.zeros(snapshot.size, np.float32)
    matched = found(tree, snapshot)
    dense[matched.documents] = matched.scores
    return dense


def leaf(stem: str, *fields: str) -> Leaf:
    """One word over some fields."""
    return Leaf([query.Term(field, stem) for field in fields])


def test_a_word_over_all_fields_saturates_once(snapshot: Snapshot) -> None:
    """A word's weighed frequencies are added over the fields before they are saturated."""
    fields = ["title", "summary", "region"]
    found = scores(leaf("victim", *fields), snapshot)
    assert found == pytest.approx(reference("victim", fields), rel=1e-4)


def test_scores_of_and_add_up_where_all_match(snapshot: Snapshot) -> None:
    """An AND has the sum of its words' scores, and nothing where one is missing."""
    one, other = reference("law", ["title"]), reference("border", ["title"])
    expected = [a + b if a and b else 0 for a, b in zip(one, other, strict=True)]
    tree = query.And([leaf("law", "title"), leaf("border", "title")])
    assert scores(tree, snapshot) == pytest.approx(expected, rel=1e-4)


def test_filters_and_negations_score_nothing(snapshot: Snapshot) -> None:
    """What is not a word that was wanted leaves the scores as they are."""
    word = leaf("law", "title")
    tree = query.And([word, query.Not(leaf("zebra", "title"))])
    assert scores(tree, snapshot) == pytest.approx(scores(word, snapshot))
    assert not scores(query.Every(), snapshot).any()
    assert not scores(query.Term("region.value", "North"), snapshot).any()


def test_a_beginning_is_one_pseudo_term(snapshot: Snapshot) -> None:
    """All words that a beginning matches count as one word, rare as they are together."""
    tree = Leaf([query.Prefix("title", "=victi")])
    assert scores(tree, snapshot) == pytest.approx(reference("victim", ["title"]), rel=1e-4)
