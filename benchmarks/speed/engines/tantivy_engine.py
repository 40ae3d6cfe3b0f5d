"""Tantivy, a compiled engine, with the fastest options of its Python package.

Its index has one segment. Aggregations over one segment are exact without a reserve
(`segment_size`), which saves a third of the time of a query.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import tantivy
from tantivy import Occur, Query

from benchmarks.speed.engines import HITS, VALUES, Answer, Engine
from benchmarks.speed.papers import FACETS, read
from benchmarks.speed.questions import Question

HEAP, PAPERS_A_HEAP = 256_000_000, 150_000
"""Memory of the writer in bytes, and the number of papers per segment that fit into it."""

TEXTS = ["title", "summary"]
_LARGEST = {
    name: {"terms": {"field": name, "size": VALUES, "segment_size": VALUES}} for name in FACETS
}


class Answered(NamedTuple):
    """A response in Tantivy's own form."""

    titles: list[str]
    facets: dict[str, Any]
    ticked: Collection[str]


class TantivyEngine(Engine):
    """Tantivy with only the titles stored: the smallest index that can answer."""

    stores_all: ClassVar[bool] = False

    @classmethod
    def schema(cls) -> tantivy.Schema:
        """Return the schema: stemmed English text in two fields, and the facets raw and fast."""
        builder = tantivy.SchemaBuilder()
        if cls.stores_all:
            builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("title", stored=True, tokenizer_name="en_stem")
        builder.add_text_field("summary", stored=cls.stores_all, tokenizer_name="en_stem")
        for name in FACETS:
            builder.add_text_field(
                name, stored=cls.stores_all, fast=True, tokenizer_name="raw", index_option="basic"
            )
        return builder.build()

    @classmethod
    def build(cls, lines: Path, folder: Path) -> None:
        """Build with one thread. The heap grows with the file, so that one segment is enough."""
        place = folder / "index"
        place.mkdir(parents=True)
        index = tantivy.Index(cls.schema(), path=os.fspath(place))
        with lines.open("rb") as file:
            number = sum(1 for _ in file)
        writer = index.writer(HEAP * (1 + number // PAPERS_A_HEAP), 1)
        for paper in read(lines):
            document = tantivy.Document()
            document.add_text("title", paper.title)
            if paper.summary:
                document.add_text("summary", paper.summary)
            for name in FACETS:
                if value := paper.value(name):
                    document.add_text(name, value)
            if cls.stores_all:
                document.add_text("id", paper.id)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def __init__(self, folder: Path) -> None:
        self.index = tantivy.Index.open(os.fspath(folder / "index"))
        self.searcher = self.index.searcher()
        if self.searcher.num_segments != 1:
            raise RuntimeError(f"Tantivy has {self.searcher.num_segments} segments instead of one")

    def ask(self, question: Question) -> Answered:
        """Return the ten best titles and the four aggregations.

        A selected facet counts the papers that pass the other facets, so it has its own
        aggregation.
        """
        query = self._query(question, question.ticked)
        hits = self.searcher.search(query, HITS, count=False).hits
        titles = [self.searcher.doc(address).get_first("title") for _, address in hits]
        found = self.searcher.aggregate(query, _without(question.ticked))
        for name in question.ticked:
            others = {each: value for each, value in question.ticked.items() if each != name}
            found |= self.searcher.aggregate(self._query(question, others), {name: _LARGEST[name]})
        return Answered(titles, found, question.ticked)

    def _query(self, question: Question, ticked: Mapping[str, str]) -> tantivy.Query:
        """Return the fastest correct query of each kind, with some values selected."""
        schema = self.index.schema
        if question.kind == "prefix":
            beginning = question.typed.removesuffix("*")
            return Query.boolean_query(
                [
                    (Occur.Should, Query.fuzzy_term_query(schema, name, beginning, 0, prefix=True))
                    for name in TEXTS
                ]
            )
        is_and = question.kind == "and"
        typed = self.index.parse_query(question.typed, TEXTS, conjunction_by_default=is_and)
        if not ticked:
            return typed
        ticks = [
            (Occur.Must, Query.term_query(schema, name, value, "basic"))
            for name, value in ticked.items()
        ]
        return Query.boolean_query([(Occur.Must, typed), *ticks])

    def read(self, answer: object) -> Answer:
        """Return the response. Its total is the largest sum of a facet without a selection."""
        assert isinstance(answer, Answered)
        facets = {
            name: [(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]]
            for name, found in answer.facets.items()
        }
        totals = [
            found["sum_other_doc_count"] + sum(count for _, count in facets[name])
            for name, found in answer.facets.items()
            if name not in answer.ticked
        ]
        return Answer(max(totals), answer.titles, facets)


def _without(ticked: Collection[str]) -> dict[str, Any]:
    return {name: largest for name, largest in _LARGEST.items() if name not in ticked}


class TantivyStoringEngine(TantivyEngine):
    """Tantivy with the same fields stored as in this engine's index, to compare sizes."""

    stores_all = True
