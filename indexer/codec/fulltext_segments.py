"""Write the full texts of a generation: link segments of the previous one, and add new texts.

A text depends on its file only. So the segments of the previous generation are linked, and only new
texts are indexed. A segment is written again if most of its texts are gone, or if there would be
too many segments.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from hashlib import sha256
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np

from indexer.catalogue.records import Problem
from indexer.codec.fulltext_writer import FullTextWriter
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.attached_texts import (
    Attached,
    AttachedTexts,
    FileProblem,
    write_attached,
)
from indexer.codec.segment.fulltext import DATA_SUFFIX, TABLE_SUFFIX
from indexer.fulltext.documents import make_version
from indexer.fulltext.text import FullText

MAX_SEGMENTS = 8
"""Limit on the full-text segments of a generation. Each clause is looked up in all of them."""

Extract = Callable[[Sequence[Attached]], Iterable[FullText]]
"""Returns the text of each file, in order."""


class PreviousTexts:
    """The full texts of the previous generation, and their folder."""

    def __init__(self, texts: AttachedTexts, folder: Path) -> None:
        self.texts, self.folder = texts, folder
        self._unread = {
            info.digest
            for segment in texts.segments
            for number, info in enumerate(segment.infos)
            if not segment.count_pages(number)
        }

    def find_outdated(self, files: Mapping[str, Attached]) -> set[str]:
        """Return the digests of files that could not be read, and should be read again.

        The extraction has another version, or the file has another suffix.
        """
        if self.texts.version != make_version():
            return self._unread
        suffixes = {
            each.attached.digest: _get_suffix(each.attached) for each in self.texts.problems
        }
        return {
            digest
            for digest in self._unread & files.keys()
            if _get_suffix(files[digest]) != suffixes.get(digest)
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

    def choose_kept(self, digests: set[str], outdated: set[str]) -> list[int]:
        """Return the segments to link.

        `digests` are those of the files of the new generation. No segment has an `outdated` one.
        """
        segments = self.texts.segments
        useful = [
            number
            for number, segment in enumerate(segments)
            if 2 * len(segment.text_numbers.keys() & digests) > len(segment)
            and outdated.isdisjoint(segment.text_numbers)
        ]
        by_size = sorted(useful, key=lambda number: -len(segments[number].page_starts))
        # If there are too many, the smaller half is written again as one.
        most = MAX_SEGMENTS - 1 if len(useful) < MAX_SEGMENTS else MAX_SEGMENTS // 2
        return sorted(by_size[:most])

    def read_others(self, digests: set[str], kept: list[int]) -> Iterator[FullText]:
        """Yield the texts that are in segments which are not kept."""
        others = [each for n, each in enumerate(self.texts.segments) if n not in kept]
        for segment in others:
            for digest, text in segment.text_numbers.items():
                if digest in digests:
                    yield segment.read_text(text)


class _Texts:
    """The segments of a generation, and the digests of their texts in the order of the numbers.

    `segments` has the name of each, with the result of `FullTextSegment.count_used` if it has texts
    of no file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.segments: dict[str, Array | None] = {}
        self.digests: list[str] = []

    def link(self, previous: PreviousTexts, kept: Sequence[int], digests: Set[str]) -> None:
        """Link segments of the previous generation, or copy them where that is not possible.

        `digests` are those of all files. The other texts of a segment are not counted.
        """
        for number in kept:
            name, segment = previous.texts.names[number], previous.texts.segments[number]
            is_used = np.array([info.digest in digests for info in segment.infos])
            self.segments[name] = None if is_used.all() else segment.count_used(is_used)
            self.digests += [info.digest for info in segment.infos]
            for suffix in (TABLE_SUFFIX, DATA_SUFFIX):
                source, target = previous.folder / (name + suffix), self._folder / (name + suffix)
                try:
                    os.link(source, target)
                except OSError:
                    shutil.copyfile(source, target)

    def add(self, writer: FullTextWriter) -> None:
        """Write the new texts as one more segment."""
        digests = [info.digest for info in writer.infos]
        name = f"fulltext-{sha256(''.join(digests).encode()).hexdigest()[:16]}"
        writer.write(name)
        self.segments[name] = None
        self.digests += digests


def write_texts(
    folder: Path, language: str, attached: Sequence[Attached], extract: Extract,
    previous: PreviousTexts | None = None,
) -> list[Problem]:  # fmt: skip
    """Write the texts of attachments, ordered by document. Return the problems of the files.

    A file that can't be read is attached, because readers may have a program that opens it.
    `folder` is that of the main segment, and `language` that of the catalogue. Raise OSError if a
    file can't be written, and CorruptSegment if a previous one is damaged.
    """
    files = {each.digest: each for each in attached}
    written, problems = _Texts(folder), dict[str, list[Problem]]()
    with FullTextWriter(folder, language) as writer:
        if previous:
            problems |= previous.find_problems(files)
            outdated = previous.find_outdated(files)
            kept = previous.choose_kept({*files}, outdated)
            written.link(previous, kept, files.keys())
            for text in previous.read_others(files.keys() - {*written.digests} - outdated, kept):
                writer.add(text)
        present = {*written.digests, *(info.digest for info in writer.infos)}
        new = [each for digest, each in files.items() if digest not in present]
        for each, text in zip(new, extract(new), strict=True):
            writer.add(text)
            problems[each.digest] = text.list_problems(each.file)
        if writer.infos:
            written.add(writer)
    numbers = {digest: number for number, digest in enumerate(written.digests)}
    usable = [each for each in attached if each.size]  # nobody can open an empty file
    texts = [numbers[each.digest] for each in usable]
    current = [FileProblem(files[key], each) for key in files for each in problems.get(key, ())]
    # A text stays in its segment for a while after its file is gone, and the file may come back.
    unused = numbers.keys() - files.keys()
    known = previous.texts.problems if previous else ()
    gone = [each for each in known if each.attached.digest in unused]
    stored = [*current, *gone]
    write_attached(folder, written.segments, usable, texts, stored, version=make_version())
    return [each.problem for each in current]


def _get_suffix(attached: Attached) -> str:
    return PurePosixPath(attached.file).suffix.lower()
