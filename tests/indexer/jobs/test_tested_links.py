"""The file of tested links, and that of an interrupted test, are files of the corpus folder."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalogue import tested_links
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.tested_links import LinkResult

NAMES = ("tested.links", ".tested.links.partial")


def make_line(url: str) -> str:
    return f'{{"url":"{url}","status":"works","reason":"","time":"2026-01-01T00:00:00Z"}}\n'


def run(folder: Path) -> None:
    with tested_links.update(folder, ["https://a.example/", "https://b.example/"]) as recorder:
        time = datetime(2026, 1, 2, tzinfo=UTC)
        recorder.add(LinkResult("https://b.example/", "works", "200 OK", time))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["secret", make_line("https://a.example/")])
def test_a_link_out_is_refused_and_its_target_kept(name: str, text: str, tmp_path: Path) -> None:
    folder, victim = tmp_path / "corpus", tmp_path / "victim.txt"
    folder.mkdir()
    victim.write_text(text, encoding="utf-8")
    (folder / name).symlink_to("../victim.txt")
    with pytest.raises(CatalogueError, match="it is a link out of the corpus folder"):
        run(folder)
    assert victim.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("make", [os.symlink, os.link])
@pytest.mark.parametrize("name", NAMES)
def test_a_link_to_results_is_read_and_its_target_kept(
    name: str, make: Callable[[str, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = make_line("https://a.example/")
    if name.startswith("."):  # of a test that was killed
        text += make_line("https://b.example/")[:20]
    (tmp_path / "other").write_text(text, encoding="utf-8")
    make("other", tmp_path / name)
    run(tmp_path)
    assert (tmp_path / "other").read_text(encoding="utf-8") == text
    assert not (tmp_path / "tested.links").is_symlink()
    assert [*tested_links.load(tmp_path)] == ["https://a.example/", "https://b.example/"]
    assert not (tmp_path / ".tested.links.partial").exists()


@pytest.mark.parametrize("text", [None, make_line("https://a.example/")])
def test_an_error_before_the_first_result_writes_nothing(text: str | None, tmp_path: Path) -> None:
    if text:
        (tmp_path / "tested.links").write_text(text, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ZeroDivisionError), tested_links.update(tmp_path, ["https://b.example/"]):
        raise ZeroDivisionError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
