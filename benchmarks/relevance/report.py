"""Render the results as a Markdown page."""

from collections.abc import Sequence

from benchmarks.relevance import default_mode
from benchmarks.relevance.bm25f import Constants
from benchmarks.relevance.known_results import DEPTH, NOT_MEASURED, KnownResults
from benchmarks.relevance.measures import MEASURES, NDCG
from benchmarks.relevance.results import Bar, Results, SetResult
from benchmarks.relevance.tables import DIFFERENCE_HEAD, difference_cells, table
from benchmarks.relevance.tuning import GRID, HALVINGS, Choice

_HEAD = """\
# Ranking quality

`make relevance` wrote this page on {date}. To change its text, edit `benchmarks/relevance`. The
file `relevance/results.json` contains the figures of every query.
"""

_METHOD = """\
## Method

A judged collection consists of documents, queries, and human judgments of which documents answer
which query. Every system gets the same documents (id, title, text) and the same queries. It returns
its top 1,000 documents, of which only the order counts. ir-measures computes nDCG@10, MAP (to a
depth of 1,000), and recall@100. A document without a grade, or with a grade below 1, is not
relevant. Queries without a relevant document are omitted.

A query consists of at most 500 folded words, separated by spaces. It contains no operators, and any
word may match. Only *default mode* and *semantic* search for the unchanged query text in the
engine's default mode. That mode requires all words, unless no or few documents contain them. It
has nearness, title matches, and feedback, whose constants were chosen on these collections. *Any
word* is the first stage without them (`exact=1`). *Semantic* uses an index built with the extra
`semantic`. The engine is that of this checkout, from JSON Lines through the indexer to a published
generation. A title has the weight {weight:g}, a text the weight 1.

The peers are configured as their documentation recommends. No option was tuned on these
collections. *Weighted* is a peer with this project's title weight. If it has no stop words of its
own, it also uses this project's. The remaining difference is then not due to these options.

A difference is the mean over queries of this engine's nDCG@10 minus the peer's. Its 95 % interval
comes from 10,000 bootstrap samples of the queries. *Chance* is the p-value of a randomization test,
which swaps the two figures of each query at random. If an interval contains 0, these queries cannot
separate the two systems.
"""

_CONSTANTS = """\
## Constants

BM25F has four free constants: k1, the length normalization (b) of titles and of texts, and the
weight of a title. The queries were shuffled and split into two halves. Each half chose the best of
{tried} combinations by nDCG@10. The other half, which had no part in the choice, evaluated it. The
combinations were tried on a reference implementation in NumPy. With the engine's own constants, its
scores differ from the engine's by at most {largest:.0e}. A run fails if they differ too much.

*Together* is one choice for all collections, each with the same weight. It shows how much other
defaults could gain. A single split has a random error. The last rows therefore show the mean of
{halvings} splits.
"""


_CATALOGUE = """\
## The catalogue's own queries

`tests/relevance/catalogue.toml` contains queries as practitioners type them. Each is judged against
all 136 entries, with grades from 0 to 3 and reasons. The figure is nDCG@10, where a grade g has the
gain 2^g - 1. *Typed words only* uses the same index with `exact=1`: no thesaurus, no facts, no
correction. *Semantic* uses an index built with the extra `semantic` in the default mode. The
thesaurus was improved with these queries in sight. The figures therefore show what was gained, not
what to expect of a new query.
"""


_KNOWN_ITEMS = """\
## Known items

A reader who knows a publication types its title or parts of it. {queries:,} papers were drawn with
a fixed seed from {papers:,} papers of a digital library. Their titles are unique and have at least
four words. Each kind of query asks for the same papers. A word is missing, two words are swapped,
or a word of at least five letters has one edit. The last kinds have three words of the title,
without stop words and in random order, with the family name of the first author or with the year.

The figure is the mean reciprocal rank: 1 if every paper ranks first, and 0.5 if every paper ranks
second. A paper below rank {depth} counts 0. This engine searches for the unchanged text in its
default mode. Authors are a field of names. The peers get the words, as in the judged collections,
and read authors and years as part of the text. They answer the first {shared} queries of each kind
only. The last columns show this engine with the same queries. {slow} was not measured.
"""


def report(results: Results) -> str:
    """Return the page."""
    weight = results.standing.title_weight
    parts = [
        _HEAD.format(date=results.date),
        _verdict(results.sets),
        *(_measure(name, results.sets) for name in MEASURES),
        _floors(results.sets),
        default_mode.render(results.sets),
        _bars(results.sets),
        _others(results.sets),
        _constants(results),
        _catalogue(results),
        _known_items(results.known_items),
        _METHOD.format(weight=weight),
        _held(results),
    ]
    return "\n".join(parts)


def _verdict(sets: Sequence[SetResult]) -> str:
    """Return a sentence that says which targets are met."""
    met = {f"{bar.peer} on {each.name}": bar.is_met for each in sets for bar in each.bars}
    for each in sets:
        met |= {f"{name} on {each.name}": mean >= floor for name, floor, mean in each.floors}
    missed = [name for name, is_met in met.items() if not is_met]
    if not missed:
        return f"All {len(met)} targets are met.\n"
    return (
        f"{len(met) - len(missed)} of {len(met)} targets are met. Not met: {', '.join(missed)}.\n"
    )


