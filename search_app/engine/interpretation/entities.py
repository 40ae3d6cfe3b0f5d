"""Named entities: thesaurus concepts, facet values, and places, with their labels by language.

`ValueNames` contains the names of facet values as they are typed after a field name, or as a whole
text.

`NameIndex` finds labels and acronyms of entities in a text. It compares labels by the stems of
their words, and a typed word must be an inflection of the word in the label: *legislators* does not
name legislation, although both have one stem. Chinese has no spaces between words, so it compares
Chinese labels by character. Half of a Chinese label also names its entity, and so do its words in
another order.
"""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import reduce
from itertools import chain, pairwise
from typing import NamedTuple, Self
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.catalogue.fields import MISSING, Field, Role
from indexer.catalogue.thesaurus import Thesaurus
from indexer.catalogue.translations import list_value_labels
from indexer.values import identifiers, iso_codes, names
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import EntityRecognizer
from search_app.engine.query.rewriting import MAX_CHARS, find_key
from search_app.engine.query.vocabulary import Vocabulary

UNITED_NATIONS = ("en", "fr", "es", "ru", "ar", "zh")
"""Languages in which names of countries, regions and languages are recognized.

The catalogue's own language is recognized too.
"""
MIN_PART_CHARS = 5
"""A part of a label names the value if it has several words, or at least 5 letters."""

MAX_PIECES = 60
"""Names are recognized in the first 60 pieces of a text only."""

MIN_SIMILARITY = 0.5
"""Minimum Dice coefficient of the character pairs of a text and a Chinese label.

Half of a label of 4 characters has this coefficient.
"""
_NUMBERED: Mapping[str | None, Role] = {
    "collection-number": "collection-title", "volume": "container-title",
    "issue": "container-title",
}  # fmt: skip
"""The role of the titles whose numbers have a role."""
MAX_ALIKE = 5
"""A part that is in the labels of more than 5 entities, such as *problem*, names none of them."""
JOINING_CHARACTERS = str.maketrans("", "", "的之")
"""Characters that only join the words of a Chinese label."""
_PART_SEPARATOR = re.compile(r"\s*(?:&|/|,|\band\b)\s*(?:the\s+)?", re.IGNORECASE)


class Entity(NamedTuple):
    """A named entity: its labels by language, and its facet values as pairs of field and value.

    `acronyms` match in capitals only. `broader` and `related` have the ids of the entities that
    the thesaurus links to this one.
    """

    id: str
    labels: Mapping[str, Sequence[str]]
    values: tuple[tuple[str, str], ...]
    acronyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


def list_entities(vocabulary: Vocabulary, thesaurus: Thesaurus) -> list[Entity]:
    """Return all entities that can be recognized in a text."""
    values = list(_list_values(vocabulary))
    return [*_list_concepts(thesaurus, values), *values, *_list_places(vocabulary, values)]


def _list_concepts(thesaurus: Thesaurus, values: Sequence[Entity]) -> Iterator[Entity]:
    """Yield the concepts of the thesaurus, each with the facet values of the same name."""
    values_by_label: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entity in values:
        for label in {fold(name) for labels in entity.labels.values() for name in labels}:
            values_by_label[label] += entity.values
    for concept in thesaurus.concept:
        labels = {language: concept.get_labels(language) for language in concept.languages}
        names = {fold(name) for listed in labels.values() for name in listed}
        linked_values = dict.fromkeys(
            value for name in sorted(names) for value in values_by_label[name]
        )
        related = thesaurus.find_related(concept)
        yield Entity(
            concept.id, labels, tuple(linked_values), concept.acronyms, concept.broader, related
        )


def _list_values(vocabulary: Vocabulary) -> Iterator[Entity]:
    """Yield the values of closed facets, with all their names.

    Values of an open facet, such as a venue, are matched by their words only.
    """
    default_language = vocabulary.catalogue.language
    for field in vocabulary.catalogue.selectable:
        if is_closed(field):
            for value in vocabulary.list_values(field.name):
                if value != MISSING and (labels := list_names(field, value, default_language)):
                    acronyms = iso_codes.list_acronyms(value) if field.kind == "country" else ()
                    yield Entity(f"{field.name}={value}", labels, ((field.name, value),), acronyms)


