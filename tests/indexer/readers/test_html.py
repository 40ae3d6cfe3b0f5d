"""Pages are read by the microdata standard, in any encoding."""

from functools import partial

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Property, SourceRecord
from indexer.ingest import validation
from indexer.readers.formats import html
from indexer.readers.text import web_page
from tests.catalogue import CORPUS
from tests.indexer.readers.reading import choose, read_page
from tests.robustness.format_samples import SAMPLES

CATALOGUE = catalogue_toml.load(CORPUS)


read = partial(read_page, html, "page.html")


def entries(page: str) -> list[SourceRecord]:
    found = [each for each in read(page) if isinstance(each, SourceRecord)]
    assert len(found) == len(read(page))
    return found


def stated(inner: str) -> list[Property]:
    [found] = entries(f"<article itemscope>{inner}</article>")
    return list(found.properties)


@pytest.mark.parametrize(
    ("element", "value", "text", "language"),
    [
        ('<span itemprop="x">A <b>b</b>\n c</span>', "A b\n c", "A b\n c", None),
        ('<h2 itemprop="x" lang="es">Guía</h2>', "Guía", "Guía", "es"),
        ('<time itemprop="x" datetime="2017-10">October</time>', "2017-10", "October", None),
        ('<time itemprop="x">2017</time>', "2017", "2017", None),
        ('<data itemprop="x" value="IN">India</data>', "IN", "India", None),
        ('<data itemprop="x">India</data>', "India", "India", None),
        ('<meta itemprop="x" content="en">', "en", "", None),
        ('<link itemprop="x" href="https://a.org/">', "https://a.org/", "", None),
        ('<img itemprop="x" src="a.png" alt="A">', "a.png", "", None),
        ('<a itemprop="x" href="https://a.org/">A</a>', "https://a.org/", "A", None),
        ('<a itemprop="x" href="#" hreflang="fr">French</a>', "#", "French", "fr"),
        ('<a itemprop="x">A</a>', "A", "A", None),
        ('<span itemprop="x" value="no">A</span>', "A", "A", None),
        ('<span itemprop="x">&lt;b&gt; &amp; &quot;</span>', '<b> & "', '<b> & "', None),
    ],
)
def test_value_depends_on_the_element(
    element: str, value: str, text: str, language: str | None
) -> None:
    assert stated(element) == [Property("x", value, text, language)]


def test_element_can_have_several_names() -> None:
    assert stated('<b itemprop="a  b">X</b>') == [Property("a", "X", "X"), Property("b", "X", "X")]


def test_properties_of_a_nested_item_are_ignored() -> None:
    inner = '<b itemprop="author" itemscope><i itemprop="name">Ada</i></b><b itemprop="name">A</b>'
    assert stated(inner) == [Property("author", "Ada", "Ada"), Property("name", "A", "A")]


def test_articles_need_not_be_items() -> None:
    for scope in ("", " itemscope"):
        page = f'<main{scope}><article><b itemprop="name">A</b></article></main>'
        assert [each.properties for each in entries(page)] == [(Property("name", "A", "A"),)]


def test_properties_of_the_page_apply_to_all_articles() -> None:
    page = """
      <h1 itemprop="genre">Tools</h1>
      <article id="a"></article>
      <article id="b"><b itemprop="genre">Papers</b></article>
      <meta itemprop="region" content="Africa">
    """
    genre, region = Property("genre", "Tools", "Tools"), Property("region", "Africa")
    assert [each.properties for each in entries(page)] == [
        (genre, region),
        (region, Property("genre", "Papers", "Papers")),
    ]


def test_id_of_an_article_is_its_id_or_itemid() -> None:
    """The id of an article is its `id`, or its `itemid`, or None."""
    page = '<article id="a" itemid="b"></article><article itemid="b"></article><article id="">'
    region = '<meta itemprop="region" content="Africa">'
    assert [each.id for each in entries(region + page)] == ["a", "b", None]
    assert [each.line for each in read(page) if isinstance(each, Problem)] == [1, 1, 1]


