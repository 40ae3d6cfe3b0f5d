"""Mapper: convert the columns of a source record to the fields of a catalogue.

The fields of a source in `sources.toml` replace those of the default mapping of its format.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

import msgspec

from indexer.analysis.language_detection import find_script_language
from indexer.catalogue.fields import Catalogue, Field, Role
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Normalized, Problem, Property, SourceRecord
from indexer.mapping import templates
from indexer.mapping.normalization import (
    drop_equal,
    make_id,
    make_normalizer,
    order_by_group,
    split_values,
)
from indexer.mapping.sources import SOURCES_FILE, Change, Source
from indexer.mapping.templates import Template
from indexer.readers.base import Reader
from indexer.values.iso_codes import find_languages

ID_FIELD, OTHER_TITLES = "id", "other_titles"
"""Special fields: the id of the record, and its titles after the first."""
_NAMING_ROLES: tuple[Role, ...] = ("number", "call-number", "DOI", "ISBN", "PMID", "ISSN")
"""Roles of fields that name a record without a title, the best first."""
_IMPRINT: tuple[Role, ...] = ("publisher", "publisher-place")
_NAMING_FIELDS = ("identifier", "file", "link")
"""Fields without such a role that do."""
_JOINED_FIELDS = 10
"""Templates join at most this many times the characters of the longest field for a record."""
_MAX_PLANS = 1000
"""Maximum number of sets of columns whose plan is cached. Many records have the same columns."""
_Specifications = Sequence[Sequence[Template]]
_Plan = Sequence[tuple[Field | None, _Specifications]]
"""Fields, or None for the id, each with the alternatives of which a record has a column, by
specification."""


class _Column(NamedTuple):
    """The properties of a column that follow from its name.

    `plain` is the name without a `language` in brackets. `is_known`: a field uses it, or it is
    listed as unused.
    """

    plain: str
    language: str | None
    is_known: bool
    is_day_first: bool


_COMBINATION = _Column("", None, is_known=True, is_day_first=False)
"""The column of a value that a template combined."""


class Mapper:
    """The mapping of one source, for one catalogue.

    `digest` identifies the mapping. `unknown` counts the columns that are neither used
    nor listed as unused.
    """

    def __init__(self, source: Source, reader: Reader, catalogue: Catalogue) -> None:
        self.source, self.catalogue = source, catalogue
        self.unknown: Counter[str] = Counter()
        self._columns: dict[str, _Column] = {}
        specifications = combine_fields(source, reader.FIELDS)
        self._templates = {
            field: tuple(_parse(field, specification, catalogue) for specification in stated)
            for field, stated in specifications.items()
            if field == ID_FIELD or field in catalogue.by_name
        }
        self._columns_by_field = {
            field: frozenset(
                chain.from_iterable(map(templates.list_columns, specifications[field]))
            )
            for field in self._templates
        }
        self._plan = lru_cache(_MAX_PLANS)(self._make_plan)
        self._normalizers = {
            field.name: [make_normalizer(field, day_first=first) for first in (False, True)]
            for field in catalogue.stored
        }
        self._unjoined, self.cut_fields = 0, set[str]()
        self._known = {*source.unused, *chain.from_iterable(self._columns_by_field.values())}
        self._title = catalogue.find_by_role("title")
        self._abstract = catalogue.find_by_role("abstract")
        self._publisher, self._place = (
            field and field.name for field in map(catalogue.find_by_role, _IMPRINT)
        )
        self._translations = {
            (field.translates, find_languages(field.language or "")): field.name
            for field in catalogue.fields if field.translates
        }  # fmt: skip
        numbers = [catalogue.find_by_role(role) for role in _NAMING_ROLES]
        self._naming = [OTHER_TITLES, *self._translations.values()]
        self._naming += [*(field.name for field in numbers if field), *_NAMING_FIELDS]
        rules = (
            specifications, source.split, source.change, source.day_first, source.languages,
        )  # fmt: skip
        self.digest = sha256(msgspec.json.encode(rules)).digest()

    def map(self, record: SourceRecord, limits: Limits = LIMITS) -> SourceRecord:
        """Return the record with the names of fields instead of columns.

        `cut_fields` are afterwards those whose templates would join too many characters.
        """
        self._unjoined, self.cut_fields = _JOINED_FIELDS * limits.longest_field, set()
        columns = self._collect(record.properties)
        properties: list[Property] = []
        identity = record.id
        for field, specifications in self._plan(frozenset(columns)):
            if field:
                properties += self._fill(field, specifications, columns)
            else:
                identity = self._make_id(specifications, columns)
        places = {prop.value for prop in properties if prop.name == self._place}
        for number, prop in enumerate(properties if places else ()):
            place, mark, publisher = prop.value.partition(":")
            # A place before the publisher, as in "Oslo : Fjord Press", has a field of its own.
            if mark and prop.name == self._publisher and place.strip() in places:
                text = publisher.strip() or prop.value
                properties[number] = msgspec.structs.replace(prop, value=text, text=text)
        if self._translations:
            self._place_translations(properties)
        if any(prop.name == OTHER_TITLES for prop in properties):
            properties = list(self._drop_other_titles(properties))
        if self._title and not any(prop.name == self._title.name for prop in properties):
            self._name_record(properties, self._title.name)
        return SourceRecord(record.source, tuple(properties), identity)

    def _drop_other_titles(self, properties: Sequence[Property]) -> Iterator[Property]:
        """Yield properties without other titles that are the title, or that have no field."""
        fields = (self._title and self._title.name, *self._translations.values())
        titles = {prop.value for prop in properties if prop.name in fields}
        has_field = OTHER_TITLES in self.catalogue.by_name
        for prop in properties:
            if prop.name != OTHER_TITLES or (has_field and prop.value not in titles):
                yield prop

    def _place_translations(self, properties: list[Property]) -> None:
        """Give titles and abstracts after the first, by their languages, the fields for these.

        The script tells the language of a text for which the source states none.
        """
        for field in filter(None, (self._title, self._abstract)):
            names = (field.name, OTHER_TITLES) if field is self._title else (field.name,)
            places = [
                place for name in names for place, prop in enumerate(properties)
                if prop.name == name
            ]  # fmt: skip
            filled: set[tuple[str, ...]] = set()
            for place in places:
                prop = properties[place]
                stated = prop.language or find_script_language(prop.value)
                spoken = find_languages(stated or "")
                if filled and spoken not in filled and (field.name, spoken) in self._translations:
                    name = self._translations[field.name, spoken]
                    properties[place] = msgspec.structs.replace(prop, name=name)
                filled.add(spoken)

    def _name_record(self, properties: list[Property], title: str) -> None:
        """Give a record a title: the first other title, or a copy of a number or a file."""
        for field in self._naming:
            for place, prop in enumerate(properties):
                if prop.name == field:
                    end = place + 1 if field == OTHER_TITLES else place
                    properties[place:end] = [msgspec.structs.replace(prop, name=title)]
                    return

    def _make_plan(self, columns: frozenset[str]) -> _Plan:
        """Return the fields that these columns of a record may fill, with their specifications."""
        plan = []
        for field, specifications in self._templates.items():
            filled = [
                tuple(each for each in alternatives if not columns.isdisjoint(each.columns))
                for alternatives in specifications
            ]
            if used := tuple(filter(None, filled)):
                plan.append((self.catalogue.by_name.get(field), used))
        return tuple(plan)

    def _make_id(self, specifications: _Specifications, columns: templates.Columns) -> str | None:
        stated = (self._select(ID_FIELD, each, columns) for each in specifications)
        ids = (make_id(prop.value) for prop in chain.from_iterable(stated))
        return next(filter(None, ids), None)

    def add_columns(self, names: Iterable[str]) -> None:
        """Add the columns of a table, even if no record has a value in them."""
        for name in names:
            if name not in self._columns:
                self._add_column(name)

    def find_missing_columns(self) -> Iterator[Problem]:
        """Yield a Problem for each column that the source names and that no record has.

        Yield nothing for a source without records. The columns of an alternative may be missing if
        another alternative is complete.
        """
        if not self._columns:
            return
        seen = {*self._columns, *(column.plain for column in self._columns.values())}
        for field, stated in combine_fields(self.source, {}).items():
            for specification in stated:
                alternatives = [template.columns for template in templates.parse(specification)]
                if any(seen.issuperset(columns) for columns in alternatives):
                    continue
                for column in sorted({*chain(*alternatives)} - seen):
                    message = f"the column {column!r} of the field {field} is missing"
                    hint = f"Correct its name in {SOURCES_FILE}, or remove it there"
                    yield Problem(self.source.file, 0, message, hint)

    def _collect(self, properties: Sequence[Property]) -> dict[str, list[Property]]:
        """Return the properties by column, without blank ones.

        Columns with a language are listed by plain name too.
        """
        columns: dict[str, list[Property]] = {}
        for prop in properties:
            name, value = prop.name, prop.value
            column = self._columns.get(name) or self._add_column(name)
            if not column.is_known:
                self.unknown[name] += 1
            if not value or value.isspace():
                continue
            if column.language and not prop.language:
                prop = msgspec.structs.replace(prop, language=column.language)  # noqa: PLW2901
            if name in columns:
                columns[name].append(prop)
            else:
                columns[name] = [prop]
            if column.plain != name:
                columns.setdefault(column.plain, []).append(prop)
        return columns

    def _add_column(self, name: str) -> _Column:
        plain, language = templates.split_language(name)
        language = self.source.languages.get(name) or language
        is_known = name in self._known or plain in self._known
        is_day_first = not {name, plain}.isdisjoint(self.source.day_first)
        self._columns[name] = column = _Column(plain, language, is_known, is_day_first)
        return column

    def _fill(
        self, field: Field, specifications: _Specifications, columns: templates.Columns
    ) -> list[Property]:
        """Return the values of a field, normalized.

        A field with one value uses the first specification that has any of its kind, unless another
        value may be restricted. Values of a wrong kind come last.
        """
        values: list[Property] = []
        rejected: list[Property] = []
        takes_all = field.several or bool(field.restricted)
        if takes_all:
            stated: list[Property] = []
            for each in specifications:
                stated += self._select(field.name, each, columns)
            self._add_values(field, order_by_group(stated), values, rejected)
        else:
            for each in specifications:
                selected = self._select(field.name, each, columns)
                self._add_values(field, selected, values, rejected)
                if values and field.role != "abstract":
                    break
        if field.role == "title":
            values += self._list_translations(field, values, columns, specifications)
        values += rejected
        if field.restricted and field.name in self.cut_fields:  # what was cut may be restricted
            values.append(Property(field.name, field.restricted[0], field.restricted[0]))
        if field.role == "abstract":
            return drop_equal(values)
        if field.role == "title":
            titles = drop_equal(values)
            renamed = (msgspec.structs.replace(title, name=OTHER_TITLES) for title in titles[1:])
            return [*titles[:1], *renamed]
        return values if takes_all else values[:1]

    def _add_values(
        self, field: Field, stated: Iterable[Property], values: list[Property],
        rejected: list[Property],
    ) -> None:  # fmt: skip
        """Add the values of properties to `values`, or to `rejected`, which validation reports.

        A value that is not of this kind is ignored if another field of its column uses it.
        """
        name = field.name
        separator, changes = self.source.split.get(name), self.source.change.get(name)
        normalizers = self._normalizers[name]
        for prop in stated:
            normalize = normalizers[self._columns.get(prop.name, _COMBINATION).is_day_first]
            parts = split_values(field, prop.value, separator) if separator else (prop.value,)
            for part in self._change(name, parts, changes) if changes else parts:
                texts = normalize(part)
                if texts is not None:
                    values += [Normalized(name, text, text, prop.language) for text in texts]
                elif not self._is_used(part, prop.name, name):
                    text = part.strip()
                    rejected.append(Property(name, text, text, prop.language))

    def _change(self, field: str, parts: Iterable[str], changes: Sequence[Change]) -> Iterator[str]:
        """Yield the changed values of a field, until they have too many characters."""
        for part in parts:
            changed = part
            for change in changes:
                changed = change.apply(changed)
            self._unjoined -= len(changed)
            if self._unjoined < 0:
                self.cut_fields.add(field)
            elif changed.strip():
                yield changed

    def _is_used(self, text: str, column: str, field: str) -> bool:
        """Return whether a text of a column is a value of another field than `field`."""
        names = {column, templates.split_language(column)[0]}
        return any(
            self._normalizers[other][0](text) for other, used in self._columns_by_field.items()
            if other not in {field, ID_FIELD} and not used.isdisjoint(names)
        )  # fmt: skip

    def _list_translations(
        self, field: Field, titles: Sequence[Property], columns: templates.Columns,
        specifications: _Specifications,
    ) -> Iterator[Property]:  # fmt: skip
        """Yield the titles of later specifications in languages that the titles do not have."""
        languages = {title.language for title in titles}
        for prop in chain.from_iterable(
            self._select(field.name, each, columns) for each in specifications
        ):
            if prop.language and prop.language not in languages:
                for text in self._normalizers[field.name][0](prop.value) or ():
                    yield Normalized(field.name, text, text, prop.language)

    def _select(
        self, field: str, alternatives: Sequence[Template], columns: templates.Columns
    ) -> Sequence[Property]:
        for template in alternatives:
            if not template.single:
                self._unjoined -= template.measure(columns)
                if self._unjoined < 0:
                    self.cut_fields.add(field)
                    continue
            if values := template.evaluate(columns):
                return values
        return ()


def _parse(name: str, specification: str, catalogue: Catalogue) -> tuple[Template, ...]:
    """Return the alternatives of a specification. For names, they state the parts of a person."""
    alternatives = templates.parse(specification)
    field = catalogue.by_name.get(name)
    is_name = field is not None and field.kind == "name"
    return tuple(map(templates.state_person, alternatives)) if is_name else alternatives


def combine_fields(
    source: Source, defaults: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the specifications of each field: those of the source, or else the default ones."""
    combined = {field: tuple(specifications) for field, specifications in defaults.items()}
    for field, stated in source.fields.items():
        combined[field] = (stated,) if isinstance(stated, str) else stated
    return combined


def list_mapped(
    source: Source, defaults: Mapping[str, Sequence[str]], catalogue: Catalogue,
    columns: Iterable[str],
) -> dict[str, list[str]]:  # fmt: skip
    """Return the columns, among `columns`, that feed each field of a catalogue, and the id."""
    by_plain: dict[str, list[str]] = {}
    for name in columns:
        for key in {name, templates.split_language(name)[0]}:
            by_plain.setdefault(key, []).append(name)
    mapped: dict[str, list[str]] = {}
    for field, specifications in combine_fields(source, defaults).items():
        named = chain.from_iterable(map(templates.list_columns, specifications))
        used = chain.from_iterable(by_plain.get(name, ()) for name in named)
        if (field == ID_FIELD or field in catalogue.by_name) and (
            listed := list(dict.fromkeys(used))
        ):
            mapped[field] = listed
    return mapped