def _list_places(vocabulary: Vocabulary, values: Sequence[Entity]) -> Iterator[Entity]:
    """Yield countries and regions that are not facet values, if the catalogue has countries.

    Yield only places with a name whose words are all in the index.
    """
    default_language = vocabulary.catalogue.language
    languages = tuple(dict.fromkeys([default_language, *UNITED_NATIONS]))
    has_countries = any(field.kind == "country" for field in vocabulary.catalogue.selectable)
    known_names = {
        fold(name)
        for value_entity in values
        for name in value_entity.labels.get(default_language, ())
    }
    for code in (*iso_codes.list_countries(), *iso_codes.list_regions()) if has_countries else ():
        labels = {language: iso_codes.list_country_names(code, language) for language in languages}
        own = labels[default_language]
        stems = (tokenizer.split_stems(label, default_language) for label in own)
        may_occur = any(each and all(map(vocabulary.get_frequency, each)) for each in stems)
        if may_occur and known_names.isdisjoint(map(fold, own)):
            yield Entity(f"place={code}", labels, (), iso_codes.list_acronyms(code))


def is_closed(field: Field) -> bool:
    """Return whether values of a field are recognized in a text: its possible values are known."""
    return bool(field.values) or field.kind in ("country", "language", "year")


def list_names(field: Field, value: str, own: str) -> dict[str, list[str]]:
    """Return the names of a value, by language.

    `own` is the catalogue's language. Countries, languages and regions have names in the languages
    of the United Nations too.
    """
    languages = tuple(dict.fromkeys([own, *UNITED_NATIONS]))
    if field.kind == "country":
        return {language: iso_codes.list_country_names(value, language) for language in languages}
    if field.kind == "language":
        return {language: [iso_codes.get_language_name(value, language)] for language in languages}
    label = field.display(value, own)
    if field.kind == "year":
        return {own: [label]}
    if field.kind == "name":
        return {own: [label, names.read(value).inverted]}
    parts = [
        part for part in _PART_SEPARATOR.split(label) if " " in part or len(part) >= MIN_PART_CHARS
    ]
    names_by_language: dict[str, list[str]] = {own: list(dict.fromkeys([label, *parts]))}
    for part in [label, *parts]:
        for language, name in iso_codes.translate_region(part, languages, own).items():
            names_by_language.setdefault(language, []).append(name)
    return names_by_language


class HashIndex:
    """Numbers by key, as sorted hashes of 64 bits, which take a tenth of the memory of a dict.

    Numbers of keys with the same hash are not told apart: among billions of keys, hardly any two
    have the same.
    """

    def __init__(self, keys: Iterable[tuple[Hashable, int]]) -> None:
        hashes, numbers = array("q"), array("i")
        for key, number in keys:
            hashes.append(hash(key))
            numbers.append(number)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._numbers = np.asarray(hashes)[order], np.asarray(numbers)[order]

    def find(self, key: Hashable) -> NDArray[np.int32]:
        """Return the numbers of a key, in the order in which they were given."""
        hashed = np.int64(hash(key))
        first, last = (self._hashes.searchsorted(hashed, side) for side in ("left", "right"))
        return self._numbers[first:last]


