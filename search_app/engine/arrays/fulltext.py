"""Full texts of a local index: the texts that a clause matches, and the pages with its words.

A clause is evaluated on texts with the code for publications (see `clause`). Each part is looked up
on pages, and its frequency in a text is the sum over its pages. The frequency of a clause in a text
is normalized by length and saturated:

    strength = frequency / (frequency + k1 * (1 - b + b * length / mean length))

The strength is below 1, so the many words of a text never outweigh a title.
"""

from collections.abc import Iterator, Sequence
from functools import partial, reduce

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.postings import B_FULLTEXT, K1
from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.arrays.clause import (
    NO_POSTINGS,
    Checkpoint,
    evaluate,
    find_near,
    find_phrase,
    sum_all,
    sum_postings,
)
from search_app.engine.cache import Cache
from search_app.engine.query import nodes
from search_app.engine.query.evaluation import find_common
from search_app.engine.query.vocabulary import Vocabulary, expand
from search_app.engine.store import FoundFile

MIN_MARKED, MARKS_AT_A_TIME = 1 << 17, 1 << 22
"""From this many positions of a phrase on, marking is faster than looking up. The marks of a block
take 4 MB."""


def find_members(positions: Array, others: Array) -> Array:
    """Return a mask of the positions that are among others. Both are ascending.

    Few positions are looked up. Many are compared with marks of the others, in linear time.
    """
    is_member = np.zeros(len(positions), np.bool_)
    if not len(positions) or not len(others):
        return is_member
    if len(positions) < MIN_MARKED:
        places = others.searchsorted(positions)
        return np.asarray(others.take(places, mode="clip") == positions)
    marks = np.zeros(MARKS_AT_A_TIME, np.bool_)
    starts = np.arange(positions[0], positions[-1] + 1 + MARKS_AT_A_TIME, MARKS_AT_A_TIME)
    bounds, bounds_of_others = positions.searchsorted(starts), others.searchsorted(starts)
    for number in np.flatnonzero(np.diff(bounds) * np.diff(bounds_of_others)).tolist():
        block = slice(*bounds[number : number + 2].tolist())
        marked = others[slice(*bounds_of_others[number : number + 2].tolist())] - starts[number]
        marks[marked] = True
        is_member[block] = marks.take(positions[block] - starts[number])
        marks[marked] = False
    return is_member


MAX_CACHED_PAGES = 2048
"""Limit on cached postings of parts of clauses. Most are on few pages. Each hit needs those of all
names of an entity."""
MAX_CACHED_NAMES = 512
"""Limit on entities whose texts are cached."""


