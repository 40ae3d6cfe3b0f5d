"""Importer: write a corpus folder for files of any known format.

The files are not converted. The folder has a copy of them, or their paths. `catalogue.toml` and
`sources.toml` describe how a build reads them. The result says what they contain, and lack.
"""

from __future__ import annotations

import glob
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from os.path import commonpath
from pathlib import Path

import msgspec

from indexer.analysis.language_detection import SCRIPT_LANGUAGES
from indexer.catalogue import catalogue_toml, safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Report
from indexer.ingest.corpus import NO_PROGRESS, Progress, list_outside
from indexer.ingest.validation import validate
from indexer.jobs.fulltexts import merge_problems
from indexer.jobs.import_files import (
    Group,
    ImportFile,
    ImportRejected,
    Plan,
    cache_texts,
    find_attached,
    find_files,
    make_place,
    read_groups,
    replace_folder,
    split_tiers,
    undo_partial_switch,
)
from indexer.mapping import proposal, sources
from indexer.mapping.mapper import ID_FIELD, Mapper, list_mapped
from indexer.mapping.normalization import split_values
from indexer.mapping.profile import MAX_RECORDS, Profile
from indexer.mapping.proposal import Proposal, make_catalogue
from indexer.mapping.sources import SOURCES_FILE, Attachments, Source, Sources
from indexer.mapping.standard_fields import (
    BODIES,
    FULLTEXT_FIELD,
    list_standard_fields,
    list_translation_fields,
    read_choices,
)
from indexer.readers.formats import pdf

_LEFT_OUT = (
    "the file has no records, and belongs to none, so it was left out",
    "Name it after the id or DOI of a record to search its text, or name its format with --format",
)

_MAX_LISTED = 200
"""Maximum number of columns that an error lists."""


def import_files(
    paths: Sequence[Path],
    into: Path,
    *,
    title: str | None = None,
    in_place: bool = False,
    format_name: str | None = None,
    choices: Sequence[str] = (),
    report: Report = lambda _: None,
    progress: Progress = NO_PROGRESS,
    limits: Limits = LIMITS,
    allow: Callable[[Path, Iterable[str]], None] = safe_files.allow_outside,
) -> ImportResult:
    """Write a corpus folder with files, their mapping, and a catalogue.

    `in_place`: the folder refers to the files instead of a copy. `format_name` overrides the
    detected format. `choices` give columns to fields, such as `title=245__`. `allow` lets the
    folder name files outside of it. A folder that has a `sources.toml` keeps it: files replace
    those with the same names, and new files are added to its sources. After an error, the folder is
    as before.

    Raise ImportRejected if no file has a usable record, or the folder has other contents. Raise
    CatalogueError, ReaderError, or OSError.
    """
    if not paths:
        raise ImportRejected("no file is named", "Name the files and folders to import")
    into = safe_files.resolve(into)
    own = _check_target(into, title, choices)
    if not own:
        safe_files.forget_outside(into)
    if in_place:
        _allow(into, _list_given(sources.load_unchecked(into), paths), allow)
    kept = sources.load(into)
    found = find_files(
        paths, into, kept, report, limits, in_place=in_place, format_name=format_name
    )
    files, title = [*found], title or _make_title(paths)
    records, *tiers = split_tiers(files)
    groups, attached = read_groups(records, report, progress, limits), list[ImportFile]()
    problems: list[Problem] = []
    for documents in filter(None, tiers):
        if groups or own:
            catalogue, plans = _plan(groups, files, own, title, choices)
            attached += find_attached(documents, into if own else None, plans, catalogue, limits)
        taken = {file.name for file in attached}
        others = [file for file in documents if file.name not in taken]
        cache_texts((file for file in others if file.is_pdf), limits, progress)
        groups += read_groups(others, problems.append, progress, limits)
    usable = [*attached, *chain.from_iterable(group.files for group in groups)]
    # Next to usable files, a text that is neither a record nor a file of one is rarely meant to be.
    unused = {file.name for file in tiers[0]} - {file.name for file in usable} if usable else ()
    for problem in merge_problems(
        Problem(each.file, 0, *_LEFT_OUT) if each.file in unused else each for each in problems
    ):
        report(problem)
    if not usable:
        raise _make_rejection(paths)
    _check_choices(choices, groups)
    catalogue, plans = _plan(groups, usable, own, title, choices)
    if not own and not any(_has_title(plan, catalogue) for plan in plans):
        for file in usable:
            message = "no record has a title, or a number in its place"
            report(Problem(file.name, 0, message, "Export the file again, with the titles"))
        raise _make_rejection(paths)
    if not own and (attached or any(file.is_pdf for file in files)):
        # The site searches the texts of the files, and serves them.
        fields = (*catalogue.fields, FULLTEXT_FIELD)
        catalogue = msgspec.structs.replace(catalogue, fields=fields, files="serve")
    places = _list_places(paths, attached, kept)
    with replace_folder(into) as folder:
        for file in chain(attached, *(plan.group.files for plan in plans)):
            if not file.stays:
                shutil.copyfile(file.path, make_place(folder, file.name))
        if not own:
            text = catalogue_toml.format_toml(catalogue)
            make_place(folder, CATALOGUE_FILE).write_text(text, encoding="utf-8")
        names = _add_sources(folder, [plan for plan in plans if not plan.group.source], places)
        _allow(into, names, allow)
    described = [describe(plan, source, catalogue) for plan in plans for source in plan.sources]
    result = ImportResult(catalogue, (*described,), own is not None, len(attached))
    report_gaps(result, report)
    return result


