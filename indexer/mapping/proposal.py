"""Proposals of an import: the entry of each source in `sources.toml`, and the catalogue of all.

The columns of a table whose headings are tags of MARC have the standard mapping of MARC. Such a
heading is a tag, with or without indicators and the code of a subfield: `245__a`, `245$a`,
`24510a`, `245 10 a`, or `001`. A blank indicator is an underscore, a #, a backslash, or a space.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from typing import NamedTuple

import msgspec

from indexer.analysis import cleaning, stemming, tokenizer
from indexer.catalogue.catalogue_toml import RESERVED_NAMES
from indexer.catalogue.column_names import fold_heading
from indexer.catalogue.fields import Catalogue, Field, TypeRule
from indexer.catalogue.records import SourceRecord
from indexer.mapping import standard_fields, templates
from indexer.mapping.guessing import NAME_FIELDS, Guesser
from indexer.mapping.mapper import ID_FIELD, OTHER_TITLES, Mapper, list_mapped
from indexer.mapping.normalization import SEPARATORS, find_separator
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.sources import Change, Source
from indexer.mapping.standard_fields import BODIES, list_standard_fields
from indexer.mapping.templates import Template
from indexer.readers.base import Reader
from indexer.readers.formats.marc import load_fields
from indexer.readers.formats.marc.properties import name_column
from indexer.values import dates
from indexer.values.publication_types import group_by_csl_type

_MAX_LEFTOVERS, _MAX_LEFTOVER_CHARS, _MIN_LEFTOVER_SHARE = 15, 120, 0.1
"""Limits on fields for leftover columns: their maximum number, the maximum mean length of a value
in characters, and the minimum share of the records with a value."""

_MAX_UNUSED_CHARS = 1_000_000
"""Maximum characters of the list of unused columns. A build reports the others."""

_BODIES = re.compile(r"\bcorp|collecti|institucional|коллектив")
"""Words of headings of the names of bodies: "Corporate author", "auteurs collectifs"."""
_MIN_RECORDS = 3
"""Minimum number of records. If all have the same value in a column, it gets no field."""
_TECHNICAL_SHARE = 0.8
_TECHNICAL = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|(?:[a-z]:)?[/\\]\S.*"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:.*|\S+\.(?:gif|jpe?g|png|svg|webp)"
    r"|(?-i:(?=.*[a-z]{3})[a-z\d]+(?:-[a-z\d]+){2,})",
    re.IGNORECASE,
)
"""UUIDs, hashes, file paths, times, the names of images, and names in URLs ("roads-of-salt")."""
Fields = dict[str, tuple[str, ...]]
"""The specifications of each field."""


class Proposal(NamedTuple):
    """A proposed source, the fields for its leftover columns, and comments on guesses by field."""

    source: Source
    leftover_fields: tuple[Field, ...]
    comments: Mapping[str, str]


def propose(
    file: str, reader: Reader, profile: Profile, chosen: Mapping[str, tuple[str, ...]] = {}
) -> Proposal:
    """Return a proposal for one source. Some of its fields may turn out to be empty.

    `chosen` has the columns that a user chose for fields. No guess uses them. The default mapping
    of a format is its standard: nothing is guessed about such a source, nor about columns whose
    headings are tags of MARC. A person chose the other headings. Their columns add to the fields
    that MARC fills, and leftover ones become fields too.
    """
    if reader.FIELDS:
        authors = tuple(reader.FIELDS.get("authors", ()))
        fields: Fields = _choose({"authors": authors} if BODIES in chosen else {}, chosen)
        return Proposal(Source(file=file, format=reader.NAME, fields=_unwrap(fields)), (), {})
    columns = profile.join_languages()
    marc = _propose_marc(columns)
    stated = _read_headings(columns)
    used = {
        *stated, *marc.tags, *chain.from_iterable(map(templates.list_columns, chosen.values())),
    }  # fmt: skip
    free = {name: column for name, column in columns.items() if name not in used}
    guesses = Guesser(free, profile.sample, profile.records, {*marc.fields, *chosen})
    standard = [*(each.name for each in list_standard_fields()), ID_FIELD]
    fields = {
        field: (*marc.fields.get(field, ()), *_state(field, guesses))
        for field in standard if field in marc.fields or field in guesses.fields
    }  # fmt: skip
    fields = _choose(fields, chosen)
    if "number" in chosen:
        fields.setdefault(ID_FIELD, fields["number"])
    years = templates.list_columns(chosen.get("year", ())) or guesses.fields.get("year")
    if years and "date" not in fields:
        fields |= _list_dates(years, columns)
    left = {name: column for name, column in free.items() if name not in guesses.used}
    leftovers = {**stated, **dict(_make_leftover_fields(left, profile.records))}
    fields |= {field.name: (templates.escape(name),) for name, field in leftovers.items()}
    source = Source(
        file=file, format=reader.NAME, fields=_unwrap(fields),
        split={
            field: separator
            for field, separator in _find_splits(fields, leftovers.values(), profile)
            # A comma is part of a subject of MARC, and separates nothing.
            if field not in marc.fields or separator.strip() != ","
        },
        change={**marc.changes},
        day_first=tuple(_find_day_first(fields, columns)),
        languages=guesses.languages,
    )  # fmt: skip
    reasons = {field: why for field, why in guesses.reasons.items() if field not in chosen}
    return Proposal(source, tuple(leftovers.values()), reasons)


def _choose(fields: Fields, chosen: Mapping[str, tuple[str, ...]]) -> Fields:
    """Return fields with the columns that a user chose. Bodies come after the other authors."""
    combined = fields | {field: names for field, names in chosen.items() if field != BODIES}
    if BODIES in chosen:
        combined["authors"] = (*combined.get("authors", ()), *chosen[BODIES])
    return combined


def _unwrap(fields: Fields) -> dict[str, str | tuple[str, ...]]:
    """Return fields as in a Source: a single specification is no list."""
    return {field: stated if len(stated) > 1 else stated[0] for field, stated in fields.items()}


def fit(source: Source, reader: Reader, profile: Profile, catalogue: Catalogue) -> Source:
    """Return a proposed source with only the fields of the catalogue, and its unused columns."""
    fields = {ID_FIELD, *catalogue.by_name}
    mapped = list_mapped(source, reader.FIELDS, catalogue, profile.columns)
    used = {name for columns in mapped.values() for name in columns}
    unused = [name for name in {**profile.columns, **profile.headings} if name not in used]
    return msgspec.structs.replace(
        source,
        fields={field: stated for field, stated in source.fields.items() if field in fields},
        split={field: separator for field, separator in source.split.items() if field in fields},
        unused=dict(_describe_columns(unused, profile)),
    )


def _describe_columns(names: Iterable[str], profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield unused columns, each with a note, up to the length limit of the list."""
    remaining = _MAX_UNUSED_CHARS
    for name in names:
        column = profile.columns.get(name)
        is_filled = column and column.filled
        note = f"{column.filled:,} filled: {column.sample}" if column and is_filled else "empty"
        remaining -= len(name) + len(note)
        if remaining >= 0:
            yield name, note


