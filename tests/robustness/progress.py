"""The counts of a torture run, and the random generators of its cases."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec

TOLD = 20
"""Maximum number of stored error messages. All errors are counted."""


class Counts(msgspec.Struct):
    """Counts of events and of errors. The errors must be zero.

    `kills` counts kills and power cuts. `lost` counts indexes that are damaged, or neither old nor
    new, on disk or for a reader. `faults` counts refused calls and damaged files. `silent` counts
    faults that were not reported, or reported wrongly. `failed` counts responses with status 500 or
    higher.
    """

    kills: int = 0
    lost: int = 0
    faults: int = 0
    silent: int = 0
    requests: int = 0
    failed: int = 0
    over_budget: int = 0
    wrong: list[str] = []

    def add(self, other: Counts) -> None:
        """Add the counts of another run."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong = [*self.wrong, *other.wrong][:TOLD]

    @property
    def losses(self) -> int:
        """Return the sum of all counts that must be zero."""
        return self.lost + self.silent + self.failed + self.over_budget


COUNTED = ("kills", "lost", "faults", "silent", "requests", "failed", "over_budget")


Case = Callable[[], Counts]
"""One interruption, damage, or batch of requests."""


def chance(seed: int, part: str, number: int) -> Random:
    """Return the random generator of one case. It is the same in every run with this seed."""
    return Random(f"{seed} {part} {number}")
