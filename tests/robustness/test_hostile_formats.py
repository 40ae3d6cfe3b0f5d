"""A hostile file of any format is imported in bounded time, and its faults are reported."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Problem
from indexer.jobs.import_files import ImportRejected
from indexer.jobs.importer import import_files
from indexer.readers.registry import load_readers
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import choose
from tests.indexer.readers.test_contract import damaged
from tests.memory import limit_memory
from tests.robustness.format_samples import SAMPLES
from tests.robustness.format_shapes import SHAPES
from tests.samples import read_publications
from tests.tiers import examples, thorough

SECONDS = 20
"""Limit on the CPU time of an import of 1 MB, in seconds of an idle machine."""
MEGABYTES = 700
"""Limit on the memory of such an import."""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def import_and_read(
    data: bytes, name: str, folder: Path, format_name: str | None = None
) -> list[Problem]:
    problems: list[Problem] = []
    file, into = folder / name, folder / "catalogue"
    file.write_bytes(data)
    try:
        import_files([file], into, format_name=format_name, report=problems.append)
    except ImportRejected:
        assert problems
    else:
        read_publications(into, problems)
    for problem in problems:
        assert problem.file == name
        assert problem.hint
        assert str(problem).isprintable()
    return problems


def test_every_format_has_a_sample() -> None:
    assert SAMPLES.keys() == {reader.NAME for reader in load_readers()}
    found = {name: choose(data, f"x{ending}") for name, (ending, data) in SAMPLES.items()}
    assert {name for name, reader in found.items() if not reader or name != reader.NAME} == set()


@pytest.mark.parametrize("name", SAMPLES)
@given(draw=st.data(), is_forced=st.booleans())
@examples(12)
def test_a_damaged_file_raises_no_exception(
    name: str, draw: st.DataObject, is_forced: bool
) -> None:
    ending, sample = SAMPLES[name]
    data = draw.draw(damaged(sample))
    with TemporaryDirectory() as folder:
        import_and_read(data, f"file{ending}", Path(folder), name if is_forced else None)


@pytest.mark.parametrize("name", thorough(SHAPES))
def test_a_file_of_an_odd_shape_takes_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    """A file of 1 MB takes at most 20 s and 700 MB, whatever it repeats, nests, or refers to."""
    ending, make = SHAPES[name]
    with limit_cpu_time(SECONDS), limit_memory(MEGABYTES):
        import_and_read(make(), f"file{ending}", tmp_path)
