"""Check the generations in a cluster, and roll back to an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from indexer.catalogue.records import Problem
from indexer.cluster import mapping, mirror
from indexer.cluster.errors import translate_errors
from indexer.cluster.generations import ClusterGenerations
from indexer.generations.directory import corrupt_error
from indexer.generations.manifest import IndexMissing, IndexUnusable
from indexer.generations.publish import KEEP_GENERATIONS

MAX_PROBLEMS = 1000
"""Limit on the publications whose problems are reported."""


def find_errors(generations: ClusterGenerations, name: str) -> Iterator[str]:
    """Yield the faults of a generation: files, documents, and shards."""
    try:
        with TemporaryDirectory() as folder:
            copy = mirror.download(generations, name, Path(folder) / name)
        metadata = generations.read_metadata(name)
        if metadata is None or metadata.generation != name:
            yield "its index has documents of another generation"
        elif metadata.format != mapping.FORMAT:
            yield "its documents have another version"
        count, wanted = generations.count(name), copy.manifest.publications
        if count != wanted:
            yield f"it has {count} documents instead of {wanted}"
    except IndexUnusable as error:
        yield error.message


def find_text_problems(generations: ClusterGenerations, name: str) -> list[Problem]:
    """Return the problems of files whose full text is too long to be searched as a whole.

    At most MAX_PROBLEMS publications have any.
    """
    body: mapping.Json = {
        "query": {"exists": {"field": mapping.PROBLEMS}}, "size": MAX_PROBLEMS, "sort": ["id"],
        "stored_fields": "_none_", "docvalue_fields": [mapping.PROBLEMS],
    }  # fmt: skip
    with translate_errors(f"the problems of {name} can't be read"):
        index = generations.get_documents_index(name)
        found = generations.client.search(index=index, body=body)
    return [
        msgspec.json.decode(problem, type=Problem)
        for hit in found["hits"]["hits"]
        for problem in hit["fields"][mapping.PROBLEMS]
    ]


def find_missing_copies(generations: ClusterGenerations, name: str) -> Iterator[str]:
    """Yield the indexes of a generation of which a shard lacks a copy."""
    indexes = [generations.get_documents_index(name), generations.get_files_index(name)]
    with translate_errors(f"the health of {name} can't be read"):
        health = generations.client.cluster.health(index=",".join(indexes), level="indices")
    for index in indexes:
        status = health["indices"].get(index, {}).get("status", "missing")
        if status != "green":
            yield f"the index {index} is {status}"


def read_size(generations: ClusterGenerations, name: str) -> int:
    """Return the bytes of a generation on the disks of the cluster, with all copies."""
    indexes = [generations.get_documents_index(name), generations.get_files_index(name)]
    with translate_errors(f"the size of {name} can't be read"):
        stats = generations.client.indices.stats(index=",".join(indexes), metric="store")
    return int(stats["_all"]["total"]["store"]["size_in_bytes"])


def rollback(generations: ClusterGenerations) -> str:
    """Make the latest undamaged predecessor of the live generation live. Return its name.

    If the alias is unusable, choose the newest undamaged generation. Raise IndexUnusable if there
    is none. A build that runs meanwhile fails in the end, as the alias has changed.
    """
    state = generations.claim()
    candidates = generations.list_earlier(state)
    if not candidates:
        raise IndexMissing(
            f"there is no generation before {state.live[0]}",
            f"At most {KEEP_GENERATIONS} generations are kept. Fix the corpus, and build again",
        )
    faults = list[str]()
    for name in candidates:
        errors = list(find_errors(generations, name))
        if not errors:
            generations.set_live(name, state)
            return name
        faults = faults or errors
    raise corrupt_error(candidates[0], faults)
