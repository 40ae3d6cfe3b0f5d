"""Zero-result help: alternatives to a search without hits, or without hits for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, the alternatives include broader and related entities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

import msgspec

from search_app.engine.deadline import Deadline
from search_app.engine.diagnosis import Diagnosis, Lacking, QueryCount
from search_app.engine.features import missing_places
from search_app.engine.features.nearest_texts import list_nearest
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import (
    Interpreter,
    Retrieval,
    list_asks,
    retrieve,
)
from search_app.engine.query.nodes import Clause, clauses, drop_boosts, list_words
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import AllOf, SearchRequest
from search_app.engine.store import Expected, StoreRequest

MAX_WORDS = 8
"""At most 8 clauses are searched for alone: each costs a search."""
MAX_NEAREST = 3
"""At most 3 corrections of unknown words are offered."""
MAX_WIDER = 3
"""At most 3 broader and 3 related entities are offered for one without documents."""


class _Help(NamedTuple):
    """The searches that help with one request. They share its time budget.

    `request` is for the first page.
    """

    request: SearchRequest
    interpreter: Interpreter
    deadline: Deadline

    def search(self, **changes: str | bool | AllOf) -> Retrieval:
        """Search again, with some fields of the request replaced. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return retrieve(changed, self.interpreter, self.deadline)

    def list_asks(self, **changes: str | bool | AllOf) -> Iterator[StoreRequest]:
        """Yield the searches that `search` may need. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return list_asks(changed, self.interpreter, self.deadline)

    def count_all(self, listed: Sequence[Clause]) -> list[int]:
        """Return the number of publications that match each clause. Raise BudgetExceeded."""
        return self.interpreter.store.count_all(listed, self.deadline)


class _Typed(NamedTuple):
    """The clauses of a query by the text that searches for each alone.

    `unknown` has those that no document matches, and `is_long` says whether there are more.
    """

    clauses: Mapping[str, Clause]
    unknown: Mapping[str, Clause]
    is_long: bool

    def list_nearest(self, help_: _Help) -> Iterator[tuple[str, ...]]:
        """Yield the texts to try instead of the one of the request: see `nearest_texts`."""
        text, interpreter = help_.request.text, help_.interpreter
        return list_nearest(self.unknown.values(), text, interpreter, is_long=self.is_long)


def diagnose(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Diagnosis:
    """Return the alternatives to a search, with the number of hits of each.

    All searches share the time budget of the first. Raise BudgetExceeded if it is used up.
    """
    help_ = _make_help(retrieved.typed, interpreter, deadline)
    typed = _split(retrieved, help_)
    counts = [
        QueryCount(text, 0) if text in typed.unknown else _count_alone(text, help_)
        for text in typed.clauses
    ]
    return Diagnosis(
        tuple(count for count in counts if count is not None),
        tuple(islice(_find_nearest(typed, help_), MAX_NEAREST)),
        retrieved.reply.matched,
        help_.search(match="any").reply.total if _has_wider(retrieved) else None,
        {}
        if retrieved.reply.total
        else {
            facet: help_.search(all_of=all_of).reply.total
            for facet, all_of in _list_any_of(help_.request).items()
        },
        () if help_.request.exact else tuple(_find_lacking(help_)),
        tuple(missing_places.find_missing_places(help_.request, retrieved, interpreter, deadline)),
        {"exact": help_.search(exact=not retrieved.typed.exact).reply.total}
        if not retrieved.reply.total and _has_other_reading(retrieved)
        else {},
    )


def list_expected(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Iterator[Expected]:
    """Yield what `diagnose` will probably count. Raise BudgetExceeded."""
    help_ = _make_help(retrieved.typed, interpreter, deadline)
    typed = _split(retrieved, help_)
    yield from _expect_alone((text for text in typed.clauses if text not in typed.unknown), help_)
    yield from _expect_nearest(typed, help_)
    if _has_wider(retrieved):
        yield from help_.list_asks(match="any")
    if not retrieved.reply.find_total():
        for all_of in _list_any_of(help_.request).values():
            yield from help_.list_asks(all_of=all_of)
        if _has_other_reading(retrieved):
            yield from help_.list_asks(exact=not retrieved.typed.exact)
    if not help_.request.exact:
        yield from _expect_wider(help_)
    yield from missing_places.list_expected(help_.request, retrieved, interpreter, deadline)


def _make_help(request: SearchRequest, interpreter: Interpreter, deadline: Deadline) -> _Help:
    first_page = msgspec.structs.replace(request, page=1, sort=None)
    return _Help(first_page, interpreter, deadline)


def _split(retrieved: Retrieval, help_: _Help) -> _Typed:
    """Return the clauses of a query. Raise BudgetExceeded."""
    all_clauses = (clause for clause in clauses(drop_boosts(retrieved.reply.tree)) if clause.text)
    vocabulary = help_.interpreter.vocabulary
    typed = {retype(clause, vocabulary): clause for clause in islice(all_clauses, MAX_WORDS)}
    counts = dict(zip(typed, help_.count_all([*typed.values()]), strict=True))
    unknown = {text: clause for text, clause in typed.items() if not counts[text]}
    return _Typed(typed, unknown, is_long=next(all_clauses, None) is not None)


def _has_wider(retrieved: Retrieval) -> bool:
    """Return whether a search for any of the words may have more hits."""
    match = retrieved.request.match
    return match == "all" or (match == "auto" and retrieved.interpretation.is_strict)


def _has_other_reading(retrieved: Retrieval) -> bool:
    """Return whether the switch `exact` changes how the text is read."""
    typed = clauses(retrieved.interpretation.parsed.words)
    dated_query = retrieved.dated_query
    is_changed = (
        retrieved.interpretation.corrected or dated_query.expressions or dated_query.identifies
    )
    return (
        retrieved.typed.exact or bool(is_changed) or any(it.synonyms or it.narrower for it in typed)
    )


def _list_any_of(request: SearchRequest) -> dict[str, AllOf]:
    """Return each facet that needs all values, with `all_of` if any value of it is enough."""
    return {
        facet: {other: rows for other, rows in request.all_of.items() if other != facet}
        for facet in request.all_of
    }


def _find_lacking(help_: _Help) -> Iterator[Lacking]:
    """Yield the typed entities without documents, with broader and related ones."""
    for clause in _list_lacking(help_):
        broader, related = _find_wider(clause.entity_id, help_)
        yield Lacking(clause.text, broader, related)


def _list_lacking(help_: _Help) -> Iterator[Clause]:
    """Yield the clauses of the typed entities without documents.

    The text is read again with `match="all"`, because a relaxed query may have split a name.
    """
    typed = islice(clauses(help_.search(match="all").interpretation.parsed.words), MAX_WORDS)
    named = [clause for clause in typed if clause.entity_id]
    for clause, count in zip(named, help_.count_all(named), strict=True):
        if not count:
            yield clause


def _expect_wider(help_: _Help) -> Iterator[StoreRequest]:
    """Yield the first searches of `_find_lacking`."""
    for clause in _list_lacking(help_):
        wider = help_.interpreter.entity_linker.find_wider(clause.entity_id)
        yield from _expect_names(chain(*wider), help_)


def _find_wider(
    identity: str, help_: _Help
) -> tuple[tuple[QueryCount, ...], tuple[QueryCount, ...]]:
    """Return searches with hits for broader entities, and for related ones.

    A broader entity without hits is replaced by its own broader and related entities.
    """
    linker, store = help_.interpreter.entity_linker, help_.interpreter.store
    broader: dict[str, QueryCount] = {}
    related: dict[str, QueryCount] = {}
    broader_entities, related_entities = linker.find_wider(identity)
    while broader_entities or related_entities:
        expected = _expect_names([*broader_entities, *related_entities], help_)
        store.prefetch_counts(expected, help_.deadline)
        without_hits: list[Entity] = []
        for entity, hit_count in _count_hits(broader_entities, help_):
            if hit_count.total:
                broader[hit_count.text] = hit_count
            else:
                without_hits.append(entity)
        for _, hit_count in _count_hits(related_entities, help_):
            if hit_count.total and hit_count.text not in broader:
                related[hit_count.text] = hit_count
        wider_entities = [linker.find_wider(entity.id) for entity in without_hits]
        broader_entities, related_entities = (
            [entity for pair in wider_entities for entity in pair[side]] for side in (0, 1)
        )
        if broader or related:
            related_entities = []
    return (
        tuple(islice(broader.values(), MAX_WIDER)),
        tuple(islice(related.values(), MAX_WIDER)),
    )


def _count_hits(entities: Iterable[Entity], help_: _Help) -> Iterator[tuple[Entity, QueryCount]]:
    """Yield entities with the number of hits for their names.

    It is 0 if only a relaxed, corrected or semantic search has hits.
    """
    for entity in entities:
        if name := help_.interpreter.entity_linker.get_name(entity):
            retrieved = help_.search(text=name)
            has_hits = retrieved.as_typed > retrieved.reply.by_meaning
            yield entity, QueryCount(name, retrieved.reply.total if has_hits else 0)


def _expect_names(entities: Iterable[Entity], help_: _Help) -> Iterator[StoreRequest]:
    """Yield the searches of `_count_hits`."""
    names = map(help_.interpreter.entity_linker.get_name, entities)
    return _expect_alone(filter(None, names), help_)


def retype(clause: Clause, vocabulary: Vocabulary) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one."""
    word_fields = vocabulary.word_fields
    fields = frozenset[str]().union(*(part.fields for part in list_words(clause.parts)))
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 < len(word_fields) else ""
    return f"{field_prefix}{clause.text}"