class _ValueIndex:
    """The values of a facet by their names, which are folded, and by the words of a name."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._values: list[str] = []
        self._index = HashIndex(self._list_keys(names))

    def _list_keys(self, names: Iterable[tuple[str, str]]) -> Iterator[tuple[Hashable, int]]:
        for number, (name, value) in enumerate(names):
            self._values.append(value)
            yield name, number
            yield from (((word,), number) for word in set(name.split()))

    def find_word(self, word: str) -> list[str]:
        """Return the values whose names have a word."""
        return [*dict.fromkeys(self._values[number] for number in self._index.find((word,)))]

    def find(self, text: str) -> list[str]:
        """Return the values with a name, or whose names have all words of a text."""
        folded = fold(text)
        numbers = self._index.find(folded)
        if not len(numbers) and (words := set(folded.split())):
            numbers = reduce(np.intersect1d, [self._index.find((word,)) for word in words])
        return list(dict.fromkeys(self._values[number] for number in numbers.tolist()))


class ValueNames(EntityRecognizer):
    """The names of facet values. Alone, an `EntityRecognizer` that recognizes no named entity."""

    def __init__(self, vocabulary: Vocabulary, scope: nodes.Fields) -> None:
        self._vocabulary, self.scope = vocabulary, scope
        self._by_field: dict[str, tuple[_ValueIndex, _ValueIndex]] = {}
        self._names: dict[str, HashIndex] = {}

    def within(self, scope: nodes.Fields) -> Self:
        """Return the same names, in the same memory, for words that are searched in `scope`."""
        names = copy(self)
        names.scope = scope
        return names

    def prepare(self) -> None:
        """Derive the names of all values, so that the first search for one is fast too."""
        for field in self._vocabulary.catalogue.selectable:
            self.values_named(field, "")
        self.find_values_named("a b")

    def values_named(self, field: Field, text: str) -> list[str]:
        """Return the values that a text names by code or label, or whose names have all its words.

        Names of countries and languages are known in the six languages of the United Nations.
        Labels of a translation of the catalogue count only if no other name does.
        """
        if field.name not in self._by_field:
            self._by_field[field.name] = (
                _ValueIndex(self._list_names(field)), _ValueIndex(self._list_translated(field))
            )  # fmt: skip
        own, translated = self._by_field[field.name]
        return own.find(text) or translated.find(text)

    def values_with(self, field: Field, word: str) -> list[str]:
        """Return the values whose names have a folded word."""
        self.values_named(field, "")
        return self._by_field[field.name][0].find_word(word)

    def _list_names(self, field: Field) -> Iterator[tuple[str, str]]:
        language = self._vocabulary.catalogue.language
        for value in self._vocabulary.list_values(field.name):
            labels = [] if value == MISSING else list_names(field, value, language).values()
            all_names = [name for names in labels for name in names] or [field.missing]
            yield from ((name, value) for name in dict.fromkeys(map(fold, (value, *all_names))))

    def _list_translated(self, field: Field) -> Iterator[tuple[str, str]]:
        """Yield each label of a value in a translation of the catalogue with the value."""
        labels = list_value_labels(self._vocabulary.catalogue, field.name)
        for name, value in dict.fromkeys((fold(label), value) for label, value in labels):
            if self._vocabulary.has_value(field.name, value):
                yield name, value

    def find_values_named(self, text: str) -> Sequence[nodes.Values]:
        """Return the open values whose name is the whole text; none for a single word.

        Values of open facets, such as a series or a venue, are not recognized within a text.
        """
        key = self._make_key(text) if " " in text else ()
        return [
            nodes.Values(field.name, (self._vocabulary.list_values(field.name)[number],))
            for field in self._vocabulary.catalogue.facets
            if key and not is_closed(field)
            for number in dict.fromkeys(self._index_names(field).find(key).tolist())
        ]

    def _index_names(self, field: Field) -> HashIndex:
        """Return the numbers of the values of a field by their names: two for a person."""
        if field.name not in self._names:
            language = self._vocabulary.catalogue.language
            self._names[field.name] = HashIndex(
                (self._make_key(name), number)
                for number, value in enumerate(self._vocabulary.list_values(field.name))
                if value != MISSING
                for name in dict.fromkeys((value, field.display(value, language)))
            )
        return self._names[field.name]

    def find_shown(
        self, text: str, known: Collection[tuple[str, str]]
    ) -> Iterator[nodes.Values | nodes.Together]:
        """Yield what a text names that the words of publications do not have, without `known`.

        It is the whole value of a field whose words are not searched, or a title in the text next
        to a number, such as a series and the number in it. A value of a facet or of a list, such
        as a type, describes many publications and names none.
        """
        vocabulary = self._vocabulary
        for field in vocabulary.catalogue.unlisted if len(text) <= MAX_CHARS else ():
            if field.weight or field.kind in identifiers.KINDS or is_closed(field):
                continue
            key = find_key(field, text, vocabulary)
            if key and vocabulary.has_value(field.name, key) and (field.name, key) not in known:
                yield nodes.Values(field.name, (key,))
            if field.role in _NUMBERED:
                yield from self._find_numbered(field, text.split()[:MAX_PIECES])

    def _find_numbered(self, field: Field, pieces: Sequence[str]) -> Iterator[nodes.Together]:
        """Yield each number that pieces have next to its title, or one piece after it."""
        vocabulary, stems = self._vocabulary, [*map(self._make_key, pieces)]
        titles = vocabulary.catalogue.find_by_role(_NUMBERED[field.role])
        if titles not in vocabulary.catalogue.exact:
            return
        for index, piece in enumerate(pieces):
            if not any(map(str.isdigit, piece)):
                continue
            key = find_key(field, piece, vocabulary)
            if not key or not vocabulary.has_value(field.name, key):
                continue
            spans = chain(
                ((first, last) for last in (index, index - 1) for first in range(last)),
                ((index + 1, last) for last in range(len(pieces), index + 1, -1)),
            )
            found = (
                self._index_names(titles).find(tuple(chain.from_iterable(stems[first:last])))
                for first, last in spans
            )
            for number in next(filter(len, found), ()):
                title = nodes.Values(titles.name, (vocabulary.list_values(titles.name)[number],))
                yield nodes.Together(
                    (nodes.Clause([title]), nodes.Clause([nodes.Values(field.name, (key,))]))
                )

    def _make_key(self, text: str) -> tuple[str, ...]:
        """Return the stems of a name in the catalogue's language: without case or inflection."""
        words = (word for piece in text.split() for word in tokenizer.split_words(piece))
        language = self._vocabulary.languages[0]
        return tuple([stemming.stem(word, language) for word in words])


