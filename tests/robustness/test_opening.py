"""An index is checked when it is opened, and stays usable when its files change."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from indexer.codec.segment import array_file
from indexer.generations import directory, publish
from indexer.generations.manifest import Generation, IndexMissing, IndexOutdated
from indexer.jobs import build
from search_app import config, create_app, engine
from search_app.engine import Engine, LoadOptions, local_index
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.loader import IntegrityCheck, read_files
from tests.catalogue import PATIENT
from tests.conftest import ROOT
from tests.waiting import until

LAW = SearchRequest("law")


def segments(index: Path) -> list[Path]:
    return sorted(directory.load_live(index).segment.glob("*.seg"))


def flip(file: Path, at: int) -> None:
    with file.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1]))


def failed(held: Engine) -> str | None:
    """Return the generation that could not be opened, if any."""
    return held.failed


def refreshed(held: Engine) -> bool:
    held.refresh()
    return True


def test_a_server_survives_truncated_files(index: Path) -> None:
    app = create_app(config.load(PATIENT, index=index))
    client = app.test_client()
    before = [json.loads(client.get(f"/api/search?q={text}").data) for text in ("law", "a*", "")]
    for file in segments(index):
        os.truncate(file, 100)
    segments(index)[0].unlink()
    after = [json.loads(client.get(f"/api/search?q={text}").data) for text in ("law", "a*", "")]
    assert [each["hits"] for each in after] == [each["hits"] for each in before]
    assert [each["facets"] for each in after] == [each["facets"] for each in before]


def test_a_large_index_is_mapped(index: Path) -> None:
    """Files are read if they fit into the allowed memory, and are mapped otherwise."""
    generation = directory.load_live(index)
    size = sum(size for size, _ in generation.manifest.files.values())
    assert {type(each) for each in read_files(generation, size).values()} == {memoryview}
    mapped = [each for each in read_files(generation, size - 1).values() if len(each)]
    assert {type(each) for each in mapped} == {type(array_file.map_file(segments(index)[0]))}
    assert (
        Engine(index, LoadOptions(max_in_memory=0)).search(LAW).total
        == Engine(index).search(LAW).total
    )


@pytest.mark.parametrize("memory", [0, 1 << 30])
def test_every_flipped_bit_is_detected(index: Path, memory: int) -> None:
    for file in segments(index):
        at = file.stat().st_size // 3
        flip(file, at)
        with pytest.raises(IndexOutdated, match=f"{file.name} does not match the manifest"):
            Engine(index, LoadOptions(memory)).get_searcher()
        flip(file, at)
    assert Engine(index, LoadOptions(memory)).search(LAW).total


@pytest.mark.parametrize("change", [os.unlink, lambda file: os.truncate(file, 9)])
def test_missing_and_truncated_files_are_reported(
    index: Path, change: Callable[[Path], None]
) -> None:
    change(segments(index)[0])
    with pytest.raises(IndexOutdated, match=r"damaged.*pubsearch build"):
        Engine(index).get_searcher()


def test_damage_after_a_slow_check_degrades_the_server(
    index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the check is slow, the server answers first and reports the damage once."""
    goes_on = Event()

    class Slow(IntegrityCheck):
        """A check that waits for an event."""

        def run(self) -> None:
            goes_on.wait(60)
            super().run()

    monkeypatch.setattr(local_index, "IntegrityCheck", Slow)
    flip(next(each for each in segments(index) if each.name == "publications.seg"), 64)
    held = Engine(index, LoadOptions(check_timeout=0))
    name = held.get_searcher().name
    assert failed(held) is None
    goes_on.set()
    until(lambda: refreshed(held) and failed(held) == name)
    assert held.get_searcher() is held.current
    told = [each for each in caplog.records if "publications.seg" in each.message]
    assert [each.levelno for each in told] == [logging.ERROR]


