"""Import files of any known format: write a corpus folder that `build` can read.

The files are not converted. The folder gets a copy of them, or their paths, and the decisions how
to read them: `catalogue.toml` and `sources.toml`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.jobs.folder_switch import ImportRejected, replace_folder, undo_partial_switch
from indexer.jobs.import_groups import Group, ImportFile, Report, find_files, read_groups
from indexer.mapping import proposal, sources
from indexer.mapping.catalogue_proposal import make_catalogue
from indexer.mapping.mapper import Mapper, list_mapped
from indexer.mapping.profile import Profile
from indexer.mapping.proposal import Proposal
from indexer.mapping.sources import SOURCES_FILE, Source, Sources
from indexer.mapping.standard_rows import list_standard_rows


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


def import_files(  # noqa: PLR0913 - callers pass options by name
    paths: Sequence[Path], into: Path, *, title: str | None = None, in_place: bool = False,
    format_name: str | None = None, report: Report = lambda _: None,
    progress: Progress = NO_PROGRESS, limits: Limits = LIMITS,
) -> ImportResult:  # fmt: skip
    """Write a corpus folder with files and the decisions how to read them.

    `paths` are files and folders. `title` is that of the catalogue. `in_place`: the folder refers
    to the files instead of a copy. `format_name` overrides the recognition. A folder that has a
    `sources.toml` keeps its decisions: the files replace those of the same names, and others are
    added to its sources.

    Raise ImportRejected if no file has a usable record, or the folder has other contents. Raise
    CatalogueError, ReaderError, or OSError. After an error, the folder is as before.
    """
    into = into.resolve()
    undo_partial_switch(into)
    is_update = (into / SOURCES_FILE).exists()
    _check_target(into, title, is_update=is_update)
    kept = sources.load(into)
    files = list(
        find_files(paths, into, kept, report, limits, in_place=in_place, format_name=format_name)
    )
    groups = read_groups(files, report, progress, limits)
    if not groups:
        names = ", ".join(str(path) for path in paths[:3])
        hint = "See the problems above. `pubsearch formats` lists the formats"
        raise ImportRejected(f"{names} has no usable record", hint)
    proposals = {
        group: proposal.propose("", group.reader, group.profile)
        for group in groups if not group.source
    }  # fmt: skip
    if is_update:
        catalogue = catalogue_toml.load(into)
    else:
        catalogue = _propose_catalogue(proposals, title or _make_title(paths))
    decided = {
        group: _decide(group, proposals.get(group), files, catalogue) for group in groups
    }  # fmt: skip
    added = [source for group in proposals for source in decided[group]]
    with replace_folder(into) as folder:
        _copy_files(chain.from_iterable(group.files for group in groups), folder)
        if not is_update:
            text = catalogue_toml.format_toml(catalogue)
            (folder / CATALOGUE_FILE).write_text(text, encoding="utf-8")
        _add_sources(folder / SOURCES_FILE, added, _list_comments(proposals, decided))
    described = tuple(
        _describe(group, source, proposals.get(group), catalogue)
        for group, listed in decided.items() for source in listed
    )  # fmt: skip
    return ImportResult(catalogue, described, is_update)


def _check_target(into: Path, title: str | None, *, is_update: bool) -> None:
    """Raise ImportRejected if the folder can't become or stay a catalogue of this title."""
    if is_update and title:
        hint = f"Edit it in its {CATALOGUE_FILE}, or leave out --title"
        raise ImportRejected(f"{into} has a title already", hint)
    if not is_update and into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ImportRejected(f"{into} is not empty", "Use a new folder, or one of an import")


def _copy_files(files: Iterable[ImportFile], folder: Path) -> None:
    for file in files:
        if not file.stays:
            target = folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, target)


def _propose_catalogue(proposals: Mapping[Group, Proposal], title: str) -> Catalogue:
    leftovers: dict[str, Field] = {}
    for found in proposals.values():
        for row in found.leftover_rows:
            leftovers.setdefault(row.name, row)
    every_row = Catalogue(title, "", (*list_standard_rows(), *leftovers.values()))
    samples = (
        (mapper, record)
        for group, found in proposals.items()
        for mapper in [Mapper(found.source, group.reader, every_row)]
        for record in group.profile.sample
    )
    return make_catalogue(title, leftovers.values(), samples)


def _decide(
    group: Group, found: Proposal | None, files: Sequence[ImportFile], catalogue: Catalogue
) -> list[Source]:
    """Return the sources of a group: those that the folder has, or else the proposed ones."""
    if group.source or not found:
        return [group.source] if group.source else []
    source = proposal.fit(found.source, group.reader, group.profile, catalogue)
    return [
        msgspec.structs.replace(source, file=pattern) for pattern in group.list_patterns(files)
    ]  # fmt: skip


def _make_title(paths: Sequence[Path]) -> str:
    """Return a title from the name of the first file or folder."""
    name = " ".join(paths[0].resolve().stem.replace("_", " ").replace("-", " ").split())
    return name[:1].upper() + name[1:] or "Publications"


def _list_comments(
    proposals: Mapping[Group, Proposal], decided: Mapping[Group, Sequence[Source]]
) -> dict[tuple[str, str], str]:
    return {
        (source.file, row): comment
        for group, found in proposals.items()
        for source in decided[group]
        for row, comment in found.comments.items()
    }


def _add_sources(
    file: Path, added: Sequence[Source], comments: Mapping[tuple[str, str], str]
) -> None:
    """Write sources to `sources.toml`, after those that it has."""
    if added:
        # A glob of a subfolder comes before one that matches its files too.
        listed = sorted(added, key=lambda source: -source.file.count("/"))
        text = file.read_text(encoding="utf-8") if file.exists() else sources.HEAD
        text += sources.format_sources(Sources(tuple(listed)), comments)
        file.write_text(text, encoding="utf-8")


def _describe(
    group: Group, source: Source, found: Proposal | None, catalogue: Catalogue
) -> ImportedSource:
    """Return the report on a source."""
    profile = group.profile
    names = [name for name in group.records if group.source or source.matches(name)]
    mapped = list_mapped(source, group.reader.FIELDS, catalogue, profile.columns)
    used = {name for columns in mapped.values() for name in columns}
    counts = {name: column.filled for name, column in profile.columns.items()}
    return ImportedSource(
        file=source.file,
        format=group.reader.NAME,
        evidence=group.evidence,
        records=sum(group.records[name] for name in names),
        mapped=mapped,
        unused={
            name: counts.get(name, 0) for name in {**counts, **profile.headings} if name not in used
        },
        problems=sum(group.problems[name] for name in names),
        filled={row: _share(columns, profile) for row, columns in mapped.items()},
        guessed={row: text for row, text in found.comments.items() if row in mapped}
        if found
        else {},
    )


def _share(names: Iterable[str], profile: Profile) -> float:
    filled = max((profile.columns[name].filled for name in names), default=0)
    return round(filled / profile.records, 3)
