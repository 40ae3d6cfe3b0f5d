"""Check every byte of an index against its digests, and every reference between its arrays."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import zstandard

from indexer.catalogue.retired import RetiredIds
from indexer.codec.segment.array_file import Array, CorruptSegment
from indexer.codec.segment.docstore import DocStore
from indexer.codec.segment.fulltext import AttachedTexts, open_texts
from indexer.codec.segment.reader import Segment, Terms
from indexer.generations import directory, manifest
from indexer.generations.manifest import Generation, IndexOutdated, IndexUnusable


class VerifyReport(msgspec.Struct, frozen=True):
    """The state of a generation, or of an unusable `CURRENT`.

    `size` is in bytes. `errors` is empty if there is no fault.
    """

    name: str
    size: int
    errors: tuple[str, ...]


def verify(index: Path) -> Iterator[VerifyReport]:
    """Yield a report for `CURRENT` if it is unusable, then for each generation, oldest first.

    Raise IndexMissing if there is no index.
    """
    try:
        directory.read_live_name(index)
    except IndexUnusable as error:
        if not directory.list_names(index):
            raise
        yield VerifyReport(directory.CURRENT, 0, (str(error),))
    for name in directory.list_names(index):
        try:
            generation = directory.load(index, name)
        except IndexOutdated as error:
            yield VerifyReport(name, 0, (error.message,))
            continue
        size = sum(length for length, _ in generation.manifest.files.values())
        yield VerifyReport(name, size, tuple(_find_errors(generation)))


def _find_errors(generation: Generation) -> list[str]:
    errors = directory.integrity_errors(generation)
    listed_files = {manifest.MANIFEST, manifest.MANIFEST_DIGEST, *generation.manifest.files}
    paths = (path for path in generation.folder.rglob("*") if path.is_file())
    names = {path.relative_to(generation.folder).as_posix() for path in paths}
    errors += [f"{name} is not part of the generation" for name in sorted(names - listed_files)]
    if errors:
        return errors
    try:
        segment = Segment(generation.segment, generation.manifest.catalogue)
        texts = open_texts(generation.segment, generation.manifest.catalogue)
        retired = generation.read_retired()
        generation.read_dates()
    except (CorruptSegment, KeyError) as error:
        return [f"the segment can't be read: {error}"]
    except IndexOutdated as error:
        return [error.message]
    return [
        *find_reference_errors(segment, generation.manifest.publications),
        *_find_retired_errors(retired, segment.docstore),
        *(_find_text_errors(texts, segment.size) if texts else ()),
    ]


def _find_text_errors(texts: AttachedTexts, size: int) -> Iterator[str]:
    if (np.diff(texts.documents) < 0).any() or not _are_all_below(texts.documents, size):
        yield "the full texts have unknown publications"
    if not _are_all_below(texts.texts, len(texts.infos)):
        yield "a publication has an unknown full text"
    if len(texts.records) != len(texts.text_of_page):
        yield "a page of a full text is missing"
    if not _are_all_below(texts.pages, len(texts.text_of_page)):
        yield "the postings of full texts have an unknown page"


def _find_retired_errors(retired: RetiredIds, docstore: DocStore) -> Iterator[str]:
    for entry in retired.values():
        if docstore.find_doc_number(entry.id) is not None:
            yield f"the retired id {entry.id!r} is in use"
        if entry.successor and docstore.find_doc_number(entry.successor) is None:
            yield f"the successor of the retired id {entry.id!r} does not exist"


def find_reference_errors(segment: Segment, size: int) -> Iterator[str]:
    """Yield what is wrong in each array of a segment, or in those that it points into."""
    docstore, forward_index = segment.docstore, segment.forward_index
    lengths = {
        "ids": len(docstore.ids),
        "titles": len(docstore.titles),
        "records": len(docstore.records),
        "starts": len(forward_index.starts) - 1,
        "lengths": len(forward_index.lengths),
        "years": len(docstore.years),
        "record digests": len(docstore.record_digests),
        "by_id": len(docstore.by_id),
    }
    if vectors := segment.vectors:
        lengths["vectors"] = len(vectors.rows)
        lengths["non-zero vectors"] = int(np.count_nonzero(vectors.lengths > 0))
    lengths |= {f"the facet {name}": column.size for name, column in segment.columns.items()}
    yield from (
        f"{name}: {length} instead of {size}" for name, length in lengths.items() if length != size
    )
    for name, order in {**docstore.ranks, "id": docstore.by_id}.items():
        if not np.array_equal(np.sort(order), np.arange(size)):
            yield f"the order by {name} does not contain every publication exactly once"
    for name, column in segment.columns.items():
        if not _are_all_below(column.ordinals, len(column.values)):
            yield f"the facet {name} has an ordinal without a value"
    if (
        not _are_all_below(forward_index.stream, len(segment.words.texts))
        or (forward_index.stream < -2).any()
    ):
        yield "the stream has a word that is not in the vocabulary"
    for kind, terms in {"words": segment.words, "stems": segment.stems}.items():
        yield from (
            f"the postings of {kind}: {message}" for message in _find_posting_errors(terms, size)
        )
    for number in range(size):
        try:
            docstore.get_publication(number)
        except (ValueError, IndexError, zstandard.ZstdError, msgspec.MsgspecError) as error:
            yield f"the record of publication {number} can't be read: {error}"


def _are_all_below(numbers: Array, end: int) -> bool:
    return not len(numbers) or int(numbers.max()) < end


def _find_posting_errors(terms: Terms, size: int) -> Iterator[str]:
    texts = terms.texts.to_list()
    if texts != sorted(set(texts)):
        yield "the terms are not in order"
    if len(terms.offsets) != len(texts) + 1 or (np.diff(terms.offsets) < 1).any():
        yield "a term has no publication"
    if not _are_all_below(terms.documents, size):
        yield "a posting has an unknown publication"
    ascends = np.diff(terms.documents) > 0
    ascends[terms.offsets[1:-1] - 1] = True
    if not ascends.all():
        yield "the publications of a term are not in ascending order"
    if not (terms.weights > 0).all():
        yield "a weight is not positive"
