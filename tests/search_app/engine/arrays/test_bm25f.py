"""Scores are those of BM25F, as a plain reading of its formula gives them."""

from __future__ import annotations

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
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.tokenizer import Token
from indexer.catalogue import schema
from indexer.catalogue.fields import Field
from indexer.codec.segment.postings import B_SHORT, K1, B
from indexer.generations import directory
from search_app.engine.arrays.bm25f import found
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.catalogues import CATALOGUE, holds, index, throw

MADE = throw(seed=3, size=120)
FIELDS = tuple(field.name for field in CATALOGUE.searchable)

Scores = list[float | None]
"""The score of each publication; None where it isn't found."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The generated publications, indexed."""
    folder: Path = index(tmp_path_factory.mktemp("index"), MADE)
    return Snapshot(directory.current(folder))


class Asked(NamedTuple):
    """What a leaf asks of a field, and how often a text has it."""

    node: Callable[[str], query.Query]
    frequency: Callable[[list[Token]], int]


def word(part: Callable[[str], query.Query], meant: Callable[[Token], bool]) -> Asked:
    """A leaf that stands for single words."""
    return Asked(part, lambda text: sum(map(meant, text)))


def side_by_side(one: Token, other: Token) -> bool:
    """Whether two words are the phrase that is asked for."""
    is_next = other.position == one.position + 1
    return is_next and (one.stem, other.stem) == ("organ", "remov")


ASKED = {
    "a word": word(lambda f: query.Term(f, "victim"), lambda t: t.stem == "victim"),
    "a rare word": word(lambda f: query.Term(f, "west"), lambda t: t.stem == "west"),
    "a word as written": word(
        lambda f: query.Term(f, "=removal"), lambda t: t.written == "removal"
    ),
    "a phrase": Asked(
        lambda f: query.Phrase(f, ["organ", "remov"]),
        lambda text: sum(side_by_side(*two) for two in pairwise(text)),
    ),
    "a beginning": word(lambda f: query.Prefix(f, "=vi"), lambda t: t.written[:2] == "vi"),
    "any beginning": word(lambda f: query.Prefix(f, "="), lambda t: True),
    "a pattern": word(
        lambda f: query.Wildcard(f, "=*o*r*"),
        lambda t: t.written in ("organ", "border", "north"),
    ),
    "a likeness": word(
        lambda f: query.FuzzyTerm(f, "=nords", maxdist=2), lambda t: t.written == "north"
    ),
    "nothing": word(lambda f: query.Term(f, "zebra"), lambda t: False),
}  # fmt: skip


def text_of(number: int, field: Field) -> list[Token]:
    """The words of one field of a publication."""
    return list(tokenizer.tokens(schema.text_of(MADE[number], field, CATALOGUE), "en"))


@cache
def reference(name: str, fields: tuple[str, ...]) -> Scores:
    """BM25F of one leaf over some fields, the mean lengths to eight digits, in a dozen lines."""
    weighted = [0.0] * len(MADE)
    for field in (CATALOGUE.by_name[each] for each in fields):
        texts = [text_of(number, field) for number in range(len(MADE))]
        digits, exponent = math.frexp(sum(map(len, texts)) / sum(map(bool, texts)))
        mean = math.ldexp(round(digits * 256) / 256, exponent)
        b = B if field.role == "summary" else B_SHORT
        for number, text in enumerate(texts):
            frequency = ASKED[name].frequency(text)
            weighted[number] += field.weight * frequency / (1 - b + b * len(text) / mean)
    held = sum(w > 0 for w in weighted)
    rarity = math.log(1 + (len(MADE) - held + 0.5) / (held + 0.5))
    return [rarity * w * (K1 + 1) / (K1 + w) if w else None for w in weighted]


def leaf(name: str, fields: tuple[str, ...] = FIELDS) -> Leaf:
    """One thing asked over some fields."""
    return Leaf([ASKED[name].node(field) for field in fields])


def assert_scored(tree: query.Query, expected: Scores, snapshot: Snapshot) -> None:
    """A tree finds what is expected and nothing else, with these scores."""
    scored = found(tree, snapshot)
    held = [number for number, score in enumerate(expected) if score is not None]
    assert scored.documents.tolist() == held
    assert scored.scores == pytest.approx(
        np.array([expected[number] for number in held], np.float32), rel=1e-4
    )


@pytest.mark.parametrize("fields", [FIELDS, FIELDS[:1], FIELDS[1:2], FIELDS[:2], FIELDS[1:]])
@pytest.mark.parametrize("name", ASKED)
def test_a_leaf_scores_as_one_term(name: str, fields: tuple[str, ...], snapshot: Snapshot) -> None:
    """Frequencies of all that a leaf stands for are weighed and added, and saturated once."""
    assert_scored(leaf(name, fields), reference(name, fields), snapshot)


Scored = tuple[query.Query, Scores]
"""A tree, and what it is to find."""


def both(subtrees: Sequence[Scored]) -> Scored:
    """An AND: what all of them find, with the sum of their scores."""
    together = [
        None if None in scores else math.fsum(score or 0 for score in scores)
        for scores in zip(*(scores for _, scores in subtrees), strict=True)
    ]
    return query.And([tree for tree, _ in subtrees]), together


def either(subtrees: Sequence[Scored]) -> Scored:
    """An OR: what any of them finds, with the sum of their scores."""
    together = [
        None if all(score is None for score in scores) else math.fsum(s or 0 for s in scores)
        for scores in zip(*(scores for _, scores in subtrees), strict=True)
    ]
    return query.Or([tree for tree, _ in subtrees]), together


def negated(subtree: Scored) -> Scored:
    """A NOT: what its tree doesn't find, with no score."""
    tree, scores = subtree
    return query.Not(tree), [0.0 if score is None else None for score in scores]


def filtered(row: str, value: str, tree: query.Query) -> Scored:
    """A filter, with no score."""
    return tree, [0.0 if holds(each, row, value) else None for each in MADE]


LEAVES: st.SearchStrategy[Scored] = st.builds(
    lambda name, fields: (leaf(name, fields), reference(name, fields)),
    st.sampled_from(sorted(ASKED)),
    st.sampled_from([FIELDS, FIELDS[:1], FIELDS[:2]]),
)
UNSCORED: st.SearchStrategy[Scored] = st.sampled_from(
    [
        (query.Every(), [0.0] * len(MADE)),
        filtered("region", "North", query.Term("region.value", "North")),
        filtered("year", "2002..2004", query.TermRange("year.value", "2002", "2004")),
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
    """AND and OR add the scores of what matches; NOT, filters and everything give none."""
    assert_scored(*asked, snapshot)
