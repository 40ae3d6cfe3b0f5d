"""The files of a folder: which are listed, and which are reported."""

from pathlib import Path

import msgspec

from indexer.catalogue.limits import LIMITS, Whole
from indexer.catalogue.records import Problem
from indexer.catalogue.safe_files import list_files


def test_hidden_and_deep_folders_are_not_entered(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 400)
    for name in ("b/a.csv", "a.csv", ".git/a.csv", "b/.x/a.csv", f"{deep}/a.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    problems = list[Problem]()
    found = list_files(tmp_path, problems.append, LIMITS)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.csv", "b/a.csv"]
    assert len(problems) == 1


def test_a_whole_number_may_be_zero() -> None:
    assert msgspec.convert(0, Whole) == 0
