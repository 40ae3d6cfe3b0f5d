"""Explanations: why a hit matched, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import How, InField, Matched, Part, Why
from search_app.presentation.facet_panel import label

HOW: dict[How, str] = {
    "stem": "by its stem",
    "beginning": "by its beginning",
    "pattern": "by its pattern",
    "likeness": "by its likeness",
    "name": "another name for it",
    "kin": "narrower than it",
}
"""Wording for each kind of match. Exact matches need none."""
MOST_TEXTS = 5
"""Maximum number of texts listed for one field and one kind of match."""


def reasons(why: Why, catalogue: Catalogue) -> tuple[str, ...]:
    """Return a sentence for each clause, one for missing words, and one for each filter.

    A semantic match has a sentence too.
    """
    share = f" of {why.score:.2f}" if len(why.parts) + bool(why.meaning) > 1 else ""
    found = [_of_part(part, share, catalogue) for part in why.parts]
    if why.meaning:
        its = "Its meaning" if why.parts else "It has none of the words; its meaning"
        found.append(f"{its} is similar to theirs: adds {why.meaning:.2f}{share}.")
    if why.lacks and why.parts:
        lacks = ", ".join(f"“{each}”" for each in why.lacks)
        found.append(f"It lacks {lacks}: any of the words was enough.")
    for held in why.filters:
        name = catalogue.by_name[held.field].label
        found.append(f"Filter {name}: {_value(held.field, held.value, held.through, catalogue)}.")
    return tuple(found)


def _of_part(part: Part, share: str, catalogue: Catalogue) -> str:
    typed = part.said.strip('"')
    said = f"“{typed}”" if typed else "The language of the words"
    if part.instead_of:
        said = f"{said}, in place of “{part.instead_of}”,"
    told = "; ".join([_of_field(each, catalogue) for each in part.fields])
    return f"{said} adds {part.score:.2f}{share}: {told}."


def _of_field(found: InField, catalogue: Catalogue) -> str:
    """Return what matched in a field: its facet values if there are any, otherwise its words."""
    name = catalogue.by_name[found.field].label
    values = [each for each in found.matched if each.how == "value"]
    if values:
        told = [_value(found.field, each.text, each.through, catalogue) for each in values]
        return f"{name} is {', '.join(told)}"
    ways = groupby(found.matched, key=lambda each: each.how)
    return f"{name} has {', '.join([_of_way(how, list(each)) for how, each in ways])}"


def _of_way(how: How, found: list[Matched]) -> str:
    """Return the texts that match in one way, as a list in words."""
    told = [
        f"“{each.text}”{f' {each.times} times' if each.times > 1 else ''}"
        for each in found[:MOST_TEXTS]
    ]
    if len(found) > MOST_TEXTS:
        told.append(f"{len(found) - MOST_TEXTS:,} more")
    way = f" ({HOW[how]})" if how in HOW else ""
    return f"{', '.join(told)}{way}"


def _value(row: str, value: str, through: Iterable[str], catalogue: Catalogue) -> str:
    """Return the label of a value, with the values below it that the publication has."""
    name = label(catalogue.by_name[row], value, catalogue)
    child = catalogue.children.get(row)
    below = [label(child, each, catalogue) for each in through] if child else []
    if not below:
        return name
    *others, last = below
    them = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return f"{name}, as {them} part of it"
