"""Zero-result help: alternatives to a search without hits, or without hits for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, the alternatives include broader and related entities.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

import msgspec
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from search_app.engine.deadline import Deadline
from search_app.engine.features import missing_places
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import Entity
from search_app.engine.interpretation.interpreter import (
    Interpreter,
    Retrieval,
    list_asks,
    retrieve,
)
from search_app.engine.query.clause_builder import MAX_CHARS
from search_app.engine.query.nodes import Clause, clauses, drop_boosts, list_parts
from search_app.engine.request import SearchRequest
from search_app.engine.results import Diagnosis, Lacking, QueryCount
from search_app.engine.store import StoreRequest

MAX_WORDS = 8
"""At most 8 clauses are searched for alone: each costs a search."""
MAX_UNKNOWN, MAX_NEAREST, MAX_TRIED = 2, 3, 4
"""Limits on unknown words that are corrected, corrections in all, and candidates per word."""
MAX_WIDER = 3
"""At most 3 broader and 3 related entities are offered for one without documents."""


class _Help(NamedTuple):
    """The searches that help with one request. They share its time budget.

    `request` is for the first page.
    """

    request: SearchRequest
    interpreter: Interpreter
    deadline: Deadline

    def search(self, **changes: str | bool) -> Retrieval:
        """Search again, with some fields of the request replaced. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return retrieve(changed, self.interpreter, self.deadline)

    def list_asks(self, **changes: str | bool) -> Iterator[StoreRequest]:
        """Yield the searches that `search` may need. Raise BudgetExceeded."""
        changed = msgspec.structs.replace(self.request, **changes)
        return list_asks(changed, self.interpreter, self.deadline)

    def count_all(self, listed: Sequence[Clause]) -> list[int]:
        """Return the number of publications that match each clause. Raise BudgetExceeded."""
        return self.interpreter.store.count_all(listed, self.deadline)


def diagnose(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Diagnosis:
    """Return the alternatives to a search, with the number of hits of each.

    All searches share the time budget of the first. Raise BudgetExceeded if it is used up.
    """
    request = retrieved.request
    help_ = _Help(msgspec.structs.replace(request, page=1, sort=None), interpreter, deadline)
    all_clauses = (clause for clause in clauses(drop_boosts(retrieved.reply.tree)) if clause.text)
    catalogue = interpreter.vocabulary.catalogue
    typed = {retype(clause, catalogue): clause for clause in islice(all_clauses, MAX_WORDS)}
    is_long = next(all_clauses, None) is not None
    doc_counts = help_.count_all([*typed.values()])
    unknown = {
        text: clause
        for (text, clause), doc_count in zip(typed.items(), doc_counts, strict=True)
        if not doc_count
    }
    has_wider = request.match == "all" or (
        request.match == "auto" and retrieved.interpretation.is_strict
    )
    known = [text for text in typed if text not in unknown]
    expected = chain(
        _expect_alone(known, help_),
        _expect_nearest(unknown.values(), help_, is_long=is_long),
        help_.list_asks(match="any") if has_wider else (),
        () if request.exact else _expect_wider(help_),
        missing_places.list_expected(help_.request, retrieved, interpreter, deadline),
    )
    interpreter.store.prefetch_counts(expected, deadline)
    counts = [
        QueryCount(text, 0) if text in unknown else _count_alone(text, help_) for text in typed
    ]
    return Diagnosis(
        tuple(count for count in counts if count is not None),
        tuple(islice(_find_nearest(unknown.values(), help_, is_long=is_long), MAX_NEAREST)),
        retrieved.reply.matched,
        help_.search(match="any").reply.total if has_wider else None,
        () if request.exact else tuple(_find_lacking(help_)),
        tuple(missing_places.find_missing_places(help_.request, retrieved, interpreter, deadline)),
    )


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


def retype(clause: Clause, catalogue: Catalogue) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one."""
    searchable = [field.name for field in catalogue.searchable]
    fields = {part.fieldname for part in list_parts(clause)} & {*searchable}
    field_prefix = f"{next(iter(fields))}:" if len(fields) == 1 < len(searchable) else ""
    return f"{field_prefix}{clause.text}"


def _count_alone(text: str, help_: _Help) -> QueryCount | None:
    """Return a text with its number of hits; None if it is relaxed or corrected when alone."""
    retrieved = help_.search(text=text)
    is_as_typed = not (retrieved.interpretation.relaxed or retrieved.interpretation.corrected)
    return QueryCount(text, retrieved.reply.total) if is_as_typed else None


def _expect_alone(texts: Iterable[str], help_: _Help) -> Iterator[StoreRequest]:
    """Yield the searches for some texts instead of that of the request."""
    return chain.from_iterable(help_.list_asks(text=text) for text in texts)


def _find_nearest(
    unknown: Iterable[Clause], help_: _Help, *, is_long: bool
) -> Iterator[QueryCount]:
    """Yield texts with hits in which a word of the index replaces an unknown one."""
    for texts in _list_nearest(unknown, help_, is_long=is_long):
        counts = (QueryCount(text, _count_all_words(text, help_)) for text in texts)
        yield from islice((count for count in counts if count.total), 1)


def _expect_nearest(
    unknown: Collection[Clause], help_: _Help, *, is_long: bool
) -> Iterator[StoreRequest]:
    """Yield the searches of `_find_nearest`."""
    for *in_text, alone in _list_nearest(unknown, help_, is_long=is_long):
        for text in (*in_text, alone):
            yield from help_.list_asks(text=text, exact=True, match="all")
        # A text with another unknown word has no hits.
        yield from _expect_alone((*in_text, alone) if len(unknown) == 1 else (alone,), help_)


def _list_nearest(
    unknown: Iterable[Clause], help_: _Help, *, is_long: bool
) -> Iterator[tuple[str, ...]]:
    """Yield the texts to try for each word of the index that may replace an unknown one.

    Correct words and names of places and languages are not replaced. Each candidate is tried in
    the whole text first, unless the text is long, and then alone.
    """
    typed, may_change = help_.request.text, help_.interpreter.spellchecker.may_change
    words = (word for word in map(_get_single_word, unknown) if word and may_change(word))
    misspelled = (word for word in words if not world_places.find_mentions(word))
    for word in islice(misspelled, MAX_UNKNOWN):
        for surface in _list_spellings(word, help_.interpreter):
            yield (surface,) if is_long else (_replace_word(surface, word, typed), surface)


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


def _count_all_words(text: str, help_: _Help) -> int:
    """Return the number of hits that match all words of a text as typed.

    The exact search runs first. If it has no hits, no other interpretation is tried.
    """
    if not help_.search(text=text, exact=True, match="all").reply.total:
        return 0
    return help_.search(text=text).as_typed


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
