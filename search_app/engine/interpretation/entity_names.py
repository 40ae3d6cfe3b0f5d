"""Named entity recognition: find labels and acronyms of entities in a text.

Labels are compared by the stems of their words, and a typed word must be an inflection of the word
in the label: *legislators* does not name legislation, although both have one stem. Chinese has no
spaces between words, so Chinese labels are compared by character. Half of a Chinese label also
names its entity, and so do its words in another order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple
from unicodedata import normalize

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import fold, surface_form
from search_app.engine.interpretation.entities import Entity

MAX_PIECES = 60
"""Names are recognized in the first 60 pieces of a text only."""

MIN_SIMILARITY = 0.5
"""Minimum Dice coefficient of the character pairs of a text and a Chinese label.

Half of a label of 4 characters has this coefficient.
"""
MAX_ALIKE = 5
"""A part that is in the labels of more than 5 entities, such as *problem*, names none of them."""
JOINING_CHARACTERS = str.maketrans("", "", "的之")
"""Characters that only join the words of a Chinese label."""

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

    `words` has the written forms of the words of all labels, except Chinese ones.
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
            length = next(
                (
                    size
                    for size in lengths
                    if fold(piece[index : index + size]) in self._unsegmented
                ),
                0,
            )
            if length:
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
            if not any(
                longer_name.first <= name.first and name.last <= longer_name.last
                for longer_name in names
            ):
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
                    if last and not self._is_only_stop_words(words[first:last], language):
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

    def _is_only_stop_words(self, words: Sequence[Sequence[str]], language: str) -> bool:
        """Return whether a name in another language is all stop words of the catalogue's language.

        The Spanish stem of Canada is the English *can*.
        """
        default_language = self.languages[0]
        stop_words = stemming.get_stop_words(default_language)
        return language != default_language and all(
            surface_form(word) in stop_words for word in chain(*words)
        )


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
