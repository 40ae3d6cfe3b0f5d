"""Progress of reading a corpus and of building its index."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalogue.records import Publication


class Progress:
    """Receiver of progress reports. This base class ignores them."""

    def report_bytes(self, count: int) -> None:
        """Receive the number of bytes read so far, over all files."""

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Receive publications that were parsed now, not copied from an earlier index."""

    def report_encoding(self, done: int, total: int) -> None:
        """Receive the number of publications encoded so far, and all of them, after reading."""

    def report_sorting(self, done: int, total: int) -> None:
        """Receive the steps of sorting done so far, and all steps, after the last publication."""

    def report_texts(self, done: int, total: int, pages: int, file: str) -> None:
        """Receive the progress of reading full texts.

        `done` files of `total` were read so far, with these pages. The next one is `file`, or "".
        """

    def report_loading(self, done: int, total: int) -> None:
        """Receive the documents that a cluster has accepted so far, and all of them."""


NO_PROGRESS = Progress()
