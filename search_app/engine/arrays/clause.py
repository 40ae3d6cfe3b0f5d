"""Evaluation of a clause: the documents that match it, and the weighted frequency in each."""

from collections.abc import Callable, Iterable, Sequence, Set
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.cache import Cache
from search_app.engine.matching import Spans
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import expand
from search_app.engine.snapshot.snapshot import Snapshot

NO_POSTINGS = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
NO_POSITIONS = Positions(np.zeros(0, np.int32), np.zeros(0, np.int64))
SORT_BELOW = 8
"""Sort unordered postings if the index has more than this many times as many documents.
Otherwise sum their weights in an array over all documents."""

Checkpoint = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""


def ignore() -> None:
    """Check no deadline."""


class WordIndex(Protocol):
    """Where the parts of a clause are looked up: in publications, or in full texts.

    A document is one of `size` publications or texts, and has words in `fields`. `names` is a cache
    of the documents with the names of entities.
    """

    size: int
    fields: nodes.Fields
    names: Cache[object, Postings]

    def look_up(self, part: nodes.WordPart | nodes.Values, check: Checkpoint) -> Postings:
        """Return the documents that a part matches, ascending, with their weighted frequencies."""

    def find_common(self, few: Array, many: Array) -> tuple[Array, Array]:
        """Return the indices in each of two lists of the documents that are in both."""


Word = TypeVar("Word", contravariant=True)
W = TypeVar("W")


class PositionIndex(Protocol[Word]):
    """Where the words of a phrase are: in publications, or on the pages of full texts."""

    def get_frequency(self, word: Word) -> int:
        """Return how frequent a word is. A phrase starts from the rarest."""

    def find_positions(self, word: Word) -> Positions:
        """Return the positions of a word, and the document of each."""

    def are_at(self, word: Word, positions: Positions, distance: int) -> Array:
        """Return a mask of the positions that a word follows at a distance."""

    def locate(self, part: nodes.PlainPart, check: Checkpoint) -> tuple[Positions, int]:
        """Return the positions at which a part starts, and its length in words."""

    def find_cells(self, positions: Positions) -> Array:
        """Return the cell of each position: the field, or the page, in which words can be near."""


def evaluate(parts: Iterable[nodes.Part], index: WordIndex, check: Checkpoint) -> Postings:
    """Return the documents that any part matches, ascending, with their weighted frequencies.

    `check` is called before each part and before each further word of a phrase.
    """
    found = []
    for part in parts:
        check()
        match part:
            case nodes.Together():
                postings = _evaluate_together(part, index, check)
            case nodes.Names():
                key = part.entity_id, part.how, part.fields & index.fields
                postings = index.names.get(key, partial(evaluate, part.parts, index, check))
            case _:
                postings = index.look_up(part, check)
        if part.boost != 1:
            postings = Postings(postings.documents, postings.weights * np.float32(part.boost))
        if len(postings.documents):
            found.append(postings)
    if not found:
        return NO_POSTINGS
    return found[0] if len(found) == 1 else sum_all(found, index.size)


def _evaluate_together(part: nodes.Together, index: WordIndex, check: Checkpoint) -> Postings:
    hits = sorted(
        (evaluate(clause.parts, index, check) for clause in part.clauses),
        key=lambda postings: len(postings.documents),
    )
    documents, weights = hits[0]
    for postings in hits[1:]:
        indexes_a, indexes_b = index.find_common(documents, postings.documents)
        documents = documents.take(indexes_a)
        weights = np.minimum(weights.take(indexes_a), postings.weights.take(indexes_b))
    return Postings(documents, weights)


def find_phrase(words: Sequence[W], index: PositionIndex[W], check: Checkpoint) -> Positions:
    """Return the positions at which a phrase starts.

    It starts from the positions of the rarest word, and checks the other words next to them.
    """
    rarest, *others = sorted(range(len(words)), key=lambda at: index.get_frequency(words[at]))
    documents, starts = index.find_positions(words[rarest])
    starts = starts - rarest
    if len(starts) and starts[0] < 0:
        documents, starts = documents[starts >= 0], starts[starts >= 0]
    for other in others:
        if not len(starts):
            break
        check()
        follows = index.are_at(words[other], Positions(documents, starts), other).nonzero()[0]
        documents, starts = documents.take(follows), starts.take(follows)
    return Positions(documents, starts)


def find_near(part: nodes.Near, index: PositionIndex[W], check: Checkpoint) -> Positions:
    """Return where the parts on either side start that are near one of the other side."""
    first, second, distance, _ = part
    sides, documents = [], []
    for side in (first, second):
        located = [index.locate(each, check) for each in side]
        documents += [where.documents for where, _ in located]
        sides.append(
            [
                Spans(where.offsets, where.offsets + (length - 1), index.find_cells(where))
                for where, length in located
            ]
        )
    left, right = sides
    around = [Spans.join(right)] * len(left) + [Spans.join(left)] * len(right)
    near = [
        spans.are_near(others, distance)
        for spans, others in zip([*left, *right], around, strict=True)
    ]
    return Positions(
        np.concatenate([each[mask] for each, mask in zip(documents, near, strict=True)]),
        np.concatenate(
            [each.firsts[mask] for each, mask in zip([*left, *right], near, strict=True)]
        ),
    )


def clause_postings(
    clause: nodes.Clause, snapshot: Snapshot, check: Checkpoint = ignore
) -> Postings:
    """Return the publications that match a clause in their fields: see `evaluate`."""
    return evaluate(clause.parts, PublicationIndex(snapshot), check)


