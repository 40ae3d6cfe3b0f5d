"""Relaxing: require all words but one, then all but two, and at last any of the words.

Places, languages and years stay mandatory: all hits for *materials in Portuguese* are in
Portuguese, but not all contain *materials*. A rare word is never left out of a hit for common ones:
a publication with it is a hit in each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue
from search_app.engine.query.nodes import Clause, Several, Term, Value

MAX_STEPS_WORDS = 5
"""Words are left out in steps of a query of at most 5 words. In a longer one, any is enough: few
relevant publications contain most words of a question."""
RARE_UP_TO = 10
"""A publication with a word that at most 10 publications contain is a hit in each step."""
LEAST_ENOUGH, MOST_ENOUGH, ENOUGH_SHARE = 10, 100, 0.1
"""A step has enough hits with a tenth of the catalogue, at least 10 publications, at most 100."""


def list_steps(tree: query.Query | None, count: Callable[[str], int]) -> Iterator[query.Query]:
    """Yield a relaxed tree that all words but one must match, then all but two, and so on.

    `count` returns the number of publications and searched texts with a word.
    The last of these trees still needs more than the given tree, in which any word is enough.
    """
    parts: Sequence[query.Query] = [tree]
    if isinstance(tree, query.And):
        parts = tree.subqueries
    place = next((place for place, part in enumerate(parts) if type(part) is query.Or), None)
    if place is None:
        return
    either = parts[place].subqueries
    words = [word for word in either if not isinstance(word, query.Every)]
    if len(words) > MAX_STEPS_WORDS:
        return
    rare = frozenset(
        word.text for word in words if isinstance(word, Clause) and _is_rare(word, count)
    )
    fewest = 0 if len(words) < len(either) else 1
    for least in range(len(words) - 1, fewest, -1):
        some = Several(words, least, rare) if least > 1 else query.Or(words)
        yield query.And([*parts[:place], some, *parts[place + 1 :]]) if len(parts) > 1 else some


def _is_rare(clause: Clause, count: Callable[[str], int]) -> bool:
    """Return whether a clause is of a plain word that few publications and texts contain."""
    words = tokenizer.split_words(clause.text)
    is_plain = all(isinstance(part, Term) for part in clause.parts)
    return is_plain and len(words) == 1 and count(words[0]) <= RARE_UP_TO


def count_enough(size: int) -> int:
    """Return how many hits a step must have in a catalogue of some size."""
    return min(MOST_ENOUGH, max(LEAST_ENOUGH, int(size * ENOUGH_SHARE)))


def require_facts(tree: query.Query, catalogue: Catalogue) -> tuple[query.Query, tuple[str, ...]]:
    """Return an OR tree with its facts made mandatory, and the typed texts of these facts.

    The other clauses only affect the ranking. Return the tree unchanged if it is not an OR, has no
    facts, or has nothing but facts.
    """
    words = tree.subqueries if type(tree) is query.Or else []
    required = list_facts((word for word in words if isinstance(word, Clause)), catalogue)
    optional = [clause for clause in words if clause not in required]
    if not required or not optional:
        return tree, ()
    texts = tuple(clause.text for clause in required)
    return query.And([*required, query.Or([*optional, query.Every()])]), texts


def list_facts(clauses: Iterable[Clause], catalogue: Catalogue) -> list[Clause]:
    """Return the clauses that name a place, a language or a year."""
    rows = {row.name for row in catalogue.fields if row.kind in ("country", "language", "year")}
    # A row of regions has a child row of countries.
    rows |= {name for name, child in catalogue.children.items() if child.kind == "country"}
    return [
        clause
        for clause in clauses
        if any(isinstance(part, Value) and part.row in rows for part in clause.parts)
    ]
