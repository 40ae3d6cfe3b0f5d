"""The results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.relevance.bm25f import Constants
from benchmarks.relevance.measures import MEASURES, NDCG
from benchmarks.relevance.results import Bar, Results, SetResult
from benchmarks.relevance.tuning import GRID, HALVINGS, Choice

_HEAD = """\
# How well the ranking answers

Written by `make relevance` on {date}: a change belongs into `benchmarks/relevance`. The figures
of every query are in `relevance/results.json`, beside this page.
"""

_METHOD = """\
## Method

A judged set is documents, queries, and people's word on which documents answer which query.
Every system gets the same documents (id, title, text) and the same queries, and gives the
thousand best. Only the order of its list counts. Measured by ir-measures: nDCG@10, MAP (to a
depth of 1,000) and recall@100. A document without a grade counts as not relevant, and so does
a grade below 1; queries without a relevant document are left out.

A query is its words, folded and parted by spaces, up to 500, so that no mark in it is an
operator; any word may match. Only *as typed* and *by meaning* are this engine's default path on
the text as it stands: all words, unless none or few have them. *By meaning* is an index built with
the extra `semantic`. The engine is this checkout's, from JSON Lines
through the indexer to a published generation; a title counts {weight:g} times, a text once.

The peers are set as their documentation recommends, and nothing in them was chosen on these
sets. *Weighed* is a peer with this project's title weight and, where it has no stop words of
its own, this project's: what is left of the distance when both know the same.

A difference is the mean over queries of this engine's nDCG@10 less the peer's. Its interval
(95 %) comes of drawing as many queries with replacement, 10,000 times; *chance* is how often a
mean as far from 0 comes up when it is tossed for each query which system had which figure. An
interval across 0 is noise: these queries can't tell the two apart.
"""

_CONSTANTS = """\
## Constants

BM25F leaves four numbers open: k1, how much the length of a title and of a text counts (b), and
the weight of a title. Queries were shuffled and halved. Each half chose the best of {tried} by
nDCG@10; the other half, which had no part in it, says what that was worth. They were tried on a
reference in NumPy, which gave the engine's scores to within {largest:.0e} on the engine's own
constants; a run fails if it does not.

*Together* is one choice for all sets, each counting the same: what a default could gain. One
halving is itself chance, hence the mean of {halvings} of them below.
"""


_CATALOGUE = """\
## The catalogue's own queries

`tests/relevance/catalogue.toml` has queries as practitioners type them, each judged against all 136
entries, 0 to 3, with reasons. The figure is nDCG@10, a grade g being worth 2^g - 1; *only the words
typed* is the same index with `exact=1`: no thesaurus, no facts, no correction. *By meaning* is an
index built with the extra `semantic`, searched as usual. The thesaurus
was mended with these queries in sight, so they say what was gained, not what a new query may hope
for.