def _read_headings(names: Iterable[str]) -> dict[str, Field]:
    """Return the fields that headings state, as in an export of a catalogue, by column."""
    taken = {field.name for field in list_standard_fields()} | RESERVED_NAMES
    stated: dict[str, Field] = {}
    for name in names:
        if field := standard_fields.read_heading(name):
            stated[name] = msgspec.structs.replace(field, name=_find_free_name(field.name, taken))
            taken |= {stated[name].name}
    return stated


def _make_leftover_fields(
    columns: Mapping[str, ColumnProfile], records: int
) -> Iterator[tuple[str, Field]]:
    """Yield a field for each leftover column that is worth showing."""
    standard = (name for field in list_standard_fields() for name in (field.name, *field.names))
    taken = {*standard, standard_fields.FULLTEXT_FIELD.name} | RESERVED_NAMES
    taken |= {f"year_{end}" for end in ("from", "to")}  # URL parameters of the field `year`
    shown = [
        name for name, column in columns.items()
        if column.filled >= max(1, _MIN_LEFTOVER_SHARE * records)
        and column.mean_length <= _MAX_LEFTOVER_CHARS
        and not standard_fields.is_record_date(name)
        # "Owner/room" is no path.
        and not ("." in name and standard_fields.is_of_other_entity(name))
        and not _is_uninformative(column, records)
    ]  # fmt: skip
    for name in shown[:_MAX_LEFTOVERS]:
        field = _make_field(name, taken)
        taken |= {field.name}
        yield name, field


