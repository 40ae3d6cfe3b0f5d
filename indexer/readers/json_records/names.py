"""Keys of JSON objects: recognize titles, and read the name of a person or corporate body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from indexer.values import names

_TITLES = frozenset(
    "title titles name headline titel titre titulo titolo titles displayname displaytitle "
    "documenttitle titletext maintitle articletitle titleproper caption preflabel heading".split()
)
_PARTS = {
    key: part
    for part, keys in (
        ("family", "family familyname familynames lastname lastnames last surname surnames"),
        ("family", "nachname nom"),
        ("given", "given givenname givennames firstname firstnames first forename forenames"),
        ("given", "vorname prenom"),
        ("middle", "middle middlename middlenames"),
        ("whole", "literal collectivename name fullname displayname creatorname contributorname"),
        ("whole", "authorname authname rawname"),
        ("particle", "nondroppingparticle nameparticle particle"),
        ("dropping", "droppingparticle"),
        ("suffix", "suffix namesuffix"),
    )
    for key in keys.split()
}
"""The part of a name by its key, as `simplify` returns it."""
_CORPORATE = frozenset(("literal", "collectivename"))
_ORGANIZATION = re.compile(
    r"organi[sz]ation|corporat|institution|consorti|collaboration|government", re.IGNORECASE
)
_PERSON = re.compile("person|role|thing", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_TYPES = ("@type", "nameType", "entityType")
"""Keys of the type of an agent: a person, or one of many kinds of bodies, such as "Library"."""
_LOOSE_TYPES = ("type", "kind")
"""Keys that may also have other values, such as "author"."""


@lru_cache(maxsize=100_000)
def simplify(key: str) -> str:
    """Return a key in lowercase, without its namespace, punctuation, and Solr suffix."""
    local = re.split(r"[:./#]", key[:200].rstrip(":./#"))[-1]
    local = re.sub(r"_(s|t|ss|txt|en|str)$", "", local)
    return re.sub(r"[\W_]+", "", local).casefold()


def is_title(key: str) -> bool:
    """Return whether a key is usual for the title of a publication."""
    return simplify(key) in _TITLES


class Name(NamedTuple):
    """The name of a person or corporate body, and the keys that it is made from."""

    text: str
    keys: frozenset[str]


def read_name(
    value: Mapping[str, Any], *, is_agent: bool, is_corporate: bool = False
) -> Name | None:
    """Return the name in an object as "Family, Given", or None if it has none.

    A corporate name is in braces. If `is_agent` is false, the object needs a family and a given
    name, because other things have a name too. `is_corporate`: a name in one piece is that of a
    corporate body.
    """
    parts: dict[str, tuple[str, str]] = {}
    for key, text in value.items():
        part = _PARTS.get(simplify(key)) if isinstance(text, str) else None
        if part and len(text.strip()) > len(parts.get(part, ("", ""))[1]):
            parts[part] = key, text.strip()
    if "family" in parts and ("given" in parts or is_agent):
        return _join(parts)
    whole = parts.get("whole") or parts.get("given")
    if not (whole and is_agent):
        return None
    key, text = whole
    kinds = " ".join(str(value.get(key, "")) for key in _TYPES).strip()
    is_corporate |= (
        simplify(key) in _CORPORATE
        or (kinds != "" and not _PERSON.search(kinds))
        or any(_ORGANIZATION.search(str(value.get(key, ""))) for key in _LOOSE_TYPES)
    )
    return Name("{" + text.strip("{}") + "}" if is_corporate else text, frozenset((key,)))


def _join(parts: Mapping[str, tuple[str, str]]) -> Name:
    """Return the name that consists of `parts`.

    The rest of the whole name replaces a missing given name. The key of the whole name is used up
    if the name has all of its words.
    """
    texts = {part: text for part, (_, text) in parts.items()}
    family = " ".join(texts[part] for part in ("particle", "family") if part in texts)
    given = " ".join(texts[part] for part in ("given", "middle", "dropping") if part in texts)
    whole = texts.get("whole", "")
    if not given and family in whole:
        given = whole.replace(family, "", 1).strip(" ,")
    suffix = texts.get("suffix", "")
    text = str(names.Name(family, given, suffix)) if given else f"{family}, {suffix}".rstrip(", ")
    whole_words = set(_WORD.findall(whole.casefold()))
    is_whole_covered = whole_words <= set(_WORD.findall(text.casefold()))
    keys = {key for part, (key, _) in parts.items() if part != "whole" or is_whole_covered}
    return Name(text, frozenset(keys))
