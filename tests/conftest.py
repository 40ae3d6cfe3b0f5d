"""Fixtures of all tests: a small corpus, its index, and the shared data."""

import gc
import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import pytest
from flask import Flask
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.jobs import build
from search_app.i18n import translation
from search_app.i18n.translation import SOURCE, load_interface
from search_app.web import monitoring
from tests import samples, tiers
from tests.catalogue import (
    PATIENT,
    catalogue_app,
    catalogue_engine,
    catalogue_index,
    client,
    make_app,
    meaning_index,
    misspelt_index,
)
from tests.opensearch import program

ROOT = Path(__file__).parents[1]

tiers.load_profiles()
os.environ |= PATIENT

# Nothing that imports and collection create is garbage. pytest_collection_finish enables it again.
gc.disable()

# A shell starts background jobs with SIGINT ignored, and programs of the tests inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SLOW = tuple(ROOT / "tests" / name for name in ("browser", "opensearch", "robustness"))
"""Folders whose tests are all slow."""
LEFT_OUT = {"not slow": ("slow", "thorough"), "not thorough": ("thorough",)}
"""Marks of the modules that `make test-fast` and `make test` do not import, by their selections."""
SHARED = ("browser", "opensearch")
"""Folders whose tests share a program: one Chromium, or the nodes of a cluster. The name is also a
marker, and the group of its tests."""
GROUPS = {
    **dict.fromkeys(
        ("test_serve", "test_entry_points", "test_importing", "test_server", "test_workers"),
        "servers",
    ),
    **dict.fromkeys(("test_kills", "test_faults", "test_power_cuts", "test_import"), "kills"),
}
"""Modules that start servers or kill processes: one of a group runs at a time."""
EARLY = (*SHARED, "tests/test_benchmarks.py", "tests/test_upgrade.py")
"""Groups that take minutes: they begin first, so that no worker has nothing to do in the end."""
GARBAGE = 20_000
"""New objects that start a garbage collection. 700, the default, starts thousands of them."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip a module whose tests are all left out, because its imports take seconds."""
    selected = config.option.markexpr
    if selected == "not slow" and collection_path in SLOW:
        return True
    if selected not in LEFT_OUT or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return (
        any(f"\npytestmark = pytest.mark.{mark}\n" in text for mark in LEFT_OUT[selected]) or None
    )


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow and shared folders, and run the tests of a module on one worker.

    The fixtures of a module are then built once. Tests that wait for a cluster of several nodes
    leave time for those that use one node.
    """
    for item in items:
        is_slow, group = classify(item.path)
        if is_slow or item.get_closest_marker("thorough"):
            item.add_marker("slow")
        if group in SHARED:
            item.add_marker(group)
        if "started_nodes" in getattr(item, "fixturenames", ()):
            group = "started_nodes"
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: classify(item.path)[1] not in EARLY)


@cache
def classify(module: Path) -> tuple[bool, str]:
    is_slow = any(folder in module.parents for folder in SLOW)
    for name in SHARED:
        if ROOT / "tests" / name in module.parents:
            return is_slow, name
    return is_slow, GROUPS.get(module.stem, module.relative_to(ROOT).as_posix())


def pytest_collection_finish() -> None:
    """Exempt modules and collected tests from garbage collection, which visits the rest rarely."""
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once, not once for each application that a test creates."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        # From Python 3.14 on, a `partial` in a class is a method. Python 3.13 warns of it.
        made = staticmethod(partial(Environment, bytecode_cache=cache))
        patch.setattr(Flask, "jinja_environment", made)
        yield


@pytest.fixture(scope="session", autouse=True)
def text_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Cache extracted texts, and note permissions, in folders of the tests.

    OpenSearch is in the cache of the user.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(program.SETTING, str(program.find_cache()))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Undo changes of a server to its process, so that no test depends on an earlier one."""
    root, interval = logging.getLogger(), sys.getswitchinterval()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [
        each for each in root.handlers if isinstance(each.formatter, monitoring.JsonFormatter)
    ]:
        root.removeHandler(handler)
    sys.setswitchinterval(interval)
    translation.use(load_interface(SOURCE))


@pytest.fixture
def shared() -> Path:
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not there: {folder}")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus without problems: five publications in two pages and a JSON Lines file."""
    folder = tmp_path / "corpus"
    samples.write_corpus(folder)
    return folder


@pytest.fixture
def catalogue(corpus: Path) -> Catalogue:
    return catalogue_toml.load(corpus)


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the original that `index` copies, because a copy takes less time than a build."""
    folder = tmp_path_factory.mktemp("small")
    samples.write_corpus(folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    return folder / "index"


@pytest.fixture
def index(small_index: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_index, tmp_path / "index")


@pytest.fixture
def problems() -> list[Problem]:
    """Return an empty list, whose `append` collects reports."""
    return []


__all__ = [
    "catalogue_app",
    "catalogue_engine",
    "catalogue_index",
    "client",
    "make_app",
    "meaning_index",
    "misspelt_index",
]
