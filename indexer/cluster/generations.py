"""The generations of a catalogue in a cluster, of which one is live.

A generation has two indexes: `NAME-GENERATION` with the documents, and `NAME-GENERATION-files`. The
names of indexes are in lower case. The alias `NAME` names the live documents, and the alias
`NAME-published` those of every complete generation. One request sets both, so a generation is
either published or absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.cluster import bulk, files
from indexer.cluster.connection import ClusterError, describe
from indexer.generations import manifest
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    IndexMissing,
    IndexOutdated,
    Manifest,
)

POLL_SECONDS = 10
"""Seconds that a node may take to name the live generation. Servers ask every second."""
_FILES = "-files"
_PUBLISHED = "-published"
_GENERATION = r"\d{6,}-\w+"


class IndexMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The description of an index of documents, in the `_meta` of its mapping.

    `generation`: the name of the generation that is loaded into it. A clone has the name of its
    source at first. `format`: the version of the documents. `salt`: the salt of their groups.
    `shards`: their number. `source`: the generation whose index this one was cloned from, or "".
    `accepted`: the cluster has accepted at least this many actions of the load, without a gap.
    """

    generation: str
    format: int
    salt: int
    shards: int
    source: str = ""
    accepted: int = 0


class State(NamedTuple):
    """The generations of a catalogue at one time.

    `published`: the names of the complete ones, oldest first. `live`: the names of those that the
    alias names; there is at most one, unless somebody else changed it. `indexes`: the indexes of
    all generations, complete or not.
    """

    published: tuple[str, ...]
    live: tuple[str, ...]
    indexes: tuple[str, ...]


@contextmanager
def translate_errors(message: str) -> Iterator[None]:
    """Raise ClusterError with a message and the reason if a request of the block fails.

    A response of another type than expected is an error too.
    """
    try:
        yield
    except (OpenSearchException, msgspec.ValidationError) as error:
        raise ClusterError(
            f"{message}: {describe(error)}",
            "Check that the nodes of the cluster run and have disk space, and the permissions",
        ) from error


