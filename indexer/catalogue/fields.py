"""What a catalogue is: one row a field. Everything else derives from these rows.

The Whoosh schema, the facets, the forms, the API and the documentation read these rows, so
that another catalogue with other facets is another folder with its own file, and no line of
code.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Literal

import msgspec

from indexer.catalogue import iso_codes
from indexer.catalogue.records import Link, Publication, Value

MISSING = "none"
"""The value of a facet that stands for having no value; no field may hold it."""

Kind = Literal["text", "keyword", "year", "language", "country", "link"]
Role = Literal["title", "summary", "date"]
Order = Literal["count", "listed", "descending"]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: a field of every publication, and what is done with it.

    `kind` says what its values are, `role` which field titles, sums up or dates a
    publication. `weight` above 0 makes its words searchable, counting that many times.
    `facet` is its place among the facets from 1, and `fact` its place in the one line that a
    list tells of a publication; without one it is not among them. `values`, if given, are
    the only ones allowed. `parent` names the field above it in a tree, and `grouping` the
    file that sorts its values under the parent's. Values of this row that the one which it
    `qualifies` holds too are shown there with the `qualifier` behind them. `names` are the
    names that sources have for it; the first is the one written into pages. A title whose
    language is not stated has it told from the text where its row `detects` it.
    """

    name: str
    label: str
    kind: Kind = "keyword"
    role: Role | None = None
    weight: float = 0.0
    facet: int | None = None
    fact: int | None = None
    several: bool = False
    parent: str | None = None
    grouping: str | None = None
    qualifies: str | None = None
    qualifier: str = ""
    values: tuple[str, ...] = ()
    order: Order = "count"
    required: bool = False
    detects: bool = False
    names: tuple[str, ...] = ()
    missing: str = "Not stated"

    @property
    def source_name(self) -> str:
        """The name under which pages state it."""
        return self.names[0] if self.names else self.name

    def display(self, value: Value, language: str = "en") -> str:
        """What a reader sees for a value: a name for a code, the value itself otherwise."""
        if self.kind == "language":
            return iso_codes.language_name(str(value), language)
        if self.kind == "country":
            return iso_codes.country_name(str(value), language)
        return (value.label or value.url) if isinstance(value, Link) else str(value)


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The rows and what they belong to: a title, a description, a language, notices.

    `examples` are queries that show how to search it, each with what it finds.

    `groups` comes from the grouping file: to each value of the child field, its parents.
    """

    title: str
    description: str
    fields: tuple[Field, ...] = msgspec.field(name="field")
    language: str = "en"
    publisher: str = ""
    source: str = ""
    notices: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    groups: dict[str, tuple[str, ...]] = {}

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The rows by their names."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_source_name(self) -> dict[str, Field]:
        """The rows by every name that a source may use for them."""
        return {name: field for field in self.fields for name in (*field.names, field.name)}

    @cached_property
    def by_query_name(self) -> dict[str, Field]:
        """The rows by every name that a query may use for them, in lower case.

        A row's own name takes precedence over names that other rows have in sources.
        """
        named = ((name, field) for field in self.fields for name in self.query_names(field))
        own = {field.name.lower(): field for field in self.fields}
        return dict(reversed([*named])) | own

    @cached_property
    def queryable(self) -> tuple[Field, ...]:
        """The rows that a query can name: those that are searched, and those that filter."""
        return tuple(row for row in self.fields if row.weight > 0 or row.facet or row.parent)

    def query_names(self, field: Field) -> tuple[str, ...]:
        """Return the names that a query may use for a row, in lower case: its own, then aliases."""
        return tuple(each.lower() for each in (field.name, *field.names, field.label))

    @cached_property
    def facets(self) -> tuple[Field, ...]:
        """The facets in their places; a field with a parent is part of its parent's facet."""
        rows = [field for field in self.fields if field.facet and not field.parent]
        return tuple(sorted(rows, key=lambda field: field.facet or 0))

    @cached_property
    def facts(self) -> tuple[Field, ...]:
        """The fields that a list tells of a publication, in their places."""
        rows = [field for field in self.fields if field.fact]
        return tuple(sorted(rows, key=lambda field: field.fact or 0))

    @cached_property
    def children(self) -> dict[str, Field]:
        """To a field's name, the field below it in a tree."""
        return {field.parent: field for field in self.fields if field.parent}

    @cached_property
    def searchable(self) -> tuple[Field, ...]:
        """The fields whose words can be found."""
        return tuple(field for field in self.fields if field.weight > 0)

    @cached_property
    def valued(self) -> tuple[Field, ...]:
        """The fields whose values a publication holds by their names: not its title and summary."""
        return tuple(field for field in self.fields if field.role not in ("title", "summary"))

    @cached_property
    def _by_role(self) -> dict[Role | None, Field]:
        return {field.role: field for field in reversed(self.fields)}

    def role(self, role: Role) -> Field | None:
        """The field that plays a role, the first if several do."""
        return self._by_role.get(role)

    def values(self, publication: Publication, field: Field) -> tuple[Value, ...]:
        """A publication's values of any field, the title and the summary too."""
        if field.role == "title":
            return (publication.title,)
        if field.role == "summary":
            return (publication.summary,) if publication.summary else ()
        return publication.values.get(field.name, ())

    def with_ancestors(self, publication: Publication) -> Publication:
        """The publication with the parents of its values added: Kenya brings in Africa."""
        if not self.children:
            return publication
        values = dict(publication.values)
        for parent, child in self.children.items():
            stated = [str(value) for value in values.get(parent, ())]
            inherited = [
                group for value in values.get(child.name, ()) for group in self.groups[str(value)]
            ]
            if together := tuple(dict.fromkeys([*stated, *inherited])):
                values[parent] = together
        return msgspec.structs.replace(publication, values=values)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of every row and the grouping: a change of it means a full rebuild."""
        return sha256(msgspec.json.encode(self)).hexdigest()
