"""Count the work that queries of every shape cause. `fuzz_cost` measures their time."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import cleaning
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Segment, Terms
from search_app.engine import BudgetExceeded, Engine, matching
from search_app.engine.arrays.clause import clause_postings
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation import entities
from search_app.engine.query import cost, nodes
from search_app.engine.request import SearchRequest, truncate
from tests.robustness import fuzz_cost
from tests.robustness.shapes import Shapes, words_of
from tests.search_app.engine.arrays.below import snapshot_of
from tests.tiers import examples

COMMON = "trafficking"


@pytest.fixture(scope="module")
def engine(catalogue_index: Path) -> Engine:
    return Engine(catalogue_index)


@pytest.fixture(scope="module")
def shapes(engine: Engine) -> Shapes:
    return Shapes(words_of(snapshot_of(engine.get_searcher())))


@pytest.fixture(scope="module")
def visited() -> Iterator[list[int]]:
    counted: list[int] = []

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def counts(*given: Any) -> Any:
            held = method(*given)
            counted.append(len(held.documents))
            return held

        return counts

    with pytest.MonkeyPatch.context() as patch:
        for kind, name in (
            (Segment, "find_positions"), (Segment, "find_word_positions"),
            (Terms, "get_postings"), (Terms, "get_postings_of"),
        ):  # fmt: skip
            patch.setattr(kind, name, counting(getattr(kind, name)))
        yield counted


def fetched(text: str, engine: Engine, visited: list[int]) -> list[int]:
    """Return the number of postings of each index access of a search.

    The search runs twice, because the first search of an index also loads shared data.
    """
    for _ in range(2):
        visited.clear()
        engine.search(SearchRequest(text, match="all", exact=True))
    return list(visited)


@pytest.mark.parametrize("piece", [f"title:{COMMON}", f"title:{COMMON}*", f'title:"{COMMON} in"'])
@pytest.mark.parametrize("joint", [" ", " OR ", " AND ", " -", " OR -"])
def test_repeated_tokens_are_fetched_once(
    piece: str, joint: str, engine: Engine, visited: list[int]
) -> None:
    """A token that occurs 100 times fetches no more postings than one that occurs twice."""
    few, many = (fetched(joint.join([piece] * times), engine, visited) for times in (2, 100))
    assert many == few
    assert sum(few) > 0


@pytest.mark.parametrize("joint", "-./+")
def test_repeated_pieces_are_fetched_once(joint: str, engine: Engine, visited: list[int]) -> None:
    few, many = (
        fetched(f"title:{joint.join([COMMON] * times)}", engine, visited) for times in (3, 300)
    )
    assert len(many) == len(few)
    assert sum(many) <= sum(few)


def test_a_repeated_word_scores_once_per_occurrence(engine: Engine) -> None:
    for joint in (" ", " OR "):
        once, thrice = (
            engine.search(SearchRequest(joint.join([COMMON] * times), match="all", exact=True))
            for times in (1, 3)
        )
        assert [hit.score for hit in thrice.hits] == pytest.approx(
            [3 * (hit.score or 0) for hit in once.hits], rel=1e-3
        )


def test_the_time_limit_is_checked_at_each_word_of_a_phrase(engine: Engine) -> None:
    looks: list[int] = []
    leaf = nodes.Clause([nodes.Phrase(("traffick", "in", "person"), frozenset({"title"}))])
    clause_postings(leaf, snapshot_of(engine.get_searcher()), lambda: looks.append(1))
    assert len(looks) == 1 + 2


def test_an_expired_search_stops_during_matching(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    laps: list[str] = []

    def lap(watch: Deadline, stage: str) -> None:
        laps.append(stage)
        if laps.count("match") == 3:
            raise BudgetExceeded(stage, watch.budget)

    monkeypatch.setattr(Deadline, "checkpoint", lap)
    with pytest.raises(BudgetExceeded, match="at the stage match"):
        engine.search(SearchRequest("title:organ-removal-kidney-law"))
    assert laps == ["parse", "match", "match", "match"]


def test_an_expired_search_stops_during_diagnosis(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    laps: list[str] = []
    add = Deadline.finish

    def noted(watch: Deadline, stage: str) -> float:
        laps.append(stage)
        if laps.count("diagnosis") == 3:
            watch._end = 0
        return add(watch, stage)

    monkeypatch.setattr(Deadline, "finish", noted)
    with pytest.raises(BudgetExceeded, match="at the stage diagnosis"):
        engine.search(SearchRequest("title:organ title:qqq title:kidney", match="all"))
    assert laps[-3:] == ["diagnosis"] * 3


@pytest.mark.parametrize(
    "text", ["a b c", "title:in", '"in the"', "in-the", "in*", "law~", "in OR of", "-in", "法律"]
)
def test_short_texts_have_a_cost(text: str, engine: Engine) -> None:
    assert engine.get_searcher().estimate_cost(SearchRequest(text)) >= cost.WORD_COST


@examples(80)
@given(seed=st.integers(0, 2**32))
def test_the_estimate_covers_the_visited_postings(
    seed: int, shapes: Shapes, engine: Engine, visited: list[int]
) -> None:
    _, text = shapes.text(random.Random(seed))
    request = SearchRequest(truncate(text)[0])
    visited.clear()
    engine.search(request)
    nothing_shown = msgspec.structs.replace(request, size=0)
    assert sum(visited) <= engine.get_searcher().estimate_cost(nothing_shown)


def test_repeated_marks_are_made_once() -> None:
    """The words of a repeated prefix, wildcard, or fuzzy term are looked up once in a text."""
    title, asked = frozenset({"title"}), list[nodes.Expansion]()
    parts: list[nodes.Part] = [
        nodes.Prefix("law", title),
        nodes.Wildcard("l*w", title),
        nodes.Fuzzy("law", title),
    ]
    words = matching.read_words("law", "en", "title")
    find, expand = words.terms

    def note(part: nodes.Expansion) -> Array:
        asked.append(part)
        return expand(part)

    words.terms = matching.Terms(find, note)
    marks = matching.mark_words([nodes.Clause([part]) for part in parts * 50], words)
    assert marks.tolist() == [True, False]  # a field ends with a mark
    assert asked == parts


def test_a_long_word_is_folded_once_for_each_character(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search for labels folds each character of a long word about once."""
    folded: list[str] = []

    def fold(text: str) -> str:
        folded.append(text)
        return cleaning.fold(text)

    piece = f"{'both’' * 1000}形{'more’' * 1000}"
    known = engine.get_searcher().interpreter.entity_linker
    monkeypatch.setattr(entities, "fold", fold)
    assert known.cut(piece) == [piece]
    assert len(folded) <= len(set(piece)) + 50


def test_the_cost_fuzzer_runs(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    fuzz_cost.fuzz(engine, seconds=0, seed=1)
    assert "1 texts" in capsys.readouterr().out
