"""Lists and tables of publications in HTML are read. Other pages are not recognized."""

import re
from functools import partial

import msgspec
import pytest

from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem
from indexer.readers.formats import html_list, markdown_list
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import choose, columns, read_page

MENU = (
    "<nav><ul>"
    + "".join(f"<li><a href='/{n}'>Menu {n}</a></li>" for n in range(20))
    + "</ul></nav>"
)
PAGE = (
    "<!DOCTYPE html><html><head><title>Reports</title></head>"
    "<body>{menu}<h1>Reports</h1>{body}</body></html>"
)


def make_page(body: str) -> str:
    return PAGE.format(menu=MENU, body=body)


def repeat(block: str, count: int = 3) -> str:
    """Return two sections with copies of a block, in which NN is a number."""
    first = "".join(block.replace("NN", str(n)) for n in range(count))
    second = "".join(block.replace("NN", str(n)) for n in range(count, 2 * count))
    return f"<h2>Rivers</h2>{first}<h2>Seas</h2>{second}"


LABELLED = repeat(
    """<div class="report" id="rNN"><span><label>Title:&nbsp;</label>Rivers of salt NN</span><br>
    <b>Authors:</b> Ada Moss, Bo Lind<br><b>Year</b>: 2019
    <a href="/NN.pdf">Download PDF</a> | <a href="#top">Top</a></div>"""
)
LINKED = repeat(
    '<p><a href="/NN.html">Rivers of salt NN</a>, by Ada Moss (2019), a long history.</p>'
)
CLASSED = repeat(
    """<li><span class="pub-title">Rivers of salt NN</span>
    <span class="pub-authors">Ada Moss</span>
    <span class="pub-year">2019</span> [<a href="/NN.pdf">pdf</a>]</li>"""
)
CITED = repeat("<li>Moss, A. (2019). Rivers of salt NN. <i>Journal of Salt</i>, 3.</li>")
QUOTED = repeat("<li>Ada Moss, “Rivers of salt NN”, <i>Journal of Salt</i> (2019).</li>")
DESCRIBED = (
    "<dl>"
    + repeat("<dt>Rivers of salt NN</dt><dd>Ada Moss tells a long story (2019).</dd>")
    + "</dl>"
)
BLOCKS = {
    "labelled": LABELLED, "linked": LINKED, "classed": CLASSED, "cited": CITED, "quoted": QUOTED,
    "described": DESCRIBED,
}  # fmt: skip
ROWS = "".join(
    f'<tr><td><a href="/{n}.pdf">Rivers of salt {n}</a></td><td>Ada Moss</td><td>201{n}</td></tr>'
    for n in range(6)
)
HEADERS = {
    "th": "<tr><th>Title</th><th>Author</th><th></th></tr>",
    "thead": "<thead><tr><td>Title</td><td>Author</td><td></td></tr></thead>",
    "bold": "<tr><td><b>Title</b></td><td><b>Author</b></td><td><b></b></td></tr>",
    "words": "<tr><td>Title</td><td>Author</td><td></td></tr>",
}


read = partial(read_page, html_list, "a.html")


@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_are_records(kind: str) -> None:
    page = make_page(BLOCKS[kind])
    for name in ("a.html", "a", "a.csv"):
        evidence = html_list.detect(name, page.encode())
        assert evidence is not None
        assert evidence.score == 35
    records = [columns(record) for record in read(page)]
    titles = [found.get("title", found.get("Title")) for found in records]
    assert titles == [[f"Rivers of salt {n}"] for n in range(6)]
    if kind != "described":
        assert [found["section"] for found in records] == [["Rivers"]] * 3 + [["Seas"]] * 3
    assert all("2019" in found.get("year", found.get("Year", [])) for found in records)


def test_labels_and_classes_name_columns() -> None:
    labelled = columns(read(make_page(LABELLED))[0])
    assert labelled["Authors"] == ["Ada Moss, Bo Lind"]
    assert labelled["link"] == ["/0.pdf"]
    assert labelled["id"] == ["r0"]
    classed = columns(read(make_page(CLASSED))[0])
    assert classed["author"] == ["Ada Moss"]
    assert classed["link"] == ["/0.pdf"]
    linked = columns(read(make_page(LINKED))[0])
    assert linked["note"] == ["by Ada Moss (2019), a long history."]


@pytest.mark.parametrize("header", HEADERS)
def test_rows_have_the_columns_of_their_headings(header: str) -> None:
    page = make_page(f"<h2>Old</h2><table>{HEADERS[header]}{ROWS}</table>")
    evidence = html_list.detect("a.html", page.encode())
    assert evidence is not None
    assert evidence.score == 40
    found = columns(read(page)[2])
    assert found == {
        "Title": ["Rivers of salt 2"], "Author": ["Ada Moss"], "column 3": ["2012"],
        "link": ["/2.pdf"], "section": ["Old"],
    }  # fmt: skip


@pytest.mark.parametrize("tag", ['base href="{}"', 'link rel="canonical" href="{}"'])
def test_links_are_completed_with_the_address_of_the_page(tag: str) -> None:
    rows = repeat("<tr><td><a href='NN.html'>Rivers<br>of salt NN</a></td><td>2019</td></tr>")
    page = make_page(f"<table><tr><th>Title</th><th>Year</th></tr>{rows}</table>")
    page = page.replace("<title>", f"<{tag.format('https://a.org/b/')}><title>")
    found = columns(read(page)[0])
    assert (found["Title"], found["link"]) == (["Rivers of salt 0"], ["https://a.org/b/0.html"])


