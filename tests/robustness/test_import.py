"""A killed or failed import leaves the folder unchanged, and a second import succeeds."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests import samples
from tests.robustness import calls
from tests.robustness.runner import Runner
from tests.tiers import thorough

LINES = "\n".join(
    json.dumps({"title": f"Number {number}", "section": f"Section {number % 3}"})
    for number in range(9)
)

State = dict[str, bytes]


def contents(folder: Path) -> State | None:
    if not folder.is_dir():
        return None
    files = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in files}


class Import:
    """An import into a folder that is new, empty, contains notes, or contains the TOML files."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.place, self.rows, self.into = folder, folder / "rows", folder / "place" / "into"
        samples.write_corpus(self.rows)
        for each in ("tools.html", "papers.html", "more.jsonl"):
            (self.rows / each).unlink()
        (folder / "list.jsonl").write_text(LINES, encoding="utf-8")
        self.like = self.into if kind == "that of the rows" else self.rows
        self.kind = kind
        self.restore()
        self.before = contents(self.into)

    def restore(self) -> None:
        shutil.rmtree(self.into.parent, ignore_errors=True)
        self.into.parent.mkdir()
        if self.kind == "that of the rows":
            shutil.copytree(self.rows, self.into)
        elif self.kind != "new":
            self.into.mkdir()
        if self.kind == "with notes":
            (self.into / "README.md").write_text("Notes", encoding="utf-8")

    @property
    def arguments(self) -> list[object]:
        return [
            "import",
            "--pages",
            self.place / "list.jsonl",
            "--into",
            self.into,
            "--like",
            self.like,
        ]


KINDS = ["new", "empty", "with notes", "that of the rows"]


@pytest.mark.parametrize("kind", thorough(KINDS, usual=["new"]))
def test_a_killed_import_changes_nothing(kind: str, traced: Runner, tmp_path: Path) -> None:
    case = Import(tmp_path, kind)
    found = calls.recorded(traced, case.arguments, tmp_path / "log")
    whole = contents(case.into)
    assert whole
    assert len(whole) > 3
    for name, ordinal in sorted({(each.name, each.ordinal) for each in found if each.makes}):
        case.restore()
        inject = f"inject={name}:signal=SIGKILL:when={ordinal}"
        ended = traced.run(case.arguments, ["-o", os.devnull, "-e", f"trace={name}", "-e", inject])
        where = f"killed at {name} {ordinal}"
        left = contents(case.into)
        is_between = (
            left is None and case.before is not None
        )  # a non-empty folder is replaced by two renames
        assert left in (case.before, whole) or (is_between and name == "rename"), where
        if left != whole:
            assert ended.status == -signal.SIGKILL, where
            assert traced.run(case.arguments).status == 0, where
        else:
            assert traced.run(case.arguments).status == 1, where
        assert contents(case.into) == whole, where
        assert [each.name for each in case.into.parent.iterdir()] == ["into"], where


@pytest.mark.parametrize("kind", thorough(KINDS, usual=["new"]))
def test_a_failed_import_changes_nothing(kind: str, traced: Runner, tmp_path: Path) -> None:
    """If a write, flush, or rename fails, the folder is unchanged and nothing else is left."""
    case = Import(tmp_path, kind)
    found = calls.recorded(traced, case.arguments, tmp_path / "log")
    whole = contents(case.into)
    each_call = {
        (each.name, each.ordinal)
        for each in found
        if each.name in {"write", "fsync", "rename", "mkdir"} and str(case.into.parent) in each.line
    }
    for name, ordinal in sorted(each_call):
        case.restore()
        inject = f"inject={name}:error=EIO:when={ordinal}"
        ended = traced.run(case.arguments, ["-o", os.devnull, "-e", f"trace={name}", "-e", inject])
        where = f"refused at {name} {ordinal}"
        if not ended.status:  # in this run no thread flushed that many files
            assert (name, contents(case.into)) == ("fsync", whole), where
            continue
        assert (ended.status, ended.said.count("\n")) == (1, 1), where
        assert ended.said.startswith("pubsearch: the disk failed"), where
        assert contents(case.into) in (case.before, whole), where
