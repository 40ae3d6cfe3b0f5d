"""Access to publications: which are given out on request only.

A value of a field with `restricted` counts as restricted if it differs from a restricted value only
in case, accents, spaces, invisible characters, or punctuation around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA

from indexer.analysis.folding import fold
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value

UNTIL_THEN = ". Until then, the publication is given out on request only"
"""The end of a hint, if a value that can't be used may be a restricted one."""
_MIN_MISSPELLED_CHARS = 5
"""Characters of a text in which one wrong letter is a spelling mistake."""
_BETWEEN_PARTS = re.compile(r"\s[-–—]+\s|[\n.,:;!?/|<>()\[\]{}،؛؟、。]+")
"""The separators between several values, a note, or markup in a folded value."""
_WORD = re.compile(r"\w+")


def states_access(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication says how it is given out."""
    return any(field.restricted and field.name in publication.values for field in catalogue.valued)


def is_restricted(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication is given out on request only."""
    return bool(find_restricting(publication, catalogue))


def find_restricting(
    publication: Publication, catalogue: Catalogue
) -> dict[str, tuple[Value, ...]]:
    """Return the values of each field in which one of the values is restricted."""
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
def find_similar(text: str, restricted: tuple[str, ...]) -> str | None:
    """Return the restricted value that is a part of a text, or None.

    A part is a text between punctuation marks, or the whole one. It may have one wrong letter.
    """
    folded, by_folded = fold(text), _fold_all(restricted)
    for part in dict.fromkeys(map(_trim, (folded, *_BETWEEN_PARTS.split(folded)))):
        if part in by_folded:
            return by_folded[part]
        if len(part) >= _MIN_MISSPELLED_CHARS:
            for value in by_folded:
                if OSA.distance(part, value, score_cutoff=1) == 1:
                    return by_folded[value]
    return None


@lru_cache(maxsize=1000)
def find_mentioned(text: str, restricted: tuple[str, ...]) -> str | None:
    """Return the restricted value whose words are in a text, in the same order, or None."""
    words = _space_words(text)
    return next((value for value in restricted if _space_words(value) in words), None)


def _space_words(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "


@lru_cache(maxsize=100)
def _fold_all(restricted: tuple[str, ...]) -> Mapping[str, str]:
    return {fold_value(value): value for value in restricted}


@lru_cache(maxsize=10_000)
def fold_value(text: str) -> str:
    """Return a text without the differences that do not count."""
    return _trim(fold(text))


def _trim(folded: str) -> str:
    words = " ".join(folded.split())
    return words.strip("".join({char for char in words if not char.isalnum()})) or words
