"""The segment as Whoosh reads it: a Whoosh codec over the same arrays.

If this package is importable, `whoosh.index.open_dir` opens the folder of a segment. Stock Whoosh
then returns the same documents for the same query tree. It walks postings one document at a time.
The engine does not use this codec. The codec is read-only, because a segment is never extended.

A text field has two terms at each position: the stem, and the word as written after
`tokenizer.SURFACE_PREFIX`. The end of a text and a gap between two texts each take a position
without a term, so no phrase spans two texts. The engine has terms over all fields, but Whoosh reads
field by field: the postings of a term in one field are computed on demand from the same arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from whoosh import fields as whoosh_fields
from whoosh.codec import base
from whoosh.filedb.filestore import FileStorage
from whoosh.formats import Format
from whoosh.index import TOC
from whoosh.matching import ListMatcher
from whoosh.reading import TermInfo, TermNotFound

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array, expand_ranges
from indexer.codec.segment.docstore import DocStore
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import decode_surface


class ColumnarSegment(base.Segment):  # type: ignore[misc]
    """The segment as pickled in Whoosh's table of contents: its catalogue and size.

    The pickle names this class by its module. The name and the module are part of the format on
    disk: never move or rename it.
    """

    def __init__(self, catalogue: bytes, size: int) -> None:
        self.indexname, self.segid, self.compound = "MAIN", "columnar", False
        self.catalogue, self.size = catalogue, size

    def codec(self) -> ColumnarCodec:
        return ColumnarCodec()

    def doc_count_all(self) -> int:
        return self.size

    def deleted_count(self) -> int:
        return 0


class ColumnarCodec(base.Codec):  # type: ignore[misc]
    """Opens the two readers that Whoosh asks for."""

    def terms_reader(self, storage: FileStorage, segment: ColumnarSegment) -> TermsReader:
        return TermsReader(_open_segment(storage, segment))

    def per_document_reader(
        self, storage: FileStorage, segment: ColumnarSegment
    ) -> DocumentsReader:
        return DocumentsReader(_open_segment(storage, segment))


def _open_segment(storage: FileStorage, segment: ColumnarSegment) -> Segment:
    catalogue = msgspec.json.decode(segment.catalogue, type=Catalogue)
    return Segment(Path(storage.folder), catalogue)


def write_contents(folder: Path, catalogue: Catalogue, size: int) -> None:
    """Write Whoosh's table of contents for a segment of `size` documents."""
    segment = ColumnarSegment(msgspec.json.encode(catalogue), size)
    TOC(schema.derive_schema(catalogue), [segment], 1).write(FileStorage(str(folder)), "MAIN")


class DocumentsReader(base.PerDocumentReader):  # type: ignore[misc]
    """Stored fields and field lengths of documents, as Whoosh reads them."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def doc_count(self) -> int:
        return self._segment.size

    doc_count_all = doc_count

    def has_deletions(self) -> bool:
        return False

    def is_deleted(self, docnum: int) -> bool:
        return False

    def deleted_docs(self) -> frozenset[int]:
        return frozenset()

    def _get_lengths(self, fieldname: str) -> Array:
        """Return the number of terms of a field, by document. A word counts as two of them."""
        if fieldname in self._segment.fields:
            number = self._segment.fields.index(fieldname)
            return self._segment.forward_index.lengths[:, number].astype(np.int64) * 2
        if fieldname == "id":
            return np.ones(self._segment.size, np.int64)
        values = self._segment.columns[fieldname.removesuffix(schema.EXACT)]
        has_none = values.ordinals[values.offsets[:-1]] == len(values.values) - 1
        lengths: Array = np.diff(values.offsets) - has_none
        return lengths

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        return int(self._get_lengths(fieldname)[docnum]) or default

    def field_length(self, fieldname: str) -> int:
        return int(self._get_lengths(fieldname).sum())

    def min_field_length(self, fieldname: str) -> int:
        return int(self._get_lengths(fieldname).min(initial=0))

    def max_field_length(self, fieldname: str) -> int:
        return int(self._get_lengths(fieldname).max(initial=0))

    def stored_fields(self, docnum: int) -> dict[str, object]:
        return {"record": msgspec.json.encode(self._segment.docstore.get_publication(docnum))}


class TermsReader(base.TermsReader):  # type: ignore[misc]
    """The terms of all fields and their postings, as Whoosh reads them."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._lexicons: dict[str, Lexicon] = {}

    def _get_lexicon(self, fieldname: str) -> Lexicon:
        if lexicon := self._lexicons.get(fieldname):
            return lexicon
        if fieldname in self._segment.fields:
            lexicon = WordLexicon(self._segment, fieldname)
        elif fieldname == "id":
            lexicon = IdLexicon(self._segment.docstore)
        else:
            lexicon = ValueLexicon(self._segment.columns[fieldname.removesuffix(schema.EXACT)])
        self._lexicons[fieldname] = lexicon
        return lexicon

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return find_number(self._get_lexicon(term[0]), term[1]) is not None

    def indexed_field_names(self) -> list[str]:
        exact = (f"{name}{schema.EXACT}" for name in self._segment.columns)
        return sorted(["id", *self._segment.fields, *exact])

    def terms(self) -> Iterator[tuple[str, bytes]]:
        for name in self.indexed_field_names():
            yield from ((name, term) for term in self._get_lexicon(name).terms)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        terms = self._get_lexicon(fieldname).terms
        return ((fieldname, term) for term in terms[bisect_left(terms, prefix) :])

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(
        self, fieldname: str, prefix: bytes
    ) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def cursor(self, fieldname: str, fieldobj: whoosh_fields.FieldType) -> Cursor:
        return Cursor(self._get_lexicon(fieldname), fieldobj)

    def _find_occurrences(self, fieldname: str, term: bytes) -> Occurrences:
        lexicon = self._get_lexicon(fieldname)
        number = find_number(lexicon, term)
        if number is None:
            raise TermNotFound((fieldname, term))
        return lexicon.get_occurrences(number)

    def frequency(self, fieldname: str, text: bytes) -> int:
        return int(self.term_info(fieldname, text).weight()) if (fieldname, text) in self else 0

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        return self.term_info(fieldname, text).doc_frequency() if (fieldname, text) in self else 0

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        occurrences = self._find_occurrences(fieldname, text)
        counts = [len(positions) for positions in occurrences.positions]
        return TermInfo(
            weight=sum(counts),
            df=len(counts),
            minlength=1,
            maxlength=1 << 30,
            maxweight=max(counts),
            minid=occurrences.documents[0],
            maxid=occurrences.documents[-1],
        )

    def matcher(
        self, fieldname: str, text: bytes, format_: Format, scorer: object = None
    ) -> ListMatcher:
        occurrences = self._find_occurrences(fieldname, text)
        values = None
        if format_.supports("positions"):
            values = [format_.encode(positions) for positions in occurrences.positions]
        return ListMatcher(
            occurrences.documents,
            [float(len(positions)) for positions in occurrences.positions],
            values,
            format_,
            scorer,
            term=(fieldname, text),
            terminfo=self.term_info(fieldname, text),
        )


