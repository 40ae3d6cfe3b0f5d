"""An index in a cluster: open the generations of which the cluster has the documents.

Their other files are copied to this machine and read. No other part of the engine chooses the store
of a cluster.
"""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from opensearchpy import OpenSearch

from indexer.cluster import mapping, marker
from indexer.cluster.connection import ClusterAddress
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.vocabulary_file import VOCABULARY, read_vocabulary
from indexer.generations.manifest import Generation, IndexOutdated
from indexer.generations.publish import LastBuild
from search_app.engine.admission import TooBusy
from search_app.engine.cache import Cache
from search_app.engine.opensearch import queries
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.rescoring import Feedback
from search_app.engine.opensearch.search import MAX_FEEDBACK
from search_app.engine.opensearch.search import Generation as OpenedGeneration
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.search import Searcher
from search_app.engine.snapshot import loader
from search_app.engine.snapshot.label_index import LabelPrefixIndex
from search_app.engine.snapshot.loader import IntegrityCheck


class ClusterIndex:
    """The generations of an index in a cluster. `work` is the folder for copies of their files."""

    def __init__(self, client: OpenSearch, address: ClusterAddress, work: Path | None) -> None:
        self._client, self._name, self._work = client, address.name, work
        self._generations = ClusterGenerations(client, address.name)

    def read_live_name(self) -> str:
        """Return the name of the live generation. Raise IndexUnusable if a shard is missing."""
        name = self._generations.read_live_name()
        with suppress(TooBusy):
            self._make_client(name).check()
        return name

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build, or None if it can't be read."""
        return marker.read_last_build(self._client, self._name)

    def open(self, name: str) -> tuple[Searcher, IntegrityCheck]:
        """Copy the files of a generation and check them. Open it for searching.

        Raise IndexOutdated if it is damaged or has another version, ClusterError, and OSError.
        """
        mark = self._generations.read_state().marks.get(self._generations.get_documents_index(name))
        if mark is None or mark.format != mapping.FORMAT:
            raise IndexOutdated(
                f"the documents of {name} were made by another version of the program",
                "Run: pubsearch build --force",
            )
        if self._work:
            self._work.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._work) as folder:
            generation = self._generations.download(name, Path(folder) / name)
            # All files are read into memory, so they can be removed.
            check = IntegrityCheck(generation, loader.read_files(generation, 0))
            check.run()
            if error := check.make_error():
                raise error
            searcher = make_searcher(generation, self._make_client(name))
        return searcher, check

    def _make_client(self, name: str) -> ClusterClient:
        return ClusterClient(self._client, self._generations.get_documents_index(name))


def make_searcher(generation: Generation, client: ClusterClient) -> Searcher:
    """Return a searcher of a generation. Its folder has the files for readers.

    Raise IndexOutdated if one is damaged.
    """
    file = read_vocabulary(generation.folder / VOCABULARY)
    catalogue = generation.manifest.catalogue
    vocabulary = Vocabulary(file.arrays, catalogue, file.texts)
    labels = LabelPrefixIndex(file.arrays.values, file.value_counts, catalogue)
    compilers = (
        queries.QueryCompiler(vocabulary, file.value_counts, inside=inside)
        for inside in (True, False)
    )
    feedback = Cache[bytes, Feedback](MAX_FEEDBACK)
    opened = OpenedGeneration(client, vocabulary, file.mean_lengths, feedback, *compilers)
    return Searcher(generation, OpenSearchStore(opened, labels), vocabulary)
