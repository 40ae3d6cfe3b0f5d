"""Check the rows and rules of a catalogue. Each fault is a message with a hint."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
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

Faults = Iterator[tuple[str, str]]


def find_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return each fault of a catalogue, with a hint."""
    return [
        *_find_shared_faults(catalogue),
        *chain.from_iterable(_find_row_faults(row, catalogue) for row in catalogue.fields),
        *appearance.find_faults(catalogue.accent, catalogue.logo),
        *_find_fulltext_faults(catalogue),
        *_find_type_faults(catalogue),
    ]


def _find_shared_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of the head, and those that several rows have together."""
    rows = catalogue.fields
    used = [name for row in rows for name in {row.name, *row.names}]
    for name in sorted({name for name in used if used.count(name) > 1}):
        yield f"two rows have the name {name!r}", "Give each row unique names"
    if not iso_codes.has_names(catalogue.language):
        message = f"the language {catalogue.language!r} is unknown"
        yield message, "Write a code such as en or pt-BR"
    if not re.fullmatch(r"([a-z0-9-]+\.)*[a-z0-9-]*", catalogue.publisher_site):
        message = f"the publisher_site {catalogue.publisher_site!r} is not a host name"
        yield message, "Write a name such as example.org"
    roles = [row.role for row in rows]
    if roles.count("title") != 1:
        yield "exactly one row must have role = 'title'", "Add one, or keep only one"
    if roles.count("abstract") > 1:
        yield "two rows have the role 'abstract'", "Keep one of them"
    dates = [row.kind for row in rows if row.role == "issued"]
    if len(set(dates)) < len(dates):
        yield f"two rows of kind {dates[-1:]} have the role 'issued'", "Keep one of them"
    places = [row.facet for row in catalogue.facets]
    if len(set(places)) < len(places):
        yield "two facets have the same place", "Number them 1, 2, 3 ..."
    children = [row for row in rows if row.parent is not None]
    if len(children) > 1:
        yield "two rows have a parent", "Keep one of them: a catalogue has at most one tree"
    if catalogue.map_notice and not any(row.kind == "country" for row in children if row.parent):
        hint = "Remove it, or give a row of the kind country a parent"
        yield "the map_notice needs a map, which no row makes", hint


def _find_row_faults(row: Field, catalogue: Catalogue) -> Faults:
    yield from _find_name_faults(row, catalogue)
    yield from _find_value_faults(row, catalogue)
    yield from _find_parent_faults(row, catalogue)
    yield from translations.find_row_faults(row, catalogue)


def _find_name_faults(row: Field, catalogue: Catalogue) -> Faults:
    years = [field.name for field in catalogue.fields if field.kind == "year"]
    taken = RESERVED_NAMES | {f"{name}_{end}" for name in years for end in ("from", "to")}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row.name):
        hint = "Use lower-case letters, digits, and _, and start with a letter"
        yield f"the row name {row.name!r} can't be used", hint
    if row.name in taken or _OWN_ROLES.get(row.name, row.role) != row.role:
        message = f"the row name {row.name!r} is taken by a URL parameter or the API"
        names = ", ".join(sorted(RESERVED_NAMES))
        yield message, f"Choose another name. These are taken: {names}"
    if any(not re.fullmatch(r"\S+", name) for name in row.names):
        message = f"{row.name!r} has an empty name or a name with a space"
        yield message, "Write each name as one word, as in a page"


def _find_value_faults(row: Field, catalogue: Catalogue) -> Faults:
    if not 0 <= row.weight < math.inf:
        yield f"{row.name!r} has the weight {row.weight}", "Use a number of 0 or more"
    if any(place < 1 for place in (row.facet, row.fact) if place is not None):
        hint = "Number the places of facets and facts from 1"
        yield f"{row.name!r} has a place below 1", hint
    if row.qualifies is not None and row.qualifies not in catalogue.by_name:
        yield f"{row.name!r} qualifies an unknown row {row.qualifies!r}", "Use the name of a row"
    is_chosen = row.facet is not None or row.parent is not None
    if is_chosen and row.kind in ("text", "link"):
        hint = "Use the kind keyword, year, language, or country"
        yield f"{row.name!r} is a facet of kind {row.kind!r}", hint
    if is_chosen and row.role in ("title", "abstract"):
        yield f"{row.name!r} is a facet and the {row.role}", "Make another row the facet"
    if row.role == "issued" and row.kind not in ("year", "date"):
        message = f"{row.name!r} has the role 'issued' and the kind {row.kind!r}"
        yield message, "Use the kind 'year' or 'date'"
    if row.detects and row.role != "title":
        hint = "Move `detects` to the row of the title"
        yield f"{row.name!r} detects languages, but is not the title", hint
    if row.detects and not language_detection.is_installed():
        package = language_detection.PACKAGE
        message = f"{row.name!r} detects languages, but {package} is not installed"
        yield message, f"{describe_installation('detection')}, or remove `detects`"
    if row.values and {*row.restricted} - {*row.values}:
        message = f"{row.name!r} does not allow all of its restricted values"
        yield message, f"Use some of: {', '.join(row.values)}"
    if MISSING in row.values:
        hint = "Choose another: this one is reserved for a missing value"
        yield f"{row.name!r} allows the value {MISSING!r}", hint


def _find_parent_faults(row: Field, catalogue: Catalogue) -> Faults:
    if Path(row.grouping or "").name != (row.grouping or ""):
        message = f"{row.name!r} has the grouping {row.grouping!r}, which is not a file name"
        yield message, "Name a file in the folder of catalogue.toml"
    if (row.parent is None) != (row.grouping is None):
        message = f"{row.name!r} needs both a parent and a grouping, or neither"
        yield message, "Add the missing one, or remove both"
    if row.parent is None:
        return
    parent = catalogue.by_name.get(row.parent)
    if parent is None:
        yield f"{row.name!r} has an unknown parent {row.parent!r}", "Use the name of a row"
    elif not (parent.facet and parent.several and not parent.parent):
        hint = "Choose a facet with several = true and without a parent"
        yield f"{row.parent!r} can't be the parent of {row.name!r}", hint


def _find_fulltext_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of the row of full texts. It has no values, so most keys mean nothing."""
    rows = [row for row in catalogue.fields if row.kind == "fulltext"]
    if len(rows) > 1:
        yield "two rows have the kind 'fulltext'", "Keep one of them"
    if catalogue.files and not rows:
        message = "the files of publications are served, but their full text is not searched"
        yield message, "Add a row of the kind 'fulltext', or remove `files`"
    for row in rows:
        if not 0 < row.weight <= 1:
            hint = "Use a weight above 0 and at most 1, such as 0.3: a full text has many words"
            yield f"{row.name!r} has the weight {row.weight}", hint
        if row != Field(row.name, row.label, row.kind, weight=row.weight, names=row.names):
            message = f"{row.name!r} has the kind 'fulltext', but is used like a field with values"
            yield message, "Keep only its name, label, kind, names, and weight"


def _find_type_faults(catalogue: Catalogue) -> Faults:
    """Yield the faults of rules that name unknown rows, or values that a row does not allow."""
    allowed = {row.name: row.values for row in catalogue.valued}
    for rule in catalogue.types:
        conditions = ((row, value) for row, values in rule.where.items() for value in values)
        for name, value in conditions:
            if name not in allowed:
                message = f"the type {rule.csl!r} has a condition on an unknown row {name!r}"
                yield message, "Use the name of a row other than the title and the abstract"
            elif allowed[name] and value not in allowed[name]:
                message = f"the type {rule.csl!r} has the value {value!r}"
                hint = f"Use one of: {', '.join(allowed[name])}"
                yield f"{message}, which {name!r} does not allow", hint