# Names in a text


Key = tuple[tuple[str, str], ...]
"""A label as pairs, one per word: its stem, and its written form."""


class EntityMatch(NamedTuple):
    """A name in a text: the pieces from `first` up to `last`, its language, and its entities.

    `language` is "" for an acronym. Only a part of a label has several `numbers` of entities.
    """

    first: int
    last: int
    language: str
    numbers: tuple[int, ...]


class NameIndex:
    """The labels and acronyms of entities, which are identified by their numbers.

    `words` contains the written forms of the words of all labels, except Chinese ones.
    """

    def __init__(self, entities: Sequence[Entity], default_languages: Sequence[str]) -> None:
        self._acronyms: dict[str, int] = {}
        self._labels_by_first_stem: dict[tuple[str, str], list[tuple[Key, int]]] = defaultdict(list)
        self._unsegmented: dict[str, int] = {}
        self._labels_by_pair: dict[str, dict[str, int]] = defaultdict(dict)
        self.words: set[str] = set()
        for number, entity in enumerate(entities):
            self._acronyms.update(dict.fromkeys(entity.acronyms, number))
            for language, labels in entity.labels.items():
                for label in labels:
                    self._add_label(label, language, number)
        label_languages = (language for language, _ in self._labels_by_first_stem)
        self.languages = tuple(dict.fromkeys([*default_languages, *label_languages]))
        self._latin_languages = [
            language for language in self.languages if language not in stemming.OTHER_SCRIPTS
        ]
        self._longest = max(map(len, self._unsegmented), default=0)
        self._initials = set(map(_get_initial, self._unsegmented))

    def _add_label(self, label: str, language: str, number: int) -> None:
        if tokenizer.is_unsegmented(label):
            self._unsegmented.setdefault(fold(label), number)
            joined = fold(label).translate(JOINING_CHARACTERS)
            for pair in _list_pairs(joined):
                self._labels_by_pair[pair].setdefault(joined, number)
            return
        self.words.update(map(surface_form, tokenizer.split_words(label)))
        # Without its accents, a word may have another stem.
        for typed in dict.fromkeys((label, fold(label))):
            words = tokenizer.split_words(typed)
            key = tuple((stemming.stem(word, language), word) for word in words)
            if key:
                self._labels_by_first_stem[language, key[0][0]].append((key, number))

    def cut(self, piece: str) -> list[str]:
        """Split a piece of Chinese around its labels; the longest label at a position wins."""
        parts, start, index = [], 0, 0
        initials = {
            character for character in set(piece) if _get_initial(character) in self._initials
        }
        while index < len(piece):
            longest = min(self._longest, len(piece) - index) if piece[index] in initials else 0
            lengths = range(longest, 1, -1)
            known = (
                each for each in lengths if fold(piece[index : index + each]) in self._unsegmented
            )
            if length := next(known, 0):
                parts += [piece[start:index], piece[index : index + length]]
                start = index = index + length
            else:
                index += 1
        return [part for part in [*parts, piece[start:]] if part]

    def find_names(self, pieces: Sequence[str], *, shouted: bool) -> list[EntityMatch]:
        """Return the names in a text, in order, without names inside longer names.

        Names may overlap, as in *people smuggling by boat*. If the text is all in capitals
        (`shouted`), acronyms look like words and are ignored, unless the text is one piece.
        """
        pieces = pieces[:MAX_PIECES]
        candidates = [*self._find_acronyms(pieces, shouted=shouted), *self._find_labels(pieces)]
        names: list[EntityMatch] = []
        for name in sorted(candidates, key=lambda name: (name.first - name.last, name.first)):
            if not any(each.first <= name.first and name.last <= each.last for each in names):
                names.append(name)
        return sorted(names, key=lambda name: name.first)

    def _find_acronyms(self, pieces: Sequence[str], *, shouted: bool) -> Iterator[EntityMatch]:
        if not self._acronyms or (shouted and len(pieces) > 1):
            return
        for index, piece in enumerate(pieces):
            number = self._acronyms.get(piece, self._acronyms.get(piece.removesuffix("s")))
            if number is not None and piece[:1].isupper():
                yield EntityMatch(index, index + 1, "", (number,))

    def _find_labels(self, pieces: Sequence[str]) -> Iterator[EntityMatch]:
        words = [tokenizer.split_words(piece) for piece in pieces]
        stop_words = stemming.get_stop_words(self.languages[0])
        for first, piece in enumerate(pieces):
            if tokenizer.is_unsegmented(piece):
                if numbers := self._find_unsegmented(fold(piece)):
                    yield EntityMatch(first, first + 1, "zh", numbers)
                continue
            languages = self._latin_languages if piece.isascii() else self.languages
            for language in languages if words[first] else ():
                stem = stemming.stem(words[first][0], language)
                for key, number in self._labels_by_first_stem.get((language, stem), ()):
                    last = _find_end(key, words, first, language)
                    # The Spanish stem of Canada is the English *can*.
                    typed = map(surface_form, chain(*words[first:last]))
                    is_foreign = language != self.languages[0]
                    if last and not (is_foreign and stop_words.issuperset(typed)):
                        yield EntityMatch(first, last, language, (number,))

    def _find_unsegmented(self, piece: str) -> tuple[int, ...]:
        """Return the entities that a piece of Chinese names: by a label, a part, or its words."""
        number = self._unsegmented.get(piece)
        if number is not None:
            return (number,)
        typed = piece.translate(JOINING_CHARACTERS)
        labels = {
            label: number_of_label
            for pair in _list_pairs(typed)
            for label, number_of_label in self._labels_by_pair.get(pair, {}).items()
        }
        similarities = {label: _compute_similarity(typed, label) for label in labels}
        best = sorted(labels, key=lambda label: -similarities[label])
        numbers = dict.fromkeys(
            labels[label] for label in best if similarities[label] >= MIN_SIMILARITY
        )
        return tuple(numbers) if len(numbers) <= MAX_ALIKE else ()


