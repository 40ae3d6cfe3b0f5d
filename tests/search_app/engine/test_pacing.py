"""A generation is opened next to requests, and the previous one is freed at once."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from weakref import ref

import pytest

from indexer.jobs import build
from search_app import config
from search_app.engine import Engine, LoadOptions, SearchRequest
from search_app.engine.interpretation.query_expansion import EntityLinker
from search_app.engine.pacing import pause_often
from search_app.web.app import set_process_up
from tests.catalogue import PATIENT
from tests.waiting import until


@pytest.fixture
def turns() -> Iterator[list[float]]:
    """Return a list that grows whenever another thread gets the interpreter.

    A running thread must give it up by itself.
    """
    interval, ended = sys.getswitchinterval(), Event()
    taken: list[float] = []

    def take_turns() -> None:
        while not ended.is_set():
            taken.append(time.monotonic())
            time.sleep(0.0001)

    sys.setswitchinterval(1000)
    thread = Thread(target=take_turns)
    thread.start()
    yield taken
    sys.setswitchinterval(interval)
    ended.set()
    thread.join()


def compute() -> int:
    return sum(abs(number) for number in range(100_000))


def test_other_threads_run_during_a_computation_with_pauses(turns: list[float]) -> None:
    before = len(turns)
    alone = compute()
    assert len(turns) == before
    with pause_often():
        paused = compute()
    assert len(turns) > before
    assert paused == alone
    before = len(turns)
    assert compute() == alone
    assert len(turns) == before


def test_a_failure_ends_the_pauses() -> None:
    with suppress(ZeroDivisionError), pause_often():
        assert sys.getprofile()
        raise ZeroDivisionError
    assert sys.getprofile() is None


def test_requests_run_while_a_generation_is_opened(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, has_pauses = Engine(tmp_path / "index", LoadOptions(prepared=True)), list[bool]()
    prepare = EntityLinker.prepare

    def watched(self: EntityLinker) -> None:
        has_pauses.append(sys.getprofile() is not None)
        prepare(self)

    monkeypatch.setattr(EntityLinker, "prepare", watched)

    def publish() -> set[bool]:
        has_pauses.clear()
        name = build.build(corpus, tmp_path / "index", force=True).generation.name
        until(lambda: engine.current is not None and engine.current.name == name)
        return {*has_pauses}

    engine.watch()
    assert publish() == {False}
    assert publish() == {True}


def test_the_previous_generation_is_freed_without_the_collector(corpus: Path, index: Path) -> None:
    """A switch frees the previous generation at once, because no cycle of references holds it."""
    engine = Engine(index)
    previous = ref(engine.get_searcher())
    engine.search(SearchRequest("law", fold=True))
    engine.get_searcher().suggest("a")
    build.build(corpus, index, force=True)
    gc.disable()
    try:
        engine.refresh()
        assert previous() is None
    finally:
        gc.enable()


def test_a_generation_in_a_frozen_cycle_is_freed_by_the_next_switch(
    corpus: Path, index: Path
) -> None:
    engine = Engine(index)
    set_process_up(engine, config.load(PATIENT, index=index))
    cycle: list[object] = [engine.get_searcher()]
    cycle.append(cycle)
    previous = ref(engine.get_searcher())
    build.build(corpus, index, force=True)
    engine.refresh()
    del cycle
    engine.refresh()
    assert previous() is not None
    build.build(corpus, index, force=True)
    engine.refresh()
    assert previous() is None
