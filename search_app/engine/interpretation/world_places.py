"""World gazetteer: names of countries, regions, capitals, and languages in six languages.

The names come from the Unicode CLDR, and those of capitals from capitals.toml in this package. All
names are recognized, even if the catalogue has no such value. Case, accents, spaces, hyphens, and
apostrophes are ignored. Inflected names are recognized by the stems of their words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal, NamedTuple

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written, fold
from indexer.catalogue import iso_codes
from search_app.engine.interpretation.entities import UNITED_NATIONS

MOST_WORDS = 40
"""Names are recognized in the first 40 words of a text only, to bound the time."""
LONGEST = 200
"""Maximum number of characters of a name in a text. Labels have at most 52."""
_BETWEEN = re.compile(r"[\s\-–—'’.,&()（）/]{0,3}")
"""Characters between two words of one name, as in “Heard & McDonald Islands”."""

STEMMED_AS = "en"
"""The language whose stemmer is used for names in Latin script.

The Spanish and French stemmers remove final vowels and would confuse Niger with Nigeria. Names in
other scripts are stemmed in their own language.
"""

Kind = Literal["place", "capital", "language"]


class Name(NamedTuple):
    """A country, territory, or region (ISO 3166-1 or UN M49), its capital, or a language."""

    kind: Kind
    code: str


class Mention(NamedTuple):
    """A name in a text, from the character `start` up to `end`."""

    start: int
    end: int
    name: Name


def mentions(text: str) -> list[Mention]:
    """Return the names in a text, in order. At each word, the longest name wins."""
    words = _words(text)[:MOST_WORDS]
    found: list[Mention] = []
    at = 0
    while at < len(words):
        start = words[at][0]
        for last in range(min(at + _longest(), len(words)), at, -1):
            end = words[last - 1][1]
            if end - start > LONGEST or not _is_run(text, words[at:last]):
                continue
            if name := _named(text[start:end]):
                found.append(Mention(start, end, name))
                at = last
                break
        else:
            at += 1
    return found


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the words of the names of places in a language, by their folded form."""
    places = (label for name, label in _labels(language) if name.kind != "language")
    return {as_written(raw): raw for label in places for raw in tokenizer.words(label)}


def label(name: Name, language: str) -> str:
    """Return the label of a name in a language."""
    if name.kind == "capital":
        labels = _capitals()[name.code]
        written = (each for each in labels if stemming.may_have(language, fold(each)))
        return next(written, labels[0])
    return iso_codes.country_name(name.code, language)


def _words(text: str) -> list[tuple[int, int]]:
    """Return the spans of the words of a text. A run of Chinese characters is one word."""
    found: list[tuple[int, int]] = []
    for start, end in tokenizer.spans(text):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _is_run(text: str, words: list[tuple[int, int]]) -> bool:
    return all(_BETWEEN.fullmatch(text, end, start) for (_, end), (start, _) in pairwise(words))


def _named(typed: str) -> Name | None:
    known = _names()
    if (name := known.get(_letters(typed))) or tokenizer.is_unparted(typed):
        return name
    return known.get(tokenizer.stems(typed, STEMMED_AS))


def _letters(typed: str) -> str:
    return "".join(letter for letter in fold(typed) if letter.isalnum())


@cache
def _names() -> Mapping[str | tuple[str, ...], Name]:
    """Return all names, by their letters and by the stems of their words."""
    found: dict[str | tuple[str, ...], Name] = {}
    for kind in ("place", "capital", "language"):
        for language in UNITED_NATIONS:
            for name, label in _labels(language):
                if name.kind == kind:
                    found.setdefault(_letters(label), name)
                    if not tokenizer.is_unparted(label):
                        found.setdefault(tokenizer.stems(label, STEMMED_AS), name)
    return found


@cache
def _longest() -> int:
    """Return the number of words of the longest name."""
    return max(len(key) for key in _names() if isinstance(key, tuple))


@cache
def _labels(language: str) -> tuple[tuple[Name, str], ...]:
    """Return every name with its label in a language."""
    found = [
        (Name("place", code), label)
        for code in (*iso_codes.countries(), *iso_codes.regions())
        for label in iso_codes.country_names(code, language)
    ]
    found += [
        (Name("capital", country), label)
        for country, labels in _capitals().items()
        for label in labels
        if stemming.may_have(language, fold(label))
    ]
    # If the CLDR has no name for a language, its name is its code.
    spoken = {code: iso_codes.language_name(code, language) for code in iso_codes.languages()}
    found += [(Name("language", code), label) for code, label in spoken.items() if label != code]
    return tuple(found)


@cache
def _capitals() -> Mapping[str, list[str]]:
    return tomllib.loads((files(__package__) / "capitals.toml").read_text(encoding="utf-8"))
