"""Notes on how a query was interpreted, with links to other interpretations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from indexer.catalogue.fields import Catalogue
from search_app.engine.query.grammar import MOST_WORDS
from search_app.engine.query.year_expressions import YearExpression
from search_app.engine.results import Named, Results
from search_app.search_state import SearchState

MOST_NARROWER = 6
"""Maximum number of narrower concepts named above a list."""
MOST_NAMES = 4
"""Number of synonyms named above a list. The concepts of a query share it, but each shows at least
one."""


class Reading(msgspec.Struct, frozen=True):
    """An interpretation of the typed text: a line, the text of a link, and its URL.

    `total` is the number of hits behind the link, or 0 if it is not counted.
    """

    line: str
    link: str
    href: str
    total: int = 0

    @property
    def number(self) -> str:
        """The total, formatted for display."""
        return f"{self.total:,}"

    @property
    def alone(self) -> str:
        """The note as plain text. A line without a full stop ends with the link's text."""
        if self.total:
            return f"{self.line} {self.link}: {self.number}"
        return self.line if self.line.endswith(".") else f"{self.line} “{self.link}”?"


def notes(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[str]:
    """Yield a sentence for each part of the query that was dropped or not understood."""
    if results.ignored:
        yield (
            f"A search has at most {MOST_WORDS} words; the last {results.ignored:,} were left out."
        )
    for said in results.too_much:
        yield f"To answer in time, “{said}” was left out: it stands in too many places."
    for said, more in results.cut:
        yield f"“{said}” stands for too many words: the {more:,} rarest were left out."
    if not results.is_read:
        yield f"There is nothing in “{state.text}” to search for; this is everything."
    for name in results.unknown_fields:
        fields = ", ".join(row.name for row in catalogue.queryable)
        yield f"“{name}” is not a field that can be searched. The fields are: {fields}."
    for name, value in results.unknown:
        yield f"{catalogue.by_name[name].label}: no publication has “{value}” there."


def readings(results: Results, state: SearchState) -> Iterable[Reading]:
    """Yield the interpretations of the query, each with a link to another one."""
    typed = state.with_exact(exact=True).url()
    if results.corrected:
        line = f"Nothing has “{state.text}”: these are for “{results.corrected}”."
        yield Reading(line, f"Search for “{state.text}” as it was typed", typed)
    if results.years:
        words = " ".join(each.typed for each in results.years)
        lines = dict.fromkeys(map(_years, results.years))
        yield Reading(" ".join(lines), f"Search for “{words}” as words", typed)
    if results.strict:
        plural = "publication has" if results.strict == 1 else "publications have"
        line = f"Only {results.strict} {plural} all of these words; {relaxed(results)}."
        yield Reading(line, "Show only those with all", state.with_match("all").url())
    if results.any_word:
        plural = "publication matches" if results.total == 1 else "publications match"
        line = f"Only {results.total} {plural} this query."
        wider = state.with_match("any").url()
        yield Reading(line, "Search for any of the words", wider, results.any_word)
    if results.meant:
        words = state.with_semantic(semantic=False).url()
        yield Reading(_by_meaning(results), "Search by the words alone", words)
    if results.suggestion:
        meant = state.with_text(results.suggestion).url()
        yield Reading("Did you mean", f"{results.suggestion}", meant)
    if results.named:
        yield Reading(_also(results.named), "Search only for the words typed", typed)
    if state.exact:
        usual = state.with_exact(exact=False).url()
        yield Reading(
            "Only the words as typed are searched for.", "Search for other names too", usual
        )


def _also(named: Sequence[Named]) -> str:
    """Return the synonyms and narrower concepts that were searched for, as sentences."""
    few = max(1, MOST_NAMES // len(named))
    names = dict.fromkeys(name for each in named for name in each.also[:few])
    kinds = [*dict.fromkeys(name for each in named for name in each.narrower)]
    more = [f"{len(kinds) - MOST_NARROWER} more"] if len(kinds) > MOST_NARROWER else []
    listed = "; ".join([*kinds[:MOST_NARROWER], *more])
    also = f"Also searching: {'; '.join(names)}." if names else ""
    narrower = f"Also narrower subjects: {listed}." if kinds else ""
    return " ".join(filter(None, (also, narrower)))


def relaxed(results: Results) -> str:
    """Return what the hits of a relaxed query match, as a part of a sentence."""
    if not results.kept:
        return "these have any of them"
    kept = " and ".join([f"“{each}”" for each in results.kept])
    return f"these have {kept}, with or without the others"


def _years(expression: YearExpression) -> str:
    """Return how a year expression was read, as a sentence."""
    first, last = expression.first, expression.last
    if first is None and last is None:
        meaning = "puts the newest of the best matches first"
    elif first == last:
        meaning = f"means published in {first}"
    elif last is None:
        meaning = f"means published in {first} or later"
    elif first is None:
        meaning = f"means published in {last} or earlier"
    else:
        meaning = f"means published from {first} to {last}"
    return f"“{expression.typed}” {meaning}."


def _by_meaning(results: Results) -> str:
    """Return how many hits match by similar meaning only, as a sentence."""
    if results.meant == results.total:
        these = "this one has" if results.total == 1 else f"these {results.total} have"
        return f"No publication has these words; {these} a similar meaning."
    these = "1 of these has" if results.meant == 1 else f"{results.meant} of these have"
    return f"{these} other words, with a similar meaning."
