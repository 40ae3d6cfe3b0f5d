"""World gazetteer: names of countries, regions, capitals, and languages in six languages.

The names come from the Unicode CLDR, and those of capitals from capitals.toml in this package. All
names are recognized, even if the catalogue has no such value. Case, accents, spaces, hyphens, and
apostrophes are ignored. Inflected names are recognized by the stems of their words.
"""

import re
from collections.abc import Mapping
from functools import cache
from itertools import chain, pairwise
from typing import Literal, NamedTuple, get_args

from indexer import toml
from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.values import iso_codes
from search_app.engine.interpretation.entities import UNITED_NATIONS

MAX_WORDS = 40
"""Names are recognized in the first 40 words of a text only, to bound the time."""
MAX_CHARS = 200
"""Maximum number of characters of a name in a text. Labels have at most 52."""
_BETWEEN = re.compile(r"[\s\-–—'’.,&()（）/]{0,3}")
"""Characters between two words of one name, as in “Heard & McDonald Islands”."""

STEM_LANGUAGE = "en"
"""The language whose stemmer is used for names in Latin script.

The Spanish and French stemmers remove final vowels and would confuse Niger with Nigeria. Names in
other scripts are stemmed in their own language.
"""

Kind = Literal["place", "capital", "language"]


class WorldName(NamedTuple):
    """A country, territory, or region (ISO 3166-1 or UN M49), its capital, or a language."""

    kind: Kind
    code: str


class Mention(NamedTuple):
    """A name in a text, from the character `start` up to `end`."""

    start: int
    end: int
    name: WorldName


def find_mentions(text: str) -> list[Mention]:
    """Return the names in a text, in order. At each word, the longest name wins."""
    # A run of Chinese characters is one word.
    words = tokenizer.unite_spans(tokenizer.find_spans(text))[:MAX_WORDS]
    mentions: list[Mention] = []
    index = 0
    while index < len(words):
        start = words[index][0]
        for last in range(min(index + _get_max_words(), len(words)), index, -1):
            end, pairs = words[last - 1][1], pairwise(words[index:last])
            is_possible = end - start <= MAX_CHARS and all(
                _BETWEEN.fullmatch(text, before, after) for (_, before), (after, _) in pairs
            )
            if is_possible and (name := _find_name(text[start:end])):
                mentions.append(Mention(start, end, name))
                index = last
                break
        else:
            index += 1
    return mentions


@cache
def list_words(language: str) -> Mapping[str, str]:
    """Return the words of the names of places in a language, by their folded form."""
    places = (label for name, label in _list_labels(language) if name.kind != "language")
    return {surface_form(word): word for label in places for word in tokenizer.split_words(label)}


def get_label(name: WorldName, language: str) -> str:
    if name.kind == "capital":
        labels = _load_capitals()[name.code]
        readable = (capital for capital in labels if stemming.may_contain(language, fold(capital)))
        return next(readable, labels[0])
    return iso_codes.get_country_name(name.code, language)


def _find_name(typed: str) -> WorldName | None:
    names = _names()
    if (name := names.get(_keep_letters(typed))) or tokenizer.is_unsegmented(typed):
        return name
    return names.get(tokenizer.split_stems(typed, STEM_LANGUAGE))


def _keep_letters(typed: str) -> str:
    return "".join(letter for letter in fold(typed) if letter.isalnum())


@cache
def _names() -> Mapping[str | tuple[str, ...], WorldName]:
    """Return all names, by their letters and by the stems of their words."""
    names: dict[str | tuple[str, ...], WorldName] = {}
    labels = chain.from_iterable(map(_list_labels, UNITED_NATIONS))
    kinds = get_args(Kind)  # of several with the same name, the first kind wins
    for name, label in sorted(labels, key=lambda pair: kinds.index(pair[0].kind)):
        names.setdefault(_keep_letters(label), name)
        if not tokenizer.is_unsegmented(label):
            names.setdefault(tokenizer.split_stems(label, STEM_LANGUAGE), name)
    return names


@cache
def _get_max_words() -> int:
    """Return the number of words of the longest name."""
    return max(len(key) for key in _names() if isinstance(key, tuple))


@cache
def _list_labels(language: str) -> tuple[tuple[WorldName, str], ...]:
    names = [
        (WorldName("place", code), label)
        for code in (*iso_codes.list_countries(), *iso_codes.list_regions())
        for label in iso_codes.list_country_names(code, language)
    ]
    names += [
        (WorldName("capital", country), label)
        for country, labels in _load_capitals().items()
        for label in labels
        if stemming.may_contain(language, fold(label))
    ]
    # If the CLDR has no name for a language, its name is its code.
    language_names = {
        code: iso_codes.get_language_name(code, language) for code in iso_codes.list_languages()
    }
    names += [
        (WorldName("language", code), label)
        for code, label in language_names.items()
        if label != code
    ]
    return tuple(names)


@cache
def _load_capitals() -> Mapping[str, list[str]]:
    return toml.load_resource(__package__, "capitals.toml", dict[str, list[str]])
