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
from typing import assert_never

import msgspec
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import surface_form
from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from search_app.engine.query.nodes import (
    Fuzzy,
    Pattern,
    Phrase,
    Prefix,
    Term,
    WordPart,
    clauses,
    compile_wildcard,
    list_words,
)
from search_app.engine.results import TextRun

MAX_PASSAGE_CHARS = 230
"""Approximate maximum length of a passage, in characters: three lines of 75. It ends between
words."""
MAX_CACHED_CHARS = 2000
"""Maximum length, in characters, of texts whose words and stems are cached."""
LEAD_CHARS = 40
"""Approximate number of characters before the first marked word of a passage."""


class Highlighter(msgspec.Struct, frozen=True):
    """The terms of a query that are marked in one field.

    `default_language` is the language of texts without a language. `phrases` maps a first stem to
    the phrases that start with it. `surfaces`, `prefixes` and `shape_tests` apply to words as
    written. A shape is a wildcard or a fuzzy term.
    """

    default_language: str
    stems: frozenset[str]
    surfaces: frozenset[str]
    phrases: Mapping[str, Collection[tuple[str, ...]]]
    prefixes: tuple[str, ...]
    shape_tests: tuple[Callable[[str], object], ...]

    def find_spans(self, text: str, language: str | None = None) -> list[tuple[int, int]]:
        """Return the spans to mark in a text, as character offsets in ascending order."""
        split = _split_text if len(text) > MAX_CACHED_CHARS else _remembered
        pieces, stems, spans = split(text, language or self.default_language)
        matched_indexes = {*self._find_by_stem(stems), *self._find_in_phrases(stems)}
        if self.surfaces or self.prefixes or self.shape_tests:
            matched_indexes.update(self._find_by_shape(pieces[1::2]))
        if not matched_indexes:
            return []
        indexes = sorted(matched_indexes)
        if spans:
            return tokenizer.unite_spans(spans[index] for index in indexes)
        ends = [*accumulate(map(len, pieces[: 2 * indexes[-1] + 2]))]
        return [(ends[2 * index], ends[2 * index + 1]) for index in indexes]

    def _find_by_stem(self, stems: Sequence[str]) -> Iterable[int]:
        """Return the indexes of the words with a marked stem."""
        if self.stems.isdisjoint(stems):
            return ()
        return [index for index, stem in enumerate(stems) if stem in self.stems]

    def _find_in_phrases(self, stems: Sequence[str]) -> Iterator[int]:
        """Yield the indexes of the words in marked phrases."""
        if self.phrases.keys().isdisjoint(stems):
            return
        for first, stem in enumerate(stems):
            for phrase in self.phrases.get(stem, ()):
                if tuple(stems[first : first + len(phrase)]) == phrase:
                    yield from range(first, first + len(phrase))

    def _find_by_shape(self, words: Sequence[str]) -> Iterable[int]:
        """Return the indexes of the words that are marked as written."""
        matching = {word for word in set(words) if self._fits(surface_form(word))}
        return [index for index, word in enumerate(words) if word in matching] if matching else ()

    def _fits(self, surface: str) -> bool:
        is_match = surface in self.surfaces or surface.startswith(self.prefixes)
        return (
            is_match or any(shape(surface) for shape in self.shape_tests)
        ) and surface != PARAGRAPH_BREAK


def _split_text(
    text: str, language: str
) -> tuple[Sequence[str], Sequence[str], Sequence[tuple[int, int]] | None]:
    """Return the pieces of a text, of which every second one is a word, and the stems of the words.

    The words of Chinese, Japanese and Korean are overlapping pairs of characters. Their character
    offsets are returned too, otherwise None.
    """
    pieces, spans = tokenizer.split_with_gaps(text), None
    if tokenizer.is_unsegmented(text):
        spans = list(_find_spans(text))
        pieces = [
            piece for first, last in spans for piece in ("", text[first:last] or PARAGRAPH_BREAK)
        ]
    return pieces, stemming.stem_words(pieces[1::2], language), spans


_remembered = lru_cache(maxsize=1024)(_split_text)


