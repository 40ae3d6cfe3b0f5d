"""Load judged collections: documents, queries, and relevance judgments.

A collection is a folder with `docs.jsonl` (id, title, text), `queries.jsonl` (id, text, and
optionally `split`) and `qrels.tsv` (query, document, and grade, separated by tabs).
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer.analysis import cleaning, stemming, tokenizer

Line = TypeVar("Line", bound=msgspec.Struct)

JUDGED_SPLIT = "test"
"""The split whose queries are used, if a collection has splits."""

MOST_WORDS = 500
"""Limit of words in a query. The engine reads no more, so no other system gets more."""

NO_TITLE = "–"
"""Replaces an empty title, which the indexer would refuse. No analyzer finds a word in it."""


class Document(msgspec.Struct, frozen=True):
    """The fields of a document that every system gets."""

    id: str
    title: str
    text: str


class Query(msgspec.Struct, frozen=True):
    """A query, and the split of the collection that it belongs to."""

    id: str
    text: str
    split: str | None = None

    @property
    def words(self) -> str:
        """Return the folded words, separated by spaces, without any operators."""
        return words(self.text)

    @property
    def length(self) -> int:
        """Return the number of words without English stop words."""
        stop_words = stemming.get_stop_words("en")
        return sum(word not in stop_words for word in self.words.split())


class JudgedSet(msgspec.Struct, frozen=True):
    """A collection that is ready to be searched.

    `queries` contains the queries with at least one relevant document. `judgments` maps each of
    them to the grades of its relevant documents, from 1. `empty` lists the omitted documents, which
    have no text.
    """

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    judgments: dict[str, dict[str, int]]
    empty: tuple[str, ...] = ()


def words(text: str) -> str:
    """Return the words of a text, folded and separated by spaces, up to the limit."""
    return " ".join(word.surface for word in islice(tokenizer.tokenize(text, "en"), MOST_WORDS))


def load(folder: Path) -> JudgedSet:
    """Load a collection from its folder. A grade below 1 means not relevant.

    The texts are cleaned as in the indexer, so that all systems read the same texts.
    """
    documents, empty = [], []
    for each in _lines(folder / "docs.jsonl", Document):
        title, text = cleaning.clean(each.title), cleaning.clean(each.text)
        if title or text:
            documents.append(Document(each.id, title or NO_TITLE, text))
        else:
            empty.append(each.id)
    judgments = _judgments(folder / "qrels.tsv")
    queries = tuple(
        query
        for query in _lines(folder / "queries.jsonl", Query)
        if query.id in judgments and query.split in (None, JUDGED_SPLIT)
    )
    judged = {query.id: judgments[query.id] for query in queries}
    return JudgedSet(folder.name, tuple(documents), queries, judged, tuple(empty))


def _lines(file: Path, kind: type[Line]) -> Iterator[Line]:
    with file.open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=kind)


def _judgments(file: Path) -> dict[str, dict[str, int]]:
    judgments: dict[str, dict[str, int]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            judgments.setdefault(query, {})[document] = int(grade)
    return judgments
