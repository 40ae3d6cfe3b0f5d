"""The full texts of a build: find the files of publications, and read those that are new."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue.access import is_restricted
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Publication, Report
from indexer.catalogue.safe_files import open_file
from indexer.codec.fulltext_writer import PreviousTexts, write_texts
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.fulltext import FULLTEXT, Attached, AttachedTexts
from indexer.fulltext import pdf
from indexer.fulltext.attachments import Attachment, find_attachments, format_files
from indexer.fulltext.documents import VERSION, TextCache, extract_all
from indexer.fulltext.text import FullText
from indexer.generations.manifest import Generation
from indexer.ingest.corpus import Progress
from indexer.mapping import sources


class FullTexts:
    """The full texts of a corpus, compared with those of the previous generation.

    `previous` has these, or is None if there are none, or if nothing of them can be copied.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        limits: Limits,
        progress: Progress,
        previous: Generation | None,
    ) -> None:
        self._folder, self._catalogue, self._limits = folder, catalogue, limits
        self._progress = progress
        self._previous = _open_previous(previous, catalogue, limits)
        known = self._previous.list_attached() if self._previous else []
        self._known = {(each.file, each.size, each.time): each.digest for each in known}

    def find(self, publications: Iterable[Publication], report: Report) -> list[Attached]:
        """Return the files of all publications, ordered by document. Report those left out.

        A passage gives out a part of a file, so the files of restricted publications are left out.
        """
        restricted = set[int]()

        def list_numbered() -> Iterator[tuple[int, Publication]]:
            for number, publication in enumerate(publications):
                if is_restricted(publication, self._catalogue):
                    restricted.add(number)
                yield number, publication

        places = sources.load(self._folder).list_attachments()
        found = list(
            find_attachments(
                self._folder,
                self._catalogue,
                list_numbered(),
                report,
                outside=places,
                limits=self._limits,
            )
        )
        closed = {each.file for each in found if each.doc_number in restricted}
        attached: list[Attached] = []
        for each in found:
            try:
                if each.file not in closed:
                    attached.append(self._examine(each))
            except OSError as error:
                message = f"the file can't be read: {error.strerror or error}"
                hint = "Check the file and its permissions. Its publication was kept"
                report(Problem(each.file, 0, message, hint))
        attached.sort()
        for problem in _find_copies(attached):
            report(problem)
        return attached

    def _examine(self, each: Attachment) -> Attached:
        """Return a file with digest, size and time. An unchanged one is not read. Raise OSError."""
        status = each.path.stat()
        size, time = status.st_size, status.st_mtime_ns
        digest = self._known.get((each.file, size, time))
        if digest is None:
            # A pipe may have taken the place of a file since the folder was listed.
            with open_file(each.path) as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        return Attached(each.doc_number, each.file, digest, size, time)

    def find_known_problems(self, attached: Sequence[Attached]) -> list[Problem] | None:
        """Return the problems of files if the previous generation has all of them, or None."""
        files = {each.digest: each for each in attached}
        if not self._previous:
            return None if files else []
        outdated = self._previous.find_outdated(files)
        if not files.keys() <= {*self._known.values()} - outdated:
            return None
        problems = self._previous.find_problems(files).values()
        return [each for of_file in problems for each in of_file]

    def find_problems(self, attached: Sequence[Attached]) -> list[Problem]:
        """Return the problems of files, which are read for that."""
        files = [*{each.digest: each for each in attached}.values()]
        return [
            problem
            for each, text in zip(files, self._extract(files), strict=True)
            for problem in text.list_problems(each.file)
        ]

    def write(self, segment: Path, attached: Sequence[Attached]) -> list[Problem]:
        problems = write_texts(
            segment, self._catalogue.language, attached, self._extract, self._previous
        )
        TextCache().remove_unused()
        return problems

    def _extract(self, files: Sequence[Attached]) -> Iterator[FullText]:
        paths = ((self._folder / each.file, each.digest) for each in files)
        names = [*(each.file for each in files), ""]
        pages = 0
        if files:
            self._progress.report_texts(0, len(files), pages, names[0])
        for done, text in enumerate(extract_all(paths, self._limits, TextCache()), 1):
            pages += len(text.pages)
            yield text
            self._progress.report_texts(done, len(files), pages, names[done])


def _find_copies(attached: Iterable[Attached]) -> Iterator[Problem]:
    """Yield a problem for each file that several publications have under several names."""
    by_digest: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for each in attached:
        if each.size:
            by_digest[each.digest].setdefault(each.file, each.document)
    for documents in by_digest.values():
        if len({*documents.values()}) > 1:
            first, *others = documents
            message = f"it is the same file as {format_files(others)}"
            yield Problem(first, 0, message, "Keep one of them. Each was kept with its publication")


def merge_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return distinct problems, with one for all PDFs that are not read without the extra.

    The reader of a PDF that is a record, and its full text, have the same problems.
    """
    distinct = dict.fromkeys(problems)
    merged = [each for each in distinct if each.what == pdf.NOT_INSTALLED]
    if len(merged) < 2:
        return [*distinct]
    what = f"the full text of {len(merged)} PDFs is not searched: {pdf.NOT_INSTALLED}"
    others = (each for each in distinct if each.what != pdf.NOT_INSTALLED)
    return [msgspec.structs.replace(merged[0], what=what), *others]


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
        is_same = texts.version.partition("-")[0] == str(VERSION)  # whatever the extra's is
        return PreviousTexts(texts, previous.segment) if is_same else None
    except (CorruptSegment, KeyError, OSError):
        return None  # the files have another format
