"""Query expansion: turn the named entities in a query into clauses with their synonyms.

An entity is recognized by any of its labels, in any language. Its clause has three parts: the words
as typed, the synonyms in the languages of the index, and the facet values. The words as typed weigh
most. If few documents match a concept, its clause matches narrower concepts too. It never matches
broader or related ones: `features.diagnosis` offers those as links.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import (
    Entity,
    EntityMatch,
    NameIndex,
    ValueNames,
    list_entities,
)
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import (
    APART_WEIGHT,
    EntitySpan,
    build_apart,
    build_phrases,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.store import Store

LABEL_WEIGHT, VALUE_WEIGHT, RELATED_WEIGHT = 0.8, 0.3, 0.25
"""Weights of a synonym, a facet value and a narrower concept, relative to 1 for a typed word."""
YEAR_WEIGHT = 4.0
"""Weight of the year of publication, relative to 1 for a typed word.

It exceeds the weight of several mentions of the year in an abstract.
"""
TYPED_TITLE_WEIGHT = 1e6
"""Weight of the typed name in a title, where it must outrank all synonyms.

BM25F saturates at once with it. What it adds is therefore at least what the synonyms can add with
any frequency, and the same for all titles that contain the name.
"""
FEW_DOCS = 10
"""An entity with fewer documents of its own also matches documents with a narrower one."""
MIN_ACRONYM_CHARS = 4
"""Shorter acronyms, in letters, do not match in texts: TIP and WHO are words too."""
MAX_SHARE = 0.1
"""Largest share of all documents for a narrower entity: more would drown out the entity itself."""
MAX_SYNONYMS_SHOWN = 3
"""At most 3 synonyms of an entity are reported to the user."""


class EntityLinker(NameIndex):
    """All entities that can be recognized in an index, and the clauses made of them."""

    def __init__(
        self, vocabulary: Vocabulary, store: Store, thesaurus: Thesaurus, values: ValueNames
    ) -> None:
        self.entities = list_entities(vocabulary, thesaurus)
        super().__init__(self.entities, vocabulary.languages)
        self.values_named = values.values_named
        self._vocabulary, self._store = vocabulary, store
        self.scope = values.scope
        self._weights = {
            field.name: YEAR_WEIGHT if field.kind == "year" else VALUE_WEIGHT
            for field in vocabulary.catalogue.fields
        }
        self._narrower: dict[str, list[int]] = defaultdict(list)
        for number, entity in enumerate(self.entities):
            for broader in entity.broader:
                self._narrower[broader].append(number)
        self._labels: dict[int, list[nodes.NamePart]] = {}
        self._counts: dict[int, int] = {}
        self._other_names_of: dict[int, list[nodes.Names]] = {}
        self._shown_labels: dict[int, list[tuple[str, str]]] = {}
        self._narrower_of: dict[int, list[int]] = {}
        self._numbers = {entity.id: number for number, entity in enumerate(self.entities)}

    def prepare(self) -> None:
        """Count all labels, so that the store may cache them, and no search has to count any."""
        numbers = range(len(self.entities))
        self._count_documents(numbers)
        all_names = filter(None, map(self._get_other_names, numbers))
        self._store.count_all([nodes.Clause(other_names) for other_names in all_names], Deadline())

    def link(self, pieces: Sequence[str], *, shouted: bool) -> list[EntitySpan]:
        """Return the entities in the pieces of a text, in order: see `NameIndex.find_names`."""
        return [
            EntitySpan(*name[:3], self._make_clause(name, pieces[name.first : name.last]))
            for name in self.find_names(pieces, shouted=shouted)
        ]

    def find_wider(self, identity: str) -> tuple[list[Entity], list[Entity]]:
        """Return the entities broader than one, and those related to it."""
        entity = self.entities[self._numbers[identity]]
        broader, related = (
            [self.entities[self._numbers[neighbor]] for neighbor in ids]
            for ids in (entity.broader, entity.related)
        )
        return broader, related

    def get_name(self, entity: Entity) -> str:
        """Return the first label of an entity in the catalogue's language; "" if it has none."""
        return next(iter(entity.labels.get(self._vocabulary.languages[0], ())), "")

    def _make_clause(self, name: EntityMatch, typed: Sequence[str]) -> nodes.Clause:
        """Return the clause of a name in the text; a part of a label may name several entities."""
        number = name.numbers[0]
        entity = self.entities[number]
        words = [word for piece in typed for word in tokenizer.split_words(piece)]
        parts: list[nodes.Part] = []
        if name.language in ("", *self._vocabulary.languages):
            if len(words) == 1:
                # Its inflections, and its stems in the other languages.
                stem, *other_stems = self._vocabulary.list_stems(words[0])
                terms = dict.fromkeys([*self._list_inflections(words[0], stem), *other_stems])
                parts += (nodes.Term(term, self.scope) for term in terms or [_written(words[0])])
            else:
                parts += build_phrases(words, self.scope, self._vocabulary)
            parts += self._make_apart(words, APART_WEIGHT)
        else:
            if len(words) == 1:
                parts.append(nodes.Term(_written(words[0]), self.scope))
            parts += self._make_apart(
                tokenizer.split_words(self.get_name(entity)), APART_WEIGHT * LABEL_WEIGHT
            )
        parts += [
            part for name_number in name.numbers for part in self._get_other_names(name_number)
        ]
        parts += [
            nodes.Values(field, (value,), self._weights[field])
            for field, value in entity.values
            if self._vocabulary.has_value(field, value)
        ]
        # A clause must not be empty: if the index has nothing of the entity, match plain words.
        parts = parts or [*build_phrases(words, self.scope, self._vocabulary)]
        synonyms = (
            self._list_names(name.numbers)
            if len(name.numbers) > 1
            else self._list_synonyms(number, words)
        )
        narrower = self._list_names(self._find_narrower(number))
        return nodes.Clause(parts, " ".join(typed), synonyms, entity.id, narrower)

    def _list_inflections(self, word: str, stem: str) -> list[str]:
        """Return the terms of a word's inflections: its stem if only inflections have that stem."""
        language = self._vocabulary.languages[0]
        surfaces = self._vocabulary.find_words_with(stem)
        forms = [form for form in surfaces if stemming.is_inflection(word, form, language)]
        return [stem] if len(forms) == len(surfaces) > 0 else [*map(_written, sorted(forms))]

    def _make_apart(self, words: Sequence[str], weight: float) -> Iterator[nodes.Together]:
        """Yield a clause for the words of a name anywhere, if several are not stop words."""
        content_words = [word for word in words if not self._vocabulary.is_stop_word(word)]
        if len(content_words) > 1:
            yield build_apart(content_words, self.scope, self._vocabulary, weight)

    def _get_other_names(self, number: int) -> list[nodes.Names]:
        """Return the cached synonyms of an entity, and narrower entities if few documents match."""
        if number not in self._other_names_of:
            narrower = self._find_narrower(number)
            named: tuple[
                tuple[list[nodes.NamePart], Literal["synonym", "narrower"], float], ...
            ] = (
                (self._get_labels(number), "synonym", LABEL_WEIGHT),
                (
                    [part for each in narrower for part in self._get_labels(each)],
                    "narrower",
                    RELATED_WEIGHT,
                ),
            )
            self._other_names_of[number] = [
                nodes.Names(tuple(dict.fromkeys(parts)), self.entities[number].id, how, weight)
                for parts, how, weight in named
                if parts
            ]
        return self._other_names_of[number]

    def _count_documents(self, numbers: Sequence[int]) -> list[int]:
        """Return the number of documents that match any label of each entity."""
        new = [number for number in numbers if number not in self._counts]
        counts = dict.fromkeys(new, 0)
        if labeled := [number for number in new if self._get_labels(number)]:
            clauses = [nodes.Clause(self._get_labels(number)) for number in labeled]
            # They are counted once for a generation. Searches wait only before it is prepared.
            counted = self._store.count_all(clauses, Deadline())
            counts.update(zip(labeled, counted, strict=True))
        self._counts.update(counts)
        return [self._counts[number] for number in numbers]

    def _find_narrower(self, number: int) -> list[int]:
        """Return the narrower entities that an entity also matches; each has documents."""
        if number not in self._narrower_of:
            (count,) = self._count_documents([number])
            limit = self._vocabulary.size * (MAX_SHARE if count else 1)
            narrower = self._narrower.get(self.entities[number].id, []) if count < FEW_DOCS else []
            counts = zip(narrower, self._count_documents(narrower), strict=True)
            self._narrower_of[number] = [each for each, total in counts if 0 < total <= limit]
        return self._narrower_of[number]

    def _list_names(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """Return the names of some entities, without those that have none."""
        return tuple(filter(None, (self.get_name(self.entities[number]) for number in numbers)))

    def _list_synonyms(self, number: int, words: Sequence[str]) -> tuple[str, ...]:
        """Return up to MAX_SYNONYMS_SHOWN synonyms of an entity that the index may contain."""
        typed_name = fold(" ".join(words))
        if number not in self._shown_labels:
            default_language = self._vocabulary.languages[0]
            labels = self.entities[number].labels.get(default_language, ())
            self._shown_labels[number] = [
                (fold(label), label)
                for label in labels
                if self._make_label_terms(label, default_language)
            ]
        synonyms = [label for folded, label in self._shown_labels[number] if folded != typed_name]
        return tuple(synonyms[:MAX_SYNONYMS_SHOWN])

    def _get_labels(self, number: int) -> list[nodes.NamePart]:
        """Return the labels of an entity that the index may contain, as parts of a clause."""
        if number not in self._labels:
            entity = self.entities[number]
            labels = [
                part
                for language in self._vocabulary.languages
                for label in entity.labels.get(language, ())
                for part in self._make_label_terms(label, language)
            ]
            acronyms = [
                nodes.Term(term, self.scope)
                for term in map(_written, entity.acronyms)
                if len(term) > MIN_ACRONYM_CHARS and self._vocabulary.occurs(term)
            ]
            self._labels[number] = [*labels, *acronyms]
        return self._labels[number]

    def _make_label_terms(self, label: str, language: str) -> list[nodes.NamePart]:
        """Return a label as a phrase, or as a term if it is a single word.

        A single word of another language matches only as written: its stem may be that of an
        unrelated word in the catalogue's language.
        """
        words, stems = tokenizer.split_words(label), tuple(tokenizer.split_stems(label, language))
        if len(words) == 1:
            is_default = language == self._vocabulary.languages[0]
            terms = (
                self._list_inflections(words[0], stems[0]) if is_default else [_written(words[0])]
            )
            return [nodes.Term(term, self.scope) for term in filter(self._vocabulary.occurs, terms)]
        if not stems or not all(map(self._vocabulary.occurs, stems)):
            return []
        return [nodes.Phrase(stems, self.scope)]


def find_typed(clause: nodes.Clause, field: str) -> nodes.Clause | None:
    """Return the clause of a single word in one field, without its synonyms; None if it has none.

    Its matches outrank those of any synonym.
    """
    has_synonyms = any(isinstance(part, nodes.Names) for part in clause.parts)
    is_word = len(tokenizer.split_words(clause.text)) == 1
    return match_in_title(clause, field) if has_synonyms and is_word else None


def match_in_title(clause: nodes.Clause, field: str) -> nodes.Clause | None:
    """Return the clause of the typed words of a clause in the title, the `field`, or None.

    It adds the same to the score of all titles that match.
    """
    typed = [
        msgspec.structs.replace(part, fields=frozenset({field}), boost=TYPED_TITLE_WEIGHT)
        for part in clause.parts
        if isinstance(part, nodes.Term | nodes.Phrase) and field in part.fields
    ]
    return nodes.Clause(typed, clause.text) if typed else None


def _written(word: str) -> str:
    """Return the term that matches a word as written."""
    return tokenizer.SURFACE_PREFIX + surface_form(word)
