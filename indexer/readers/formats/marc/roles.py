"""Roles of persons and corporate bodies: author, editor, or contributor."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import msgspec

from indexer import toml

AUTHOR, EDITOR, CONTRIBUTOR = "", "editor", "contributor"
"""A role in the name of a column. Authors are the usual case, so their role is empty."""
_LONG_CODE = re.compile(r"0\d{3}")


class _Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes and the prefixes of terms that mean a role. `not_terms` are exceptions."""

    codes: frozenset[str]
    unimarc_codes: frozenset[str]
    terms: tuple[str, ...]
    not_terms: tuple[str, ...] = ()

    def includes(self, relator: str) -> bool:
        """Return whether a code or a term in lowercase means this role."""
        if relator in self.codes or relator in self.unimarc_codes:
            return True
        return relator.startswith(self.terms) and not relator.startswith(self.not_terms)


class _Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roles that have codes and terms. Any other role is that of a contributor."""

    author: _Role
    editor: _Role


@cache
def _load_roles() -> _Roles:
    return toml.load_resource(__package__, "roles.toml", _Roles)


@lru_cache(maxsize=4096)
def classify(relators: tuple[str, ...]) -> str:
    """Return the role of a person who has these codes, terms, or URLs of codes.

    If a person has several roles, author takes precedence over editor, and editor over the rest.
    """
    # "http://id.loc.gov/vocabulary/relators/aut" is the code "aut".
    words = [relator.strip(" .,:;()[]/").rsplit("/", 1)[-1].casefold() for relator in relators]
    words = [part.strip() for word in words for part in word.split(",") if part.strip()]
    # The French national library (BnF) writes UNIMARC codes with four digits.
    words = [word[1:] if _LONG_CODE.fullmatch(word) else word for word in words]
    if not words or any(_load_roles().author.includes(word) for word in words):
        return AUTHOR
    if any(_load_roles().editor.includes(word) for word in words):
        return EDITOR
    return CONTRIBUTOR
