"""Attachments: the files that belong to publications.

In this order, a file belongs to the publication that it alone describes, to those that name it in a
row of files, to the one whose id or DOI is its name, or to the one in a file of the same name. If
several publications could have a file by its name, none of them has it.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from indexer.analysis.cleaning import compose, is_printable
from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Publication, Report
from indexer.fulltext.documents import SUFFIXES, is_pdf

_SEVERAL = -1
"""In place of a document number: several publications."""
_SLASHES = "_-:"
"""Characters that replace the slashes of an id or a DOI in the name of a file."""
_XML = frozenset((".xml", ".nxml", ".tei"))
"""Suffixes of XML, which may be of any kind."""
_NOT_REPORTED = _XML | {".md"}
"""Suffixes of files that need no publication. Many are notes for people."""
_BODY = re.compile(rb"<(?:[\w.-]+:)?(?:article|TEI(?:\.2)?)[\s>]")
"""The root of JATS or TEI."""
_HEAD_BYTES = 1 << 14
"""Bytes at the start of XML that may precede its root."""
_MAX_PARTS = 4
"""Last parts of a path by which a file is found."""
_MAX_EQUAL = 100
"""Maximum number of files that have the id or the DOI of a publication as their name."""
_MAX_NAMED = 3
"""Maximum number of files that a problem names."""


class Attachment(NamedTuple):
    """A file of a publication."""

    doc_number: int
    file: str
    """Its path in the corpus folder, with slashes, or its absolute path if it is outside."""
    path: Path


def find_attachments(
    folder: Path,
    catalogue: Catalogue,
    publications: Iterable[tuple[int, Publication]],
    report: Report,
    *,
    outside: Iterable[Path] = (),
    limits: Limits = LIMITS,
) -> Iterator[Attachment]:
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
        if _may_have_text(name):
            report(Problem(safe_files.printable_path(Path(name)), 0, *safe_files.UNPRINTABLE))
    yield from attach(files, catalogue, publications, report)


def list_files(places: Iterable[Path], report: Report, limits: Limits = LIMITS) -> Iterator[Path]:
    """Yield files, and the files of folders. Report what can't be read."""
    for place in places:
        # Unlike Path.is_dir, this raises no error for a name that is too long.
        is_folder = os.path.isdir(place)  # noqa: PTH112
        yield from safe_files.list_outside(place, report, limits) if is_folder else [place]


def attach(
    files: Mapping[str, Path],
    catalogue: Catalogue,
    publications: Iterable[tuple[int, Publication]],
    report: Report,
) -> Iterator[Attachment]:
    """Yield the attachments among files, by their names in the corpus, as `find_attachments`."""
    claims = _Claims(files, catalogue)
    for doc_number, publication in publications:
        claims.add(doc_number, publication)
    yield from claims.resolve(report)


