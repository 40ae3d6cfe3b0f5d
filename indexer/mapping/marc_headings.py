"""MARC headings: the standard mapping of MARC for a table whose headings are tags.

A heading is a tag, with or without indicators and the code of a subfield: `245__a`, `245$a`,
`24510a`, `245 10 a`, or `001`. A blank indicator is an underscore, a #, a backslash, or a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from indexer.mapping import templates
from indexer.mapping.changes import Change
from indexer.mapping.profile import ColumnProfile
from indexer.mapping.templates import Template
from indexer.readers.formats.marc import load_fields
from indexer.readers.formats.marc.properties import name_column

_HEADING = re.compile(r"(\d{3})[\s$|.:_\u2021]*([\d_#\\ ]{2})?[\s$|.\u2021]*([a-z\d]?)")
_WHOLE = re.compile(r"\$[a-z0-9]")
_BLANKS = str.maketrans("_#\\", "   ")
_MIN_SHARE, _MIN_MAPPED = 0.7, 2
"""Minimum share of the headings that are tags, and number of those that the mapping uses."""


class MarcProposal(NamedTuple):
    """The specifications of each row, and the changes of rows that have whole fields."""

    fields: dict[str, str | tuple[str, ...]]
    changes: dict[str, tuple[Change, ...]]


def propose(joined: Mapping[str, ColumnProfile]) -> MarcProposal | None:
    """Return the standard mapping of MARC in terms of the headings, or None if they are no tags."""
    tags = {name: match for name in joined if (match := _HEADING.fullmatch(name.strip()))}
    if len(tags) < _MIN_SHARE * len(joined):
        return None
    # For each field, which is a tag with indicators: the heading of each column, such as 245$a.
    fields: dict[str, dict[str, str]] = {}
    for name, match in tags.items():
        tag, indicators, code = match.groups("")
        indicators = indicators.translate(_BLANKS)
        columns = fields.setdefault(tag + indicators, {})
        columns.setdefault(name_column(tag, indicators, code), name)
    known = {column for columns in fields.values() for column in columns}
    standard = load_fields(is_unimarc="200$a" in known and "245$a" not in known)
    whole = {
        name for name, match in tags.items() if not match[3]
        and any(map(_WHOLE.match, joined[name].values))
    }  # fmt: skip
    proposal, used = MarcProposal({}, {}), set[str]()
    for row, specifications in standard.items():
        stated, split = list[str](), list[Template]()
        for specification in specifications:
            for columns in fields.values():
                found = [
                    (template, kept) for template in templates.parse(specification)
                    if (kept := _keep(template, columns)).columns
                ]  # fmt: skip
                if found:
                    stated.append("|".join(templates.format_template(kept) for _, kept in found))
                used.update(name for _, kept in found for name in kept.columns)
                split += [each for each, kept in found if whole.intersection(kept.columns)]
        if split and row == "id":  # a symbol with codes of subfields is no id
            stated, split = [name for name in stated if name == "001"], []
        if stated:
            proposal.fields[row] = stated[0] if len(stated) == 1 else tuple(stated)
        if split:
            proposal.changes[row] = tuple(_take_apart(split))
    return proposal if len(used) >= _MIN_MAPPED else None


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
