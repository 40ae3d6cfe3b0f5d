"""Attachments: the files that belong to publications.

In this order, a file belongs to the publication that it alone describes, to those that name it in a
row of files, to the one whose id or DOI is its name, or to the one in a file of the same name. If
several publications could have a file by its name, none of them has it.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from indexer.analysis.cleaning import is_printable
from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Publication
from indexer.fulltext.file_index import FileIndex, fold, make_place, may_have_text

Report = Callable[[Problem], None]
_SEVERAL = -1
"""In place of a document number: several publications."""
_SLASHES = "_-:"
"""Characters that replace the slashes of an id or a DOI in the name of a file."""
_NOTES = ".md"
"""Suffix of files that are often notes for people. They are not reported."""
_XML = frozenset((".xml", ".nxml", ".tei"))
"""Suffixes of XML, which may be of any kind."""
_BODY = re.compile(rb"<(?:[\w.-]+:)?(?:article|TEI(?:\.2)?)[\s>]")
"""The root of JATS or TEI."""
_HEAD_BYTES = 1 << 14
"""Bytes at the start of XML that may precede its root."""
_MAX_EQUAL = 100
"""Maximum number of files that have the id or the DOI of a publication as their name."""
_MAX_NAMED = 3
"""Maximum number of files that a problem names."""


class Attachment(NamedTuple):
    """A file of a publication.

    `file` is its path in the corpus folder, with slashes, or its absolute path if it is outside.
    """

    doc_number: int
    file: str
    path: Path


def find_attachments(
    folder: Path, catalogue: Catalogue, publications: Iterable[tuple[int, Publication]],
    report: Report, *, outside: Iterable[Path] = (), limits: Limits = LIMITS,
) -> Iterator[Attachment]:  # fmt: skip
    """Yield the files of publications in ascending order of their numbers, the best file first.

    `publications` are pairs of a number and a publication. The files are those of the corpus
    folder, and files and folders `outside` it. A link that leads out of its folder is not followed.

    Report files that no publication has, names that no file or several files have, and files whose
    names are unprintable.
    """
    # The build has reported the faults of the corpus folder already.
    inside = safe_files.list_files(folder, lambda _: None, limits)
    files = {path.relative_to(folder).as_posix(): path for path in inside}
    files |= {str(path): path for path in list_files(outside, report, limits)}
    for name in [name for name in files if not is_printable(name)]:
        del files[name]
        if may_have_text(name):
            report(Problem(safe_files.printable_path(Path(name)), 0, *safe_files.UNPRINTABLE))
    yield from attach(files, catalogue, publications, report)


def list_files(places: Iterable[Path], report: Report, limits: Limits = LIMITS) -> Iterator[Path]:
    """Yield files, and the files of folders. Report what can't be read."""
    for place in places:
        # Unlike Path.is_dir, this raises no error for a name that is too long.
        is_folder = os.path.isdir(place)  # noqa: PTH112
        yield from safe_files.list_outside(place, report, limits) if is_folder else [place]


def attach(
    files: Mapping[str, Path], catalogue: Catalogue,
    publications: Iterable[tuple[int, Publication]], report: Report,
) -> Iterator[Attachment]:  # fmt: skip
    """Yield the attachments among files, by their names in the corpus, as `find_attachments`."""
    finder = _Finder(FileIndex(files), catalogue)
    for doc_number, publication in publications:
        finder.add(doc_number, publication)
    yield from finder.resolve(report)


def _has_body(path: Path) -> bool:
    """Return whether a file of XML seems to be JATS or TEI. Others are records without a text."""
    try:
        return _BODY.search(safe_files.read_file(path, _HEAD_BYTES)) is not None
    except OSError:
        return False


