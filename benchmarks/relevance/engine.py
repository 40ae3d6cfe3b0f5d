"""Run this engine on a judged collection: write its corpus, build its index, and search.

Documents pass through the whole indexer, from JSON Lines to a published generation. The benchmark
therefore judges the results that readers of a catalogue get.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.relevance.bm25f import Collection, Constants
from benchmarks.relevance.judged import Document, JudgedSet, Query
from indexer.analysis.embeddings import Encoder
from indexer.catalogue import catalogue_toml
from indexer.codec.segment.postings import B_SHORT, K1, B
from indexer.jobs import build
from search_app.engine import Engine
from search_app.engine.interpretation import interpreter
from search_app.engine.request import Match, SearchRequest

CATALOGUE = Path(__file__).with_name("catalogue.toml")
LOOKED_AT = 100
"""Number of top hits whose scores are compared with those of the formula."""

TOLERANCE = 1e-3


class Incomplete(Exception):
    """The indexer omitted or changed a document of a collection."""


class Disagreement(Exception):
    """The engine and the formula give a document different scores."""


def built(documents: Sequence[Document], folder: Path, encoder: Encoder | None = None) -> Engine:
    """Build an index of the documents in an empty folder, and open it. Raise Incomplete.

    With an encoder, the index supports semantic search.
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
    return Engine.open(folder / "index", encoder)


def found(
    engine: Engine, text: str, match: Match, most: int, *, exact: bool = False
) -> dict[str, float]:
    """Return the hits as scores by id, best first. Only with `exact` there is no feedback."""
    request = SearchRequest(text, match=match, size=most, exact=exact)
    reply = interpreter.retrieve(request, engine.get_searcher().interpreter).reply
    return {hit.publication.id: hit.score or 0.0 for hit in reply.rank_hits()}


def first_stage(engine: Engine, query: Query, most: int) -> dict[str, float]:
    """Return the hits with any word of a query as typed, without feedback, best first."""
    return found(engine, query.words, "any", most, exact=True)


def constants() -> Constants:
    """Return the engine's constants, with the field weights of the collections."""
    fields = catalogue_toml.load(CATALOGUE.parent).by_name
    return Constants(
        k1=K1,
        b_title=B_SHORT,
        b_summary=B,
        title_weight=fields["title"].weight / fields["summary"].weight,
    )


def largest_difference(engine: Engine, judged: JudgedSet, collection: Collection) -> float:
    """Return the largest difference between the engine and the formula. Raise Disagreement.

    Constants chosen with the formula apply to the engine only if both give the same scores.
    """
    largest, standing = 0.0, constants()
    for query in judged.queries:
        scores = collection.scores(collection.evidence(query.words), standing)
        expected = dict(zip(collection.ids, scores.tolist(), strict=True))
        for document, score in first_stage(engine, query, LOOKED_AT).items():
            apart = abs(score - expected[document])
            if apart > TOLERANCE:
                told = f"{score:.4f} from the engine, {expected[document]:.4f} expected"
                what = f"document {document}, query {query.id} of {judged.name}: {told}"
                raise Disagreement(what)
            largest = max(largest, apart)
    return largest
