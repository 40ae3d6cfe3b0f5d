"""Strategies for publications with any values, and helpers that write segments of them."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from unittest import mock

import msgspec
from hypothesis import strategies as st

from indexer.analysis import cleaning
from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import NO_DIGEST, Item, Link, Parsed, Publication, SourceLocation
from indexer.codec import writer
from indexer.codec.segment import docstore
from indexer.codec.segment.reader import Segment

CATALOGUE = Catalogue(
    title="Any",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        Field("topic", "Topic", facet=1, several=True, weight=0.5),
        Field("year", "Year", kind="year", role="issued", facet=2),
        Field("link", "Link", kind="link", several=True),
        Field("note", "Note"),
    ),
)
WORDS = (
    "The", "the", "organ", "organs", "law’s", "Étude", "قَانُون", "क़ानून", "人口", "a_b", "ﬁnal",
    "2009", "…",
)  # fmt: skip

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.lists(
    st.sampled_from(WORDS), max_size=8
).map(" ".join)
"""Texts of any characters, or of words in many scripts."""
LINES = TEXTS.map(cleaning.clean).filter(lambda text: text not in ("", MISSING))
"""Texts that can be titles and values: one line, not empty, and not the value for none."""

_links = st.builds(Link, st.just("https://example.org/"), LINES, st.none() | st.just("fr"))
_values = st.fixed_dictionaries(
    {},
    optional={
        "topic": st.lists(
            st.sampled_from(("crime", "données", "-", "No", "10", "9", "a, b")) | LINES,
            min_size=1, max_size=3, unique=True,
        ).map(tuple),
        "year": st.tuples(st.integers(1000, 2100)),
        "link": st.lists(_links, min_size=1, max_size=2).map(tuple),
        "note": st.tuples(LINES),
    },
)  # fmt: skip
_publications = st.builds(
    Publication,
    id=st.from_regex(r"[a-cé/-]{1,3}", fullmatch=True),
    title=st.sampled_from(("The Law", "Law", "Les lois", "La loi")) | LINES,
    source=st.builds(
        SourceLocation, st.sampled_from(("a.html", "b/ü.jsonl")), st.integers(0, 9999)
    ),
    summary=st.none() | st.lists(LINES, min_size=1, max_size=3).map("\n\n".join),
    lang=st.none() | st.sampled_from(("fr", "es-MX")),
    values=_values,
)


def publications(most: int = 12) -> st.SearchStrategy[list[Publication]]:
    """Return a strategy for a list of publications with distinct ids."""
    return st.lists(_publications, max_size=most, unique_by=lambda each: each.id)


def fresh(made: Iterable[Publication]) -> list[Item]:
    """Return publications as freshly read items, most with a digest of their piece."""
    return [
        Parsed(each, NO_DIGEST if "b" in each.id else sha256(each.id.encode()).digest()[:16])
        for each in made
    ]


def written(
    folder: Path,
    items: Sequence[Item],
    *,
    catalogue: Catalogue = CATALOGUE,
    size: int | None = None,
    former: Segment | None = None,
) -> Segment:
    """Write the items in chunks as a segment in a new folder, and open it."""
    folder.mkdir()
    step = size or max(len(items), 1)
    chunks = [items[first : first + step] for first in range(0, len(items), step)]
    with mock.patch.object(docstore, "MAX_SAMPLES", 1):  # lets a chunk of one train the dictionary
        writer.write(folder, catalogue, chunks, former)
    return Segment(folder, catalogue)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file of a folder."""
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir())}


def moved(publication: Publication, line: int) -> Publication:
    """Return the publication with another line number."""
    source = SourceLocation(publication.source.file, line)
    return msgspec.structs.replace(publication, source=source)
