"""A page with front matter in YAML or TOML is a record. The text of the page is a column."""

from __future__ import annotations

from functools import partial

import pytest

from indexer.catalogue.records import Problem
from indexer.readers.formats import front_matter
from tests.indexer.readers.reading import columns, read_page

YAML = """---
title: "Rivers: of salt"
authors:
  - Ada Moss
  - name: Bo Lind
    orcid: 0000-0001
date: 2019-04-07
draft: no
tags: [rivers, "salt, white"]
params:
  pages: 12
---

# Rivers

Salt {{< cite "x" >}} flows in [rivers](https://a.example/).

- **one**
"""
TOML = """+++
title = "Rivers of salt"
date = 2019-04-07T00:00:00Z
weight = 1.5
[[authors]]
name = "Ada Moss"
+++
Salt flows.
"""
BROKEN = """---
title: Rivers: of salt
authors:
- Ada Moss
- Bo Lind
tags: [a, "b"]
---
Salt flows.
"""


read = partial(read_page, front_matter, "a.md")


@pytest.mark.parametrize("text", [YAML, TOML, BROKEN, "\ufeff" + YAML, YAML.replace("\n", "\r\n")])
@pytest.mark.parametrize(
    ("name", "score"), [("a.md", 60), ("a.Rmd", 60), ("a.html", 45), ("a", 45)]
)
def test_front_matter_is_recognized(text: str, name: str, score: int) -> None:
    """A page is recognized if it starts with front matter that has a title."""
    evidence = front_matter.detect(name, text.encode())
    assert evidence is not None
    assert evidence.score == score


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_index.md", YAML),
        ("a.md", ""),
        ("a.md", "# A title\n\n---\ntitle: x\n---\n"),
        ("a.md", "---\nlayout: home\n---\nWelcome"),
        ("a.yaml", "---\ntitle: A\n---\ntitle: B\n"),
        ("a.md", "---\ntitle: A\n"),
    ],
)
def test_other_pages_are_not_recognized(name: str, text: str) -> None:
    """Sections of Hugo, pages without a title, and YAML documents are not recognized."""
    assert front_matter.detect(name, text.encode()) is None


def test_yaml_is_read() -> None:
    """Values stay as they are written, lists have several values, and inner keys have a path."""
    [record] = read(YAML)
    found = columns(record)
    assert found["title"] == ["Rivers: of salt"]
    assert found["authors"] == ["Ada Moss", "Bo Lind"]
    assert found["authors.orcid"] == ["0000-0001"]
    assert found["date"] == ["2019-04-07"]
    assert found["draft"] == ["no"]
    assert found["tags"] == ["rivers", "salt, white"]
    assert found["params.pages"] == ["12"]
    assert found["body"] == ["Rivers\n\nSalt flows in rivers.\n\none"]


def test_marks_of_markdown_are_removed() -> None:
    """Markdown in a value is removed, such as the marks of an italic journal. URLs are kept."""
    page = "---\ntitle: A\npublication: '*The [Salt](https://a.example/)*, 3'\nurl: /a_b_c\n---\n"
    found = columns(read(page)[0])
    assert found["publication"] == ["The Salt, 3"]
    assert found["url"] == ["/a_b_c"]


def test_toml_is_read() -> None:
    """Dates and numbers of TOML become text, and tables are read like objects."""
    found = columns(read(TOML)[0])
    assert found["title"] == ["Rivers of salt"]
    assert found["date"][0].startswith("2019-04-07")
    assert found["authors"] == ["Ada Moss"]
    assert found["weight"] == ["1.5"]
    assert found["body"] == ["Salt flows."]


def test_broken_front_matter_is_read_line_by_line() -> None:
    """Front matter that is not valid is reported and read line by line."""
    problem, record = read(BROKEN)
    assert isinstance(problem, Problem)
    found = columns(record)
    assert found["title"] == ["Rivers: of salt"]
    assert found["authors"] == ["Ada Moss", "Bo Lind"]
    assert found["tags"] == ["a", "b"]


def test_pages_without_front_matter_are_reported() -> None:
    """A page without front matter is a problem."""
    [problem] = read("# A")
    assert isinstance(problem, Problem)


def test_long_texts_are_cut() -> None:
    """The text of a page is cut to 1,000 characters."""
    found = columns(read(YAML + "salt " * 10_000)[0])
    assert 900 < len(found["body"][0]) <= 1000


def test_a_hostile_value_does_not_affect_the_title() -> None:
    """Alias bombs and deep nesting lose their own values, but not the title."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for hostile in (bomb, "x: " + "[" * 5000, "x: " + "{a: " * 5000, "- " * 5000):
        results = read(f"---\ntitle: A\n{hostile}\n---\nB")
        assert columns(results[-1])["title"] == ["A"]
    results = read("+++\ntitle = 'A'\nx = " + "[" * 5000 + "\n+++\n")
    assert isinstance(results[0], Problem)
