"""The rules of a build, its counts, and the history of publications that it carries on.

An id is retired if an earlier generation has it and the new one does not. It leads to the
publication that had it, if that has another id now. Only publications whose ids vanished are
compared, and only with those that are new, changed, or merged. docs/decisions/0038 has the reasons.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from rapidfuzz import fuzz

from indexer.analysis import tokenizer
from indexer.catalogue import catalogue_toml, retired, schema, tested_links, thesaurus
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import DIGEST_BYTES, Item, Parsed, Problem, Publication
from indexer.catalogue.retired import Retired, RetiredIds
from indexer.catalogue.tested_links import LinkResult
from indexer.catalogue.thesaurus import Thesaurus
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.fulltext import Attached
from indexer.codec.segment.reader import Segment
from indexer.codec.writer import ValueCounts
from indexer.fulltext.documents import make_version
from indexer.generations import directory
from indexer.generations.manifest import Changes, Dates, Generation, IndexUnusable, Manifest
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.ingest.duplicates import KeyFields, hash_title

BATCH_SIZE = 4096
"""Number of publications per batch."""
MAX_RETIRED = 100_000
"""Limit on the retired ids of a generation. A server has them in memory, about 400 bytes each. If
there are more, those that were retired first are dropped."""
MIN_SIMILARITY = 50
"""Percentage of similarity from which one title may be a correction of another."""


class Rules(msgspec.Struct, frozen=True):
    """The files of a corpus folder without records, and the settings of a build."""

    catalogue: Catalogue
    thesaurus: Thesaurus = Thesaurus()
    retired: RetiredIds = {}
    """The entries of `retired.toml`."""
    dead_links: Sequence[LinkResult] = ()
    """Those of `tested.links`."""
    model: str = ""
    """The model of the embeddings, or "" without embeddings."""
    limits: Limits = LIMITS


def read_rules(folder: Path, model: str = "", limits: Limits = LIMITS) -> Rules:
    """Return the rules of a corpus folder. Raise CatalogueError if a file is invalid."""
    return Rules(
        catalogue_toml.load(folder),
        thesaurus.load(folder),
        retired.load(folder),
        [each for each in tested_links.load(folder).values() if each.status == "dead"],
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
        remaining = iter(items)
        while batch := list(islice(remaining, BATCH_SIZE)):
            parsed = [item.publication for item in batch if isinstance(item, Parsed)]
            progress.report_publications(parsed)
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

    @cached_property
    def digests(self) -> Mapping[str, bytes]:
        """The digest of each publication by its id, in the order of the corpus."""
        ids = self._ids.decode().split("\n")[:-1]
        starts = range(0, len(self._digests), DIGEST_BYTES)
        digests = (bytes(self._digests[start : start + DIGEST_BYTES]) for start in starts)
        return dict(zip(ids, digests, strict=True))

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
        """Return whether the live generation, built by the same rules, has the same input."""
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


class Former(NamedTuple):
    """A generation that was live before."""

    generation: Generation
    digests: Mapping[str, bytes]
    """Those of its publications, in the order of the corpus; none if it is damaged."""


def find_former(index: Path, predecessor: Generation | None, stats: BuildStats) -> list[Former]:
    """Return the generations whose history a build continues, oldest first.

    They are the predecessor, and the generations after it, which were rolled back or are damaged.
    """
    former: list[Former] = []
    for name in directory.list_names(index):
        if predecessor is None or name >= predecessor.name:
            with suppress(IndexUnusable):
                generation = directory.load(index, name)
                digests = stats.previous_digests
                if predecessor is None or name != predecessor.name:
                    is_damaged = bool(directory.integrity_errors(generation))
                    digests = {} if is_damaged else generation.read_digests()
                former.append(Former(generation, digests))
    return former


def find_dates(
    former: Sequence[Former], stats: BuildStats, retired: RetiredIds, now: datetime
) -> Dates:
    """Return when each publication was added, and when its record last changed, in a build `now`.

    A record has changed if a former generation lacks it or has another content of it. So readers of
    one that was rolled back learn of the record again. A publication with a new id was added under
    the first of its earlier ones.
    """
    earlier_ids: dict[str, list[str]] = {}
    for entry in retired.values():
        earlier_ids.setdefault(entry.successor, []).append(entry.id)
    known = [
        (digests, dict(zip(digests, generation.read_dates().T.tolist(), strict=True)))
        for generation, digests in former
        if digests
    ]
    dates = np.full((2, len(stats.digests)), int(now.timestamp()), np.int64)
    for number, (identity, digest) in enumerate(stats.digests.items()):
        own = [times[identity] for _, times in known if identity in times]
        if own and all(digests.get(identity) == digest for digests, _ in known):
            dates[1, number] = max(changed for _, changed in own)
        ids = [identity] if own else earlier_ids.get(identity, ())
        if first := [times[each][0] for _, times in known for each in ids if each in times]:
            dates[0, number] = min(first)
    return dates


def retire(former: Sequence[Former], stats: BuildStats, segment: Path, now: datetime) -> RetiredIds:
    """Return the retired ids of a new generation with these `stats` and this `segment`.

    They are carried on from the former generations. An entry of `retired.toml` without a time wins,
    and otherwise the later one.
    """
    entries: dict[str, Retired] = {}
    for generation, _ in former:
        with suppress(IndexUnusable):
            entries |= generation.read_retired()
    for generation, digests in former:
        vanished = _find_vanished(generation, digests, stats, segment, now)
        entries |= {entry.id: entry for entry in vanished}
    for entry in stats.rules.retired.values():
        known = entries.get(entry.id, entry)
        if not (entry.time and known.time) or known.time <= entry.time:
            time = entry.time or known.time  # harvesters learn of a removal by its time
            entries[entry.id] = msgspec.structs.replace(entry, time=time)
    resolved = (_resolve(entry, entries, stats.digests) for entry in entries.values())
    latest = sorted(filter(None, resolved), key=lambda entry: (entry.time or now, entry.id))
    return {entry.id: entry for entry in latest[-MAX_RETIRED:]}


def _find_vanished(
    generation: Generation,
    digests: Mapping[str, bytes],
    stats: BuildStats,
    segment: Path,
    now: datetime,
) -> Iterator[Retired]:
    """Yield the ids of a generation that the new one lacks. Its digests are in document order."""
    missing = digests.keys() - stats.digests.keys()
    if not missing:
        return
    numbered = ((number, each) for number, each in enumerate(digests) if each in missing)
    numbers = dict(islice(numbered, MAX_RETIRED))
    try:
        former = Segment(generation.segment, generation.manifest.catalogue).docstore
    except (CorruptSegment, KeyError, FileNotFoundError):  # an earlier format, or a copy
        yield from (Retired(identity, time=now) for identity in numbers.values())
        return
    vanished = [former.get_publication(number) for number in numbers]
    current = Segment(segment, stats.rules.catalogue).docstore
    changed = (
        current.get_publication(number)
        for number, (identity, digest) in enumerate(stats.digests.items())
        if digests.get(identity) != digest or identity in stats.merged_ids
    )
    successors = find_successors(vanished, changed, stats.rules.catalogue)
    for publication in vanished:
        identity = publication.id
        yield Retired(identity, publication.title, now, successors.get(identity, ""))


def find_successors(
    vanished: Iterable[Publication], candidates: Iterable[Publication], catalogue: Catalogue
) -> dict[str, str]:
    """Return the id of the candidate that each vanished publication has become, if there is one.

    It is the only candidate with the same title and the same key, link, abstract, or year, or with
    a similar title and no other difference. Publications with different keys are never the same.
    """
    signatures = _Signatures(catalogue)
    wanted = {each.id: (each, signatures.make(each)) for each in vanished}
    owners: dict[int, list[Publication]] = {
        signature: [] for _, signs in wanted.values() for signature in signs
    }
    for candidate in candidates:
        for signature in signatures.make(candidate):
            if signature in owners:
                owners[signature].append(candidate)
    return {
        identity: successor.id
        for identity, (publication, signs) in wanted.items()
        if (successor := signatures.choose(publication, [owners[sign] for sign in signs]))
    }


class _Signatures:
    """The hashes by which a publication is recognized under another id."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._keys = KeyFields(catalogue)
        self._links = [field.name for field in catalogue.fields if field.kind == "link"]
        self._year = catalogue.date_field.name if catalogue.date_field else ""

    def make(self, publication: Publication) -> dict[int, None]:
        """Return the signatures of a publication without duplicates, the surest first."""
        values = publication.values
        title = hash_title(publication.title)
        links = [str(link) for name in self._links for link in values.get(name, ())]
        parts: list[object] = [*self._keys.hash_keys(publication), *links]
        parts += [publication.summary] if publication.summary else []
        signs = [hash((title, part)) for part in (*parts, values.get(self._year))]
        rest = (publication.summary, *sorted(values.items()))
        return dict.fromkeys([*signs, hash(rest)])

    def choose(
        self, publication: Publication, owners: Iterable[Sequence[Publication]]
    ) -> Publication | None:
        """Return the first candidate that alone has a signature, if it may be the publication."""
        for candidates in owners:
            if len(candidates) == 1 and self._may_be_same(publication, candidates[0]):
                return candidates[0]
        return None

    def _may_be_same(self, first: Publication, second: Publication) -> bool:
        keys, other_keys = (set(self._keys.hash_keys(each)) for each in (first, second))
        if keys and other_keys and keys.isdisjoint(other_keys):
            return False
        return fuzz.ratio(first.title.casefold(), second.title.casefold()) >= MIN_SIMILARITY


def _resolve(entry: Retired, entries: RetiredIds, alive: Mapping[str, bytes]) -> Retired | None:
    """Return an entry with the last successor of its successors.

    It is removed if the last one is. Return None if the id is in use, or has no known
    successor and no time.
    """
    if entry.id in alive:
        return None
    last, seen = entry, set[str]()
    while last.successor and last.successor not in alive and last.id not in seen:
        seen.add(last.id)
        last = entries.get(last.successor, Retired(last.successor, time=entry.time))
    if last.successor in alive:
        return msgspec.structs.replace(entry, successor=last.successor)
    time = last.time or entry.time
    return msgspec.structs.replace(entry, successor="", time=time) if time else None
