"""An index of publications with files, and an application on it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from flask.testing import FlaskClient

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Parsed, Publication, SourceLocation, Value
from indexer.codec import writer
from indexer.codec.fulltext_writer import PreviousTexts, write_texts
from indexer.codec.segment.fulltext import Attached, AttachedTexts
from indexer.fulltext.text import FullText
from indexer.generations import directory, manifest, publish
from indexer.jobs.build_stats import BuildStats, Rules
from tests.search_app.web.reading import open_index

CATALOGUE = Catalogue(
    title="Reports",
    description="Reports with their files.",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        Field("access", "Access", facet=1, restricted=("on request",)),
        Field("year", "Year", kind="year", role="issued", facet=2, fact=1, order="descending"),
        Field("fulltext", "Full text", kind="fulltext", weight=0.3),
    ),
)
SERVING = msgspec.structs.replace(CATALOGUE, files="serve")
Texts = Mapping[str, Mapping[str, FullText]]
"""Texts by the id of their publication and the name of their file."""


def make_text(
    name: str, pages: Sequence[str], *, media_type: str = "application/pdf",
    has_pages: bool = True, language: str | None = "en",
) -> FullText:  # fmt: skip
    """Return a text whose digest is that of a name."""
    return FullText(
        digest=sha256(name.encode()).hexdigest(), media_type=media_type, pages=tuple(pages),
        has_pages=has_pages, language=language,
    )  # fmt: skip


def make_publication(
    identity: str, title: str, summary: str | None = None, **values: Value
) -> Publication:
    """Return a publication with one value of each field."""
    fields = {name: (value,) for name, value in values.items()}
    return Publication(
        id=identity, title=title, summary=summary, values=fields, source=SourceLocation("made", 1)
    )


def make_index_with_texts(
    folder: Path, catalogue: Catalogue, publications: Sequence[Publication], texts: Texts
) -> Path:
    """Write and publish an index of publications and their texts. Return its folder.

    The catalogue has a field of full texts. An index in the folder is the previous generation.
    """
    folder.mkdir(parents=True, exist_ok=True)
    previous = None
    if any(folder.iterdir()):
        live = directory.load_live(folder).segment
        previous = PreviousTexts(AttachedTexts(live), live)
    with publish.new_generation(folder) as partial:
        stats = BuildStats(Rules(catalogue))
        segment = partial / manifest.SEGMENT
        counts = writer.write(segment, catalogue, stats.count_items(map(Parsed, publications)))
        _write_texts(segment, catalogue, publications, texts, previous)
        draft = stats.make_manifest(counts, built=datetime(2026, 1, 1, tzinfo=UTC))
        publish.publish(folder, publish.seal(partial, draft))
    return folder


def _write_texts(
    segment: Path, catalogue: Catalogue, publications: Sequence[Publication], texts: Texts,
    previous: PreviousTexts | None,
) -> None:  # fmt: skip
    by_file = {
        (number, file): text
        for number, publication in enumerate(publications)
        for file, text in texts.get(publication.id, {}).items()
    }
    by_digest = {text.digest: text for text in by_file.values()}
    attached = [Attached(*place, text.digest, 1, 1) for place, text in by_file.items()]

    def extract(files: Sequence[Attached]) -> Iterator[FullText]:
        return (by_digest[file.digest] for file in files)

    write_texts(segment, catalogue.language, sorted(attached), extract, previous)


LAW_PAGES = ("Contents", "", *(f"Page {number} on borders." for number in range(3, 41)))
"""Pages of a report, of which the second one has no text."""


def list_report_pages() -> list[str]:
    """Return pages on organ removal: 14, 31 and three more have it, 31 most often."""
    pages = [*LAW_PAGES]
    for number in (14, 20, 25, 31, 40):
        pages[number - 1] += " The removal of an organ is a crime."
    pages[30] += " An organ donor has rights. Each organ counts."
    return pages


PUBLICATIONS = (
    make_publication("report", "Annual report", "An overview of the year.", year=2020),
    make_publication("organ", "Organ removal", "The removal of an organ.", year=2019),
    make_publication("web", "Notes on seas", None, year=2018),
    make_publication("many", "Many files", None, year=2017),
    make_publication("secret", "Kept report", None, year=2016, access="on request"),
    make_publication("damaged", "A file that is damaged", None, year=2016),
    make_publication("plain", "A leaflet without files", None, year=2015),
)
TEXTS: Texts = {
    "report": {"2020/annual report.pdf": make_text("report", list_report_pages())},
    "organ": {"organ.pdf": make_text("organ", ["Title page", "The organ and its removal."])},
    "web": {
        "notes.html": make_text(
            "web", ["The sea.", "Pirates sail."], media_type="text/html", has_pages=False
        )
    },
    "many": {
        f"part {number}.pdf": make_text(f"part{number}", [f"Volume {number} has pearls."])
        for number in range(1, 5)
    },
    "damaged": {
        "broken.pdf": make_text("broken", []),
        "empty.html": make_text("empty", [], media_type="text/html", has_pages=False),
    },
    "secret": {"kept.pdf": make_text("secret", ["A vault."])},
}


def open_site(folder: Path, catalogue: Catalogue = SERVING) -> FlaskClient:
    """Return a client of an application on the publications above and their texts."""
    return open_index(make_index_with_texts(folder, catalogue, PUBLICATIONS, TEXTS))