def _state(field: str, guesses: Guesser) -> list[str]:
    """Return the specifications of a guess, if any. A heading may state that it names bodies."""
    names = [
        f"{{{{{{{name}}}}}}}"
        if field in NAME_FIELDS and _BODIES.search(fold_heading(column)) else name
        for column in guesses.fields.get(field, ()) if (name := templates.escape(column))
    ]  # fmt: skip
    if names and field in guesses.between:
        return [guesses.between[field].join(f"{{{name}}}" for name in names)]
    return names


def _is_uninformative(column: ColumnProfile, records: int) -> bool:
    """Return whether a column has the same value in all records, or only technical values."""
    values = column.values
    is_constant = records >= _MIN_RECORDS and len(values) == 1 and column.filled == records
    technical = sum(bool(_TECHNICAL.fullmatch(value)) for value in values)
    return is_constant or column.is_counter or technical > _TECHNICAL_SHARE * len(values)


def _make_field(column: str, taken: set[str] | frozenset[str]) -> Field:
    """Return a field for a leftover column, with a free name."""
    column = cleaning.clean(column)  # a file that was joined to others has a BOM in a heading
    label = " ".join(re.split(r"[\s._/:@\-]+", column)).strip() or column
    base = re.sub(r"\W+", "_", cleaning.make_slug(label, None), flags=re.ASCII).strip("_").lower()
    base = base if re.match(r"[a-z]", base) else f"column_{base}".rstrip("_")
    name = _find_free_name(base, taken)
    label = label or name
    return Field(name, label[:1].upper() + label[1:], several=True, weight=0.2)


def _find_free_name(base: str, taken: Collection[str]) -> str:
    numbered = (f"{base}_{number}" for number in count(2))
    return next(name for name in chain([base], numbered) if name not in taken)


def _find_splits(
    fields: Fields, leftovers: Iterable[Field], profile: Profile
) -> Iterator[tuple[str, str]]:
    """Yield the separator of each field whose columns have several values in one text.

    The texts of one language may be lists, and those of another single values. A separator of one
    column separates the values of the others too.
    """
    known = {field.name: field for field in (*list_standard_fields(), *leftovers)}
    columns_by_field = {
        field: [
            column for heading, column in profile.columns.items()
            if templates.split_language(heading)[0] in templates.list_columns(stated)
        ]
        for name, stated in fields.items()
        if (field := known.get(name)) and field.several and field.kind != "file"  # itself a list
    }  # fmt: skip

    def find(field: Field, usual: Collection[str] = ()) -> str | None:
        kind = "text" if field.name == "series" else field.kind  # "Salt roads ; 6" is one series
        are_subjects = field.name == "subjects"
        found = (
            find_separator(column, kind, are_subjects=are_subjects, usual=usual)
            for column in columns_by_field[field]
        )
        return next(filter(None, found), None)

    found = {find(field) for field in columns_by_field}
    usual = [separator for separator in SEPARATORS if separator in found]
    for field in columns_by_field:
        if separator := find(field, usual):
            yield field.name, separator


def _find_day_first(fields: Fields, columns: Mapping[str, ColumnProfile]) -> Iterator[str]:
    dated = templates.list_columns(fields.get("date", ()))
    for name in dict.fromkeys((*dated, *templates.list_columns(fields.get("year", ())))):
        if name in columns and dates.is_day_first([*columns[name].values]):
            yield name


def _list_dates(years: Sequence[str], columns: Mapping[str, ColumnProfile]) -> Fields:
    """Return the columns of the field `date`, given those of `year`, if one of them has months.

    A column with months comes before one with years, or with the first of January for each year.
    """
    dated = [
        name for name in years if name in columns
        and not {(dates.parse_date(value) or "")[4:] for value in columns[name].values}
        <= {"", "-01-01"}
    ]  # fmt: skip
    ordered = dict.fromkeys((*dated, *years))
    return {"date": tuple(map(templates.escape, ordered))} if dated else {}


_MARC_HEADING = re.compile(
    r"[\s\ufeff]*(\d{3})[\s$|.:_\u2021]*([\d_#\\ ]{2})?[\s$|.\u2021]*([a-z\d]?)\s*"
)
_WHOLE = re.compile(r"\$[a-z0-9]")
_BLANKS = str.maketrans("_#\\", "   ")
_MIN_MAPPED = 2
"""Minimum number of headings that the mapping of MARC uses. One alone may be any number."""


