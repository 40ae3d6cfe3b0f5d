"""A local index and the same publications on three shards of a node, to compare the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from indexer.cluster import documents
from indexer.cluster.documents import Groups
from indexer.cluster.mapping import Json
from indexer.generations import directory
from search_app.engine import Searcher, open_searcher
from search_app.engine.arrays.evaluation import ScoredDocs
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.opensearch.field_queries import FieldQueries
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.queries import QueryCompiler
from tests.opensearch import loading
from tests.search_app.engine.arrays.below import snapshot_of


class Twin:
    """A local index and its twin on a node."""

    def __init__(self, searcher: Searcher, client: OpenSearch, index: str) -> None:
        self.searcher, self.snapshot = searcher, snapshot_of(searcher)
        self.vocabulary = self.snapshot.vocabulary
        means = self.snapshot.segment.mean_lengths.tolist()
        self.compiler = QueryCompiler(self.vocabulary, FieldQueries(self.vocabulary, means))
        self.groups: Groups = documents.make_groups(self.snapshot.segment)
        self._client, self._index = client, index

    def search(self, bodies: Sequence[Json]) -> list[dict[str, Any]]:
        """Return the responses of the node to some searches."""
        if not bodies:
            return []
        header: Json = {"index": self._index, "allow_partial_search_results": False}
        lines = [line for body in bodies for line in (header, body)]
        responses = self._client.msearch(body=lines, request_timeout=60)["responses"]
        assert [each for each in responses if "error" in each] == []
        return list(responses)

    def list_hits(self, scored: ScoredDocs, limit: int) -> list[RankedDoc]:
        """Return the first documents by score, as a search of the node returns them."""
        documents, scores = scored
        best = top_hits(documents, scores, self.snapshot.ranks, "relevance", slice(0, limit))
        return [
            RankedDoc(
                self.get_id(number), score, int(self.snapshot.ranks["newest"][number]),
                int(self.groups.hashes[number]),
            )
            for number, score in zip(
                documents.take(best).tolist(), scores.take(best).tolist(), strict=True
            )
        ]  # fmt: skip

    def get_id(self, number: int) -> str:
        """Return the id of the publication with a document number."""
        return self.snapshot.segment.docstore.ids.get_text(number)

    def by_id(self, values: Mapping[int, float]) -> dict[str, float]:
        """Return values by the ids of their documents."""
        return {self.get_id(number): value for number, value in values.items()}


@contextmanager
def load(folder: Path, client: OpenSearch, name: str) -> Iterator[Twin]:
    """Send the live generation of an index folder to a node. Yield both; remove the copy then."""
    searcher = open_searcher(directory.load_live(folder))
    twin = Twin(searcher, client, name)
    loading.load(client, name, twin.snapshot.segment)
    try:
        yield twin
    finally:
        client.indices.delete(index=name)
