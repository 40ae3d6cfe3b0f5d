"""JSON-LD: select the nodes that are publications, and insert the nodes that they refer to.

A page describes its organization, site, and menus with the same keys as its publications. A
publication refers to another node, such as its author, by `{"@id": …}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.json_records.names import simplify
from indexer.readers.json_records.outline import has_title
from indexer.readers.json_records.stream import Value, decode, is_too_deep

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
