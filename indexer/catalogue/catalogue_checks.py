"""Check the rows and rules of a catalogue."""

from __future__ import annotations

import math
import re
from pathlib import Path

from indexer.analysis import language_detection
from indexer.catalogue import appearance, translations
from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.extras import describe_installation
from indexer.values import iso_codes

RESERVED_NAMES = frozenset(
    "q match exact page size sort fold facet id lang score url title_html summary_html source "
    "editions other_editions other_sources similar files "
    "explain semantic inside json query all any everything record index help hit cite find".split()
)
"""Names that URL parameters and the API use for something other than fields."""
_OWN_ROLES = {"title": "title", "summary": "abstract"}
"""Names of rows that only rows of one role may have, because the API uses them for that."""


def find_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return each fault of a catalogue, with a hint."""
    rows = catalogue.fields
    used = [name for row in rows for name in {row.name, *row.names}]
    places = [row.facet for row in catalogue.facets]
    roles = [row.role for row in rows]
    dates = [row.kind for row in rows if row.role == "issued"]
    faults = [
        (f"two rows have the name {name!r}", "Give each row unique names")
        for name in sorted({name for name in used if used.count(name) > 1})
    ]
    faults += _keep_failed(
        (not iso_codes.has_names(catalogue.language),
         f"the language {catalogue.language!r} is unknown", "Write a code such as en or pt-BR"),
        (not re.fullmatch(r"([a-z0-9-]+\.)*[a-z0-9-]*", catalogue.publisher_site),
         f"the publisher_site {catalogue.publisher_site!r} is not a host name",
         "Write a name such as example.org"),
        (roles.count("title") != 1,
         "exactly one row must have role = 'title'", "Add one, or keep only one"),
        (roles.count("abstract") > 1, "two rows have the role 'abstract'", "Keep one of them"),
        (len(set(dates)) < len(dates), f"two rows of kind {dates[-1:]} have the role 'issued'",
         "Keep one of them"),
        (len(set(places)) < len(places),
         "two facets have the same place", "Number them 1, 2, 3 ..."),
        (sum(row.parent is not None for row in rows) > 1,
         "two rows have a parent", "Keep one of them: a catalogue has at most one tree"),
        (bool(catalogue.map_notice) and "country" not in [row.kind for row in rows if row.parent],
         "the map_notice needs a map, which no row makes",
         "Remove it, or give a row of the kind country a parent"),
    )  # fmt: skip
    for row in rows:
        for find in (_name_faults, _value_faults, _parent_faults, translations.find_row_faults):
            faults += find(row, catalogue)
    faults += appearance.find_faults(catalogue.accent, catalogue.logo)
    return faults + _find_fulltext_faults(catalogue) + _find_type_faults(catalogue)


def _find_type_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the faults of rules that name unknown rows, or values that a row does not allow."""
    conditions = [
        (rule.csl, name, value)
        for rule in catalogue.types for name, values in rule.where.items() for value in values
    ]  # fmt: skip
    allowed = {row.name: row.values for row in catalogue.valued}
    return [
        fault
        for kind, name, value in conditions
        for fault in _keep_failed(
            (name not in allowed, f"the type {kind!r} has a condition on an unknown row {name!r}",
             "Use the name of a row other than the title and the abstract"),
            (bool(allowed.get(name)) and value not in allowed[name],
             f"the type {kind!r} has the value {value!r}, which {name!r} does not allow",
             f"Use one of: {', '.join(allowed.get(name, ()))}"),
        )
    ]  # fmt: skip


def _name_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    year_parameters = {f"{field.name}_{end}" for field in catalogue.fields if field.kind == "year"
             for end in ("from", "to")}  # fmt: skip
    is_taken = row.name in RESERVED_NAMES | year_parameters
    is_taken |= _OWN_ROLES.get(row.name, row.role) != row.role
    return _keep_failed(
        (not re.fullmatch(r"[a-z][a-z0-9_]*", row.name),
         f"the row name {row.name!r} can't be used",
         "Use lower-case letters, digits, and _, and start with a letter"),
        (is_taken,
         f"the row name {row.name!r} is taken by a URL parameter or the API",
         f"Choose another name. These are taken: {', '.join(sorted(RESERVED_NAMES))}"),
        (any(not re.fullmatch(r"\S+", name) for name in row.names),
         f"{row.name!r} has an empty name or a name with a space",
         "Write each name as one word, as in a page"),
    )  # fmt: skip


