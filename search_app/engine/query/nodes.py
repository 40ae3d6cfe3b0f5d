"""The nodes of a query tree.

The operators are nodes of `whoosh.query` (And, Or, Not, AndMaybe, Every), and `Several`. The leaves
are `Clause`, which matches words and scores, and `Filter`, which only restricts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, assert_never

import msgspec
from whoosh import query

from indexer.catalogue.fields import Catalogue

Fields = frozenset[str]
"""The names of the fields that a part of a clause matches in. Their frequencies add up."""


class UnknownNode(TypeError):
    """A node of a query tree that the engine cannot evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"the engine cannot evaluate a {type(node).__name__} node: {node!r}")


class Term(msgspec.Struct, frozen=True):
    """A stem, or after `tokenizer.SURFACE_PREFIX` a word as written."""

    text: str
    fields: Fields
    boost: float = 1.0


class Phrase(msgspec.Struct, frozen=True):
    """Adjacent stems."""

    stems: tuple[str, ...]
    fields: Fields
    boost: float = 1.0


class Prefix(msgspec.Struct, frozen=True):
    """The words that begin with a text, as written."""

    text: str
    fields: Fields
    boost: float = 1.0


class Wildcard(msgspec.Struct, frozen=True):
    """The words that a wildcard matches, as written. `*` stands for any text."""

    text: str
    fields: Fields
    boost: float = 1.0


class Fuzzy(msgspec.Struct, frozen=True):
    """The words within `edits` of a word, as written (Levenshtein)."""

    text: str
    fields: Fields
    edits: int = 1
    boost: float = 1.0


class Near(NamedTuple):
    """Words of the left parts and words of the right ones within `distance` words of each other.

    Either may come first, and both are in one field. All parts have the same fields. Each of the
    words that are near is an occurrence. Each function that finds them unpacks the whole tuple,
    so that mypy reports it when an attribute is added.
    """

    left: tuple[PlainPart, ...]
    right: tuple[PlainPart, ...]
    distance: int
    boost: float

    @property
    def fields(self) -> Fields:
        """The fields of the parts."""
        return self.left[0].fields


ID = "id"
"""The field of a `Value` that is the id of a publication."""


class Value(msgspec.Struct, frozen=True):
    """An exact value of a field, or an ID. Each publication that has it has the weight 1."""

    field: str
    value: str
    boost: float = 1.0


class Together(msgspec.Struct, frozen=True):
    """A part that matches only where all of its clauses match, whatever lies between them.

    The weight of a publication is the lowest weight of any clause in it.
    """

    clauses: tuple[Clause, ...]
    boost: float = 1.0


class Names(msgspec.Struct, frozen=True):
    """The other names of an entity (`synonym`), or the names of its narrower concepts (`narrower`).

    `how` says which of the two. The publications that match depend on `how`, `entity_id`, and the
    fields alone, so they can be cached by them.
    """

    parts: tuple[NamePart, ...]
    entity_id: str
    how: Literal["synonym", "narrower"] = "synonym"
    boost: float = 1.0

    @property
    def fields(self) -> Fields:
        """The fields of the names."""
        return self.parts[0].fields

    def __hash__(self) -> int:
        """Return the hash of the entity. There may be hundreds of names."""
        return hash((self.entity_id, self.how, self.boost))


NamePart = Term | Phrase
"""A part of a clause that is a name of an entity."""
Expansion = Prefix | Wildcard | Fuzzy
"""A part of a clause that stands for the words of the index that it matches."""
PlainPart = Term | Phrase | Prefix | Wildcard | Fuzzy
"""A part of a clause that matches words, wherever other words are."""
WordPart = PlainPart | Near
"""A part of a clause that matches words of some fields."""
Part = WordPart | Value | Together | Names
"""A part of a clause. Each publication that it matches has a weighted frequency."""


class Clause(query.Query):  # type: ignore[misc]
    """A clause: what one word, phrase or name of a query matches. Any of its parts is enough.

    It scores as one pseudo-term. Its frequency sums the matches of all parts, each multiplied by
    its boost, and its document frequency counts the documents that any part matches. `text` is the
    text as typed. `entity_id` is the id of the entity that it names, or empty. `synonyms` and
    `narrower` have the names that it also matches, as users see them. Clauses are equal if their
    parts are.
    """

    def __init__(
        self,
        parts: Iterable[Part],
        text: str = "",
        synonyms: tuple[str, ...] = (),
        entity_id: str = "",
        narrower: tuple[str, ...] = (),
    ) -> None:
        self.parts: tuple[Part, ...] = tuple(dict.fromkeys(parts))
        self.text, self.synonyms = text, synonyms
        self.entity_id, self.narrower = entity_id, narrower

    def __eq__(self, other: object) -> bool:
        """Return whether another clause has the same parts."""
        return isinstance(other, Clause) and self.parts == other.parts

    def __hash__(self) -> int:
        """Return the hash of the parts."""
        return hash(self.parts)

    def __repr__(self) -> str:
        """Return the text and the parts."""
        return f"Clause({self.text!r}, {list(self.parts)})"


