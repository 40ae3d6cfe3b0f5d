"""Rejection of a build that must not replace the live index, because a part seems to be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from indexer.catalogue.records import Problem
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.reader import Segment
from indexer.generations.manifest import Generation
from indexer.jobs.build_stats import BuildStats

FEW_REMOVED, ONE_IN = 10, 5
"""A build needs `force` to remove more than 10 publications that are also more than 1 in 5 of all.
A small catalogue may change completely. In a large one, a page may be missing by mistake."""
MAX_FILES_NAMED = 20
"""Number of files that an error names: enough to recognize a folder, and still readable."""


class BuildRejected(Exception):
    """The corpus must not replace the live index. `problems` are those of the corpus."""

    def __init__(self, message: str, hint: str, problems: list[Problem]) -> None:
        super().__init__(f"{message}. {hint}")
        self.message, self.hint, self.problems = message, hint, problems


class RemovesTooMuch(BuildRejected):
    """The build would remove so many publications that files of the corpus may be missing."""


def reject_partial(
    stats: BuildStats, live: Generation | None, corpus_folder: Path, merged: int
) -> None:
    """Raise BuildRejected or RemovesTooMuch if a part of the corpus seems to be missing.

    A publication is not missing if it was merged into another one.
    """
    hint = "Fix the corpus, or build with --force if this is intended"
    count = stats.publications
    if not count:
        message = f"{corpus_folder} contains no readable publication"
        raise BuildRejected(message, hint, stats.problems)
    if not live:
        return
    total = live.manifest.publications
    removed = max(stats.changes.removed, total - count) - merged
    if removed > FEW_REMOVED and removed * ONE_IN > total:
        files = _list_files(stats.removed, live, corpus_folder)
        message = f"it would remove {removed} of {total} publications{files}"
        hint = "Restore the files, or build with --force if this is intended"
        raise RemovesTooMuch(message, hint, stats.problems)
    if (count + merged) * 2 < total:
        message = (
            f"{corpus_folder} contains {count} publications, "
            f"less than half of the {total} in the index"
        )
        raise BuildRejected(message, hint, stats.problems)


def _list_files(ids: Iterable[str], live: Generation, corpus_folder: Path) -> str:
    """Return the files of the live generation that contain these publications, as a text.

    Files with the most publications come first. The text is empty if the segment can't be read.
    """
    try:
        docstore = Segment(live.segment, live.manifest.catalogue).docstore
    except (CorruptSegment, KeyError, FileNotFoundError):
        return ""
    doc_numbers = (docstore.find_doc_number(identity) for identity in ids)
    counts = Counter(
        docstore.get_source(doc_number).file for doc_number in doc_numbers if doc_number is not None
    )
    descriptions = [
        f"{file} ({count}{'' if (corpus_folder / file).exists() else ', the file is missing'})"
        for file, count in counts.most_common(MAX_FILES_NAMED)
    ]
    if len(counts) > len(descriptions):
        descriptions.append(f"and {len(counts) - len(descriptions)} more files")
    return f": {', '.join(descriptions)}" if descriptions else ""
