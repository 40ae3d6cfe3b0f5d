"""Missing places: places in the query without hits, with filter values near them.

Each number is the total of the search that a link leads to. That search has the rest of the text,
and one value selected in a facet of places.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.interpreter import Finding, Interpreter, found
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.lexer import tokens
from search_app.engine.request import SearchRequest
from search_app.engine.results import Place, Valued
from search_app.engine.store import Reply

MOST_PLACES = 2
"""At most 2 places of a text are examined: each costs a search per region that contains it."""
MOST_COUNTRIES = 12
"""At most 12 countries of a region are offered."""


def absent(
    asked: SearchRequest, finding: Finding, interpreter: Interpreter, watch: Stopwatch
) -> Iterator[Place]:
    """Yield the places that a text names and that no document contains, with or without filters.

    If the text names no place, use the names in its corrected spelling.
    """
    text = finding.understood.corrected or asked.text
    mentions = _places(text)
    if not mentions and not asked.exact:
        text = interpreter.speller.suggested(text, rare=True) or text
        mentions = _places(text)
    for each in mentions[:MOST_PLACES]:
        if interpreter.as_typed(text[each.start : each.end]).is_empty:
            name = world_places.label(each.name, interpreter.vocabulary.catalogue.language)
            rest = _without(text, each)
            others = msgspec.structs.replace(asked, text=rest)
            near = _near(each.name.code, others, interpreter, watch)
            yield Place(name, rest, tuple(near))


def _places(text: str) -> list[world_places.Mention]:
    return [each for each in world_places.mentions(text) if each.name.kind != "language"]


def _without(text: str, mention: world_places.Mention) -> str:
    """Return the text without a name; "" if it has anything other than plain words."""
    words = list(tokens(text))
    if not all(each.is_plain and each.text not in OPERATORS for each in words):
        return ""
    return " ".join(f"{text[: mention.start]} {text[mention.end :]}".split())


def _near(
    code: str, asked: SearchRequest, interpreter: Interpreter, watch: Stopwatch
) -> Iterator[Valued]:
    """Yield values near a place that have hits: its regions, their countries, and no region.

    If the text names a capital, its country comes first among the countries.
    """
    catalogue = interpreter.vocabulary.catalogue
    row = next((each for each in catalogue.fields if each.kind == "country" and each.parent), None)
    if row is None or row.parent is None:
        return
    others = {k: v for k, v in asked.filters.items() if k not in (row.name, row.parent)}
    regions = catalogue.groups.get(code, ())
    for value in (*regions, MISSING):
        filters = {**others, row.parent: (value,)}
        reply = found(msgspec.structs.replace(asked, filters=filters), interpreter, watch).reply
        if reply.total:
            yield Valued(row.parent, value, reply.total)
        if value != MISSING:
            yield from _countries(row, value, code, reply, catalogue)


def _countries(
    row: Field, region: str, code: str, reply: Reply, catalogue: Catalogue
) -> list[Valued]:
    """Return the countries of a region in the hits: `code` first, then by hits."""
    counted = [
        Valued(row.name, value, number)
        for value, number in reply.value_counts(row.name).items()
        if number and region in catalogue.groups.get(value, ())
    ]
    counted.sort(key=lambda each: (each.value != code, -each.total, each.value))
    return counted[:MOST_COUNTRIES]
