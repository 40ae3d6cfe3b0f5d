"""Linked data in JSON-LD: find the publications among the nodes, and put in what they refer to.

A page describes its organization, its site and its menus with the same words as its publications.
A node may refer to another one, such as its author, by `{"@id": …}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits
from indexer.readers.json_records.decoding import is_deeper
from indexer.readers.json_records.names import simplify
from indexer.readers.json_records.outline import has_title, load
from indexer.readers.json_records.splitter import Piece

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
"""Namespaces of schema.org, as keys may start with them."""
_MAX_HOPS = 3
"""A node that is put in may itself refer to another one, and so on."""

Node = Mapping[str, Any]


def list_types(node: Node) -> list[str]:
    """Return the types of a node, without namespaces, as `simplify` returns them."""
    types = node.get("@type", [])
    return [simplify(each) for each in (types if isinstance(types, list) else [types])
            if isinstance(each, str)]  # fmt: skip


def find_works(value: object) -> Iterator[dict[str, Any]]:
    """Yield the publications in a value. Those within a publication belong to it."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict) and not _WORKS.isdisjoint(list_types(each)):
            yield each
        elif isinstance(each, (dict, list)):
            pending += reversed(each if isinstance(each, list) else list(each.values()))


class Graph:
    """The nodes of a file by their ids."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nodes: dict[str, tuple[Node, int]] = {}
        self._remaining = 0  # bytes that may still be put in

    def resolve(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Yield the publications of a file, with the nodes they refer to.

        Without any publication, yield what has a title. Yield a file over `largest_file` unchanged.
        """
        unread, kept, size = iter(pieces), list[Piece](), 0
        for piece in unread:
            kept.append(piece)
            size += len(piece.data or b"")
            if size > self._limits.largest_file:
                yield from kept
                yield from unread
                return
        values = [None if piece.is_cut else self._load(piece.data or b"") for piece in kept]
        self._add_nodes(values)
        has_works = any(next(find_works(value), None) for value in values)
        for piece, value in zip(kept, values, strict=True):
            if not isinstance(value, dict):
                yield piece
            elif has_works:
                yield from (self._put_in(work, piece) for work in find_works(value))
            elif has_title(value) or len(kept) == 1:
                yield self._put_in(value, piece)

    def resolve_texts(self, texts: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the publications of the JSON texts of one page."""
        values = [self._load(text.encode("utf-8", "replace")) for text in texts]
        for value in values:
            nodes = value.get("@graph", value) if isinstance(value, dict) else value
            self._add_nodes(nodes if isinstance(nodes, list) else [nodes])
        for work in find_works(values):
            self._remaining = self._limits.largest_line
            yield self._replace(work, _MAX_HOPS)

    def _load(self, data: bytes) -> Any:  # noqa: ANN401 any JSON value
        """Return a JSON value, or None if it is not usable or too deep."""
        value = load(data)
        return None if is_deeper(value, self._limits.deepest) else value

    def _add_nodes(self, values: Iterable[object]) -> None:
        for value in values:
            if isinstance(value, dict) and "@id" in value:
                self._nodes[str(value["@id"])] = value, len(msgspec.json.encode(value))

    def _put_in(self, work: dict[str, Any], piece: Piece) -> Piece:
        self._remaining = self._limits.largest_line
        data = msgspec.json.encode(self._replace(work, _MAX_HOPS))
        return piece._replace(data=data)

    def _replace(self, value: Any, hops: int) -> Any:  # noqa: ANN401 any JSON value
        """Return a value with the nodes it refers to."""
        if isinstance(value, list):
            return [self._replace(each, hops) for each in value]
        if not isinstance(value, dict):
            return value
        found = self._nodes.get(str(value["@id"])) if value.keys() == {"@id"} else None
        if found is None:
            return {key: self._replace(each, hops) for key, each in value.items()}
        node, size = found
        if hops == 0 or size > self._remaining or not _WORKS.isdisjoint(list_types(node)):
            return value
        self._remaining -= size
        return self._replace(dict(node), hops - 1)


def remove_prefixes(value: Any, prefixes: tuple[str, ...]) -> Any:  # noqa: ANN401 any JSON value
    """Return a value whose keys have none of the prefixes, at any depth."""
    if isinstance(value, list):
        return [remove_prefixes(each, prefixes) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        _remove_prefix(key, prefixes): remove_prefixes(each, prefixes)
        for key, each in value.items()
    }


def _remove_prefix(key: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return key
