"""Lists of links in Markdown are lists of publications. Other pages are not recognized."""

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


@pytest.mark.parametrize(("name", "score"), [("README.md", 40), ("a.txt", 30), ("a", 30)])
def test_lists_are_recognized(name: str, score: int) -> None:
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
    assert markdown_list.detect("README.md", text.encode()) is None


def test_items_with_links_are_records() -> None:
    """An item with a link is a record with the headings and items above it, and a note.

    Code, links within the page, and items without links are no records.
    """
    rivers, old = ["Rivers"], ["Rivers", "Old ones"]
    assert [columns(record) for record in read(PAGE)] == [
        {"title": ["Rivers of salt"], "note": ["How rivers carry salt. See more."],
         "link": ["https://a.example/rivers.pdf", "https://b.example/"], "section": rivers},
        {"title": ["The white road"], "note": ["a history"], "link": ["https://a.example/road"],
         "section": rivers},
        {"title": ["Salt"], "note": ["Moss, A. (2019). PDF"], "link": ["https://a.example/salt.pdf"],
         "year": ["2019"], "section": rivers},
        {"title": ["Brine and bread"], "note": ["Lind, B., Fjord Press (pdf, doi)"],
         "link": ["/brine.pdf", "https://doi.org/10.5555/1"], "doi": ["10.5555/1"], "section": old},
        {"title": ["Wells"], "note": ["in two lines"], "link": ["https://a.example/wells"],
         "section": old},
        {"title": ["Deep salt"], "note": ["kept as a detail"], "link": ["https://a.example/deep"],
         "section": ["Seas", "Atlantic"]},
        {"title": ["https://a.example/bare"], "link": ["https://a.example/bare"],
         "section": ["Seas"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("item", "year"), [("Moss et al., over 2000 roads, 2019", "2019"), ("over 2000 roads", None)]
)
def test_a_year_at_the_end_of_a_clause_is_a_column(item: str, year: str | None) -> None:
    found = columns(read(f"- [Salt](https://a.example/) - {item}")[0])
    assert found.get("year") == (year and [year])


CITATION = "- Moss, A. (2019-05). Salt of the sea. *Roads*, 3.\n"
TABLE = "Title of work | Author | |\n---|:---:|---\n[Brine](/b) | *Moss* | x\n"
RECORDS: dict[str, tuple[str, dict[str, str]]] = {
    "a citation without a link": (
        "# Works\n\n" + CITATION * 5 + "- Other\n",
        {"title": "Salt of the sea", "note": "Moss, A. (2019-05). Roads, 3.", "year": "2019"},
    ),
    "a row of a table": (
        "## Salt\n\n" + TABLE + "|a|b|c|\n" + "[Brine](/b) | *Moss* | x\n" * 4,
        {"title": "Brine", "Author": "Moss", "column 3": "x", "link": "/b", "section": "Salt"},
    ),
}


@pytest.mark.parametrize(("page", "expected"), RECORDS.values(), ids=RECORDS)
def test_citations_and_rows_are_records(page: str, expected: dict[str, str]) -> None:
    """An item with a title and a year is a record, and so is a row with a link."""
    assert markdown_list.detect("works.md", page.encode())
    found = [columns(record) for record in read(page)]
    assert len(found) == 5
    assert found[0] == {name: [text] for name, text in expected.items()}


def test_the_columns_of_a_row_are_mapped() -> None:
    [record] = read("Name | Year | Link\n---|---|---\nSalt | 2019 | [site](https://a.org)\n")
    assert isinstance(record, SourceRecord)
    mapped = Mapper(Source(file="a", format=""), markdown_list, CATALOGUE).map(record)
    assert {"title": ["Salt"], "year": ["2019"]}.items() <= columns(mapped).items()


def test_a_record_has_the_line_of_its_item() -> None:
    """A record has the line of its item, even below front matter."""
    start = PAGE.splitlines().index(next(x for x in PAGE.splitlines() if x.startswith("* [Riv")))
    assert read("---\ntitle: x\n---\n" + PAGE)[0].line == 3 + 1 + start


def test_limits_are_reported() -> None:
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
    assert to_text(markdown) == text


def test_pages_become_paragraphs() -> None:
    assert to_plain_text("# A\n\n> b\n> *c*\n\n***\n\n- d\n- e", 100) == "A\n\nb c\n\nd e"
    assert len(to_plain_text("word " * 5000, 1000)) <= 1000


def test_links_have_places() -> None:
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
