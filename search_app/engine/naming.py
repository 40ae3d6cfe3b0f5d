"""Names of things in a text: where a label or an acronym begins and ends, and whose it is.

Labels are compared by the stems of their words. Chinese does not part its words, so a Chinese
label is compared by its characters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from indexer import analysis, languages
from indexer.folding import as_written, fold
from search_app.engine.things import Thing

MOST_PIECES = 60
"""Names are looked for in at most so many pieces of a text, the first ones."""

Key = tuple[str, ...]
"""A label as the stems of its words."""


class Name(NamedTuple):
    """A name in a text: the pieces from `first` up to `last`, its language, and its thing."""

    first: int
    last: int
    language: str
    number: int


class Names:
    """The labels and acronyms of some things, each thing known by its number.

    `words` has the words of all labels, as they are written, except Chinese ones.
    """

    def __init__(self, things: Sequence[Thing], spoken: Sequence[str]) -> None:
        self._acronyms: dict[str, int] = {}
        self._starting: dict[tuple[str, str], list[tuple[Key, int]]] = defaultdict(list)
        self._unparted: dict[str, int] = {}
        self.words: set[str] = set()
        for number, thing in enumerate(things):
            self._acronyms.update(dict.fromkeys(thing.acronyms, number))
            for language, labels in thing.labels.items():
                for label in labels:
                    self._enter(label, language, number)
        starting = (language for language, _ in self._starting)
        self.languages = tuple(dict.fromkeys([*spoken, *starting]))
        self._in_latin = [each for each in self.languages if each not in languages.OTHER_SCRIPTS]
        self._longest = max(map(len, self._unparted), default=0)

    def _enter(self, label: str, language: str, number: int) -> None:
        if analysis.is_unparted(label):
            self._unparted.setdefault(fold(label), number)
            return
        self.words.update(map(as_written, analysis.words(label)))
        # The stemmer of a language with accents gives another stem where they are not typed.
        for typed in dict.fromkeys((label, fold(label))):
            key = analysis.stems(typed, language)
            if key:
                self._starting[language, key[0]].append((key, number))

    def cut(self, piece: str) -> list[str]:
        """Split a piece of Chinese around the labels in it, the longest first at each place."""
        found, begin, at = [], 0, 0
        while at < len(piece):
            lengths = range(min(self._longest, len(piece) - at), 1, -1)
            length = next((n for n in lengths if fold(piece[at : at + n]) in self._unparted), 0)
            if length:
                found += [piece[begin:at], piece[at : at + length]]
                begin = at = at + length
            else:
                at += 1
        return [each for each in [*found, piece[begin:]] if each]

    def within(self, pieces: Sequence[str], *, shouted: bool) -> list[Name]:
        """Return the names in a text, in order, none of them within another.

        They may overlap, as in *people smuggling by boat*. Where all is in capitals, as `shouted`
        says, an acronym can't be distinguished from a word.
        """
        pieces = pieces[:MOST_PIECES]
        words = [analysis.words(piece) for piece in pieces]
        candidates = sorted(
            chain(self._acronyms_in(pieces, shouted=shouted), self._labels_in(pieces, words)),
            key=lambda each: (each.first - each.last, each.first),
        )
        found: list[Name] = []
        for name in candidates:
            if not any(each.first <= name.first and name.last <= each.last for each in found):
                found.append(name)
        return sorted(found, key=lambda each: each.first)

    def _acronyms_in(self, pieces: Sequence[str], *, shouted: bool) -> Iterator[Name]:
        if shouted and len(pieces) > 1:
            return
        for at, piece in enumerate(pieces):
            number = self._acronyms.get(piece, self._acronyms.get(piece.removesuffix("s")))
            if number is not None and piece[:1].isupper():
                yield Name(at, at + 1, "", number)

    def _labels_in(self, pieces: Sequence[str], words: Sequence[Sequence[str]]) -> Iterator[Name]:
        for first, piece in enumerate(pieces):
            if analysis.is_unparted(piece):
                number = self._unparted.get(fold(piece))
                if number is not None:
                    yield Name(first, first + 1, "zh", number)
                continue
            spoken = self._in_latin if piece.isascii() else self.languages
            for language in spoken if words[first] else ():
                stem = languages.stem(words[first][0], language)
                for key, number in self._starting.get((language, stem), ()):
                    last = _end(key, words, first, language)
                    if last and not self._only_joins(words[first:last], language):
                        yield Name(first, last, language, number)

    def _only_joins(self, words: Sequence[Sequence[str]], language: str) -> bool:
        """Return whether a name in another language has only stop words of the catalogue's own.

        The Spanish stem of Canada is the English *can*.
        """
        own = self.languages[0]
        stop_words = languages.stop_words(own)
        return language != own and all(as_written(raw) in stop_words for raw in chain(*words))


def _end(key: Key, words: Sequence[Sequence[str]], first: int, language: str) -> int:
    """Behind which piece a label ends that begins at one; 0 if it is not there, or within one."""
    at = 0
    for piece, typed in enumerate(words[first:], start=first):
        wanted = key[at : at + len(typed)]
        if not typed or tuple(languages.stem(raw, language) for raw in typed) != wanted:
            return 0
        at += len(typed)
        if at == len(key):
            return piece + 1
    return 0
