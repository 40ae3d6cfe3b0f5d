"""The history of publications: carry retired ids and dates of earlier generations on to a new one.

An id is retired if an earlier generation has it and the new one does not. It leads to the
publication that had it, if that has another id now. Only publications whose ids vanished are
compared, and only with those that are new, changed, or merged. docs/decisions/0038 has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from rapidfuzz import fuzz

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired, RetiredIds
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from indexer.generations.manifest import Dates, Generation, IndexUnusable
from indexer.ingest.duplicates import KeyFields, hash_title
from indexer.jobs.build_stats import BuildStats

MAX_RETIRED = 100_000
"""Limit on the retired ids of a generation. A server has them in memory, about 400 bytes each. If
there are more, those that were retired first are dropped."""
MIN_SIMILARITY = 50
"""Percentage of similarity from which one title may be a correction of another."""


class Former(NamedTuple):
    """A generation that was live before, and the digests of its publications, if it is undamaged.

    They are in the order of the corpus.
    """

    generation: Generation
    digests: Mapping[str, bytes]


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
    numbered = (
        (number, identity) for number, identity in enumerate(digests) if identity in missing
    )
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
    wanted = {
        publication.id: (publication, signatures.make(publication)) for publication in vanished
    }
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
        return next(
            (
                candidates[0]
                for candidates in owners
                if len(candidates) == 1 and self._may_be_same(publication, candidates[0])
            ),
            None,
        )

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
