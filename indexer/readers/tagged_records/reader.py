"""Generic reader of tagged text, such as RIS: the lines of a record start with tags.

The table `[tagged]` of a definition has regular expressions for the lines. A column has the name of
its tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.chunks import Chunk, parse_chunks
from indexer.readers.definition import Definition
from indexer.readers.tagged_records.record_lines import RecordLines
from indexer.readers.text.encodings import decode_head, decode_text

_KEYS_SCORE, _KEY_SCORE = 45, 20
"""Scores of lines with keys and values: if a key is repeated, and if each key occurs once."""
_TAGGED_SHARE = 0.7
"""Minimum share of lines with a key, to recognize lines with keys and values."""


class Recognition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A regular expression that recognizes the format, with the evidence of a match."""

    pattern: str
    score: int
    reason: str


class TaggedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The options of a tagged format.

    `recognize`: regular expressions for the start of a file, the most certain first. Without them,
    a file is recognized if most of its lines have a tag.
    `tag`: matches a line with a tag. Group 1 is the tag, group 2 is the value.
    `start`, `end`, `ends_at_blank`: see `indexer.readers.tagged_records.record_lines.RecordLines`.
    `ignores_case`: tags in lowercase count as uppercase.
    `glued`: matches a tag inside a value, whose line break is missing. Group 1 is the tag.
    `line_values`: tags for which each line is a value. The lines of other tags are joined.
    `paragraphs`: tags whose lines are joined by newlines, not spaces.
    `separators`: by tag, the regular expression between its values.
    `qualified`: tags whose values end with a qualifier in brackets. The value "10.1/2 [doi]" of AID
    becomes the value "10.1/2" of the column "AID[doi]".
    `groups`: by tag that starts a group of properties, the tags that continue the group.
    """

    recognize: tuple[Recognition, ...] = ()
    tag: str
    start: str = ""
    end: str = ""
    ends_at_blank: bool = False
    ignores_case: bool = False
    glued: str = ""
    line_values: frozenset[str] = frozenset()
    paragraphs: frozenset[str] = frozenset()
    separators: dict[str, str] = {}
    qualified: frozenset[str] = frozenset()
    groups: dict[str, frozenset[str]] = {}


class TaggedReader:
    """The reader of one tagged format; see `indexer.readers.base.Reader` for its members."""

    def __init__(self, definition: Definition) -> None:
        self.NAME = definition.name
        self.SUFFIXES = definition.suffixes
        self.FIELDS: Mapping[str, tuple[str, ...]] = definition.fields
        self._label = definition.label
        self._options = options = msgspec.convert(definition.tagged, TaggedOptions)
        self._recognize = [
            (re.compile(rule.pattern, re.MULTILINE), Evidence(rule.score, rule.reason))
            for rule in options.recognize
        ]
        self._tag = re.compile(options.tag)
        self._glued = re.compile(options.glued) if options.glued else None
        self._separators = {tag: re.compile(text) for tag, text in options.separators.items()}
        self._lines = RecordLines(
            options.tag, options.start, options.end, ends_at_blank=options.ends_at_blank
        )

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the first lines of a file, or else of its name."""
        text = decode_head(head)
        for pattern, evidence in self._recognize:
            if pattern.search(text):
                return evidence
        if not self._recognize and (key_evidence := self._detect_keys(text)):
            return key_evidence
        return detect_by_name(filename, self.SUFFIXES)

    def _detect_keys(self, text: str) -> Evidence | None:
        """Return the evidence if most lines have a key and a value, or None."""
        lines = [line for line in text.split("\n") if line.strip()]
        keys = [match[1] for line in lines if (match := self._tag.match(line))]
        if len(keys) < 2 or len(set(keys)) < 2 or len(keys) < _TAGGED_SHARE * len(lines):
            return None
        is_repeated = keys[0] in keys[1:]
        score = _KEYS_SCORE if is_repeated else _KEY_SCORE
        return Evidence(score, f"its lines have a key and a value, such as {keys[0]!r}")

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, in order."""
        return parse_chunks(self.split_chunks(stream, file, limits), self.parse, limits)

    def split_chunks(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[Chunk | Problem]:
        """Yield the records of a file, in order."""
        return self._lines.split(stream, file, limits)

    def parse(self, chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
        """Yield the record of a chunk, and a Problem if bytes or values were lost."""
        text, problem = decode_text(chunk.data, chunk.file, chunk.line)
        if problem:
            yield problem
        if properties := self._make_properties(self._read_tags(text)):
            yield SourceRecord(SourceLocation(chunk.file, chunk.line), tuple(properties))

    def _read_tags(self, text: str) -> list[tuple[str, list[str]]]:
        """Return the tags of a record with the lines of their values, in order."""
        tags: list[tuple[str, list[str]]] = []
        match_tag, glued, ignores_case = self._tag.match, self._glued, self._options.ignores_case
        for line in text.split("\n"):
            if match := match_tag(line):
                tag, value = match.groups()
                tags.append((tag.upper() if ignores_case else tag, [(value or "").strip()]))
            elif tags and (value := line.strip()):
                tags[-1][1].append(value)
            if glued and tags and "- " in tags[-1][1][-1]:
                tags[-1][1][-1], *rest = glued.split(tags[-1][1][-1])
                tags += [(tag, [value]) for tag, value in zip(rest[::2], rest[1::2], strict=True)]
        return tags

    def _make_properties(self, tags: list[tuple[str, list[str]]]) -> list[Property]:
        properties: list[Property] = []
        groups, qualified = self._options.groups, self._options.qualified
        group, members, last_group = 0, frozenset[str](), 0
        for tag, lines in tags:
            if tag in groups:
                last_group += 1
                group, members = last_group, groups[tag]
            elif tag not in members:
                group, members = 0, frozenset()
            if len(lines) == 1 and tag not in self._separators:  # most tags
                values = list(filter(None, [lines[0].strip()]))
            else:
                values = self._make_values(tag, lines)
            for value in values:
                if tag in qualified and value.endswith("]") and " [" in value:
                    text, _, kind = value.rpartition(" [")
                    properties.append(Property(f"{tag}[{kind}", text, text, None, group))
                else:
                    properties.append(Property(tag, value, value, None, group))
        return properties

    def _make_values(self, tag: str, lines: list[str]) -> list[str]:
        """Return the values of a tag that are not empty."""
        if len(lines) > 1 and tag not in self._options.line_values:
            lines = ["\n".join(lines) if tag in self._options.paragraphs else " ".join(lines)]
        if separator := self._separators.get(tag):
            lines = [part for line in lines for part in separator.split(line)]
        return [value for line in lines if (value := line.strip())]
