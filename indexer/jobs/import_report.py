"""The report of an import: what its sources contain, and what they lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.ingest.validation import validate
from indexer.jobs.import_files import Plan, Report
from indexer.mapping.mapper import Mapper, list_mapped
from indexer.mapping.normalization import split_values
from indexer.mapping.profile import MAX_RECORDS, Profile
from indexer.mapping.sources import SOURCES_FILE, Source
from indexer.readers.formats import pdf


class ImportedSource(msgspec.Struct, frozen=True):
    """The report of an import on one source.

    `evidence`: why the format was recognized. `mapped` has the columns of each row that is filled.
    `filled` has the share of the records, from 0 to 1, in which one of these columns has a value.
    `unused` has the number of records with a value in each other column. `guessed` has the reason
    for each row that is doubtful, because its values or other columns led to it. `split` has for
    each row with a separator the values in one text. `problems` is the number of problems.
    `examples` are the first, the middle, and the last record of a sample as they will look: the
    displayed values of each row.
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
        filled=_measure(mapped, profile),
        guessed={row: text for row, text in plan.comments.items() if row in mapped},
        split=dict(_list_splits(source, mapped, profile, catalogue)),
        examples=[*_list_examples(plan, source, catalogue)],
    )


def _list_splits(
    source: Source, mapped: Mapping[str, Iterable[str]], profile: Profile, catalogue: Catalogue
) -> Iterator[tuple[str, list[str]]]:
    """Yield each row with a separator, and the values in the first text that it separates."""
    for row, separator in source.split.items():
        columns = (profile.columns[name].values for name in mapped.get(row, ()))
        texts = (text for values in columns for text in values if separator in text)
        if text := next(texts, None):
            parts = split_values(catalogue.by_name[row], text, separator)
            yield row, [part.strip() for part in parts if part.strip()]


def _list_examples(
    plan: Plan, source: Source, catalogue: Catalogue
) -> Iterator[dict[str, list[str]]]:
    mapper = Mapper(source, plan.group.reader, catalogue)
    sample = plan.group.profile.sample
    records = [record for record in sample if source.matches(record.source.file)] or sample
    for place in sorted({0, len(records) // 2, len(records) - 1}):
        publication = validate(mapper.map(records[place]), catalogue, lambda _: None)
        if publication:
            values = {row: catalogue.get_values(publication, row) for row in catalogue.stored}
            yield {
                row.name: [row.display(value) for value in stated]
                for row, stated in values.items()
                if stated
            }


def report_gaps(result: ImportResult, report: Report) -> None:
    """Report sources without a column for titles, and documents without a row for their texts.

    A build leaves out records without a title.
    """
    row = result.catalogue.find_by_role("title")
    for source in result.sources:
        if row and row.name not in source.mapped:
            hint = f"Name one in its fields in {SOURCES_FILE}, then run `pubsearch build`"
            report(Problem(source.file, 0, "no column seems to have titles", hint))
    has_documents = result.attached or any(source.format == pdf.NAME for source in result.sources)
    if has_documents and not result.catalogue.fulltext:
        hint = f"Add a row of the kind 'fulltext' to {CATALOGUE_FILE}"
        report(Problem(CATALOGUE_FILE, 0, "the text of the documents is not searched", hint))


def _measure(mapped: Mapping[str, Iterable[str]], profile: Profile) -> dict[str, float]:
    """Return the share of records with a value, by row. A large source is measured by a sample."""
    rows: dict[str, list[str]] = {}
    for row, columns in mapped.items():
        for name in columns:
            rows.setdefault(name, []).append(row)
    sample, filled = profile.sample[:MAX_RECORDS], Counter[str]()
    for record in sample:
        names = {prop.name for prop in record.properties if prop.value}
        filled.update({row for name in names for row in rows.get(name, ())})
    return {row: round(filled[row] / len(sample), 3) for row in mapped}
