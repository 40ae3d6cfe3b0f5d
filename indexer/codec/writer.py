"""Write publications as a segment: files of arrays, and Whoosh's table of contents.

Publications arrive in batches, in the order of the corpus. Their data is spooled to disk. After the
last batch, words get their final numbers and the forward index is inverted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path

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
)
from indexer.codec import whoosh_codec
from indexer.codec.forward_index import ForwardIndexWriter
from indexer.codec.inverter import STEM, WORD, Inverter, ReportSorting, TermKind
from indexer.codec.segment import postings, sort_orders
from indexer.codec.segment.array_file import Array, ArrayFileWriter, Spool, open_arrays, pick_dtype
from indexer.codec.segment.docstore import NO_YEAR, DocStore, make_dictionary
from indexer.codec.segment.facet_columns import FacetColumnWriter, count_documents
from indexer.codec.segment.reader import (
    FACETS,
    LANGUAGE_COLUMN,
    POSTINGS,
    PUBLICATIONS,
    WORDS,
    Segment,
    make_catalogue_norms,
)
from indexer.codec.segment.string_table import BlobTable, StringTable, compute_offsets, encode_texts

MAX_SAMPLES, MAX_DICTIONARY_BYTES = 256, 1 << 16
"""The dictionary is the first 256 records, cut at 64 KiB."""

_LAST_YEAR = 10_000
_encode = msgspec.msgpack.Encoder().encode


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
        self._compressor = zstandard.ZstdCompressor(
            level=1, dict_data=make_dictionary(self._dictionary)
        )

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
        return sort_orders.make_title_key(publication.title, language)

    def _make_old_title_key(self, doc_number: int) -> str:
        publication = self._previous_store.get_publication(doc_number)
        return _add_id(self._make_title_key(publication), publication.id)

    def _add_sources(self, sources: Iterable[SourceLocation]) -> None:
        """Record the sources of the next documents."""
        files = self._files
        for source in sources:
            self._file.append(files.setdefault(source.file, len(files)))
            self._line.append(source.line)

    def _pack(self, records: list[bytes]) -> tuple[Array, Array]:
        """Return records compressed (uint8) and their lengths (int64). Other threads may run."""
        packed = self._compressor.multi_compress_to_buffer([*records], threads=1)
        pieces = [packed[number].tobytes() for number in range(len(packed))]
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        return np.frombuffer(b"".join(pieces), np.uint8), lengths

    def _append_packed(self) -> None:
        """Append the records that the thread has compressed."""
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
        """Write everything collected.

        `origins` gives the previous number of each document, or -1.
        """
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
        writer.add(
            "record_digests",
            np.frombuffer(b"".join(self._record_digests), np.uint8).reshape(-1, len(NO_DIGEST)),
        )
        self._write_orders(writer, ids, years, origins)

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
        all_ids = ids.to_list()
        new_ids = [all_ids[number] for number in new.tolist()]
        title_keys = StringTable.from_encoded(self._new_title_keys.to_array()).to_list()
        order = sorted(range(len(new_ids)), key=new_ids.__getitem__)
        by_id = sort_orders.merge(
            old_by_id[old_by_id >= 0], new, order, new_ids.__getitem__, ids.get_text
        )
        # Titles with the same key stay in the order of their ids.
        order.sort(key=title_keys.__getitem__)
        by_title = sort_orders.merge(
            old_by_title[old_by_title >= 0],
            new,
            order,
            lambda index: _add_id(title_keys[index], new_ids[index]),
            lambda number: self._make_old_title_key(int(origins[number])),
        )
        writer.add("by_id", by_id)
        writer.add("rank.title", sort_orders.make_ranks(by_title))
        dated = np.where(years == NO_YEAR, _LAST_YEAR, years)
        for name, keys in (("newest", np.where(years == NO_YEAR, 1, -years)), ("oldest", dated)):
            writer.add(
                f"rank.{name}",
                sort_orders.make_ranks(by_id[np.argsort(keys[by_id], kind="stable")]),
            )


def _add_id(title_key: str, identity: str) -> str:
    """Return the sort key of a title, followed by the id to make it unique."""
    return f"{title_key}\n{identity}"


def _encode_fields(parsed: Parsed) -> bytes:
    publication = parsed.publication
    fields = (publication.summary, publication.lang, publication.values)
    return _encode((*fields, publication.other_sources) if publication.other_sources else fields)


Batch = Sequence[Item]
"""New publications, and unchanged ones of the previous segment, in the order of the corpus."""
ValueCounts = dict[str, dict[str, int]]
"""For each facet, the number of publications that have each of its most frequent values."""


def write(
    folder: Path,
    catalogue: Catalogue,
    batches: Iterable[Batch],
    previous: Segment | None = None,
    report_sorting: ReportSorting = lambda _done, _total: None,
) -> ValueCounts:
    """Write a segment into an empty folder. Return the counts of its facet values.

    The first batch must have at least MAX_SAMPLES publications, unless the corpus
    has fewer. Publications of type `Unchanged` are copied from the previous segment, which must
    have the same catalogue. `report_sorting` receives the progress after the last batch. Raise
    OSError if a file can't be written, for example on a full disk.
    """
    words = previous.words.texts.to_list() if previous else []
    with ForwardIndexWriter(folder, catalogue, words) as forward_index:
        origins = _write_documents(folder, batches, previous, forward_index)
        with (
            ArrayFileWriter(folder / WORDS) as dictionary,
            ArrayFileWriter(folder / POSTINGS) as inverted,
        ):
            inverter = _write_words(dictionary, catalogue, forward_index, previous)
            inverter.write(inverted, folder, previous, origins, report_sorting)
    whoosh_codec.write_contents(folder, catalogue, len(origins))
    facets = open_arrays(folder / FACETS)
    names = [field.name for field in catalogue.selectable]
    return {name: count_documents(facets, name) for name in names}


def _write_documents(
    folder: Path,
    batches: Iterable[Batch],
    previous: Segment | None,
    forward_index: ForwardIndexWriter,
) -> Array:
    """Write the stored fields and the facets, and pass the texts to `forward_index`.

    Return the origin of each document, as `_gather` does. What was collected is freed before the
    postings are sorted, which needs the most memory.
    """
    catalogue = forward_index.catalogue
    docstore = DocStoreWriter(folder, catalogue, previous.docstore if previous else None)
    names = [*(field.name for field in catalogue.exact), LANGUAGE_COLUMN]
    known = {**previous.columns, LANGUAGE_COLUMN: previous.languages} if previous else {}
    columns = [FacetColumnWriter(folder, name, known.get(name)) for name in names]
    with ExitStack() as stack:
        stack.callback(docstore.close)
        for column in columns:
            stack.callback(column.close)
        origins = _gather(batches, docstore, forward_index, columns, previous)
        with ArrayFileWriter(folder / PUBLICATIONS) as writer:
            docstore.write(writer, origins)
        with ArrayFileWriter(folder / FACETS) as writer:
            for column in columns:
                column.write(writer)
    return origins


def _list_values(
    publications: Sequence[Publication], column: str, catalogue: Catalogue
) -> list[Sequence[str]]:
    """Return the exact values of each publication."""
    if column == LANGUAGE_COLUMN:
        return [(publication.lang or catalogue.language,) for publication in publications]
    make_key = catalogue.by_name[column].make_key
    return [[*map(make_key, publication.values.get(column, ()))] for publication in publications]


def _gather(
    batches: Iterable[Batch],
    docstore: DocStoreWriter,
    forward_index: ForwardIndexWriter,
    columns: Sequence[FacetColumnWriter],
    previous: Segment | None,
) -> Array:
    """Pass all publications to the writers. Return the origin of each document (int64).

    The origin is the number of the document in the previous segment, or -1 if it is new.
    """
    origins = [np.zeros(0, np.int64)]
    for number, batch in enumerate(batches):
        if number == 0:
            docstore.begin(batch)
        for _, run in groupby(batch, key=type):  # only new or only unchanged publications
            items = [*run]
            if parsed := [item for item in items if isinstance(item, Parsed)]:
                publications = [item.publication for item in parsed]
                docstore.add(parsed)
                forward_index.add(publications)
                for column in columns:
                    column.add(_list_values(publications, column.name, forward_index.catalogue))
                origins.append(np.full(len(parsed), -1))
            else:
                assert previous is not None
                doc_numbers = docstore.copy([each for each in items if isinstance(each, Unchanged)])
                forward_index.copy(previous.forward_index.select(doc_numbers).stream)
                for column in columns:
                    column.copy(doc_numbers)
                origins.append(doc_numbers)
    forward_index.finish()
    return np.concatenate(origins)


def _write_words(
    writer: ArrayFileWriter,
    catalogue: Catalogue,
    forward_index: ForwardIndexWriter,
    previous: Segment | None,
) -> Inverter:
    """Write the term dictionary and the forward index. Return the inverter of the postings."""
    known = (previous.stems.texts.to_list(), previous.stem_of) if previous else ()
    words, stems = forward_index.write_words(writer, *known)
    numbered = forward_index.number(words, partial(writer.allocate, "stream", np.int32))
    writer.add("starts", numbered.starts)
    writer.add("lengths", numbered.lengths)
    all_words = np.arange(len(words.words), dtype=np.int32)
    kinds = (
        TermKind(WORD, all_words, len(words.words), words.previous_numbers),
        TermKind(STEM, stems.of_word, len(stems.texts), stems.previous_numbers),
    )
    means = postings.compute_means(numbered.lengths)
    return Inverter(numbered, make_catalogue_norms(catalogue, numbered.lengths, means), kinds)