class ClusterGenerations:
    """The generations of the catalogue `name` in a cluster. Threads may share it.

    All methods raise ClusterError if a request fails.
    """

    def __init__(self, client: OpenSearch, name: str) -> None:
        self.client, self.name = client, name

    def get_documents_index(self, generation: str) -> str:
        """Return the index with the documents of a generation."""
        return f"{self.name}-{generation.lower()}"

    def get_files_index(self, generation: str) -> str:
        """Return the index with the files of a generation."""
        return f"{self.get_documents_index(generation)}{_FILES}"

    def read_state(self) -> State:
        """Return the generations with one request."""
        with translate_errors(f"the generations of {self.name} can't be listed"):
            listed = self.client.indices.get_alias(index=f"{self.name}-*")
        pattern = re.compile(rf"{re.escape(self.name)}-({_GENERATION})")
        published, live, indexes = list[str](), list[str](), list[str]()
        for index, entry in sorted(listed.items()):
            found = pattern.fullmatch(index.removesuffix(_FILES))
            if not found:
                continue
            indexes.append(index)
            if f"{self.name}{_PUBLISHED}" in entry["aliases"]:
                published.append(found[1].upper())
            if self.name in entry["aliases"]:
                live.append(found[1].upper())
        return State(tuple(published), tuple(live), tuple(indexes))

    def list_names(self) -> Sequence[str]:
        """Return the names of the complete generations, oldest first."""
        return self.read_state().published

    def read_live_name(self) -> str:
        """Return the name of the live generation.

        Raise IndexMissing if there is none, and IndexOutdated if the alias names several indexes or
        another one.
        """
        with translate_errors(f"the live generation of {self.name} can't be read"):
            # The client logs no status that is ignored.
            listed = self.client.indices.get_alias(
                name=self.name, request_timeout=POLL_SECONDS, ignore=404
            )
            reply = msgspec.convert(listed, dict[str, Any])
        # The reply is empty if the user may not see the alias.
        if not reply or reply.get("status") == HTTPStatus.NOT_FOUND:
            raise self._make_missing_error()
        named = sorted(reply)
        found = re.fullmatch(rf"{re.escape(self.name)}-({_GENERATION})", named[0])
        if len(named) == 1 and found:
            return found[1].upper()
        raise IndexOutdated(
            f"the alias {self.name} names {', '.join(named)} instead of one generation",
            "Run: pubsearch rollback, or pubsearch build",
        )

    def _make_missing_error(self) -> IndexMissing:
        if self.list_names():
            return IndexMissing(
                f"the alias {self.name} is missing", "Run: pubsearch rollback, or pubsearch build"
            )
        return IndexMissing(f"there is no index {self.name} in the cluster", "Run: pubsearch build")

    def load_manifest(self, generation: str) -> Manifest:
        """Return the manifest of a generation. Raise IndexOutdated if it is damaged."""
        with TemporaryDirectory() as name:
            folder = Path(name) / generation
            self.download(generation, folder, (MANIFEST, MANIFEST_DIGEST))
            return manifest.read(folder)

    def download(self, generation: str, folder: Path, names: Sequence[str]) -> None:
        """Write files of a generation to a folder, in which they do not exist yet."""
        files.download(self.client, self.get_files_index(generation), folder, names)

    def list_lineage(self, generation: str, state: State) -> list[str]:
        """Return a generation and its predecessors in the cluster, the latest first.

        The predecessor of one with an unreadable manifest is the one before it.
        """
        names: list[str] = []
        predecessor: str | None = generation
        while predecessor and predecessor not in names and predecessor in state.published:
            names.append(predecessor)
            try:
                predecessor = self.load_manifest(predecessor).after
            except (IndexOutdated, ClusterError):
                earlier = [name for name in state.published if name < names[-1]]
                predecessor = max(earlier, default=None)
        return names

    def list_earlier(self, state: State) -> list[str]:
        """Return the generations that a rollback can choose from, the latest first.

        These are the predecessors of the live generation, or all if the alias is unusable. Raise
        IndexMissing if there is none.
        """
        if len(state.live) == 1:
            return self.list_lineage(state.live[0], state)[1:]
        if not state.published:
            raise self._make_missing_error()
        return list(state.published[::-1])

    def read_metadata(self, generation: str) -> IndexMetadata | None:
        """Return the description of an index of documents; None if it has no valid one."""
        index = self.get_documents_index(generation)
        with translate_errors(f"the mapping of {index} can't be read"):
            body = self.client.indices.get_mapping(index=index)
        try:
            return msgspec.convert(body[index]["mappings"].get("_meta"), IndexMetadata)
        except msgspec.ValidationError:
            return None

    def write_metadata(self, index: str, metadata: IndexMetadata) -> None:
        """Replace the description of an index of documents."""
        with translate_errors(f"the mapping of {index} can't be changed"):
            self.client.indices.put_mapping(
                index=index, body={"_meta": msgspec.to_builtins(metadata)}
            )

    def count(self, generation: str) -> int:
        """Return the number of documents of a generation, after a refresh."""
        index = self.get_documents_index(generation)
        with translate_errors(f"the documents of {index} can't be counted"):
            reply = self.client.count(index=index, request_timeout=bulk.TIMEOUT)
        if reply["_shards"]["successful"] < reply["_shards"]["total"]:
            raise ClusterError(
                f"{index} has a shard without a copy", "Start the nodes that are missing"
            )
        return int(reply["count"])

    def set_live(self, generation: str, state: State) -> None:
        """Make a generation live with one request.

        `state` is the state before. If the alias has changed since, raise ClusterError, and it
        stays as it is.
        """
        index = self.get_documents_index(generation)
        actions: list[dict[str, Any]] = [
            {
                "remove": {
                    "index": self.get_documents_index(live),
                    "alias": self.name,
                    "must_exist": True,
                }
            }
            for live in state.live
            if live != generation
        ]
        actions += [
            {"add": {"index": index, "alias": alias}}
            for alias in (self.name, f"{self.name}{_PUBLISHED}")
        ]
        try:
            with translate_errors(f"{generation} can't be made live"):
                self.client.indices.update_aliases(body={"actions": actions})
        except ClusterError:
            # A node that fails may have set the alias before it could respond.
            if self.read_state().live != (generation,):
                raise

    def delete(self, indexes: Sequence[str]) -> None:
        """Delete indexes with one request."""
        if indexes:
            with translate_errors(f"{', '.join(indexes)} can't be deleted"):
                self.client.indices.delete(index=",".join(indexes), ignore_unavailable="true")

    def remove_leftovers(self, state: State, kept: str = "") -> None:
        """Delete the indexes of builds that were cut off, except those of the generation `kept`."""
        names = {*state.published, *state.live, kept}
        complete = {
            index
            for name in names
            for index in (self.get_documents_index(name), self.get_files_index(name))
        }
        self.delete([index for index in state.indexes if index not in complete])

    def prune(self, live: str, count: int) -> None:
        """Delete older generations that are not among the last `count` of the live lineage.

        Newer ones stay, as in an index folder.
        """
        state = self.read_state()
        kept_names = self.list_lineage(live, state)[:count]
        for name in state.published:
            if name < live and name not in kept_names:
                self.delete([self.get_documents_index(name), self.get_files_index(name)])