def _list_given(kept: Sources, paths: Sequence[Path]) -> list[str]:
    """Return the absolute paths and globs in a `sources.toml` that the user has given again.

    These are the given files and folders, what is below the folders, and globs in the folder of a
    given file that match given files only.
    """
    given = {*map(safe_files.resolve, paths)}
    places = {Path(glob.escape(str(path.parent))) for path in given}
    names = list[str]()
    for name in kept.list_absolute():
        start = safe_files.resolve(safe_files.find_glob_start(Path(name)))
        is_below = any(start.is_relative_to(path) for path in given)
        if not is_below and Path(name).parent in places:
            matches = list_outside(Sources((Source(file=name, format=""),)))
            is_below = {*map(safe_files.resolve, matches)} <= given and bool(matches)
        if is_below:
            names.append(name)
    return names


def _allow(into: Path, names: Iterable[str], allow: Callable[[Path, Iterable[str]], None]) -> None:
    """Let a folder name files. Raise ImportRejected if it can't, and was not allowed before."""
    try:
        allow(into, names)
    except OSError as error:
        absolute = (name for name in names if Path(name).is_absolute())
        if any(safe_files.find_outside_fault(name, into) for name in absolute):
            message = f"The permission to read these files can't be noted: {error}"
            hint = f"Set {safe_files.OUTSIDE_VARIABLE} to their folder"
            hint += ", or make your state folder writable"
            raise ImportRejected(message, hint) from error


def _plan(
    groups: Sequence[Group], files: Sequence[ImportFile], own: Catalogue | None, title: str,
    choices: Sequence[str],
) -> tuple[Catalogue, list[Plan]]:  # fmt: skip
    """Return the folder's own catalogue or a proposed one, and the sources of each group."""
    chosen = {group: read_choices(choices, group.profile.names)[0] for group in groups}
    proposals = {
        group: proposal.propose("", group.reader, group.profile, chosen[group])
        for group in groups
        if not group.source
    }
    names = {*chain.from_iterable(chosen.values())}
    catalogue, plans = own or _propose_catalogue(proposals, title, names), list[Plan]()
    for group in groups:
        if group.source:
            plans.append(Plan(group, [group.source]))
            continue
        # A glob may match files of groups in deeper folders, because their sources come first.
        depth = len(group.place.parts)
        others = (other for other in groups if len(other.place.parts) > depth)
        deeper = {file.name for other in others for file in other.files}
        shallow = [each for each in files if each.name not in deeper]
        patterns, left_out = group.list_patterns(shallow)
        proposed = proposals[group]
        source = proposal.fit(proposed.source, group.reader, group.profile, catalogue)
        source = msgspec.structs.replace(source, without=tuple(left_out))
        matching = [msgspec.structs.replace(source, file=pattern) for pattern in patterns]
        plans.append(Plan(group, matching, proposed.comments))
    return catalogue, plans


def _has_title(plan: Plan, catalogue: Catalogue) -> bool:
    """Return whether a record has a title, or a person chose the headings, and can name another."""
    field = catalogue.find_by_role("title")
    mappers = [Mapper(source, plan.group.reader, catalogue) for source in plan.sources]
    return not (field and plan.group.reader.FIELDS) or any(
        prop.name == field.name
        for mapper in mappers
        for record in plan.group.profile.sample
        for prop in mapper.map(record).properties
    )


