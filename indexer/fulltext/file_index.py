"""Index of the files whose text may be extracted: by path, by its end, by stem, and by place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

from indexer.analysis.cleaning import compose
from indexer.fulltext.documents import is_document, is_pdf

_MAX_PARTS = 4
"""Last parts of a path by which a file is found."""


def fold(text: str) -> str:
    """Return the form of a name in which case and the encoding of accents do not count."""
    return (text if text.isascii() else compose(text)).casefold()


def may_have_text(file: str) -> bool:
    """Return whether the text of a file may be extracted, by its name."""
    return _is_document_suffix(file[file.rfind(".") :])


@lru_cache
def _is_document_suffix(suffix: str) -> bool:
    return is_document(Path(f"file{suffix}"))


class FileIndex:
    """The files whose text may be extracted, by path, by its last parts, by stem, and by place."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self.paths: dict[str, Path] = {}
        self.by_end: defaultdict[str, list[str]] = defaultdict(list)
        self.by_stem: defaultdict[str, list[str]] = defaultdict(list)
        self.by_place: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for file, path in files.items():
            if may_have_text(file):
                self._add(file, path)

    def _add(self, file: str, path: Path) -> None:
        self.paths[file] = path
        name = PurePosixPath(file)
        for count in range(1, min(_MAX_PARTS, len(name.parts)) + 1):
            self.by_end[fold("/".join(name.parts[-count:]))].append(file)
        self.by_stem[fold(name.stem)].append(file)
        self.by_place[make_place(file)].append(file)

    def add_source(self, file: str) -> None:
        """Add a source that may have text. It may be a PDF with any name.

        `sources.toml` names a source outside the folders by its absolute path.
        """
        if file in self.paths:
            return
        path = Path(file) if Path(file).is_absolute() else self._files.get(file)
        if path and (may_have_text(file) or is_pdf(path)):
            self._add(file, path)

    def find_exact(self, name: str, source: str) -> str | None:
        """Return the file with a path relative to the folder of a source, or to the corpus."""
        near = f"{source[: source.rfind('/') + 1]}{name}"
        return next((file for file in (near, name) if file in self.paths), None)

    def find_similar(self, name: str) -> Sequence[str]:
        """Return the files with the last parts of a path, or else those with its name."""
        parts = name.split("/")
        same_end = self.by_end.get(fold("/".join(parts[-_MAX_PARTS:])))
        return self.by_end.get(fold(parts[-1]), ()) if same_end is None else same_end


def make_place(file: str) -> tuple[str, str]:
    """Return the folder of a file, and its name without the suffix."""
    path = PurePosixPath(file)
    return path.parent.as_posix(), fold(path.stem)
