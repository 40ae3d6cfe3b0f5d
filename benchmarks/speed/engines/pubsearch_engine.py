"""This engine: the only module of the benchmark that uses its interface for searches."""

from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.engines import HITS, VALUES, Answer, Engine
from benchmarks.speed.papers import FACETS
from benchmarks.speed.questions import Kind, Question
from indexer.generations import directory
from indexer.jobs import build
from search_app.engine.arrays.store import ArrayReply, ArrayStore
from search_app.engine.interpretation.interpreter import retrieve
from search_app.engine.request import Match, SearchRequest
from search_app.engine.search import Searcher
from search_app.engine.snapshot.snapshot import Snapshot

_MATCH: dict[Kind, Match] = {"or": "any"}
_FIELDS = """\
title = "Papers"
description = "Papers for benchmarks."

[[field]]
name = "title"
label = "Title"
kind = "text"
role = "title"
weight = 2.5
required = true

[[field]]
name = "summary"
label = "Abstract"
kind = "text"
role = "summary"
weight = 1.0

[[field]]
name = "venue"
label = "Venue"
facet = 1

[[field]]
name = "year"
label = "Year"
kind = "year"
role = "date"
facet = 2
order = "descending"

[[field]]
name = "type"
label = "Type"
facet = 3

[[field]]
name = "place"
label = "Place"
facet = 4
"""


class Answered(NamedTuple):
    """A response in the engine's own form."""

    request: SearchRequest
    reply: ArrayReply
    titles: list[str]
    facets: dict[str, list[tuple[str, int]]]


class PubsearchEngine(Engine):
    """This engine, on a catalogue of two text fields and four facets."""

    @staticmethod
    def prepare(lines: Path, folder: Path) -> None:
        """Create a corpus folder with the catalogue and the papers."""
        corpus = folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        (corpus / "catalogue.toml").write_text(_FIELDS, encoding="utf-8")
        (corpus / "papers.jsonl").unlink(missing_ok=True)
        (corpus / "papers.jsonl").hardlink_to(lines)  # links out of a corpus are not read

    @staticmethod
    def build(lines: Path, folder: Path) -> None:
        """Build the prepared corpus, as `pubsearch build` does."""
        outcome = build.build(folder / "corpus", folder / "index")
        if outcome.status != "published":
            raise RuntimeError(f"the index of {lines.name} was not rebuilt: it is up to date")

    def __init__(self, folder: Path) -> None:
        generation = directory.load_live(folder / "index")
        if wrong := directory.size_errors(generation):
            raise RuntimeError("; ".join(wrong))
        self.snapshot = Snapshot(generation)
        store = ArrayStore(self.snapshot)
        self.searcher = Searcher(generation, store, self.snapshot.vocabulary)

    def warm(self) -> None:
        """Prepare the query interpreter, as a server does before its first response."""
        self.searcher.prepare()

    def ask(self, question: Question) -> Answered:
        """Search as the page does, with the selected values as filters."""
        filters = {name: (value,) for name, value in question.ticked.items()}
        match = _MATCH.get(question.kind, "all")
        return self.search(SearchRequest(question.typed, filters, match=match, size=HITS))

    def search(self, request: SearchRequest) -> Answered:
        """Return the titles of the hits and the most frequent facet values of any request."""
        reply = retrieve(request, self.searcher.interpreter).reply
        assert isinstance(reply, ArrayReply)
        titles = [self.snapshot.get_title(number) for number in reply.rank()[0].tolist()]
        counts = reply.count()
        facets = {name: counts.list_largest(name, VALUES) for name in FACETS}
        return Answered(request, reply, titles, facets)

    def read(self, answer: object) -> Answer:
        """Return the response with its number of papers."""
        assert isinstance(answer, Answered)
        return Answer(answer.reply.total, answer.titles, answer.facets)

    def bounds(self, answer: Answered) -> str:
        """Return which parts of a search were omitted, or an empty text."""
        told = self.searcher.search(answer.request)
        left_out = told.ignored_word_count + len(told.dropped_clauses)
        rarest = sum(each.omitted_word_count for each in told.truncated)
        return ", ".join([
            *([f"{left_out:,} words omitted"] if left_out else []),
            *([f"{rarest:,} rarest terms omitted"] if rarest else []),
        ])  # fmt: skip

    @staticmethod
    def check(folder: Path) -> None:
        """Check every byte of the index. Raise RuntimeError if one is damaged."""
        if wrong := directory.integrity_errors(directory.load_live(folder / "index")):
            raise RuntimeError("; ".join(wrong))
