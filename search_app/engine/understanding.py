"""What was typed is understood: as it stands, with other names for things, or spelt otherwise.

The first way that leads to a publication is taken: all words, with what else the things among
them are called; the same with likelier words in place of unknown ones; any of the words. The
words alone decide that, before any filter, so that no tick flips it.
"""

from __future__ import annotations

from itertools import islice, product
from typing import NamedTuple

import msgspec
import numpy as np
from whoosh import query

from indexer import analysis
from indexer.fields import MISSING, Field
from indexer.folding import fold
from indexer.schema import exact
from search_app.engine import concepts, spelling, things
from search_app.engine.bounds import bounded
from search_app.engine.nodes import Leaf, leaves
from search_app.engine.parse import Parsed, parse
from search_app.engine.reading import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.score import Ranking, ranked
from search_app.engine.snapshot import Documents, Snapshot
from search_app.engine.stages import Stopwatch

ENOUGH = (0, 0, 3, 6, 10)
"""Of so many words (of four, where there are more), so many publications must have all; where
fewer have, any of the words is enough."""
FEW = ENOUGH[-1]
NO_SCORES, NONE = np.zeros(0, np.float32), np.zeros(0, np.int32)


class Understood(NamedTuple):
    """A query as it was read, what its words find, and how it came to that.

    `corrected` is the text that was searched for in place of what was typed, `relaxed` says
    that any of the words is enough, though those that are `strict` have all of them. `left_out`
    has what would have cost too much; `tree` is what `base` was found and scored by, without it.
    """

    parsed: Parsed
    base: Ranking | None
    left_out: tuple[str, ...] = ()
    relaxed: bool = False
    corrected: str | None = None
    tree: query.Query | None = None
    strict: Documents = NONE

    @property
    def is_too_narrow(self) -> bool:
        """Whether so few publications have all of the words that more are wanted."""
        if self.base is None or len(self.base.documents) >= FEW:
            return False
        words = sum(1 for _ in islice(leaves(self.parsed.words), len(ENOUGH) - 1))
        return len(self.base.documents) < ENOUGH[words]

    @property
    def is_empty(self) -> bool:
        """Whether words were typed that no publication answers."""
        return self.base is not None and not len(self.base.documents)


def understood(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch) -> Understood:
    """The query, in the first way in which it leads to a publication; else as it was typed."""
    vocabulary = _vocabulary(request, snapshot)
    joined = query.Or if request.match == "any" else query.And
    typed = _found(request.text, vocabulary, joined, snapshot, watch)
    if _is_enough(typed, request):
        return typed
    ways = [typed]
    corrected = None if request.exact else spelling.of(snapshot).corrected(request.text, most=0)
    if corrected:
        spelt = _found(corrected, vocabulary, joined, snapshot, watch)
        ways.insert(0, spelt._replace(corrected=corrected))
        if _is_enough(ways[0], request):
            return ways[0]
    if request.match == "all":
        return typed
    # A name that nothing has is words like others, in the end.
    just_words: Vocabulary = msgspec.structs.replace(vocabulary, things=None)
    way: Understood
    for way, names in product(ways, (vocabulary, just_words)):
        again = _found(way.corrected or request.text, names, query.Or, snapshot, watch)
        if again.parsed.words not in (None, typed.parsed.words) and not again.is_empty:
            is_relaxed = request.match == "auto"
            strict = way.base.documents if way.base else NONE
            if again.base and len(again.base.documents) == len(strict):
                return way  # any of the words finds no other
            return again._replace(relaxed=is_relaxed, corrected=way.corrected, strict=strict)
    return typed


def _is_enough(read: Understood, request: SearchRequest) -> bool:
    """Whether what a query finds is to be shown, with no other way tried."""
    is_open = request.match == "auto" and not request.exact
    return not read.is_empty and not (is_open and read.is_too_narrow)


def as_typed(text: str, snapshot: Snapshot) -> Understood:
    """What all words of a text find as they stand, things among them by all their names."""
    vocabulary = _vocabulary(SearchRequest(text), snapshot)
    return _found(text, vocabulary, query.And, snapshot, Stopwatch())


