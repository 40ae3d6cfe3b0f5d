"""Convert a JSON object to properties. The column of a value is its dotted path.

Lists add nothing to the path. An object in a list or in the record is a group. Some structures
become one value: the name of a person, a text with its language, a date as a list of numbers, and a
text as an inverted index.
"""

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Property
from indexer.readers.base import LimitExceeded
from indexer.values import names

Json = Any
"""A JSON value: a string, a number, a boolean, null, a list, or an object."""

BULKY_CHARS = 1_000
"""Characters that are kept of a value that is not metadata, such as a list of references."""

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}|@none|und")
_COMMON_LANGUAGES = frozenset(
    "ar cs da de el en es fi fr hu it ja ko nl pl pt ru sv tr uk zh".split()
)
_LANGUAGE_KEYS = frozenset(("@language", "xml:lang", "@xml:lang", "@lang", "lang", "hreflang"))
_AGENTS = frozenset(
    "author authors creator creators contributor contributors editor editors translator "
    "translators illustrator reviewer director composer interviewer personororg".split()
)
"""Keys of persons and corporate bodies, as `simplify` returns them."""
_DATE = re.compile(r"[1-9]\d{3}-(\d{1,2})(?:-(\d{1,2}))?")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_VALUE_TYPES = ("literal", "typed-literal", "uri", "bnode")
"""Types of values in SPARQL."""
_TYPED_KEYS = frozenset(("type", "value", "datatype"))
_VALUE_KEYS = frozenset("value language authority confidence place source".split())
_LINK_KEYS = frozenset(("url", "label", "language"))
_MAIN_KEYS = frozenset(
    ("@value", "@list", "@set", "#text", "#cdata-section", "cdata!", "$", "$t", "_text")
)
"""Keys of the value itself in JSON-LD, and in what converters from XML write."""
_MAX_KEY_CHARS = 200
_MAX_DIGITS = 10
_CHARS_PER_BYTE = 3
"""Limit on the size of all properties, as a multiple of `largest_file`."""


class Shape(msgspec.Struct, frozen=True):
    """The keys with a special meaning in a format.

    `qualifiers`: by path, the key whose value distinguishes its objects. The value is appended to
    the path in brackets, as in "titles[Subtitle]". `agents`: more paths of persons and corporate
    bodies. `names_are_corporate`: a name in one piece is that of a corporate body. `bulky`: paths
    of values that are not metadata. `separators`: by key, characters. The first of
    them that a text has separates its values.
    """

    qualifiers: Mapping[str, str] = {}
    agents: frozenset[str] = frozenset()
    names_are_corporate: bool = False
    bulky: frozenset[str] = frozenset()
    separators: Mapping[str, str] = {}


def flatten(record: Mapping[str, Any], shape: Shape, limits: Limits) -> tuple[Property, ...]:
    """Return the properties of an object. Raise LimitExceeded if there are too many."""
    flattener = Flattener(shape, limits)
    for key, value in record.items():
        marks = shape.separators.get(key, "") if isinstance(value, str) else ""
        separator = next((mark for mark in marks if mark in value), None)
        flattener.add(key[:_MAX_KEY_CHARS], value.split(separator) if separator else value)
    return tuple(flattener.properties)


