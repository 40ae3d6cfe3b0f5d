"""Convert MARC fields to properties, with one column for each field and subfield.

The subfields of a field share a group. A column is `245$a`, or `700[editor]$a` if a role, an
indicator, or a link decides the meaning of a field. Indicators do not become columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Property, SourceLocation, SourceRecord
from indexer.readers.chunks import Chunk
from indexer.readers.formats.marc import positions, roles
from indexer.readers.formats.marc.punctuation import is_transcribed, strip_punctuation
from indexer.readers.formats.marc.record import LEADER, Field

_LEADER_COLUMN = "leader"
_ROLE_TAGS = frozenset(("100", "110", "111", "700", "710", "711", "720"))
_UNIMARC_ROLE_TAGS = frozenset(
    ("700", "701", "702", "703", "710", "711", "712", "713", "720", "721", "722", "730")
)
_IMPRINTS = {"0": "production", "2": "distribution", "3": "manufacture", "4": "copyright"}
"""Meanings of the second indicator of field 264. Any other is a publication."""
_EDITED = re.compile(
    r"\W*(?:edited|editors?\b|eds?\.|editad|édité|edit[éeo]|hrsg|herausgegeben|hg\.|sous la dir"
    r"|sous la réd|a cura|red(?:\.|igiert|igerad|aktion)|coord|под ред)",
    re.IGNORECASE,
)
"""The start of a statement of responsibility that names only editors."""
_NON_SORTING = re.compile("[\x88\x89\x98\x9c]")
"""Control characters around words that are ignored in sorting, such as articles."""
_DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069 \t\r\n"


def make_source_record(
    chunk: Chunk, fields: list[Field], limits: Limits, *, is_unimarc: bool
) -> SourceRecord:
    """Return a record with all fields as properties."""
    properties: list[Property] = []
    is_edited = not is_unimarc and _names_editors_only(fields)
    for group, field in enumerate(fields, 1):
        if len(properties) > limits.most_parts:
            break
        if field.indicators or len(field.subfields) > 1 or field.subfields[0][0]:
            _add_subfields(properties, field, group, is_unimarc=is_unimarc, is_edited=is_edited)
        else:
            name = _LEADER_COLUMN if field.tag == LEADER else field.tag
            _add(properties, name, field.subfields[0][1], 0)
    coded = positions.read_unimarc(fields) if is_unimarc else positions.read_marc21(fields)
    for name, value in coded:
        _add(properties, name, value, 0)
    return SourceRecord(SourceLocation(chunk.file, chunk.line), tuple(properties))


def _add(properties: list[Property], name: str, value: str, group: int) -> None:
    """Add a property if it has a value."""
    if value := value.strip():
        properties.append(Property(name, value, value, None, group))


def _add_subfields(
    properties: list[Property], field: Field, group: int, *, is_unimarc: bool, is_edited: bool
) -> None:
    """Add the subfields of a field."""
    qualifier = _qualify_unimarc(field) if is_unimarc else _qualify(field, is_edited=is_edited)
    prefix = f"{field.tag}[{qualifier}]$" if qualifier else f"{field.tag}$"
    has_isbd = is_transcribed(field.tag)
    for code, value in field.subfields:
        if not value.isascii():
            value = _NON_SORTING.sub("", value).strip(_DIRECTION_MARKS)  # noqa: PLW2901
        if has_isbd:
            value = strip_punctuation(field.tag, code, value)  # noqa: PLW2901
        _add(properties, prefix + code, value, group)


def _get(field: Field, codes: str) -> tuple[str, ...]:
    """Return the values of the subfields with these codes."""
    return tuple(value for code, value in field.subfields if code in codes and value)


def _qualify(field: Field, *, is_edited: bool) -> str:
    """Return the qualifier in the column name of a MARC 21 field, or an empty string."""
    tag = field.tag
    if tag in _ROLE_TAGS:
        return _qualify_name(field, is_edited=is_edited)
    if tag == "264":
        return _IMPRINTS.get(field.indicators[1:], "")
    if tag == "024":
        return "doi" if _is_doi(field) else ""
    if tag == "880":
        return "".join(_get(field, "6")[:1])[:3]
    return ""


def _qualify_name(field: Field, *, is_edited: bool) -> str:
    """Return "work" for the author of another work, the role, or "forename" without a role."""
    if field.tag[0] == "7" and _get(field, "t"):
        return "work"
    # In a field of a meeting, $e is a part of the meeting, and $j is the role.
    relators = _get(field, "j4" if field.tag.endswith("11") else "e4")
    role = roles.classify(relators)
    if role == roles.CONTRIBUTOR and field.tag == "100":
        role = roles.AUTHOR
    if is_edited and not relators and field.tag in ("700", "720"):
        role = roles.EDITOR
    is_forename = field.tag in ("100", "700") and field.indicators[:1] == "0"
    if is_forename and not role and not any("," in value for value in _get(field, "a")):
        return "forename"
    return role


def _qualify_unimarc(field: Field) -> str:
    """Return the qualifier in the column name of a UNIMARC field, or an empty string."""
    if field.tag in _UNIMARC_ROLE_TAGS:
        relators = _get(field, "4")
        # A person of secondary responsibility (702, 712) without a role is rarely an author.
        return roles.classify(relators) if relators or field.tag[2] != "2" else roles.CONTRIBUTOR
    if field.tag == "017":
        return "doi" if _is_doi(field) else ""
    return ""


def _is_doi(field: Field) -> bool:
    return any(value.strip().lower() == "doi" for value in _get(field, "2")) or any(
        value.strip().lower().startswith(("10.", "doi:", "https://doi.org/", "http://dx.doi.org/"))
        for value in _get(field, "a")
    )


def _names_editors_only(fields: Iterable[Field]) -> bool:
    """Return whether a record has no main author, and its statement starts with editors."""
    is_edited = False
    for field in fields:
        if field.tag in ("100", "110", "111"):
            return False
        if field.tag == "245":
            is_edited = any(_EDITED.match(value) for value in _get(field, "c"))
    return is_edited
