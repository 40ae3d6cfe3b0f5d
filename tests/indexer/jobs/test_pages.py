"""An import as pages writes a complete corpus folder."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import cleaning
from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.records import Problem, Property, Publication, SourceLocation, SourceRecord
from indexer.ingest import validation
from indexer.jobs import pages
from indexer.jobs.import_files import ImportRejected
from indexer.jobs.pages import format_page
from indexer.readers.formats import html
from tests.catalogue import CORPUS
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import read_page
from tests.samples import article, page, read_publications

LINES = [
    {
        "title": "Model Law", "section": "Tools", "year": 2009, "summary": "Provisions.",
        "country": ["IN", "KE"], "link": {"url": "https://example.org/", "label": "Here"},
    },
    {"id": "brief/6", "title": "Brief & <more>", "section": "Films, old", "language": "fra"},
    {"title": "Model Law", "section": "Films: old", "year": 2009},
    {"title": "Guía", "lang": "es"},
]  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file of 4 publications: 2 share title and year, and 1 has no section."""
    file = tmp_path / "list.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in LINES), encoding="utf-8")
    return file


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "new" / "pages"


def digests(publications: list[Publication]) -> dict[str, bytes]:
    return {each.id: each.digest for each in publications}


def test_an_import_is_read_back_unchanged(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """The pages of an import give equal publications with the same ids.

    The new catalogue has the sections of the file in the same order. Sections whose names differ
    only in punctuation have separate pages.
    """
    imported = pages.write_pages(source, into, corpus, problems.append)
    catalogue = catalogue_toml.load(into)
    expected = [catalogue.with_ancestors(each) for each in imported]
    assert digests(read_publications(into, [])) == digests(expected)
    assert sorted(digests(imported)) == ["brief/6", "guia", "model-law-2009", "model-law-2009-2"]
    assert catalogue.by_name["section"].values[:3] == ("Tools", "Films, old", "Films: old")
    assert catalogue.groups == catalogue_toml.load(corpus).groups
    assert sorted(each.name for each in into.glob("*.html")) == [
        "films-old-2.html",
        "films-old.html",
        "small-catalogue.html",
        "tools.html",
    ]


def test_long_section_has_a_short_file_name(
    into: Path, corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    file = tmp_path / "list.jsonl"
    file.write_text(json.dumps({"title": "Law", "section": "人" * 300}), encoding="utf-8")
    pages.write_pages(file, into, corpus, problems.append)
    assert len(read_publications(into, problems)) == 1


def test_problems_of_an_import_are_reported(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    source.write_text(source.read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    pages.write_pages(source, into, corpus, problems.append)
    assert [(each.line, each.what.partition(":")[0]) for each in problems] == [
        (4, "Section"), (5, "Input data was truncated"),
    ]  # fmt: skip


def test_a_second_import_is_identical(
    source: Path, tmp_path: Path, corpus: Path, problems: list[Problem]
) -> None:
    written = []
    for name in ("one", "other"):
        pages.write_pages(source, tmp_path / name, corpus, problems.append)
        written.append({each.name: each.read_bytes() for each in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 6


def test_folder_with_only_a_catalogue_can_be_the_target(
    source: Path, corpus: Path, problems: list[Problem]
) -> None:
    """A folder with a catalogue but without pages can be the target."""
    for page_file in (*corpus.glob("*.html"), *corpus.glob("*.jsonl")):
        page_file.unlink()
    pages.write_pages(source, corpus, corpus, problems.append)
    assert len(read_publications(corpus, [])) == 4


def test_folder_with_pages_is_rejected(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    (into / "within").mkdir(parents=True)
    (into / "within" / "page.html").write_text(page([article("Mine")]), encoding="utf-8")
    with pytest.raises(ImportRejected, match="has pages already"):
        pages.write_pages(source, into, corpus, problems.append)
    assert [each.name for each in into.iterdir()] == ["within"]


def test_unknown_format_is_rejected(
    into: Path, corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    with pytest.raises(ImportRejected, match=r"no reader supports list\.docx.*pubsearch formats"):
        pages.write_pages(tmp_path / "list.docx", into, corpus, problems.append)
    assert not into.exists()


def test_file_without_publications_is_rejected(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    source.write_text("{}\n", encoding="utf-8")
    match = r"contains no publication\. Its reader was chosen because its name ends with \.jsonl"
    with pytest.raises(ImportRejected, match=match):
        pages.write_pages(source, into, corpus, problems.append)
    assert [each.line for each in problems] == [1]
    assert not into.exists()


def test_a_catalogue_is_required(
    source: Path, into: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    with pytest.raises(CatalogueError, match="the file does not exist"):
        pages.write_pages(source, into, tmp_path, problems.append)
    assert not into.exists()


def test_a_link_that_leads_nowhere_makes_no_file(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """A link named as the catalogue is replaced by it, so that no file outside is written."""
    into.mkdir(parents=True)
    (into / "catalogue.toml").symlink_to("../absent")
    pages.write_pages(source, into, corpus, problems.append)
    assert not (into / "catalogue.toml").is_symlink()
    assert not (into.parent / "absent").exists()


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b"]), max_size=12))
def test_repeated_names_get_the_first_free_number(names: list[str]) -> None:
    unique = pages.unique_names(names)
    assert len(set(unique)) == len(names)
    for number, (old, new) in enumerate(zip(names, unique, strict=True)):
        earlier = unique[:number]
        candidates = [old, *(f"{old}-{at}" for at in range(2, len(names) + 2))]
        assert new == next(name for name in candidates if name not in earlier)


def test_many_equal_names_take_linear_time() -> None:
    """100,000 equal names are numbered within seconds."""
    with limit_cpu_time(5):
        assert pages.unique_names(["a"] * 100_000)[-1] == "a-100000"


CATALOGUE = catalogue_toml.load(CORPUS)
ANY_TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    ("", "<b>&amp;</b>", "\"quoted\" 'twice'", "a\n\nb", "-->", "</article>", "]]>", "none")
)
LANGUAGES = st.none() | st.sampled_from(("en", "es", "fra", "pt-BR", "qq", 'e"n', "zh_Hant"))
VALUES = {
    "year": st.integers(990, 2050).map(str) | st.sampled_from(("2017-10", "2017-10-01")),
    "language": st.sampled_from(("en", "fra", "Chinese", "pt-BR", "Elvish")),
    "country": st.sampled_from(("IN", "Moldova", "KE", "Atlantis")),
    "link": st.sampled_from(
        ("#", "https://example.org/?a=1&b=2", 'https://example.org/"quoted"', "http://ü.example/é",
         "/relative", "javascript:alert(1)")
    ),
}  # fmt: skip


@st.composite
def properties(draw: st.DrawFn) -> Property:
    field = draw(st.sampled_from(CATALOGUE.fields))
    name = draw(st.sampled_from((field.name, *field.names)))
    allowed = st.sampled_from(field.values) if field.values else ANY_TEXT
    value = draw(VALUES.get(field.kind, allowed))
    text = draw(ANY_TEXT if field.kind == "link" or not value else st.just(value))
    return Property(name, value, text, draw(LANGUAGES))


IDS = st.none() | st.sampled_from(("a/b", "2020.acl-main.1", "é", 'q"&<>', "a b")) | ANY_TEXT
MADE = st.builds(
    lambda title, others, identity: validation.validate(
        SourceRecord(SourceLocation("page.html", 1), (title, *others), identity),
        CATALOGUE,
        lambda problem: None,
    ),
    st.builds(Property, st.just("name"), ANY_TEXT, st.just(""), LANGUAGES),
    st.lists(properties(), max_size=12),
    IDS,
)


@given(st.lists(MADE.filter(bool), min_size=1, max_size=4), ANY_TEXT.map(cleaning.clean))
def test_a_written_page_is_read_back_as_equal(made: list[Publication], heading: str) -> None:
    page = format_page(made, CATALOGUE, heading)
    problems: list[Problem] = []
    found = [
        validation.validate(each, CATALOGUE, problems.append)
        for each in read_page(html, "page.html", page) if isinstance(each, SourceRecord)
    ]  # fmt: skip
    lines = [page.count("\n", 0, match.start()) + 1 for match in re.finditer("<article ", page)]
    assert found == [
        msgspec.structs.replace(each, source=SourceLocation("page.html", line))
        for each, line in zip(made, lines, strict=True)
    ]
    assert [each.what for each in problems if "it is missing" not in each.what] == []


def test_written_page_is_readable(problems: list[Problem]) -> None:
    """A page has a heading and a language, and shows names instead of codes."""
    found = SourceRecord(
        SourceLocation("a.html", 1),
        (Property("name", "Law"), Property("genre", "Tools"), Property("country", "IN")),
    )
    made = validation.validate(found, CATALOGUE, problems.append)
    assert made is not None
    page = format_page([made], CATALOGUE, "Tools & more")
    assert "<h1>Tools &amp; more</h1>" in page
    assert '<html lang="en">' in page
    assert '<data itemprop="spatialCoverage" value="IN">India</data>' in page
