"""The torture run reports losses, and says how to go on where it stopped."""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest

from tests.robustness import torture
from tests.robustness.progress import Case, Counts


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> bool:
    """Run the torture. Return whether it reported losses."""
    monkeypatch.setattr(sys, "argv", ["torture", *arguments])
    with pytest.raises(SystemExit) as ended:
        torture.main()
    return bool(ended.value.code)


def loses(seed: int) -> Generator[Case, None, None]:
    """Yield four cases, the last of which loses the seed."""
    yield from 3 * [lambda: Counts(kills=1)]
    yield lambda: Counts(kills=1, lost=1, wrong=[f"{seed} is gone"])


@pytest.mark.parametrize(("skipped", "kills"), [("0", "4"), ("3", "1")])
def test_a_loss_is_reported_and_ends_with_status_1(
    skipped: str, kills: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loss is printed and counted, and the exit status is 1. A run can skip what is done."""
    monkeypatch.setattr(torture, "PARTS", {"some": loses})
    assert run(monkeypatch, "--seed", "5", "--skip", skipped)
    told = capsys.readouterr().out
    assert "\n  5 is gone\n" in told
    assert [line.split()[:3] for line in told.splitlines()[-2:]] == [
        ["some", kills, "1"],
        ["all", kills, "1"],
    ]


def test_every_part_can_be_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part starts, stops when its time is over, and says how to go on."""
    assert not run(monkeypatch, "--seed", "5", "--minutes", "0", "--only", "damage", "switches")
    told = capsys.readouterr().out
    for part in ("damage", "switches"):
        assert f"{part}: 0 cases in " in told
        assert f" s (go on with --seed 5 --only {part} --skip 0)\n" in told
