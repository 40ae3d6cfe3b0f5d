"""The full texts of the publications of a segment.

A text is the text of a file. Its pages are the documents of a segment with one field, `pages.seg`:

    words, stems, stem_of              the dictionary, as in `words.seg`
    page.offsets, .documents, .frequencies   the pages of each word, as in `postings.seg`
    page.position_offsets, .positions  the positions of each word in its pages
    starts                             the position of the first word of each page, and the end
    records, dictionary                the text of each page, compressed as in `publications.seg`
    infos                              the description of each text, in MessagePack
    page_offsets                       the pages of each text
    lengths                            the number of words of each text
    text_offsets                       running totals of the number of texts with each word

`fulltext.seg` assigns the texts to the documents of one generation:

    files                              the file of each attachment, relative to the corpus folder
    documents                          its document, ascending
    texts                              its text
    sizes, times                       the size of the file, and the time of its last change in ns
    problems                           the problems of files, in MessagePack
    version                            the version of the extraction that made the texts, in UTF-8
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    BlobTable,
    CorruptSegment,
    StringTable,
    compute_offsets,
    expand_ranges,
    open_arrays,
)
from indexer.codec.segment.docstore import Decompressor
from indexer.codec.segment.reader import Positions, Postings
from indexer.codec.segment.term_dictionary import FullTextDictionary

FULLTEXT, PAGES = "fulltext.seg", "pages.seg"


_JSON_NAMES = {"page_count": "pages", "empty_page_count": "empty_pages"}
"""Names in the documents of a cluster."""


class TextInfo(msgspec.Struct, frozen=True, array_like=True):
    """The description of a text: see `indexer.fulltext.text.FullText`."""

    digest: str
    media_type: str
    has_pages: bool
    language: str | None
    empty_pages: int


class File(msgspec.Struct, frozen=True, rename=_JSON_NAMES):
    """A file whose full text belongs to a publication."""

    path: str
    """Its place, relative to the corpus folder."""
    digest: str
    """Its SHA-256 (hexadecimal)."""
    media_type: str
    page_count: int
    """The number of its pages, or 0 if its format has none."""
    empty_page_count: int
    """The number of pages without a text."""
    language: str | None = None
    """The language of its text, if it is known."""
    has_text: bool = True
    """False if no page has any."""

    @property
    def name(self) -> str:
        """Its name without the folder, as readers see it."""
        return self.path.rpartition("/")[2]


class Attached(NamedTuple):
    """A file whose text belongs to a document.

    `file` is relative to the corpus folder. `size` is in bytes, and `time` in nanoseconds.
    """

    document: int
    file: str
    digest: str
    size: int
    time: int


class FileProblem(msgspec.Struct, frozen=True):
    """A file that can't be read, or not all of it. Each later build reports the problem."""

    attached: Attached
    problem: Problem


