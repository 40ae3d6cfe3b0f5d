"""After a power cut the disk contains an intact index: the old one or the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robustness.power import Outage
from tests.robustness.progress import Counts, chance
from tests.robustness.runner import Runner

SAMPLE = 30


@pytest.mark.parametrize("first", [False, True], ids=["a rebuild", "the first build"])
def test_a_power_cut_loses_nothing(first: bool, tmp_path: Path, traced: Runner) -> None:
    """After a power cut the live index is intact, and is new once a build has reported it."""
    outage, counts = Outage(tmp_path, traced, first=first), Counts()
    for number in range(SAMPLE):
        by_chance = chance(1, "quick cuts", number)
        counts.add(outage.at(by_chance.randint(0, len(outage.events)), by_chance))
    for number in range(5):
        counts.add(outage.at(outage.published + 1, chance(1, "quick cuts at the end", number)))
    assert counts.wrong == []
    assert counts.kills == SAMPLE + 5
