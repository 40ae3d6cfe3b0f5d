"""Problem reporter: limit the number and length of the problems of one file."""

from __future__ import annotations

import msgspec

from indexer.analysis.cleaning import replace_unprintable
from indexer.catalogue.records import Problem
from indexer.ingest.source_files import Report

MAX_PROBLEMS = 1000
"""Maximum number of problems reported one by one per file, before the last one."""

MAX_MESSAGE_CHARS = 500
"""Maximum length of a problem's message and of its entry's title or id, in characters."""


class ProblemReporter:
    """Problem reporter of one file: reports the first `MAX_PROBLEMS` and the last, counts others.

    The last problem often says why the rest of the file was not read.
    """

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0
        self._last: Problem | None = None

    def report(self, problem: Problem) -> None:
        """Count a problem, and report it unless `MAX_PROBLEMS` were reported before."""
        self.count += 1
        if self.count <= MAX_PROBLEMS:
            self._report_one(problem)
        else:
            self._last = problem

    def report_suppressed(self) -> None:
        """Report the last problem, and the number of those that were only counted, if any."""
        if self._last:
            self._report_one(self._last)
        if self.count > MAX_PROBLEMS + 1:
            message = f"{self.count - MAX_PROBLEMS - 1} more problems are not listed"
            self._report(
                Problem(self._file, 0, message, "Fix those above, then run the command again")
            )

    def _report_one(self, problem: Problem) -> None:
        message, entry = (
            replace_unprintable(" ".join(text[:MAX_MESSAGE_CHARS].split()))
            for text in (problem.what, problem.entry or "")
        )
        self._report(msgspec.structs.replace(problem, what=message, entry=entry or None))
