"""The document store: plain ids and titles, compressed records, and orders without a query.

Each record is compressed alone with Zstandard (RFC 8878). So any record can be read by itself, and
unchanged records are copied as they are. The dictionary consists of the first records, which all
others resemble.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import local

import msgspec
import numpy as np
import zstandard

from indexer.analysis.cleaning import fold
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
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    BlobTable,
    Spool,
    StringTable,
    compute_offsets,
    encode_texts,
    pick_dtype,
)

NO_YEAR = 0
MAX_SAMPLES, MAX_DICTIONARY_BYTES = 256, 1 << 16
"""The dictionary is the first 256 records, cut at 64 KiB."""

_LAST_YEAR = 10_000
_ARTICLES = {
    "de": frozenset({"das", "dem", "den", "der", "die", "ein", "eine"}),
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"el", "la", "las", "los", "un", "una"}),
    "fr": frozenset({"la", "le", "les", "un", "une"}),
    "it": frozenset({"gli", "i", "il", "la", "le", "lo", "un", "una"}),
    "pt": frozenset({"a", "as", "o", "os", "um", "uma"}),
}
_WORD = re.compile(r"\w+")


class StoredFields(msgspec.Struct, frozen=True, array_like=True):
    """The compressed part of a publication: everything except id, title and source."""

    summary: str | None
    lang: str | None
    values: Mapping[str, tuple[Value, ...]]
    other_sources: tuple[SourceLocation, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
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


class DocStoreWriter:
    """Collects the stored fields, document by document, numbered from 0."""

    def __init__(self, folder: Path, catalogue: Catalogue, previous: DocStore | None) -> None:
        self._previous, self._language = previous, catalogue.language
        date_field = catalogue.date_field
        self._date = date_field.name if date_field else ""
        self._records, self._ids = Spool(folder, np.uint8), Spool(folder, np.uint8)
        self._titles, self._new_title_keys = Spool(folder, np.uint8), Spool(folder, np.uint8)
        self._thread = ThreadPoolExecutor(1)
        self._packing: Future[tuple[Array, Array]] | None = None
        self._lengths: list[Array] = []
        self._years: list[Array] = []
        self._files: dict[str, int] = {}
        self._file, self._line = array("l"), array("l")
        self._record_digests: list[bytes] = []
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
        dictionary = make_dictionary(self._dictionary)
        self._compressor = zstandard.ZstdCompressor(level=1, dict_data=dictionary)

    @property
    def _previous_store(self) -> DocStore:
        assert self._previous is not None
        return self._previous

    def add(self, parsed: Sequence[Parsed]) -> None:
        """Store new publications. A thread compresses them while the next ones are read."""
        self._append_packed()
        self._packing = self._thread.submit(self._pack, [_encode_fields(item) for item in parsed])
        publications = [item.publication for item in parsed]
        self._record_digests.append(b"".join([item.record_digest for item in parsed]))
        years = (doc.values.get(self._date, (NO_YEAR,))[0] for doc in publications)
        self._years.append(np.fromiter(years, np.int32, len(publications)))
        self._ids.append(encode_texts(doc.id for doc in publications))
        self._titles.append(encode_texts(doc.title for doc in publications))
        self._new_title_keys.append(encode_texts(self._make_title_key(doc) for doc in publications))
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
            data = previous.records.take_runs(runs)
            lengths = np.diff(previous.records.offsets)[doc_numbers]
        else:
            data, lengths = self._pack([previous.get_record(number) for number in doc_numbers])
        self._append_packed()
        self._append(data, lengths)
        self._record_digests.append(previous.record_digests[doc_numbers].tobytes())
        self._years.append(previous.years[doc_numbers])
        self._ids.append(previous.ids.take_runs(runs))
        self._titles.append(previous.titles.take_runs(runs))
        self._add_sources(item.source for item in unchanged)
        return doc_numbers

    def _make_title_key(self, publication: Publication) -> str:
        language = publication.lang or self._language
        return make_title_key(publication.title, language)

    def _make_old_title_key(self, doc_number: int) -> str:
        publication = self._previous_store.get_publication(doc_number)
        return _add_id(self._make_title_key(publication), publication.id)

    def _add_sources(self, sources: Iterable[SourceLocation]) -> None:
        for source in sources:
            self._file.append(self._files.setdefault(source.file, len(self._files)))
            self._line.append(source.line)

    def _pack(self, records: list[bytes]) -> tuple[Array, Array]:
        """Return records compressed (uint8) and their lengths (int64). Other threads may run."""
        packed = self._compressor.multi_compress_to_buffer([*records], threads=1)
        pieces = [packed[number].tobytes() for number in range(len(packed))]
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        return np.frombuffer(b"".join(pieces), np.uint8), lengths

    def _append_packed(self) -> None:
        if self._packing:
            self._append(*self._packing.result())
            self._packing = None

    def _append(self, data: Array, lengths: Array) -> None:
        self._records.append(data)
        self._lengths.append(lengths)

    def close(self) -> None:
        """End the thread, and free the temporary disk space."""
        self._thread.shutdown(cancel_futures=True)
        for spool in (self._records, self._ids, self._titles, self._new_title_keys):
            spool.close()

    def write(self, writer: ArrayFileWriter, origins: Array) -> None:
        """Write everything collected. `origins` has the previous number of each document, or -1."""
        self._append_packed()
        lengths = np.concatenate([np.zeros(0, np.int64), *self._lengths])
        writer.add("dictionary", np.frombuffer(self._dictionary, np.uint8))
        BlobTable(self._records.to_array(), compute_offsets(lengths)).write(writer, "records")
        ids = StringTable.from_encoded(self._ids.to_array())
        ids.write(writer, "ids")
        StringTable.from_encoded(self._titles.to_array()).write(writer, "titles")
        years = np.concatenate([np.zeros(0, np.int32), *self._years])
        writer.add("years", years)
        StringTable.from_texts(list(self._files)).write(writer, "files")
        writer.add("file", np.array(self._file, pick_dtype(len(self._files))))
        writer.add("line", np.array(self._line, np.int32))
        digests = np.frombuffer(b"".join(self._record_digests), np.uint8)
        writer.add("record_digests", digests.reshape(-1, len(NO_DIGEST)))
        self._write_orders(writer, ids, years, origins)

    def _write_orders(
        self, writer: ArrayFileWriter, ids: StringTable, years: Array, origins: Array
    ) -> None:
        new = np.flatnonzero(origins < 0)
        new_numbers = invert(origins, len(self._previous or ()))
        old_by_id = old_by_title = new_numbers
        if self._previous:
            old_by_id = new_numbers[self._previous.by_id]
            old_by_title = new_numbers[np.argsort(self._previous.ranks["title"])]
        all_ids = ids.to_list()
        new_ids = [all_ids[number] for number in new.tolist()]
        title_keys = StringTable.from_encoded(self._new_title_keys.to_array()).to_list()
        order = sorted(range(len(new_ids)), key=new_ids.__getitem__)
        known = old_by_id[old_by_id >= 0]
        by_id = merge_order(known, new, order, new_ids.__getitem__, ids.get_text)
        # Titles with the same key stay in the order of their ids.
        order.sort(key=title_keys.__getitem__)
        by_title = merge_order(
            old_by_title[old_by_title >= 0],
            new,
            order,
            lambda index: _add_id(title_keys[index], new_ids[index]),
            lambda number: self._make_old_title_key(int(origins[number])),
        )
        writer.add("by_id", by_id)
        writer.add("rank.title", make_ranks(by_title))
        dated = np.where(years == NO_YEAR, _LAST_YEAR, years)
        for name, keys in (("newest", np.where(years == NO_YEAR, 1, -years)), ("oldest", dated)):
            writer.add(f"rank.{name}", make_ranks(by_id[np.argsort(keys[by_id], kind="stable")]))


def _add_id(title_key: str, identity: str) -> str:
    """Return the sort key of a title, followed by the id to make it unique."""
    return f"{title_key}\n{identity}"


def _encode_fields(parsed: Parsed) -> bytes:
    publication = parsed.publication
    fields = (publication.summary, publication.lang, publication.values)
    return _encode((*fields, publication.other_sources) if publication.other_sources else fields)


def make_title_key(title: str, language: str) -> str:
    """Return the sort key of a title: folded words without a leading article of its language."""
    words = _WORD.findall(fold(title))
    articles = _ARTICLES.get(language.partition("-")[0], frozenset())
    return " ".join(words[1:] if len(words) > 1 and words[0] in articles else words)


def merge_order(
    unchanged: Array,
    new: Array,
    order: Sequence[int],
    key_of_new: Callable[[int], str],
    key_of: Callable[[int], str],
) -> Array:
    """Merge documents into an order by key. Return it as int32.

    `unchanged` documents are already in order. `order` contains the indexes of the `new` ones,
    sorted by key. `key_of_new` returns the key at such an index, and `key_of` that of an unchanged
    document. It is called for few of these, by binary search.
    """
    insertions = (
        [bisect_left(unchanged, key_of_new(index), key=key_of) for index in order]
        if len(unchanged)
        else 0
    )
    return np.insert(unchanged, insertions, new[order]).astype(np.int32)


def make_ranks(order: Array) -> Array:
    """Return the position of each document in an order of all documents (int32)."""
    return invert(order, len(order))


def invert(origins: Array, size: int) -> Array:
    """Return the new number of each of `size` old documents (int32), or -1 if it is gone.

    `origins` gives the old number of each new document, or -1.
    """
    new_numbers = np.full(size, -1, np.int32)
    unchanged = np.flatnonzero(origins >= 0)
    new_numbers[origins[unchanged]] = unchanged
    return new_numbers
