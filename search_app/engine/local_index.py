"""A local index: open and check the generations in its folder.

No other part of the engine opens the files of an index or chooses its store.
"""

from pathlib import Path
from typing import NamedTuple

from indexer.analysis.embeddings import Encoder
from indexer.codec.segment import array_file
from indexer.generations import directory, publish
from indexer.generations.manifest import Generation
from indexer.generations.publish import LastBuild
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.search import Searcher
from search_app.engine.snapshot import loader
from search_app.engine.snapshot.loader import IntegrityCheck
from search_app.engine.snapshot.snapshot import ReadArrays, Snapshot


class LoadOptions(NamedTuple):
    """Settings for opening a generation.

    A generation of at most `max_in_memory` bytes is read into memory, a larger one is mapped.
    Opening waits up to `check_timeout` seconds for the check of the files. The rest of it runs in
    the background. `encoder` encodes queries if it made the vectors of the generation. `work` is
    the folder for copies from a cluster; None means the user's cache. If `prepared`, the caches
    that searches share are complete when a generation is opened: no request of a server waits for
    them, and its workers share them. Otherwise the first search that needs one computes it.
    """

    max_in_memory: int = 0
    check_timeout: float = 10.0
    encoder: Encoder | None = None
    work: Path | None = None
    prepared: bool = False


class LocalIndex:
    """The generations in an index folder."""

    def __init__(self, folder: Path, options: LoadOptions) -> None:
        self._folder, self._options = folder, options

    def read_live_name(self) -> str:
        """Return the name of the live generation. Raise IndexUnusable or OSError."""
        return directory.read_live_name(self._folder)

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build, or None if it can't be read."""
        return publish.read_last_build(self._folder)

    def open(self, name: str) -> tuple[Searcher, IntegrityCheck]:
        """Open and check a generation.

        Raise IndexOutdated if a file is missing or damaged, and OSError.
        """
        generation = directory.load(self._folder, name)
        contents = loader.read_files(generation, self._options.max_in_memory)
        check = IntegrityCheck(generation, contents)
        check.start()
        check.join(self._options.check_timeout)
        if error := check.make_error():
            raise error
        return open_searcher(
            generation, lambda file: loader.read_arrays(file, contents), self._options.encoder
        ), check


def open_searcher(
    generation: Generation,
    read_arrays: ReadArrays = array_file.open_arrays,
    encoder: Encoder | None = None,
) -> Searcher:
    """Return a searcher of a local generation. `read_arrays` returns the arrays of a file.

    `encoder` is an encoder of queries besides the one of the extra `semantic`.

    Raise IndexOutdated if the generation has another format or is damaged.
    """
    snapshot = Snapshot(generation, read_arrays, encoder)
    texts = FullTextMatcher(snapshot.texts, snapshot.vocabulary) if snapshot.texts else None
    return Searcher(generation, ArrayStore(snapshot, texts), snapshot.vocabulary)