def _floors(sets: Sequence[SetResult]) -> str:
    """Return the table of the required figures of the default mode."""
    rows = [
        [f"{each.name}, {name}", f"{floor:.3f}", f"{mean:.4f}",
         "yes" if mean >= floor else "**no**"]
        for each in sets for name, floor, mean in each.floors
    ]  # fmt: skip
    head = ["collection, mode", "target", "measured", "met"]
    return f"## Targets of the default mode, in {NDCG}\n\n" + table(head, rows)


def _measure(name: str, sets: Sequence[SetResult]) -> str:
    """Return the table of one measure. The best figure of each collection is bold."""
    best = {each.name: max(line.means[name] for line in each.lines) for each in sets}

    def cell(each: SetResult, number: int) -> str:
        mean = each.lines[number].means[name]
        return f"**{mean:.3f}**" if mean == best[each.name] else f"{mean:.3f}"

    systems = [line.system for line in sets[0].lines]
    rows = [
        [f"{system.name}: {system.setting}", *(cell(each, number) for each in sets)]
        for number, system in enumerate(systems)
    ]
    return f"## {name}\n\n" + table(["", *(each.name for each in sets)], rows)


def _bars(sets: Sequence[SetResult]) -> str:
    """Return the lead over each rival, compared with the target."""
    rows = [
        [f"{each.name}, {bar.peer}", _needed(bar), *difference_cells(each.differences[bar.peer]),
         "yes" if bar.is_met else "**no**"]
        for each in sets for bar in each.bars
    ]  # fmt: skip
    head = ["collection, peer", "target", *DIFFERENCE_HEAD, "met"]
    return f"## Targets of any word, in {NDCG}\n\n" + table(head, rows)


def _needed(bar: Bar) -> str:
    return "ahead" if bar.needed == 0 else f"{bar.needed:+.3f}"


def _others(sets: Sequence[SetResult]) -> str:
    """Return the same table for the systems without a target."""
    rows = [
        [f"{each.name}, {line.system.name}", *difference_cells(each.differences[line.system.name])]
        for each in sets for line in each.lines[1:] if not line.system.is_rival
    ]  # fmt: skip
    intro = "Differences from its own default mode, and from peers with other options:\n\n"
    return intro + table(["collection, system", *DIFFERENCE_HEAD], rows)


def _constants(results: Results) -> str:
    """Return the constants chosen on each half, and their result on the other half."""
    largest = max(each.largest_difference for each in results.sets)
    text = _CONSTANTS.format(tried=len(GRID), largest=largest, halvings=HALVINGS)
    rows = [["the engine's", *_values(results.standing), "", "", ""]]
    for each in results.sets:
        rows += _choices(each.name, each.choices)
    rows += _choices("together", results.together)
    rows += [
        [f"together, {gain.free}, {HALVINGS} splits", "", "", "", "",
         *_gain(gain.held_out, gain.standing)]
        for gain in results.gains
    ]  # fmt: skip
    head = ["chosen by", "k1", "b title", "b text", "title weight",
            "held-out half, chosen", "held-out half, engine's", "gain"]  # fmt: skip
    return text + "\n" + table(head, rows)


def _catalogue(results: Results) -> str:
    """Return the results of the catalogue's own queries by kind."""
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
    return (
        _CATALOGUE
        + "\n"
        + table(["kind", "queries", "typed words only", "default mode", "semantic"], rows)
    )


def _known_items(results: KnownResults | None) -> str:
    """Return the MRR by kind of query, compared with the target."""
    if results is None:
        return "## Known items\n\nNot measured, because the file of papers is missing.\n"
    text = _KNOWN_ITEMS.format(
        queries=results.queries, papers=results.papers, shared=results.shared, depth=DEPTH,
        slow=", ".join(NOT_MEASURED),
    )  # fmt: skip
    rows = [
        [each.name, f"{each.target:.2f}", f"{each.mrr:.3f}", "yes" if each.is_met else "**no**",
         *(f"{mrr:.3f}" for mrr in each.shared.values())]
        for each in results.kinds
    ]  # fmt: skip
    shared = [f"{name}, {results.shared}" for name in results.kinds[0].shared]
    head = ["query", "target", f"pubsearch, {results.queries:,}", "met", *shared]
    return f"{text}\n{table(head, rows)}"


def _values(constants: Constants) -> list[str]:
    values = (constants.k1, constants.b_title, constants.b_summary, constants.title_weight)
    return [f"{value:g}" for value in values]


def _choices(name: str, choices: Sequence[Choice]) -> list[list[str]]:
    """Return a row for each half, and a row with the means of both."""
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
    """Return the sizes of the collections, the omitted documents, and the versions."""
    rows = [
        [each.name, f"{each.documents:,}", str(len(each.queries)),
         ", ".join(each.empty) or "none"]
        for each in results.sets
    ]  # fmt: skip
    sets = table(["collection", "documents", "queries", "empty documents, omitted"], rows)
    missing = ", ".join(results.missing)
    told = f"\nNot installed and therefore not compared: {missing}.\n" if missing else ""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return f"## Collections and versions\n\n{sets}{told}\n{versions}.\n"
