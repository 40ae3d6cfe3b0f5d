"""Search for known items with this engine and its peers.

A query has one relevant document, so the measure is the mean reciprocal rank (MRR).
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.relevance import known_items
from benchmarks.relevance.judged import Document, words
from benchmarks.relevance.known_items import KINDS, Item, KnownItem, Paper
from benchmarks.relevance.peers import PEERS, Peer, Rank
from indexer.jobs import build
from search_app.engine import Engine
from search_app.engine.request import SearchRequest

CATALOGUE = Path(__file__).with_name("papers.toml")
DEPTH = 100
"""A lower rank counts as not found."""
NUMBER_FOR_PEERS = 200
"""Number of queries of each kind for the peers. SQLite takes up to half a second for one."""
NOT_MEASURED = ("Whoosh",)
"""Peers that are left out. Whoosh is the slowest one on the papers in docs/benchmarks.md."""
DIGITS = 4


class KindResult(msgspec.Struct, frozen=True):
    """The MRR for one kind of query: of all queries, and of those that the peers got too."""

    name: str
    target: float
    mrr: float
    shared: dict[str, float]

    @property
    def is_met(self) -> bool:
        """Return whether this engine reaches the target with all queries."""
        return self.mrr >= self.target


class KnownResults(msgspec.Struct, frozen=True):
    """The results for known items: the numbers of papers and queries, and the kinds.

    `queries` is the number of queries of each kind, and `shared` the number for the peers.
    """

    papers: int
    queries: int
    shared: int
    kinds: tuple[KindResult, ...]


def measure(file: Path, ours: str, say: Callable[[str], None]) -> KnownResults:
    """Return the MRR of this engine, called `ours`, and of the installed peers."""
    papers = list(known_items.read(file))
    items = known_items.draw_items(papers, min(known_items.NUMBER, len(papers) // 10))
    shared = items[:NUMBER_FOR_PEERS]
    say(f"known items: {ours}")
    with TemporaryDirectory() as folder:
        ranks = _reciprocal_ranks(_build(papers, Path(folder)), items)
    means = {ours: [_mean(each[: len(shared)]) for each in ranks]}
    for peer in PEERS:
        if peer.is_rival and peer.is_installed and peer.name not in NOT_MEASURED:
            say(f"known items: {peer.name}")
            means[peer.name] = [_mean(each) for each in _search_peer(peer, papers, shared)]
    kinds = tuple(
        KindResult(
            kind.name,
            kind.target,
            _mean(ranks[number]),
            {name: each[number] for name, each in means.items()},
        )
        for number, kind in enumerate(KINDS)
    )
    return KnownResults(len(papers), len(items), len(shared), kinds)


def reciprocal_rank(ids: Sequence[str], wanted: str) -> float:
    """Return 1 divided by the rank of a document, or 0 if it is not among the first DEPTH."""
    return 1 / (ids.index(wanted) + 1) if wanted in ids[:DEPTH] else 0.0


def _reciprocal_ranks(rank: Rank, items: Sequence[Item]) -> list[list[float]]:
    """Return the reciprocal rank of each query, by kind."""

    def find(query: KnownItem) -> float:
        return reciprocal_rank(rank(query.text), query.id)

    return [[find(query) for query in known_items.queries(items, kind)] for kind in KINDS]


def _build(papers: Sequence[Paper], folder: Path) -> Rank:
    """Return a function that searches in the default mode."""
    corpus = folder / "corpus"
    corpus.mkdir()
    shutil.copy(CATALOGUE, corpus / "catalogue.toml")
    with (corpus / "papers.jsonl").open("wb") as lines:
        lines.writelines(msgspec.json.encode(paper) + b"\n" for paper in papers)
    build.build(corpus, folder / "index")
    searcher = Engine.open(folder / "index").get_searcher()
    return lambda text: list(searcher.list_ids(SearchRequest(text, size=DEPTH)))


def _search_peer(peer: Peer, papers: Sequence[Paper], items: Sequence[Item]) -> list[list[float]]:
    """Return the reciprocal ranks of a peer, which reads authors and years as text."""
    documents = [
        Document(each.id, each.title, " ".join([each.summary, *each.authors, str(each.year or "")]))
        for each in papers
    ]
    with TemporaryDirectory() as folder:
        rank = peer.build(documents, Path(folder))
        return _reciprocal_ranks(lambda text: rank(words(text)), items)


def _mean(figures: Sequence[float]) -> float:
    return round(sum(figures) / len(figures), DIGITS)
