"""Read and write `sources.toml`, the mapping of the columns of files to fields.

A build follows this file and guesses nothing. An invalid file raises CatalogueError. Values may be
changed. Patterns are those of RE2 (https://github.com/google/re2/wiki/Syntax), which has no
backtracking. A search takes a time proportional to the text, whatever the pattern is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import re2

from indexer import toml
from indexer.analysis.cleaning import is_printable
from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import (
    CatalogueError,
    format_toml_value,
    raise_faults,
    read_toml,
)

MAX_PATTERN_CHARS = 200
"""Limit on a pattern, and on the text that replaces its matches."""
MAX_CHARS, MAX_MATCHES = 5000, 100
"""Limits on a text that patterns change, and on its matches that are replaced. A search for each
match may read the rest of the text."""
MAX_CHANGES = 50
"""Limit on the changes of a file. Each may apply to every value, and its pattern takes 1 MB."""
_GROUP = re.compile(r"\\([0-9])")
_ANY_FOLDERS = re.compile(r"(?:^|(?<=/))\*\*/")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    r"""A change of each value of a field, named by exactly one key, except that `replace` has `by`.

    `remove_prefix` and `remove_suffix` remove a text at the start or the end. `replace`: each match
    of a pattern becomes `by`, in which `\1` is its first group. `extract`: only the first group of
    a pattern, or its whole match, is kept; without a match, nothing is. `case`: the case of its
    letters. "sentence" changes only the first letter to upper case, and the others to lower case.
    """

    remove_prefix: str | None = None
    remove_suffix: str | None = None
    replace: str | None = None
    by: str = ""
    extract: str | None = None
    case: Literal["upper", "lower", "title", "sentence"] | None = None

    def apply(self, text: str) -> str:
        """Return the changed text. One that is too long for a pattern is returned unchanged."""
        if self.remove_prefix is not None:
            return text.strip().removeprefix(self.remove_prefix).strip()
        if self.remove_suffix is not None:
            return text.strip().removesuffix(self.remove_suffix).strip()
        if self.case:
            return text.capitalize() if self.case == "sentence" else getattr(text, self.case)()
        if len(text) > MAX_CHARS:
            return text
        if self.replace is not None:
            return str(_compile(self.replace).sub(self._expand, text, MAX_MATCHES))
        match = _compile(self.extract or "").search(text)
        return (match[bool(match.groups())] or "") if match else ""

    def _expand(self, match: Any) -> str:  # noqa: ANN401  a match of RE2, which has no type
        return _GROUP.sub(lambda group: match[int(group[1])] or "", self.by)

    def find_faults(self) -> Iterator[tuple[str, str]]:
        kinds = [name for name in self.__struct_fields__ if name != "by"]
        stated = [name for name in kinds if getattr(self, name) is not None]
        if len(stated) != 1 or (self.by and self.replace is None):
            yield f"it has the keys {', '.join(stated)}", f"Use one of: {', '.join(kinds)}"
        if len(self.by) > MAX_PATTERN_CHARS:
            yield "its text `by` is too long", f"Use at most {MAX_PATTERN_CHARS} characters"
        for pattern in (self.replace, self.extract):
            if pattern is not None and (fault := self._find_pattern_fault(pattern)):
                yield fault

    def _find_pattern_fault(self, pattern: str) -> tuple[str, str] | None:
        if len(pattern) > MAX_PATTERN_CHARS:
            hint = f"Use at most {MAX_PATTERN_CHARS} characters"
            return f"the pattern {pattern[:20]!r}… is too long", hint
        try:
            groups = _compile(pattern).groups
        except re2.error as error:
            message = error.args[0].decode()
            return f"{pattern!r} is not a pattern of RE2: {message}", "See docs/import.md"
        if any(int(group) > groups for group in _GROUP.findall(self.by)):
            return f"{self.by!r} names a group that {pattern!r} lacks", "Add the group"
        return None


@lru_cache(maxsize=MAX_CHANGES)
def _compile(pattern: str) -> Any:  # noqa: ANN401  it has no types
    return re2.compile(pattern, _OPTIONS)


SOURCES_FILE = "sources.toml"
HEAD = """\
# Which column feeds which field. Edit it, then run `pubsearch build`.
# docs/import.md describes the keys.
"""
"""The start of a new `sources.toml`."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A source: one file, or the files that match a glob.

    `file` is a path relative to the corpus folder, an absolute path, or a glob of these. `without`:
    files that the glob leaves out, such as the PDFs of records of other sources. `format` is the
    name of a reader. `fields`: for each field, a column, a template, or several of these. A field
    replaces the same field of the format's default mapping. An empty list turns it off. `split`:
    for each field, the separator of several values in one column. `change`: for each field, the
    changes of each value, in order. `day_first`: columns whose dates have the day before the month.
    `languages`: the languages of columns of texts or links. `unused`: columns that no field uses,
    with notes.
    """

    file: str
    format: str
    without: tuple[str, ...] = ()
    fields: dict[str, str | tuple[str, ...]] = {}
    split: dict[str, str] = {}
    change: dict[str, tuple[Change, ...]] = {}
    day_first: tuple[str, ...] = ()
    languages: dict[str, str] = {}
    unused: dict[str, str] = {}

    def matches(self, file: str) -> bool:
        """Return whether a path, relative to the corpus folder or absolute, has this source.

        A glob matches files in subfolders. An absolute one does so only with `/**/`, because a
        build seeks no others.
        """
        if file == self.file or file in self.without:
            return file == self.file
        is_deep = not self.file.startswith("/") or "/**/" in self.file
        is_near = is_deep or file.count("/") == self.file.count("/")
        return is_near and _matches(file, self.file)


def _matches(file: str, glob: str) -> bool:
    """Return whether a path matches a glob, in which `**/` stands for any folders, or none."""
    first, *inner = _ANY_FOLDERS.split(glob)
    if not inner:
        return fnmatchcase(file, glob)
    starts = [0, *(place + 1 for place, char in enumerate(file) if char == "/")]
    *inner, last = inner
    # The shortest matches leave the most for the parts that follow.
    end = next((end for end in starts if fnmatchcase(file[:end], first)), len(file) + 1)
    for part in inner:
        later = [place for place in starts if place >= end]
        ends = (each for each in later for start in later if fnmatchcase(file[start:each], part))
        end = next(ends, len(file) + 1)
    return any(fnmatchcase(file[start:], last) for start in starts if start >= end)


class Attachments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder or a file outside the corpus folder, by its absolute path, with attachments."""

    path: str


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sources of a corpus folder, in order, and the places of attachments outside it.

    A source that names a file takes precedence over the first source whose glob matches it.
    """

    source: tuple[Source, ...] = ()
    attachments: tuple[Attachments, ...] = ()

    def list_attachments(self) -> list[Path]:
        """Return the folders and files outside the corpus folder that have attachments."""
        return [Path(place.path) for place in self.attachments]

    def list_absolute(self) -> list[str]:
        """Return the absolute paths and globs of the sources and the attachments."""
        names = [source.file for source in self.source]
        names += [place.path for place in self.attachments]
        return [name for name in names if Path(name).is_absolute()]

    def find(self, file: str) -> Source | None:
        """Return the source of a file, or None."""
        named = (source for source in self.source if source.file == file)
        matching = (source for source in self.source if source.matches(file))
        return next(named, None) or next(matching, None)


def load(folder: Path) -> Sources:
    """Return the sources of a corpus folder; none if it has no `sources.toml`.

    Raise CatalogueError if the file is invalid, or names a file that the folder may not name.
    """
    sources = load_unchecked(folder)
    for name in sources.list_absolute():
        if fault := safe_files.find_outside_fault(name, folder):
            raise CatalogueError(folder / SOURCES_FILE, *fault)
    return sources


def load_unchecked(folder: Path) -> Sources:
    """Return the sources of a corpus folder as `load`, even if it may not name their files.

    Raise CatalogueError if the file is invalid.
    """
    file = folder / SOURCES_FILE
    if not file.exists():
        return Sources()
    sources = read_toml(file, Sources, "See docs/import.md for the keys of a source")
    raise_faults(file, _find_faults(sources))
    return sources


def _find_faults(sources: Sources) -> Iterator[tuple[str, str]]:
    counts = Counter(source.file for source in sources.source)
    for name in (*counts, *(place.path for place in sources.attachments)):
        if not name or not is_printable(name):
            yield f"{name!r} is not a file name", "Write a path, or a glob such as *.csv"
    changes = [
        each for source in sources.source for field in source.change.values() for each in field
    ]
    if len(changes) > MAX_CHANGES:
        yield f"it has {len(changes)} changes", f"Use at most {MAX_CHANGES}"
        return
    for source in sources.source:
        if counts[source.file] > 1:
            yield f"two sources have the file {source.file!r}", "Keep one of them"
        yield from _find_rule_faults(source)
    for place in sources.attachments:
        if not Path(place.path).is_absolute():
            hint = "Write an absolute path. The files in the corpus folder need none"
            yield f"the attachments {place.path!r} are not outside the corpus folder", hint


def _find_rule_faults(source: Source) -> Iterator[tuple[str, str]]:
    for field, separator in source.split.items():
        if not separator:
            yield f"the separator of {field!r} is empty", 'Write a text such as ";"'
    for field, changes in source.change.items():
        for number, change in enumerate(changes, 1):
            for message, hint in change.find_faults():
                yield f"change {number} of {field!r} in {source.file!r}: {message}", hint


def format_sources(sources: Sources, comments: Mapping[tuple[str, str], str]) -> str:
    """Return sources as TOML that `load` reads back, after HEAD or other sources.

    `comments` has a comment for a field of a source, by `file` and field.
    """
    lines: list[str] = []
    for source in sources.source:
        lines += ["", "[[source]]"]
        for name in ("file", "without", "format", "day_first"):
            if value := getattr(source, name):
                lines.append(f"{name} = {format_toml_value(value)}")
        for name in ("fields", "split", "change", "languages", "unused"):
            if table := getattr(source, name):
                lines += ["", f"[source.{name}]"]
            for key, value in table.items():
                comment = comments.get((source.file, key), "") if name == "fields" else ""
                suffix = f"  # {comment}" if comment else ""
                lines.append(f"{_format_key(key)} = {_format_value(value)}{suffix}")
    for place in sources.attachments:
        lines += ["", "[[attachments]]", f"path = {format_toml_value(place.path)}"]
    return "\n".join([*lines, ""])


def _format_value(value: object) -> str:
    if isinstance(value, Change):
        keys = msgspec.to_builtins(value).items()
        return f"{{ {', '.join(f'{key} = {format_toml_value(text)}' for key, text in keys)} }}"
    if isinstance(value, tuple):
        return f"[{','.join(map(_format_value, value))}]"
    return format_toml_value(value)


def _format_key(key: str) -> str:
    letters = key.replace("_", "").replace("-", "")
    is_bare = key.isascii() and letters.isalnum() and len(key) <= toml.MAX_NUMBER_CHARS
    return key if is_bare else format_toml_value(key)
