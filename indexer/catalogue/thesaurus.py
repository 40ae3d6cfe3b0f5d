"""`thesaurus.toml`: the concepts of a corpus, and their labels by language.

Its names follow SKOS (W3C, "SKOS Simple Knowledge Organization System Reference", 2009). A concept
has one `prefLabel` per language, any number of `altLabel`, `broader` and `related` concepts, and
acronyms (`notation` in SKOS). The file is optional.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import msgspec

from indexer.analysis.cleaning import fold
from indexer.catalogue.catalogue_toml import raise_faults, read_toml
from indexer.catalogue.fields import Faults

THESAURUS_FILE = "thesaurus.toml"


class Concept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A concept and its labels by language."""

    id: str
    prefLabel: Mapping[str, str]  # noqa: N815  the names of SKOS
    altLabel: Mapping[str, tuple[str, ...]] = {}  # noqa: N815
    acronyms: tuple[str, ...] = ()
    """They apply in any language, and match in capitals only."""
    broader: tuple[str, ...] = ()
    """The ids of concepts of which it is a kind or a part."""
    related: tuple[str, ...] = ()
    """The ids of associated concepts."""

    def get_labels(self, language: str) -> tuple[str, ...]:
        """Return its labels in a language, the preferred label first."""
        preferred = self.prefLabel.get(language)
        alternatives = self.altLabel.get(language, ())
        return alternatives if preferred is None else (preferred, *alternatives)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.prefLabel, *self.altLabel]))


class Thesaurus(msgspec.Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """The concepts of a file, in the order of the file."""

    concept: tuple[Concept, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Concept]:
        return {concept.id: concept for concept in self.concept}

    @cached_property
    def _inverse_related(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the concepts that list a concept as related, by its id."""
        related: dict[str, list[str]] = defaultdict(list)
        for concept in self.concept:
            for identity in concept.related:
                related[identity].append(concept.id)
        return {identity: tuple(ids) for identity, ids in related.items()}

    def find_related(self, concept: Concept) -> tuple[str, ...]:
        """Return the ids of related concepts, in both directions of the relation."""
        return tuple(dict.fromkeys([*concept.related, *self._inverse_related.get(concept.id, ())]))

    def translate_names(self, own: str, language: str) -> dict[str, str]:
        """Return the name of each concept in a language, by its name in the language `own`.

        The name is the first label. A concept without a label in one of them is left out.
        """
        labels = ((each.get_labels(own), each.get_labels(language)) for each in self.concept)
        return {named[0]: translated[0] for named, translated in labels if named and translated}


def load(folder: Path) -> Thesaurus:
    """Return the thesaurus of a corpus folder, empty if it has no file. Raise CatalogueError."""
    file = folder / THESAURUS_FILE
    if not os.path.lexists(file):
        return Thesaurus()
    thesaurus = read_toml(file, Thesaurus, "See corpus/README.md for the keys of a concept")
    raise_faults(file, find_faults(thesaurus))
    return thesaurus


def find_faults(thesaurus: Thesaurus) -> Faults:
    """Yield each fault with a hint.

    Faults are duplicate ids, acronyms or labels, an unknown or circular `broader`, and a `related`
    that is unknown, broader, or the concept itself.
    """
    for identity in _find_repeated(concept.id for concept in thesaurus.concept):
        yield f"two concepts have the id {identity!r}", "Give each concept a unique id"
    acronyms = (acronym for concept in thesaurus.concept for acronym in set(concept.acronyms))
    for acronym in _find_repeated(acronyms):
        yield f"two concepts have the acronym {acronym!r}", "Remove it from one of them"
    for language in sorted({each for concept in thesaurus.concept for each in concept.languages}):
        labels = (set(map(fold, concept.get_labels(language))) for concept in thesaurus.concept)
        for label in _find_repeated(chain.from_iterable(labels)):
            message = f"two concepts have the label {label!r} in {language!r}"
            yield message, "Remove it from one of them"
    yield from _find_relation_faults(thesaurus)


def _find_repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _find_relation_faults(thesaurus: Thesaurus) -> Faults:
    concepts = thesaurus.by_id
    for concept in thesaurus.concept:
        relations = {"broader": ("narrower than", concept.broader)}
        relations |= {"related": ("related to", concept.related)}
        for key, (is_what, others) in relations.items():
            # A set without the keys of all concepts would be computed from all of them.
            for unknown in sorted({each for each in others if each not in concepts}):
                message = f"{concept.id!r} is {is_what} {unknown!r}, which does not exist"
                yield message, f"Add that concept, or remove it from `{key}`"
        for other in sorted({*concept.related} & {concept.id, *concept.broader}):
            message = f"{concept.id!r} is related to {other!r}"
            yield f"{message}, which is itself or a broader concept", "Remove it from `related`"
    try:
        TopologicalSorter({concept.id: concept.broader for concept in thesaurus.concept}).prepare()
    except CycleError as error:
        hint = "Remove a concept of this cycle from `broader`"
        cycle = frozenset(error.args[1])
        for concept in thesaurus.concept:
            if concept.id in cycle:
                yield f"{concept.id!r} is broader than itself", hint
