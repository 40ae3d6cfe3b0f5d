"""`a NEAR/5 b`: words within a number of words of each other, in either order."""

from itertools import chain, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from search_app.engine.query.grammar import MAX_DISTANCE, QueryToken, lex, parse_structure
from search_app.engine.results import TextRun
from tests.search_app.engine.full_texts import find, list_ids, searching, throw
from tests.tiers import examples

FORMS = {
    "organ": ["organ"], "organs": ["organ"], "vict*": ["victim"], '"border police"': [],
    "polise~": ["police", "polise"], "law": ["law"],
}  # fmt: skip
"""Operands, and the words that they match. The phrase matches two words next to each other."""


def find_spans(words: list[str], operand: str) -> list[tuple[int, int]]:
    if operand.startswith('"'):
        pairs = pairwise(words)
        return [(at, at + 1) for at, pair in enumerate(pairs) if pair == ("border", "police")]
    return [(at, at) for at, word in enumerate(words) if word in FORMS[operand]]


def are_near(words: list[str], left: str, right: str, distance: int) -> bool:
    return any(
        0 < max(a[0], b[0]) - min(a[1], b[1]) <= distance
        for a in find_spans(words, left)
        for b in find_spans(words, right)
    )


@examples(60)
@given(
    seed=st.integers(0, 2**32),
    left=st.sampled_from([*FORMS]),
    right=st.sampled_from([*FORMS]),
    distance=st.integers(1, 6),
    inside=st.booleans(),
)
@example(seed=24908, left='"border police"', right='"border police"', distance=2, inside=True)
def test_near_finds_words_at_most_so_far_apart(
    seed: int, left: str, right: str, distance: int, inside: bool
) -> None:
    """It finds just the publications with a field or a page in which both are near.

    The order of the two makes no difference. What is marked in a hit is near, and the explanation
    has the score.
    """
    made, texts = throw(seed)
    with searching(made, texts) as searcher:
        expected = {
            each.id
            for each in made
            for text in chain(
                (each.title, each.summary or ""),
                (page for text in texts.get(each.id, {}).values() for page in text.pages)
                if inside
                else (),
            )
            if are_near(tokenizer.split_words(text), left, right, distance)
        }
        query = f"{left} NEAR/{distance} {right}"
        found = find(searcher, query, inside=inside, match="all", size=50, explain=True)
        assert {*list_ids(found)} == expected
        turned = f"{right} NEAR/{distance} {left}"
        assert list_ids(find(searcher, turned, inside=inside, match="all", size=50)) == (
            list_ids(found)
        )
        for hit in found.hits:
            assert hit.explanation is not None
            assert hit.score == pytest.approx(hit.explanation.score, abs=1e-4)
            if any(run.marked for run in hit.title):
                assert are_near(list_words(hit.title), left, right, distance)


def list_words(runs: tuple[TextRun, ...]) -> list[str]:
    """Return the words of a title, of which those without a mark become a dash."""
    return [word if run.marked else "-" for run in runs for word in tokenizer.split_words(run.text)]


def describe(text: str) -> list[str]:
    """Return the elements of a query: `field|-|text` of each `near`, and the words of others."""
    described = []
    for element in parse_structure(lex(text)).elements:
        if isinstance(element, QueryToken) and element.near:
            minus = "-" if element.negated else ""
            described.append(f"{minus}{element.field or ''}<{element.text}>")
        elif isinstance(element, QueryToken):
            described.append(element.text)
        else:
            described.append(str(getattr(element, "words", None) or getattr(element, "name", "()")))
    return described


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a NEAR/5 b", ["<a NEAR/5 b>"]),
        ('x "a b" NEAR/2 c* y', ["['x']", '<"a b" NEAR/2 c*>', "['y']"]),
        ("title:a NEAR/5 b", ["title<a NEAR/5 b>"]),
        ("-a NEAR/5 b", ["-<a NEAR/5 b>"]),
        ("a NEAR/5 b NEAR/3 c", ["<a NEAR/5 b>", "<b NEAR/3 c>"]),
        ("a NEAR/5 b OR c", ["<a NEAR/5 b>", "OR", "['c']"]),
        ("NOT a NEAR/5 b", ["NOT", "<a NEAR/5 b>"]),
        (f"a NEAR/{MAX_DISTANCE + 1} b", [f"<a NEAR/{MAX_DISTANCE} b>"]),
        # An operator that joins nothing is read as words.
        ("a NEAR/5", ["['a', 'NEAR/5']"]),
        ("NEAR/5 b", ["['NEAR/5', 'b']"]),
        ("a NEAR/5 -b", ["['a', 'NEAR/5']", "b"]),
        ("a NEAR/5 (b)", ["['a', 'NEAR/5']", "()"]),
        ("a NEAR/5 NEAR/4 b", ["['a', 'NEAR/5', 'NEAR/4', 'b']"]),
        ("a NEAR/0 b", ["['a', 'NEAR/0', 'b']"]),
        ("a near/5 b", ["['a', 'near/5', 'b']"]),
        ("a NEAR b", ["['a', 'NEAR', 'b']"]),
        ("a NEAR/5 ?! b", ["['a', 'NEAR/5', '?!', 'b']"]),
    ],
)
def test_near_joins_the_words_beside_it(text: str, expected: list[str]) -> None:
    assert describe(text) == expected
