"""Access to publications: which are given out on request only.

A value of a field with `restricted` counts as restricted if it differs from a restricted value only
in case, accents, spaces, invisible characters, or punctuation around it. `find_doubtful` finds one
that may be restricted: misspelled, in another language, or among other words.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer import toml
from indexer.analysis.cleaning import fold
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value

UNTIL_THEN = ". Until then, the publication is given out on request only"
"""The end of a hint, if a value that can't be used may be a restricted one."""
_BETWEEN_PARTS = re.compile(r"\s[-–—]+\s|[\n.,:;!?/|<>()\[\]{}،؛؟、。]+")
"""The separators between several values, a note, or markup in a folded value."""
_WORD = re.compile(r"[\u3400-\u9fff]|\w+")
"""A word. Chinese has no spaces, so each of its characters is one."""
_NEGATING = re.compile(r"un|non|des?|не")
"""The beginnings of words that negate a restricting one, such as "declassified"."""


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    """The content of access_words.toml."""

    negations: frozenset[str]
    open: frozenset[str]
    restricting: tuple[tuple[str, ...], ...]


class Doubtful(NamedTuple):
    """A restricted value that a text may mean. `is_negated`: a negation stands before it."""

    restricted: str
    is_negated: bool


def states_access(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication says how it is given out."""
    return any(field.restricted and field.name in publication.values for field in catalogue.valued)


def is_restricted(publication: Publication, catalogue: Catalogue) -> bool:
    return bool(find_restricting(publication, catalogue))


def list_given_out(
    publication: Publication, catalogue: Catalogue
) -> Iterator[tuple[Field, tuple[Value, ...]]]:
    """Yield each stored field and its values. Names of restricted files are left out."""
    is_closed = is_restricted(publication, catalogue)
    for field in catalogue.stored:
        is_hidden = is_closed and field.kind == "file"
        yield field, () if is_hidden else catalogue.get_values(publication, field)


def find_restricting(
    publication: Publication, catalogue: Catalogue
) -> dict[str, tuple[Value, ...]]:
    stated = publication.values
    return {
        field.name: stated[field.name]
        for field in catalogue.valued
        if field.restricted
        and any(find_restricted(value, field) for value in stated.get(field.name, ()))
    }


def find_restricted(value: Value, field: Field) -> str | None:
    """Return the restricted value of a field that a value means, or None."""
    return _fold_all(field.restricted).get(fold_value(str(value)))


@lru_cache(maxsize=1000)
def find_doubtful(text: str, restricted: tuple[str, ...]) -> Doubtful | None:
    """Return the restricted value that words of a text may mean, or None.

    The words may be misspelled, or a restricting word of any language. If all stand after a
    negation, the first of them is returned.
    """
    negated = None
    names = _name_all(restricted)
    longest = 2 + max(name.count(" ") for name in names)
    for part in _BETWEEN_PARTS.split(fold(text)):
        words, end = _WORD.findall(part), 0
        for start, size in product(range(len(words)), range(longest, 0, -1)):
            # The words after a negation are one mention, as in "sin acceso restringido".
            meant = start >= end and _find_close(" ".join(words[start : start + size]), restricted)
            if meant and (not start or words[start - 1] not in _load_words().negations):
                return Doubtful(meant, False)
            if meant:
                negated, end = negated or Doubtful(meant, True), start + size
    return negated


@lru_cache(maxsize=10_000)
def _find_close(words: str, restricted: tuple[str, ...]) -> str | None:
    """Return the restricted value that some words differ from by two letters at most, or None.

    Words of five letters may have one wrong letter, and shorter ones none.
    """
    names, prefix = _name_all(restricted), _NEGATING.match(words)
    if words in names:
        return names[words]
    if words in _load_words().open or (prefix and words[prefix.end() :] in names):
        return None
    edits = min(2, max(0, len(words) - 4))
    found = process.extractOne(words, names.keys(), scorer=OSA.distance, score_cutoff=edits)
    return names[found[0]] if found and edits else None


@lru_cache(maxsize=100)
def _name_all(restricted: tuple[str, ...]) -> Mapping[str, str]:
    """Return the restricted value that each restricting word means, in every language."""
    listed = {_space_words(value): value for value in restricted}
    names: dict[str, str] = {}
    for group in _load_words().restricting:
        names |= dict.fromkeys(group, next((listed[each] for each in group if each in listed), ""))
    return {name: value or restricted[0] for name, value in (names | listed).items()}


@cache
def _load_words() -> _Words:
    words = toml.load_resource(__package__, "access_words.toml", _Words)
    return _Words(
        frozenset(map(_space_words, words.negations)),
        frozenset(map(_space_words, words.open)),
        tuple(tuple(map(_space_words, group)) for group in words.restricting),
    )


def _space_words(text: str) -> str:
    return " ".join(_WORD.findall(fold(text)))


@lru_cache(maxsize=100)
def _fold_all(restricted: tuple[str, ...]) -> Mapping[str, str]:
    return {fold_value(value): value for value in restricted}


@lru_cache(maxsize=10_000)
def fold_value(text: str) -> str:
    """Return a text without the differences that do not count."""
    words = " ".join(fold(text).split())
    return words.strip("".join({char for char in words if not char.isalnum()})) or words
