"""The document store: plain ids and titles, and the rest as compressed records.

Each record is compressed alone with Zstandard (RFC 8878). So any record can be read by itself, and
unchanged records are copied as they are. The dictionary consists of the first records, which all
others resemble.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import local

import msgspec
import numpy as np
import zstandard

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import (
    NO_DIGEST,
    Item,
    Parsed,
    Publication,
    SourceLocation,
    Unchanged,
    Value,
)
from indexer.codec.segment import sort_orders
from indexer.codec.segment.array_file import Array, ArrayFileWriter, Spool, pick_dtype
from indexer.codec.segment.string_table import BlobTable, StringTable, compute_offsets

MAX_SAMPLES, MAX_DICTIONARY_BYTES = 256, 1 << 16
"""The dictionary is the first 256 records, cut at 64 KiB."""

NO_YEAR, LAST_YEAR = 0, 10_000


class StoredFields(msgspec.Struct, frozen=True, array_like=True):
    """The compressed part of a publication: everything except id, title and source."""

    summary: str | None
    lang: str | None
    values: Mapping[str, tuple[Value, ...]]
    other_sources: tuple[SourceLocation, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StoredFields).decode


def _make_dictionary(samples: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(samples, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Decompressor(local):
    """A decompressor for each thread, because threads that share one would corrupt its state."""

    def __init__(self, dictionary: bytes) -> None:
        self.unpack = zstandard.ZstdDecompressor(dict_data=_make_dictionary(dictionary)).decompress


class DocStore:
    """The stored fields of all documents, by number.

    `years` has the year of each document (int32), or NO_YEAR. `ranks` has the position of each
    document in the orders `newest`, `oldest` and `title` (int32). Ties are broken by id, and
    documents without a date come last. `by_id` has the document numbers in the order of their ids
    (int32). `chunk_digests` has the digest of the chunk of a file that each document was read from
    (16 bytes).
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.ids, self.titles = StringTable.read(arrays, "ids"), StringTable.read(arrays, "titles")
        self.records = BlobTable.read(arrays, "records")
        self.dictionary = arrays["dictionary"].tobytes()
        self.years: Array = arrays["years"]
        self.ranks = {name: arrays[f"rank.{name}"] for name in ("newest", "oldest", "title")}
        self.by_id: Array = arrays["by_id"]
        self.chunk_digests: Array = arrays["pieces"]
        self.files = StringTable.read(arrays, "files").to_list()
        self._file, self._line = arrays["file"], arrays["line"]
        self._decompressor = _Decompressor(self.dictionary)

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
    def all_lines(self) -> list[int]:
        """The line in its file of each document."""
        lines: list[int] = self._line.tolist()
        return lines

    @cached_property
    def docs_by_digest(self) -> dict[bytes, range]:
        """The documents that were read from each chunk, by the digest of the chunk."""
        firsts = (
            np.flatnonzero(np.any(self.chunk_digests[1:] != self.chunk_digests[:-1], axis=1)) + 1
        )
        bounds = [0, *firsts.tolist(), len(self)]
        digests = self.chunk_digests.tobytes()
        docs = {
            digests[first * len(NO_DIGEST) : (first + 1) * len(NO_DIGEST)]: range(first, last)
            for first, last in pairwise(bounds)
            if first < last
        }
        docs.pop(NO_DIGEST, None)
        return docs

    def get_record(self, doc_number: int) -> bytes:
        """Return the record of a document, decompressed."""
        return self._decompressor.unpack(self.records[doc_number])

    def get_title(self, doc_number: int) -> str:
        """Return the title of a document."""
        return self.titles.get_text(doc_number)

    def get_publication(self, doc_number: int) -> Publication:
        """Return the whole publication of a document."""
        record = _decode(self.get_record(doc_number))
        return Publication(
            id=self.ids.get_text(doc_number), title=self.titles.get_text(doc_number),
            source=self.get_source(doc_number), summary=record.summary, lang=record.lang,
            values=record.values, other_sources=record.other_sources,
        )  # fmt: skip

    def find_doc_number(self, identity: str) -> int | None:
        """Return the document with an id, or None."""
        order = self.by_id
        index = bisect_left(order, identity, key=self.ids.get_text)
        is_known = index < len(order) and self.ids.get_text(order[index]) == identity
        return int(order[index]) if is_known else None


