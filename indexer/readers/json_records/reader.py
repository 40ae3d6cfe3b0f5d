"""Generic reader of JSON and YAML formats, configured by the table `[json]` of a definition.

A file has one record, a list of records, an object with records at some path, or a record per line.
`outline` finds the path, `stream` and `yaml_stream` read the records there, and `flattening` makes
properties.
"""

from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import Definition, Evidence, LimitExceeded, detect_by_name
from indexer.readers.json_records.flattening import Shape, flatten, simplify
from indexer.readers.json_records.outline import has_title, is_json, is_titled, read_outline
from indexer.readers.json_records.stream import Value, decode, is_too_deep, read_values
from indexer.readers.json_records.yaml_stream import read_yaml, read_yaml_outline
from indexer.readers.text.encodings import guess_encoding, unify_encoding
from indexer.readers.text.streaming import ShortParts, peek, read_blocks

_WORKS = frozenset(
    "advertisercontentarticle analysisnewsarticle archivecomponent article atlas audiobook "
    "blogposting book bookchapter chapter clip collection comicissue comicstory conferencepaper "
    "conversation course creativework dataset digitaldocument dissertation document drawing "
    "episode game governmentdocument guide howto issue journal journalarticle learningresource "
    "legislation legislationobject letter liveblogposting magazine manuscript map "
    "medicalscholarlyarticle movie musiccomposition newsarticle newspaper notedigitaldocument "
    "opinionnewsarticle painting patent periodical photograph play podcastepisode poster "
    "presentation presentationdigitaldocument proceedings publication publicationissue "
    "publicationvolume quotation reportagenewsarticle report review reviewnewsarticle "
    "satiricalarticle scholarlyarticle sculpture sheetmusic shortstory socialmediaposting "
    "softwareapplication softwaresourcecode specialannouncement spreadsheetdigitaldocument "
    "techarticle textdigitaldocument text thesis tvepisode tvseries videoobject visualartwork "
    "workingpaper webapplication apireference".split()
)
"""Types of publications in schema.org and similar vocabularies, as `simplify` returns them."""
SCHEMA_PREFIXES = ("http://schema.org/", "https://schema.org/", "schema:")
"""Namespaces of schema.org at the start of keys."""
_MAX_HOPS = 3
"""Limit on the references that are followed in a row."""

Node = Mapping[str, Any]


def list_types(node: Node) -> list[str]:
    """Return the types of a node, without namespaces, as `simplify` returns them."""
    types = node.get("@type", [])
    return [simplify(kind) for kind in (types if isinstance(types, list) else [types])
            if isinstance(kind, str)]  # fmt: skip


