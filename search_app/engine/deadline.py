"""How long the stages of an answer took, and how long all of them may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import perf_counter

ASIDE = "aside"


class OverBudget(Exception):
    """A search that takes longer than it may: the stage that it came to, and its milliseconds."""

    def __init__(self, stage: str, budget: float) -> None:
        super().__init__(f"a search was ended after {budget:.0f} ms, at the stage {stage}")
        self.stage, self.budget = stage, budget


class Stopwatch:
    """Takes the time from stage to stage, in milliseconds, of which there may be a budget.

    A stage that comes again adds to its time. Between stages `give_way` may let others pass, and
    then says so: that is a stage too. Stages within `one_stage` belong to that one.
    """

    def __init__(self, budget: float = inf, give_way: Callable[[], bool] = lambda: False) -> None:
        self.stages: dict[str, float] = {}
        self.budget, self._give_way = budget, give_way
        self._whole: str | None = None
        self._last = perf_counter()
        self._end = self._last + budget / 1000

    def lap(self, stage: str) -> None:
        """What has passed since the last stage belongs to this one. Raises OverBudget."""
        stage = self._whole or stage
        self._add(stage)
        if self._give_way():
            self._add(ASIDE)
        if self._last > self._end:
            raise OverBudget(stage, self.budget)

    @contextmanager
    def one_stage(self, stage: str) -> Iterator[None]:
        """Have all that passes within belong to one stage. Raises OverBudget."""
        self._whole = stage
        try:
            yield
            self.lap(stage)
        finally:
            self._whole = None

    def _add(self, stage: str) -> None:
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now

    @property
    def total(self) -> float:
        """The time of all stages together."""
        return sum(self.stages.values())
