"""Write publications as a segment: files of arrays, and Whoosh's table of contents.

Publications arrive in batches, in the order of the corpus. Their data is spooled to disk. After the
last batch, words get their final numbers and the forward index is inverted.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Item, Parsed, Publication, Unchanged
from indexer.codec import whoosh_codec
from indexer.codec.forward_index import ForwardIndexWriter, compute_name_shares
from indexer.codec.inverter import STEM, WORD, Inverter, ReportSorting, TermKind
from indexer.codec.segment import postings, reader
from indexer.codec.segment.array_file import Array, ArrayFileWriter, open_arrays
from indexer.codec.segment.docstore import DocStoreWriter
from indexer.codec.segment.facet_columns import FacetColumnWriter, count_documents
from indexer.codec.segment.reader import LANGUAGE_COLUMN, Segment

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
            ArrayFileWriter(folder / reader.WORDS) as dictionary,
            ArrayFileWriter(folder / reader.POSTINGS) as inverted,
        ):
            inverter = _write_words(dictionary, catalogue, forward_index, previous)
            inverter.write(inverted, folder, previous, origins, report_sorting)
    whoosh_codec.write_contents(folder, catalogue, len(origins))
    facets = open_arrays(folder / reader.FACETS)
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
        with ArrayFileWriter(folder / reader.PUBLICATIONS) as writer:
            docstore.write(writer, origins)
        with ArrayFileWriter(folder / reader.FACETS) as writer:
            for column in columns:
                column.write(writer)
    return origins


def _list_values(
    publications: Sequence[Publication], column: str, catalogue: Catalogue
) -> list[Sequence[str]]:
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
    writer.add("name_shares", compute_name_shares(numbered, catalogue, len(words.words)))
    all_words = np.arange(len(words.words), dtype=np.int32)
    kinds = (
        TermKind(WORD, all_words, len(words.words), words.previous_numbers),
        TermKind(STEM, stems.of_word, len(stems.texts), stems.previous_numbers),
    )
    means = postings.compute_means(numbered.lengths)
    return Inverter(numbered, postings.make_norms(catalogue, numbered.lengths, means), kinds)
