"""Count the requests to a cluster for each kind of page and of search."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from benchmarks.speed.opensearch.recording import RecordingConnection
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher

EXPORTED = 1000
"""Number of publications of an export."""
PREFIX = 4
"""Number of letters of a word that is being typed."""


def _show_publication(searcher: Searcher, text: str) -> None:
    for identity in searcher.list_ids(SearchRequest(text, size=1)):
        RecordingConnection.sent.clear()
        searcher.get_publication(identity)
        searcher.find_related(identity)


def _misspell(text: str) -> str:
    """Return a text without the third letter."""
    return text[:2] + text[3:]


CASES: Mapping[str, Callable[[Searcher, str], object]] = {
    "empty query": lambda searcher, _: searcher.search(SearchRequest()),
    "page 3": lambda searcher, text: searcher.search(SearchRequest(text, page=3)),
    "with explanations": lambda searcher, text: searcher.search(SearchRequest(text, explain=True)),
    "misspelled word": lambda searcher, text: searcher.search(
        SearchRequest(_misspell(text.split()[0]))
    ),
    "no hits": lambda searcher, text: searcher.search(SearchRequest(f"{text} AND year:1800")),
    "suggestions": lambda searcher, text: searcher.suggest(text[:PREFIX]),
    "suggestions in a selection": lambda searcher, text: searcher.suggest(
        text[:PREFIX], SearchRequest(filters={"year": ("2010..",)})
    ),
    "page of a publication": _show_publication,
    f"export of {EXPORTED:,}": lambda searcher, text: [
        *islice(searcher.scan(SearchRequest(text, match="any")), EXPORTED)
    ],
}
"""The cases, each a function of a searcher and of two words."""


def count_trips(searcher: Searcher, texts: Sequence[str]) -> dict[str, dict[int, int]]:
    """Return for each case how many texts need each number of requests."""
    trips = {}
    for name, ask in CASES.items():
        counts = Counter[int]()
        for text in texts:
            RecordingConnection.sent.clear()
            ask(searcher, text)
            counts[len(RecordingConnection.sent)] += 1
        trips[name] = dict(sorted(counts.items()))
    return trips
