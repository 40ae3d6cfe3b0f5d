"""Expensive searches have bounded costs and do not delay other searches."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Condition, Event
from time import sleep
from typing import Protocol

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from search_app.engine import BudgetExceeded, Engine, TooBusy, admission
from search_app.engine.admission import AdmissionControl
from search_app.engine.deadline import YIELDED, Deadline
from search_app.engine.query import cost
from search_app.engine.query.grammar import MOST_WORDS
from search_app.engine.request import MAX_QUERY_BYTES, SearchRequest, truncate
from tests.catalogue import PATIENT

LONG = 60
"""Seconds that a thread may take for its next step, on any machine."""
ORDINARY = ("organ removal", "trafficking in persons", "Kenya", '"model law"', "traffick*")
COSTLY = {
    "any word with a letter": "*a*",
    "words like one": "trafficking~2",
    "500 words": " ".join(f"word{number}" for number in range(500)),
}


class Held(Protocol):
    """A lock."""

    def acquire(self, blocking: bool = ..., timeout: float = ..., /) -> bool: ...

    def release(self) -> None: ...


class Told:
    """A lock that sets an event when a caller has to wait for it."""

    def __init__(self, lock: Held, waits: Event) -> None:
        self._lock, self._waits = lock, waits
        self.release = lock.release

    def acquire(self, timeout: float) -> bool:
        if self._lock.acquire(False):
            return True
        self._waits.set()
        return self._lock.acquire(True, timeout)


@pytest.fixture(scope="module")
def engine(catalogue_index: Path) -> Engine:
    return Engine(catalogue_index)


def estimate(request: SearchRequest, engine: Engine) -> int:
    return engine.get_searcher().estimate_cost(request)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_searches_are_never_expensive(text: str, engine: Engine) -> None:
    assert estimate(SearchRequest(text), engine) <= admission.EXPENSIVE


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_expensive_searches_have_a_higher_estimate(
    text: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "EXPENSIVE", 0)
    plain = estimate(SearchRequest(" ".join(ORDINARY[:2] * 2)), engine)
    assert estimate(SearchRequest(text), engine) > plain > 0


def test_explanations_cost_per_publication(engine: Engine) -> None:
    few, many = (SearchRequest("organ removal", explain=True, size=size) for size in (10, 100))
    assert estimate(few, engine) <= admission.EXPENSIVE
    assert estimate(many, engine) > 5 * estimate(few, engine)


def test_selected_values_add_to_the_estimate(engine: Engine) -> None:
    values = tuple(f"value {number}" for number in range(100))
    costs = [
        estimate(SearchRequest("organ", {"topic": values[:number]}), engine)
        for number in (0, 4, 100)
    ]
    assert costs[0] < costs[1] < admission.EXPENSIVE < costs[2]


def test_one_search_runs_one_waits_and_more_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If one search may wait, the third of three expensive searches is refused at once."""
    monkeypatch.setattr(admission, "MAX_WAITING", 1)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", LONG)
    one = AdmissionControl()
    is_in, waits, may_end = Event(), Event(), Event()
    one._running = Told(one._running, waits)  # type: ignore[assignment]

    def run() -> str:
        with one.admit(admission.EXPENSIVE + 1):
            is_in.set()
            may_end.wait(LONG)
        return "answered"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run)
        is_in.wait(LONG)
        second = pool.submit(run)
        assert waits.wait(LONG)
        with pytest.raises(TooBusy), one.admit(admission.EXPENSIVE + 1):
            pytest.fail("a third was let in")
        with one.admit(admission.EXPENSIVE):
            pass  # an ordinary search does not wait
        may_end.set()
        assert (first.result(LONG), second.result(LONG)) == ("answered", "answered")
    with one.admit(admission.EXPENSIVE + 1):
        pass  # the queue is free again
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    with (
        one.admit(admission.EXPENSIVE + 1),
        pytest.raises(TooBusy),
        one.admit(admission.EXPENSIVE + 1),
    ):
        pytest.fail("one that had waited long enough was let in")


def test_an_expensive_search_pauses_for_a_cheap_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_YIELD_SECONDS", LONG)
    one, stood, is_in, may_end = AdmissionControl(), [], Event(), Event()

    class Passed(Condition):
        """Ends the ordinary search once another search waits for it."""

        def wait(self, timeout: float | None = None) -> bool:
            may_end.set()
            return super().wait(timeout)

    one._cheap_finished = Passed()

    def ordinary() -> None:
        with one.admit(admission.EXPENSIVE):
            is_in.set()
            may_end.wait(LONG)
            stood.append("ordinary")

    with ThreadPoolExecutor(1) as pool, one.admit(admission.EXPENSIVE + 1) as give_way:
        assert not give_way(), "it paused without a reason"
        pool.submit(ordinary)
        is_in.wait(LONG)
        assert give_way()
        assert one._yield_seconds_left > 0, "it was not notified when the cheap search ended"
        stood.append("costly")
    assert stood == ["ordinary", "costly"]


