"""Full texts as nested documents: their pages, words, and limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from indexer.catalogue.records import Problem
from indexer.cluster import fulltext_documents
from indexer.cluster.documents import Source, list_documents, make_groups
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import Segment
from indexer.fulltext.text import FullText
from indexer.generations import directory
from tests.search_app.texts import (
    CATALOGUE,
    make_index_with_texts,
    make_publication,
    make_text,
)


def encode(folder: Path, texts: Sequence[FullText]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the document of a publication with some texts, and the problems that it names."""
    index = make_index_with_texts(
        folder, CATALOGUE, [make_publication("a", "Boats")],
        {"a": {f"{number}.pdf": text for number, text in enumerate(texts)}},
    )  # fmt: skip
    folder = directory.load_live(index).segment
    segment = Segment(folder, CATALOGUE)
    source = Source(segment, make_groups(segment), open_texts(folder, CATALOGUE))
    [lines] = list_documents(source)
    document = msgspec.json.decode(lines.splitlines()[1])
    problems = (msgspec.json.decode(each, type=Problem) for each in document.get("problems", ()))
    return document, [*problems]


def test_a_page_has_its_words_as_written_and_stemmed(tmp_path: Path) -> None:
    """A paragraph starts a new value, and pages without words are left out."""
    text = make_text("a", ["The boats\n\nof pirates", "", "..."])
    document, problems = encode(tmp_path, [text])
    [nested] = document["texts"]
    [page] = nested["pages"]
    assert nested["length"] == 4
    assert page["number"] == 1
    assert [value.split() for value in page["pos"]] == [["the", "boat"], ["of", "pirat"]]
    assert page["word"].split() == ["the", "boats", "of", "pirates"]
    assert page["text"] == "The boats\n\nof pirates"
    assert problems == []


def test_the_files_are_described_in_order(tmp_path: Path) -> None:
    """A file without any words has a place too, so that places are those of the texts."""
    texts = [make_text("a", [""]), make_text("b", ["boats"], has_pages=False)]
    document, _ = encode(tmp_path, texts)
    files = msgspec.json.decode(document["files"], type=list[fulltext_documents.FileInfo])
    assert [file.path for file in files] == ["0.pdf", "1.pdf"]
    assert [file.pages for file in files] == [1, 0]
    assert document["digest"] == [text.digest for text in texts]
    assert [len(text["pages"]) for text in document["texts"]] == [0, 1]


def test_a_long_text_loses_its_last_pages_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document fits into a request. The pages that are left out are reported, once a file."""
    monkeypatch.setattr(fulltext_documents, "MAX_TEXT_BYTES", 3000)
    pages = ["boats " * 50] * 10
    texts = [make_text("a", pages), make_text("b", pages), make_text("scan", [""] * 3)]
    document, problems = encode(tmp_path, texts)
    counts = [len(text["pages"]) for text in document["texts"]]
    assert 0 < counts[0] < 10
    assert counts[1:] == [0, 0]
    assert [problem.file for problem in problems] == ["0.pdf", "1.pdf"]
    assert f"only {counts[0]} of 10 pages are searched" in problems[0].what
