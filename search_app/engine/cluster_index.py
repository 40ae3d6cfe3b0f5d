"""An index in a cluster: open the generations of which the cluster has the documents.

Their other files are copied to a folder of this machine. No other part of the engine chooses the
store of a cluster.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.cluster import lock, mapping, mirror
from indexer.cluster.connection import ClusterAddress
from indexer.cluster.fulltext_file import FULLTEXT_WORDS, read_words
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.vocabulary_file import VOCABULARY, read_vocabulary
from indexer.generations.last_build import LastBuild
from indexer.generations.manifest import Generation, IndexOutdated
from search_app.engine.admission import TooBusy
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.generation import open_generation
from search_app.engine.opensearch.responsive_nodes import ResponsiveNodes
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.search import Searcher
from search_app.engine.snapshot import loader
from search_app.engine.snapshot.loader import IntegrityCheck


class ClusterIndex:
    """The generations of an index in a cluster. `work` is the folder for copies of their files."""

    def __init__(self, client: OpenSearch, address: ClusterAddress, work: Path | None) -> None:
        self._client, self._name = client, address.name
        self._generations = ClusterGenerations(client, address.name)
        self._nodes = ResponsiveNodes(client)
        self._copies = mirror.get_folder(address, work) / mirror.COPIES

    def read_live_name(self) -> str:
        """Return the name of the live generation. Raise IndexUnusable if a shard is missing."""
        name = self._generations.read_live_name()
        with suppress(TooBusy):
            self._make_client(name).check()
        return name

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build, or None if it can't be read."""
        return lock.read_last_build(self._client, self._name)

    def open(self, name: str) -> tuple[Searcher, IntegrityCheck]:
        """Copy the files of a generation and check them. Open it for searching.

        Raise IndexOutdated if it is damaged or has another version, ClusterError, and OSError.
        """
        generation = mirror.mirror_live(self._generations, self._copies, name)
        metadata = self._generations.read_metadata(name)
        if metadata is None or metadata.format != mapping.FORMAT:
            raise IndexOutdated(
                f"the documents of {name} were made by another version of the program",
                "Run: pubsearch build --force",
            )
        check = IntegrityCheck(generation, loader.read_files(generation, 0))
        check.run()
        if error := check.make_error():
            raise error
        searcher = self._make_searcher(generation)
        searcher.prepare()
        return searcher, check

    def _make_searcher(self, generation: Generation) -> Searcher:
        opened = open_generation(
            self._make_client(generation.name),
            read_vocabulary(generation.folder / VOCABULARY),
            generation.manifest.catalogue,
            read_words(generation.folder / FULLTEXT_WORDS),
        )
        outside = OpenSearchStore(opened.match_only_named()) if opened.compiler.texts else None
        return Searcher(generation, OpenSearchStore(opened), opened.vocabulary, outside)

    def _make_client(self, name: str) -> ClusterClient:
        index = self._generations.get_documents_index(name)
        return ClusterClient(self._client, index, self._nodes)
