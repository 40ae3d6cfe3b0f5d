"""Diagnosis: other searches if a search has no hits, or none for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, there are searches for broader and related entities. For a word
without documents, there are texts with a similar word of the index. For a place without documents,
there is the rest of the text, with one value selected in a facet of places near it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import (
    Interpretation,
    Interpreter,
    Retrieval,
    ask,
)
from search_app.engine.query.clause_builder import MAX_CHARS
from search_app.engine.query.grammar import has_only_plain_words
from search_app.engine.query.nodes import Clause, Fields, Term, clauses, drop_boosts, list_words
from search_app.engine.request import AllOf, Filters, SearchRequest
from search_app.engine.results import AbsentConcept, AbsentPlace, Diagnosis, QueryCount, ValueCount
from search_app.engine.store import Reply

MAX_WORDS = 8
"""At most 8 clauses are searched for alone: each costs a search."""
MAX_NEAREST = 3
"""At most 3 corrections of unknown words are offered."""
MAX_WIDER = 3
"""At most 3 broader and 3 related entities are offered for one without documents."""
MAX_UNKNOWN, MAX_TRIED = 2, 4
"""Limits on unknown words that are corrected, and candidates per word."""
MAX_PLACES = 2
"""At most 2 places of a text are examined: each costs a search per region that contains it."""
MAX_COUNTRIES = 12
"""At most 12 countries of a region are offered."""


Asked = Callable[[], Retrieval]
"""A search that was asked for. It gives the result."""


class _FurtherSearches(NamedTuple):
    """Further searches for the diagnosis of one request. They share its time budget.

    `request` is for the first page.
    """

    request: SearchRequest
    interpreter: Interpreter
    deadline: Deadline

    def ask(self, **changes: str | bool | AllOf | Filters) -> Callable[[], Retrieval]:
        """Ask again, with some fields of the request replaced. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return ask(changed, self.interpreter, self.deadline)

    def count_all(self, listed: Sequence[Clause]) -> list[int]:
        """Return the number of publications that match each clause. Raise BudgetExceeded."""
        return self.interpreter.store.count_all(listed, self.deadline)


class _Typed(NamedTuple):
    """The clauses of a query by the text that searches for each alone.

    `unknown` contains those that no document matches, and `is_long` says whether there are more.
    """

    clauses: Mapping[str, Clause]
    unknown: Mapping[str, Clause]
    is_long: bool


