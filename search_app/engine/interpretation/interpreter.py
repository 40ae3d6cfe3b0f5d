"""Query interpretation: choose how to read a query, from strict to relaxed.

The readings are all words with their synonyms, the same with corrected spelling, and any of the
words. The first reading with enough hits is used. Filters do not affect the choice, so selecting
a facet value never changes how the words are read. A query with operators is relaxed only if it
has no hits. Then any of the words is enough, except where an operator joins them.
"""

from __future__ import annotations

from itertools import islice, product
from typing import NamedTuple

import msgspec
import numpy as np
from whoosh import query

from indexer.analysis.folding import fold
from indexer.catalogue.fields import MISSING, Field
from search_app.engine.arrays.bm25f import Ranking, ranked
from search_app.engine.arrays.cost import bounded
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation import entities, entity_linker, spellcheck
from search_app.engine.interpretation.boosts import preferring
from search_app.engine.interpretation.required_clauses import facts_kept
from search_app.engine.query.clause_builder import Pieces, Vocabulary
from search_app.engine.query.nodes import leaves
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Documents, Snapshot

ENOUGH = (0, 0, 3, 6, 10)
"""Minimum number of documents that match all clauses, by the number of clauses (at most 4).

If fewer match, any of the words is enough.
"""
FEW = ENOUGH[-1]
"""A query with fewer hits may be relaxed, and semantic search may add documents to it."""
NO_SCORES, NONE = np.zeros(0, np.float32), np.zeros(0, np.int32)