LINES = {
    "comments": "<!-- <article> -->\n<!--\n<article>\n-->\n<article id=5></article>",
    "scripts": "<script>\n'<article>'\n</script><article id=3></article>",
    "attributes": '<p title=">\n<article >">x</p>\n<article id=3></article>',
    "articles without end": "<article id=1>\n<article id=2>\n\n<Article id=4>",
    "Windows": "\r\n\r\n<article id=3></article>\r\n<article id=4></article>",
    "a declaration": '<?xml version="1.0" encoding="utf-8"?>\n<article id=2></article>',
    "a byte order mark": "\ufeff<p>\n<article id=2></article>",
}


@pytest.mark.parametrize("page", LINES.values(), ids=LINES)
def test_line_of_an_article_is_that_of_its_tag(page: str) -> None:
    """The line of an article is that of its `<article`, whatever surrounds it."""
    found = entries('<meta itemprop="region" content="Africa">' + page)
    assert found
    assert [str(each.source.line) for each in found] == [each.id for each in found]


def test_unclosed_articles_are_separate() -> None:
    page = '<article><b itemprop="name">A</b>\n<article><b itemprop="name">B</b>'
    names = [[stated.value for stated in each.properties] for each in entries(page)]
    assert names == [["A"], ["B"]]


@pytest.mark.parametrize("page", ["", "text", "http://example.org/", "<p>A</p>", "<!--<article>"])
def test_page_without_article_is_reported(page: str) -> None:
    [problem] = read(page)
    assert isinstance(problem, Problem)
    assert (problem.file, problem.line) == ("page.html", 0)
    assert problem.what == "the page has no <article>"


def test_markup_in_a_summary_is_removed(problems: list[Problem]) -> None:
    page = """<article id="a"><h2 itemprop="name">A</h2><span itemprop="genre">Tools</span>
      <p itemprop="abstract">On <em>victims</em>,
        <a href="https://a.org/">judges</a> &amp; <b>police</b>.</p>
      <p itemprop="abstract">More.</p></article>"""
    [found] = entries(page)
    made = validation.validate(found, CATALOGUE, problems.append)
    assert made is not None
    assert made.summary == "On victims, judges & police.\n\nMore."


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""), ("utf-8", "latin-1"), ("utf-8-sig", ""), ("utf-16", "utf-16"),
        ("cp1252", ""), ("cp1252", "utf-8"), ("cp1252", "none such"), ("iso-8859-2", "iso-8859-2"),
    ],
)  # fmt: skip
def test_a_page_is_read_in_its_encoding(encoding: str, declared: str) -> None:
    """A page is UTF-8, UTF-16 with a mark, as declared, or Windows-1252."""
    page = f'<!doctype html><meta charset="{declared}">\n<p>Käse</p>'
    root, problems = web_page.read_page(page.encode(encoding), "a.html", LIMITS)
    assert ("".join(root.itertext()).strip(), problems) == ("Käse", [])


@pytest.mark.parametrize("name", ["html-list", "html-metadata"])
def test_a_page_in_utf_16_is_recognized(name: str) -> None:
    """A page in UTF-16 has zeros between the letters of its tags."""
    reader = choose(SAMPLES[name][1].decode().encode("utf-16"), "a.html")
    assert reader
    assert name == reader.NAME


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_the_start_of_a_page_is_read(encoding: str) -> None:
    """The last character of the start of a page may be cut."""
    data = "\ufeff<p>Käse – é".encode(encoding)
    root, problems = web_page.read_page(data[:-1], "a.html", LIMITS)
    assert ("".join(root.itertext()), problems) == ("Käse – ", [])


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        ("<p>Größe für Käse\n".encode() + b"\xff", 2, "byte 0xff is not UTF-8"),
        (b"<p>a\n<b>b\n" + b"<i>" * 300, 3, "nested too deep"),
        (b"<p>a" * 50, 0, "more than 40 tags"),
        (b"<p " + b"".join(b"a%d " % n for n in range(1001)) + b">", 0, "1000 attributes"),
    ],
    ids=["byte", "depth", "tags", "attributes"],
)
def test_faults_of_a_page_are_reported(data: bytes, line: int, what: str) -> None:
    """A page with bad bytes or too many tags has a problem, and keeps what precedes it."""
    limits = LIMITS if line or b"a0" in data else Limits(most_parts=40)
    root, [problem] = web_page.read_page(data, "a.html", limits)
    assert (problem.file, problem.line, what in problem.what) == ("a.html", line, True)
    assert (root.find(".//p") is not None) == (line > 0)