@pytest.mark.parametrize("block", [
    '<li>Moss <em>TITLE</em>. Roads 2019;7:1. <a href="https://doi.org/10.5555/NN">doi</a></li>',
    '<li>A. Moss and B. Lind. TITLE. <em>Roads</em>, 2019. <a href="/NN">doi:10.5555/NN</a></li>',
    '<li>Moss, A. (2019, May 3). TITLE. Roads. <a href="/NN">https://doi.org/10.5555/NN</a></li>',
    '<li>Moss. 2019. “TITLE.” <i>Roads</i> (2019). <a href="/NN">10.5555/NN</a></li>',
    '<p><b>TITLE</b><br>Fjord Press, 2019. <a href="https://x.co/10.5555/NN">1</a></p>',
    '<tr><td>2019</td><td><a href="https://doi.org/10.5555/NN">TITLE</a></td></tr>',
    '<dt>2019</dt><dd><a href="https://doi.org/10.5555/NN">TITLE</a>, Moss</dd>',
])  # fmt: skip
def test_years_and_identifiers_in_text_are_columns(block: str) -> None:
    tag = {"<li": "ol", "<tr": "table", "<dt": "dl"}.get(block[:3], "div")
    block = block.replace("TITLE", "Rivers of salt and of brine NN")
    text = "".join(block.replace("NN", str(number)) for number in range(6))
    found = columns(read(make_page(f"<{tag}>{text}</{tag}>"))[3])
    assert found["title"] == ["Rivers of salt and of brine 3"]
    assert found["year"] == ["2019"]
    assert found["doi"] == ["10.5555/3"]


def test_articles_without_microdata_are_records() -> None:
    article = """<article class="post-NN"><header><h2><a href="/NN">Rivers of salt NN</a></h2>
    <time class="date">3 May 2019</time></header><p>A long history.</p></article>"""
    page = make_page(repeat(article))
    assert choose(page, "a.html") is html_list
    found = columns(read(page)[3])
    assert (found["title"], found["date"]) == (["Rivers of salt 3"], ["3 May 2019"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- [a](https://a.example/)",
        "<?xml version='1.0'?><records><title>A</title></records>",
        make_page("<p>Words of a story without links, on and on.</p>" * 20),
        make_page("<p>" + "Words of a story. " * 300 + "</p>" + LINKED),
        PAGE.format(menu=MENU.replace("nav", "div"), body=""),
    ],
)
def test_other_pages_are_not_recognized(text: str) -> None:
    assert html_list.detect("a.html", text.encode()) is None


def test_pages_without_a_list_are_reported() -> None:
    for text, limits in (
        ("", LIMITS),
        ("<p>a</p>", LIMITS),
        (make_page(LINKED), msgspec.structs.replace(LIMITS, most_parts=10)),
        (make_page(LINKED), msgspec.structs.replace(LIMITS, largest_file=10)),
    ):
        [problem] = read(text, limits)
        assert isinstance(problem, Problem)


@pytest.mark.parametrize("unit", ["<div>", "<table><tr>", "<li><b>a", "<p", "&amp", "<dd>x", '"“'])
@pytest.mark.slow
def test_a_hostile_page_is_read_within_seconds(unit: str) -> None:
    """A page with tags that never end is read within 20 s."""
    text = "<html><body>" + unit * 20_000
    with limit_cpu_time(20):
        html_list.detect("a", text.encode()[:65536])
        read(text)


LINKS = [
    ("Okafor, A.: Salt roads, 2014. [Artikel](https://a.org/1)", "Okafor, A.: Salt roads, 2014."),
    ("Sea ways of the north. [Artikel](https://a.org/2), [Data set](https://a.org/2d)",
     "Sea ways of the north."),
    ("[Artikel](https://a.org/3) Sky ways", "Sky ways"),
    ("River ways. [a.org/rivers](https://a.org/rivers)", "River ways."),
    ("[Annual report](https://a.org/y1) 2014", "Annual report 2014"),
    ("[Annual report](https://a.org/y2) 2015", "Annual report 2015"),
    ("[Annual report](https://a.org/y3) 2016", "Annual report 2016"),
    ("[PDF](https://a.org/4p) [HTML](https://a.org/4h) [Atlas](https://a.org/4)", "Atlas"),
    ("[Node.js](https://a.org/5) for beginners who write servers", "Node.js"),
    *[("[Principles](https://a.org/p), as the council adopted them in Oslo", "Principles")] * 4,
]  # fmt: skip
"""Entries of a list in Markdown, with their titles."""


@pytest.mark.parametrize("is_html", [False, True])
def test_a_link_that_says_nothing_is_no_title(*, is_html: bool) -> None:
    entries = [entry for entry, _ in LINKS]
    if is_html:
        linked = [re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>', each) for each in entries]
        items = "".join(f"<li>{each}</li>" for each in linked)
        found = read_page(html_list, "a.html", f"<html><body><ul>{items}</ul></body></html>")
    else:
        found = read_page(markdown_list, "a.md", "".join(f"- {each}\n" for each in entries))
    titles = [columns(record)["title"] for record in found]
    assert titles == [[title] for _, title in LINKS]