class _Marc(NamedTuple):
    """The mapping of the headings that are tags of MARC, with the changes of whole fields.

    All are empty if the headings are other numbers.
    """

    tags: Collection[str] = ()
    fields: Mapping[str, Sequence[str]] = {}
    changes: Mapping[str, tuple[Change, ...]] = {}


def _propose_marc(joined: Mapping[str, ColumnProfile]) -> _Marc:
    """Return the standard mapping of MARC in terms of the headings that are tags."""
    tags = {name: match for name in joined if (match := _MARC_HEADING.fullmatch(name))}
    # For each field of MARC, which is a tag with indicators: the headings of its columns (245$a).
    marc_fields: dict[str, dict[str, str]] = {}
    for name, match in tags.items():
        tag, indicators, code = match.groups("")
        indicators = indicators.translate(_BLANKS)
        columns = marc_fields.setdefault(tag + indicators, {})
        columns.setdefault(name_column(tag, indicators, code), name)
    known = {column for columns in marc_fields.values() for column in columns}
    standard = load_fields(is_unimarc="200$a" in known and "245$a" not in known)
    whole = {
        name for name, match in tags.items() if not match[3]
        and any(map(_WHOLE.match, joined[name].values))
    }  # fmt: skip
    fields, changes, used = dict[str, list[str]](), dict[str, tuple[Change, ...]](), set[str]()
    for field, specifications in standard.items():
        stated, split = list[str](), list[Template]()
        for specification in specifications:
            for columns in marc_fields.values():
                found = [
                    (template, kept) for template in templates.parse(specification)
                    if (kept := _keep(template, columns)).columns
                ]  # fmt: skip
                if found:
                    stated.append("|".join(templates.format_template(kept) for _, kept in found))
                used.update(name for _, kept in found for name in kept.columns)
                split += [each for each, kept in found if whole.intersection(kept.columns)]
        if split and field == "id":  # a symbol with codes of subfields is no id
            stated, split = [name for name in stated if name == "001"], []
        if stated:
            fields[field] = stated
        if split:
            changes[field] = tuple(_take_apart(split))
    return _Marc(tags, fields, changes) if len(used) >= _MIN_MAPPED else _Marc()


def _keep(template: Template, names: Mapping[str, str]) -> Template:
    """Return a template with the columns of the table. It may have none."""
    kept = [
        (text, names[column])
        for text, column in zip(template.texts, template.columns, strict=False) if column in names
    ]  # fmt: skip
    texts = (template.texts[0], *(text for text, _ in kept[1:]), template.texts[-1])
    return Template(texts, tuple(column for _, column in kept))


def _take_apart(split: Sequence[Template]) -> Iterator[Change]:
    """Yield the changes of whole fields, such as `$aUN. ECWA.$bSecretary`.

    They keep the subfields that the templates name, with the texts between them. For a person,
    the codes of the parts of a body have dates and roles, so persons decide what is kept.
    """
    texts = {
        column[-1]: text for template in split
        for text, column in zip(template.texts[1:-1], template.columns[1:], strict=True)
    }  # fmt: skip
    persons = [template for template in split if template.texts[0] != "{"]
    kept = {column[-1] for template in persons or split for column in template.columns}
    others = "".join(sorted(kept))
    yield Change(replace=rf"(?:[ ,/:;=]*\$[^{others}}}][^$}}]*|\$a ?)+", by=" ")
    for text in dict.fromkeys(texts.values()):
        codes = "".join(code for code in texts if code in kept and texts[code] == text)
        if codes:
            yield Change(replace=rf" ?[:;,/.=]? ?\$[{codes}] ?", by=text)


_ALWAYS_FACETS = frozenset({"authors", "subjects", "container"})
_MIN_VALUES, _MAX_VALUES, _MIN_REPEATS = 2, 200, 1.5
"""A facet has 2 to 200 values. On average, a value occurs in at least 1.5 publications."""
_FEW_VALUES, _MAX_LEFTOVER_FACETS = 20, 4
"""Facets with at most 20 values come first. At most 4 facets are those of leftover columns."""
_MIN_WORD_CHARS = 4
Counts = Mapping[str, Counter[str]]
"""The number of occurrences of each value, by field."""


