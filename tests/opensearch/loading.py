"""Load a local generation into an index of a node, and open both."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from opensearchpy import OpenSearch, helpers

from indexer.cluster import load as load_module
from indexer.cluster import mapping
from indexer.cluster.documents import Action, list_documents
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from indexer.generations.manifest import Generation
from search_app.engine import local_index
from search_app.engine.cluster_index import make_searcher
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.search import Searcher

SHARDS = 3
open_locally = local_index.open_searcher
"""The function that opens a local generation, also while `both_stores` replaces it."""


def load(client: OpenSearch, index: str, generation: Generation) -> None:
    """Send the documents of a generation to a new index."""
    catalogue = generation.manifest.catalogue
    segment = Segment(generation.segment, catalogue)
    documents = list_documents(
        segment, open_texts(generation.segment, catalogue), generation.read_dates()
    )
    client.indices.create(index=index, body=mapping.make_index(catalogue, SHARDS))
    helpers.bulk(
        client, map(Action.to_lines, documents), index=index,
        expand_action_callback=lambda lines: lines,
    )  # fmt: skip
    client.indices.refresh(index=index)


def open_index(client: ClusterClient, generation: Generation) -> Searcher:
    """Return a searcher of the index of a client. The index was loaded from a generation."""
    with tempfile.TemporaryDirectory() as name:
        load_module.write_reader_files(generation, Path(name))
        opened = make_searcher(msgspec.structs.replace(generation, folder=Path(name)), client)
    opened.generation = generation
    return opened


class Pair(NamedTuple):
    """Searchers of one generation: of the local index, and of its copy on a node."""

    local: Searcher
    remote: Searcher


@contextmanager
def open_pair(folder: Path, client: OpenSearch, index: str) -> Iterator[Pair]:
    """Load the live generation of an index folder into a new index. Remove the index in the end."""
    generation = directory.load_live(folder)
    load(client, index, generation)
    try:
        yield Pair(open_locally(generation), open_index(ClusterClient(client, index), generation))
    finally:
        client.indices.delete(index=index)
