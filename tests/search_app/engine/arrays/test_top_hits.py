"""A page of hits equals the same slice of the fully sorted list."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple, get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.codec.segment.editions import NO_FAMILY
from search_app.engine.arrays.scoring import collapse_editions, top_hits
from search_app.engine.request import Sort

FEW_SCORES = (0.0, 0.5, 1.0, 1.0000001, 2.5)
ORDERS: tuple[Sort, ...] = get_args(Sort)[1:]
SORTS: st.SearchStrategy[Sort] = st.sampled_from(get_args(Sort))


class Listed(NamedTuple):
    """Some of all publications, their scores, and the rank of every publication in each order."""

    documents: NDArray[np.int32]
    scores: NDArray[np.float32]
    ranks: dict[str, NDArray[np.int32]]


def thrown(seed: int, size: int, scores: tuple[float, ...]) -> Listed:
    """Return a list of `size` publications with many ties. The ranks are random permutations."""
    random = Random(seed)
    everything = size + random.randrange(10)
    documents = sorted(random.sample(range(everything), size))
    return Listed(
        np.array(documents, np.int32),
        np.array([random.choice(scores) for _ in documents], np.float32),
        {name: np.array(random.sample(range(everything), everything), np.int32) for name in ORDERS},
    )


LISTS = st.builds(
    thrown,
    st.integers(0, 2**32),
    st.integers(0, 80),
    st.lists(st.sampled_from(FEW_SCORES), min_size=1, max_size=4).map(tuple),
)


def plainly(listed: Listed, sort: Sort) -> list[int]:
    documents, scores, ranks = listed
    key: Callable[[int], tuple[float, int]] = lambda at: (  # noqa: E731
        -float(scores[at]) if sort == "relevance" else 0.0,
        int(ranks["newest" if sort == "relevance" else sort][documents[at]]),
    )
    return sorted(range(len(documents)), key=key)


@given(listed=LISTS, sort=SORTS, first=st.integers(0, 90), size=st.integers(0, 90))
def test_a_page_is_a_slice_of_the_sorted_list(
    listed: Listed, sort: Sort, first: int, size: int
) -> None:
    page = slice(first, first + size)
    assert top_hits(*listed, sort, page).tolist() == plainly(listed, sort)[page]


@given(listed=LISTS, sort=st.sampled_from(ORDERS))
def test_without_scores_the_order_decides(listed: Listed, sort: Sort) -> None:
    unscored = top_hits(listed.documents, None, listed.ranks, sort, slice(0, 10))
    assert unscored.tolist() == plainly(listed, sort)[:10]


@given(listed=LISTS, sort=SORTS, size=st.integers(1, 30), seed=st.integers(0, 2**32))
def test_a_folded_list_has_the_first_of_each_family(
    listed: Listed, sort: Sort, size: int, seed: int
) -> None:
    """The pages of a folded list have the first edition of each family, in order."""
    random = Random(seed)
    family = [random.choice((NO_FAMILY, NO_FAMILY, 0, 1, 2)) for _ in listed.ranks["newest"]]
    expected, seen = [], set()
    for at in plainly(listed, sort):
        its = family[listed.documents[at]]
        if its not in seen:
            expected.append(int(listed.documents[at]))
        seen |= {its} - {NO_FAMILY}
    documents, scores, ranks = listed
    stays = collapse_editions(documents, scores, ranks, sort, np.array(family, np.int32))
    left, theirs = documents[stays], scores[stays]
    pages = [
        left[top_hits(left, theirs, ranks, sort, slice(first, first + size))].tolist()
        for first in range(0, len(left) + size, size)
    ]
    assert [each for page in pages for each in page] == expected
