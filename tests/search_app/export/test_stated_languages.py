"""Exports name a language only where the record states it."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation, Value
from search_app.export import atom, embedded
from search_app.export.citations import STYLES, cite
from search_app.export.csl import Item, make_item, to_csl_json
from search_app.export.registry import FORMATS
from tests.search_app.export.conftest import import_file
from tests.search_app.export.independent import make_page_url
from tests.search_app.export.test_csl import PAPERS

pytestmark = pytest.mark.slow

FEED = atom.Feed("Feed", "en", "Author", "2026-01-01T00:00:00Z", {"first": "/"}, 1, 1, 1)
LANGUAGES = st.sampled_from(["en", "de", "fr", "ar", "zh"])
TYPES = st.sampled_from(["Report", "Journal article", "Book", "Book chapter", "Thesis", "Film"])


def write_each(publication: Publication, catalogue: Catalogue) -> Mapping[str, object]:
    """Return everything that programs read about a publication: exports, data, and citations."""
    item = make_item(publication, catalogue, make_page_url(publication.id))
    return {
        **{
            each.name: b"".join(each.write([publication], catalogue, make_page_url))
            for each in FORMATS.values()
        },
        "feed": atom.write(FEED, [item]),
        "coins": embedded.write_coins(item),
        "json_ld": embedded.write_json_ld(item),
        "tags": [*embedded.list_tags(item)],
        **{style: cite(item, style) for style in STYLES},
    }


def in_language(language: str) -> Catalogue:
    return msgspec.structs.replace(PAPERS, language=language)


def detecting(catalogue: Catalogue) -> Catalogue:
    title, *others = catalogue.fields
    detects = msgspec.structs.replace(title, detects=True)
    return msgspec.structs.replace(catalogue, fields=(detects, *others))


def make(kind: str, language: str | None = None, *stated: str) -> Publication:
    values: dict[str, tuple[Value, ...]] = {
        "type": (kind,),
        "authors": ("Weber, Eva",),
        "year": (2014,),
        "journal": ("See",),
    }
    return Publication(
        id="x",
        title="Die kleine Stadt an der See",
        lang=language,
        values=values | ({"language": stated} if stated else {}),
        source=SourceLocation("made", 1),
    )


@given(kind=TYPES, one=LANGUAGES, other=LANGUAGES)
@pytest.mark.thorough
def test_no_export_takes_the_language_of_the_catalogue(kind: str, one: str, other: str) -> None:
    """A record without a language is the same in a catalogue of any language, cited too."""
    unstated = make(kind)
    assert write_each(unstated, in_language(one)) == write_each(unstated, in_language(other))


@given(kind=TYPES, language=LANGUAGES, detected=LANGUAGES)
def test_no_export_takes_a_detected_language(kind: str, language: str, detected: str) -> None:
    catalogue = detecting(in_language(language))
    assert write_each(make(kind, detected), catalogue) == write_each(make(kind), catalogue)


@given(stated=st.lists(LANGUAGES, min_size=1, max_size=3, unique=True), language=LANGUAGES)
def test_a_stated_language_is_exported(stated: list[str], language: str) -> None:
    data = to_csl_json(make_item(make("Report", None, *stated), in_language(language)))
    if len(stated) == 1:
        assert data["language"] == stated[0]
    elif language in stated:
        assert data["language"] == language
    else:
        assert "language" not in data


@pytest.mark.parametrize(("language", "has_capitals"), [("", False), ("de", False), ("en", True)])
def test_only_english_titles_get_capitals(language: str, has_capitals: bool) -> None:
    """A citation in MLA has capitals in a title only if the record says that it is English."""
    item = Item(id="x", type="report", title="Der tag an der see", language=language)
    text = "".join(run.text for run in cite(item, "mla"))
    assert ("Tag" in text) == has_capitals


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("mods", '<titleInfo type="translated" lang="ara"><title>طرق الملح</title></titleInfo>'),
        ("dc", '<dc:title xml:lang="ar">طرق الملح</dc:title>'),
        ("marcxml", '<datafield tag="246" ind1="3" ind2="1"><subfield code="a">طرق الملح<'),
        ("ris", "TT  - طرق الملح\r\n"),
    ],
)
def test_a_title_in_another_language_is_exported(name: str, stated: str, tmp_path: Path) -> None:
    field = Field("title_ar", "Title (Arabic)", kind="text", translates="title", language="ar")
    catalogue = msgspec.structs.replace(PAPERS, fields=(*PAPERS.fields, field))
    publication = make("Report")
    publication = msgspec.structs.replace(
        publication, values={**publication.values, "title_ar": ("طرق الملح",)}
    )
    written = b"".join(FORMATS[name].write([publication], catalogue, make_page_url))
    assert stated in re.sub(r">\s+<", "><", written.decode())
    file = tmp_path / f"exported.{FORMATS[name].extension}"
    file.write_bytes(written)
    _, [imported] = import_file(file, tmp_path / "new")
    assert imported.title == publication.title
    others = imported.values.get("title_ar", ()) + imported.values.get("other_titles", ())
    assert others == ("طرق الملح",)
