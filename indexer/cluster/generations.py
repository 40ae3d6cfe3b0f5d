"""The generations of a catalogue in a cluster, of which one is live.

A generation has two indexes: `NAME-GENERATION` with the documents, and `NAME-GENERATION-files`. The
names of indexes are in lower case. The alias `NAME` names the live documents, and the alias
`NAME-published` those of every complete generation. One request sets both, so a generation is
either published or absent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from opensearchpy import OpenSearch

from indexer.cluster import bulk, files, ownership
from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import translate_errors
from indexer.cluster.ownership import FILES, GENERATION, PUBLISHED, IndexMetadata, State
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
_RESERVED = {
    "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0}},
    "mappings": {},
}
"""The index that has the name of the alias until the first generation is published."""


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
        return f"{self.get_documents_index(generation)}{FILES}"

    def read_state(self) -> State:
        """Return the generations with one request."""
        return ownership.read_state(self.client, self.name)

    def claim(self) -> State:
        """Return the generations, to change them. Also raise ClusterError if a name is taken."""
        return ownership.claim(self.client, self.name)

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
        found = re.fullmatch(rf"{re.escape(self.name)}-({GENERATION})", named[0])
        if len(named) == 1 and found:
            return found[1].upper()
        raise IndexOutdated(
            f"the alias {self.name} names {', '.join(named)} instead of one generation",
            "Run: pubsearch rollback, or pubsearch build. If the alias has another purpose, use "
            "another name in the URL of the index",
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
        return ownership.read_meta(body[index]["mappings"].get("_meta"))

    def write_metadata(self, index: str, metadata: IndexMetadata) -> None:
        """Replace the description of an index of documents."""
        with translate_errors(f"the mapping of {index} can't be changed"):
            self.client.indices.put_mapping(
                index=index, body={"_meta": ownership.make_meta(metadata)}
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
        now = self.claim()
        if now.live != state.live:
            raise ClusterError(
                f"{generation} can't be made live: {self.name} has changed meanwhile",
                "Another build or a rollback ended first. Run: pubsearch status",
            )
        others = now.others
        if not state.live and self.name not in others:
            # Somebody else may add an index to the alias now, but not to an index of that name.
            metadata = IndexMetadata(catalogue=self.name)
            ownership.create_index(self.client, self.name, _RESERVED, metadata)
            others = (*others, self.name)
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
        if self.name in others:
            actions.append({"remove_index": {"index": self.name}})
        actions += [
            {"add": {"index": index, "alias": alias}}
            for alias in (self.name, f"{self.name}{PUBLISHED}")
        ]
        try:
            with translate_errors(f"{generation} can't be made live"):
                # If its disk is full, a node blocks all changes of an index, also those that need
                # no space. Documents are still protected by `blocks.write`.
                self.client.indices.put_settings(
                    index=",".join((index, *map(self.get_documents_index, state.live))),
                    body={"index.blocks.read_only_allow_delete": None},
                )
                self.client.indices.update_aliases(body={"actions": actions})
        except ClusterError:
            # A node that fails may have set the alias before it could respond.
            if self.read_state().live != (generation,):
                raise

    def delete(self, indexes: Sequence[str]) -> None:
        """Delete indexes with one request. The caller must have found them in a State."""
        if indexes:
            with translate_errors(f"{', '.join(indexes)} can't be deleted"):
                self.client.indices.delete(index=",".join(indexes), ignore_unavailable="true")

    def remove_leftovers(self, state: State, kept: str = "") -> None:
        """Delete the indexes of builds that were cut off, except those of the generation `kept`."""
        complete = self._list_indexes(state, {*state.published, *state.live, kept})
        self.delete([index for index in state.indexes if index not in complete])

    def prune(self, live: str, count: int) -> None:
        """Delete older generations that are not among the last `count` of the live lineage.

        Newer ones stay, as in an index folder.
        """
        state = self.read_state()
        kept_names = self.list_lineage(live, state)[:count]
        for name in state.published:
            if name < live and name not in (*kept_names, *state.live):
                self.delete(self._list_indexes(state, {name}))

    def _list_indexes(self, state: State, generations: Set[str]) -> list[str]:
        """Return the indexes of generations."""
        names = {
            name
            for each in generations
            for name in (self.get_documents_index(each), self.get_files_index(each))
        }
        return [index for index in state.indexes if index in names]
