"""Publishing full texts in a real cluster of one node, and searching them there."""

import json
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import documents, load
from indexer.cluster.connection import ClusterAddress
from indexer.cluster.generations import ClusterGenerations
from indexer.codec.segment.fulltext import PAGES
from indexer.generations.manifest import IndexOutdated
from indexer.jobs import build
from search_app.engine.cluster_index import ClusterIndex
from search_app.engine.request import SearchRequest
from tests.opensearch.generations import count_sent, read_documents

pytestmark = pytest.mark.thorough

NAME = "texts"
CATALOGUE = """
title = "Reports"
description = "Reports with their texts."
files = "serve"

[[field]]
name = "title"
label = "Title"
role = "title"
kind = "text"
weight = 2.0

[[field]]
name = "fulltext"
label = "Full text"
kind = "fulltext"
weight = 0.3
"""
SIZE = 12


class Place:
    """A corpus of records, of which each has a text file, and its index in a cluster."""

    def __init__(
        self, folder: Path, client: OpenSearch, generations: ClusterGenerations, sent: list[str]
    ) -> None:
        self.corpus, self.index, self._work = (
            folder / each for each in ("corpus", "index", "work")
        )
        self._client, self._generations, self._sent = client, generations, sent
        for each in (self.corpus, self._work):
            each.mkdir()
        (self.corpus / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
        self.live = ""
        self.write_records(SIZE)
        for number in range(SIZE):
            self.write(number, f"Chapter one.\n\nA text about word{number}.")

    def write_records(self, count: int) -> None:
        for number in range(count):
            record = {"id": f"r{number}", "title": f"Report {number}"}
            file = self.corpus / f"record{number}.jsonl"
            file.write_text(json.dumps(record), encoding="utf-8")

    def write(self, number: int, text: str) -> Path:
        file = self.corpus / f"r{number}.txt"
        file.write_text(text, encoding="utf-8")
        return file

    def publish(self) -> int:
        local = build.build(self.corpus, self.index).generation
        self._sent.clear()
        load.publish(self._generations, local)
        self.live = local.name
        assert list(self._generations.find_errors(local.name)) == []
        return len(self._sent)

    def find(self, text: str) -> list[str]:
        address = ClusterAddress(("http://localhost:9200",), NAME)
        index = ClusterIndex(self._client, address, self._work)
        searcher, _ = index.open(index.read_live_name())
        return [*searcher.list_ids(SearchRequest(text))]


@pytest.fixture
def place(
    tmp_path: Path, client: OpenSearch, generations: ClusterGenerations,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:  # fmt: skip
    return Place(tmp_path, client, generations, count_sent(monkeypatch))


def test_only_publications_with_new_texts_are_sent(place: Place) -> None:
    assert place.publish() == SIZE
    assert place.find("word3") == ["r3"]
    place.write(3, "A text about whales.")
    assert place.publish() == 1
    assert (place.find("word3"), place.find("whales")) == ([], ["r3"])
    (place.corpus / "r5.txt").rename(place.corpus / "r3.txt")
    assert place.publish() == 2
    assert (place.find("whales"), place.find("word5")) == ([], ["r3"])
    (place.corpus / "r7.txt").unlink()
    assert place.publish() == 1
    assert place.find("word7") == []


def test_a_file_that_belongs_to_a_new_record_is_sent_with_it(place: Place) -> None:
    place.publish()
    place.write_records(SIZE + 1)
    assert place.publish() == 1
    place.write(SIZE, "A text about whales.")
    assert place.publish() == 1
    assert place.find("whales") == [f"r{SIZE}"]


def test_a_damaged_text_is_not_published(
    place: Place, client: OpenSearch, generations: ClusterGenerations
) -> None:
    place.publish()
    place.write(1, "A text about whales.")
    local = build.build(place.corpus, place.index).generation
    file = local.segment / PAGES
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(IndexOutdated, match=r"cannot be read.*build --force"):
        load.publish(generations, local)
    assert place.find("word3") == ["r3"]
    assert len(read_documents(client, NAME)) == SIZE


def test_each_build_reports_a_text_that_is_too_long(
    place: Place, generations: ClusterGenerations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_TEXT_BYTES", 500)
    place.write(2, "A text about whales. " * 100)

    def list_problems() -> list[str]:
        place.publish()
        found = generations.find_text_problems(place.live)
        return [f"{problem.file}: {problem.what}" for problem in found]

    [first] = list_problems()
    assert first.startswith("r2.txt: ")
    assert "only 0 of 1 pages are searched" in first
    place.write(3, "A text about boats.")
    assert list_problems() == [first]
    place.write(2, "A text about whales.")
    assert list_problems() == []
