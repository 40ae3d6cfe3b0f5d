"""Turn the documents of a segment into lines of bulk requests, in order and with bounded memory.

The words come from the forward index, so no text is tokenized again. A document has no statistics
of the corpus.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from hashlib import blake2b, sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.cluster.fulltext_documents import NEXT_TEXT, TextEncoder, encode_json
from indexer.cluster.mapping import MAX_TERM_CHARS, make_term
from indexer.codec.segment.docstore import NO_YEAR
from indexer.codec.segment.editions import Editions
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.postings import split_runs
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.sort_orders import make_title_key
from indexer.codec.segment.term_dictionary import decode_surface

GROUP_BITS = 63
"""Bits of a group: those of a positive `long`."""
MAX_ID_BYTES = 512
"""Limit of OpenSearch on the bytes of an `_id`."""


class Groups(NamedTuple):
    """The group of each document: a hash (int64) that the editions of one title share.

    Groups of different titles differ. `others` has the number of other editions of each document.
    `salt` is the salt of the hashes.
    """

    hashes: NDArray[np.int64]
    others: NDArray[np.int64]
    salt: int


def make_groups(segment: Segment, salt: int = 0) -> Groups:
    """Return the groups of all documents. They are hashes of the smallest id of each group.

    If two ids have the same hash, the next salt is tried.
    """
    ids = segment.docstore.all_ids
    others = np.zeros(segment.size, np.int64)
    hashes = np.array([_hash_id(identity, salt) for identity in ids], np.int64)
    if len(np.unique(hashes)) < len(hashes):
        return make_groups(segment, salt + 1)
    for family in Editions(segment).families:
        hashes[family] = hashes[min(family.tolist(), key=ids.__getitem__)]
        others[family] = len(family) - 1
    return Groups(hashes, others, salt)


def _hash_id(identity: str, salt: int) -> int:
    digest = blake2b(identity.encode(), digest_size=8, salt=salt.to_bytes(blake2b.SALT_SIZE))
    return int.from_bytes(digest.digest()) >> (64 - GROUP_BITS)


def make_document_id(identity: str) -> str:
    """Return the `_id` of a publication: its id, or the SHA-256 of an id that is too long."""
    data = identity.encode()
    return identity if len(data) <= MAX_ID_BYTES else sha256(data).hexdigest()


class Source(NamedTuple):
    """The sources of the documents of a generation: segment, groups, and full texts, if any."""

    segment: Segment
    groups: Groups
    texts: AttachedTexts | None = None


def list_documents(
    source: Source,
    numbers: NDArray[np.int64] | None = None,
) -> Iterator[bytes]:
    """Yield documents as two lines: the action and the document.

    `numbers` has those that are wanted, in ascending order; None means all. The documents of a run
    (`split_runs`) are in memory at a time, besides the term dictionary, the values of the facets,
    and the full texts of one document. Raise CorruptSegment or OSError if a full
    text can't be read.
    """
    encoder = _Encoder(source)
    for first, last in split_runs(source.segment.forward_index):
        if numbers is None:
            yield from encoder.encode(first, last)
            continue
        wanted = numbers[slice(*np.searchsorted(numbers, (first, last)))]
        for part in np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1):
            if len(part):
                yield from encoder.encode(int(part[0]), int(part[-1]) + 1)


def make_deletion(identity: str) -> bytes:
    """Return the line of a bulk request that deletes a publication."""
    return b'{"delete":{"_id":%s}}\n' % encode_json(make_document_id(identity)).encode()


class _TextField(NamedTuple):
    """The keys of a searchable field in a document."""

    stems: str
    words: str
    length: str


class _Facet:
    """A facet, with its key in a document and its values in JSON."""

    def __init__(self, name: str, column: FacetColumn) -> None:
        self.key, self._column = f',"facet_{name}":[', column
        self._values = [encode_json(value[:MAX_TERM_CHARS]) for value in column.values]

    def encode(self, first: int, last: int) -> list[str]:
        """Return the values of the documents from `first` up to `last` as JSON, with the key."""
        offsets = self._column.offsets[first : last + 1].tolist()
        ordinals = self._column.ordinals[offsets[0] : offsets[-1]].tolist()
        values = list(map(self._values.__getitem__, ordinals))
        begin = offsets[0]
        return [
            f"{self.key}{','.join(values[start - begin : end - begin])}]"
            for start, end in itertools.pairwise(offsets)
        ]


class _Encoder:
    """Encodes the documents of a segment, run by run."""

    def __init__(self, source: Source) -> None:
        self._segment, self._groups, texts = source
        segment = self._segment
        self._texts = TextEncoder(texts, segment.catalogue.language) if texts is not None else None
        # The marks of the stream, FIELD_END and GAP, index from the end.
        stems, words = segment.stems.texts.to_list(), segment.words.texts.to_list()
        self._stems = [*map(make_term, stems), NEXT_TEXT]
        self._words = [*(make_term(decode_surface(word)) for word in words), "", ""]
        self._fields = [
            _TextField(f',"pos_{name}":["', f'"],"word_{name}":"', f'","len_{name}":')
            for name in segment.fields
        ]
        self._facets = [_Facet(name, column) for name, column in segment.columns.items()]

    def encode(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the documents from `first` up to `last`."""
        facets = [facet.encode(first, last) for facet in self._facets]
        texts = self._encode_texts(first, last)
        for number, text, *values in zip(range(first, last), texts, *facets, strict=True):
            full = self._texts.encode(number) if self._texts else ""
            yield f"{self._encode_fields(number)}{text}{''.join(values)}{full}}}\n".encode()

    def _encode_texts(self, first: int, last: int) -> Iterator[str]:
        """Yield the searchable fields of each document that are not empty."""
        index = self._segment.forward_index
        begin, end = int(index.starts[first, 0]), int(index.starts[last, 0])
        stream = index.stream[begin:end]
        numbers = self._segment.get_stems(np.arange(begin, end))
        stems = list(map(self._stems.__getitem__, numbers.tolist()))
        words = list(map(self._words.__getitem__, stream.tolist()))
        starts = [
            *(index.starts[first:last].astype(np.int64) - begin).reshape(-1).tolist(), end - begin
        ]  # fmt: skip
        lengths = index.lengths[first:last].tolist()
        place = 0
        for lengths_of_document in lengths:
            parts = []
            for field, length in zip(self._fields, lengths_of_document, strict=True):
                if length:
                    start, stop = starts[place], starts[place + 1] - 1
                    stem_text, word_text = " ".join(stems[start:stop]), " ".join(words[start:stop])
                    parts.append(
                        f"{field.stems}{stem_text}{field.words}{word_text}{field.length}{length}"
                    )
                place += 1
            yield "".join(parts)

    def _encode_fields(self, number: int) -> str:
        """Return the action, and the start of the document up to the texts."""
        docstore = self._segment.docstore
        publication = docstore.get_publication(number)
        language = publication.lang or self._segment.catalogue.language
        year, others = int(docstore.years[number]), int(self._groups.others[number])
        title_key = make_title_key(publication.title, language)[:MAX_TERM_CHARS]
        return "".join([
            f'{{"index":{{"_id":{encode_json(make_document_id(publication.id))}}}}}\n',
            f'{{"id":{encode_json(publication.id)},"title_key":{encode_json(title_key)}',
            f',"year":{year}' if year != NO_YEAR else "",
            f',"group":{self._groups.hashes[number]}',
            f',"editions":{others}' if others else "",
            f',"record":{encode_json(encode_json(publication))}',
        ])  # fmt: skip
