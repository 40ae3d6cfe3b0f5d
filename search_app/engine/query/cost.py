"""Estimated cost of a search, and the limit on the cost of a query.

The cost of a clause is the number of postings to visit. If the clauses of a query exceed
MAX_POSTINGS together, the cheapest ones within the limit are kept. The others are reported.
Equal clauses count once, because their postings are fetched once. `estimate_cost` is a rougher cost
of a whole search, for admission control.

In full texts, the postings are the pages of words. A phrase reads the positions of all its words.
Each hit lists the pages with each word.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold
from search_app.engine.admission import EXPENSIVE
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import SHAPE
from search_app.engine.query.grammar import QueryToken, lex
from search_app.engine.query.vocabulary import COMPARISON_COST, Vocabulary, expansion_cost
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
MAX_TEXT_COST = 200_000_000
"""Limit on the cost of a query in full texts: about half a second."""
PAGES_COST = 6000
"""Cost of finding the pages with one word of one hit, in postings. It is less than the measured
cost, so that a search for a few words does not count as expensive."""


def limit_cost(
    tree: nodes.Tree, vocabulary: Vocabulary
) -> tuple[nodes.Tree | None, tuple[str, ...]]:
    """Return the tree, and the typed text of each dropped clause.

    If all clauses together exceed the limit in publications or that in full texts, the most
    expensive ones are dropped. The tree is None if no clause is left.
    """
    all_clauses = list(nodes.clauses(tree, excluded=True))
    if len(all_clauses) <= ALWAYS_ALLOWED and sum(map(_count_words, all_clauses)) <= ALWAYS_ALLOWED:
        return tree, ()
    kept, dropped = drop_expensive(tree, partial(compute_cost, vocabulary=vocabulary), MAX_POSTINGS)
    if kept is None or not vocabulary.texts:
        return kept, dropped
    find_cost = partial(compute_cost, vocabulary=vocabulary, in_texts=True)
    kept, dropped_in_texts = drop_expensive(kept, find_cost, MAX_TEXT_COST)
    return kept, dropped + dropped_in_texts


def drop_expensive(
    tree: nodes.Tree, find_cost: Callable[[nodes.Clause], int], limit: int
) -> tuple[nodes.Tree | None, tuple[str, ...]]:
    """Return the tree with the cheapest clauses within a limit, and the text of each other one.

    Equal clauses count once. The tree is None if no clause is left.
    """
    all_clauses = list(nodes.clauses(tree, excluded=True))
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
    kept = nodes.replace_clauses(tree, lambda clause: None if clause.key in dropped else clause)
    return kept, tuple(clause.text for clause in all_clauses if clause.key in dropped)


def _count_words(clause: nodes.Clause) -> int:
    """Return the number of words of a plain clause, or ALWAYS_ALLOWED + 1 for any other clause."""
    part = clause.parts[0]
    if isinstance(part, nodes.Term):
        return 1
    return len(part.stems) if isinstance(part, nodes.Phrase) else ALWAYS_ALLOWED + 1


def compute_cost(clause: nodes.Clause, vocabulary: Vocabulary, *, in_texts: bool = False) -> int:
    """Return the estimated number of postings that a clause visits in publications or full texts.

    The names of entities in full texts are cached.
    """
    parts = (part for part in clause.parts if not (in_texts and isinstance(part, nodes.Names)))
    words = set(nodes.list_words(parts))
    return sum(_compute_part_cost(part, vocabulary, in_texts=in_texts) for part in words)


def _compute_part_cost(part: nodes.WordPart, vocabulary: Vocabulary, *, in_texts: bool) -> int:
    count = partial(vocabulary.count_occurrences, in_texts=in_texts)
    match part:
        case _ if not vocabulary.is_searched(part, in_texts=in_texts):
            return 0
        case nodes.Phrase():
            counts = [*map(count, part.stems)]
            read = sum(counts) if in_texts else min(counts)
            return read * (POSITION_COST if in_texts else POSITION_COST + len(counts))
        case nodes.Near():
            sides = (*part.left, *part.right)
            costs = (_compute_part_cost(each, vocabulary, in_texts=in_texts) for each in sides)
            return POSITION_COST * sum(costs)
        case nodes.Term():
            if in_texts or part.fields.issuperset(vocabulary.searchable):
                return vocabulary.count_postings(part.text, in_texts=in_texts)
            return count(part.text) * POSITION_COST
        case _:
            return expansion_cost(part, vocabulary, in_texts=in_texts)


def estimate_cost(request: SearchRequest, vocabulary: Vocabulary) -> int:
    """Return the approximate cost of a search, in postings."""
    query_tokens = lex(request.text)
    words = [tokenizer.split_words(token.text) for token in query_tokens]
    # Parentheses take time as well.
    word_count = sum(max(len(words_of_token), 1) for words_of_token in words)
    fields = [vocabulary.catalogue.by_query_name.get((t.field or "").lower()) for t in query_tokens]
    # A text is compared with all values of the facet before its colon.
    values = (vocabulary.list_values(field.name) for field in fields if field)
    restrictions = (*request.filters.values(), *request.excluded.values())
    total = (
        word_count * (WORD_COST + EXPLANATION_COST * request.size * request.explain)
        + HIT_COST * request.size
        + COMPARISON_COST * sum(map(len, values))
        + SELECTION_COST * sum(map(len, restrictions))
        + sum(_estimate_expansions(t, vocabulary) for t in query_tokens if t.kind == "word")
    )
    if total > EXPENSIVE:
        return total
    fulltext, stop_words = (
        vocabulary.catalogue.fulltext,
        stemming.get_stop_words(vocabulary.catalogue.language),
    )
    # A field before parentheses applies to the words in them.
    are_fields = any(token.field and token.kind == "open" for token in query_tokens)
    names_texts = vocabulary.texts and (request.inside or fulltext in fields)
    plain, in_fields = set[str](), set[str]()
    for token, field, token_words in zip(query_tokens, fields, words, strict=True):
        if names_texts and field in {None, fulltext}:
            total += PAGES_COST * request.size * len(token_words)
            total += _estimate_in_texts(token, token_words, vocabulary)
        stems = [vocabulary.list_stems(word)[0] for word in token_words]
        if len(stems) > 1:
            rarest = min(map(vocabulary.count_occurrences, stems))
            total += rarest * (POSITION_COST + len(stems))
        if token.kind == "word":
            (in_fields if are_fields or token.field else plain).update(stems)
    total += sum(map(vocabulary.get_frequency, plain - stop_words or plain))
    return total + POSITION_COST * sum(map(vocabulary.count_occurrences, in_fields))


def _estimate_expansions(token: QueryToken, vocabulary: Vocabulary) -> int:
    """Return the cost of expanding a prefix, a wildcard or a fuzzy term."""
    if "~" not in token.text and "*" not in token.text:
        return 0
    term_count = len(vocabulary.words) + len(vocabulary.stems)
    all_terms = term_count * COMPARISON_COST
    total = all_terms * ("~" in token.text)
    for shape in SHAPE.findall(fold(token.text)):
        prefix, star, after_star = shape.partition("*")
        if star and prefix and not after_star:
            total += expansion_cost(nodes.Prefix(prefix, vocabulary.word_fields), vocabulary)
        else:
            total += all_terms * bool(star)
    return total


def _estimate_in_texts(token: QueryToken, words: Sequence[str], vocabulary: Vocabulary) -> int:
    """Return the cost of finding the words of a token in full texts."""
    if "*" in token.text or "~" in token.text:
        is_prefix = "~" not in token.text and "*" not in token.text[:-1]
        part = (nodes.Prefix if is_prefix else nodes.Wildcard)(token.text, vocabulary.word_fields)
        return expansion_cost(part, vocabulary, in_texts=True)
    stems = {stem for word in words for stem in vocabulary.list_stems(word)}
    total = sum(vocabulary.count_postings(stem, in_texts=True) for stem in stems)
    if len(words) > 1:
        counts = (vocabulary.count_occurrences(stem, in_texts=True) for stem in stems)
        total += POSITION_COST * sum(counts)
    return total
