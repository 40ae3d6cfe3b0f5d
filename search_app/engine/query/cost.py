"""Estimated cost of a search, and the limit on the cost of a query.

The cost of a clause is the number of postings to visit. If the clauses of a query exceed
MAX_POSTINGS together, the cheapest ones within the limit are kept. The others are reported.
Equal clauses count once, because their postings are fetched once. `estimate_cost` is a rougher cost
of a whole search, for admission control.

In full texts, the postings are the pages of words. A phrase reads the positions of all its words.
Each hit lists the pages with each word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import assert_never

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold
from search_app.engine.admission import EXPENSIVE
from search_app.engine.query.clause_builder import SHAPE
from search_app.engine.query.grammar import QueryToken, lex
from search_app.engine.query.nodes import (
    Clause,
    Fuzzy,
    Names,
    Near,
    Part,
    Phrase,
    Prefix,
    Term,
    Together,
    Tree,
    Value,
    Wildcard,
    WordPart,
    clauses,
    is_in_texts,
    list_words,
    replace_clauses,
)
from search_app.engine.query.vocabulary import (
    COMPARISON_COST,
    MAX_TEXT_POSTINGS,
    Vocabulary,
    expansion_cost,
)
from search_app.engine.request import SearchRequest

MAX_POSTINGS = 3_000_000
"""Maximum number of postings that a query may visit."""
ALWAYS_ALLOWED = 3
"""A query of up to this many words, in phrases or not, is never cut. Prefixes, wildcards and fuzzy
terms are not exempt."""
POSITION_COST = 4
"""Cost of reading and checking one position, in postings. In a phrase, each word adds 1 per
position."""
WORD_COST = 2500
"""Extra cost of a word, in postings: for stemming, spell checking and highlighting."""
HIT_COST = 6000
"""Cost of a hit on the page, in postings: its texts are read and highlighted."""
EXPLANATION_COST = 6000
"""Cost of explaining one word of one hit, in postings."""
SELECTION_COST = 10_000
"""Cost of a selected facet value, in postings: for its totals, and for longer URLs in all links."""


def limit_cost(tree: Tree, vocabulary: Vocabulary) -> tuple[Tree | None, tuple[str, ...]]:
    """Return the tree, and the typed text of each dropped clause.

    If all clauses together exceed the limit, the most expensive ones are dropped. The tree is None
    if no clause is left. Full texts have a limit of their own.
    """
    all_clauses = list(clauses(tree, excluded=True))
    if len(all_clauses) <= ALWAYS_ALLOWED and sum(map(_count_words, all_clauses)) <= ALWAYS_ALLOWED:
        return tree, ()
    kept, dropped = drop_expensive(
        tree, lambda clause: compute_cost(clause, vocabulary), MAX_POSTINGS
    )
    if kept is None or not vocabulary.texts:
        return kept, dropped
    kept, dropped_in_texts = drop_expensive(
        kept,
        lambda clause: compute_text_cost(clause.parts, vocabulary),
        MAX_TEXT_COST,
    )
    return kept, dropped + dropped_in_texts


def drop_expensive(
    tree: Tree, find_cost: Callable[[Clause], int], limit: int
) -> tuple[Tree | None, tuple[str, ...]]:
    """Return the tree with the cheapest clauses within a limit, and the text of each other one.

    Equal clauses count once. The tree is None if no clause is left.
    """
    all_clauses = list(clauses(tree, excluded=True))
    distinct = {clause.key: clause for clause in all_clauses}
    total, dropped = 0, set()
    for key, cost in sorted(
        ((key, find_cost(clause)) for key, clause in distinct.items()), key=itemgetter(1)
    ):
        total += cost
        if total > limit:
            dropped.add(key)
    if not dropped:
        return tree, ()
    kept = replace_clauses(tree, lambda clause: None if clause.key in dropped else clause)
    return kept, tuple(clause.text for clause in all_clauses if clause.key in dropped)


def _count_words(clause: Clause) -> int:
    """Return the number of words of a plain clause, or ALWAYS_ALLOWED + 1 for any other clause."""
    part = clause.parts[0]
    if isinstance(part, Term):
        return 1
    return len(part.stems) if isinstance(part, Phrase) else ALWAYS_ALLOWED + 1


def compute_cost(clause: Clause, vocabulary: Vocabulary) -> int:
    """Return the estimated number of postings that a clause visits, without those of full texts."""
    return sum(_compute_part_cost(part, vocabulary) for part in set(list_words(clause.parts)))


def _compute_part_cost(part: WordPart, vocabulary: Vocabulary) -> int:
    match part:
        case _ if part.fields.isdisjoint(vocabulary.searchable):
            return 0
        case Phrase():
            counts = [vocabulary.count_occurrences(word) for word in part.stems]
            return min(counts) * (POSITION_COST + len(counts))
        case Near():
            costs = (_compute_part_cost(each, vocabulary) for each in (*part.left, *part.right))
            return POSITION_COST * sum(costs)
        case Term():
            if not part.fields.issuperset(vocabulary.searchable):
                return vocabulary.count_occurrences(part.text) * POSITION_COST
            dictionary = vocabulary.get_dictionary(part.text)
            return sum(map(dictionary.doc_frequency, vocabulary.find_numbers(part.text)))
        case _:
            return expansion_cost(part, vocabulary)


def estimate_cost(request: SearchRequest, vocabulary: Vocabulary) -> int:
    """Return the approximate cost of a search, in postings."""
    query_tokens = list(lex(request.text))
    words = [tokenizer.split_words(token.text) for token in query_tokens]
    # Parentheses take time as well.
    word_count = sum(max(len(words_of_token), 1) for words_of_token in words)
    total = (
        word_count * (WORD_COST + EXPLANATION_COST * request.size * request.explain)
        + HIT_COST * request.size
    )
    total += sum(_estimate_comparisons(token, vocabulary) for token in query_tokens if token.field)
    restrictions = (*request.filters.values(), *request.excluded.values())
    total += SELECTION_COST * sum(map(len, restrictions))
    total += sum(_expanded(token, vocabulary) for token in query_tokens if token.kind == "word")
    if total > EXPENSIVE:
        return total
    total += estimate_text_cost(request, [*zip(query_tokens, words, strict=True)], vocabulary)
    stop_words = stemming.get_stop_words(vocabulary.catalogue.language)
    are_fields = any(token.field and token.kind == "open" for token in query_tokens)
    plain, in_fields = set[str](), set[str]()
    for token, token_words in zip(query_tokens, words, strict=True):
        stems = [vocabulary.list_stems(word)[0] for word in token_words]
        if len(token_words) > 1:
            total += min(vocabulary.count_occurrences(stem) for stem in stems) * (
                POSITION_COST + len(token_words)
            )
        if token.kind == "word":
            (in_fields if are_fields or token.field else plain).update(stems)
    counted = {stem for stem in plain if stem not in stop_words} or plain
    total += sum(map(vocabulary.get_frequency, counted))
    return total + POSITION_COST * sum(vocabulary.count_occurrences(stem) for stem in in_fields)


def _estimate_comparisons(token: QueryToken, vocabulary: Vocabulary) -> int:
    """Return the cost of comparing a text with all values of the facet before its colon."""
    field = vocabulary.catalogue.by_query_name.get((token.field or "").lower())
    values = vocabulary.list_values(field.name) if field else ()
    return len(values) * COMPARISON_COST


def _expanded(token: QueryToken, vocabulary: Vocabulary) -> int:
    """Return the cost of expanding a prefix, a wildcard or a fuzzy term."""
    if "~" not in token.text and "*" not in token.text:
        return 0
    term_count = len(vocabulary.words) + len(vocabulary.stems)
    all_terms = term_count * COMPARISON_COST
    total = all_terms * ("~" in token.text)
    for shape in SHAPE.findall(fold(token.text)):
        prefix, star, after_star = shape.partition("*")
        if star and prefix and not after_star:
            total += expansion_cost(Prefix(prefix, vocabulary.word_fields), vocabulary)
        else:
            total += all_terms * bool(star)
    return total


MAX_TEXT_COST = 200_000_000
"""Limit on the cost of a query in full texts: about half a second."""
PAGES_COST = 6000
"""Cost of finding the pages with one word of one hit, in postings. It is less than the measured
cost, so that a search for a few words does not count as expensive."""


def compute_text_cost(parts: Iterable[Part], vocabulary: Vocabulary) -> int:
    """Return the estimated number of postings that the parts of a clause visit in full texts."""
    total = 0
    for part in parts:
        match part:
            case Names() | Value():
                continue  # cached
            case Together():
                for clause in part.clauses:
                    total += compute_text_cost(clause.parts, vocabulary)
            case _ if not is_in_texts(part, vocabulary.catalogue):
                continue
            case Near():
                sides = compute_text_cost((*part.left, *part.right), vocabulary)
                total += POSITION_COST * sides
            case Phrase():
                counts = map(vocabulary.count_term_in_texts, part.stems)
                total += POSITION_COST * sum(count.positions for count in counts)
            case Term():
                total += vocabulary.count_term_in_texts(part.text).pages
            case Prefix() | Wildcard() | Fuzzy():
                total += _compute_expansion_cost(vocabulary, is_prefix=isinstance(part, Prefix))
            case _:
                assert_never(part)
    return total


def _compute_expansion_cost(vocabulary: Vocabulary, *, is_prefix: bool) -> int:
    """Return the cost of expanding a part, and of reading as many postings as are allowed."""
    texts = vocabulary.texts
    if not texts:
        return 0
    compared = 0 if is_prefix else len(texts.words)
    postings, pages = int(texts.words.offsets[-1]), int(texts.offsets[-1])
    share = min(1.0, MAX_TEXT_POSTINGS / max(1, postings))
    return compared * COMPARISON_COST + int(pages * share)


def estimate_text_cost(
    request: SearchRequest, words: Sequence[tuple[QueryToken, list[str]]], vocabulary: Vocabulary
) -> int:
    """Return the approximate cost of a search in full texts.

    `words` contains those of each token.
    """
    if not vocabulary.texts:
        return 0
    fields, fulltext = vocabulary.catalogue.by_query_name, vocabulary.catalogue.fulltext
    field_of = [fields.get(token.field.lower()) if token.field else None for token, _ in words]
    # A field before parentheses applies to the words in them.
    names_texts = request.inside or fulltext in field_of
    total = 0
    for field, (token, token_words) in zip(field_of, words, strict=True):
        if names_texts and field in {None, fulltext}:
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
