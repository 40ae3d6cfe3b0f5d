"""Start one node of OpenSearch for a measurement, with the program of the tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opensearchpy import OpenSearch

from tests.opensearch import program
from tests.opensearch.cluster import run_cluster

HEAP = "2 GB"
JAVA = ("java", "-Xms2g", "-Xmx2g", "-XX:+UseG1GC", "-Dlog4j2.level=INFO")
"""The command of Java. The tests do without the optimizing compiler, a measurement does not."""
REFRESHED = 1.1
"""Seconds after which a node has measured its CPU time again."""
SECONDS = 600
"""Seconds that a node may take to refresh or flush an index."""


def find_reason() -> str | None:
    """Return why no node can run, or None if one can. Download its program if needed."""
    try:
        program.find_class_path()
    except program.Unavailable as problem:
        return str(problem).splitlines()[0]
    return None


@contextmanager
def run_node(folder: Path) -> Iterator[str]:
    """Yield the URL of a node that runs. Raise NodeError or Unavailable."""
    with run_cluster(folder, program.find_class_path(), java=JAVA) as cluster:
        yield cluster.nodes[0].url


def read_cpu(client: OpenSearch) -> float:
    """Return the CPU seconds of all nodes since their start."""
    time.sleep(REFRESHED)
    stats = client.nodes.stats(metric="process", request_timeout=SECONDS)
    nodes = stats["nodes"].values()
    return sum(float(each["process"]["cpu"]["total_in_millis"]) for each in nodes) / 1000


def read_size(client: OpenSearch, index: str) -> int:
    """Return the size of an index without its copies, in bytes."""
    stats = client.indices.stats(index=index, metric="store")
    return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])
