"""Problem reporter: limit the number and length of the problems of one file."""

from __future__ import annotations

import msgspec

from indexer.analysis.cleaning import replace_unprintable
from indexer.catalogue.records import Problem
from indexer.ingest.source_files import Report

MAX_PROBLEMS = 1000
"""Maximum number of problems reported one by one per file. The others are only counted."""

MAX_MESSAGE_CHARS = 500
"""Maximum length of a problem's message and of its entry's title or id, in characters."""


class ProblemReporter:
    """Problem reporter of one file: reports the first `MAX_PROBLEMS`, counts the others."""

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0

    def report(self, problem: Problem) -> None:
        """Count a problem, and report it unless `MAX_PROBLEMS` were reported before."""
        self.count += 1
        if self.count <= MAX_PROBLEMS:
            message, entry = (
                replace_unprintable(" ".join(text[:MAX_MESSAGE_CHARS].split()))
                for text in (problem.what, problem.entry or "")
            )
            self._report(msgspec.structs.replace(problem, what=message, entry=entry or None))

    def report_suppressed(self) -> None:
        """Report the number of problems that were only counted, if there are any."""
        if self.count > MAX_PROBLEMS:
            message = f"{self.count - MAX_PROBLEMS} more problems are not listed"
            self._report(
                Problem(self._file, 0, message, "Fix those above, then run the command again")
            )