def _value_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    chosen = row.facet is not None or row.parent is not None
    return _keep_failed(
        (not 0 <= row.weight < math.inf,
         f"{row.name!r} has the weight {row.weight}", "Use a number of 0 or more"),
        (any(place < 1 for place in (row.facet, row.fact) if place is not None),
         f"{row.name!r} has a place below 1", "Number the places of facets and facts from 1"),
        (row.qualifies is not None and row.qualifies not in catalogue.by_name,
         f"{row.name!r} qualifies an unknown row {row.qualifies!r}", "Use the name of a row"),
        (chosen and row.kind in ("text", "link"),
         f"{row.name!r} is a facet of kind {row.kind!r}",
         "Use the kind keyword, year, language, or country"),
        (chosen and row.role in ("title", "abstract"),
         f"{row.name!r} is a facet and the {row.role}", "Make another row the facet"),
        (row.role == "issued" and row.kind not in ("year", "date"),
         f"{row.name!r} has the role 'issued' and the kind {row.kind!r}",
         "Use the kind 'year' or 'date'"),
        (row.detects and row.role != "title",
         f"{row.name!r} detects languages, but is not the title",
         "Move `detects` to the row of the title"),
        (row.detects and not language_detection.is_installed(),
         f"{row.name!r} detects languages, but {language_detection.PACKAGE} is not installed",
         f"{describe_installation('detection')}, or remove `detects`"),
        (bool(row.values and {*row.restricted} - {*row.values}),
         f"{row.name!r} does not allow all of its restricted values",
         f"Use some of: {', '.join(row.values)}"),
        (MISSING in row.values,
         f"{row.name!r} allows the value {MISSING!r}",
         "Choose another: this one is reserved for a missing value"),
    )  # fmt: skip


def _parent_faults(row: Field, catalogue: Catalogue) -> list[tuple[str, str]]:
    parent = catalogue.by_name.get(row.parent or "")
    is_parent = parent and parent.facet and parent.several and not parent.parent
    return _keep_failed(
        (Path(row.grouping or "").name != (row.grouping or ""),
         f"{row.name!r} has the grouping {row.grouping!r}, which is not a file name",
         "Name a file in the folder of catalogue.toml"),
        ((row.parent is None) != (row.grouping is None),
         f"{row.name!r} needs both a parent and a grouping, or neither",
         "Add the missing one, or remove both"),
        (row.parent is not None and parent is None,
         f"{row.name!r} has an unknown parent {row.parent!r}", "Use the name of a row"),
        (parent is not None and not is_parent,
         f"{row.parent!r} can't be the parent of {row.name!r}",
         "Choose a facet with several = true and without a parent"),
    )  # fmt: skip


def _find_fulltext_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the faults of the row of full texts. It has no values, so most keys mean nothing."""
    rows = [row for row in catalogue.fields if row.kind == "fulltext"]
    faults = _keep_failed(
        (len(rows) > 1, "two rows have the kind 'fulltext'", "Keep one of them"),
        (bool(catalogue.files) and not rows,
         "the files of publications are served, but their full text is not searched",
         "Add a row of the kind 'fulltext', or remove `files`"),
    )  # fmt: skip
    for row in rows:
        plain = Field(row.name, row.label, row.kind, weight=row.weight, names=row.names)
        faults += _keep_failed(
            (not 0 < row.weight <= 1,
             f"{row.name!r} has the weight {row.weight}",
             "Use a weight above 0 and at most 1, such as 0.3: a full text has many words"),
            (row != plain,
             f"{row.name!r} has the kind 'fulltext', but is used like a field with values",
             "Keep only its name, label, kind, names, and weight"),
        )  # fmt: skip
    return faults


def _keep_failed(*checks: tuple[bool, str, str]) -> list[tuple[str, str]]:
    """Return the fault and the hint of each check that is true."""
    return [(message, hint) for has_failed, message, hint in checks if has_failed]
