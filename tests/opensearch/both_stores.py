"""pytest plugin: run the tests of the engine on an index in a cluster.

`-p tests.opensearch.both_stores` replaces the function that opens a generation, before the tests
import it. So one copy of a test states what both stores do. Another run without the plugin tests
the local store.
"""

import gc
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from weakref import WeakSet

import msgspec
import pytest
from opensearchpy import OpenSearch

import search_app.engine
from indexer.analysis.embeddings import Encoder
from indexer.cluster.mapping import Json
from indexer.codec.segment import array_file
from indexer.generations.manifest import Generation
from search_app.engine import local_index
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch.client import ClusterClient, Response
from search_app.engine.search import Searcher
from search_app.engine.snapshot.snapshot import ReadArrays, Snapshot
from tests.opensearch import cluster, loading, program

MAX_INDEXES = 60
"""Number of indexes on the node from which those that no test uses are removed."""
ENGINE = "tests/search_app/engine"
EXPANSION = f"{ENGINE}/interpretation/test_query_expansion.py"
UNUSED = "they search nothing"
LOCAL = "they examine the arrays of a local index"
SEMANTIC = "the index of a cluster has no vectors"
LONG = "they send thousands of searches, which other tests send too"
STAGES = "a search of a cluster has other stages"
PRESENTATION = "tests/search_app/presentation"
SCORES = "the scores and the order of a cluster are only nearly those of a local index"
LEFT_OUT = {
    f"{ENGINE}/arrays/test_semantic.py": SEMANTIC,
    f"{ENGINE}/arrays/": LOCAL,
    f"{ENGINE}/snapshot/": LOCAL,
    f"{ENGINE}/query/test_cost.py": LOCAL,
    f"{ENGINE}/query/test_marks.py": LOCAL,
    f"{ENGINE}/test_matching.py": LOCAL,
    f"{ENGINE}/test_explain.py::test_the_weights_of_names_and_values_equal_those_in_the_postings": (
        LOCAL
    ),
    f"{ENGINE}/test_fulltext.py::test_damaged_texts_are_an_error_and_no_wrong_answer": LOCAL,
    f"{ENGINE}/test_fulltext_budget.py": LOCAL,
    f"{ENGINE}/interpretation/test_interpreter.py::test_notes_match_the_results": LOCAL,
    f"{EXPANSION}::test_the_typed_name_weighs_more_than_other_names": LOCAL,
    f"{EXPANSION}::test_a_parsed_text_has_the_hits_of_stock_whoosh": LOCAL,
    f"{EXPANSION}::test_every_name_of_the_thesaurus_is_searched_without_an_error": LONG,
    f"{ENGINE}/features/test_diagnosis.py::test_every_number_is_the_total_of_its_link": LONG,
    f"{ENGINE}/query/test_algebra.py": LONG,
    f"{PRESENTATION}/test_expected_pages.py": SCORES,
    "tests/search_app/api/test_expected_responses.py": SCORES,
    "tests/search_app/web/test_path_prefix.py": LONG,
    "tests/search_app/web/test_routes.py::test_a_response_has_the_time_of_its_stages": STAGES,
    "tests/search_app/api/test_openapi.py::test_responses_at_the_bounds_match_the_document": LONG,
    "tests/search_app/web/test_robots.py::test_a_crawler_visits_publications_and_no_searches": LONG,
    f"{ENGINE}/features/test_page_hits.py": UNUSED,
    f"{ENGINE}/interpretation/test_entity_names.py": UNUSED,
    f"{ENGINE}/interpretation/test_world_places.py": UNUSED,
    f"{ENGINE}/opensearch/": UNUSED,
    f"{ENGINE}/query/test_parser.py": UNUSED,
    f"{ENGINE}/query/test_year_expressions.py": UNUSED,
    f"{ENGINE}/test_deadline.py": UNUSED,
}
"""Why some tests do not run on the node, by the start of their ids. Tests with the fixture
`snapshot` are LOCAL too."""


class CountingClient(ClusterClient):
    """A client that counts the requests with searches of all clients."""

    requests = 0

    def msearch(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        """Return the responses to several searches."""
        CountingClient.requests += 1
        return super().msearch(bodies, deadline)


class SharedNode:
    """A node that starts when the first generation is opened, with the indexes of generations.

    Equal generations share an index.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._client: OpenSearch | None = None
        self._users: dict[str, WeakSet[ClusterClient]] = {}

    def open_searcher(
        self,
        generation: Generation,
        read_arrays: ReadArrays = array_file.open_arrays,
        encoder: Encoder | None = None,
    ) -> Searcher:
        """Return a searcher of the index of a generation. Its arguments are the local ones."""
        # Its errors are those of a generation that cannot be used.
        Snapshot(generation, read_arrays, encoder)
        node = self._start()
        client = CountingClient(node, self._load(generation, node))
        self._users.setdefault(client.index, WeakSet()).add(client)
        return loading.open_index(client, generation)

    def _start(self) -> OpenSearch:
        if self._client is None:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            started = cluster.run_cluster(folder / "shared", program.find_class_path())
            self._client = self._stack.enter_context(started).client
        return self._client

    def _load(self, generation: Generation, client: OpenSearch) -> str:
        """Return the name of the index of a generation. Load it, unless an equal one was loaded."""
        manifest = generation.manifest
        content = msgspec.json.encode((manifest.files, manifest.schema))
        name = sha256(content).hexdigest()[:32]
        if name not in self._users:
            if len(self._users) >= MAX_INDEXES:
                self._remove_unused(client)
            loading.load(client, name, generation)
        return name

    def _remove_unused(self, client: OpenSearch) -> None:
        gc.collect()
        for name in [name for name, users in self._users.items() if not users]:
            client.indices.delete(index=name)
            del self._users[name]

    def stop(self) -> None:
        """Stop the node, if it was started."""
        self._stack.close()


REASONS = pytest.StashKey[Counter[str]]()
NODE = SharedNode()
local_index.open_searcher = NODE.open_searcher
search_app.engine.open_searcher = NODE.open_searcher


def pytest_sessionstart() -> None:
    """End the run if there is no program of a node."""
    try:
        program.find_class_path()
    except program.Unavailable as problem:
        pytest.exit(str(problem), returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_unconfigure() -> None:
    """Stop the node."""
    NODE.stop()


def _find_reason(item: pytest.Item) -> str | None:
    """Return why a test does not run on the node, or None."""
    for start, reason in LEFT_OUT.items():
        if item.nodeid.startswith(start):
            return reason
    has_arrays = isinstance(item, pytest.Function) and "snapshot" in item.fixturenames
    return LOCAL if has_arrays else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of LEFT_OUT."""
    kept, left_out = [], list[pytest.Item]()
    for item in items:
        if reason := _find_reason(item):
            left_out.append(item)
            config.stash[REASONS][reason] += 1
        else:
            kept.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_configure(config: pytest.Config) -> None:
    """Count the tests that are left out, by reason."""
    config.stash[REASONS] = Counter()


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Return how many tests run on the node, and how many do not, with the reasons."""
    reasons = config.stash[REASONS].items()
    return [
        f"{len(items)} tests run on a node of OpenSearch",
        *(f"{count} tests do not, because {reason}" for reason, count in reasons),
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the number of requests, which is 0 if the tests do not use the node."""
    terminalreporter.write_line(f"{CountingClient.requests} requests with searches")