def test_the_pause_of_an_expensive_search_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expensive search resumes after a bounded pause even if cheap searches never end."""
    monkeypatch.setattr(admission, "MAX_YIELD_SECONDS", 0.01)
    one = AdmissionControl()
    with one.admit(admission.EXPENSIVE):
        for _ in range(2):
            with one.admit(admission.EXPENSIVE + 1) as give_way:
                assert give_way()
                assert not give_way(), "it paused longer than allowed"


def test_the_pause_is_a_stage_of_its_own() -> None:
    def give_way() -> bool:
        sleep(0.002)
        return True

    watch = Deadline(budget=LONG * 1000, yield_to_others=give_way)
    watch.checkpoint("match")
    watch.checkpoint("match")
    assert list(watch.stages) == ["match", YIELDED]
    assert watch.stages[YIELDED] >= 4, "the two pauses take 2 ms each"
    with pytest.raises(BudgetExceeded, match="at the stage match"):
        Deadline(budget=1, yield_to_others=give_way).checkpoint("match")


@pytest.mark.parametrize("address", ["/?q=*a*", "/api/search?q=*a*", "/facet/region?q=*a*"])
def test_the_queue_is_locked_until_the_response_is_written(
    address: str, catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(catalogue_index)
    client = create_app(config.load(PATIENT, index=catalogue_index), engine).test_client()
    monkeypatch.setattr(admission, "EXPENSIVE", 0)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    tried = []
    finish_stage = Deadline.finish

    def finish(watch: Deadline, stage: str) -> float:
        if stage == "render":
            with pytest.raises(TooBusy), engine._admission.admit(1):
                pytest.fail("another was let in")
            tried.append(stage)
        return finish_stage(watch, stage)

    monkeypatch.setattr(Deadline, "finish", finish)
    assert client.get(address).status_code == 200
    assert tried == ["render"]
    with engine._admission.admit(1):
        pass  # the queue is free again


def test_a_refused_search_has_retry_after(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused expensive search gets status 503 with Retry-After instead of an empty list."""
    engine = Engine(catalogue_index)
    client = create_app(config.load(PATIENT, index=catalogue_index), engine).test_client()
    monkeypatch.setattr(admission, "EXPENSIVE", 0)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    with engine._admission.admit(1):
        page, api = client.get("/?q=*a*"), client.get("/api/search?q=*a*")
    assert (page.status_code, api.status_code) == (503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "2"
    assert json.loads(api.data)["error"]["code"] == "busy"
    assert client.get("/?q=*a*").status_code == 200


def test_a_search_over_the_time_budget_is_refused(catalogue_index: Path) -> None:
    """A search over its time budget stops at the next stage and gets status 503."""
    engine = Engine(catalogue_index, budget=0)
    with pytest.raises(BudgetExceeded, match="after 0 ms, at the stage"):
        engine.search(SearchRequest("organ"))
    client = create_app(config.load(PATIENT, index=catalogue_index), engine).test_client()
    answer = client.get("/api/search?q=organ")
    assert answer.status_code == 503
    assert json.loads(answer.data)["error"]["code"] == "too_costly"
    assert answer.headers["Retry-After"]


def test_a_long_query_keeps_its_rarest_words(client: FlaskClient) -> None:
    common = ["criminal", "law"] * 300
    text = " ".join([*common, "sherloc"])
    found, short = (
        json.loads(client.get("/api/search", query_string={"q": each, "match": "all"}).data)
        for each in (text, "criminal law sherloc")
    )
    assert found["ignored_word_count"] == len(common) + 1 - MOST_WORDS
    assert found["total"] == short["total"] > 0


def test_links_omit_text_beyond_the_limit(client: FlaskClient) -> None:
    text = f"{'organ ' * (MAX_QUERY_BYTES // 6)}removal"
    page = client.get("/", query_string={"q": f"{text} {'kidney ' * 5000}"})
    assert page.status_code == 200
    assert "kidney" not in page.text
    told = json.loads(client.get("/api/search", query_string={"q": f"{text} kidney"}).data)
    words = len(text.split()) + 1
    assert told["ignored_word_count"] == words - MOST_WORDS


@given(st.text(st.sampled_from('ab "()-*~:ORжї贩\n'), max_size=200), st.integers(1, 400))
def test_a_long_query_is_cut_between_words(piece: str, times: int) -> None:
    text = piece * times
    kept, left_out = truncate(text)
    assert len(kept.encode()) <= MAX_QUERY_BYTES
    assert text.startswith(kept)
    assert bool(left_out) == (kept != text)