def _make_rejection(paths: Sequence[Path]) -> ImportRejected:
    names = ", ".join(str(path) for path in paths[:3])
    if all(path.is_dir() and not any(path.iterdir()) for path in paths):
        return ImportRejected(f"{names} is empty", "Check the path")
    hint = "See the problems above. `pubsearch formats` lists the formats"
    return ImportRejected(f"{names} has no usable record", hint)


def _check_choices(choices: Sequence[str], groups: Iterable[Group]) -> None:
    """Raise ImportRejected if choices name unknown fields, or columns that no file has."""
    columns = dict.fromkeys(chain.from_iterable(group.profile.names for group in groups))
    if mistakes := read_choices(choices, columns)[1]:
        fields = ", ".join([field.name for field in list_standard_fields()])
        listed = ", ".join([*columns][:_MAX_LISTED])
        hint = f"Fields: id, {BODIES}, {fields}. Columns: {listed}"
        raise ImportRejected(f"--map {'; --map '.join(mistakes)}", hint)


def _check_target(into: Path, title: str | None, choices: Sequence[str]) -> Catalogue | None:
    """Return the catalogue of a folder that an import updates, or None.

    Raise ImportRejected if the folder can't be used, or has a title and a mapping already and one
    is given. Raise CatalogueError.
    """
    if into == into.parent:
        raise ImportRejected(f"{into} can't be replaced", "Use a new folder")
    undo_partial_switch(into)
    is_update = (into / SOURCES_FILE).exists()
    if is_update and title:
        hint = f"Edit it in its {CATALOGUE_FILE}, or leave out --title"
        raise ImportRejected(f"{into} has a title already", hint)
    if is_update and choices:
        hint = f"Edit its {SOURCES_FILE}, or leave out --map. A new folder can have another one"
        raise ImportRejected(f"{into} has a mapping already", hint)
    if not is_update and into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ImportRejected(f"{into} is not empty", "Use a new folder, or one of an import")
    return catalogue_toml.load(into) if is_update else None


def _propose_catalogue(
    proposals: Mapping[Group, Proposal], title: str, chosen: Collection[str]
) -> Catalogue:
    leftovers: dict[str, Field] = {}
    languages = dict.fromkeys(SCRIPT_LANGUAGES)
    for group, proposed in proposals.items():
        languages |= dict.fromkeys((*proposed.source.languages.values(), *group.profile.languages))
        for field in proposed.leftover_fields:
            leftovers.setdefault(field.name, field)
    listed = list_translation_fields(languages)
    translations = [each for each in listed if each.name not in leftovers]
    fields: list[Field] = []
    for field in list_standard_fields():
        fields += (field, *(each for each in translations if each.translates == field.name))
    every_field = Catalogue(title, "", (*fields, *leftovers.values()))
    samples = (
        (mapper, record)
        for group, proposed in proposals.items()
        for mapper in [Mapper(proposed.source, group.reader, every_field)]
        for record in group.profile.sample
    )
    return make_catalogue(title, every_field.fields, samples, chosen)


def _make_title(paths: Sequence[Path]) -> str:
    """Return a title from the name of the only file, or of the folder that has all of them."""
    places = [safe_files.resolve(path) for path in paths]
    place = Path(commonpath(places))
    stem = safe_files.printable_path(Path(place.stem or places[0].stem))
    name = " ".join(stem.replace("_", " ").replace("-", " ").split())
    return name[:1].upper() + name[1:] or "Publications"


def _list_places(
    paths: Sequence[Path], attached: Iterable[ImportFile], kept: Sources
) -> list[Attachments]:
    """Return the folders of attached files that stay, or else the files, without `kept` ones."""
    folders = [path.resolve() for path in paths if path.is_dir()]
    places: dict[str, None] = {}
    for path in (Path(file.name) for file in attached if file.stays):
        inside = [folder for folder in folders if path.is_relative_to(folder)]
        places[str(min(inside, default=path, key=lambda folder: len(folder.parts)))] = None
    known = {place.path for place in kept.attachments}
    return [Attachments(place) for place in places if place not in known]


def _add_sources(folder: Path, plans: Sequence[Plan], places: Sequence[Attachments]) -> list[str]:
    """Append proposed sources and places of attachments to `sources.toml`. Return their paths."""
    if not plans and not places:
        return []
    added = [source for plan in plans for source in plan.sources]
    comments = {
        (source.file, field): comment
        for plan in plans
        for source in plan.sources
        for field, comment in plan.comments.items()
    }
    names = [*(source.file for source in added), *(place.path for place in places)]
    # A glob of a subfolder comes first, because that of its parent folder matches its files too.
    added.sort(key=lambda source: -source.file.count("/"))
    file = folder / SOURCES_FILE
    text = file.read_text(encoding="utf-8") if file.exists() else sources.HEAD
    text += sources.format_sources(Sources(tuple(added), tuple(places)), comments)
    make_place(folder, SOURCES_FILE).write_text(text, encoding="utf-8")
    return names