class Flattener:
    """Collects the `properties` of one record. Its methods may raise LimitExceeded."""

    def __init__(self, shape: Shape, limits: Limits) -> None:
        self.properties: list[Property] = []
        self._shape, self._limits = shape, limits
        self._chars = _CHARS_PER_BYTE * limits.largest_file
        self._last_group = 0
        self._names: dict[tuple[str, str], str] = {}

    def add(self, name: str, value: Json, language: str | None = None, group: int = 0) -> None:
        """Add the properties of a value of any kind."""
        if isinstance(value, str):
            self._add_text(name, value, language, group)
        elif value is None or value in ({}, []):
            return
        elif name in self._shape.bulky:
            text = " ".join(islice(_iterate_scalars(value), BULKY_CHARS))
            self._add_text(name, text[:BULKY_CHARS], None, 0)
        elif isinstance(value, dict):
            self.add_object(name, value, language, group)
        elif isinstance(value, list):
            self._add_list(name, value, language, group)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            self._add_text(name, text, None, group)

    def _add_text(self, name: str, text: str, language: str | None, group: int) -> None:
        if text := text.strip():
            self._append(Property(name, text, text, language, group))

    def _append(self, prop: Property) -> None:
        self._chars -= len(prop.name) + prop.length
        if self._chars < 0:
            raise LimitExceeded("its names and values are too long", "largest_file")
        if len(self.properties) >= self._limits.most_parts:
            raise LimitExceeded(f"it has more than {self._limits.most_parts} values", "most_parts")
        self.properties.append(prop)

    def _add_list(self, name: str, values: list[Any], language: str | None, group: int) -> None:
        if date := _read_date(values):
            self._add_text(name, date, None, group)
            return
        for value in values:
            self.add(name, value, language, 0 if isinstance(value, dict) else group)

    def add_object(
        self, name: str, value: dict[str, Any], language: str | None = None, group: int = 0
    ) -> None:
        """Add the properties of an object. It becomes a new group if `group` is 0."""
        if not group:
            self._last_group += 1
            group = self._last_group
        if (
            "url" in value
            and _LINK_KEYS.issuperset(value)
            and not any(isinstance(part, (dict, list)) for part in value.values())
        ):
            url, label, code = (str(value.get(key) or "") for key in ("url", "label", "language"))
            self._append(Property(name, url, label, code or None))
        elif _is_language_map(value):
            for code, text in value.items():
                self.add(name, text, code.replace("_", "-"), group)
        elif text := _restore_text(name, value):
            self._add_text(name, text, language, group)
        elif next(iter(value), "") in ("0", "1") and all(map(str.isdecimal, value)):
            # Its keys are indexes: {"0": …, "1": …}.
            self._add_list(name, [*value.values()], language, group)
        else:
            self._add_parts(name, dict(value), language, group)

    def _add_parts(
        self, name: str, value: dict[str, Any], language: str | None, group: int
    ) -> None:
        """Add the values of an object by key, without those that are part of its name or column.

        `value` is changed.
        """
        language = _pop_language(value, _LANGUAGE_KEYS) or language
        path = _BRACKETS.sub("", name) if self._shape.qualifiers else name
        qualified_by = self._shape.qualifiers.get(path)
        qualifier = value.get(qualified_by) if qualified_by else None
        if qualified_by and isinstance(qualifier, str) and qualifier.strip():
            del value[qualified_by]
            name = f"{name}[{qualifier.strip()[:_MAX_KEY_CHARS]}]"
        name = self._add_main_value(name, value, language, group)
        is_agent = path in self._shape.agents or simplify(path) in _AGENTS
        agent = read_name(value, is_agent=is_agent, is_corporate=self._shape.names_are_corporate)
        if agent:
            self._add_text(name, agent.text, None, group)
        for key, part in value.items():
            if not (agent and key in agent.keys):
                self.add(self._join(name, key), part, language, group)

    def _add_main_value(
        self, name: str, value: dict[str, Any], language: str | None, group: int
    ) -> str:
        """Move the main value out of an object, if it has one. Return the object's column.

        The other keys of such an object only describe its main value.
        """
        if value.get("type") in _VALUE_TYPES and _TYPED_KEYS.issuperset(value):
            value.pop("type")
            value.pop("datatype", None)
        elif "@value" in value:
            value.pop("@type", None)
        for key in [key for key in value if key in _MAIN_KEYS]:
            self.add(name, value.pop(key), language, group)
        if "text" in value and all(key[:1] == "@" for key in value if key != "text"):
            self.add(name, value.pop("text"), language, group)
        # DSpace lists its metadata as {"key": "dc.title", "value": …}.
        is_listed = isinstance(value.get("key"), str) and "value" in value
        if is_listed:
            name = self._join(name, value.pop("key"))
        if is_listed or ("value" in value and _VALUE_KEYS.issuperset(value)):
            language = _pop_language(value, {"language"}) or language
            self.add(name, value.pop("value"), language, group)
        return name

    def _join(self, name: str, key: str) -> str:
        """Return the path of a key. Equal paths share one string, to save memory."""
        joined = self._names.get((name, key))
        if joined is None:
            joined = self._names[name, key] = f"{name}.{key[:_MAX_KEY_CHARS]}"
        return joined


def _pop_language(value: dict[str, Any], keys: Set[str]) -> str | None:
    """Remove the keys of a language from an object, and return the last of their values."""
    language: str | None = None
    for key in [key for key in value if key in keys]:
        if isinstance(value[key], str):
            language = value.pop(key).strip() or language
    return language


def _read_date(values: list[Any]) -> str | None:
    """Return [2014, 4, 11] as 2014-4-11, or None if the list is not a date."""
    if not 2 <= len(values) <= 3 or not all(isinstance(part, (int, str)) for part in values):
        return None
    text = "-".join(map(str, values))
    match = _DATE.fullmatch(text)
    is_date = match and int(match[1]) <= 12 and int(match[2] or 1) <= 31
    return text if is_date else None


def _is_language_map(value: Mapping[str, Any]) -> bool:
    """Return whether an object has a text for each language, such as {"en": …, "fr": …}."""
    return (
        not _COMMON_LANGUAGES.isdisjoint(code[:2] for code in value)
        and all(map(_LANGUAGE_CODE.fullmatch, value))
        and all(isinstance(text, (str, list, type(None))) for text in value.values())
    )


def _restore_text(name: str, value: Mapping[str, Any]) -> str | None:
    """Return the text of an inverted index of words, as in OpenAlex, or None."""
    if not simplify(name).endswith("invertedindex"):
        return None
    positions = [
        (int(position), word)
        for word, word_positions in value.items()
        if isinstance(word_positions, list)
        for position in word_positions
        if str(position).isdecimal() and len(str(position)) < _MAX_DIGITS
    ]
    return " ".join(word for _, word in sorted(positions)) or None


def _iterate_scalars(value: object) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _iterate_scalars(part)
    elif value is not None:
        yield str(value)


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
