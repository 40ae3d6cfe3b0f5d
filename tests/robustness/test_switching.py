"""An index is switched while many clients search it."""

from __future__ import annotations

from pathlib import Path

from tests.robustness import switching
from tests.waiting import until

SWITCHES, CLIENTS = 10, 10


def test_switches_under_load(tmp_path: Path) -> None:
    """No request fails or mixes two generations, and no file stays open."""
    site = switching.Site(tmp_path)
    site.switch_and_refresh(1)
    before = switching.descriptors()
    counts = switching.clients(site, CLIENTS, range(2, SWITCHES + 2))
    assert counts.wrong == []
    assert counts.requests > CLIENTS
    assert counts.failed == counts.lost == 0
    until(lambda: switching.descriptors() <= before)  # another thread may still have one open
