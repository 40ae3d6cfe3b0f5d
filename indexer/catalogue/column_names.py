"""Usual names of columns: headings in many languages, and tags such as AU.

`headings.toml` and `tags.toml` list them by the field that they feed, the best one first.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from indexer import toml
from indexer.analysis.cleaning import fold

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[\W_]+")

ByRow = Mapping[str, Sequence[str]]


def list_headings() -> ByRow:
    """Return the usual headings of each field. Case, accents, and punctuation do not count."""
    return _load("headings.toml")


def list_tags() -> ByRow:
    """Return the tags of each field. They are names of columns only if most names are tags."""
    return _load("tags.toml")


@lru_cache(maxsize=1000)
def fold_heading(name: str) -> str:
    """Return a heading as words without case and accents: "Año, PublicationYear" has three."""
    return " ".join(_NOT_WORD.split(fold(_CAMEL.sub(" ", name)))).strip()


@cache
def _load(file: str) -> ByRow:
    return toml.load_resource(__package__, file, dict[str, list[str]])