def diagnose(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Diagnosis:
    """Return other searches than one without hits, with the number of hits of each.

    All searches share the time budget of the first. They are asked for before any number is read,
    so that a cluster counts them together. Raise BudgetExceeded if the budget is used up.
    """
    first_page = msgspec.structs.replace(retrieved.typed, page=1, sort=None)
    further = _FurtherSearches(first_page, interpreter, deadline)
    typed, has_hits = _split(retrieved, further), retrieved.reply.total > 0
    has_switch = not has_hits and _has_other_reading(retrieved)
    alone = {text: further.ask(text=text) for text in typed.clauses if text not in typed.unknown}
    candidates = _list_nearest(
        typed.unknown.values(), first_page.text, interpreter, is_long=typed.is_long
    )
    exact = [
        {text: further.ask(text=text, exact=True, match="all") for text in texts}
        for texts in candidates
    ]
    any_word = further.ask(match="any") if _has_wider(retrieved) else None
    any_of = {} if has_hits else _ask_any_of(further)
    all_words = None if first_page.exact else further.ask(match="all")
    places = _ask_places(retrieved, further)
    switched = {"exact": further.ask(exact=not first_page.exact)} if has_switch else {}

    # These are asked for after the first numbers are known.
    nearest = [
        {text: further.ask(text=text) for text, found in texts.items() if found().reply.total}
        for texts in exact
    ]
    near = [_ask_near(place, further) for place in places if place.typed.is_empty]
    return Diagnosis(
        tuple(_count_alone(typed, alone)),
        tuple(islice(_list_first(nearest), MAX_NEAREST)),
        retrieved.reply.matched,
        any_word().reply.total if any_word else None,
        {facet: found().reply.total for facet, found in any_of.items()},
        tuple(_list_absent_concepts(all_words(), further)) if all_words else (),
        tuple(count() for count in near),
        {name: found().reply.total for name, found in switched.items()},
    )


def _split(retrieved: Retrieval, further: _FurtherSearches) -> _Typed:
    """Return the clauses of a query. Raise BudgetExceeded."""
    all_clauses = (clause for clause in clauses(drop_boosts(retrieved.reply.tree)) if clause.text)
    scope = further.interpreter.scope
    typed = {retype(clause, scope): clause for clause in islice(all_clauses, MAX_WORDS)}
    counts = dict(zip(typed, further.count_all([*typed.values()]), strict=True))
    unknown = {text: clause for text, clause in typed.items() if not counts[text]}
    return _Typed(typed, unknown, is_long=next(all_clauses, None) is not None)


def _has_wider(retrieved: Retrieval) -> bool:
    """Return whether a search for any of the words may have more hits."""
    match = retrieved.request.match
    return match == "all" or (match == "auto" and retrieved.interpretation.is_strict)


def _has_other_reading(retrieved: Retrieval) -> bool:
    """Return whether the switch `exact` changes how the text is read."""
    typed = clauses(retrieved.interpretation.parsed.tree)
    rewritten = retrieved.rewritten
    is_changed = (
        retrieved.interpretation.corrected or rewritten.expressions or rewritten.identifier_fields
    )
    return (
        retrieved.typed.exact or bool(is_changed) or any(it.synonyms or it.narrower for it in typed)
    )


def _ask_any_of(further: _FurtherSearches) -> dict[str, Asked]:
    """Ask for the hits if any value is enough of each facet that needs all its values."""
    all_of = further.request.all_of
    return {
        facet: further.ask(all_of={name: all_of[name] for name in all_of if name != facet})
        for facet in all_of
    }


def _list_absent_concepts(
    retrieved: Retrieval, further: _FurtherSearches
) -> Iterator[AbsentConcept]:
    """Yield the typed entities without documents, with broader and related ones.

    `retrieved` is the text read with `match="all"`, because a relaxed query may have split a name.
    """
    typed = islice(clauses(retrieved.interpretation.parsed.tree), MAX_WORDS)
    named = [clause for clause in typed if clause.entity_id]
    for clause, count in zip(named, further.count_all(named), strict=True):
        if not count:
            yield AbsentConcept(clause.text, *_find_wider(clause.entity_id, further))


def _find_wider(
    identity: str, further: _FurtherSearches
) -> tuple[tuple[QueryCount, ...], tuple[QueryCount, ...]]:
    """Return searches with hits for broader entities, and for related ones.

    A broader entity without hits is replaced by its own broader and related entities.
    """
    linker = further.interpreter.entity_linker
    broader: dict[str, QueryCount] = {}
    related: dict[str, QueryCount] = {}
    broader_entities, related_entities = linker.find_wider(identity)
    while broader_entities or related_entities:
        asked = [
            [_ask_named(entity, further) for entity in entities]
            for entities in (broader_entities, related_entities)
        ]
        in_broader, in_related = ([count() for count in counts] for counts in asked)
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


def _ask_named(entity: Entity, further: _FurtherSearches) -> Callable[[], QueryCount]:
    """Ask for the hits of the name of an entity, and return what counts them.

    There are none if the entity has no name, or if only a relaxed, corrected or semantic search has
    hits.
    """
    name = further.interpreter.entity_linker.get_name(entity)
    if not name:
        return lambda: QueryCount("", 0)
    asked = further.ask(text=name)

    def count() -> QueryCount:
        retrieved = asked()
        has_hits = retrieved.as_typed > retrieved.reply.semantic_total
        return QueryCount(name, retrieved.reply.total if has_hits else 0)

    return count


def retype(clause: Clause, scope: Fields) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one.

    `scope` contains the fields that a word without a field is searched for in.
    """
    fields = frozenset[str]().union(*(part.fields for part in list_words(clause.parts)))
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 and fields != scope else ""
    return f"{field_prefix}{clause.text}"


def _count_alone(typed: _Typed, alone: Mapping[str, Asked]) -> Iterator[QueryCount]:
    """Yield the number of hits of each text, unless it is relaxed or corrected when alone."""
    for text in typed.clauses:
        if text in typed.unknown:
            yield QueryCount(text, 0)
        else:
            retrieved = alone[text]()
            interpretation = retrieved.interpretation
            if not (interpretation.relaxed or interpretation.corrected):
                yield QueryCount(text, retrieved.reply.total)


def _list_first(nearest: Iterable[Mapping[str, Asked]]) -> Iterator[QueryCount]:
    """Yield the first text of each group with hits for all its words as typed."""
    for texts in nearest:
        counts = (QueryCount(text, found().as_typed) for text, found in texts.items())
        yield from islice((count for count in counts if count.total), 1)


def _list_nearest(
    unknown: Iterable[Clause], text: str, interpreter: Interpreter, *, is_long: bool
) -> Iterator[tuple[str, ...]]:
    """Yield the texts to try for each word of the index that may replace an unknown one.

    Correct words and names of places and languages are not replaced. Each candidate is tried in
    the whole text first, unless the text is long, and then alone.
    """
    may_change = interpreter.spellchecker.may_change
    words = (word for word in map(_get_single_word, unknown) if word and may_change(word))
    misspelled = (word for word in words if not world_places.find_mentions(word))
    for word in islice(misspelled, MAX_UNKNOWN):
        for surface in _list_spellings(word, interpreter):
            in_text = () if is_long else (_replace_word(surface, word, text),)
            yield *in_text, surface


def _list_spellings(word: str, interpreter: Interpreter) -> list[str]:
    """Return up to MAX_TRIED corrections of a word, likeliest first, no two with a common stem."""
    surfaces: list[str] = []
    seen_stems: set[str] = set()
    for candidate in interpreter.spellchecker.find_candidates(word):
        stems = {candidate.surface, *interpreter.vocabulary.list_stems(candidate.surface)}
        if seen_stems.isdisjoint(stems):
            surfaces.append(candidate.surface)
        seen_stems |= stems
    return surfaces[:MAX_TRIED]


def _get_single_word(clause: Clause) -> str | None:
    """Return a clause's word; None unless it is one plain word of at most MAX_CHARS letters."""
    words = tokenizer.split_words(clause.text)
    is_plain = all(isinstance(part, Term) for part in clause.parts)
    is_single = len(words) == 1 and len(words[0]) <= MAX_CHARS
    return words[0] if is_plain and is_single else None


def _replace_word(surface: str, word: str, text: str) -> str:
    """Return a text with every occurrence of `word` replaced by `surface`."""
    pieces, end = [], 0
    for start, stop in tokenizer.find_spans(text):
        if start >= end and surface_form(text[start:stop]) == surface_form(word):
            pieces += [text[end:start], surface]
            end = stop
    return "".join([*pieces, text[end:]])


class _Place(NamedTuple):
    """A name of a place in a text, and the interpretation of the name alone."""

    mention: world_places.Mention
    text: str
    typed: Interpretation


def _ask_places(retrieved: Retrieval, further: _FurtherSearches) -> list[_Place]:
    """Ask whether a document contains each place that a text names, regardless of the filters.

    If the text names no place, use the names in its corrected spelling.
    """
    text = retrieved.interpretation.corrected or further.request.text
    mentions = _find_place_mentions(text)
    if not mentions and not further.request.exact:
        speller = further.interpreter.spellchecker
        text = speller.suggest(text, further.deadline, rare=True) or text
        mentions = _find_place_mentions(text)
    read = further.interpreter.interpret_typed
    return [
        _Place(each, text, read(SearchRequest(text[each.start : each.end]), further.deadline))
        for each in mentions[:MAX_PLACES]
    ]


def _ask_near(place: _Place, further: _FurtherSearches) -> Callable[[], AbsentPlace]:
    """Ask for the rest of the text near a place, and return what counts the hits."""
    catalogue, name = further.interpreter.vocabulary.catalogue, place.mention.name
    other_text = _drop_mention(place.text, place.mention)
    near = {
        value: further.ask(text=other_text, filters=filters)
        for value, filters in _list_near(name.code, further.request.filters, catalogue).items()
    }
    return lambda: AbsentPlace(
        world_places.get_label(name, catalogue.language),
        name.code if name.kind == "place" else "",
        other_text,
        tuple(_count_near(name.code, near, catalogue)),
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
    code: str, asked: Mapping[str, Asked], catalogue: Catalogue
) -> Iterator[ValueCount]:
    """Yield values near a place that have hits: its regions, their countries, and no region.

    If the text names a capital, its country comes first among the countries.
    """
    field = _find_field(catalogue)
    for value, find in asked.items():
        reply = find().reply
        assert field is not None
        assert field.parent is not None
        if reply.total:
            yield ValueCount(field.parent, value, reply.total)
        if value != MISSING:
            yield from _count_countries(field, value, code, reply, catalogue)


def _find_field(catalogue: Catalogue) -> Field | None:
    """Return the field of countries with regions, or None."""
    return next(
        (field for field in catalogue.fields if field.kind == "country" and field.parent), None
    )


def _list_near(code: str, filters: Filters, catalogue: Catalogue) -> dict[str, Filters]:
    """Return the filters for each region of a place, and for no region, by the value."""
    field = _find_field(catalogue)
    if field is None or field.parent is None:
        return {}
    others = {name: filters[name] for name in filters if name not in (field.name, field.parent)}
    return {
        value: {**others, field.parent: (value,)}
        for value in (*catalogue.groups.get(code, ()), MISSING)
    }


def _count_countries(
    field: Field, region: str, code: str, reply: Reply, catalogue: Catalogue
) -> list[ValueCount]:
    """Return the countries of a region in the hits: `code` first, then by hits."""
    value_counts = [
        ValueCount(field.name, value, hit_count)
        for value, hit_count in reply.count_values(field.name).items()
        if hit_count and region in catalogue.groups.get(value, ())
    ]
    value_counts.sort(
        key=lambda value_count: (value_count.value != code, -value_count.total, value_count.value)
    )
    return value_counts[:MAX_COUNTRIES]