def _vocabulary(request: SearchRequest, snapshot: Snapshot) -> Vocabulary:
    # Without words there is nothing to recognise, and an index that was just opened is quicker.
    if request.exact or not request.text:
        return snapshot.once("words", lambda: _words_of(snapshot))
    return snapshot.once("vocabulary", lambda: _words_and_things_of(snapshot))


def _words_of(snapshot: Snapshot) -> Vocabulary:
    return Vocabulary(
        snapshot.catalogue,
        lambda field, text: _named(field, text, snapshot),
        snapshot.stems,
        snapshot.frequency,
        snapshot.at_home,
        snapshot.languages,
        snapshot.read,
    )


def _words_and_things_of(snapshot: Snapshot) -> Vocabulary:
    known = concepts.of(snapshot)
    return msgspec.structs.replace(_words_of(snapshot), things=known if known.things else None)


def _found(
    text: str,
    vocabulary: Vocabulary,
    joined: type[query.CompoundQuery],
    snapshot: Snapshot,
    watch: Stopwatch,
) -> Understood:
    parsed = parse(text, vocabulary, joined)
    watch.lap("parse")
    if parsed.words is None:
        return Understood(parsed, None)
    tree, left_out = bounded(parsed.words, snapshot)
    if tree is None:
        base = Ranking(snapshot.everything[:0], NO_SCORES)
    else:
        tree = _preferring(tree, text, parsed.spoken, snapshot)
        base = ranked(tree, snapshot)
    watch.lap("match")
    return Understood(parsed, base, left_out, tree=tree)


def _preferring(
    tree: query.Query, text: str, spoken: frozenset[str], snapshot: Snapshot
) -> query.Query:
    """The tree, some of what it finds before the rest.

    That is what there is in a language that was spoken, and what has a value of a facet that is
    called as all that was typed: a series, say, or a venue.
    """
    if spoken:
        others = spoken - set(snapshot.languages[:1])
        terms = [
            query.Term(exact(row), language)
            for row in snapshot.catalogue.facets
            if row.kind == "language"
            for language in sorted(others)
            if language in snapshot.columns[row.name].ordinal
        ]
        tree = query.AndMaybe(tree, Leaf(terms)) if terms else tree
    called = _open_values(snapshot).get(_name(text, snapshot)) if " " in text else None
    return query.AndMaybe(tree, Leaf(called, text)) if called else tree


def _name(text: str, snapshot: Snapshot) -> tuple[str, ...]:
    """A name whatever its case, accents and inflection: its stems in the catalogue's language."""
    raws = (raw for piece in text.split() for raw in analysis.words(piece))
    return tuple([snapshot.stems(raw)[0] for raw in raws])


def _open_values(snapshot: Snapshot) -> dict[tuple[str, ...], list[query.Query]]:
    """What asks for the values of facets that can't be recognised within a text, by their names."""
    return snapshot.once("open values", lambda: _by_name(snapshot))


def _by_name(snapshot: Snapshot) -> dict[tuple[str, ...], list[query.Query]]:
    called: dict[tuple[str, ...], list[query.Query]] = {}
    for row in snapshot.catalogue.facets:
        if not things.is_told(row):
            for value in snapshot.columns[row.name].values:
                name = () if value == MISSING else _name(value, snapshot)
                if len(name) > 1:
                    called.setdefault(name, []).append(query.Term(exact(row), value))
    return called


def _named(field: Field, text: str, snapshot: Snapshot) -> list[str]:
    """The values that a text names, as a code or a label; else those that have its words."""
    language = snapshot.catalogue.language
    labels = {
        value: fold(field.missing if value == MISSING else field.display(value, language))
        for value in snapshot.columns[field.name].values
    }
    wanted = fold(text)
    exactly = [value for value in labels if wanted in (labels[value], fold(value))]
    words = set(wanted.split())
    return exactly or [value for value in labels if words and words <= set(labels[value].split())]
