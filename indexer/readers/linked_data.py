"""Linked data in JSON-LD: find the publications among the nodes, and put in what they refer to.

A page describes its organization, its site and its menus with the same words as its publications.
A node may refer to another one, such as its author, by `{"@id": …}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits
from indexer.readers.json_names import simplify
from indexer.readers.json_outline import has_title, load
from indexer.readers.json_splitter import Piece

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
_MAX_REFERENCES = 1_000
"""References of a publication that are replaced by what they refer to."""
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
        self._nodes: dict[str, Node] = {}
        self._remaining = 0

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
        values = [None if piece.is_cut else load(piece.data or b"") for piece in kept]
        self._nodes = {
            str(value["@id"]): value
            for value in values
            if isinstance(value, dict) and "@id" in value
        }
        has_works = any(next(find_works(value), None) for value in values)
        for piece, value in zip(kept, values, strict=True):
            if not isinstance(value, dict):
                yield piece
            elif has_works:
                yield from (self._put_in(work, piece) for work in find_works(value))
            elif has_title(value) or len(kept) == 1:
                yield self._put_in(value, piece)

    def resolve_value(self, value: object) -> list[dict[str, Any]]:
        """Return the publications of a value that is a whole page's data."""
        nodes = value.get("@graph", value) if isinstance(value, dict) else value
        listed = nodes if isinstance(nodes, list) else [nodes]
        self._nodes |= {
            str(node["@id"]): node for node in listed if isinstance(node, dict) and "@id" in node
        }
        self._remaining = _MAX_REFERENCES
        return [self._replace(work, _MAX_HOPS) for work in find_works(value)]

    def _put_in(self, work: dict[str, Any], piece: Piece) -> Piece:
        self._remaining = _MAX_REFERENCES
        try:
            data = msgspec.json.encode(self._replace(work, _MAX_HOPS))
        except (RecursionError, UnicodeEncodeError):
            return piece
        return piece._replace(data=data) if len(data) <= self._limits.largest_file else piece

    def _replace(self, value: Any, hops: int) -> Any:  # noqa: ANN401 any JSON value
        """Return a value with the nodes it refers to."""
        if isinstance(value, list):
            return [self._replace(each, hops) for each in value]
        if not isinstance(value, dict):
            return value
        node = self._nodes.get(str(value["@id"])) if value.keys() == {"@id"} else None
        if node is None:
            return {key: self._replace(each, hops) for key, each in value.items()}
        if hops == 0 or self._remaining == 0 or not _WORKS.isdisjoint(list_types(node)):
            return value
        self._remaining -= 1
        return self._replace(dict(node), hops - 1)