class ImportedSource(msgspec.Struct, frozen=True):
    """The report of an import on one source.

    `evidence`: why the format was recognized. `mapped` contains the columns of each field that is
    filled. `filled` gives the share of the records, from 0 to 1, in which one of these columns
    has a usable value. `unused` gives the number of records with a value in each other column.
    `guessed` gives the reason for each field that is doubtful, because its values or other columns
    led to it. `split` has for each field with a separator the values in one text. `problems` is the
    number of problems. `examples` are the first, the middle, and the last record of a sample as
    they will look: the displayed values of each field.
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
    split: dict[str, list[str]]
    examples: list[dict[str, list[str]]]


class ImportResult(msgspec.Struct, frozen=True):
    """The outcome of an import. `is_update`: the folder had a `sources.toml`, and keeps it.

    `attached` is the number of files that belong to records and are no records of their own.
    """

    catalogue: Catalogue
    sources: tuple[ImportedSource, ...]
    is_update: bool
    attached: int


def describe(plan: Plan, source: Source, catalogue: Catalogue) -> ImportedSource:
    """Return the report on a source."""
    group, profile = plan.group, plan.group.profile
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
        filled=_measure(source, mapped, group, catalogue),
        guessed={field: text for field, text in plan.comments.items() if field in mapped},
        split=dict(_list_splits(source, mapped, profile, catalogue)),
        examples=[*_list_examples(plan, source, catalogue)],
    )


def _list_splits(
    source: Source, mapped: Mapping[str, Iterable[str]], profile: Profile, catalogue: Catalogue
) -> Iterator[tuple[str, list[str]]]:
    """Yield each field with a separator, and the values in the first text that it separates."""
    for field, separator in source.split.items():
        columns = (profile.columns[name].values for name in mapped.get(field, ()))
        texts = (text for values in columns for text in values if separator in text)
        if text := next(texts, None):
            parts = split_values(catalogue.by_name[field], text, separator)
            yield field, [part.strip() for part in parts if part.strip()]


def _list_examples(
    plan: Plan, source: Source, catalogue: Catalogue
) -> Iterator[dict[str, list[str]]]:
    mapper = Mapper(source, plan.group.reader, catalogue)
    sample = plan.group.profile.sample
    records = [record for record in sample if source.matches(record.source.file)] or sample
    for place in sorted({0, len(records) // 2, len(records) - 1}):
        publication = validate(mapper.map(records[place]), catalogue, lambda _: None)
        if publication:
            values = {field: catalogue.get_values(publication, field) for field in catalogue.stored}
            yield {
                field.name: [field.display(value) for value in stated]
                for field, stated in values.items()
                if stated
            }


def report_gaps(result: ImportResult, report: Report) -> None:
    """Report sources without a column for titles, and documents without a field for their texts.

    A build leaves out records without a title.
    """
    field = result.catalogue.find_by_role("title")
    for source in result.sources:
        if field and field.name not in source.mapped:
            hint = f"Name one in its fields in {SOURCES_FILE}, then run `pubsearch build`"
            report(Problem(source.file, 0, "no column seems to have titles", hint))
    has_documents = result.attached or any(source.format == pdf.NAME for source in result.sources)
    if has_documents and not result.catalogue.fulltext:
        hint = f"Add a field of the kind 'fulltext' to {CATALOGUE_FILE}"
        report(Problem(CATALOGUE_FILE, 0, "the text of the documents is not searched", hint))


def _measure(
    source: Source, mapped: Mapping[str, Iterable[str]], group: Group, catalogue: Catalogue
) -> dict[str, float]:
    """Return the share of records of a sample with a usable value in a column of each field."""
    mapper = Mapper(source, group.reader, catalogue)
    sample, filled = group.profile.sample[:MAX_RECORDS], Counter[str]()
    for record in sample:
        names = {prop.name for prop in record.properties if prop.value}
        entry = mapper.map(record)
        publication = validate(entry, catalogue, lambda _: None)
        filled.update(
            name for name, columns in mapped.items()
            if not names.isdisjoint(columns) and publication
            and (entry.id if name == ID_FIELD
                 else catalogue.get_values(publication, catalogue.by_name[name]))
        )  # fmt: skip
    return {field: round(filled[field] / len(sample), 3) for field in mapped}
