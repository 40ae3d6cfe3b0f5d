"""Load a local generation into an index of a node, and open both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from opensearchpy import OpenSearch

from indexer.cluster import bulk, documents, mapping
from indexer.cluster.vocabulary_file import VOCABULARY, read_vocabulary, write_vocabulary
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from search_app.engine import local_index
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.generation import ClusterGeneration, open_generation
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.search import Searcher

SHARDS = 3
open_locally = local_index.open_searcher
"""The function that opens a local generation, also while `both_stores` replaces it."""


def load(client: OpenSearch, index: str, segment: Segment) -> None:
    """Send the documents of a segment to a new index."""
    client.indices.create(index=index, body=mapping.make_index(segment.catalogue, SHARDS))
    bulk.load(client, index, documents.list_documents(segment, documents.make_groups(segment)))
    client.indices.refresh(index=index)


def open_index(client: ClusterClient, segment: Segment) -> ClusterGeneration:
    """Return the generation in the index of a client. The index was loaded from a segment."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / VOCABULARY
        write_vocabulary(segment, file)
        return open_generation(client, read_vocabulary(file), segment.catalogue)


class Pair(NamedTuple):
    """Searchers of one generation: of the local index, and of its copy on a node."""

    local: Searcher
    remote: Searcher


@contextmanager
def open_pair(folder: Path, client: OpenSearch, index: str) -> Iterator[Pair]:
    """Load the live generation of an index folder into a new index. Remove the index in the end."""
    generation = directory.load_live(folder)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    load(client, index, segment)
    try:
        opened = open_index(ClusterClient(client, index), segment)
        remote = Searcher(generation, OpenSearchStore(opened), opened.vocabulary)
        yield Pair(open_locally(generation), remote)
    finally:
        client.indices.delete(index=index)