class PublicationIndex:
    """The fields of the publications of a snapshot: see `WordIndex` and `PositionIndex`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot, self.size, self.names = snapshot, snapshot.size, snapshot.synonyms
        self.fields = frozenset(snapshot.segment.fields)
        self.find_common = snapshot.find_common

    def look_up(self, part: nodes.WordPart | nodes.Values, check: Checkpoint) -> Postings:
        """Return the publications that a part matches. The field of full texts matches none."""
        snapshot = self._snapshot
        if isinstance(part, nodes.Values):
            documents = snapshot.find_values(part)
            return Postings(documents, np.ones(len(documents), np.float32))
        fields = part.fields & self.fields
        match part:
            case _ if not fields:
                return NO_POSTINGS
            case nodes.Term():
                numbers = np.array(snapshot.vocabulary.find_numbers(part.text), np.int64)
                are_words = part.text.startswith(tokenizer.SURFACE_PREFIX)
                return _read_terms(numbers, fields, snapshot, are_words=are_words)
            case nodes.Phrase():
                find = snapshot.vocabulary.find_numbers
                stems = [number for word in part.stems for number in find(word)]
                if len(stems) < len(part.stems):
                    return NO_POSTINGS
                return sum_in_fields(find_phrase(stems, self, check), fields, snapshot)
            case nodes.Near():
                return sum_in_fields(find_near(part, self, check), fields, snapshot)
            case _:
                expansion = expand(part, snapshot.vocabulary)
                return _read_terms(expansion.numbers, fields, snapshot, is_range=expansion.is_range)

    def get_frequency(self, stem: int) -> int:
        return self._snapshot.segment.stems.doc_frequency(stem)

    def find_positions(self, stem: int) -> Positions:
        return self._snapshot.segment.find_positions(stem)

    def are_at(self, stem: int, positions: Positions, distance: int) -> Array:
        is_stem: Array = self._snapshot.segment.get_stems(positions.offsets + distance) == stem
        return is_stem

    def locate(self, part: nodes.PlainPart, check: Checkpoint) -> tuple[Positions, int]:
        check()
        segment, vocabulary = self._snapshot.segment, self._snapshot.vocabulary
        match part:
            case nodes.Phrase():
                stems = [number for word in part.stems for number in vocabulary.find_numbers(word)]
                is_known = len(stems) == len(part.stems)
                found = find_phrase(stems, self, check) if is_known else NO_POSITIONS
                return found, len(part.stems)
            case nodes.Term():
                numbers = np.array(vocabulary.find_numbers(part.text), np.int64)
                if not part.text.startswith(tokenizer.SURFACE_PREFIX):
                    numbers = np.flatnonzero(np.isin(segment.stem_of, numbers))
            case _:
                numbers = expand(part, vocabulary).numbers
        return segment.find_word_positions(numbers), 1

    def find_cells(self, positions: Positions) -> Array:
        segment = self._snapshot.segment
        cells: Array = positions.documents.astype(np.int64) * len(segment.fields)
        return cells + segment.get_fields(positions)


def _read_terms(
    numbers: Array, fields: nodes.Fields, snapshot: Snapshot, *,
    are_words: bool = True, is_range: bool = False,
) -> Postings:  # fmt: skip
    """Return the postings of words as written, or of stems, in some fields.

    If `is_range`, their numbers are contiguous.
    """
    segment, size = snapshot.segment, len(numbers)
    terms = segment.words if are_words else segment.stems
    if not size:
        return NO_POSTINGS
    if len(fields) < len(segment.fields):
        if size == 1 and not are_words:
            return sum_in_fields(segment.find_positions(int(numbers[0])), fields, snapshot)
        words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
        return sum_in_fields(segment.find_word_positions(words), fields, snapshot)
    first = int(numbers[0])
    if size == 1:
        return terms.get_postings(first, first + 1)
    if is_range:
        postings = terms.get_postings(first, int(numbers[-1]) + 1)
    else:
        postings = terms.get_postings_of(numbers)
    return sum_postings(*postings, snapshot.size)


def sum_all(parts: Iterable[Postings], size: int) -> Postings:
    """Merge several lists of postings of `size` documents. The weights of a document add up."""
    documents, weights = zip(*parts, strict=True)
    return sum_postings(np.concatenate(documents), np.concatenate(weights), size)


def sum_postings(documents: Array, weights: Array, size: int) -> Postings:
    """Return each of `size` documents once, ascending, with the sum of its weights."""
    if len(documents) < size and (documents[1:] >= documents[:-1]).all():
        return _sum_sorted(documents, weights)
    if len(documents) * SORT_BELOW < size:
        order = documents.argsort(kind="stable")  # a stable sort merges ascending runs
        return _sum_sorted(documents.take(order), weights.take(order))
    sums = np.bincount(documents, weights, size)
    is_match = (sums > 0).nonzero()[0]
    return Postings(is_match.astype(np.int32), sums.take(is_match).astype(np.float32))


def _sum_sorted(documents: Array, weights: Array) -> Postings:
    """Sum the weights of postings in ascending order, in which equal documents are adjacent."""
    if not len(documents):
        return NO_POSTINGS
    is_first = np.ones(len(documents), np.bool_)
    np.not_equal(documents[1:], documents[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    return Postings(documents.take(first), np.add.reduceat(weights, first, dtype=np.float32))


def sum_in_fields(positions: Positions, fields: Set[str], snapshot: Snapshot) -> Postings:
    segment = snapshot.segment
    documents, fields_at = positions.documents, segment.get_fields(positions)
    if len(fields) < len(segment.fields):
        is_selected = np.array([name in fields for name in segment.fields])[fields_at]
        documents, fields_at = documents[is_selected], fields_at[is_selected]
    return sum_postings(documents, segment.norms[documents, fields_at], snapshot.size)
