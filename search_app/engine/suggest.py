"""What may be meant while something is being typed: words, titles, values of facets.

A suggestion is something that is there: it leads to as many publications as it says. Only
plain words are completed. Where there are quotes, parentheses, operators or the name of a
field, or a star, what is typed is no beginning of a word, and nothing is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice, zip_longest
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from whoosh import query

from indexer import analysis
from indexer.columnar import Array, Terms
from search_app.engine.beginnings import Range, folded
from search_app.engine.bounds import bounded
from search_app.engine.facets import ticked
from search_app.engine.parse import OPERATORS, Vocabulary, parse
from search_app.engine.score import ranked
from search_app.engine.snapshot import Documents, Mask, Snapshot

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
STEM_MARK = "\x1d"
"""Behind a word of the index more may stand after this; it belongs to no text."""

_ODD = re.compile(r'["“”„()*~]|:(?!\s)|(?:^|\s)-')


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
    found = (
        list(islice(_words(typed, left, snapshot, most), most)),
        list(islice(_values(typed, filters, snapshot, most), most)),
        _titles(typed, left, snapshot, most),
    )
    return _in_turns(found, most)


def _typed(text: str) -> Typed | None:
    """What was typed, if that is plain words."""
    text = text.lstrip()
    if len(text) > LONGEST or _ODD.search(text) or not OPERATORS.isdisjoint(text.split()):
        return None
    words = list(analysis.tokens(text))
    if sum(len(word.written) for word in words) < SHORTEST:
        return None
    begins = words[-1].start if words[-1].end == len(text) else None
    return Typed(text, [word.written for word in words], begins)


def _left(filters: Filters, snapshot: Snapshot) -> Mask | None:
    """The publications that what is ticked leaves; None for all."""
    masks = [each.mask for each in ticked(filters, snapshot).values()]
    return reduce(np.logical_and, masks) if masks else None


def _in_turns(found: Sequence[list[Suggestion]], most: int) -> list[Suggestion]:
    """The first of each kind, then the second and so on, until there are enough; kind by kind."""
    places = [
        (turn, kind)
        for turn, row in enumerate(zip_longest(*found))
        for kind, each in enumerate(row)
        if each is not None
    ]
    taken = set(places[:most])
    return [
        each
        for kind, kept in enumerate(found)
        for turn, each in enumerate(kept)
        if (turn, kind) in taken
    ]


def _words(typed: Typed, left: Mask | None, snapshot: Snapshot, most: int) -> Iterator[Suggestion]:
    """The text with its last word completed; the words that most publications have come first.

    Of words that find the same only the commonest is there, and none that finds the same as
    what is typed already, if that is a word.
    """
    beginning = typed.words[-1]
    if typed.begins is None or len(beginning) < SHORTEST:
        return
    before = typed.text[: typed.begins]
    within = _within(before, left, snapshot)
    known = {_query(before, snapshot)}
    if _is_word(beginning, snapshot):
        known.add(_query(typed.text, snapshot))
    completed = []
    for word in _commonest(beginning, within, snapshot.segment.words, most * LOOKED_AT):
        if word in analysis.STOP_WORDS:
            continue
        tree = _query(before + word, snapshot)
        if tree is not None and tree not in known:
            known.add(tree)
            completed.append((before + word, _total(tree, left, snapshot)))
        if len(completed) == most:
            break
    completed.sort(key=lambda each: -each[1])
    yield from (Suggestion("word", text, count) for text, count in completed if count)


def _query(text: str, snapshot: Snapshot) -> query.Query | None:
    """The tree of plain words."""
    return parse(text, Vocabulary(snapshot.catalogue, lambda field, text: []), query.And).words


def _total(tree: query.Query, left: Mask | None, snapshot: Snapshot) -> int:
    """How many publications a query finds among those that are left."""
    found = _found(tree, snapshot)
    return len(found) if left is None else int(np.count_nonzero(left.take(found)))


def _found(tree: query.Query, snapshot: Snapshot) -> Documents:
    kept = bounded(tree, snapshot).tree
    return snapshot.everything[:0] if kept is None else ranked(kept, snapshot).documents


def _within(before: str, left: Mask | None, snapshot: Snapshot) -> Mask | None:
    """The publications among which a word is looked for: those with the words before it."""
    tree = _query(before, snapshot)
    if tree is None or analysis.STOP_WORDS.issuperset(
        word.written for word in analysis.tokens(before)
    ):
        return left
    mask = np.zeros(snapshot.size, np.bool_)
    mask[_found(tree, snapshot)] = True
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
    return dict.fromkeys(words.texts.text(number).partition(STEM_MARK)[0] for number in order)


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
