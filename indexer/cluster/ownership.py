"""The indexes of a catalogue in a cluster, which other programs use too.

Every index that this program creates has a mark in the `_meta` of its mapping from the start, with
the name of its catalogue. An index of the same name without it belongs to somebody else, and so
does every alias and data stream that leads to one. This program never changes or deletes these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from opensearchpy import OpenSearch

from indexer.cluster.connection import OTHERS, ClusterError
from indexer.cluster.errors import translate_errors
from indexer.cluster.mapping import Json

BUILDS, PUBLISHED, FILES = OTHERS
"""The ends of the names of the index of the lock, of the alias of all complete generations, and of
the index with the files of a generation."""
GENERATION = r"\d{6,}-\d{8}t\d{12}z"
"""The name of a generation in the name of an index: a number, and the time."""
_MARK = "pubsearch"
_LISTED = "*.aliases,*.mappings._meta,*.data_stream,*.settings.index.uuid"
"""The parts of the description of an index that are read. Each index has a `uuid`, so the response
has all."""


class IndexMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The mark of an index of the catalogue `catalogue`, and the state of its documents.

    `generation`: the name of the generation that is loaded into it. A clone has the name of its
    source at first. `format`: the version of the documents. `salt`: the salt of their groups.
    `shards`: their number. `source`: the generation whose index this one was cloned from, or "".
    `accepted`: the cluster has accepted at least this many actions of the load, without a gap.

    An index that has no documents of a generation has only the mark.
    """

    catalogue: str
    generation: str = ""
    format: int = 0
    salt: int = 0
    shards: int = 0
    source: str = ""
    accepted: int = 0


class State(NamedTuple):
    """The generations of a catalogue at one time.

    `published`: the names of the complete ones, oldest first. `live`: the names of those that the
    alias names; there is at most one, unless somebody else changed it. `indexes`: the indexes of
    all generations, complete or not. `others`: the other indexes of the catalogue. `taken`: the
    uses of its names by somebody else, as texts.
    """

    published: tuple[str, ...]
    live: tuple[str, ...]
    indexes: tuple[str, ...]
    others: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


class _Mappings(msgspec.Struct, frozen=True):
    meta: dict[str, object] | None = msgspec.field(name="_meta", default=None)


class _Entry(msgspec.Struct, frozen=True):
    """The description of an index. `data_stream` is the data stream that it is a part of, or ""."""

    aliases: dict[str, object] = {}
    mappings: _Mappings = _Mappings()
    data_stream: str = ""


def make_meta(metadata: IndexMetadata) -> Json:
    """Return the `_meta` of an index."""
    return {_MARK: msgspec.to_builtins(metadata)}


def read_meta(meta: Mapping[str, object] | None) -> IndexMetadata | None:
    """Return the content of the `_meta` of an index, or None if it is not of this program."""
    try:
        return msgspec.convert((meta or {}).get(_MARK), IndexMetadata)
    except msgspec.ValidationError:
        return None


def read_state(client: OpenSearch, name: str) -> State:
    """Return the state of the catalogue `name`, with one request. Raise ClusterError."""
    listed = _list_indexes(client, f"{name},{name}-*")
    pattern = re.compile(rf"{re.escape(name)}-({GENERATION})(?:{FILES})?")
    published, live, indexes, others = list[str](), list[str](), list[str](), list[str]()
    taken = list[str]()
    for index, entry in sorted(listed.items()):
        metadata, found = read_meta(entry.mappings.meta), pattern.fullmatch(index)
        if not metadata or metadata.catalogue != name:
            taken += _find_uses(name, index, entry)
        elif not found:
            others.append(index)
        else:
            indexes.append(index)
            if f"{name}{PUBLISHED}" in entry.aliases:
                published.append(found[1].upper())
            if name in entry.aliases:
                live.append(found[1].upper())
    return State(*map(tuple, (published, live, indexes, others, taken)))


def claim(client: OpenSearch, name: str) -> State:
    """Return the state of a catalogue that is to be changed.

    Raise ClusterError if somebody else uses one of its names, so that nothing of theirs is changed.
    """
    state = read_state(client, name)
    if state.taken:
        raise ClusterError(
            f"pubsearch did not make {' and '.join(state.taken)}",
            "Use another name in the URL of the index. If nobody needs the index, delete it",
        )
    return state


def create_index(
    client: OpenSearch, index: str, body: Mapping[str, Any], metadata: IndexMetadata
) -> None:
    """Create an index with the mark of its catalogue.

    Raise ClusterError if the name is taken, or a template would add the index to an alias, whose
    users do not expect it.
    """
    mappings = {**body["mappings"], "_meta": make_meta(metadata)}
    with translate_errors(f"{index} can't be created"):
        client.indices.create(index=index, body={**body, "mappings": mappings})
    if aliases := _list_indexes(client, index)[index].aliases:
        with translate_errors(f"{index} can't be deleted"):
            client.indices.delete(index=index)
        raise ClusterError(
            f"a template of the cluster adds {index} to the alias {', '.join(aliases)}",
            "Use another name in the URL of the index, or change the patterns of the template",
        )


def _list_indexes(client: OpenSearch, expression: str) -> dict[str, _Entry]:
    """Return all indexes that an expression leads to, also closed and hidden ones."""
    with translate_errors(f"the indexes of {expression.partition(',')[0]} can't be listed"):
        listed = client.indices.get(
            index=expression, expand_wildcards="all", ignore_unavailable="true",
            params={"filter_path": _LISTED},
        )  # fmt: skip
        return msgspec.convert(listed, dict[str, _Entry])


def _find_uses(name: str, index: str, entry: _Entry) -> Iterator[str]:
    """Yield each use of a name of the catalogue by the index of somebody else."""
    for used in (name, f"{name}{PUBLISHED}", f"{name}{BUILDS}"):
        if used == index:
            yield f"the index {used}"
        if used in entry.aliases:
            yield f"the alias {used} of the index {index}"
        if used == entry.data_stream:
            yield f"the data stream {used}"
