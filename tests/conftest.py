"""What all tests share: a small corpus, its index, and the shared data."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.jobs import build
from search_app.web.middleware import request_log
from tests import samples
from tests.catalogue import (
    PATIENT,
    catalogue_engine,
    catalogue_index,
    client,
    meaning_index,
    misspelt_index,
)

ROOT = Path(__file__).parents[1]

# A slow machine is no fault of an example, nor of a server that a test starts.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("patient"), max_examples=5)
settings.load_profile("patient")
os.environ |= PATIENT

# A shell starts background jobs with SIGINT ignored. Programs that the tests start inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SLOW = (ROOT / "tests" / "browser", ROOT / "tests" / "robustness")
"""Folders whose tests are all slow."""
GROUPS = {
    **dict.fromkeys(("test_serve", "test_entry_points", "test_server", "test_workers"), "servers"),
    **dict.fromkeys(("test_kills", "test_faults", "test_power_cuts", "test_import"), "kills"),
}
"""Modules that start servers or kill processes: one of a group runs at a time."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave slow folders unread if no slow test is to run: their imports take seconds."""
    return True if config.option.markexpr == "not slow" and collection_path in SLOW else None


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow folders, and run the tests of a module on one worker.

    A module's fixtures are then built once.
    """
    for item in items:
        if any(folder in item.path.parents for folder in SLOW):
            item.add_marker("slow")
        if item.get_closest_marker("xdist_group") is None:
            module = item.path.relative_to(ROOT).as_posix()
            item.add_marker(pytest.mark.xdist_group(GROUPS.get(item.path.stem, module)))


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Undo what a server sets in its process, so that no test depends on those before it."""
    root, interval = logging.getLogger(), sys.getswitchinterval()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [
        each for each in root.handlers if isinstance(each.formatter, request_log.Lines)
    ]:
        root.removeHandler(handler)
    sys.setswitchinterval(interval)


@pytest.fixture
def shared() -> Path:
    """The folder of shared data beside the checkout; tests that need it are skipped without."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not there: {folder}")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus folder without faults: five publications in two pages and a JSON Lines file."""
    folder = tmp_path / "corpus"
    samples.write_corpus(folder)
    return folder


@pytest.fixture
def catalogue(corpus: Path) -> Catalogue:
    """The catalogue of the small corpus."""
    return catalogue_toml.load(corpus)


@pytest.fixture
def index(corpus: Path, tmp_path: Path) -> Path:
    """The index of the small corpus: one generation."""
    folder = tmp_path / "index"
    build.build(corpus, folder)
    return folder


@pytest.fixture
def problems() -> list[Problem]:
    """An empty list; its `append` takes reports."""
    return []


__all__ = ["catalogue_engine", "catalogue_index", "client", "meaning_index", "misspelt_index"]
