"""Autocomplete: suggest words, titles and facet values while the user types.

The count of a suggestion is the number of hits that it leads to, and is never 0. Only plain words
are completed: a text with quotes, parentheses, operators, field names or `*` gets no suggestions.
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
"""Default limit on the number of suggestions."""
SHORTEST = 2
"""Minimum number of letters of the text, and of a word to be completed."""
LONGEST = 128
"""A text of more characters gets no suggestions."""
LOOKED_AT = 4
"""Candidates examined per suggestion, most frequent first, because some are skipped."""

_ODD = re.compile(r'["“”„()*~]|:(?!\s)|(?:^|\s)-(?!\s|$)')


class Suggestion(msgspec.Struct, frozen=True):
    """A suggestion, and the number of hits that it leads to.

    `text` depends on the kind. For a `word` it is the typed text with its last word completed.
    For a `title` it is the title, and `value` is the id of the publication. For a `facet` it is
    the label, and `field` and `value` are the facet value to select instead of the typed words.
    """

    kind: Kind
    text: str
    count: int
    field: str = ""
    value: str = ""


class Typed(NamedTuple):
    """A typed text, its folded words, and the offset of the unfinished last word.

    `begins` is None if anything follows the last word, even a space.
    """

    text: str
    words: list[str]
    begins: int | None


def suggest(
    text: str, snapshot: Snapshot, most: int = MOST, filters: Filters | None = None
) -> list[Suggestion]:
    """Return up to `most` suggestions for a text that is being typed, grouped by kind.

    `filters` has the selected facet values. They stay selected, and the counts respect them. The
    kinds take turns, so that no kind crowds out the others.
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
    """Return the typed text, split into words; None if it is too short, too long, or not plain."""
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
    """Return a mask of the documents that pass the filters; None without filters."""
    masks = [each.covers > 0 for each in ticked(filters, snapshot).values()]
    return reduce(np.logical_and, masks) if masks else None


def _in_turns(kinds: Sequence[Iterator[Suggestion]], most: int) -> list[Suggestion]:
    """Return up to `most` suggestions, taken from the kinds in turn and grouped by kind.

    The iterators are lazy: no suggestion is computed that is not returned.
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
    """Yield the text with its last word completed, most frequent words first.

    Skip stop words, words without hits, and words with the stem of an earlier suggestion. If the
    typed word is itself in the index, skip words with its stem too.
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
    """Return the number of hits for a text that pass the filters."""
    base = understood(SearchRequest(text), snapshot, Stopwatch()).base
    if base is None or left is None:
        return 0 if base is None else len(base.documents)
    return int(np.count_nonzero(left.take(base.documents)))


def _within(typed: Typed, before: str, left: Mask | None, snapshot: Snapshot) -> Mask | None:
    """Return a mask of the documents in which completions are counted; None for all.

    These pass the filters and contain the words before the last one.
    """
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
    """Return the range of the entries of the index for a written form, whatever their stems."""
    return words.texts.beginning(written)[0], words.texts.beginning(written + STEM_MARK)[1]


def _commonest(beginning: str, within: Mask | None, words: Terms, most: int) -> Iterable[str]:
    """Return up to `most` distinct words with a prefix, most frequent first."""
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
    """Return the number of documents per word, from `first` up to `last` (int64)."""
    offsets = words.offsets[first : last + 1].astype(np.int64)
    if within is None:
        return np.diff(offsets)
    documents = words.documents[offsets[0] : offsets[-1]]
    is_within = within.view(np.uint8).take(documents)
    return np.add.reduceat(is_within, offsets[:-1] - offsets[0], dtype=np.int64)


def _values(typed: Typed, filters: Filters, snapshot: Snapshot, most: int) -> Iterator[Suggestion]:
    """Yield the facet values with the typed text as a prefix of their label, or of a word in it."""
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
    """Return publications whose title has all typed words, the last one as a prefix."""
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