"""


def report(results: Results) -> str:
    """The whole page."""
    weight = results.standing.title_weight
    parts = [
        _HEAD.format(date=results.date),
        _verdict(results.sets),
        *(_measure(name, results.sets) for name in MEASURES),
        _bars(results.sets),
        _others(results.sets),
        _constants(results),
        _catalogue(results),
        _METHOD.format(weight=weight),
        _held(results),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its first column is text, the others are figures."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _verdict(sets: Sequence[SetResult]) -> str:
    """Which bars are met, in a sentence."""
    bars = [(each.name, bar) for each in sets for bar in each.bars]
    missed = [f"{bar.peer} on {name}" for name, bar in bars if not bar.is_met]
    if not missed:
        return f"All {len(bars)} bars are met.\n"
    return f"{len(bars) - len(missed)} of {len(bars)} bars are met; not met: {', '.join(missed)}.\n"


def _measure(name: str, sets: Sequence[SetResult]) -> str:
    """One measure of all systems on all sets, the best of each set in bold."""
    best = {each.name: max(line.means[name] for line in each.lines) for each in sets}

    def cell(each: SetResult, number: int) -> str:
        mean = each.lines[number].means[name]
        return f"**{mean:.3f}**" if mean == best[each.name] else f"{mean:.3f}"

    systems = [line.system for line in sets[0].lines]
    rows = [
        [f"{system.name}: {system.setting}", *(cell(each, number) for each in sets)]
        for number, system in enumerate(systems)
    ]
    return f"## {name}\n\n" + _table(["", *(each.name for each in sets)], rows)


def _bars(sets: Sequence[SetResult]) -> str:
    """How far ahead of each rival, and whether that is far enough."""
    rows = [
        [f"{each.name}, {bar.peer}", _needed(bar), *_difference(each, bar.peer),
         "yes" if bar.is_met else "**no**"]
        for each in sets for bar in each.bars
    ]  # fmt: skip
    head = ["against", "needed", *_DIFFERENCE_HEAD, "met"]
    return f"## The bars, in {NDCG}\n\n" + _table(head, rows)


_DIFFERENCE_HEAD = ("ahead by", "95 %", "chance", "better / worse / equal")


def _needed(bar: Bar) -> str:
    return "ahead" if bar.needed == 0 else f"{bar.needed:+.3f}"


def _difference(each: SetResult, name: str) -> list[str]:
    apart = each.differences[name]
    return [
        f"{apart.mean:+.3f}",
        f"{apart.low:+.3f} to {apart.high:+.3f}",
        f"{apart.chance:.3f}" if apart.chance >= 0.001 else "< .001",
        f"{apart.better} / {apart.worse} / {apart.equal}",
    ]


def _others(sets: Sequence[SetResult]) -> str:
    """The same for the systems that no bar is about."""
    rows = [
        [f"{each.name}, {line.system.name}", *_difference(each, line.system.name)]
        for each in sets for line in each.lines[1:] if not line.system.is_rival
    ]  # fmt: skip
    intro = "Against its own default path, and against peers set otherwise:\n\n"
    return intro + _table(["against", *_DIFFERENCE_HEAD], rows)


def _constants(results: Results) -> str:
    """What each half chose, and what the other half says of it."""
    largest = max(each.largest_difference for each in results.sets)
    text = _CONSTANTS.format(tried=len(GRID), largest=largest, halvings=HALVINGS)
    rows = [["the engine's", *_values(results.standing), "", "", ""]]
    for each in results.sets:
        rows += _choices(each.name, each.choices)
    rows += _choices("together", results.together)
    rows += [
        [f"together, {gain.free}, {HALVINGS} halvings", "", "", "", "",
         *_gain(gain.held_out, gain.standing)]
        for gain in results.gains
    ]  # fmt: skip
    head = ["chosen by", "k1", "b title", "b text", "weight",
            "held out, chosen", "held out, engine's", "gain"]  # fmt: skip
    return text + "\n" + _table(head, rows)


def _catalogue(results: Results) -> str:
    """The catalogue's own queries, kind by kind."""
    rows = [
        [
            each.name,
            str(each.queries),
            f"{each.exact:.3f}",
            f"{each.understood:.3f}",
            f"{each.meant:.3f}",
        ]
        for each in results.catalogue
    ]
    return _CATALOGUE + _table(
        ["kind", "queries", "only the words typed", "as usual", "by meaning"], rows
    )


def _values(constants: Constants) -> list[str]:
    values = (constants.k1, constants.b_title, constants.b_summary, constants.title_weight)
    return [f"{value:g}" for value in values]


def _choices(name: str, choices: Sequence[Choice]) -> list[list[str]]:
    """A row for each half, and one with the means of both."""
    rows, pairs = [], []
    for each in choices:
        means = _mean(each.held_out), _mean(each.standing)
        pairs.append(means)
        rows.append([f"{name}, half {each.chosen_on}", *_values(each.constants), *_gain(*means)])
    both = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    return [*rows, [f"{name}, both", "", "", "", "", *_gain(*both)]]


def _mean(figures: dict[str, float]) -> float:
    return sum(figures.values()) / len(figures)


def _gain(held_out: float, standing: float) -> list[str]:
    return [f"{held_out:.3f}", f"{standing:.3f}", f"{held_out - standing:+.3f}"]


def _held(results: Results) -> str:
    """What the sets hold, what was left out, and the versions."""
    rows = [
        [each.name, f"{each.documents:,}", str(len(each.queries)),
         ", ".join(each.empty) or "none"]
        for each in results.sets
    ]  # fmt: skip
    sets = _table(["set", "documents", "queries", "left out, being empty"], rows)
    missing = ", ".join(results.missing)
    told = f"\nNot installed, so not compared: {missing}.\n" if missing else ""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return f"## What took part\n\n{sets}{told}\n{versions}.\n"
