"""Import of documents: files that belong to records, and files that are records of their own.

An export of records is read first, then texts such as web pages, and PDFs last. A file that belongs
to records of an earlier tier is no record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import file_digest
from itertools import chain
from pathlib import Path

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Publication
from indexer.fulltext.attachments import attach
from indexer.fulltext.cache import TextCache
from indexer.fulltext.documents import extract_all, is_document
from indexer.ingest import corpus
from indexer.ingest.corpus import CorpusReader
from indexer.ingest.progress import Progress
from indexer.ingest.source_files import SourceFile
from indexer.jobs.fulltexts import merge_problems
from indexer.jobs.import_groups import Group, ImportFile, Plan, Report, read_groups
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Attachments, Sources
from indexer.readers.formats import pdf

_IGNORE: Report = lambda _: None  # noqa: E731
_LEFT_OUT = (
    "the file has no records, and belongs to none, so it was left out",
    "Name it after the id or DOI of a record to search its text, or name its format with --format",
)


def split_tiers(files: Sequence[ImportFile]) -> list[list[ImportFile]]:
    """Return the files that have records in any case, then texts, then PDFs."""
    tiers: list[list[ImportFile]] = [[], [], []]
    for file in files:
        may_belong = file.source is None and (is_document(file.path) or is_pdf(file))
        tiers[may_belong + (may_belong and is_pdf(file))].append(file)
    return tiers


def is_pdf(file: ImportFile) -> bool:
    """Return whether a file is a PDF."""
    return file.reader.NAME == pdf.NAME


def find_attached(
    documents: Sequence[ImportFile], into: Path | None, plans: Iterable[Plan],
    catalogue: Catalogue, limits: Limits,
) -> list[ImportFile]:  # fmt: skip
    """Return the documents that belong to records of planned sources, or of a corpus folder.

    The build that follows reports what is ambiguous or missing.
    """
    records = chain(
        corpus.read(into, catalogue, _IGNORE, limits) if into else (),
        _read_publications(plans, catalogue, limits),
    )
    files = {file.name: file.path for file in documents}
    attached = {each.file for each in attach(files, catalogue, enumerate(records), _IGNORE)}
    return [file for file in documents if file.name in attached]


def _read_publications(
    plans: Iterable[Plan], catalogue: Catalogue, limits: Limits
) -> Iterator[Publication]:
    """Yield the publications of groups, as a build reads them from their sources."""
    reader = CorpusReader(catalogue, _IGNORE, limits=limits)
    for group, _, sources in plans:
        for source in sources:
            mapper = Mapper(source, group.reader, catalogue)
            for file in (file for file in group.files if source.matches(file.name)):
                source_file = SourceFile(file.path, file.name, group.reader, mapper)
                yield from reader.read_publications(source_file)


def read_documents(
    documents: Iterable[ImportFile], attached: Iterable[ImportFile], report: Report,
    progress: Progress, limits: Limits,
) -> list[Group]:  # fmt: skip
    """Return the groups of the documents that are not attached. Report those without records."""
    names = {file.name for file in attached}
    own_records = [file for file in documents if file.name not in names]
    _cache_texts(filter(is_pdf, own_records), limits, progress)
    return read_groups(own_records, report, progress, limits)


def report_left_out(
    problems: Iterable[Problem], texts: Iterable[ImportFile], usable: Sequence[ImportFile],
    report: Report,
) -> None:  # fmt: skip
    """Report problems, and one for each text that is neither a record nor a file of one.

    Next to `usable` files, such a text is rarely meant to have records.
    """
    left_out = {file.name for file in texts} - {file.name for file in usable} if usable else set()
    for problem in merge_problems(
        Problem(problem.file, 0, *_LEFT_OUT) if problem.file in left_out else problem
        for problem in problems
    ):
        report(problem)


def _cache_texts(documents: Iterable[ImportFile], limits: Limits, progress: Progress) -> None:
    """Read the texts of documents two at a time, so that their reader finds them in the cache."""
    sizes: deque[int] = deque()

    def list_digests() -> Iterator[tuple[Path, str]]:
        for file in documents:
            # The reader of the file reports the error.
            with suppress(OSError), safe_files.open_file(file.path) as stream:
                digest = file_digest(stream, "sha256").hexdigest()
                sizes.append(stream.tell())
                yield file.path, digest

    read = 0
    for _ in extract_all(list_digests(), limits, TextCache()):
        read += sizes.popleft()
        progress.report_bytes(read)


def list_places(
    paths: Sequence[Path], attached: Iterable[ImportFile], kept: Sources
) -> list[Attachments]:
    """Return the imported folders of attached files that are not copied, or else these files.

    Leave out the places in `kept`.
    """
    folders = [path.resolve() for path in paths if path.is_dir()]
    places: dict[str, None] = {}
    for path in (Path(file.name) for file in attached if file.stays):
        inside = [folder for folder in folders if path.is_relative_to(folder)]
        places[str(min(inside, default=path, key=lambda folder: len(folder.parts)))] = None
    known = {place.path for place in kept.attachments}
    return [Attachments(place) for place in places if place not in known]
