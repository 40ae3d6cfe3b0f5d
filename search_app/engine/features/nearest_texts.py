"""Nearest texts: a text in which words of the index replace those that no document has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.interpreter import Interpreter
from search_app.engine.query.clause_builder import MAX_CHARS
from search_app.engine.query.nodes import Clause, Term

MAX_UNKNOWN, MAX_TRIED = 2, 4
"""Limits on unknown words that are corrected, and candidates per word."""


def list_nearest(
    unknown: Iterable[Clause], text: str, interpreter: Interpreter, *, is_long: bool
) -> Iterator[tuple[str, ...]]:
    """Yield the texts to try for each word of the index that may replace an unknown one.

    Correct words and names of places and languages are not replaced. Each candidate is tried in
    the whole text first, unless the text is long, and then alone.
    """
    may_change = interpreter.spellchecker.may_change
    words = (word for word in map(_get_single_word, unknown) if word and may_change(word))
    misspelled = (word for word in words if not world_places.find_mentions(word))
    for word in islice(misspelled, MAX_UNKNOWN):
        for surface in _list_spellings(word, interpreter):
            in_text = () if is_long else (_replace_word(surface, word, text),)
            yield *in_text, surface


def _list_spellings(word: str, interpreter: Interpreter) -> list[str]:
    """Return up to MAX_TRIED corrections of a word, likeliest first, no two with a common stem."""
    surfaces: list[str] = []
    seen_stems: set[str] = set()
    for candidate in interpreter.spellchecker.find_candidates(word):
        stems = {candidate.surface, *interpreter.vocabulary.list_stems(candidate.surface)}
        if seen_stems.isdisjoint(stems):
            surfaces.append(candidate.surface)
        seen_stems |= stems
    return surfaces[:MAX_TRIED]


def _get_single_word(clause: Clause) -> str | None:
    """Return a clause's word; None unless it is one plain word of at most MAX_CHARS letters."""
    words = tokenizer.split_words(clause.text)
    is_plain = all(isinstance(part, Term) for part in clause.parts)
    is_single = len(words) == 1 and len(words[0]) <= MAX_CHARS
    return words[0] if is_plain and is_single else None


def _replace_word(surface: str, word: str, text: str) -> str:
    """Return a text with every occurrence of `word` replaced by `surface`."""
    pieces, end = [], 0
    for start, stop in tokenizer.find_spans(text):
        if start >= end and surface_form(text[start:stop]) == surface_form(word):
            pieces += [text[end:start], surface]
            end = stop
    return "".join([*pieces, text[end:]])