class Cursor(base.FieldCursor):  # type: ignore[misc]
    """A position among the terms of a field, which Whoosh's automata move."""

    def __init__(self, lexicon: Lexicon, field: whoosh_fields.FieldType) -> None:
        self._terms, self._field, self._index = lexicon.terms, field, 0

    def first(self) -> str | None:
        self._index = 0
        return self.text()

    def find(self, string: str | bytes) -> str | None:
        key = string if isinstance(string, bytes) else self._field.to_bytes(string)
        self._index = bisect_left(self._terms, key)
        return self.text()

    def next(self) -> str | None:
        self._index += 1
        return self.text()

    def text(self) -> str | None:
        return str(self._field.from_bytes(self._terms[self._index])) if self.is_valid() else None

    def is_valid(self) -> bool:
        return self._index < len(self._terms)


class Occurrences(NamedTuple):
    """The documents of a term in one field, ascending, and its positions in each."""

    documents: list[int]
    positions: list[list[int]]


class IdLexicon:
    """The ids: each one occurs in exactly one document."""

    def __init__(self, docstore: DocStore) -> None:
        self._order = docstore.by_id
        self.terms = [docstore.ids.get_text(number).encode() for number in self._order]

    def get_occurrences(self, number: int) -> Occurrences:
        return Occurrences([int(self._order[number])], [[0]])


class ValueLexicon:
    """The values of a facet, each as one term. `none` (no value) is not a term."""

    def __init__(self, column: FacetColumn) -> None:
        self._column = column
        self.terms = [value.encode() for value in column.values[:-1]]

    def get_occurrences(self, number: int) -> Occurrences:
        documents = self._column.documents[self._column.ordinals == number].tolist()
        return Occurrences(documents, [[0]] * len(documents))


class WordLexicon:
    """The stems of a text field, and its words as written."""

    def __init__(self, segment: Segment, field: str) -> None:
        self._segment, self._field = segment, segment.fields.index(field)
        stream, starts = segment.forward_index.stream, segment.forward_index.starts
        begins = starts[:-1, self._field]
        ends = starts.reshape(-1)[self._field + 1 :: starts.shape[1]][: len(begins)]
        words_of_field = stream[expand_ranges(begins.astype(np.int64), ends - begins)]
        words = np.unique(words_of_field[words_of_field >= 0])
        self._words: dict[bytes, list[int]] = {}
        for word in words.tolist():
            surface = tokenizer.SURFACE_PREFIX + decode_surface(segment.words.texts.get_text(word))
            self._words.setdefault(surface.encode(), []).append(word)
        stems = np.unique(segment.stem_of[words]).tolist()
        self._stems = {segment.stems.texts.get_text(stem).encode(): stem for stem in stems}
        self.terms = sorted([*self._stems, *self._words])

    def get_occurrences(self, number: int) -> Occurrences:
        term = self.terms[number]
        if term in self._stems:
            stream_positions = self._segment.find_positions(self._stems[term])
        else:
            stream_positions = self._segment.find_word_positions(np.array(self._words[term]))
        in_field = self._segment.get_fields(stream_positions) == self._field
        order = np.argsort(stream_positions.offsets[in_field])
        documents = stream_positions.documents[in_field][order]
        offsets = stream_positions.offsets[in_field][order]
        positions = offsets - self._segment.forward_index.starts[documents, self._field]
        distinct, counts = np.unique(documents, return_counts=True)
        split = np.split(positions, np.cumsum(counts)[:-1])
        return Occurrences(distinct.tolist(), [run.tolist() for run in split])


Lexicon = IdLexicon | ValueLexicon | WordLexicon
"""The terms of a field (bytes, ascending) and the occurrences of each, by its number."""


def find_number(lexicon: Lexicon, term: bytes) -> int | None:
    """Return the number of a term, or None if the field does not have it."""
    index = bisect_left(lexicon.terms, term)
    return index if index < len(lexicon.terms) and lexicon.terms[index] == term else None
