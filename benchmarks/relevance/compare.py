"""Run every system on every collection, and evaluate other constants."""

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.relevance import catalogue, engine, known_results, tuning
from benchmarks.relevance.bm25f import Collection
from benchmarks.relevance.judged import JudgedSet
from benchmarks.relevance.known_results import KnownResults
from benchmarks.relevance.measures import Judge
from benchmarks.relevance.paired import difference
from benchmarks.relevance.peers import DEEPEST, PEERS, Peer
from benchmarks.relevance.results import Line, Results, SetResult, System
from indexer.analysis import embeddings
from search_app.engine import Engine

OURS = System("pubsearch", "any word")
OURS_BY_DEFAULT = System("pubsearch, default mode", "unchanged query text")
OURS_BY_MEANING = System("pubsearch, semantic", "default mode with the extra `semantic`")
DIGITS = 4
Say = Callable[[str], None]


def compare(sets: Sequence[JudgedSet], papers: Path, say: Say) -> Results:
    """Run all systems on all sets, and search for known items in the file `papers`, if it exists.

    Raise Incomplete, Disagreement, or ModuleNotFoundError.
    """
    peers = [peer for peer in PEERS if peer.is_installed]
    results, tried = [], {}
    for judged in sets:
        result, tried[judged.name] = _one(judged, peers, say)
        results.append(result)
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        versions=_versions(peers),
        standing=engine.constants(),
        sets=tuple(results),
        together=tuple(tuning.choices(tried)),
        gains=tuple(tuning.gains(tried, engine.constants())),
        missing=tuple(peer.name for peer in PEERS if peer not in peers),
        catalogue=catalogue.measure(),
        known_items=_known_items(papers, say),
    )


def _known_items(papers: Path, say: Say) -> KnownResults | None:
    if papers.is_file():
        return known_results.measure(papers, OURS_BY_DEFAULT.name, say)
    say(f"known items: skipped, because {papers} does not exist")
    return None


def _one(judged: JudgedSet, peers: Sequence[Peer], say: Say) -> tuple[SetResult, tuning.Tried]:
    judge = Judge(judged)
    collection = Collection(judged.documents)
    with TemporaryDirectory() as folder:
        say(f"{judged.name}: {OURS.name}")
        lines, largest = _ours(judged, judge, collection, Path(folder))
    with TemporaryDirectory() as folder:
        say(f"{judged.name}: {OURS_BY_MEANING.name}")
        lines.append(_by_meaning(judged, judge, Path(folder)))
    for peer in peers:
        say(f"{judged.name}: {peer.name}")
        lines.append(_peer(peer, judged, judge))
    say(f"{judged.name}: constants")
    tried = tuning.tried(judged, collection, engine.constants())
    ours = lines[0].get_figures()
    result = SetResult(
        name=judged.name,
        documents=len(judged.documents),
        empty=judged.empty,
        queries=tuple(query.id for query in judged.queries),
        lengths=tuple(query.length for query in judged.queries),
        lines=tuple(lines),
        differences={line.system.name: difference(ours, line.get_figures()) for line in lines[1:]},
        choices=tuple(tuning.choices({judged.name: tried})),
        largest_difference=largest,
    )
    return result, tried


def _ours(
    judged: JudgedSet, judge: Judge, collection: Collection, folder: Path
) -> tuple[list[Line], float]:
    """Return the results of two search modes, and the largest deviation from the formula."""
    searched = engine.built(judged.documents, folder)
    largest = engine.largest_difference(searched, judged, collection)
    any_word = {each.id: [*engine.first_stage(searched, each, DEEPEST)] for each in judged.queries}
    as_typed = _line(OURS_BY_DEFAULT, judge, _as_typed(judged, searched))
    return [_line(OURS, judge, any_word), as_typed], largest


def _by_meaning(judged: JudgedSet, judge: Judge, folder: Path) -> Line:
    searched = engine.built(judged.documents, folder, embeddings.load_encoder())
    return _line(OURS_BY_MEANING, judge, _as_typed(judged, searched))


def _as_typed(judged: JudgedSet, searched: Engine) -> dict[str, list[str]]:
    """Return the ranking of each query in the default mode."""
    return {
        each.id: [*engine.found(searched, each.text, "auto", DEEPEST)] for each in judged.queries
    }


def _peer(peer: Peer, judged: JudgedSet, judge: Judge) -> Line:
    with TemporaryDirectory() as folder:
        rank = peer.build(judged.documents, Path(folder))
        lists = {each.id: rank(each.words) for each in judged.queries}
    system = System(peer.name, peer.setting, peer.version, peer.is_rival)
    return _line(system, judge, lists)


def _line(system: System, judge: Judge, lists: dict[str, list[str]]) -> Line:
    figures = judge.figures(lists)
    means = {name: round(float(each.mean()), DIGITS) for name, each in figures.items()}
    every = {name: np.round(each, DIGITS).tolist() for name, each in figures.items()}
    return Line(system, means, every)


def _versions(peers: Sequence[Peer]) -> dict[str, str]:
    """Return the versions of the systems and of their libraries."""
    versions = {"Python": platform.python_version()}
    for name in ("numpy", "PyStemmer", embeddings.PACKAGE, "ir-measures"):
        versions[name] = metadata.version(name)
    return versions | {peer.name: peer.version for peer in peers if peer.is_rival}
