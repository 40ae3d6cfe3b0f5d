"""Missing places: places in the query without hits, with filter values near them.

Each number is the total of the search that a link leads to. That search has the rest of the text,
and one value selected in a facet of places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.deadline import Deadline
from search_app.engine.diagnosis import MissingPlace, ValueCount
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.interpreter import (
    Interpreter,
    Retrieval,
    list_asks,
    retrieve,
)
from search_app.engine.query.grammar import has_only_plain_words
from search_app.engine.request import SearchRequest
from search_app.engine.store import Expected, Reply, StoreRequest

MAX_PLACES = 2
"""At most 2 places of a text are examined: each costs a search per region that contains it."""
MAX_COUNTRIES = 12
"""At most 12 countries of a region are offered."""


def find_missing_places(
    request: SearchRequest, retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Iterator[MissingPlace]:
    """Yield the places that a text names and no document contains, regardless of the filters.

    If the text names no place, use the names in its corrected spelling.
    """
    text, mentions = _find_typed(request, retrieved)
    if not mentions and not request.exact:
        text = interpreter.spellchecker.suggest(text, deadline, rare=True) or text
        mentions = _find_place_mentions(text)
        # What they need was not known before.
        expected = _expect_near(text, mentions, request, interpreter, deadline)
        interpreter.store.prefetch_counts(expected, deadline)
    for mention in mentions[:MAX_PLACES]:
        named = SearchRequest(text[mention.start : mention.end])
        if interpreter.interpret_typed(named, deadline).is_empty:
            name = world_places.get_label(mention.name, interpreter.vocabulary.catalogue.language)
            other_text = _drop_mention(text, mention)
            other_request = msgspec.structs.replace(request, text=other_text)
            value_counts = _count_near(mention.name.code, other_request, interpreter, deadline)
            code = mention.name.code if mention.name.kind == "place" else ""
            yield MissingPlace(name, code, other_text, tuple(value_counts))


def list_expected(
    request: SearchRequest, retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Iterator[Expected]:
    """Yield what `find_missing_places` counts first. Raise BudgetExceeded."""
    text, mentions = _find_typed(request, retrieved)
    yield from _expect_near(text, mentions, request, interpreter, deadline)
    if not mentions and not request.exact:
        yield from interpreter.spellchecker.list_expected(text, rare=True)


def _expect_near(
    text: str,
    mentions: Sequence[world_places.Mention],
    request: SearchRequest,
    interpreter: Interpreter,
    deadline: Deadline,
) -> Iterator[StoreRequest]:
    """Yield the searches for places, and near them."""
    for mention in mentions[:MAX_PLACES]:
        yield interpreter.ask_typed(text[mention.start : mention.end])
        other_request = msgspec.structs.replace(request, text=_drop_mention(text, mention))
        for near in _list_near(mention.name.code, other_request, interpreter).values():
            yield from list_asks(near, interpreter, deadline)


def _find_typed(
    request: SearchRequest, retrieved: Retrieval
) -> tuple[str, list[world_places.Mention]]:
    """Return the text that was searched for, and the places that it names."""
    text = retrieved.interpretation.corrected or request.text
    return text, _find_place_mentions(text)


def _find_place_mentions(text: str) -> list[world_places.Mention]:
    return [
        mention for mention in world_places.find_mentions(text) if mention.name.kind != "language"
    ]


def _drop_mention(text: str, mention: world_places.Mention) -> str:
    """Return the text without a name; "" if it has anything other than plain words."""
    if not has_only_plain_words(text):
        return ""
    return " ".join(f"{text[: mention.start]} {text[mention.end :]}".split())


def _count_near(
    code: str, request: SearchRequest, interpreter: Interpreter, deadline: Deadline
) -> Iterator[ValueCount]:
    """Yield values near a place that have hits: its regions, their countries, and no region.

    If the text names a capital, its country comes first among the countries.
    """
    catalogue = interpreter.vocabulary.catalogue
    row = _find_row(catalogue)
    for value, near in _list_near(code, request, interpreter).items():
        assert row is not None
        assert row.parent is not None
        reply = retrieve(near, interpreter, deadline).reply
        if reply.total:
            yield ValueCount(row.parent, value, reply.total)
        if value != MISSING:
            yield from _count_countries(row, value, code, reply, catalogue)


def _find_row(catalogue: Catalogue) -> Field | None:
    """Return the row of countries with regions, or None."""
    return next(
        (field for field in catalogue.fields if field.kind == "country" and field.parent), None
    )


def _list_near(
    code: str, request: SearchRequest, interpreter: Interpreter
) -> dict[str, SearchRequest]:
    """Return the searches in each region of a place, and in no region, by the value."""
    catalogue = interpreter.vocabulary.catalogue
    row = _find_row(catalogue)
    if row is None or row.parent is None:
        return {}
    other_filters = {
        field: values
        for field, values in request.filters.items()
        if field not in (row.name, row.parent)
    }
    return {
        value: msgspec.structs.replace(request, filters={**other_filters, row.parent: (value,)})
        for value in (*catalogue.groups.get(code, ()), MISSING)
    }


def _count_countries(
    row: Field, region: str, code: str, reply: Reply, catalogue: Catalogue
) -> list[ValueCount]:
    """Return the countries of a region in the hits: `code` first, then by hits."""
    value_counts = [
        ValueCount(row.name, value, hit_count)
        for value, hit_count in reply.count_values(row.name).items()
        if hit_count and region in catalogue.groups.get(value, ())
    ]
    value_counts.sort(
        key=lambda value_count: (value_count.value != code, -value_count.total, value_count.value)
    )
    return value_counts[:MAX_COUNTRIES]
