"""Entity linking: turn thesaurus concepts and facet values in a query into clauses.

An entity is recognized by any of its labels, in any language. Its clause has three parts: the words
as typed, the synonyms in the languages of the index, and the facet values. The words as typed weigh
most. If few documents match a concept, its clause matches narrower concepts too. It never matches
broader or related ones: `features.zero_results` offers those as links.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written, fold
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.interpretation.entities import Thing, ValueNames, things
from search_app.engine.interpretation.entity_names import Name, Names
from search_app.engine.query import clause_builder
from search_app.engine.query.clause_builder import Recognised
from search_app.engine.query.nodes import Labels, Leaf
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.store import Store

LABEL, VALUE, KIN = 0.8, 0.3, 0.25
"""Weights of a synonym, a facet value and a narrower concept, relative to 1 for a typed word."""
PUBLISHED = 4.0
"""Weight of the year of publication, relative to 1 for a typed word.

It exceeds the weight of several mentions of the year in an abstract.
"""
FEW = 10
"""An entity with fewer documents of its own also matches documents with a narrower one."""
SHORTEST_ACRONYM = 4
"""Shorter acronyms, in letters, do not match in texts: TIP and WHO are words too."""
MOST_OF_ALL = 0.1
"""Largest share of all documents for a narrower entity: more would drown out the entity itself."""
MOST_TOLD = 3
"""At most 3 synonyms of an entity are reported to the user."""


class Concepts(Names):
    """All entities that can be recognized in an index, and the clauses made of them."""

    def __init__(
        self, vocabulary: Vocabulary, store: Store, thesaurus: Thesaurus, values: ValueNames
    ) -> None:
        self.things = things(vocabulary, thesaurus)
        super().__init__(self.things, vocabulary.languages)
        self.named = values.named
        self._vocabulary, self._store = vocabulary, store
        self._fields = vocabulary.searchable
        self._weights = {
            row.name: PUBLISHED if row.kind == "year" else VALUE
            for row in vocabulary.catalogue.fields
        }
        self._narrower: dict[str, list[int]] = defaultdict(list)
        for number, thing in enumerate(self.things):
            for broader in thing.broader:
                self._narrower[broader].append(number)
        self._labels: dict[int, list[query.Query]] = {}
        self._others: dict[int, list[query.Query]] = {}
        self._told: dict[int, list[tuple[str, str]]] = {}
        self._kinds: dict[int, list[int]] = {}
        self._numbers = {thing.id: number for number, thing in enumerate(self.things)}

    def prepare(self) -> None:
        """Cache the postings of all labels, so that the first search for an entity is fast too."""
        for number in range(len(self.things)):
            if others := self._other_names(number):
                self._store.count(Leaf(others))

    def recognised(self, pieces: Sequence[str], *, shouted: bool) -> list[Recognised]:
        """Return the entities in the pieces of a text, in order: see `Names.within`."""
        return [
            Recognised(
                name.first,
                name.last,
                name.language,
                self._leaf(name, pieces[name.first : name.last]),
            )
            for name in self.within(pieces, shouted=shouted)
        ]

    def wider(self, identity: str) -> tuple[list[Thing], list[Thing]]:
        """Return the entities broader than one, and those related to it."""
        thing = self.things[self._numbers[identity]]
        broader, related = (
            [self.things[self._numbers[each]] for each in ids]
            for ids in (thing.broader, thing.related)
        )
        return broader, related

    def own_name(self, thing: Thing) -> str:
        """Return the first label of an entity in the catalogue's language; "" if it has none."""
        return next(iter(thing.labels.get(self._vocabulary.languages[0], ())), "")

    def _leaf(self, name: Name, typed: Sequence[str]) -> Leaf:
        """Return the clause of a name in the text; a part of a label may name several entities."""
        number = name.numbers[0]
        thing = self.things[number]
        raws = [raw for piece in typed for raw in tokenizer.words(piece)]
        parts: list[query.Query] = []
        if name.language in ("", *self._vocabulary.languages):
            parts += self._forms(raws[0]) if len(raws) == 1 else self._side_by_side(raws)
            parts += self._apart(raws, clause_builder.APART)
        else:
            if len(raws) == 1:
                parts += [query.Term(field, _written(raws[0])) for field in self._fields]
            parts += self._apart(
                tokenizer.words(self.own_name(thing)), clause_builder.APART * LABEL
            )
        parts += [part for each in name.numbers for part in self._other_names(each)]
        parts += [
            query.Term(f"{row}.value", value, boost=self._weights[row])
            for row, value in thing.values
            if self._vocabulary.has_value(row, value)
        ]
        # A clause must not be empty: if the index has nothing of the entity, match plain words.
        parts = parts or self._side_by_side(raws)
        also = self._also(number, raws)
        if len(name.numbers) > 1:
            also = tuple(filter(None, (self.own_name(self.things[each]) for each in name.numbers)))
        return Leaf(parts, " ".join(typed), also, thing.id, self._narrower_names(number))

    def _side_by_side(self, raws: Sequence[str]) -> list[query.Query]:
        """Return the words as a phrase, or a single word, by their stems."""
        return clause_builder.phrases(raws, self._fields, self._vocabulary)

    def _forms(self, raw: str) -> list[query.Query]:
        """Return terms for the inflections of a word, and its stems in the other languages."""
        own, *others = self._vocabulary.stems(raw)
        terms = dict.fromkeys([*self._inflections(raw, own), *others]) or [_written(raw)]
        return [query.Term(field, term) for term in terms for field in self._fields]

    def _inflections(self, raw: str, stem: str) -> list[str]:
        """Return the terms of a word's inflections: its stem if only inflections have that stem."""
        own, written = self._vocabulary.languages[0], self._vocabulary.words_with(stem)
        found = [each for each in written if stemming.is_inflection(raw, each, own)]
        return [stem] if len(found) == len(written) > 0 else [*map(_written, sorted(found))]

    def _apart(self, raws: Sequence[str], weight: float) -> Iterator[query.Query]:
        """Yield a clause for the words of a name anywhere, if several are not stop words."""
        telling = [raw for raw in raws if not self._vocabulary.is_stop_word(raw)]
        if len(telling) > 1:
            yield clause_builder.apart(telling, self._fields, self._vocabulary, weight)

    def _other_names(self, number: int) -> list[query.Query]:
        """Return the cached synonyms of an entity, and narrower entities if few documents match."""
        known = self._others.get(number)
        if known is None:
            known = self._others[number] = list(self._made_names(number))
        return known

    def _made_names(self, number: int) -> Iterator[query.Query]:
        identity, labels = self.things[number].id, self._known_labels(number)
        if labels:
            yield Labels(labels, identity, "name", LABEL)
        kin = [part for each in self._kin(number) for part in self._known_labels(each)]
        if kin:
            yield Labels(kin, identity, "kin", KIN)

    def _found(self, number: int) -> int:
        """Return the number of documents that match any label of an entity."""
        labels = self._known_labels(number)
        return self._store.count(Leaf(labels)) if labels else 0

    def _kin(self, number: int) -> list[int]:
        """Return the narrower entities that an entity also matches; each has documents."""
        if number not in self._kinds:
            found, narrower = self._found(number), self._narrower.get(self.things[number].id, [])
            most = self._vocabulary.size * (MOST_OF_ALL if found else 1) if found < FEW else 0
            self._kinds[number] = [each for each in narrower if 0 < self._found(each) <= most]
        return self._kinds[number]

    def _narrower_names(self, number: int) -> tuple[str, ...]:
        """Return the names of the narrower entities that an entity also matches."""
        names = (self.own_name(self.things[each]) for each in self._kin(number))
        return tuple(filter(None, names))

    def _also(self, number: int, raws: Sequence[str]) -> tuple[str, ...]:
        """Return up to MOST_TOLD synonyms of an entity that the index may contain."""
        said = fold(" ".join(raws))
        if number not in self._told:
            own = self._vocabulary.languages[0]
            labels = self.things[number].labels.get(own, ())
            self._told[number] = [(fold(each), each) for each in labels if self._label(each, own)]
        known = [label for folded, label in self._told[number] if folded != said]
        return tuple(known[:MOST_TOLD])

    def _known_labels(self, number: int) -> list[query.Query]:
        """Return the labels of an entity that the index may contain, as parts of a clause."""
        if number not in self._labels:
            thing = self.things[number]
            labels = [
                part
                for language in self._vocabulary.languages
                for label in thing.labels.get(language, ())
                for part in self._label(label, language)
            ]
            acronyms = [
                query.Term(field, term)
                for term in map(_written, thing.acronyms)
                if len(term) > SHORTEST_ACRONYM and self._vocabulary.has_term(term)
                for field in self._fields
            ]
            self._labels[number] = [*labels, *acronyms]
        return self._labels[number]

    def _label(self, label: str, language: str) -> list[query.Query]:
        """Return a label as a phrase, or as a term if it is a single word.

        A single word of another language matches only as written: its stem may be that of an
        unrelated word in the catalogue's language.
        """
        raws = tokenizer.words(label)
        own = self._vocabulary.languages[0]
        if len(raws) == 1:
            is_own = language == own
            terms = (
                self._inflections(raws[0], tokenizer.stems(label, own)[0])
                if is_own
                else [_written(raws[0])]
            )
            known = filter(self._vocabulary.has_term, terms)
            return [query.Term(field, term) for term in known for field in self._fields]
        stems = list(tokenizer.stems(label, language))
        if not stems or not all(map(self._vocabulary.has_term, stems)):
            return []
        return [query.Phrase(field, stems) for field in self._fields]


def _written(raw: str) -> str:
    """Return the term that matches a word as written."""
    return tokenizer.WRITTEN + as_written(raw)