class DocStoreWriter:
    """Collects the stored fields, document by document, numbered from 0."""

    def __init__(self, folder: Path, catalogue: Catalogue, previous: DocStore | None) -> None:
        self._previous, self._language = previous, catalogue.language
        date_row = catalogue.date_row
        self._date = date_row.name if date_row else ""
        self._records = Spool(folder, np.uint8)
        self._lengths: list[Array] = []
        self._years: list[Array] = []
        self._texts: dict[str, list[bytes]] = {"ids": [], "titles": []}
        self._keys: dict[str, list[str]] = {"id": [], "title": []}
        self._files: dict[str, int] = {}
        self._file, self._line = array("l"), array("l")
        self._chunk_digests: list[bytes] = []
        self._dictionary = b""

    def begin(self, first: Sequence[Item]) -> None:
        """Build the dictionary from the first publications."""
        samples = [
            self._previous_store.get_record(item.doc_number)
            if isinstance(item, Unchanged)
            else _encode_fields(item)
            for item in first[:MAX_SAMPLES]
        ]
        self._dictionary = b"".join(samples)[:MAX_DICTIONARY_BYTES]
        compressor = zstandard.ZstdCompressor(level=1, dict_data=_make_dictionary(self._dictionary))
        self._pack = compressor.compress

    @property
    def _previous_store(self) -> DocStore:
        assert self._previous is not None
        return self._previous

    def add(self, parsed: Sequence[Parsed]) -> None:
        """Store new publications."""
        records = [self._pack(_encode_fields(item)) for item in parsed]
        publications = [item.publication for item in parsed]
        self._chunk_digests.append(b"".join([item.chunk_digest for item in parsed]))
        self._records.append(np.frombuffer(b"".join(records), np.uint8))
        self._lengths.append(np.fromiter(map(len, records), np.int64, len(records)))
        years = (doc.values.get(self._date, (NO_YEAR,))[0] for doc in publications)
        self._years.append(np.fromiter(years, np.int32, len(publications)))
        self._texts["ids"].append("".join([f"{doc.id}\n" for doc in publications]).encode())
        self._texts["titles"].append("".join([f"{doc.title}\n" for doc in publications]).encode())
        self._keys["id"] += [doc.id for doc in publications]
        self._keys["title"] += [_make_title_key(doc, self._language) for doc in publications]
        self._add_sources(doc.source for doc in publications)

    def copy(self, unchanged: Sequence[Unchanged]) -> Array:
        """Copy documents of the previous segment. Return their numbers there.

        Records are compressed again only if the dictionary has changed.
        """
        previous = self._previous_store
        doc_numbers = np.fromiter((item.doc_number for item in unchanged), np.int64, len(unchanged))
        cuts = np.flatnonzero(np.diff(doc_numbers) != 1) + 1
        runs = [(int(run[0]), int(run[-1]) + 1) for run in np.split(doc_numbers, cuts)]
        if previous.dictionary == self._dictionary:
            records = previous.records.take_runs(runs)
            lengths = np.diff(previous.records.offsets)[doc_numbers]
        else:
            records = [self._pack(previous.get_record(number)) for number in doc_numbers]
            lengths = np.fromiter(map(len, records), np.int64, len(records))
        self._records.append(np.frombuffer(b"".join(records), np.uint8))
        self._lengths.append(lengths)
        self._chunk_digests.append(previous.chunk_digests[doc_numbers].tobytes())
        self._years.append(previous.years[doc_numbers])
        self._texts["ids"] += previous.ids.take_runs(runs)
        self._texts["titles"] += previous.titles.take_runs(runs)
        self._add_sources(item.source for item in unchanged)
        return doc_numbers

    def _add_sources(self, sources: Iterable[SourceLocation]) -> None:
        """Record the sources of the next documents."""
        files = self._files
        for source in sources:
            self._file.append(files.setdefault(source.file, len(files)))
            self._line.append(source.line)

    def close(self) -> None:
        """Free the temporary disk space."""
        self._records.close()

    def write(self, writer: ArrayFileWriter, origins: Array) -> None:
        """Write everything collected. `origins` has the previous number of each document, or -1."""
        lengths = np.concatenate([np.zeros(0, np.int64), *self._lengths])
        writer.add("dictionary", np.frombuffer(self._dictionary, np.uint8))
        BlobTable(self._records.to_array(), compute_offsets(lengths)).write(writer, "records")
        texts = {name: StringTable.from_encoded(pieces) for name, pieces in self._texts.items()}
        for name, table in texts.items():
            table.write(writer, name)
        years = np.concatenate([np.zeros(0, np.int32), *self._years])
        writer.add("years", years)
        StringTable.from_texts(list(self._files)).write(writer, "files")
        writer.add("file", np.array(self._file, pick_dtype(len(self._files))))
        writer.add("line", np.array(self._line, np.int32))
        writer.add(
            "pieces",
            np.frombuffer(b"".join(self._chunk_digests), np.uint8).reshape(-1, len(NO_DIGEST)),
        )
        self._write_orders(writer, texts["ids"], years, origins)

    def _write_orders(
        self, writer: ArrayFileWriter, ids: StringTable, years: Array, origins: Array
    ) -> None:
        new = np.flatnonzero(origins < 0)
        new_numbers = sort_orders.invert(origins, len(self._previous or ()))
        old_by_id = new_numbers[self._previous.by_id] if self._previous else new_numbers
        old_by_title = (
            new_numbers[np.argsort(self._previous.ranks["title"])]
            if self._previous
            else new_numbers
        )
        by_id = sort_orders.merge(old_by_id[old_by_id >= 0], new, self._keys["id"], ids.get_text)
        by_title = sort_orders.merge(
            old_by_title[old_by_title >= 0],
            new,
            self._keys["title"],
            lambda number: _make_title_key(
                self._previous_store.get_publication(int(origins[number])), self._language
            ),
        )
        writer.add("by_id", by_id)
        writer.add("rank.title", sort_orders.make_ranks(by_title))
        dated = np.where(years == NO_YEAR, LAST_YEAR, years)
        for name, keys in (("newest", np.where(years == NO_YEAR, 1, -years)), ("oldest", dated)):
            writer.add(
                f"rank.{name}",
                sort_orders.make_ranks(by_id[np.argsort(keys[by_id], kind="stable")]),
            )


def _make_title_key(publication: Publication, default_language: str) -> str:
    """Return the sort key of a title, followed by the id to make it unique."""
    key = sort_orders.make_title_key(publication.title, publication.lang or default_language)
    return f"{key}\n{publication.id}"


def _encode_fields(parsed: Parsed) -> bytes:
    publication = parsed.publication
    fields = (publication.summary, publication.lang, publication.values)
    return _encode((*fields, publication.other_sources) if publication.other_sources else fields)
