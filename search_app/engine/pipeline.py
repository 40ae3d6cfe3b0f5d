"""The pipeline of a search: from the request to the results.

It interprets the query, gets a reply from the store, and adds passages, facet buckets, explanations
and suggestions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from search_app.engine.deadline import Deadline
from search_app.engine.features import zero_results
from search_app.engine.features.page_hits import make_hits
from search_app.engine.interpretation import spellcheck
from search_app.engine.interpretation.interpreter import (
    Interpretation,
    Interpreter,
    Retrieval,
    find,
)
from search_app.engine.query.nodes import Fields, clauses, drop_boosts
from search_app.engine.query.vocabulary import count_dropped
from search_app.engine.request import SearchRequest
from search_app.engine.results import ExpandedEntity, Lack, Results, Truncation
from search_app.engine.store import Rounds, StoreRequest, run, together


def search(
    request: SearchRequest, interpreter: Interpreter, generation: str, deadline: Deadline
) -> Results:
    """Return the results of a search in a generation. Raise BudgetExceeded."""
    rounds = _search(request, interpreter, generation, deadline)
    return run(rounds, interpreter.store, deadline)


def _search(
    request: SearchRequest, interpreter: Interpreter, generation: str, deadline: Deadline
) -> Rounds[Results]:
    retrieved = yield from find(request, interpreter, deadline)
    reply, interpretation = retrieved.reply, retrieved.interpretation
    parsed = interpretation.parsed
    all_words = (
        reply.count_overlap(interpretation.all_words_docs) if interpretation.all_words_docs else 0
    )
    buckets, hidden_values = reply.count_facets()
    hits = tuple(make_hits(retrieved, interpreter.vocabulary.catalogue, deadline))
    deadline.checkpoint("passages")
    has_match = all_words or (reply.total > reply.by_meaning and not interpretation.relaxed)
    any_word, suggestion = yield from together([
        _count_any_word(retrieved, interpreter, deadline),
        _suggest(retrieved, interpreter, deadline),
    ])  # fmt: skip
    diagnosis = None
    if not has_match:
        with deadline.count_as("diagnosis"):
            diagnosis = yield from zero_results.diagnose(retrieved, interpreter, deadline)
    return Results(
        total=reply.total, titles=reply.titles, is_folded=retrieved.request.fold,
        hits=hits, facets=buckets, hidden_values=hidden_values,
        relaxed=interpretation.relaxed, all_words=all_words,
        lacks=tuple(_list_lacks(retrieved, interpreter.scope)),
        required=interpretation.required, semantic_hits=reply.by_meaning,
        any_word=any_word,
        corrected=interpretation.corrected, years=retrieved.dated_query.expressions,
        identifies=retrieved.dated_query.identifies,
        suggestion=suggestion,
        entities=tuple(_list_expanded(interpretation)), scored=interpretation.has_words,
        sort=StoreRequest(retrieved.request, parsed.words).sort,
        ignored_words=parsed.ignored + retrieved.request.beyond, dropped_clauses=reply.dropped,
        truncated=tuple(_list_truncated(retrieved, interpreter, deadline)),
        unknown_values=parsed.unknown, unknown_fields=parsed.unknown_fields,
        has_query=not retrieved.request.text or parsed.words is not None or bool(parsed.filters),
        diagnosis=diagnosis, is_zero_result=diagnosis is not None and not reply.has_words,
        generation=generation, took_ms=round(deadline.total, 3), stages=deadline.stages,
    )  # fmt: skip


def _list_expanded(interpretation: Interpretation) -> Iterator[ExpandedEntity]:
    """Yield the entities in the query that match by synonyms or narrower entities."""
    for clause in clauses(interpretation.parsed.words):
        if clause.synonyms or clause.narrower:
            yield ExpandedEntity(clause.text, clause.synonyms, clause.narrower)


def _list_lacks(retrieved: Retrieval, scope: Fields) -> Iterator[Lack]:
    """Yield the words that hits lack if some words were left out, with the number of these hits."""
    reply = retrieved.reply
    if retrieved.interpretation.is_step:
        typed = clauses(drop_boosts(reply.tree))
        words = {zero_results.retype(clause, scope): clause for clause in typed}
        counts = reply.count_with([*words.values()])
        for text, count in zip(words, counts, strict=True):
            if count < reply.total:
                yield Lack(text, reply.total - count)


def _count_any_word(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Rounds[int | None]:
    """Return the number of hits for any word, if a query with operators has fewer, and few."""
    request, interpretation = retrieved.request, retrieved.interpretation
    is_narrow = interpretation.is_strict and interpretation.is_narrow
    total = retrieved.reply.total
    if request.match != "auto" or not is_narrow or not total:
        return None
    wider = msgspec.structs.replace(request, match="any", page=1, sort=None)
    found = yield from find(wider, interpreter, deadline)
    return found.reply.total if found.reply.total > total else None


def _suggest(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Rounds[str | None]:
    """Return a corrected query text to suggest, if a word is rare or misspelled, or None.

    The text has hits within the filters.
    """
    request, interpretation = retrieved.request, retrieved.interpretation
    if request.exact or interpretation.corrected or not interpretation.has_words:
        return None  # the words are as typed, or corrected
    text = interpreter.spellchecker.suggest(request.text, deadline, rare=_is_rare(retrieved))
    if text is None:
        return None
    corrected = msgspec.structs.replace(request, text=text, semantic=True, page=1, sort=None)
    found = yield from find(corrected, interpreter, deadline)
    return text if found.reply.total else None


def _is_rare(retrieved: Retrieval) -> bool:
    interpretation = retrieved.interpretation
    return (
        not interpretation.relaxed and interpretation.reply.by_words < spellcheck.TRUSTED_FREQUENCY
    )


def _list_truncated(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Iterator[Truncation]:
    """Yield clauses with too many terms or names, with the number of those left out.

    Raise BudgetExceeded.
    """
    left_out = Counter(dict(retrieved.reply.truncated))
    for clause in clauses(drop_boosts(retrieved.reply.tree)):
        left_out[clause.text] += count_dropped(clause, interpreter.vocabulary)
        deadline.checkpoint("match")  # an expansion that is no longer cached is made again
    yield from (Truncation(text, count) for text, count in left_out.items() if count)
