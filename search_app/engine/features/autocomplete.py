"""Autocomplete: suggest words, titles and facet values while the user types.

The count of a suggestion is the number of hits that it leads to, and is never 0. Only plain words
are completed: a text with quotes, parentheses, operators, field names or `*` gets no suggestions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, cycle
from typing import NamedTuple

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation.interpreter import Interpreter
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Suggestion
from search_app.engine.store import Ask, Reply

Filters = Mapping[str, Sequence[str]]

MOST = 8
"""Default limit on the number of suggestions."""
SHORTEST = 2
"""Minimum number of letters of the text, and of a word to be completed."""
LONGEST = 128
"""A text of more characters gets no suggestions."""
LOOKED_AT = 4
"""Candidates examined per suggestion, most frequent first, because some are skipped."""

_ODD = re.compile(r'["“”„()*~]|:(?!\s)|(?:^|\s)-(?!\s|$)')


class Typed(NamedTuple):
    """A typed text, its folded words, and the offset of the unfinished last word.

    `begins` is None if anything follows the last word, even a space.
    """

    text: str
    words: list[str]
    begins: int | None


def suggest(
    text: str, interpreter: Interpreter, most: int = MOST, filters: Filters | None = None
) -> list[Suggestion]:
    """Return up to `most` suggestions for a text that is being typed, grouped by kind.

    `filters` has the selected facet values. They stay selected, and the counts respect them. The
    kinds take turns, so that no kind crowds out the others.
    """
    typed = _typed(text)
    if typed is None:
        return []
    chosen = {name: tuple(values) for name, values in (filters or {}).items() if values}
    search = _Search(interpreter, chosen)
    kinds = (
        _words(typed, search, most), _values(typed, search, most), _titles(typed, search, most)
    )  # fmt: skip
    return _in_turns(kinds, most)


class _Search(NamedTuple):
    """Searches within the selected filters."""

    interpreter: Interpreter
    filters: Mapping[str, tuple[str, ...]]

    def read(self, text: str) -> Reply:
        """Return the hits of a text, read as any search reads it."""
        ask = Ask(SearchRequest(text, self.filters, semantic=False))
        return self.interpreter.understood(ask, Stopwatch()).reply

    def passing(self, filters: Mapping[str, tuple[str, ...]]) -> Reply:
        """Return all publications that pass some filters."""
        return self.interpreter.store.ask(Ask(SearchRequest(filters=filters)), Stopwatch())


def _typed(text: str) -> Typed | None:
    """Return the typed text, split into words; None if it is too short, too long, or not plain."""
    text = text.lstrip()
    if len(text) > LONGEST or _ODD.search(text) or not OPERATORS.isdisjoint(text.split()):
        return None
    spans = list(tokenizer.spans(text))
    words = [as_written(text[start:end]) for start, end in spans]
    if sum(map(len, words)) < SHORTEST:
        return None
    start, end = spans[-1]
    return Typed(text, words, start if end == len(text) else None)


def _in_turns(kinds: Sequence[Iterator[Suggestion]], most: int) -> list[Suggestion]:
    """Return up to `most` suggestions, taken from the kinds in turn and grouped by kind.

    The iterators are lazy: no suggestion is computed that is not returned.
    """
    found: list[list[Suggestion]] = [[] for _ in kinds]
    left = dict(enumerate(kinds))
    turns = cycle(range(len(kinds)))
    while left and sum(map(len, found)) < most:
        kind = next(turns)
        if kind in left:
            each = next(left[kind], None)
            if each is None:
                del left[kind]
            else:
                found[kind].append(each)
    return list(chain.from_iterable(found))


def _words(typed: Typed, search: _Search, most: int) -> Iterator[Suggestion]:
    """Yield the text with its last word completed, most frequent words first.

    Skip stop words, words without hits, and words with the stem of an earlier suggestion. If the
    typed word is itself in the index, skip words with its stem too.
    """
    beginning, vocabulary = typed.words[-1], search.interpreter.vocabulary
    if typed.begins is None or len(beginning) < SHORTEST:
        return
    before = typed.text[: typed.begins]
    is_word = vocabulary.has_term(tokenizer.WRITTEN + beginning)
    known = set(vocabulary.stems(beginning)[:1]) if is_word else set()
    for word in _hits_before(typed, before, search).completions(beginning, most * LOOKED_AT):
        stem = vocabulary.stems(word)[0]
        if stem in known or _is_stop_word(word, vocabulary):
            continue
        known.add(stem)
        if count := search.read(before + word).total:
            yield Suggestion("word", before + word, count)


def _is_stop_word(written: str, vocabulary: Vocabulary) -> bool:
    return any(written in stemming.stop_words(language) for language in vocabulary.languages)


def _hits_before(typed: Typed, before: str, search: _Search) -> Reply:
    """Return the hits of the words before the last one, in which completions are counted."""
    vocabulary = search.interpreter.vocabulary
    if all(_is_stop_word(word, vocabulary) for word in typed.words[:-1]):
        return search.passing(search.filters)
    return search.interpreter.as_typed(before, search.filters).reply


def _values(typed: Typed, search: _Search, most: int) -> Iterator[Suggestion]:
    """Yield the facet values with the typed text as a prefix of their label, or of a word in it."""
    filters, limit = search.filters, most * (LOOKED_AT if search.filters else 1)
    for field, value, label, total in search.interpreter.store.values_beginning(typed.text, limit):
        chosen = filters.get(field, ())
        if value in chosen:
            continue
        selected = {**filters, field: (*chosen, value)}
        count = search.passing(selected).total if filters else total
        if count:
            yield Suggestion("facet", label, count, field, value)


def _titles(typed: Typed, search: _Search, most: int) -> Iterator[Suggestion]:
    """Yield publications whose title has all typed words, the last one as a prefix."""
    reply, is_open = search.passing(search.filters), typed.begins is not None
    for identity, title in reply.titles_with(typed.words, most, is_open=is_open):
        yield Suggestion("title", title, 1, value=identity)