class AttachedTexts(FullTextDictionary):
    """The full texts of a generation, numbered from 0, and the documents that they belong to.

    `documents` gives the document of each attachment, ascending, and `texts` its text. The pages of
    text `t` are those from `page_offsets[t]` up to `page_offsets[t + 1]`, and `text_of_page` gives
    the text of each page. `lengths` gives the number of words of each text.

    `read_arrays` returns the arrays of a file. Raise CorruptSegment, KeyError, or OSError.
    """

    def __init__(
        self, folder: Path, read_arrays: Callable[[Path], Mapping[str, Array]] = open_arrays
    ) -> None:
        attachments, pages = read_arrays(folder / FULLTEXT), read_arrays(folder / PAGES)
        self.infos = msgspec.msgpack.decode(pages["infos"].data, type=list[TextInfo])
        super().__init__(pages, (info.language for info in self.infos if info.language))
        self.pages, self.frequencies = pages["page.documents"], pages["page.frequencies"]
        self.positions: Array = pages["page.positions"]
        self.starts, self.lengths = pages["starts"], pages["lengths"]
        self.page_offsets = pages["page_offsets"]
        self.records = BlobTable.read(pages, "records")
        self.dictionary = pages["dictionary"].tobytes()
        self._decompressor = Decompressor(self.dictionary)
        self.documents, self.texts = attachments["documents"], attachments["texts"]
        self._files = StringTable.read(attachments, "files")
        self._sizes, self._times = attachments["sizes"], attachments["times"]
        self.version = attachments["version"].tobytes().decode("utf-8", "replace")
        problems = attachments["problems"].data
        self.problems = msgspec.msgpack.decode(problems, type=list[FileProblem])

    @cached_property
    def text_of_page(self) -> Array:
        """The text of each page (int32)."""
        counts = np.diff(self.page_offsets)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @cached_property
    def mean_length(self) -> float:
        """The mean number of words of the texts that have any; at least 1."""
        total, count = float(self.lengths.sum()), int(np.count_nonzero(self.lengths))
        return max(1.0, total / max(1, count))

    def find_pages(self, texts: Array) -> tuple[Array, Array]:
        """Return the first page of each of some texts, and the one after the last (int64)."""
        offsets = self.page_offsets.astype(np.int64)
        return offsets[texts], offsets[texts + 1]

    def count_pages(self, text: int) -> int:
        return int(self.page_offsets[text + 1] - self.page_offsets[text])

    def read_page(self, text: int, page: int) -> str:
        """Return the text of a page, counted from 0."""
        record = self.records[int(self.page_offsets[text]) + page]
        return self._decompressor.unpack(record).decode() if record else ""

    def read_pages(self, texts: Array) -> Iterator[bytes]:
        """Yield the pages of some texts, in UTF-8."""
        for text in texts.tolist():
            for page in range(self.count_pages(text)):
                yield self.read_page(text, page).encode()

    def get_postings(self, word: int) -> Postings:
        """Return the pages of a word, and how often it occurs on each."""
        first, last = int(self.offsets[word]), int(self.offsets[word + 1])
        return Postings(self.pages[first:last], self.frequencies[first:last])

    def find_positions(self, words: Array, within: Array | None = None) -> Positions:
        """Return the positions of some words, ascending, and their pages, all or those `within`."""
        parts = [Positions(self.pages[:0], self.starts[:0])]
        for word in words.tolist():
            pages, counts = self.get_postings(word)
            begins = compute_offsets(counts)[:-1] + int(self.position_offsets[word])
            if within is not None:
                chosen = within.take(pages).nonzero()[0]
                pages, counts, begins = (each.take(chosen) for each in (pages, counts, begins))
            counts = counts.astype(np.int64)
            pages = pages.repeat(counts)
            offsets = self.positions.take(expand_ranges(begins, counts))
            parts.append(Positions(pages, self.starts.take(pages) + offsets))
        documents, offsets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = offsets.argsort(kind="stable")  # it merges the ascending runs of the words
        return Positions(documents.take(order), offsets.take(order))

    def get_info(self, attachment: int) -> TextInfo:
        return self.infos[int(self.texts[attachment])]

    def get_file(self, attachment: int) -> File:
        info, pages = self.get_info(attachment), self.count_pages(int(self.texts[attachment]))
        return File(
            path=self._files.get_text(attachment),
            digest=info.digest,
            media_type=info.media_type,
            page_count=pages if info.has_pages else 0,
            empty_page_count=info.empty_pages,
            language=info.language,
            has_text=pages > info.empty_pages,
        )

    def find_attachments(self, document: int) -> range:
        first, last = np.searchsorted(self.documents, [document, document + 1]).tolist()
        return range(first, last)

    @cached_property
    def by_digest(self) -> dict[str, int]:
        """An attachment of each text, by the digest of its file."""
        numbers = reversed(range(len(self.texts)))
        return {self.get_info(number).digest: number for number in numbers}

    def find_documents(self, attachment: int) -> list[int]:
        """Return the documents with the same text as an attachment, each once."""
        documents = self.documents[self.texts == self.texts[attachment]]
        distinct: list[int] = np.unique(documents).tolist()
        return distinct

    def get_attached(self, attachment: int) -> Attached:
        return Attached(
            int(self.documents[attachment]),
            self._files.get_text(attachment),
            self.get_info(attachment).digest,
            int(self._sizes[attachment]),
            int(self._times[attachment]),
        )

    def list_attached(self) -> Iterator[Attached]:
        """Return all attachments, in order."""
        return map(self.get_attached, range(len(self.texts)))


def open_texts(
    folder: Path,
    catalogue: Catalogue,
    read_arrays: Callable[[Path], Mapping[str, Array]] = open_arrays,
) -> AttachedTexts | None:
    """Return the full texts of a segment, if any. Raise CorruptSegment, KeyError, or OSError."""
    if not catalogue.fulltext or not (folder / FULLTEXT).exists():
        return None
    if not (folder / PAGES).exists():
        raise CorruptSegment("its full texts have the format of an older version")
    return AttachedTexts(folder, read_arrays)


def write_attached(
    folder: Path,
    attached: Sequence[Attached],
    texts: Sequence[int],
    problems: Sequence[FileProblem],
    version: str,
) -> None:
    """Write the attachments, ordered by document, with the number of the text of each."""
    with ArrayFileWriter(folder / FULLTEXT) as writer:
        StringTable.from_texts([each.file for each in attached]).write(writer, "files")
        writer.add("documents", np.array([each.document for each in attached], np.int32))
        writer.add("texts", np.array(texts, np.int32))
        writer.add("sizes", np.array([each.size for each in attached], np.int64))
        writer.add("times", np.array([each.time for each in attached], np.int64))
        writer.add("version", np.frombuffer(version.encode(), np.uint8))
        writer.add("problems", np.frombuffer(msgspec.msgpack.encode(problems), np.uint8))
