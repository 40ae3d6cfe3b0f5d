"""The document store: plain ids and titles, and the rest as compressed records.

Each record is compressed alone with Zstandard (RFC 8878). So any record can be read by itself, and
unchanged records are copied as they are. The dictionary consists of the first records, which all
others resemble.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import local

import msgspec
import zstandard

from indexer.catalogue.records import (
    NO_DIGEST,
    Publication,
    SourceLocation,
    Value,
)
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.string_table import (
    BlobTable,
    StringTable,
)

NO_YEAR = 0


class StoredFields(msgspec.Struct, frozen=True, array_like=True):
    """The compressed part of a publication: everything except id, title and source."""

    summary: str | None
    lang: str | None
    values: Mapping[str, tuple[Value, ...]]
    other_sources: tuple[SourceLocation, ...] = ()


_decode = msgspec.msgpack.Decoder(StoredFields).decode


def make_dictionary(samples: bytes) -> zstandard.ZstdCompressionDict:
    """Return the compression dictionary that consists of the first records."""
    return zstandard.ZstdCompressionDict(samples, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class Decompressor(local):
    """A decompressor for each thread, because threads that share one would corrupt its state."""

    def __init__(self, dictionary: bytes) -> None:
        self.unpack = zstandard.ZstdDecompressor(dict_data=make_dictionary(dictionary)).decompress


class DocStore:
    """The stored fields of all documents, by number.

    `years` gives the year of each document (int32), or NO_YEAR. `ranks` gives the position of each
    document in the orders `newest`, `oldest` and `title` (int32). Ties are broken by id, and
    documents without a date come last. `by_id` contains the document numbers in the order of their
    ids (int32). `record_digests` gives the digest of the source record that each document was
    made from (16 bytes), or NO_DIGEST.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.ids, self.titles = StringTable.read(arrays, "ids"), StringTable.read(arrays, "titles")
        self.records = BlobTable.read(arrays, "records")
        self.dictionary = arrays["dictionary"].tobytes()
        self.years: Array = arrays["years"]
        self.ranks = {
            name.removeprefix("rank."): array
            for name, array in arrays.items()
            if name.startswith("rank.")
        }
        self.by_id: Array = arrays["by_id"]
        self.record_digests: Array = arrays["record_digests"]
        self.files = StringTable.read(arrays, "files").to_list()
        self._file, self._line = arrays["file"], arrays["line"]
        self._decompressor = Decompressor(self.dictionary)

    def __len__(self) -> int:
        return len(self.ids)

    def get_source(self, doc_number: int) -> SourceLocation:
        """Return the source of a document: its file and line in the corpus."""
        return SourceLocation(self.files[self._file[doc_number]], int(self._line[doc_number]))

    @cached_property
    def all_ids(self) -> list[str]:
        """The ids of all documents."""
        return self.ids.to_list()

    @cached_property
    def docs_by_digest(self) -> dict[bytes, int]:
        """The document that was made from each source record, by the digest of the record."""
        packed = self.record_digests.tobytes()
        starts = range(0, len(packed), len(NO_DIGEST))
        digests = (packed[start : start + len(NO_DIGEST)] for start in starts)
        docs = {digest: number for number, digest in enumerate(digests)}
        docs.pop(NO_DIGEST, None)
        return docs

    def get_record(self, doc_number: int) -> bytes:
        """Return the record of a document, decompressed."""
        return self._decompressor.unpack(self.records[doc_number])

    def get_title(self, doc_number: int) -> str:
        """Return the title of a document."""
        return self.titles.get_text(doc_number)

    def get_publication(self, doc_number: int, added: int = 0, changed: int = 0) -> Publication:
        """Return the whole publication of a document, with the dates of its generation."""
        record = _decode(self.get_record(doc_number))
        return Publication(
            id=self.ids.get_text(doc_number),
            title=self.titles.get_text(doc_number),
            source=self.get_source(doc_number),
            summary=record.summary,
            lang=record.lang,
            values=record.values,
            other_sources=record.other_sources,
            added=added,
            changed=changed,
        )

    def list_publications(self) -> Iterator[Publication]:
        """Yield all publications, in the order of their numbers."""
        return map(self.get_publication, range(len(self)))

    def find_doc_number(self, identity: str) -> int | None:
        """Return the document with an id, or None."""
        order = self.by_id
        index = bisect_left(order, identity, key=self.ids.get_text)
        is_known = index < len(order) and self.ids.get_text(order[index]) == identity
        return int(order[index]) if is_known else None
