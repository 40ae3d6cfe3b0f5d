"""Generated catalogues, and a brute-force reference for filters and counts.

The reference examines publications one at a time, as plain Python sets. It shares no code with the
engine except the values.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import numpy as np
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Parsed, Publication, SourceLocation, Value
from indexer.catalogue.retired import Retired
from indexer.codec import writer
from indexer.generations import manifest, publish
from indexer.jobs.build_stats import BuildStats, Rules

REGIONS = {"North": ("AA", "AB"), "South": ("BA", "BB", "BC"), "West": ("AB", "CA")}
WORDS = ("organ", "removal", "victim", "border", "police", "law")

CATALOGUE = Catalogue(
    title="Generated",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        Field("section", "Section", facet=1, order="listed", values=("Tools", "Papers", "Films")),
        Field("region", "Region", facet=2, several=True, weight=0.3),
        Field("country", "Country", parent="region", grouping="regions.toml", several=True),
        Field("topic", "Topic", facet=3, several=True),
        Field("year", "Year", kind="year", role="issued", facet=4, order="descending"),
    ),
    groups={
        country: tuple(name for name, countries in REGIONS.items() if country in countries)
        for countries in REGIONS.values()
        for country in countries
    },
)


def publications(most: int = 400) -> st.SearchStrategy[list[Publication]]:
    """Return a strategy for lists of up to `most` publications with random values.

    It draws only a seed, because drawing hundreds of rows one by one is slow.
    """
    return st.builds(throw, st.integers(0, 2**32), st.integers(1, most))


def throw(seed: int, size: int) -> list[Publication]:
    """Return the publications of a seed."""
    random = Random(seed)
    rows: list[tuple[object, ...]] = [
        (
            _text(random),
            random.choice((None, _text(random))),
            random.choice((None, "Tools", "Papers", "Films")),
            set(random.sample(tuple(REGIONS), random.randrange(3))),
            set(random.sample(("AA", "AB", "BA", "BB", "BC", "CA"), random.randrange(3))),
            set(random.sample(("crime", "rights", "data"), random.randrange(3))),
            random.choice((None, random.randint(2000, 2006))),
        )
        for _ in range(size)
    ]
    made = [_publication(number, row) for number, row in enumerate(rows)]
    return [
        msgspec.structs.replace(
            each, added=1 + random.randrange(6), changed=7 + random.randrange(6)
        )
        for each in made
    ]


def _text(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=random.randint(1, 4)))


def _publication(number: int, row: tuple[object, ...]) -> Publication:
    title, summary, *rest = row
    values: dict[str, tuple[Value, ...]] = {}
    for name, value in zip(("section", "region", "country", "topic", "year"), rest, strict=True):
        several = sorted(value) if isinstance(value, set) else [value]
        if kept := tuple(each for each in several if isinstance(each, str | int)):
            values[name] = kept
    made = Publication(
        id=f"p{number}",
        title=str(title),
        summary=summary if isinstance(summary, str) else None,
        values=values,
        source=SourceLocation("generated", number + 1),
    )
    return CATALOGUE.with_ancestors(made)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "section": st.lists(st.sampled_from(("Tools", "Films", "none", "Maps")), max_size=2),
        "region": st.lists(st.sampled_from((*REGIONS, "none", "Nowhere")), max_size=2),
        "country": st.lists(st.sampled_from(("AA", "AB", "BA", "CA", "ZZ")), max_size=2),
        "topic": st.lists(st.sampled_from(("crime", "rights", "none")), max_size=2),
        "year": st.lists(
            st.sampled_from(("2001", "2003", "none", "2002..2004", "2005..", "..2001")), max_size=2
        ),
    },
).map(lambda found: {name: tuple(dict.fromkeys(each)) for name, each in found.items() if each})


ALL_OF = st.fixed_dictionaries(
    {},
    optional={
        "region": st.just(("region", "country")),
        "topic": st.just(("topic",)),
        "section": st.just(("section",)),
    },
)
"""The facets of which all selected values are needed."""


def index(
    folder: Path,
    made: Sequence[Publication],
    catalogue: Catalogue = CATALOGUE,
    retired: Sequence[Retired] = (),
) -> Path:
    """Write and publish an index of the publications with the real writer. Return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with publish.new_generation(folder) as partial:
        census = BuildStats(Rules(catalogue))
        chunks = census.count_items(map(Parsed, made))
        counts = writer.write(partial / manifest.SEGMENT, catalogue, chunks)
        dates = np.array([(each.added, each.changed) for each in made], np.int64).reshape(-1, 2)
        (partial / manifest.DATES).write_bytes(manifest.pack_dates(dates.T))
        entries = manifest.pack_retired({entry.id: entry for entry in retired})
        (partial / manifest.RETIRED).write_bytes(entries)
        sealed = publish.seal(partial, census.make_manifest(counts, built=datetime.now(UTC)))
        publish.publish(folder, sealed)
    return folder


def holds(each: Publication, name: str, value: str) -> bool:
    """Return whether a publication has a value, has no value of a field, or lies in a range."""
    values = [str(found) for found in each.values.get(name, ())]
    if value == MISSING:
        return not values
    if ".." in value:
        low, _, high = value.partition("..")
        return any((low or "0") <= found <= (high or "9") for found in values)
    return value in values
