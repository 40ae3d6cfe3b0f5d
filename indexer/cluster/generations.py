"""The generations of a catalogue in a cluster, which other programs use too.

A generation has two indexes: `NAME-GENERATION` with the documents, and `NAME-GENERATION-files` with
the small files that readers need. The names of indexes are in lower case. The alias `NAME` names
the live documents.

Every index that this program creates has a mark in the `_meta` of its mapping from the start, with
the name of its catalogue. An index of the same name without it belongs to somebody else, and so
does every alias and data stream that leads to one. This program never changes or deletes these.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from opensearchpy import OpenSearch

from indexer.catalogue.records import Problem
from indexer.cluster.connection import BUILDS, FILES, ClusterError
from indexer.cluster.errors import translate_errors
from indexer.cluster.mapping import FORMAT, PROBLEMS, Json
from indexer.generations import directory, manifest
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    Generation,
    IndexMissing,
    IndexOutdated,
    IndexUnusable,
)
from indexer.generations.publish import KEEP_GENERATIONS

POLL_SECONDS = 10
"""Seconds that a node may take to name the live generation. Servers ask every second."""
REQUEST_SECONDS = 600
"""Seconds that a node may take to count, refresh, or clone an index."""
PART_BYTES = 4 << 20
"""Bytes of a part of a file, which is one document. Base64 makes it a third larger."""
MAX_PROBLEMS = 1000
"""Limit on the publications whose problems are reported."""
SMALL_INDEX: Mapping[str, Any] = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
    "mappings": {"enabled": False},
}
"""The body of the request that creates an index of a few documents that nobody searches."""
_GENERATION = r"\d{6,}-\d{8}t\d{12}z"
"""The name of a generation in the name of an index: a number, and the time."""
_MARK = "pubsearch"
_LISTED = "*.aliases,*.mappings._meta,*.data_stream,*.settings.index.uuid"
"""The parts of the description of an index that are read. Each index has a `uuid`, so the response
has all."""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """The mark of an index of a catalogue.

    An index of documents has the version of its documents (`format`), the fingerprint of the
    catalogue (`schema`), and the number of its shards. If it is complete, it has the name of its
    generation, and of the one that was live before (`after`).
    """

    catalogue: str
    format: int = 0
    schema: str = ""
    shards: int = 0
    generation: str = ""
    after: str = ""


class State(NamedTuple):
    """The generations of a catalogue at one time.

    `published`: the names of the complete ones, oldest first. `live`: the names of those that the
    alias names; there is at most one, unless somebody else changed it. `marks`: the mark of each
    index of documents or files. `taken`: the uses of its names by somebody else, as texts.
    """

    published: tuple[str, ...]
    live: tuple[str, ...]
    marks: Mapping[str, Mark]
    taken: tuple[str, ...]


class _Mappings(msgspec.Struct, frozen=True):
    meta: dict[str, object] = msgspec.field(name="_meta", default={})


class _Entry(msgspec.Struct, frozen=True):
    """The description of an index. `data_stream` is the data stream that it is a part of, or ""."""

    aliases: dict[str, object] = {}
    mappings: _Mappings = _Mappings()
    data_stream: str = ""

    @property
    def mark(self) -> Mark | None:
        """The mark of this program, or None."""
        try:
            return msgspec.convert(self.mappings.meta.get(_MARK), Mark)
        except msgspec.ValidationError:
            return None


class ClusterGenerations:
    """The generations of the catalogue `name` in a cluster. Threads may share it.

    All methods raise ClusterError if a request fails.
    """

    def __init__(self, client: OpenSearch, name: str) -> None:
        self.client, self.name = client, name

    def get_documents_index(self, generation: str) -> str:
        return f"{self.name}-{generation.lower()}"

    def get_files_index(self, generation: str) -> str:
        return f"{self.get_documents_index(generation)}{FILES}"

    def read_state(self) -> State:
        pattern = re.compile(rf"{re.escape(self.name)}-({_GENERATION})({FILES})?")
        published, live, marks, taken = list[str](), list[str](), dict[str, Mark](), list[str]()
        for index, entry in sorted(self._list_indexes(f"{self.name},{self.name}-*").items()):
            mark, found = entry.mark, pattern.fullmatch(index)
            if mark is None or mark.catalogue != self.name:
                taken += self._find_uses(index, entry)
            elif found:
                name, marks[index] = found[1].upper(), mark
                if self.name in entry.aliases:
                    live.append(name)
                # A clone has the mark of another one. A live one is complete, whatever its mark.
                if self.name in entry.aliases or mark.generation == name:
                    published.append(name)
        return State(tuple(published), tuple(live), marks, tuple(taken))

    def claim(self) -> State:
        """Return the generations, to change them. Also raise ClusterError if a name is taken."""
        state = self.read_state()
        if state.taken:
            raise ClusterError(
                f"pubsearch did not make {' and '.join(state.taken)}",
                "Use another name in the URL of the index. If nobody needs the index, delete it",
            )
        return state

    def _list_indexes(self, expression: str) -> dict[str, _Entry]:
        """Return all indexes that an expression leads to, also closed and hidden ones."""
        with translate_errors(f"the indexes of {self.name} can't be listed"):
            listed = self.client.indices.get(
                index=expression, expand_wildcards="all", ignore_unavailable="true",
                params={"filter_path": _LISTED},
            )  # fmt: skip
            return msgspec.convert(listed, dict[str, _Entry])

    def _find_uses(self, index: str, entry: _Entry) -> Iterator[str]:
        """Yield each use of a name of the catalogue by the index of somebody else."""
        for used in (self.name, f"{self.name}{BUILDS}"):
            if used == index:
                yield f"the index {used}"
            if used in entry.aliases:
                yield f"the alias {used} of the index {index}"
            if used == entry.data_stream:
                yield f"the data stream {used}"

    def create(self, index: str, body: Mapping[str, Any], mark: Mark) -> None:
        """Create an index with a mark.

        Also raise ClusterError if a template would add it to an alias, whose users do not expect
        it.
        """
        mappings = {**body["mappings"], "_meta": {_MARK: msgspec.to_builtins(mark)}}
        with translate_errors(f"{index} can't be created"):
            self.client.indices.create(
                index=index, body={**body, "mappings": mappings}, request_timeout=REQUEST_SECONDS
            )
        if aliases := self._list_indexes(index)[index].aliases:
            self.delete([index])
            raise ClusterError(
                f"a template of the cluster adds {index} to the alias {', '.join(aliases)}",
                "Use another name in the URL of the index, or change the patterns of the template",
            )

    def set_mark(self, index: str, mark: Mark) -> None:
        with translate_errors(f"the mapping of {index} can't be changed"):
            body = {"_meta": {_MARK: msgspec.to_builtins(mark)}}
            self.client.indices.put_mapping(index=index, body=body)

    def delete(self, indexes: Sequence[str]) -> None:
        """Delete indexes with one request. The caller must have found their marks."""
        if indexes:
            with translate_errors(f"{', '.join(indexes)} can't be deleted"):
                self.client.indices.delete(index=",".join(indexes), ignore_unavailable="true")

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
            "Run: pubsearch rollback, or pubsearch build. If the alias has another purpose, use "
            "another name in the URL of the index",
        )

    def _make_missing_error(self) -> IndexMissing:
        if self.list_names():
            return IndexMissing(
                f"the alias {self.name} is missing", "Run: pubsearch rollback, or pubsearch build"
            )
        return IndexMissing(f"there is no index {self.name} in the cluster", "Run: pubsearch build")

    def list_lineage(self, generation: str, state: State) -> list[str]:
        """Return a generation and its predecessors in the cluster, the latest first."""
        names = list[str]()
        while generation in state.published and generation not in names:
            names.append(generation)
            generation = state.marks[self.get_documents_index(generation)].after
        return names

    def count(self, generation: str) -> int:
        index = self.get_documents_index(generation)
        with translate_errors(f"the documents of {index} can't be counted"):
            reply = self.client.count(index=index, request_timeout=REQUEST_SECONDS)
        if reply["_shards"]["successful"] < reply["_shards"]["total"]:
            raise ClusterError(
                f"{index} has a shard without a copy", "Start the nodes that are missing"
            )
        return int(reply["count"])

    def set_live(self, generation: str, state: State) -> None:
        """Make a complete generation live with one request.

        `state` is the state before. If the alias has changed since, raise ClusterError, and it
        stays as it is.
        """
        if self.claim().live != state.live:
            raise ClusterError(
                f"{generation} can't be made live: {self.name} has changed meanwhile",
                "Another build or a rollback ended first. Run: pubsearch status",
            )
        index = self.get_documents_index(generation)
        former = [self.get_documents_index(live) for live in state.live if live != generation]
        actions: list[Json] = [
            {"remove": {"index": each, "alias": self.name, "must_exist": True}} for each in former
        ]
        if not state.live:
            # Somebody else may add an index to the alias now, but not to an index of that name.
            if self.name not in self._list_indexes(self.name):
                self.create(self.name, SMALL_INDEX, Mark(self.name))
            actions.append({"remove_index": {"index": self.name}})
        actions.append({"add": {"index": index, "alias": self.name}})
        try:
            with translate_errors(f"{generation} can't be made live"):
                # If its disk is full, a node blocks all changes of an index, also those that need
                # no space. Documents are still protected by `blocks.write`.
                self.client.indices.put_settings(
                    index=",".join((index, *former)),
                    body={"index.blocks.read_only_allow_delete": None},
                )
                self.client.indices.update_aliases(body={"actions": actions})
        except ClusterError:
            # A node that fails may have set the alias before it could respond.
            if self.read_state().live != (generation,):
                raise

    def prune(self, most: int) -> None:
        """Delete what builds left that were cut off, and old generations.

        The last `most` of the live lineage stay, and so do newer ones, as in an index folder.
        """
        state = self.read_state()
        live = max(state.live, default="")
        kept = {*self.list_lineage(live, state)[:most], *state.live}
        kept.update(name for name in state.published if name > live)
        names = {self.get_documents_index(each) for each in kept}
        self.delete([index for index in state.marks if index.removesuffix(FILES) not in names])

    def download(self, generation: str, folder: Path) -> Generation:
        """Write the files of a generation to a new folder, and check them by their digests.

        Raise IndexOutdated if one is missing or damaged, and OSError. The folder then has those
        that can be read.
        """
        folder.mkdir(parents=True)
        for name in (MANIFEST, MANIFEST_DIGEST):
            if fault := self._download_file(generation, folder, name, 1):
                raise self._make_damaged(fault, generation)
        copy, faults = Generation(generation, folder, manifest.read(folder)), list[str]()
        for name, (size, _) in copy.manifest.files.items():
            # The names come from the cluster, whose users may not write to other folders.
            if Path(name).is_absolute() or ".." in Path(name).parts:
                faults.append(f"it has a file with the name {name!r}")
            elif fault := self._download_file(generation, folder, name, -(-size // PART_BYTES)):
                faults.append(fault)
        if faults := faults or directory.integrity_errors(copy):
            raise self._make_damaged("; ".join(faults), generation)
        return copy

    def _download_file(self, generation: str, folder: Path, name: str, parts: int) -> str:
        """Write a file of a generation to a folder. Return what is wrong with it, or ""."""
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("xb") as stream:
            for number in range(max(1, parts)):
                with translate_errors(f"{name} of {generation} can't be read"):
                    reply = self.client.get(
                        index=self.get_files_index(generation), id=f"{name}:{number}", ignore=404
                    )
                try:
                    stream.write(b64decode(reply["_source"]["data"], validate=True))
                except (KeyError, TypeError, ValueError):
                    return f"part {number} of {name} is missing or damaged"
        return ""

    def _make_damaged(self, what: str, generation: str) -> IndexOutdated:
        return IndexOutdated(
            f"the generation {generation} is damaged in the cluster: {what}",
            "Run: pubsearch build --force, or pubsearch rollback",
        )

    def find_errors(self, generation: str) -> Iterator[str]:
        """Yield the faults of a generation: files, documents, and version."""
        try:
            with TemporaryDirectory() as folder:
                wanted = self.download(generation, Path(folder) / generation).manifest.publications
            mark = self.read_state().marks.get(self.get_documents_index(generation))
            if mark is None or mark.format != FORMAT:
                yield "its documents have another version"
            count = self.count(generation)
            if count != wanted:
                yield f"it has {count} documents instead of {wanted}"
        except IndexUnusable as error:
            yield error.message

    def find_missing_copies(self, generation: str) -> Iterator[str]:
        """Yield the indexes of a generation of which a shard lacks a copy."""
        indexes = [self.get_documents_index(generation), self.get_files_index(generation)]
        with translate_errors(f"the health of {generation} can't be read"):
            health = self.client.cluster.health(index=",".join(indexes), level="indices")
        for index in indexes:
            status = health["indices"].get(index, {}).get("status", "missing")
            if status != "green":
                yield f"the index {index} is {status}"

    def read_size(self, generation: str) -> int:
        """Return the bytes of a generation on the disks of the cluster, with all copies."""
        indexes = f"{self.get_documents_index(generation)},{self.get_files_index(generation)}"
        with translate_errors(f"the size of {generation} can't be read"):
            stats = self.client.indices.stats(index=indexes, metric="store")
        return int(stats["_all"]["total"]["store"]["size_in_bytes"])

    def find_text_problems(self, generation: str) -> list[Problem]:
        """Return the problems of files whose full text is too long to be searched as a whole.

        At most MAX_PROBLEMS publications have any.
        """
        body: Json = {
            "query": {"exists": {"field": PROBLEMS}}, "size": MAX_PROBLEMS, "sort": ["id"],
            "_source": False, "docvalue_fields": [PROBLEMS],
        }  # fmt: skip
        with translate_errors(f"the problems of {generation} can't be read"):
            index = self.get_documents_index(generation)
            found = self.client.search(index=index, body=body)
        return [
            msgspec.json.decode(problem, type=Problem)
            for hit in found["hits"]["hits"]
            for problem in hit["fields"][PROBLEMS]
        ]

    def rollback(self) -> str:
        """Make the latest undamaged predecessor of the live generation live. Return its name.

        If the alias is unusable, choose the newest undamaged generation. Raise IndexUnusable if
        there is none. A build that runs meanwhile fails in the end, as the alias has changed.
        """
        state = self.claim()
        if len(state.live) == 1:
            candidates = self.list_lineage(state.live[0], state)[1:]
        elif not state.published:
            raise self._make_missing_error()
        else:
            candidates = [*state.published[::-1]]
        faults = list[str]()
        for name in candidates:
            errors = list(self.find_errors(name))
            if not errors:
                self.set_live(name, state)
                return name
            faults = faults or errors
        if faults:
            raise directory.corrupt_error(candidates[0], faults)
        raise IndexMissing(
            f"there is no generation before {state.live[0]}",
            f"At most {KEEP_GENERATIONS} generations are kept. Fix the corpus, and build again",
        )
