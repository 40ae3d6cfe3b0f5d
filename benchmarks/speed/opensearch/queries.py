"""Draw the searches of an index in a cluster: words of titles, at random with a fixed seed."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from benchmarks.speed import default_mode, questions
from benchmarks.speed.papers import Paper
from benchmarks.speed.questions import Question
from search_app.engine.request import SearchRequest
from search_app.presentation.facets import MAX_SHOWN_VALUES

LONG = "9 to 20 words"
"""The name of the kind in `default_mode`, whose words are from a title and its abstract."""


def _make_filtered(question: Question) -> SearchRequest:
    filters = {name: (value,) for name, value in question.ticked.items()}
    return SearchRequest(question.typed, filters)


_FROM_QUESTIONS: Mapping[str, tuple[questions.Kind, Callable[[Question], SearchRequest]]] = {
    "one word": ("word", lambda question: SearchRequest(question.typed)),
    "two words": ("and", lambda question: SearchRequest(question.typed)),
    "any of three words": ("or", lambda question: SearchRequest(question.typed, match="any")),
    "phrase of two words": ("phrase", lambda question: SearchRequest(question.typed)),
    "prefix of four letters": ("prefix", lambda question: SearchRequest(question.typed)),
    "fuzzy word": ("word", lambda question: SearchRequest(f"{question.typed}~")),
    "word in a title": ("word", lambda question: SearchRequest(f"title:{question.typed}")),
    "one word, two filters": ("ticked", _make_filtered),
    "two words, newest first": (
        "and", lambda question: SearchRequest(question.typed, sort="newest"),
    ),
    "two words, editions folded": (
        "and", lambda question: SearchRequest(question.typed, fold=True),
    ),
}  # fmt: skip
"""By kind: the kind of the question it is made from, and the function that makes it."""


def draw(papers: Sequence[Paper], number: int, seed: int) -> dict[str, list[SearchRequest]]:
    """Return `number` searches of each kind, as the page makes them, but not by meaning."""
    drawn = questions.draw(papers, number, seed)
    texts = [f"{paper.title} {paper.summary or ''}" for paper in papers]
    searches = {name: [*map(make, drawn[kind])] for name, (kind, make) in _FROM_QUESTIONS.items()}
    searches[LONG] = [
        SearchRequest(text) for text in default_mode.queries(texts, number, seed)[LONG]
    ]
    return {
        name: [
            msgspec.structs.replace(each, semantic=False, values=MAX_SHOWN_VALUES)
            for each in requests
        ]
        for name, requests in searches.items()
    }