class Understood(NamedTuple):
    """A query as it was interpreted, with its hits before filters.

    `base`: the hits; None if no words were typed.
    `left_out`: the texts of clauses that were dropped because they cost too much.
    `relaxed`: any of the words is enough. `strict` has the documents that match all words.
    `corrected`: the text that was searched for instead of the text as typed.
    `tree`: the tree that produced `base`, without the dropped clauses.
    `kept`: the texts of places, languages and years that stay mandatory in a relaxed query.
    """

    parsed: Parsed
    base: Ranking | None
    left_out: tuple[str, ...] = ()
    relaxed: bool = False
    corrected: str | None = None
    tree: query.Query | None = None
    strict: Documents = NONE
    kept: tuple[str, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Return whether so few documents match that the query should be relaxed."""
        if self.base is None or len(self.base.documents) >= FEW:
            return False
        words = sum(1 for _ in islice(leaves(self.parsed.words), len(ENOUGH) - 1))
        return len(self.base.documents) < ENOUGH[words]

    @property
    def is_strict(self) -> bool:
        """Return whether the query was not relaxed because it has operators."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Return whether the query has words but no hits."""
        return self.base is not None and not len(self.base.documents)


class Way(NamedTuple):
    """A way to read a query.

    `joined` is And or Or. If `keeps_facts`, places, languages and years stay mandatory.
    """

    vocabulary: Vocabulary
    joined: type[query.CompoundQuery] = query.And
    pieces: Pieces = "one"
    keeps_facts: bool = False


def understood(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch) -> Understood:
    """Return the first interpretation with enough hits; if none has any, the query as typed."""
    vocabulary = _vocabulary(request, snapshot)
    way = Way(vocabulary, query.Or, "apart") if request.match == "any" else Way(vocabulary)
    typed = _found(request.text, way, snapshot, watch)
    if _is_enough(typed, request):
        return typed
    readings = [typed]
    corrected = None if request.exact else spellcheck.of(snapshot).corrected(request.text)
    if corrected:
        spelt = _found(corrected, way, snapshot, watch)
        readings.insert(0, spelt._replace(corrected=corrected))
        if _is_enough(readings[0], request):
            return readings[0]
    if request.match == "all":
        return typed
    for read, lenient in product(readings, _lenient(way)):
        again = _found(read.corrected or request.text, lenient, snapshot, watch)
        if again.parsed.words not in (None, typed.parsed.words) and not again.is_empty:
            return _relaxed(read, again) if request.match == "auto" else again
    return typed


def _lenient(way: Way) -> list[Way]:
    """Return the relaxed ways to read a query, in the order in which they are tried.

    The last ones treat the words of a name as separate words, in case no document has the name.
    """
    just_words: Vocabulary = msgspec.structs.replace(way.vocabulary, things=None)
    if way.joined is query.Or:
        return [way._replace(vocabulary=just_words)]
    return [
        Way(vocabulary, query.Or, "both", keeps_facts=keeps)
        for vocabulary, keeps in product((way.vocabulary, just_words), (True, False))
    ]


def _relaxed(read: Understood, again: Understood) -> Understood:
    """Return the relaxed interpretation, unless it adds no hits to the strict one."""
    strict = read.base.documents if read.base else NONE
    if again.base is None or len(again.base.documents) == len(strict):
        return read
    return again._replace(relaxed=True, corrected=read.corrected, strict=strict)


def _is_enough(read: Understood, request: SearchRequest) -> bool:
    """Return whether an interpretation has enough hits, so that no other one is tried."""
    is_open = request.match == "auto" and not request.exact and not read.parsed.has_operators
    return not read.is_empty and not (is_open and read.is_narrow)


def as_typed(text: str, snapshot: Snapshot) -> Understood:
    """Return the interpretation of a text as typed: all words, with synonyms, uncorrected."""
    vocabulary = _vocabulary(SearchRequest(text), snapshot)
    return _found(text, Way(vocabulary), snapshot, Stopwatch())


def _vocabulary(request: SearchRequest, snapshot: Snapshot) -> Vocabulary:
    # Without words there is nothing to recognize, and loading the entities would take time.
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
    known = entity_linker.of(snapshot)
    return msgspec.structs.replace(_words_of(snapshot), things=known if known.things else None)


def _found(text: str, way: Way, snapshot: Snapshot, watch: Stopwatch) -> Understood:
    parsed = parse(text, way.vocabulary, way.joined, way.pieces)
    watch.lap("parse")
    if parsed.words is None:
        return Understood(parsed, None)
    wanted, kept = facts_kept(parsed.words, snapshot) if way.keeps_facts else (parsed.words, ())
    tree, left_out = bounded(wanted, snapshot)
    if tree is None:
        base = Ranking(snapshot.everything[:0], NO_SCORES)
    else:
        tree = preferring(tree, text, parsed.spoken, snapshot)
        base = ranked(tree, snapshot, lambda: watch.lap("match"))
    watch.lap("match")
    return Understood(parsed, base, left_out, tree=tree, kept=kept)


class _Names(NamedTuple):
    """The folded names of the values of a facet.

    `values` maps a name to its values. `with_word` maps a word to the names that contain it.
    """

    values: dict[str, list[str]]
    with_word: dict[str, list[str]]


def _named(field: Field, text: str, snapshot: Snapshot) -> list[str]:
    """Return the values that a text names by code or label, or whose names have all its words.

    The names of countries and languages are known in the six languages of the United Nations.
    """
    known = snapshot.once(f"names of {field.name}", lambda: _names(field, snapshot))
    wanted = fold(text)
    words = set(wanted.split())
    if wanted in known.values or not words:
        return known.values.get(wanted, [])
    rarest = min((known.with_word.get(word, []) for word in words), key=len)
    names = [name for name in rarest if words <= set(name.split())]
    return list(dict.fromkeys(value for name in names for value in known.values[name]))


def _names(field: Field, snapshot: Snapshot) -> _Names:
    """Return the names of the values of a facet."""
    known = _Names({}, {})
    for value in snapshot.columns[field.name].values:
        labels = [] if value == MISSING else entities.names(field, value, snapshot).values()
        every = [name for names in labels for name in names] or [field.missing]
        for name in dict.fromkeys(map(fold, (value, *every))):
            known.values.setdefault(name, []).append(value)
    for name in known.values:
        for word in set(name.split()):
            known.with_word.setdefault(word, []).append(name)
    return known
