"""The full texts of a build: find the files of publications, and read those that are new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path

from indexer.analysis import tokenizer
from indexer.catalogue.access import is_restricted
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.codec.fulltext_segments import PreviousTexts, write_texts
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.attached_texts import FULLTEXT, Attached, AttachedTexts
from indexer.codec.segment.docstore import DocStore
from indexer.fulltext import pdf
from indexer.fulltext.attachments import Attachment, find_attachments
from indexer.fulltext.cache import TextCache
from indexer.fulltext.documents import VERSION, extract_all
from indexer.fulltext.text import FullText
from indexer.generations.manifest import Generation
from indexer.ingest.progress import Progress
from indexer.mapping import sources


class FullTexts:
    """The full texts of a corpus, compared with those of the previous generation.

    `previous` has these, or is None if there are none, or if nothing of them can be copied.
    """

    def __init__(
        self, folder: Path, catalogue: Catalogue, limits: Limits, progress: Progress,
        previous: Generation | None,
    ) -> None:  # fmt: skip
        self._folder, self._catalogue, self._limits = folder, catalogue, limits
        self._progress = progress
        self._previous = _open_previous(previous, catalogue, limits)
        known = self._previous.list_attached() if self._previous else []
        self._known = {(each.file, each.size, each.time): each.digest for each in known}

    def find(self, docstore: DocStore, report: Callable[[Problem], None]) -> list[Attached]:
        """Return the files of all publications, ordered by document. Report those left out.

        A passage gives out a part of a file, so the files of restricted publications are left out.
        """
        publications = (
            (number, docstore.get_publication(number)) for number in range(len(docstore))
        )
        found = [
            *find_attachments(
                self._folder, self._catalogue, publications, report,
                outside=sources.load(self._folder).list_attachments(), limits=self._limits,
            )
        ]  # fmt: skip
        closed = {
            each.file
            for each in found
            if is_restricted(docstore.get_publication(each.doc_number), self._catalogue)
        }
        readable, unread = list[Attachment](), list[Attachment]()
        for each in found:
            if each.file in closed:
                continue
            is_pdf = each.path.suffix.lower() == ".pdf"
            (unread if is_pdf and not pdf.is_installed() else readable).append(each)
        if unread:
            message = f"the full text of {len(unread)} PDFs is not searched"
            report(Problem(unread[0].file, 0, message, "Install the extra: pubsearch[pdf]"))
        return sorted(self._examine_all(readable, report))

    def _examine_all(
        self, files: Sequence[Attachment], report: Callable[[Problem], None]
    ) -> Iterator[Attached]:
        """Yield the files that can be read. Report the others."""
        for each in files:
            try:
                examined = self._examine(each.file, each.path)
            except OSError as error:
                message = f"the file can't be read: {error.strerror or error}"
                hint = "Check the file and its permissions. Its publication was kept"
                report(Problem(each.file, 0, message, hint))
            else:
                yield Attached(each.doc_number, each.file, *examined)

    def _examine(self, file: str, path: Path) -> tuple[str, int, int]:
        """Return the digest, size and time of a file. An unchanged one is not read.

        Raise OSError.
        """
        status = path.stat()
        size, time = status.st_size, status.st_mtime_ns
        digest = self._known.get((file, size, time))
        if digest is None:
            with path.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        return digest, size, time

    def find_known_problems(self, attached: Sequence[Attached]) -> list[Problem] | None:
        """Return the problems of files if the previous generation has all of them, or None."""
        files = {each.digest: each for each in attached}
        if not self._previous:
            return None if files else []
        if not files.keys() <= {*self._known.values()}:
            return None
        return [
            each for of_file in self._previous.find_problems(files).values() for each in of_file
        ]

    def write(self, segment: Path, attached: Sequence[Attached]) -> list[Problem]:
        """Write the texts into the folder of a segment. Return the problems of the files."""
        return write_texts(
            segment, self._catalogue.language, attached, self._extract, self._previous
        )

    def _extract(self, files: Sequence[Attached]) -> Iterator[FullText | Problem]:
        """Yield the text of each file, or the problem if it has none."""
        paths = ((self._folder / each.file, each.digest) for each in files)
        results, pages = extract_all(paths, self._limits, TextCache()), 0
        for done, (each, result) in enumerate(zip(files, results, strict=True), 1):
            if isinstance(result, FullText):
                pages += len(result.pages)
                yield result
            else:
                yield Problem(each.file, 0, result.message, result.hint)
            self._progress.report_texts(done, len(files), pages)


def _open_previous(
    previous: Generation | None, catalogue: Catalogue, limits: Limits
) -> PreviousTexts | None:
    """Return the full texts of the previous generation, or None if none can be copied.

    The stems of a text without a language are those of the catalogue's language.
    """
    if previous is None or not (previous.segment / FULLTEXT).exists():
        return None
    manifest = previous.manifest
    rules = manifest.analysis, manifest.limits, manifest.catalogue.language
    if rules != (tokenizer.VERSION, limits, catalogue.language):
        return None
    try:
        texts = AttachedTexts(previous.segment)
        return PreviousTexts(texts, previous.segment) if texts.version == VERSION else None
    except (CorruptSegment, KeyError, OSError):
        return None  # the files have another format
