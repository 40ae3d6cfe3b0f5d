"""Diagnosis: other searches if a search has no hits, or none for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, there are searches for broader and related entities. For a word
without documents, there are texts with a similar word of the index. For a place without documents,
there is the rest of the text, with one value selected in a facet of places near it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import MISSING
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import Interpretation, Interpreter, Retrieval, ask
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import MAX_CHARS
from search_app.engine.query.grammar import has_only_plain_words
from search_app.engine.request import AllOf, Filters, SearchRequest
from search_app.engine.results import AbsentConcept, AbsentPlace, Diagnosis, QueryCount, ValueCount

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

    def ask(self, **changes: str | bool | AllOf | Filters) -> Asked:
        """Ask again, with some fields of the request replaced. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return ask(changed, self.interpreter, self.deadline)


def diagnose(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Diagnosis:
    """Return other searches than one without hits, with the number of hits of each.

    All searches share the time budget of the first. They are asked for before any number is read,
    so that a cluster counts them together. Raise BudgetExceeded if the budget is used up.
    """
    request = msgspec.structs.replace(retrieved.typed, page=1, sort=None)
    further = _FurtherSearches(request, interpreter, deadline)
    interpretation, has_hits = retrieved.interpretation, retrieved.reply.total > 0

    all_clauses = [
        each for each in nodes.clauses(nodes.drop_boosts(retrieved.reply.tree)) if each.text
    ]
    typed = {retype(each, interpreter.scope): each for each in all_clauses[:MAX_WORDS]}
    counts = interpreter.store.count_all([*typed.values()], deadline)
    alone = {
        text: further.ask(text=text) if count else None
        for text, count in zip(typed, counts, strict=True)
    }
    unknown = [typed[text] for text, asked in alone.items() if not asked]
    is_long = len(all_clauses) > MAX_WORDS
    exact = [
        {text: further.ask(text=text, exact=True, match="all") for text in texts}
        for texts in _list_nearest(unknown, request.text, interpreter, is_long=is_long)
    ]
    needs_all = request.match == "all" or (request.match == "auto" and interpretation.is_strict)
    any_word = further.ask(match="any") if needs_all else None
    any_of = {
        facet: further.ask(
            all_of={each: request.all_of[each] for each in request.all_of if each != facet}
        )
        for facet in (() if has_hits else request.all_of)
    }
    all_words = None if request.exact else further.ask(match="all")
    places = _ask_places(retrieved, further)
    changes_reading = (
        request.exact
        or interpretation.corrected
        or retrieved.rewritten.expressions
        or retrieved.rewritten.identifier_fields
        or any(each.synonyms or each.narrower for each in nodes.clauses(interpretation.parsed.tree))
    )
    switched = further.ask(exact=not request.exact) if changes_reading and not has_hits else None

    # These are asked for after the first numbers are known.
    nearest = [
        {text: further.ask(text=text) for text, found in texts.items() if found().reply.total}
        for texts in exact
    ]
    near = [_ask_near(text, name, further) for text, name, named in places if named.is_empty]

    words, corrections = list[QueryCount](), list[QueryCount]()
    for text, asked in alone.items():
        found = asked() if asked else None
        if found is None:
            words.append(QueryCount(text, 0))
        elif not (found.interpretation.relaxed or found.interpretation.corrected):
            words.append(QueryCount(text, found.reply.total))
    for texts in nearest:
        # Of each group, the first text with hits for all its words as typed.
        totals = (QueryCount(text, found().as_typed) for text, found in texts.items())
        if len(corrections) < MAX_NEAREST:
            corrections += islice((each for each in totals if each.total), 1)
    return Diagnosis(
        tuple(words),
        tuple(corrections),
        retrieved.reply.matched,
        any_word().reply.total if any_word else None,
        {facet: found().reply.total for facet, found in any_of.items()},
        tuple(_list_absent_concepts(all_words(), further)) if all_words else (),
        tuple(count() for count in near),
        {"exact": switched().reply.total} if switched else {},
    )


def _list_absent_concepts(
    retrieved: Retrieval, further: _FurtherSearches
) -> Iterator[AbsentConcept]:
    """Yield the typed entities without documents, with broader and related ones.

    `retrieved` is the text read with `match="all"`, because a relaxed query may have split a name.
    """
    typed = islice(nodes.clauses(retrieved.interpretation.parsed.tree), MAX_WORDS)
    named = [clause for clause in typed if clause.entity_id]
    counts = further.interpreter.store.count_all(named, further.deadline)
    for clause, count in zip(named, counts, strict=True):
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
    return (tuple(islice(broader.values(), MAX_WIDER)), tuple(islice(related.values(), MAX_WIDER)))


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


def retype(clause: nodes.Clause, scope: nodes.Fields) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one.

    `scope` contains the fields that a word without a field is searched for in.
    """
    fields = frozenset[str]().union(*(part.fields for part in nodes.list_words(clause.parts)))
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 and fields != scope else ""
    return f"{field_prefix}{clause.text}"


def _list_nearest(
    unknown: Iterable[nodes.Clause], text: str, interpreter: Interpreter, *, is_long: bool
) -> Iterator[tuple[str, ...]]:
    """Yield the texts to try for each word of the index that may replace an unknown one.

    Only plain words are replaced, no correct words and no names of places and languages. Each
    candidate is tried in the whole text first, unless the text is long, and then alone.
    """
    speller, changed = interpreter.spellchecker, 0
    for clause in unknown:
        words = tokenizer.split_words(clause.text)
        is_plain = all(isinstance(part, nodes.Term) for part in clause.parts)
        if not is_plain or len(words) != 1 or len(words[0]) > MAX_CHARS or changed == MAX_UNKNOWN:
            continue
        [word] = words
        if not speller.may_change(word) or world_places.find_mentions(word):
            continue
        changed += 1
        surfaces, seen_stems = list[str](), set[str]()
        for candidate in speller.find_candidates(word):
            stems = {candidate.surface, *interpreter.vocabulary.list_stems(candidate.surface)}
            if seen_stems.isdisjoint(stems):
                surfaces.append(candidate.surface)
            seen_stems |= stems
        for surface in surfaces[:MAX_TRIED]:
            in_text = () if is_long else (_replace_word(surface, word, text),)
            yield *in_text, surface


def _replace_word(surface: str, word: str, text: str) -> str:
    """Return a text with every occurrence of `word` replaced by `surface`."""
    pieces, end = [], 0
    for start, stop in tokenizer.find_spans(text):
        if start >= end and surface_form(text[start:stop]) == surface_form(word):
            pieces += [text[end:start], surface]
            end = stop
    return "".join([*pieces, text[end:]])


def _ask_places(
    retrieved: Retrieval, further: _FurtherSearches
) -> list[tuple[str, world_places.Mention, Interpretation]]:
    """Return each place that a text names, with the text, and ask whether a document contains it.

    Filters do not count. If the text names no place, use the names in its corrected spelling.
    """

    def find(text: str) -> list[world_places.Mention]:
        return [each for each in world_places.find_mentions(text) if each.name.kind != "language"]

    request, interpreter, deadline = further
    text = retrieved.interpretation.corrected or request.text
    mentions = find(text)
    if not mentions and not request.exact:
        text = interpreter.spellchecker.suggest(text, deadline, rare=True) or text
        mentions = find(text)
    return [
        (
            text,
            each,
            interpreter.interpret_typed(SearchRequest(text[each.start : each.end]), deadline),
        )
        for each in mentions[:MAX_PLACES]
    ]


def _ask_near(
    text: str, mention: world_places.Mention, further: _FurtherSearches
) -> Callable[[], AbsentPlace]:
    """Ask for the rest of a text near a place, and return what counts the hits.

    Near are the regions of the place, their countries, and publications without a region. If the
    text names a capital, its country comes first among the countries.
    """
    catalogue, code = further.interpreter.vocabulary.catalogue, mention.name.code
    rest = ""
    if has_only_plain_words(text):
        rest = " ".join(f"{text[: mention.start]} {text[mention.end :]}".split())
    fields = (field for field in catalogue.fields if field.kind == "country" and field.parent)
    field = next(fields, None)
    country, region = (field.name, field.parent or "") if field else ("", "")
    filters, asked = further.request.filters, dict[str, Asked]()
    others = {name: filters[name] for name in filters if name not in (country, region)}
    for value in (*catalogue.groups.get(code, ()), MISSING) if field else ():
        asked[value] = further.ask(text=rest, filters={**others, region: (value,)})

    def count() -> Iterator[ValueCount]:
        for value, find in asked.items():
            reply = find().reply
            if reply.total:
                yield ValueCount(region, value, reply.total)
            if value != MISSING:
                countries = [
                    ValueCount(country, each, total)
                    for each, total in reply.count_values(country).items()
                    if total and value in catalogue.groups.get(each, ())
                ]
                countries.sort(key=lambda each: (each.value != code, -each.total, each.value))
                yield from countries[:MAX_COUNTRIES]

    return lambda: AbsentPlace(
        world_places.get_label(mention.name, catalogue.language),
        code if mention.name.kind == "place" else "",
        rest,
        tuple(count()),
    )
