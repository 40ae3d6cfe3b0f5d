"""What a catalogue is: `catalogue.toml`, one row a field. Everything else derives from it.

The Whoosh schema, the facets, the forms, the API and the documentation read these rows, so
that another catalogue with other facets is another folder with its own file, and no line of
code.
"""

from __future__ import annotations

import math
import re
import tomllib
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from indexer import codes
from indexer.record import Link, Publication, Value

CATALOGUE_FILE = "catalogue.toml"
MISSING = "none"
"""The value of a facet that stands for having no value; no field may hold it."""

RESERVED_NAMES = frozenset(
    "q match page size sort facet id lang score url title_html summary_html source "
    "explain semantic json query all any everything record index help".split()
)
"""Names that the address line and the API use for other things than fields."""

Kind = Literal["text", "keyword", "year", "language", "country", "link"]
Role = Literal["title", "summary", "date"]
Order = Literal["count", "listed", "descending"]


class CatalogueError(Exception):
    """A `catalogue.toml` or grouping that can't be used: what is wrong, and what to do."""

    def __init__(self, file: Path, what: str, hint: str) -> None:
        super().__init__(f"{file}: {what}. {hint}")
        self.file, self.what, self.hint = file, what, hint


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: a field of every publication, and what is done with it.

    `kind` says what its values are, `role` which field titles, sums up or dates a
    publication. `weight` above 0 makes its words searchable, counting that many times.
    `facet` is its place among the facets from 1, and `fact` its place in the one line that a
    list tells of a publication; without one it is not among them. `values`, if given, are
    the only ones allowed. `parent` names the field above it in a tree, and `grouping` the
    file that sorts its values under the parent's. Values of this row that the one which it
    `qualifies` holds too are shown there with the `qualifier` behind them. `names` are the
    names that sources have for it; the first is the one written into pages.
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
    names: tuple[str, ...] = ()
    missing: str = "Not stated"

    @property
    def source_name(self) -> str:
        """The name under which pages state it."""
        return self.names[0] if self.names else self.name

    def display(self, value: Value, language: str = "en") -> str:
        """What a reader sees for a value: a name for a code, the value itself otherwise."""
        if self.kind == "language":
            return codes.language_name(str(value), language)
        if self.kind == "country":
            return codes.country_name(str(value), language)
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

    def role(self, role: Role) -> Field | None:
        """The field that plays a role, if one does."""
        return next((field for field in self.fields if field.role == role), None)

    def values(self, publication: Publication, field: Field) -> tuple[Value, ...]:
        """A publication's values of any field, the title and the summary too."""
        if field.role == "title":
            return (publication.title,)
        if field.role == "summary":
            return (publication.summary,) if publication.summary else ()
        return publication.values.get(field.name, ())

    def with_ancestors(self, publication: Publication) -> Publication:
        """The publication with the parents of its values added: Kenya brings in Africa."""
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


def load(folder: Path) -> Catalogue:
    """The catalogue that a corpus folder describes.

    Raises CatalogueError if its `catalogue.toml` or the grouping is missing or wrong.
    """
    file = folder / CATALOGUE_FILE
    catalogue = _decode(file)
    _check(catalogue, file)
    for field in catalogue.fields:
        if field.grouping:
            groups = _groups(folder / field.grouping, catalogue.by_name[str(field.parent)])
            catalogue = msgspec.structs.replace(catalogue, groups=groups)
    return catalogue


def write(catalogue: Catalogue) -> str:
    """A catalogue as TOML, which `load` reads as the same; its grouping is a file of its own."""
    told = msgspec.to_builtins(catalogue)
    rows = told.pop("field")
    lines = [f"{name} = {_toml_value(value)}" for name, value in told.items() if name != "groups"]
    for row in rows:
        lines += ["", "[[field]]"]
        lines += [
            f"{name} = {_toml_value(value)}" for name, value in row.items()
            if name in ("name", "label") or value != _DEFAULTS[name]
        ]  # fmt: skip
    return "\n".join([*lines, ""])