class _Finder:
    """The claims of publications on files.

    `sources` has the number of the only publication in a source file, or _SEVERAL. `named` has the
    numbers of the publications that name a file, `similar` those whose path differs from that of
    the file, with this path. `equal` has those whose id or DOI is the name of the file. `_is_near`
    says whether a source is one of the files, or next to one with its name.
    """

    def __init__(self, files: FileIndex, catalogue: Catalogue) -> None:
        self._files = files
        self._file_rows = [row.name for row in catalogue.valued if row.kind == "file"]
        self._doi_rows = [row.name for row in catalogue.valued if row.kind == "doi"]
        self.sources: dict[str, int] = {}
        self.named: defaultdict[str, list[int]] = defaultdict(list)
        self.similar: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self.equal: defaultdict[str, dict[int, bool]] = defaultdict(dict)
        self._is_near: dict[str, bool] = {}
        self._missing: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._ambiguous: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, doc_number: int, publication: Publication) -> None:
        """Add the claims of a publication."""
        for location in (publication.source, *publication.other_sources):
            self._add_source(location.file, doc_number)
        for row in self._file_rows:
            for name in publication.values.get(row, ()):
                self._add_name(str(name), doc_number, publication.source.file)
        dois = (str(doi) for row in self._doi_rows for doi in publication.values.get(row, ()))
        for text in (publication.id, *dois):
            # A name can't have a slash.
            forms = [text.replace("/", char) for char in _SLASHES] if "/" in text else [text]
            for form in forms:
                for file in self._files.by_stem.get(fold(form), ())[:_MAX_EQUAL]:
                    is_same = PurePosixPath(file).stem == form
                    self.equal[file][doc_number] = self.equal[file].get(doc_number) or is_same

    def _add_source(self, file: str, doc_number: int) -> None:
        if file not in self._is_near:
            self._files.add_source(file)
            is_near = make_place(file) in self._files.by_place
            self._is_near[file] = is_near or file in self._files.paths
        if self._is_near[file]:
            known = self.sources.setdefault(file, doc_number)
            self.sources[file] = doc_number if known == doc_number else _SEVERAL

    def _add_name(self, name: str, doc_number: int, source: str) -> None:
        if not may_have_text(name):
            return
        if file := self._files.find_exact(name, source):
            self.named[file].append(doc_number)
            return
        found = self._files.find_similar(name)
        if len(found) == 1:
            self.similar[found[0]].append((doc_number, name))
        else:
            (self._ambiguous if found else self._missing)[source][name] = None

    def resolve(self, report: Report) -> Iterator[Attachment]:
        """Yield the attachments. Report what could not be decided."""
        claims: dict[str, Sequence[int]] = {}
        for choose in (self._choose_named, self._choose_similar, self._choose_equal):
            claims |= {file: docs for file, docs in choose().items() if file not in claims}
        claims |= {file: docs for file, docs in self._choose_neighbors() if file not in claims}
        own = {
            file: [doc] for file, doc in self.sources.items()
            if doc != _SEVERAL and file in self._files.paths
        }  # fmt: skip
        # A publication may name its own file, too. Its place as its own comes first.
        ranks = {
            (doc_number, file): rank
            for rank, chosen in ((1, claims), (0, own))
            for file, docs in chosen.items()
            for doc_number in docs
        }
        self._report(report, {file for _, file in ranks})
        for doc_number, _, file in sorted((doc, rank, file) for (doc, file), rank in ranks.items()):
            path = self._files.paths[file]
            if path.suffix.lower() not in _XML or _has_body(path):
                yield Attachment(doc_number, file, path)

    def _choose_named(self) -> dict[str, Sequence[int]]:
        return {file: list(dict.fromkeys(docs)) for file, docs in self.named.items()}

    def _choose_similar(self) -> dict[str, Sequence[int]]:
        """Return the files of which all publications state the same path.

        With different paths, they name different files, of which at most one is here.
        """
        chosen: dict[str, Sequence[int]] = {}
        for file, claims in self.similar.items():
            if len({name for _, name in claims}) == 1 and file not in self.named:
                chosen[file] = list(dict.fromkeys(doc_number for doc_number, _ in claims))
            else:
                self._ambiguous[file] |= dict.fromkeys(name for _, name in claims)
        return chosen

    def _choose_equal(self) -> dict[str, Sequence[int]]:
        """Return the files whose name is an id or a DOI. The same case takes precedence."""
        chosen: dict[str, Sequence[int]] = {}
        for file, docs in self.equal.items():
            if file in self.sources or file in self.named:
                continue
            same = [doc_number for doc_number, is_same in docs.items() if is_same] or [*docs]
            if len(same) == 1:
                chosen[file] = same
            else:
                self._ambiguous[file][PurePosixPath(file).name] = None
        return chosen

    def _choose_neighbors(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Yield the files next to a source of one publication that has the same stem."""
        owners: defaultdict[str, set[int]] = defaultdict(set)
        for source, doc_number in self.sources.items():
            for file in self._files.by_place.get(make_place(source), ()):
                if file not in self.sources:
                    owners[file].add(doc_number)
        for file, docs in owners.items():
            if len(docs) == 1 and _SEVERAL not in docs:
                yield file, [*docs]

    def _report(self, report: Report, attached: set[str]) -> None:
        for source, names in self._missing.items():
            message = f"its publications name {format_files(names)}, but the file is not here"
            hint = "Copy the files into the corpus folder. The publications were kept"
            report(Problem(source, 0, message, hint))
        for source, names in self._ambiguous.items():
            message = f"it is not clear which file or publication {format_files(names)} belongs to"
            hint = "Write the path of the file in the corpus folder. It was not attached"
            report(Problem(source, 0, message, hint))
        unused = [
            file for file in self._files.paths
            if not (file in attached or file in self.sources or file.lower().endswith(_NOTES))
            and PurePosixPath(file).suffix.lower() not in _XML
            # Reading a source reports a broken link.
            and os.path.exists(self._files.paths[file])  # noqa: PTH110
        ]  # fmt: skip
        if unused:
            counted = Counter(PurePosixPath(file).suffix.lower() for file in unused)
            count = ", ".join(f"{number} {suffix}" for suffix, number in counted.items())
            message = f"no publication has {format_files(unused)} (files: {count})"
            hint = (
                "Name a file after the id or DOI of its publication, or name it in a row of files"
            )
            report(Problem(unused[0], 0, message, hint))


def format_files(names: Iterable[str]) -> str:
    """Return the first names in a list, and the number of the others."""
    first = [safe_files.printable_path(Path(name)) for name in names]
    shown = ", ".join(first[:_MAX_NAMED])
    rest = len(first) - _MAX_NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown
