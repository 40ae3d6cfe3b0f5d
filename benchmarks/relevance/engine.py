"""This project's engine over a judged set: its corpus folder, its index, its lists.

Documents go through the whole of it, from JSON Lines through the indexer to a published
generation, so that what is judged is what a reader of a catalogue gets.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.relevance.bm25f import Collection, Constants
from benchmarks.relevance.judged import Document, JudgedSet
from indexer.analysis.embeddings import Encoder
from indexer.catalogue import catalogue_toml
from indexer.codec.segment.postings import B_SHORT, K1, B
from indexer.jobs import build
from search_app.engine import Engine, open_engine
from search_app.engine.interpretation import interpreter
from search_app.engine.request import Match, SearchRequest

CATALOGUE = Path(__file__).with_name("catalogue.toml")
LOOKED_AT = 100
"""How far down its lists the engine's scores are compared with those of the formula."""

TOLERANCE = 1e-3


class Incomplete(Exception):
    """The indexer did not take every document of a set as it is."""


class Disagreement(Exception):
    """The engine and the formula give a document different scores."""


def built(documents: Sequence[Document], folder: Path, encoder: Encoder | None = None) -> Engine:
    """The engine on an index of the documents, built in an empty folder. Raises Incomplete.

    With an encoder, documents are found by what they mean too.
    """
    corpus = folder / "corpus"
    corpus.mkdir()
    shutil.copy(CATALOGUE, corpus)
    with (corpus / "documents.jsonl").open("wb") as lines:
        for each in documents:
            stated = {"id": each.id, "title": each.title, "summary": each.text}
            lines.write(msgspec.json.encode(stated) + b"\n")
    outcome = build.build(corpus, folder / "index", encoder=encoder)
    if outcome.problems or outcome.generation.manifest.publications != len(documents):
        told = "; ".join(str(problem) for problem in outcome.problems[:3])
        raise Incomplete(f"{outcome.generation.manifest.publications} of {len(documents)}. {told}")
    return open_engine(folder / "index")


def found(engine: Engine, text: str, match: Match, most: int) -> dict[str, float]:
    """The documents that the engine finds by their ids, best first, with their scores."""
    request = SearchRequest(text, match=match, size=most)
    reply = interpreter.found(request, engine.searcher().interpreter).reply
    return {hit.publication.id: hit.score or 0.0 for hit in reply.hits()}


def constants() -> Constants:
    """What the engine ranks by as it stands, with the weights of the sets' catalogue."""
    rows = catalogue_toml.load(CATALOGUE.parent).by_name
    return Constants(
        k1=K1,
        b_title=B_SHORT,
        b_summary=B,
        title_weight=rows["title"].weight / rows["summary"].weight,
    )


def largest_difference(engine: Engine, judged: JudgedSet, collection: Collection) -> float:
    """How far the engine's scores are from the formula's, at most. Raises Disagreement.

    What is chosen by the formula holds for the engine only if they are the same.
    """
    largest, standing = 0.0, constants()
    for query in judged.queries:
        scores = collection.scores(collection.evidence(query.words), standing)
        expected = dict(zip(collection.ids, scores.tolist(), strict=True))
        for document, score in found(engine, query.words, "any", LOOKED_AT).items():
            apart = abs(score - expected[document])
            if apart > TOLERANCE:
                told = f"{score:.4f} from the engine, {expected[document]:.4f} expected"
                what = f"document {document}, query {query.id} of {judged.name}: {told}"
                raise Disagreement(what)
            largest = max(largest, apart)
    return largest
