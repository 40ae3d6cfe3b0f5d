"""A corpus, read through with nothing written: what is wrong with it, and what it has nothing of.

A concept of the thesaurus is found in a corpus if one of its labels, in a language that
publications are in, stands in the text of a publication that is searched: the stems of its words
side by side.
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
"""Stands between stems where no phrase goes on; no stem is so."""


class Verdict(msgspec.Struct, frozen=True):
    """What was found out about a corpus.

    `publications` counts those that can be used, `concepts` those of the thesaurus; `missing`
    are the concepts of which no publication has a name.
    """

    catalogue: Catalogue
    publications: int
    problems: tuple[Problem, ...]
    concepts: int
    missing: tuple[Concept, ...]


def check(folder: Path, progress: Progress = SILENT, limits: Limits = LIMITS) -> Verdict:
    """Reads a corpus folder through, as a build does. Raises CatalogueError."""
    catalogue, known = catalogue_toml.load(folder), thesaurus.load(folder)
    problems: list[Problem] = []
    names, count = Names(known, catalogue), 0
    reading = corpus.Reading(catalogue, problems.append, at=progress.at, limits=limits)
    for item in reading.folder(folder):
        assert isinstance(item, Fresh)  # no earlier index is known, so nothing is kept
        names.look_in(item.publication)
        progress.counted([item.publication])
        count += 1
    missing = tuple(names.missing())
    return Verdict(catalogue, count, tuple(problems), len(known.concept), missing)


class Names:
    """The labels of a thesaurus, and which of them have been seen in publications."""

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
        """Takes down which labels stand in what is searched of a publication."""
        for field in self._catalogue.searchable:
            language = schema.language_of(publication, field, self._catalogue)
            self._spoken.add(_primary(language))
            stems = _stems(schema.text_of(publication, field, self._catalogue), language)
            for place, stem in enumerate(stems):
                for key, of, number in self._starting.get(stem, ()):
                    if tuple(stems[place : place + len(key)]) == key:
                        self._seen.add((number, of))

    def missing(self) -> Iterator[Concept]:
        """The concepts none of whose labels was seen, in a language that publications are in."""
        for number, concept in enumerate(self._known.concept):
            if not any((number, language) in self._seen for language in self._spoken):
                yield concept


def _primary(language: str) -> str:
    return language.partition("-")[0]


def _stems(text: str, language: str) -> Sequence[str]:
    """The stems of a text, with a BREAK wherever positions jump."""
    stems, last = [], -1
    for token in tokenizer.tokens(text, language):
        if token.position != last + 1:
            stems.append(BREAK)
        stems.append(token.stem)
        last = token.position
    return stems
