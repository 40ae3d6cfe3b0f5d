"""Searchers that many modules only read. A module may have one of its own by the same name."""

import pytest

from search_app.engine import Engine, Searcher
from tests.search_app.engine import named


@pytest.fixture(scope="session")
def engine(catalogue_engine: Engine) -> Engine:
    return catalogue_engine


@pytest.fixture(scope="session")
def searcher(catalogue_engine: Engine) -> Searcher:
    return catalogue_engine.get_searcher()


@pytest.fixture(scope="session")
def named_searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return named.opened(tmp_path_factory.mktemp("named"))
