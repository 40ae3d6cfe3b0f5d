"""MARC headings: the standard mapping of MARC for a table whose headings are tags.

A heading is a tag, with or without indicators and the code of a subfield: `245__a`, `245$a`,
`24510a`, `245 10 a`, or `001`. A blank indicator is an underscore, a #, a backslash, or a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from indexer.mapping import templates
from indexer.mapping.changes import Change
from indexer.mapping.profile import Profile
from indexer.mapping.templates import Template, list_columns
from indexer.readers.formats.marc import load_fields, name_column

_HEADING = re.compile(
    r"(?P<tag>\d{3})[\s$|.:_\u2021]*(?P<indicators>[\d_#\\ ]{2})?[\s$|.\u2021]*(?P<code>[a-z\d]?)"
)
_WHOLE = re.compile(r"\$[a-z0-9]")
_BLANKS = str.maketrans("_#\\", "   ")
_MIN_SHARE, _MIN_MAPPED = 0.7, 2
"""Minimum share of the headings that are tags, and number of those that the mapping uses."""


_PARTS = {
    "title": ("abnp", " : "), "other_titles": ("abnp", " : "), "authors": ("ab", ". "),
    "editors": ("ab", ". "), "contributors": ("ab", ". "), "subjects": ("abvxyz", " -- "),
    "places": ("avxyz", " -- "), "series": ("anp", ". "),
}  # fmt: skip
"""Subfields that a row keeps of a whole field, and the text between them. Others keep $a."""


class _Heading(NamedTuple):
    """A heading, its column in MARC, such as 245$a, and its field: the tag and the indicators.

    Without a code, the column has whole fields.
    """

    name: str
    column: str
    field: str
    has_code: bool


def propose_fields(headings: Iterable[str]) -> dict[str, str | tuple[str, ...]]:
    """Return the standard mapping of MARC in terms of these headings; empty if they are no tags."""
    headings = list(headings)
    parsed = list(filter(None, map(_parse, headings)))
    if len(parsed) < _MIN_SHARE * len(headings):
        return {}
    columns = {heading.column for heading in parsed}
    is_unimarc = "200$a" in columns and "245$a" not in columns
    standard = load_fields("unimarc" if is_unimarc else "marc21")
    fields = {
        row: translated for row, stated in standard.items()
        if (translated := tuple(_translate(stated, parsed)))
    }  # fmt: skip
    used = {name for stated in fields.values() for each in stated for name in list_columns(each)}
    if len(used) < _MIN_MAPPED:
        return {}
    return {row: stated[0] if len(stated) == 1 else stated for row, stated in fields.items()}


def propose_changes(
    fields: Mapping[str, str | tuple[str, ...]], profile: Profile
) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Yield the changes of each row that has whole fields, such as `$aUN. ECWA.$bSecretary`."""
    whole = {
        name for name, column in profile.columns.items()
        if (heading := _parse(name)) and not heading.has_code
        and any(_WHOLE.match(value) for value in column.values)
    }  # fmt: skip
    for row, stated in fields.items():
        specifications = (stated,) if isinstance(stated, str) else stated
        if whole.intersection(name for each in specifications for name in list_columns(each)):
            kept, between = _PARTS.get(row, ("a", ""))
            yield (
                row,
                (
                    Change(replace=rf"[ ,/:;=]*\$[^{kept}}}][^}}]*", by=""),
                    Change(replace=r"^(\{?\}?)\$[a-z0-9] ?", by=r"\1"),
                    Change(replace=r" ?[:;,/.=]? ?\$[a-z0-9] ?", by=between),
                ),
            )


def _parse(name: str) -> _Heading | None:
    match = _HEADING.fullmatch(name.strip())
    if match is None:
        return None
    indicators = (match["indicators"] or "").translate(_BLANKS)
    return _Heading(
        name,
        name_column(match["tag"], indicators, match["code"]),
        match["tag"] + indicators,
        bool(match["code"]),
    )


def _translate(specifications: Iterable[str], headings: Iterable[_Heading]) -> Iterator[str]:
    """Yield the specifications of a row for each field of the table that has one of its columns."""
    by_field: dict[str, dict[str, str]] = {}
    for heading in headings:
        by_field.setdefault(heading.field, {}).setdefault(heading.column, heading.name)
    for specification in specifications:
        alternatives = templates.parse(specification)
        for names in by_field.values():
            kept = [found for template in alternatives if (found := _keep(template, names))]
            if kept:
                yield "|".join(map(templates.format_template, kept))


def _keep(template: Template, names: Mapping[str, str]) -> Template | None:
    """Return a template with the columns of the table, or None if the table has none of them."""
    kept = [
        (text, names[column])
        for text, column in zip(template.texts, template.columns, strict=False) if column in names
    ]  # fmt: skip
    if not kept:
        return None
    texts = (template.texts[0], *(text for text, _ in kept[1:]), template.texts[-1])
    return Template(texts, tuple(column for _, column in kept))
