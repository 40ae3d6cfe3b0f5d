"""The names of facet values, as they are typed after a field name or searched for as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import fold
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.schema import exact
from search_app.engine.interpretation import entities
from search_app.engine.query.clause_builder import Recognised
from search_app.engine.query.vocabulary import Vocabulary


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
            labels = [] if value == MISSING else entities.names(field, value, own).values()
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
            if not entities.is_told(row):
                values = self._vocabulary.values(row.name)
                yield from ((row, value) for value in values if value != MISSING)

    def _key(self, text: str) -> tuple[str, ...]:
        """Return the stems of a name in the catalogue's language: without case or inflection."""
        raws = (raw for piece in text.split() for raw in tokenizer.words(piece))
        return tuple([self._vocabulary.stems(raw)[0] for raw in raws])