def find_works(value: object) -> Iterator[dict[str, Any]]:
    """Yield the outermost publications in a value, in order."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict) and not _WORKS.isdisjoint(list_types(part)):
            yield part
        elif isinstance(part, (dict, list)):
            pending += reversed(part if isinstance(part, list) else list(part.values()))


class Graph:
    """The nodes of a file, by id."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nodes: dict[str, tuple[Node, int]] = {}
        self._remaining = 0  # bytes that may still be inserted

    def resolve(self, values: Iterable[Value | Problem]) -> Iterator[Value | Problem]:
        """Yield the publications of a file, with the nodes that they refer to.

        Without publications, yield the nodes with a title. Yield a file over `largest_file`
        unchanged.
        """
        unread, nodes, size = iter(values), list[Value | Problem](), 0
        for item in unread:
            nodes.append(item)
            size += item.size if isinstance(item, Value) else 0
            if size > self._limits.largest_file:
                yield from nodes
                yield from unread
                return
        found = [item.value for item in nodes if isinstance(item, Value)]
        self._add_nodes(found)
        has_works = any(next(find_works(value), None) for value in found)
        for item in nodes:
            if isinstance(item, Problem) or not isinstance(item.value, dict):
                yield item
            elif has_works:
                for work in find_works(item.value):
                    yield item._replace(value=self._insert_nodes(work))
            elif has_title(item.value) or len(nodes) == 1:
                yield item._replace(value=self._insert_nodes(item.value))

    def resolve_texts(self, texts: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the publications in the JSON texts of one page."""
        values = [*map(self._load, texts)]
        for value in values:
            nodes = value.get("@graph", value) if isinstance(value, dict) else value
            self._add_nodes(nodes if isinstance(nodes, list) else [nodes])
        for work in find_works(values):
            yield self._insert_nodes(work)

    def _load(self, text: str) -> Any:  # noqa: ANN401 any JSON value
        """Return a JSON value, or None if it is not usable or nested too deeply."""
        try:
            value = decode(text)
        except (ValueError, RecursionError):
            return None
        return None if is_too_deep(value, text, self._limits) else value

    def _add_nodes(self, values: Iterable[object]) -> None:
        for value in values:
            if isinstance(value, dict) and "@id" in value:
                self._nodes[str(value["@id"])] = value, len(msgspec.json.encode(value))

    def _insert_nodes(self, work: dict[str, Any]) -> dict[str, Any]:
        self._remaining = self._limits.largest_line
        inserted: dict[str, Any] = self._resolve_value(work, _MAX_HOPS)
        return inserted

    def _resolve_value(self, value: Any, hops: int) -> Any:  # noqa: ANN401 any JSON value
        """Return a value in which nodes replace references. `hops` limits references in a row."""
        if isinstance(value, list):
            return [self._resolve_value(part, hops) for part in value]
        if not isinstance(value, dict):
            return value
        target = self._nodes.get(str(value["@id"])) if value.keys() == {"@id"} else None
        if target is None:
            return {key: self._resolve_value(part, hops) for key, part in value.items()}
        node, size = target
        if hops == 0 or size > self._remaining or not _WORKS.isdisjoint(list_types(node)):
            return value
        self._remaining -= size
        return self._resolve_value(dict(node), hops - 1)


def remove_prefixes(value: Any, prefixes: tuple[str, ...]) -> Any:  # noqa: ANN401 any JSON value
    """Return a value without the prefixes of its keys, at any depth."""
    if isinstance(value, list):
        return [remove_prefixes(part, prefixes) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        next((key.removeprefix(each) for each in prefixes if key.startswith(each)), key):
            remove_prefixes(part, prefixes)
        for key, part in value.items()
    }  # fmt: skip


HEAD = 1 << 20
"""Bytes at the start of a file from which the path of its records is guessed."""


class EvidenceRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that recognizes a format by the keys and values of a record.

    `all`: paths that the record must have. `any`: paths of which it must have at least one. `none`:
    paths that it must not have. `values`: by path, the values of which it must have one.
    """

    score: int
    reason: str
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    values: dict[str, frozenset[str]] = {}

    def fits(self, record: Mapping[str, Any]) -> bool:
        return (
            all(_look_up(record, path) for path in self.all)
            and not any(_look_up(record, path) for path in self.none)
            and (not self.any or any(_look_up(record, path) for path in self.any))
            and all(
                not allowed.isdisjoint(map(str, _look_up(record, path)))
                for path, allowed in self.values.items()
            )
        )


class Options(Shape, frozen=True, forbid_unknown_fields=True):
    """The `[json]` table of a definition.

    `evidence`: rules; the first one that fits gives the evidence. `lift`: keys of inner objects
    with the metadata; their keys become keys of the record. `lift_titled`: lift an inner object
    only if it has a title and the record has none. `parts`: a record with one of these keys is a
    part of another record, and is left out. `prefixes`: namespaces that are removed from keys.
    `graph`: records are nodes of linked data that refer to each other. `yaml`: a file may be YAML.
    """

    evidence: tuple[EvidenceRule, ...] = ()
    lift: tuple[str, ...] = ()
    lift_titled: bool = False
    parts: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    graph: bool = False
    yaml: bool = False


class JsonRecords:
    """The reader of one JSON format; see `indexer.readers.base.Reader` for its members."""

    def __init__(self, definition: Definition) -> None:
        self.NAME = definition.name
        self.SUFFIXES = definition.suffixes
        self.FIELDS: Mapping[str, tuple[str, ...]] = definition.fields
        self._options = msgspec.convert(definition.json, Options)

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the first records, or of the name if the file is empty."""
        if not head:
            return detect_by_name(filename, self.SUFFIXES)
        unified = b"".join(unify_encoding(iter([head]), guess_encoding))
        outline = read_outline(unified)
        if outline is None and self._options.yaml and not is_json(unified):
            outline = read_yaml_outline(filename, unified)
        samples = [self._prepare(sample) for sample in outline.samples] if outline else []
        for rule in self._options.evidence:
            if any(rule.fits(sample) for sample in samples):
                return Evidence(rule.score, rule.reason)
        return None

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file in order, and a Problem for each part that is not usable."""
        blocks = unify_encoding(read_blocks(stream, limits), guess_encoding)
        first, blocks = peek(blocks, HEAD, len)
        head = b"".join(first)[:HEAD]
        outline = read_outline(head)
        if outline is None and self._options.yaml and not is_json(head):
            values = read_yaml(blocks, file, limits)
        else:
            path = outline.path if outline else ()
            # A file with one record may have the size of any file that is read whole.
            is_one = outline is not None and not path and head.lstrip()[:1] == b"{"
            size = limits.largest_file if is_one else limits.largest_line
            values = read_values(blocks, path, file, limits, size)
            values = Graph(limits).resolve(values) if self._options.graph else values
        empty = ShortParts(limits)
        for item in values:
            record = item if isinstance(item, Problem) else self._make_record(item, file, limits)
            if record:
                yield record
            elif isinstance(item, Value):
                empty.add(1, item.size)

    def _make_record(self, item: Value, file: str, limits: Limits) -> SourceRecord | Problem | None:
        """Return the record of a value, a Problem if it is not usable, or None if it is empty."""
        if not isinstance(item.value, dict):
            hint = "Write {...} with the values by name. The record was left out"
            return Problem(file, item.line, "the record is not a JSON object", hint)
        record = self._prepare(item.value)
        if any(record.get(key) for key in self._options.parts):
            return None
        if record and item.key:
            record = {"key": item.key} | record
        try:
            properties = flatten(record, self._options, limits)
        except LimitExceeded as error:
            hint = suggest_raising(error.limit)
            return Problem(file, item.line, f"the record is too large: {error}", hint)
        return SourceRecord(SourceLocation(file, item.line), properties) if properties else None

    def _prepare(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record without namespaces, and with the keys of lifted objects.

        A value of a lifted object that conflicts with one of the record keeps its path.
        """
        if self._options.prefixes:
            record = remove_prefixes(record, self._options.prefixes)
        for key in self._options.lift:
            inner = record.get(key)
            if not isinstance(inner, dict):
                continue
            if self._options.lift_titled and (has_title(record) or not is_titled(inner)):
                continue
            outer = {name: value for name, value in record.items() if name != key}
            rest = {name: value for name, value in inner.items()
                    if name in outer and outer[name] != value}  # fmt: skip
            record = inner | outer | ({key: rest} if rest else {})
        return record


def _look_up(value: object, path: str) -> list[object]:
    """Return the values at a dotted path. Lists add nothing to the path."""
    values = [value]
    for key in path.split("."):
        parts = [value[key] for value in values if isinstance(value, dict) and key in value]
        values = [
            item for part in parts for item in (part if isinstance(part, list) else [part])
            if item not in (None, "", {}, [])
        ]  # fmt: skip
    return values
