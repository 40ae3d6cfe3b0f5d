"""What was typed is understood: as it stands, with other names for things, or spelt otherwise.

The first way that leads to a publication is taken: all words, with what else the things among
them are called; the same with likelier words in place of unknown ones; any of the words. The
words alone decide that, before any filter, so that no tick flips it. A query with operators is
read otherwise only if it finds nothing; then any of the words is enough, except where an operator
joins them.
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
"""Of so many words (of four, where there are more), so many publications must have all; where
fewer have, any of the words is enough."""
FEW = ENOUGH[-1]
NO_SCORES, NONE = np.zeros(0, np.float32), np.zeros(0, np.int32)


class Understood(NamedTuple):
    """A query as it was read, what its words find, and how it came to that.

    `corrected` is the text that was searched for in place of what was typed, `relaxed` says
    that any of the words is enough, though those that are `strict` have all of them, and all have
    what was typed for the facts that are `kept`. `left_out`
    has what would have cost too much; `tree` is what `base` was found and scored by, without it.
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
        """Whether so few publications have all of the words that more may be wanted."""
        if self.base is None or len(self.base.documents) >= FEW:
            return False
        words = sum(1 for _ in islice(leaves(self.parsed.words), len(ENOUGH) - 1))
        return len(self.base.documents) < ENOUGH[words]

    @property
    def is_strict(self) -> bool:
        """Whether operators kept the query from being relaxed."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Whether words were typed that no publication answers."""
        return self.base is not None and not len(self.base.documents)


class Way(NamedTuple):
    """A way to read what was typed: which of the words are wanted, and what is kept to."""

    vocabulary: Vocabulary
    joined: type[query.CompoundQuery] = query.And
    pieces: Pieces = "one"
    keeps_facts: bool = False


def understood(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch) -> Understood:
    """The query, in the first way in which it leads to a publication; else as it was typed."""
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
    """The ways in which any of the words is enough, in place of one.

    A name that nothing has is words like others, in the end.
    """
    just_words: Vocabulary = msgspec.structs.replace(way.vocabulary, things=None)
    if way.joined is query.Or:
        return [way._replace(vocabulary=just_words)]
    return [
        Way(vocabulary, query.Or, "both", keeps_facts=keeps)
        for vocabulary, keeps in product((way.vocabulary, just_words), (True, False))
    ]


def _relaxed(read: Understood, again: Understood) -> Understood:
    """What any of the words finds, once all of them found little; unless it finds no other."""
    strict = read.base.documents if read.base else NONE
    if again.base is None or len(again.base.documents) == len(strict):
        return read
    return again._replace(relaxed=True, corrected=read.corrected, strict=strict)


def _is_enough(read: Understood, request: SearchRequest) -> bool:
    """Whether what a query finds is to be shown, with no other way tried."""
    is_open = request.match == "auto" and not request.exact and not read.parsed.has_operators
    return not read.is_empty and not (is_open and read.is_narrow)


def as_typed(text: str, snapshot: Snapshot) -> Understood:
    """What all words of a text find as they stand, things among them by all their names."""
    vocabulary = _vocabulary(SearchRequest(text), snapshot)
    return _found(text, Way(vocabulary), snapshot, Stopwatch())


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
    """The names of a facet's values, folded: by the whole name, and by each of its words."""

    values: dict[str, list[str]]
    with_word: dict[str, list[str]]


def _named(field: Field, text: str, snapshot: Snapshot) -> list[str]:
    """Return the values that a text names, as a code or a label; else those with all its words.

    Countries and languages are known by their names in the six languages of the United Nations.
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
