"""Zero-result help: alternatives to a search without hits, or without hits for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, the alternatives include broader and related entities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from search_app.engine.deadline import Deadline
from search_app.engine.features import missing_places
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import Interpreter, Retrieval, retrieve
from search_app.engine.query.clause_builder import MAX_CHARS
from search_app.engine.query.nodes import Clause, clauses, drop_boosts, list_parts
from search_app.engine.results import Diagnosis, Lacking, QueryCount

MAX_WORDS = 8
"""At most 8 clauses are searched for alone: each costs a search."""
MAX_UNKNOWN, MAX_NEAREST, MAX_TRIED = 2, 3, 4
"""Limits on unknown words that are corrected, corrections in all, and candidates per word."""
MAX_WIDER = 3
"""At most 3 broader and 3 related entities are offered for one without documents."""


RunSearch = Callable[..., Retrieval]
"""A function that searches again. Its arguments replace fields of the request."""


def diagnose(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Diagnosis:
    """Return the alternatives to a search, with the number of hits of each.

    All searches share the time budget of the first. Raise BudgetExceeded if it is used up.
    """
    request = retrieved.request
    first_page = msgspec.structs.replace(request, page=1, sort=None)

    def search(**changes: str | bool) -> Retrieval:
        return retrieve(msgspec.structs.replace(first_page, **changes), interpreter, deadline)

    all_clauses = (clause for clause in clauses(drop_boosts(retrieved.reply.tree)) if clause.text)
    catalogue = interpreter.vocabulary.catalogue
    typed = {retype(clause, catalogue): clause for clause in islice(all_clauses, MAX_WORDS)}
    is_long = next(all_clauses, None) is not None
    doc_counts = interpreter.store.count_all([*typed.values()])
    counts = [
        _count_alone(text, search) if doc_count else QueryCount(text, 0)
        for text, doc_count in zip(typed, doc_counts, strict=True)
    ]
    unknown = [
        clause for clause, count in zip(typed.values(), doc_counts, strict=True) if not count
    ]
    is_strict = request.match == "auto" and retrieved.interpretation.is_strict
    return Diagnosis(
        tuple(count for count in counts if count is not None),
        tuple(
            islice(
                _find_nearest(unknown, request.text, search, interpreter, is_long=is_long),
                MAX_NEAREST,
            )
        ),
        retrieved.reply.matched,
        search(match="any").reply.total if is_strict or request.match == "all" else None,
        () if request.exact else tuple(_find_lacking(search, interpreter)),
        tuple(missing_places.find_missing_places(first_page, retrieved, interpreter, deadline)),
    )


def _find_lacking(search: RunSearch, interpreter: Interpreter) -> Iterator[Lacking]:
    """Yield the typed entities without documents, with broader and related ones.

    The text is read again with `match="all"`, because a relaxed query may have split a name.
    """
    typed = islice(clauses(search(match="all").interpretation.parsed.words), MAX_WORDS)
    named = [clause for clause in typed if clause.entity_id]
    for clause, count in zip(named, interpreter.store.count_all(named), strict=True):
        if not count:
            broader, related = _find_wider(clause.entity_id, search, interpreter)
            yield Lacking(clause.text, broader, related)


def _find_wider(
    identity: str, search: RunSearch, interpreter: Interpreter
) -> tuple[tuple[QueryCount, ...], tuple[QueryCount, ...]]:
    """Return searches with hits for broader entities, and for related ones.

    A broader entity without hits is replaced by its own broader and related entities.
    """
    linker = interpreter.entity_linker
    broader: dict[str, QueryCount] = {}
    related: dict[str, QueryCount] = {}
    broader_entities, related_entities = linker.find_wider(identity)
    while broader_entities or related_entities:
        without_hits: list[Entity] = []
        for entity, hit_count in _count_hits(broader_entities, search, interpreter):
            if hit_count.total:
                broader[hit_count.text] = hit_count
            else:
                without_hits.append(entity)
        for _, hit_count in _count_hits(related_entities, search, interpreter):
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


def _count_hits(
    entities: Iterable[Entity], search: RunSearch, interpreter: Interpreter
) -> Iterator[tuple[Entity, QueryCount]]:
    """Yield entities with the number of hits for their names.

    It is 0 if only a relaxed, corrected or semantic search has hits.
    """
    for entity in entities:
        if name := interpreter.entity_linker.get_name(entity):
            retrieved = search(text=name)
            has_hits = retrieved.as_typed > retrieved.reply.by_meaning
            yield entity, QueryCount(name, retrieved.reply.total if has_hits else 0)


def retype(clause: Clause, catalogue: Catalogue) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one."""
    searchable = [field.name for field in catalogue.searchable]
    fields = {part.fieldname for part in list_parts(clause)} & {*searchable}
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 < len(searchable) else ""
    return f"{field_prefix}{clause.text}"


def _count_alone(text: str, search: RunSearch) -> QueryCount | None:
    """Return a text with its number of hits; None if it is relaxed or corrected when alone."""
    retrieved = search(text=text)
    is_as_typed = not (retrieved.interpretation.relaxed or retrieved.interpretation.corrected)
    return QueryCount(text, retrieved.reply.total) if is_as_typed else None


def _find_nearest(
    unknown: Iterable[Clause],
    typed: str,
    search: RunSearch,
    interpreter: Interpreter,
    *,
    is_long: bool,
) -> Iterator[QueryCount]:
    """Yield texts with hits in which a word of the index replaces an unknown one.

    Correct words and names of places and languages are not replaced. Each candidate is tried in
    the whole text first, unless the text is long, and then alone.
    """
    may_change = interpreter.spellchecker.may_change
    words = (word for word in map(_get_single_word, unknown) if word and may_change(word))
    misspelled = (word for word in words if not world_places.find_mentions(word))
    for word in islice(misspelled, MAX_UNKNOWN):
        for surface in _list_spellings(word, interpreter):
            texts = (surface,) if is_long else (_replace_word(surface, word, typed), surface)
            counts = (QueryCount(text, _count_all_words(text, search)) for text in texts)
            yield from islice((count for count in counts if count.total), 1)


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


def _count_all_words(text: str, search: RunSearch) -> int:
    """Return the number of hits that match all words of a text as typed.

    The exact search runs first. If it has no hits, no other interpretation is tried.
    """
    if not search(text=text, exact=True, match="all").reply.total:
        return 0
    return search(text=text).as_typed


def _get_single_word(clause: Clause) -> str | None:
    """Return a clause's word; None unless it is one plain word of at most MAX_CHARS letters."""
    words = tokenizer.split_words(clause.text)
    is_plain = all(isinstance(part, query.Term) for part in clause.subqueries)
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
