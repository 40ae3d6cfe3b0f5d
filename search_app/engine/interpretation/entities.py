"""Named entities: thesaurus concepts, facet values, and places, with their labels by language.

`ValueNames` has the names of facet values as they are typed after a field name, or as a whole text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import fold
from indexer.catalogue import iso_codes
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.schema import exact, exact_fields
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.query.clause_builder import Recognised
from search_app.engine.query.vocabulary import Vocabulary

UNITED_NATIONS = ("en", "fr", "es", "ru", "ar", "zh")
"""Languages in which names of countries, regions and languages are recognized.

The catalogue's own language is recognized too.
"""
SHORTEST_PART = 5
"""A part of a label names the value if it has several words, or at least 5 letters."""

_PARTED = re.compile(r"\s*(?:&|/|,|\band\b)\s*(?:the\s+)?", re.IGNORECASE)


class Thing(NamedTuple):
    """A named entity: its labels by language, and its facet values as pairs of row and value.

    `acronyms` match in capitals only. `broader` and `related` have the ids of the entities that
    the thesaurus links to this one.
    """

    id: str
    labels: Mapping[str, Sequence[str]]
    values: tuple[tuple[str, str], ...]
    acronyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


def things(vocabulary: Vocabulary, thesaurus: Thesaurus) -> list[Thing]:
    """Return all entities that can be recognized in a text."""
    facts = list(_facts(vocabulary))
    return [*_of_thesaurus(thesaurus, facts), *facts, *_places(vocabulary, facts)]


def _of_thesaurus(thesaurus: Thesaurus, facts: Sequence[Thing]) -> Iterator[Thing]:
    """Yield the concepts of the thesaurus, each with the facet values of the same name."""
    called: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in facts:
        for label in {fold(one) for labels in fact.labels.values() for one in labels}:
            called[label] += fact.values
    for concept in thesaurus.concept:
        labels = {each: concept.labels(each) for each in concept.languages}
        names = {fold(label) for each in labels.values() for label in each}
        values = dict.fromkeys(value for name in sorted(names) for value in called[name])
        related = thesaurus.related(concept)
        yield Thing(concept.id, labels, tuple(values), concept.acronyms, concept.broader, related)


def _facts(vocabulary: Vocabulary) -> Iterator[Thing]:
    """Yield the values of closed facets, with all their names.

    Values of an open facet, such as a venue, are matched by their words only.
    """
    own = vocabulary.catalogue.language
    for field in exact_fields(vocabulary.catalogue):
        if is_told(field):
            for value in vocabulary.values(field.name):
                if value != MISSING and (labels := names(field, value, own)):
                    known = iso_codes.ACRONYMS.get(value, ()) if field.kind == "country" else ()
                    yield Thing(f"{exact(field)}={value}", labels, ((field.name, value),), known)


def _places(vocabulary: Vocabulary, facts: Sequence[Thing]) -> Iterator[Thing]:
    """Yield countries and regions that are not facet values, if the catalogue has countries.

    Yield only places with a name whose words are all in the index.
    """
    own = vocabulary.catalogue.language
    spoken = tuple(dict.fromkeys([own, *UNITED_NATIONS]))
    is_told = any(row.kind == "country" for row in exact_fields(vocabulary.catalogue))
    known = {fold(name) for fact in facts for name in fact.labels.get(own, ())}
    for code in (*iso_codes.countries(), *iso_codes.regions()) if is_told else ():
        labels = {each: iso_codes.country_names(code, each) for each in spoken}
        is_new = known.isdisjoint(map(fold, labels[own]))
        if is_new and any(_may_stand(label, vocabulary) for label in labels[own]):
            yield Thing(f"place={code}", labels, (), iso_codes.ACRONYMS.get(code, ()))


def _may_stand(label: str, vocabulary: Vocabulary) -> bool:
    """Return whether all words of a name are in the index."""
    stems = tokenizer.stems(label, vocabulary.catalogue.language)
    return bool(stems) and all(map(vocabulary.frequency, stems))


def is_told(field: Field) -> bool:
    """Return whether values of a field are recognized in a text: its possible values are known."""
    return bool(field.values) or field.kind in ("country", "language", "year")


def names(field: Field, value: str, own: str) -> dict[str, list[str]]:
    """Return the names of a value, by language.

    `own` is the catalogue's language. Countries, languages and regions have names in the languages
    of the United Nations too.
    """
    spoken = tuple(dict.fromkeys([own, *UNITED_NATIONS]))
    if field.kind == "country":
        return {each: iso_codes.country_names(value, each) for each in spoken}
    if field.kind == "language":
        return {each: [iso_codes.language_name(value, each)] for each in spoken}
    label = field.display(value, own)
    if field.kind == "year":
        return {own: [label]}
    parts = [part for part in _PARTED.split(label) if " " in part or len(part) >= SHORTEST_PART]
    called: dict[str, list[str]] = {own: list(dict.fromkeys([label, *parts]))}
    for part in called[own]:
        for language, name in iso_codes.region_names(part, spoken).items():
            called.setdefault(language, []).append(name)
    return called


class _Names(NamedTuple):
    """The folded names of the values of a facet.

    `values` maps a name to its values. `with_word` maps a word to the names that contain it.
    """

    values: dict[str, list[str]]
    with_word: dict[str, list[str]]


class ValueNames:
    """The names of facet values. Alone it recognizes no named entity in a text: see `Things`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._by_field: dict[str, _Names] = {}

    def prepare(self) -> None:
        """Derive the names of open values, so that the first search for one is fast too."""
        _ = self._first_words, self._open_values

    def cut(self, piece: str) -> list[str]:
        """Return the piece: no name in it is known."""
        return [piece]

    def recognised(self, pieces: Sequence[str], *, shouted: bool) -> list[Recognised]:
        """Return no entity."""
        return []

    def named(self, field: Field, text: str) -> list[str]:
        """Return the values that a text names by code or label, or whose names have all its words.

        Names of countries and languages are known in the six languages of the United Nations.
        """
        known = self._by_field.get(field.name)
        if known is None:
            known = self._by_field[field.name] = self._names(field)
        wanted = fold(text)
        words = set(wanted.split())
        if wanted in known.values or not words:
            return known.values.get(wanted, [])
        rarest = min((known.with_word.get(word, []) for word in words), key=len)
        names = [name for name in rarest if words <= set(name.split())]
        return list(dict.fromkeys(value for name in names for value in known.values[name]))

    def _names(self, field: Field) -> _Names:
        own, known = self._vocabulary.catalogue.language, _Names({}, {})
        for value in self._vocabulary.values(field.name):
            labels = [] if value == MISSING else names(field, value, own).values()
            every = [name for names in labels for name in names] or [field.missing]
            for name in dict.fromkeys(map(fold, (value, *every))):
                known.values.setdefault(name, []).append(value)
        for name in known.values:
            for word in set(name.split()):
                known.with_word.setdefault(word, []).append(name)
        return known

    def terms_called(self, text: str) -> Sequence[query.Query]:
        """Return terms for the open values whose name is the whole text; none for a single word.

        Values of open facets, such as a series or a venue, are not recognized within a text.
        """
        first, _, others = text.partition(" ")
        # The first words of all names reject most texts without stemming them.
        if not others or fold(first) not in self._first_words:
            return ()
        return self._open_values.get(self._key(text), ())

    @cached_property
    def _first_words(self) -> frozenset[str]:
        return frozenset(fold(value).partition(" ")[0] for _, value in self._every_open_value())

    @cached_property
    def _open_values(self) -> Mapping[tuple[str, ...], list[query.Query]]:
        called: dict[tuple[str, ...], list[query.Query]] = {}
        for row, value in self._every_open_value():
            called.setdefault(self._key(value), []).append(query.Term(exact(row), value))
        return called

    def _every_open_value(self) -> Iterator[tuple[Field, str]]:
        for row in self._vocabulary.catalogue.facets:
            if not is_told(row):
                values = self._vocabulary.values(row.name)
                yield from ((row, value) for value in values if value != MISSING)

    def _key(self, text: str) -> tuple[str, ...]:
        """Return the stems of a name in the catalogue's language: without case or inflection."""
        raws = (raw for piece in text.split() for raw in tokenizer.words(piece))
        return tuple([self._vocabulary.stems(raw)[0] for raw in raws])
