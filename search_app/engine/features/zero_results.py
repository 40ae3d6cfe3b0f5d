"""Zero-result help: alternatives to a search without hits, or without hits for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, the alternatives include broader and related entities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from search_app.engine.deadline import Deadline
from search_app.engine.diagnosis import Diagnosis, Lacking, QueryCount
from search_app.engine.features import missing_places
from search_app.engine.features.nearest_texts import list_nearest
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import Interpreter, Retrieval, find
from search_app.engine.query.nodes import Clause, clauses, drop_boosts, list_words
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import AllOf, SearchRequest
from search_app.engine.rounds import Rounds, known, together

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

    def search(self, **changes: str | bool | AllOf) -> Rounds[Retrieval]:
        """Search again, with some fields of the request replaced. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return find(changed, self.interpreter, self.deadline)

    def count_hits(self, **changes: str | bool | AllOf) -> Rounds[int]:
        """Return the number of hits of such a search. Raise BudgetExceeded."""
        retrieved = yield from self.search(**changes)
        return retrieved.reply.total

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


def diagnose(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Rounds[Diagnosis]:
    """Return the alternatives to a search, with the number of hits of each.

    All searches share the time budget of the first. Raise BudgetExceeded if it is used up.
    """
    first_page = msgspec.structs.replace(retrieved.typed, page=1, sort=None)
    help_ = _Help(first_page, interpreter, deadline)
    typed, has_hits = _split(retrieved, help_), retrieved.reply.total > 0
    known_texts = [text for text in typed.clauses if text not in typed.unknown]
    any_of = {} if has_hits else _list_any_of(first_page)
    has_switch = not has_hits and _has_other_reading(retrieved)
    switches = {"exact": not first_page.exact} if has_switch else {}
    counts, nearest, any_word, any_of_counts, lacking, places, switched = yield from together([
        together(_count_alone(text, help_) for text in known_texts),
        _find_nearest(typed, help_),
        help_.count_hits(match="any") if _has_wider(retrieved) else known(None),
        together(help_.count_hits(all_of=all_of) for all_of in any_of.values()),
        known(()) if first_page.exact else _find_lacking(help_),
        missing_places.find_missing_places(first_page, retrieved, interpreter, deadline),
        together(help_.count_hits(**{name: is_on}) for name, is_on in switches.items()),
    ])  # fmt: skip
    alone = dict.fromkeys(typed.unknown, 0) | dict(zip(known_texts, counts, strict=True))
    words = ((text, alone[text]) for text in typed.clauses)
    return Diagnosis(
        tuple(QueryCount(text, total) for text, total in words if total is not None),
        nearest,
        retrieved.reply.matched,
        any_word,
        dict(zip(any_of, any_of_counts, strict=True)),
        lacking,
        places,
        dict(zip(switches, switched, strict=True)),
    )


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


def _find_lacking(help_: _Help) -> Rounds[tuple[Lacking, ...]]:
    """Return the typed entities without documents, with broader and related ones.

    The text is read again with `match="all"`, because a relaxed query may have split a name.
    """
    retrieved = yield from help_.search(match="all")
    typed = islice(clauses(retrieved.interpretation.parsed.words), MAX_WORDS)
    named = [clause for clause in typed if clause.entity_id]
    counts = zip(named, help_.count_all(named), strict=True)
    lacking = [clause for clause, count in counts if not count]
    wider = yield from together(_find_wider(clause.entity_id, help_) for clause in lacking)
    return tuple(Lacking(clause.text, *found) for clause, found in zip(lacking, wider, strict=True))


def _find_wider(
    identity: str, help_: _Help
) -> Rounds[tuple[tuple[QueryCount, ...], tuple[QueryCount, ...]]]:
    """Return searches with hits for broader entities, and for related ones.

    A broader entity without hits is replaced by its own broader and related entities.
    """
    linker = help_.interpreter.entity_linker
    broader: dict[str, QueryCount] = {}
    related: dict[str, QueryCount] = {}
    broader_entities, related_entities = linker.find_wider(identity)
    while broader_entities or related_entities:
        in_broader, in_related = yield from together([
            together(_count_hits(entity, help_) for entity in entities)
            for entities in (broader_entities, related_entities)
        ])  # fmt: skip
        broader |= {found.text: found for found in in_broader if found.total}
        for found in in_related:
            if found.total and found.text not in broader:
                related[found.text] = found
        wider_entities = [
            linker.find_wider(entity.id)
            for entity, found in zip(broader_entities, in_broader, strict=True)
            if found.text and not found.total
        ]
        broader_entities, related_entities = (
            [entity for pair in wider_entities for entity in pair[side]] for side in (0, 1)
        )
        if broader or related:
            related_entities = []
    return (
        tuple(islice(broader.values(), MAX_WIDER)),
        tuple(islice(related.values(), MAX_WIDER)),
    )


def _count_hits(entity: Entity, help_: _Help) -> Rounds[QueryCount]:
    """Return the name of an entity with its number of hits. An entity may have no name.

    The number is 0 if only a relaxed, corrected or semantic search has hits.
    """
    name = help_.interpreter.entity_linker.get_name(entity)
    if not name:
        return QueryCount("", 0)
    retrieved = yield from help_.search(text=name)
    has_hits = retrieved.as_typed > retrieved.reply.by_meaning
    return QueryCount(name, retrieved.reply.total if has_hits else 0)


def retype(clause: Clause, vocabulary: Vocabulary) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one."""
    word_fields = vocabulary.word_fields
    fields = frozenset[str]().union(*(part.fields for part in list_words(clause.parts)))
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 < len(word_fields) else ""
    return f"{field_prefix}{clause.text}"


def _count_alone(text: str, help_: _Help) -> Rounds[int | None]:
    """Return the number of hits of a text; None if it is relaxed or corrected when alone."""
    retrieved = yield from help_.search(text=text)
    is_as_typed = not (retrieved.interpretation.relaxed or retrieved.interpretation.corrected)
    return retrieved.reply.total if is_as_typed else None


def _find_nearest(typed: _Typed, help_: _Help) -> Rounds[tuple[QueryCount, ...]]:
    """Return texts with hits in which a word of the index replaces an unknown one."""
    candidates = list_nearest(
        typed.unknown.values(), help_.request.text, help_.interpreter, is_long=typed.is_long
    )
    found = yield from together(_find_first(texts, help_) for texts in candidates)
    return tuple(islice(filter(None, found), MAX_NEAREST))


def _find_first(texts: Iterable[str], help_: _Help) -> Rounds[QueryCount | None]:
    """Return the first text with hits."""
    for text in texts:
        if total := (yield from _count_all_words(text, help_)):
            return QueryCount(text, total)
    return None


def _count_all_words(text: str, help_: _Help) -> Rounds[int]:
    """Return the number of hits that match all words of a text as typed.

    The exact search runs first. If it has no hits, no other interpretation is tried.
    """
    if not (yield from help_.count_hits(text=text, exact=True, match="all")):
        return 0
    retrieved = yield from help_.search(text=text)
    return retrieved.as_typed
