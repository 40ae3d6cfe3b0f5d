"""Estimated cost of a search, and the limit on the cost of a query.

The cost of a clause is the number of postings to visit. If the clauses of a query exceed MOST
together, the cheapest ones within the limit are kept and the others are reported. Equal clauses
count once, because their postings are fetched once. `estimate` is a rougher cost of a whole search,
for admission control.
"""

from __future__ import annotations

from typing import NamedTuple

from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import fold
from indexer.catalogue.schema import row_of
from search_app.engine.admission import COSTLY
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.clause import said
from search_app.engine.query.lexer import Token, tokens
from search_app.engine.query.literal import SHAPE
from search_app.engine.query.nodes import Leaf, first_of_equals, parts
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot

MOST = 3_000_000
"""Maximum number of postings that a query may visit."""
FREE = 3
"""A query of up to this many words, in phrases or not, is never cut. Prefixes, wildcards and fuzzy
terms are not exempt."""
PLACE = 4
"""Cost of checking one position, in postings. In a phrase, each word adds 1 per position."""
WORD = 2500
"""Cost of a word in postings, besides its own: for stemming, spell checking and highlighting."""
SHOWN = 6000
"""Cost of a hit on the page, in postings: its texts are read and highlighted."""
EXPLAINED = 6000
"""Cost of explaining one word of one hit, in postings."""
SELECTED = 10_000
"""Cost of a selected facet value, in postings: for its totals, and for longer URLs in all links."""


class Bounded(NamedTuple):
    """A tree within the limit, and the typed text of each dropped clause.

    `tree` is None if no clause is left.
    """

    tree: query.Query | None
    left_out: tuple[str, ...]


def bounded(tree: query.Query, snapshot: Snapshot) -> Bounded:
    """Return the tree without its most expensive clauses, if all together exceed the limit."""
    found = list(_all_leaves(tree))
    if len(found) <= FREE and sum(map(_plain_words, found)) <= FREE:
        return Bounded(tree, ())
    first = first_of_equals(found)
    different = list({id(leaf): leaf for leaf in first.values()}.values())
    costs = sorted((cost(leaf, snapshot), at) for at, leaf in enumerate(different))
    total, beyond = 0, set()
    for each, at in costs:
        total += each
        if total > MOST:
            beyond.add(id(different[at]))
    if not beyond:
        return Bounded(tree, ())
    dropped = {each for each, leaf in first.items() if id(leaf) in beyond}
    left_out = tuple(leaf.said for leaf in found if id(leaf) in dropped)
    return Bounded(_without(tree, dropped), left_out)


def _plain_words(leaf: Leaf) -> int:
    """Return the number of words of a plain clause; of another one, more than are exempt."""
    part = leaf.subqueries[0]
    if isinstance(part, query.Term):
        return 1
    return len(part.words) if isinstance(part, query.Phrase) else FREE + 1


def cost(leaf: Leaf, snapshot: Snapshot) -> int:
    """Return the estimated number of postings that a clause visits."""
    told: dict[object, tuple[query.Query, set[str]]] = {}
    for part in parts(leaf):
        told.setdefault(said(part), (part, set()))[1].add(part.fieldname)
    return sum(_cost(part, fields, snapshot) for part, fields in told.values())


def _cost(part: query.Query, fields: set[str], snapshot: Snapshot) -> int:
    if isinstance(part, query.Phrase):
        places = [stands(word, snapshot) for word in part.words]
        return min(places) * (PLACE + len(places))
    if row_of(part.fieldname):
        return 0  # a cached mask
    if not isinstance(part, query.Term):
        return term_expansion.size(part, snapshot)
    if len(fields) < len(snapshot.segment.fields):
        return stands(part.text, snapshot) * PLACE
    terms = snapshot.vocabulary.terms_of(part.text)
    return sum(map(terms.frequency, snapshot.vocabulary.numbers_of(part.text)))


def stands(term: str, snapshot: Snapshot) -> int:
    """Return the number of occurrences of a term. An unstemmed word counts those of its stem."""
    segment, numbers = snapshot.segment, snapshot.vocabulary.numbers_of(term)
    if term.startswith(tokenizer.WRITTEN):
        numbers = [int(segment.stem_of[number]) for number in numbers]
    return sum(map(segment.stands, numbers))


def _all_leaves(tree: query.Query) -> list[Leaf]:
    """Return the clauses of a tree, including those under a NOT."""
    if isinstance(tree, Leaf):
        return [tree]
    return [leaf for child in tree.children() for leaf in _all_leaves(child)]


def _without(tree: query.Query, dropped: set[int]) -> query.Query | None:
    """Return the tree without some clauses and without nodes that become empty; None if all do."""
    if isinstance(tree, Leaf):
        return None if id(tree) in dropped else tree
    if isinstance(tree, query.Not):
        inner = _without(tree.query, dropped)
        return None if inner is None else query.Not(inner)
    if not isinstance(tree, query.And | query.Or):
        return tree
    kept = [each for child in tree.subqueries if (each := _without(child, dropped)) is not None]
    return type(tree)(kept) if len(kept) > 1 else kept[0] if kept else None


def estimate(request: SearchRequest, snapshot: Snapshot) -> int:
    """Return the approximate cost of a search, in postings."""
    found = list(tokens(request.text))
    words = [tokenizer.words(token.text) for token in found]
    pieces = sum(max(len(each), 1) for each in words)  # parentheses take time as well
    total = pieces * (WORD + EXPLAINED * request.size * request.explain) + SHOWN * request.size
    total += sum(_compared(each, snapshot) for each in found if each.field)
    total += SELECTED * sum(map(len, request.filters.values()))
    total += sum(_expanded(each, snapshot) for each in found if each.kind == "word")
    if total > COSTLY:
        return total
    dropped = stemming.stop_words(snapshot.catalogue.language)
    are_fields = any(token.field and token.kind == "open" for token in found)
    plain, in_fields = set[str](), set[str]()
    for token, raws in zip(found, words, strict=True):
        stems = [snapshot.vocabulary.stems(raw)[0] for raw in raws]
        if len(raws) > 1:
            total += min(stands(stem, snapshot) for stem in stems) * (PLACE + len(raws))
        if token.kind == "word":
            (in_fields if are_fields or token.field else plain).update(stems)
    kept = {stem for stem in plain if stem not in dropped} or plain
    total += sum(map(snapshot.vocabulary.frequency, kept))
    return total + PLACE * sum(stands(stem, snapshot) for stem in in_fields)


def _compared(token: Token, snapshot: Snapshot) -> int:
    """Return the cost of comparing a text with all values of the facet before its colon."""
    row = snapshot.catalogue.by_query_name.get((token.field or "").lower())
    column = snapshot.columns.get(row.name) if row else None
    return len(column.values) * term_expansion.LOOKED_AT if column else 0


def _expanded(token: Token, snapshot: Snapshot) -> int:
    """Return the cost of expanding a prefix, a wildcard or a fuzzy term."""
    if "~" not in token.text and "*" not in token.text:
        return 0
    terms = (snapshot.segment.words, snapshot.segment.stems)
    all_terms = sum(len(each.texts) for each in terms) * term_expansion.LOOKED_AT
    total = all_terms * ("~" in token.text)
    for shape in SHAPE.findall(fold(token.text)):
        beginning, star, rest = shape.partition("*")
        if star and beginning and not rest:
            total += term_expansion.size(query.Prefix("", tokenizer.WRITTEN + beginning), snapshot)
        else:
            total += all_terms * bool(star)
    return total
