"""The time budget of a search, and the time of each stage.

A search checks its budget at the end of each stage only. No timer interrupts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import perf_counter

ASIDE = "aside"
"""The stage for the time that a search was paused to let others pass."""


class OverBudget(Exception):
    """A search exceeded its time budget.

    `stage` is the stage at whose end it was stopped, `budget` the limit in milliseconds.
    """

    def __init__(self, stage: str, budget: float) -> None:
        super().__init__(f"a search was ended after {budget:.0f} ms, at the stage {stage}")
        self.stage, self.budget = stage, budget


class Stopwatch:
    """A stopwatch for the stages of a search, with a time budget. All times are in milliseconds.

    `stages` has the time of each stage. A repeated stage adds to its time. After each stage
    `give_way` may pause the search and returns whether it did. Pauses count as the stage ASIDE.
    """

    def __init__(self, budget: float = inf, give_way: Callable[[], bool] = lambda: False) -> None:
        self.stages: dict[str, float] = {}
        self.budget, self._give_way = budget, give_way
        self._whole: str | None = None
        self._last = perf_counter()
        self._end = self._last + budget / 1000

    def lap(self, stage: str) -> None:
        """Add the time since the last stage to this one. Raise OverBudget if it ends too late."""
        stage = self._whole or stage
        now = self._add(stage)
        if self._give_way():
            now = self._add(ASIDE)
        if now > self._end:
            raise OverBudget(stage, self.budget)

    @contextmanager
    def one_stage(self, stage: str) -> Iterator[None]:
        """Add the time of all stages within the context to one stage. Raise OverBudget."""
        self._whole = stage
        try:
            yield
            self.lap(stage)
        finally:
            self._whole = None

    def _add(self, stage: str) -> float:
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now
        return now

    @property
    def total(self) -> float:
        """The time of all stages, in milliseconds."""
        return sum(self.stages.values())
