"""Write the full texts of a generation: copy those of the previous one, and add new texts.

A text depends on its file only, and its pages are documents. So the postings of the pages that
remain are the first run of the new ones, and only new texts are read. If all texts remain, the file
is linked.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, pairwise
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

import msgspec
import numpy as np
import zstandard

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Problem, Publication, SourceLocation
from indexer.codec.forward_index import ForwardIndexWriter
from indexer.codec.inverter import PAGE, Inverter, TermKind
from indexer.codec.segment import fulltext
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    BlobTable,
    Spool,
    compute_offsets,
    expand_ranges,
    pick_offset_dtype,
)
from indexer.codec.segment.docstore import make_dictionary
from indexer.codec.segment.fulltext import PAGES, Attached, AttachedTexts, FileProblem, TextInfo
from indexer.codec.segment.postings import ForwardIndex, SortedRun, split_offsets
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, WordTable
from indexer.fulltext.documents import make_version
from indexer.fulltext.text import FullText

PAGES_AT_A_TIME = 1000
"""Number of pages whose words are numbered at a time."""
DICTIONARY_BYTES = 1 << 16
"""Size of the compression dictionary of the pages."""
_LEVEL = 9
_make_page = partial(Publication, id="", title="", source=SourceLocation("", 0))

Extract = Callable[[Sequence[Attached]], Iterable[FullText]]
"""Returns the text of each file, in order."""


class PreviousTexts:
    """The full texts of the previous generation, and their folder."""

    def __init__(self, texts: AttachedTexts, folder: Path) -> None:
        self.texts, self.folder = texts, folder

    def find_outdated(self, files: Mapping[str, Attached]) -> set[str]:
        """Return the digests of files that could not be read, and should be read again.

        The extraction has another version, or the file has another suffix.
        """
        infos, is_other = self.texts.infos, self.texts.version != make_version()
        unread = {each.digest for n, each in enumerate(infos) if not self.texts.count_pages(n)}
        known = (each.attached for each in self.texts.problems)
        suffixes = {each.digest: _get_suffix(each) for each in known}
        return {
            digest
            for digest in unread & files.keys()
            if is_other or _get_suffix(files[digest]) != suffixes.get(digest)
        }

    def list_attached(self) -> list[Attached]:
        """Return all files, also empty ones."""
        return [*self.texts.list_attached(), *(each.attached for each in self.texts.problems)]

    def find_problems(self, files: Mapping[str, Attached]) -> dict[str, list[Problem]]:
        """Return the known problems of files, which may have been renamed, by digest."""
        problems: defaultdict[str, list[Problem]] = defaultdict(list)
        for each in self.texts.problems:
            if file := files.get(each.attached.digest):
                problem = msgspec.structs.replace(each.problem, file=file.file)
                problems[file.digest].append(problem)
        return problems


def write_texts(
    folder: Path,
    language: str,
    attached: Sequence[Attached],
    extract: Extract,
    previous: PreviousTexts | None = None,
) -> list[Problem]:
    """Write the texts of attachments, ordered by document. Return the problems of the files.

    A file that can't be read is attached, because readers may have a program that opens it.
    `folder` is that of the main segment, and `language` that of the catalogue. Raise OSError if a
    file can't be written.
    """
    files = {each.digest: each for each in attached}
    problems, known, kept = dict[str, list[Problem]](), list[TextInfo](), list[int]()
    if previous:
        outdated, known = previous.find_outdated(files), previous.texts.infos
        problems = {**previous.find_problems(files)}
        wanted = files.keys() - outdated
        kept = [number for number, info in enumerate(known) if info.digest in wanted]
    digests = [known[number].digest for number in kept]
    new = [files[digest] for digest in files.keys() - {*digests}]
    new.sort()
    if previous and not new and len(kept) == len(known):
        try:
            os.link(previous.folder / PAGES, folder / PAGES)
        except OSError:  # where that is not possible
            shutil.copyfile(previous.folder / PAGES, folder / PAGES)
    else:
        field = Field("page", "Page", kind="text", role="abstract", weight=1.0)
        catalogue = Catalogue(title="", description="", fields=(field,), language=language)
        with _PageWriter(folder, catalogue, previous.texts if previous else None, kept) as writer:
            for each, text in zip(new, extract(new), strict=True):
                writer.add(text)
                problems[each.digest] = text.list_problems(each.file)
            writer.write()
        digests += [each.digest for each in new]
    numbers = {digest: number for number, digest in enumerate(digests)}
    usable = [each for each in attached if each.size]  # nobody can open an empty file
    current = [FileProblem(files[key], each) for key in files for each in problems.get(key, ())]
    texts = [numbers[each.digest] for each in usable]
    fulltext.write_attached(folder, usable, texts, current, make_version())
    return [each.problem for each in current]


def _get_suffix(attached: Attached) -> str:
    return PurePosixPath(attached.file).suffix.lower()


class _PageWriter(ExitStack):
    """Collects the pages of new texts, and writes them after the `kept` texts of `previous`.

    Close the writer after use. Raise OSError if a file can't be written.
    """

    def __init__(
        self, folder: Path, catalogue: Catalogue, previous: AttachedTexts | None, kept: list[int]
    ) -> None:
        super().__init__()
        self._folder, self._previous, self._kept = folder, previous, np.array(kept, np.int64)
        words = previous.words.texts.to_list() if previous else []
        self._forward_index = self.enter_context(ForwardIndexWriter(folder, catalogue, words))
        self._pages = Spool(folder, np.uint8)
        self.callback(self._pages.close)
        self._infos: list[TextInfo] = []
        self._page_counts: list[int] = []
        self._page_bytes: list[int] = []
        self._batch: list[Publication] = []

    def add(self, text: FullText) -> None:
        described = (text.digest, text.media_type, text.has_pages, text.language)
        self._infos.append(TextInfo(*described, text.empty_pages))
        self._page_counts.append(len(text.pages))
        for page in text.pages:
            data = page.encode("utf-8", "replace")
            self._pages.append(np.frombuffer(data, np.uint8))
            self._page_bytes.append(len(data))
            self._batch.append(_make_page(summary=data.decode(), lang=text.language))
            if len(self._batch) == PAGES_AT_A_TIME:
                self._number_words()

    def _number_words(self) -> None:
        self._forward_index.add(self._batch)
        self._batch = []

    def write(self) -> None:
        self._number_words()
        self._forward_index.finish()
        infos, counts = self._infos, np.array(self._page_counts, np.int64)
        if self._previous:
            infos = [*(self._previous.infos[number] for number in self._kept.tolist()), *infos]
            counts = np.append(np.diff(self._previous.page_offsets)[self._kept], counts)
        with ArrayFileWriter(self._folder / PAGES) as writer:
            self._write_words(writer, counts)
            self._write_pages(writer)
            writer.add("infos", np.frombuffer(msgspec.msgpack.encode(infos), np.uint8))
            _add_offsets(writer, "page_offsets", counts)

    def _write_words(self, writer: ArrayFileWriter, page_counts: Array) -> None:
        """Write the dictionary, the postings, and what is counted in them."""
        index, previous = self._forward_index, self._previous
        kept_pages, earlier = np.zeros(0, np.int64), list[SortedRun]()
        if previous:
            begins, ends = previous.find_pages(self._kept)
            kept_pages = expand_ranges(begins, ends - begins)
            earlier = [_copy_postings(previous, kept_pages)]
            counts = earlier[0].position_counts
            index.counts[FIRST_NUMBER : FIRST_NUMBER + len(counts)] += counts
        stems = (previous.stems.to_list(), previous.stem_of) if previous else ()
        words, _ = index.write_words(writer, *stems)
        with TemporaryFile(dir=self._folder) as scratch:
            new = index.number(words, partial(_map_words, scratch))
        text_of_new = np.arange(len(self._infos)).repeat(self._page_counts)
        lengths = np.bincount(text_of_new, new.lengths[:, 0], len(self._infos))
        starts = new.starts[:, 0]
        spans = np.diff(starts)
        if previous:
            lengths = np.append(previous.lengths[self._kept], lengths)
            spans = np.append(np.diff(previous.starts)[kept_pages], spans)
            # The words of these pages are in `earlier`, and none is in the stream.
            starts = np.append(np.zeros(len(kept_pages), starts.dtype), starts)
        size = len(words.words)
        inverter = Inverter(
            ForwardIndex(new.stream, starts[:, None], np.diff(starts)[:, None]),
            np.ones((len(spans), 1), np.float32),
            [TermKind(PAGE, np.arange(size, dtype=np.int32), size, words.previous_numbers)],
            [_renumber(run, words) for run in earlier],
        )
        arrays = inverter.write(writer, self._folder)
        text_of_page = np.arange(len(page_counts), dtype=np.int32).repeat(page_counts)
        _add_offsets(writer, "text_offsets", _count_texts(arrays, text_of_page))
        _add_offsets(writer, "starts", spans)
        writer.add("lengths", lengths.astype(np.int32))

    def _write_pages(self, writer: ArrayFileWriter) -> None:
        """Write the compressed pages, with a dictionary of the first ones.

        Those of the previous generation are copied if its dictionary is the same. A text of which
        it has a part and that is gone, perhaps because it was restricted, must not stay in it.
        """
        previous, new = self._previous, self._pages.to_array()
        kept = previous.read_pages(self._kept) if previous else iter(())
        first, size = list[bytes](), 0
        for page in kept:
            first.append(page)
            size += len(page)
            if size >= DICTIONARY_BYTES:
                break
        dictionary = b"".join([*first, new[:DICTIONARY_BYTES].tobytes()])[:DICTIONARY_BYTES]
        compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=make_dictionary(dictionary))
        packed, sizes, own = Spool(self._folder, np.uint8), [np.zeros(0, np.int64)], list[int]()
        self.callback(packed.close)
        pages = chain(first, kept)
        if previous and dictionary == previous.dictionary:
            pages = chain()
            offsets = previous.records.offsets
            for begin, end in zip(*previous.find_pages(self._kept), strict=True):
                packed.append(previous.records.data[offsets[begin] : offsets[end]])
                sizes.append(np.diff(offsets[begin : end + 1]))
        added = pairwise(compute_offsets(self._page_bytes).tolist())
        for data in chain(pages, (new[begin:end].tobytes() for begin, end in added)):
            record = compressor.compress(data) if data else b""
            packed.append(np.frombuffer(record, np.uint8))
            own.append(len(record))
        offsets = compute_offsets(np.concatenate([*sizes, np.array(own, np.int64)]))
        BlobTable(packed.to_array(), offsets).write(writer, "records")
        writer.add("dictionary", np.frombuffer(dictionary, np.uint8))


def _copy_postings(previous: AttachedTexts, kept_pages: Array) -> SortedRun:
    """Return the postings of the pages that remain, in the previous numbers of words."""
    counts, frequencies = np.diff(previous.offsets), previous.frequencies
    position_counts, no_weights = np.diff(previous.position_offsets), np.zeros(0, np.float32)
    pages, positions = previous.pages, previous.positions
    if len(kept_pages) < len(previous.text_of_page):
        numbers = np.full(len(previous.text_of_page), -1, np.int32)
        numbers[kept_pages] = np.arange(len(kept_pages))
        pages = numbers.take(pages)
        is_kept = pages >= 0
        words = np.arange(len(counts)).repeat(counts)[is_kept]
        positions = positions[is_kept.repeat(frequencies)]
        pages, frequencies = pages[is_kept], frequencies[is_kept]
        position_counts = np.bincount(words, frequencies, len(counts)).astype(np.int64)
        counts = np.bincount(words, minlength=len(counts))
    return SortedRun(position_counts, counts, pages, no_weights, frequencies, positions)


def _renumber(run: SortedRun, words: WordTable) -> SortedRun:
    """Return a run of the previous segment in the new numbers of words, which ascend too."""
    is_kept = words.previous_numbers >= 0

    def move(counts: Array) -> Array:
        moved = np.zeros(len(words.words), np.int64)
        moved[words.previous_numbers[is_kept]] = counts[is_kept]
        return moved

    return run._replace(position_counts=move(run.position_counts), doc_counts=move(run.doc_counts))


def _count_texts(arrays: Mapping[str, Array], text_of_page: Array) -> Array:
    """Return the number of texts with each word (int64)."""
    offsets, pages = arrays["page.offsets"], arrays["page.documents"]
    counts = np.zeros(len(offsets) - 1, np.int64)
    for first, last in split_offsets(offsets):
        begins = offsets[first:last] - offsets[first]
        texts = text_of_page.take(pages[offsets[first] : offsets[last]])
        is_first = np.ones(len(texts), np.bool_)
        np.not_equal(texts[1:], texts[:-1], out=is_first[1:])
        is_first[begins] = True
        counts[first:last] = np.add.reduceat(is_first, begins, dtype=np.int64)
    return counts


def _map_words(file: IO[bytes], count: int) -> Array:
    """Return an array of words (int32) in a temporary file, whose disk space is reserved."""
    if not count:
        return np.zeros(0, np.int32)
    os.posix_fallocate(file.fileno(), 0, count * np.dtype(np.int32).itemsize)
    return np.memmap(file, np.int32, "r+", shape=(count,))


def _add_offsets(writer: ArrayFileWriter, name: str, counts: Array) -> None:
    offsets = compute_offsets(counts)
    writer.add(name, offsets.astype(pick_offset_dtype(int(offsets[-1]))))
