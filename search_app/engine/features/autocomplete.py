"""What may be meant while something is being typed: words, titles, values of facets.

A suggestion is something that is there: it leads to as many publications as it says. Only
plain words are completed. Where there are quotes, parentheses, operators or the name of a
field, or a star, what is typed is no beginning of a word, and nothing is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, cycle
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Terms
from indexer.codec.segment.term_dictionary import STEM_MARK, written_of
from search_app.engine.arrays.facets import ticked
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation.interpreter import as_typed, understood
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.prefix_index import Range, folded
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Filters = Mapping[str, Sequence[str]]
Kind = Literal["word", "title", "facet"]

MOST = 8
"""How many suggestions there are at the most."""
SHORTEST = 2
"""So many letters must be typed: of a word, for it to be completed."""
LONGEST = 128
"""A text of more characters is no longer being looked for, and has no suggestions."""
LOOKED_AT = 4
"""For each suggestion wanted, so many of the commonest words are looked at: some are left out."""

_ODD = re.compile(r'["“”„()*~]|:(?!\s)|(?:^|\s)-(?!\s|$)')


class Suggestion(msgspec.Struct, frozen=True):
    """Something that may be meant, and how many publications it leads to.

    For a `word`, `text` is all that was typed, its last word completed. For a `title` it is
    the title, and `value` the id of its publication. For a value of a `facet` it is the label,
    and `field` and `value` are what to tick, in place of the words.
    """

    kind: Kind
    text: str
    count: int
    field: str = ""
    value: str = ""


class Typed(NamedTuple):
    """What was typed: all of it, its words (folded), and where the last begins that is not ended.

    There is none where something stands behind the last word, be it a space.
    """

    text: str
    words: list[str]
    begins: int | None


def suggest(
    text: str, snapshot: Snapshot, most: int = MOST, filters: Filters | None = None
) -> list[Suggestion]:
    """What may be meant by a text that is being typed, at most so many, kind by kind.

    `filters` is what is ticked and stays so: all that is suggested lies within. The kinds take
    their places in turns, so that none leaves the others without.
    """
    typed = _typed(text)
    if typed is None:
        return []
    filters = {name: values for name, values in (filters or {}).items() if values}
    left = _left(filters, snapshot)
    kinds = (
        _words(typed, left, snapshot, most),
        _values(typed, filters, snapshot, most),
        iter(_titles(typed, left, snapshot, most)),
    )
    return _in_turns(kinds, most)


def _typed(text: str) -> Typed | None:
    """What was typed, if that is plain words."""
    text = text.lstrip()
    if len(text) > LONGEST or _ODD.search(text) or not OPERATORS.isdisjoint(text.split()):
        return None
    spans = list(tokenizer.spans(text))
    words = [as_written(text[start:end]) for start, end in spans]
    if sum(map(len, words)) < SHORTEST:
        return None
    start, end = spans[-1]
    return Typed(text, words, start if end == len(text) else None)


def _left(filters: Filters, snapshot: Snapshot) -> Mask | None:
    """The publications that what is ticked leaves; None for all."""
    masks = [each.mask for each in ticked(filters, snapshot).values()]
    return reduce(np.logical_and, masks) if masks else None


def _in_turns(kinds: Sequence[Iterator[Suggestion]], most: int) -> list[Suggestion]:
    """The first of each kind, then the second and so on, until there are enough; kind by kind.

    No more are made than that.
    """
    found: list[list[Suggestion]] = [[] for _ in kinds]
    left = dict(enumerate(kinds))
    turns = cycle(range(len(kinds)))
    while left and sum(map(len, found)) < most:
        kind = next(turns)
        if kind in left:
            each = next(left[kind], None)
            if each is None:
                del left[kind]
            else:
                found[kind].append(each)
    return list(chain.from_iterable(found))


def _words(typed: Typed, left: Mask | None, snapshot: Snapshot, most: int) -> Iterator[Suggestion]:
    """The text with its last word completed; the words that most publications have come first.

    Of words with the same stem only the commonest is there, and none with that of the word
    that is typed already, if it is one.
    """
    beginning = typed.words[-1]
    if typed.begins is None or len(beginning) < SHORTEST:
        return
    before = typed.text[: typed.begins]
    within = _within(typed, before, left, snapshot)
    known = set(snapshot.stems(beginning)[:1]) if _is_word(beginning, snapshot) else set()
    for word in _commonest(beginning, within, snapshot.segment.words, most * LOOKED_AT):
        stem = snapshot.stems(word)[0]
        if stem in known or _is_stop_word(word, snapshot):
            continue
        known.add(stem)
        if count := _total(before + word, left, snapshot):
            yield Suggestion("word", before + word, count)


def _is_stop_word(written: str, snapshot: Snapshot) -> bool:
    return any(written in stemming.stop_words(each) for each in snapshot.languages)


def _total(text: str, left: Mask | None, snapshot: Snapshot) -> int:
    """How many publications a search for a text finds, among those that are left."""
    base = understood(SearchRequest(text), snapshot, Stopwatch()).base
    if base is None or left is None:
        return 0 if base is None else len(base.documents)
    return int(np.count_nonzero(left.take(base.documents)))


def _within(typed: Typed, before: str, left: Mask | None, snapshot: Snapshot) -> Mask | None:
    """The publications among which a word is looked for: those with the words before it."""
    if all(_is_stop_word(word, snapshot) for word in typed.words[:-1]):
        return left
    mask = np.zeros(snapshot.size, np.bool_)
    base = as_typed(before, snapshot).base
    if base is not None:
        mask[base.documents] = True
    return mask if left is None else mask & left


def _is_word(written: str, snapshot: Snapshot) -> bool:
    first, last = _range(written, snapshot.segment.words)
    return first < last


def _range(written: str, words: Terms) -> Range:
    """The words of the index that are written so, whatever else they have."""
    return words.texts.beginning(written)[0], words.texts.beginning(written + STEM_MARK)[1]


def _commonest(beginning: str, within: Mask | None, words: Terms, most: int) -> Iterable[str]:
    """The words that begin so, those first that most publications have, each once."""
    first, last = words.texts.beginning(beginning)
    if first == last:
        return ()
    held = _held(first, last, within, words)
    among = held.nonzero()[0]
    if most < len(among):
        among = among[held[among].argpartition(len(among) - most)[-most:]]
    order = among[np.lexsort((among, -held[among]))] + first
    return dict.fromkeys(written_of(words.texts.text(number)) for number in order)


def _held(first: int, last: int, within: Mask | None, words: Terms) -> Array:
    """How many publications have each word from the first up to the last, of some or of all."""
    offsets = words.offsets[first : last + 1].astype(np.int64)
    if within is None:
        return np.diff(offsets)
    documents = words.documents[offsets[0] : offsets[-1]]
    is_within = within.view(np.uint8).take(documents)
    return np.add.reduceat(is_within, offsets[:-1] - offsets[0], dtype=np.int64)


def _values(typed: Typed, filters: Filters, snapshot: Snapshot, most: int) -> Iterator[Suggestion]:
    """The values of facets whose label, or a word in it, begins with all that was typed."""
    labels = snapshot.labels
    for number in labels.beginning(folded(typed.text), most * (LOOKED_AT if filters else 1)):
        name, value = labels.values[number]
        chosen = filters.get(name, ())
        if value in chosen:
            continue
        count = labels.counts[number]
        if filters:
            left = _left({**filters, name: (*chosen, value)}, snapshot)
            count = 0 if left is None else int(np.count_nonzero(left))
        if count:
            yield Suggestion("facet", labels.labels[number], count, name, value)


def _titles(typed: Typed, left: Mask | None, snapshot: Snapshot, most: int) -> list[Suggestion]:
    """The publications whose title has all that was typed, the last word as a beginning."""
    words = snapshot.segment.words
    wanted = [_range(word, words) for word in typed.words]
    if typed.begins is not None:
        wanted[-1] = words.texts.beginning(typed.words[-1])
    found = snapshot.titles.holding(wanted)
    if left is not None:
        found = found[left.take(found)]
    ids = snapshot.segment.stored.ids
    return [
        Suggestion("title", snapshot.title(number), 1, value=ids.text(number))
        for number in snapshot.titles.best(found, wanted, most)
    ]
