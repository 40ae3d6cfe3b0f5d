"""Progress, counts, and remaining time of a torture run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
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


class State(msgspec.Struct):
    """Progress of a part: completed cases, all cases, and seconds spent."""

    done: int = 0
    cases: int = 0
    seconds: float = 0.0
    counts: Counts = msgspec.field(default_factory=Counts)


class Progress(msgspec.Struct):
    """Progress of all parts. The seed determines every case."""

    seed: int
    parts: dict[str, State] = {}

    def save(self, file: Path) -> None:
        """Write the progress atomically."""
        aside = file.with_suffix(".new")
        aside.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1))
        aside.replace(file)


class Budget:
    """The time left until a value of `time.monotonic`. It calls `save` after each case."""

    def __init__(self, until: float, save: Callable[[], object] = lambda: None) -> None:
        self._until, self._save = until, save

    @property
    def is_left(self) -> bool:
        """Return whether any time is left."""
        return time.monotonic() < self._until

    def spend(self, state: State, cases: int, case: Callable[[int], Counts]) -> Counts:
        """Run the remaining cases while time is left, and return the counts."""
        state.cases = cases
        while state.done < cases and self.is_left:
            began = time.monotonic()
            state.counts.add(case(state.done))
            state.done += 1
            state.seconds += time.monotonic() - began
            self._save()
        return state.counts


def chance(seed: int, part: str, number: int) -> Random:
    """Return the random generator of one case. It is the same in every run with this seed."""
    return Random(f"{seed} {part} {number}")
