"""The nodes of a query tree, and walks over it.

The operators are `And`, `Or`, `Not`, `Boosted` and `Added`. The leaves are `Clause`, which matches
words and scores, and `Filter` and `Every`, which only restrict. `evaluation` evaluates a tree over
whatever its leaves match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, assert_never

import msgspec

from indexer.catalogue.fields import Catalogue

Fields = frozenset[str]
"""The names of the fields that a part of a clause matches in. Their frequencies add up."""


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
        return self.left[0].fields


ID = "id"
"""The field of `Values` that is the id of a publication."""


class Values(msgspec.Struct, frozen=True):
    """Exact values of a field, or IDs. Each publication that has any of them has the weight 1.

    If `first`, it must be the first value of a publication in this field.
    """

    field: str
    values: tuple[str, ...]
    boost: float = 1.0
    first: bool = False


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
Part = WordPart | Values | Together | Names
"""A part of a clause. Each publication that it matches has a weighted frequency."""


class Clause:
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
        return hash(self.parts)

    @property
    def key(self) -> tuple[str, tuple[Part, ...]]:
        """The text and the parts, to tell a clause from one that was typed in another way."""
        return self.text, self.parts

    def __repr__(self) -> str:
        return f"Clause({self.text!r}, {list(self.parts)})"


class Filter(msgspec.Struct, frozen=True):
    """A restriction to the publications with any of some values of a field.

    The values are those listed, or those from `low` to `high` in text order, either of which may be
    None. It does not score.
    """

    field: str
    values: tuple[str, ...] = ()
    low: str | None = None
    high: str | None = None


class Every(msgspec.Struct, frozen=True):
    """All publications. It does not score."""


class And(msgspec.Struct, frozen=True):
    """A node that matches where all of its children match. Their scores add up."""

    children: Sequence[Tree]


class Or(msgspec.Struct, frozen=True):
    """A node that matches where at least `least` of its children match. Their scores add up.

    A clause whose text is in `sufficient` is enough alone.
    """

    children: Sequence[Tree]
    least: int = 1
    sufficient: frozenset[str] = frozenset()

    def weigh(self, child: Tree) -> int:
        """Return how many of the children that must match a child stands for."""
        return self.least if isinstance(child, Clause) and child.text in self.sufficient else 1


class Not(msgspec.Struct, frozen=True):
    """A node that matches where its child does not. It does not score."""

    child: Tree


class Boosted(msgspec.Struct, frozen=True):
    """A node that matches where `base` does. Where `boost` matches too, its score is added."""

    base: Tree
    boost: Clause


class Added(msgspec.Struct, frozen=True):
    """A node that matches where `base` or `added` does. Where both do, only `base` scores."""

    base: Tree
    added: Clause


Leaf = Clause | Filter | Every
Tree = Leaf | And | Or | Not | Boosted | Added


def compile_wildcard(wildcard: str) -> re.Pattern[str]:
    """Return a pattern for whole words that a wildcard matches; `*` matches any text.

    It takes the first occurrence of each piece and never backtracks into it. The time is
    proportional to the lengths, whatever the number of stars.
    """
    first, *other_pieces = map(re.escape, wildcard.split("*"))
    inner, last = other_pieces[:-1], "".join(f".*{piece}" for piece in other_pieces[-1:])
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in inner) + last, re.DOTALL)


def list_children(tree: Tree) -> Sequence[Tree]:
    match tree:
        case Clause() | Filter() | Every():
            return ()
        case And() | Or():
            return tree.children
        case Not():
            return (tree.child,)
        case Boosted():
            return tree.base, tree.boost
        case Added():
            return tree.base, tree.added
        case _:
            assert_never(tree)


def list_leaves(tree: Tree | None, *, excluded: bool = False) -> Iterator[Leaf]:
    """Yield the leaves of a tree. Those under a NOT are left out unless `excluded` is true."""
    if isinstance(tree, Leaf):
        yield tree
    elif tree is not None and (excluded or not isinstance(tree, Not)):
        for child in list_children(tree):
            yield from list_leaves(child, excluded=excluded)


def clauses(tree: Tree | None, *, excluded: bool = False) -> Iterator[Clause]:
    """Yield the clauses among the leaves of a tree: see `list_leaves`."""
    for leaf in list_leaves(tree, excluded=excluded):
        if isinstance(leaf, Clause):
            yield leaf


def replace_clauses(tree: Tree, replace: Callable[[Clause], Clause | None]) -> Tree | None:
    """Return a tree without boosts with its clauses replaced.

    A clause that is replaced by None is left out, and so is each node that becomes empty. Of the
    children of an Or that needs several, one less must match for each that is left out.
    """
    match tree:
        case Clause():
            return replace(tree)
        case Not():
            inner = replace_clauses(tree.child, replace)
            return None if inner is None else Not(inner)
        case And() | Or():
            replaced = (replace_clauses(child, replace) for child in tree.children)
            children = [child for child in replaced if child is not None]
            if len(children) < 2:
                return children[0] if children else None
            if isinstance(tree, And):
                return And(children)
            left_out = len(tree.children) - len(children)
            return Or(children, max(tree.least - left_out, 1), tree.sufficient)
        case _:
            return tree


def add_boosts(tree: Tree, boosts: Sequence[Clause], added: Clause | None) -> Tree:
    """Return a tree with its boosts. The hits of `added` are hits too."""
    tree = Added(tree, added) if added else tree
    for boost in boosts:
        tree = Boosted(tree, boost)
    return tree


def drop_boosts(tree: Tree | None) -> Tree | None:
    """Return a tree without boosts, and without a clause whose hits are added."""
    return drop_boosts(tree.base) if isinstance(tree, Boosted | Added) else tree


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
            case Values():
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


def split_filters(trees: Iterable[Tree]) -> tuple[list[Tree], list[Tree]]:
    """Return the trees about words, and those about facet values only."""
    words: list[Tree] = []
    filters: list[Tree] = []
    for tree in trees:
        leaves = list_leaves(tree, excluded=True)
        (filters if all(isinstance(leaf, Filter) for leaf in leaves) else words).append(tree)
    return words, filters
