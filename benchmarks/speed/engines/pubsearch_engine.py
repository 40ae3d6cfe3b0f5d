"""This engine. All that the measurements know of its interface stands here."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.engines import HITS, VALUES, Answer, Engine
from benchmarks.speed.papers import FACETS
from benchmarks.speed.questions import Kind, Question
from indexer.generations import directory
from indexer.jobs import build
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.interpretation.interpreter import found
from search_app.engine.request import Match, SearchRequest
from search_app.engine.search import Searcher
from search_app.engine.snapshot.snapshot import Snapshot

_MATCH: dict[Kind, Match] = {"or": "any"}
_FIELDS = """\
title = "Papers"
description = "Papers, to measure with."

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
    """An answer as the engine gives it."""

    request: SearchRequest
    reply: ArrayReply
    titles: list[str]
    facets: dict[str, list[tuple[str, int]]]


class PubsearchEngine(Engine):
    """This engine, over a catalogue of two fields of text and four facets."""

    @staticmethod
    def prepare(lines: Path, folder: Path) -> None:
        """Makes a corpus folder with the rows of the catalogue and the papers."""
        corpus = folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        (corpus / "catalogue.toml").write_text(_FIELDS, encoding="utf-8")
        (corpus / "papers.jsonl").unlink(missing_ok=True)
        (corpus / "papers.jsonl").hardlink_to(lines)  # a link out of a corpus is not read

    @staticmethod
    def build(lines: Path, folder: Path) -> None:
        """Builds the corpus that was prepared, as `pubsearch build` does."""
        outcome = build.build(folder / "corpus", folder / "index")
        if outcome.status != "published":
            raise RuntimeError(f"nothing was built of {lines.name}: the index had it already")

    def __init__(self, folder: Path) -> None:
        generation = directory.current(folder / "index")
        if wrong := directory.misfits(generation):
            raise RuntimeError("; ".join(wrong))
        self.snapshot = Snapshot(generation)
        store = ArrayStore(self.snapshot)
        self.searcher = Searcher(generation, store, self.snapshot.vocabulary)

    def warm(self) -> None:
        """Makes what words are read by, as a server does before it answers."""
        self.searcher.prepare()

    def ask(self, question: Question) -> Answered:
        """Asks as the page does, with the ticks as filters."""
        filters = {name: (value,) for name, value in question.ticked.items()}
        match = _MATCH.get(question.kind, "all")
        return self.search(SearchRequest(question.typed, filters, match, size=HITS))

    def search(self, request: SearchRequest) -> Answered:
        """Any search, with the titles of its hits and the largest values of the facets."""
        reply = found(request, self.searcher.interpreter).reply
        assert isinstance(reply, ArrayReply)
        titles = [self.snapshot.title(number) for number in reply.page[0].tolist()]
        facets = {name: reply.counts.largest(name, VALUES) for name in FACETS}
        return Answered(request, reply, titles, facets)

    def read(self, answer: object) -> Answer:
        """The answer, with its number of papers."""
        assert isinstance(answer, Answered)
        return Answer(answer.reply.total, answer.titles, answer.facets)

    def bounds(self, answer: Answered) -> str:
        """What the engine tells of a search that it cut short; empty if of none."""
        told = self.searcher.search(answer.request)
        left_out = told.ignored + len(told.too_much)
        rarest = sum(more for _, more in told.cut)
        return ", ".join([
            *([f"{left_out:,} words left out"] if left_out else []),
            *([f"the {rarest:,} rarest it stands for left out"] if rarest else []),
        ])  # fmt: skip

    @staticmethod
    def check(folder: Path) -> None:
        """Checks every byte of the index. Raises RuntimeError if one is wrong."""
        if wrong := directory.damage(directory.current(folder / "index")):
            raise RuntimeError("; ".join(wrong))
