"""Missing places: places in the query without hits, with filter values near them.

Each number is the total of the search that a link leads to. That search has the rest of the text,
and one value selected in a facet of places.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from indexer.catalogue.fields import MISSING, Field
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation import spellcheck, world_places
from search_app.engine.interpretation.interpreter import as_typed
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.lexer import tokens
from search_app.engine.request import SearchRequest
from search_app.engine.results import Place, Valued
from search_app.engine.retrieval import Finding, found
from search_app.engine.snapshot.snapshot import Documents, Snapshot

MOST_PLACES = 2
"""At most 2 places of a text are examined: each costs a search per region that contains it."""
MOST_COUNTRIES = 12
"""At most 12 countries of a region are offered."""


def absent(
    asked: SearchRequest, finding: Finding, snapshot: Snapshot, watch: Stopwatch
) -> Iterator[Place]:
    """Yield the places that a text names and that no document contains, with or without filters.

    If the text names no place, use the names in its corrected spelling.
    """
    text = finding.understood.corrected or asked.text
    mentions = _places(text)
    if not mentions and not asked.exact:
        text = spellcheck.of(snapshot).suggested(text, rare=True) or text
        mentions = _places(text)
    for each in mentions[:MOST_PLACES]:
        if as_typed(text[each.start : each.end], snapshot).is_empty:
            name = world_places.label(each.name, snapshot.catalogue.language)
            rest = _without(text, each)
            near = _near(each.name.code, msgspec.structs.replace(asked, text=rest), snapshot, watch)
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
    code: str, asked: SearchRequest, snapshot: Snapshot, watch: Stopwatch
) -> Iterator[Valued]:
    """Yield values near a place that have hits: its regions, their countries, and no region.

    If the text names a capital, its country comes first among the countries.
    """
    catalogue = snapshot.catalogue
    row = next((each for each in catalogue.fields if each.kind == "country" and each.parent), None)
    if row is None or row.parent is None:
        return
    others = {k: v for k, v in asked.filters.items() if k not in (row.name, row.parent)}
    regions = catalogue.groups.get(code, ())
    for value in (*regions, MISSING):
        filters = {**others, row.parent: (value,)}
        finding = found(msgspec.structs.replace(asked, filters=filters), snapshot, watch)
        documents = finding.sifted.documents
        if len(documents):
            yield Valued(row.parent, value, len(documents))
        if value != MISSING:
            yield from _countries(row, value, code, documents, snapshot)


def _countries(
    row: Field, region: str, code: str, documents: Documents, snapshot: Snapshot
) -> list[Valued]:
    """Return the countries of a region in its documents: `code` first, then by hits."""
    values = snapshot.columns[row.name].values
    numbers = snapshot.table.counts_of(row.name, documents).tolist()
    counted = [
        Valued(row.name, value, number)
        for value, number in zip(values, numbers, strict=True)
        if number and region in snapshot.catalogue.groups.get(value, ())
    ]
    counted.sort(key=lambda each: (each.value != code, -each.total, each.value))
    return counted[:MOST_COUNTRIES]
