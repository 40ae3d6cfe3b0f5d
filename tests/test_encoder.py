"""A user brings a transformer: the setting `encoder` of builds, servers, and searches."""

import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.analysis import embeddings
from indexer.analysis.transformer import TransformerEncoder, describe
from indexer.generations import directory
from search_app import config, create_app
from search_app.cli import commands, serving
from search_app.config import SettingError
from search_app.engine import Engine, LoadOptions, SearchRequest
from search_app.web.app import make_engine
from tests.catalogue import PATIENT
from tests.samples import article, page
from tests.search_app.engine.features.test_diagnosis import answer
from tests.tiny_model import STUCK, write_model

pytestmark = pytest.mark.slow

TITLES = ("Trafficking in children", "Handbook for judges", "Trata at sea")
FOREIGN = "/?q=handel+kinder"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "encoder")


@pytest.fixture
def index(corpus: Path, folder: Path, tmp_path: Path) -> Path:
    write_titles(corpus)
    index = tmp_path / "built"
    status, output = run("build", corpus, index, "--encoder", str(folder))
    assert status == 0, output
    return index


def write_titles(corpus: Path) -> None:
    text = page([article(each) for each in TITLES])
    (corpus / "new.html").write_text(text, encoding="utf-8")


@pytest.fixture
def client(index: Path, folder: Path) -> Iterator[FlaskClient]:
    settings = config.load(PATIENT, index=index, encoder=folder)
    engine = make_engine(settings)
    assert isinstance(engine.options.encoder, TransformerEncoder)
    with engine.options.encoder, create_app(settings, engine).test_client() as client:
        yield client


def run(command: str, corpus: Path, index: Path, *more: str) -> tuple[int, str]:
    places = ("--corpus", str(corpus), "--index", str(index))
    result = CliRunner().invoke(commands.commands, [command, *places, *more])
    return result.exit_code, result.output or str(result.exception)


def test_a_query_matches_by_the_transformer(client: FlaskClient, index: Path, folder: Path) -> None:
    assert directory.load_live(index).manifest.meaning == describe(folder).model
    found = answer(client, FOREIGN)
    assert found["hits"][0]["title"] == TITLES[0]
    assert found["semantic_total"] == found["total"] > 0
    assert answer(client, f"{FOREIGN}&semantic=0")["total"] == 0


def test_a_search_in_a_terminal_uses_the_transformer(index: Path, folder: Path) -> None:
    """`pubsearch search --encoder` starts the transformer for one query."""
    arguments = ["search", "--index", str(index), "--encoder", str(folder), "handel", "kinder"]
    result = CliRunner().invoke(commands.commands, arguments)
    assert TITLES[0] in result.output


def test_an_unchanged_corpus_starts_no_process(
    index: Path, corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild without new texts does not load the model, even if all else is new."""
    monkeypatch.setattr(TransformerEncoder, "prepare", None)
    for more in ((), ("--force",)):
        status, output = run("build", corpus, index, "--encoder", str(folder), *more)
        assert status == 0, output
    assert directory.load_live(index).manifest.meaning == describe(folder).model


def test_a_failed_query_has_word_hits_and_no_etag(client: FlaskClient) -> None:
    good = client.get("/?q=children")
    assert good.headers["ETag"]
    encoder = client.application.extensions["pubsearch"].options.encoder
    encoder.close()
    failed = client.get("/?q=handbook")
    assert "for judges" in failed.text
    assert "ETag" not in failed.headers
    assert failed.headers["Cache-Control"] == "no-store"
    cached = client.get("/?q=children")
    assert cached.headers["ETag"] == good.headers["ETag"]


@pytest.mark.thorough
def test_a_slow_query_leaves_time_for_its_words(index: Path, folder: Path) -> None:
    """The encoder may take half of the budget of a search. Then the words are searched alone."""
    settings = config.load({}, index=index, encoder=folder, budget=10_000)
    engine = make_engine(settings)
    encoder = engine.options.encoder
    assert isinstance(encoder, TransformerEncoder)
    with encoder:
        results = engine.search(SearchRequest(f"handbook {STUCK}"))
        assert encoder.failures > 0
    assert results.hits[0].publication.title == "Handbook for judges"


def test_a_server_without_the_transformer_searches_words(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        engine = Engine(index, LoadOptions(prepared=True))
        engine.get_searcher()
    assert "onnx sha256:" in caplog.text
    assert not engine.search(SearchRequest("handel kinder")).total


def test_a_rebuild_needs_the_transformer(index: Path, corpus: Path) -> None:
    """A rebuild of a server without the transformer is refused, so that no vectors are lost."""
    settings = config.load({}, index=index, corpus=corpus)
    with pytest.raises(SettingError, match="Set PUBSEARCH_ENCODER to its folder"):
        serving._load_live_settings(settings)


def test_an_index_of_the_package_stays_semantic(corpus: Path, folder: Path, tmp_path: Path) -> None:
    write_titles(corpus)
    index = tmp_path / "package"
    assert run("build", corpus, index, "--semantic", "1")[0] == 0
    with TransformerEncoder(folder) as encoder:
        engine = Engine.open(index, encoder)
        assert engine.search(SearchRequest("Kinderhandel")).semantic_total
        assert encoder._process is None
    package = embeddings.load_encoder()
    assert package
    assert directory.load_live(index).manifest.meaning == package.model


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("no folder", "has none of the files model.onnx"),
        ("a damaged model", "can't be loaded"),
        ("no extra", "Run: make environment-onnx"),
    ],
)
def test_a_build_without_a_working_transformer_is_refused(
    fault: str,
    reason: str,
    corpus: Path,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fault == "a damaged model":
        (folder / "model.onnx").write_bytes(b"damaged")
    if fault == "no extra":
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    used = tmp_path if fault == "no folder" else folder
    status, output = run("build", corpus, tmp_path / "new", "--encoder", str(used))
    assert status == 1
    assert reason in output
    assert not (tmp_path / "new" / "CURRENT").exists()
