"""Missing places: places in the query without hits, with filter values near them.

Each number is the total of the search that a link leads to. That search has the rest of the text,
and one value selected in a facet of places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.deadline import Deadline
from search_app.engine.diagnosis import MissingPlace, ValueCount
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.interpreter import Interpreter, Retrieval, find
from search_app.engine.query.grammar import has_only_plain_words
from search_app.engine.request import SearchRequest
from search_app.engine.rounds import Rounds, together
from search_app.engine.store import Reply

MAX_PLACES = 2
"""At most 2 places of a text are examined: each costs a search per region that contains it."""
MAX_COUNTRIES = 12
"""At most 12 countries of a region are offered."""


def find_missing_places(
    request: SearchRequest, retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Rounds[tuple[MissingPlace, ...]]:
    """Return the places that a text names and no document contains, regardless of the filters.

    If the text names no place, use the names in its corrected spelling.
    """
    text = retrieved.interpretation.corrected or request.text
    mentions = _find_place_mentions(text)
    if not mentions and not request.exact:
        text = interpreter.spellchecker.suggest(text, deadline, rare=True) or text
        mentions = _find_place_mentions(text)
    found = yield from together(
        _find_missing(mention, text, request, interpreter, deadline)
        for mention in mentions[:MAX_PLACES]
    )
    return tuple(filter(None, found))


def _find_missing(
    mention: world_places.Mention, text: str, request: SearchRequest, interpreter: Interpreter,
    deadline: Deadline,
) -> Rounds[MissingPlace | None]:  # fmt: skip
    """Return a place with values near it that have hits; None if a document contains the place."""
    named = SearchRequest(text[mention.start : mention.end])
    typed = yield from interpreter.interpret_typed(named)
    if not typed.is_empty:
        return None
    other_text = _drop_mention(text, mention)
    near = _list_near(
        mention.name.code, msgspec.structs.replace(request, text=other_text), interpreter
    )
    found = yield from together(find(each, interpreter, deadline) for each in near.values())
    replies = {value: each.reply for value, each in zip(near, found, strict=True)}
    catalogue = interpreter.vocabulary.catalogue
    return MissingPlace(
        world_places.get_label(mention.name, catalogue.language),
        mention.name.code if mention.name.kind == "place" else "",
        other_text,
        tuple(_count_near(mention.name.code, replies, catalogue)),
    )


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
    code: str, replies: Mapping[str, Reply], catalogue: Catalogue
) -> Iterator[ValueCount]:
    """Yield values near a place that have hits: its regions, their countries, and no region.

    If the text names a capital, its country comes first among the countries.
    """
    row = _find_row(catalogue)
    for value, reply in replies.items():
        assert row is not None
        assert row.parent is not None
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
