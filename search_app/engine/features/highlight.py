"""Highlighting: mark matches in a title, and select the best passage of a summary.

Words match by their stems, and phrases where all their words are adjacent. Prefixes, wildcards,
fuzzy terms, and names from another language match words as written. The words of an AND inside an
OR are marked even if the AND as a whole does not match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import NamedTuple

import msgspec
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.analysis.tokenizer import PARTED_BY
from search_app.engine.query.nodes import fits, parts
from search_app.engine.results import Run

LENGTH = 130
"""Approximate maximum length of a passage, in characters. It ends between words."""
REMEMBERED = 2000
"""Maximum length, in characters, of texts whose words and stems are cached."""
LEAD = 40
"""Approximate number of characters before the first marked word of a passage."""


class Marker(msgspec.Struct, frozen=True):
    """The terms of a query that are marked in one field.

    `usual` is the language of texts without a language. `phrases` maps a first stem to the phrases
    that start with it. `written`, `prefixes` and `shapes` apply to words as written. A shape is a
    wildcard or a fuzzy term.
    """

    usual: str
    stems: frozenset[str]
    written: frozenset[str]
    phrases: Mapping[str, Collection[tuple[str, ...]]]
    prefixes: tuple[str, ...]
    shapes: tuple[Callable[[str], bool], ...]

    def spans(self, text: str, language: str | None = None) -> list[tuple[int, int]]:
        """Return the spans to mark in a text, as character offsets in ascending order."""
        read = _read if len(text) > REMEMBERED else _remembered
        pieces, stems, spans = read(text, language or self.usual)
        marked = {*self._by_stem(stems), *self._in_phrases(stems)}
        if self.written or self.prefixes or self.shapes:
            marked.update(self._by_shape(pieces[1::2]))
        if not marked:
            return []
        places = sorted(marked)
        if spans:
            return _united([spans[place] for place in places])
        ends = [*accumulate(map(len, pieces[: 2 * places[-1] + 2]))]
        return [(ends[2 * place], ends[2 * place + 1]) for place in places]

    def _by_stem(self, stems: Sequence[str]) -> Iterable[int]:
        """Return the indexes of the words with a marked stem."""
        if self.stems.isdisjoint(stems):
            return ()
        return [place for place, stem in enumerate(stems) if stem in self.stems]

    def _in_phrases(self, stems: Sequence[str]) -> Iterator[int]:
        """Yield the indexes of the words in marked phrases."""
        for stem, phrases in self.phrases.items():
            first = -1
            for _ in range(stems.count(stem)):
                first = stems.index(stem, first + 1)
                for phrase in phrases:
                    if tuple(stems[first : first + len(phrase)]) == phrase:
                        yield from range(first, first + len(phrase))

    def _by_shape(self, words: Sequence[str]) -> Iterable[int]:
        """Return the indexes of the words that are marked as written."""
        fitting = {word for word in set(words) if self._fits(as_written(word))}
        return [place for place, word in enumerate(words) if word in fitting] if fitting else ()

    def _fits(self, written: str) -> bool:
        is_known = written in self.written or written.startswith(self.prefixes)
        return (is_known or any(shape(written) for shape in self.shapes)) and written != PARTED_BY


class _Read(NamedTuple):
    """A text in pieces, of which every second one is a word, and the stems of these words.

    `spans` is None unless the text is Chinese, Japanese or Korean. There the words are overlapping
    pairs of characters, and `spans` has their character offsets.
    """

    pieces: Sequence[str]
    stems: Sequence[str]
    spans: Sequence[tuple[int, int]] | None


def _read(text: str, language: str) -> _Read:
    pieces, spans = tokenizer.pieces(text), None
    if tokenizer.is_unparted(text):
        spans = list(_spans(text))
        pieces = [each for first, last in spans for each in ("", text[first:last] or PARTED_BY)]
    return _Read(pieces, stemming.stems(pieces[1::2], language), spans)


_remembered = lru_cache(maxsize=1024)(_read)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the words of a text. An empty span is an empty line between words."""
    end = 0
    for start, stop in tokenizer.spans(text):
        if PARTED_BY in text[end:start]:
            yield start, start
        yield start, stop
        end = max(end, stop)


def _united(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge overlapping spans."""
    united: list[tuple[int, int]] = []
    for start, end in spans:
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def marker(tree: query.Query | None, field: str, usual: str) -> Marker:
    """Return the marker of a query tree for one field. `usual` is the catalogue's language."""
    stems, written, prefixes = set[str](), set[str](), set[str]()
    phrases: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    shapes: dict[object, Callable[[str], bool]] = {}
    for part in parts(tree):
        if part.fieldname != field:
            continue
        if isinstance(part, query.Phrase):
            phrases[part.words[0]].add(tuple(part.words))
            continue
        text = part.text.removeprefix(tokenizer.WRITTEN)
        if isinstance(part, query.Prefix):
            prefixes.add(text)
        elif isinstance(part, query.Wildcard):
            shapes[text] = partial(fits, text)
        elif isinstance(part, query.FuzzyTerm):
            shapes[text, part.maxdist] = partial(_is_alike, text, part.maxdist)
        else:
            (written if text != part.text else stems).add(text)
    return Marker(
        usual, frozenset(stems), frozenset(written), dict(phrases), tuple(prefixes),
        tuple(shapes.values()),
    )  # fmt: skip


def _is_alike(wanted: str, edits: int, word: str) -> bool:
    return Levenshtein.distance(wanted, word, score_cutoff=edits) <= edits


def whole(text: str, found: Marker, language: str | None = None) -> tuple[Run, ...]:
    """Return the whole text as runs."""
    return _runs(text, found.spans(text, language), 0, len(text))


def passage(text: str, found: Marker, language: str | None = None) -> tuple[Run, ...]:
    """Return the part of a text with the most distinct marked words, as runs.

    Without a match it is the start of the text. An ellipsis replaces omitted text.
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
    """Return the start of the best window: at a nearby start of a sentence, or at a word."""
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