def _list_pairs(text: str) -> set[str]:
    """Return the pairs of adjacent characters of a text."""
    return {"".join(pair) for pair in pairwise(text)}


def _compute_similarity(typed: str, label: str) -> float:
    """Return the Dice coefficient of the character pairs of two texts.

    Return 0 if the typed text has a character that the label lacks.
    """
    if Counter(typed) - Counter(label):
        return 0.0
    typed_pairs, label_pairs = _list_pairs(typed), _list_pairs(label)
    return 2 * len(typed_pairs & label_pairs) / (len(typed_pairs) + len(label_pairs))


def _get_initial(text: str) -> str:
    """Return the first character of a text, case-folded and decomposed (NFD)."""
    return normalize("NFD", fold(text))[:1]


def _find_end(key: Key, words: Sequence[Sequence[str]], first: int, language: str) -> int:
    """Return the end of a label that starts at piece `first`.

    Return 0 if the label is not there or ends inside a piece.
    """
    index = 0
    for piece, typed_words in enumerate(words[first:], start=first):
        expected = [stem for stem, _ in key[index : index + len(typed_words)]]
        if not typed_words or [stemming.stem(word, language) for word in typed_words] != expected:
            return 0
        index += len(typed_words)
        if index == len(key):  # inflections are slow to compare, and few labels get here
            pairs = zip(chain(*words[first:]), key, strict=False)
            is_inflected = all(
                stemming.is_inflection(typed, word, language) for typed, (_, word) in pairs
            )
            return piece + 1 if is_inflected else 0
    return 0
