"""Import files of any known format: write a corpus folder that `build` can read.

The files are not converted. The folder gets a copy of them, or their paths, and the decisions how
to read them: `catalogue.toml` and `sources.toml`.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from indexer.catalogue import catalogue_toml, safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.ingest import corpus
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.ingest.source_files import SourceFile
from indexer.jobs.folder_switch import ImportRejected, replace_folder, undo_partial_switch
from indexer.mapping import proposal, sources
from indexer.mapping.catalogue_proposal import make_catalogue
from indexer.mapping.mapper import Mapper, combine_fields
from indexer.mapping.profile import Profile
from indexer.mapping.proposal import Proposal
from indexer.mapping.sources import SOURCES_FILE, Source, Sources
from indexer.mapping.standard_rows import list_standard_rows
from indexer.mapping.templates import list_columns
from indexer.readers import registry
from indexer.readers.base import Reader, TableReader

Report = Callable[[Problem], None]


class ImportedSource(msgspec.Struct, frozen=True):
    """What an import reports of one source.

    `evidence`: why the format was recognized. `mapped` has the columns of each row that is filled,
    and `filled` the share of the records, from 0 to 1, in which any of them holds something.
    `unused` counts the records in which each other column holds something. `guessed` has the rows
    that were guessed by values. `problems` is the number of problems.
    """

    file: str
    format: str
    evidence: str
    records: int
    mapped: dict[str, list[str]]
    unused: dict[str, int]
    problems: int
    filled: dict[str, float]
    guessed: dict[str, str]


class ImportResult(msgspec.Struct, frozen=True):
    """The outcome of an import. `is_update`: the folder had decisions already, and keeps them."""

    catalogue: Catalogue
    sources: tuple[ImportedSource, ...]
    is_update: bool


class _File(NamedTuple):
    """A file to import: `name` is its path in the corpus folder."""

    path: Path
    name: str
    reader: Reader
    evidence: str


class _Group:
    """Files that are one source: of one format, in one folder, with the same columns."""

    def __init__(self, reader: Reader, evidence: str) -> None:
        self.reader, self.evidence = reader, evidence
        self.files: list[_File] = []
        self.profile = Profile()
        self.problems = 0


def import_files(  # noqa: PLR0913 - callers pass options by name
    paths: Sequence[Path], into: Path, *, title: str | None = None, in_place: bool = False,
    format_name: str | None = None, report: Report = lambda _: None,
    progress: Progress = NO_PROGRESS, limits: Limits = LIMITS,
) -> ImportResult:  # fmt: skip
    """Write a corpus folder with files and the decisions how to read them.

    `paths` are files and folders. `title` is that of the catalogue. `in_place`: the folder refers
    to the files instead of a copy. `format_name` overrides the recognition. A folder that has a
    `sources.toml` keeps its decisions: the files replace those of the same names.

    Raise ImportRejected if no file has a usable record, or the folder has other contents. Raise
    CatalogueError, ReaderError, or OSError. After an error, the folder is as before.
    """
    into = into.resolve()
    undo_partial_switch(into)
    is_update = (into / SOURCES_FILE).exists()
    if not is_update and into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ImportRejected(f"{into} is not empty", "Use a new folder, or one of an import")
    files = list(_find_files(paths, format_name, report, limits))
    groups = _read_groups(files, report, progress, limits)
    if not any(group.profile.records for group in groups):
        names = ", ".join(str(path) for path in paths[:3])
        hint = "See the problems above. `pubsearch formats` lists the formats"
        raise ImportRejected(f"{names} has no usable record", hint)
    proposals = [
        (group, proposal.propose(pattern, group.reader, group.profile))
        for group in groups if group.profile.records
        for pattern in _list_patterns(group, files, in_place=in_place)
    ]  # fmt: skip
    catalogue = _propose_catalogue(proposals, title or _make_title(paths))
    with replace_folder(into) as folder:
        if not in_place:
            _copy_files(files, folder)
        if not is_update:
            _write_decisions(folder, catalogue, proposals)
    described = tuple(_describe(group, found, catalogue) for group, found in proposals)
    return ImportResult(catalogue, described, is_update)


def _copy_files(files: Iterable[_File], folder: Path) -> None:
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)


def _find_files(
    paths: Sequence[Path], format_name: str | None, report: Report, limits: Limits
) -> Iterator[_File]:
    """Yield the files that a reader recognizes, with unique names. Report the others."""
    taken: set[str] = set()
    forced = registry.find_reader(format_name) if format_name else None
    if format_name and not forced:
        names = ", ".join(reader.NAME for reader in registry.load_readers())
        raise ImportRejected(f"the format {format_name!r} is unknown", f"Formats: {names}")
    for path in paths:
        listed = safe_files.list_files(path, report, limits) if path.is_dir() else [path]
        for file in listed:
            name = _make_unique(safe_files.printable_path(
                file.relative_to(path) if path.is_dir() else Path(file.name)
            ), taken)  # fmt: skip
            match = None if forced else registry.detect(file)
            if forced:
                yield _File(file, name, forced, "of the option --format")
            elif match:
                yield _File(file, name, match.reader, match.evidence.reason)
            else:
                hint = "Name its format with --format. The file was left out"
                report(Problem(name, 0, "no reader recognizes the contents of this file", hint))


def _make_unique(name: str, taken: set[str]) -> str:
    path, number = Path(name), 1
    while name in taken:
        number += 1
        name = path.with_stem(f"{path.stem}-{number}").as_posix()
    taken.add(name)
    return name


def _read_groups(
    files: Iterable[_File], report: Report, progress: Progress, limits: Limits
) -> list[_Group]:
    """Read all files, and return them in groups that are one source each."""
    groups: dict[object, _Group] = {}
    for file in files:
        problems: Counter[str] = Counter()

        def note(problem: Problem, problems: Counter[str] = problems) -> None:
            problems[problem.what] += 1
            report(problem)

        profile = Profile()
        for record in _read_records(file, profile, note, progress, limits):
            profile.add(record)
        path = Path(file.name)
        key: tuple[object, ...] = (file.reader.NAME, path.parent, path.suffix.lower())
        if not file.reader.FIELDS and profile.records != 1:
            key = (*key, frozenset(profile.columns))
        group = groups.setdefault(key, _Group(file.reader, file.evidence))
        group.files.append(file)
        group.profile.merge(profile)
        group.problems += problems.total()
    return list(groups.values())


def _read_records(
    file: _File, profile: Profile, report: Report, progress: Progress, limits: Limits
) -> Iterator[SourceRecord]:
    """Yield the records of a file, and note the headings of tables in the profile."""
    source = SourceFile(file.path, file.name, file.reader)
    reader = corpus.CorpusReader(
        Catalogue("", "", ()), report, report_bytes=progress.report_bytes, limits=limits
    )
    context = b""
    for chunk in reader.read_chunks(source):
        if chunk.context is not context and isinstance(file.reader, TableReader):
            context = chunk.context
            profile.headings |= dict.fromkeys(file.reader.read_header(context))
        for record in file.reader.parse(chunk, limits):
            if isinstance(record, Problem):
                report(record)
            else:
                yield record


def _list_patterns(group: _Group, files: Sequence[_File], *, in_place: bool) -> list[str]:
    """Return a glob for the files of a group, or their names if it would match other files."""
    names = {file.name for file in group.files}
    if in_place:
        return [str(file.path.resolve()) for file in group.files]
    first = Path(group.files[0].name)
    pattern = (first.parent / f"*{first.suffix}").as_posix()
    source = Source(file=pattern, format=group.reader.NAME)
    if len(names) > 1 and {file.name for file in files if source.matches(file.name)} == names:
        return [pattern]
    return sorted(names)


def _propose_catalogue(proposals: Sequence[tuple[_Group, Proposal]], title: str) -> Catalogue:
    leftovers: dict[str, Field] = {}
    for _, found in proposals:
        for row in found.leftover_rows:
            leftovers.setdefault(row.name, row)
    every_row = Catalogue(title, "", (*list_standard_rows(), *leftovers.values()))
    samples = (
        (Mapper(found.source, group.reader, every_row), record)
        for group, found in proposals
        for record in group.profile.sample
    )
    return make_catalogue(title, leftovers.values(), samples)


def _make_title(paths: Sequence[Path]) -> str:
    """Return a title from the name of the first file or folder."""
    name = " ".join(paths[0].resolve().stem.replace("_", " ").replace("-", " ").split())
    return name[:1].upper() + name[1:] or "Publications"


def _write_decisions(
    folder: Path, catalogue: Catalogue, proposals: Iterable[tuple[_Group, Proposal]]
) -> None:
    (folder / CATALOGUE_FILE).write_text(catalogue_toml.format_toml(catalogue), encoding="utf-8")
    found = [proposed for _, proposed in proposals]
    # A glob of a subfolder comes before one that matches its files too.
    found.sort(key=lambda proposed: -proposed.source.file.count("/"))
    comments = {
        (proposed.source.file, row): comment
        for proposed in found
        for row, comment in proposed.comments.items()
    }
    listed = Sources(tuple(proposed.source for proposed in found))
    (folder / SOURCES_FILE).write_text(sources.format_sources(listed, comments), encoding="utf-8")


def _describe(group: _Group, found: Proposal, catalogue: Catalogue) -> ImportedSource:
    """Return the report on a source."""
    columns = group.profile.columns
    plain = dict(group.profile.list_plain())
    mapped: dict[str, list[str]] = {}
    for row, specifications in combine_fields(found.source, group.reader.FIELDS).items():
        named = [name for text in specifications for name in list_columns(text)]
        full = [
            name
            for stated in named
            for name in ([stated] if stated in columns else plain.get(stated, ()))
        ]
        if full and (row == "id" or row in catalogue.by_name):
            mapped[row] = list(dict.fromkeys(full))
    used = {name for names in mapped.values() for name in names}
    unused = {name: column.filled for name, column in columns.items() if name not in used}
    empty = {name: 0 for name in group.profile.headings if name not in columns}
    records = group.profile.records
    return ImportedSource(
        file=found.source.file,
        format=group.reader.NAME,
        evidence=group.evidence,
        records=records,
        mapped=mapped,
        unused=unused | empty,
        problems=group.problems,
        filled={row: _share(names, group.profile) for row, names in mapped.items()},
        guessed=dict(found.comments),
    )


def _share(names: Iterable[str], profile: Profile) -> float:
    filled = max((profile.columns[name].filled for name in names), default=0)
    return round(filled / profile.records, 3) if profile.records else 0.0
