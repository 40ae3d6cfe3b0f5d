"""The interface between the engine and an index: the request to a store, and its reply.

It passes query trees, publications, ids and counts, but no arrays, masks or document numbers.
`arrays` is the store of a local index.

A reply comes at once, and its values are computed when they are first read. So what needs several
searches asks for all of them before it reads a number: an index in a cluster then sends every
search that waits in one request, while a local index computes what is read.

    first, second = store.ask(one, deadline), store.ask(other, deadline)
    return first.total + second.total
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple, Protocol, Self

from msgspec import Meta

from indexer.catalogue.records import Publication
from indexer.codec.segment.fulltext import File
from indexer.generations.manifest import IndexUnusable
from search_app.engine.deadline import Deadline
from search_app.engine.matching import Words
from search_app.engine.query import nodes
from search_app.engine.query.grammar import has_only_plain_words
from search_app.engine.request import SearchRequest, Sort
from search_app.engine.results import Bucket, Explanation

MAX_SECONDS = 1 << 62
"""A time after all others."""
Seconds = Annotated[int, Meta(ge=-MAX_SECONDS, le=MAX_SECONDS)]


class StoreRequest(NamedTuple):
    """A parsed search.

    `tree` contains the words of the query, or is None without words. The hits of `boosts` rank
    higher; they match nothing by themselves. Those of `added` are hits too. `filters` are query
    filters, and those of `request` are selected. `text` is the text that `tree` was made of, after
    spelling correction. If `newest_first`, the newest of the best hits come first.
    """

    request: SearchRequest
    tree: nodes.Tree | None = None
    boosts: tuple[nodes.Clause, ...] = ()
    filters: tuple[nodes.Tree, ...] = ()
    text: str = ""
    newest_first: bool = False
    added: nodes.Clause | None = None

    @property
    def is_ranked(self) -> bool:
        """Whether the score alone decides the order of the hits."""
        return self.sort == "relevance" and (self.request.sort is not None or not self.newest_first)

    @property
    def raises_titles(self) -> bool:
        """Whether hits rise if the query covers their title. It may be the title of one of them."""
        return self.is_ranked and self.request.match == "auto" and not self.request.exact

    @property
    def sort(self) -> Sort:
        """The sort order. Without words there is no relevance, so it falls back to newest."""
        sort = self.request.sort
        if self.tree is not None:
            return sort or "relevance"
        return sort if sort and sort != "relevance" else "newest"

    @property
    def is_literal(self) -> bool:
        """Whether the query is `exact`, or has operators, fields, quotes or wildcards."""
        return self.request.exact or not has_only_plain_words(self.request.text)


class RankedHit(NamedTuple):
    """A publication of the requested page, its score (None without words), and its other editions.

    `editions` counts those in the index, whether or not they match.
    """

    publication: Publication
    score: float | None
    editions: int


class Related(NamedTuple):
    """The publications related to one.

    `editions`: its other editions, newest first. `similar`: similar ones, most similar first.
    """

    editions: Sequence[Publication]
    similar: Sequence[Publication]


class StoredFile(NamedTuple):
    """A file, and the ids of the publications that it belongs to."""

    file: File
    ids: tuple[str, ...]


class FoundFile(NamedTuple):
    """A file of a publication with words of a query.

    `pages` contains the pages with the most of them, from 1, ascending. `texts` contains the
    numbers and the texts of the best ones. `times` is the number of occurrences on `pages`.
    """

    file: File
    pages: tuple[int, ...]
    texts: tuple[tuple[int, str], ...]
    times: int


class ChangePeriod(NamedTuple):
    """A period of changes, from the second `since` to the second `until` (since 1970, UTC).

    Of the changes in the second `since`, those of ids after `after` count. If a `field` is named,
    only publications with its `value` count.
    """

    since: Seconds = -MAX_SECONDS
    until: Seconds = MAX_SECONDS
    after: str = ""
    field: str = ""
    value: str = ""


class StoreUnavailable(IndexUnusable):
    """The machines that have the index do not answer, or not all of it. This may pass by itself."""


class Reply(Protocol):
    """The hits of a search. Each value is computed when it is first needed.

    All methods may raise BudgetExceeded, and those of an index on other machines StoreUnavailable
    or TooBusy.
    """

    @property
    def tree(self) -> nodes.Tree | None:
        """The evaluated tree with its boosts, without the clauses in `dropped`."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """The texts of the clauses that were dropped because they cost too much."""

    @property
    def truncated(self) -> tuple[tuple[str, int], ...]:
        """The texts of the clauses that match fewer names, and the numbers of those left out."""

    @property
    def by_words(self) -> int:
        """The number of publications that match the words, before all filters."""

    @property
    def by_fields(self) -> int:
        """The number of publications that match the words without full texts, before filters."""

    @property
    def matched(self) -> int:
        """The number of publications that pass the query filters too, with semantic hits."""

    @property
    def total(self) -> int:
        """The number of hits: publications that pass the selected filters too."""

    @property
    def title_count(self) -> int:
        """The number of hits, with the editions of one title counted once."""

    @property
    def semantic_total(self) -> int:
        """The number of hits by semantic similarity alone."""

    @property
    def has_words(self) -> bool:
        """Whether a publication that passes the query filters matches the words."""

    def count_overlap(self, other: Self) -> int:
        """Return the number of hits that match the words of another reply of this store too."""

    def count_with(self, clauses: Sequence[nodes.Clause]) -> list[int]:
        """Return the number of hits that match each clause."""

    def list_dated_ids(self) -> Sequence[tuple[str, int]]:
        """Return the ids of the hits of the page, and when their records last changed, in order."""

    def list_ids(self) -> Sequence[str]:
        """Return the ids of the hits of the page, in order."""

    def rank_hits(self) -> Iterator[RankedHit]:
        """Yield the hits of the page, in order."""

    def gather(self) -> Words:
        """Return the words of the hits of the page, in order."""

    def find_files(self, identity: str, most: int) -> Sequence[FoundFile]:
        """Return the files of a publication with words of the search, with `most` pages of each.

        Raise BudgetExceeded.
        """

    def scan(self) -> Iterator[Publication]:
        """Return all hits in order, whatever the page. Each is read when it is taken."""

    def explain(self) -> Sequence[Explanation | None]:
        """Return the explanation of each hit of the page; None beyond a limit."""

    def count_facets(self) -> tuple[Mapping[str, tuple[Bucket, ...]], Mapping[str, int]]:
        """Return the buckets of each facet in display order, and how many values have none."""

    def count_values(self, field: str) -> Mapping[str, int]:
        """Return the number of hits with each value of a field, in the order of the index."""

    def complete(self, prefix: str, limit: int) -> Sequence[str]:
        """Return up to `limit` words with a prefix, as written, most frequent in the hits first."""

    def find_titles(
        self, words: Sequence[str], limit: int, *, is_open: bool
    ) -> Sequence[tuple[str, str]]:
        """Return the ids and titles of up to `limit` hits with all words in their title.

        If `is_open`, the last word is a prefix.
        """


class LabeledValue(NamedTuple):
    """A facet value, its label, and the number of publications with it."""

    field: str
    value: str
    label: str
    total: int


CountGroup = tuple[Sequence[nodes.Clause], Sequence[nodes.Clause]]
"""Clauses to count one by one, and the others that must match with each."""


class Store(Protocol):
    """One generation of an index. Threads may share it.

    The methods of an index on other machines may raise StoreUnavailable or TooBusy.
    """

    def ask(self, store_request: StoreRequest, deadline: Deadline) -> Reply:
        """Return the reply to a search. Raise BudgetExceeded.

        In a cluster, the searches of one deadline wait until a number of any of them is read.
        """

    def ask_each(
        self, store_requests: Iterable[StoreRequest], deadline: Deadline
    ) -> Iterator[Reply]:
        """Return the replies to searches of which the first may be enough.

        The next search is made when its reply is taken. If a cluster has to count, it counts all of
        them in the same request. Raise BudgetExceeded.
        """

    def count_all(self, clauses: Sequence[nodes.Clause], deadline: Deadline) -> list[int]:
        """Return the number of publications that match each clause. Raise BudgetExceeded."""

    def count_together(self, groups: Sequence[CountGroup], deadline: Deadline) -> list[list[int]]:
        """Return for each clause of a group how many publications match it and all others.

        A remote store counts all groups in one request. Raise BudgetExceeded.
        """

    def find_values(self, text: str, limit: int, language: str) -> Iterator[LabeledValue]:
        """Yield up to `limit` facet values with a prefix of their label, or of a word in it.

        Labels in the catalogue's own language and in `language` count.
        """

    def get_publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""

    def list_changed(self, period: ChangePeriod, most: int) -> Sequence[Publication]:
        """Return the first publications whose records changed in a period, `most` at most.

        They are in the order in which they changed, and those of one second in that of their ids.
        """

    def list_files(self, identity: str) -> Sequence[File]:
        """Return the files of a publication, also those that can't be read."""

    def find_file(self, digest: str) -> StoredFile | None:
        """Return the file with a digest (SHA-256, hexadecimal), or None."""

    def keep_ids(self, ids: Iterable[str]) -> Sequence[str]:
        """Return those of some texts that are ids of publications, or may be."""

    def find_related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""

    def prepare(self) -> None:
        """Compute all caches that searches share."""
