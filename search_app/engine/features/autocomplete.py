"""Autocomplete: suggest words, titles and facet values while the user types.

The count of a suggestion is the number of hits that it leads to, and is never 0. Only plain words
are completed: a text with quotes, parentheses, operators, field names or `*` gets no suggestions.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import nsmallest
from itertools import chain, islice
from typing import NamedTuple, TypeVar

import msgspec

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.interpreter import Interpretation, Interpreter
from search_app.engine.query.grammar import OPERATORS, QUOTES
from search_app.engine.query.rewriting import name_identifier
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import EVERYTHING, Filters, SearchRequest
from search_app.engine.results import Suggestion, SuggestionKind
from search_app.engine.store import LabeledValue, Reply, StoreRequest

Item = TypeVar("Item")

MAX_SUGGESTIONS = 8
"""Default limit on the number of suggestions."""
MIN_CHARS = 2
"""Minimum number of letters of the text, and of a word to be completed."""
MAX_CHARS = 128
"""A text of more characters gets no suggestions."""
CANDIDATES_PER_SUGGESTION = 4
"""Candidates examined per suggestion, most frequent first, because some are skipped."""
KINDS: tuple[SuggestionKind, ...] = ("word", "facet", "title")
"""The kinds of suggestions in the order in which they are listed."""

_SYNTAX = re.compile(rf"[{QUOTES}()*~]|:(?!\s)|(?:^|\s)-(?!\s|$)")


class TypedPrefix(NamedTuple):
    """A typed text, its folded words, and the offset of the unfinished last word.

    `last_start` is None if anything follows the last word, even a space.
    """

    text: str
    words: list[str]
    last_start: int | None


def suggest(
    text: str,
    interpreter: Interpreter,
    limit: int = MAX_SUGGESTIONS,
    *,
    within: SearchRequest = EVERYTHING,
    language: str = "",
    deadline: Deadline | None = None,
) -> list[Suggestion]:
    """Return up to `limit` suggestions for a text that is being typed, grouped by kind.

    The selected and excluded facet values of `within` stay as they are, and the counts respect
    them. Facet values are found by their labels in the catalogue's own language and in `language`.
    A text that is an identifier has the publications with it.
    The kinds take turns, so that no kind crowds out the others. Raise BudgetExceeded.
    """
    only_filters = SearchRequest(
        filters=within.filters, excluded=within.excluded, all_of=within.all_of
    )
    search = _Search(interpreter, only_filters, language, deadline or Deadline())
    if identified := name_identifier(text, interpreter.vocabulary):
        ranked = islice(search.read(identified.text)().reply.rank_hits(), limit)
        identical = (hit.publication for hit in ranked)
        return [Suggestion("title", each.title, 1, value=each.id) for each in identical]
    typed = _parse_typed(text)
    if typed is None:
        return []
    hits = search.filter(within.filters)
    found = hits.find_titles(typed.words, limit, is_open=typed.last_start is not None)
    titles = (Suggestion("title", title, 1, value=identity) for identity, title in found)
    values = [*_list_values(typed, search, limit)]
    texts = _list_completed(typed, search, limit)
    batch = [*islice(texts, limit)]
    asked = [(text, search.read(text)) for text in batch]
    totals = iter([value.total for value, _ in values])
    if search.is_restricted:
        replies = [search.filter(selected) for _, selected in values]
        totals = (reply.total for reply in replies)
    # If some of these have no hits, more texts are read, one by one.
    more = ((text, search.read(text)) for text in texts)
    read = ((text, choose().reply.total) for text, choose in chain(asked, more))
    words = (Suggestion("word", text, total) for text, total in read if total)
    labels = (
        Suggestion("facet", value.label, total, value.field, value.value)
        for (value, _), total in zip(values, totals, strict=True)
        if total
    )
    suggestions = _take_turns((words, labels, titles), limit)
    return sorted(suggestions, key=lambda suggestion: KINDS.index(suggestion.kind))


class _Search(NamedTuple):
    """Searches within the filters of a request. `language` is that of the page."""

    interpreter: Interpreter
    within: SearchRequest
    language: str
    deadline: Deadline

    @property
    def is_restricted(self) -> bool:
        return bool(self.within.filters or self.within.excluded)

    def read(self, text: str) -> Callable[[], Interpretation]:
        """Ask for a text as in any search, and return what interprets it."""
        request = msgspec.structs.replace(self.within, text=text, semantic=False)
        return self.interpreter.interpret(StoreRequest(request), self.deadline)

    def filter(self, filters: Filters) -> Reply:
        """Return all publications that pass some filters, and are not excluded."""
        filtered = StoreRequest(msgspec.structs.replace(self.within, filters=filters))
        return self.interpreter.store.ask(filtered, self.deadline)


def _parse_typed(text: str) -> TypedPrefix | None:
    """Return the typed text, split into words; None if it is too short, too long, or not plain."""
    text = text.lstrip()
    if len(text) > MAX_CHARS or _SYNTAX.search(text) or not OPERATORS.isdisjoint(text.split()):
        return None
    spans = list(tokenizer.find_spans(text))
    words = [surface_form(text[start:end]) for start, end in spans]
    if sum(map(len, words)) < MIN_CHARS:
        return None
    start, end = spans[-1]
    return TypedPrefix(text, words, start if end == len(text) else None)


def _take_turns(kinds: Iterable[Iterator[Item]], limit: int) -> list[Item]:
    """Return up to `limit` items, taken from the kinds in turn.

    The iterators are lazy: no suggestion is computed that is not returned.
    """
    items: list[Item] = []
    remaining = deque(kinds)
    while remaining and len(items) < limit:
        kind = remaining.popleft()
        for item in islice(kind, 1):
            items.append(item)
            remaining.append(kind)
    return items


def _list_completed(typed: TypedPrefix, search: _Search, limit: int) -> Iterator[str]:
    """Yield the text with its last word completed, most frequent words first.

    Words that only full texts have come last. Skip stop words, and words with the stem of an
    earlier one. If the typed word is itself in the index, skip words with its stem too.
    """
    prefix, vocabulary = typed.words[-1], search.interpreter.vocabulary
    if typed.last_start is None or len(prefix) < MIN_CHARS:
        return
    text_before, interpreter = typed.text[: typed.last_start], search.interpreter
    is_word = vocabulary.has_term(tokenizer.SURFACE_PREFIX + prefix)
    known_stems = set(vocabulary.list_stems(prefix)[:1]) if is_word else set()
    limit *= CANDIDATES_PER_SUGGESTION
    if all(_is_stop_word(word, vocabulary) for word in typed.words[:-1]):
        before = search.filter(search.within.filters)
    else:
        request = msgspec.structs.replace(search.within, text=text_before)
        before = interpreter.interpret_typed(request, search.deadline).reply
    completions = before.complete(prefix, limit)
    counts = vocabulary.list_text_words(prefix, 1) if interpreter.inside else {}
    new = (word for word in counts if not vocabulary.has_term(tokenizer.SURFACE_PREFIX + word))
    in_texts = nsmallest(limit, new, key=lambda word: (-counts[word], word))
    for word in chain(completions, in_texts):
        stem = vocabulary.list_stems(word)[0]
        if stem in known_stems or _is_stop_word(word, vocabulary):
            continue
        known_stems.add(stem)
        yield text_before + word


def _is_stop_word(surface: str, vocabulary: Vocabulary) -> bool:
    return any(surface in stemming.get_stop_words(language) for language in vocabulary.languages)


def _list_values(
    typed: TypedPrefix, search: _Search, limit: int
) -> Iterator[tuple[LabeledValue, Filters]]:
    """Yield the values with the typed text as a prefix of their label, or of a word in it.

    They are not selected, and come with the filters with each of them.
    """
    filters = search.within.filters
    limit *= CANDIDATES_PER_SUGGESTION if search.is_restricted else 1
    for found in search.interpreter.store.find_values(typed.text, limit, search.language):
        selected_values = filters.get(found.field, ())
        if found.value not in selected_values:
            yield found, {**filters, found.field: (*selected_values, found.value)}
