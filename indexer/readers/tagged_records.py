"""Generic reader of tagged text, such as RIS: the lines of a record start with tags.

The table `[tagged]` of a definition has regular expressions for the lines. A column has the name of
its tag.
"""

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Definition, Evidence, detect_by_name
from indexer.readers.text.encodings import decode_head
from indexer.readers.text.records import RecordLines
from indexer.values.publication_types import is_type

_KEYS_SCORE, _KEY_SCORE = 45, 20
"""Scores of lines with keys and values: if a key is repeated, and if each key occurs once."""
_TAGGED_SHARE = 0.7
"""Minimum share of lines with a key, to recognize lines with keys and values."""


class Recognition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A regular expression that recognizes the format, with the evidence of a match."""

    pattern: str
    score: int
    reason: str


class TypeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the type of a record changes what its tags say.

    `tag`: the tag of the type. `special`: the tag of a more specific type, which replaces it if it
    is known. `renamed`: by type, the tags that mean other ones.
    """

    tag: str
    special: str
    renamed: dict[str, dict[str, str]]

    def apply(self, properties: list[Property]) -> list[Property]:
        """Return the properties of a record with its specific type, and with renamed tags."""
        stated = {prop.name: prop.value for prop in properties}
        renamed = self.renamed.get(stated.get(self.tag, ""), {})
        if self.special in stated and is_type(stated[self.special]):
            properties = [prop for prop in properties if prop.name != self.tag]
            renamed = {**renamed, self.special: self.tag}
        if not renamed:  # mostly
            return properties
        return [
            msgspec.structs.replace(prop, name=renamed.get(prop.name, prop.name))
            for prop in properties
        ]


class TaggedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The options of a tagged format.

    `recognize`: regular expressions for the start of a file, the most certain first. Without them,
    a file is recognized if most of its lines have a tag.
    `tag`: matches a line with a tag. Group 1 is the tag, group 2 is the value.
    `start`, `end`, `ends_at_blank`: see `indexer.readers.text.records.RecordLines`.
    `ignores_case`: tags in lowercase count as uppercase.
    `glued`: matches a tag inside a value, and the spaces in place of the line break before it.
    `line_values`: tags for which each line is a value. The lines of other tags are joined.
    `paragraphs`: tags whose lines are joined by newlines, not spaces.
    `separators`: by tag, the regular expression between its values.
    `names`: tags of names. One that ends with a comma, such as "United Nations,", is a body.
    `qualified`: tags whose values end with a qualifier in brackets. The value "10.1/2 [doi]" of AID
    becomes the value "10.1/2" of the column "AID[doi]".
    `types`: rules by the type of a record.
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
    names: frozenset[str] = frozenset()
    qualified: frozenset[str] = frozenset()
    types: TypeRules | None = None


class TaggedReader:
    """The reader of one tagged format; see `indexer.readers.base.Reader` for its members."""

    def __init__(self, definition: Definition) -> None:
        self.NAME = definition.name
        self.SUFFIXES = definition.suffixes
        self.FIELDS: Mapping[str, tuple[str, ...]] = definition.fields
        self._options = options = msgspec.convert(definition.tagged, TaggedOptions)
        self._recognize = [
            (re.compile(rule.pattern, re.MULTILINE), Evidence(rule.score, rule.reason))
            for rule in options.recognize
        ]
        self._tag = re.compile(options.tag)
        # A literal start makes the search many times as fast as `^` does.
        self._tags = re.compile(rf"\n{options.tag}", re.MULTILINE)
        self._glued = re.compile(options.glued) if options.glued else None
        self._separators = {tag: re.compile(text) for tag, text in options.separators.items()}
        self._special = options.qualified.union(self._separators)
        self._lines = RecordLines(
            options.tag, options.start, options.end, ends_at_blank=options.ends_at_blank
        )

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the first lines of a file, of most lines, or else of its name."""
        text = decode_head(head)
        for pattern, evidence in self._recognize:
            if pattern.search(text):
                return evidence
        lines = [] if self._recognize else [line for line in text.split("\n") if line.strip()]
        keys = [match[1] for line in lines if (match := self._tag.match(line))]
        if len(set(keys)) > 1 and len(keys) >= _TAGGED_SHARE * len(lines):
            score = _KEYS_SCORE if keys[0] in keys[1:] else _KEY_SCORE
            return Evidence(score, f"its lines have a key and a value, such as {keys[0]!r}")
        return detect_by_name(filename, self.SUFFIXES)

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, in order."""
        for part in self._lines.read(stream, file, limits):
            if isinstance(part, Problem):
                yield part
            elif properties := self._make_properties(part[1]):
                yield SourceRecord(SourceLocation(file, part[0]), tuple(properties))

    def _make_properties(self, text: str) -> list[Property]:
        properties = list[Property]()
        if self._glued:
            text = self._glued.sub(lambda tag: f"\n{tag[0].lstrip()}", text)
        _, *parts = self._tags.split(f"\n{text}")
        for stated, line, more in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            tag = stated.upper() if self._options.ignores_case else stated
            value = line.strip() if line else ""
            if more or tag in self._special or value.endswith(","):
                for name, part in self._make_values(tag, [value, *more.split("\n")]):
                    properties.append(Property(name, part, part))
            elif value:  # most tags
                properties.append(Property(tag, value, value))
        types = self._options.types
        return types.apply(properties) if types else properties

    def _make_values(self, tag: str, lines: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the columns of a tag, and their values that are not empty."""
        options, separator = self._options, self._separators.get(tag)
        lines = [line for part in lines if (line := part.strip())]
        if len(lines) > 1 and tag not in options.line_values:
            lines = ["\n".join(lines) if tag in options.paragraphs else " ".join(lines)]
        if separator:
            lines = [part.strip() for line in lines for part in separator.split(line)]
        for value in filter(None, lines):
            if tag in options.qualified and value.endswith("]") and " [" in value:
                text, _, kind = value.rpartition(" [")
                yield f"{tag}[{kind}", text
            elif tag in options.names and value.endswith(",") and value.count(",") == 1:
                yield tag, f"{{{value[:-1]}}}"
            else:
                yield tag, value
