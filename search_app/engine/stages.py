"""How long the stages of an answer took."""

from __future__ import annotations

from time import perf_counter


class Stopwatch:
    """Takes the time from stage to stage, in milliseconds.

    A stage that comes again adds to its time.
    """

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, stage: str) -> None:
        """What has passed since the last stage belongs to this one."""
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now

    @property
    def total(self) -> float:
        """The time of all stages together."""
        return sum(self.stages.values())
