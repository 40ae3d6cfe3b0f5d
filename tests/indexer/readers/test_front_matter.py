"""A page with front matter in YAML or TOML is a record. The text of the page is a column."""

import pytest

from indexer.readers.formats import front_matter
from tests.indexer.readers.reading import read_records

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
MARKED = "---\ntitle: A\npublication: '*The [Salt](https://a.example/)*, 3'\nurl: /a_b_c\n---\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("text", [YAML, TOML, BROKEN, "\ufeff" + YAML, YAML.replace("\n", "\r\n")])
def test_front_matter_is_recognized(text: str) -> None:
    for name, score in (("a.md", 60), ("a.Rmd", 60), ("a.html", 45), ("a", 45)):
        evidence = front_matter.detect(name, text.encode())
        assert evidence is not None
        assert evidence.score == score


@pytest.mark.parametrize(("name", "text"), [
    ("_index.md", YAML), ("a.md", ""), ("a.md", "# A title\n\n---\ntitle: x\n---\n"),
    ("a.md", "---\nlayout: home\n---\nWelcome"), ("a.yaml", "---\ntitle: A\n---\ntitle: B\n"),
    ("a.md", "---\ntitle: A\n"),
])  # fmt: skip
def test_other_pages_are_not_recognized(name: str, text: str) -> None:
    assert front_matter.detect(name, text.encode()) is None


@pytest.mark.parametrize(("page", "expected", "faults"), [
    (YAML, {
        "title": ["Rivers: of salt"], "authors": ["Ada Moss", "Bo Lind"],
        "authors.orcid": ["0000-0001"], "date": ["2019-04-07"], "draft": ["no"],
        "tags": ["rivers", "salt, white"], "params.pages": ["12"],
        "body": ["Rivers\n\nSalt flows in rivers.\n\none"],
    }, 0),
    (TOML, {
        "title": ["Rivers of salt"], "date": ["2019-04-07T00:00:00Z"], "authors": ["Ada Moss"],
        "weight": ["1.5"], "body": ["Salt flows."],
    }, 0),
    (BROKEN, {
        "title": ["Rivers: of salt"], "authors": ["Ada Moss", "Bo Lind"], "tags": ["a", "b"],
    }, 1),
    (MARKED, {"publication": ["The Salt, 3"], "url": ["/a_b_c"]}, 0),
    *((f"---\ntitle: A\n{hostile}\n---\nB", {"title": ["A"]}, 1)
      for hostile in (BOMB, "x: " + "[" * 5000, "x: " + "{a: " * 5000, "- " * 5000)),
    ("+++\ntitle = 'A'\nx = " + "[" * 5000 + "\n+++\n", {"title": ["A"]}, 1),
], ids="YAML TOML broken marks bomb list object items table".split())  # fmt: skip
def test_values_stay_as_they_are_written(
    page: str, expected: dict[str, list[str]], faults: int
) -> None:
    """Lists have several values, inner keys have a path, and marks of Markdown are removed.

    What is not valid, or is hostile, is reported, and costs no other value.
    """
    reading = read_records(page, front_matter)
    assert reading.columns() | expected == reading.columns()
    assert len(reading.problems) == faults


def test_pages_without_front_matter_are_reported() -> None:
    assert len(read_records("# A", front_matter).problems) == 1


def test_long_texts_are_cut() -> None:
    """The text of a page is cut to 1,000 characters."""
    [body] = read_records(YAML + "salt " * 10_000, front_matter).columns()["body"]
    assert 900 < len(body) <= 1000
