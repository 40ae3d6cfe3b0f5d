"""Report the problems of a corpus and the unused concepts of its thesaurus. Write nothing.

A concept is used if one of its labels occurs in a searchable text, as a phrase of stems. Labels
count only in the languages of the publications and of the catalogue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue import catalogue_toml, schema, thesaurus
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Fresh, Problem, Publication
from indexer.catalogue.thesaurus import Concept, Thesaurus
from indexer.ingest import corpus
from indexer.ingest.corpus import SILENT, Progress

BREAK = "\n"
"""Separates stems where positions are not consecutive. It is never a stem."""


class Verdict(msgspec.Struct, frozen=True):
    """The result of a check.

    `publications`: number of valid publications. `concepts`: number of concepts in the thesaurus.
    `missing`: the concepts without a label in any publication.
    """

    catalogue: Catalogue
    publications: int
    problems: tuple[Problem, ...]
    concepts: int
    missing: tuple[Concept, ...]


def check(folder: Path, progress: Progress = SILENT, limits: Limits = LIMITS) -> Verdict:
    """Read a corpus folder as a build does. Raise CatalogueError or ReaderError."""
    catalogue, known = catalogue_toml.load(folder), thesaurus.load(folder)
    problems: list[Problem] = []
    names, count = Names(known, catalogue), 0
    reading = corpus.Reading(catalogue, problems.append, at=progress.at, limits=limits)
    for item in reading.folder(folder):
        assert isinstance(item, Fresh)  # nothing can be kept without an earlier index
        names.look_in(item.publication)
        progress.counted([item.publication])
        count += 1
    missing = tuple(names.missing())
    return Verdict(catalogue, count, tuple(problems), len(known.concept), missing)


class Names:
    """The labels of a thesaurus, and those of them that occur in publications."""

    def __init__(self, known: Thesaurus, catalogue: Catalogue) -> None:
        self._known, self._catalogue = known, catalogue
        self._spoken = {_primary(catalogue.language)}
        self._starting: dict[str, list[tuple[tuple[str, ...], str, int]]] = defaultdict(list)
        self._seen: set[tuple[int, str]] = set()
        for number, concept in enumerate(known.concept):
            for language in concept.languages:
                for label in concept.labels(language):
                    if key := tokenizer.stems(label, language):
                        self._starting[key[0]].append((key, language, number))

    def look_in(self, publication: Publication) -> None:
        """Record the labels that occur in the searchable texts of a publication."""
        for field in self._catalogue.searchable:
            language = schema.language_of(publication, field, self._catalogue)
            self._spoken.add(_primary(language))
            stems = _stems(schema.text_of(publication, field, self._catalogue), language)
            for place, stem in enumerate(stems):
                for key, of, number in self._starting.get(stem, ()):
                    if tuple(stems[place : place + len(key)]) == key:
                        self._seen.add((number, of))

    def missing(self) -> Iterator[Concept]:
        """Yield the concepts without an occurrence of a label in a language that counts."""
        for number, concept in enumerate(self._known.concept):
            if not any((number, language) in self._seen for language in self._spoken):
                yield concept


def _primary(language: str) -> str:
    return language.partition("-")[0]


def _stems(text: str, language: str) -> Sequence[str]:
    """Return the stems of a text, with BREAK where positions are not consecutive."""
    stems, last = [], -1
    for token in tokenizer.tokens(text, language):
        if token.position != last + 1:
            stems.append(BREAK)
        stems.append(token.stem)
        last = token.position
    return stems