class Filter(query.Query):  # type: ignore[misc]
    """A restriction to the publications with any of some values of a field.

    The values are those listed, or those from `low` to `high` in text order, either of which may be
    None. It does not score.
    """

    def __init__(
        self,
        field: str,
        values: Sequence[str] = (),
        low: str | None = None,
        high: str | None = None,
    ) -> None:
        self.field, self.values, self.low, self.high = field, tuple(values), low, high

    @property
    def _key(self) -> object:
        return self.field, self.values, self.low, self.high

    def __eq__(self, other: object) -> bool:
        """Return whether another filter has the same field and the same values."""
        return isinstance(other, Filter) and self._key == other._key

    def __hash__(self) -> int:
        """Return the hash of the field and the values."""
        return hash(self._key)

    def __repr__(self) -> str:
        """Return the field and the values."""
        return f"Filter{self._key!r}"


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


def replace_clauses(
    tree: query.Query, replace: Callable[[Clause], Clause | None]
) -> query.Query | None:
    """Return a tree with its clauses replaced.

    A clause that is replaced by None is left out, and so is each node that becomes empty. Of the
    children of `Several`, one less must match for each that is left out.
    """
    if isinstance(tree, Clause):
        return replace(tree)
    if isinstance(tree, query.Not):
        inner = replace_clauses(tree.query, replace)
        return None if inner is None else query.Not(inner)
    if not isinstance(tree, query.And | query.Or):
        return tree
    replaced = (replace_clauses(child, replace) for child in tree.subqueries)
    children = [child for child in replaced if child is not None]
    return rejoin(tree, children) if children else None


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


class Added(query.AndMaybe):  # type: ignore[misc]
    """The hits of a tree, and those of a clause that it does not match, each with its own score."""


def add_boosts(tree: query.Query, boosts: Sequence[Clause], added: Clause | None) -> query.Query:
    """Return a tree with its boosts. The hits of `added` are hits too."""
    tree = Added(tree, added) if added else tree
    for boost in boosts:
        tree = query.AndMaybe(tree, boost)
    return tree


def drop_boosts(tree: query.Query | None) -> query.Query | None:
    """Return a tree without boosts, and without a clause whose hits are added."""
    return drop_boosts(tree.a) if isinstance(tree, query.AndMaybe) else tree


def list_words(parts: Iterable[Part]) -> Iterator[WordPart]:
    """Yield the parts that match words, with those of names and of clauses inside a part."""
    for part in parts:
        match part:
            case Term() | Phrase() | Prefix() | Wildcard() | Fuzzy() | Near():
                yield part
            case Names():
                yield from part.parts
            case Together():
                for clause in part.clauses:
                    yield from list_words(clause.parts)
            case Value():
                pass
            case _:
                assert_never(part)


def list_expansions(clause: Clause) -> Iterator[Expansion]:
    """Yield the prefixes, wildcards and fuzzy terms that were typed in a clause."""
    for part in clause.parts:
        for each in (*part.left, *part.right) if isinstance(part, Near) else (part,):
            if isinstance(each, Expansion):
                yield each


def is_in_texts(part: WordPart, catalogue: Catalogue) -> bool:
    """Return whether a part matches full texts."""
    return catalogue.fulltext is not None and catalogue.fulltext.name in part.fields


def split_page_parts(
    clause: Clause, is_searched: Callable[[WordPart], bool]
) -> tuple[list[WordPart], list[Together]]:
    """Return the parts of a clause that are looked for on pages, each once, and its compounds.

    The names of an entity are parts. The words of a compound are looked for only in texts without
    any part, because they may be anywhere in a text.
    """
    compounds = [part for part in clause.parts if isinstance(part, Together)]
    words = list_words(part for part in clause.parts if not isinstance(part, Together))
    return [*{without_field(part): part for part in words if is_searched(part)}.values()], compounds


def without_field(part: WordPart) -> WordPart:
    """Return a part for the words that it matches, whatever its fields and its boost."""
    if isinstance(part, Near):
        left, right = (tuple(map(_clear, side)) for side in (part.left, part.right))
        return part._replace(left=left, right=right, boost=1.0)
    return _clear(part)


def _clear(part: PlainPart) -> PlainPart:
    return msgspec.structs.replace(part, fields=frozenset(), boost=1.0)


def split_filters(nodes: list[query.Query]) -> tuple[list[query.Query], list[query.Query]]:
    """Return the nodes about words, and the nodes about facet values only."""
    words: list[query.Query] = []
    filters: list[query.Query] = []
    for node in nodes:
        (filters if _is_filter(node) else words).append(node)
    return words, filters


def _is_filter(node: query.Query) -> bool:
    """Return whether a node, or the node that it negates, is about facet values only."""
    if isinstance(node, query.Not):
        return _is_filter(node.query)
    if isinstance(node, query.CompoundQuery):
        return bool(node.subqueries) and all(_is_filter(child) for child in node.subqueries)
    return isinstance(node, Filter)
