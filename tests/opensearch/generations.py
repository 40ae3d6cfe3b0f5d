"""Small corpora, their local generations, and the content of an index in a cluster, for tests."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import load
from indexer.generations.manifest import Generation
from indexer.jobs import build
from tests import samples


def write_corpus(folder: Path, titles: Iterable[str], **values: object) -> None:
    """Write a corpus with one publication for each title, in a file of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    samples.write_corpus(folder)
    for name in ("tools.html", "papers.html", "more.jsonl"):
        (folder / name).unlink()
    for title in titles:
        entry = {"title": title, "section": "Tools", **values}
        file = folder / f"{title.replace(' ', '-')}.jsonl"
        file.write_text(json.dumps(entry) + "\n", encoding="utf-8")


def make_titles(count: int) -> list[str]:
    """Return different titles, of which none are editions of one title."""
    return [f"Border number{number} of country{number}" for number in range(count)]


def build_generation(
    corpus: Path, index: Path, titles: Sequence[str], **values: object
) -> Generation:
    """Build the live generation of an index folder from titles."""
    write_corpus(corpus, titles, **values)
    return build.build(corpus, index).generation


def delete_all(client: OpenSearch, name: str) -> None:
    """Delete all indexes of a catalogue."""
    client.indices.delete(index=f"{name}-*")


def read_documents(client: OpenSearch, index: str) -> Mapping[str, Any]:
    """Return the source of each document, with the digest of its words, by its id."""
    body = {"query": {"match_all": {}}, "size": 10_000}
    hits = client.search(index=index, body=body)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def count_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that receives the action of each document that is sent."""
    sent: list[str] = []

    def send(client: OpenSearch, index: str, actions: Iterable[Any], threads: int) -> None:
        listed = [*actions]
        if not index.endswith("-files"):
            sent.extend(action for action, _ in listed)
        load_send(client, index, listed, threads)

    load_send = load.send
    monkeypatch.setattr(load, "send", send)
    return sent
