"""Load a local generation into an index of a node, and open both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from opensearchpy import OpenSearch

from indexer.cluster import bulk, mapping
from indexer.cluster.documents import Source, list_documents, make_groups
from indexer.cluster.fulltext_file import FULLTEXT_WORDS, read_words, write_words
from indexer.cluster.vocabulary_file import VOCABULARY, read_vocabulary, write_vocabulary
from indexer.codec.segment.fulltext import AttachedTexts, open_texts
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from indexer.generations.manifest import Generation
from search_app.engine import local_index
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.generation import ClusterGeneration, open_generation
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.search import Searcher

SHARDS = 3
open_locally = local_index.open_searcher
"""The function that opens a local generation, also while `both_stores` replaces it."""


def load(
    client: OpenSearch, index: str, segment: Segment, texts: AttachedTexts | None = None
) -> None:
    """Send the documents of a segment to a new index."""
    body = mapping.make_index(segment.catalogue, SHARDS, has_texts=texts is not None)
    client.indices.create(index=index, body=body)
    bulk.load(client, index, list_documents(Source(segment, make_groups(segment), texts)))
    client.indices.refresh(index=index)


def open_index(
    client: ClusterClient, segment: Segment, texts: AttachedTexts | None = None
) -> ClusterGeneration:
    """Return the generation in the index of a client. The index was loaded from a segment."""
    with tempfile.TemporaryDirectory() as folder:
        file, words = Path(folder) / VOCABULARY, Path(folder) / FULLTEXT_WORDS
        write_vocabulary(segment, file)
        if texts is not None:
            write_words(texts, words)
        return open_generation(client, read_vocabulary(file), segment.catalogue, read_words(words))


def make_searcher(generation: Generation, opened: ClusterGeneration) -> Searcher:
    """Return a searcher of a generation in an index."""
    outside = OpenSearchStore(opened.match_only_named()) if opened.compiler.texts else None
    return Searcher(generation, OpenSearchStore(opened), opened.vocabulary, outside)


class Pair(NamedTuple):
    """Searchers of one generation: of the local index, and of its copy on a node."""

    local: Searcher
    remote: Searcher


@contextmanager
def open_pair(folder: Path, client: OpenSearch, index: str) -> Iterator[Pair]:
    """Load the live generation of an index folder into a new index. Remove the index in the end."""
    generation = directory.load_live(folder)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    texts = open_texts(generation.segment, segment.catalogue)
    load(client, index, segment, texts)
    try:
        opened = open_index(ClusterClient(client, index), segment, texts)
        yield Pair(open_locally(generation), make_searcher(generation, opened))
    finally:
        client.indices.delete(index=index)