def _toml_value(value: object) -> str:
    """A string, number, truth value or list: TOML writes these as JSON does, but for DEL."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


_DEFAULTS = msgspec.to_builtins(Field("", ""))


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"A corpus folder holds a {file.name} beside its pages: copy one from corpus/"
        raise CatalogueError(file, "there is no such file", hint) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        hint = "It must be readable and valid TOML in UTF-8"
        raise CatalogueError(file, str(error), hint) from error


def _decode(file: Path) -> Catalogue:
    try:
        return msgspec.convert(_toml(file), Catalogue)
    except msgspec.ValidationError as error:
        raise CatalogueError(file, str(error), "See corpus/README.md for what a row may say") from (
            error
        )


def _check(catalogue: Catalogue, file: Path) -> None:
    for what, hint in _faults(catalogue):
        raise CatalogueError(file, what, hint)


def _faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    rows = catalogue.fields
    used = [name for row in rows for name in {row.name, *row.names}]
    places = [row.facet for row in catalogue.facets]
    roles = [row.role for row in rows]
    faults = [
        (f"two rows have the name {name!r}", "Give each row names of its own")
        for name in sorted({name for name in used if used.count(name) > 1})
    ]
    faults += _told(
        (not codes.has_names(catalogue.language),
         f"the language {catalogue.language!r} is unknown", "Write a code such as en or pt-BR"),
        (roles.count("title") != 1,
         "there must be one row with role = 'title'", "Add it, or keep only one"),
        (roles.count("summary") > 1, "two rows have the role 'summary'", "Keep one"),
        (roles.count("date") > 1, "two rows have the role 'date'", "Keep one"),
        (len(set(places)) < len(places),
         "two facets have the same place", "Number them 1, 2, 3 ..."),
        (sum(row.parent is not None for row in rows) > 1,
         "two rows have a parent", "There can be one tree: keep one"),
    )  # fmt: skip
    for row in rows:
        faults += _row_faults(row, catalogue)
    return faults


def _row_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    parent = catalogue.by_name.get(row.parent or "")
    is_parent = parent and parent.facet and parent.several and not parent.parent
    chosen = row.facet is not None or row.parent is not None
    boxes = {f"{each.name}_{end}" for each in catalogue.fields if each.kind == "year"
             for end in ("from", "to")}  # fmt: skip
    is_taken = row.name in RESERVED_NAMES | boxes
    is_taken |= row.name in ("title", "summary") and row.role != row.name
    return _told(
        (not re.fullmatch(r"[a-z][a-z0-9_]*", row.name),
         f"the row name {row.name!r} can't be used",
         "Use lower-case letters, digits and _, a letter first"),
        (is_taken,
         f"the row name {row.name!r} is taken by a parameter or a part of the API",
         f"Choose another; taken are {', '.join(sorted(RESERVED_NAMES))}"),
        (any(not re.fullmatch(r"\S+", name) for name in row.names),
         f"{row.name!r} has a name with a space in it, or an empty one",
         "A property's name in a page is one word"),
        (not 0 <= row.weight < math.inf,
         f"{row.name!r} has the weight {row.weight}", "Give a number from 0 on"),
        (any(place < 1 for place in (row.facet, row.fact) if place is not None),
         f"{row.name!r} has a place below 1", "Places of facets and facts begin with 1"),
        (row.qualifies is not None and row.qualifies not in catalogue.by_name,
         f"{row.name!r} qualifies an unknown row {row.qualifies!r}", "Name a row"),
        (chosen and row.kind in ("text", "link"),
         f"{row.name!r} is a facet of kind {row.kind!r}",
         "Facets are of kind keyword, year, language or country"),
        (chosen and row.role in ("title", "summary"),
         f"{row.name!r} is a facet and the {row.role}", "Make another row the facet"),
        (row.role == "date" and row.kind != "year",
         f"{row.name!r} has the role 'date'", "Its kind must be 'year'"),
        (MISSING in row.values,
         f"{row.name!r} allows the value {MISSING!r}",
         "That word stands for having no value: choose another"),
        ((row.parent is None) != (row.grouping is None),
         f"{row.name!r} needs both a parent and a grouping, or neither",
         "A child names its parent field and the file that groups its values"),
        (row.parent is not None and parent is None,
         f"{row.name!r} has an unknown parent {row.parent!r}", "Name a row"),
        (parent is not None and not is_parent,
         f"{row.parent!r} can't be the parent of {row.name!r}",
         "A parent is a facet, takes several values, and has no parent itself"),
    )  # fmt: skip


def _told(*checks: tuple[bool, str, str]) -> list[tuple[str, str]]:
    """What is wrong and what to do, of the checks that found something."""
    return [(what, hint) for found, what, hint in checks if found]


def _groups(file: Path, parent: Field) -> dict[str, tuple[str, ...]]:
    try:
        table = msgspec.convert(_toml(file), dict[str, dict[str, list[str]]])
    except msgspec.ValidationError as error:
        hint = 'It has one table, with rows such as "South Asia" = ["IN", "NP"]'
        raise CatalogueError(file, str(error), hint) from error
    groups: dict[str, tuple[str, ...]] = {}
    for name, children in [row for rows in table.values() for row in rows.items()]:
        if name == MISSING:
            raise CatalogueError(file, f"{name!r} stands for having no value", "Choose another")
        if parent.values and name not in parent.values:
            hint = f"Allowed in {CATALOGUE_FILE}: {', '.join(parent.values)}"
            raise CatalogueError(file, f"{name!r} is no value of {parent.name!r}", hint)
        for child in children:
            groups[child] = tuple(dict.fromkeys((*groups.get(child, ()), name)))
    return groups
