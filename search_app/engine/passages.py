"""A title and the best passage of a summary, in runs, with what matched marked.

Marked is what the query's leaves match: words by their stems, beginnings, patterns, likenesses
and names from another language by the words as written, phrases where all their words stand
together. Of an AND within an OR what stands there is marked, whether or not all of it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import msgspec
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer import analysis, languages
from indexer.folding import as_written
from search_app.engine.nodes import fits, parts
from search_app.engine.results import Run

LENGTH = 130
"""How many characters a passage has at the most, about; it ends between words."""
REMEMBERED = 2000
"""Texts of so many characters at most, the last that were shown, are not read again."""
LEAD = 40
"""How many characters stand before the first marked word of a passage, about."""


class Marker(msgspec.Struct, frozen=True):
    """What of a field's words is marked: stems, phrases of stems, words and shapes as written.

    `usual` is the language of texts that name none.
    """

    usual: str
    stems: frozenset[str]
    written: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    shapes: tuple[Callable[[str], bool], ...]

    def spans(self, text: str, language: str | None = None) -> list[tuple[int, int]]:
        """The places in a text of a language to be marked (character offsets), ascending."""
        read = _read if len(text) > REMEMBERED else _remembered
        words, stems, spans = read(text, language or self.usual)
        marked = set(self._single(words, stems))
        for phrase in self.phrases:
            for first in range(len(stems) - len(phrase) + 1):
                if (
                    stems[first] == phrase[0]
                    and tuple(stems[first : first + len(phrase)]) == phrase
                ):
                    marked.update(range(first, first + len(phrase)))
        if spans:
            return _united([spans[place] for place in sorted(marked)])
        return _places(text, words, marked) if marked else []

    def _single(self, words: Sequence[str], stems: Sequence[str]) -> Iterator[int]:
        """Which words are marked by themselves, counted from 0."""
        if not self.stems.isdisjoint(stems):
            yield from (place for place, stem in enumerate(stems) if stem in self.stems)
        shapes = [*self.shapes, self.written.__contains__] if self.written else self.shapes
        for has_shape in shapes:
            known = set(words) - {analysis.GAP_MARK}
            fitting = {word for word in known if has_shape(as_written(word))}
            yield from (place for place, word in enumerate(words) if word in fitting)


class _Read(NamedTuple):
    """A text's words and their stems, in order; where they stand, if that can't be found anew."""

    words: Sequence[str]
    stems: Sequence[str]
    spans: Sequence[tuple[int, int]] | None


def _read(text: str, language: str) -> _Read:
    words, spans = _words(text), None
    if not text.isascii() and any(map(analysis.is_unparted, words)):
        spans = list(_spans(text))
        words = [text[start:end] or analysis.GAP_MARK for start, end in spans]
    return _Read(words, [languages.stem(word, language) for word in words], spans)


_remembered = lru_cache(maxsize=1024)(_read)


def _words(text: str) -> list[str]:
    """The words of a text as they stand in it, in order, a GAP_MARK where no phrase goes on."""
    return analysis.marked_words(analysis.marked(text))[:-1]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where these are in it; what has no length is a gap."""
    end = 0
    for start, stop in analysis.spans(text):
        if analysis.PARTED_BY in text[end:start]:
            yield start, start
        yield start, stop
        end = max(end, stop)


def _united(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places without overlaps."""
    united: list[tuple[int, int]] = []
    for start, end in spans:
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _places(text: str, words: Sequence[str], marked: Collection[int]) -> list[tuple[int, int]]:
    """Where some of the words of a text stand in it.

    Between two words there is nothing that a word could begin with, so each is where it is
    found first behind the one before.
    """
    spans, end = [], 0
    text = text.replace("_", " ")
    for place, word in enumerate(words[: max(marked) + 1]):
        if word == analysis.GAP_MARK:
            continue
        start = text.find(word, end)
        end = start + len(word)
        if place in marked:
            spans.append((start, end))
    return spans


def marker(tree: query.Query | None, field: str, usual: str) -> Marker:
    """What a query tree marks in one field of a catalogue in one language as a rule."""
    stems, written, phrases = set(), set(), []
    shapes: list[Callable[[str], bool]] = []
    for part in parts(tree):
        if part.fieldname != field:
            continue
        if isinstance(part, query.Phrase):
            phrases.append(tuple(part.words))
        elif isinstance(part, query.Prefix | query.Wildcard):
            end = "*" if isinstance(part, query.Prefix) else ""
            shapes.append(partial(fits, part.text.removeprefix(analysis.WRITTEN) + end))
        elif isinstance(part, query.FuzzyTerm):
            wanted = part.text.removeprefix(analysis.WRITTEN)
            shapes.append(partial(_is_alike, wanted, part.maxdist))
        elif part.text.startswith(analysis.WRITTEN):
            written.add(part.text.removeprefix(analysis.WRITTEN))
        else:
            stems.add(part.text)
    return Marker(usual, frozenset(stems), frozenset(written), tuple(phrases), tuple(shapes))


def _is_alike(wanted: str, edits: int, word: str) -> bool:
    return Levenshtein.distance(wanted, word, score_cutoff=edits) <= edits


def whole(text: str, found: Marker, language: str | None = None) -> tuple[Run, ...]:
    """All of a text, in runs."""
    return _runs(text, found.spans(text, language), 0, len(text))


def passage(text: str, found: Marker, language: str | None = None) -> tuple[Run, ...]:
    """The part of a text with the most different marked words, in runs.

    Without a match it is the beginning. An ellipsis stands where text was left out.
    """
    spans = found.spans(text, language)
    start = _best_start(text, spans)
    end = min(len(text), start + LENGTH)
    if end < len(text):
        end = _last_break(text, start, end)
    runs = list(_runs(text, spans, start, end))
    if start > 0:
        runs.insert(0, Run("… "))
    if end < len(text):
        runs.append(Run(" …"))
    return tuple(runs)


def _best_start(text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Where the densest window begins: at a sentence, if one begins near, or a word."""
    if not spans or spans[-1][1] <= LENGTH or len(text) <= LENGTH:
        return 0
    best, best_found = 0, 0
    last = 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + LENGTH - LEAD:
            last += 1
        window = [text[a:b].casefold() for a, b in spans[first:last]]
        found = len(set(window)) * 10 + min(len(window), 9)
        if found > best_found:
            best, best_found = start, found
    latest = max(0, min(best - LEAD, len(text) - LENGTH))
    sentence = max(text.rfind(". ", 0, best), text.rfind("\n", 0, best))
    if best - sentence < LENGTH // 3:
        return 0 if sentence < 0 else sentence + 1 + (text[sentence] == ".")
    return text.find(" ", latest, best) + 1 or latest


def _last_break(text: str, start: int, end: int) -> int:
    at = text.rfind(" ", start, end + 1)
    return at if at > start else end


def _runs(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[Run, ...]:
    runs, at = [], start
    for first, last in spans:
        if first < start or last > end:
            continue
        if first > at:
            runs.append(Run(text[at:first]))
        runs.append(Run(text[first:last], marked=True))
        at = last
    if at < end:
        runs.append(Run(text[at:end]))
    return tuple(runs)
