"""The torture run resumes where it stopped, and reports losses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.robustness import torture
from tests.robustness.progress import Budget, Counts, Progress, State


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The progress file of the torture run."""
    found = tmp_path / "torture" / "progress.json"
    monkeypatch.setattr(torture, "FILE", found)
    return found


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> bool:
    """Run the torture. Return whether it reported losses."""
    monkeypatch.setattr(sys, "argv", ["torture", *arguments])
    with pytest.raises(SystemExit) as ended:
        torture.main()
    return bool(ended.value.code)


def part(seed: int, budget: Budget, state: State) -> Counts:
    """Four kills, each with the seed as its message."""
    return budget.spend(state, 4, lambda _: Counts(kills=1, wrong=[str(seed)]))


def test_a_run_resumes_with_its_seed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without time left does nothing, and the next run resumes with the same seed."""
    monkeypatch.setattr(torture, "PARTS", {"some": part})
    assert not run(monkeypatch, "--seed", "5", "--minutes", "0")
    assert "some: 0 of 4 cases in 0 s (run it again to go on)" in capsys.readouterr().out
    progress = torture.begun(file, None)
    progress.parts["some"].done = 3
    progress.save(file)
    assert not run(monkeypatch)
    told = capsys.readouterr().out
    assert "seed 5, " in told
    assert "some: 4 of 4 cases" in told
    assert [line.split()[:2] for line in told.splitlines()[-2:]] == [["some", "1"], ["all", "1"]]
    assert torture.begun(file, 6) == Progress(6)
    assert torture.begun(file, 5).parts["some"].done == 4
    assert torture.begun(file, None).parts == {}


def test_a_loss_is_reported_and_ends_with_status_1(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loss is printed and counted, and the exit status is 1."""

    def loses(seed: int, budget: Budget, state: State) -> Counts:
        return budget.spend(state, 1, lambda _: Counts(lost=1, wrong=["it is gone"]))

    monkeypatch.setattr(torture, "PARTS", {"loses": loses})
    assert run(monkeypatch)
    assert "\n  it is gone\n" in capsys.readouterr().out


def test_every_part_can_be_run(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part starts, and stops when its time is over."""
    assert not run(monkeypatch, "--minutes", "0", "--only", "damage", "switches")
    told = capsys.readouterr().out
    assert "damage: 0 of " in told
    assert "switches: 0 of " in told
