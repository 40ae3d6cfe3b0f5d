"""A title and the best passage of a summary, in runs, with what matched marked.

Marked is what the query's leaves match: words by their stems, beginnings and patterns by the
words as written, phrases where all their words stand together.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from whoosh import query

from indexer import analysis
from search_app.engine.nodes import fits, leaves
from search_app.engine.results import Run

LENGTH = 130
"""How many characters a passage has at the most, about; it ends between words."""
LEAD = 40
"""How many characters stand before the first marked word of a passage, about."""


class Marker(msgspec.Struct, frozen=True):
    """What of a field's words is to be marked: stems, phrases of stems, and patterns."""

    stems: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    patterns: tuple[str, ...]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """The places in a text to be marked (character offsets), ascending."""
        words = list(analysis.tokens(text))
        marked = [self._matches(word) for word in words]
        for phrase in self.phrases:
            for first in range(len(words) - len(phrase) + 1):
                if all(words[first + n].stem == stem for n, stem in enumerate(phrase)):
                    marked[first : first + len(phrase)] = [True] * len(phrase)
        return [
            (word.start, word.end) for word, is_marked in zip(words, marked, strict=True)
            if is_marked
        ]  # fmt: skip

    def _matches(self, word: analysis.Token) -> bool:
        return word.stem in self.stems or any(
            fits(pattern, word.written) for pattern in self.patterns
        )


def marker(tree: query.Query | None, field: str) -> Marker:
    """What a query tree marks in one field."""
    stems, phrases, patterns = set(), [], []
    for part in (part for leaf in leaves(tree) for part in leaf.subqueries):
        if part.fieldname != field:
            continue
        if isinstance(part, query.Phrase):
            phrases.append(tuple(part.words))
        elif isinstance(part, query.Prefix | query.Wildcard):
            end = "*" if isinstance(part, query.Prefix) else ""
            patterns.append(part.text.removeprefix(analysis.WRITTEN) + end)
        else:
            stems.add(part.text)
    return Marker(frozenset(stems), tuple(phrases), tuple(patterns))


def whole(text: str, found: Marker) -> tuple[Run, ...]:
    """All of a text, in runs."""
    return _runs(text, found.spans(text), 0, len(text))


def passage(text: str, found: Marker) -> tuple[Run, ...]:
    """The part of a text with the most different marked words, in runs.

    Without a match it is the beginning. An ellipsis stands where text was left out.
    """
    spans = found.spans(text)
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
