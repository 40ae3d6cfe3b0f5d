"""How far a long proof is, what it has counted, and how long it may yet take."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

TOLD = 20
"""So many things that went wrong are kept in words; all are counted."""


class Counts(msgspec.Struct):
    """What was done, and what went wrong; the latter must be zero.

    `kills` are ends of any kind: kills and power cuts. `lost` is an index that is not whole, is
    neither old nor new, or was seen so. `faults` are refusals of the disk, and damage; `silent` are
    those that were not told, or told wrongly. `failed` are answers with a status of 500 or more.
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
        """Adds what another has counted."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong = [*self.wrong, *other.wrong][:TOLD]

    @property
    def losses(self) -> int:
        """All that must be zero."""
        return self.lost + self.silent + self.failed + self.over_budget


COUNTED = ("kills", "lost", "faults", "silent", "requests", "failed", "over_budget")


class State(msgspec.Struct):
    """How far a part is: how many of its cases are `done`, of `cases`, in how many `seconds`."""

    done: int = 0
    cases: int = 0
    seconds: float = 0.0
    counts: Counts = msgspec.field(default_factory=Counts)


class Progress(msgspec.Struct):
    """How far all parts are. The seed decides what every case does."""

    seed: int
    parts: dict[str, State] = {}

    def save(self, file: Path) -> None:
        """Writes it so that whoever reads the file finds it whole."""
        aside = file.with_suffix(".new")
        aside.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1))
        aside.replace(file)


class Budget:
    """How long there is yet, until a time of `time.monotonic`; `save` is called now and then."""

    def __init__(self, until: float, save: Callable[[], object] = lambda: None) -> None:
        self._until, self._save = until, save

    @property
    def is_left(self) -> bool:
        """Whether there is any time left."""
        return time.monotonic() < self._until

    def spend(self, state: State, cases: int, case: Callable[[int], Counts]) -> Counts:
        """Does the cases that are not done yet, one by one, as long as there is time."""
        state.cases = cases
        while state.done < cases and self.is_left:
            began = time.monotonic()
            state.counts.add(case(state.done))
            state.done += 1
            state.seconds += time.monotonic() - began
            self._save()
        return state.counts


def chance(seed: int, part: str, number: int) -> Random:
    """The chance of one case: the same whenever it is done again."""
    return Random(f"{seed} {part} {number}")