def _find_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the words of a text. An empty span is an empty line between words."""
    end = 0
    for start, stop in tokenizer.find_spans(text):
        if PARAGRAPH_BREAK in text[end:start]:
            yield start, start
        yield start, stop
        end = max(end, stop)


def make_highlighter(tree: query.Query | None, field: str, default_language: str) -> Highlighter:
    """Return the highlighter of a tree for a field. `default_language` is the catalogue's."""
    parts = (part for clause in clauses(tree) for part in list_words(clause.parts))
    return compile_highlighter((part for part in parts if field in part.fields), default_language)


def compile_highlighter(parts: Iterable[WordPart], default_language: str) -> Highlighter:
    """Return the highlighter of parts of clauses, whatever their fields."""
    stems, surfaces, prefixes = set[str](), set[str](), set[str]()
    phrases: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    shape_tests: dict[object, Callable[[str], object]] = {}
    for part in parts:
        match part:
            case Phrase():
                phrases[part.stems[0]].add(part.stems)
            case Prefix():
                prefixes.add(part.text)
            case Pattern():
                shape_tests[part.text] = compile_wildcard(part.text).fullmatch
            case Fuzzy():
                shape_tests[part.text, part.edits] = partial(_is_alike, part.text, part.edits)
            case Term():
                text = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
                (surfaces if text != part.text else stems).add(text)
            case _:
                assert_never(part)
    return Highlighter(
        default_language, frozenset(stems), frozenset(surfaces), dict(phrases), tuple(prefixes),
        tuple(shape_tests.values()),
    )  # fmt: skip


def _is_alike(text: str, edits: int, word: str) -> bool:
    return Levenshtein.distance(text, word, score_cutoff=edits) <= edits


def highlight(
    text: str, highlighter: Highlighter, language: str | None = None
) -> tuple[TextRun, ...]:
    """Return the whole text as runs."""
    return _make_runs(text, highlighter.find_spans(text, language), 0, len(text))


def best_passage(
    text: str, highlighter: Highlighter, language: str | None = None
) -> tuple[TextRun, ...]:
    """Return the part of a text with the most distinct marked words, as runs.

    Without a match it is the start of the text. An ellipsis replaces omitted text.
    """
    spans = highlighter.find_spans(text, language)
    start = _find_best_start(text, spans)
    end = min(len(text), start + MAX_PASSAGE_CHARS)
    if end < len(text) and (last_space := text.rfind(" ", start, end + 1)) > start:
        end = last_space
    runs = list(_make_runs(text, spans, start, end))
    if start > 0:
        runs.insert(0, TextRun("… "))
    if end < len(text):
        runs.append(TextRun(" …"))
    return tuple(runs)


def _find_best_start(text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Return the start of the best window: at a nearby start of a sentence, or at a word."""
    if not spans or spans[-1][1] <= MAX_PASSAGE_CHARS or len(text) <= MAX_PASSAGE_CHARS:
        return 0
    best, best_match_score = 0, 0
    last = 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + MAX_PASSAGE_CHARS - LEAD_CHARS:
            last += 1
        window = [
            text[match_start:match_end].casefold() for match_start, match_end in spans[first:last]
        ]
        match_score = len(set(window)) * 10 + min(len(window), 9)
        if match_score > best_match_score:
            best, best_match_score = start, match_score
    latest = max(0, min(best - LEAD_CHARS, len(text) - MAX_PASSAGE_CHARS))
    sentence = max(text.rfind(". ", 0, best), text.rfind("\n", 0, best))
    if best - sentence < MAX_PASSAGE_CHARS // 3:
        return 0 if sentence < 0 else sentence + 1 + (text[sentence] == ".")
    return text.find(" ", latest, best) + 1 or latest


def _make_runs(
    text: str, spans: Sequence[tuple[int, int]], start: int, end: int
) -> tuple[TextRun, ...]:
    runs, end_of_last = [], start
    for first, last in spans:
        if first < start or last > end:
            continue
        if first > end_of_last:
            runs.append(TextRun(text[end_of_last:first]))
        runs.append(TextRun(text[first:last], marked=True))
        end_of_last = last
    if end_of_last < end:
        runs.append(TextRun(text[end_of_last:end]))
    return tuple(runs)
