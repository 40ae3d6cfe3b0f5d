"""Names of files, as reference managers write them in a field.

The path of a file on another computer may contain the name of a person. Only the end of an absolute
path is kept.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from indexer.analysis.cleaning import is_printable

_ESCAPED = re.compile(r"\\([\\:;_])")
_SEPARATOR = re.compile(r"(?<!\\)[;\n]")
_MENDELEY_DRIVE = re.compile(r"\$\\backslash\$:")
_ON_THE_WEB = re.compile(r"(?:https?|ftp|mailto|data):", re.IGNORECASE)
_FILE_URL = re.compile(r"(?:file|internal-pdf):/*(?=/)", re.IGNORECASE)
_DRIVE = re.compile(r"(?:\A|/)[A-Za-z]:(?=/)")
_SUFFIX = re.compile(r"[^/]\.[A-Za-z0-9]{1,8}\Z")
_HOMES = frozenset(("Users", "home"))
"""First folders of an absolute path. The name of a person follows. Mendeley omits the slash."""
_KEPT_PARTS = 2
"""Parts of an absolute path that are kept: the file, and its folder, which may identify it."""
_MAX_CHARS = 1000


def find_file_names(text: str) -> Sequence[str]:
    """Return the files in a text, as relative paths with slashes, without duplicates.

    The text is a path, several separated by semicolons, or a list such as
    `Full text:files/12/report.pdf:application/pdf` of BibTeX. URLs on the web are no files.
    """
    text = _MENDELEY_DRIVE.sub(r"\\:", text)
    paths = map(clean_path, map(_find_path, _SEPARATOR.split(text)))
    return list(dict.fromkeys(filter(None, paths)))


def clean_path(path: str) -> str:
    """Return a path or a file URL as a relative path with slashes, or "" if it is neither.

    A relative path stays as it is, with the semicolons and colons in it.
    """
    stated = path.strip()
    if len(stated) > _MAX_CHARS or _ON_THE_WEB.match(stated):
        return ""
    url = _FILE_URL.match(stated)
    plain = unquote(stated[url.end() :]) if url else stated
    relative = _make_relative(plain.replace("\\", "/"))
    if not (is_printable(relative) and _SUFFIX.search(relative)):
        return ""
    # The rest of a path may look like a URL or a drive.
    return relative if relative == path else clean_path(relative)


def _find_path(piece: str) -> str:
    piece = piece.strip()
    if len(piece) > _MAX_CHARS or _ON_THE_WEB.match(piece) or _FILE_URL.match(piece):
        return piece
    parts = [_ESCAPED.sub(r"\1", part) for part in _split(piece)]
    if len(parts) < 3:
        return parts[0] if _SUFFIX.search(parts[0]) else parts[-1]
    return ":".join(parts[1:-1])


def _split(piece: str) -> Iterator[str]:
    """Yield the parts of a description between colons. A drive such as `C:` ends no part."""
    start = 0
    for match in re.finditer(r"(?<!\\):", piece):
        is_drive = match.start() - start == 1 and piece[match.end() : match.end() + 1] in "/\\"
        if not (is_drive and piece[start].isalpha()):
            yield piece[start : match.start()]
            start = match.end()
    yield piece[start:]


def _make_relative(path: str) -> str:
    """Return a path without its drive, without `..`, and without the start of an absolute path."""
    relative = _DRIVE.sub("", path, count=1)
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    while ".." in parts:
        parts = parts[parts.index("..") + 1 :]
    is_at_home = not _HOMES.isdisjoint(parts[:1])
    if is_at_home or relative.startswith(("/", "~")) or relative != path:
        parts = parts[2 * is_at_home :][-_KEPT_PARTS:]
    return "/".join(parts)