class _Claims:
    """The claims of publications, by their numbers, on the files whose text may be extracted.

    `_sources` gives the number of the only publication in a source that is such a file, or next to
    one with its name; `_SEVERAL` if there are more. `_named` contains the publications that name a
    file, and `_similar` those whose path differs from that of the file, with this path. `_equal`
    contains those whose id or DOI is the name of the file, and whether in the same case. `_missing`
    and `_ambiguous` are names, by the file to report.
    """

    def __init__(self, files: Mapping[str, Path], catalogue: Catalogue) -> None:
        self._all = files
        self._file_rows = [row.name for row in catalogue.valued if row.kind == "file"]
        self._doi_rows = [row.name for row in catalogue.valued if row.kind == "doi"]
        self._paths: dict[str, Path] = {}
        self._by_end: defaultdict[str, list[str]] = defaultdict(list)
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        self._by_place: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for file, path in files.items():
            if _may_have_text(file):
                self._add_file(file, path)
        self._is_near: dict[str, bool] = {}
        self._sources: dict[str, int] = {}
        self._named: defaultdict[str, dict[int, None]] = defaultdict(dict)
        self._similar: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._equal: defaultdict[str, dict[int, bool]] = defaultdict(dict)
        self._missing: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._ambiguous: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def _add_file(self, file: str, path: Path) -> None:
        self._paths[file] = path
        name = PurePosixPath(file)
        for count in range(1, min(_MAX_PARTS, len(name.parts)) + 1):
            self._by_end[_fold("/".join(name.parts[-count:]))].append(file)
        self._by_stem[_fold(name.stem)].append(file)
        self._by_place[_make_place(file)].append(file)

    def add(self, doc_number: int, publication: Publication) -> None:
        for location in (publication.source, *publication.other_sources):
            self._add_source(location.file, doc_number)
        for row in self._file_rows:
            for name in publication.values.get(row, ()):
                if _may_have_text(str(name)):
                    self._add_name(str(name), doc_number, publication.source.file)
        dois = (str(doi) for row in self._doi_rows for doi in publication.values.get(row, ()))
        for text in (publication.id, *dois):
            # A name can't have a slash.
            forms = [text.replace("/", char) for char in _SLASHES] if "/" in text else [text]
            for form in forms:
                for file in self._by_stem.get(_fold(form), ())[:_MAX_EQUAL]:
                    is_same = PurePosixPath(file).stem == form
                    self._equal[file][doc_number] = self._equal[file].get(doc_number) or is_same

    def _add_source(self, file: str, doc_number: int) -> None:
        if file not in self._is_near:
            # A PDF may have any name. `sources.toml` names a source outside the folders by its
            # absolute path.
            path = Path(file) if Path(file).is_absolute() else self._all.get(file)
            if file not in self._paths and path and (_may_have_text(file) or is_pdf(path)):
                self._add_file(file, path)
            self._is_near[file] = _make_place(file) in self._by_place
        if self._is_near[file]:
            known = self._sources.setdefault(file, doc_number)
            self._sources[file] = doc_number if known == doc_number else _SEVERAL

    def _add_name(self, name: str, doc_number: int, source: str) -> None:
        # A path is relative to the folder of the source, or to the corpus.
        for file in (f"{source[: source.rfind('/') + 1]}{name}", name):
            if file in self._paths:
                self._named[file][doc_number] = None
                return
        # Another computer has the file in other folders.
        parts = name.split("/")
        found = self._by_end.get(_fold("/".join(parts[-_MAX_PARTS:])))
        if found is None:
            found = self._by_end.get(_fold(parts[-1]), [])
        if len(found) == 1:
            self._similar[found[0]].append((doc_number, name))
        else:
            (self._ambiguous if found else self._missing)[source][name] = None

    def resolve(self, report: Report) -> Iterator[Attachment]:
        chosen: dict[str, Iterable[int]] = {**self._named}
        for file, claims in self._similar.items():
            # With different paths, they name different files, of which at most one is here.
            if len({name for _, name in claims}) == 1 and file not in self._named:
                chosen[file] = dict.fromkeys(doc_number for doc_number, _ in claims)
            else:
                self._ambiguous[file] |= dict.fromkeys(name for _, name in claims)
        for file, docs in self._equal.items():
            if file in self._sources or file in self._named:
                continue
            same = [doc_number for doc_number, is_same in docs.items() if is_same] or [*docs]
            if len(same) == 1:
                chosen.setdefault(file, same)
            else:
                self._ambiguous[file][PurePosixPath(file).name] = None
        owners: defaultdict[str, set[int]] = defaultdict(set)
        for source, doc_number in self._sources.items():
            for file in self._by_place.get(_make_place(source), ()):
                if file not in self._sources:
                    owners[file].add(doc_number)
        for file, neighbors in owners.items():
            if len(neighbors) == 1 and _SEVERAL not in neighbors:
                chosen.setdefault(file, neighbors)
        # A publication may name its own file, too. Its place as its own comes first.
        ranks = {(doc_number, file): 1 for file, docs in chosen.items() for doc_number in docs}
        for file, doc_number in self._sources.items():
            if doc_number != _SEVERAL and file in self._paths:
                ranks[doc_number, file] = 0
        self._report(report, {file for _, file in ranks})
        for doc_number, _, file in sorted((doc, rank, file) for (doc, file), rank in ranks.items()):
            path = self._paths[file]
            if path.suffix.lower() not in _XML or _has_body(path):
                yield Attachment(doc_number, file, path)

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
            file
            for file in self._paths
            if file not in attached
            and file not in self._sources
            and PurePosixPath(file).suffix.lower() not in _NOT_REPORTED
            # Reading a source reports a broken link.
            and os.path.exists(self._paths[file])  # noqa: PTH110
        ]
        if unused:
            counted = Counter(PurePosixPath(file).suffix.lower() for file in unused)
            count = ", ".join(f"{number} {suffix}" for suffix, number in counted.items())
            message = f"no publication has {format_files(unused)} (files: {count})"
            hint = "Name a file after the id or DOI of its publication"
            report(Problem(unused[0], 0, message, f"{hint}, or name it in a row of files"))


def _fold(text: str) -> str:
    """Return the form of a name in which case and the encoding of accents do not count."""
    return (text if text.isascii() else compose(text)).casefold()


def _may_have_text(file: str) -> bool:
    return file[file.rfind(".") :].lower() in SUFFIXES


def _make_place(file: str) -> tuple[str, str]:
    """Return the folder of a file, and its name without the suffix."""
    path = PurePosixPath(file)
    return path.parent.as_posix(), _fold(path.stem)


def _has_body(path: Path) -> bool:
    """Return whether a file of XML seems to be JATS or TEI. Others are records without a text."""
    try:
        return _BODY.search(safe_files.read_file(path, _HEAD_BYTES)) is not None
    except OSError:
        return False


def format_files(names: Iterable[str]) -> str:
    """Return the first names in a list, and the number of the others."""
    first = [safe_files.printable_path(Path(name)) for name in names]
    shown = ", ".join(first[:_MAX_NAMED])
    rest = len(first) - _MAX_NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown
