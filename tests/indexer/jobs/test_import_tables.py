"""An import of tables reports every column, even if it is empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.jobs.importer import import_files


@pytest.mark.slow
def test_columns_without_values_are_listed(tmp_path: Path) -> None:
    """A column that is empty in every row is listed as unused, with the count 0."""
    file = tmp_path / "books.csv"
    file.write_text("Title,Notes,Author,Shelf\nTea,,Wu,\nBees,,Lind,\n", encoding="utf-8")
    result = import_files([file], tmp_path / "catalogue")
    [source] = result.sources
    assert source.mapped["title"] == ["Title"]
    assert source.unused == {"Notes": 0, "Shelf": 0}