class FullTextMatcher:
    """The full texts of a snapshot, ready for matching. Threads may share it.

    `size` is the number of texts, and `names` is a cache of the texts with the names of entities:
    see `clause.WordIndex`.
    """

    find_common = staticmethod(find_common)

    def __init__(self, attached: AttachedTexts, vocabulary: Vocabulary) -> None:
        self.attached, self._vocabulary = attached, vocabulary
        field = vocabulary.catalogue.fulltext
        assert field is not None
        self.field, self.weight, self.size = field.name, field.weight, len(attached.infos)
        self.fields = frozenset({field.name})
        lengths = attached.lengths / attached.mean_length
        self._norms = K1 * (1 - B_FULLTEXT + B_FULLTEXT * lengths)
        self._pages: Cache[object, Postings] = Cache(MAX_CACHED_PAGES)
        self.names: Cache[object, Postings] = Cache(MAX_CACHED_NAMES)
        self._is_searched = partial(vocabulary.is_searched, in_texts=True)
        self._starts = np.flatnonzero(np.diff(attached.documents, prepend=-1))
        self._documents = attached.documents.take(self._starts)

    def find_postings(self, clause: nodes.Clause, check: Checkpoint) -> Postings:
        """Return the documents whose full texts match a clause, with the strength of each.

        `check` is called before each part of the clause, and before each further word of a phrase.
        """
        if not any(map(self._is_searched, nodes.list_words(clause.parts))):
            return NO_POSTINGS
        texts, frequencies = evaluate(clause.parts, self, check)
        strengths = np.zeros(self.size)
        strengths[texts] = frequencies / (frequencies + self._norms.take(texts))
        of_attachments = strengths.take(self.attached.texts)
        if not len(of_attachments):
            return NO_POSTINGS
        of_documents = np.maximum.reduceat(of_attachments, self._starts)
        matching = of_documents.nonzero()[0]
        return Postings(
            self._documents.take(matching), of_documents.take(matching).astype(np.float32)
        )

    def look_up(self, part: nodes.WordPart | nodes.Values, check: Checkpoint) -> Postings:
        if isinstance(part, nodes.Values) or not self._is_searched(part):
            return NO_POSTINGS
        pages, counts = self._find_pages(part, check)
        return sum_postings(self.attached.text_of_page.take(pages), counts, self.size)

    def _find_pages(self, part: nodes.WordPart, check: Checkpoint) -> Postings:
        return self._pages.get(nodes.without_field(part), lambda: self._read_pages(part, check))

    def _read_pages(self, part: nodes.WordPart, check: Checkpoint) -> Postings:
        pages = len(self.attached.text_of_page)
        match part:
            case nodes.Phrase():
                found = self.locate(part, check)[0].documents
            case nodes.Near():
                found = find_near(part, self, check).documents
            case _:
                numbers = self._find_words(part)
                of_words = [*map(self.attached.get_postings, numbers.tolist())] or [NO_POSTINGS]
                return of_words[0] if len(of_words) == 1 else sum_all(of_words, pages)
        return sum_postings(found, np.ones(len(found), np.float32), pages)

    def _find_words(self, part: nodes.Term | nodes.Expansion) -> Array:
        if not isinstance(part, nodes.Term):
            return expand(part, self._vocabulary, in_texts=True).numbers
        return np.array(self._vocabulary.find_numbers(part.text, in_texts=True), np.int64)

    def locate(self, part: nodes.PlainPart, check: Checkpoint) -> tuple[Positions, int]:
        if isinstance(part, nodes.Phrase):
            words = [self.attached.find_stem(stem) for stem in part.stems]
            return find_phrase(words, self, check), len(words)
        check()
        return self.attached.find_positions(self._find_words(part)), 1

    def find_cells(self, positions: Positions) -> Array:
        return positions.documents

    def get_frequency(self, words: Array) -> int:
        return sum(map(self.attached.count_positions, words.tolist()))

    def find_positions(self, words: Array) -> Positions:
        return self.attached.find_positions(words)

    def are_at(self, words: Array, positions: Positions, distance: int) -> Array:
        within = np.zeros(len(self.attached.text_of_page), np.bool_)
        within[positions.documents] = True
        others = self.attached.find_positions(words, within).offsets
        return find_members(positions.offsets + distance, others)

    def find_files(
        self, document: int, clauses: Sequence[nodes.Clause], most: int, check: Checkpoint
    ) -> Iterator[FoundFile]:
        """Yield the files of a document with words of the clauses, with `most` pages of each.

        The pages with the most clauses are listed. Of these, the ones with the most occurrences are
        read. `check` is called as in `find_postings`.
        """
        for attachment in self.attached.find_attachments(document):
            text = int(self.attached.texts[attachment])
            counts = [self._count_on_pages(clause, text, check) for clause in clauses]
            found = np.count_nonzero(counts, axis=0) if counts else np.zeros(0)
            if not found.any():
                continue
            occurrences = np.sum(counts, axis=0)
            listed = np.flatnonzero(found == found.max()).tolist()
            best = sorted(listed, key=lambda page: -occurrences[page])[:most]
            yield FoundFile(
                self.attached.get_file(attachment),
                tuple(page + 1 for page in listed),
                tuple((page + 1, self.attached.read_page(text, page)) for page in best),
                int(occurrences[listed].sum()),
            )

    def _count_on_pages(self, clause: nodes.Clause, text: int, check: Checkpoint) -> Array:
        """Return how often the parts of a clause occur on each page of a text.

        The words of a compound count if the text has all of them, and no other part.
        """
        first, last = self.attached.page_offsets[text : text + 2].tolist()
        counts = np.zeros(last - first, np.int64)
        parts, compounds = nodes.split_page_parts(clause, self._is_searched)
        for part in parts:
            check()
            pages, frequencies = self._find_pages(part, check)
            here = slice(*pages.searchsorted((first, last)).tolist())
            counts[pages[here] - first] += frequencies[here].astype(np.int64)
        if not counts.any():
            for compound in compounds:
                words = [self._count_on_pages(each, text, check) for each in compound.clauses]
                if all(each.any() for each in words):
                    counts += reduce(np.add, words)
        return counts
