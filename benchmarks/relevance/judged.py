"""Judged sets: documents, queries, and which documents answer which query.

A set is a folder with `docs.jsonl` (id, title, text), `queries.jsonl` (id, text, and perhaps
a `split`) and `qrels.tsv` (query, document, grade, parted by tabs).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer.analysis import cleaning, tokenizer

Line = TypeVar("Line", bound=msgspec.Struct)

JUDGED_SPLIT = "test"
"""Where a set is split into parts to learn from and parts to judge by, this one is judged."""

MOST_WORDS = 500
"""The engine takes no more words of a query; nobody else is given more either."""

NO_TITLE = "–"
"""Stands for an empty title, which the indexer would refuse; no analyser finds a word in it."""


class Document(msgspec.Struct, frozen=True):
    """What every system is given of a document."""

    id: str
    title: str
    text: str


class Query(msgspec.Struct, frozen=True):
    """A query as it stands, and the part of the set that it belongs to."""

    id: str
    text: str
    split: str | None = None

    @property
    def words(self) -> str:
        """The words alone, folded and parted by spaces: no operator survives."""
        return words(self.text)


class JudgedSet(msgspec.Struct, frozen=True):
    """A set, ready to be searched.

    `queries` are those with a relevant document. `judgments` has, to each of them, the grades
    of its relevant documents, from 1. `empty` are the documents left out, in which nothing
    can be found.
    """

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    judgments: dict[str, dict[str, int]]
    empty: tuple[str, ...] = ()


def words(text: str) -> str:
    """The words of a text as written, folded and parted by spaces, up to the limit."""
    return " ".join(word.written for word in islice(tokenizer.tokens(text, "en"), MOST_WORDS))


def load(folder: Path) -> JudgedSet:
    """A set from its folder; a grade below 1 says that a document is not relevant.

    Texts are cleaned as the indexer cleans them, so that all systems read the same.
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
