"""Compare the default mode with its first stage, by kind of query, and with the best peers."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.measures import MEASURES, NDCG
from benchmarks.relevance.paired import difference
from benchmarks.relevance.results import Line, SetResult
from benchmarks.relevance.tables import DIFFERENCE_HEAD, difference_cells, table

LENGTHS: Mapping[str, range] = {
    "1 to 3 words": range(4),
    "4 to 8 words": range(4, 9),
    "9 to 20 words": range(9, 21),
    "over 20 words": range(21, 501),
}
"""The kinds of queries by their number of words, without stop words."""

_TEXT = """\
## Gains of the default mode

The default mode minus *any word*, which is its first stage. Nearness works on queries of two to
four words, title matches on those of three and more, and feedback on those of four and more.
"""
_KINDS = """\
The same by kind of query, over all collections. Stop words do not count.
"""
_PEERS = """\
The default mode minus the best peer of each collection, whatever the options of the peer, in {}:
"""


def render(sets: Sequence[SetResult]) -> str:
    """Return the section: gains by collection, gains by kind of query, and the best peers."""
    gains = [
        [f"{each.name}, {measure}", *_gain([each], measure)]
        for measure in MEASURES
        for each in sets
    ]
    kinds = [
        [f"{kind}, {measure}", *_gain(sets, measure, lengths)]
        for measure in MEASURES
        for kind, lengths in LENGTHS.items()
        if any(length in lengths for each in sets for length in each.lengths)
    ]
    peers = [[f"{each.name}, {best.system.name}", *_lead(each, best)]
             for each in sets if (best := _best_peer(each))]  # fmt: skip
    head = ["collection, measure", "queries", "any word", "default mode", *DIFFERENCE_HEAD]
    parts = [_TEXT, table(head, gains), _KINDS, table(["kind, measure", *head[1:]], kinds)]
    if peers:
        parts += [_PEERS.format(NDCG), table(["collection, peer", *DIFFERENCE_HEAD], peers)]
    return "\n".join(parts)


def _gain(sets: Sequence[SetResult], measure: str, lengths: range = range(501)) -> list[str]:
    """Return the cells of a row: the queries of these lengths, both means, and the difference."""
    first_stage, default = (
        np.concatenate([each.lines[line].get_figures(measure)[_select(each, lengths)]
                        for each in sets])
        for line in (0, 1)
    )  # fmt: skip
    means = (f"{figures.mean():.3f}" for figures in (first_stage, default))
    return [str(len(default)), *means, *difference_cells(difference(default, first_stage))]


def _select(each: SetResult, lengths: range) -> NDArray[np.bool_]:
    return np.isin(each.lengths, lengths)


def _best_peer(each: SetResult) -> Line | None:
    """Return the peer with the highest nDCG@10, or None without any peer."""
    peers = each.lines[3:]
    return max(peers, key=lambda line: line.means[NDCG]) if peers else None


def _lead(each: SetResult, peer: Line) -> list[str]:
    return difference_cells(difference(each.lines[1].get_figures(), peer.get_figures()))
