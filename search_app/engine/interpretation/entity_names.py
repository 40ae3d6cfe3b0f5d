"""Named entity recognition: find labels and acronyms of entities in a text.

Labels are compared by the stems of their words, and a typed word must be an inflection of the word
in the label: *legislators* does not name legislation, although both have one stem. Chinese has no
spaces between words, so Chinese labels are compared by character. Half of a Chinese label also
names its entity, and so do its words in another order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple
from unicodedata import normalize

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written, fold
from search_app.engine.interpretation.entities import Thing

MOST_PIECES = 60
"""Names are recognized in the first 60 pieces of a text only."""

LEAST_ALIKE = 0.5
"""Minimum Dice coefficient of the character pairs of a text and a Chinese label.

Half of a label of 4 characters has this coefficient.
"""
MOST_ALIKE = 5
"""A part that is in the labels of more than 5 entities, such as *problem*, names none of them."""
JOINING = str.maketrans("", "", "的之")
"""Characters that only join the words of a Chinese label."""

Key = tuple[tuple[str, str], ...]
"""A label as pairs, one per word: its stem, and its written form."""


class Name(NamedTuple):
    """A name in a text: the pieces from `first` up to `last`, its language, and its entities.

    `language` is "" for an acronym. Only a part of a label has several `numbers` of entities.
    """

    first: int
    last: int
    language: str
    numbers: tuple[int, ...]


class Names:
    """The labels and acronyms of entities, which are identified by their numbers.

    `words` has the written forms of the words of all labels, except Chinese ones.
    """

    def __init__(self, things: Sequence[Thing], spoken: Sequence[str]) -> None:
        self._acronyms: dict[str, int] = {}
        self._starting: dict[tuple[str, str], list[tuple[Key, int]]] = defaultdict(list)
        self._unparted: dict[str, int] = {}
        self._holding: dict[str, dict[str, int]] = defaultdict(dict)
        self.words: set[str] = set()
        for number, thing in enumerate(things):
            self._acronyms.update(dict.fromkeys(thing.acronyms, number))
            for language, labels in thing.labels.items():
                for label in labels:
                    self._enter(label, language, number)
        starting = (language for language, _ in self._starting)
        self.languages = tuple(dict.fromkeys([*spoken, *starting]))
        self._in_latin = [each for each in self.languages if each not in stemming.OTHER_SCRIPTS]
        self._longest = max(map(len, self._unparted), default=0)
        self._initials = set(map(_initial, self._unparted))

    def _enter(self, label: str, language: str, number: int) -> None:
        if tokenizer.is_unparted(label):
            self._unparted.setdefault(fold(label), number)
            known = fold(label).translate(JOINING)
            for pair in _pairs(known):
                self._holding[pair].setdefault(known, number)
            return
        self.words.update(map(as_written, tokenizer.words(label)))
        # Without its accents, a word may have another stem.
        for typed in dict.fromkeys((label, fold(label))):
            raws = tokenizer.words(typed)
            key = tuple((stemming.stem(raw, language), raw) for raw in raws)
            if key:
                self._starting[language, key[0][0]].append((key, number))

    def cut(self, piece: str) -> list[str]:
        """Split a piece of Chinese around the labels in it; the longest label at a place wins."""
        found, begin, at = [], 0, 0
        may_begin = {each for each in set(piece) if _initial(each) in self._initials}
        while at < len(piece):
            if piece[at] not in may_begin:
                at += 1
                continue
            lengths = range(min(self._longest, len(piece) - at), 1, -1)
            length = next((n for n in lengths if fold(piece[at : at + n]) in self._unparted), 0)
            if length:
                found += [piece[begin:at], piece[at : at + length]]
                begin = at = at + length
            else:
                at += 1
        return [each for each in [*found, piece[begin:]] if each]

    def within(self, pieces: Sequence[str], *, shouted: bool) -> list[Name]:
        """Return the names in a text, in order, without names inside longer names.

        Names may overlap, as in *people smuggling by boat*. If the text is all in capitals
        (`shouted`), acronyms look like words and are ignored, unless the text is one piece.
        """
        pieces = pieces[:MOST_PIECES]
        candidates = [*self._acronyms_in(pieces, shouted=shouted), *self._labels_in(pieces)]
        if not candidates:  # as in most queries
            return []
        found: list[Name] = []
        for name in sorted(candidates, key=lambda each: (each.first - each.last, each.first)):
            if not any(each.first <= name.first and name.last <= each.last for each in found):
                found.append(name)
        return sorted(found, key=lambda each: each.first)

    def _acronyms_in(self, pieces: Sequence[str], *, shouted: bool) -> Iterator[Name]:
        if not self._acronyms or (shouted and len(pieces) > 1):
            return
        for at, piece in enumerate(pieces):
            number = self._acronyms.get(piece, self._acronyms.get(piece.removesuffix("s")))
            if number is not None and piece[:1].isupper():
                yield Name(at, at + 1, "", (number,))

    def _labels_in(self, pieces: Sequence[str]) -> Iterator[Name]:
        words = [tokenizer.words(piece) for piece in pieces]
        for first, piece in enumerate(pieces):
            if tokenizer.is_unparted(piece):
                if numbers := self._called(fold(piece)):
                    yield Name(first, first + 1, "zh", numbers)
                continue
            spoken = self._in_latin if piece.isascii() else self.languages
            for language in spoken if words[first] else ():
                stem = stemming.stem(words[first][0], language)
                for key, number in self._starting.get((language, stem), ()):
                    last = _end(key, words, first, language)
                    if last and not self._only_joins(words[first:last], language):
                        yield Name(first, last, language, (number,))

    def _called(self, piece: str) -> tuple[int, ...]:
        """Return the entities that a piece of Chinese names: by a label, a part, or its words."""
        number = self._unparted.get(piece)
        if number is not None:
            return (number,)
        typed = piece.translate(JOINING)
        labels = {
            label: of for pair in _pairs(typed) for label, of in self._holding.get(pair, {}).items()
        }
        alike = {label: _likeness(typed, label) for label in labels}
        best = sorted(labels, key=lambda label: -alike[label])
        found = dict.fromkeys(labels[label] for label in best if alike[label] >= LEAST_ALIKE)
        return tuple(found) if len(found) <= MOST_ALIKE else ()

    def _only_joins(self, words: Sequence[Sequence[str]], language: str) -> bool:
        """Return whether a name in another language is all stop words of the catalogue's language.

        The Spanish stem of Canada is the English *can*.
        """
        own = self.languages[0]
        stop_words = stemming.stop_words(own)
        return language != own and all(as_written(raw) in stop_words for raw in chain(*words))


def _pairs(text: str) -> set[str]:
    """Return the pairs of adjacent characters of a text."""
    return {"".join(pair) for pair in pairwise(text)}


def _likeness(typed: str, label: str) -> float:
    """Return the Dice coefficient of the character pairs of two texts.

    Return 0 if the typed text has a character that the label lacks.
    """
    if Counter(typed) - Counter(label):
        return 0.0
    one, two = _pairs(typed), _pairs(label)
    return 2 * len(one & two) / (len(one) + len(two))


def _is_inflected(typed: Iterable[str], label: Key, language: str) -> bool:
    """Return whether the first typed words are inflections of the words of a label."""
    pairs = zip(typed, label, strict=False)
    return all(stemming.is_inflection(raw, word, language) for raw, (_, word) in pairs)


def _initial(text: str) -> str:
    """Return the first character of a text, case-folded and decomposed (NFD)."""
    return normalize("NFD", fold(text))[:1]


def _end(key: Key, words: Sequence[Sequence[str]], first: int, language: str) -> int:
    """Return the end of a label that starts at piece `first`.

    Return 0 if the label is not there or ends inside a piece.
    """
    at = 0
    for piece, typed in enumerate(words[first:], start=first):
        wanted = [stem for stem, _ in key[at : at + len(typed)]]
        if not typed or [stemming.stem(raw, language) for raw in typed] != wanted:
            return 0
        at += len(typed)
        if at == len(key):  # inflections are slow to compare, and few labels get here
            return piece + 1 if _is_inflected(chain(*words[first:]), key, language) else 0
    return 0
