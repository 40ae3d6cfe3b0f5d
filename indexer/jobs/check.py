"""Report the problems of a corpus and the unused concepts of its thesaurus.

Nothing is written, except texts of files into the cache.

A concept is used if one of its labels occurs in a searchable text, as a phrase of stems. Labels
count only in the languages of the publications and of the catalogue.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Parsed, Problem, Publication
from indexer.catalogue.thesaurus import Concept, Thesaurus
from indexer.ingest import corpus
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.jobs.build_stats import read_rules
from indexer.jobs.fulltexts import FullTexts, merge_problems

BREAK = "\n"
"""Separates stems where positions are not consecutive. It is never a stem."""


class CheckReport(msgspec.Struct, frozen=True):
    """The result of a check.

    `publications`: number of valid publications. `concepts`: number of concepts in the thesaurus.
    `missing`: the concepts without a label in any publication. `unused` counts the columns that no
    field uses, by file and column.
    """

    catalogue: Catalogue
    publications: int
    problems: tuple[Problem, ...]
    concepts: int
    missing: tuple[Concept, ...]
    unused: Mapping[tuple[str, str], int]


def check(folder: Path, progress: Progress = NO_PROGRESS, limits: Limits = LIMITS) -> CheckReport:
    """Read a corpus folder, and texts, as a build does. Raise CatalogueError or ReaderError."""
    rules = read_rules(folder)
    catalogue, concepts = rules.catalogue, rules.thesaurus
    problems: list[Problem] = []
    coverage, count = LabelCoverage(concepts, catalogue), 0
    reader = corpus.CorpusReader(
        catalogue,
        problems.append,
        report_bytes=progress.report_bytes,
        limits=limits,
        duplicates=corpus.find_duplicates(folder, catalogue, limits),
    )

    def read() -> Iterator[Publication]:
        nonlocal count
        for item in reader.read_folder(folder):
            assert isinstance(item, Parsed)  # without a previous index, no item is Unchanged
            coverage.add(item.publication)
            progress.report_publications([item.publication])
            count += 1
            yield item.publication

    if catalogue.fulltext:
        texts = FullTexts(folder, catalogue, limits, progress, None)
        problems += texts.find_problems(texts.find(read(), problems.append))
        problems = merge_problems(problems)
    else:
        deque(read(), maxlen=0)
    missing = tuple(coverage.find_missing())
    return CheckReport(
        catalogue, count, tuple(problems), len(concepts.concept), missing, reader.unused
    )


class LabelCoverage:
    """The labels of a thesaurus, and those of them that occur in publications."""

    def __init__(self, thesaurus: Thesaurus, catalogue: Catalogue) -> None:
        self._thesaurus, self._catalogue = thesaurus, catalogue
        self._languages = {catalogue.language.partition("-")[0]}
        labels = defaultdict[str, list[tuple[tuple[str, ...], str, int]]](list)
        self._labels_by_first_stem = labels
        self._seen: set[tuple[int, str]] = set()
        for number, concept in enumerate(thesaurus.concept):
            for language in concept.languages:
                for label in concept.get_labels(language):
                    if key := tokenizer.split_stems(label, language):
                        labels[key[0]].append((key, language, number))

    def add(self, publication: Publication) -> None:
        """Record the labels that occur in the searchable texts of a publication."""
        for field in self._catalogue.searchable:
            language = schema.get_language(publication, field, self._catalogue)
            self._languages.add(language.partition("-")[0])
            stems = _split_stems(schema.get_text(publication, field, self._catalogue), language)
            for position, stem in enumerate(stems):
                for key, label_language, number in self._labels_by_first_stem.get(stem, ()):
                    if tuple(stems[position : position + len(key)]) == key:
                        self._seen.add((number, label_language))

    def find_missing(self) -> Iterator[Concept]:
        """Yield the concepts without an occurrence of a label in a language that counts."""
        for number, concept in enumerate(self._thesaurus.concept):
            if not any((number, language) in self._seen for language in self._languages):
                yield concept


def _split_stems(text: str, language: str) -> Sequence[str]:
    """Return the stems of a text, with BREAK where positions are not consecutive."""
    stems, last_position = [], -1
    for token in tokenizer.tokenize(text, language):
        if token.position != last_position + 1:
            stems.append(BREAK)
        stems.append(token.stem)
        last_position = token.position
    return stems