def _count_alone(text: str, help_: _Help) -> QueryCount | None:
    """Return a text with its number of hits; None if it is relaxed or corrected when alone."""
    retrieved = help_.search(text=text)
    is_as_typed = not (retrieved.interpretation.relaxed or retrieved.interpretation.corrected)
    return QueryCount(text, retrieved.reply.total) if is_as_typed else None


def _expect_alone(texts: Iterable[str], help_: _Help) -> Iterator[StoreRequest]:
    """Yield the searches for some texts instead of that of the request."""
    return chain.from_iterable(help_.list_asks(text=text) for text in texts)


def _find_nearest(typed: _Typed, help_: _Help) -> Iterator[QueryCount]:
    """Yield texts with hits in which a word of the index replaces an unknown one."""
    for texts in typed.list_nearest(help_):
        counts = (QueryCount(text, _count_all_words(text, help_)) for text in texts)
        yield from islice((count for count in counts if count.total), 1)


def _expect_nearest(typed: _Typed, help_: _Help) -> Iterator[StoreRequest]:
    """Yield the searches of `_find_nearest`."""
    for *in_text, alone in typed.list_nearest(help_):
        for text in (*in_text, alone):
            yield from help_.list_asks(text=text, exact=True, match="all")
        # A text with another unknown word has no hits.
        yield from _expect_alone((*in_text, alone) if len(typed.unknown) == 1 else (alone,), help_)


def _count_all_words(text: str, help_: _Help) -> int:
    """Return the number of hits that match all words of a text as typed.

    The exact search runs first. If it has no hits, no other interpretation is tried.
    """
    if not help_.search(text=text, exact=True, match="all").reply.total:
        return 0
    return help_.search(text=text).as_typed
