"""Our own nodes of a query tree, and functions to walk a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from whoosh import query

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.schema import parse_exact_name


class Clause(query.Or):  # type: ignore[misc]
    """A clause: one word, phrase or prefix of a query, as an OR over all fields.

    It scores as one pseudo-term. Its frequency in a field sums all its matches there, and its
    document frequency counts the documents that it matches in any field. Never `normalize()` a tree
    with clauses, because Whoosh would flatten them into their parents. `text` is the text as typed,
    and `synonyms` has the synonyms that it matches. `entity_id` is the id of the entity that it
    names, or empty. `narrower` has the names of narrower concepts that it matches.
    """

    def __init__(
        self,
        subqueries: list[query.Query],
        text: str = "",
        synonyms: tuple[str, ...] = (),
        entity_id: str = "",
        narrower: tuple[str, ...] = (),
    ) -> None:
        super().__init__(subqueries)
        self.text, self.synonyms, self.entity_id, self.narrower = (
            text,
            synonyms,
            entity_id,
            narrower,
        )

    def __hash__(self) -> int:
        """Return the number of parts. Whoosh hashes each part, and there may be hundreds."""
        return len(self.subqueries)


class Synonyms(query.Or):  # type: ignore[misc]
    """A part of a clause: the synonyms of an entity (`name`), or its narrower concepts (`kin`).

    `how` says which of the two. Its matches are cached by `how` and `entity_id`, the id of the
    entity.
    """

    def __init__(
        self,
        subqueries: list[query.Query],
        entity_id: str,
        how: Literal["name", "kin"] = "name",
        boost: float = 1.0,
    ) -> None:
        super().__init__(subqueries, boost=boost)
        self.entity_id, self.how = entity_id, how


class Several(query.Or):  # type: ignore[misc]
    """A node that matches if at least `least` of its children match, two or more.

    A clause whose text is in `sufficient` is enough alone. The scores of all children add up.
    """

    def __init__(
        self, subqueries: list[query.Query], least: int, sufficient: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(subqueries)
        self.least, self.sufficient = least, sufficient

    def weigh(self, child: query.Query) -> int:
        """Return how many of the children that must match a child stands for."""
        return self.least if isinstance(child, Clause) and child.text in self.sufficient else 1


def compile_wildcard(wildcard: str) -> re.Pattern[str]:
    """Return a pattern for whole words that a wildcard matches; `*` matches any text.

    It takes the first occurrence of each piece and never backtracks into it. The time is
    proportional to the lengths, whatever the number of stars.
    """
    first, *other_pieces = map(re.escape, wildcard.split("*"))
    inner, last = other_pieces[:-1], "".join(f".*{piece}" for piece in other_pieces[-1:])
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in inner) + last, re.DOTALL)


def clauses(tree: query.Query | None, *, excluded: bool = False) -> Iterator[Clause]:
    """Yield the clauses of a tree. Those under a NOT are left out unless `excluded` is true."""
    if isinstance(tree, Clause):
        yield tree
    elif tree is not None and (excluded or not isinstance(tree, query.Not)):
        for child in tree.children():
            yield from clauses(child, excluded=excluded)


def map_to_first(all_clauses: Iterable[Clause]) -> dict[int, Clause]:
    """Return a mapping from the `id()` of each clause to the first equal clause of that text."""
    first: dict[tuple[str, Clause], Clause] = {}
    return {id(clause): first.setdefault((clause.text, clause), clause) for clause in all_clauses}


def rejoin(node: query.And | query.Or, children: list[query.Query]) -> query.Query:
    """Return an And or an Or with other children; a single child alone.

    Of `Several` children, one less must match for each that is left out.
    """
    if len(children) == 1:
        return children[0]
    if isinstance(node, Several):
        least = node.least - (len(node.subqueries) - len(children))
        return Several(children, least, node.sufficient) if least > 1 else query.Or(children)
    return type(node)(children)


def drop_boosts(tree: query.Query | None) -> query.Query | None:
    """Return a tree without the boosts that only change the order of its hits."""
    return drop_boosts(tree.a) if isinstance(tree, query.AndMaybe) else tree


def list_parts(tree: query.Query | None) -> Iterator[query.Query]:
    """Yield the parts of all clauses of a tree, each of which is about one field."""
    for clause in clauses(tree):
        yield from _list_parts(clause)


def _list_parts(node: query.Query) -> Iterator[query.Query]:
    for part in node.subqueries:
        if isinstance(part, query.CompoundQuery):
            yield from _list_parts(part)
        else:
            yield part


def make_part_key(part: query.Query) -> object:
    """Return a key of a part without its field. Parts with equal keys are evaluated together."""
    if isinstance(part, query.Phrase):
        return (part.boost, *part.words)
    if isinstance(part, query.FuzzyTerm):
        return (part.text, part.maxdist, part.prefixlength)
    return (type(part), getattr(part, "text", None), part.boost)


def list_fulltext_parts(
    clause: query.Query, catalogue: Catalogue, *, only_named: bool = False
) -> Iterator[query.Query]:
    """Yield the parts of a clause that match full texts, each once.

    They are compounds, and the parts for the field of the full text. A word that was typed without
    a field has parts for this field and for all searchable fields. `only_named` leaves it out.
    """
    fulltext = catalogue.fulltext
    if fulltext is None:
        return
    searchable = {field.name for field in catalogue.searchable}
    in_texts: dict[object, query.Query] = {}
    elsewhere = set[object]()
    for part in clause.subqueries:
        if isinstance(part, query.CompoundQuery):
            yield part  # its own parts may apply
        elif part.fieldname == fulltext.name:
            in_texts.setdefault(make_part_key(part), part)
        elif only_named and part.fieldname in searchable:
            elsewhere.add(make_part_key(part))
    for key, part in in_texts.items():
        if key not in elsewhere:
            yield part


def list_page_parts(
    clause: query.Query, catalogue: Catalogue, *, only_named: bool = False
) -> tuple[list[query.Query], list[query.And]]:
    """Return the parts of a clause that are looked for on pages, each once, and its compounds.

    The names of an entity are parts. The words of a compound are looked for only in texts without
    any part, because they may be anywhere in a text.
    """
    parts: dict[object, query.Query] = {}
    compounds: list[query.And] = []
    for part in list_fulltext_parts(clause, catalogue, only_named=only_named):
        if isinstance(part, query.And):
            compounds.append(part)
            continue
        is_names = isinstance(part, query.CompoundQuery)
        names = list_fulltext_parts(part, catalogue, only_named=only_named) if is_names else [part]
        for name in names:
            parts.setdefault(make_part_key(name), name)
    return [*parts.values()], compounds


def split_filters(nodes: list[query.Query]) -> tuple[list[query.Query], list[query.Query]]:
    """Return the nodes about words, and the nodes about facet values only."""
    words: list[query.Query] = []
    filters: list[query.Query] = []
    for node in nodes:
        (filters if _is_filter(node) else words).append(node)
    return words, filters


def _is_filter(node: query.Query) -> bool:
    """Return whether a node, or the node that it negates, is about facet values only."""
    if isinstance(node, Clause):
        return False
    if isinstance(node, query.Not):
        return _is_filter(node.query)
    if isinstance(node, query.CompoundQuery):
        return bool(node.subqueries) and all(_is_filter(child) for child in node.subqueries)
    return (
        isinstance(node, query.Term | query.TermRange)
        and parse_exact_name(node.fieldname) is not None
    )