def test_a_check_restarts_after_a_fork(index: Path) -> None:
    held = Engine(index)
    held.get_searcher()
    generation = directory.load_live(index)
    left = IntegrityCheck(generation, read_files(generation, 0))
    held._check = left
    held.refresh()
    again = held._check
    assert again is not left
    assert again is not None
    again.join()
    assert again.errors == []
    held.refresh()
    assert held._check is again
    assert failed(held) is None


def test_a_failed_generation_is_retried(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A generation that could not be opened is retried later, and the failure is logged once."""
    held = Engine(index)
    first = held.get_searcher().name
    second = build.build(corpus, index, force=True).generation.name
    flip(segments(index)[0], 100)
    for _ in range(5):
        held.refresh()
        assert held.get_searcher().name == first
    assert failed(held) == second
    monkeypatch.setattr(engine, "RETRY_SECONDS", -1.0)
    held.refresh()
    assert held.get_searcher().name == first
    flip(segments(index)[0], 100)
    held.refresh()
    assert held.get_searcher().name == second
    assert failed(held) is None
    assert sum("stays in use" in each.message for each in caplog.records) == 1


def test_an_unexpected_error_keeps_the_open_generation(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After any error while opening a generation, the previous one answers. It is logged once."""
    held = Engine(index)
    first = held.get_searcher().name
    build.build(corpus, index, force=True)

    def fails(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("search_app.engine.snapshot.loader.read_files", fails)
    for _ in range(3):
        held.refresh()
        assert held.get_searcher().name == first
    (record,) = [each for each in caplog.records if "stays in use" in each.message]
    assert record.exc_info is not None


def test_a_repeated_error_does_not_grow(tmp_path: Path) -> None:
    held = Engine(tmp_path)
    lengths = set()
    for _ in range(5):
        with pytest.raises(IndexMissing) as caught:
            held.get_searcher()
        lengths.add(len(caught.traceback))
    assert len(lengths) == 1


def test_a_generation_removed_during_opening_is_skipped(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a generation is removed while it is opened, the live one is opened instead."""
    gone = directory.read_live_name(index)
    load = directory.load

    def late(folder: Path, name: str) -> Generation:
        monkeypatch.setattr(directory, "load", load)
        for _ in range(publish.KEEP_GENERATIONS):
            build.build(corpus, index, force=True)
        assert gone not in directory.list_names(index)
        return load(folder, name)

    monkeypatch.setattr(directory, "load", late)
    assert Engine(index).get_searcher().name == directory.read_live_name(index) != gone


def test_a_later_index_is_opened(corpus: Path, tmp_path: Path) -> None:
    held = Engine(tmp_path / "later")
    with pytest.raises(IndexMissing, match="pubsearch build"):
        held.get_searcher()
    build.build(corpus, tmp_path / "later")
    with pytest.raises(IndexMissing, match="pubsearch build"):
        held.get_searcher()
    held.refresh()
    assert held.search(LAW).total


def test_every_route_without_an_index_is_503(tmp_path: Path) -> None:
    """Without an index, every route returns 503 with Retry-After and never an empty list."""
    client = create_app(config.load(PATIENT, index=tmp_path / "none")).test_client()
    for address in ("/", "/?q=law", "/api/search", "/api/suggest?q=l", "/about", "/healthz"):
        answer = client.get(address)
        assert answer.status_code == 503, address
        assert answer.headers["Retry-After"]
        assert "pubsearch build" in answer.text


@pytest.mark.thorough
def test_mapped_files_that_are_cut_are_fatal(index: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from search_app.engine import Engine, LoadOptions;"
        "from search_app.engine.request import SearchRequest as R; index = Path(sys.argv[1]);"
        "held = Engine(index, LoadOptions(0)); searcher = held.get_searcher();"
        "[os.truncate(each, 0) for each in searcher.generation.segment.glob('*.seg')];"
        "print(searcher.search(R('law')).total)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(index)], cwd=ROOT, check=False, capture_output=True
    )
    assert ended.returncode < 0
