"""The full texts of the publications of a segment: which text belongs to which document.

The texts are in full-text segments, which later builds share: a text is the same whatever the
documents. `fulltext.seg` assigns the texts to the documents of one generation:

    segments           the names of the full-text segments
    files              the file of each attachment, relative to the corpus folder
    documents          its document, ascending
    texts              its text, numbered over all full-text segments
    sizes, times       the size of the file, and the time of its last change in nanoseconds
    problems           the problems of files, in MessagePack
    version            the version of the extraction that made the texts, in UTF-8
    offsets_N          for a segment N with other texts: see `FullTextSegment.count_used`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.codec.segment.array_file import Array, ArrayFileWriter, open_arrays
from indexer.codec.segment.fulltext import FullTextSegment, TextInfo
from indexer.codec.segment.string_table import StringTable

FULLTEXT = "fulltext.seg"


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
    """A file that can't be read, or not all of it. Each later build reports the problem.

    The file may be gone, while its text is still in a segment.
    """

    attached: Attached
    problem: Problem


class AttachedTexts:
    """The full texts of a generation, open for reading.

    `documents` has the document of each attachment, ascending, and `texts` its text. The texts of
    segment `s` are numbered from `bases[s]`.

    `read_arrays` returns the arrays of a file. Raise CorruptSegment or OSError.
    """

    def __init__(
        self,
        folder: Path,
        read_arrays: Callable[[Path], Mapping[str, Array]] = open_arrays,
    ) -> None:
        arrays = read_arrays(folder / FULLTEXT)
        self.names = StringTable.read(arrays, "segments").to_list()
        self.documents: Array = arrays["documents"]
        self.texts: Array = arrays["texts"]
        self.segments, bases = list[FullTextSegment](), [0]
        for number, name in enumerate(self.names):
            of_segment = read_arrays(folder / f"{name}.seg")
            bases.append(bases[-1] + len(of_segment["lengths"]))
            first, last = self._used.searchsorted(bases[-2:]).tolist()
            segment = FullTextSegment(
                of_segment, folder / f"{name}.dat", self._used[first:last] - bases[-2],
                arrays.get(f"offsets_{number}"),
            )  # fmt: skip
            self.segments.append(segment)
        self.bases = np.array(bases, np.int64)
        self._files = StringTable.read(arrays, "files")
        self._sizes, self._times = arrays["sizes"], arrays["times"]
        self.version = arrays["version"].tobytes().decode("utf-8", "replace")
        self.problems = msgspec.msgpack.decode(arrays["problems"].data, type=list[FileProblem])

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def _used(self) -> Array:
        """The texts that belong to documents, ascending."""
        return np.unique(self.texts)

    @property
    def mean_length(self) -> float:
        """The mean number of words of the texts of documents that have any; at least 1."""
        lengths = [np.zeros(0, np.int64), *(segment.lengths for segment in self.segments)]
        used = np.concatenate(lengths).take(self._used)
        return max(1.0, float(used.sum()) / max(1, int(np.count_nonzero(used))))

    def find_text(self, attachment: int) -> tuple[FullTextSegment, int]:
        """Return the segment of the text of an attachment, and its number there."""
        text = int(self.texts[attachment])
        segment = int(np.searchsorted(self.bases, text, side="right")) - 1
        return self.segments[segment], text - int(self.bases[segment])

    def get_info(self, attachment: int) -> TextInfo:
        """Return the description of the text of an attachment."""
        segment, text = self.find_text(attachment)
        return segment.infos[text]

    def get_file(self, attachment: int) -> str:
        """Return the file of an attachment, relative to the corpus folder."""
        return self._files.get_text(attachment)

    def find_attachments(self, document: int) -> range:
        """Return the attachments of a document."""
        first, last = np.searchsorted(self.documents, [document, document + 1]).tolist()
        return range(first, last)

    @cached_property
    def by_digest(self) -> dict[str, int]:
        """An attachment of each text, by the digest of its file."""
        return {self.get_info(number).digest: number for number in reversed(range(len(self)))}

    def find_documents(self, attachment: int) -> list[int]:
        """Return the documents with the same text as an attachment, each once."""
        documents = self.documents[self.texts == self.texts[attachment]]
        distinct: list[int] = np.unique(documents).tolist()
        return distinct

    def get_attached(self, attachment: int) -> Attached:
        """Return an attachment."""
        return Attached(
            int(self.documents[attachment]), self.get_file(attachment),
            self.get_info(attachment).digest, int(self._sizes[attachment]),
            int(self._times[attachment]),
        )  # fmt: skip

    def list_attached(self) -> Iterator[Attached]:
        """Return all attachments, in order."""
        return map(self.get_attached, range(len(self)))


def open_texts(
    folder: Path,
    catalogue: Catalogue,
    read_arrays: Callable[[Path], Mapping[str, Array]] = open_arrays,
) -> AttachedTexts | None:
    """Return the full texts in the folder of a segment, or None if it has none.

    Raise CorruptSegment, KeyError, or OSError.
    """
    has_texts = catalogue.fulltext and (folder / FULLTEXT).exists()
    return AttachedTexts(folder, read_arrays) if has_texts else None


def write_attached(
    folder: Path,
    segments: Mapping[str, Array | None],
    attached: Sequence[Attached],
    texts: Sequence[int],
    problems: Sequence[FileProblem],
    *,
    version: str,
) -> None:
    """Write the attachments, ordered by document, with the number of the text of each.

    `segments` has the names of the full-text segments, with the result of `count_used` for those
    with texts of no document.
    """
    with ArrayFileWriter(folder / FULLTEXT) as writer:
        StringTable.from_texts([*segments]).write(writer, "segments")
        StringTable.from_texts([each.file for each in attached]).write(writer, "files")
        writer.add("documents", np.array([each.document for each in attached], np.int32))
        writer.add("texts", np.array(texts, np.int64))
        writer.add("sizes", np.array([each.size for each in attached], np.int64))
        writer.add("times", np.array([each.time for each in attached], np.int64))
        writer.add("version", np.frombuffer(version.encode(), np.uint8))
        for number, offsets in enumerate(segments.values()):
            if offsets is not None:
                writer.add(f"offsets_{number}", offsets)
        writer.add("problems", np.frombuffer(msgspec.msgpack.encode(problems), np.uint8))