def make_catalogue(
    title: str, fields: Sequence[Field], samples: Iterable[tuple[Mapper, SourceRecord]],
    chosen: Collection[str] = (),
) -> Catalogue:  # fmt: skip
    """Return a catalogue with those fields among `fields` that have values in the samples.

    It has the fields whose columns were `chosen` even if they have none.
    """
    counts: Counts = defaultdict(Counter)
    for mapper, record in samples:
        for prop in mapper.map(record).properties:
            counts[prop.name][prop.value] += 1
    kept = {field.name for field in fields if _has_values(field, counts)} | {"title", *chosen}
    if any(field.translates == "title" for field in fields if field.name in kept):
        kept.add(OTHER_TITLES)  # its columns may feed these fields
    kept_fields = [field for field in fields if field.name in kept]
    return Catalogue(
        title=title,
        description="",
        fields=tuple(_with_numbers(kept_fields, counts)),
        examples=tuple(_make_examples(counts)),
        # The type of every name, also of those that an update brings.
        types=tuple(
            TypeRule(csl, {field.name: names})
            for field in kept_fields if field.role == "type"
            for csl, names in group_by_csl_type().items()
        ),
    )  # fmt: skip


def _has_values(field: Field, counts: Counts) -> bool:
    # A date is a separate field only if it is more precise than the year.
    return any(field.kind != "date" or "-" in value for value in counts.get(field.name, ()))


def _with_numbers(fields: Sequence[Field], counts: Counts) -> Iterable[Field]:
    """Yield the fields, with consecutive numbers for the facets and for the metadata line."""
    standard = [field for field in fields if field.facet and _is_facet(field, counts[field.name])]
    # Years are selected as a range, whatever their number is.
    few = [f.name for f in standard if f.kind == "year" or len(counts[f.name]) <= _FEW_VALUES]
    standard.sort(key=lambda field: (field.name not in few, field.facet))
    standard_names = {field.name for field in list_standard_fields()}
    leftovers = [
        field for field in fields
        if field.name not in standard_names and not field.translates
        and _is_facet(field, counts[field.name])
    ]  # fmt: skip
    leftovers.sort(key=lambda field: len(counts[field.name]))
    facets = [field.name for field in (*standard, *leftovers[:_MAX_LEFTOVER_FACETS])]
    facts = sorted((field for field in fields if field.fact), key=lambda field: field.fact or 0)
    for field in fields:
        yield msgspec.structs.replace(
            field,
            facet=facets.index(field.name) + 1 if field.name in facets else None,
            fact=facts.index(field) + 1 if field in facts else None,
        )


def _is_facet(field: Field, values: Counter[str]) -> bool:
    is_usual = field.name in _ALWAYS_FACETS or field.kind in ("year", "language")
    repeat = len(values) <= _MAX_VALUES and values.total() >= _MIN_REPEATS * len(values)
    is_readable = field.kind == "year" or _have_words(values)
    return len(values) >= _MIN_VALUES and is_readable and (is_usual or repeat)


def _have_words(values: Collection[str]) -> bool:
    """Return whether most values are more than numbers and codes such as T0005547."""
    words = (sum(map(str.isalpha, value)) >= sum(map(str.isdigit, value)) for value in values)
    return 2 * sum(words) > len(values)


def _make_examples(counts: Counts) -> Iterable[tuple[str, str]]:
    """Yield example queries with frequent words of the titles, and descriptions of their hits."""
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for title in counts["title"].elements():
        tokens = [
            token
            for token in tokenizer.tokenize(title, "en")
            if len(token.surface) >= _MIN_WORD_CHARS
            and token.surface not in stemming.ALL_STOP_WORDS
        ]
        # Of words that are equally frequent, the first one comes first.
        words.update([*dict.fromkeys(token.surface.lower() for token in tokens)])
        pairs.update(
            f"{first.surface} {second.surface}".lower()
            for first, second in pairwise(tokens) if second.position == first.position + 1
        )  # fmt: skip
    frequent = [word for word, _ in words.most_common(3)]
    if len(frequent) > 1:
        yield f"{frequent[0]} {frequent[1]}", "publications that have both words, the best first"
    for pair, _ in pairs.most_common(1):
        yield f'"{pair}"', "the words side by side"
    if frequent:
        yield f"{frequent[0][:_MIN_WORD_CHARS]}*", "all words that start with these letters"
        yield f"title:{frequent[-1]}", "a word in one field"
    if years := counts.get("year"):
        ordered = sorted(years)
        if ordered[0] != ordered[-1]:
            yield f"year:{ordered[len(ordered) // 2]}..", "since this year"
