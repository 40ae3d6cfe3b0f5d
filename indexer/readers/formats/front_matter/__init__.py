"""Reader of Markdown and HTML files with front matter in YAML or TOML, as in Hugo and Jekyll.

A file is one record. The start of its text is the column "body".
"""

import json
import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from typing import Any

import msgspec

from indexer import toml
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, read_whole
from indexer.readers.json_records.flattening import BULKY_CHARS, Shape, flatten, is_title
from indexer.readers.json_records.yaml_stream import YamlError, load_yaml
from indexer.readers.text.encodings import decode_file, decode_head
from indexer.readers.text.markdown import to_plain_text, to_text

NAME = "front-matter"
SUFFIXES: tuple[str, ...] = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
"""Usual suffixes of pages with front matter."""
FIELDS: Mapping[str, tuple[str, ...]] = toml.load_resource(
    __name__, "fields.toml", dict[str, tuple[str, ...]]
)

_NAMED_SCORE, _UNNAMED_SCORE = 60, 45
_SECTION = "_index"
"""The name of a Hugo page that lists other pages. It is not a publication."""
_BLOCK = re.compile(
    r"\s*(?P<mark>---|\+\+\+)[ \t]*\n(?P<data>.*?)\n(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_KEY = re.compile(r"""^[ \t]*["']?([A-Za-z_][\w .-]{0,60}?)["']?[ \t]*[:=]""", re.MULTILINE)
_MARKED = re.compile(r"\*\S|\]\(|\b_\S[^_]*_\b|`")
_COLON = re.compile(r"^([A-Za-z_][\w .-]*:[ \t]+)([^\s\"'\[{|>&*#].*: .*)$", re.MULTILINE)
"""A value that has a colon, but no quotation marks."""
_LINE = re.compile(r"^([A-Za-z_][\w .-]{0,60}?)[ \t]{0,9}[:=][ \t]*([^\s\[{|>].*)$", re.MULTILINE)
_SHORTCODE = re.compile(
    r"\{\{[<%].{0,1000}?[%>]\}\}|\{%.{0,1000}?%\}|\{\{.{0,1000}?\}\}", re.DOTALL
)
"""Template commands of Hugo and Jekyll in a text."""


def detect(filename: str, head: bytes) -> Evidence | None:
    text = decode_head(head)
    block = _BLOCK.match(text)
    name, _, _ = filename.rpartition(".")
    if block is None or name.lower() == _SECTION or filename.lower() == _SECTION:
        return None
    if not any(is_title(key) for key in _KEY.findall(block["data"])):
        return None
    is_named = filename.lower().endswith(SUFFIXES)
    if not is_named and _KEY.match(text, block.end()):
        return None  # the file has two YAML documents
    return Evidence(
        _NAMED_SCORE if is_named else _UNNAMED_SCORE, "it starts with front matter that has a title"
    )


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of a page, and a Problem if its front matter is not valid."""
    text, problem = decode_file(read_whole(stream, limits), file)
    if problem:
        yield problem
    block = _BLOCK.match(text)
    if block is None:
        hint = "Start the page with front matter between lines of ---"
        yield Problem(file, 0, "the page has no front matter", hint)
        return
    try:
        if block["mark"] == "+++":
            record = msgspec.to_builtins(toml.parse(block["data"]))
        else:
            record = load_yaml(block["data"], limits) or {}
        if not isinstance(record, dict):
            raise ValueError("it has no keys")
    except (ValueError, RecursionError) as error:
        record = _load_broken(block["data"], limits)
        hint = "Correct it. Its lines were read as far as possible"
        yield Problem(file, 1, f"the front matter is not valid: {error}", hint)
    body = _SHORTCODE.sub(" ", text[block.end() : block.end() + 20 * BULKY_CHARS])
    record["body"] = to_plain_text(body, BULKY_CHARS)
    try:
        properties = flatten(record, Shape(), limits)
    except LimitExceeded as error:
        message = f"the front matter is too large: {error}"
        yield Problem(file, 0, message, suggest_raising(error.limit))
        return
    if properties:
        yield SourceRecord(SourceLocation(file, 1), tuple(map(_remove_marks, properties)))


def _remove_marks(property_: Property) -> Property:
    """Return a property without Markdown markup, such as an italic journal title."""
    if not _MARKED.search(property_.value):
        return property_
    text = to_text(property_.value)
    return msgspec.structs.replace(property_, value=text, text=text) if text else property_


def _load_broken(text: str, limits: Limits) -> dict[str, Any]:
    """Return the values of invalid front matter: all if a colon in one was the fault, or the texts.

    A text is on the line of its key.
    """
    quoted = _COLON.sub(lambda match: match[1] + json.dumps(match[2], ensure_ascii=False), text)
    try:
        record = load_yaml(quoted, limits)
    except YamlError:
        record = None
    if isinstance(record, dict):
        return record
    return {key: value.strip(" \t\"'") for key, value in _LINE.findall(text)}
