"""Request pages of the same searches over HTTP: ours on both stores, and a plain search of a node.

The plain search has the same words, ten hits with passages of OpenSearch's own highlighter, and the
20 most frequent values of six facets. Its hits rank by OpenSearch's own scores.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from opensearchpy import OpenSearch, helpers

from benchmarks.speed import pages, serving
from benchmarks.speed.opensearch.measured import Page
from benchmarks.speed.opensearch.node import SECONDS
from indexer.cluster.connection import ClusterAddress
from indexer.cluster.mapping import Json

LOCAL, CLUSTER, PLAIN = "our page, local index", "our page, cluster", "a plain search of OpenSearch"
INDEX = "plain"
"""The name of the index of the plain search."""
TEXTS = ("title", "summary")
FACETS = ("venue", "publisher", "place", "year", "type", "language")
VALUES = 20
_KEYS = {"language": "lang"}
"""The keys of facets in the papers that differ from their names."""


def measure(
    index: Path, address: ClusterAddress, lines: Path, texts: Sequence[str], folder: Path
) -> dict[str, Page]:
    """Request all pages of each kind. The papers in `lines` make the index of the plain search."""
    host = address.hosts[0]
    fill_plain_index(OpenSearch(host), lines)
    command = partial(serving.gunicorn, serving.WORKERS)
    paths = [pages.path(text) for text in texts]
    with serving.server(index, command) as server:
        local = serving.request(server.url, paths, folder)
    with serving.server(str(address), command, folder) as server:
        cluster = serving.request(server.url, paths, folder)
    plain = serving.request(host, [make_plain_path(text) for text in texts], folder)
    return {
        name: Page(told.each_second, told.p50 / 1000, told.p99 / 1000)
        for name, told in ((LOCAL, local), (CLUSTER, cluster), (PLAIN, plain))
    }


def fill_plain_index(client: OpenSearch, lines: Path) -> None:
    """Create the index of the plain search, with the analyzer `english`."""
    text = {"type": "text", "analyzer": "english"}
    properties = dict.fromkeys(TEXTS, text) | {name: {"type": "keyword"} for name in FACETS}
    body: Json = {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"dynamic": False, "properties": properties},
    }
    client.indices.create(index=INDEX, body=body)
    helpers.bulk(client, _list_actions(lines), request_timeout=SECONDS)
    client.indices.refresh(index=INDEX, request_timeout=SECONDS)


def _list_actions(lines: Path) -> Iterator[Json]:
    with lines.open("rb") as file:
        for line in file:
            paper = msgspec.json.decode(line)
            source = {name: paper.get(name) for name in TEXTS}
            source |= {name: paper.get(_KEYS.get(name, name)) for name in FACETS}
            yield {"_index": INDEX, "_source": source}


def make_plain_path(text: str) -> str:
    """Return the path of a plain search for all words of a text."""
    body = {
        "query": {
            "multi_match": {
                "query": text, "type": "cross_fields", "operator": "and",
                "fields": ["title^2.5", "summary"],
            },
        },
        "highlight": {"fields": {"title": {"number_of_fragments": 0}, "summary": {}}},
        "aggs": {name: {"terms": {"field": name, "size": VALUES}} for name in FACETS},
        "track_total_hits": True,
    }  # fmt: skip
    source = {"source": msgspec.json.encode(body), "source_content_type": "application/json"}
    return f"/{INDEX}/_search?{urlencode({'request_cache': 'false', **source})}"
