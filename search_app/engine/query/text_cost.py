"""The cost of a query in full texts, in postings: the pages of words.

A phrase reads the positions of all its words. Each hit lists the pages with each word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from search_app.engine.query import term_expansion
from search_app.engine.query.grammar import QueryToken
from search_app.engine.query.nodes import (
    Names,
    Near,
    Part,
    Phrase,
    Prefix,
    Term,
    Together,
    Value,
    is_in_texts,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest

MAX_COST = 200_000_000
"""Limit on the cost of a query in full texts: about half a second."""
POSITION_COST = 4
"""Cost of reading and comparing one position of a phrase, in postings."""
PAGES_COST = 6000
"""Cost of finding the pages with one word of one hit, in postings. It is less than the measured
cost, so that a search for a few words does not count as expensive."""


def compute_cost(parts: Iterable[Part], vocabulary: Vocabulary) -> int:
    """Return the estimated number of postings that the parts of a clause visit in full texts."""
    total = 0
    for part in parts:
        if isinstance(part, Names | Value):
            continue  # cached
        if isinstance(part, Together):
            for clause in part.clauses:
                total += compute_cost(clause.parts, vocabulary)
        elif not is_in_texts(part, vocabulary.catalogue):
            continue
        elif isinstance(part, Near):
            sides = compute_cost((*part.left, *part.right), vocabulary)
            total += POSITION_COST * sides
        elif isinstance(part, Phrase):
            counts = map(vocabulary.count_term_in_texts, part.stems)
            total += POSITION_COST * sum(count.positions for count in counts)
        elif isinstance(part, Term):
            total += vocabulary.count_term_in_texts(part.text).pages
        else:
            total += _compute_expansion_cost(vocabulary, is_prefix=isinstance(part, Prefix))
    return total


def _compute_expansion_cost(vocabulary: Vocabulary, *, is_prefix: bool) -> int:
    """Return the cost of expanding a part, and of reading as many postings as are allowed."""
    texts = vocabulary.texts
    if not texts:
        return 0
    compared = 0 if is_prefix else len(texts.words)
    postings, pages = int(texts.words.offsets[-1]), int(texts.offsets[-1])
    share = min(1.0, term_expansion.MAX_TEXT_POSTINGS / max(1, postings))
    return compared * term_expansion.COMPARISON_COST + int(pages * share)


def estimate_cost(
    request: SearchRequest, words: Sequence[tuple[QueryToken, list[str]]], vocabulary: Vocabulary
) -> int:
    """Return the approximate cost of a search in full texts. `words` has those of each token."""
    if not vocabulary.texts:
        return 0
    rows, fulltext = vocabulary.catalogue.by_query_name, vocabulary.catalogue.fulltext
    row_of = [rows.get(token.field.lower()) if token.field else None for token, _ in words]
    # A field before parentheses applies to the words in them.
    names_texts = request.inside or fulltext in row_of
    total = 0
    for row, (token, token_words) in zip(row_of, words, strict=True):
        if names_texts and row in {None, fulltext}:
            total += PAGES_COST * request.size * len(token_words)
            total += _estimate_token(token, token_words, vocabulary)
    return total


def _estimate_token(token: QueryToken, words: Sequence[str], vocabulary: Vocabulary) -> int:
    if "*" in token.text or "~" in token.text:
        is_prefix = "~" not in token.text and "*" not in token.text[:-1]
        return _compute_expansion_cost(vocabulary, is_prefix=is_prefix)
    stems = {stem for word in words for stem in vocabulary.list_stems(word)}
    counts = [*map(vocabulary.count_term_in_texts, stems)]
    total = sum(count.pages for count in counts)
    if len(words) > 1:
        total += POSITION_COST * sum(count.positions for count in counts)
    return total
