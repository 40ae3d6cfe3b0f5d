"""Why a publication was found, in sentences."""

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
"""What is told of how a text matched; nothing of what stands as it was typed."""
MOST_TEXTS = 5
"""So many texts of a field are told that match in one way."""


def reasons(why: Why, catalogue: Catalogue) -> tuple[str, ...]:
    """A sentence for each thing typed, one for what is lacking, and one for each filter."""
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
    """What a field has: the value that it is, or else its words."""
    name = catalogue.by_name[found.field].label
    values = [each for each in found.matched if each.how == "value"]
    if values:
        told = [_value(found.field, each.text, each.through, catalogue) for each in values]
        return f"{name} is {', '.join(told)}"
    ways = groupby(found.matched, key=lambda each: each.how)
    return f"{name} has {', '.join([_of_way(how, list(each)) for how, each in ways])}"


def _of_way(how: How, found: list[Matched]) -> str:
    """Texts that match in one way."""
    told = [
        f"“{each.text}”{f' {each.times} times' if each.times > 1 else ''}"
        for each in found[:MOST_TEXTS]
    ]
    if len(found) > MOST_TEXTS:
        told.append(f"{len(found) - MOST_TEXTS:,} more")
    way = f" ({HOW[how]})" if how in HOW else ""
    return f"{', '.join(told)}{way}"


def _value(row: str, value: str, through: Iterable[str], catalogue: Catalogue) -> str:
    """What a value is called, and the values below it that bring it in."""
    name = label(catalogue.by_name[row], value, catalogue)
    child = catalogue.children.get(row)
    below = [label(child, each, catalogue) for each in through] if child else []
    if not below:
        return name
    *others, last = below
    them = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return f"{name}, as {them} part of it"
