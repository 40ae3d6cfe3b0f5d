"""The rules of a build and its counts. The manifest of the new generation has both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue import catalogue_toml, retired, schema, tested_links, thesaurus
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import DIGEST_BYTES, Item, Parsed, Problem
from indexer.catalogue.retired import RetiredIds
from indexer.catalogue.tested_links import LinkResult
from indexer.catalogue.thesaurus import Thesaurus
from indexer.codec.segment.fulltext import Attached
from indexer.codec.writer import ValueCounts
from indexer.fulltext.documents import make_version
from indexer.generations.manifest import Changes, Generation, Manifest
from indexer.ingest.corpus import NO_PROGRESS, Progress

BATCH_SIZE = 4096
"""Number of publications per batch."""


class Rules(msgspec.Struct, frozen=True):
    """The files of a corpus folder without records, and the settings of a build.

    `retired`: the entries of `retired.toml`. `dead_links`: those of `tested.links`. `model`: the
    model of the embeddings, or "" without embeddings.
    """

    catalogue: Catalogue
    thesaurus: Thesaurus = Thesaurus()
    retired: RetiredIds = {}
    dead_links: Sequence[LinkResult] = ()
    model: str = ""
    limits: Limits = LIMITS


def read_rules(folder: Path, model: str = "", limits: Limits = LIMITS) -> Rules:
    """Return the rules of a corpus folder. Raise CatalogueError if a file is invalid."""
    return Rules(
        catalogue_toml.load(folder),
        thesaurus.load(folder),
        retired.load(folder),
        tested_links.load_dead(folder),
        model,
        limits,
    )


class BuildStats:
    """The counts and digests of a new generation, from which its manifest is made.

    `previous_digests`: those of the predecessor. `merged_ids`: ids of publications that were merged
    from several records. `attached`: the files whose full text is searched. Until `digests` is used
    after the last publication, ids and digests are kept as bytes, to save memory.
    """

    def __init__(
        self,
        rules: Rules,
        previous_digests: Mapping[str, bytes] | None = None,
        problems: list[Problem] | None = None,
    ) -> None:
        self.rules, self.previous_digests = rules, previous_digests or {}
        self.problems: list[Problem] = [] if problems is None else problems
        self.attached: Sequence[Attached] = ()
        self.publications = 0
        self.merged_ids: set[str] = set()
        self._ids, self._digests = bytearray(), bytearray()
        self._corpus_hash = sha256()

    def count_items(
        self, items: Iterable[Item], progress: Progress = NO_PROGRESS
    ) -> Iterator[Sequence[Item]]:
        """Yield the items in batches, and count each batch before it is yielded."""
        remaining = iter(items)
        while batch := list(islice(remaining, BATCH_SIZE)):
            progress.report_publications(
                [item.publication for item in batch if isinstance(item, Parsed)]
            )
            self.count(batch)
            yield batch

    def count(self, items: Sequence[Item]) -> None:
        """Record the digest and the source location of each item."""
        lines, identities = [], []
        for item in items:
            parsed = item.publication if isinstance(item, Parsed) else None
            digest = parsed.digest if parsed else self.previous_digests[item.id]
            identities.append(f"{item.id}\n")
            self._digests += digest
            lines.append(f"{digest.hex()} {item.source.file} {item.source.line}\n")
            if parsed and parsed.other_sources:
                self.merged_ids.add(item.id)
                lines += [f"{other.file} {other.line}\n" for other in parsed.other_sources]
        self.publications += len(items)
        self._ids += "".join(identities).encode()
        self._corpus_hash.update("".join(lines).encode())

    def iterate_digests(self) -> Iterator[tuple[str, bytes]]:
        """Yield the id and the digest of each publication, in the order of the corpus."""
        start = 0
        for first in range(0, len(self._digests), DIGEST_BYTES):
            end = self._ids.index(b"\n", start)
            yield self._ids[start:end].decode(), bytes(self._digests[first : first + DIGEST_BYTES])
            start = end + 1

    @cached_property
    def digests(self) -> Mapping[str, bytes]:
        """The digest of each publication by its id, in the order of the corpus."""
        return dict(self.iterate_digests())

    @property
    def corpus(self) -> str:
        """Return a digest of all input: of the items, and of the other files."""
        corpus_hash, rules = self._corpus_hash.copy(), self.rules
        for part in (rules.catalogue.translations, rules.thesaurus, *rules.retired.values()):
            corpus_hash.update(msgspec.json.encode(part))
        corpus_hash.update(b"".join(map(msgspec.json.encode, rules.dead_links)))
        if files := [(each.document, each.file, each.digest) for each in self.attached]:
            corpus_hash.update(msgspec.json.encode((make_version(), files)))
        corpus_hash.update(msgspec.json.encode(self.problems))
        return corpus_hash.hexdigest()

    @property
    def removed(self) -> Set[str]:
        """Return the ids of the previous generation that have not been read."""
        return self.previous_digests.keys() - self.digests.keys()

    @property
    def changes(self) -> Changes:
        """Return the numbers of changes since the previous generation."""
        previous = self.previous_digests
        if not previous:
            return Changes(self.publications, 0, 0, 0)
        known = self.digests.keys() & previous.keys()
        unchanged = sum(previous[identity] == self.digests[identity] for identity in known)
        return Changes(
            added=len(self.digests) - len(known),
            changed=len(known) - unchanged,
            removed=len(previous) - len(known),
            unchanged=unchanged,
        )

    def matches(self, live: Generation | None) -> bool:
        """Return whether the live generation has the same input.

        The caller must have checked that it was built by the same rules.
        """
        return live is not None and self.corpus == live.manifest.corpus

    def make_manifest(
        self,
        counts: ValueCounts,
        *,
        built: datetime,
        after: str | None = None,
        seconds: float = 0.0,
        merged: int = 0,
    ) -> Manifest:
        """Return the manifest of the new generation. `publish.seal` adds its files."""
        return Manifest(
            format=schema.FORMAT,
            analysis=tokenizer.VERSION,
            schema=self.rules.catalogue.fingerprint,
            corpus=self.corpus,
            built=built.isoformat(),
            seconds=seconds,
            after=after,
            publications=self.publications,
            merged=merged,
            changes=self.changes,
            counts=counts,
            problems=tuple(self.problems),
            catalogue=self.rules.catalogue,
            meaning=self.rules.model,
            limits=self.rules.limits,
        )
