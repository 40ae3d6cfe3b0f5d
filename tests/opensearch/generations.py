"""Small corpora, their local generations, and the content of an index in a cluster, for tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import decode_surface
from indexer.generations.manifest import Generation
from indexer.jobs import build
from tests import samples

STORED = ("id", "group", "editions", "title_key", "year", "len_title", "facet_section")
"""The values of a document that are compared, besides its record."""


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
    """Return the stored record and other values of each document, by its id."""
    body = {
        "query": {"match_all": {}}, "size": 10_000, "stored_fields": ["record"],
        "docvalue_fields": list(STORED),
    }  # fmt: skip
    hits = client.search(index=index, body=body)["hits"]["hits"]
    return {hit["_id"]: hit["fields"] for hit in hits}


def read_postings(client: OpenSearch, index: str, segment: Segment) -> Mapping[str, Any]:
    """Return the frequencies of each stem and word of a segment in the titles, by document."""
    terms = [("pos_title", text) for text in segment.stems.texts.to_list()]
    terms += [("word_title", decode_surface(text)) for text in segment.words.texts.to_list()]
    searches = [
        part
        for field, term in terms
        for part in ({}, {"query": {"match": {field: term}}, "size": 1_000})
    ]
    replies = client.msearch(index=index, body=searches)["responses"]
    return {
        f"{field}:{term}": {hit["_id"]: hit["_score"] for hit in reply["hits"]["hits"]}
        for (field, term), reply in zip(terms, replies, strict=True)
    }
