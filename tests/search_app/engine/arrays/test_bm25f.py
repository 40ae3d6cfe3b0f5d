"""BM25F scores, compared with a plain implementation of the formula."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from indexer.analysis.tokenizer import Token
from indexer.catalogue import schema
from indexer.catalogue.fields import Field
from indexer.codec.segment.postings import B_SHORT, K1, B
from indexer.generations import directory
from search_app.engine.arrays.scoring import find_hits
from search_app.engine.query import nodes
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.catalogues import CATALOGUE, holds, index, throw

MADE = throw(seed=3, size=120)
FIELDS = tuple(field.name for field in CATALOGUE.searchable)

Scores = list[float | None]
"""The score of each publication, or None if it is not a hit."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = index(tmp_path_factory.mktemp("index"), MADE)
    return Snapshot(directory.load_live(folder))


class Asked(NamedTuple):
    """The node of a leaf in a field, and its frequency in a text."""

    part: Callable[[nodes.Fields], nodes.Part]
    frequency: Callable[[list[Token]], int]


def word(part: Callable[[nodes.Fields], nodes.Part], meant: Callable[[Token], bool]) -> Asked:
    return Asked(part, lambda text: sum(map(meant, text)))


def side_by_side(one: Token, other: Token) -> bool:
    is_next = other.position == one.position + 1
    return is_next and (one.stem, other.stem) == ("organ", "remov")


ASKED = {
    "a word": word(lambda f: nodes.Term("victim", f), lambda t: t.stem == "victim"),
    "a rare word": word(lambda f: nodes.Term("west", f), lambda t: t.stem == "west"),
    "a word as written": word(
        lambda f: nodes.Term("=removal", f), lambda t: t.surface == "removal"
    ),
    "a phrase": Asked(
        lambda f: nodes.Phrase(("organ", "remov"), f),
        lambda text: sum(side_by_side(*two) for two in pairwise(text)),
    ),
    "a prefix": word(lambda f: nodes.Prefix("vi", f), lambda t: t.surface[:2] == "vi"),
    "any beginning": word(lambda f: nodes.Prefix("", f), lambda t: True),
    "a wildcard": word(
        lambda f: nodes.Wildcard("*o*r*", f),
        lambda t: t.surface in ("organ", "border", "north"),
    ),
    "a fuzzy term": word(
        lambda f: nodes.Fuzzy("nords", f, 2), lambda t: t.surface == "north"
    ),
    "nothing": word(lambda f: nodes.Term("zebra", f), lambda t: False),
}  # fmt: skip


def text_of(number: int, field: Field) -> list[Token]:
    return list(tokenizer.tokenize(schema.get_text(MADE[number], field, CATALOGUE), "en"))


@cache
def reference(name: str, fields: tuple[str, ...]) -> Scores:
    """Return the BM25F scores of one leaf over some fields.

    The index stores mean lengths with 8 bits, so they are rounded here too.
    """
    weighted = [0.0] * len(MADE)
    for field in (CATALOGUE.by_name[each] for each in fields):
        texts = [text_of(number, field) for number in range(len(MADE))]
        digits, exponent = math.frexp(sum(map(len, texts)) / sum(map(bool, texts)))
        mean = math.ldexp(round(digits * 256) / 256, exponent)
        b = B if field.role == "abstract" else B_SHORT
        for number, text in enumerate(texts):
            frequency = ASKED[name].frequency(text)
            weighted[number] += field.weight * frequency / (1 - b + b * len(text) / mean)
    held = sum(w > 0 for w in weighted)
    rarity = math.log(1 + (len(MADE) - held + 0.5) / (held + 0.5))
    return [rarity * w * (K1 + 1) / (K1 + w) if w else None for w in weighted]


def leaf(name: str, fields: tuple[str, ...] = FIELDS) -> nodes.Clause:
    return nodes.Clause([ASKED[name].part(frozenset(fields))])


def assert_scored(tree: nodes.Tree, expected: Scores, snapshot: Snapshot) -> None:
    scored = find_hits(tree, snapshot)
    held = [number for number, expected_score in enumerate(expected) if expected_score is not None]
    assert scored.documents.tolist() == held
    wanted = np.array([expected[number] for number in held], np.float32)
    assert scored.fill(wanted) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("fields", [FIELDS, FIELDS[:1], FIELDS[1:2], FIELDS[:2], FIELDS[1:]])
@pytest.mark.parametrize("name", ASKED)
def test_a_leaf_scores_as_one_term(name: str, fields: tuple[str, ...], snapshot: Snapshot) -> None:
    """The weighted frequencies of all terms of a leaf are summed, then saturated once."""
    assert_scored(leaf(name, fields), reference(name, fields), snapshot)


Scored = tuple[nodes.Tree, Scores]
"""A tree and its expected scores."""


def both(subtrees: Sequence[Scored]) -> Scored:
    together = [
        None if None in scores else math.fsum(score or 0 for score in scores)
        for scores in zip(*(scores for _, scores in subtrees), strict=True)
    ]
    return nodes.And([tree for tree, _ in subtrees]), together


def either(subtrees: Sequence[Scored]) -> Scored:
    together = [
        None if all(score is None for score in scores) else math.fsum(s or 0 for s in scores)
        for scores in zip(*(scores for _, scores in subtrees), strict=True)
    ]
    return nodes.Or([tree for tree, _ in subtrees]), together


def negated(subtree: Scored) -> Scored:
    tree, scores = subtree
    return nodes.Not(tree), [0.0 if score is None else None for score in scores]


def filtered(field: str, value: str, tree: nodes.Tree) -> Scored:
    return tree, [0.0 if holds(each, field, value) else None for each in MADE]


LEAVES: st.SearchStrategy[Scored] = st.builds(
    lambda name, fields: (leaf(name, fields), reference(name, fields)),
    st.sampled_from(sorted(ASKED)),
    st.sampled_from([FIELDS, FIELDS[:1], FIELDS[:2]]),
)
UNSCORED: st.SearchStrategy[Scored] = st.sampled_from(
    [
        (nodes.Every(), [0.0] * len(MADE)),
        filtered("region", "North", nodes.Filter("region", ("North",))),
        filtered("year", "2002..2004", nodes.Filter("year", low="2002", high="2004")),
    ]
)
TREES: st.SearchStrategy[Scored] = st.recursive(
    LEAVES | LEAVES | UNSCORED,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(both),
        st.lists(inner, min_size=1, max_size=3).map(either),
        inner.map(negated),
    ),
    max_leaves=7,
)


@given(asked=TREES)
def test_scores_of_a_tree_add_up(asked: Scored, snapshot: Snapshot) -> None:
    assert_scored(*asked, snapshot)
