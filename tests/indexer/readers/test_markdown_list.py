"""Lists of links in Markdown are lists of publications. Other pages are not recognized."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, SourceRecord
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers.formats import markdown_list
from indexer.readers.text.markdown import parse, read_inline, to_plain_text, to_text
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import CATALOGUE, columns, read_page

PAGE = """# Reading about salt

Some words. [Contents](#rivers)

## Rivers

* [Rivers of salt](https://a.example/rivers.pdf) - How rivers carry salt. See [more](https://b.example/).
- **[The *white* road](https://a.example/road)**: a history
+ Moss, A. (2019). "Salt". [PDF](https://a.example/salt.pdf)

### Old ones

1. Lind, B., **Brine and bread**, Fjord Press ([pdf](/brine.pdf), [doi](https://doi.org/10.5555/1))
2. [Wells][wells]
   in two lines
3. No link here

```
- [code](https://a.example/code)
```

Seas
----

- Atlantic
    - [Deep salt](https://a.example/deep)
      - kept as a detail
- https://a.example/bare
- [Top](#top)

[wells]: https://a.example/wells "Wells"
"""


read = partial(read_page, markdown_list, "a.md")


RECORDS = [columns(record) for record in read(PAGE)]
BY_TITLE = {found["title"][0]: found for found in RECORDS}


@pytest.mark.parametrize(("name", "score"), [("README.md", 40), ("a.txt", 30), ("a", 30)])
def test_lists_are_recognized(name: str, score: int) -> None:
    """A page is recognized if most of it is lists of links. Its name adds little to the score."""
    evidence = markdown_list.detect(name, PAGE.encode())
    assert evidence is not None
    assert evidence.score == score


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Tool\n\n" + "Words about it. " * 100 + "\n\n- [Docs](https://a.example/)\n" * 5,
        "- [One](#one)\n" * 9,
        "- one\n- two\n" * 9,
        "<ul>\n- [One](https://a.example/)\n" * 9,
        '{"a": [\n- [One](https://a.example/)\n]}',
        "\0" + PAGE,
    ],
)
def test_other_pages_are_not_recognized(text: str) -> None:
    """Prose, tables of contents, lists without links, and other formats are not recognized."""
    assert markdown_list.detect("README.md", text.encode()) is None


def test_items_with_links_are_records() -> None:
    """Each item with a link is a record. Code and links within the page are not records."""
    assert list(BY_TITLE) == [
        "Rivers of salt", "The white road", "Salt", "Brine and bread", "Wells",
        "Deep salt", "https://a.example/bare",
    ]  # fmt: skip


def test_text_around_a_title_is_a_note() -> None:
    """The text around a title becomes a note, and every link is kept."""
    assert BY_TITLE["Rivers of salt"]["note"] == ["How rivers carry salt. See more."]
    assert BY_TITLE["Rivers of salt"]["link"] == [
        "https://a.example/rivers.pdf",
        "https://b.example/",
    ]
    assert BY_TITLE["The white road"]["note"] == ["a history"]
    assert BY_TITLE["Brine and bread"]["link"] == ["/brine.pdf", "https://doi.org/10.5555/1"]
    assert BY_TITLE["Brine and bread"]["note"] == ["Lind, B., Fjord Press (pdf, doi)"]
    assert BY_TITLE["Wells"] == {
        "title": ["Wells"], "note": ["in two lines"], "link": ["https://a.example/wells"],
        "section": ["Rivers", "Old ones"],
    }  # fmt: skip


def test_years_and_identifiers_in_text_are_columns() -> None:
    """A year at the end of a clause and a DOI in a link become columns."""
    assert BY_TITLE["Brine and bread"]["doi"] == ["10.5555/1"]
    record = columns(read("- [Salt](https://a.example/) - Moss et al., over 2000 roads, 2019")[0])
    assert record["year"] == ["2019"]
    assert "year" not in columns(read("- [Salt](https://a.example/) - over 2000 roads")[0])


def test_citations_are_records() -> None:
    """An item without a link is a record if it is a citation with a title and a year."""
    page = "# Works\n\n" + "- Moss, A. (2019-05). Salt of the sea. *Roads*, 3.\n" * 5 + "- Other\n"
    evidence = markdown_list.detect("works.md", page.encode())
    assert evidence is not None
    assert evidence.score == 40
    records = [columns(record) for record in read(page)]
    assert len(records) == 5
    assert (records[0]["title"], records[0]["year"]) == (["Salt of the sea"], ["2019"])


def test_rows_of_tables_are_records() -> None:
    """A row with a link is a record. Its other cells have the columns of their headings."""
    page = (
        "## Salt\n\nTitle of work | Author | |\n---|:---:|---\n[Brine](/b) | *Moss* | x\n|a|b|c|\n"
    )
    [record] = read(page)
    assert columns(record) == {
        "title": ["Brine"], "Author": ["Moss"], "column 3": ["x"], "link": ["/b"],
        "section": ["Salt"],
    }  # fmt: skip
    [record] = read("Name | Year | Link\n---|---|---\nSalt | 2019 | [site](https://a.org)\n")
    assert isinstance(record, SourceRecord)
    mapped = Mapper(Source(file="a", format=""), markdown_list, CATALOGUE).map(record)
    assert {"title": ["Salt"], "year": ["2019"]}.items() <= columns(mapped).items()
    assert markdown_list.detect("a.md", (page + "| [B](/c) | Lind | y |\n" * 9).encode())


def test_years_in_parentheses_are_years() -> None:
    """A year in parentheses is the year of the publication."""
    assert BY_TITLE["Salt"]["year"] == ["2019"]
    assert BY_TITLE["Salt"]["note"] == ["Moss, A. (2019). PDF"]


def test_headings_and_items_above_are_sections() -> None:
    """Headings and items without a link are sections. The title of the page is not."""
    assert BY_TITLE["Rivers of salt"]["section"] == ["Rivers"]
    assert BY_TITLE["Deep salt"]["section"] == ["Seas", "Atlantic"]


def test_a_record_has_the_line_of_its_item() -> None:
    """A record has the line of its item, even below front matter."""
    lines = PAGE.splitlines()
    records = read("---\ntitle: x\n---\n" + PAGE)
    assert isinstance(records[0], SourceRecord)
    assert records[0].source.line == 3 + 1 + next(
        number for number, line in enumerate(lines) if line.startswith("* [Rivers")
    )


def test_limits_are_reported() -> None:
    """A page over a limit is a problem."""
    for limit in ("largest_file", "most_parts"):
        [problem] = read(PAGE, msgspec.structs.replace(LIMITS, **{limit: 5}))
        assert isinstance(problem, Problem)
        assert limit.upper() in problem.hint


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**a** *b* __c__ _d_ `e`", "a b c d e"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        (r"\*a\* [b](https://x.example/(1)) ![c](d.png)", "*a* b"),
    ],
)
def test_marks_are_removed(markdown: str, text: str) -> None:
    """Emphasis, code, and links become their text. Images are removed."""
    assert to_text(markdown) == text


def test_pages_become_paragraphs() -> None:
    """Headings, lists and quotes are paragraphs of plain text, cut to a length."""
    assert to_plain_text("# A\n\n> b\n> *c*\n\n***\n\n- d\n- e", 100) == "A\n\nb c\n\nd e"
    assert len(to_plain_text("word " * 5000, 1000)) <= 1000


def test_links_have_places() -> None:
    """A link has its place in the text. An image is not a link."""
    [*_, block, _] = parse("![i](i.png) [a](https://x.example/ 'T') https://y.example/b.")
    assert read_inline([block]).links == [
        ("a", "https://x.example/", 1, 2), ("", "https://y.example/b", 3, 22)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "unit", ["[", "](", "*", "_a", "- [", "<!--", "**a", "(", "[a](", "![", "`"]
)
@pytest.mark.slow
def test_a_hostile_page_is_read_within_seconds(unit: str) -> None:
    """A page with marks that never end is read within 20 s."""
    text = "- " + unit * 20_000
    with limit_cpu_time(20):
        markdown_list.detect("a.md", text.encode()[:65536])
        read(text)
        to_plain_text(text, 1000)
